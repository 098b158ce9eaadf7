//! Inputs that people's reports led to, which are not part of the project.

use std::fs;
use std::path::Path;

use cytolens_core::{Channel, ChannelOrder, FieldFiles, group};
use cytolens_field::{Field, FieldError, Source, decode_field, square};
use cytolens_testing::third_party;
use serde_json::Value;

/// A difference of planes of 16 bit that rounding explains.
const ROUNDING: u16 = 1;

fn decode(folder: &Path, files: &FieldFiles, case: &Value) -> Result<Field, FieldError> {
    let contents: Vec<_> = files
        .files
        .iter()
        .map(|file| fs::read(folder.join(&file.name)).expect("a readable file"))
        .collect();
    let sources: Vec<_> = files
        .files
        .iter()
        .zip(&contents)
        .map(|(file, bytes)| Source {
            name: &file.name,
            channel: file.channel,
            bytes,
        })
        .collect();
    let arguments: Vec<&str> = case["args"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| *argument == name)?;
        arguments.get(place + 1).copied()
    };
    let order: ChannelOrder = value("--channels")
        .unwrap_or("auto")
        .parse()
        .expect("an order");
    let field = decode_field(&files.id, &sources, &order)?;
    match value("--bits") {
        Some(bits) => field.stretched(bits.parse().expect("a number")),
        None => Ok(field),
    }
}

/// The largest difference between the fields in channels that both have, at 512 px and 16 bit.
fn difference(field: &Field, reference: &Field) -> u16 {
    let worst = |channel: Channel| {
        let planes = field.plane(channel).zip(reference.plane(channel))?;
        let (read, expected) = (square(planes.0, 512), square(planes.1, 512));
        read.iter()
            .zip(&expected)
            .map(|(&a, &b)| a.abs_diff(b))
            .max()
    };
    Channel::ALL
        .into_iter()
        .filter_map(worst)
        .max()
        .expect("a channel")
}

fn fields(folder: &Path) -> Vec<FieldFiles> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let names = entries.filter_map(|entry| entry.expect("an entry").file_name().into_string().ok());
    group(names).fields
}

fn case(folder: &Path) -> Value {
    let text = fs::read(folder.join("case.json")).expect("a readable file");
    serde_json::from_slice(&text).expect("JSON")
}

/// What is expected of a field; where it is the case's only one, by whatever form of Unicode its id is written.
fn row<'a>(rows: &'a Value, id: &str) -> Option<&'a Value> {
    let rows = rows.as_object()?;
    let only = rows
        .values()
        .next()
        .filter(|_| rows.len() == 1 && !id.is_ascii());
    rows.get(id).or(only)
}

/// Every case of files in one folder, by its outcome: where the right answer is that of a reference field without loss, the
/// planes must be its own; where it is a refusal, there must be one.
#[test]
#[ignore = "needs the third-party data"]
fn the_corpus_is_read_or_refused() {
    // What was outside the limits when the corpus was made, and what is read though a refusal was thought right.
    const READ_NOW: [&str; 1] = ["112-4097px"];
    let corpus = third_party("../corpus");
    let reference = corpus.join("000-reference");
    let ids = case(&reference)["ids"].clone();
    let references: Vec<(FieldFiles, Field)> = fields(&reference.join("data"))
        .into_iter()
        .map(|files| {
            let field = decode(&reference.join("data"), &files, &Value::Null).expect("readable");
            (files, field)
        })
        .collect();
    let mut folders: Vec<_> = fs::read_dir(&corpus)
        .expect("a readable folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("case.json").is_file() && *path != reference)
        .collect();
    folders.sort();
    let (mut read, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for folder in folders {
        let case = case(&folder);
        if case["mode"] != "predict" || !folder.join("data").is_dir() {
            continue;
        }
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for files in fields(&folder.join("data")) {
            let rows: Vec<&Value> = case["any_of"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|outcome| row(&outcome["rows"], &files.id))
                .collect();
            match decode(&folder.join("data"), &files, &case) {
                Err(error) => {
                    refused += 1;
                    println!("{name}: {error}");
                    let may_refuse = case["any_of"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|outcome| row(&outcome["rows"], &files.id).is_none());
                    if !may_refuse {
                        wrong.push(format!("{name}: {error}"));
                    }
                }
                Ok(field) => {
                    read += 1;
                    for notice in field.notices() {
                        println!("{name}: {notice}");
                    }
                    let Some(row) = rows.first() else {
                        println!("{name}: read, {}", field.describe());
                        let is_complete = Channel::ALL[..3]
                            .iter()
                            .all(|&channel| field.plane(channel).is_some());
                        if is_complete && !READ_NOW.contains(&name.as_str()) {
                            wrong.push(format!("{name}: read, {}", field.describe()));
                        }
                        continue;
                    };
                    let Some(letter) = row["ref"].as_str() else {
                        continue;
                    };
                    let id = ids[letter].as_str().expect("an id");
                    let (_, expected) = references
                        .iter()
                        .find(|(files, _)| files.id == id)
                        .expect("a reference");
                    let difference = difference(&field, expected);
                    println!("{name}: {letter}, {difference}");
                    if row["tol"].as_f64() <= Some(5e-6) && difference > ROUNDING {
                        wrong.push(format!("{name}: differs by {difference}"));
                    }
                }
            }
        }
    }
    println!("{read} fields read, {refused} refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 80, "{read}");
}
