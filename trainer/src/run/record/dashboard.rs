//! The progress of a training in burn-train's dashboard.

use std::sync::Arc;

use burn::train::Interrupter;
use burn::train::logger::TrainingProgressLogger;
use burn::train::metric::{
    MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry,
    SerializedEntry,
};
use burn::train::renderer::tui::TuiMetricsRendererWrapper;
use burn::train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};

use super::records::{EpochRecord, Plan, StepRecord};
use crate::output::say;

const LOSS: &str = "Loss";
const LEARNING_RATE: &str = "Learning rate";
const GRADIENT_NORM: &str = "Gradient norm";
const SPEED: &str = "Images per second";
const MACRO_F1: &str = "Macro-F1";
const MICRO_F1: &str = "Micro-F1";

/// The metrics that the dashboard plots, and whether higher is better.
const METRICS: [(&str, bool); 6] = [
    (LOSS, false),
    (MACRO_F1, true),
    (MICRO_F1, true),
    (LEARNING_RATE, true),
    (GRADIENT_NORM, false),
    (SPEED, true),
];

/// The two phases of an epoch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Training,
    Validation,
}

/// The dashboard. Dropping it restores the terminal.
pub struct Dashboard {
    /// Present until the dashboard is dropped.
    renderer: Option<TuiMetricsRendererWrapper>,
    interrupter: Interrupter,
    steps_an_epoch: usize,
    phase: Option<Phase>,
    notes: Vec<String>,
}

impl Dashboard {
    /// Opens the dashboard for a training that goes on after `epochs` epochs.
    pub fn new(plan: &Plan, epochs: usize) -> Self {
        let interrupter = Interrupter::new();
        let mut renderer = TuiMetricsRendererWrapper::new(interrupter.clone(), Some(epochs));
        for (name, higher_is_better) in METRICS {
            renderer.register_metric(MetricDefinition {
                metric_id: id(name),
                name: Arc::new(name.to_owned()),
                description: None,
                attributes: MetricAttributes::Numeric(NumericAttributes {
                    unit: None,
                    higher_is_better,
                }),
            });
        }
        renderer.start(plan.epochs, epochs + 1, None, Some(&plan.recipe));
        Self {
            renderer: Some(renderer),
            interrupter,
            steps_an_epoch: plan.steps_an_epoch(),
            phase: None,
            notes: Vec::new(),
        }
    }

    /// Plots a step and advances the bars.
    pub fn step(&mut self, record: &StepRecord) {
        let steps_an_epoch = self.steps_an_epoch;
        let Some(renderer) = self.turn_to(Phase::Training, steps_an_epoch) else {
            return;
        };
        renderer.update_train(state(LOSS, record.loss));
        renderer.update_train(state(LEARNING_RATE, record.learning_rate));
        renderer.update_train(state(SPEED, record.images_per_second));
        if let Some(norm) = record.gradient_norm {
            renderer.update_train(state(GRADIENT_NORM, norm));
        }
        let before = record.epoch.saturating_sub(1) * steps_an_epoch;
        renderer.update_split(record.step.saturating_sub(before).min(steps_an_epoch));
    }

    /// Advances the bar of a validation.
    pub fn validating(&mut self, done: usize, all: usize) {
        if let Some(renderer) = self.turn_to(Phase::Validation, all) {
            renderer.update_split(done);
        }
    }

    /// Plots an epoch.
    pub fn epoch(&mut self, record: &EpochRecord) {
        if let Some(renderer) = &mut self.renderer {
            renderer.update_valid(state(LOSS, record.validation_loss));
            renderer.update_valid(state(MACRO_F1, record.macro_f1));
            renderer.update_valid(state(MICRO_F1, record.micro_f1));
            renderer.update_epoch(record.epoch);
        }
        self.phase = None;
    }

    /// Keeps a note until the dashboard closes.
    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// Returns whether the user pressed `q` and chose to stop.
    pub fn stop_asked(&self) -> bool {
        self.interrupter.should_stop()
    }

    fn turn_to(&mut self, phase: Phase, items: usize) -> Option<&mut TuiMetricsRendererWrapper> {
        let renderer = self.renderer.as_mut()?;
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            let name = match phase {
                Phase::Training => "train",
                Phase::Validation => "valid",
            };
            renderer.start_split(name, items);
        }
        Some(renderer)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        // The terminal is restored first.
        drop(self.renderer.take());
        for note in &self.notes {
            // The reader may have ended.
            say!("{note}").ok();
        }
    }
}

fn id(name: &str) -> MetricId {
    MetricId::new(Arc::new(name.to_owned()))
}

fn state(name: &str, value: f64) -> MetricState {
    let text = if value == 0.0 || value.abs() >= 0.001 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    };
    MetricState::Numeric(
        MetricEntry::new(id(name), SerializedEntry::new(text, value.to_string())),
        Some(NumericEntry::Value(value)),
    )
}
