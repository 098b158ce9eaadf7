//! Search for the part of file names that stands for the channel, where it is none of the four words.
//!
//! Names such as `A1_w1.tif`, `A1_w2.tif` or `x_DAPI.tif`, `x_ER.tif` differ in one part: the
//! channel's. A [`Scheme`] is such a part and its values. Numbering alone is none: two
//! photographs `1.png` and `2.png` are two photographs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::stain::{Certainty, Guess, certainty, guess, is_mark, key};

/// The most values that one field's names may have: microscopes record five or six channels.
const MOST_VALUES: usize = 6;

/// The most values that all names together may have: what a person may be asked to sort.
const MOST_ROWS: usize = 8;

/// One value of the part that stands for the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SchemeValue {
    /// The value as in the first name that has it, for example `w1`.
    pub(super) text: String,
    /// The channel that it seems to mean.
    pub(super) guess: Guess,
    /// The first name that has it, without folder and extension.
    pub(super) example: String,
    /// The number of names that have it.
    pub(super) files: usize,
}

/// One name of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The name's position among the names given.
    pub(super) index: usize,
    /// The position of the name's value among the scheme's.
    pub(super) value: usize,
    /// The name without that part: the field's id, behind its folder.
    pub(super) id: String,
}

/// A part of names that stands for the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scheme {
    /// The part's values, sorted.
    pub(super) values: Vec<SchemeValue>,
    /// The names that have the part, in the order given.
    pub(super) members: Vec<Member>,
    /// How likely the part is the channel's.
    likelihood: Likelihood,
}

/// How likely a part of names is the channel's, of several parts that as many names have: rising.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Likelihood {
    /// Whether its values name channels, and are not only the same in every field.
    names_channels: bool,
    /// Whether one of them can mean nothing else.
    has_word: bool,
    /// Its place in the first name: what stands behind a well is the channel, and the well may be `C02`.
    place: usize,
}

/// A name and its position in the lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LotName {
    pub(super) index: usize,
    /// Folder and name, separated by `/`, without the extension.
    pub(super) path: String,
}

/// A way to cut names into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// At `_`, `-`, spaces and other signs.
    Signs,
    /// Between letters and digits, too; but a mark stays with its number.
    Runs,
}

/// A place in names where the channel may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    cut: Cut,
    /// The number of the part, from the end or from the start.
    part: usize,
    from_end: bool,
    /// Whether the values there name channels, or are only the same few in every field.
    names_channels: bool,
}

/// The places to look at, the likeliest first.
pub(super) fn places() -> impl Iterator<Item = Place> {
    let end = |cut, parts: usize| {
        (0..parts).map(move |part| Place {
            cut,
            part,
            from_end: true,
            names_channels: true,
        })
    };
    let start = |cut, parts: usize| {
        (0..parts).map(move |part| Place {
            cut,
            part,
            from_end: false,
            names_channels: true,
        })
    };
    // Only whole parts, the last or the first.
    let grid = [true, false].map(|from_end| Place {
        cut: Cut::Signs,
        part: 0,
        from_end,
        names_channels: false,
    });
    end(Cut::Signs, 5)
        .chain(start(Cut::Signs, 2))
        .chain(end(Cut::Runs, 9))
        .chain(start(Cut::Runs, 2))
        .chain(grid)
}

/// The scheme at this place, if there is one.
pub(super) fn at(place: Place, names: &[LotName]) -> Option<Scheme> {
    if place.names_channels {
        by_words(place, names)
    } else {
        by_grid(place, names)
    }
}

/// A name cut at a place: the value there and where it begins, and the rest as the field's id.
struct SplitName<'a> {
    value: &'a str,
    start: usize,
    id: String,
}

/// The scheme of values that name channels: two at least in the names of one field.
fn by_words(place: Place, names: &[LotName]) -> Option<Scheme> {
    let mut naming: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        // Reading the value is cheap, and most of them name nothing.
        if let Some(range) = part(place, stem(&name.path))
            && certainty(&stem(&name.path)[range.clone()]).is_some()
        {
            let split = split(&name.path, range);
            naming.entry(split.id).or_default().insert(split.value);
        }
    }
    naming.retain(|_, values| values.len() > 1);
    if naming.is_empty() {
        return None;
    }
    // Other values in the same fields: the protein may stand there by its gene.
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut splits = Vec::new();
    for name in names {
        if let Some(range) = part(place, stem(&name.path)) {
            let split = split(&name.path, range);
            if let Some((id, _)) = naming.get_key_value(&split.id) {
                all.entry(id).or_default().insert(split.value);
            }
            splits.push((name, split));
        }
    }
    all.retain(|_, values| {
        let named = values
            .iter()
            .any(|value| certainty(value) == Some(Certainty::Word));
        values.len() <= MOST_VALUES
            && (named || values.iter().all(|value| certainty(value).is_some()))
    });
    let known: BTreeSet<String> = all.values().flatten().map(|value| key(value)).collect();
    // Fields of which one file alone is here belong to it, too.
    splits.retain(|(_, split)| {
        all.contains_key(split.id.as_str())
            || known.contains(&key(split.value)) && certainty(split.value).is_some()
    });
    scheme(splits, true)
}

/// The scheme of values that name nothing, but are the same few in every field: three at least, since two
/// channels make no field.
fn by_grid(place: Place, names: &[LotName]) -> Option<Scheme> {
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
    if is_grid { scheme(splits, false) } else { None }
}

/// Whether the values count from 0 or 1.
fn is_count(values: &BTreeSet<String>) -> bool {
    let numbers: Option<BTreeSet<usize>> = values.iter().map(|value| value.parse().ok()).collect();
    numbers.is_some_and(|numbers| {
        let first = usize::from(!numbers.contains(&0));
        numbers.len() == values.len() && numbers.into_iter().eq(first..first + values.len())
    })
}

fn scheme(splits: Vec<(&LotName, SplitName<'_>)>, names_channels: bool) -> Option<Scheme> {
    let mut values: BTreeMap<String, SchemeValue> = BTreeMap::new();
    for (name, split) in &splits {
        values
            .entry(key(split.value))
            .or_insert_with(|| SchemeValue {
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
    let likelihood = Likelihood {
        names_channels,
        has_word: keys
            .iter()
            .any(|key| certainty(key) == Some(Certainty::Word)),
        place: splits.first().map_or(0, |(_, split)| split.start),
    };
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
        likelihood,
    };
    scheme.guess_once();
    Some(scheme)
}

impl Scheme {
    /// Leaves each channel to the first value that means it. For the others people are asked.
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

    /// Whether this is the likelier scheme of two: that of more names, or of the likelier part.
    pub(super) fn is_likelier(&self, other: &Self) -> bool {
        let rank = |scheme: &Self| (scheme.members.len(), scheme.likelihood);
        rank(self) > rank(other)
    }

    /// The texts of all values.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.values.iter().map(|value| &*value.text).collect()
    }
}

/// A name without the identifier that MetaXpress writes behind the channel: `w1` of `w1` and 32 hexadecimal digits in five groups.
pub(super) fn without_identifier(stem: &str) -> &str {
    const FORM: &str = "00000000-0000-0000-0000-000000000000";
    let Some((name, identifier)) = stem
        .len()
        .checked_sub(FORM.len())
        .and_then(|at| stem.split_at_checked(at))
    else {
        return stem;
    };
    let has_form = identifier.bytes().zip(FORM.bytes()).all(|(byte, form)| {
        if form == b'0' {
            byte.is_ascii_hexdigit()
        } else {
            byte == form
        }
    });
    let mark = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let is_behind_channel = mark.len() < name.len() && mark.ends_with(['w', 'W']);
    if has_form && is_behind_channel {
        name
    } else {
        stem
    }
}

/// Takes the number of the action out of a Yokogawa microscope's name, `L01A02Z03`: it may be another for each channel of a field.
fn drop_action(name: &mut String) {
    const FORM: &[u8] = b"L00A00Z00";
    let Some(at) = name.len().checked_sub(FORM.len()) else {
        return;
    };
    let mut both = name.as_bytes()[at..].iter().zip(FORM);
    if both.all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte == form,
    }) {
        name.replace_range(at + 3..at + 6, "");
    }
}

fn stem(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, stem)| stem)
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The part of the stem at this place, if there is one.
fn part(place: Place, stem: &str) -> Option<Range<usize>> {
    let parts = parts(stem, place.cut);
    let at = if place.from_end {
        parts.len().checked_sub(place.part + 1)?
    } else {
        place.part
    };
    // A part between signs is found there, and only there: else the wells `A1`, `B1` and `C1`
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

/// The name without this part and the sign at it. Where nothing is left, the folder is the field.
fn split(path: &str, range: Range<usize>) -> SplitName<'_> {
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
        drop_action(&mut rest);
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
    SplitName {
        value,
        start: range.start,
        id,
    }
}

#[cfg(test)]
mod tests;
