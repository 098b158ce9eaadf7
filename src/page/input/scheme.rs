//! Which part of files' names tells their channel, where it is none of the four words.
//!
//! Names such as `A1_w1.tif`, `A1_w2.tif` or `x_DAPI.tif`, `x_ER.tif` differ in one part: the
//! channel's. A [`Scheme`] is such a part and the values it has. Numbering alone is none: two
//! photographs `1.png` and `2.png` are two photographs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::field::Channel;

/// The most values that one field's names may have: microscopes record five or six channels.
const MOST_VALUES: usize = 6;

/// The most values that all names together may have: what a person may be asked to sort.
const MOST_ROWS: usize = 8;

/// What stands before a channel's number.
const MARKS: [&str; 8] = ["c", "ch", "chan", "channel", "w", "wl", "wv", "wavelength"];

/// The wavelengths of common lasers and dyes, in nanometres. No two are so close that a short run
/// of numbered files holds both.
const WAVELENGTHS: [u16; 26] = [
    358, 365, 375, 385, 395, 405, 445, 458, 470, 488, 514, 525, 532, 543, 555, 561, 568, 594, 610,
    633, 640, 647, 660, 670, 680, 750,
];

/// What a value says of its channel by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// This one, most likely.
    Channel(Channel),
    /// None: a picture in transmitted light, or one of all channels merged.
    LeftOut,
    /// Nothing.
    Unknown,
}

/// One value of the part that tells the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// As in the first name that has it, for example `w1`.
    pub(super) text: String,
    /// What it says by itself.
    pub(super) guess: Guess,
    /// The first name that has it, without folder and extension.
    pub(super) example: String,
    /// How many names have it.
    pub(super) files: usize,
}

/// One name of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its position among the names given.
    pub(super) index: usize,
    /// The position of its value among the scheme's.
    pub(super) value: usize,
    /// The name without that part: the field's id, behind its folder.
    pub(super) id: String,
}

/// A part of names that tells the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scheme {
    /// By name.
    pub(super) values: Vec<Value>,
    /// In the order given.
    pub(super) members: Vec<Member>,
}

/// A name and its position in the lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Its position.
    pub(super) index: usize,
    /// Folder and name, parted by `/`, without the extension.
    pub(super) path: String,
}

/// How names are cut into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// At `_`, `-`, spaces and other signs.
    Signs,
    /// Between letters and digits, too; but a mark stays with its number.
    Runs,
}

/// A place in names where the channel may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    cut: Cut,
    /// The number of the part, from the end or from the start.
    part: usize,
    from_end: bool,
}

/// Where to look, the likeliest first.
pub(super) fn places() -> impl Iterator<Item = Place> {
    let end = |cut, parts: usize| {
        (0..parts).map(move |part| Place {
            cut,
            part,
            from_end: true,
        })
    };
    let start = |cut, parts: usize| {
        (0..parts).map(move |part| Place {
            cut,
            part,
            from_end: false,
        })
    };
    end(Cut::Signs, 5)
        .chain(start(Cut::Signs, 2))
        .chain(end(Cut::Runs, 9))
        .chain(start(Cut::Runs, 2))
}

/// The scheme at this place, if there is one.
pub(super) fn at(place: Place, names: &[Name]) -> Option<Scheme> {
    by_words(place, names).or_else(|| by_grid(place, names))
}

/// A name at a place: the value, and the field's id.
struct Split<'a> {
    value: &'a str,
    id: String,
}

/// Values that name channels: two at least in the names of one field.
fn by_words(place: Place, names: &[Name]) -> Option<Scheme> {
    let mut told: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        // Reading the value is cheap, and most of them tell nothing.
        if let Some(range) = part(place, stem(&name.path))
            && tell(&stem(&name.path)[range.clone()]).is_some()
        {
            let split = split(&name.path, range);
            told.entry(split.id).or_default().insert(split.value);
        }
    }
    told.retain(|_, values| values.len() > 1);
    if told.is_empty() {
        return None;
    }
    // What else stands there in the same fields: the protein may be told by its gene.
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut splits = Vec::new();
    for name in names {
        if let Some(range) = part(place, stem(&name.path)) {
            let split = split(&name.path, range);
            if let Some((id, _)) = told.get_key_value(&split.id) {
                all.entry(id).or_default().insert(split.value);
            }
            splits.push((name, split));
        }
    }
    all.retain(|_, values| {
        let named = values.iter().any(|value| tell(value) == Some(Told::Word));
        values.len() <= MOST_VALUES && (named || values.iter().all(|value| tell(value).is_some()))
    });
    let known: BTreeSet<String> = all.values().flatten().map(|value| key(value)).collect();
    // Fields of which one file alone is here belong to it, too.
    splits.retain(|(_, split)| {
        all.contains_key(split.id.as_str())
            || known.contains(&key(split.value)) && tell(split.value).is_some()
    });
    scheme(splits)
}

/// Values that name nothing, but the same few of them in every field: three at least, since two
/// channels make no field. Only as a whole part, the first or the last.
fn by_grid(place: Place, names: &[Name]) -> Option<Scheme> {
    if place.cut != Cut::Signs || place.part > 0 {
        return None;
    }
    let mut splits = Vec::new();
    let mut values_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in names {
        let split = split(&name.path, part(place, stem(&name.path))?);
        let values = values_of.entry(split.id.clone()).or_default();
        // A name twice, with two extensions, or more names than a field's is no grid.
        if !values.insert(key(split.value)) || values.len() >= MOST_VALUES {
            return None;
        }
        splits.push((name, split));
    }
    let mut sets = values_of.values();
    let first = sets.next()?;
    let is_grid = values_of.len() > 1
        && first.len() > 2
        && sets.all(|set| set == first)
        && (is_count(first) || first.iter().all(|value| !is_number(value)));
    if is_grid { scheme(splits) } else { None }
}

/// Whether the values count from 0 or 1.
fn is_count(values: &BTreeSet<String>) -> bool {
    let numbers: Option<BTreeSet<usize>> = values.iter().map(|value| value.parse().ok()).collect();
    numbers.is_some_and(|numbers| {
        let first = usize::from(!numbers.contains(&0));
        numbers.len() == values.len() && numbers.into_iter().eq(first..first + values.len())
    })
}

fn scheme(splits: Vec<(&Name, Split<'_>)>) -> Option<Scheme> {
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for (name, split) in &splits {
        values
            .entry(key(split.value))
            .or_insert_with(|| Value {
                text: split.value.to_owned(),
                guess: guess(split.value),
                example: stem(&name.path).to_owned(),
                files: 0,
            })
            .files += 1;
    }
    if !(2..=MOST_ROWS).contains(&values.len()) {
        return None;
    }
    let keys: Vec<&String> = values.keys().collect();
    let members = splits.into_iter().filter_map(|(name, split)| {
        Some(Member {
            index: name.index,
            value: keys.binary_search(&&key(split.value)).ok()?,
            id: split.id,
        })
    });
    let members = members.collect();
    let mut scheme = Scheme {
        values: values.into_values().collect(),
        members,
    };
    scheme.guess_once();
    Some(scheme)
}

impl Scheme {
    /// Leaves each channel to the first value that means it: the others are asked.
    fn guess_once(&mut self) {
        let mut taken = Vec::new();
        for value in &mut self.values {
            if let Guess::Channel(channel) = value.guess {
                if taken.contains(&channel) {
                    value.guess = Guess::Unknown;
                }
                taken.push(channel);
            }
        }
    }

    /// The texts of all values.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.values.iter().map(|value| &*value.text).collect()
    }
}

/// A value as it is compared: small and capital letters are the same.
pub(super) fn key(value: &str) -> String {
    value.to_ascii_lowercase()
}

fn stem(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, stem)| stem)
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The part of the stem at this place, if it has so many.
fn part(place: Place, stem: &str) -> Option<Range<usize>> {
    let parts = parts(stem, place.cut);
    let at = if place.from_end {
        parts.len().checked_sub(place.part + 1)?
    } else {
        place.part
    };
    // What stands between signs is found there, and only there: else the wells `A1`, `B1` and `C1`
    // would differ in kind.
    let is_within = |range: &&Range<usize>| {
        let at = |index: Option<usize>| {
            let byte = index.and_then(|index| stem.as_bytes().get(index));
            byte.is_some_and(u8::is_ascii_alphanumeric)
        };
        place.cut == Cut::Signs || at(range.start.checked_sub(1)) || at(Some(range.end))
    };
    parts.get(at).filter(is_within).cloned()
}

fn parts(stem: &str, cut: Cut) -> Vec<Range<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Kind {
        Sign,
        Letter,
        Digit,
    }
    let kind = |byte: u8| match byte {
        b'0'..=b'9' if cut == Cut::Runs => Kind::Digit,
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 128.. => Kind::Letter,
        _ => Kind::Sign,
    };
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for run in stem.as_bytes().chunk_by(|a, b| kind(*a) == kind(*b)) {
        let range = start..start + run.len();
        start = range.end;
        match (kind(run[0]), parts.last_mut()) {
            (Kind::Sign, _) => {}
            (Kind::Digit, Some(last))
                if last.end == range.start && is_mark(&stem[last.clone()]) =>
            {
                last.end = range.end;
            }
            _ => parts.push(range),
        }
    }
    parts
}

fn is_mark(text: &str) -> bool {
    MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(text))
}

/// The name without this part and the sign at it. Where nothing is left, the folder is the field.
fn split(path: &str, range: Range<usize>) -> Split<'_> {
    let (folder, stem) = path.rsplit_once('/').unwrap_or(("", path));
    let value = &stem[range.clone()];
    let is_sign = |letter: char| letter.is_ascii_punctuation() || letter == ' ';
    let mut rest = String::with_capacity(path.len());
    let before = stem[..range.start].trim_end_matches(is_sign);
    let after = &stem[range.end..];
    if before.is_empty() {
        rest.push_str(after.trim_start_matches(is_sign));
    } else {
        rest.push_str(before);
        rest.push_str(after);
    }
    let name = match (rest.is_empty(), folder.rsplit('/').next()) {
        (true, Some(last)) if !last.is_empty() => last,
        (true, _) => "field",
        (false, _) => &rest,
    };
    let id = if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    };
    Split { value, id }
}

/// How surely a value tells a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// By a word that means nothing else.
    Word,
    /// By a number or a letter, which may mean something else.
    Mark,
}

fn tell(value: &str) -> Option<Told> {
    // What follows allocates, and most values are no word of any channel.
    if value.len() > 13 || !value.is_ascii() {
        return None;
    }
    let key = key(value);
    if word(&key) != Guess::Unknown {
        let is_letter = key.len() == 1;
        return Some(if is_letter { Told::Mark } else { Told::Word });
    }
    let (letters, number) = number(&key);
    let is_marked = is_mark(letters) && (1..=2).contains(&number.len());
    (is_marked || wavelength(&key).is_some()).then_some(Told::Mark)
}

fn guess(value: &str) -> Guess {
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

/// What stains and structures are called in names of files; the dyes are those of the Human Protein
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

/// A laser's or dye's, in nanometres: of `488`, `488nm`, `af488` and `alexa488`.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page does: the place with the most names, the first of several.
    fn find(paths: &[&str]) -> Option<Scheme> {
        let names: Vec<Name> = paths
            .iter()
            .enumerate()
            .map(|(index, path)| Name {
                index,
                path: (*path).to_owned(),
            })
            .collect();
        let mut best: Option<Scheme> = None;
        for scheme in places().filter_map(|place| at(place, &names)) {
            if best
                .as_ref()
                .is_none_or(|best| scheme.members.len() > best.members.len())
            {
                best = Some(scheme);
            }
        }
        best
    }

    fn texts(paths: &[&str]) -> Vec<String> {
        let scheme = find(paths).unwrap_or_default();
        scheme.texts().into_iter().map(str::to_owned).collect()
    }

    fn ids(paths: &[&str]) -> Vec<String> {
        let scheme = find(paths).unwrap_or_default();
        scheme.members.into_iter().map(|member| member.id).collect()
    }

    fn guesses(paths: &[&str]) -> Vec<Guess> {
        let scheme = find(paths).unwrap_or_default();
        scheme.values.iter().map(|value| value.guess).collect()
    }

    #[test]
    fn marks_and_their_numbers_are_channels_even_of_one_field() {
        assert_eq!(texts(&["A1_w1", "A1_w2", "A1_w3"]), ["w1", "w2", "w3"]);
        assert_eq!(ids(&["A1_w1", "A1_w2", "A1_w3"]), ["A1", "A1", "A1"]);
        assert_eq!(texts(&["img_C0", "img_C1", "img_C2", "img_C3"]).len(), 4);
        assert_eq!(texts(&["a-ch00", "a-ch01", "a-ch02"]).len(), 3);
        assert_eq!(guesses(&["a_w1", "a_w2"]), [Guess::Unknown; 2]);
    }

    #[test]
    fn stains_and_wavelengths_are_guessed() {
        use Channel::{Blue, Green, Red, Yellow};
        let stains = ["x_DAPI", "x_ER", "x_protein", "x_MT"];
        assert_eq!(texts(&stains), ["DAPI", "ER", "MT", "protein"]);
        let channels = [Blue, Yellow, Red, Green].map(Guess::Channel);
        assert_eq!(guesses(&stains), channels);
        let lasers = ["s1_405", "s1_488", "s1_561", "s1_640"];
        assert_eq!(
            guesses(&lasers),
            [Blue, Green, Red, Yellow].map(Guess::Channel)
        );
        assert_eq!(guesses(&["s_Alexa488", "s_405nm"]).len(), 2);
    }

    #[test]
    fn a_channel_is_guessed_once() {
        let guessed = guesses(&["x_DAPI", "x_GFP", "x_protein"]);
        assert_eq!(guessed[1], Guess::Channel(Channel::Green));
        assert_eq!(guessed[2], Guess::Unknown);
    }

    #[test]
    fn the_protein_may_be_told_by_its_gene() {
        let names = ["x_DAPI", "x_HSP60", "x_tubulin", "x_merge"];
        assert_eq!(texts(&names), ["DAPI", "HSP60", "merge", "tubulin"]);
        assert_eq!(guesses(&names)[1], Guess::Unknown);
        assert_eq!(guesses(&names)[2], Guess::LeftOut);
    }

    #[test]
    fn the_channel_may_stand_before_or_within() {
        assert_eq!(
            ids(&["DAPI_f1", "GFP_f1", "DAPI_f2", "GFP_f2"]),
            ["f1", "f1", "f2", "f2"]
        );
        assert_eq!(ids(&["i_C0_z1", "i_C1_z1", "i_C2_z1"]), ["i_z1"; 3]);
        let plate = [
            "P_A01_T0001F001L01A01Z01C01",
            "P_A01_T0001F001L01A01Z01C02",
            "P_A01_T0001F002L01A01Z01C01",
            "P_A01_T0001F002L01A01Z01C02",
        ];
        assert_eq!(texts(&plate), ["C01", "C02"]);
        assert_eq!(ids(&plate)[0], "P_A01_T0001F001L01A01Z01");
        let columns = [
            "r01c01f01p01-ch1sk1fk1fl1",
            "r01c01f01p01-ch2sk1fk1fl1",
            "r01c02f01p01-ch1sk1fk1fl1",
            "r01c02f01p01-ch2sk1fk1fl1",
        ];
        assert_eq!(texts(&columns), ["ch1", "ch2"]);
    }

    #[test]
    fn a_folder_may_be_the_field() {
        let names = ["d/f1/DAPI", "d/f1/ER", "d/f2/DAPI", "d/f2/ER"];
        assert_eq!(ids(&names), ["d/f1/f1", "d/f1/f1", "d/f2/f2", "d/f2/f2"]);
        assert_eq!(ids(&["DAPI", "GFP"]), ["field", "field"]);
    }

    #[test]
    fn the_same_few_values_in_several_fields_are_channels() {
        let names = ["a_1", "a_2", "a_3", "b_1", "b_2", "b_3"];
        assert_eq!(texts(&names), ["1", "2", "3"]);
        let names = ["a_KO", "a_p", "a_q", "b_KO", "b_p", "b_q"];
        assert_eq!(texts(&names), ["KO", "p", "q"]);
    }

    #[test]
    fn a_field_that_lacks_files_belongs_to_the_others() {
        let names = ["a_w1", "a_w2", "b_w2"];
        assert_eq!(ids(&names), ["a", "a", "b"]);
        assert_eq!(
            find(&names).map(|scheme| scheme.values[1].files),
            Some(2),
            "w2 of both"
        );
    }

    #[test]
    fn numbering_alone_is_no_channel() {
        for names in [
            &["photo1", "photo2"][..],
            &["photo_1", "photo_2", "photo_3", "photo_4"],
            &["IMG_0487", "IMG_0488", "IMG_0489", "IMG_0490"],
            &["IMG_487", "IMG_488", "IMG_489", "IMG_490"],
            &["img_401", "img_405", "img_488"],
            &["a1", "a2", "a3", "b1", "b2", "b3"],
            &["A1", "A2", "B1", "B2", "C1", "C2"],
            &["well_A1", "well_B1", "well_C1", "well_C2"],
            &["a_12", "a_17", "a_30", "b_12", "b_17", "b_30"],
        ] {
            assert_eq!(find(names), None, "{names:?}");
        }
        let many: Vec<String> = (1..51).map(|number| format!("img{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(find(&many), None);
    }

    #[test]
    fn unrelated_pictures_are_no_channels() {
        for names in [
            &["cell", "mitochondria", "figure 3"][..],
            &["DAPI"],
            &["DAPI_composite", "GFP_overview"],
            &["left", "right"],
            &["mouse_left", "mouse_right", "rat_left", "rat_right"],
            &["a_x", "a_y", "a_z", "b_x", "b_y"],
            &[],
        ] {
            assert_eq!(find(names), None, "{names:?}");
        }
    }

    #[test]
    fn pictures_beside_channels_stay_out() {
        let names = ["overview", "A1_w1", "A1_w2", "photo_3"];
        let scheme = find(&names).unwrap_or_default();
        let members: Vec<usize> = scheme.members.iter().map(|member| member.index).collect();
        assert_eq!(members, [1, 2]);
    }

    #[test]
    fn letters_of_other_alphabets_do_no_harm() {
        assert_eq!(texts(&["Zellkern-ä_w1", "Zellkern-ä_w2"]), ["w1", "w2"]);
        assert_eq!(find(&["ä", "ö", "細胞"]), None);
    }
}
