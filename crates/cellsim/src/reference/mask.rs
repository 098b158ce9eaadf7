//! Masks of pixels: distances, opening and closing, holes and connected parts.

/// The pixels of a square field that something covers.
#[derive(Debug, Clone)]
pub(crate) struct Mask {
    /// Pixels on a side.
    pub(crate) size: usize,
    pub(crate) inside: Vec<bool>,
}

/// The connected parts of a mask.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The number of each pixel's part, from 1; 0 outside the mask.
    pub(crate) number: Vec<u32>,
    /// The pixels of each part, the first part's first.
    pub(crate) pixels: Vec<Vec<usize>>,
}

impl Mask {
    /// The mask of the pixels that `inside` accepts by their index.
    pub(crate) fn new(size: usize, inside: impl Fn(usize) -> bool) -> Self {
        Self {
            size,
            inside: (0..size * size).map(inside).collect(),
        }
    }

    /// The mask of all other pixels.
    pub(crate) fn inverse(&self) -> Self {
        Self::new(self.size, |index| !self.inside[index])
    }

    /// The share of the field that the mask covers.
    pub(crate) fn coverage(&self) -> f32 {
        let covered = self.inside.iter().filter(|inside| **inside).count();
        covered as f32 / self.inside.len() as f32
    }

    /// The distance of every pixel to the nearest one inside, in pixels between their centres; more than any distance in the
    /// field where nothing is inside.
    pub(crate) fn distances(&self) -> Vec<f32> {
        let size = self.size;
        let far = 2.0 * size as f32;
        let mut down: Vec<f32> = self
            .inside
            .iter()
            .map(|inside| if *inside { 0.0 } else { far })
            .collect();
        for index in size..down.len() {
            down[index] = down[index].min(down[index - size] + 1.0);
        }
        for index in (0..down.len() - size).rev() {
            down[index] = down[index].min(down[index + size] + 1.0);
        }
        let mut envelope = Envelope::default();
        for row in down.chunks_exact_mut(size) {
            envelope.nearest(row, far);
        }
        down
    }

    /// The mask without what is thinner than twice `radius` pixels.
    pub(crate) fn opened(&self, radius: f32) -> Self {
        self.inverse().dilated(radius).inverse().dilated(radius)
    }

    /// The mask with gaps filled that are narrower than twice `radius` pixels.
    pub(crate) fn closed(&self, radius: f32) -> Self {
        self.dilated(radius).inverse().dilated(radius).inverse()
    }

    /// The mask grown by `radius` pixels.
    pub(crate) fn dilated(&self, radius: f32) -> Self {
        let distances = self.distances();
        Self::new(self.size, |index| distances[index] <= radius)
    }

    /// The mask with holes of at most `most` pixels filled.
    pub(crate) fn filled(&self, most: usize) -> Self {
        let holes = self.inverse().parts();
        let mut filled = self.clone();
        let last = self.size - 1;
        for hole in holes.pixels.iter().filter(|hole| hole.len() <= most) {
            let at_border = hole.iter().any(|index| {
                let (column, row) = (index % self.size, index / self.size);
                column == 0 || row == 0 || column == last || row == last
            });
            if !at_border {
                hole.iter().for_each(|index| filled.inside[*index] = true);
            }
        }
        filled
    }

    /// The parts of the mask whose pixels hang together by their edges.
    pub(crate) fn parts(&self) -> Parts {
        let size = self.size;
        let mut parts = Parts {
            number: vec![0; self.inside.len()],
            pixels: Vec::new(),
        };
        for start in 0..self.inside.len() {
            if !self.inside[start] || parts.number[start] > 0 {
                continue;
            }
            let number = parts.pixels.len() as u32 + 1;
            parts.number[start] = number;
            let mut members = vec![start];
            let mut next = 0;
            while next < members.len() {
                for neighbour in beside(members[next], size) {
                    if self.inside[neighbour] && parts.number[neighbour] == 0 {
                        parts.number[neighbour] = number;
                        members.push(neighbour);
                    }
                }
                next += 1;
            }
            parts.pixels.push(members);
        }
        parts
    }
}

/// The up to four pixels that share an edge with one.
pub(crate) fn beside(index: usize, size: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (index % size, index / size);
    [
        (column > 0).then(|| index - 1),
        (column + 1 < size).then(|| index + 1),
        (row > 0).then(|| index - size),
        (row + 1 < size).then(|| index + size),
    ]
    .into_iter()
    .flatten()
}

/// The up to eight pixels around one, and the length of the step to each in pixels.
pub(crate) fn around(index: usize, size: usize) -> impl Iterator<Item = (usize, f32)> {
    let (column, row) = ((index % size) as isize, (index / size) as isize);
    (-1..=1_isize).flat_map(move |down| {
        (-1..=1_isize).filter_map(move |right| {
            let (column, row) = (column + right, row + down);
            let range = 0..size as isize;
            let is_other = (right, down) != (0, 0);
            (is_other && range.contains(&column) && range.contains(&row)).then(|| {
                let step = if right == 0 || down == 0 {
                    1.0
                } else {
                    std::f32::consts::SQRT_2
                };
                (row as usize * size + column as usize, step)
            })
        })
    })
}

/// The lower envelope of parabolas, by which distances along columns become distances in the plane (Felzenszwalb and
/// Huttenlocher 2012).
#[derive(Debug, Default)]
struct Envelope {
    /// The columns of the parabolas, and where each begins to be the lowest.
    parabolas: Vec<(usize, f32)>,
    heights: Vec<f32>,
}

impl Envelope {
    /// Turns a row of distances along columns into distances; `far` and more are none.
    fn nearest(&mut self, row: &mut [f32], far: f32) {
        self.heights.clear();
        self.heights.extend(row.iter().map(|value| value * value));
        self.parabolas.clear();
        for (column, value) in row.iter().enumerate() {
            if *value >= far {
                continue;
            }
            let mut begin = f32::NEG_INFINITY;
            while let Some((other, from)) = self.parabolas.last().copied() {
                let (here, there) = (column as f32, other as f32);
                let rise = self.heights[column] - self.heights[other];
                begin = (rise + (here - there) * (here + there)) / (2.0 * (here - there));
                if begin > from {
                    break;
                }
                self.parabolas.pop();
                begin = f32::NEG_INFINITY;
            }
            self.parabolas.push((column, begin));
        }
        let mut lowest = 0;
        for (column, value) in row.iter_mut().enumerate() {
            let place = column as f32;
            while lowest + 1 < self.parabolas.len() && self.parabolas[lowest + 1].1 <= place {
                lowest += 1;
            }
            if let Some((other, _)) = self.parabolas.get(lowest) {
                let aside = place - *other as f32;
                *value = (aside * aside + self.heights[*other]).sqrt();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> Mask {
        let text = rows.concat();
        let inside = text.bytes().map(|byte| byte == b'#').collect();
        Mask {
            size: rows.len(),
            inside,
        }
    }

    #[test]
    fn distances_are_those_to_the_nearest_pixel() {
        let mask = Mask::new(23, |index| index % 37 == 5 || index == 400);
        let found = mask.distances();
        for (index, distance) in found.iter().enumerate() {
            let offset = |other: usize| {
                let across = (index % 23) as f32 - (other % 23) as f32;
                let down = (index / 23) as f32 - (other / 23) as f32;
                across.hypot(down)
            };
            let nearest = (0..mask.inside.len())
                .filter(|other| mask.inside[*other])
                .map(offset)
                .fold(f32::MAX, f32::min);
            assert!((distance - nearest).abs() < 1e-3, "{distance} {nearest}");
        }
        assert!(
            Mask::new(8, |_| false)
                .distances()
                .iter()
                .all(|d| *d > 12.0)
        );
    }

    #[test]
    fn openings_drop_specks_closings_fill_cracks_and_holes_are_filled_by_size() {
        let speckled = mask(&[
            "........", ".####..#", ".####...", ".####...", ".####...", "........", "......#.",
            "........",
        ]);
        let opened = speckled.opened(1.0);
        assert!(opened.inside[2 * 8 + 2] && !opened.inside[8 + 7] && !opened.inside[6 * 8 + 6]);
        let cracked = Mask::new(16, |index| index % 16 != 7);
        assert!(cracked.closed(1.0).inside.iter().all(|inside| *inside));
        let ring = mask(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
        assert!(ring.filled(8).inside.iter().all(|inside| *inside));
        assert_eq!(ring.filled(7).inside, ring.inside);
        assert_eq!(ring.parts().pixels.len(), 2);
    }
}
