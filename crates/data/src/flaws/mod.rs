//! Flaws of images as files and people bring them: unspecific staining, stretched contrast, softness, noise, JPEG, missing
//! channels.
//!
//! None of them changes the protein's location, and a network that never saw them is moved by each. They are laid over a sample
//! after its [augmentation](crate::augmentation); what a showing gets depends on seed, epoch, sample and copy alone.

mod jpeg;
mod planes;

use anyhow::{Result, ensure};
use cytolens_core::Channel;
use serde::{Deserialize, Serialize};

use crate::random::{Purpose, Stream};
use jpeg::{Colour, compress_channel, compress_colour};
use planes::{box_mean, percentile};

/// The frequencies and strengths of flaws: a recipe's table `[flaws]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlawChoice {
    /// The probability of unspecific staining: light of nucleus and cytoplasm added to the protein's.
    pub veil: f64,
    /// The probability that every channel is stretched until its brightest pixels are white, as many programs do for display.
    pub stretch: f64,
    /// The probability that the image is made softer or sharper.
    pub sharpness: f64,
    /// The largest standard deviation of noise at white, as a share of white, from 0 to 0.5.
    pub noise: f64,
    /// The probability of compression by JPEG, of a channel on its own or of the coloured image.
    pub jpeg: f64,
    /// The range of JPEG's quality, within 1 to 100.
    pub jpeg_quality: [f64; 2],
    /// The probability that yellow is black.
    pub without_yellow: f64,
    /// The probability that yellow and red are black.
    pub without_red: f64,
    /// The probability that all channels but green are black.
    pub green_alone: f64,
}

impl Default for FlawChoice {
    fn default() -> Self {
        Self::NONE
    }
}

impl FlawChoice {
    /// No flaw.
    pub const NONE: Self = Self {
        veil: 0.0,
        stretch: 0.0,
        sharpness: 0.0,
        noise: 0.0,
        jpeg: 0.0,
        jpeg_quality: [75.0, 75.0],
        without_yellow: 0.0,
        without_red: 0.0,
        green_alone: 0.0,
    };

    /// Checks every number.
    ///
    /// # Errors
    /// If a value is out of range; the error has the key, the range and the value.
    pub fn check(&self) -> Result<()> {
        for (key, probability) in [
            ("veil", self.veil),
            ("stretch", self.stretch),
            ("sharpness", self.sharpness),
            ("jpeg", self.jpeg),
            ("without_yellow", self.without_yellow),
            ("without_red", self.without_red),
            ("green_alone", self.green_alone),
        ] {
            ensure!(
                (0.0..=1.0).contains(&probability),
                "flaws.{key} must be from 0 to 1, not {probability}"
            );
        }
        ensure!(
            (0.0..=0.5).contains(&self.noise),
            "flaws.noise must be from 0 to 0.5, not {}",
            self.noise
        );
        let [from, to] = self.jpeg_quality;
        ensure!(
            1.0 <= from && from <= to && to <= 100.0,
            "flaws.jpeg_quality must be two rising numbers from 1 to 100, not [{from}, {to}]"
        );
        let missing = self.without_yellow + self.without_red + self.green_alone;
        ensure!(
            missing <= 1.0,
            "flaws.without_yellow, without_red and green_alone must be 1 together at most, not {missing}"
        );
        Ok(())
    }

    /// Draws the flaws of one showing of a sample, the `copy`-th in an epoch, from 0.
    ///
    /// Every number is drawn whatever the choice is, so that changing one key changes no other flaw.
    pub fn draw(&self, seed: u64, epoch: u64, sample: usize, copy: usize) -> Flaws {
        let numbers = [seed, epoch, sample as u64, copy as u64];
        let mut stream = Stream::new(Purpose::Flaws, &numbers);
        // Squared: much unspecific staining is rarer than little.
        let mut level = || stream.unit().powi(2) * GREATEST_VEIL;
        let veil = [level(), level()];
        let veil = stream.chance(self.veil).then_some(veil);
        let stretched = stream.chance(self.stretch);
        let sharpness = stream.between([-1.0, 1.0]);
        let sharpness = stream.chance(self.sharpness).then_some(sharpness);
        let noise = self.noise * stream.unit();
        let noise_seed = stream.bits();
        let quality = stream.between(self.jpeg_quality).round();
        let form = [JpegForm::Channels, JpegForm::Coloured, JpegForm::Halved][stream.below(3)];
        let jpeg = stream.chance(self.jpeg).then_some((quality as u8, form));
        let missing = stream.unit();
        let missing: &'static [Channel] = if missing < self.green_alone {
            &[Channel::Red, Channel::Blue, Channel::Yellow]
        } else if missing < self.green_alone + self.without_red {
            &[Channel::Red, Channel::Yellow]
        } else if missing < self.green_alone + self.without_red + self.without_yellow {
            &[Channel::Yellow]
        } else {
            &[]
        };
        Flaws {
            veil,
            stretched,
            sharpness,
            noise,
            noise_seed,
            jpeg,
            missing,
        }
    }
}

/// The most unspecific staining, as a share of the protein's brightest.
const GREATEST_VEIL: f64 = 0.25;

/// The image that JPEG compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JpegForm {
    /// Each channel on its own, in grey.
    Channels,
    /// Red, green and blue as one coloured image.
    Coloured,
    /// The same with colours at half the resolution (4:2:0).
    Halved,
}

/// The flaws of one showing of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Flaws {
    /// Unspecific staining of nucleus and cytoplasm, as shares of the protein's brightest.
    pub veil: Option<[f64; 2]>,
    /// Whether every channel is stretched to white.
    pub stretched: bool,
    /// From -1, softened by the mean of three by three pixels, to 1, sharpened by as much.
    pub sharpness: Option<f64>,
    /// The standard deviation of noise at white, as a share of white.
    pub noise: f64,
    /// The seed of the noise.
    pub noise_seed: u64,
    /// JPEG's quality and the image that it compresses.
    pub jpeg: Option<(u8, JpegForm)>,
    /// The channels that are black.
    pub missing: &'static [Channel],
}

impl Flaws {
    /// Lays the flaws over square planes of `size` px a side, one for each of `channels`.
    ///
    /// # Panics
    /// If the numbers of planes and channels differ, or a plane has another size.
    pub fn apply(&self, planes: &mut [Vec<u8>], channels: &[Channel], size: usize) {
        assert_eq!(planes.len(), channels.len(), "a plane a channel");
        if let Some(levels) = self.veil {
            veil(planes, channels, size, levels);
        }
        if self.stretched {
            planes.iter_mut().for_each(|plane| stretch(plane));
        }
        if let Some(sharpness) = self.sharpness {
            for plane in &mut *planes {
                sharpen(plane, size, sharpness as f32);
            }
        }
        if self.noise > 0.0 {
            let mut stream = Stream::seeded(self.noise_seed);
            for plane in &mut *planes {
                add_noise(plane, 255.0 * self.noise as f32, &mut stream);
            }
        }
        if let Some((quality, form)) = self.jpeg {
            compress(planes, channels, size, quality, form);
        }
        for (plane, channel) in planes.iter_mut().zip(channels) {
            if self.missing.contains(channel) {
                plane.fill(0);
            }
        }
    }
}

fn position(channels: &[Channel], wanted: Channel) -> Option<usize> {
    channels.iter().position(|&channel| channel == wanted)
}

/// Adds the light of nucleus and cytoplasm to green; reticulum stands for the cytoplasm, microtubules where it is not there.
fn veil(planes: &mut [Vec<u8>], channels: &[Channel], size: usize, [nucleus, cytoplasm]: [f64; 2]) {
    let Some(green) = position(channels, Channel::Green) else {
        return;
    };
    let brightest = f32::from(percentile(&planes[green], 0.995)) + 5.0;
    let body = position(channels, Channel::Yellow).or(position(channels, Channel::Red));
    let sources = [
        (position(channels, Channel::Blue), nucleus, 2),
        (body, cytoplasm, 3),
    ];
    for (source, level, radius) in sources {
        let Some(source) = source else { continue };
        let soft = box_mean(&planes[source], size, radius);
        let factor =
            brightest * level as f32 / (f32::from(percentile(&planes[source], 0.99)) + 13.0);
        for (light, soft) in planes[green].iter_mut().zip(soft) {
            // The cast clips.
            *light = (f32::from(*light) + factor * soft).round() as u8;
        }
    }
}

/// Stretches a channel until its brightest pixels but for two in a thousand are white.
fn stretch(plane: &mut [u8]) {
    // Below this a channel is empty, and only its noise would be stretched.
    let white = percentile(plane, 0.998).max(13);
    let factor = 255.0 / f32::from(white);
    for level in plane {
        *level = (f32::from(*level) * factor).round() as u8;
    }
}

fn sharpen(plane: &mut [u8], size: usize, sharpness: f32) {
    let soft = box_mean(plane, size, 1);
    for (level, soft) in plane.iter_mut().zip(soft) {
        let sharp = f32::from(*level);
        *level = (sharp + sharpness * (sharp - soft)).round() as u8;
    }
}

/// Adds noise that grows with the root of the light, as photons have it, over a floor that the camera has.
fn add_noise(plane: &mut [u8], deviation: f32, stream: &mut Stream) {
    for level in plane {
        let light = f32::from(*level);
        let spread = deviation * (0.3 + 0.7 * (light / 255.0).sqrt());
        *level = (light + spread * normal(stream.bits())).round() as u8;
    }
}

/// A number of about the normal distribution: the sum of four even ones, which 64 bits hold.
fn normal(bits: u64) -> f32 {
    let sum: u32 = (0..4)
        .map(|part| (bits >> (16 * part)) as u32 & 0xffff)
        .sum();
    // The variance of a number from 0 to 1 is a twelfth.
    (sum as f32 / 65536.0 - 2.0) * 1.732_050_8
}

fn compress(
    planes: &mut [Vec<u8>],
    channels: &[Channel],
    size: usize,
    quality: u8,
    form: JpegForm,
) {
    let colours =
        [Channel::Red, Channel::Green, Channel::Blue].map(|channel| position(channels, channel));
    let coloured = match (form, colours) {
        (JpegForm::Channels, _) => None,
        (_, [Some(red), Some(green), Some(blue)]) => Some([red, green, blue]),
        _ => None,
    };
    if let Some(places) = coloured {
        let resolution = if form == JpegForm::Halved {
            Colour::Halved
        } else {
            Colour::Full
        };
        let image = places.map(|place| std::mem::take(&mut planes[place]));
        let image = compress_colour(image, size, quality, resolution);
        for (place, plane) in places.into_iter().zip(image) {
            planes[place] = plane;
        }
    }
    for (index, plane) in planes.iter_mut().enumerate() {
        if coloured.is_none_or(|places| !places.contains(&index)) {
            compress_channel(plane, size, quality);
        }
    }
}

#[cfg(test)]
mod tests;
