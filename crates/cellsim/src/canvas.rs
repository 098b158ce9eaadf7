//! A channel's light to draw on: spots, strokes, discs and blurs, all in micrometres.

use crate::geometry::{Point, bell, smooth_step};

/// One channel's light before the optics: `size` by `size` values, about 1 for a bright structure.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub(crate) size: usize,
    /// Pixels a micrometre.
    pub(crate) scale: f32,
    pub(crate) values: Vec<f32>,
}

impl Canvas {
    pub(crate) fn new(size: usize, scale: f32) -> Self {
        Self {
            size,
            scale,
            values: vec![0.0; size * size],
        }
    }

    /// The pixels within `reach` micrometres of a box, as half-open column and row ranges.
    fn window(
        &self,
        low: Point,
        high: Point,
        reach: f32,
    ) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let bound = |value: f32| (value.max(0.0) as usize).min(self.size);
        let low = (low - Point::new(reach, reach)) * self.scale;
        let high = (high + Point::new(reach, reach)) * self.scale;
        (
            bound(low.x)..bound(high.x + 1.0),
            bound(low.y)..bound(high.y + 1.0),
        )
    }

    /// Calls `change` for every pixel near a box with the pixel's value and its place.
    fn paint(
        &mut self,
        low: Point,
        high: Point,
        reach: f32,
        mut change: impl FnMut(&mut f32, Point),
    ) {
        let (columns, rows) = self.window(low, high, reach);
        let pixel = self.scale.recip();
        for row in rows {
            let y = (row as f32 + 0.5) * pixel;
            let line = &mut self.values[row * self.size..][columns.clone()];
            for (value, column) in line.iter_mut().zip(columns.clone()) {
                change(value, Point::new((column as f32 + 0.5) * pixel, y));
            }
        }
    }

    /// The radius that the pixel grid can show, and the factor by which a thinner thing looks fainter.
    fn shown(&self, radius: f32) -> (f32, f32) {
        let least = 0.75 / self.scale;
        if radius < least {
            (least, radius / least)
        } else {
            (radius, 1.0)
        }
    }

    /// Adds a round spot with soft flanks that ends at about twice `radius`.
    pub(crate) fn spot(&mut self, centre: Point, radius: f32, light: f32) {
        let (radius, fainter) = self.shown(radius);
        let light = light * fainter * fainter;
        let reach = radius * 1.9;
        let shrink = (reach * reach).recip();
        self.paint(centre, centre, reach, |value, place| {
            let offset = place - centre;
            let rest = 1.0 - (offset.x * offset.x + offset.y * offset.y) * shrink;
            if rest > 0.0 {
                *value += light * rest * rest * rest;
            }
        });
    }

    /// Adds a soft spot drawn out along a direction: `along` and `across` are its half lengths.
    pub(crate) fn dash(
        &mut self,
        centre: Point,
        direction: Point,
        (along, across): (f32, f32),
        light: f32,
    ) {
        let (along, _) = self.shown(along);
        let (across, fainter) = self.shown(across);
        let reach = 1.5;
        let light = light * fainter;
        self.paint(centre, centre, along.max(across) * reach, |value, place| {
            let offset = place - centre;
            let forward = (offset.x * direction.x + offset.y * direction.y) / along;
            let aside = (offset.x * direction.y - offset.y * direction.x) / across;
            let rest = 1.0 - (forward * forward + aside * aside) / (reach * reach);
            if rest > 0.0 {
                *value += light * rest * rest;
            }
        });
    }

    /// Raises a filled disc to at least `light`, with an edge `soft` wide.
    pub(crate) fn disc(&mut self, centre: Point, radius: f32, soft: f32, light: f32) {
        let soft = soft.max(0.7 / self.scale);
        self.paint(centre, centre, radius + soft, |value, place| {
            let height = light
                * smooth_step(
                    radius + soft / 2.0,
                    radius - soft / 2.0,
                    (place - centre).length(),
                );
            *value = value.max(height);
        });
    }

    /// Adds a ring of a given radius and line width.
    pub(crate) fn ring(&mut self, centre: Point, radius: f32, width: f32, light: f32) {
        let (half, fainter) = self.shown(width / 2.0);
        self.paint(centre, centre, radius + 2.0 * half, |value, place| {
            let gap = ((place - centre).length() - radius) / (2.0 * half);
            let rest = 1.0 - gap * gap;
            if rest > 0.0 {
                *value += light * fainter * rest * rest;
            }
        });
    }

    /// Adds a line through the points, soft across its `width`; `light` gives each segment's brightness.
    pub(crate) fn stroke(
        &mut self,
        points: &[Point],
        width: f32,
        mut light: impl FnMut(usize) -> f32,
    ) {
        let (half, fainter) = self.shown(width / 2.0);
        let reach = half * 1.7;
        let shrink = (reach * reach).recip();
        for (segment, pair) in points.windows(2).enumerate() {
            let (start, way) = (pair[0], pair[1] - pair[0]);
            let squared = way.x * way.x + way.y * way.y;
            if squared <= 0.0 {
                continue;
            }
            let light = light(segment) * fainter;
            let low = Point::new(pair[0].x.min(pair[1].x), pair[0].y.min(pair[1].y));
            let high = Point::new(pair[0].x.max(pair[1].x), pair[0].y.max(pair[1].y));
            let inverse = squared.recip();
            self.paint(low, high, reach, |value, place| {
                let offset = place - start;
                let share = (offset.x * way.x + offset.y * way.y) * inverse;
                // Half open, so that the joint of two segments is drawn once.
                if (0.0..1.0).contains(&share) {
                    let aside = offset.x * way.y - offset.y * way.x;
                    let rest = 1.0 - aside * aside * inverse * shrink;
                    if rest > 0.0 {
                        *value += light * rest * rest;
                    }
                }
            });
        }
    }

    /// A copy blurred by a normal curve of the given deviation, in micrometres.
    pub(crate) fn blurred(&self, deviation: f32) -> Self {
        let mut result = self.clone();
        let pixels = deviation * self.scale;
        if pixels > 2.5 {
            // Two boxes come close enough to a normal curve at a cost that does not grow with it.
            let half = ((pixels * pixels * 6.0 + 1.0).sqrt() * 0.5) as usize;
            for _ in 0..2 {
                result.box_rows(half);
                result.box_columns(half);
            }
        } else if pixels > 0.15 {
            result.convolve(&kernel(pixels));
        }
        result
    }

    /// Convolves both axes with a symmetric kernel given from its centre outwards; edges repeat.
    fn convolve(&mut self, kernel: &[f32]) {
        let size = self.size;
        let reach = kernel.len() - 1;
        let mut padded = vec![0.0; size + 2 * reach];
        for line in self.values.chunks_exact_mut(size) {
            padded[reach..reach + size].copy_from_slice(line);
            padded[..reach].fill(line[0]);
            padded[reach + size..].fill(line[size - 1]);
            for (place, value) in line.iter_mut().enumerate() {
                *value = kernel[0] * padded[place + reach];
            }
            for (offset, weight) in kernel.iter().enumerate().skip(1) {
                let pairs = padded[reach - offset..]
                    .iter()
                    .zip(&padded[reach + offset..]);
                for (value, (left, right)) in line.iter_mut().zip(pairs) {
                    *value += weight * (left + right);
                }
            }
        }
        let source = self.values.clone();
        let row =
            |index: isize| &source[index.clamp(0, size as isize - 1) as usize * size..][..size];
        for (index, line) in self.values.chunks_exact_mut(size).enumerate() {
            line.iter_mut().for_each(|value| *value *= kernel[0]);
            for (offset, weight) in kernel.iter().enumerate().skip(1) {
                let above = row(index as isize - offset as isize);
                let below = row(index as isize + offset as isize);
                for (value, (up, down)) in line.iter_mut().zip(above.iter().zip(below)) {
                    *value += weight * (up + down);
                }
            }
        }
    }

    fn box_rows(&mut self, half: usize) {
        let size = self.size;
        let weight = ((2 * half + 1) as f32).recip();
        let mut source = vec![0.0; size];
        for line in self.values.chunks_exact_mut(size) {
            source.copy_from_slice(line);
            let at = |place: isize| source[place.clamp(0, size as isize - 1) as usize];
            let half = half as isize;
            let mut sum: f32 = (-half..=half).map(at).sum();
            for (place, value) in line.iter_mut().enumerate() {
                *value = sum * weight;
                sum += at(place as isize + half + 1) - at(place as isize - half);
            }
        }
    }

    fn box_columns(&mut self, half: usize) {
        let size = self.size;
        let weight = ((2 * half + 1) as f32).recip();
        let source = self.values.clone();
        let row =
            |index: isize| &source[index.clamp(0, size as isize - 1) as usize * size..][..size];
        let half = half as isize;
        let mut sums = vec![0.0; size];
        for index in -half..=half {
            sums.iter_mut()
                .zip(row(index))
                .for_each(|(sum, value)| *sum += value);
        }
        for (index, line) in self.values.chunks_exact_mut(size).enumerate() {
            let (enters, leaves) = (row(index as isize + half + 1), row(index as isize - half));
            for (((value, sum), enter), leave) in
                line.iter_mut().zip(&mut sums).zip(enters).zip(leaves)
            {
                *value = *sum * weight;
                *sum += enter - leave;
            }
        }
    }
}

/// A normal curve from its centre outwards, of sum 1 over both sides.
fn kernel(deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil().max(1.0) as usize;
    let mut weights: Vec<f32> = (0..=reach)
        .map(|place| bell(place as f32, deviation))
        .collect();
    let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurs_keep_the_light() {
        for deviation in [0.5, 2.0, 8.0] {
            let mut canvas = Canvas::new(128, 1.0);
            canvas.spot(Point::new(64.0, 64.0), 2.0, 1.0);
            let before: f32 = canvas.values.iter().sum();
            let after: f32 = canvas.blurred(deviation).values.iter().sum();
            assert!(
                (after / before - 1.0).abs() < 0.01,
                "{deviation}: {before} {after}"
            );
        }
    }

    #[test]
    fn drawing_outside_is_harmless() {
        let mut canvas = Canvas::new(16, 1.0);
        canvas.spot(Point::new(-9.0, 40.0), 3.0, 1.0);
        canvas.ring(Point::new(-2.0, 4.0), 3.0, 1.0, 1.0);
        canvas.stroke(
            &[Point::new(-5.0, -5.0), Point::new(30.0, 25.0)],
            1.0,
            |_| 1.0,
        );
        assert!(canvas.values.iter().any(|value| *value > 0.0));
    }
}
