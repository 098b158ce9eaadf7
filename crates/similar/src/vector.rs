//! Feature vectors: as they are compared, and as bytes, 16-bit floating point, little endian.

use half::f16;

use crate::linear::dot;

/// A feature vector as all here compares it: the direction of its roots, a vector of length 1; of zeros, zeros. A bright field is so
/// no other than a dim one, and no single feature decides. Features are means of what is never negative. docs/similar.md has what
/// it brings.
pub fn direction(vector: &[f32]) -> Vec<f32> {
    let roots: Vec<f32> = vector.iter().map(|value| value.max(0.0).sqrt()).collect();
    let length = dot(&roots, &roots).sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    roots.iter().map(|root| root * scale).collect()
}

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
    fn directions_are_of_length_1_and_no_brighter_than_others() {
        let one = direction(&[4.0, 9.0, 0.0]);
        assert!((dot(&one, &one) - 1.0).abs() < 1e-6);
        assert!((one[1] / one[0] - 1.5).abs() < 1e-6);
        let two = direction(&[8.0, 18.0, 0.0]);
        assert!(one.iter().zip(&two).all(|(a, b)| (a - b).abs() < 1e-6));
        assert_eq!(direction(&[0.0, -1.0]), [0.0, 0.0]);
    }

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
