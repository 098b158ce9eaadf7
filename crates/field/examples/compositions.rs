//! Draws what each composition makes of a field: the picture in `docs/compositions.png`.
//!
//! Usage: `compositions OUT.png RED GREEN BLUE YELLOW`, the field's four grey files. Compositions
//! of three planes are drawn as red, green and blue; of four, the fourth lights red and green by
//! half. Every channel is first brightened as the page does it, which networks do not see.

use std::error::Error;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{
    Composition, Field, MissingChannels, Plane, Samples, Source, decode_field, white_level,
};
use image::RgbImage;

/// The side of a drawn field, and the gap between two, in pixels.
const SIDE: u32 = 320;
const GAP: u32 = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, files @ ..] = arguments.as_slice() else {
        return Err("usage: compositions OUT.png RED GREEN BLUE YELLOW".into());
    };
    let contents = files
        .iter()
        .map(std::fs::read)
        .collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<Source<'_>> = files
        .iter()
        .zip(&contents)
        .zip(Channel::ALL)
        .map(|((name, bytes), channel)| Source {
            name,
            channel: Some(channel),
            bytes,
        })
        .collect();
    let field = brightened(&decode_field("field", &sources, &ChannelOrder::default())?)?;

    let count = Composition::ALL.len() as u32;
    let mut sheet = RgbImage::from_pixel(
        count * SIDE + (count - 1) * GAP,
        SIDE,
        image::Rgb([255, 255, 255]),
    );
    for (index, composition) in Composition::ALL.into_iter().enumerate() {
        let planes = composition.compose(&field, MissingChannels::Refused, SIDE)?;
        let area = (SIDE * SIDE) as usize;
        let left = index as u32 * (SIDE + GAP);
        for place in 0..area {
            let value = |plane: usize| planes.values[plane * area + place];
            let fourth = if planes.planes > 3 {
                value(3) / 2.0
            } else {
                0.0
            };
            let light = |value: f32| (value.min(1.0) * 255.0).round() as u8;
            let pixel = [value(0) + fourth, value(1) + fourth, value(2)].map(light);
            let (x, y) = (place as u32 % SIDE, place as u32 / SIDE);
            sheet.put_pixel(left + x, y, image::Rgb(pixel));
        }
    }
    sheet.save(out)?;
    Ok(())
}

/// The field with each channel's brightest pixels at white.
fn brightened(field: &Field) -> Result<Field, Box<dyn Error>> {
    let mut planes = Vec::new();
    for channel in field.channels() {
        let Some(plane) = field.plane(channel) else {
            continue;
        };
        let Samples::Eight(samples) = plane.samples() else {
            return Err("the files must be of 8 bit".into());
        };
        // A sample of 8 bits is 257 of 16.
        let deep = |sample: u8| u16::from(sample) * 257;
        let white = u32::from(white_level(samples.iter().copied().map(deep)));
        let lifted = samples
            .iter()
            .map(|&sample| (u32::from(deep(sample)) * 255 / white).min(255) as u8)
            .collect();
        planes.push((
            channel,
            Plane::new(plane.width(), plane.height(), Samples::Eight(lifted))?,
        ));
    }
    Ok(Field::new(field.id(), planes)?)
}
