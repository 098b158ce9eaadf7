//! Batches of examples, made by threads ahead of the network.
//!
//! As with [`Loader`](crate::batches::Loader), the numbers of a batch depend on seed, epoch and its number alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::augmentation::MaskedAugmentation;
use super::set::MaskedField;
use super::targets::Example;
use crate::ahead::{Ahead, Threads};
use crate::fault::Fault;
use crate::random::{Purpose, Stream};

/// The number of batches prepared ahead of the one asked for.
const AHEAD: usize = 3;

/// The order, size and augmentation of examples.
#[derive(Debug, Clone)]
pub struct MaskedOrder {
    /// The random seed of order and augmentation.
    pub seed: u64,
    /// The longer side in pixels to which a field is resized.
    pub size: usize,
    /// The side in pixels of an example.
    pub side: usize,
    /// The number of examples in a batch, at least 1.
    pub batch: usize,
    /// The ranges of augmentation.
    pub augmentation: MaskedAugmentation,
    /// What a border weighs more than other pixels.
    pub border: f32,
}

/// A batch in the memory of the host.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedBatch {
    /// The batch's number in the epoch, from 0.
    pub index: usize,
    /// The examples; fewer than a batch has where fields could not be read.
    pub examples: Vec<Example>,
}

/// The maker of batches. The last fields of an epoch that fill no batch are not shown in it.
#[derive(Debug)]
pub struct MaskedLoader {
    fields: Arc<Vec<MaskedField>>,
    order: MaskedOrder,
    workers: usize,
    unread: Arc<Mutex<BTreeMap<usize, Fault>>>,
}

impl MaskedLoader {
    /// Makes a loader.
    ///
    /// # Panics
    /// If a batch has no examples.
    pub fn new(fields: Vec<MaskedField>, order: MaskedOrder, workers: usize) -> Self {
        assert!(order.batch > 0, "batches of nothing");
        Self {
            fields: Arc::new(fields),
            order,
            workers,
            unread: Arc::default(),
        }
    }

    /// The number of batches of an epoch: one at least, where there are fields.
    pub fn batches(&self) -> usize {
        let fields = self.fields.len();
        (fields / self.order.batch).max(usize::from(fields > 0))
    }

    /// The batches of an epoch from the one with this number on.
    pub fn epoch(&self, epoch: u64, first: usize) -> Ahead<MaskedBatch> {
        let MaskedOrder { seed, batch, .. } = self.order;
        let mut shown: Vec<usize> = (0..self.fields.len()).collect();
        Stream::new(Purpose::Order, &[seed, epoch]).shuffle(&mut shown);
        let (fields, order, unread) = (
            Arc::clone(&self.fields),
            self.order.clone(),
            Arc::clone(&self.unread),
        );
        let threads = Threads {
            workers: self.workers,
            ahead: AHEAD,
        };
        let count = self.batches().saturating_sub(first);
        Ahead::new(count, threads, move |number| {
            let index = first + number;
            let shown = shown.iter().skip(index * batch).take(batch);
            let examples = shown.filter_map(|&field| {
                let numbers = [order.seed, epoch, field as u64];
                let mut stream = Stream::new(Purpose::Augmentation, &numbers);
                match fields[field].read(order.size) {
                    Ok(truth) => {
                        let augmentation = &order.augmentation;
                        Some(augmentation.example(truth, order.side, order.border, &mut stream))
                    }
                    Err(fault) => {
                        let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
                        unread.insert(field, fault);
                        None
                    }
                }
            });
            MaskedBatch {
                index,
                examples: examples.collect(),
            }
        })
    }

    /// The fields that could not be read so far, each once.
    pub fn unread(&self) -> Vec<Fault> {
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        unread.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma};

    use super::super::augmentation::tests::wide;
    use super::super::set::{MASK_FOLDER, MaskedSet};
    use super::*;
    use crate::files::Reading;

    fn loader(folder: &std::path::Path, workers: usize) -> MaskedLoader {
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
        let order = MaskedOrder {
            seed: 5,
            size: 32,
            side: 16,
            batch: 2,
            augmentation: wide(),
            border: 2.0,
        };
        MaskedLoader::new(set.fields, order, workers)
    }

    #[test]
    fn seed_epoch_and_number_decide_a_batch() {
        let folder = tempfile::tempdir().expect("a folder");
        let loader_of = |workers| loader(folder.path(), workers);
        let one = loader_of(1);
        assert_eq!(one.batches(), 3);
        let all: Vec<MaskedBatch> = one.epoch(4, 0).collect();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|batch| batch.examples.len() == 2));
        let again: Vec<MaskedBatch> = loader_of(3).epoch(4, 1).collect();
        assert_eq!(again, all[1..]);
        let other: Vec<MaskedBatch> = one.epoch(5, 0).collect();
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
