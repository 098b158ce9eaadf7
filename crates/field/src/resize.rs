//! Resizing of planes.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U16;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::field::{Plane, Samples};

/// A rectangle of a plane, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rectangle {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Rectangle {
    /// The whole of a plane.
    pub(super) fn whole(plane: &Plane) -> Self {
        Self {
            left: 0,
            top: 0,
            width: plane.width(),
            height: plane.height(),
        }
    }

    /// The largest square at a plane's centre.
    pub(super) fn central_square(plane: &Plane) -> Self {
        let side = plane.width().min(plane.height());
        Self {
            left: (plane.width() - side) / 2,
            top: (plane.height() - side) / 2,
            width: side,
            height: side,
        }
    }
}

/// Resizes a part of a plane to `width` × `height` px, samples from 0 to 65535.
///
/// The filter is widened for reduction, so that fine structure does not alias. Samples are whole numbers of 16 bit throughout, a
/// range that 8-bit samples fill exactly (`255 * 257 = 65535`): finer than 8-bit results, half the memory of floating point, and
/// the same result on every machine.
pub(super) fn resized(
    plane: &Plane,
    part: Rectangle,
    width: u32,
    height: u32,
    filter: FilterType,
) -> Vec<u16> {
    let part_pixels = match plane.samples() {
        Samples::Eight(values) => cut(values, plane.width(), part, |value| {
            U16::new(u16::from(value) * 257)
        }),
        Samples::Sixteen(values) => cut(values, plane.width(), part, U16::new),
    };
    let source = TypedImageRef::new(part.width, part.height, &part_pixels)
        .expect("the part has its own size");
    let mut target = TypedImage::new(width, height);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    // Where the sizes are equal this copies.
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .expect("no crop that could lie outside");
    target.pixels().iter().map(|pixel| pixel.0).collect()
}

fn cut<T: Copy>(values: &[T], row: u32, part: Rectangle, convert: impl Fn(T) -> U16) -> Vec<U16> {
    let columns = part.left as usize..(part.left + part.width) as usize;
    let rows = values
        .chunks_exact(row as usize)
        .skip(part.top as usize)
        .take(part.height as usize);
    let mut pixels = Vec::with_capacity(part.width as usize * part.height as usize);
    for row in rows {
        pixels.extend(row[columns.clone()].iter().map(|&value| convert(value)));
    }
    pixels
}
