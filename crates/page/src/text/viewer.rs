//! The viewer's texts.

use super::number;
use cytolens_core::Channel;

/// The properties of a picture that its label names.
pub(crate) struct ShownPicture<'a> {
    /// The field's id.
    pub(crate) id: &'a str,
    /// The channels that are shown.
    pub(crate) channels: Vec<Channel>,
    /// The channel that a network painted.
    pub(crate) painted: Option<Channel>,
    /// 100 where a pixel of the field is one of the screen.
    pub(crate) percent: f64,
    /// The label whose map is shown.
    pub(crate) map: Option<&'a str>,
}

/// The picture in words, for screen readers.
pub(crate) fn picture(shown: &ShownPicture<'_>) -> String {
    let channels = channels(&shown.channels, shown.painted);
    let mut label = format!(
        "Field {}: {channels}, at {}",
        shown.id,
        percent(shown.percent)
    );
    if let Some(map) = shown.map {
        label.push_str(", with the evidence for ");
        label.push_str(map);
    }
    label
}

/// A list of channels, for example `red, green and blue`; the painted one is marked.
pub(crate) fn channels(channels: &[Channel], painted: Option<Channel>) -> String {
    let names = channels.iter().map(|channel| {
        let mark = if painted == Some(*channel) {
            " (painted)"
        } else {
            ""
        };
        [channel.name(), mark].concat()
    });
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [] => "no channel".to_owned(),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(", "),
    }
}

/// A scale: 100 where a pixel of the field is one of the screen.
pub(crate) fn percent(percent: f64) -> String {
    number::percent(percent / 100.0)
}

/// The size of a field, for example `2048 × 2048 px, 16 bit`, and of its picture where that is smaller.
pub(crate) fn size(field: (u32, u32), picture: (u32, u32), bits: u32) -> String {
    let pixels = |(width, height)| format!("{width} × {height} px");
    if field == picture {
        format!("{}, {bits} bit", pixels(field))
    } else {
        format!(
            "{}, {bits} bit, shown at {}",
            pixels(field),
            pixels(picture)
        )
    }
}

/// The length of a scale bar in micrometres: `20 µm`, `0.5 µm`.
pub(crate) fn length(micrometres: f64) -> String {
    // Tenths of a nanometre are not to be seen, and would show how numbers are kept.
    format!("{} µm", number::short(micrometres, 4))
}

/// The side of a pixel: `0.08 µm a pixel`.
pub(crate) fn pixel_size(micrometres: f64) -> String {
    format!("{} a pixel", length(micrometres))
}

/// The levels that a channel shows as black and as white, of 65535, as its files count: `0 to 3,912 of 65,535`.
pub(crate) fn range(black: u16, white: u16, bits: u32) -> String {
    let level = |level: u16| match bits {
        8 => number::whole(level.div_ceil(257).into()),
        _ => number::whole(level.into()),
    };
    format!(
        "{} to {} of {}",
        level(black),
        level(white),
        level(u16::MAX)
    )
}

/// The black point of a channel, for screen readers: a share of its white.
pub(crate) fn black(share: f32) -> String {
    format!("{} of white", number::percent(share.into()))
}

/// The brightness of a channel; 1 is that of the file.
pub(crate) fn brightness(brightness: f32) -> String {
    [&number::decimal(brightness.into(), 2), "×"].concat()
}

/// An opacity from 0 to 1, for screen readers.
pub(crate) fn opacity(opacity: f64) -> String {
    percent(opacity * 100.0)
}

/// The end of a map's scale and its line, explained.
pub(crate) fn strength(logits: f32) -> String {
    format!(
        "At its strongest the evidence adds {} to the log-odds of the label{}. Within the line it adds at least half of that.",
        number::decimal(logits.into(), 1),
        log_odds()
    )
}

/// The meaning of log-odds, by two of them.
fn log_odds() -> String {
    let [even, two] = [0.5, 0.88].map(number::percent);
    [" (0 is ", &even, ", 2 is ", &two, ")"].concat()
}

/// The title over the scale of a map.
pub(crate) fn evidence_for(label: &str) -> String {
    format!("Evidence for {label}")
}

/// The title of a map that is positive nowhere.
pub(crate) fn no_evidence_for(label: &str) -> String {
    format!("No evidence for {label} in this field")
}

/// The line under an exported picture about its channels and their brightness.
pub(crate) fn caption_channels(
    shown: &[Channel],
    painted: Option<Channel>,
    is_auto: bool,
) -> String {
    let range = if is_auto {
        "each channel brightened by itself"
    } else {
        "brightness as recorded"
    };
    format!("{}, {range}", channels(shown, painted))
}

/// The line under an exported picture about the map over it.
pub(crate) fn caption_map(label: &str, logits: f32) -> String {
    format!(
        "Magenta: evidence for {label}. It adds up to {logits:.1} to the log-odds{}, and at least half of that within the line.",
        log_odds()
    )
}

/// The line under an exported picture about the part of the field that it shows.
pub(crate) fn caption_part(part: (f64, f64), size: &str) -> String {
    format!("{} × {} px of {size}", part.0, part.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_listed_as_people_do() {
        let [red, green, blue, yellow] = Channel::ALL;
        let measured = |list: &[Channel]| channels(list, None);
        assert_eq!(measured(&[]), "no channel");
        assert_eq!(measured(&[red]), "red");
        assert_eq!(measured(&[red, green]), "red and green");
        assert_eq!(measured(&[red, green, blue]), "red, green and blue");
        let painted = Some(yellow);
        assert_eq!(channels(&[red], painted), "red");
        assert_eq!(
            caption_channels(&[green, yellow], painted, false),
            "green and yellow (painted), brightness as recorded"
        );
    }

    #[test]
    fn a_picture_is_described_in_words() {
        let mut shown = ShownPicture {
            id: "f1",
            channels: vec![Channel::Green],
            painted: None,
            percent: 49.6,
            map: None,
        };
        assert_eq!(picture(&shown), "Field f1: green, at 50%");
        shown.map = Some("Nucleoli");
        assert_eq!(
            picture(&shown),
            "Field f1: green, at 50%, with the evidence for Nucleoli"
        );
    }

    #[test]
    fn a_reduced_field_is_said_to_be() {
        assert_eq!(size((512, 512), (512, 512), 8), "512 × 512 px, 8 bit");
        assert_eq!(
            size((4096, 2048), (2048, 1024), 16),
            "4096 × 2048 px, 16 bit, shown at 2048 × 1024 px"
        );
    }

    #[test]
    fn lengths_have_as_many_digits_as_they_need() {
        assert_eq!(length(20.0), "20 µm");
        assert_eq!(length(0.1 + 0.2), "0.3 µm");
        assert_eq!(pixel_size(0.325_000_01), "0.325 µm a pixel");
    }

    #[test]
    fn log_odds_are_explained() {
        let said = "It adds up to 5.6 to the log-odds (0 is 50%, 2 is 88%), and";
        assert!(caption_map("Nucleoli", 5.62).contains(said));
        assert!(
            strength(5.62).contains("adds 5.6 to the log-odds of the label (0 is 50%, 2 is 88%).")
        );
    }

    #[test]
    fn levels_are_counted_as_the_files_do() {
        assert_eq!(range(0, 3912, 16), "0 to 3,912 of 65,535");
        assert_eq!(range(0, u16::MAX, 8), "0 to 255 of 255");
        assert_eq!(range(2570, 4095, 8), "10 to 16 of 255");
    }
}
