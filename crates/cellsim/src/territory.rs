//! The division of a field's pixels among its cells, with the distances to rim and nucleus.

use crate::cell::Cell;
use crate::geometry::{Point, smooth_step};
use crate::population::Population;

/// The cell of every pixel, and the pixel's place in it.
#[derive(Debug, Clone)]
pub(crate) struct Territory {
    pub(crate) size: usize,
    /// Pixels a micrometre.
    pub(crate) scale: f32,
    /// The number of the cell, from 1; 0 outside cells.
    pub(crate) owner: Vec<u16>,
    /// Micrometres to the cell's rim.
    rim: Vec<f32>,
    /// Whether the nearest rim touches another cell.
    contact: Vec<bool>,
    /// Micrometres to the nucleus's edge, negative inside the nucleus.
    pub(crate) nucleus: Vec<f32>,
    /// The share of its light that each cell gives at a pixel; empty where no cells overlap.
    share: Vec<f32>,
    /// The pixels at which the thin edge of another cell lies over or under their own.
    overlaps: Vec<Overlap>,
}

/// A pixel that a second cell shares.
#[derive(Debug, Clone)]
struct Overlap {
    index: u32,
    cell: u16,
    rim: f32,
    nucleus: f32,
}

/// A pixel inside a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    pub(crate) place: Point,
    /// The cell's place in the list of cells.
    pub(crate) cell: usize,
    /// Micrometres to the cell's rim.
    pub(crate) rim: f32,
    /// Micrometres to the nucleus's edge, negative inside.
    pub(crate) nucleus: f32,
    /// Whether the nearest rim touches another cell.
    pub(crate) contact: bool,
    /// The share of its light that the cell gives here: all where it lies alone, less where two share the focal plane's depth.
    pub(crate) share: f32,
}

impl Site {
    /// 1 in the cytoplasm, clear of rim and nucleus, and 0 elsewhere; in a cell that `divides` the spindle's edge counts too.
    pub(crate) fn cytoplasm(&self, divides: bool) -> f32 {
        let beside_nucleus = self.nucleus > 0.3 || (divides && self.nucleus > -1.5);
        f32::from(self.rim > 0.5 && beside_nucleus)
    }
}

impl Territory {
    pub(crate) fn new(population: &Population, size: usize, scale: f32) -> Self {
        let pixels = size * size;
        let mut claims = Claims {
            size,
            scale,
            owner: vec![0; pixels],
            second_owner: vec![0; pixels],
            best: vec![f32::MAX; pixels],
            second: vec![f32::MAX; pixels],
            nucleus: vec![f32::MAX; pixels],
        };
        for (number, cell) in population.cells.iter().enumerate() {
            claims.claim(number as u16 + 1, cell);
        }
        let Claims {
            mut owner,
            second_owner,
            best,
            second,
            nucleus,
            ..
        } = claims;
        let gap = population.gap / population.line.radius;
        let pixel = scale.recip();
        for (index, owner) in owner.iter_mut().enumerate() {
            let (best, second) = (best[index], second[index]);
            let mut free = best >= 1.0;
            if !free && !population.overlap && second < 1.0 + 2.0 * gap && second - best < 2.0 * gap
            {
                // Neighbours touch here and leave a wider gap there.
                let place = Point::new((index % size) as f32, (index / size) as f32) * pixel;
                free = second - best
                    < gap * (1.0 + 1.2 * population.gap_width.at(place)).clamp(0.0, 2.0);
            }
            if free {
                *owner = 0;
            }
        }
        // A gap still counts as contact.
        let near = ((population.gap * scale) as usize + 1).min(8);
        let mut territory = Self::side_by_side(size, scale, owner, nucleus, near);
        if population.overlap {
            territory.lay_over(population, &second_owner, &second);
        }
        territory
    }

    /// The territory of cells that lie side by side, from the number of the cell and the distance to the nucleus's edge at every
    /// pixel; cells no farther apart than `gap` micrometres touch.
    pub(crate) fn measured(
        size: usize,
        scale: f32,
        owner: Vec<u16>,
        nucleus: Vec<f32>,
        gap: f32,
    ) -> Self {
        let near = (gap * scale) as usize + 1;
        Self::side_by_side(size, scale, owner, nucleus, near)
    }

    /// Cells that do not overlap; `near` is how many pixels apart they may be to touch.
    fn side_by_side(
        size: usize,
        scale: f32,
        owner: Vec<u16>,
        nucleus: Vec<f32>,
        near: usize,
    ) -> Self {
        let (rim, contact) = rims(&owner, size, scale, near);
        Self {
            size,
            scale,
            owner,
            rim,
            contact,
            nucleus,
            share: Vec::new(),
            overlaps: Vec::new(),
        }
    }

    /// Makes every cell reach as far as its own outline, over its neighbours where those are.
    fn lay_over(&mut self, population: &Population, second_owner: &[u16], second: &[f32]) {
        let pixel = self.scale.recip();
        let free: Vec<u16> = self
            .owner
            .iter()
            .map(|owner| u16::from(*owner > 0))
            .collect();
        let (to_glass, _) = rims(&free, self.size, self.scale, 1);
        self.share = vec![1.0; self.owner.len()];
        for index in 0..self.owner.len() {
            if self.owner[index] == 0 {
                continue;
            }
            let (column, row) = (index % self.size, index / self.size);
            let place = Point::new(column as f32 + 0.5, row as f32 + 0.5) * pixel;
            let depth = |number: u16| {
                let cell = &population.cells[usize::from(number) - 1];
                let offset = place - cell.centre;
                cell.outline.radius_towards(offset) - offset.length()
            };
            self.rim[index] = depth(self.owner[index]).clamp(0.5 * pixel, to_glass[index]);
            if second[index] >= 1.0 || second_owner[index] == 0 {
                continue;
            }
            let cell = &population.cells[usize::from(second_owner[index]) - 1];
            let offset = place - cell.nucleus;
            let nucleus = offset.length() - cell.nucleus_outline.radius_towards(offset);
            // Nuclei push each other aside.
            if nucleus > 0.4 {
                let rim = depth(second_owner[index]).min(to_glass[index]);
                self.share[index] = 1.0 - 0.4 * smooth_step(0.0, 3.0, rim.min(self.rim[index]));
                self.overlaps.push(Overlap {
                    index: index as u32,
                    cell: second_owner[index] - 1,
                    rim,
                    nucleus,
                });
            }
        }
    }

    /// Every pixel that a second cell shares, as that cell sees it.
    pub(crate) fn overlaps(&self) -> impl Iterator<Item = (usize, Site)> + '_ {
        let pixel = self.scale.recip();
        self.overlaps.iter().map(move |overlap| {
            let index = overlap.index as usize;
            let (column, row) = (index % self.size, index / self.size);
            let site = Site {
                place: Point::new(column as f32 + 0.5, row as f32 + 0.5) * pixel,
                cell: usize::from(overlap.cell),
                rim: overlap.rim,
                nucleus: overlap.nucleus,
                contact: true,
                share: self.share[index],
            };
            (index, site)
        })
    }

    /// The pixel at a place, if that is inside the field.
    pub(crate) fn index(&self, place: Point) -> Option<usize> {
        let (column, row) = (place.x * self.scale, place.y * self.scale);
        let side = self.size as f32;
        let inside = column >= 0.0 && row >= 0.0 && column < side && row < side;
        inside.then(|| row as usize * self.size + column as usize)
    }

    /// The middle of a pixel.
    pub(crate) fn place(&self, index: usize) -> Point {
        let (column, row) = (index % self.size, index / self.size);
        Point::new(column as f32 + 0.5, row as f32 + 0.5) * self.scale.recip()
    }

    /// The site at a place, if a cell lies there.
    pub(crate) fn at(&self, place: Point) -> Option<Site> {
        self.index(place).and_then(|index| self.site(index, place))
    }

    fn site(&self, index: usize, place: Point) -> Option<Site> {
        let owner = self.owner[index];
        (owner > 0).then(|| Site {
            place,
            cell: usize::from(owner) - 1,
            rim: self.rim[index],
            nucleus: self.nucleus[index],
            contact: self.contact[index],
            share: self.share.get(index).copied().unwrap_or(1.0),
        })
    }

    /// The site at a place, if this cell lies there.
    pub(crate) fn within(&self, cell: usize, place: Point) -> Option<Site> {
        self.at(place).filter(|site| site.cell == cell)
    }

    /// Every pixel inside cells with its index, row by row.
    pub(crate) fn sites(&self) -> impl Iterator<Item = (usize, Site)> + '_ {
        let pixel = self.scale.recip();
        (0..self.size).flat_map(move |row| {
            let y = (row as f32 + 0.5) * pixel;
            (0..self.size).filter_map(move |column| {
                let index = row * self.size + column;
                self.site(index, Point::new((column as f32 + 0.5) * pixel, y))
                    .map(|site| (index, site))
            })
        })
    }
}

/// The cells' claims to pixels while they are gathered.
struct Claims {
    size: usize,
    scale: f32,
    owner: Vec<u16>,
    second_owner: Vec<u16>,
    best: Vec<f32>,
    second: Vec<f32>,
    nucleus: Vec<f32>,
}

impl Claims {
    /// Lets a cell claim the pixels around it: the claim is the distance from its centre as a share of its outline there, and
    /// its nucleus claims before everything else.
    fn claim(&mut self, number: u16, cell: &Cell) {
        let drift = (cell.nucleus - cell.centre).length();
        let halo = 1.12;
        let reach =
            (cell.outline.greatest() * 1.05).max(drift + halo * cell.nucleus_outline.greatest());
        let nearby = halo * cell.nucleus_outline.greatest();
        let low = |value: f32| (((value - reach) * self.scale).max(0.0) as usize).min(self.size);
        let high =
            |value: f32| (((value + reach) * self.scale + 1.0).max(0.0) as usize).min(self.size);
        let columns = low(cell.centre.x)..high(cell.centre.x);
        let pixel = self.scale.recip();
        let limit = 1.1;
        let greatest = cell.outline.greatest() * limit;
        for row in low(cell.centre.y)..high(cell.centre.y) {
            for column in columns.clone() {
                let place = Point::new((column as f32 + 0.5) * pixel, (row as f32 + 0.5) * pixel);
                let offset = place - cell.centre;
                let squared = offset.x * offset.x + offset.y * offset.y;
                let inner = place - cell.nucleus;
                let inner_squared = inner.x * inner.x + inner.y * inner.y;
                if squared > greatest * greatest && inner_squared > nearby * nearby {
                    continue;
                }
                let inner_distance = inner_squared.sqrt();
                let index = row * self.size + column;
                let mut claim = squared.sqrt() / cell.outline.radius_towards(offset);
                if inner_distance >= nearby && (claim >= limit || claim >= self.second[index]) {
                    continue;
                }
                let nucleus_radius = cell.nucleus_outline.radius_towards(inner);
                if inner_distance < nucleus_radius * halo {
                    claim = 0.02 * inner_distance / nucleus_radius;
                } else if claim >= limit {
                    continue;
                }
                if claim < self.best[index] {
                    self.second[index] = self.best[index];
                    self.second_owner[index] = self.owner[index];
                    self.best[index] = claim;
                    self.owner[index] = number;
                    self.nucleus[index] = inner_distance - nucleus_radius;
                } else if claim < self.second[index] {
                    self.second[index] = claim;
                    self.second_owner[index] = number;
                }
            }
        }
    }
}

/// The distance of every pixel to its cell's rim, by a two-pass chamfer, and whether that rim touches another cell; `near` is
/// how many pixels apart cells may be to touch.
fn rims(owner: &[u16], size: usize, scale: f32, near: usize) -> (Vec<f32>, Vec<bool>) {
    let mut distance = vec![f32::MAX; owner.len()];
    let mut contact = vec![false; owner.len()];
    for row in 0..size {
        for column in 0..size {
            let index = row * size + column;
            let own = owner[index];
            if own == 0 {
                continue;
            }
            let differs = |other: usize| owner[other] != own;
            let edge = (column > 0 && differs(index - 1))
                || (column + 1 < size && differs(index + 1))
                || (row > 0 && differs(index - size))
                || (row + 1 < size && differs(index + size));
            if edge {
                distance[index] = 0.5;
                let foreign = |other: usize| owner[other] != own && owner[other] != 0;
                contact[index] = (1..=near).any(|step| {
                    (column >= step && foreign(index - step))
                        || (column + step < size && foreign(index + step))
                        || (row >= step && foreign(index - step * size))
                        || (row + step < size && foreign(index + step * size))
                });
            }
        }
    }
    let mut relax = |index: usize, other: usize, cost: f32| {
        if distance[other] + cost < distance[index] {
            distance[index] = distance[other] + cost;
            contact[index] = contact[other];
        }
    };
    // The weights of the least error for a chamfer of three by three (Borgefors 1986).
    let (straight, slanted) = (0.955, 1.369);
    for row in 0..size {
        for column in 0..size {
            let index = row * size + column;
            if column > 0 {
                relax(index, index - 1, straight);
            }
            if row > 0 {
                relax(index, index - size, straight);
                if column > 0 {
                    relax(index, index - size - 1, slanted);
                }
                if column + 1 < size {
                    relax(index, index - size + 1, slanted);
                }
            }
        }
    }
    for row in (0..size).rev() {
        for column in (0..size).rev() {
            let index = row * size + column;
            if column + 1 < size {
                relax(index, index + 1, straight);
            }
            if row + 1 < size {
                relax(index, index + size, straight);
                if column + 1 < size {
                    relax(index, index + size + 1, slanted);
                }
                if column > 0 {
                    relax(index, index + size - 1, slanted);
                }
            }
        }
    }
    let pixel = scale.recip();
    distance
        .iter_mut()
        .for_each(|value| *value = (*value * pixel).min(1e3));
    (distance, contact)
}
