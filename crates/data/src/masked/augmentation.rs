//! The augmentation of fields with masks: other stains, other microscopes, other magnifications, missing channels.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use cytolens_cells::Planes;
use serde::{Deserialize, Serialize};

use super::set::Truth;
use super::targets::targets;
use crate::examples::Example;
use crate::random::Stream;

/// The places of the channels among the planes.
const RED: usize = 0;
const GREEN: usize = 1;
const YELLOW: usize = 3;

/// The ranges of augmentation: a recipe's table `[augmentation]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedAugmentation {
    /// The magnification, from and to.
    pub scale: [f64; 2],
    /// The exponent of each channel's levels, from and to.
    pub gamma: [f64; 2],
    /// The probability that a channel is overexposed, and the gain up to which it is.
    pub overexposed: f64,
    /// See `overexposed`.
    pub gain: f64,
    /// The largest background of a channel, of its brightest level: even, or rising to one side.
    pub background: f64,
    /// The probability that another channel shines through into one, and the share of it up to which it does.
    pub bleeding: f64,
    /// See `bleeding`.
    pub bleed: f64,
    /// The probability that a channel is out of focus, and the largest deviation of the blur in pixels.
    pub blurred: f64,
    /// See `blurred`.
    pub blur: f64,
    /// The largest deviation of noise, of a channel's brightest level.
    pub noise: f64,
    /// The probabilities that channels are black: green, yellow, red.
    pub without_green: f64,
    /// See `without_green`.
    pub without_yellow: f64,
    /// See `without_green`.
    pub without_red: f64,
}

impl MaskedAugmentation {
    /// Checks every range.
    ///
    /// # Errors
    /// Naming the key of the table `[augmentation]`, its range and its value.
    pub fn check(&self) -> Result<()> {
        for (key, [low, high], least, most) in [
            ("scale", self.scale, 0.25, 4.0),
            ("gamma", self.gamma, 0.2, 5.0),
        ] {
            ensure!(
                least <= low && low <= high && high <= most,
                "augmentation.{key} must rise from {least} at least to {most} at most, not [{low}, {high}]"
            );
        }
        for (key, value, most) in [
            ("overexposed", self.overexposed, 1.0),
            ("background", self.background, 1.0),
            ("bleeding", self.bleeding, 1.0),
            ("bleed", self.bleed, 1.0),
            ("blurred", self.blurred, 1.0),
            ("blur", self.blur, 8.0),
            ("noise", self.noise, 1.0),
            ("without_green", self.without_green, 1.0),
            ("without_yellow", self.without_yellow, 1.0),
            ("without_red", self.without_red, 1.0),
        ] {
            ensure!(
                (0.0..=most).contains(&value),
                "augmentation.{key} must be from 0 to {most}, not {value}"
            );
        }
        ensure!(
            (1.0..=100.0).contains(&self.gain),
            "augmentation.gain must be from 1 to 100, not {}",
            self.gain
        );
        Ok(())
    }

    /// Draws an example of `side` px a side from a field. Borders weigh `1 + border`.
    pub(super) fn example(
        &self,
        mut truth: Truth,
        side: usize,
        border: f32,
        stream: &mut Stream,
    ) -> Example {
        self.restain(&mut truth.planes, stream);
        truth.planes.stretch();
        let window = Window::draw(&truth.planes, side, self.scale, stream);
        let mut planes = Vec::with_capacity(Planes::COUNT * side * side);
        for number in 0..Planes::COUNT {
            window.levels(truth.planes.plane(number), &mut planes);
        }
        let cells = window.numbers(&truth.cells);
        let nuclei = truth.nuclei.as_deref();
        let with_nuclei = nuclei.map(|nuclei| cells_with_nuclei(&truth.cells, nuclei));
        let nuclei = nuclei.map(|nuclei| window.numbers(nuclei));
        let (targets, mut weights) = targets(&cells, nuclei.as_deref(), side, border);
        if let Some(with_nuclei) = with_nuclei {
            // Chromosomes in mitosis are no nucleus, and yet a cell is found by them: they teach nothing.
            for (weight, cell) in weights.iter_mut().zip(&cells) {
                if *cell > 0 && !with_nuclei.contains(cell) {
                    *weight = 0.0;
                }
            }
        }
        Example {
            planes,
            targets,
            weights,
        }
    }

    /// Changes what each channel looks like.
    pub(crate) fn restain(&self, planes: &mut Planes, stream: &mut Stream) {
        let (width, pixels) = (planes.width, planes.width * planes.height);
        // All that is drawn is drawn always, so that one choice moves no other.
        let bleeds = stream.chance(self.bleeding);
        let (from, to) = (stream.below(Planes::COUNT), stream.below(Planes::COUNT));
        let share = (self.bleed * stream.unit()) as f32;
        if bleeds && from != to {
            let source = planes.plane(from).to_vec();
            let target = &mut planes.values[to * pixels..][..pixels];
            target
                .iter_mut()
                .zip(source)
                .for_each(|(to, from)| *to += share * from);
        }
        for number in 0..Planes::COUNT {
            let gamma = stream.factor_between(self.gamma) as f32;
            let overexposed = stream.chance(self.overexposed);
            let gain = stream.factor_between([1.0, self.gain]) as f32;
            let background = (self.background * stream.unit().powi(2)) as f32;
            let slopes = [stream.between([-1.0, 1.0]), stream.between([-1.0, 1.0])];
            let blurred = stream.chance(self.blurred);
            let blur = (self.blur * stream.unit()) as f32;
            let noise = (self.noise * stream.unit().powi(2)) as f32;
            let mut grains = Stream::seeded(stream.bits());
            let plane = &mut planes.values[number * pixels..][..pixels];
            let brightest = plane.iter().copied().fold(0.0_f32, f32::max);
            if brightest == 0.0 {
                continue;
            }
            if blurred && blur > 0.2 {
                smooth(plane, width, blur);
            }
            for (at, level) in plane.iter_mut().enumerate() {
                let mut value = (*level / brightest).max(0.0).powf(gamma);
                if overexposed {
                    value = (value * gain).min(1.0);
                }
                let (x, y) = (at % width, at / width);
                let across = x as f64 / width as f64 - 0.5;
                let down = y as f64 / width as f64 - 0.5;
                let tilt = 1.0 + slopes[0] * across + slopes[1] * down;
                value += background * tilt as f32;
                // Twelve even numbers less their mean have a deviation of 1; four of them, scaled, nearly so.
                let even: f64 = (0..4).map(|_| grains.unit()).sum::<f64>() - 2.0;
                value += noise * (even * 3.0_f64.sqrt()) as f32;
                *level = value.max(0.0);
            }
        }
        for (number, probability) in [
            (GREEN, self.without_green),
            (YELLOW, self.without_yellow),
            (RED, self.without_red),
        ] {
            if stream.chance(probability) {
                planes.values[number * pixels..][..pixels].fill(0.0);
            }
        }
    }
}

/// The numbers of the cells that have a pixel of a nucleus anywhere in the field.
fn cells_with_nuclei(cells: &[u16], nuclei: &[u16]) -> BTreeSet<u16> {
    let pairs = cells.iter().zip(nuclei);
    let inside = pairs.filter(|(cell, nucleus)| **cell > 0 && **nucleus > 0);
    inside.map(|(cell, _)| *cell).collect()
}

/// A square part of a field, turned, mirrored and magnified.
pub(crate) struct Window {
    side: usize,
    width: usize,
    height: usize,
    /// The place in the field of the window's first pixel.
    first: [f32; 2],
    /// The steps in the field from a column and from a row to the next, each `[x, y]`.
    steps: [[f32; 2]; 2],
}

impl Window {
    /// Draws a part of planes, of `side` px a side.
    pub(crate) fn draw(planes: &Planes, side: usize, scale: [f64; 2], stream: &mut Stream) -> Self {
        let scale = stream.factor_between(scale);
        let step = 1.0 / scale;
        let extent = side as f64 * step;
        let mut place = |length: usize| {
            // A window larger than the field lies anywhere around it.
            let free = length as f64 - extent;
            stream.unit() * free
        };
        let corner = [place(planes.width), place(planes.height)];
        let turned = stream.chance(0.5);
        let mirrored = [stream.chance(0.5), stream.chance(0.5)];
        let along = |axis: usize| if mirrored[axis] { -step } else { step };
        let first = [0, 1].map(|axis| {
            let start = if mirrored[axis] { extent } else { 0.0 };
            (corner[axis] + start + along(axis) / 2.0 - 0.5) as f32
        });
        let [x, y] = [along(0) as f32, along(1) as f32];
        let steps = match turned {
            false => [[x, 0.0], [0.0, y]],
            true => [[0.0, y], [x, 0.0]],
        };
        Self {
            side,
            width: planes.width,
            height: planes.height,
            first,
            steps,
        }
    }

    /// The places in the field of the window's pixels, row by row.
    fn places(&self) -> impl Iterator<Item = [f32; 2]> {
        let [across, down] = self.steps;
        let first = self.first;
        let side = self.side;
        (0..side * side).map(move |at| {
            let (x, y) = ((at % side) as f32, (at / side) as f32);
            [0, 1].map(|axis| first[axis] + x * across[axis] + y * down[axis])
        })
    }

    /// The levels of a plane between its pixels, 0 outside.
    pub(crate) fn levels(&self, plane: &[f32], out: &mut Vec<f32>) {
        let at = |x: f32, y: f32| {
            let inside = x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < self.height as f32;
            if inside {
                plane[y as usize * self.width + x as usize]
            } else {
                0.0
            }
        };
        out.extend(self.places().map(|[x, y]| {
            let (left, top) = (x.floor(), y.floor());
            let (right, down) = (x - left, y - top);
            let above = at(left, top) * (1.0 - right) + at(left + 1.0, top) * right;
            let below = at(left, top + 1.0) * (1.0 - right) + at(left + 1.0, top + 1.0) * right;
            above * (1.0 - down) + below * down
        }));
    }

    /// The numbers of a mask, 0 outside.
    fn numbers(&self, mask: &[u16]) -> Vec<u16> {
        let number = |[x, y]: [f32; 2]| {
            let (x, y) = ((x + 0.5).floor(), (y + 0.5).floor());
            let inside = x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < self.height as f32;
            if inside {
                mask[y as usize * self.width + x as usize]
            } else {
                0
            }
        };
        self.places().map(number).collect()
    }
}

/// Smooths a plane by a Gaussian of this deviation in pixels.
fn smooth(plane: &mut [f32], width: usize, deviation: f32) {
    let reach = (2.5 * deviation).ceil() as isize;
    let taps: Vec<f32> = (-reach..=reach)
        .map(|place| (-0.5 * (place as f32 / deviation).powi(2)).exp())
        .collect();
    let whole: f32 = taps.iter().sum();
    let height = plane.len() / width;
    let line = |values: &[f32], out: &mut [f32], count: usize, step: usize, start: usize| {
        for at in 0..count {
            let mut sum = 0.0;
            for (tap, place) in taps.iter().zip(-reach..) {
                let from = (at as isize + place).clamp(0, count as isize - 1) as usize;
                sum += tap * values[start + from * step];
            }
            out[start + at * step] = sum / whole;
        }
    };
    let mut across = plane.to_vec();
    for y in 0..height {
        line(plane, &mut across, width, 1, y * width);
    }
    for x in 0..width {
        line(&across, plane, height, width, x);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::random::Purpose;

    pub fn plain() -> MaskedAugmentation {
        MaskedAugmentation {
            scale: [1.0, 1.0],
            gamma: [1.0, 1.0],
            overexposed: 0.0,
            gain: 1.0,
            background: 0.0,
            bleeding: 0.0,
            bleed: 0.0,
            blurred: 0.0,
            blur: 0.0,
            noise: 0.0,
            without_green: 0.0,
            without_yellow: 0.0,
            without_red: 0.0,
        }
    }

    pub fn wide() -> MaskedAugmentation {
        MaskedAugmentation {
            scale: [0.5, 2.0],
            gamma: [0.5, 2.0],
            overexposed: 0.5,
            gain: 4.0,
            background: 0.2,
            bleeding: 0.5,
            bleed: 0.5,
            blurred: 0.5,
            blur: 1.5,
            noise: 0.1,
            without_green: 0.3,
            without_yellow: 0.3,
            without_red: 0.3,
        }
    }

    /// Blue is bright where the nucleus is; the cell is around it.
    fn truth(width: usize, height: usize) -> Truth {
        let pixels = width * height;
        let inside = |at: usize, reach: usize| {
            let (x, y) = (at % width, at / width);
            u16::from(x.abs_diff(width / 3) < reach && y.abs_diff(height / 2) < reach)
        };
        let nuclei: Vec<u16> = (0..pixels).map(|at| inside(at, 6)).collect();
        let cells: Vec<u16> = (0..pixels).map(|at| inside(at, 12)).collect();
        let mut values = vec![0.0; 4 * pixels];
        for at in 0..pixels {
            values[at] = 0.3 * f32::from(cells[at]);
            values[2 * pixels + at] = 0.7 * f32::from(nuclei[at]);
        }
        Truth {
            planes: Planes {
                width,
                height,
                values,
            },
            cells,
            nuclei: Some(nuclei),
        }
    }

    #[test]
    fn planes_and_masks_stay_together() {
        for seed in 0..20 {
            let mut stream = Stream::new(Purpose::Augmentation, &[seed]);
            let example = plain().example(truth(64, 48), 32, 1.0, &mut stream);
            let pixels = 32 * 32;
            // Between pixels a level is a mean, and a mask the nearest one's: they may part at an object's four corners.
            let differ = |plane: usize, target: usize| {
                let levels = &example.planes[plane * pixels..][..pixels];
                let masks = &example.targets[target * pixels..][..pixels];
                let pairs = levels.iter().zip(masks);
                pairs
                    .filter(|(level, mask)| (**level > 0.5) != (**mask > 0.5))
                    .count()
            };
            assert!(differ(2, 0) <= 4, "seed {seed}: {} of nuclei", differ(2, 0));
            assert!(differ(0, 1) <= 4, "seed {seed}: {} of cells", differ(0, 1));
        }
    }

    #[test]
    fn a_cell_in_mitosis_says_nothing_of_nuclei() {
        let mut truth = truth(64, 64);
        // A second cell, without a nucleus.
        for at in (0..64 * 64).filter(|at| at % 64 >= 44 && at / 64 >= 44) {
            truth.cells[at] = 2;
        }
        let mut stream = Stream::new(Purpose::Augmentation, &[1]);
        let example = plain().example(truth, 64, 1.0, &mut stream);
        let pixels = 64 * 64;
        let (nuclei, cells) = example.weights[..2 * pixels].split_at(pixels);
        let unknown = nuclei.iter().filter(|weight| **weight == 0.0).count();
        assert_eq!(unknown, 20 * 20);
        assert!(cells.iter().all(|weight| *weight > 0.0));
    }

    #[test]
    fn a_seed_decides_and_numbers_are_finite() {
        let draw = |seed| {
            let mut stream = Stream::new(Purpose::Augmentation, &[seed]);
            wide().example(truth(64, 48), 48, 3.0, &mut stream)
        };
        assert_eq!(draw(1), draw(1));
        let mut examples: Vec<Example> = (0..30).map(draw).collect();
        for example in &examples {
            assert!(example.planes.iter().all(|x| (0.0..=1.5).contains(x)));
            assert_eq!(example.targets.len(), 3 * 48 * 48);
        }
        // Over all of them, each channel but blue is black in some and not in others.
        let pixels = 48 * 48;
        let black = |example: &Example, plane: usize| {
            example.planes[plane * pixels..][..pixels]
                .iter()
                .all(|x| *x == 0.0)
        };
        let red = examples.iter().filter(|one| black(one, 0)).count();
        assert!((1..30).contains(&red), "{red} without red");
        examples.dedup();
        assert_eq!(examples.len(), 30);
    }

    #[test]
    fn ranges_are_checked_by_name() {
        for (change, key) in [
            (
                (|it: &mut MaskedAugmentation| it.scale = [2.0, 1.0])
                    as fn(&mut MaskedAugmentation),
                "augmentation.scale",
            ),
            (|it| it.noise = -0.1, "augmentation.noise"),
            (|it| it.without_red = 1.5, "augmentation.without_red"),
            (|it| it.gain = 0.5, "augmentation.gain"),
            (|it| it.gamma = [f64::NAN, 1.0], "augmentation.gamma"),
        ] {
            let mut changed = plain();
            change(&mut changed);
            let error = changed.check().expect_err("a refusal").to_string();
            assert!(error.contains(key), "{error}");
        }
        plain().check().expect("in range");
        wide().check().expect("in range");
    }
}
