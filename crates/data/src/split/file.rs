//! Splits as tables: `Id,Part,Group,Source,Seed,Duplicates`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail, ensure};
use cytolens_core::matching::{Match, matched};
use cytolens_core::table::utf8;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::TABLE_FILE;
use crate::unicode::composed;
use crate::whole_file::fill_whole;

/// The number of ids that an error names; of more it gives the count.
const IDS_NAMED: usize = 3;
/// The number of hexadecimal digits of a table's SHA-256 in its name.
const DIGITS: usize = 12;

/// A part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Samples to train on.
    Train,
    /// Samples to choose the epoch and the thresholds by.
    Validation,
    /// Samples to score once, at the end.
    Test,
    /// One of several equal parts for cross-validation, numbered from 0.
    Fold(usize),
}

impl Part {
    /// What a part is for in a run that tests with one fold and chooses by another: the other folds are trained on, and a part
    /// that is no fold stays what it is.
    pub fn in_run(self, tested: usize, chosen_by: usize) -> Self {
        match self {
            Self::Fold(number) if number == tested => Self::Test,
            Self::Fold(number) if number == chosen_by => Self::Validation,
            Self::Fold(_) => Self::Train,
            part => part,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Train => f.pad("train"),
            Self::Validation => f.pad("validation"),
            Self::Test => f.pad("test"),
            Self::Fold(number) => f.pad(&format!("fold-{number}")),
        }
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    /// Reads the text of [`Part`]'s `Display`.
    fn from_str(text: &str) -> Result<Self> {
        let fold = |text: &str| text.strip_prefix("fold-")?.parse().ok();
        match text {
            "train" => Ok(Self::Train),
            "validation" => Ok(Self::Validation),
            "test" => Ok(Self::Test),
            _ => fold(text).map(Self::Fold).ok_or_else(|| {
                anyhow!(
                    "parts are train, validation and test, or fold-0, fold-1, ..., not {text:?}"
                )
            }),
        }
    }
}

/// A split of a set into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The samples, one row each.
    pub rows: Vec<SplitRow>,
    /// The set and the choices of the split; none where the table lacks them, as one made by hand.
    pub origin: Option<SplitOrigin>,
}

/// The part of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRow {
    /// The field's id.
    pub id: String,
    /// The sample's part.
    pub part: Part,
    /// The id of the first sample of its group of duplicates: its own where it has none.
    pub group: String,
}

/// The set and the choices of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitOrigin {
    /// The name of the set, as [`source_of`] gives it.
    pub source: String,
    /// The random seed.
    pub seed: u64,
    /// The kind of duplicates that were kept together: `off`, `exact` or `near`.
    pub duplicates: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    id: String,
    part: String,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    duplicates: Option<String>,
}

impl Split {
    /// Writes the table atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        fill_whole(path, |file| self.write_lines(file))
    }

    fn write_lines(&self, file: impl Write) -> Result<()> {
        let mut writer = csv::Writer::from_writer(file);
        for row in &self.rows {
            writer.serialize(Line {
                id: row.id.clone(),
                part: row.part.to_string(),
                group: Some(row.group.clone()),
                source: self.origin.as_ref().map(|origin| origin.source.clone()),
                seed: self.origin.as_ref().map(|origin| origin.seed),
                duplicates: self.origin.as_ref().map(|origin| origin.duplicates.clone()),
            })?;
        }
        Ok(writer.flush()?)
    }

    /// The number of folds; 0 of a split into other parts.
    pub fn folds(&self) -> usize {
        let up_to = |row: &SplitRow| match row.part {
            Part::Fold(number) => number.saturating_add(1),
            _ => 0,
        };
        self.rows.iter().map(up_to).max().unwrap_or(0)
    }

    /// The split of the run that tests with this fold, chooses by the next (after the last, the first) and trains on the others.
    pub fn testing(&self, fold: usize) -> Self {
        let next = (fold + 1) % self.folds().max(1);
        let rows = self.rows.iter().map(|row| SplitRow {
            part: row.part.in_run(fold, next),
            ..row.clone()
        });
        Self {
            rows: rows.collect(),
            origin: self.origin.clone(),
        }
    }

    /// The part of each sample of a set, whose ids are [`matched`], and a message for each row of the split without a sample.
    ///
    /// # Errors
    /// If a sample is not in the split, which is then of another set.
    pub fn parts_of<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<(Vec<Part>, Vec<String>)> {
        let ids: Vec<&str> = ids.into_iter().collect();
        let of_rows: Vec<&str> = self.rows.iter().map(|row| row.id.as_str()).collect();
        let mut left: BTreeMap<&str, Part> = self
            .rows
            .iter()
            .map(|row| (row.id.as_str(), row.part))
            .collect();
        let (mut parts, mut missing) = (Vec::new(), Vec::new());
        for (id, found) in ids.iter().zip(matched(&ids, &of_rows, composed)) {
            match found {
                Match::Field(row) => {
                    parts.push(self.rows[row].part);
                    left.remove(of_rows[row]);
                }
                _ => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            let named = missing[..missing.len().min(IDS_NAMED)].join(", ");
            let more = if missing.len() > IDS_NAMED {
                ", ..."
            } else {
                ""
            };
            let made_of = match &self.origin {
                Some(origin) => format!(" (made of {})", origin.source),
                None => String::new(),
            };
            bail!(
                "{} samples of the set are not in the split{made_of}: {named}{more}",
                missing.len()
            );
        }
        let faults = left
            .into_iter()
            .map(|(id, part)| format!("{id} is in the split ({part}) and not in the set"))
            .collect();
        Ok((parts, faults))
    }
}

/// The signs that may part the columns, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Reads a split. Only the columns `Id` and `Part` are needed.
///
/// # Errors
/// If the file cannot be read, and those of [`parse_split`].
pub fn read_split(path: &Path) -> Result<Split> {
    let name = path.display();
    let bytes = fs::read(path).with_context(|| format!("cannot read {name}"))?;
    parse_split(bytes, &name)
}

/// Reads a split from the bytes of the file of this name, as programs and spreadsheets write them.
///
/// # Errors
/// If it is no text, has an unknown part, an id twice or folds beside other parts, or where the parts of a group or the origins of
/// rows differ.
pub fn parse_split(bytes: Vec<u8>, name: &impl fmt::Display) -> Result<Split> {
    let text = String::from_utf8(utf8(bytes)).with_context(|| format!("cannot read {name}"))?;
    let reader = |separator| {
        csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .delimiter(separator)
            .from_reader(text.as_bytes())
    };
    let has_columns = |headers: &csv::StringRecord| {
        ["Id", "Part"]
            .iter()
            .all(|column| headers.iter().any(|header| header == *column))
    };
    let fitting = SEPARATORS
        .into_iter()
        .find(|&separator| reader(separator).headers().is_ok_and(has_columns));
    let mut reader = reader(fitting.unwrap_or(SEPARATORS[0]));
    let headers = reader
        .headers()
        .with_context(|| format!("cannot read {name}"))?
        .clone();
    ensure!(
        has_columns(&headers),
        "{name} must have the columns Id and Part; it has {}",
        headers.iter().collect::<Vec<_>>().join(", ")
    );
    let mut split: Option<Split> = None;
    let mut line_of = HashMap::new();
    let mut part_of_group: HashMap<String, SplitRow> = HashMap::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("in {name}"))?;
        let number = record.position().map_or(0, csv::Position::line);
        let here = || format!("{name} line {number}");
        let line: Line = record.deserialize(Some(&headers)).with_context(here)?;
        let part: Part = line.part.parse().with_context(here)?;
        if let Some(first) = line_of.insert(line.id.clone(), number) {
            bail!("{}: {} stands on line {first} already", here(), line.id);
        }
        let row = SplitRow {
            group: line.group.unwrap_or_else(|| line.id.clone()),
            id: line.id,
            part,
        };
        let origin =
            line.source
                .zip(line.seed)
                .zip(line.duplicates)
                .map(|((source, seed), duplicates)| SplitOrigin {
                    source,
                    seed,
                    duplicates,
                });
        let first = part_of_group
            .entry(row.group.clone())
            .or_insert_with(|| row.clone());
        if first.part != part {
            bail!(
                "{}: {} is in {part} and {} of the same group in {}",
                here(),
                row.id,
                first.id,
                first.part
            );
        }
        let split = split.get_or_insert_with(|| Split {
            rows: Vec::new(),
            origin: origin.clone(),
        });
        ensure!(
            split.origin == origin,
            "{}: source, seed and duplicates differ from the lines before",
            here()
        );
        if let Some(before) = split.rows.last() {
            let is_fold = |part: Part| matches!(part, Part::Fold(_));
            ensure!(
                is_fold(before.part) == is_fold(part),
                "{}: {part} stands beside {}; a split has folds or parts, not both",
                here(),
                before.part
            );
        }
        split.rows.push(row);
    }
    split.with_context(|| format!("no sample in {name}"))
}

/// The name of a set for splits: its folder's or table's file name and the first twelve digits of the SHA-256 of its table of
/// labels.
///
/// # Errors
/// If the table cannot be read.
pub fn source_of(set: &Path) -> Result<String> {
    let table = if set.is_dir() {
        set.join(TABLE_FILE)
    } else {
        set.to_owned()
    };
    let bytes = fs::read(&table).with_context(|| format!("cannot read {}", table.display()))?;
    let whole = set
        .canonicalize()
        .with_context(|| format!("cannot read {}", set.display()))?;
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    let digits: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("{name} SHA-256 {}", &digits[..DIGITS]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, part: Part, group: &str) -> SplitRow {
        SplitRow {
            id: id.to_owned(),
            part,
            group: group.to_owned(),
        }
    }

    fn split() -> Split {
        Split {
            rows: vec![
                row("a", Part::Train, "a"),
                row("b, the \"second\"", Part::Test, "b, the \"second\""),
                row("c", Part::Train, "a"),
                row("d", Part::Validation, "d"),
            ],
            origin: Some(SplitOrigin {
                source: "set SHA-256 0123456789ab".to_owned(),
                seed: u64::MAX,
                duplicates: "near".to_owned(),
            }),
        }
    }

    fn read(text: &str) -> Result<Split> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("split.csv");
        fs::write(&path, text).expect("a file");
        read_split(&path)
    }

    fn fault(text: &str) -> String {
        format!("{:#}", read(text).expect_err("a fault"))
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("split.csv");
        split().write(&path).expect("written");
        assert_eq!(read_split(&path).expect("a split"), split());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_table_made_by_hand_needs_two_columns() {
        let found = read("\u{feff}Part,Id\nfold-1, a\nfold-0,b\n").expect("a split");
        assert_eq!(found.origin, None);
        assert_eq!(
            found.rows,
            [row("a", Part::Fold(1), "a"), row("b", Part::Fold(0), "b")]
        );
    }

    #[test]
    fn a_table_that_a_spreadsheet_wrote_is_read() {
        let rows = [row("a", Part::Train, "a"), row("b", Part::Test, "b")];
        let text = "Id\tPart\r\na\ttrain\r\nb\ttest\r\n";
        let wide: Vec<u8> = format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [
            text.into(),
            wide,
            "Id;Part\na;train\n\"b\";test\n".into(),
            "Part,Id\rtrain,a\rtest,b".into(),
        ] {
            let found = parse_split(bytes, &"split.csv").expect("a split");
            assert_eq!(found.rows, rows);
        }
        let fault = parse_split(vec![0xE4, b','], &"split.csv").expect_err("no text");
        assert!(format!("{fault:#}").contains("cannot read split.csv"));
    }

    #[test]
    fn faults_name_the_line_and_the_reason() {
        for (text, expected) in [
            (
                "Id,Fold\na,1\n",
                "must have the columns Id and Part; it has Id, Fold",
            ),
            ("Id,Part\n", "no sample in"),
            (
                "Id,Part\na,train\nb,held back\n",
                "line 3: parts are train, validation and test, or fold-0, fold-1, ..., not \"held back\"",
            ),
            (
                "Id,Part\na,train\na,test\n",
                "line 3: a stands on line 2 already",
            ),
            (
                "Id,Part\na,train\nb,fold-0\n",
                "line 3: fold-0 stands beside train; a split has folds or parts, not both",
            ),
            (
                "Id,Part,Group\na,train,a\nb,test,a\n",
                "line 3: b is in test and a of the same group in train",
            ),
            (
                "Id,Part,Source,Seed,Duplicates\na,train,x,1,off\nb,test,x,2,off\n",
                "line 3: source, seed and duplicates differ from the lines before",
            ),
            ("Id,Part\na\n", "split.csv"),
        ] {
            let found = fault(text);
            assert!(found.contains(expected), "{found}");
            assert!(found.contains("split.csv"), "{found}");
        }
    }

    #[test]
    fn parts_are_given_in_the_order_of_the_set() {
        let (parts, faults) = split().parts_of(["d", "c", "a"]).expect("parts");
        assert_eq!(parts, [Part::Validation, Part::Train, Part::Train]);
        assert_eq!(
            faults,
            ["b, the \"second\" is in the split (test) and not in the set"]
        );
    }

    #[test]
    fn every_fold_is_tested_by_one_run_and_chosen_by_in_another() {
        let folds = Split {
            rows: [0, 1, 2, 3, 1]
                .into_iter()
                .map(|fold| row(&format!("of {fold}"), Part::Fold(fold), "a"))
                .collect(),
            ..split()
        };
        assert_eq!(folds.folds(), 4);
        let (test, validation, train) = (Part::Test, Part::Validation, Part::Train);
        for (fold, expected) in [
            (0, [test, validation, train, train, validation]),
            (1, [train, test, validation, train, test]),
            (3, [validation, train, train, test, train]),
        ] {
            let of_run = folds.testing(fold);
            let parts: Vec<Part> = of_run.rows.iter().map(|row| row.part).collect();
            assert_eq!(parts, expected, "fold {fold}");
            assert_eq!(of_run.rows[4].id, "of 1");
            assert_eq!(of_run.origin, folds.origin);
        }
        assert_eq!(split().folds(), 0);
        assert_eq!(split().testing(0), split(), "these are no folds");
    }

    #[test]
    fn a_set_with_other_samples_is_refused() {
        let refused = |ids: &[&str]| {
            let fault = split().parts_of(ids.iter().copied());
            fault.expect_err("a fault").to_string()
        };
        assert_eq!(
            refused(&["a", "w", "x", "y", "z"]),
            "4 samples of the set are not in the split (made of set SHA-256 0123456789ab): w, x, y, ..."
        );
    }
}
