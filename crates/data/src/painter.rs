//! What a network that paints a channel learns: examples of fields that have all of the channels.

use anyhow::Result;
use cytolens_cells::Planes;
use cytolens_cells::painter::Painting;
use cytolens_field::described;
use serde::{Deserialize, Serialize};

use crate::examples::{Example, Examples};
use crate::fault::Fault;
use crate::files::FieldOnDisk;
use crate::masked::MaskedAugmentation;
use crate::masked::augmentation::Window;
use crate::random::Stream;

/// The ranges of augmentation: a recipe's table `[augmentation]`. Fields are also turned and mirrored. All but `scale` changes the
/// channels that are read and leaves the painted one as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PainterAugmentation {
    /// The magnification, from and to.
    pub scale: [f64; 2],
    /// The exponent of each channel's levels, from and to.
    pub gamma: [f64; 2],
    /// The largest background of a channel, of its brightest level: even, or rising to one side.
    pub background: f64,
    /// The largest deviation of noise, of a channel's brightest level.
    pub noise: f64,
}

impl PainterAugmentation {
    /// Checks every range.
    ///
    /// # Errors
    /// Naming the key of the table `[augmentation]`, its range and its value.
    pub fn check(&self) -> Result<()> {
        self.restaining().check()
    }

    /// The same for [`MaskedAugmentation`], whose other changes do not happen.
    fn restaining(&self) -> MaskedAugmentation {
        MaskedAugmentation {
            scale: self.scale,
            gamma: self.gamma,
            overexposed: 0.0,
            gain: 1.0,
            background: self.background,
            bleeding: 0.0,
            bleed: 0.0,
            blurred: 0.0,
            blur: 0.0,
            noise: self.noise,
            without_green: 0.0,
            without_yellow: 0.0,
            without_red: 0.0,
        }
    }
}

/// Reads a field's planes, reduced so that the longer side has `size` px and not yet stretched.
///
/// # Errors
/// A [`Fault`] for files that cannot be read, and for a field that lacks a channel that is read or painted.
pub fn read_planes(field: &FieldOnDisk, painting: &Painting, size: usize) -> Result<Planes, Fault> {
    let id = &field.id;
    let field = field.read()?;
    let missing = painting.missing(&field);
    if !missing.is_empty() {
        let reason = format!("missing: {}, which painting needs", described(&missing));
        return Err(Fault::new(id, reason));
    }
    Ok(Planes::reduced(&field, size))
}

/// Examples of fields that have all of the channels.
#[derive(Debug, Clone)]
pub struct PainterExamples {
    /// The fields.
    pub fields: Vec<FieldOnDisk>,
    /// The places among the fields of those that an epoch shows; some may be shown several times.
    pub showings: Vec<usize>,
    /// The channels that are read, and the one that is painted.
    pub painting: Painting,
    /// The longer side in pixels to which a field is resized.
    pub size: usize,
    /// The side in pixels of an example.
    pub side: usize,
    /// The ranges of augmentation.
    pub augmentation: PainterAugmentation,
}

impl Examples for PainterExamples {
    fn count(&self) -> usize {
        self.showings.len()
    }

    fn example(&self, number: usize, stream: &mut Stream) -> Result<Example, Fault> {
        let field = &self.fields[self.showings[number]];
        let mut planes = read_planes(field, &self.painting, self.size)?;
        planes.stretch();
        let truth = self.painting.truth(&planes);
        self.augmentation.restaining().restain(&mut planes, stream);
        planes.stretch();
        let window = Window::draw(&planes, self.side, self.augmentation.scale, stream);
        let part = |plane: &[f32]| {
            let mut levels = Vec::with_capacity(self.side * self.side);
            window.levels(plane, &mut levels);
            levels
        };
        let read = self.painting.from.iter();
        Ok(Example {
            planes: read
                .flat_map(|channel| part(planes.channel(*channel)))
                .collect(),
            targets: part(&truth),
            // What is outside the field teaches nothing.
            weights: part(&vec![1.0; truth.len()]),
        })
    }
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;
    use image::{ImageBuffer, Luma};

    use super::*;
    use crate::files::{Reading, in_folder};
    use crate::random::Purpose;

    /// Fields of 48 × 32 px whose yellow is the mean of red and blue, and one without yellow.
    fn fields(folder: &std::path::Path) -> Vec<FieldOnDisk> {
        let wave = |x: u32, y: u32, step: u32| (x * step + y * (9 - step)) % 120;
        for id in ["a", "b", "c"] {
            let write = |channel: &str, of: &dyn Fn(u32, u32) -> u32| {
                let image = ImageBuffer::from_fn(48, 32, |x, y| Luma([of(x, y) as u8]));
                image
                    .save(folder.join(format!("{id}_{channel}.png")))
                    .expect("written");
            };
            write("red", &|x, y| 2 * wave(x, y, 2));
            write("green", &|x, y| (x ^ y) % 200);
            write("blue", &|x, y| 2 * wave(x, y, 5));
            if id != "c" {
                write("yellow", &|x, y| wave(x, y, 2) + wave(x, y, 5));
            }
        }
        let mut found = in_folder(folder, &Reading::default()).expect("a folder");
        found.fields.sort_by(|a, b| a.id.cmp(&b.id));
        found.fields
    }

    fn examples(fields: Vec<FieldOnDisk>, augmentation: PainterAugmentation) -> PainterExamples {
        PainterExamples {
            showings: vec![0, 1, 0, 2],
            fields,
            painting: Painting {
                from: vec![Channel::Blue, Channel::Red],
                paint: Channel::Yellow,
            },
            size: 48,
            side: 16,
            augmentation,
        }
    }

    const PLAIN: PainterAugmentation = PainterAugmentation {
        scale: [1.0, 1.0],
        gamma: [1.0, 1.0],
        background: 0.0,
        noise: 0.0,
    };

    #[test]
    fn channels_and_truth_are_the_same_part_of_a_field() {
        let folder = tempfile::tempdir().expect("a folder");
        let examples = examples(fields(folder.path()), PLAIN);
        for seed in 0..10 {
            let mut stream = Stream::new(Purpose::Augmentation, &[seed]);
            let example = examples.example(2, &mut stream).expect("an example");
            assert_eq!(example.planes.len(), 2 * 256);
            assert_eq!(example.targets.len(), 256);
            assert!(example.weights.iter().all(|weight| *weight > 0.999));
            // Stretched each by itself, yellow is still the mean of both but for the ends that are cut.
            let (blue, red) = example.planes.split_at(256);
            let means = blue.iter().zip(red).map(|(blue, red)| 0.5 * (blue + red));
            let pairs: Vec<(f32, f32)> = means.zip(example.targets).collect();
            let centre = |of: fn(&(f32, f32)) -> f32| pairs.iter().map(of).sum::<f32>() / 256.0;
            let (x, y) = (centre(|pair| pair.0), centre(|pair| pair.1));
            let sum = |of: &dyn Fn(f32, f32) -> f32| -> f32 {
                pairs.iter().map(|(a, b)| of(a - x, b - y)).sum()
            };
            let correlation = sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
            assert!(correlation > 0.98, "seed {seed}: {correlation}");
        }
    }

    #[test]
    fn restaining_leaves_the_truth_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let fields = fields(folder.path());
        let restained = PainterAugmentation {
            gamma: [0.5, 2.0],
            background: 0.3,
            noise: 0.1,
            ..PLAIN
        };
        let drawn = |augmentation| {
            let mut stream = Stream::new(Purpose::Augmentation, &[4]);
            let examples = examples(fields.clone(), augmentation);
            examples.example(1, &mut stream).expect("an example")
        };
        let (plain, restained) = (drawn(PLAIN), drawn(restained));
        assert_eq!(plain.targets, restained.targets);
        assert_ne!(plain.planes, restained.planes);
    }

    #[test]
    fn what_lies_outside_a_field_weighs_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let small = PainterAugmentation {
            scale: [0.25, 0.25],
            ..PLAIN
        };
        let examples = examples(fields(folder.path()), small);
        let mut stream = Stream::new(Purpose::Augmentation, &[1]);
        let example = examples.example(0, &mut stream).expect("an example");
        // 48 × 32 of 64 × 64 px.
        let inside: f32 = example.weights.iter().sum();
        assert!((inside / 256.0 - 0.375).abs() < 0.03, "{inside}");
    }

    #[test]
    fn a_field_without_a_channel_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let examples = examples(fields(folder.path()), PLAIN);
        assert_eq!(examples.count(), 4);
        let mut stream = Stream::new(Purpose::Augmentation, &[1]);
        let fault = examples.example(3, &mut stream).expect_err("a fault");
        assert_eq!(fault.subject, "c");
        assert!(fault.reason.contains("yellow"), "{fault}");
    }
}
