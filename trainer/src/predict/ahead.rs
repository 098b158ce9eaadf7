//! Work done ahead by threads, handed over in order.

use std::sync::mpsc::sync_channel;

use anyhow::{Result, bail};

/// Does `work` on all items by `workers` threads, at most some `ahead` results before they are taken,
/// and gives each result to `take` in the items' order.
///
/// # Errors
/// The first of `take`, after which no more work is begun.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    workers: usize,
    ahead: usize,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let work = &work;
    std::thread::scope(|scope| {
        // Worker `i` of `n` does items `i`, `i + n`, `i + 2n`, and so on.
        let results: Vec<_> = (0..workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(ahead.div_ceil(workers));
                scope.spawn(move || {
                    for item in items.iter().skip(worker).step_by(workers) {
                        if sender.send(work(item)).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for position in 0..items.len() {
            match results[position % workers].recv() {
                Ok(result) => take(result)?,
                // The scope passes the worker's own panic on.
                Err(_) => bail!("a worker ended early"),
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_whoever_is_quicker() {
        let items: Vec<u64> = (0..50).collect();
        for workers in [1, 2, 3, 64] {
            let mut taken = Vec::new();
            in_order(
                &items,
                workers,
                4,
                |&item| {
                    std::thread::sleep(Duration::from_micros(item * 37 % 500));
                    item
                },
                |item| {
                    taken.push(item);
                    Ok(())
                },
            )
            .expect("all are taken");
            assert_eq!(taken, items);
        }
    }

    #[test]
    fn nobody_runs_far_ahead_and_a_fault_ends_the_work() {
        let items: Vec<usize> = (0..10_000).collect();
        let (workers, ahead) = (3, 6);
        let begun = AtomicUsize::new(0);
        let mut taken = 0;
        let mut furthest = 0;
        let fault = in_order(
            &items,
            workers,
            ahead,
            |_| {
                begun.fetch_add(1, Ordering::SeqCst);
            },
            |()| {
                taken += 1;
                std::thread::sleep(Duration::from_micros(100));
                furthest = furthest.max(begun.load(Ordering::SeqCst) - taken);
                if taken == 200 {
                    bail!("enough");
                }
                Ok(())
            },
        );
        assert_eq!(fault.expect_err("a fault").to_string(), "enough");
        // What waits, and for each worker what it holds and what it does.
        assert!(furthest <= ahead + 2 * workers, "{furthest} ahead");
        assert!(begun.load(Ordering::SeqCst) < 200 + ahead + 3 * workers);
    }
}
