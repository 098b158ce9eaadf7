//! A map of fields in two dimensions: their principal components, and from there t-SNE (van der Maaten and Hinton 2008,
//! <https://www.jmlr.org/papers/v9/vandermaaten08a.html>), a step at a time. Nothing is random: the same fields give the same map.

use crate::linear::{dot, mean, principal_directions};
use crate::vector::direction;

/// The most points that are moved: the work grows with their number's square.
pub const MOST_POINTS: usize = 1500;

/// The components between which distances are measured.
const COMPONENTS: usize = 30;
/// The number of neighbours that each point is held by, about.
const PERPLEXITY: f32 = 30.0;
/// The rounds of moves, and those in which groups are first drawn together.
const ROUNDS: usize = 400;
const FIRST_ROUNDS: usize = 100;
const EXAGGERATION: f32 = 12.0;

/// The coordinates of vectors of one length along their first `count` principal components, missing ones 0.
pub fn principal(vectors: &[&[f32]], count: usize) -> Vec<Vec<f32>> {
    let length = vectors.first().map_or(0, |vector| vector.len());
    let vectors: Vec<Vec<f32>> = vectors.iter().map(|vector| direction(vector)).collect();
    let mean = mean(vectors.iter().map(Vec::as_slice), length);
    let centred: Vec<Vec<f32>> = vectors
        .iter()
        .map(|vector| {
            vector
                .iter()
                .zip(&mean)
                .map(|(value, mean)| value - mean)
                .collect()
        })
        .collect();
    let directions = principal_directions(&centred, count);
    let mut places = vec![vec![0.0; count]; vectors.len()];
    for (place, vector) in places.iter_mut().zip(&centred) {
        for (value, (direction, _)) in place.iter_mut().zip(&directions) {
            *value = dot(direction, vector);
        }
    }
    places
}

/// A map in the making.
#[derive(Debug, Clone)]
pub struct Scatter {
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
    /// Begins a map with the vectors' first two principal components.
    ///
    /// # Panics
    /// For more than [`MOST_POINTS`] vectors.
    pub fn new(vectors: &[&[f32]]) -> Self {
        let n = vectors.len();
        assert!(n <= MOST_POINTS, "{n} points are too many");
        let places = principal(vectors, COMPONENTS);
        let deviation =
            (places.iter().map(|place| place[0] * place[0]).sum::<f32>() / n.max(1) as f32).sqrt();
        let unit = if deviation > 0.0 {
            1e-4 / deviation
        } else {
            0.0
        };
        Self {
            affinities: vec![0.0; n * n],
            points: places
                .iter()
                .map(|place| [place[0] * unit, place[1] * unit])
                .collect(),
            moves: vec![[0.0; 2]; n],
            gains: vec![[1.0; 2]; n],
            places,
            done: 0,
        }
    }

    /// Does the next step. False once the map is made.
    pub fn step(&mut self) -> bool {
        let n = self.points.len();
        if n < 4 || self.done >= n + ROUNDS {
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

    /// The share of the steps that are done, from 0 to 1.
    pub fn progress(&self) -> f32 {
        let n = self.points.len();
        if n < 4 {
            1.0
        } else {
            self.done as f32 / (n + ROUNDS) as f32
        }
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
            let mut scatter = Scatter::new(&rows);
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
