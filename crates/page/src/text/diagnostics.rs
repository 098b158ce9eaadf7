//! Texts of the diagnostics dialog.

use super::device_kind;
use crate::facts::EngineFacts;
use cytolens_protocol::{DeviceKind, DeviceReport, ModelSummary};

/// After a copy.
pub(crate) const COPIED: &str = "Copied.";
/// After a copy that failed.
pub(crate) const NOT_COPIED: &str =
    "The browser does not let the page copy. Select the text above and copy it yourself.";

/// The version of the library that computes; the test below holds it against the lock file.
const BURN: &str = "0.22.1";

/// The memory of an engine that has not reported it yet, or does not run.
const UNKNOWN: &str = "not known yet";

/// One section of the report.
pub(crate) struct ReportSection {
    /// The heading.
    pub(crate) title: &'static str,
    /// Names and values.
    pub(crate) rows: Vec<(String, String)>,
}

/// The whole report. `browser` is the browser's own name, `page_bytes` the memory of the page's program.
pub(crate) fn sections(facts: &EngineFacts, browser: &str, page_bytes: f64) -> Vec<ReportSection> {
    let mut sections = vec![ReportSection {
        title: "Versions",
        rows: vec![
            row("Cytolens", env!("CARGO_PKG_VERSION")),
            row("burn", BURN),
            row("Browser", browser),
        ],
    }];
    let device = facts.device.as_ref();
    sections.push(ReportSection {
        title: "Device",
        rows: device.map_or_else(|| vec![row("Computes on", "nothing yet")], device_rows),
    });
    if let Some(model) = &facts.model {
        sections.push(ReportSection {
            title: "Model",
            rows: model_rows(model),
        });
    }
    sections.push(ReportSection {
        title: "Times",
        rows: time_rows(facts),
    });
    let kept = facts.storage.map_or_else(
        || "the browser does not tell".to_owned(),
        |(usage, quota)| format!("{} of {} MB", megabytes(usage), megabytes(quota)),
    );
    sections.push(ReportSection {
        title: "Memory",
        rows: vec![
            row("Page", &format!("{} MB", megabytes(page_bytes))),
            row(
                "Engine",
                &facts.engine_bytes.map_or_else(
                    || UNKNOWN.to_owned(),
                    |bytes| format!("{} MB", megabytes(bytes)),
                ),
            ),
            row("Kept in this browser", &kept),
        ],
    });
    sections
}

/// The report as text, to be sent along with a description of a fault.
pub(crate) fn as_text(sections: &[ReportSection]) -> String {
    let mut text = String::from("Cytolens diagnostics\n");
    for ReportSection { title, rows } in sections {
        text = text + "\n" + title + "\n";
        for (name, value) in rows {
            text = text + "  " + name + ": " + value + "\n";
        }
    }
    text
}

fn row(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn device_rows(device: &DeviceReport) -> Vec<(String, String)> {
    let backend = match device.kind {
        DeviceKind::Gpu => "WebGPU, by burn's wgpu",
        DeviceKind::Cpu => "WebAssembly with SIMD, by our own kernels",
    };
    let mut rows = vec![
        row("Computes on", device_kind(device.kind)),
        row("Name", &device.name),
        row("Why", &device.reason),
        row("Backend", backend),
    ];
    rows.extend(device.details.iter().map(|(name, value)| {
        let (name, is_bytes) = detail(name);
        match value.parse() {
            Ok(bytes) if is_bytes => row(name, &format!("{} MB ({value} bytes)", megabytes(bytes))),
            _ => row(name, value),
        }
    }));
    rows
}

/// The name of a device's property in the report, and whether its value is a number of bytes.
fn detail(name: &str) -> (&str, bool) {
    match name {
        "hardwareConcurrency" => ("Logical cores", false),
        "vendor" => ("Adapter's vendor", false),
        "architecture" => ("Adapter's architecture", false),
        "device" => ("Adapter's device", false),
        "description" => ("Adapter's description", false),
        "maxBufferSize" => ("Largest buffer", true),
        "maxStorageBufferBindingSize" => ("Largest storage binding", true),
        "maxComputeWorkgroupStorageSize" => ("Workgroup memory", true),
        "maxComputeInvocationsPerWorkgroup" => ("Threads in a workgroup", false),
        "features" => ("Adapter's features", false),
        other => (other, false),
    }
}

fn model_rows(model: &ModelSummary) -> Vec<(String, String)> {
    let mut rows = vec![
        row("Name", &model.name),
        row("Network", &super::architecture(model)),
        row("Classes", &model.labels.len().to_string()),
    ];
    let members = model.members.iter();
    rows.extend(members.map(|member| row("One of its networks", &member.name)));
    rows
}

fn time_rows(facts: &EngineFacts) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if let Some(device) = &facts.device {
        rows.push(row("Opening the model", &milliseconds(device.open_ms)));
        rows.push(row(
            "Checking known results",
            &milliseconds(device.check_ms),
        ));
    }
    let fields = facts.times.fields;
    if fields == 0 {
        rows.push(row("A field", "none classified by this model here yet"));
        return rows;
    }
    let parts = ["reading", "network", "evidence maps"];
    for (part, median) in parts.iter().zip(facts.times.medians) {
        let value = format!("{} (median of {fields})", milliseconds(median));
        rows.push((format!("A field's {part}"), value));
    }
    rows
}

/// Bytes in megabytes. The report is sent on as it is, so its numbers are the same in every language.
fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}

/// A time, for example `12 ms`.
fn milliseconds(time: f64) -> String {
    format!("{time:.0} ms")
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::facts::MedianTimes;

    fn facts() -> EngineFacts {
        EngineFacts {
            device: Some(DeviceReport {
                kind: DeviceKind::Gpu,
                name: "acme quick".to_owned(),
                reason: "chosen by you".to_owned(),
                details: vec![
                    row("maxBufferSize", "268435456"),
                    row("hardwareConcurrency", "8"),
                    row("unheardOf", "3"),
                ],
                open_ms: 812.4,
                check_ms: 33.6,
            }),
            model: Some(Rc::new(ModelSummary {
                name: "A model".to_owned(),
                limits: String::new(),
                labels: vec!["one".to_owned(), "two".to_owned()],
                thresholds: vec![0.5; 2],
                size: 512,
                composition: "rgb".to_owned(),
                architecture: "DenseNet-121".to_owned(),
                licence: String::new(),
                weights_sha256: String::new(),
                members: Vec::new(),
            })),
            times: MedianTimes {
                fields: 3,
                medians: [40.2, 1_299.6, 12.0],
            },
            engine_bytes: Some(250e6),
            storage: Some((1.5e6, 2e9)),
        }
    }

    #[test]
    fn the_report_holds_every_fact() {
        let text = as_text(&sections(&facts(), "Browser/1", 4e6));
        for line in [
            concat!("  Cytolens: ", env!("CARGO_PKG_VERSION")),
            "  Browser: Browser/1",
            "  Computes on: GPU",
            "  Name: acme quick",
            "  Why: chosen by you",
            "  Largest buffer: 268.4 MB (268435456 bytes)",
            "  Logical cores: 8",
            "  unheardOf: 3",
            "  Classes: 2",
            "  Opening the model: 812 ms",
            "  Checking known results: 34 ms",
            "  A field's network: 1300 ms (median of 3)",
            "  Page: 4.0 MB",
            "  Engine: 250.0 MB",
            "  Kept in this browser: 1.5 of 2000.0 MB",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line:?} is not in:\n{text}"
            );
        }
    }

    #[test]
    fn the_report_says_what_is_not_known() {
        let text = as_text(&sections(&EngineFacts::default(), "Browser/1", 4e6));
        assert!(text.contains("Computes on: nothing yet"), "{text}");
        assert!(text.contains("Engine: not known yet"), "{text}");
        assert!(text.contains("A field: none classified"), "{text}");
    }

    #[test]
    fn the_version_of_burn_is_the_one_in_use() {
        let lock = include_str!("../../../../Cargo.lock").replace('\r', "");
        let entry = format!("name = \"burn\"\nversion = \"{BURN}\"\n");
        assert!(lock.contains(&entry), "{BURN} is not in Cargo.lock");
    }
}
