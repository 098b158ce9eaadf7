//! The choice of the device, and the report of the one in use.

use web_sys::{Element, HtmlSelectElement, UrlSearchParams};

use super::dom::{by_id, find, set_attribute, set_hidden, window};
use super::text;
use cytolens_protocol::{DeviceChoice, DeviceKind, DeviceReport};

/// The select and the report below it.
pub(super) struct DevicePanel {
    /// The select, for listening to.
    pub(super) select: HtmlSelectElement,
    report: Element,
}

impl DevicePanel {
    /// The panel, set to what the address asks for (`?device=gpu`).
    pub(super) fn new() -> Self {
        let panel = Self {
            select: by_id("device"),
            report: by_id("device-report"),
        };
        let query = window().location().search().unwrap_or_default();
        let asked = UrlSearchParams::new_with_str(&query)
            .ok()
            .and_then(|query| query.get("device"));
        panel
            .select
            .set_value(value(asked.as_deref().map(choice).unwrap_or_default()));
        panel
    }

    /// What the visitor asks for.
    pub(super) fn choice(&self) -> DeviceChoice {
        choice(&self.select.value())
    }

    /// Shows the device in use; `note` goes after its reason.
    pub(super) fn show(&self, device: &DeviceReport, note: &str) {
        let kind = match device.kind {
            DeviceKind::Gpu => "gpu",
            DeviceKind::Cpu => "cpu",
        };
        set_attribute(&self.report, "data-kind", kind);
        find::<Element>(&self.report, ".kind")
            .set_text_content(Some(text::device_kind(device.kind)));
        find::<Element>(&self.report, ".name").set_text_content(Some(&device.name));
        find::<Element>(&self.report, ".why")
            .set_text_content(Some(format!("{} {note}", device.reason).trim()));
        set_hidden(&self.report, false);
    }

    /// Shows no device: none is in use.
    pub(super) fn clear(&self) {
        set_hidden(&self.report, true);
        // An attribute that is there names a device in use.
        self.report
            .remove_attribute("data-kind")
            .unwrap_or_default();
    }
}

/// A choice as the select and the address write it. Any other text leaves the choice to the engine.
fn choice(text: &str) -> DeviceChoice {
    match text {
        "gpu" => DeviceChoice::Gpu,
        "cpu" => DeviceChoice::Cpu,
        _ => DeviceChoice::Automatic,
    }
}

fn value(choice: DeviceChoice) -> &'static str {
    match choice {
        DeviceChoice::Automatic => "automatic",
        DeviceChoice::Gpu => "gpu",
        DeviceChoice::Cpu => "cpu",
    }
}
