//! A picture of a field for the eye.

use fast_image_resize::FilterType;

use super::resize::{Rectangle, resized};
use super::{Channel, Field};

/// What each channel adds to red, green and blue. Yellow at half strength, or the reticulum, which
/// fills the cell, would hide the protein and the microtubules.
const TINTS: [(Channel, [f32; 3]); 4] = [
    (Channel::Red, [1.0, 0.0, 0.0]),
    (Channel::Green, [0.0, 1.0, 0.0]),
    (Channel::Blue, [0.0, 0.0, 1.0]),
    (Channel::Yellow, [0.5, 0.5, 0.0]),
];

/// The share of a channel's pixels that stay below white.
const BELOW_WHITE: f64 = 0.998;

/// No channel is brightened more than sixteenfold: an empty one stays dark instead of turning its
/// noise into a picture, and a 12-bit camera's samples in a 16-bit file still reach white.
const DARKEST_WHITE: u16 = u16::MAX / 16;

/// A colour picture, of no meaning to the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// `[height, width, 4]`: red, green, blue, and 255 for opaque.
    pub rgba: Vec<u8>,
}

/// Draws a field so that its longer side is at most `longest_side` px, and never larger than it is.
///
/// Each channel is brightened on its own, so brightness cannot be compared between fields.
pub fn preview(field: &Field, longest_side: u32) -> Preview {
    let (width, height) = fitted(field.width(), field.height(), longest_side);
    let mut rgba = [0, 0, 0, u8::MAX].repeat(width as usize * height as usize);
    for (channel, tint) in TINTS {
        let Some(plane) = field.plane(channel) else {
            continue;
        };
        let samples = resized(
            plane,
            Rectangle::whole(plane),
            width,
            height,
            FilterType::Bilinear,
        );
        let white = f32::from(white_level(samples.iter().copied()));
        for (pixel, sample) in rgba.chunks_exact_mut(4).zip(samples) {
            let level = (f32::from(sample) / white).min(1.0) * 255.0;
            for (light, strength) in pixel.iter_mut().zip(tint) {
                *light = light.saturating_add((level * strength + 0.5) as u8);
            }
        }
    }
    Preview {
        width,
        height,
        rgba,
    }
}

/// A size of the same proportions whose longer side is at most `longest_side`, at least 1 px.
fn fitted(width: u32, height: u32, longest_side: u32) -> (u32, u32) {
    let longest = width.max(height);
    let target = longest_side.min(longest);
    let scaled = |side: u32| {
        (f64::from(side) * f64::from(target) / f64::from(longest))
            .round()
            .max(1.0) as u32
    };
    (scaled(width), scaled(height))
}

/// The level to show as white, of samples from 0 to 65535: the brightest but for 0.2 % of them, and at
/// least a sixteenth of 65535.
pub fn white_level(samples: impl IntoIterator<Item = u16>) -> u16 {
    let mut samples: Vec<u16> = samples.into_iter().collect();
    let Some(last) = samples.len().checked_sub(1) else {
        return DARKEST_WHITE;
    };
    let rank = (samples.len() as f64 * BELOW_WHITE) as usize;
    let (_, level, _) = samples.select_nth_unstable(rank.min(last));
    (*level).max(DARKEST_WHITE)
}
