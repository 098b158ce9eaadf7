//! Working memory that is used again, and work spread over the cores.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use crate::processor::LINE;

/// Buffers that nobody uses at the moment. Memory fresh from the system costs a page fault every 4 KB.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<f32>>>>);

/// A buffer of a [`Pool`], to which it returns.
pub(crate) struct Buffer {
    values: Vec<f32>,
    pool: Pool,
}

impl Pool {
    /// Takes a buffer of at least this many numbers, whatever they are. It begins with a cache line.
    pub(crate) fn take(&self, length: usize) -> Buffer {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = free
            .iter()
            .enumerate()
            .filter(|(_, buffer)| buffer.len() >= length + LINE)
            .min_by_key(|(_, buffer)| buffer.len())
            .map(|(index, _)| index);
        let values = match fitting {
            Some(index) => free.swap_remove(index),
            None => vec![0.0; length + LINE],
        };
        drop(free);
        Buffer {
            values,
            pool: self.clone(),
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        let mut free = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(values);
    }
}

/// The numbers before the first that a cache line begins with: to load a vector out of two lines takes longer.
pub(crate) fn unaligned(values: &[f32]) -> usize {
    values
        .as_ptr()
        .align_offset(LINE * size_of::<f32>())
        .min(LINE)
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[unaligned(&self.values)..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        let first = unaligned(&self.values);
        &mut self.values[first..]
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({})", self.values.len())
    }
}

/// The number of threads that [`each_part`] works on.
pub(crate) fn threads() -> usize {
    #[cfg(not(target_family = "wasm"))]
    return rayon::current_num_threads();
    #[cfg(target_family = "wasm")]
    1
}

/// Cuts `values` into parts of `length` and calls `work` with each part and its index, on all cores.
pub(crate) fn each_part(
    values: &mut [f32],
    length: usize,
    work: impl Fn(usize, &mut [f32]) + Send + Sync,
) {
    #[cfg(not(target_family = "wasm"))]
    if values.len() > length && threads() > 1 {
        use rayon::prelude::*;
        values
            .par_chunks_mut(length)
            .enumerate()
            .for_each(|(index, part)| work(index, part));
        return;
    }
    for (index, part) in values.chunks_mut(length).enumerate() {
        work(index, part);
    }
}

/// Calls `work` with each item and its index, on all cores, and gives what it gives, in order.
pub(crate) fn each<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(usize, T) -> R + Send + Sync,
) -> Vec<R> {
    #[cfg(not(target_family = "wasm"))]
    if items.len() > 1 && threads() > 1 {
        use rayon::prelude::*;
        return items
            .into_par_iter()
            .enumerate()
            .map(|(index, item)| work(index, item))
            .collect();
    }
    let items = items.into_iter().enumerate();
    items.map(|(index, item)| work(index, item)).collect()
}
