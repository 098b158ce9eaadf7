//! A field's cells ready for drawing, and the staining that draws on them.

use super::canvas::Plane;
use super::cell::{Cell, Population};
use super::cytoskeleton::{Filament, grow_microtubules};
use super::geometry::{Point, angle_between, smooth_step};
use super::random::{FieldSeed, Stream};
use super::territory::{Site, Territory};

/// The cells of a field with what several structures refer to.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) population: Population,
    pub(super) territory: Territory,
    /// 1 inside nucleoli, 0 outside.
    pub(super) nucleoli: Plane,
    /// The microtubules, which red always shows and green may.
    pub(super) microtubules: Vec<Filament>,
    /// The pixels of each cell.
    pixels: Vec<Vec<u32>>,
}

impl Scene {
    pub(super) fn new(population: Population, size: usize, scale: f32, seed: FieldSeed) -> Self {
        let territory = Territory::new(&population, size, scale);
        let mut pixels = vec![Vec::new(); population.cells.len()];
        for (index, owner) in territory.owner.iter().enumerate() {
            if *owner > 0 {
                pixels[usize::from(*owner) - 1].push(index as u32);
            }
        }
        let mut nucleoli = Plane::new(size, scale);
        for lobe in population
            .cells
            .iter()
            .flat_map(|cell| &cell.nucleoli)
            .flat_map(|nucleolus| &nucleolus.lobes)
        {
            nucleoli.disc(lobe.0, lobe.1, 0.7, 1.0);
        }
        let mut scene = Self {
            population,
            territory,
            nucleoli,
            microtubules: Vec::new(),
            pixels,
        };
        scene.microtubules = grow_microtubules(&scene, seed);
        scene
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.population.cells
    }

    /// How thick the cell is at a site, as a share of its thickest part: cells thin out towards their rim.
    pub(super) fn thickness(&self, site: &Site) -> f32 {
        smooth_step(-0.2, self.population.thinning, site.rim)
    }

    /// The number of the cell whose nucleus each pixel shows, from 1; 0 outside nuclei.
    pub(super) fn nuclei(&self) -> Vec<u16> {
        let mut nuclei = vec![0; self.territory.owner.len()];
        for (index, site) in self.territory.sites() {
            if site.nucleus < 0.0 && !self.cells()[site.cell].divides() {
                nuclei[index] = self.territory.owner[index];
            }
        }
        nuclei
    }

    /// The part of a cell's area that lies in the field, in square micrometres.
    pub(super) fn area(&self, cell: usize) -> f32 {
        self.pixels[cell].len() as f32 / (self.territory.scale * self.territory.scale)
    }

    /// A random place in a cell that `weight` accepts with the probability it gives; none if it accepts hardly any.
    pub(super) fn pick(
        &self,
        cell: usize,
        stream: &mut Stream,
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
    pub(super) fn edge(&self, cell: usize, angle: f32) -> Option<Point> {
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
    /// turn beside the rim it ends with a chance of one in two.
    pub(super) fn wander(
        &self,
        cell: usize,
        walk: Walk,
        stream: &mut Stream,
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
                        && self.territory.at(place).is_none_or(|site| site.rim < 1.6)
                        && stream.chance(0.5)
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

/// How a path wanders: from where, which way, how unsteadily and how far.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) start: Point,
    pub(super) direction: f32,
    /// Deviation of the turn at each step, in radians.
    pub(super) wobble: f32,
    pub(super) steps: usize,
    /// Length of a step in micrometres.
    pub(super) step: f32,
    /// An orientation that the path is drawn to at each place, if any.
    pub(super) guide: Option<&'a dyn Fn(Point) -> f32>,
}

/// One stain being drawn on one channel.
pub(super) struct Staining<'a> {
    pub(super) scene: &'a Scene,
    pub(super) plane: &'a mut Plane,
    pub(super) stream: Stream,
    /// How brightly each cell takes the stain.
    pub(super) brightness: Vec<f32>,
}

impl Staining<'_> {
    /// Adds light to every pixel inside cells, twice where cells overlap.
    pub(super) fn shade(&mut self, mut light: impl FnMut(&Scene, &Site, usize) -> f32) {
        let territory = &self.scene.territory;
        for (index, site) in territory.sites().chain(territory.overlaps()) {
            self.plane.values[index] +=
                self.brightness[site.cell] * site.share * light(self.scene, &site, index);
        }
    }

    /// The numbers of the cells that show at least in part.
    pub(super) fn shown_cells(&self) -> Vec<usize> {
        (0..self.scene.cells().len())
            .filter(|cell| self.scene.area(*cell) > 0.0)
            .collect()
    }

    /// The numbers of the shown cells that are not in mitosis.
    pub(super) fn resting_cells(&self) -> Vec<usize> {
        let cells = self.scene.cells();
        self.shown_cells()
            .into_iter()
            .filter(|cell| !cells[*cell].divides())
            .collect()
    }
}
