//! The shapes of a reference's cells: centre, axis, outlines and organising centre, measured on their territories.

use crate::canvas::Canvas;
use crate::cell::{Cell, Nucleolus, Phase};
use crate::geometry::{Outline, Point};
use crate::settings::FIELD_WIDTH;

/// The pixels of one cell and those of its nucleus, summed.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: [f64; 2],
    squares: [f64; 3],
}

impl Moments {
    fn add(&mut self, x: f32, y: f32) {
        let (x, y) = (f64::from(x), f64::from(y));
        self.count += 1.0;
        self.sum[0] += x;
        self.sum[1] += y;
        self.squares[0] += x * x;
        self.squares[1] += x * y;
        self.squares[2] += y * y;
    }

    fn centre(&self) -> Point {
        let count = self.count.max(1.0);
        Point::new((self.sum[0] / count) as f32, (self.sum[1] / count) as f32)
    }

    /// The direction of the long axis, and how many times longer it is than the short one.
    fn axis(&self) -> (f32, f32) {
        let count = self.count.max(1.0);
        let (x, y) = (self.sum[0] / count, self.sum[1] / count);
        let xx = self.squares[0] / count - x * x;
        let xy = self.squares[1] / count - x * y;
        let yy = self.squares[2] / count - y * y;
        let middle = (xx + yy) / 2.0;
        let apart = ((xx - yy) / 2.0).hypot(xy);
        let elongation = ((middle + apart) / (middle - apart).max(1e-3)).sqrt();
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        (angle as f32, (elongation as f32).clamp(1.0, 6.0))
    }
}

/// The grids of a field on which cells are measured.
pub(super) struct Grids<'a> {
    pub(super) size: usize,
    pub(super) scale: f32,
    /// The number of the cell at each pixel.
    pub(super) owner: &'a [u16],
    /// The number of the nucleus at each pixel.
    pub(super) nuclei: &'a [u16],
    /// Micrometres to the nucleus's edge.
    pub(super) edge: &'a [f32],
    pub(super) red: &'a Canvas,
}

/// Measures the cells; `nucleoli` holds those of each. None of them expresses anything yet.
pub(super) fn measure(grids: &Grids, nucleoli: Vec<Vec<Nucleolus>>) -> Vec<Cell> {
    let pixel = grids.scale.recip();
    let place = |index: usize| {
        let (column, row) = (index % grids.size, index / grids.size);
        Point::new(column as f32 + 0.5, row as f32 + 0.5) * pixel
    };
    let mut bodies = vec![Moments::default(); nucleoli.len()];
    let mut kernels = vec![Moments::default(); nucleoli.len()];
    for index in 0..grids.owner.len() {
        let Point { x, y } = place(index);
        for (numbers, moments) in [(grids.owner, &mut bodies), (grids.nuclei, &mut kernels)] {
            if numbers[index] > 0 {
                moments[usize::from(numbers[index]) - 1].add(x, y);
            }
        }
    }
    let organisers = organisers(grids, nucleoli.len());
    let mut cells = Vec::with_capacity(nucleoli.len());
    for (cell, nucleoli) in nucleoli.into_iter().enumerate() {
        let number = cell as u16 + 1;
        let nucleus = kernels[cell].centre();
        let middle = bodies[cell].centre();
        let is_inside = grids.at(grids.owner, middle) == Some(number);
        let centre = if is_inside { middle } else { nucleus };
        let (axis, elongation) = bodies[cell].axis();
        let organiser = organisers[cell].map_or(nucleus, place);
        cells.push(Cell {
            centre,
            outline: grids.outline(grids.owner, number, centre),
            axis,
            elongation,
            nucleus,
            nucleus_outline: grids.outline(grids.nuclei, number, nucleus),
            nucleoli,
            micronuclei: Vec::new(),
            organiser,
            phase: Phase::Interphase,
            stain: [1.0; 3],
            expression: 1.0,
            defocus: 0.0,
        });
    }
    cells
}

/// The pixel of each cell's organising centre: where red is brightest, a little away from the nucleus.
fn organisers(grids: &Grids, count: usize) -> Vec<Option<usize>> {
    let smooth = grids.red.blurred(0.8);
    let mut brightest: Vec<Option<usize>> = vec![None; count];
    for (index, owner) in grids.owner.iter().enumerate() {
        if *owner == 0 || !(0.5..3.5).contains(&grids.edge[index]) {
            continue;
        }
        let best = &mut brightest[usize::from(*owner) - 1];
        if best.is_none_or(|best| smooth.values[index] > smooth.values[best]) {
            *best = Some(index);
        }
    }
    brightest
}

impl Grids<'_> {
    fn at(&self, numbers: &[u16], place: Point) -> Option<u16> {
        let inside = |value: f32| (0.0..FIELD_WIDTH).contains(&value);
        (inside(place.x) && inside(place.y)).then(|| {
            let (column, row) = (place.x * self.scale, place.y * self.scale);
            let last = self.size - 1;
            numbers[(row as usize).min(last) * self.size + (column as usize).min(last)]
        })
    }

    /// The outline of the pixels of one number, as rays from a place inside see it.
    fn outline(&self, numbers: &[u16], number: u16, from: Point) -> Outline {
        let step = 0.5 / self.scale;
        Outline::sampled(|angle| {
            let way = Point::at_angle(angle);
            let mut radius = step;
            while self.at(numbers, from + way * radius) == Some(number) {
                radius += step;
            }
            radius
        })
    }
}
