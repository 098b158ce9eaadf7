//! Duplicates: samples of the same field, which a split must keep in one part.
//!
//! Two fields are *exactly* the same if every channel has the same samples. They are *nearly* the
//! same if they look alike after recompression, rescaling, a change of brightness or contrast, a
//! shift or crop by a few pixels, a quarter turn or a mirror image. This is decided by perceptual hashes: each channel's central
//! square at 32 × 32 px, stretched from its darkest to its brightest pixel; its discrete cosine transform; and one bit for each of
//! the 256 lowest frequencies, set if the coefficient is over their median (the pHash of Krawetz and Zauner, by the crate
//! `image_hasher`).
//!
//! The measurements behind this choice and `MOST_DIFFERING` are in `docs/splits.md`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use cytolens_core::Channel;
use cytolens_field::{Field, Planes, Samples, square};
use image::GrayImage;
use image_hasher::{HashAlg, Hasher, HasherConfig};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::views::{VIEWS, view};

/// The largest share of differing bits, over all channels that both fields have, at which they look alike.
///
/// Between different fields half of the bits differ: 50 % with a standard deviation of 3 % for one
/// channel alone, 2 % for four. Of all the changes of one field that were measured, the strongest (8 px
/// cut from each edge of 512) makes 15 % differ over four channels, 17 % in the worst channel.
const MOST_DIFFERING: f64 = 0.2;

/// The side of the hashed pictures in pixels: twice the hash's, which keeps the lower half of the frequencies.
const SIDE: u32 = 32;
const HASH_SIDE: u32 = 16;
const WORDS: usize = (HASH_SIDE * HASH_SIDE) as usize / 64;
const CHANNELS: usize = Channel::ALL.len();

/// The kinds of duplicates that a split keeps together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Duplicates {
    /// None
    Off,
    /// Fields with the same samples in every channel
    Exact,
    /// Also fields that look alike: recompressed, rescaled, brighter, shifted a little, turned
    Near,
}

impl fmt::Display for Duplicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Off => "off",
            Self::Exact => "exact",
            Self::Near => "near",
        })
    }
}

/// A field's hashes, by which duplicates are found.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    /// SHA-256 of the decoded samples.
    exact: [u8; 32],
    look: Look,
}

/// A perceptual hash of 256 bits a channel; zeros for channels that the field lacks.
type Hash = [[u64; WORDS]; CHANNELS];

/// The perceptual hashes of a field.
#[derive(Debug, Clone)]
struct Look {
    /// Whether each channel has a hash. Flat channels have none: all of them would look alike.
    channels: [bool; CHANNELS],
    /// The hashes of the field's eight views.
    views: [Hash; VIEWS],
}

/// The maker of [`Fingerprint`]s.
pub struct Fingerprinter(Hasher<[u8; WORDS * 8]>);

impl Default for Fingerprinter {
    fn default() -> Self {
        Self(
            HasherConfig::with_bytes_type()
                .hash_size(HASH_SIDE, HASH_SIDE)
                .hash_alg(HashAlg::Median)
                .preproc_dct()
                .to_hasher(),
        )
    }
}

impl Fingerprinter {
    /// Computes the fingerprint of a field.
    pub fn of(&self, field: &Field) -> Fingerprint {
        Fingerprint {
            exact: digest(field),
            look: self.look(field),
        }
    }

    fn look(&self, field: &Field) -> Look {
        let mut look = Look {
            channels: [false; CHANNELS],
            views: [Hash::default(); VIEWS],
        };
        for (place, channel) in Channel::ALL.into_iter().enumerate() {
            let Some(picture) = field
                .plane(channel)
                .and_then(|plane| stretched(&square(plane, SIDE)))
            else {
                continue;
            };
            look.channels[place] = true;
            for (index, hashes) in look.views.iter_mut().enumerate() {
                hashes[place] = self.hash(&view(&picture, index));
            }
        }
        look
    }

    fn hash(&self, picture: &Planes) -> [u64; WORDS] {
        let values = picture.values.iter().map(|value| value.round() as u8);
        let image = GrayImage::from_raw(picture.size, picture.size, values.collect())
            .expect("a square of its own size");
        let hash = self.0.hash_image(&image);
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            *word = bytes
                .iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        words
    }
}

/// The SHA-256 over size and samples of each channel.
fn digest(field: &Field) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update(field.width().to_le_bytes());
    sha.update(field.height().to_le_bytes());
    for channel in field.channels() {
        sha.update(channel.name());
        match field.plane(channel).map(|plane| plane.samples()) {
            Some(Samples::Eight(values)) => sha.update(values),
            Some(Samples::Sixteen(values)) => {
                for row in values.chunks(field.width() as usize) {
                    let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
                    sha.update(bytes);
                }
            }
            None => {}
        }
    }
    sha.finalize().into()
}

/// A channel stretched to values from 0 (its darkest sample) to 255 (its brightest); none of a flat one.
fn stretched(samples: &[u16]) -> Option<Planes> {
    let darkest = f32::from(*samples.iter().min()?);
    let brightest = f32::from(*samples.iter().max()?);
    (brightest > darkest).then(|| Planes {
        planes: 1,
        size: SIDE,
        values: samples
            .iter()
            .map(|&sample| (f32::from(sample) - darkest) / (brightest - darkest) * 255.0)
            .collect(),
    })
}

/// Groups the samples of the same field: gives each sample's group, numbered from 0 in the order of their first samples.
/// `looked_through` is called once for each sample whose look has been compared.
///
/// Looks are compared pair by pair, and groups are transitive: if the second sample looks like the first and the third like the
/// second, all three are one group.
pub fn groups(
    prints: &[Fingerprint],
    duplicates: Duplicates,
    looked_through: impl Fn() + Sync,
) -> Vec<usize> {
    let mut forest = Forest::new(prints.len());
    if duplicates != Duplicates::Off {
        let mut first = HashMap::new();
        for (sample, print) in prints.iter().enumerate() {
            forest.join(*first.entry(print.exact).or_insert(sample), sample);
        }
    }
    if duplicates == Duplicates::Near {
        // The first of each group of exact duplicates represents it.
        let (different, looks): (Vec<usize>, Vec<&Look>) = (0..prints.len())
            .filter(|&sample| forest.first(sample) == sample)
            .map(|sample| (sample, &prints[sample].look))
            .unzip();
        let as_they_are: Vec<Hash> = looks.iter().map(|look| look.views[0]).collect();
        let joined = Mutex::new(&mut forest);
        (0..looks.len()).into_par_iter().for_each(|place| {
            for earlier in 0..place {
                if alike(looks[place], looks[earlier].channels, &as_they_are[earlier]) {
                    joined
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .join(different[earlier], different[place]);
                }
            }
            looked_through();
        });
    }
    forest.numbered()
}

/// Whether one of a field's views looks like another field.
fn alike(one: &Look, other_channels: [bool; CHANNELS], other: &Hash) -> bool {
    let shared: [bool; CHANNELS] =
        std::array::from_fn(|place| one.channels[place] && other_channels[place]);
    let bits = shared.iter().filter(|shared| **shared).count() as u32 * HASH_SIDE * HASH_SIDE;
    let most = (MOST_DIFFERING * f64::from(bits)) as u32;
    bits > 0
        && one
            .views
            .iter()
            .any(|hashes| differing(hashes, other, shared, most) <= most)
}

/// The number of differing bits in the shared channels, counted up to the channel that exceeds `most`.
fn differing(one: &Hash, other: &Hash, shared: [bool; CHANNELS], most: u32) -> u32 {
    let mut differing = 0;
    for place in (0..CHANNELS).filter(|&place| shared[place]) {
        let words = one[place].iter().zip(&other[place]);
        differing += words.map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        if differing > most {
            break;
        }
    }
    differing
}

/// Disjoint sets of the numbers below a count, each represented by its least member.
struct Forest(Vec<usize>);

impl Forest {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn first(&mut self, mut member: usize) -> usize {
        while self.0[member] != member {
            self.0[member] = self.0[self.0[member]];
            member = self.0[member];
        }
        member
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other)] = one.min(other);
    }

    /// The set of each number, sets being numbered in the order of their least members.
    fn numbered(&mut self) -> Vec<usize> {
        let mut number_of = HashMap::new();
        (0..self.0.len())
            .map(|member| {
                let first = self.first(member);
                let next = number_of.len();
                *number_of.entry(first).or_insert(next)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use cytolens_field::Plane;
    use image::codecs::jpeg::JpegEncoder;
    use image::imageops::{self, FilterType};
    use image::{ImageBuffer, Luma};

    use super::*;
    use crate::dataset::Dataset;
    use crate::files::Reading;
    use crate::random::Stream;
    use cytolens_testing::third_party;

    /// The real fields.
    fn real_fields() -> Vec<Field> {
        let set = third_party("hpa");
        let samples = Dataset::open(&set, &Reading::default())
            .expect("a set")
            .samples;
        let fields = samples.par_iter().map(|sample| sample.field.read());
        fields.collect::<Result<_, _>>().expect("fields")
    }

    /// The field with every channel's picture changed.
    fn changed(field: &Field, change: impl Fn(&GrayImage) -> GrayImage) -> Field {
        let planes = field.channels().map(|channel| {
            let plane = field.plane(channel).expect("a channel");
            let Samples::Eight(values) = plane.samples() else {
                panic!("the real fields have 8 bits");
            };
            let picture = GrayImage::from_raw(plane.width(), plane.height(), values.clone());
            let picture = change(&picture.expect("a picture"));
            let (width, height) = picture.dimensions();
            let samples = Samples::Eight(picture.into_raw());
            (
                channel,
                Plane::new(width, height, samples).expect("a plane"),
            )
        });
        Field::new(format!("changed {}", field.id()), planes).expect("a field")
    }

    fn recompressed(picture: &GrayImage, quality: u8) -> GrayImage {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality)
            .encode_image(picture)
            .expect("a JPEG");
        image::load_from_memory(&bytes).expect("a JPEG").to_luma8()
    }

    fn rescaled(picture: &GrayImage, side: u32) -> GrayImage {
        imageops::resize(picture, side, side, FilterType::Triangle)
    }

    fn mapped(picture: &GrayImage, level: impl Fn(f32) -> f32) -> GrayImage {
        let mut picture = picture.clone();
        for value in picture.iter_mut() {
            *value = level(f32::from(*value)).round().clamp(0.0, 255.0) as u8;
        }
        picture
    }

    /// The picture shifted to the right and down; the new border is black.
    fn shifted(picture: &GrayImage, pixels: u32) -> GrayImage {
        ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
            match (x.checked_sub(pixels), y.checked_sub(pixels)) {
                (Some(x), Some(y)) => *picture.get_pixel(x, y),
                _ => Luma([0]),
            }
        })
    }

    fn cropped(picture: &GrayImage, pixels: u32) -> GrayImage {
        let (width, height) = picture.dimensions();
        let inside = (width - 2 * pixels, height - 2 * pixels);
        imageops::crop_imm(picture, pixels, pixels, inside.0, inside.1).to_image()
    }

    fn prints(fields: &[Field]) -> Vec<Fingerprint> {
        let fingerprinter = Fingerprinter::default();
        fields
            .par_iter()
            .map(|field| fingerprinter.of(field))
            .collect()
    }

    /// The share of differing bits for each of the first field's views.
    fn distances(
        one: &Fingerprint,
        other: &Fingerprint,
        channels: [bool; CHANNELS],
    ) -> [f64; VIEWS] {
        let bits = channels.iter().filter(|used| **used).count() * 256;
        one.look.views.map(|hashes| {
            f64::from(differing(&hashes, &other.look.views[0], channels, u32::MAX)) / bits as f64
        })
    }

    fn nearest(one: &Fingerprint, other: &Fingerprint, channels: [bool; CHANNELS]) -> f64 {
        distances(one, other, channels)
            .into_iter()
            .fold(1.0, f64::min)
    }

    /// The choices of all four channels and of each alone.
    fn channel_choices() -> [[bool; CHANNELS]; 5] {
        std::array::from_fn(|choice| {
            std::array::from_fn(|place| choice == 0 || place == choice - 1)
        })
    }

    #[test]
    #[ignore = "needs the third-party data"]
    fn changed_copies_are_found_and_different_fields_are_not() {
        type Change = Box<dyn Fn(&GrayImage) -> GrayImage>;
        let fields = real_fields();
        let originals = prints(&fields);
        let alone: Vec<usize> = (0..fields.len()).collect();
        assert_eq!(
            groups(&originals, Duplicates::Near, || {}),
            alone,
            "all of these fields are different"
        );
        println!("bits that differ, %, over four channels; and in red, green, blue, yellow alone");
        for channels in channel_choices() {
            let pairs =
                (0..originals.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
            let all: Vec<f64> = pairs
                .flat_map(|(one, other)| distances(&originals[one], &originals[other], channels))
                .collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let variance = all.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / all.len() as f64;
            println!(
                "different fields, {} pairs of views: mean {:.1}, standard deviation {:.1}, least {:.1}",
                all.len(),
                100.0 * mean,
                100.0 * variance.sqrt(),
                100.0 * all.iter().copied().fold(1.0, f64::min)
            );
        }

        let changes: [(&str, Change); 14] = [
            ("JPEG of quality 90", Box::new(|p| recompressed(p, 90))),
            ("JPEG of quality 50", Box::new(|p| recompressed(p, 50))),
            ("brightness x 1.1", Box::new(|p| mapped(p, |v| v * 1.1))),
            ("brightness x 2", Box::new(|p| mapped(p, |v| v * 2.0))),
            (
                "gamma 0.7",
                Box::new(|p| mapped(p, |v| 255.0 * (v / 255.0).powf(0.7))),
            ),
            ("shift by 1 px", Box::new(|p| shifted(p, 1))),
            ("shift by 2 px", Box::new(|p| shifted(p, 2))),
            ("crop by 4 px", Box::new(|p| cropped(p, 4))),
            ("crop by 8 px", Box::new(|p| cropped(p, 8))),
            ("rescaled to 256 px", Box::new(|p| rescaled(p, 256))),
            ("rescaled to 1024 px", Box::new(|p| rescaled(p, 1024))),
            ("a quarter turn", Box::new(imageops::rotate90)),
            ("a mirror image", Box::new(imageops::flip_horizontal)),
            (
                "x 1.1, shift by 2 px, mirrored, 256 px, JPEG of quality 90",
                Box::new(|p| {
                    let shifted = shifted(&mapped(p, |v| v * 1.1), 2);
                    let mirrored = imageops::flip_vertical(&shifted);
                    recompressed(&rescaled(&mirrored, 256), 90)
                }),
            ),
        ];
        for (name, change) in &changes {
            let copies: Vec<Field> = fields.iter().map(|field| changed(field, change)).collect();
            let copies = prints(&copies);
            println!(
                "{name}: at most {}",
                channel_choices()
                    .map(|channels| {
                        let pairs = originals.iter().zip(&copies);
                        let most = pairs.map(|(one, other)| nearest(one, other, channels));
                        format!("{:.1}", 100.0 * most.fold(0.0, f64::max))
                    })
                    .join(" ")
            );
            let both: Vec<Fingerprint> = originals.iter().chain(&copies).cloned().collect();
            let twice: Vec<usize> = alone.iter().chain(&alone).copied().collect();
            assert_eq!(groups(&both, Duplicates::Near, || {}), twice, "{name}");
        }
    }

    #[test]
    #[ignore = "needs the third-party data"]
    fn exact_means_every_sample() {
        let fields = real_fields();
        let one = &fields[0];
        let brighter = changed(one, |p| mapped(p, |v| v * 1.1));
        let renamed = changed(one, GrayImage::clone);
        let found = groups(
            &prints(&[one.clone(), brighter, renamed]),
            Duplicates::Exact,
            || {},
        );
        assert_eq!(found, [0, 1, 0]);
    }

    /// A field whose channels have these samples, 16 px square.
    fn drawn(id: &str, channels: &[Channel], sample: impl Fn(Channel, u32, u32) -> u16) -> Field {
        let planes = channels.iter().map(|&channel| {
            let samples = (0..256)
                .map(|position| sample(channel, position % 16, position / 16))
                .collect();
            let plane = Plane::new(16, 16, Samples::Sixteen(samples)).expect("a plane");
            (channel, plane)
        });
        Field::new(id, planes).expect("a field")
    }

    #[test]
    fn flat_channels_and_channels_of_one_alone_say_nothing() {
        use Channel::{Blue, Green, Red};
        let spot = |at: u32| {
            move |channel: Channel, x: u32, y: u32| match channel {
                Green => (x.abs_diff(at) * y.abs_diff(at / 2)) as u16,
                _ => 7,
            }
        };
        let fields = [
            drawn("black", &[Red, Blue], |_, _, _| 0),
            drawn("grey", &[Red, Blue], |_, _, _| 7),
            drawn("one spot", &[Red, Green], spot(4)),
            drawn("another spot", &[Red, Green], spot(13)),
            drawn("one spot without red", &[Green, Blue], spot(4)),
        ];
        assert_eq!(
            groups(&prints(&fields), Duplicates::Near, || {}),
            [0, 1, 2, 3, 2]
        );
        assert_eq!(
            groups(&prints(&fields), Duplicates::Exact, || {}),
            [0, 1, 2, 3, 4]
        );
        assert_eq!(
            groups(&prints(&fields), Duplicates::Off, || {}),
            [0, 1, 2, 3, 4]
        );
    }

    #[test]
    #[ignore = "needs the third-party data"]
    fn a_field_in_16_bits_is_the_same_as_in_8() {
        let fields = real_fields();
        let one = &fields[3];
        let planes = one.channels().map(|channel| {
            let plane = one.plane(channel).expect("a channel");
            let Samples::Eight(values) = plane.samples() else {
                panic!("the real fields have 8 bits");
            };
            let samples = values.iter().map(|&value| u16::from(value) * 16).collect();
            let plane = Plane::new(plane.width(), plane.height(), Samples::Sixteen(samples));
            (channel, plane.expect("a plane"))
        });
        let deep = Field::new("12 bits of 16", planes).expect("a field");
        let both = prints(&[one.clone(), deep]);
        assert_eq!(groups(&both, Duplicates::Near, || {}), [0, 0]);
    }

    #[test]
    fn likeness_is_passed_on_and_found_among_thousands() {
        let mut stream = Stream::seeded(1);
        let mut random = || Fingerprint {
            exact: [(); 32].map(|()| stream.bits() as u8),
            look: Look {
                channels: [true; CHANNELS],
                views: [[[(); WORDS]; CHANNELS]; VIEWS]
                    .map(|view| view.map(|channel| channel.map(|()| stream.bits()))),
            },
        };
        let count = 2000;
        let mut all: Vec<Fingerprint> = (0..count).map(|_| random()).collect();
        // 192 of 1024 bits from the first, then as many other bits from that: 18.75 % each step.
        let mut step = all[0].clone();
        for flipped in [u64::MAX, u64::MAX << 32] {
            step.exact = [flipped as u8; 32];
            for hashes in &mut step.look.views {
                hashes[0][0] ^= flipped;
                hashes[1][0] ^= flipped;
                hashes[2][0] ^= flipped;
            }
            all.push(step.clone());
        }
        let found = groups(&all, Duplicates::Near, || {});
        assert_eq!(found[..count], (0..count).collect::<Vec<_>>());
        assert_eq!(found[count..], [0, 0]);
    }
}
