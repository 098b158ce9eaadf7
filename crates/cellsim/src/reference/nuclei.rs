//! The nuclei of a reference, found in its blue channel, and the nucleoli in them.

use std::cmp::Reverse;

use crate::canvas::Canvas;
use crate::cell::Nucleolus;
use crate::geometry::Point;

use super::levels::otsu_of_roots;
use super::mask::{Mask, around, beside};

/// The least grey value of a nucleus, 1 being white.
const LEAST_LIGHT: f32 = 10.0 / 255.0;

/// The least area of a nucleus in square micrometres: less is debris or a sliver at the field's border.
const LEAST_AREA: f32 = 24.0;

/// The width of a neck, as a share of the smaller of the two parts beside it, below which these are two nuclei.
const NECK: f32 = 0.74;

/// The least depth of a nucleus in micrometres: less is a bleb or a lobe.
const LEAST_DEPTH: f32 = 2.2;

/// The most nucleoli of a nucleus.
const MOST_NUCLEOLI: usize = 6;

/// The number of the nucleus at each pixel, from 1; 0 outside nuclei, and on the line between two that touch.
pub(crate) fn find_nuclei(blue: &Canvas) -> Vec<u16> {
    let (size, scale) = (blue.size, blue.scale);
    let smooth = blue.blurred(0.35);
    let threshold = otsu_of_roots(&smooth.values).max(LEAST_LIGHT);
    let mask = Mask::new(size, |index| smooth.values[index] > threshold)
        .filled(usize::MAX)
        .opened(0.8 * scale);
    let split = split(&mask, scale);
    let least = LEAST_AREA * scale * scale;
    let mut numbers = vec![0; split.len()];
    let whole = Mask::new(size, |index| {
        split[index] > 0
            && beside(index, size).all(|other| split[other] == 0 || split[other] >= split[index])
    });
    let parts = whole.parts();
    let mut found = 0;
    for pixels in parts.pixels {
        if pixels.len() as f32 >= least && found < u16::MAX {
            found += 1;
            pixels.into_iter().for_each(|index| numbers[index] = found);
        }
    }
    numbers
}

/// Splits the parts of a mask at their necks: the number of the piece at each pixel, from 1; 0 outside.
///
/// Pixels are taken from the deepest outwards. Where two pieces meet at a depth that is little less than the shallower one's
/// greatest, there is no neck between them and they become one.
fn split(mask: &Mask, scale: f32) -> Vec<u32> {
    let size = mask.size;
    let depth = mask.inverse().distances();
    let mut order: Vec<usize> = (0..depth.len())
        .filter(|index| mask.inside[*index])
        .collect();
    order.sort_by(|one, other| depth[*other].total_cmp(&depth[*one]));
    let mut pieces = Pieces::default();
    let mut number = vec![0_u32; depth.len()];
    for index in order {
        let mut own = 0;
        for (other, _) in around(index, size) {
            if number[other] == 0 {
                continue;
            }
            let other = pieces.whole(number[other]);
            if own == 0 {
                own = other;
            } else if own != other {
                let (deep, shallow) = pieces.by_depth(own, other);
                let peak = pieces.peak(shallow);
                if depth[index] > NECK * peak || peak < LEAST_DEPTH * scale {
                    pieces.join(shallow, deep);
                }
                own = deep;
            }
        }
        number[index] = if own > 0 {
            own
        } else {
            pieces.begin(depth[index])
        };
    }
    number
        .into_iter()
        .map(|number| if number > 0 { pieces.whole(number) } else { 0 })
        .collect()
}

/// The pieces of a mask while it is split: the piece that each has become part of, and the greatest depth of each.
#[derive(Debug, Default)]
struct Pieces {
    parents: Vec<u32>,
    peaks: Vec<f32>,
}

impl Pieces {
    fn begin(&mut self, peak: f32) -> u32 {
        let number = self.parents.len() as u32 + 1;
        self.parents.push(number);
        self.peaks.push(peak);
        number
    }

    fn whole(&self, mut number: u32) -> u32 {
        while self.parents[number as usize - 1] != number {
            number = self.parents[number as usize - 1];
        }
        number
    }

    fn peak(&self, number: u32) -> f32 {
        self.peaks[number as usize - 1]
    }

    fn by_depth(&self, one: u32, other: u32) -> (u32, u32) {
        if self.peak(one) < self.peak(other) {
            (other, one)
        } else {
            (one, other)
        }
    }

    fn join(&mut self, part: u32, whole: u32) {
        self.parents[part as usize - 1] = whole;
    }
}

/// The distance to the edge of the nearest nucleus at each pixel in micrometres, negative inside.
pub(crate) fn edge_distances(nuclei: &[u16], size: usize, scale: f32) -> Vec<f32> {
    let mask = Mask::new(size, |index| nuclei[index] > 0);
    let (outside, inside) = (mask.distances(), mask.inverse().distances());
    // Distances are between the centres of pixels, and the edge lies half-way.
    let distances = outside
        .iter()
        .zip(&inside)
        .map(|(outside, inside)| (outside - inside - 0.5 * (outside - inside).signum()) / scale);
    let mut distances = Canvas {
        size,
        scale,
        values: distances.collect(),
    };
    // The stairs of pixels would show in a thin line on the edge.
    distances = distances.blurred(0.25);
    distances.values
}

/// The nucleoli of each nucleus: smooth holes in its DNA. Many nuclei show none.
pub(crate) fn find_nucleoli(
    blue: &Canvas,
    nuclei: &[u16],
    edge: &[f32],
    count: usize,
) -> Vec<Vec<Nucleolus>> {
    let (size, scale) = (blue.size, blue.scale);
    let mut inside = blue.clone();
    let mut cover = blue.clone();
    for (index, nucleus) in nuclei.iter().enumerate() {
        let within = f32::from(u8::from(*nucleus > 0));
        inside.values[index] *= within;
        cover.values[index] = within;
    }
    let (inside, cover) = (inside.blurred(1.6), cover.blurred(1.6));
    let smooth = blue.blurred(0.25);
    let holes = Mask::new(size, |index| {
        let around = inside.values[index] / cover.values[index].max(1e-3);
        nuclei[index] > 0 && edge[index] < -0.7 && smooth.values[index] < 0.84 * around
    })
    .opened(0.35 * scale);
    let area = scale * scale;
    let mut nucleoli = vec![Vec::new(); count];
    let mut largest = vec![0; count];
    let mut holes = holes.parts().pixels;
    holes.sort_by_key(|hole| Reverse(hole.len()));
    for hole in holes {
        let owner = usize::from(nuclei[hole[0]]) - 1;
        let is_nucleolus = (1.0..24.0).contains(&(hole.len() as f32 / area));
        // Beside true nucleoli, small holes are the grain of chromatin.
        if is_nucleolus && nucleoli[owner].len() < MOST_NUCLEOLI && hole.len() * 5 > largest[owner]
        {
            largest[owner] = largest[owner].max(hole.len());
            nucleoli[owner].push(Nucleolus {
                lobes: discs(&hole, size, scale),
            });
        }
    }
    nucleoli
}

/// A few discs that together cover most of some pixels, the largest first.
fn discs(pixels: &[usize], size: usize, scale: f32) -> Vec<(Point, f32)> {
    let columns = pixels.iter().map(|index| index % size);
    let rows = pixels.iter().map(|index| index / size);
    // A window around the pixels, with a border outside them.
    let left = columns.clone().min().unwrap_or(0) as isize - 1;
    let top = rows.clone().min().unwrap_or(0) as isize - 1;
    let width = columns.max().unwrap_or(0) as isize - left + 2;
    let height = rows.max().unwrap_or(0) as isize - top + 2;
    let side = width.max(height) as usize;
    let place = |index: usize| {
        let column = (index % size) as isize - left;
        let row = (index / size) as isize - top;
        row as usize * side + column as usize
    };
    let mut rest = Mask::new(side, |_| false);
    pixels
        .iter()
        .for_each(|index| rest.inside[place(*index)] = true);
    let depth = rest.inverse().distances();
    let mut lobes = Vec::new();
    for _ in 0..5 {
        let deepest = (0..depth.len())
            .filter(|index| rest.inside[*index])
            .max_by(|one, other| depth[*one].total_cmp(&depth[*other]));
        let Some(deepest) = deepest else { break };
        let radius = depth[deepest];
        if !lobes.is_empty() && radius < 0.3 * scale {
            break;
        }
        let (column, row) = (deepest % side, deepest / side);
        let centre = Point::new(
            column as f32 + left as f32 + 0.5,
            row as f32 + top as f32 + 0.5,
        );
        lobes.push((centre * scale.recip(), radius / scale));
        let reach = 1.1 * radius;
        for index in 0..rest.inside.len() {
            let across = (index % side) as f32 - column as f32;
            let down = (index / side) as f32 - row as f32;
            if across.hypot(down) <= reach {
                rest.inside[index] = false;
            }
        }
    }
    lobes
}
