//! A cell of a field as a field of its own: what a classifier is shown to answer for the cell alone.

use cytolens_cells::{Bounds, Cell, Cells};
use cytolens_field::{Field, FieldError, Plane, Samples};

/// Cuts a cell out of a field: a square with the cell in its middle and all else, its neighbours too, black in every channel.
///
/// The square's side is half of the field's shorter side, rounded up, so that a network that sees the field's central square sees
/// the cell at most twice as large as it learnt cells; a cell that leaves less than a sixteenth of its longer side as a margin on
/// either side makes the square so much larger. `cells` are the field's, with masks of its size.
///
/// # Errors
/// None where the field's planes are as large as the field, which [`Field::new`] sees to.
///
/// # Panics
/// If the masks are of another size than the field.
pub fn crop(field: &Field, cells: &Cells, cell: &Cell) -> Result<Field, FieldError> {
    let size = (field.width() as usize, field.height() as usize);
    assert_eq!((cells.width(), cells.height()), size, "masks of the field");
    let longer = cell.bounds.width.max(cell.bounds.height);
    let side = size.0.min(size.1).div_ceil(2);
    let side = side.max(longer + longer.div_ceil(8));
    let planes = field.channels().filter_map(|channel| {
        let samples = match field.plane(channel)?.samples() {
            Samples::Eight(values) => Samples::Eight(alone(values, cells, cell, side)),
            Samples::Sixteen(values) => Samples::Sixteen(alone(values, cells, cell, side)),
        };
        let plane = Plane::new(side as u32, side as u32, samples);
        Some(plane.map(|plane| (channel, plane)))
    });
    let planes: Result<Vec<_>, FieldError> = planes.collect();
    Field::new(field.id(), planes?)
}

/// The samples of a cell in the middle of a square, with zeros around them.
fn alone<T: Copy + Default>(samples: &[T], cells: &Cells, cell: &Cell, side: usize) -> Vec<T> {
    let Bounds {
        left,
        top,
        width,
        height,
    } = cell.bounds;
    let (across, down) = ((side - width) / 2, (side - height) / 2);
    let mut square = vec![T::default(); side * side];
    for y in 0..height {
        let from = (top + y) * cells.width() + left;
        let to = (down + y) * side + across;
        let numbers = &cells.mask()[from..from + width];
        let pixels = samples[from..from + width].iter().zip(numbers);
        for (place, (sample, number)) in square[to..to + width].iter_mut().zip(pixels) {
            if *number == cell.number {
                *place = *sample;
            }
        }
    }
    square
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;

    use super::*;

    /// A field of 16 × 12 px without a black sample, and two cells that touch: 1, of 3 × 2 px, in the upper left corner, and 2,
    /// of 8 × 10 px without two in its upper left corner.
    fn field() -> (Field, Cells) {
        let green: Vec<u8> = (1..=192).collect();
        let blue = vec![7_u8; 192];
        let planes = [(Channel::Green, green), (Channel::Blue, blue)].map(|(channel, values)| {
            let plane = Plane::new(16, 12, Samples::Eight(values)).expect("a plane");
            (channel, plane)
        });
        let mut mask = vec![0_u16; 192];
        for y in 0..10 {
            mask[y * 16 + 2..y * 16 + 10].fill(2);
        }
        for y in 0..2 {
            mask[y * 16..y * 16 + 3].fill(1);
        }
        let cells = Cells::of_masks(16, 12, mask, vec![0; 192]).expect("masks");
        (Field::new("field", planes).expect("a field"), cells)
    }

    fn samples(field: &Field, channel: Channel) -> &[u8] {
        match field.plane(channel).expect("a plane").samples() {
            Samples::Eight(values) => values,
            Samples::Sixteen(_) => panic!("8 bit"),
        }
    }

    #[test]
    fn a_cell_in_a_corner_is_whole_and_in_the_middle_of_black() {
        let (field, cells) = field();
        let found = crop(&field, &cells, &cells.list()[0]).expect("a field");
        // Half of the shorter side.
        assert_eq!((found.id(), found.width(), found.height()), ("field", 6, 6));
        let mut expected = [0_u8; 36];
        expected[13..16].copy_from_slice(&[1, 2, 3]);
        expected[19..22].copy_from_slice(&[17, 18, 19]);
        assert_eq!(samples(&found, Channel::Green), expected);
        let blue = expected.map(|green| if green > 0 { 7_u8 } else { 0 });
        assert_eq!(samples(&found, Channel::Blue), blue);
    }

    #[test]
    fn a_large_cell_has_a_margin_and_not_its_neighbour() {
        let (field, cells) = field();
        let cell = &cells.list()[1];
        let found = crop(&field, &cells, cell).expect("a field");
        assert_eq!((found.width(), found.height()), (12, 12));
        let green = samples(&found, Channel::Green);
        let mut sorted: Vec<u8> = green.iter().copied().filter(|value| *value > 0).collect();
        sorted.sort_unstable();
        let mask = (1..=192).zip(cells.mask());
        let expected: Vec<u8> = mask
            .filter_map(|(value, number)| (*number == 2).then_some(value))
            .collect();
        assert_eq!(sorted, expected);
        assert_eq!(cell.area, expected.len());
        // Two columns and one row of margin; the neighbour's pixel is black.
        assert_eq!(green[12 + 2..12 + 4], [0_u8, 4]);
        assert_eq!(green[3 * 12 + 2], 35);
    }
}
