//! Fields whose samples seem to be those of a camera of fewer bits than their files have: a network sees them dark.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cytolens_field::Field;

/// The number of such fields, by the bits of the camera. Threads may share it.
#[derive(Debug, Default)]
pub struct DarkFields(Mutex<BTreeMap<u32, usize>>);

impl DarkFields {
    /// Looks at a field, as it was read.
    pub fn look_at(&self, field: &Field) {
        if let Some(bits) = field.camera_bits() {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(bits).or_default() += 1;
        }
    }

    /// A warning for each number of bits, with the way out.
    pub fn warnings(&self) -> Vec<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let warning = |(bits, fields): (&u32, &usize)| {
            let fields = match fields {
                1 => "1 field of 16 bit uses".to_owned(),
                fields => format!("{fields} fields of 16 bit use"),
            };
            format!(
                "{fields} only the lower {bits}, as cameras of {bits} bit record, and a network sees them dark: --bits {bits} \
                 stretches them"
            )
        };
        counts.iter().map(warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;
    use cytolens_field::{Plane, Samples};

    use super::*;

    #[test]
    fn fields_of_cameras_are_counted_and_others_are_not() {
        let dark = DarkFields::default();
        let plane = |samples| Plane::new(1, 1, samples).expect("a plane");
        let field = |samples| Field::new("x", [(Channel::Green, plane(samples))]).expect("a field");
        for brightest in [4095, 3000, 65535, 0] {
            dark.look_at(&field(Samples::Sixteen(vec![brightest])));
        }
        dark.look_at(&field(Samples::Eight(vec![255])));
        let stretched = field(Samples::Sixteen(vec![4095])).stretched(12);
        dark.look_at(&stretched.expect("12 bits"));
        let [warning] = &dark.warnings()[..] else {
            panic!("one warning, not {:?}", dark.warnings());
        };
        assert!(
            warning.starts_with("2 fields of 16 bit use only the lower 12")
                && warning.contains("--bits 12 "),
            "{warning}"
        );
    }
}
