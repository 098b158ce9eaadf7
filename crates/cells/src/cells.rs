//! The cells of an image: their masks and what can be said of each.

use crate::outline::{Ring, rings};

/// The pixels of a cell lie within these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first column.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// The number of columns.
    pub width: usize,
    /// The number of rows.
    pub height: usize,
}

/// A cell, in pixels of the mask.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The number that the mask has at its pixels, from 1.
    pub number: u16,
    /// The number of its pixels.
    pub area: usize,
    /// The number of those in its nucleus.
    pub nucleus_area: usize,
    /// The mean of its pixels' centres: column and row, where the first pixel's centre is at 0.5.
    pub centroid: [f32; 2],
    /// Where it lies.
    pub bounds: Bounds,
    /// Whether it touches the image's border, and so may reach beyond it.
    pub on_border: bool,
}

/// The cells of an image, by their masks. Cells that were left out or deleted leave gaps in the numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    width: usize,
    height: usize,
    cells: Vec<u16>,
    nuclei: Vec<u16>,
    list: Vec<Cell>,
}

/// Masks that are not those of one image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// A mask has another size.
    #[error("a mask of {width} × {height} px cannot have {pixels} pixels")]
    Size {
        /// The width of the image.
        width: usize,
        /// The height of the image.
        height: usize,
        /// The pixels of the mask.
        pixels: usize,
    },
    /// A nucleus lies in another cell.
    #[error("the nucleus of cell {nucleus} lies in cell {cell}")]
    Astray {
        /// The nucleus's number.
        nucleus: u16,
        /// The cell's number at a pixel of it; 0 outside cells.
        cell: u16,
    },
}

impl Cells {
    /// Makes cells of masks: the number of the cell at each pixel, row by row, 0 outside, and the same of nuclei.
    ///
    /// # Errors
    /// [`MaskError`] for masks of another size, and for nuclei outside their cells.
    pub fn of_masks(
        width: usize,
        height: usize,
        cells: Vec<u16>,
        nuclei: Vec<u16>,
    ) -> Result<Self, MaskError> {
        for mask in [&cells, &nuclei] {
            if width.checked_mul(height) != Some(mask.len()) {
                return Err(MaskError::Size {
                    width,
                    height,
                    pixels: mask.len(),
                });
            }
        }
        let mut pairs = nuclei.iter().zip(&cells);
        if let Some((&nucleus, &cell)) =
            pairs.find(|(nucleus, cell)| **nucleus > 0 && nucleus != cell)
        {
            return Err(MaskError::Astray { nucleus, cell });
        }
        Ok(Self::of_numbers(width, height, cells, nuclei))
    }

    /// An image without cells.
    pub fn none(width: usize, height: usize) -> Self {
        let mask = vec![0; width * height];
        Self::of_numbers(width, height, mask.clone(), mask)
    }

    /// Makes cells of masks that fit.
    pub(crate) fn of_numbers(
        width: usize,
        height: usize,
        cells: Vec<u16>,
        nuclei: Vec<u16>,
    ) -> Self {
        let list = measured(width, height, &cells, &nuclei);
        Self {
            width,
            height,
            cells,
            nuclei,
            list,
        }
    }

    /// The width of the masks in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The height of the masks in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The cells, by their numbers.
    pub fn list(&self) -> &[Cell] {
        &self.list
    }

    /// The number of the cell at each pixel, row by row; 0 outside.
    pub fn mask(&self) -> &[u16] {
        &self.cells
    }

    /// The number of the cell in whose nucleus each pixel lies, row by row; 0 outside.
    pub fn nuclei(&self) -> &[u16] {
        &self.nuclei
    }

    /// The number of the cell at a column and a row.
    pub fn at(&self, x: usize, y: usize) -> Option<u16> {
        let inside = x < self.width && y < self.height;
        let number = inside.then(|| self.cells[y * self.width + x])?;
        (number > 0).then_some(number)
    }

    /// The cell of a number.
    pub fn cell(&self, number: u16) -> Option<&Cell> {
        let place = self.list.binary_search_by_key(&number, |cell| cell.number);
        place.ok().map(|place| &self.list[place])
    }

    /// The outlines of a cell, one for each part of it that stands alone. Holes are left out.
    pub fn outlines(&self, number: u16) -> Vec<Ring> {
        match self.cell(number) {
            Some(cell) => rings(&self.cells, self.width, number, cell.bounds),
            None => Vec::new(),
        }
    }

    /// Keeps the cells that are wanted.
    pub fn keep(&mut self, wanted: impl Fn(&Cell) -> bool) {
        let list = std::mem::take(&mut self.list);
        let (kept, others): (Vec<Cell>, Vec<Cell>) = list.into_iter().partition(wanted);
        self.list = kept;
        for cell in others {
            self.renumber(cell.number, cell.bounds, 0);
        }
    }

    /// Deletes a cell. Returns whether there was one.
    pub fn delete(&mut self, number: u16) -> bool {
        let before = self.list.len();
        self.keep(|cell| cell.number != number);
        self.list.len() < before
    }

    /// Makes one cell of two, under the smaller number, which is returned; none where one is missing or they are the same.
    pub fn merge(&mut self, one: u16, other: u16) -> Option<u16> {
        let (kept, gone) = (one.min(other), one.max(other));
        let bounds = self.cell(gone)?.bounds;
        self.cell(kept)?;
        if kept == gone {
            return None;
        }
        self.renumber(gone, bounds, kept);
        self.list = measured(self.width, self.height, &self.cells, &self.nuclei);
        Some(kept)
    }

    fn renumber(&mut self, from: u16, bounds: Bounds, to: u16) {
        for y in bounds.top..bounds.top + bounds.height {
            let row = y * self.width + bounds.left;
            for mask in [&mut self.cells, &mut self.nuclei] {
                for number in &mut mask[row..row + bounds.width] {
                    if *number == from {
                        *number = to;
                    }
                }
            }
        }
    }

    /// The masks of cells and of nuclei at another size. Each pixel takes the number that has the largest share in the four
    /// pixels around its place, so that borders come out smooth.
    pub fn scaled(&self, width: usize, height: usize) -> [Vec<u16>; 2] {
        let masks = [&self.cells, &self.nuclei];
        let [cells, mut nuclei] = masks.map(|mask| self.scaled_mask(mask, width, height));
        // Where cells meet, a nucleus may win a pixel that another cell has.
        for (nucleus, cell) in nuclei.iter_mut().zip(&cells) {
            if nucleus != cell {
                *nucleus = 0;
            }
        }
        [cells, nuclei]
    }

    fn scaled_mask(&self, mask: &[u16], width: usize, height: usize) -> Vec<u16> {
        if (width, height) == (self.width, self.height) || mask.is_empty() {
            return mask.to_vec();
        }
        let columns: Vec<_> = (0..width).map(|x| between(x, width, self.width)).collect();
        let mut scaled = Vec::with_capacity(width * height);
        for y in 0..height {
            let (top, bottom, down) = between(y, height, self.height);
            let [above, below] = [top, bottom].map(|row| &mask[row * self.width..][..self.width]);
            for &(left, right, across) in &columns {
                let around = [
                    (above[left], (1.0 - down) * (1.0 - across)),
                    (above[right], (1.0 - down) * across),
                    (below[left], down * (1.0 - across)),
                    (below[right], down * across),
                ];
                scaled.push(commonest(around));
            }
        }
        scaled
    }
}

/// The pixels of a line of `from` around the centre of pixel `at` of `to`, and the share of the second.
fn between(at: usize, to: usize, from: usize) -> (usize, usize, f32) {
    let place = ((at as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, (from - 1) as f32);
    let first = place as usize;
    (first, (first + 1).min(from - 1), place - first as f32)
}

/// The number with the largest share; of equal ones the first.
fn commonest(around: [(u16, f32); 4]) -> u16 {
    let [first, others @ ..] = around;
    if others.iter().all(|(number, _)| *number == first.0) {
        return first.0;
    }
    let share = |number: u16| -> f32 {
        let same = around.iter().filter(|(other, _)| *other == number);
        same.map(|(_, share)| share).sum()
    };
    let mut best = (first.0, share(first.0));
    for (number, _) in others {
        let share = share(number);
        if share > best.1 {
            best = (number, share);
        }
    }
    best.0
}

/// What can be said of each number in a mask.
fn measured(width: usize, height: usize, cells: &[u16], nuclei: &[u16]) -> Vec<Cell> {
    #[derive(Clone, Default)]
    struct Sum {
        area: usize,
        nucleus_area: usize,
        x: f64,
        y: f64,
        /// Left, top, right and bottom, the last two included.
        bounds: Option<[usize; 4]>,
    }
    let largest = cells.iter().copied().max().unwrap_or(0);
    let mut sums = vec![Sum::default(); usize::from(largest) + 1];
    for (at, (&cell, &nucleus)) in cells.iter().zip(nuclei).enumerate() {
        if cell == 0 {
            continue;
        }
        let (x, y) = (at % width, at / width);
        let sum = &mut sums[usize::from(cell)];
        sum.area += 1;
        sum.nucleus_area += usize::from(nucleus > 0);
        sum.x += x as f64 + 0.5;
        sum.y += y as f64 + 0.5;
        let [left, top, right, bottom] = sum.bounds.unwrap_or([x, y, x, y]);
        sum.bounds = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
    }
    let numbered = (0..=largest).zip(sums);
    numbered
        .filter_map(|(number, sum)| {
            let [left, top, right, bottom] = sum.bounds?;
            let mean = |sum_of: f64| (sum_of / sum.area as f64) as f32;
            Some(Cell {
                number,
                area: sum.area,
                nucleus_area: sum.nucleus_area,
                centroid: [mean(sum.x), mean(sum.y)],
                bounds: Bounds {
                    left,
                    top,
                    width: right - left + 1,
                    height: bottom - top + 1,
                },
                on_border: left == 0 || top == 0 || right + 1 == width || bottom + 1 == height,
            })
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Cells drawn with digits; letters are nuclei: `a` that of cell 1.
    pub(crate) fn drawn(rows: &[&str]) -> Cells {
        let pixels: Vec<u8> = rows.iter().flat_map(|row| row.bytes()).collect();
        let number = |pixel: &u8| match pixel {
            b'1'..=b'9' => u16::from(pixel - b'0'),
            b'a'..=b'i' => u16::from(pixel - b'a') + 1,
            _ => 0,
        };
        let cells = pixels.iter().map(number).collect();
        let nuclei = pixels
            .iter()
            .map(|pixel| match pixel {
                b'a'..=b'i' => number(pixel),
                _ => 0,
            })
            .collect();
        Cells::of_masks(rows[0].len(), rows.len(), cells, nuclei).expect("masks of one size")
    }

    #[test]
    fn cells_are_measured() {
        let cells = drawn(&["......", ".11.22", ".1a.2b", "......"]);
        let [one, two] = cells.list() else {
            panic!("{cells:?}")
        };
        assert_eq!((one.number, one.area, one.nucleus_area), (1, 4, 1));
        assert_eq!((one.centroid, one.on_border), ([2.0, 2.0], false));
        let bounds = Bounds {
            left: 4,
            top: 1,
            width: 2,
            height: 2,
        };
        assert_eq!((two.bounds, two.on_border), (bounds, true));
        assert_eq!(cells.at(1, 1), Some(1));
        assert_eq!(cells.at(0, 0), None);
        assert_eq!(cells.at(6, 1), None);
    }

    #[test]
    fn corrections_keep_the_numbers_of_other_cells() {
        let mut cells = drawn(&["1a.2b", "11.22", ".33c."]);
        assert!(cells.delete(2));
        assert!(!cells.delete(2));
        let numbers =
            |cells: &Cells| -> Vec<u16> { cells.list().iter().map(|cell| cell.number).collect() };
        assert_eq!(numbers(&cells), [1, 3]);
        assert_eq!(cells.at(3, 0), None);
        assert_eq!(cells.nuclei()[4], 0);
        assert_eq!(cells.merge(3, 1), Some(1));
        assert_eq!(numbers(&cells), [1]);
        assert_eq!(cells.list()[0].area, 7);
        assert_eq!(cells.list()[0].nucleus_area, 2);
        assert_eq!(cells.merge(1, 1), None);
        assert_eq!(cells.merge(1, 2), None);
        assert_eq!(cells, drawn(&["1a...", "11...", ".11a."]));
    }

    #[test]
    fn masks_that_do_not_fit_are_refused() {
        let refusal = |cells: &[u16], nuclei: &[u16]| {
            Cells::of_masks(2, 2, cells.to_vec(), nuclei.to_vec()).expect_err("a refusal")
        };
        let size = MaskError::Size {
            width: 2,
            height: 2,
            pixels: 3,
        };
        assert_eq!(refusal(&[0; 3], &[0; 4]), size);
        assert_eq!(refusal(&[0; 4], &[0; 3]), size);
        assert_eq!(
            refusal(&[1, 1, 2, 2], &[0, 2, 2, 0]),
            MaskError::Astray {
                nucleus: 2,
                cell: 1
            }
        );
    }

    #[test]
    fn scaling_keeps_places_and_shares() {
        let cells = drawn(&["11..", "1a..", "..22", "..2b"]);
        let [larger, nuclei] = cells.scaled(16, 16);
        for number in [1, 2] {
            let count = larger.iter().filter(|&&other| other == number).count();
            assert!((56..=64).contains(&count), "{count} px of {number}");
        }
        assert_eq!((larger[0], larger[255], larger[15]), (1, 2, 0));
        assert!(nuclei.iter().zip(&larger).all(|(n, c)| *n == 0 || n == c));
        assert_eq!(cells.scaled(4, 4)[0], cells.mask());
        assert_eq!(cells.scaled(2, 2)[0], [1, 0, 0, 2]);
    }
}
