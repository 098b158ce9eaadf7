//! An answer for each cell, from the field's.

use crate::calibration::Calibration;
use crate::cells::Cells;

/// A classifier's answer for a field.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The probability of each class in the field.
    pub probabilities: &'a [f32],
    /// The side of an activation map in pixels.
    pub side: usize,
    /// The activation maps `[classes, side, side]`, in logits: the logit of a class is the mean of its map plus a constant. They
    /// cover the field's central square.
    pub maps: &'a [f32],
}

/// The probability of each class in each cell.
///
/// A cell's own logit is what the field's would be if all of it looked like the cell: the mean of the activation map over the
/// cell, plus the class's constant. The probabilities that belong to these are divided by the largest among the cells, which gives
/// the cells' shares; a [`Calibration`] makes of them how probable a cell shows what its field shows, and that is multiplied by the
/// field's probability. With [`Calibration::IDENTITY`] the surest cell has the field's probability, and the others by comparison
/// with it less. (The field's probability times the normalised activation map within the mask is what several of the best eight in
/// the Human Protein Atlas's single-cell challenge of 2021 did: <https://doi.org/10.1038/s41592-022-01606-z>.)
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    classes: usize,
    numbers: Vec<u16>,
    /// `[cells, classes]`; empty of a cell outside the central square.
    probabilities: Vec<Vec<f32>>,
    /// How probable the surest cell shows what its field shows.
    surest: f32,
}

impl Answers {
    /// Computes the answers of cells whose masks cover the whole field, by [`Calibration::SHIPPED`].
    ///
    /// Where the maps are not one of each class and square, no cell has an answer.
    pub fn new(cells: &Cells, evidence: &Evidence<'_>) -> Self {
        Self::calibrated(cells, evidence, &Calibration::SHIPPED)
    }

    /// [`Answers::new`] by another calibration.
    pub fn calibrated(cells: &Cells, evidence: &Evidence<'_>, calibration: &Calibration) -> Self {
        let &Evidence {
            probabilities,
            side,
            maps,
        } = evidence;
        let classes = probabilities.len();
        let numbers: Vec<u16> = cells.list().iter().map(|cell| cell.number).collect();
        if side == 0 || maps.len() != classes * side * side {
            return Self {
                classes,
                probabilities: vec![Vec::new(); numbers.len()],
                numbers,
                surest: calibration.of(1.0),
            };
        }
        let shares: Vec<Option<Vec<f32>>> = shares(cells, side);
        let mut answers = vec![Vec::new(); numbers.len()];
        for (map, &probability) in maps.chunks_exact(side * side).zip(probabilities) {
            let mean = map.iter().sum::<f32>() / map.len() as f32;
            let clamped = probability.clamp(1e-6, 1.0 - 1e-6);
            let constant = (clamped / (1.0 - clamped)).ln() - mean;
            let own: Vec<Option<f32>> = shares
                .iter()
                .map(|shares| {
                    let products = shares
                        .as_ref()?
                        .iter()
                        .zip(map)
                        .map(|(share, value)| share * value);
                    let logit = products.sum::<f32>() + constant;
                    Some(1.0 / (1.0 + (-logit).exp()))
                })
                .collect();
            let largest = own
                .iter()
                .flatten()
                .copied()
                .fold(f32::MIN_POSITIVE, f32::max);
            for (answer, own) in answers.iter_mut().zip(own) {
                answer.extend(own.map(|own| probability * calibration.of(own / largest)));
            }
        }
        Self {
            classes,
            numbers,
            probabilities: answers,
            surest: calibration.of(1.0),
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The probability of each class in a cell; none for a cell outside the field's central square, which no map covers.
    pub fn of(&self, number: u16) -> Option<&[f32]> {
        let place = self.numbers.binary_search(&number).ok()?;
        let probabilities = &self.probabilities[place];
        (!probabilities.is_empty()).then_some(probabilities)
    }

    /// Whether a cell shows a class, by the class's threshold for fields. Of a field that is over its threshold the surest cell always
    /// does: the others are compared with what it reaches.
    pub fn shows(&self, number: u16, class: usize, threshold: f32) -> bool {
        let probability = self.of(number).and_then(|all| all.get(class));
        probability.is_some_and(|probability| *probability >= threshold * self.surest)
    }

    /// The number of cells that show a class.
    pub fn count(&self, class: usize, threshold: f32) -> usize {
        let numbers = self.numbers.iter();
        numbers
            .filter(|number| self.shows(**number, class, threshold))
            .count()
    }

    /// The number of cells that have answers.
    pub fn answered(&self) -> usize {
        let answered = self.probabilities.iter().filter(|all| !all.is_empty());
        answered.count()
    }
}

/// The share that each pixel of a map has in the mean over each cell; none for a cell outside the central square. A map is read
/// between its pixels, by straight lines.
fn shares(cells: &Cells, side: usize) -> Vec<Option<Vec<f32>>> {
    let (width, height) = (cells.width(), cells.height());
    let square = width.min(height);
    let (left, top) = ((width - square) / 2, (height - square) / 2);
    let places: Vec<(usize, usize, f32)> = (0..square)
        .map(|at| {
            let place = (at as f32 + 0.5) * side as f32 / square as f32 - 0.5;
            let place = place.clamp(0.0, (side - 1) as f32);
            let first = place as usize;
            (first, (first + 1).min(side - 1), place - first as f32)
        })
        .collect();
    let of_cell = |number: u16, bounds: crate::Bounds| {
        let mut shares = vec![0.0; side * side];
        let mut count = 0;
        for y in bounds.top.max(top)..(bounds.top + bounds.height).min(top + square) {
            let (above, below, down) = places[y - top];
            for x in bounds.left.max(left)..(bounds.left + bounds.width).min(left + square) {
                if cells.mask()[y * width + x] != number {
                    continue;
                }
                count += 1;
                let (before, behind, across) = places[x - left];
                shares[above * side + before] += (1.0 - down) * (1.0 - across);
                shares[above * side + behind] += (1.0 - down) * across;
                shares[below * side + before] += down * (1.0 - across);
                shares[below * side + behind] += down * across;
            }
        }
        if count == 0 {
            return None;
        }
        shares.iter_mut().for_each(|share| *share /= count as f32);
        Some(shares)
    };
    let list = cells.list().iter();
    list.map(|cell| of_cell(cell.number, cell.bounds)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::tests::drawn;

    fn plain(cells: &Cells, evidence: &Evidence<'_>) -> Answers {
        Answers::calibrated(cells, evidence, &Calibration::IDENTITY)
    }

    #[test]
    fn a_calibration_moves_shares_and_leaves_the_fields_probability() {
        let cells = drawn(&["11.22", "11.22", ".....", "33...", "33..."]);
        let maps = [-4.0, 4.0, -4.0, -4.0];
        let evidence = Evidence {
            probabilities: &[0.8],
            side: 2,
            maps: &maps,
        };
        let calibration = Calibration {
            offset: 1.0,
            low: 0.5,
            high: 0.25,
        };
        let before = plain(&cells, &evidence);
        let after = Answers::calibrated(&cells, &evidence, &calibration);
        for number in [1, 2, 3] {
            let [before, after] =
                [&before, &after].map(|answers| answers.of(number).expect("an answer")[0]);
            let expected = 0.8 * calibration.of(before / 0.8);
            assert!((after - expected).abs() < 1e-6, "{after} {expected}");
        }
    }

    #[test]
    fn the_cell_with_the_evidence_has_the_fields_probability() {
        let cells = drawn(&["11..22..", "11..22..", "........", "33......"]);
        // Evidence at the upper right quarter alone.
        let maps = [-4.0, 4.0, -4.0, -4.0];
        let evidence = Evidence {
            probabilities: &[0.8],
            side: 2,
            maps: &maps,
        };
        // The square in the middle has four columns; cells 1 and 3 lie outside it.
        let answers = plain(&cells, &evidence);
        assert_eq!(answers.of(1), None);
        assert_eq!(answers.of(2), Some(&[0.8][..]));
        assert_eq!(answers.of(9), None);
        assert_eq!(answers.answered(), 1);

        let square = drawn(&["11.22", "11.22", ".....", "33...", "33..."]);
        let answers = plain(&square, &evidence);
        let [one, two, three] = [1, 2, 3].map(|number| answers.of(number).expect("one")[0]);
        assert_eq!(two, 0.8);
        assert!(one < 0.4 && three < 0.4, "{one} {three}");
        assert_eq!([answers.count(0, 0.5), answers.count(0, 0.0)], [1, 3]);
    }

    #[test]
    fn a_field_over_its_threshold_has_a_cell_that_shows_the_label() {
        let cells = drawn(&["11.22", "11.22", ".....", "33...", "33..."]);
        let evidence = Evidence {
            probabilities: &[0.8],
            side: 2,
            maps: &[-4.0, 4.0, -4.0, -4.0],
        };
        let calibration = Calibration {
            offset: 1.0,
            low: 0.5,
            high: 0.0,
        };
        let answers = Answers::calibrated(&cells, &evidence, &calibration);
        assert!(answers.of(2).expect("an answer")[0] < 0.8);
        assert_eq!(
            [0.8, 0.800_01].map(|threshold| answers.count(0, threshold)),
            [1, 0]
        );
        assert!(answers.shows(2, 0, 0.8) && !answers.shows(1, 0, 0.8));
        assert!(!answers.shows(2, 1, 0.0) && !answers.shows(9, 0, 0.0));
    }

    #[test]
    fn cells_that_look_alike_have_the_same_answer() {
        let cells = drawn(&["11.22", "11.22", ".....", "33...", "33..."]);
        let maps = [[1.5; 9], [-0.5; 9]].concat();
        let evidence = Evidence {
            probabilities: &[0.97, 0.02],
            side: 3,
            maps: &maps,
        };
        let answers = plain(&cells, &evidence);
        for number in [1, 2, 3] {
            let found = answers.of(number).expect("an answer");
            assert!((found[0] - 0.97).abs() < 1e-5 && (found[1] - 0.02).abs() < 1e-5);
        }
    }

    #[test]
    fn certain_fields_and_maps_of_another_size_do_not_matter() {
        let cells = drawn(&["1"]);
        for probability in [0.0, 1.0] {
            let evidence = Evidence {
                probabilities: &[probability],
                side: 1,
                maps: &[3.0],
            };
            let answers = plain(&cells, &evidence);
            assert_eq!(answers.of(1), Some(&[probability][..]));
        }
        let evidence = Evidence {
            probabilities: &[0.5, 0.5],
            side: 1,
            maps: &[3.0],
        };
        assert_eq!(Answers::new(&cells, &evidence).of(1), None);
    }
}
