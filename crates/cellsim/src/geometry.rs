//! Points and closed outlines, in micrometres.

use std::f32::consts::{PI, TAU};
use std::ops::{Add, Mul, Sub};

use crate::random::FieldStream;

/// A place or a direction in the field, in micrometres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

impl Point {
    pub(crate) fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The unit vector at an angle.
    pub(crate) fn at_angle(angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self::new(cos, sin)
    }

    pub(crate) fn length(self) -> f32 {
        self.x.hypot(self.y)
    }

    pub(crate) fn angle(self) -> f32 {
        self.y.atan2(self.x)
    }

    /// This direction turned by `angle`.
    pub(crate) fn turned(self, angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self::new(self.x * cos - self.y * sin, self.x * sin + self.y * cos)
    }

    /// The unit vector of this direction; the null vector stays itself.
    pub(crate) fn unit(self) -> Self {
        let length = self.length();
        if length > 0.0 {
            self * length.recip()
        } else {
            self
        }
    }

    pub(crate) fn mix(self, other: Self, share: f32) -> Self {
        self + (other - self) * share
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Point {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

/// A smooth step from 0 at `from` to 1 at `to`; `from` may be the greater.
pub(crate) fn smooth_step(from: f32, to: f32, value: f32) -> f32 {
    let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// A normal curve's height over its centre, without its constant.
pub(crate) fn bell(distance: f32, deviation: f32) -> f32 {
    let ratio = distance / deviation;
    let square = ratio * ratio;
    if square > 25.0 {
        0.0
    } else {
        (-0.5 * square).exp()
    }
}

/// The signed difference of two angles, at most half a turn.
pub(crate) fn angle_between(a: f32, b: f32) -> f32 {
    (a - b + PI).rem_euclid(TAU) - PI
}

/// The number of directions for which an outline holds a radius.
const DIRECTIONS: usize = 256;

/// A star-shaped closed outline: a radius for each direction from its centre.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    radii: Vec<f32>,
}

impl Outline {
    /// An ellipse with the long axis at `angle`.
    pub(crate) fn ellipse(long: f32, short: f32, angle: f32) -> Self {
        let radii = (0..DIRECTIONS)
            .map(|step| {
                let direction = Self::direction(step) - angle;
                long * short / (short * direction.cos()).hypot(long * direction.sin())
            })
            .collect();
        Self { radii }
    }

    /// The outline with the radius that `radius` gives for each direction.
    pub(crate) fn sampled(radius: impl Fn(f32) -> f32) -> Self {
        let radii = (0..DIRECTIONS).map(|step| radius(Self::direction(step)));
        Self {
            radii: radii.collect(),
        }
    }

    fn direction(step: usize) -> f32 {
        step as f32 * TAU / DIRECTIONS as f32
    }

    /// Adds waves of two and more lobes around the outline, each weaker than the last: `amount` is a share of the radius.
    pub(crate) fn wavy(mut self, stream: &mut FieldStream, amount: f32, lobes: usize) -> Self {
        for lobe in 2..2 + lobes {
            let height = amount * stream.normal() / (lobe as f32 - 1.0);
            let phase = stream.angle();
            self.scale_by(|direction| 1.0 + height * (lobe as f32 * direction + phase).cos());
        }
        self
    }

    /// Multiplies every radius by the `factor` of its direction.
    pub(crate) fn scale_by(&mut self, factor: impl Fn(f32) -> f32) {
        for (step, radius) in self.radii.iter_mut().enumerate() {
            *radius *= factor(Self::direction(step)).max(0.2);
        }
    }

    /// The radius in a direction.
    pub(crate) fn radius(&self, angle: f32) -> f32 {
        let position = (angle * (DIRECTIONS as f32 / TAU)).rem_euclid(DIRECTIONS as f32);
        let step = position as usize;
        let share = position - step as f32;
        let here = self.radii[step % DIRECTIONS];
        here + (self.radii[(step + 1) % DIRECTIONS] - here) * share
    }

    /// The radius in the direction of `offset`, without the cost of an exact angle.
    pub(crate) fn radius_towards(&self, offset: Point) -> f32 {
        let position = quick_turn(offset) * DIRECTIONS as f32;
        let step = position as usize;
        let share = position - step as f32;
        let here = self.radii[step % DIRECTIONS];
        here + (self.radii[(step + 1) % DIRECTIONS] - here) * share
    }

    pub(crate) fn greatest(&self) -> f32 {
        self.radii.iter().copied().fold(0.0, f32::max)
    }

    pub(crate) fn mean(&self) -> f32 {
        self.radii.iter().sum::<f32>() / self.radii.len() as f32
    }
}

/// The direction of `offset` as a share of a turn, 0 to 1, to within a two-thousandth of a turn.
fn quick_turn(offset: Point) -> f32 {
    let (x, y) = (offset.x.abs(), offset.y.abs());
    let (low, high) = if x < y { (x, y) } else { (y, x) };
    let ratio = if high > 0.0 { low / high } else { 0.0 };
    // A cubic fit of the arctangent over the first octant.
    let octant = ratio * (1.0 + 0.273 * 4.0 / PI * (1.0 - ratio)) / 8.0;
    let quadrant = if x < y { 0.25 - octant } else { octant };
    match (offset.x < 0.0, offset.y < 0.0) {
        (false, false) => quadrant,
        (true, false) => 0.5 - quadrant,
        (true, true) => 0.5 + quadrant,
        (false, true) => (1.0 - quadrant).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_turns_agree_with_exact_angles() {
        for step in 0..1000 {
            let exact = step as f32 / 1000.0;
            let quick = quick_turn(Point::at_angle(exact * TAU));
            let gap = (quick - exact).abs();
            // A fit, and the turn's end may read as its start.
            assert!(gap.min(1.0 - gap) < 1.5e-3, "{exact} {quick}");
        }
    }

    #[test]
    fn an_ellipse_has_its_axes() {
        let ellipse = Outline::ellipse(4.0, 2.0, 0.0);
        assert!((ellipse.radius(0.0) - 4.0).abs() < 1e-3);
        assert!((ellipse.radius(PI / 2.0) - 2.0).abs() < 1e-3);
        assert!((ellipse.radius(-PI / 2.0) - 2.0).abs() < 1e-3);
    }
}
