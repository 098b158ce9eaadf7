//! Pictures of fields: an example for each class, and a comparison of resolutions.

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_core::Channel;
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use cytolens_field::{Composition, Field, Plane, Samples, square, white_level};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;

use super::set::LARGE_SIDE;
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;

/// The folder of pictures, beside the report's page.
pub const FOLDER: &str = "pictures";

/// The side of a thumbnail in pixels.
const THUMBNAIL: u32 = 160;

/// The side in pixels of the pictures by [`glance`].
const GLANCE: u32 = 256;

/// The reduced size in the comparison of resolutions, in pixels a side.
pub(super) const REDUCED: u32 = 512;

/// The side of the part shown, in pixels of the reduced field.
const PART: u32 = 96;

/// An example field of a class.
#[derive(Debug)]
pub(super) struct Example {
    /// The field's id.
    pub id: String,
    /// The field's labels.
    pub labels: LabelSet,
    /// The caption of each picture, and its file in [`FOLDER`]; none where the field lacks a channel.
    pub pictures: Vec<(String, Option<String>)>,
}

/// Draws an example of each class, the first field with the fewest labels, in each channel and each composition. Classes without a
/// field have no example.
///
/// # Errors
/// If a picture cannot be written. A field that can no longer be read is added to `faults`.
pub(super) fn gallery(
    samples: &[Sample],
    is_read: &[bool],
    out: &Path,
    prefix: &str,
    faults: &mut Vec<Fault>,
) -> Result<Vec<Option<Example>>> {
    let drawn: Vec<Result<Option<Example>, DrawError>> = (0..COUNT)
        .into_par_iter()
        .map(|class| {
            let chosen = samples
                .iter()
                .zip(is_read)
                .filter(|(sample, is_read)| **is_read && sample.labels.contains(class))
                .min_by_key(|(sample, _)| sample.labels.len());
            let Some((sample, _)) = chosen else {
                return Ok(None);
            };
            let field = sample
                .field
                .read()
                .map_err(|error| DrawError::Read(error.into()))?;
            let pictures = example(&field, class, out, prefix).map_err(DrawError::Write)?;
            Ok(Some(Example {
                id: sample.field.id.clone(),
                labels: sample.labels,
                pictures,
            }))
        })
        .collect();
    drawn
        .into_iter()
        .map(|example| match example {
            Ok(example) => Ok(example),
            Err(DrawError::Read(fault)) => {
                faults.push(fault);
                Ok(None)
            }
            Err(DrawError::Write(error)) => Err(error),
        })
        .collect()
}

enum DrawError {
    Read(Fault),
    Write(anyhow::Error),
}

fn example(
    field: &Field,
    class: usize,
    out: &Path,
    prefix: &str,
) -> Result<Vec<(String, Option<String>)>> {
    let channels = Channel::ALL.map(|channel| levels(field, channel, THUMBNAIL));
    let of = |channel: Channel| channels[channel as usize].as_ref();
    let mut shown: Vec<(&str, Option<Vec<[f32; 3]>>)> = Vec::new();
    for channel in Channel::ALL {
        let pixels = of(channel).map(|levels| mixed(&[(levels, tint(channel))]));
        shown.push((channel.name(), pixels));
    }
    for composition in Composition::ALL {
        let sources: Option<Vec<Vec<f32>>> = composition
            .channels()
            .iter()
            .map(|channel| of(*channel).cloned())
            .collect();
        let pixels = sources.map(|sources| {
            let planes = composition.mix(&sources);
            let tints = [
                [1.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
                [0.0, 0.0, 1.0],
                HALF_YELLOW,
            ];
            let area = planes.len() / composition.planes();
            let tinted: Vec<_> = planes.chunks_exact(area).zip(tints).collect();
            mixed(&tinted)
        });
        shown.push((composition.name(), pixels));
    }
    let place = LOCATIONS[class]
        .to_lowercase()
        .replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    shown
        .into_iter()
        .map(|(what, pixels)| {
            let Some(pixels) = pixels else {
                return Ok((what.to_owned(), None));
            };
            let file = format!("{prefix}{class:02}-{place}-{what}.jpg");
            write(&out.join(FOLDER).join(&file), &picture(&pixels, THUMBNAIL))?;
            Ok((what.to_owned(), Some(file)))
        })
        .collect()
}

/// Draws a small picture of all channels in their colours and one of green, the protein, in grey, which shows more detail to the eye.
/// Gives the caption of each and its path relative to the report; the files, in [`FOLDER`], have names that begin with `stem`.
///
/// # Errors
/// If a picture cannot be written.
pub fn glance(field: &Field, stem: &str, out: &Path) -> Result<Vec<(String, String)>> {
    let (mut all, mut green) = (Vec::new(), None);
    for channel in Channel::ALL {
        if let Some(levels) = levels(field, channel, GLANCE) {
            if channel == Channel::Green {
                green = Some(mixed(&[(&levels, [1.0; 3])]));
            }
            all.push((levels, tint_beside_others(channel)));
        }
    }
    let mut pictures = vec![("all channels", "all", mixed(&all))];
    pictures.extend(green.map(|green| ("the protein alone", "green", green)));
    pictures
        .into_iter()
        .map(|(what, ending, pixels)| {
            let file = format!("{FOLDER}/{stem}-{ending}.jpg");
            write(&out.join(&file), &picture(&pixels, GLANCE))?;
            Ok((what.to_owned(), file))
        })
        .collect()
}

/// The central square of a channel at this size, brightened; none where the field lacks the channel.
fn levels(field: &Field, channel: Channel, side: u32) -> Option<Vec<f32>> {
    let samples = square(field.plane(channel)?, side);
    let white = white_level(samples.iter().copied());
    Some(brightened(&samples, white))
}

/// The colour of yellow among other channels, at half strength as in the application's previews: the reticulum fills the cell and
/// would hide the rest.
const HALF_YELLOW: [f32; 3] = [0.5, 0.5, 0.0];

fn tint(channel: Channel) -> [f32; 3] {
    match channel {
        Channel::Red => [1.0, 0.0, 0.0],
        Channel::Green => [0.0, 1.0, 0.0],
        Channel::Blue => [0.0, 0.0, 1.0],
        Channel::Yellow => [1.0, 1.0, 0.0],
    }
}

fn tint_beside_others(channel: Channel) -> [f32; 3] {
    match channel {
        Channel::Yellow => HALF_YELLOW,
        other => tint(other),
    }
}

/// Scales samples to 0 for black and 1 for the white level and above.
fn brightened(samples: &[u16], white: u16) -> Vec<f32> {
    samples
        .iter()
        .map(|sample| (f32::from(*sample) / f32::from(white)).min(1.0))
        .collect()
}

/// The sum of planes, each in its colour.
fn mixed(planes: &[(impl AsRef<[f32]>, [f32; 3])]) -> Vec<[f32; 3]> {
    let mut pixels = vec![[0.0; 3]; planes.first().map_or(0, |(plane, _)| plane.as_ref().len())];
    for (plane, tint) in planes {
        for (pixel, level) in pixels.iter_mut().zip(plane.as_ref()) {
            for (light, strength) in pixel.iter_mut().zip(tint) {
                *light += level * strength;
            }
        }
    }
    pixels
}

fn picture(pixels: &[[f32; 3]], side: u32) -> RgbImage {
    let bytes = pixels
        .iter()
        .flatten()
        .map(|light| (light.min(1.0) * 255.0).round() as u8)
        .collect();
    RgbImage::from_raw(side, side, bytes).expect("three bytes a pixel")
}

fn write(path: &Path, picture: &RgbImage) -> Result<()> {
    const QUALITY: u8 = 90;
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode_image(picture)
        .map_err(anyhow::Error::from)
        .and_then(|()| Ok(std::fs::write(path, bytes)?))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Pictures of a part of a large field at its own resolution and reduced.
#[derive(Debug)]
pub(super) struct Resolutions {
    /// The field's id.
    pub id: String,
    /// The side of the field's central square in pixels.
    pub side: u32,
    /// The side of the part shown in pixels of the field.
    pub part: u32,
    /// The caption, and the files in [`FOLDER`] at the field's own resolution and reduced.
    pub pictures: Vec<(&'static str, String, String)>,
}

/// Draws the part of a large field with most structure in green, at the field's own resolution and reduced to [`REDUCED`] px a field
/// like a network's input.
///
/// # Errors
/// If a picture cannot be written.
pub(super) fn resolutions(field: &Field, out: &Path, prefix: &str) -> Result<Option<Resolutions>> {
    let side = field.width().min(field.height());
    let Some(main) = field
        .plane(Channel::Green)
        .or_else(|| field.plane(field.channels().next()?))
    else {
        return Ok(None);
    };
    if side < LARGE_SIDE {
        return Ok(None);
    }
    // The part's corner and side in reduced pixels, and in the field's own.
    let (left, top) = busiest(&square(main, REDUCED));
    let own = |reduced: u32| reduced * side / REDUCED;
    let part = own(PART);
    let mut native = Vec::new();
    let mut reduced = Vec::new();
    for channel in field.channels() {
        let Some(plane) = field.plane(channel) else {
            continue;
        };
        let whole = centre(plane, side);
        let small = square(plane, REDUCED);
        // One white level for both, so that the pictures differ by resolution alone.
        let white = white_level(small.iter().copied());
        let cut_native = cut(&whole, side, own(left), own(top), part);
        let cut_reduced = cut(&small, REDUCED, left, top, PART);
        native.push((channel, brightened(&cut_native, white)));
        reduced.push((channel, brightened(&cut_reduced, white)));
    }
    let mut pictures = Vec::new();
    let views: [(&str, &[Channel]); 3] = [
        ("all channels", &Channel::ALL),
        ("green", &[Channel::Green]),
        ("red", &[Channel::Red]),
    ];
    for (what, channels) in views {
        let composed = |planes: &[(Channel, Vec<f32>)]| {
            let tinted: Vec<_> = planes
                .iter()
                .filter(|(channel, _)| channels.contains(channel))
                .map(|(channel, levels)| (levels, tint_beside_others(*channel)))
                .collect();
            mixed(&tinted)
        };
        let (large, small) = (composed(&native), composed(&reduced));
        if large.is_empty() {
            continue;
        }
        let name = what.replace(' ', "-");
        // Lossless: the page enlarges single pixels.
        let files = [
            (large, part, format!("{prefix}resolution-{name}-own.png")),
            (
                small,
                PART,
                format!("{prefix}resolution-{name}-reduced.png"),
            ),
        ]
        .map(|(pixels, side, file)| {
            let path = out.join(FOLDER).join(&file);
            let saved = picture(&pixels, side).save(&path);
            saved
                .with_context(|| format!("cannot write {}", path.display()))
                .map(|()| file)
        });
        let [own, reduced] = files;
        pictures.push((what, own?, reduced?));
    }
    Ok(Some(Resolutions {
        id: field.id().to_owned(),
        side,
        part,
        pictures,
    }))
}

/// The top left corner of the part of a reduced plane with the largest variance, on a grid of half parts.
fn busiest(samples: &[u16]) -> (u32, u32) {
    let corners = || (0..=REDUCED - PART).step_by(PART as usize / 2);
    let variance = |left: u32, top: u32| {
        let part = cut(samples, REDUCED, left, top, PART);
        let count = part.len() as f64;
        let mean = part.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        part.iter()
            .map(|value| (f64::from(*value) - mean).powi(2))
            .sum::<f64>()
    };
    corners()
        .flat_map(|top| corners().map(move |left| (left, top)))
        .max_by(|a, b| variance(a.0, a.1).total_cmp(&variance(b.0, b.1)))
        .unwrap_or_default()
}

/// The central square of a plane at its own resolution, samples from 0 to 65535.
fn centre(plane: &Plane, side: u32) -> Vec<u16> {
    let samples: Vec<u16> = match plane.samples() {
        Samples::Eight(values) => values.iter().map(|value| u16::from(*value) * 257).collect(),
        Samples::Sixteen(values) => values.clone(),
    };
    let (left, top) = ((plane.width() - side) / 2, (plane.height() - side) / 2);
    cut(&samples, plane.width(), left, top, side)
}

/// Cuts a square out of an image with `row` samples a row.
fn cut(samples: &[u16], row: u32, left: u32, top: u32, side: u32) -> Vec<u16> {
    samples
        .chunks_exact(row as usize)
        .skip(top as usize)
        .take(side as usize)
        .flat_map(|row| &row[left as usize..(left + side) as usize])
        .copied()
        .collect()
}
