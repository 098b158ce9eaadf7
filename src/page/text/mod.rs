//! All texts that the program writes into the page. Fixed texts are in `index.html`.

pub(super) mod viewer;

use super::download::Progress;
use crate::field::Channel;
use crate::protocol::{DeviceKind, DeviceReport, ModelSummary};

/// While engine and model come.
pub(super) const DOWNLOADING: &str = "Fetching the engine and the model";
/// While the worker starts.
pub(super) const STARTING: &str = "Starting the engine";
/// Once fields can be classified.
pub(super) const READY: &str = "Ready";
/// When the engine cannot be used.
pub(super) const FAILED: &str = "The engine is not available";
/// A card's state before its turn.
pub(super) const WAITING: &str = "Waiting";
/// A card's state during its turn.
pub(super) const WORKING: &str = "Working";
/// A card's state with its prediction.
pub(super) const DONE: &str = "Done";
/// A card's state with its fault.
pub(super) const REFUSED: &str = "Not classified";
/// The reason where the worker's script itself did not run.
pub(super) const ENGINE_SCRIPT_FAILED: &str = "its script could not be loaded or run";
/// The reason where nobody can answer.
pub(super) const NO_WORKER: &str = "the engine does not run";
/// Beside the device after the engine broke while it opened one.
pub(super) const GPU_CRASHED: &str =
    "The engine broke while it opened the GPU, so it was started again on the CPU.";
/// What stands for a dropped folder or list that held no image.
pub(super) const NO_IMAGES: &str = "no PNG, JPEG or TIFF image was among the dropped files";
/// The title of the card for that.
pub(super) const NOTHING_FOUND: &str = "Nothing to classify";

/// A device's kind for visitors.
pub(super) fn device_kind(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Gpu => "GPU",
        DeviceKind::Cpu => "CPU",
    }
}

/// A device in one short line.
pub(super) fn device(device: &DeviceReport) -> String {
    format!("{} ({})", device_kind(device.kind), device.name)
}

/// What a file holds.
pub(super) fn channel(channel: Option<Channel>) -> &'static str {
    channel.map_or("all channels", Channel::name)
}

/// For example `DenseNet-121, rgb, 512 px`.
pub(super) fn architecture(model: &ModelSummary) -> String {
    format!(
        "{}, {}, {} × {} px",
        model.architecture, model.composition, model.size, model.size
    )
}

/// For example `3.4 of 18.1 MB`.
pub(super) fn downloaded(engine: Progress, weights: Progress) -> String {
    let done = megabytes(engine.done + weights.done);
    match engine.total.zip(weights.total) {
        Some((engine, weights)) => format!("{done} of {} MB", megabytes(engine + weights)),
        None => format!("{done} MB"),
    }
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}

/// A probability as bars show it.
pub(super) fn probability(probability: f32) -> String {
    format!("{probability:.2}")
}

/// A probability as chips show it.
pub(super) fn percent(probability: f32) -> String {
    format!("{:.0} %", probability * 100.0)
}

/// A duration.
pub(super) fn duration(milliseconds: f64) -> String {
    if milliseconds < 1000.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{:.1} s", milliseconds / 1000.0)
    }
}

/// Under a prediction: what it took.
pub(super) fn took(decode_ms: f64, network_ms: f64, device: &str) -> String {
    format!(
        "read in {}, network {} on {device}",
        duration(decode_ms),
        duration(network_ms)
    )
}

/// Over the best chip where no label is present.
pub(super) const NONE_PRESENT: &str =
    "No location reaches its threshold. Most likely, but below its threshold:";

/// What screen readers hear of a preview.
pub(super) fn preview_label(id: &str) -> String {
    format!("Field {id} in colour")
}

/// What is said aloud of a finished field.
pub(super) fn said_done(id: &str, present: &[&str]) -> String {
    if present.is_empty() {
        format!("{id}: no location over its threshold")
    } else {
        format!("{id}: {}", present.join(", "))
    }
}

/// What is said aloud of a refused field.
pub(super) fn said_refused(id: &str, reason: &str) -> String {
    format!("{id} was not classified: {reason}")
}

/// How many fields there are, and how far they are.
pub(super) fn tally(done: usize, refused: usize, all: usize) -> String {
    let fields = if all == 1 {
        "1 field"
    } else {
        &format!("{all} fields")
    };
    let mut parts = vec![fields.to_owned()];
    if done < all {
        parts.push(format!("{done} classified"));
    }
    if refused > 0 {
        parts.push(format!("{refused} not"));
    }
    parts.join(", ")
}

/// Why the engine is started again.
pub(super) fn restarting(cause: &str) -> String {
    format!("The engine broke and is started again ({cause})")
}

/// Why the engine is given up.
pub(super) fn kept_crashing(cause: &str) -> String {
    format!("The engine broke again and again. The last time: {cause}")
}

/// Why a field is refused after a second crash.
pub(super) fn field_crashed(files: &str) -> String {
    format!("the engine broke twice while it worked on this field: {files}")
}

/// Why the engine does not start at all.
pub(super) fn not_started(cause: &str) -> String {
    format!("The engine could not be started: {cause}")
}

/// A message that is none of the protocol.
pub(super) fn unreadable_reply(error: &str) -> String {
    format!("it sent a message that the page does not understand: {error}")
}

/// Why a field could not be sent.
pub(super) fn not_sent(files: &str, error: &str) -> String {
    format!("the files could not be handed to the engine ({error}): {files}")
}

/// A sample's title that screen readers hear.
pub(super) fn sample_label(title: &str, labels: &[String]) -> String {
    format!("Classify the sample {title}: {}", labels.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_names_the_total_once_known() {
        let known = Progress {
            done: 1_500_000.0,
            total: Some(2_000_000.0),
        };
        let unknown = Progress {
            done: 100_000.0,
            total: None,
        };
        assert_eq!(downloaded(known, known), "3.0 of 4.0 MB");
        assert_eq!(downloaded(known, unknown), "1.6 MB");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(12.4), "12 ms");
        assert_eq!(duration(2345.0), "2.3 s");
    }

    #[test]
    fn tally_names_only_what_matters() {
        assert_eq!(tally(1, 0, 1), "1 field");
        assert_eq!(tally(3, 1, 9), "9 fields, 3 classified, 1 not");
    }
}
