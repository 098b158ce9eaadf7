//! The display of a training's progress.

use std::io::{IsTerminal, stdout};

use super::dashboard::Dashboard;
use super::lines::ProgressLines;
use super::records::{EpochRecord, Plan, StepRecord};

/// The kind of display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Lines on standard output.
    Lines,
    /// burn-train's dashboard, which fills the terminal: `q` asks to stop.
    Dashboard,
}

impl Show {
    /// The dashboard in a terminal; lines elsewhere, and where the user wants it `plain`.
    pub fn fitting(plain: bool) -> Self {
        if plain || !stdout().is_terminal() {
            Self::Lines
        } else {
            Self::Dashboard
        }
    }
}

/// The display.
pub enum Display {
    /// Lines.
    Lines(ProgressLines),
    /// The dashboard; boxed, since it is far larger.
    Dashboard(Box<Dashboard>),
}

impl Display {
    /// A display for a training that goes on after `step` steps and `epochs` epochs.
    pub fn new(show: Show, plan: &Plan, step: usize, epochs: usize) -> Self {
        match show {
            Show::Lines => Self::Lines(ProgressLines::new(plan, step, Box::new(stdout()))),
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

    /// Shows the progress of a validation; in lines it is not shown, since it is short beside an epoch.
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

    /// Shows a note.
    pub fn note(&mut self, text: &str) {
        match self {
            Self::Lines(lines) => lines.note(text),
            Self::Dashboard(dashboard) => dashboard.note(text),
        }
    }

    /// Returns whether the user asked to stop.
    pub fn stop_asked(&self) -> bool {
        match self {
            // There, Ctrl-C ends the program, and the training can be resumed.
            Self::Lines(_) => false,
            Self::Dashboard(dashboard) => dashboard.stop_asked(),
        }
    }
}
