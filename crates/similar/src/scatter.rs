//! A map of fields in two dimensions: their principal components, and from there t-SNE (van der Maaten and Hinton 2008,
//! <https://www.jmlr.org/papers/v9/vandermaaten08a.html>), a step at a time. Nothing is random: the same fields give the same map.

use crate::linear::{Subspace, mean};
use crate::vector::direction;

/// The most points that are moved: the work grows with their number's square.
pub const MOST_POINTS: usize = 1500;

/// The fewest points that are moved: fewer lie by their components.
const LEAST_POINTS: usize = 4;
/// The components between which distances are measured.
const COMPONENTS: usize = 30;
/// The number of neighbours that each point is held by, about.
const PERPLEXITY: f32 = 30.0;
/// The rounds of moves, and those in which groups are first drawn together.
const ROUNDS: usize = 400;
const FIRST_ROUNDS: usize = 100;
const EXAGGERATION: f32 = 12.0;

/// The rows that a step of the components takes.
const ROWS: usize = 16;

/// The principal components of vectors, in the making.
#[derive(Debug, Clone)]
struct Components {
    centred: Vec<Vec<f32>>,
    count: usize,
    subspace: Subspace,
    /// The coordinates of the vectors that have some.
    places: Vec<Vec<f32>>,
}

impl Components {
    fn new(vectors: &[&[f32]], count: usize) -> Self {
        let length = vectors.first().map_or(0, |vector| vector.len());
        let mut centred: Vec<Vec<f32>> = vectors.iter().map(|vector| direction(vector)).collect();
        let mean = mean(centred.iter().map(Vec::as_slice), length);
        for vector in &mut centred {
            for (value, mean) in vector.iter_mut().zip(&mean) {
                *value -= mean;
            }
        }
        Self {
            subspace: Subspace::new(&centred, count),
            places: Vec::with_capacity(centred.len()),
            centred,
            count,
        }
    }

    /// Does the next step. False once every vector has its coordinates.
    fn step(&mut self) -> bool {
        if self.subspace.step(&self.centred, ROWS) {
            return true;
        }
        let some = self.centred.iter().skip(self.places.len()).take(ROWS);
        let placed: Vec<Vec<f32>> = some.map(|vector| self.subspace.place(vector)).collect();
        self.places.extend(placed);
        self.places.len() < self.centred.len()
    }

    fn progress(&self) -> f32 {
        self.subspace.progress(self.centred.len())
    }

    /// The coordinates, those of the largest variance first, missing ones 0.
    fn places(&self) -> Vec<Vec<f32>> {
        let found = self.places.first().map_or(0, Vec::len);
        let mut axes: Vec<(usize, f32)> = (0..found)
            .map(|axis| {
                let squares = self.places.iter().map(|place| place[axis] * place[axis]);
                (axis, squares.sum::<f32>())
            })
            .collect();
        axes.sort_by(|a, b| b.1.total_cmp(&a.1));
        let ordered = |place: &Vec<f32>| {
            let mut values: Vec<f32> = axes.iter().map(|(axis, _)| place[*axis]).collect();
            values.resize(self.count, 0.0);
            values
        };
        self.places.iter().map(ordered).collect()
    }
}

/// A map in the making.
#[derive(Debug, Clone)]
pub struct Scatter {
    /// None once there are places.
    components: Option<Components>,
    /// Whether points are moved, by t-SNE, once they have places.
    is_moved: bool,
    places: Vec<Vec<f32>>,
    /// `[n, n]`: first of each row as it is made, then of both directions.
    affinities: Vec<f32>,
    points: Vec<[f32; 2]>,
    moves: Vec<[f32; 2]>,
    gains: Vec<[f32; 2]>,
    /// The rows of affinities that are done, then the rounds on top of all rows.
    done: usize,
}

impl Scatter {
    /// Begins a map by t-SNE, which starts at the vectors' first two principal components. They are of one length.
    ///
    /// # Panics
    /// For more than [`MOST_POINTS`] vectors.
    pub fn new(vectors: &[&[f32]]) -> Self {
        let n = vectors.len();
        assert!(n <= MOST_POINTS, "{n} points are too many");
        Self {
            affinities: vec![0.0; n * n],
            moves: vec![[0.0; 2]; n],
            gains: vec![[1.0; 2]; n],
            is_moved: n >= LEAST_POINTS,
            ..Self::begun(vectors, COMPONENTS)
        }
    }

    /// Begins a map by the first two principal components alone, of any number of vectors of one length.
    pub fn by_components(vectors: &[&[f32]]) -> Self {
        Self::begun(vectors, 2)
    }

    fn begun(vectors: &[&[f32]], components: usize) -> Self {
        Self {
            components: Some(Components::new(vectors, components)),
            is_moved: false,
            places: Vec::new(),
            affinities: Vec::new(),
            points: vec![[0.0; 2]; vectors.len()],
            moves: Vec::new(),
            gains: Vec::new(),
            done: 0,
        }
    }

    /// Does the next step. False once the map is made.
    pub fn step(&mut self) -> bool {
        if let Some(components) = &mut self.components {
            if components.step() {
                return true;
            }
            let places = components.places();
            self.components = None;
            self.lay(places);
            return self.is_moved;
        }
        let n = self.points.len();
        if !self.is_moved || self.done >= n + ROUNDS {
            return false;
        }
        if self.done < n {
            self.find_neighbours(self.done);
            if self.done + 1 == n {
                self.join();
            }
        } else {
            self.move_all(self.done - n);
        }
        self.done += 1;
        true
    }

    /// The share of the work that is done, from 0 to 1, about.
    pub fn progress(&self) -> f32 {
        let components = self.components.as_ref().map_or(1.0, Components::progress);
        if self.is_moved {
            let moved = self.done as f32 / (self.points.len() + ROUNDS) as f32;
            (components + 2.0 * moved) / 3.0
        } else {
            components
        }
    }

    /// Takes the coordinates; points that are to be moved begin close together.
    fn lay(&mut self, places: Vec<Vec<f32>>) {
        let squares = places.iter().map(|place| place[0] * place[0]);
        let deviation = (squares.sum::<f32>() / places.len().max(1) as f32).sqrt();
        let unit = if !self.is_moved {
            1.0
        } else if deviation > 0.0 {
            1e-4 / deviation
        } else {
            0.0
        };
        self.points = places
            .iter()
            .map(|place| [place[0] * unit, place[1] * unit])
            .collect();
        self.places = places;
    }

    /// Where the points lie now.
    pub fn points(&self) -> &[[f32; 2]] {
        &self.points
    }

    /// The affinities of a point to all others: a bell curve so wide that about [`PERPLEXITY`] of them count.
    fn find_neighbours(&mut self, point: usize) {
        let n = self.places.len();
        let own = &self.places[point];
        let distances: Vec<f32> = self
            .places
            .iter()
            .map(|place| own.iter().zip(place).map(|(a, b)| (a - b) * (a - b)).sum())
            .collect();
        let nearest = (0..n)
            .filter(|&other| other != point)
            .map(|other| distances[other])
            .fold(f32::MAX, f32::min);
        let wanted = PERPLEXITY.min((n - 1) as f32 / 3.0).ln();
        let (mut low, mut high, mut narrowness) =
            (0.0_f32, f32::INFINITY, 1.0 / nearest.max(1e-12));
        let row = &mut self.affinities[point * n..(point + 1) * n];
        for _ in 0..60 {
            let (mut sum, mut weighted) = (0.0, 0.0);
            for (other, (row, distance)) in row.iter_mut().zip(&distances).enumerate() {
                let beyond = distance - nearest;
                *row = if other == point {
                    0.0
                } else {
                    (-beyond * narrowness).exp()
                };
                sum += *row;
                weighted += *row * beyond;
            }
            let entropy = sum.ln() + narrowness * weighted / sum;
            row.iter_mut().for_each(|value| *value /= sum);
            if (entropy - wanted).abs() < 1e-4 {
                break;
            }
            if entropy > wanted {
                low = narrowness;
                narrowness = if high.is_finite() {
                    (low + high) / 2.0
                } else {
                    low * 2.0
                };
            } else {
                high = narrowness;
                narrowness = (low + high) / 2.0;
            }
        }
    }

    /// Makes the affinities those of pairs.
    fn join(&mut self) {
        let n = self.points.len();
        for one in 0..n {
            for other in 0..one {
                let sum = self.affinities[one * n + other] + self.affinities[other * n + one];
                let joint = (sum / (2 * n) as f32).max(1e-12);
                self.affinities[one * n + other] = joint;
                self.affinities[other * n + one] = joint;
            }
        }
    }

    fn move_all(&mut self, round: usize) {
        let n = self.points.len();
        let times = if round < FIRST_ROUNDS {
            EXAGGERATION
        } else {
            1.0
        };
        let momentum = if round < FIRST_ROUNDS { 0.5 } else { 0.8 };
        let rate = (n as f32 / EXAGGERATION).max(10.0);
        let mut pushes = vec![[0.0_f32; 2]; n];
        let mut pulls = vec![[0.0_f32; 2]; n];
        let mut sum = 0.0;
        for one in 0..n {
            let [x, y] = self.points[one];
            let row = &self.affinities[one * n..(one + 1) * n];
            let (mut push, mut pull) = ([0.0; 2], [0.0; 2]);
            for (affinity, point) in row.iter().zip(&self.points) {
                let (dx, dy) = (x - point[0], y - point[1]);
                let close = 1.0 / (1.0 + dx * dx + dy * dy);
                sum += close;
                push[0] += close * close * dx;
                push[1] += close * close * dy;
                pull[0] += affinity * close * dx;
                pull[1] += affinity * close * dy;
            }
            pushes[one] = push;
            pulls[one] = pull;
        }
        // Each point's closeness to itself is 1.
        let sum = (sum - n as f32).max(1e-12);
        for point in 0..n {
            for axis in 0..2 {
                let slope = 4.0 * (times * pulls[point][axis] - pushes[point][axis] / sum);
                let goes_on = (slope > 0.0) != (self.moves[point][axis] > 0.0);
                let gain = &mut self.gains[point][axis];
                *gain = if goes_on {
                    *gain + 0.2
                } else {
                    (*gain * 0.8).max(0.01)
                };
                self.moves[point][axis] = momentum * self.moves[point][axis] - rate * *gain * slope;
                self.points[point][axis] += self.moves[point][axis];
            }
        }
        for axis in 0..2 {
            let centre = self.points.iter().map(|point| point[axis]).sum::<f32>() / n as f32;
            self.points
                .iter_mut()
                .for_each(|point| point[axis] -= centre);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three groups of twenty vectors.
    fn vectors() -> Vec<Vec<f32>> {
        (0..60)
            .map(|at| {
                let group = at % 3;
                (0..8)
                    .map(|axis| {
                        let noise = ((at * 31 + axis * 17) % 23) as f32 / 46.0;
                        noise + if axis == group { 4.0 } else { 0.0 }
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn groups_lie_apart_and_the_map_is_the_same_again() {
        let vectors = vectors();
        let rows: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let made = || {
            let mut scatter = Scatter::new(&rows);
            assert_eq!(scatter.progress(), 0.0);
            while scatter.step() {}
            assert_eq!(scatter.progress(), 1.0);
            scatter.points().to_vec()
        };
        let points = made();
        assert_eq!(points, made());
        let mut by_components = Scatter::by_components(&rows);
        while by_components.step() {}
        assert_eq!(by_components.progress(), 1.0);
        let variance = |axis: usize| {
            let points = by_components.points().iter();
            points.map(|point| point[axis].powi(2)).sum::<f32>()
        };
        assert!(variance(0) >= variance(1) && variance(1) > 0.0);
        let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        for (at, point) in points.iter().enumerate() {
            let others = (0..points.len()).filter(|&other| other != at);
            let nearest = others.min_by(|&a, &b| {
                distance(*point, points[a]).total_cmp(&distance(*point, points[b]))
            });
            assert_eq!(nearest.map(|it| it % 3), Some(at % 3), "{at}");
        }
    }

    #[test]
    fn few_and_equal_points_have_a_map() {
        for count in 0..6 {
            let vectors = vec![vec![1.0, 2.0]; count];
            let rows: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
            for mut scatter in [Scatter::new(&rows), Scatter::by_components(&rows)] {
                while scatter.step() {}
                assert_eq!(scatter.points().len(), count);
                assert!(
                    scatter
                        .points()
                        .iter()
                        .flatten()
                        .all(|value| value.is_finite())
                );
            }
        }
    }
}
