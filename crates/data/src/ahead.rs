//! Results that threads compute ahead of whoever takes them, in order.

use std::any::Any;
use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{JoinHandle, Scope};

/// The threads that compute ahead.
#[derive(Debug, Clone, Copy)]
pub struct Threads {
    /// The number of threads; 0 counts as 1, and there are no more than results.
    pub workers: usize,
    /// The number of finished results that may wait to be taken, rounded up to a multiple of `workers`. Each worker has one
    /// more in hand.
    pub ahead: usize,
}

/// The results of a function for the numbers `0..count`, in this order whichever thread is quicker.
///
/// Work begins at once. Where the function panics, so does [`Iterator::next`] at that result. Dropping the iterator ends the
/// work: each thread finishes the result that it has in hand.
pub struct Ahead<R> {
    numbers: Range<usize>,
    /// Worker `i` of `n` computes results `i`, `i + n`, `i + 2n`, and so on.
    results: Vec<Receiver<Outcome<R>>>,
    /// Those that no scope joins.
    threads: Vec<JoinHandle<()>>,
}

/// A result, or what the function panicked with.
type Outcome<R> = Result<R, Box<dyn Any + Send>>;

impl<R: Send> Ahead<R> {
    /// Computes on threads of its own, which dropping the iterator waits for.
    pub fn new(
        count: usize,
        threads: Threads,
        result: impl Fn(usize) -> R + Send + Sync + 'static,
    ) -> Self
    where
        R: 'static,
    {
        let mut handles = Vec::new();
        let mut ahead = Self::start(count, threads, result, |work| {
            handles.push(std::thread::spawn(work));
        });
        ahead.threads = handles;
        ahead
    }

    /// Computes on threads of a scope, so that the function may borrow.
    pub fn scoped<'scope>(
        scope: &'scope Scope<'scope, '_>,
        count: usize,
        threads: Threads,
        result: impl Fn(usize) -> R + Send + Sync + 'scope,
    ) -> Self
    where
        R: 'scope,
    {
        Self::start(count, threads, result, |work| {
            scope.spawn(work);
        })
    }

    fn start<'a>(
        count: usize,
        Threads { workers, ahead }: Threads,
        result: impl Fn(usize) -> R + Send + Sync + 'a,
        mut spawn: impl FnMut(Box<dyn FnOnce() + Send + 'a>),
    ) -> Self
    where
        R: 'a,
    {
        let result = Arc::new(result);
        let workers = workers.clamp(1, count.max(1));
        let results = (0..workers).map(|worker| {
            let (sender, receiver) = sync_channel(ahead.div_ceil(workers));
            let result = Arc::clone(&result);
            spawn(Box::new(move || {
                for number in (worker..count).step_by(workers) {
                    // The function is not called again by this thread, and whoever takes the panic drops the other threads.
                    let outcome = catch_unwind(AssertUnwindSafe(|| result(number)));
                    let is_last = outcome.is_err();
                    if sender.send(outcome).is_err() || is_last {
                        return;
                    }
                }
            }));
            receiver
        });
        Self {
            numbers: 0..count,
            results: results.collect(),
            threads: Vec::new(),
        }
    }
}

impl<R> Iterator for Ahead<R> {
    type Item = R;

    fn next(&mut self) -> Option<R> {
        let number = self.numbers.next()?;
        let worker = number % self.results.len();
        match self.results[worker].recv() {
            Ok(Ok(result)) => Some(result),
            Ok(Err(panic)) => {
                self.numbers = 0..0;
                resume_unwind(panic)
            }
            Err(_) => unreachable!("a worker sends each of its results or a panic"),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.numbers.size_hint()
    }
}

impl<R> ExactSizeIterator for Ahead<R> {}

impl<R> FusedIterator for Ahead<R> {}

impl<R> fmt::Debug for Ahead<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            numbers, results, ..
        } = self;
        f.debug_struct("Ahead")
            .field("numbers", numbers)
            .field("workers", &results.len())
            .finish()
    }
}

impl<R> Drop for Ahead<R> {
    fn drop(&mut self) {
        // A worker ends when it finds nobody to send to.
        self.results.clear();
        for thread in self.threads.drain(..) {
            // It cannot have panicked: its panics are outcomes.
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::{scope, sleep};
    use std::time::Duration;

    use super::*;

    fn threads(workers: usize, ahead: usize) -> Threads {
        Threads { workers, ahead }
    }

    /// Takes longer for some numbers than for others.
    fn uneven(number: usize) -> usize {
        sleep(Duration::from_micros(number as u64 * 37 % 500));
        number * number
    }

    #[test]
    fn results_come_in_order_whichever_thread_is_quicker() {
        let expected: Vec<usize> = (0..50).map(|number| number * number).collect();
        for workers in [0, 1, 2, 3, 64] {
            for ahead in [0, 1, 4] {
                let threads = threads(workers, ahead);
                let results: Vec<usize> = Ahead::new(50, threads, uneven).collect();
                assert_eq!(results, expected);
                let results: Vec<usize> =
                    scope(|scope| Ahead::scoped(scope, 50, threads, uneven).collect());
                assert_eq!(results, expected);
            }
        }
    }

    #[test]
    fn nothing_comes_of_no_numbers() {
        let mut none = Ahead::new(0, threads(3, 2), |_| unreachable!("no number"));
        assert_eq!(none.len(), 0);
        assert_eq!(none.next().map(|never: ()| never), None);
    }

    #[test]
    fn a_scoped_function_may_borrow() {
        let words = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
        let lengths: Vec<&str> = scope(|scope| {
            Ahead::scoped(scope, words.len(), threads(2, 1), |index| {
                &words[index][1..]
            })
            .collect()
        });
        assert_eq!(lengths, ["ne", "wo", "hree"]);
    }

    #[test]
    fn no_thread_runs_far_ahead_and_dropping_ends_the_work() {
        let (workers, ahead) = (3, 6);
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let mut results = Ahead::new(10_000, threads(workers, ahead), move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let mut furthest = 0;
        for taken in 1..=200 {
            results.next().expect("a result");
            sleep(Duration::from_micros(100));
            furthest = furthest.max(begun.load(Ordering::SeqCst) - taken);
        }
        assert_eq!(results.len(), 9_800);
        // Those that wait, and one in hand for each worker.
        assert!(furthest <= ahead + workers, "{furthest} ahead");
        drop(results);
        assert_eq!(Arc::strong_count(&begun), 1, "no thread is left");
        let begun = begun.load(Ordering::SeqCst);
        assert!(begun <= 200 + ahead + workers, "{begun} begun");
    }

    #[test]
    fn threads_work_at_the_same_time() {
        // Each result needs all four workers to have begun theirs.
        let barrier = std::sync::Barrier::new(4);
        let all = scope(|scope| {
            Ahead::scoped(scope, 8, threads(4, 0), |_| barrier.wait().is_leader()).count()
        });
        assert_eq!(all, 8);
    }

    #[test]
    fn a_panic_surfaces_where_its_result_is_taken() {
        fn seventh(number: usize) -> usize {
            assert_ne!(number, 7, "the seventh");
            number
        }
        fn message(panic: Box<dyn Any + Send>) -> String {
            *panic.downcast::<String>().expect("a formatted message")
        }
        for workers in [1, 3, 20] {
            let mut results = Ahead::new(20, threads(workers, 4), seventh);
            assert_eq!(results.by_ref().take(7).sum::<usize>(), 21);
            let panic = catch_unwind(AssertUnwindSafe(|| results.next())).expect_err("a panic");
            assert!(message(panic).contains("the seventh"));
            assert_eq!(results.next(), None, "nothing comes after it");

            let taken = catch_unwind(|| {
                scope(|scope| Ahead::scoped(scope, 20, threads(workers, 4), seventh).count())
            });
            assert!(message(taken.expect_err("a panic")).contains("the seventh"));
            // One that nobody takes harms nobody.
            let first =
                scope(|scope| Ahead::scoped(scope, 20, threads(workers, 9), seventh).next());
            assert_eq!(first, Some(0));
        }
    }
}
