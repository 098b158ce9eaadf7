//! The panel that tells how the engine is: its progress, its model, its fault.

use web_sys::{Element, HtmlProgressElement};

use super::dom::{body, by_id, set_attribute, set_hidden};
use super::download::Progress;
use super::text;
use cytolens_protocol::ModelSummary;

/// How the engine is, as `data-engine` of the body tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Downloading, starting or opening.
    Loading,
    /// Fields can be classified.
    Ready,
    /// It needs the visitor.
    Failed,
}

/// The panel's elements.
pub(super) struct StatusPanel {
    line: Element,
    progress: HtmlProgressElement,
    bytes: Element,
    fault: Element,
    fault_text: Element,
    model: Element,
    limits: Element,
}

impl StatusPanel {
    /// The panel in `index.html`.
    pub(super) fn new() -> Self {
        Self {
            line: by_id("status"),
            progress: by_id("progress"),
            bytes: by_id("bytes"),
            fault: by_id("engine-fault"),
            fault_text: by_id("engine-fault-text"),
            model: by_id("model"),
            limits: by_id("limits"),
        }
    }

    /// Shows that the engine is on its way, and how.
    pub(super) fn loading(&self, step: &str) {
        self.enter(Stage::Loading, step);
    }

    /// Shows how far the downloads are.
    pub(super) fn downloaded(&self, engine: Progress, weights: Progress) {
        self.bytes
            .set_text_content(Some(&text::downloaded(engine, weights)));
        match engine.total.zip(weights.total) {
            Some((engine_total, weights_total)) => {
                self.progress.set_max(engine_total + weights_total);
                self.progress.set_value(engine.done + weights.done);
            }
            // Without a value the bar tells that something goes on, and not how far.
            None => self.progress.remove_attribute("value").unwrap_or_default(),
        }
    }

    /// After the downloads: the bar tells that something goes on.
    pub(super) fn busy(&self) {
        self.bytes.set_text_content(None);
        self.progress.remove_attribute("value").unwrap_or_default();
    }

    /// Shows the opened model.
    pub(super) fn ready(&self, model: &ModelSummary) {
        by_id::<Element>("model-name").set_text_content(Some(&model.name));
        by_id::<Element>("model-facts").set_text_content(Some(&text::architecture(model)));
        by_id::<Element>("limits-text").set_text_content(Some(&model.limits));
        set_hidden(&self.model, false);
        set_hidden(&self.limits, model.limits.is_empty());
        self.enter(Stage::Ready, text::READY);
    }

    /// Shows why there is no engine.
    pub(super) fn failed(&self, reason: &str) {
        self.fault_text.set_text_content(Some(reason));
        self.enter(Stage::Failed, text::FAILED);
    }

    fn enter(&self, stage: Stage, line: &str) {
        let name = match stage {
            Stage::Loading => "loading",
            Stage::Ready => "ready",
            Stage::Failed => "failed",
        };
        set_attribute(&body(), "data-engine", name);
        self.line.set_text_content(Some(line));
        set_hidden(&self.progress, stage != Stage::Loading);
        set_hidden(&self.bytes, stage != Stage::Loading);
        set_hidden(&self.fault, stage != Stage::Failed);
    }
}
