//! Examples for a network that answers pixel by pixel, made by threads ahead of it.
//!
//! As with [`Loader`](crate::batches::Loader), the numbers of a batch depend on seed, epoch and its number alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ahead::{Ahead, Threads};
use crate::fault::Fault;
use crate::random::{Purpose, Stream};

/// The number of batches prepared ahead of the one asked for.
const AHEAD: usize = 3;

/// What a network is shown, and what it is to say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The planes, `[planes, height, width]`.
    pub planes: Vec<f32>,
    /// The truth, `[outputs, height, width]`, from 0 to 1.
    pub targets: Vec<f32>,
    /// The weight of each truth, of the same shape.
    pub weights: Vec<f32>,
}

/// The examples of an epoch, of which each is drawn when it is shown.
pub trait Examples: Send + Sync + 'static {
    /// The number of examples in an epoch.
    fn count(&self) -> usize;

    /// Draws the example of this number.
    ///
    /// # Errors
    /// A [`Fault`] for a field that no example can be made of.
    fn example(&self, number: usize, stream: &mut Stream) -> Result<Example, Fault>;
}

/// A batch in the memory of the host.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleBatch {
    /// The batch's number in the epoch, from 0.
    pub index: usize,
    /// The examples; fewer than a batch has where fields could not be read.
    pub examples: Vec<Example>,
}

/// The maker of batches. The last examples of an epoch that fill no batch are not shown in it.
#[derive(Debug)]
pub struct ExampleLoader<E> {
    examples: Arc<E>,
    seed: u64,
    batch: usize,
    workers: usize,
    /// The faults of fields, by themselves as text.
    unread: Arc<Mutex<BTreeMap<String, Fault>>>,
}

impl<E: Examples> ExampleLoader<E> {
    /// Makes a loader of batches of so many examples, in an order and with draws that follow from the seed.
    ///
    /// # Panics
    /// If a batch has no examples.
    pub fn new(examples: E, seed: u64, batch: usize, workers: usize) -> Self {
        assert!(batch > 0, "batches of nothing");
        Self {
            examples: Arc::new(examples),
            seed,
            batch,
            workers,
            unread: Arc::default(),
        }
    }

    /// The number of batches of an epoch: one at least, where there are examples.
    pub fn batches(&self) -> usize {
        let count = self.examples.count();
        (count / self.batch).max(usize::from(count > 0))
    }

    /// The batches of an epoch from the one with this number on.
    pub fn epoch(&self, epoch: u64, first: usize) -> Ahead<ExampleBatch> {
        let (seed, batch) = (self.seed, self.batch);
        let mut shown: Vec<usize> = (0..self.examples.count()).collect();
        Stream::new(Purpose::Order, &[seed, epoch]).shuffle(&mut shown);
        let (examples, unread) = (Arc::clone(&self.examples), Arc::clone(&self.unread));
        let threads = Threads {
            workers: self.workers,
            ahead: AHEAD,
        };
        let count = self.batches().saturating_sub(first);
        Ahead::new(count, threads, move |number| {
            let index = first + number;
            let shown = shown.iter().skip(index * batch).take(batch);
            let drawn = shown.filter_map(|&number| {
                let numbers = [seed, epoch, number as u64];
                let mut stream = Stream::new(Purpose::Augmentation, &numbers);
                let example = examples.example(number, &mut stream);
                let noted = example.map_err(|fault| {
                    let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
                    unread.insert(fault.to_string(), fault);
                });
                noted.ok()
            });
            ExampleBatch {
                index,
                examples: drawn.collect(),
            }
        })
    }

    /// The fields that no example could be made of so far, each once.
    pub fn unread(&self) -> Vec<Fault> {
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        unread.values().cloned().collect()
    }
}
