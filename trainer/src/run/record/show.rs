//! How a training is shown while it runs.

use std::io::{IsTerminal, stdout};

use super::dashboard::Dashboard;
use super::lines::Lines;
use super::{EpochRecord, Plan, StepRecord};

/// How to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Lines on standard output.
    Lines,
    /// burn-train's dashboard, which takes the whole terminal: `q` asks to stop.
    Dashboard,
}

impl Show {
    /// The dashboard in a terminal; lines elsewhere, and where the person wants it `plain`.
    pub fn fitting(plain: bool) -> Self {
        if plain || !stdout().is_terminal() {
            Self::Lines
        } else {
            Self::Dashboard
        }
    }
}

/// What shows it.
pub enum Shown {
    /// Lines.
    Lines(Lines),
    /// The dashboard; boxed, since it is far larger.
    Dashboard(Box<Dashboard>),
}

impl Shown {
    /// For a training that goes on after `step` steps and `epochs` epochs.
    pub fn new(show: Show, plan: &Plan, step: usize, epochs: usize) -> Self {
        match show {
            Show::Lines => Self::Lines(Lines::new(plan, step, Box::new(stdout()))),
            Show::Dashboard => Self::Dashboard(Box::new(Dashboard::new(plan, epochs))),
        }
    }

    /// Shows a step.
    pub fn step(&mut self, record: &StepRecord) {
        match self {
            Self::Lines(lines) => lines.step(record),
            Self::Dashboard(dashboard) => dashboard.step(record),
        }
    }

    /// Shows how far a validation is; lines stay silent, since it is short beside an epoch.
    pub fn validating(&mut self, done: usize, all: usize) {
        match self {
            Self::Lines(_) => {}
            Self::Dashboard(dashboard) => dashboard.validating(done, all),
        }
    }

    /// Shows an epoch.
    pub fn epoch(&mut self, record: &EpochRecord) {
        match self {
            Self::Lines(lines) => lines.epoch(record),
            Self::Dashboard(dashboard) => dashboard.epoch(record),
        }
    }

    /// Tells something.
    pub fn note(&mut self, text: &str) {
        match self {
            Self::Lines(lines) => lines.note(text),
            Self::Dashboard(dashboard) => dashboard.note(text),
        }
    }

    /// Whether the person asked to stop.
    pub fn stop_asked(&self) -> bool {
        match self {
            // Ctrl-C ends the program there, and a checkpoint is gone on with.
            Self::Lines(_) => false,
            Self::Dashboard(dashboard) => dashboard.stop_asked(),
        }
    }
}
