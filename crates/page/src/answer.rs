//! A model's answer for one field, complete enough to be shown when that model is gone.

use std::rc::Rc;

use cytolens_core::Channel;
use cytolens_protocol::{ModelSummary, TimedPrediction};

/// A prediction with the model and the device that made it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The model, shared by all its answers.
    pub(super) model: Rc<ModelSummary>,
    /// The name of the device.
    pub(super) device: String,
    /// The prediction.
    pub(super) prediction: TimedPrediction,
}

impl Answer {
    /// The probability of a class.
    pub(super) fn probability(&self, class: usize) -> f32 {
        let probabilities = &self.prediction.probabilities;
        probabilities.get(class).copied().unwrap_or(0.0)
    }

    /// The probability from which a class counts as present.
    pub(super) fn threshold(&self, class: usize) -> f32 {
        self.model.thresholds.get(class).copied().unwrap_or(1.0)
    }

    /// The name of a class.
    pub(super) fn label(&self, class: usize) -> &str {
        self.model.labels.get(class).map_or("?", String::as_str)
    }

    /// The name of the channel that a network painted; empty where none did.
    pub(super) fn painted(&self) -> &'static str {
        self.prediction.painted.map_or("", Channel::name)
    }

    /// The classes at or over their threshold, ascending.
    pub(super) fn present(&self) -> &[usize] {
        &self.prediction.present
    }

    /// The likeliest of the present classes.
    pub(super) fn likeliest_present(&self) -> Option<usize> {
        let present = self.present().iter().copied();
        present.reduce(|best, class| {
            let is_likelier = self.probability(class) > self.probability(best);
            if is_likelier { class } else { best }
        })
    }

    /// The classes by falling probability; equals keep their order.
    pub(super) fn ranked(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.prediction.probabilities.len()).collect();
        classes.sort_by(|a, b| self.probability(*b).total_cmp(&self.probability(*a)));
        classes
    }

    /// The present classes by falling probability.
    pub(super) fn present_ranked(&self) -> Vec<usize> {
        let mut classes = self.ranked();
        classes.retain(|class| self.present().contains(class));
        classes
    }
}

/// Models and answers for tests.
#[cfg(test)]
pub(super) mod examples {
    use super::*;

    /// A model of these classes, each present from 0.5.
    pub(crate) fn model(name: &str, labels: &[&str]) -> Rc<ModelSummary> {
        Rc::new(ModelSummary {
            name: name.to_owned(),
            limits: String::new(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            thresholds: vec![0.5; labels.len()],
            size: 64,
            composition: "rgb".to_owned(),
            architecture: "DenseNet-121".to_owned(),
            licence: String::new(),
            weights_sha256: String::new(),
            members: Vec::new(),
        })
    }

    /// The prediction of these probabilities with a threshold of 0.5.
    pub(crate) fn prediction(probabilities: &[f32]) -> TimedPrediction {
        let is_present = |class: &usize| probabilities[*class] >= 0.5;
        TimedPrediction {
            probabilities: probabilities.to_vec(),
            present: (0..probabilities.len()).filter(is_present).collect(),
            ..TimedPrediction::default()
        }
    }

    /// The same with a remark.
    pub(crate) fn remarked(probabilities: &[f32], remark: &str) -> Rc<Answer> {
        let mut answer = (*answer(probabilities)).clone();
        answer.prediction.remarks = vec![remark.to_owned()];
        Rc::new(answer)
    }

    /// The same by a painted yellow.
    pub(crate) fn painted(probabilities: &[f32]) -> Rc<Answer> {
        let mut answer = (*answer(probabilities)).clone();
        answer.prediction.painted = Some(Channel::Yellow);
        Rc::new(answer)
    }

    /// The answer of a model of two classes, Nucleoli and Cytosol.
    pub(crate) fn answer(probabilities: &[f32]) -> Rc<Answer> {
        Rc::new(Answer {
            model: model("two", &["Nucleoli", "Cytosol"]),
            device: "CPU".to_owned(),
            prediction: prediction(probabilities),
        })
    }
}
