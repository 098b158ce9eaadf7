//! The texts about files, archives and the channels in their names.

use super::number;
use cytolens_core::Channel;

/// The reason for a lot that held no image.
pub(crate) const NO_IMAGES: &str = "there is no PNG, JPEG or TIFF image and no model package among the files. Export other formats, such as CZI, LIF or ND2, as OME-TIFF, and unpack .7z and .tar.gz archives first";
/// The title of a lot that held no image.
pub(crate) const NOTHING_FOUND: &str = "Nothing to classify";

/// The reason for files whose channels were asked for in vain.
pub(crate) const NOT_ANSWERED: &str = "its name does not say which channel it is, and the question was cancelled; add it again to be asked again";
/// The reason for weights that came alone.
pub(crate) const NO_MANIFEST: &str =
    "a model package is two files, and manifest.json is missing beside weights.safetensors";
/// The reason for a manifest that came alone.
pub(crate) const NO_WEIGHTS: &str =
    "a model package is two files, and weights.safetensors is missing beside manifest.json";

/// The reason for an entry of a folder whose name the browser cannot read.
pub(crate) const NO_UNICODE: &str =
    "the browser cannot read its name, which is not in Unicode (UTF-8); rename it and add it again";

/// A megabyte, in bytes, as file managers count.
const MEGABYTE: u64 = 1_000_000;

/// The reason for a file that is too large; the limit in bytes.
pub(crate) fn too_large_file(limit: u64) -> String {
    format!(
        "the file is larger than {} MB, the most that the page reads",
        number::decimal((limit / MEGABYTE) as f64, 0)
    )
}

/// The reason for an entry that the browser could not unpack.
pub(crate) fn not_unpacked(error: &str) -> String {
    format!("it could not be unpacked: the archive is damaged ({error})")
}

/// The reason for a file that the browser does not read.
pub(crate) fn unreadable(error: &str) -> String {
    format!("the browser could not read it ({error})")
}

/// The reason for a folder of more files than a page can bear.
pub(crate) fn too_many_files(limit: usize) -> String {
    format!(
        "it holds more than {}, and the rest was left out",
        number::files(limit)
    )
}

/// A reason with the file's name behind it.
pub(crate) fn of_file(reason: &str, name: &str) -> String {
    format!("{reason}: {name}")
}

/// The title of several refusals for one reason: never shown, and kept from one visit to the next in every language.
pub(crate) fn title(number: usize) -> String {
    format!("{number} files")
}

/// The number of files for which a name or a title stands.
pub(crate) fn count_of(title: &str) -> usize {
    let number = title.strip_suffix(" files").unwrap_or_default();
    match number.replace(',', "").parse() {
        Ok(number) => number,
        Err(_) => usize::from(title != NOTHING_FOUND),
    }
}

/// The notice for fields that were added once more.
pub(crate) fn twice(ids: &[String]) -> String {
    match ids {
        [only] => format!("{only} is here already and was not added again."),
        _ => format!(
            "{} are here already and were not added again.",
            number::fields(ids.len())
        ),
    }
}

/// The dialog of channels for a field of one file per channel.
pub(crate) const RECHANNEL: &str =
    "Choose the channel that each file shows. The field is classified again.";
/// The same for a field of one file with several channels.
pub(crate) const RECHANNEL_INSIDE: &str = "One file holds all channels of this field. Choose the channel that each image in it shows, and “skip” for one that shows none. Where nothing is chosen, the names in the file count. The field is classified again.";
/// The notice for a field whose files are gone.
pub(crate) const NO_FILES: &str =
    "The images of this field were not kept. Add them again to change their channels.";

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
    format!("{} are not images: {shown}{more}", number::files(number))
}

/// The ending of names without one.
pub(crate) const NO_ENDING: &str = "no ending";

/// One reason for many files.
pub(crate) fn for_one_reason(reason: &str, names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => format!("{reason}: {shown}"),
        more => format!("{reason}: {shown} and {} more", number::whole(more)),
    }
}

/// The id of an image that was pasted without a name of its own.
pub(crate) fn pasted(number: u32) -> String {
    format!("pasted {number}.png")
}

/// The line while files are read.
pub(crate) fn reading(number: usize) -> String {
    format!("Reading the folder: {}", number::files(number))
}

/// The line while an archive is read.
pub(crate) fn opening(archive: &str) -> String {
    format!("Reading {archive}")
}

/// The line beside a value in the mapper: an example and the number of its files.
pub(crate) fn example(name: &str, number: usize) -> String {
    format!("{name}, {}", number::files(number))
}

/// A value's label for screen readers.
pub(crate) fn channel_of(value: &str) -> String {
    format!("Channel of {value}")
}

/// The announcement that a channel goes from one value to another.
pub(crate) fn moved(channel: &str, from: &str, to: &str) -> String {
    format!("{to} is {channel} now; choose another channel for {from}")
}

/// The line in the mapper while no channel is chosen.
pub(crate) const NONE_CHOSEN: &str = "Choose at least one channel.";

/// The fault of an order with a gap.
pub(crate) const IMAGE_BETWEEN: &str =
    "One image has no channel but a later one does: choose “skip” for it.";

/// The line about fields whose samples seem to have been recorded with fewer bits than their files have.
pub(crate) fn dark(fields: usize, bits: u32) -> String {
    let uses = if fields == 1 { "uses" } else { "use" };
    format!(
        "{} of 16 bit {uses} only the lower {bits} bits, as cameras of {bits} bit do, and look dark to the model.",
        number::fields(fields)
    )
}

/// The button that has fields read with so many bits.
pub(crate) fn read_dark(bits: u32) -> String {
    format!("Read as {bits} bit")
}

/// The line about fields whose cells look much larger or smaller than in training.
pub(crate) fn of_other_scale(fields: usize) -> String {
    let fields = number::fields(fields);
    format!(
        "The cells of {fields} look more than twice as large or as small as those the model has learnt from. A field can be cut to its middle, or laid on black, to be answered at their scale."
    )
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

/// A colour of a picture whose colours are channels.
pub(crate) fn colour(channel: Channel) -> String {
    ["What is ", channel.name(), " in the picture"].concat()
}

/// The label of one image's channel in the order inside files, counted from 1.
pub(crate) fn image(number: usize) -> String {
    format!("Image {number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_tells_for_how_many_files_it_stands() {
        for number in [1, 12, 9800] {
            assert_eq!(count_of(&title(number)), number);
        }
        assert_eq!(count_of("some files.txt"), 1);
        assert_eq!(count_of(NOTHING_FOUND), 0);
    }

    #[test]
    fn many_are_summed_up() {
        assert_eq!(
            no_images(212, &[".csv", ".txt"]),
            "212 files are not images: .csv, .txt"
        );
        assert_eq!(
            for_one_reason("it is empty", &["a", "b", "c", "d", "e"]),
            "it is empty: a, b, c and 2 more"
        );
    }
}
