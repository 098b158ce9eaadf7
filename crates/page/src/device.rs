//! The visitor's choice of a device, and the report of the device in use.

use web_sys::{Element, Event, HtmlSelectElement, UrlSearchParams};

use super::dom::{by_id, on, remove_attribute, set_attribute, set_hidden, set_text, window, write};
use super::placement::DeviceChoice;
use super::text;
use cytolens_protocol::{DeviceKind, DeviceReport};

/// The select and the report below it.
pub(super) struct DevicePanel {
    select: HtmlSelectElement,
    report: Element,
}

impl DevicePanel {
    /// The panel in `index.html`.
    pub(super) fn new() -> Self {
        Self {
            select: by_id("device"),
            report: by_id("device-report"),
        }
    }

    /// The choice in the page's address (`?device=gpu`), which the select then shows.
    pub(super) fn asked(&self) -> DeviceChoice {
        let query = window().location().search().unwrap_or_default();
        let query = UrlSearchParams::new_with_str(&query).ok();
        let asked = query.and_then(|query| query.get("device"));
        let choice = choice(&asked.unwrap_or_default());
        self.select.set_value(value(choice));
        choice
    }

    /// Calls `choose` with every choice of the visitor.
    pub(super) fn listen(&self, choose: impl Fn(DeviceChoice) + 'static) {
        let select = self.select.clone();
        on(&self.select, "change", move |_: Event| {
            choose(choice(&select.value()));
        });
    }

    /// Shows the device in use.
    pub(super) fn show(&self, device: &DeviceReport) {
        let kind = match device.kind {
            DeviceKind::Gpu => "gpu",
            DeviceKind::Cpu => "cpu",
        };
        set_attribute(&self.report, "data-kind", kind);
        write(&self.report, ".kind", text::device_kind(device.kind));
        set_text(&by_id("engine-kind"), text::device_kind(device.kind));
        write(&self.report, ".name", &device.name);
        write(&self.report, ".why", &device.reason);
        set_hidden(&self.report, false);
    }

    /// Shows that no device is in use.
    pub(super) fn clear(&self) {
        set_hidden(&self.report, true);
        set_text(&by_id("engine-kind"), "");
        // The attribute stands for a device in use.
        remove_attribute(&self.report, "data-kind");
    }
}

/// A choice as the select and the address write it. Any other text leaves the choice to the page.
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
