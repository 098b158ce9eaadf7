//! Matching of the ids that a table lists with those of fields, which come from the names of files.

use std::collections::BTreeMap;

use crate::group::{last_of_path, without_channels, without_image_extension};

/// The number of ids of each side that a message shows.
const SHOWN: usize = 3;

/// The field that an id of a table means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The field at this position.
    Field(usize),
    /// The field at this position, which another id means already.
    Again(usize),
    /// Several fields: which one it means is not to be told.
    Several,
    /// No field.
    Missing,
}

/// The field of each id that a table lists: the one of the very same id, else of the id in another Unicode form, without folder and
/// an image's extension, without names of channels, or in other letters of the alphabet's two cases; each only where no field of an
/// earlier kind is there, and one alone of this kind.
///
/// `composed` gives a text in Unicode's form NFC, by which `ä` from a Mac's file name and from a table are the same.
pub fn matched(listed: &[&str], fields: &[&str], composed: impl Fn(&str) -> String) -> Vec<Match> {
    let mut matches = vec![Match::Missing; listed.len()];
    let mut is_taken = vec![false; fields.len()];
    for looseness in 0..=MOST_LOOSE {
        if !matches.contains(&Match::Missing) {
            break;
        }
        let keys = fields.iter().map(|id| key(id, looseness, &composed));
        let keys: Vec<String> = keys.collect();
        // From 1.
        let mut by_key: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, key) in keys.iter().enumerate() {
            let place = by_key.entry(key).or_default();
            *place = if *place == 0 { at + 1 } else { SEVERAL };
        }
        for (id, found) in listed.iter().zip(&mut matches) {
            if *found != Match::Missing {
                continue;
            }
            *found = match by_key.get(&*key(id, looseness, &composed)) {
                None => Match::Missing,
                Some(&SEVERAL) => Match::Several,
                Some(&place) if is_taken[place - 1] => Match::Again(place - 1),
                Some(&place) => {
                    is_taken[place - 1] = true;
                    Match::Field(place - 1)
                }
            };
        }
    }
    matches
}

/// In place of a field's position: several have the key.
const SEVERAL: usize = usize::MAX;

/// The number of the loosest way to compare ids.
const MOST_LOOSE: usize = 4;

fn key(id: &str, looseness: usize, composed: impl Fn(&str) -> String) -> String {
    if looseness == 0 {
        return id.to_owned();
    }
    let id = composed(id);
    let id = match looseness {
        1 => &id,
        2 => without_image_extension(last_of_path(&id)),
        _ => without_channels(without_image_extension(last_of_path(&id))),
    };
    match looseness {
        MOST_LOOSE => id.to_ascii_lowercase(),
        _ => id.to_owned(),
    }
}

/// The ids that were compared where none matches: some of each side.
pub fn compared(listed: &[&str], fields: &[&str]) -> String {
    format!(
        "The table has {}; the images are of {}.",
        some(listed),
        some(fields)
    )
}

fn some(ids: &[&str]) -> String {
    let shown = ids[..ids.len().min(SHOWN)].join(", ");
    match ids.len() {
        0 => "none".to_owned(),
        1..=SHOWN => shown,
        more => format!("{shown} and {} more", more - SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ä` composed, which is all that these tests need.
    fn composed(text: &str) -> String {
        text.replace("a\u{308}", "ä")
    }

    fn found(listed: &[&str], fields: &[&str]) -> Vec<Match> {
        matched(listed, fields, composed)
    }

    #[test]
    fn ids_match_but_for_unicode_form_extension_channel_folder_and_case() {
        let fields = ["a\u{308}1", "b", "c", "d", "E", "f_green"];
        let listed = [
            "ä1",
            "b.png",
            "images\\plate/c_green.TIF",
            "d_red.ome.tiff",
            "e_Blue",
            "f_green.jpg",
        ];
        let all: Vec<Match> = (0..6).map(Match::Field).collect();
        assert_eq!(found(&listed, &fields), all);
    }

    #[test]
    fn the_very_same_id_comes_first_whatever_the_order() {
        assert_eq!(
            found(&["x.png", "X", "x"], &["x", "X"]),
            [Match::Again(0), Match::Field(1), Match::Field(0)]
        );
        assert_eq!(
            found(&["HEK_green"], &["HEK", "HEK_green"]),
            [Match::Field(1)]
        );
    }

    #[test]
    fn what_may_mean_two_fields_is_no_match() {
        assert_eq!(found(&["AB.png"], &["ab", "aB"]), [Match::Several]);
        assert_eq!(found(&["x"], &["p1/x", "p2/x"]), [Match::Several]);
        assert_eq!(found(&["x2"], &["x"]), [Match::Missing]);
    }

    #[test]
    fn several_files_of_one_field_are_one() {
        assert_eq!(
            found(&["x_red.png", "x_green.png"], &["x"]),
            [Match::Field(0), Match::Again(0)]
        );
    }

    #[test]
    fn three_of_each_side_are_shown() {
        assert_eq!(
            compared(&["a", "b", "c", "d", "e"], &["x"]),
            "The table has a, b, c and 2 more; the images are of x."
        );
    }
}
