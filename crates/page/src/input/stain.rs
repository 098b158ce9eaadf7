//! Channels by the parts of names: stains, dyes, structures, lasers, numbers.

use cytolens_core::Channel;

/// The words before a channel's number.
const MARKS: [&str; 8] = ["c", "ch", "chan", "channel", "w", "wl", "wv", "wavelength"];

/// The wavelengths of common lasers and dyes, in nanometres. No two are so close that a short run
/// of numbered files holds both.
const WAVELENGTHS: [u16; 26] = [
    358, 365, 375, 385, 395, 405, 445, 458, 470, 488, 514, 525, 532, 543, 555, 561, 568, 594, 610,
    633, 640, 647, 660, 670, 680, 750,
];

/// The channel that a value seems to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// Most likely this channel.
    Channel(Channel),
    /// No channel: a picture in transmitted light, or one of all channels merged.
    LeftOut,
    /// Any channel: the value is no word of one.
    Unknown,
}

/// A value in small letters, for comparison.
pub(super) fn key(value: &str) -> String {
    value.to_ascii_lowercase()
}

/// Whether a channel's number stands behind this text.
pub(super) fn is_mark(text: &str) -> bool {
    MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text))
}

/// The certainty with which a value means a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// A word that means nothing else.
    Word,
    /// A number or a letter, which may mean something else.
    Mark,
}

/// The certainty with which a value means a channel; none where it means no channel.
pub(super) fn certainty(value: &str) -> Option<Certainty> {
    // The rest allocates, and most values are no word of any channel.
    if value.len() > 13 || !value.is_ascii() {
        return None;
    }
    let key = key(value);
    if word(&key) != Guess::Unknown {
        let is_letter = key.len() == 1;
        return Some(if is_letter {
            Certainty::Mark
        } else {
            Certainty::Word
        });
    }
    let (letters, number) = number(&key);
    let is_marked = is_mark(letters) && (1..=2).contains(&number.len());
    (is_marked || wavelength(&key).is_some()).then_some(Certainty::Mark)
}

/// The channel that a value means, most likely.
pub(super) fn guess(value: &str) -> Guess {
    let key = key(value);
    let by_light = |nanometres| match nanometres {
        ..430 => Channel::Blue,
        430..530 => Channel::Green,
        530..620 => Channel::Red,
        _ => Channel::Yellow,
    };
    match (word(&key), wavelength(&key)) {
        (Guess::Unknown, Some(nanometres)) => Guess::Channel(by_light(nanometres)),
        (guess, _) => guess,
    }
}

/// The channel of a stain's or structure's usual name in file names; the dyes are those of the Human Protein
/// Atlas: DAPI, Alexa 488 on the protein's antibody, Alexa 555 on microtubules, Alexa 647 on the ER.
fn word(key: &str) -> Guess {
    match key {
        "red" | "r" | "mt" | "microtubule" | "microtubules" | "tubulin" | "tub" | "cy3" | "rfp"
        | "tritc" | "mcherry" | "texasred" | "txred" => Guess::Channel(Channel::Red),
        "green" | "g" | "protein" | "antibody" | "ab" | "gfp" | "egfp" | "fitc" => {
            Guess::Channel(Channel::Green)
        }
        "blue" | "b" | "dapi" | "hoechst" | "nucleus" | "nuclei" | "nuc" | "dna" => {
            Guess::Channel(Channel::Blue)
        }
        "yellow" | "y" | "er" | "reticulum" | "calreticulin" | "calr" | "cy5" => {
            Guess::Channel(Channel::Yellow)
        }
        "bf" | "brightfield" | "dic" | "phase" | "merge" | "merged" | "composite" | "overlay"
        | "rgb" => Guess::LeftOut,
        _ => Guess::Unknown,
    }
}

/// The wavelength of a laser or dye, in nanometres: of `488`, `488nm`, `af488` and `alexa488`.
fn wavelength(key: &str) -> Option<u16> {
    let (letters, digits) = number(key.strip_suffix("nm").unwrap_or(key));
    let is_prefix = ["", "alexa", "af", "ex", "em"].contains(&letters);
    let nanometres = digits.parse().ok()?;
    (is_prefix && digits.len() == 3 && WAVELENGTHS.contains(&nanometres)).then_some(nanometres)
}

/// Letters and the number behind them.
fn number(key: &str) -> (&str, &str) {
    let letters = key.trim_end_matches(|letter: char| letter.is_ascii_digit());
    key.split_at(letters.len())
}
