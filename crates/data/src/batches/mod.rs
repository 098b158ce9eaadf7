//! Batches: samples decoded, augmented and composed by threads ahead of the network.
//!
//! The bytes of a batch depend on seed, epoch and its number alone, not on the number of workers or their speed, and a run may
//! begin at any batch of any epoch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cytolens_core::labels;
use cytolens_field::{Composition, Field, FieldError, MissingChannels, square_bytes};
use serde::{Deserialize, Serialize};

use super::ahead::{Ahead, Threads};
use super::augmentation::AugmentationChoice;
use super::dataset::Sample;
use super::flaws::FlawChoice;
use super::random::{Purpose, Stream};
use super::repeats::{EpochEntry, RepeatPlan};

/// The number of batches prepared ahead of the one asked for.
const AHEAD: usize = 2;

/// The shape of batches.
#[derive(Debug, Clone, Copy)]
pub struct BatchShape {
    /// The composition of channels into planes.
    pub composition: Composition,
    /// The treatment of channels that a sample lacks.
    pub missing: MissingChannels,
    /// The side in pixels to which a field is resized.
    pub size: u32,
    /// The number of samples in a batch, at least 1.
    pub batch: usize,
}

/// The handling of the last samples of an epoch where they are fewer than a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastBatch {
    /// A smaller batch.
    Keep,
    /// No batch.
    Drop,
}

/// The showings of an epoch that are augmented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Augmented {
    /// All showings.
    All,
    /// All but the first showing of each sample.
    Repeats,
    /// No showing.
    None,
}

impl Augmented {
    fn includes(self, entry: EpochEntry) -> bool {
        match self {
            Self::All => true,
            Self::Repeats => entry.copy > 0,
            Self::None => false,
        }
    }
}

/// The order, repeats and augmentation of samples in training.
#[derive(Debug, Clone)]
pub struct TrainingOrder {
    /// The random seed of order, repeats and augmentation.
    pub seed: u64,
    /// The number of showings of each sample.
    pub repeats: RepeatPlan,
    /// The side in pixels of what the network is shown; [`BatchShape::size`] where not all showings are augmented.
    pub shown: u32,
    /// The ranges of augmentation.
    pub augmentation: AugmentationChoice,
    /// The flaws that are laid over augmented showings.
    pub flaws: FlawChoice,
    /// The showings that are augmented.
    pub augmented: Augmented,
    /// The handling of an incomplete last batch.
    pub last: LastBatch,
}

/// A batch in the memory of the host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostBatch {
    /// The batch's number in the epoch, from 0.
    pub index: usize,
    /// The input planes, `[batch, planes, height, width]`, from 0 (black) to 255.
    pub planes: Vec<u8>,
    /// The shape of `planes`.
    pub shape: [usize; 4],
    /// The training targets, `[batch, 28]`: 1 where the sample has the label, else 0.
    pub targets: Vec<f32>,
    /// The samples' indices.
    pub samples: Vec<usize>,
}

/// A sample that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The sample's index.
    pub sample: usize,
    /// The reason, with the file's name.
    pub reason: String,
}

/// The maker of batches.
///
/// A sample that cannot be read is left out of its batch, which is smaller then, and listed in [`Loader::unread`]; no other batch
/// changes.
#[derive(Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    workers: usize,
    unread: Arc<Mutex<BTreeMap<usize, String>>>,
}

/// The data that all workers read.
#[derive(Debug)]
struct Shared {
    samples: Vec<Sample>,
    shape: BatchShape,
    /// None in evaluation: every sample once, in order, without augmentation.
    training: Option<TrainingOrder>,
}

impl Loader {
    /// Makes a loader of batches for training.
    ///
    /// # Panics
    /// If the batch size is 0, the repeat plan is for another number of samples, or what is shown has another size than a field
    /// that is not augmented.
    pub fn training(
        samples: Vec<Sample>,
        shape: BatchShape,
        order: TrainingOrder,
        workers: usize,
    ) -> Self {
        assert_eq!(order.repeats.samples(), samples.len(), "a plan for these");
        assert!(
            order.shown == shape.size || order.augmented == Augmented::All,
            "one size"
        );
        Self::new(samples, shape, Some(order), workers)
    }

    /// Makes a loader of batches for evaluation: every sample once, in order, without augmentation.
    ///
    /// # Panics
    /// If the batch size is 0.
    pub fn evaluation(samples: Vec<Sample>, shape: BatchShape, workers: usize) -> Self {
        Self::new(samples, shape, None, workers)
    }

    fn new(
        samples: Vec<Sample>,
        shape: BatchShape,
        training: Option<TrainingOrder>,
        workers: usize,
    ) -> Self {
        assert!(shape.batch > 0, "a batch of one sample at least");
        Self {
            shared: Arc::new(Shared {
                samples,
                shape,
                training,
            }),
            workers: workers.max(1),
            unread: Arc::default(),
        }
    }

    /// The number of batches in an epoch of readable samples.
    pub fn batches(&self, epoch: u64) -> usize {
        let shown = self.shared.order(epoch).len();
        shown.div_ceil(self.shared.shape.batch)
    }

    /// Starts an epoch at batch number `first`; 0 is the whole epoch. Workers begin at once.
    pub fn epoch(&self, epoch: u64, first: usize) -> Batches {
        let mut order = self.shared.order(epoch);
        order.drain(..order.len().min(first * self.shared.shape.batch));
        let shared = Arc::clone(&self.shared);
        let threads = Threads {
            workers: self.workers,
            ahead: AHEAD * self.shared.shape.batch,
        };
        let prepared = Ahead::new(order.len(), threads, move |position| {
            shared.prepare(epoch, order[position])
        });
        Batches {
            shared: Arc::clone(&self.shared),
            unread: Arc::clone(&self.unread),
            prepared,
            next: first,
        }
    }

    /// The samples that could not be read for the batches given out so far, each once, by index.
    pub fn unread(&self) -> Vec<Unread> {
        // The map is consistent even where a thread panicked beside it.
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        let list = unread.iter().map(|(&sample, reason)| Unread {
            sample,
            reason: reason.clone(),
        });
        list.collect()
    }
}

/// An entry of an epoch, ready for its batch.
#[derive(Debug)]
struct PreparedEntry {
    /// The sample's index.
    sample: usize,
    /// As in [`HostBatch::planes`], or the reason why the sample cannot be read.
    planes: Result<Vec<u8>, String>,
}

impl Shared {
    /// The showings of an epoch, in order.
    fn order(&self, epoch: u64) -> Vec<EpochEntry> {
        let Some(training) = &self.training else {
            return RepeatPlan::once(self.samples.len()).epoch(0, epoch);
        };
        let mut entries = training.repeats.epoch(training.seed, epoch);
        Stream::new(Purpose::Order, &[training.seed, epoch]).shuffle(&mut entries);
        if training.last == LastBatch::Drop {
            entries.truncate(entries.len() - entries.len() % self.shape.batch);
        }
        entries
    }

    /// The side in pixels of what the network is shown.
    fn side(&self) -> usize {
        let shown = self.training.as_ref().map(|training| training.shown);
        shown.unwrap_or(self.shape.size) as usize
    }

    fn prepare(&self, epoch: u64, entry: EpochEntry) -> PreparedEntry {
        PreparedEntry {
            sample: entry.sample,
            planes: self.planes(epoch, entry),
        }
    }

    fn planes(&self, epoch: u64, entry: EpochEntry) -> Result<Vec<u8>, String> {
        let BatchShape {
            composition,
            missing,
            size,
            ..
        } = self.shape;
        let sample = &self.samples[entry.sample];
        let field = sample.field.read().map_err(|error| error.to_string())?;
        let mut planes = channel_planes(&field, composition, missing, size)
            .map_err(|error| error.to_string())?;
        if let Some(training) = &self.training
            && training.augmented.includes(entry)
        {
            let (channels, shown) = (composition.channels(), training.shown as usize);
            let EpochEntry { sample, copy } = entry;
            let draw = training
                .augmentation
                .draw(training.seed, epoch, sample, copy);
            planes = draw.apply(&planes, channels, size as usize, shown);
            let flaws = training.flaws.draw(training.seed, epoch, sample, copy);
            flaws.apply(&mut planes, channels, shown);
        }
        Ok(composition.mix(&planes))
    }
}

/// The central squares of the channels that a composition needs, `size` × `size` px, from 0 (black) to 255.
///
/// # Errors
/// [`FieldError::MissingChannels`] where the field lacks channels that `missing` does not allow to be black.
pub fn channel_planes(
    field: &Field,
    composition: Composition,
    missing: MissingChannels,
    size: u32,
) -> Result<Vec<Vec<u8>>, FieldError> {
    let planes = composition.sources(field, missing)?.into_iter();
    let black = || vec![0; size as usize * size as usize];
    let planes = planes.map(|plane| plane.map_or_else(black, |plane| square_bytes(plane, size)));
    Ok(planes.collect())
}

/// The batches of an epoch, in order. Dropping the iterator ends the workers.
#[derive(Debug)]
pub struct Batches {
    shared: Arc<Shared>,
    unread: Arc<Mutex<BTreeMap<usize, String>>>,
    /// Entry by entry, in the epoch's order.
    prepared: Ahead<PreparedEntry>,
    /// The next batch's number.
    next: usize,
}

impl Iterator for Batches {
    type Item = HostBatch;

    fn next(&mut self) -> Option<HostBatch> {
        let BatchShape {
            composition, batch, ..
        } = self.shared.shape;
        let side = self.shared.side();
        while self.prepared.len() > 0 {
            let entries = self.prepared.len().min(batch);
            let length = composition.planes() * side * side;
            let mut planes = Vec::with_capacity(entries * length);
            let mut targets = Vec::with_capacity(entries * labels::COUNT);
            let mut samples = Vec::with_capacity(entries);
            for PreparedEntry {
                sample,
                planes: prepared,
            } in self.prepared.by_ref().take(batch)
            {
                match prepared {
                    Ok(prepared) => {
                        planes.extend_from_slice(&prepared);
                        targets.extend(self.shared.samples[sample].labels.multi_hot());
                        samples.push(sample);
                    }
                    Err(reason) => {
                        let unread = self.unread.lock();
                        let mut unread = unread.unwrap_or_else(PoisonError::into_inner);
                        unread.entry(sample).or_insert(reason);
                    }
                }
            }
            let index = self.next;
            self.next += 1;
            // A batch without any readable sample is skipped; the numbers of the others stay.
            if !samples.is_empty() {
                return Some(HostBatch {
                    index,
                    planes,
                    shape: [samples.len(), composition.planes(), side, side],
                    targets,
                    samples,
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
