//! All texts that the program writes into the page. Fixed texts are in `index.html`.

pub(super) mod cells;
pub(super) mod devices;
pub(super) mod diagnostics;
pub(super) mod export;
pub(super) mod input;
pub(super) mod map;
pub(super) mod models;
pub(super) mod number;
pub(super) mod offline;
pub(super) mod overview;
pub(super) mod painting;
pub(super) mod quiz;
pub(super) mod results;
pub(super) mod scores;
pub(super) mod similar;
pub(super) mod teach;
pub(super) mod viewer;

use super::answer::Answer;
use super::download::Progress;
use super::entry::FieldState;
use super::storage_error::StorageError;
use cytolens_core::Channel;
use cytolens_protocol::{DeviceKind, DeviceReport, ModelSummary};

/// The step of downloading engine and model.
pub(super) const DOWNLOADING: &str = "Fetching the engine and the model";
/// The step of starting the worker.
pub(super) const STARTING: &str = "Starting the engine";
/// The status of an engine that can classify fields.
pub(super) const READY: &str = "Ready";
/// The status of an engine that cannot be used.
pub(super) const FAILED: &str = "The engine is not available";
/// The viewer's line while the picture is decoded.
pub(super) const PICTURE_COMES: &str = "Loading the picture";
/// The viewer's line for a field whose picture breaks the engine.
pub(super) const PICTURE_BREAKS: &str = "The engine broke twice while reading this picture.";
/// The reason for a field whose files neither the page nor the store has any more.
pub(super) const IMAGES_GONE: &str =
    "its images were not kept; add them again to see or classify them";
/// The notice for a field whose maps were not kept.
pub(super) const MAPS_GONE: &str =
    "The evidence maps of this field were not kept. Add its images again to see them.";
/// The line in the panel of a field that was given up.
pub(super) const WAS_CANCELLED: &str = "Cancelled before its turn.";
/// The labels of a field that has none.
pub(super) const NO_LOCATION: &str = "No location";
/// A choice of the gallery's filter.
pub(super) const FILTER_ALL: &str = "All fields";
/// A choice of the gallery's filter.
pub(super) const FILTER_UNLABELLED: &str = "No location";
/// A choice of the gallery's filter.
pub(super) const FILTER_UNANSWERED: &str = "Not classified";
/// The announcement of a removal that was taken back.
pub(super) const SAID_BACK: &str = "Everything removed is back.";
/// The notice in a second tab.
pub(super) const OTHER_TAB: &str = "Cytolens is open in another tab, which keeps your fields. Fields added here are lost when this tab is closed.";
/// The reason for a crash of the worker's script itself.
pub(super) const ENGINE_SCRIPT_FAILED: &str = "its program could not be loaded";
/// The reason for a message that no worker is there to take.
pub(super) const NO_WORKER: &str = "the engine is not running";

/// A field's progress.
pub(super) fn state(state: &FieldState) -> &'static str {
    match state {
        FieldState::Waiting => "Waiting",
        FieldState::Working => "Working",
        FieldState::Cancelled => "Cancelled",
        FieldState::Done(_) => "Done",
        FieldState::Refused(_) => "Not classified",
    }
}

/// A field's progress, and once it is answered its labels, on its tile.
pub(super) fn verdict(state: &FieldState) -> String {
    let FieldState::Done(answer) = state else {
        return self::state(state).to_owned();
    };
    match answer.present_ranked().as_slice() {
        [] => NO_LOCATION.to_owned(),
        [only] => answer.label(*only).to_owned(),
        [first, rest @ ..] => {
            format!("{} +{}", answer.label(*first), number::whole(rest.len()))
        }
    }
}

/// A tile's field and its whole progress.
pub(super) fn tile(id: &str, state: &FieldState) -> String {
    match state {
        FieldState::Done(answer) => said_done(id, answer),
        FieldState::Refused(reason) => said_refused(id, reason),
        _ => format!("{id}: {}", self::state(state)),
    }
}

/// The line beside the queue's bar.
pub(super) fn queue(open: usize, is_paused: bool, left: Option<f64>) -> String {
    let line = format!("{} to go", number::whole(open));
    match left {
        _ if is_paused => format!("{line}, paused"),
        Some(left) => format!("{line}, about {}", long_duration(left)),
        None => line,
    }
}

/// The pause button.
pub(super) fn pause(is_paused: bool) -> &'static str {
    if is_paused { "Resume" } else { "Pause" }
}

/// The button for fields that were given up or answered by another model.
pub(super) fn classify_again(fields: usize) -> String {
    format!("Classify {} again", number::fields(fields))
}

/// The notice for fields that have no images any more.
pub(super) fn not_classified_again(fields: usize) -> String {
    format!(
        "{} cannot be classified again: the images were not kept. Add the images once more to classify them.",
        number::fields(fields)
    )
}

/// The announcement of the end of the queue.
pub(super) fn said_finished(done: usize, all: usize) -> String {
    format!(
        "Finished: {} of {} classified.",
        number::whole(done),
        number::fields(all)
    )
}

/// The announcement of cancelled fields.
pub(super) fn said_cancelled(fields: usize) -> String {
    format!("Cancelled: {}.", number::fields(fields))
}

/// The notice for browsers that keep nothing at all.
pub(super) fn nothing_kept(error: &str) -> String {
    format!(
        "This browser does not let the page keep fields ({error}). They are lost when the page is closed or reloaded."
    )
}

/// The notice for an earlier visit's fields that cannot be read.
pub(super) fn not_read_back(error: &str) -> String {
    format!("The fields of an earlier visit could not be read: {error}")
}

/// The notice for images that are not kept, those of so many fields so far.
pub(super) fn images_not_kept(fields: usize, error: &StorageError) -> String {
    let (what, which) = match (error, fields) {
        (StorageError::NoRoom, _) => ("images".to_owned(), "the images of new fields"),
        (_, 1) => ("the images of one field".to_owned(), "these images"),
        _ => (
            format!("the images of {}", number::fields(fields)),
            "these images",
        ),
    };
    not_kept(&what, error)
        + &format!(" Results are still kept, but after a reload {which} have to be added again.")
}

/// The notice for browsers that refuse results.
pub(super) fn results_not_kept(error: &StorageError) -> String {
    not_kept("results", error) + " Save them before you close or reload the page."
}

fn not_kept(what: &str, error: &StorageError) -> String {
    match error {
        StorageError::NoRoom => format!("This browser has no more room for {what}."),
        StorageError::Unreadable(reason) => {
            let what = what.replacen("the", "The", 1);
            format!(
                "{what} could not be kept: the files seem to have been moved or changed ({reason})."
            )
        }
        StorageError::Other(reason) => format!("This browser does not keep {what} ({reason})."),
    }
}

/// The theme button's text, and its label for screen readers.
pub(super) fn theme(theme: &str) -> (&'static str, &'static str) {
    match theme {
        "light" => ("Theme: light", "Theme: light; switch to dark"),
        "dark" => ("Theme: dark", "Theme: dark; switch to the system's theme"),
        _ => (
            "Theme: as the system",
            "Theme: as the system; switch to light",
        ),
    }
}

/// A long duration, roughly.
pub(super) fn long_duration(milliseconds: f64) -> String {
    let seconds = milliseconds / 1000.0;
    let (value, digits, unit) = match seconds {
        ..90.0 => (seconds.max(1.0), 0, "s"),
        90.0..5400.0 => (seconds / 60.0, 0, "min"),
        _ => (seconds / 3600.0, 1, "h"),
    };
    format!("{} {unit}", number::decimal(value, digits))
}

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

/// The channel of a file.
pub(super) fn channel(channel: Option<Channel>) -> &'static str {
    channel.map_or("all channels", Channel::name)
}

/// A model's network and input, for example `DenseNet-121, rgb, 512 × 512 px`, and how many networks an ensemble has.
pub(super) fn architecture(model: &ModelSummary) -> String {
    let said = format!(
        "{}, {}, {} × {} px",
        model.architecture, model.composition, model.size, model.size
    );
    match model.members.len() {
        0 => said,
        count => format!("{count} networks: {said}"),
    }
}

/// The progress of the downloads, for example `3.4 of 18.1 MB`.
pub(super) fn downloaded(engine: Progress, weights: Progress) -> String {
    let done = megabytes(engine.done + weights.done);
    match engine.total.zip(weights.total) {
        Some((engine, weights)) => format!("{done} of {} MB", megabytes(engine + weights)),
        None => format!("{done} MB"),
    }
}

fn megabytes(bytes: f64) -> String {
    number::decimal(bytes / 1e6, 1)
}

/// A probability as bars show it.
pub(super) fn probability(probability: f32) -> String {
    number::decimal(probability.into(), 2)
}

/// A probability as chips show it.
pub(super) fn percent(probability: f32) -> String {
    number::percent(probability.into())
}

/// A duration.
pub(super) fn duration(milliseconds: f64) -> String {
    if milliseconds < 1000.0 {
        format!("{} ms", number::decimal(milliseconds, 0))
    } else {
        format!("{} s", number::decimal(milliseconds / 1000.0, 1))
    }
}

/// The announcement of a finished field.
pub(super) fn said_done(id: &str, answer: &Answer) -> String {
    let present = answer.present_ranked().into_iter();
    let labels: Vec<&str> = present.map(|class| answer.label(class)).collect();
    let said = match labels.as_slice() {
        [] => "no location reaches its threshold".to_owned(),
        labels => labels.join(", "),
    };
    [id, ": ", &said, &painting::mark(answer)].concat()
}

/// The announcement of a field that is not classified.
pub(super) fn said_refused(id: &str, reason: &str) -> String {
    format!("{id} was not classified: {reason}")
}

/// The number of fields and their progress.
pub(super) fn tally(done: usize, refused: usize, all: usize) -> String {
    let mut parts = vec![number::fields(all)];
    if done < all {
        parts.push(format!("{} classified", number::whole(done)));
    }
    if refused > 0 {
        parts.push(format!("{} not classified", number::whole(refused)));
    }
    parts.join(", ")
}

/// The line over the files that belong to no field.
pub(super) fn passed_over(files: usize) -> String {
    match files {
        0 => input::NOTHING_FOUND.to_owned(),
        _ => format!("{} passed over", number::files(files)),
    }
}

/// The offer to take a removal back; `files` of them belong to no field.
pub(super) fn removed(fields: usize, files: usize) -> String {
    let mut parts = Vec::new();
    if fields > 0 {
        parts.push(number::fields(fields));
    }
    if files > 0 {
        parts.push(passed_over(files));
    }
    format!("Removed: {}.", parts.join(" and "))
}

/// The step of starting the engine again after a crash.
pub(super) fn restarting(cause: &str) -> String {
    format!("The engine broke and is starting again ({cause})")
}

/// The reason for giving the engine up.
pub(super) fn kept_crashing(cause: &str) -> String {
    format!("The engine keeps breaking. The last reason: {cause}")
}

/// The reason for refusing a field after its second crash.
pub(super) fn field_crashed(files: &str) -> String {
    format!("the engine broke twice while working on this field: {files}")
}

/// The reason for an engine that does not start.
pub(super) fn not_started(cause: &str) -> String {
    format!("The engine could not be started: {cause}")
}

/// A message that is none of the protocol.
pub(super) fn unreadable_reply(error: &str) -> String {
    format!("it sent a message that the page cannot read: {error}")
}

/// The reason for a field that could not be sent to the engine.
pub(super) fn not_sent(files: &str, error: &str) -> String {
    format!("the engine could not take the files ({error}): {files}")
}

/// A sample's label for screen readers.
pub(super) fn sample_label(title: &str, labels: &[String]) -> String {
    format!(
        "Classify the simulated sample {title}: {}",
        labels.join(", ")
    )
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
        assert_eq!(tally(3, 1, 9), "9 fields, 3 classified, 1 not classified");
    }
}
