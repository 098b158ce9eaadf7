//! Cells from maps: nuclei first, and cells grown from them.

use crate::cells::Cells;
use crate::grow::{grow, grow_by};
use crate::maps::Maps;
use crate::nuclei::parted;
use crate::region::fill_holes;

/// The steps that a cell grows into the border that parts it from its neighbours.
const BORDER_STEPS: usize = 3;
/// The most pixels of a hole that is filled, in nuclei and in cells.
const LARGEST_HOLE: usize = 60;

/// What counts as a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The probability from which a pixel is inside a nucleus.
    pub nucleus: f32,
    /// The probability from which a pixel is inside a cell.
    pub cell: f32,
    /// The fewest pixels of a nucleus, at the maps' size.
    pub smallest_nucleus: usize,
    /// The fewest pixels of a cell, at the maps' size.
    pub smallest_cell: usize,
    /// Whether cells on the image's border are left out.
    pub whole_only: bool,
}

impl Default for Options {
    /// For maps of 256 px: a nucleus of an atlas's field has some 300 px there.
    fn default() -> Self {
        Self {
            nucleus: 0.5,
            cell: 0.5,
            smallest_nucleus: 30,
            smallest_cell: 60,
            whole_only: false,
        }
    }
}

/// The cells that maps show. Nuclei are the pieces of the nucleus map, parted at their necks; cells grow from them over the cell
/// map, with the edge map as the relief. What has no nucleus is no cell.
///
/// # Panics
/// If the maps have not one value a pixel.
pub fn instances(maps: &Maps, options: &Options) -> Cells {
    let Maps {
        width,
        height,
        nucleus,
        cell,
        edge,
    } = maps;
    let length = width * height;
    assert_eq!([nucleus.len(), cell.len(), edge.len()], [length; 3], "maps");
    if length == 0 {
        return Cells::none(*width, *height);
    }
    let mut inside: Vec<bool> = nucleus.iter().map(|&p| p >= options.nucleus).collect();
    fill_holes(&mut inside, *width, LARGEST_HOLE);
    let nuclei = parted(&inside, *width, options.smallest_nucleus);

    let mut inside: Vec<bool> = cell
        .iter()
        .zip(&nuclei)
        .map(|(&p, &number)| p >= options.cell || number > 0)
        .collect();
    fill_holes(&mut inside, *width, LARGEST_HOLE);
    // A cell whose nucleus is not in the image goes to no neighbour across the border between them.
    let interior: Vec<bool> = inside
        .iter()
        .zip(edge)
        .map(|(&inside, &edge)| inside && edge < 0.5)
        .collect();
    let mut cells = nuclei.clone();
    grow(&mut cells, *width, &interior, edge);
    grow_by(&mut cells, *width, &inside, BORDER_STEPS);
    let mut cells = Cells::of_numbers(*width, *height, cells, nuclei);
    cells
        .keep(|cell| cell.area >= options.smallest_cell && !(options.whole_only && cell.on_border));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 96;

    /// Cells as discs with nuclei as smaller ones: centre and radius of each.
    fn maps(discs: &[(f32, f32, f32)]) -> Maps {
        let value = |of: &dyn Fn(f32, f32) -> bool| -> Vec<f32> {
            let places = (0..SIDE * SIDE).map(|at| ((at % SIDE) as f32, (at / SIDE) as f32));
            places
                .map(|(x, y)| if of(x, y) { 0.95 } else { 0.05 })
                .collect()
        };
        // The distance to the nearest centre by radii, and to the next one.
        let nearest = |x: f32, y: f32| {
            let mut shares: Vec<f32> = discs
                .iter()
                .map(|&(cx, cy, r)| (x - cx).hypot(y - cy) / r)
                .collect();
            shares.sort_by(f32::total_cmp);
            shares.resize(2, f32::INFINITY);
            (shares[0], shares[1])
        };
        Maps {
            width: SIDE,
            height: SIDE,
            nucleus: value(&|x, y| nearest(x, y).0 < 0.45),
            cell: value(&|x, y| nearest(x, y).0 < 1.0),
            edge: value(&|x, y| {
                let (first, second) = nearest(x, y);
                (first - 1.0).abs() < 0.08 || first < 1.0 && (second - first).abs() < 0.12
            }),
        }
    }

    #[test]
    fn touching_cells_are_parted_at_the_border_between_them() {
        let discs = [(25.0, 30.0, 16.0), (53.0, 30.0, 16.0), (40.0, 70.0, 14.0)];
        let cells = instances(&maps(&discs), &Options::default());
        assert_eq!(cells.list().len(), 3);
        for (x, y, radius) in discs {
            let number = cells.at(x as usize, y as usize).expect("a cell");
            let cell = cells.cell(number).expect("a cell");
            let expected = std::f32::consts::PI * radius * radius;
            let share = cell.area as f32 / expected;
            assert!((0.85..1.1).contains(&share), "{share} of the area");
            assert!(!cell.on_border);
            let [cx, cy] = cell.centroid;
            assert!((cx - x).hypot(cy - y) < 2.5, "{cx} {cy}");
        }
        assert!(cells.at(2, 90).is_none());
    }

    #[test]
    fn a_cell_without_a_nucleus_goes_to_no_neighbour() {
        let mut maps = maps(&[(25.0, 30.0, 16.0), (53.0, 30.0, 16.0)]);
        for y in 0..SIDE {
            for x in 40..SIDE {
                maps.nucleus[y * SIDE + x] = 0.0;
            }
        }
        let cells = instances(&maps, &Options::default());
        assert_eq!(cells.list().len(), 1);
        assert!(cells.at(25, 30).is_some());
        assert!(cells.at(55, 30).is_none(), "the other cell's middle");
    }

    #[test]
    fn options_leave_out_small_cells_and_those_on_the_border() {
        let discs = [(10.0, 40.0, 14.0), (60.0, 40.0, 18.0), (60.0, 80.0, 8.0)];
        let maps = maps(&discs);
        let count = |options: &Options| instances(&maps, options).list().len();
        let all = Options::default();
        assert_eq!(count(&all), 3);
        let whole_only = Options {
            whole_only: true,
            ..all.clone()
        };
        assert_eq!(count(&whole_only), 2);
        let large = Options {
            smallest_cell: 400,
            ..all
        };
        assert_eq!(count(&large), 2);
    }

    #[test]
    fn extremes_have_clear_outcomes() {
        let flat = |width, height, value: f32| {
            let map = vec![value; width * height];
            Maps {
                width,
                height,
                nucleus: map.clone(),
                cell: map.clone(),
                edge: vec![0.0; width * height],
            }
        };
        let options = Options::default();
        assert_eq!(instances(&flat(40, 30, 0.0), &options).list().len(), 0);
        // One cell that fills the image.
        let cells = instances(&flat(40, 30, 1.0), &options);
        assert_eq!(cells.list().len(), 1);
        assert_eq!(cells.list()[0].area, 1200);
        assert!(cells.list()[0].on_border);
        assert_eq!(instances(&flat(0, 0, 1.0), &options).list().len(), 0);
        assert_eq!(instances(&flat(1, 1, 1.0), &options).list().len(), 0);
        // Numbers that are none are no cells.
        assert_eq!(instances(&flat(40, 30, f32::NAN), &options).list().len(), 0);
    }

    #[test]
    fn five_hundred_cells_are_all_found() {
        let side = 400;
        let mut maps = Maps {
            width: side,
            height: side,
            nucleus: vec![0.0; side * side],
            cell: vec![0.0; side * side],
            edge: vec![0.0; side * side],
        };
        for at in 0..side * side {
            let (x, y) = (at % side % 16, at / side % 20);
            maps.nucleus[at] = f32::from((3..11).contains(&x) && (4..14).contains(&y));
            maps.cell[at] = f32::from(x < 15 && y < 19);
        }
        let cells = instances(&maps, &Options::default());
        assert_eq!(cells.list().len(), 500);
        assert!(cells.list().iter().all(|cell| cell.area == 15 * 19));
    }
}
