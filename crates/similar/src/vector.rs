//! Feature vectors as bytes: 16-bit floating point, little endian.

use half::f16;

/// The numbers as 16-bit floating point: three digits, a half of the room.
pub fn to_halves(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|&value| f16::from_f32(value).to_le_bytes())
        .collect()
}

/// The numbers that [`to_halves`] wrote. None where a byte is left over or one is no finite number.
pub fn from_halves(bytes: &[u8]) -> Option<Vec<f32>> {
    let (pairs, []) = bytes.as_chunks() else {
        return None;
    };
    let values: Vec<f32> = pairs
        .iter()
        .map(|&pair| f16::from_le_bytes(pair).to_f32())
        .collect();
    values
        .iter()
        .all(|value| value.is_finite())
        .then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_keep_three_digits_and_refuse_what_is_no_number() {
        let values = [0.0, 1.5, -0.333, 1234.0];
        let read = from_halves(&to_halves(&values)).expect("finite");
        for (read, value) in read.iter().zip(values) {
            assert!((read - value).abs() <= 1e-3 * value.abs());
        }
        assert_eq!(from_halves(&[0]), None);
        assert_eq!(from_halves(&to_halves(&[f32::NAN])), None);
        // Beyond what sixteen bits hold.
        assert_eq!(from_halves(&to_halves(&[1e6])), None);
    }
}
