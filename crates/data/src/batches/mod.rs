//! Batches: samples decoded, augmented and composed by threads ahead of the network.
//!
//! A batch is decided by seed, epoch and its number alone, to the byte: neither how many workers
//! there are nor which is quicker shows, and a run may begin at any batch of any epoch.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use cytolens_core::labels;
use cytolens_field::{Composition, Field, FieldError, Samples, square};
use serde::{Deserialize, Serialize};

use super::augmentation::AugmentationChoice;
use super::dataset::Sample;
use super::random::{Purpose, Stream};
use super::repeats::{Entry, RepeatPlan};

/// Batches that are prepared ahead of the one asked for.
const AHEAD: usize = 2;

/// What a batch is made of.
#[derive(Debug, Clone, Copy)]
pub struct BatchShape {
    /// How channels become planes.
    pub composition: Composition,
    /// The side of a plane in pixels.
    pub size: u32,
    /// Samples a batch, at least 1.
    pub batch: usize,
}

/// What an epoch ends with where fewer samples are left than a batch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastBatch {
    /// A smaller batch.
    Keep,
    /// No batch.
    Drop,
}

/// Which places of an epoch are augmented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Augmented {
    /// All.
    All,
    /// All but the first of each sample.
    Repeats,
    /// None.
    None,
}

impl Augmented {
    fn includes(self, entry: Entry) -> bool {
        match self {
            Self::All => true,
            Self::Repeats => entry.copy > 0,
            Self::None => false,
        }
    }
}

/// How samples are shown in training.
#[derive(Debug, Clone)]
pub struct TrainingOrder {
    /// Decides order, repeats and augmentation.
    pub seed: u64,
    /// How often each sample comes.
    pub repeats: RepeatPlan,
    /// How it is changed.
    pub augmentation: AugmentationChoice,
    /// Where it is changed.
    pub augmented: Augmented,
    /// What becomes of the rest.
    pub last: LastBatch,
}

/// A batch in the host's memory.
#[derive(Debug, Clone, PartialEq)]
pub struct HostBatch {
    /// Its number in the epoch, from 0.
    pub index: usize,
    /// `[batch, planes, height, width]`, from 0 (black) to 255.
    pub planes: Vec<u8>,
    /// The shape of `planes`.
    pub shape: [usize; 4],
    /// `[batch, 28]`: 1 where the sample has the label, else 0.
    pub targets: Vec<f32>,
    /// The samples' indices.
    pub samples: Vec<usize>,
}

/// A sample that could not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its index.
    pub sample: usize,
    /// Why, naming the file.
    pub reason: String,
}

/// Makes batches of samples.
///
/// A sample that cannot be read is left out of its batch, which is smaller then, and told in
/// [`Loader::unread`]: every other batch stays what it would have been.
#[derive(Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    workers: usize,
    unread: Arc<Mutex<BTreeMap<usize, String>>>,
}

/// What workers read.
#[derive(Debug)]
struct Shared {
    samples: Vec<Sample>,
    shape: BatchShape,
    /// None in evaluation: every sample once as it is, in order.
    training: Option<TrainingOrder>,
}

impl Loader {
    /// Batches for training.
    ///
    /// # Panics
    /// Where a batch is of no sample, or the plan is for another number of samples.
    pub fn training(
        samples: Vec<Sample>,
        shape: BatchShape,
        order: TrainingOrder,
        workers: usize,
    ) -> Self {
        assert_eq!(order.repeats.samples(), samples.len(), "a plan for these");
        Self::new(samples, shape, Some(order), workers)
    }

    /// Batches for evaluation: every sample once, in order, as it is.
    ///
    /// # Panics
    /// Where a batch is of no sample.
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

    /// How many batches an epoch has, were every sample readable.
    pub fn batches(&self, epoch: u64) -> usize {
        let shown = self.shared.order(epoch).len();
        shown.div_ceil(self.shared.shape.batch)
    }

    /// An epoch's batches from the `first` on; 0 is the whole epoch. Work starts at once.
    pub fn epoch(&self, epoch: u64, first: usize) -> Batches {
        let mut order = self.shared.order(epoch);
        order.drain(..order.len().min(first * self.shared.shape.batch));
        let order = Arc::new(order);
        let ahead = (AHEAD * self.shared.shape.batch).div_ceil(self.workers);
        let (workers, results) = (0..self.workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(ahead);
                let (shared, order, step) =
                    (Arc::clone(&self.shared), Arc::clone(&order), self.workers);
                let work = move || {
                    let mine = order.iter().skip(worker).step_by(step);
                    shared.prepare_all(epoch, mine, &sender);
                };
                (std::thread::spawn(work), receiver)
            })
            .unzip();
        Batches {
            shared: Arc::clone(&self.shared),
            unread: Arc::clone(&self.unread),
            order,
            done: 0,
            next: first,
            workers,
            results,
        }
    }

    /// The samples that could not be read for any batch given out so far, each once, by index.
    pub fn unread(&self) -> Vec<Unread> {
        // The map is whole even where a thread panicked beside it.
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        let list = unread.iter().map(|(&sample, reason)| Unread {
            sample,
            reason: reason.clone(),
        });
        list.collect()
    }
}

/// The planes of one entry, or why there are none.
type Prepared = Result<Vec<u8>, String>;

impl Shared {
    /// What an epoch shows, in order.
    fn order(&self, epoch: u64) -> Vec<Entry> {
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

    /// Prepares entries until all are done or nobody waits for them.
    fn prepare_all<'a>(
        &self,
        epoch: u64,
        entries: impl Iterator<Item = &'a Entry>,
        sender: &SyncSender<Prepared>,
    ) {
        for &entry in entries {
            if sender.send(self.prepare(epoch, entry)).is_err() {
                return;
            }
        }
    }

    fn prepare(&self, epoch: u64, entry: Entry) -> Prepared {
        let BatchShape {
            composition, size, ..
        } = self.shape;
        let sample = &self.samples[entry.sample];
        let field = sample.field.read().map_err(|error| error.to_string())?;
        let mut planes =
            channel_planes(&field, composition, size).map_err(|error| error.to_string())?;
        if let Some(training) = &self.training
            && training.augmented.includes(entry)
        {
            let draw = training
                .augmentation
                .draw(training.seed, epoch, entry.sample, entry.copy);
            planes = draw.apply(&planes, composition.channels(), size as usize);
        }
        Ok(composition.mix(&planes))
    }
}

/// The channels that a composition needs at the working size, from 0 (black) to 255.
///
/// # Errors
/// [`FieldError::MissingChannel`] for the first channel that the field lacks.
pub fn channel_planes(
    field: &Field,
    composition: Composition,
    size: u32,
) -> Result<Vec<Vec<u8>>, FieldError> {
    composition.check(field)?;
    let planes = composition
        .channels()
        .iter()
        .filter_map(|&channel| field.plane(channel));
    let planes = planes.map(|plane| match plane.samples() {
        // What needs no resizing is copied: going through 16 bits takes as long as decoding.
        Samples::Eight(levels) if plane.width() == size && plane.height() == size => levels.clone(),
        _ => square(plane, size)
            .into_iter()
            // A level of 8 bits is 257 of 16.
            .map(|level| ((u32::from(level) + 128) / 257) as u8)
            .collect(),
    });
    Ok(planes.collect())
}

/// An epoch's batches, in order. Dropping this ends the workers.
#[derive(Debug)]
pub struct Batches {
    shared: Arc<Shared>,
    unread: Arc<Mutex<BTreeMap<usize, String>>>,
    order: Arc<Vec<Entry>>,
    /// Entries given out.
    done: usize,
    /// The next batch's number.
    next: usize,
    workers: Vec<JoinHandle<()>>,
    /// Worker `i` of `n` prepares entries `i`, `i + n`, `i + 2n`, and so on.
    results: Vec<Receiver<Prepared>>,
}

impl Batches {
    /// What is prepared for the next entry.
    fn prepared(&mut self) -> Prepared {
        let worker = self.done % self.results.len();
        self.done += 1;
        if let Ok(prepared) = self.results[worker].recv() {
            return prepared;
        }
        // It ended early, which only a panic does: it goes on here.
        match self.workers.swap_remove(worker).join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("a worker ends when all its entries are given out"),
        }
    }
}

impl Iterator for Batches {
    type Item = HostBatch;

    fn next(&mut self) -> Option<HostBatch> {
        let BatchShape {
            composition,
            size,
            batch,
        } = self.shared.shape;
        let side = size as usize;
        while self.done < self.order.len() {
            let entries = self.done..self.order.len().min(self.done + batch);
            let length = composition.planes() * side * side;
            let mut planes = Vec::with_capacity(entries.len() * length);
            let mut targets = Vec::with_capacity(entries.len() * labels::COUNT);
            let mut samples = Vec::with_capacity(entries.len());
            for position in entries {
                let sample = self.order[position].sample;
                match self.prepared() {
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
            // A batch of which nothing can be read is passed over; its number stays its own.
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

impl Drop for Batches {
    fn drop(&mut self) {
        // A worker finds nobody waiting when it has prepared what it is at.
        self.results.clear();
        for worker in self.workers.drain(..) {
            // A panic of a batch that nobody asked for is nobody's.
            worker.join().ok();
        }
    }
}

#[cfg(test)]
mod tests;
