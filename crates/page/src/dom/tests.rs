//! The names by which the program finds elements, against `index.html`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

const SKELETON: &str = include_str!("../../../../index.html");

/// The functions that take an id. Their argument must be a literal, or this module could not check it.
const BY_ID: [&str; 2] = ["by_id", "from_template"];

/// The functions that take a selector. It is the first literal among their arguments, if there is one.
const BY_SELECTOR: [&str; 6] = ["find", "find_all", "write", "part", "around", "closest"];

/// A call in the program.
struct Call {
    /// The file and the function, for messages.
    place: String,
    /// The arguments, as they are written.
    arguments: String,
}

impl Call {
    /// The string literal that is the only argument.
    fn only_literal(&self) -> Option<String> {
        let (literal, rest) = literal(self.arguments.trim_start().strip_prefix('"')?);
        rest.trim_matches([' ', '\n', ','])
            .is_empty()
            .then_some(literal)
    }

    /// The first string literal among the arguments.
    fn first_literal(&self) -> Option<String> {
        let (_, rest) = self.arguments.split_once('"')?;
        Some(literal(rest).0)
    }
}

/// The string literal that goes on here, behind its first quote, and the rest of the text.
fn literal(text: &str) -> (String, &str) {
    let mut literal = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (literal, &text[at + 1..]),
            '\\' => literal.extend(letters.next().map(|(_, escaped)| escaped)),
            letter => literal.push(letter),
        }
    }
    panic!("a literal without an end: {text}");
}

/// All calls of a function in the program, but those in files of tests.
fn calls(function: &str) -> Vec<Call> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut calls = Vec::new();
    for path in files(&source).expect("the sources can be listed") {
        let text = fs::read_to_string(&path).expect("a source is text");
        let code = code(&text);
        let place = format!("{}: {function}", path.display());
        for arguments in all_arguments(&code, function) {
            calls.push(Call {
                place: place.clone(),
                arguments,
            });
        }
    }
    calls
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// A source without comments and imports.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut is_import = false;
    for line in source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        let words = line.trim_start().trim_start_matches("pub(super) ");
        is_import |= words.starts_with("use ");
        if !is_import {
            code.push_str(line);
            code.push('\n');
        }
        is_import &= !line.ends_with(';');
    }
    code
}

/// The arguments of each call of a function. A mention that is no call counts as one with the argument
/// `?`.
fn all_arguments(code: &str, function: &str) -> Vec<String> {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut all = Vec::new();
    for (at, _) in code.match_indices(function) {
        let (before, after) = (&code[..at], &code[at + function.len()..]);
        let is_part = before.ends_with(is_of_name) || after.starts_with(is_of_name);
        // Iterators have a `find` of their own.
        let is_of_iterator = function == "find" && before.ends_with('.');
        if is_part || is_of_iterator || before.ends_with("fn ") {
            continue;
        }
        let generic = after.strip_prefix("::<").and_then(|it| it.split_once(">("));
        let after = match generic {
            Some((_, arguments)) => Some(arguments),
            None => after.strip_prefix('('),
        };
        all.push(after.map_or("?".to_owned(), |after| enclosed(after).to_owned()));
    }
    all
}

/// The text up to the parenthesis that closes the one before it.
fn enclosed(text: &str) -> &str {
    let mut depth = 1;
    let mut rest = text;
    while let Some(at) = rest.find(['(', ')', '"']) {
        let letter = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match letter {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => rest = literal(rest).1,
        }
        if depth == 0 {
            return &text[..text.len() - rest.len() - 1];
        }
    }
    panic!("a call without an end: {text}");
}

/// The values that an attribute has in `index.html`, as often as it has them.
fn values(start: &str) -> Vec<&'static str> {
    let values = SKELETON.split(start).skip(1);
    values
        .map(|rest| rest.split_once('"').map_or("", |(value, _)| value))
        .collect()
}

/// The classes, ids and attributes of which a selector speaks, each as it stands in `index.html`. A part
/// that is filled in at run time is left out.
fn named_in(selector: &str) -> Vec<String> {
    let name = |rest: &str| -> String {
        let letters = rest.chars();
        letters
            .take_while(|letter| letter.is_alphanumeric() || *letter == '-')
            .collect()
    };
    let mut named = Vec::new();
    for (at, letter) in selector.char_indices() {
        let rest = &selector[at + 1..];
        match letter {
            '.' => named.push(format!("class {}", name(rest))),
            '#' => named.push(format!("id {}", name(rest))),
            '[' => {
                let attribute = name(rest);
                let value = rest[attribute.len()..].trim_start_matches(['=', '"', '\'']);
                let value = name(value);
                named.push(match value.as_str() {
                    "" => format!("attribute {attribute}"),
                    value => format!("attribute {attribute}={value}"),
                });
            }
            _ => {}
        }
    }
    named
}

fn known() -> BTreeSet<String> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    known.extend(values(" id=\"").iter().map(|id| format!("id {id}")));
    let classes = values(" class=\"");
    let classes = classes.iter().flat_map(|classes| classes.split(' '));
    known.extend(classes.map(|class| format!("class {class}")));
    for tag in SKELETON.split('<').filter_map(|rest| rest.split_once('>')) {
        for attribute in tag.0.split_whitespace().skip(1) {
            known.insert(format!("attribute {}", attribute.replace('"', "")));
            let name = attribute.split('=').next().unwrap_or_default();
            known.insert(format!("attribute {name}"));
        }
    }
    known
}

#[test]
fn the_skeleton_gives_every_id_once() {
    let mut ids = BTreeSet::new();
    for id in values(" id=\"") {
        assert!(ids.insert(id), "index.html has two elements #{id}");
    }
    assert!(ids.len() > 150);
}

#[test]
fn the_skeleton_has_every_id_and_template_that_the_program_names() {
    let templates = values("<template id=\"");
    let ids = values(" id=\"");
    let mut named = BTreeSet::new();
    for function in BY_ID {
        let known = if function == "by_id" {
            &ids
        } else {
            &templates
        };
        for call in calls(function) {
            // `from_template` hands its argument on.
            if call.arguments == "id" && call.place.contains("dom.rs") {
                continue;
            }
            let Some(name) = call.only_literal() else {
                let Call { place, arguments } = call;
                panic!("{place}({arguments}) hides the id: write it as a literal in the call");
            };
            assert!(
                known.contains(&name.as_str()),
                "{}: index.html lacks #{name}",
                call.place
            );
            named.insert(name);
        }
    }
    // Fewer, and the search has overlooked calls.
    assert!(named.len() > 120, "{}: {named:?}", named.len());
    for template in templates {
        assert!(
            named.contains(template),
            "no code uses the template #{template}"
        );
    }
}

#[test]
fn what_waits_in_the_skeleton_waits_for_an_element_of_it() {
    let ids = values(" id=\"");
    let waited_for = values(" data-waits=\"");
    assert!(waited_for.len() > 3, "{waited_for:?}");
    for id in waited_for {
        assert!(ids.contains(&id), "index.html lacks #{id}");
    }
}

#[test]
fn the_skeleton_has_all_of_which_selectors_speak() {
    let known = known();
    let mut count = 0;
    for call in BY_SELECTOR.into_iter().flat_map(calls) {
        for name in call
            .first_literal()
            .as_deref()
            .map(named_in)
            .unwrap_or_default()
        {
            let Call { place, arguments } = &call;
            assert!(
                known.contains(&name),
                "{place}({arguments}): index.html lacks the {name}"
            );
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn the_search_finds_what_it_is_for() {
    let code = code(
        r#"use super::dom::{by_id,
    find};
fn by_id(id: &str) {}
// by_id("comment")
let a: Element = by_id("one");
set(&by_id::<Element>("two"), by_id(name));
rows.find(|row| row == ".no");
find(&by_id("three"), &format!("[data-do=\"{what}\"].part"));
"#,
    );
    let arguments = all_arguments(&code, "by_id");
    assert_eq!(arguments, ["\"one\"", "\"two\"", "name", "\"three\""]);
    let [call] = all_arguments(&code, "find").try_into().expect("one call");
    assert!(call.contains("data-do"));
    assert_eq!(
        named_in("#a .b[data-c=d] [data-e=\"{f}\"]"),
        ["id a", "class b", "attribute data-c=d", "attribute data-e"]
    );
}
