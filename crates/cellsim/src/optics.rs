//! The microscope, from light to pixels: focus, point spread, stray light, uneven illumination, exposure, shot and read noise.

use std::sync::OnceLock;

use crate::canvas::Canvas;
use crate::geometry::Point;
use crate::random::FieldStream;
use crate::scene::Scene;
use crate::settings::Settings;

/// The least photons in the brightest pixels: a field with fewer would not have been kept.
const LEAST_PHOTONS: f32 = 9.0;

/// The highest grey value of bright structures.
const MOST_BRIGHT: f32 = 245.0;

/// The share of fields that went wrong: nearly black, or far out of focus. Their labels are true all the same.
const RUINED: f32 = 0.02;

/// The exposure of a channel's images.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exposure {
    /// The grey value that bright structures reach, and the spread of its logarithm from field to field.
    pub(crate) bright: (f32, f32),
    /// The share of fields in which bright structures may go beyond the detector's range.
    pub(crate) over: f32,
    /// The least light that comes out bright: a fainter field stays dark, as where no protein is.
    pub(crate) least: f32,
    /// Photons that make a pixel of full brightness, and the spread of the logarithm.
    pub(crate) photons: (f32, f32),
}

/// The microscope's state for all channels of one field.
#[derive(Debug)]
pub(crate) struct Microscope {
    /// Deviation of the point spread, in micrometres.
    spread: f32,
    /// The centre of the illumination, as a share of the field, and how fast it falls off from there.
    centre: Point,
    fall: f32,
    tilt: Point,
    /// The defocus of each pixel, 0 to 1; `None` where all cells are in focus.
    defocus: Option<Canvas>,
    /// The share of its light that reaches the image: less than all in ruined fields.
    dimmed: f32,
}

impl Microscope {
    pub(crate) fn new(scene: &Scene, settings: &Settings, stream: &mut FieldStream) -> Self {
        let soft = stream.chance(0.12 * settings.defocus);
        let missed = stream.chance(RUINED * settings.defocus);
        let black = stream.chance(RUINED * settings.variation);
        let spread = if missed {
            stream.between(0.6, 1.5)
        } else if soft {
            stream.between(0.25, 0.5)
        } else {
            stream.between(0.07, 0.12)
        };
        let uneven = settings.variation;
        let defocus = scene
            .cells()
            .iter()
            .any(|cell| cell.defocus > 0.0)
            .then(|| {
                let mut defocus = scene.canvas();
                for (value, owner) in defocus.values.iter_mut().zip(&scene.territory.owner) {
                    if *owner > 0 {
                        *value = scene.cells()[usize::from(*owner) - 1].defocus;
                    }
                }
                defocus.blurred(1.2)
            });
        Self {
            spread,
            centre: Point::new(stream.between(0.35, 0.65), stream.between(0.35, 0.65)),
            fall: stream.between(0.0, 0.5) * uneven,
            tilt: Point::at_angle(stream.angle()) * (stream.between(0.0, 0.25) * uneven),
            defocus,
            dimmed: match (black, missed) {
                (true, _) => stream.between(0.05, 0.3),
                (_, true) => stream.between(0.4, 1.0),
                _ => 1.0,
            },
        }
    }

    /// Images one channel: 8 bits a pixel, row by row.
    pub(crate) fn expose(
        &self,
        mut light: Canvas,
        exposure: Exposure,
        settings: &Settings,
        stream: &mut FieldStream,
    ) -> Vec<u8> {
        if let Some(defocus) = &self.defocus {
            let blurred = light.blurred(1.1);
            for ((value, soft), share) in light
                .values
                .iter_mut()
                .zip(&blurred.values)
                .zip(&defocus.values)
            {
                *value += (soft - *value) * share;
            }
        }
        light = light.blurred(self.spread);
        let stray = stream.between(0.02, 0.1);
        let wide = light.blurred(stream.between(1.5, 4.0));
        light
            .values
            .iter_mut()
            .zip(&wide.values)
            .for_each(|(value, wide)| *value += stray * wide);

        let (median, spread) = exposure.bright;
        // Exposures are mostly chosen so that little is saturated.
        let most = if stream.chance(exposure.over * settings.variation) {
            MOST_BRIGHT * stream.between(1.0, 2.6)
        } else {
            MOST_BRIGHT
        };
        let bright =
            stream.around(median, spread * settings.variation).min(most) * self.dimmed / 255.0;
        let gain = bright / brightest(&light.values).max(exposure.least);
        let photons = stream
            .around(exposure.photons.0, exposure.photons.1 * settings.variation)
            .max(LEAST_PHOTONS)
            / settings.noise.max(1e-3);
        let read = stream.between(0.4, 1.8) * settings.noise / 255.0;
        // The detector's offset is set so that empty glass reads as black, or nearly.
        let black = stream.between(-1.5, 2.5) / 255.0 + read;
        let detector = Detector {
            photons,
            read,
            black,
        };
        let size = light.size;
        let mut pixels = Vec::with_capacity(size * size);
        for (row, line) in light.values.chunks_exact(size).enumerate() {
            let y = row as f32 / size as f32 - self.centre.y;
            for (column, value) in line.iter().enumerate() {
                let x = column as f32 / size as f32 - self.centre.x;
                let lit = (1.0 - self.fall * (x * x + y * y) + self.tilt.x * x + self.tilt.y * y)
                    .max(0.2);
                // The cast stops at 0 and 255.
                pixels.push((detector.read(value * gain * lit, stream) * 255.0 + 0.5) as u8);
            }
        }
        pixels
    }
}

/// The light of a field's bright structures: nearly the greatest, but small bright specks count only in part.
fn brightest(values: &[f32]) -> f32 {
    let greatest = values.iter().copied().fold(0.0, f32::max);
    if greatest <= 0.0 {
        return 0.0;
    }
    const STEPS: usize = 2048;
    let mut counts = [0_u32; STEPS];
    let factor = (STEPS - 1) as f32 / greatest;
    values
        .iter()
        .for_each(|value| counts[(value * factor) as usize] += 1);
    let quantile = |share: f32| {
        let mut rest = (values.len() as f32 * share) as u32;
        let mut step = STEPS - 1;
        while step > 0 && counts[step] <= rest {
            rest -= counts[step];
            step -= 1;
        }
        (step as f32 + 1.0) / factor
    };
    quantile(0.004).max(0.5 * quantile(0.0004))
}

/// A detector that counts photons and adds its own noise.
struct Detector {
    photons: f32,
    read: f32,
    black: f32,
}

impl Detector {
    fn read(&self, light: f32, stream: &mut FieldStream) -> f32 {
        let bits = stream.bits();
        let noise = self.read * normal_of(bits) - self.black;
        let expected = light * self.photons;
        // Less than one photon in a thousand pixels is none.
        if expected < 1e-3 {
            return noise;
        }
        let counted = if expected < 9.0 {
            poisson(expected, (bits >> 40) as f32 / (1_u64 << 24) as f32)
        } else {
            expected + expected.sqrt() * normal_of(bits >> 20)
        };
        counted / self.photons + noise
    }
}

/// The Poisson count at a quantile, by adding up the probabilities.
fn poisson(mean: f32, quantile: f32) -> f32 {
    const MOST: usize = 48;
    // A division at every step would cost as much as all else in this file.
    static INVERSES: [f32; MOST] = {
        let mut inverses = [0.0; MOST];
        let mut count = 0;
        while count < MOST {
            inverses[count] = 1.0 / (count + 1) as f32;
            count += 1;
        }
        inverses
    };
    let mut probability = (-mean).exp();
    let mut sum = probability;
    let mut count = 0;
    while quantile > sum && count < MOST {
        probability *= mean * INVERSES[count];
        sum += probability;
        count += 1;
    }
    count as f32
}

/// A normal number from twelve bits, by a table of quantiles.
fn normal_of(bits: u64) -> f32 {
    const STEPS: usize = 4096;
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        // The quantiles are those of a finely summed normal curve.
        let (mut place, mut sum, step) = (-4.0_f64, 0.0, 1e-4);
        (0..STEPS)
            .map(|rank| {
                let share = (rank as f64 + 0.5) / STEPS as f64;
                while sum < share {
                    sum += step * (-0.5 * place * place).exp() / std::f64::consts::TAU.sqrt();
                    place += step;
                }
                place as f32
            })
            .collect()
    });
    table[(bits as usize) % STEPS]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{FieldPurpose, FieldSeed};

    #[test]
    fn the_detector_keeps_mean_and_variance() {
        let mut stream = FieldSeed { seed: 1, index: 2 }.stream(FieldPurpose::Optics(0), 0);
        for light in [0.02_f32, 0.2, 1.0] {
            let detector = Detector {
                photons: 60.0,
                read: 0.0,
                black: 0.0,
            };
            let values: Vec<f32> = (0..40_000)
                .map(|_| detector.read(light, &mut stream))
                .collect();
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let variance = values
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f32>()
                / values.len() as f32;
            // Five deviations of the mean, and five per cent of the variance.
            assert!(
                (mean - light).abs() < 5.0 * (light / 60.0 / 40_000.0).sqrt() + 1e-4,
                "{light} {mean}"
            );
            assert!(
                (variance / (light / 60.0) - 1.0).abs() < 0.05,
                "{light} {variance}"
            );
        }
    }
}
