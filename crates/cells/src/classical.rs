//! Cells without any network: smoothing, Otsu's threshold, and the same watershed.

use crate::maps::Maps;
use crate::planes::Planes;

/// The standard deviations of the Gaussians that smooth nuclei and cells, as shares of the longer side.
const NUCLEUS_SMOOTHING: f32 = 1.2 / 256.0;
const CELL_SMOOTHING: f32 = 2.0 / 256.0;

/// The least difference between the mean levels of nuclei and of all else. Of 80 real fields the lowest had 0.34, of planes of noise
/// alone the highest 0.08.
const LEAST_CONTRAST: f32 = 0.2;

/// Maps of a field's planes by classical steps: nuclei are what is brighter in the smoothed blue plane than Otsu's threshold;
/// cells what is brighter in the smoothed mean of the others than a threshold found likewise among square roots; and their
/// borders lie where that mean is dark.
pub fn classical(planes: &Planes) -> Maps {
    let (width, height) = (planes.width, planes.height);
    let longest = width.max(height) as f32;
    let nucleus = smoothed(planes.plane(2), width, NUCLEUS_SMOOTHING * longest);
    // Red and yellow fill the cell; green is wherever the protein is.
    let others: Vec<f32> = (0..width * height)
        .map(|at| {
            let [red, green, yellow] = [0, 1, 3].map(|plane| planes.plane(plane)[at]);
            (2.0 * red + green + 2.0 * yellow) / 5.0
        })
        .collect();
    let filled: Vec<f32> = smoothed(&others, width, CELL_SMOOTHING * longest)
        .into_iter()
        .map(f32::sqrt)
        .collect();
    let brightest = filled.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let over = |values: &[f32]| -> Vec<f32> {
        let threshold = otsu(values);
        values
            .iter()
            .map(|&value| f32::from(u8::from(value > threshold)))
            .collect()
    };
    let mut nuclei = over(&nucleus);
    if contrast(&nucleus, &nuclei) < LEAST_CONTRAST {
        nuclei.fill(0.0);
    }
    Maps {
        width,
        height,
        nucleus: nuclei,
        cell: over(&filled),
        // Below one half: nothing is certainly a border.
        edge: filled
            .iter()
            .map(|value| 0.49 * (1.0 - value / brightest))
            .collect(),
    }
}

/// The difference between the mean values where a mask is 1 and where it is 0; 0 where it is the same everywhere.
fn contrast(values: &[f32], mask: &[f32]) -> f32 {
    let inside: f32 = mask.iter().sum();
    let outside = mask.len() as f32 - inside;
    if inside == 0.0 || outside == 0.0 {
        return 0.0;
    }
    let sum: f32 = values.iter().sum();
    let within: f32 = values
        .iter()
        .zip(mask)
        .map(|(value, mask)| value * mask)
        .sum();
    within / inside - (sum - within) / outside
}

/// Otsu's threshold ("A Threshold Selection Method from Gray-Level Histograms", IEEE Transactions on Systems, Man, and
/// Cybernetics 1979): the one that divides values into two classes whose means differ most. Infinite for values that are all
/// the same.
fn otsu(values: &[f32]) -> f32 {
    const BINS: usize = 256;
    let lowest = values.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if highest <= lowest {
        return f32::INFINITY;
    }
    let unit = (highest - lowest) / BINS as f32;
    let mut counts = [0_u32; BINS];
    for value in values {
        counts[(((value - lowest) / unit) as usize).min(BINS - 1)] += 1;
    }
    let total: f64 = values.len() as f64;
    let all: f64 = (0..)
        .zip(counts)
        .map(|(bin, count)| f64::from(bin) * f64::from(count))
        .sum();
    let (mut below, mut sum) = (0.0, 0.0);
    // Bins without values between the classes are equally good: the threshold lies in their middle.
    let (mut best, mut bins) = (f64::NEG_INFINITY, [0; 2]);
    for (bin, count) in (0..BINS - 1).zip(counts) {
        below += f64::from(count);
        sum += bin as f64 * f64::from(count);
        let above = total - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let difference = sum / below - (all - sum) / above;
        let between = below * above * difference * difference;
        if between > best {
            (best, bins) = (between, [bin; 2]);
        } else if count == 0 && bins[1] + 1 == bin {
            bins[1] = bin;
        }
    }
    lowest + ((bins[0] + bins[1]) as f32 / 2.0 + 1.0) * unit
}

/// Values smoothed by a Gaussian; beyond the image they are those at its border.
fn smoothed(values: &[f32], width: usize, deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as usize;
    let mut weights: Vec<f32> = (0..=2 * reach)
        .map(|place| (-((place as f32 - reach as f32) / deviation).powi(2) / 2.0).exp())
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let height = values.len() / width;
    let along = |values: &[f32], length: usize, at: &dyn Fn(usize, usize) -> usize| {
        let lines = values.len() / length;
        let mut out = vec![0.0; values.len()];
        for line in 0..lines {
            for place in 0..length {
                out[at(line, place)] = weights
                    .iter()
                    .enumerate()
                    .map(|(step, weight)| {
                        let from = (place + step).saturating_sub(reach).min(length - 1);
                        weight * values[at(line, from)]
                    })
                    .sum();
            }
        }
        out
    };
    let across = along(values, width, &|line, place| line * width + place);
    along(&across, height, &|line, place| place * width + line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, instances};

    #[test]
    fn otsu_divides_two_classes() {
        let values: Vec<f32> = (0..1000)
            .map(|at| {
                let noise = (at * 7919 % 101) as f32 / 1010.0;
                if at % 5 == 0 {
                    0.8 + noise
                } else {
                    0.1 + noise
                }
            })
            .collect();
        let threshold = otsu(&values);
        assert!((0.2..0.8).contains(&threshold), "{threshold}");
        assert_eq!(otsu(&[0.3; 5]), f32::INFINITY);
    }

    #[test]
    fn noise_has_no_nuclei() {
        for side in [128, 256] {
            let noise: Vec<f32> = (0..side * side)
                .map(|at: usize| (at.wrapping_mul(2_654_435_761) >> 12 & 255) as f32 / 255.0)
                .collect();
            let planes = Planes {
                width: side,
                height: side,
                values: noise.repeat(4),
            };
            let cells = instances(&classical(&planes), &Options::default());
            assert_eq!(cells.list().len(), 0, "a side of {side}");
        }
    }

    #[test]
    fn smoothing_keeps_the_sum_and_flat_places() {
        let mut values = vec![0.0; 21 * 15];
        values[7 * 21 + 10] = 1.0;
        let smooth = smoothed(&values, 21, 1.2);
        assert!((smooth.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        let flat = smoothed(&[0.4; 35], 7, 2.0);
        assert!(flat.iter().all(|value| (value - 0.4).abs() < 1e-5));
    }

    #[test]
    fn discs_are_found_and_an_empty_field_has_none() {
        let side = 128;
        let centres = [(40.0_f32, 40.0_f32), (85.0, 45.0), (60.0, 95.0)];
        let value = |radius: f32, level: f32| -> Vec<f32> {
            let places = (0..side * side).map(|at| ((at % side) as f32, (at / side) as f32));
            places
                .map(|(x, y)| {
                    let near = |&(cx, cy): &(f32, f32)| (x - cx).hypot(y - cy) < radius;
                    if centres.iter().any(near) {
                        level
                    } else {
                        0.02
                    }
                })
                .collect()
        };
        let dark = vec![0.0; side * side];
        let planes = Planes {
            width: side,
            height: side,
            values: [
                value(20.0, 0.7),
                dark.clone(),
                value(9.0, 0.9),
                value(20.0, 0.6),
            ]
            .concat(),
        };
        let cells = instances(&classical(&planes), &Options::default());
        assert_eq!(cells.list().len(), 3);
        for (cell, nucleus) in cells
            .list()
            .iter()
            .map(|cell| (cell.area, cell.nucleus_area))
        {
            assert!((1000..1700).contains(&cell), "{cell} px");
            assert!((180..360).contains(&nucleus), "{nucleus} px");
        }
        let planes = Planes {
            width: side,
            height: side,
            values: dark.repeat(4),
        };
        let cells = instances(&classical(&planes), &Options::default());
        assert_eq!(cells.list().len(), 0);
    }
}
