//! JSON written as text. A serializer of general use weighs more than the rest of the export together.

use std::fmt::Write;

/// A text in quotes.
pub(crate) fn text(content: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in content.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            // Writing to a string does not fail.
            control if control < ' ' => {
                write!(quoted, "\\u{:04x}", u32::from(control)).unwrap_or_default();
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of items that are JSON already.
pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    ["[", &items.join(","), "]"].concat()
}

/// A list of texts.
pub(crate) fn texts<'a>(items: impl Iterator<Item = &'a str>) -> String {
    list(items.map(text))
}

/// A list of numbers, with the fewest digits that read back as the same.
pub(crate) fn numbers(items: &[f32]) -> String {
    list(items.iter().map(ToString::to_string))
}

/// An object of names and values that are JSON already.
pub(crate) fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| [&text(name), ":", value].concat())
        .collect();
    ["{", &members.join(","), "}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let odd = "a \"quoted\" \\ path,\nnew line, tab\t, bell\u{7}, µm ✓";
        let written = object(&[
            ("te\"xt", text(odd)),
            ("numbers", numbers(&[0.1, 1.0 / 3.0, 1e-9, 1.0])),
            ("empty", list(std::iter::empty())),
        ]);
        let read: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(read["te\"xt"], odd);
        assert_eq!(read["numbers"][2], 1e-9);
        assert_eq!(read["empty"], serde_json::json!([]));
        assert!(
            written.contains("[0.1,0.33333334,0.000000001,1]"),
            "{written}"
        );
    }
}
