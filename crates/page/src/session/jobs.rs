//! The jobs of the engine: the order in which they reach it, and the consequences of its crashes.

use std::collections::VecDeque;

use super::crashes::{Crash, CrashPolicy, CrashVerdict, CrashedOn};
use super::job::{Job, PRIORITIES, Subject, Task};

/// The number of fields that the engine holds for classification at once: while it computes one, the
/// next is already there.
const CLASSIFIED_AT_ONCE: usize = 2;

/// The jobs that wait for the engine and those that it holds.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// By priority.
    waiting: [VecDeque<Job>; PRIORITIES],
    /// In the order in which the engine got them.
    in_flight: Vec<Job>,
    is_paused: bool,
    crashes: CrashPolicy,
}

impl Jobs {
    /// Adds a job behind those of its priority.
    pub(super) fn push(&mut self, job: Job) {
        self.waiting[job.priority()].push_back(job);
    }

    /// The number of the desk's fields that are not classified yet, including those that the engine
    /// holds.
    pub(super) fn open_fields(&self) -> usize {
        let is_open = |job: &&Job| job.task == Task::Classify && job.is_of_desk();
        self.waiting[PRIORITIES - 1].len() + self.in_flight.iter().filter(is_open).count()
    }

    /// Whether the classification of the desk is held.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Holds the classification of the desk, or lets it go on. The engine finishes the fields that it
    /// holds.
    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    /// The next job for the engine, if it is to get one now. Without an opened model the engine can
    /// decode, but not classify.
    ///
    /// A suspect of a crash runs alone, so that a second crash convicts it.
    pub(super) fn next(&mut self, has_model: bool) -> Option<Job> {
        let crashes = &self.crashes;
        let is_suspect = |job: &Job| crashes.is_suspect(*job);
        if self.in_flight.iter().any(is_suspect) {
            return None;
        }
        let is_classified = |job: &&Job| job.task == Task::Classify;
        let classified = self.in_flight.iter().filter(is_classified).count();
        let priorities = if !has_model || classified >= CLASSIFIED_AT_ONCE {
            1
        } else if self.is_paused {
            PRIORITIES - 1
        } else {
            PRIORITIES
        };
        let mut lanes = self.waiting[..priorities].iter_mut();
        let lane = lanes.find(|lane| !lane.is_empty())?;
        let has_to_wait = lane.front().is_some_and(is_suspect) && !self.in_flight.is_empty();
        let job = (!has_to_wait).then(|| lane.pop_front())??;
        self.in_flight.push(job);
        Some(job)
    }

    /// Whether this job waits or the engine holds it.
    pub(super) fn holds(&self, job: Job) -> bool {
        self.is_in_flight(job) || self.waiting[job.priority()].contains(&job)
    }

    /// Whether the engine holds this job.
    pub(super) fn is_in_flight(&self, job: Job) -> bool {
        self.in_flight.contains(&job)
    }

    /// The jobs that the engine holds.
    pub(super) fn in_flight(&self) -> &[Job] {
        &self.in_flight
    }

    /// The field of the desk that the engine classifies now: it answers in order.
    pub(super) fn current(&self) -> Option<u32> {
        let mut in_flight = self.in_flight.iter();
        match in_flight.find(|job| job.task == Task::Classify)?.subject {
            Subject::Field(field) => Some(field),
            Subject::Question(_) => None,
        }
    }

    /// Takes note that the engine has answered a job; false where nobody waits for it any more.
    pub(super) fn answered(&mut self, job: Job) -> bool {
        self.crashes.answered(job);
        self.withdrawn(job)
    }

    /// Removes a job that the engine holds, without its answer; false where the engine does not hold it.
    pub(super) fn withdrawn(&mut self, job: Job) -> bool {
        let place = self.in_flight.iter().position(|held| *held == job);
        place.map(|place| self.in_flight.remove(place)).is_some()
    }

    /// Removes the jobs that `is_gone` names, wherever they are.
    fn remove(&mut self, is_gone: impl Fn(Job) -> bool) {
        for lane in &mut self.waiting {
            lane.retain(|job| !is_gone(*job));
        }
        self.in_flight.retain(|job| !is_gone(*job));
    }

    /// Removes all jobs of a field that leaves the desk.
    pub(super) fn remove_field(&mut self, field: u32) {
        let is_gone = |job: Job| job.subject == Subject::Field(field);
        self.remove(is_gone);
        self.crashes.forget(is_gone);
    }

    /// Removes the views of the desk: another field is looked at.
    pub(super) fn remove_views(&mut self) {
        self.remove(|job| job.task == Task::View && job.is_of_desk());
    }

    /// Removes all jobs of the desk.
    pub(super) fn clear_desk(&mut self) {
        self.is_paused = false;
        self.remove(Job::is_of_desk);
        self.crashes.forget(Job::is_of_desk);
    }

    /// Gives up the fields of the desk that wait to be classified and returns them. The engine finishes
    /// the fields that it holds.
    pub(super) fn cancel(&mut self) -> Vec<u32> {
        self.is_paused = false;
        let cancelled = self.waiting[PRIORITIES - 1].drain(..);
        cancelled.map(|job| job.subject.in_message()).collect()
    }

    /// Takes back the jobs of an engine that was stopped, ahead of the waiting ones.
    pub(super) fn take_back(&mut self) {
        while let Some(job) = self.in_flight.pop() {
            self.waiting[job.priority()].push_front(job);
        }
    }

    /// Takes back the jobs of an engine that crashed, but for those that are to be refused.
    pub(super) fn crash(&mut self, crash: Crash, on: CrashedOn) -> CrashVerdict {
        let verdict = self.crashes.crash(crash, on, &self.in_flight);
        self.in_flight.retain(|job| !verdict.refused.contains(job));
        self.take_back();
        verdict
    }

    /// Whether a job broke the engine so often that it is not run again.
    pub(super) fn is_refused(&self, job: Job) -> bool {
        self.crashes.is_refused(job)
    }

    /// Gives the engine and the GPU another chance, because the visitor asks for it.
    pub(super) fn start_over(&mut self) {
        self.crashes.start_over();
    }

    /// Whether the CPU is to be used whatever the visitor's choice.
    pub(super) fn avoids_gpu(&self) -> bool {
        self.crashes.avoids_gpu()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cytolens_protocol::DeviceKind;

    const CPU: CrashedOn = CrashedOn::Opened(DeviceKind::Cpu);
    const GPU: CrashedOn = CrashedOn::Opened(DeviceKind::Gpu);

    fn classify(field: u32) -> Job {
        Job::classify(Subject::Field(field))
    }

    fn view(field: u32) -> Job {
        Job::view(Subject::Field(field))
    }

    fn question(task: Task) -> Job {
        let subject = Subject::Question(0);
        Job { task, subject }
    }

    fn jobs(fields: u32) -> Jobs {
        let mut jobs = Jobs::default();
        (0..fields).for_each(|field| jobs.push(classify(field)));
        jobs
    }

    fn sent(jobs: &mut Jobs) -> Vec<Job> {
        std::iter::from_fn(|| jobs.next(true)).collect()
    }

    fn broken(jobs: &mut Jobs) -> Vec<Job> {
        jobs.crash(Crash::Broken, CPU).refused
    }

    #[test]
    fn messages_tell_fields_from_questions() {
        for subject in [
            Subject::Field(0),
            Subject::Field(7),
            Subject::Question(0),
            Subject::Question(7),
        ] {
            assert_eq!(Subject::of_message(subject.in_message()), subject);
        }
    }

    #[test]
    fn two_fields_at_once_in_order() {
        let mut jobs = jobs(3);
        assert_eq!(sent(&mut jobs), [classify(0), classify(1)]);
        assert_eq!(jobs.current(), Some(0));
        assert!(jobs.answered(classify(0)));
        assert!(!jobs.answered(classify(0)), "nobody waits for it twice");
        assert_eq!(jobs.current(), Some(1));
        assert_eq!(sent(&mut jobs), [classify(2)]);
    }

    #[test]
    fn pictures_go_first_and_questions_before_the_desk() {
        let mut jobs = jobs(3);
        jobs.push(question(Task::Classify));
        jobs.push(view(2));
        assert_eq!(
            std::iter::from_fn(|| jobs.next(false)).collect::<Vec<_>>(),
            [view(2)],
            "without a model only pictures"
        );
        assert_eq!(
            sent(&mut jobs),
            [question(Task::Classify), classify(0)],
            "a picture takes no field's place"
        );
        assert_eq!(jobs.current(), None, "the engine works on the question");
        assert_eq!(jobs.open_fields(), 3);
    }

    #[test]
    fn cells_wait_for_no_other_field_and_come_in_a_pause() {
        let mut jobs = jobs(4);
        let cells = Job::find_cells(Subject::Field(9));
        assert_eq!(sent(&mut jobs), [classify(0), classify(1)]);
        jobs.push(cells);
        assert_eq!(sent(&mut jobs), [], "the engine has its two fields");
        jobs.answered(classify(0));
        assert_eq!(sent(&mut jobs), [cells, classify(2)]);
        assert_eq!(jobs.open_fields(), 3, "cells are no field to classify");
        jobs.answered(cells);
        jobs.pause(true);
        jobs.answered(classify(1));
        jobs.push(cells);
        assert_eq!(sent(&mut jobs), [cells]);
        jobs.remove_field(9);
        assert!(!jobs.answered(cells));
    }

    #[test]
    fn a_stopped_engine_gives_its_jobs_back_in_order_and_blames_nobody() {
        let mut jobs = jobs(3);
        jobs.push(view(0));
        let all = sent(&mut jobs);
        assert_eq!(all, [view(0), classify(0), classify(1)]);
        for _ in 0..3 {
            jobs.take_back();
            assert_eq!(jobs.current(), None);
            assert_eq!(sent(&mut jobs), all);
        }
    }

    #[test]
    fn only_the_field_that_breaks_the_engine_twice_is_refused() {
        let mut jobs = jobs(4);
        assert_eq!(sent(&mut jobs), [classify(0), classify(1)]);
        assert!(broken(&mut jobs).is_empty());
        // Suspects run alone: 0 is innocent, 1 breaks the engine again.
        assert_eq!(sent(&mut jobs), [classify(0)]);
        jobs.answered(classify(0));
        assert_eq!(sent(&mut jobs), [classify(1)]);
        assert_eq!(broken(&mut jobs), [classify(1)]);
        assert!(jobs.is_refused(classify(1)));
        assert_eq!(sent(&mut jobs), [classify(2), classify(3)]);
    }

    #[test]
    fn every_kind_of_job_is_refused_after_two_crashes() {
        for job in [
            view(0),
            question(Task::View),
            question(Task::Classify),
            classify(0),
        ] {
            let mut jobs = Jobs::default();
            jobs.push(job);
            assert_eq!(sent(&mut jobs), [job]);
            assert!(broken(&mut jobs).is_empty());
            assert_eq!(sent(&mut jobs), [job]);
            assert_eq!(broken(&mut jobs), [job]);
            assert_eq!(sent(&mut jobs), []);
        }
    }

    #[test]
    fn a_lost_device_blames_no_job_of_any_kind() {
        for job in [
            view(0),
            question(Task::View),
            question(Task::Classify),
            classify(0),
        ] {
            let mut jobs = Jobs::default();
            jobs.push(job);
            for _ in 0..10 {
                assert_eq!(sent(&mut jobs), [job]);
                assert_eq!(jobs.crash(Crash::DeviceLost, GPU).refused, []);
            }
            // Nor is it a suspect.
            jobs.push(classify(9));
            assert_eq!(sent(&mut jobs).len(), 2);
        }
    }

    #[test]
    fn a_suspected_picture_and_a_field_wait_for_each_other() {
        let mut jobs = jobs(2);
        jobs.push(view(0));
        assert_eq!(sent(&mut jobs).len(), 3);
        assert!(broken(&mut jobs).is_empty());
        assert_eq!(sent(&mut jobs), [view(0)]);
        jobs.answered(view(0));
        assert_eq!(sent(&mut jobs), [classify(0)]);
        jobs.push(view(1));
        assert_eq!(sent(&mut jobs), [], "not beside a suspect");
        jobs.answered(classify(0));
        assert_eq!(sent(&mut jobs), [view(1)]);
    }

    #[test]
    fn the_cpu_takes_over_after_two_crashes_on_the_gpu() {
        let mut jobs = jobs(1);
        for avoids_gpu in [false, true] {
            jobs.push(view(0));
            sent(&mut jobs);
            // The picture comes each time: it needs no GPU.
            jobs.answered(view(0));
            jobs.crash(Crash::DeviceLost, GPU);
            assert_eq!(jobs.avoids_gpu(), avoids_gpu);
        }
        jobs.start_over();
        assert!(!jobs.avoids_gpu());
        jobs.crash(Crash::DeviceLost, GPU);
        sent(&mut jobs);
        jobs.answered(classify(0));
        jobs.crash(Crash::DeviceLost, GPU);
        assert!(!jobs.avoids_gpu(), "they were not in a row");
    }

    #[test]
    fn a_crash_while_the_gpu_opens_is_enough() {
        let opening = |kind| {
            let mut jobs = Jobs::default();
            jobs.crash(Crash::Broken, CrashedOn::Opening(kind));
            jobs.avoids_gpu()
        };
        assert!(opening(DeviceKind::Gpu));
        assert!(!opening(DeviceKind::Cpu));
    }

    #[test]
    fn the_engine_is_given_up_after_five_crashes_that_nothing_explains() {
        let mut jobs = Jobs::default();
        let mut hopeless = || jobs.crash(Crash::Broken, CPU).is_hopeless;
        assert_eq!(
            [(); 5].map(|()| hopeless()),
            [false, false, false, false, true]
        );
        // Fields that break it one after the other explain its crashes.
        let mut jobs = self::jobs(6);
        while jobs.open_fields() > 0 {
            sent(&mut jobs);
            assert!(!jobs.crash(Crash::Broken, CPU).is_hopeless);
        }
    }

    #[test]
    fn a_pause_holds_the_desk_and_a_cancel_gives_up_its_waiting_fields() {
        let mut jobs = jobs(4);
        assert_eq!(sent(&mut jobs), [classify(0), classify(1)]);
        jobs.pause(true);
        jobs.answered(classify(0));
        assert_eq!(jobs.next(true), None);
        jobs.push(question(Task::Classify));
        assert_eq!(jobs.next(true), Some(question(Task::Classify)));
        jobs.pause(false);
        jobs.answered(classify(1));
        assert_eq!(jobs.next(true), Some(classify(2)));
        assert_eq!(jobs.cancel(), [3]);
        assert_eq!(jobs.open_fields(), 1, "the engine finishes what it holds");
    }

    #[test]
    fn an_empty_desk_has_no_jobs_but_those_of_the_quiz() {
        let mut jobs = jobs(3);
        jobs.push(question(Task::View));
        sent(&mut jobs);
        jobs.clear_desk();
        assert!(!jobs.answered(classify(0)));
        assert_eq!(jobs.in_flight(), [question(Task::View)]);
        assert_eq!(jobs.next(true), None);
    }
}
