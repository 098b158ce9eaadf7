//! The texts about files, archives and the channels in their names.

use cytolens_core::Channel;

/// The reason for a lot that held no image.
pub(crate) const NO_IMAGES: &str = "no PNG, JPEG or TIFF image and no model package was among the files; export images of other formats, such as CZI, LIF or ND2, as OME-TIFF, and unpack .gz and .7z archives first";
/// The title of a lot that held no image.
pub(crate) const NOTHING_FOUND: &str = "Nothing to classify";

/// The reason for files whose channels were asked for in vain.
pub(crate) const NOT_ANSWERED: &str =
    "its name does not tell the channel, and the question was cancelled";
/// The reason for weights that came alone.
pub(crate) const NO_MANIFEST: &str =
    "a model package is two files: manifest.json must lie beside weights.safetensors";
/// The reason for a manifest that came alone.
pub(crate) const NO_WEIGHTS: &str =
    "a model package is two files: weights.safetensors must lie beside manifest.json";

/// The reason for an entry of a folder whose name the browser cannot read.
pub(crate) const NO_UNICODE: &str =
    "its name is not written in Unicode (UTF-8), and the browser cannot read it: rename it";

/// A megabyte, in bytes, as file managers count.
const MEGABYTE: u64 = 1_000_000;

/// The reason for a file that is too large; the limit in bytes.
pub(crate) fn too_large_file(limit: u64) -> String {
    format!(
        "the file is larger than {} MB, the most that is read of one",
        limit / MEGABYTE
    )
}

/// The reason for an entry that the browser could not unpack.
pub(crate) fn not_unpacked(error: &str) -> String {
    format!("the entry could not be unpacked: the archive is damaged ({error})")
}

/// The reason for a file that the browser does not read.
pub(crate) fn unreadable(error: &str) -> String {
    format!("the browser could not read it ({error})")
}

/// The reason for a folder of more files than a page can bear.
pub(crate) fn too_many_files(limit: usize) -> String {
    format!(
        "it holds more than {} files; only so many were looked at",
        count(limit)
    )
}

/// A reason with the file's name behind it.
pub(crate) fn of_file(reason: &str, name: &str) -> String {
    format!("{reason}: {name}")
}

/// The title of several refusals for one reason.
pub(crate) fn files(number: usize) -> String {
    match number {
        1 => "1 file".to_owned(),
        _ => format!("{} files", count(number)),
    }
}

/// The number of files for which a name or a title stands.
pub(crate) fn count_of(title: &str) -> usize {
    let number = title.strip_suffix(" files").unwrap_or_default();
    match number.replace(',', "").parse() {
        Ok(number) => number,
        Err(_) => usize::from(title != NOTHING_FOUND),
    }
}

/// The most endings of names that are shown.
pub(crate) const ENDINGS_SHOWN: usize = 6;

/// The reason for many files that are no images, by their names' endings.
pub(crate) fn no_images(number: usize, endings: &[&str]) -> String {
    let shown = endings[..endings.len().min(ENDINGS_SHOWN)].join(", ");
    let more = if endings.len() > ENDINGS_SHOWN {
        " and others"
    } else {
        ""
    };
    format!(
        "{} that are no images were left out: {shown}{more}",
        files(number)
    )
}

/// The ending of names without one.
pub(crate) const NO_ENDING: &str = "no ending";

/// One reason for many files.
pub(crate) fn for_one_reason(reason: &str, names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => format!("{reason}: {shown}"),
        more => format!("{reason}: {shown} and {} more", count(more)),
    }
}

/// The id of an image that was pasted without a name of its own.
pub(crate) fn pasted(number: u32) -> String {
    format!("pasted {number}.png")
}

/// The line while files are read.
pub(crate) fn reading(number: usize) -> String {
    format!("Reading folder: {}", files(number))
}

/// The line while an archive is read.
pub(crate) fn opening(archive: &str) -> String {
    format!("Reading {archive}")
}

/// The line beside a value in the mapper: an example and the number of its files.
pub(crate) fn example(name: &str, number: usize) -> String {
    format!("{name}, {}", files(number))
}

/// A value's label for screen readers.
pub(crate) fn channel_of(value: &str) -> String {
    format!("Channel of {value}")
}

/// The announcement that a channel goes from one value to another.
pub(crate) fn moved(channel: &str, from: &str, to: &str) -> String {
    format!("{channel} goes from {from} to {to}; choose again for {from}")
}

/// The line in the mapper while no channel is chosen.
pub(crate) const NONE_CHOSEN: &str = "Choose a channel for one of them at least.";

/// The fault of an order with a gap.
pub(crate) const IMAGE_BETWEEN: &str =
    "An image without a channel stands before others: skip it, or leave the rest empty too.";

/// The line about fields whose samples seem to have been recorded with fewer bits than their files have.
pub(crate) fn dark(fields: usize, bits: u32) -> String {
    let fields = match fields {
        1 => "1 field of 16 bit uses".to_owned(),
        _ => format!("{} fields of 16 bit use", count(fields)),
    };
    format!("{fields} only the lower {bits}, as cameras of {bits} bit record: dark to the model.")
}

/// The button that has fields read with so many bits.
pub(crate) fn read_dark(bits: u32) -> String {
    format!("Read as {bits} bit")
}

/// A remembered answer, in short.
pub(crate) fn remembered(answer: &[(String, Option<Channel>)]) -> String {
    let parts: Vec<String> = answer
        .iter()
        .map(|(value, channel)| {
            let channel = channel.map_or("left out", Channel::name);
            format!("{value} {channel}")
        })
        .collect();
    parts.join(", ")
}

/// A remembered answer that the files are pictures.
pub(crate) fn remembered_pictures(values: &[String]) -> String {
    format!("{}: colour pictures", values.join(", "))
}

/// The label of the button that forgets an answer.
pub(crate) fn forget(answer: &str) -> String {
    format!("Forget {answer}")
}

/// The label of one image's channel in the order inside files, counted from 1.
pub(crate) fn image(number: usize) -> String {
    format!("Image {number}")
}

/// A number with its thousands separated.
fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let counts = [0, 12, 999, 1000, 3200, 1_234_567].map(count);
        assert_eq!(counts, ["0", "12", "999", "1,000", "3,200", "1,234,567"]);
    }

    #[test]
    fn a_title_tells_for_how_many_files_it_stands() {
        for number in [1, 12, 9800] {
            assert_eq!(count_of(&files(number)), number);
        }
        assert_eq!(count_of("some files.txt"), 1);
        assert_eq!(count_of(NOTHING_FOUND), 0);
    }

    #[test]
    fn many_are_summed_up() {
        assert_eq!(
            no_images(212, &[".csv", ".txt"]),
            "212 files that are no images were left out: .csv, .txt"
        );
        assert_eq!(
            for_one_reason("it is empty", &["a", "b", "c", "d", "e"]),
            "it is empty: a, b, c and 2 more"
        );
    }
}
