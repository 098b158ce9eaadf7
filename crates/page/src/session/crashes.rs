//! The policy for crashes of the engine: when a job is to blame, when the CPU takes over from the GPU,
//! and when the engine is given up.

use std::collections::BTreeMap;

use super::job::{Job, Task};
use cytolens_protocol::DeviceKind;

/// The number of crashes that a job may take part in before it is refused.
const CRASHES_OF_A_JOB: u8 = 2;

/// The number of crashes in a row, without one answer between, after which the engine is given up.
const CRASHES_IN_A_ROW: u32 = 5;

/// The number of crashes in a row on a GPU after which the CPU takes over.
const CRASHES_ON_GPU: u32 = 2;

/// A crash of the engine, by its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The device was lost. Devices are lost for reasons of their own: no job is to blame.
    DeviceLost,
    /// The engine broke. One of the jobs that it held may be to blame.
    Broken,
}

/// The device of an engine that crashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrashedOn {
    /// The engine computed on this device.
    Opened(DeviceKind),
    /// The engine was still opening a model on this device.
    Opening(DeviceKind),
}

/// The consequences of a crash.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CrashVerdict {
    /// The jobs to refuse.
    pub(super) refused: Vec<Job>,
    /// Whether the engine is to be given up.
    pub(super) is_hopeless: bool,
}

/// The crashes so far, and who is suspected of them.
#[derive(Debug, Default)]
pub(super) struct CrashPolicy {
    in_a_row: u32,
    avoids_gpu: bool,
    /// The number of crashes that each job took part in.
    blamed: BTreeMap<Job, u8>,
}

impl CrashPolicy {
    /// Takes note of a crash of an engine that held these jobs.
    pub(super) fn crash(&mut self, crash: Crash, on: CrashedOn, held: &[Job]) -> CrashVerdict {
        self.in_a_row += 1;
        let is_hopeless = self.in_a_row >= CRASHES_IN_A_ROW;
        self.avoids_gpu |= match on {
            CrashedOn::Opened(kind) => kind == DeviceKind::Gpu && self.in_a_row >= CRASHES_ON_GPU,
            CrashedOn::Opening(kind) => kind == DeviceKind::Gpu,
        };
        let mut refused = Vec::new();
        if crash == Crash::Broken {
            for job in held {
                *self.blamed.entry(*job).or_default() += 1;
                if self.is_refused(*job) {
                    refused.push(*job);
                }
            }
        }
        if !refused.is_empty() {
            // They explain the crashes so far.
            self.in_a_row = 0;
        }
        CrashVerdict {
            refused,
            is_hopeless,
        }
    }

    /// Takes note that the engine has answered a job. A view needs no network, so that its answer does
    /// not speak for the device.
    pub(super) fn answered(&mut self, job: Job) {
        self.blamed.remove(&job);
        if job.task == Task::Classify {
            self.in_a_row = 0;
        }
    }

    /// Forgets the crashes of the jobs that `is_gone` names.
    pub(super) fn forget(&mut self, is_gone: impl Fn(Job) -> bool) {
        self.blamed.retain(|job, _| !is_gone(*job));
    }

    /// Gives the engine and the GPU another chance, because the visitor asks for it.
    pub(super) fn start_over(&mut self) {
        self.in_a_row = 0;
        self.avoids_gpu = false;
    }

    /// Whether a job took part in a crash, so that it has to run alone: another crash then convicts it.
    pub(super) fn is_suspect(&self, job: Job) -> bool {
        self.blamed.contains_key(&job)
    }

    /// Whether a job took part in so many crashes that it is not run again.
    pub(super) fn is_refused(&self, job: Job) -> bool {
        self.blamed
            .get(&job)
            .is_some_and(|crashes| *crashes >= CRASHES_OF_A_JOB)
    }

    /// Whether the CPU is to be used whatever the visitor's choice.
    pub(super) fn avoids_gpu(&self) -> bool {
        self.avoids_gpu
    }
}
