//! The order in which fields reach the engine, and what a crash of the engine means for them.
//!
//! Plain Rust without a browser, so that it is tested natively.

use std::collections::VecDeque;

/// How many fields the engine holds at once: while it computes one, the next is already there.
const IN_FLIGHT: usize = 2;

/// How many crashes a field may take part in before it is refused.
const CRASHES: u8 = 2;

/// One field to classify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Job {
    field: u32,
    crashes: u8,
}

/// The fields that wait for the engine and those that it holds.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Job>,
    in_flight: VecDeque<Job>,
    is_paused: bool,
}

impl Queue {
    /// Puts a field at the end.
    pub(super) fn push(&mut self, field: u32) {
        self.waiting.push_back(Job { field, crashes: 0 });
    }

    /// How many fields are not answered yet, those that the engine holds included.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// Whether the engine gets no further fields.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Holds the waiting fields back, or lets them go on. What the engine holds it finishes.
    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    /// The next field to send to the engine, if the engine should get one now.
    ///
    /// A field that was with the engine when it crashed runs alone, so that a second crash names
    /// the guilty one.
    pub(super) fn next(&mut self) -> Option<u32> {
        if self.is_paused {
            return None;
        }
        let next = self.waiting.front()?;
        let alone = next.crashes > 0 || self.in_flight.iter().any(|job| job.crashes > 0);
        if self.in_flight.len() >= if alone { 1 } else { IN_FLIGHT } {
            return None;
        }
        let job = self.waiting.pop_front()?;
        self.in_flight.push_back(job);
        Some(job.field)
    }

    /// Whether the engine holds this field.
    pub(super) fn holds(&self, field: u32) -> bool {
        self.in_flight.iter().any(|job| job.field == field)
    }

    /// Forgets a field: the engine has answered it, or nobody wants it any more.
    pub(super) fn forget(&mut self, field: u32) {
        self.in_flight.retain(|job| job.field != field);
        self.waiting.retain(|job| job.field != field);
    }

    /// The field the engine works on now: it answers in order.
    pub(super) fn current(&self) -> Option<u32> {
        self.in_flight.front().map(|job| job.field)
    }

    /// Takes back what a restarted engine no longer holds.
    pub(super) fn restart(&mut self) {
        while let Some(job) = self.in_flight.pop_back() {
            self.waiting.push_front(job);
        }
    }

    /// Takes back what a crashed engine held, and returns the fields to refuse: those that were
    /// with the engine at their second crash.
    pub(super) fn crash(&mut self) -> Vec<u32> {
        for job in &mut self.in_flight {
            job.crashes += 1;
        }
        let (refused, kept): (Vec<Job>, Vec<Job>) = self
            .in_flight
            .drain(..)
            .partition(|job| job.crashes >= CRASHES);
        self.in_flight = kept.into();
        self.restart();
        refused.into_iter().map(|job| job.field).collect()
    }

    /// Gives the waiting fields up and returns them. What the engine holds it finishes.
    pub(super) fn cancel(&mut self) -> Vec<u32> {
        self.is_paused = false;
        self.waiting.drain(..).map(|job| job.field).collect()
    }

    /// Forgets every field, also those that the engine holds.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(fields: u32) -> Queue {
        let mut queue = Queue::default();
        (0..fields).for_each(|field| queue.push(field));
        queue
    }

    fn send_all(queue: &mut Queue) -> Vec<u32> {
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn two_fields_at_once_in_order() {
        let mut queue = queue(3);
        assert_eq!(send_all(&mut queue), [0, 1]);
        assert_eq!(queue.current(), Some(0));
        queue.forget(0);
        assert_eq!(queue.current(), Some(1));
        assert_eq!(send_all(&mut queue), [2]);
    }

    #[test]
    fn a_restart_keeps_the_order_and_blames_nobody() {
        let mut queue = queue(3);
        send_all(&mut queue);
        queue.restart();
        assert_eq!(queue.current(), None);
        assert_eq!(send_all(&mut queue), [0, 1]);
    }

    #[test]
    fn only_the_field_that_crashes_the_engine_twice_is_refused() {
        let mut queue = queue(4);
        assert_eq!(send_all(&mut queue), [0, 1]);
        assert!(queue.crash().is_empty());
        // Suspects run alone: 0 is innocent, 1 crashes the engine again.
        assert_eq!(send_all(&mut queue), [0]);
        queue.forget(0);
        assert_eq!(send_all(&mut queue), [1]);
        assert_eq!(queue.crash(), [1]);
        assert_eq!(send_all(&mut queue), [2, 3]);
    }

    #[test]
    fn a_crash_without_fields_refuses_none() {
        let mut queue = queue(1);
        assert!(queue.crash().is_empty());
        assert_eq!(send_all(&mut queue), [0]);
    }

    #[test]
    fn a_pause_holds_back_and_a_cancel_gives_up_what_waits() {
        let mut queue = queue(4);
        assert_eq!(send_all(&mut queue), [0, 1]);
        queue.pause(true);
        queue.forget(0);
        assert_eq!(queue.next(), None);
        queue.pause(false);
        assert_eq!(queue.next(), Some(2));
        assert_eq!(queue.cancel(), [3]);
        assert_eq!(queue.len(), 2, "the engine finishes what it holds");
    }

    #[test]
    fn clear_forgets_all() {
        let mut queue = queue(3);
        send_all(&mut queue);
        queue.clear();
        assert!(queue.crash().is_empty());
        assert_eq!(queue.next(), None);
    }
}
