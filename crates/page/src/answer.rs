//! What a model said of a field, with all that is needed to show it when that model is gone.

use std::rc::Rc;

use cytolens_protocol::ModelSummary;

/// A prediction and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The model, shared by all its answers.
    pub(super) model: Rc<ModelSummary>,
    /// The device that computed it, as the page names it.
    pub(super) device: String,
    /// One a class.
    pub(super) probabilities: Vec<f32>,
    /// The classes at or over their threshold, rising.
    pub(super) present: Vec<usize>,
    /// Reading, decoding and resizing, in milliseconds.
    pub(super) decode_ms: f64,
    /// The network alone, in milliseconds.
    pub(super) network_ms: f64,
    /// The activation maps alone, in milliseconds.
    pub(super) map_ms: f64,
}

impl Answer {
    /// The probability of a class.
    pub(super) fn probability(&self, class: usize) -> f32 {
        self.probabilities.get(class).copied().unwrap_or(0.0)
    }

    /// The probability from which a class counts as present.
    pub(super) fn threshold(&self, class: usize) -> f32 {
        self.model.thresholds.get(class).copied().unwrap_or(1.0)
    }

    /// The name of a class.
    pub(super) fn label(&self, class: usize) -> &str {
        self.model.labels.get(class).map_or("?", String::as_str)
    }

    /// The classes by falling probability; equals keep their order.
    pub(super) fn ranked(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.probabilities.len()).collect();
        classes.sort_by(|a, b| self.probability(*b).total_cmp(&self.probability(*a)));
        classes
    }

    /// The present classes by falling probability.
    pub(super) fn present_ranked(&self) -> Vec<usize> {
        let mut classes = self.ranked();
        classes.retain(|class| self.present.contains(class));
        classes
    }
}
