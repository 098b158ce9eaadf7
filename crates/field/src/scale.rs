//! The scale of a field: how large its cells look to a network, which sees the central square at a size of its own.

use super::error::FieldError;
use super::field::{Field, Plane, Samples};
use super::notice::Notice;

/// The width in micrometres of the atlas's fields, on which models are trained: 2048 px of 0.08 µm, or 512 of 0.32.
pub(super) const ATLAS_WIDTH: f64 = 164.0;

/// Cells look as large as in training, or up to so many times larger or smaller.
const WITHIN: f64 = 2.0;

/// The longest side of a square that a small field is laid on, in pixels. With the smallest pixels that files may name, it is half as
/// wide as the atlas's fields.
const LONGEST: f64 = 8192.0;

impl Field {
    /// The width in micrometres of the central square, all that a network sees; none where the files name no size of a pixel.
    pub fn seen_width(&self) -> Option<f64> {
        let side = self.width().min(self.height());
        self.pixel_size().map(|pixel| f64::from(side) * pixel)
    }

    /// Whether cells look more than twice as large or as small as in training, as far as files tell.
    pub fn is_of_other_scale(&self) -> bool {
        self.seen_width()
            .is_some_and(|width| !(ATLAS_WIDTH / WITHIN..=ATLAS_WIDTH * WITHIN).contains(&width))
    }

    /// The field with a central square of the width of the atlas's fields: what is larger is cut, what is smaller is laid on black.
    /// One that tells no size, or is of that scale as it is, stays as it is.
    ///
    /// # Errors
    /// Those of [`Field::new`].
    pub fn at_atlas_scale(self) -> Result<Self, FieldError> {
        let (Some(pixel), Some(width), true) = (
            self.pixel_size(),
            self.seen_width(),
            self.is_of_other_scale(),
        ) else {
            return Ok(self);
        };
        let side = (ATLAS_WIDTH / pixel).round().min(LONGEST) as u32;
        let planes = self.channels().filter_map(|channel| {
            let plane = self.plane(channel)?;
            Some(framed(plane, side).map(|plane| (channel, plane)))
        });
        let planes: Vec<_> = planes.collect::<Result<_, _>>()?;
        let mut notices = self.notices().to_vec();
        notices.push(Notice::Framed {
            from: width.round() as u32,
            to: (f64::from(side) * pixel).round() as u32,
            is_cut: width > ATLAS_WIDTH,
        });
        Ok(Self::new(self.id(), planes)?.with(Some(pixel), notices))
    }
}

/// The middle of a plane as a square of this side, on black.
fn framed(plane: &Plane, side: u32) -> Result<Plane, FieldError> {
    fn copied<T: Copy + Default>(
        values: &[T],
        (width, height): (usize, usize),
        side: usize,
    ) -> Vec<T> {
        // Where the copied part begins in the plane and in the square, and how long it is.
        let part = |length: usize| {
            let shared = length.min(side);
            ((length - shared) / 2, (side - shared) / 2, shared)
        };
        let (left, to_left, columns) = part(width);
        let (top, to_top, rows) = part(height);
        let mut square = vec![T::default(); side * side];
        for row in 0..rows {
            let from = (top + row) * width + left;
            let to = (to_top + row) * side + to_left;
            square[to..to + columns].copy_from_slice(&values[from..from + columns]);
        }
        square
    }
    let size = (plane.width() as usize, plane.height() as usize);
    let samples = match plane.samples() {
        Samples::Eight(values) => Samples::Eight(copied(values, size, side as usize)),
        Samples::Sixteen(values) => Samples::Sixteen(copied(values, size, side as usize)),
    };
    Plane::new(side, side, samples)
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;

    use super::*;

    /// A field of 6 × 4 px, whose samples count from 1.
    fn field(pixel: Option<f64>) -> Field {
        let samples = Samples::Eight((1..=24).collect());
        let plane = Plane::new(6, 4, samples).expect("a plane");
        let field = Field::new("a", [(Channel::Green, plane)]).expect("a field");
        field.with(pixel, Vec::new())
    }

    fn samples(field: &Field) -> Vec<u8> {
        match field.plane(Channel::Green).expect("green").samples() {
            Samples::Eight(values) => values.clone(),
            Samples::Sixteen(_) => Vec::new(),
        }
    }

    #[test]
    fn fields_of_about_the_atlas_scale_or_of_none_stay() {
        for pixel in [None, Some(41.0), Some(25.0), Some(80.0)] {
            let field = field(pixel);
            assert!(!field.is_of_other_scale(), "{pixel:?}");
            assert_eq!(field.clone().at_atlas_scale().expect("a field"), field);
        }
    }

    #[test]
    fn a_wide_field_is_cut_to_its_middle() {
        let wide = field(Some(83.0));
        assert!(wide.is_of_other_scale());
        let cut = wide.at_atlas_scale().expect("a field");
        assert_eq!((cut.width(), cut.height()), (2, 2));
        assert_eq!(samples(&cut), [9, 10, 15, 16]);
        assert_eq!(cut.pixel_size(), Some(83.0));
        assert!(!cut.is_of_other_scale());
        let said = cut.notices()[0].to_string();
        assert!(
            said.contains("332 µm") && said.contains("middle 166"),
            "{said}"
        );
    }

    #[test]
    fn a_narrow_field_is_laid_on_black() {
        let narrow = field(Some(20.0));
        let laid = narrow.at_atlas_scale().expect("a field");
        assert_eq!((laid.width(), laid.height()), (8, 8));
        let found = samples(&laid);
        assert_eq!(found[2 * 8..3 * 8], [0, 1, 2, 3, 4, 5, 6, 0]);
        assert_eq!(found.iter().filter(|value| **value > 0).count(), 24);
        assert!(!laid.is_of_other_scale());
        assert!(laid.notices()[0].to_string().contains("black"));
    }

    #[test]
    fn the_smallest_pixels_end_within_the_scale() {
        let plane = Plane::new(1, 1, Samples::Sixteen(vec![9])).expect("a plane");
        let field = Field::new("a", [(Channel::Blue, plane)]).expect("a field");
        let laid = field
            .with(Some(0.01), Vec::new())
            .at_atlas_scale()
            .expect("a field");
        assert_eq!(laid.width(), 8192);
        assert!(laid.seen_width().is_some_and(|width| width > 81.0));
    }
}
