//! `trainer split`: divides a labelled set into parts or folds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Args;
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use rayon::prelude::*;

use crate::commands::arguments::{ReadingArguments, SetArguments};
use crate::output::{note, note_left_out, say};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::duplicates::{self, Duplicates, Fingerprint, Fingerprinter};
use cytolens_data::files::Reading;
use cytolens_data::split::balance::Balance;
use cytolens_data::split::file::{Part, Split as SplitTable, SplitOrigin, SplitRow, source_of};
use cytolens_data::split::{equal_shares, normalised_shares, stratified_groups};
use cytolens_data::table::{LabelTable, read_table};
use cytolens_report::progress::progress;

/// The largest deviation from its share that a class should have.
const AIM: f64 = 0.1;
/// The samples that a class needs for that.
const AIM_SAMPLES: usize = 20;

/// Split a labelled set into training, validation and test part, or into folds
///
/// Every part gets its share of every location, and fields that are the same stay on one side.
/// Columns: Id, Part, Group (the first of the fields that are the same), Source (the set), Seed,
/// Duplicates.
#[derive(Debug, Args)]
pub struct Split {
    /// The labelled set: a folder with train.csv and the channel files
    #[arg(long, value_name = "DIR", required_unless_present = "labels")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// Split a table of labels (Id,Target) without looking at images
    #[arg(long, value_name = "CSV", conflicts_with = "data")]
    labels: Option<PathBuf>,
    /// The split; must be new
    #[arg(long, value_name = "FILE.csv")]
    out: PathBuf,
    /// Replace an existing split
    #[arg(long)]
    overwrite: bool,
    /// The shares of training, validation and test; they sum to 1, and 0 leaves a part out
    #[arg(
        long,
        value_name = "TRAIN,VALIDATION,TEST",
        value_delimiter = ',',
        num_args = 1,
        default_value = "0.7,0.15,0.15",
        conflicts_with = "folds"
    )]
    shares: Vec<f64>,
    /// Make this many equal parts instead
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which fields count as the same and stay together; near for --data, off for --labels
    #[arg(long, value_enum)]
    duplicates: Option<Duplicates>,
}

/// Samples with the number of each one's group of equal fields.
struct Grouped {
    samples: Vec<(String, LabelSet)>,
    group_of: Vec<usize>,
    duplicates: Duplicates,
}

impl Split {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        if self.out.exists() && !self.overwrite {
            bail!(
                "{} exists already; --overwrite replaces it",
                self.out.display()
            );
        }
        let (parts, shares) = self.parts()?;
        let (source, set) = match (&self.data, &self.labels) {
            (Some(folder), _) => {
                let duplicates = self.duplicates.unwrap_or(Duplicates::Near);
                let set = Grouped::of_folder(folder, &self.reading.reading(), duplicates)?;
                (source_of(folder)?, set)
            }
            (None, Some(table)) => (source_of(table)?, self.of_table(table)?),
            (None, None) => bail!("name a set with --data or a table with --labels"),
        };
        let split = set.divided(source, &parts, &shares, self.seed)?;
        split.write(&self.out)?;
        say!("the split is in {}", self.out.display())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The parts to make and their shares.
    fn parts(&self) -> Result<(Vec<Part>, Vec<f64>)> {
        if let Some(folds) = self.folds {
            ensure!(folds >= 2, "--folds must be at least 2, not {folds}");
            return Ok((all_folds(folds), equal_shares(folds)));
        }
        ensure!(
            self.shares.len() == 3,
            "--shares takes three numbers, of training, validation and test, not {}",
            self.shares.len()
        );
        let (parts, shares): (Vec<Part>, Vec<f64>) = [Part::Train, Part::Validation, Part::Test]
            .into_iter()
            .zip(self.shares.iter().copied())
            .filter(|(_, share)| *share != 0.0)
            .unzip();
        ensure!(parts.len() > 1, "at least two of --shares must be over 0");
        Ok((parts, normalised_shares(&shares)?))
    }

    fn of_table(&self, table: &Path) -> Result<Grouped> {
        let duplicates = self.duplicates.unwrap_or(Duplicates::Off);
        ensure!(
            duplicates == Duplicates::Off,
            "--duplicates {duplicates} needs images: name their folder with --data"
        );
        let LabelTable { rows, faults, .. } = read_table(table)?;
        note_left_out(&faults);
        ensure!(!rows.is_empty(), "no row of labels in {}", table.display());
        Ok(Grouped {
            group_of: (0..rows.len()).collect(),
            samples: rows,
            duplicates,
        })
    }
}

/// Divides a labelled set into equal folds, fields that look alike in the same, as `trainer split --folds` does.
///
/// # Errors
/// If the set cannot be read or has too few different fields.
pub fn folds_of(set: &SetArguments, count: usize, seed: u64) -> Result<SplitTable> {
    let grouped = Grouped::of_folder(&set.data, &set.reading(), Duplicates::Near)?;
    let (parts, shares) = (all_folds(count), equal_shares(count));
    grouped.divided(source_of(&set.data)?, &parts, &shares, seed)
}

fn all_folds(count: usize) -> Vec<Part> {
    (0..count).map(Part::Fold).collect()
}

/// Reads every field once: the samples that can be read, and their fingerprints.
fn fingerprints(samples: Vec<Sample>) -> (Vec<Sample>, Vec<Fingerprint>) {
    let bar = progress(samples.len(), "Reading");
    let fingerprinter = Fingerprinter::default();
    let read: Vec<_> = samples
        .into_par_iter()
        .map(|sample| {
            let print = sample.field.read().map(|field| fingerprinter.of(&field));
            bar.inc(1);
            (sample, print)
        })
        .collect();
    bar.finish();
    let mut readable = (Vec::new(), Vec::new());
    for (sample, print) in read {
        match print {
            Ok(print) => {
                readable.0.push(sample);
                readable.1.push(print);
            }
            Err(fault) => note!("left out: {fault}"),
        }
    }
    readable
}

impl Grouped {
    fn of_folder(folder: &Path, reading: &Reading, duplicates: Duplicates) -> Result<Self> {
        let Dataset {
            samples, faults, ..
        } = Dataset::open(folder, reading)?;
        note_left_out(&faults);
        let (samples, group_of) = if duplicates == Duplicates::Off {
            let alone = (0..samples.len()).collect();
            (samples, alone)
        } else {
            let (samples, prints) = fingerprints(samples);
            ensure!(
                !samples.is_empty(),
                "no field in {} can be read",
                folder.display()
            );
            let bar = progress(samples.len(), "Comparing");
            let group_of = duplicates::groups(&prints, duplicates, || bar.inc(1));
            bar.finish();
            (samples, group_of)
        };
        Ok(Self {
            samples: samples
                .into_iter()
                .map(|sample| (sample.field.id, sample.labels))
                .collect(),
            group_of,
            duplicates,
        })
    }

    /// Deals the samples out to parts of these shares, and prints what each part holds.
    fn divided(
        &self,
        source: String,
        parts: &[Part],
        shares: &[f64],
        seed: u64,
    ) -> Result<SplitTable> {
        let groups = self.group_of.iter().max().map_or(0, |last| last + 1);
        let are_folds = matches!(parts, [Part::Fold(_), ..]);
        ensure!(
            !are_folds || parts.len() <= groups,
            "{groups} samples that are not the same field cannot make {} folds",
            parts.len()
        );
        let labels: Vec<LabelSet> = self.samples.iter().map(|(_, labels)| *labels).collect();
        let dealt = stratified_groups(&labels, &self.group_of, shares, seed);
        say!("{}", self.duplicates_report()?)?;
        let balance = Balance::of(&labels, &dealt, shares);
        say!("{}", balance_report(&balance, parts)?)?;
        Ok(SplitTable {
            rows: self.rows(dealt.iter().map(|&part| parts[part])),
            origin: Some(SplitOrigin {
                source,
                seed,
                duplicates: self.duplicates.to_string(),
            }),
        })
    }

    /// The samples of each group, by its number.
    fn groups(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (sample, &group) in self.group_of.iter().enumerate() {
            groups.entry(group).or_default().push(sample);
        }
        groups
    }

    fn rows(&self, parts: impl Iterator<Item = Part>) -> Vec<SplitRow> {
        let groups = self.groups();
        self.samples
            .iter()
            .zip(&self.group_of)
            .zip(parts)
            .map(|(((id, _), group), part)| SplitRow {
                id: id.clone(),
                part,
                group: self.samples[groups[group][0]].0.clone(),
            })
            .collect()
    }

    /// The groups of equal fields, and those of them with different labels.
    fn duplicates_report(&self) -> Result<String> {
        if self.duplicates == Duplicates::Off {
            return Ok("duplicates: not looked for".to_owned());
        }
        let mut groups: Vec<Vec<usize>> = self.groups().into_values().collect();
        groups.retain(|group| group.len() > 1);
        let mut report = format!(
            "duplicates ({}): {} groups of {} samples stay together; the largest has {}",
            self.duplicates,
            groups.len(),
            groups.iter().map(Vec::len).sum::<usize>(),
            groups.iter().map(Vec::len).max().unwrap_or_default()
        );
        for group in groups {
            let labels = |sample: &usize| self.samples[*sample].1;
            if group
                .iter()
                .any(|sample| labels(sample) != labels(&group[0]))
            {
                let members: Vec<String> = group
                    .iter()
                    .map(|sample| format!("{} ({})", self.samples[*sample].0, labels(sample)))
                    .collect();
                write!(
                    report,
                    "\nthe same field with different labels: {}",
                    members.join(", ")
                )?;
            }
        }
        Ok(report)
    }
}

/// The table of each part's samples of each class.
fn balance_report(balance: &Balance, parts: &[Part]) -> Result<String> {
    let mut report = format!("\n{:<34}{:>8}", "class", "samples");
    for part in parts {
        write!(report, "{:>16}", part.to_string())?;
    }
    write!(report, "{:>11}", "deviation")?;
    for (class, name) in LOCATIONS.iter().enumerate() {
        if balance.total(class) == 0 {
            continue;
        }
        let deviation = format!(
            "{:>10.1}%{}",
            100.0 * balance.deviation(class),
            remark(balance, class)
        );
        let name = format!("{class:>2} {name}");
        report += &row(&name, &balance.held(class), &deviation);
    }
    report += &row("samples", balance.sizes(), "");
    let unlabelled: Vec<&str> = (0..COUNT)
        .filter(|&class| balance.total(class) == 0)
        .map(|class| LOCATIONS[class])
        .collect();
    if !unlabelled.is_empty() {
        write!(report, "\nno sample has: {}", unlabelled.join(", "))?;
    }
    let scattered: Vec<String> = (0..COUNT)
        .filter(|&class| balance.total(class) > 0 && balance.held(class).contains(&0))
        .map(|class| format!("{} ({} in all)", LOCATIONS[class], balance.total(class)))
        .collect();
    if !scattered.is_empty() {
        write!(report, "\nnot in every part: {}", scattered.join(", "))?;
    }
    for (part, size) in parts.iter().zip(balance.sizes()) {
        if *size == 0 {
            write!(
                report,
                "\nno sample came into {part}: the set is too small for its share"
            )?;
        }
    }
    if let Some((class, deviation)) = balance.worst(AIM_SAMPLES) {
        write!(
            report,
            "\nworst deviation from its share, of a class with {AIM_SAMPLES} samples or more: {:.1}% ({}, {} samples)",
            100.0 * deviation,
            LOCATIONS[class],
            balance.total(class)
        )?;
    }
    Ok(report)
}

/// A row of the table, on a line of its own.
fn row(name: &str, held: &[usize], last: &str) -> String {
    let total: usize = held.iter().sum();
    let parts: String = held
        .iter()
        .map(|held| format!("{held:>9}{:>6.1}%", 100.0 * *held as f64 / total as f64))
        .collect();
    format!("\n{name:<34}{total:>8}{parts}{last}")
}

/// The least possible deviation, for a class that misses the aim or cannot meet it.
fn remark(balance: &Balance, class: usize) -> String {
    let least = balance.least_deviation(class);
    if least > AIM {
        format!("  whole samples permit no less than {:.1}%", 100.0 * least)
    } else if balance.deviation(class) > AIM {
        format!("  whole samples alone would permit {:.1}%", 100.0 * least)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use cytolens_core::Channel;
    use image::{GrayImage, Luma};
    use tempfile::TempDir;

    use super::*;
    use cytolens_data::split::file::read_split;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        split: Split,
    }

    fn run(arguments: &[&str]) -> Result<()> {
        let line = Line::try_parse_from(["split"].iter().chain(arguments))?;
        line.split.run().map(|_| ())
    }

    fn fault(arguments: &[&str]) -> String {
        format!("{:#}", run(arguments).expect_err("a fault"))
    }

    fn at(folder: &TempDir, name: &str) -> String {
        let path = folder.path().join(name);
        path.to_str().expect("Unicode").to_owned()
    }

    /// A set of four fields: the second is the first turned, the third the first again.
    fn set(folder: &TempDir) -> String {
        let images = folder.path().join("images");
        fs::create_dir(&images).expect("a folder");
        let spots = |places: [(u32, u32); 3]| {
            GrayImage::from_fn(64, 64, |x, y| {
                let near =
                    places.map(|(left, top)| x.abs_diff(left).pow(2) + y.abs_diff(top).pow(2));
                Luma([(2000 / (8 + near.into_iter().min().expect("three"))).min(255) as u8])
            })
        };
        let first = spots([(10, 20), (40, 12), (50, 55)]);
        let second = image::imageops::rotate90(&first);
        let other = spots([(30, 33), (5, 60), (22, 8)]);
        for (id, picture) in [("a", &first), ("b", &second), ("c", &first), ("d", &other)] {
            for channel in Channel::ALL {
                let path = images.join(format!("{id}_{channel}.png"));
                picture.save(path).expect("a picture");
            }
        }
        fs::write(images.join("e_green.png"), "no picture").expect("a file");
        fs::write(
            folder.path().join("train.csv"),
            "Id,Target\na,0\nb,0\nc,0 25\nd,0\ne,3\n",
        )
        .expect("a table");
        folder.path().to_str().expect("Unicode").to_owned()
    }

    fn groups(path: &str) -> Vec<(String, String)> {
        let split = read_split(Path::new(path)).expect("a split");
        split
            .rows
            .into_iter()
            .map(|row| (row.id, row.group))
            .collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter()
            .map(|(id, group)| ((*id).to_owned(), (*group).to_owned()))
            .collect()
    }

    #[test]
    fn duplicates_stay_together_and_what_cannot_be_read_is_left_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let set = set(&folder);
        let out = at(&folder, "near.csv");
        run(&["--data", &set, "--out", &out, "--folds", "2"]).expect("a split");
        assert_eq!(
            groups(&out),
            pairs(&[("a", "a"), ("b", "a"), ("c", "a"), ("d", "d")])
        );
        let out = at(&folder, "exact.csv");
        run(&["--data", &set, "--out", &out, "--duplicates", "exact"]).expect("a split");
        assert_eq!(
            groups(&out),
            pairs(&[("a", "a"), ("b", "b"), ("c", "a"), ("d", "d")])
        );
        let out = at(&folder, "off.csv");
        run(&["--data", &set, "--out", &out, "--duplicates", "off"]).expect("a split");
        assert_eq!(groups(&out).len(), 5, "nothing is read");
        let out = at(&folder, "three.csv");
        let refused = fault(&["--data", &set, "--out", &out, "--folds", "3"]);
        assert!(refused.contains("2 samples that are not the same field cannot make 3 folds"));
        assert!(!Path::new(&out).exists());
    }

    #[test]
    fn labels_that_a_part_lacks_are_named() {
        let labels = [&[0, 7][..], &[0], &[0, 3], &[3]]
            .map(|classes| LabelSet::from_classes(classes.iter().copied()).expect("valid classes"));
        let shares = equal_shares(2);
        let balance = Balance::of(&labels, &[0, 1, 0, 1], &shares);
        let report = balance_report(&balance, &all_folds(2)).expect("a report");
        let named = format!("not in every part: {} (1 in all)", LOCATIONS[7]);
        assert!(report.ends_with(&named), "{report}");
    }

    #[test]
    fn a_split_names_its_table_and_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (table, out) = (at(&folder, "labels.csv"), at(&folder, "split.csv"));
        fs::write(&table, "Id,Target\na,0\nb,0\nc,0\nd,0\n").expect("a table");
        let arguments = ["--labels", &table, "--out", &out, "--shares", "0.5,0,0.5"];
        run(&arguments).expect("a split");
        let split = read_split(Path::new(&out)).expect("a split");
        assert_eq!(
            split.origin,
            Some(SplitOrigin {
                source: "labels.csv SHA-256 7da0936a307a".to_owned(),
                seed: 1,
                duplicates: "off".to_owned(),
            })
        );
        let mut parts: Vec<Part> = split.rows.iter().map(|row| row.part).collect();
        parts.sort();
        assert_eq!(parts, [Part::Train, Part::Train, Part::Test, Part::Test]);

        let before = fs::read(&out).expect("a split");
        assert!(fault(&arguments).contains("exists already; --overwrite replaces it"));
        assert_eq!(fs::read(&out).expect("a split"), before);
        let again = [&arguments[..], &["--overwrite", "--seed", "7"]].concat();
        run(&again).expect("a split");
        assert_ne!(fs::read(&out).expect("a split"), before);
    }

    #[test]
    fn what_makes_no_split_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (table, out) = (at(&folder, "labels.csv"), at(&folder, "split.csv"));
        fs::write(&table, "Id,Target\na,0\nb,0\n").expect("a table");
        for (more, expected) in [
            (&["--shares", "0.7,0.2,0.2"][..], "shares must sum to 1"),
            (&["--shares", "0.5,0.5"], "takes three numbers"),
            (&["--shares", "1,0,0"], "at least two of --shares"),
            (&["--folds", "1"], "at least 2"),
            (&["--folds", "3"], "cannot make 3 folds"),
            (&["--duplicates", "near"], "needs images"),
            (
                &["--folds", "2", "--shares", "0.7,0.15,0.15"],
                "cannot be used with",
            ),
        ] {
            let refused = fault(&[&["--labels", &table, "--out", &out], more].concat());
            assert!(refused.contains(expected), "{refused}");
        }
        assert!(!Path::new(&out).exists());
    }
}
