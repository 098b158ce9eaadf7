//! The status panel: the engine's progress, its model, its fault.

use web_sys::{Element, HtmlProgressElement};

use super::dom::{body, by_id, remove_attribute, set_attribute, set_hidden};
use super::download::Progress;
use super::text;
use cytolens_protocol::ModelSummary;

/// The state of the engine, in the body's attribute `data-engine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineStage {
    /// Downloading, starting or opening.
    Loading,
    /// Fields can be classified.
    Ready,
    /// The engine is not available; the visitor has to act.
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

    /// Shows a step on the engine's way.
    pub(super) fn loading(&self, step: &str) {
        self.enter(EngineStage::Loading, step);
    }

    /// Shows the progress of the downloads.
    pub(super) fn downloaded(&self, engine: Progress, weights: Progress) {
        self.bytes
            .set_text_content(Some(&text::downloaded(engine, weights)));
        match engine.total.zip(weights.total) {
            Some((engine_total, weights_total)) => {
                self.progress.set_max(engine_total + weights_total);
                self.progress.set_value(engine.done + weights.done);
            }
            None => self.show_activity(),
        }
    }

    /// Shows that work goes on after the downloads.
    pub(super) fn busy(&self) {
        self.bytes.set_text_content(None);
        self.show_activity();
    }

    /// Takes the bar's value away, so that it shows activity and no share.
    fn show_activity(&self) {
        remove_attribute(&self.progress, "value");
    }

    /// Shows the opened model.
    pub(super) fn ready(&self, model: &ModelSummary) {
        by_id::<Element>("model-name").set_text_content(Some(&model.name));
        by_id::<Element>("model-facts").set_text_content(Some(&text::architecture(model)));
        by_id::<Element>("limits-text").set_text_content(Some(&model.limits));
        set_hidden(&self.model, false);
        set_hidden(&self.limits, model.limits.is_empty());
        self.enter(EngineStage::Ready, text::READY);
    }

    /// Shows the reason why there is no engine.
    pub(super) fn failed(&self, reason: &str) {
        self.fault_text.set_text_content(Some(reason));
        self.enter(EngineStage::Failed, text::FAILED);
    }

    fn enter(&self, stage: EngineStage, line: &str) {
        let name = match stage {
            EngineStage::Loading => "loading",
            EngineStage::Ready => "ready",
            EngineStage::Failed => "failed",
        };
        set_attribute(&body(), "data-engine", name);
        self.line.set_text_content(Some(line));
        set_hidden(&self.progress, stage != EngineStage::Loading);
        set_hidden(&self.bytes, stage != EngineStage::Loading);
        set_hidden(&self.fault, stage != EngineStage::Failed);
    }
}
