//! Masks in little memory.

use crate::cells::{Cells, MaskError};

/// The most pixels of masks: four times those of the largest field in memory.
const MOST_PIXELS: usize = 1 << 26;

/// The masks of [`Cells`] as runs of equal pixels: some kilobytes instead of hundreds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    width: u32,
    height: u32,
    /// Pairs of a length and a number: twice the cell's, and one more in its nucleus; 7 bits a byte, the lowest first.
    runs: Vec<u8>,
}

impl Packed {
    /// Packs the masks of cells.
    pub fn new(cells: &Cells) -> Self {
        let pixels = cells.mask().iter().zip(cells.nuclei());
        let mut values =
            pixels.map(|(&cell, &nucleus)| 2 * u32::from(cell) + u32::from(nucleus > 0));
        let mut runs = Vec::new();
        if let Some(mut current) = values.next() {
            let mut length = 1;
            for value in values {
                if value == current {
                    length += 1;
                } else {
                    push(&mut runs, length);
                    push(&mut runs, current);
                    (current, length) = (value, 1);
                }
            }
            push(&mut runs, length);
            push(&mut runs, current);
        }
        runs.shrink_to_fit();
        Self {
            width: cells.width() as u32,
            height: cells.height() as u32,
            runs,
        }
    }

    /// The masks of which [`Packed::parts`] gave these parts. Whether they are masks at all shows when they are unpacked.
    pub fn of_parts([width, height]: [u32; 2], runs: Vec<u8>) -> Self {
        Self {
            width,
            height,
            runs,
        }
    }

    /// The width and the height of the masks, and their runs.
    pub fn parts(&self) -> ([u32; 2], &[u8]) {
        ([self.width, self.height], &self.runs)
    }

    /// The bytes that the masks take.
    pub fn bytes(&self) -> usize {
        self.runs.len()
    }

    /// The cells again.
    ///
    /// # Errors
    /// [`MaskError`] where the runs are not those of masks of this size, which those of [`Packed::new`] always are.
    pub fn cells(&self) -> Result<Cells, MaskError> {
        let (width, height) = (self.width as usize, self.height as usize);
        let length = width.checked_mul(height);
        let Some(length) = length.filter(|length| *length <= MOST_PIXELS) else {
            return Err(MaskError::Size {
                width,
                height,
                pixels: 0,
            });
        };
        let (mut cells, mut nuclei) = (Vec::with_capacity(length), Vec::with_capacity(length));
        let mut bytes = self.runs.iter().copied();
        while let (Some(run), Some(value)) = (pull(&mut bytes), pull(&mut bytes)) {
            let number = (value / 2) as u16;
            let filled = cells.len().saturating_add(run as usize).min(length);
            cells.resize(filled, number);
            nuclei.resize(filled, if value % 2 == 1 { number } else { 0 });
        }
        Cells::of_masks(width, height, cells, nuclei)
    }
}

fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn pull(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut number = 0;
    for shift in (0..).step_by(7).take(5) {
        let byte = bytes.next()?;
        number |= u32::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::tests::drawn;

    #[test]
    fn masks_come_back() {
        for rows in [
            &["1a.2b", "11.22", ".33c."][..],
            &["....."],
            &["9"],
            &["111111", "1aaaa1"],
        ] {
            let cells = drawn(rows);
            let packed = Packed::new(&cells);
            assert_eq!(packed.cells().as_ref(), Ok(&cells));
            let (sides, runs) = packed.parts();
            assert_eq!(Packed::of_parts(sides, runs.to_vec()), packed);
            let broken = Packed::of_parts(sides, runs[..runs.len() - 1].to_vec());
            assert!(broken.cells().is_err());
        }
        for sides in [[u32::MAX, u32::MAX], [1 << 14, 1 << 13]] {
            let endless = Packed::of_parts(sides, vec![0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 2]);
            assert!(endless.cells().is_err(), "{sides:?}");
        }
        let none = Cells::none(0, 0);
        assert_eq!(Packed::new(&none).cells(), Ok(none));
        let large = vec![60_000_u16; 256 * 256];
        let large = Cells::of_masks(256, 256, large.clone(), large).expect("masks");
        let packed = Packed::new(&large);
        assert_eq!(packed.bytes(), 6);
        assert_eq!(packed.cells(), Ok(large));
    }
}
