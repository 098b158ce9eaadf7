//! The radially averaged power spectrum of a channel: its amount of fine and coarse structure.
//!
//! A plane is scaled to shares of its brightest level, its mean is subtracted, and a Hann window in
//! both directions fades its edges, which would else appear as structure of their own. The power at a
//! frequency is the squared Fourier coefficient over the window's summed squares, so that its mean
//! over all frequencies is the plane's (windowed) variance. It is averaged over rings one cycle a
//! shorter side wide, up to half a cycle a pixel, and over fields by the geometric mean, because
//! fields differ in brightness by orders of magnitude. Fields of different sizes are never mixed.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use cytolens_core::Channel;
use cytolens_field::{Plane, Samples};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex32;
use serde::Serialize;

/// The largest side of the measured square at a field's centre, in pixels: transforms need memory.
pub const LARGEST_SIDE: u32 = 2048;

/// The frequencies in tables, in cycles a pixel: structures of 50, 20, 10, 5 and 2.5 px.
pub const TABLE_FREQUENCIES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];

/// A power below that of rounding, to keep logarithms finite.
const LEAST_POWER: f64 = 1e-20;

/// The radially averaged power of two planes of one size: of ring 1, one cycle a shorter side, to
/// ring `shorter side / 2`.
///
/// Both go through one transform, one as its real and one as its imaginary part; the even and the odd part of the result separate
/// them.
pub fn power(a: &Plane, b: &Plane) -> [Vec<f64>; 2] {
    let (width, height) = (
        a.width().min(LARGEST_SIDE) as usize,
        a.height().min(LARGEST_SIDE) as usize,
    );
    let (across, down) = (hann(width), hann(height));
    let (a, b) = (windowed(a, &across, &down), windowed(b, &across, &down));
    let mut grid: Vec<Complex32> = a
        .into_iter()
        .zip(b)
        .map(|(re, im)| Complex32 { re, im })
        .collect();
    let mut planner = FftPlanner::new();
    planner.plan_fft_forward(width).process(&mut grid);
    let mut grid = transposed(&grid, width);
    planner.plan_fft_forward(height).process(&mut grid);

    let squares = |window: &[f32]| -> f64 { window.iter().map(|w| f64::from(w * w)).sum() };
    let scale = 1.0 / (squares(&across) * squares(&down));
    let side = width.min(height);
    let mut sums = vec![([0.0_f64; 2], 0_u32); side / 2 + 1];
    for x in 0..width {
        let frequency_x = cycles(x, width);
        for y in 0..height {
            let radius = frequency_x.hypot(cycles(y, height)) * side as f32;
            let Some((powers, count)) = sums.get_mut((radius + 0.5) as usize) else {
                continue;
            };
            let here = grid[x * height + y];
            let there = grid[(width - x) % width * height + (height - y) % height].conj();
            powers[0] += f64::from((here + there).norm_sqr()) / 4.0;
            powers[1] += f64::from((here - there).norm_sqr()) / 4.0;
            *count += 1;
        }
    }
    [0, 1].map(|plane| {
        let rings = sums.iter().skip(1);
        rings
            .map(|(powers, count)| powers[plane] * scale / f64::from(*count))
            .collect()
    })
}

/// The Hann window, which rises from almost 0 at the edges to 1 in the middle.
fn hann(length: usize) -> Vec<f32> {
    let at = |index: usize| (PI * (index as f64 + 0.5) / length as f64).sin().powi(2) as f32;
    (0..length).map(at).collect()
}

/// The centre of a plane as shares of its brightest level, less their mean, times the window.
fn windowed(plane: &Plane, across: &[f32], down: &[f32]) -> Vec<f32> {
    let row = plane.width() as usize;
    let left = (row - across.len()) / 2;
    let top = (plane.height() as usize - down.len()) / 2;
    let rows = (top..top + down.len()).map(|y| y * row + left..y * row + left + across.len());
    let mut values: Vec<f32> = match plane.samples() {
        Samples::Eight(samples) => rows
            .flat_map(|row| &samples[row])
            .map(|value| f32::from(*value) / f32::from(u8::MAX))
            .collect(),
        Samples::Sixteen(samples) => rows
            .flat_map(|row| &samples[row])
            .map(|value| f32::from(*value) / f32::from(u16::MAX))
            .collect(),
    };
    // The weighted mean, so that none of it remains at the lowest frequencies.
    let (mut sum, mut weights) = (0.0_f64, 0.0_f64);
    for (row, weight_y) in values.chunks_exact(across.len()).zip(down) {
        for (value, weight_x) in row.iter().zip(across) {
            let weight = f64::from(weight_x * weight_y);
            sum += f64::from(*value) * weight;
            weights += weight;
        }
    }
    let mean = (sum / weights) as f32;
    for (row, weight_y) in values.chunks_exact_mut(across.len()).zip(down) {
        for (value, weight_x) in row.iter_mut().zip(across) {
            *value = (*value - mean) * weight_x * weight_y;
        }
    }
    values
}

/// Transposes the grid, in blocks that fit into the processor's cache.
fn transposed(grid: &[Complex32], width: usize) -> Vec<Complex32> {
    const BLOCK: usize = 16;
    let height = grid.len() / width;
    let mut turned = vec![Complex32::default(); grid.len()];
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(height) {
                for x in left..(left + BLOCK).min(width) {
                    turned[x * height + y] = grid[y * width + x];
                }
            }
        }
    }
    turned
}

/// The frequency of a coefficient, from 0 to half a cycle a pixel.
fn cycles(index: usize, length: usize) -> f32 {
    index.min(length - index) as f32 / length as f32
}

/// The sums of the channels' spectra over fields of one size.
#[derive(Debug, Clone, Default)]
pub struct SpectrumSum(BTreeMap<Channel, (usize, Vec<f64>)>);

/// The mean spectrum of a channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spectrum {
    /// The number of fields.
    pub fields: usize,
    /// The width of a ring in cycles a pixel.
    pub ring: f64,
    /// The power of the rings from 1 on, in squared shares of the brightest level.
    pub power: Vec<f64>,
}

impl SpectrumSum {
    /// Adds the [`power`] of a field's plane.
    pub fn add(&mut self, channel: Channel, power: &[f64]) {
        let (fields, logarithms) = self
            .0
            .entry(channel)
            .or_insert_with(|| (0, vec![0.0; power.len()]));
        *fields += 1;
        for (sum, power) in logarithms.iter_mut().zip(power) {
            *sum += power.max(LEAST_POWER).ln();
        }
    }

    /// The mean spectrum of each channel; `side` is the fields' shorter side in pixels.
    pub fn means(&self, side: u32) -> BTreeMap<Channel, Spectrum> {
        let mean = |(fields, logarithms): &(usize, Vec<f64>)| Spectrum {
            fields: *fields,
            ring: 1.0 / f64::from(side.min(LARGEST_SIDE)),
            power: logarithms
                .iter()
                .map(|sum| (sum / *fields as f64).exp())
                .collect(),
        };
        self.0
            .iter()
            .map(|(channel, sum)| (*channel, mean(sum)))
            .collect()
    }
}

impl Spectrum {
    /// The frequency in cycles a pixel and the power of each ring.
    pub fn points(&self) -> Vec<(f64, f64)> {
        let frequencies = (1..).map(|ring| f64::from(ring) * self.ring);
        frequencies.zip(self.power.iter().copied()).collect()
    }

    /// The power at a frequency, interpolated between rings linearly in logarithms; none beyond them.
    pub fn at(&self, frequency: f64) -> Option<f64> {
        let ring = frequency / self.ring - 1.0;
        // A frequency on the last ring must not miss it by rounding.
        let ring = ring.min(self.power.len() as f64 - 1.0 + 1e-9);
        let (lower, part) = (ring.floor(), ring - ring.floor());
        if ring < 0.0 || frequency > 0.5 {
            return None;
        }
        let here = *self.power.get(lower as usize)?;
        match self.power.get(lower as usize + 1) {
            Some(next) => Some((here.ln() * (1.0 - part) + next.ln() * part).exp()),
            None => Some(here),
        }
    }
}

/// The distance of two spectra, in decibels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SpectralDistance {
    /// The mean difference, first less second: a difference of brightness or contrast at all frequencies.
    pub level: f64,
    /// The standard deviation of the difference: a difference of sharpness, coarseness or noise.
    pub shape: f64,
    /// The log-spectral distance, the root of the mean squared difference.
    pub total: f64,
}

/// Computes the distance at 64 frequencies, a constant ratio apart, from the lowest that both have to half a cycle a pixel.
pub fn distance(first: &Spectrum, second: &Spectrum) -> Option<SpectralDistance> {
    const POINTS: u32 = 64;
    let lowest = first.ring.max(second.ring);
    let differences: Vec<f64> = (0..POINTS)
        .map(|point| lowest * (0.5 / lowest).powf(f64::from(point) / f64::from(POINTS - 1)))
        .filter_map(|frequency| Some(decibels(first.at(frequency)?, second.at(frequency)?)))
        .collect();
    if differences.is_empty() {
        return None;
    }
    let count = differences.len() as f64;
    let level = differences.iter().sum::<f64>() / count;
    let squares = differences.iter().map(|d| d * d).sum::<f64>() / count;
    Some(SpectralDistance {
        level,
        shape: (squares - level * level).max(0.0).sqrt(),
        total: squares.sqrt(),
    })
}

/// The ratio of two powers in decibels.
pub fn decibels(first: f64, second: f64) -> f64 {
    10.0 * (first / second).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: u32, height: u32, value: impl Fn(f64, f64) -> f64) -> Plane {
        let values = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| (value(f64::from(x), f64::from(y)) * 65_535.0) as u16)
            .collect();
        Plane::new(width, height, Samples::Sixteen(values)).expect("as many as pixels")
    }

    fn peak(power: &[f64]) -> usize {
        let highest = power.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        highest.map_or(0, |(ring, _)| ring + 1)
    }

    #[test]
    fn a_wave_peaks_at_its_own_frequency_and_the_pair_stays_apart() {
        let wave = |angle: f64| 0.5 + 0.4 * (2.0 * PI * angle).sin();
        // 16 cycles across 128 px; 24 cycles along a diagonal: 3-4-5.
        let first = plane(128, 128, |x, _| wave(16.0 * x / 128.0));
        let second = plane(128, 128, |x, y| wave((24.0 * x + 32.0 * y) / 128.0));
        let [first, second] = power(&first, &second);
        assert_eq!((peak(&first), peak(&second)), (16, 40));
        assert_eq!(first.len(), 64);
        assert!(
            first[39] < first[15] * 1e-6,
            "the other's wave does not leak in"
        );
    }

    #[test]
    fn frequencies_are_cycles_a_pixel_whatever_the_shape() {
        let wide = plane(256, 64, |x, _| 0.5 + 0.4 * (2.0 * PI * 0.25 * x).sin());
        let [power, _] = power(&wide, &wide);
        assert_eq!(
            (power.len(), peak(&power)),
            (32, 16),
            "0.25 is ring 16 of 64"
        );
    }

    #[test]
    fn the_mean_power_is_the_variance() {
        // Noise has the same power everywhere: its variance.
        let noise = plane(128, 128, |x, y| {
            let hash = (x * 12.9898 + y * 78.233).sin() * 43_758.545;
            hash - hash.floor()
        });
        let [power, _] = power(&noise, &noise);
        let mean = power.iter().skip(4).sum::<f64>() / (power.len() - 4) as f64;
        assert!(
            (mean * 12.0 - 1.0).abs() < 0.05,
            "evenly spread: 1/12, not {mean}"
        );
    }

    #[test]
    fn a_large_field_is_measured_in_its_middle() {
        let side = LARGEST_SIDE + 64;
        let large = plane(side, side, |x, _| 0.5 + 0.4 * (2.0 * PI * 0.25 * x).sin());
        let [power, _] = power(&large, &large);
        assert_eq!(power.len() as u32, LARGEST_SIDE / 2);
        assert_eq!(peak(&power) as u32, LARGEST_SIDE / 4);
    }

    #[test]
    fn distances_tell_level_from_shape() {
        let spectrum = |power: Vec<f64>| Spectrum {
            fields: 1,
            ring: 0.05,
            power,
        };
        let flat = spectrum(vec![1.0; 10]);
        let bright = spectrum(vec![10.0; 10]);
        let level = distance(&bright, &flat).expect("the same rings");
        assert!((level.level - 10.0).abs() < 1e-9 && level.shape < 1e-6);
        assert!((level.total - 10.0).abs() < 1e-9);
        let steep = spectrum((1..=10).map(|ring| 1.0 / f64::from(ring)).collect());
        assert!(distance(&steep, &flat).expect("the same rings").shape > 1.0);
        assert_eq!(steep.at(0.05), Some(1.0));
        assert!((steep.at(0.5).expect("the last ring") - 0.1).abs() < 1e-9);
        assert_eq!(steep.at(0.01), None);
        assert_eq!(steep.at(0.6), None);
    }

    #[test]
    fn fields_count_alike_however_bright() {
        let mut sum = SpectrumSum::default();
        sum.add(Channel::Green, &[1.0, 4.0]);
        sum.add(Channel::Green, &[100.0, 4.0]);
        let means = sum.means(4);
        let green = &means[&Channel::Green];
        assert_eq!((green.fields, green.ring), (2, 0.25));
        assert!((green.power[0] - 10.0).abs() < 1e-9 && (green.power[1] - 4.0).abs() < 1e-9);
    }
}
