//! The scales of axes, their ticks, and the formatting of numbers.

/// The scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// A linear scale.
    Linear {
        /// The value at the axis's start.
        low: f64,
        /// The value at the axis's end.
        high: f64,
    },
    /// A logarithmic scale.
    Logarithmic {
        /// The value at the axis's start, over 0.
        low: f64,
        /// The value at the axis's end.
        high: f64,
    },
}

impl Scale {
    /// Makes a logarithmic scale of whole decades for the values over 0, at most `decades` of them down from the highest; from 0.1
    /// to 1 where there is no such value.
    pub(crate) fn decades(values: impl IntoIterator<Item = f64>, decades: i32) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.into_iter().filter(|value| *value > 0.0) {
            (low, high) = (low.min(value), high.max(value));
        }
        if high == 0.0 {
            (low, high) = (0.1, 1.0);
        }
        let top = high.log10().ceil() as i32;
        let bottom = (low.log10().floor() as i32).clamp(top - decades, top - 1);
        Self::Logarithmic {
            low: 10_f64.powi(bottom),
            high: 10_f64.powi(top),
        }
    }

    /// Makes a linear scale from 0 to a round number at or over the highest value.
    pub fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let highest = values.into_iter().fold(0.0, f64::max);
        let highest = if highest > 0.0 { highest } else { 1.0 };
        let step = round_step(highest / 5.0);
        Self::Linear {
            low: 0.0,
            high: (highest / step).ceil() * step,
        }
    }

    /// The place of a value along the axis, from 0 at the start to 1 at the end, clamped.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match *self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Logarithmic { low, .. } if value <= low => 0.0,
            Self::Logarithmic { low, high } => (value / low).ln() / (high / low).ln(),
        };
        place.clamp(0.0, 1.0)
    }

    /// The values of ticks, at most eight round numbers, with their texts.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        match *self {
            Self::Linear { low, high } => {
                let step = round_step((high - low) / 6.0);
                let decimals = (-step.log10().floor()).max(0.0) as usize;
                let first = (low / step - 1e-9).ceil() as i64;
                let last = (high / step + 1e-9).floor() as i64;
                (first..=last)
                    .map(|index| {
                        let value = index as f64 * step;
                        (value, minus(format!("{value:.decimals$}")))
                    })
                    .collect()
            }
            Self::Logarithmic { low, high } => {
                let first = (low.log10() - 1e-9).ceil() as i32;
                let last = (high.log10() + 1e-9).floor() as i32;
                let every = ((last - first) / 7 + 1) as usize;
                let mut ticks: Vec<(f64, String)> = (first..=last)
                    .rev()
                    .step_by(every)
                    .map(|exponent| (10_f64.powi(exponent), power_of_ten(exponent)))
                    .collect();
                // Less than two whole decades have too few powers of ten.
                if last - first < 2 {
                    for decade in first - 1..=last {
                        for factor in [2.0, 5.0] {
                            let value = factor * 10_f64.powi(decade);
                            if (low..=high).contains(&value) {
                                ticks.push((value, trimmed(&number(value)).to_owned()));
                            }
                        }
                    }
                }
                ticks
            }
        }
    }
}

/// The least of 1, 2 and 5 times a power of ten at or over `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * decade)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * decade)
}

/// Formats a number to three significant digits: `1,234`, `0.0510`, `3.10 × 10⁻⁵`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size >= 999.5 {
        let digits = count(size.round() as u64);
        if value < 0.0 {
            format!("−{digits}")
        } else {
            digits
        }
    } else if size >= 0.001 {
        let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
        minus(format!("{value:.decimals$}"))
    } else {
        let exponent = size.log10().floor() as i32;
        let factor = value / 10_f64.powi(exponent);
        minus(format!("{factor:.2} × 10{}", superscript(exponent)))
    }
}

/// Formats a number to two decimals: `0.48`, `−0.05`.
pub(crate) fn hundredths(value: f64) -> String {
    // Zero after rounding has no sign.
    let value = if value.abs() < 0.005 { 0.0 } else { value };
    minus(format!("{value:.2}"))
}

/// Formats a whole number with thousands separators: `31,072`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a share as percent: `41 %`, `3.5 %`, `1 %`, `0.04 %`.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    let decimals = match value.abs() {
        size if size >= 9.95 || size == 0.0 => 0,
        size if size >= 0.995 => 1,
        _ => 2,
    };
    // A no-break space.
    minus(format!(
        "{}\u{a0}%",
        trimmed(&format!("{value:.decimals$}"))
    ))
}

fn power_of_ten(exponent: i32) -> String {
    match exponent {
        0..=5 => count(10_u64.pow(exponent.unsigned_abs())),
        -3..0 => trimmed(&number(10_f64.powi(exponent))).to_owned(),
        _ => format!("10{}", superscript(exponent)),
    }
}

fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = exponent.to_string();
    text.bytes()
        .map(|byte| match byte {
            b'-' => '⁻',
            digit => DIGITS[usize::from(digit - b'0')],
        })
        .collect()
}

/// Trims the zeros at a fraction's end.
fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// Replaces a hyphen by a minus sign.
fn minus(text: String) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_differences_or_ratios_and_stay_on_the_axis() {
        let linear = Scale::Linear {
            low: 1.0,
            high: 3.0,
        };
        assert_eq!(linear.place(1.5), 0.25);
        assert_eq!(linear.place(9.0), 1.0);
        let logarithmic = Scale::Logarithmic {
            low: 0.01,
            high: 100.0,
        };
        assert!((logarithmic.place(1.0) - 0.5).abs() < 1e-12);
        assert_eq!(logarithmic.place(0.0), 0.0, "zero has no logarithm");
    }

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        let texts = |scale: Scale| -> Vec<String> {
            scale.ticks().into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(
            texts(Scale::from_zero([0.3, 0.9])),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            texts(Scale::decades([0.00004, 7.0], 9)),
            ["10", "1", "0.1", "0.01", "0.001", "10⁻⁴", "10⁻⁵"]
        );
        assert_eq!(texts(Scale::decades([], 9)), ["1", "0.1", "0.2", "0.5"]);
        let few = Scale::decades([1e-12, 1.0], 4);
        assert_eq!(few.place(1e-12), 0.0, "what is below lies on the axis");
    }

    #[test]
    fn numbers_keep_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (31_072.4, "31,072"),
            (-0.25, "−0.250"),
            (0.051_23, "0.0512"),
            (0.000_031, "3.10 × 10⁻⁵"),
            (12.0, "12.0"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(hundredths(-0.001), "0.00");
        assert_eq!(percent(0.01), "1\u{a0}%");
        assert_eq!(percent(0.4149), "41\u{a0}%");
        assert_eq!(percent(0.000_354), "0.04\u{a0}%");
    }
}
