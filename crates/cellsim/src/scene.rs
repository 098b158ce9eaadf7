//! The cells of a field on its grid of pixels, ready for drawing.

use crate::canvas::Canvas;
use crate::cell::Cell;
use crate::geometry::{Point, angle_between, smooth_step};
use crate::population::Population;
use crate::random::FieldStream;
use crate::settings::FIELD_WIDTH;
use crate::territory::{Site, Territory};

/// The cells of a field and the pixels that each covers.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) population: Population,
    pub(crate) territory: Territory,
    /// 1 inside nucleoli, 0 outside.
    pub(crate) nucleoli: Canvas,
    /// The cells' thickness at every pixel as it was measured; none where outlines tell it.
    measured_thickness: Option<Canvas>,
    /// The pixels of each cell.
    pixels: Vec<Vec<u32>>,
}

impl Scene {
    pub(crate) fn new(population: Population, size: usize) -> Self {
        let territory = Territory::new(&population, size, size as f32 / FIELD_WIDTH);
        Self::of(population, territory, None)
    }

    /// The scene of cells whose territory, and perhaps thickness, is known.
    pub(crate) fn of(
        population: Population,
        territory: Territory,
        measured_thickness: Option<Canvas>,
    ) -> Self {
        let mut pixels = vec![Vec::new(); population.cells.len()];
        for (index, owner) in territory.owner.iter().enumerate() {
            if *owner > 0 {
                pixels[usize::from(*owner) - 1].push(index as u32);
            }
        }
        let mut nucleoli = Canvas::new(territory.size, territory.scale);
        for lobe in population
            .cells
            .iter()
            .flat_map(|cell| &cell.nucleoli)
            .flat_map(|nucleolus| &nucleolus.lobes)
        {
            nucleoli.disc(lobe.0, lobe.1, 0.7, 1.0);
        }
        Self {
            population,
            territory,
            nucleoli,
            measured_thickness,
            pixels,
        }
    }

    /// An empty canvas of the field's size.
    pub(crate) fn canvas(&self) -> Canvas {
        Canvas::new(self.territory.size, self.territory.scale)
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.population.cells
    }

    /// The cell's thickness at a site, as a share of its thickest part: cells thin out towards their rim and away from the
    /// nucleus, which lifts them.
    pub(crate) fn thickness(&self, site: &Site) -> f32 {
        if let Some(thickness) = &self.measured_thickness {
            let index = self.territory.index(site.place);
            return index.map_or(0.0, |index| thickness.values[index]);
        }
        let thinning = self.population.thinning;
        let reach = thinning + 0.35 * self.population.line.radius;
        let lifted = 0.4 + 0.6 * (-site.nucleus.max(0.0) / reach).exp();
        smooth_step(-0.2, thinning, site.rim) * lifted
    }

    /// The number of the cell whose nucleus each pixel shows, from 1; 0 outside nuclei.
    pub(crate) fn nuclei(&self) -> Vec<u16> {
        let mut nuclei = vec![0; self.territory.owner.len()];
        for (index, site) in self.territory.sites() {
            if site.nucleus < 0.0 && !self.cells()[site.cell].divides() {
                nuclei[index] = self.territory.owner[index];
            }
        }
        nuclei
    }

    /// The part of a cell's area that lies in the field, in square micrometres.
    pub(crate) fn area(&self, cell: usize) -> f32 {
        self.pixels[cell].len() as f32 / (self.territory.scale * self.territory.scale)
    }

    /// The mean light in the brightest square micrometre of a cell's part of the field; what the part lacks of it counts as dark.
    pub(crate) fn brightest(&self, cell: usize, light: &Canvas) -> f32 {
        let scale = self.territory.scale;
        let count = ((scale * scale).round() as usize).max(1);
        let pixels = self.pixels[cell].iter();
        let mut values: Vec<f32> = pixels.map(|index| light.values[*index as usize]).collect();
        if values.len() > count {
            values.select_nth_unstable_by(count, |a, b| b.total_cmp(a));
            values.truncate(count);
        }
        values.iter().sum::<f32>() / count as f32
    }

    /// A random place in a cell that `weight` accepts with the probability it gives; none if it accepts hardly any.
    pub(crate) fn pick(
        &self,
        cell: usize,
        stream: &mut FieldStream,
        weight: impl Fn(&Site) -> f32,
    ) -> Option<Site> {
        let pixels = &self.pixels[cell];
        if pixels.is_empty() {
            return None;
        }
        let size = self.territory.size;
        for _ in 0..24 {
            let index = pixels[stream.count(0, pixels.len() - 1)] as usize;
            let (column, row) = ((index % size) as f32, (index / size) as f32);
            let place = Point::new(column + stream.unit() * 0.99, row + stream.unit() * 0.99)
                * self.territory.scale.recip();
            if let Some(site) = self.territory.within(cell, place)
                && stream.chance(weight(&site))
            {
                return Some(site);
            }
        }
        None
    }

    /// The place where a ray from the cell's nucleus leaves the cell, if that is inside the field.
    pub(crate) fn edge(&self, cell: usize, angle: f32) -> Option<Point> {
        let origin = self.cells()[cell].nucleus;
        let step = Point::at_angle(angle) * 0.35;
        let mut place = self.territory.within(cell, origin)?.place;
        let limit = (4.0 * self.cells()[cell].outline.greatest() / 0.35) as usize;
        for _ in 0..limit {
            let next = place + step;
            if self.territory.within(cell, next).is_none() {
                let side = self.territory.size as f32 / self.territory.scale;
                let inside = next.x > 0.0 && next.y > 0.0 && next.x < side && next.y < side;
                return inside.then_some(place);
            }
            place = next;
        }
        None
    }

    /// A path of steps that wanders through a cell as long as `allows` agrees, turning aside where it does not; at each such
    /// turn beside the rim it ends with a chance of three in four, or paths would pile up to a bundle there.
    pub(crate) fn wander(
        &self,
        cell: usize,
        walk: Walk,
        stream: &mut FieldStream,
        allows: impl Fn(&Site) -> bool,
    ) -> Vec<Point> {
        let mut path = Vec::with_capacity(walk.steps + 1);
        path.push(walk.start);
        let (mut place, mut heading) = (walk.start, walk.direction);
        'walk: for _ in 0..walk.steps {
            heading += walk.wobble * stream.normal();
            if let Some(guide) = walk.guide {
                let aside = angle_between(2.0 * guide(place), 2.0 * heading) / 2.0;
                heading += 0.16 * aside;
            }
            let side = if stream.chance(0.5) { 1.0 } else { -1.0 };
            for turn in [
                0.0,
                0.45 * side,
                -0.45 * side,
                0.95 * side,
                -0.95 * side,
                1.5 * side,
                -1.5 * side,
            ] {
                let next = place + Point::at_angle(heading + turn) * walk.step;
                if self
                    .territory
                    .within(cell, next)
                    .is_some_and(|site| allows(&site))
                {
                    if turn != 0.0
                        && self.territory.at(place).is_none_or(|site| site.rim < 3.0)
                        && stream.chance(0.75)
                    {
                        break 'walk;
                    }
                    heading += turn;
                    place = next;
                    path.push(place);
                    continue 'walk;
                }
            }
            break;
        }
        path
    }
}

/// A wandering path to take: its start, direction, unsteadiness and length.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    pub(crate) start: Point,
    pub(crate) direction: f32,
    /// Deviation of the turn at each step, in radians.
    pub(crate) wobble: f32,
    pub(crate) steps: usize,
    /// Length of a step in micrometres.
    pub(crate) step: f32,
    /// An orientation that the path is drawn to at each place, if any.
    pub(crate) guide: Option<&'a dyn Fn(Point) -> f32>,
}
