//! Resizing of planes.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U16;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::error::FieldError;
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

impl Plane {
    /// The plane at another size, at a depth of 8 or 16 bit, by the filter of [`Composition::compose`](crate::Composition::compose).
    ///
    /// # Errors
    /// [`FieldError::SampleCount`] for a size without any pixel.
    pub fn resized(&self, width: u32, height: u32, bits: u32) -> Result<Self, FieldError> {
        let levels = match width.min(height) {
            0 => Vec::new(),
            _ => resized(
                self,
                Rectangle::whole(self),
                width,
                height,
                FilterType::CatmullRom,
            ),
        };
        let samples = match bits {
            8 => Samples::Eight(levels.into_iter().map(byte).collect()),
            _ => Samples::Sixteen(levels),
        };
        Self::new(width, height, samples)
    }
}

/// The nearest level of 8 bit; one of its levels is 257 of 16 bit.
pub(super) fn byte(level: u16) -> u8 {
    ((u32::from(level) + 128) / 257) as u8
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_keeps_its_levels_at_any_size_and_depth() {
        let even = |width: u32, height: u32, bits: u32| {
            let pixels = width as usize * height as usize;
            let samples = match bits {
                8 => Samples::Eight(vec![0x80; pixels]),
                _ => Samples::Sixteen(vec![0x8080; pixels]),
            };
            Plane::new(width, height, samples).expect("a plane")
        };
        for (width, height) in [(6, 4), (9, 5), (2, 1)] {
            let shallow = even(6, 4, 16).resized(width, height, 8).expect("a plane");
            assert_eq!(shallow, even(width, height, 8));
            let deep = even(6, 4, 8).resized(width, height, 16).expect("a plane");
            let Samples::Sixteen(levels) = deep.samples() else {
                panic!("16 bit, not {deep:?}");
            };
            assert_eq!(levels.len(), width as usize * height as usize);
            // The filter's weights are rounded.
            assert!(
                levels.iter().all(|level| level.abs_diff(0x8080) <= 1),
                "{levels:?}"
            );
        }
        let rising = Plane::new(4, 1, Samples::Eight(vec![10, 20, 30, 40])).expect("a plane");
        assert_eq!(rising.resized(4, 1, 8).expect("a plane"), rising);
        assert!(rising.resized(0, 1, 8).is_err());
    }
}
