//! Examples of fields with masks.

use super::augmentation::MaskedAugmentation;
use super::set::MaskedField;
use crate::examples::{Example, Examples};
use crate::fault::Fault;
use crate::random::Stream;

/// Examples of fields with masks, of each field one an epoch.
#[derive(Debug, Clone)]
pub struct MaskedExamples {
    /// The fields.
    pub fields: Vec<MaskedField>,
    /// The longer side in pixels to which a field is resized.
    pub size: usize,
    /// The side in pixels of an example.
    pub side: usize,
    /// The ranges of augmentation.
    pub augmentation: MaskedAugmentation,
    /// What a border weighs more than other pixels.
    pub border: f32,
}

impl Examples for MaskedExamples {
    fn count(&self) -> usize {
        self.fields.len()
    }

    fn example(&self, number: usize, stream: &mut Stream) -> Result<Example, Fault> {
        let truth = self.fields[number].read(self.size)?;
        let Self { side, border, .. } = *self;
        Ok(self.augmentation.example(truth, side, border, stream))
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma};

    use super::super::augmentation::tests::wide;
    use super::super::set::{MASK_FOLDER, MaskedSet};
    use super::*;
    use crate::examples::{ExampleBatch, ExampleLoader};
    use crate::files::Reading;

    fn loader(folder: &std::path::Path, workers: usize) -> ExampleLoader<MaskedExamples> {
        let masks = folder.join(MASK_FOLDER);
        std::fs::create_dir_all(&masks).expect("a folder");
        for id in 0..7 {
            let grey = |path, of: &dyn Fn(u32, u32) -> u16| {
                let image = ImageBuffer::from_fn(40, 40, |x, y| Luma([of(x, y)]));
                image.save::<std::path::PathBuf>(path).expect("written");
            };
            grey(folder.join(format!("{id}_blue.png")), &|x, y| {
                ((x * 997 + y * 313) * (id + 3) % 60_000) as u16
            });
            grey(masks.join(format!("{id}_cells.png")), &|x, y| {
                u16::from(x > 10) + u16::from(y > 20)
            });
        }
        let set = MaskedSet::open(folder, &Reading::default()).expect("a set");
        let examples = MaskedExamples {
            fields: set.fields,
            size: 32,
            side: 16,
            augmentation: wide(),
            border: 2.0,
        };
        ExampleLoader::new(examples, 5, 2, workers)
    }

    #[test]
    fn seed_epoch_and_number_decide_a_batch() {
        let folder = tempfile::tempdir().expect("a folder");
        let loader_of = |workers| loader(folder.path(), workers);
        let one = loader_of(1);
        assert_eq!(one.batches(), 3);
        let all: Vec<ExampleBatch> = one.epoch(4, 0).collect();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|batch| batch.examples.len() == 2));
        let again: Vec<ExampleBatch> = loader_of(3).epoch(4, 1).collect();
        assert_eq!(again, all[1..]);
        let other: Vec<ExampleBatch> = one.epoch(5, 0).collect();
        assert_ne!(other, all);
    }

    #[test]
    fn a_field_that_cannot_be_read_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let loader = loader(folder.path(), 2);
        std::fs::write(folder.path().join("3_blue.png"), b"no image").expect("written");
        let examples: usize = (0..4)
            .flat_map(|epoch| loader.epoch(epoch, 0))
            .map(|batch| batch.examples.len())
            .sum();
        assert!((20..24).contains(&examples), "{examples}");
        assert_eq!(loader.unread().len(), 1);
    }
}
