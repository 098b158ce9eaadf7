//! `trainer predict` on folders: breaks, shares, forms of tables, refusals.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{ListAccessor, RowAccessor};
use tempfile::TempDir;

use crate::support::{BRIEF, at, command, folder, json, repackaged, simulate, text};

/// A file that is of no field, and why.
const STRAY: &str = "_red.png";
const STRAY_REASON: &str = "the name holds no id of a field";

/// A folder with a simulated set and a package of a small network.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(fields: usize) -> Self {
        let bench = Self { folder: folder() };
        // At 64 px a field takes long enough for a process to be killed before the last.
        repackaged(&at(&BRIEF, "model"), &bench.folder, "model", 64, |_| ());
        simulate(&bench.folder, fields, 128);
        fs::remove_file(bench.set().join("train.csv")).expect("labels");
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn set(&self) -> PathBuf {
        self.at("set")
    }

    fn image(&self, index: usize, channel: &str) -> PathBuf {
        self.set()
            .join(format!("simulated-1-{index:06}_{channel}.png"))
    }

    /// `trainer predict` of the set into `out`, with more arguments. Those that begin with `@` are
    /// files in the bench's folder.
    fn command(&self, out: &str, more: &[&str]) -> Command {
        let mut command = command(&["predict"]);
        command.arg("--model").arg(self.at("model"));
        command.arg("--data").arg(self.set());
        command.arg("--out").arg(self.at(out));
        for argument in more {
            match argument.strip_prefix('@') {
                Some(name) => command.arg(self.at(name)),
                None => command.arg(argument),
            };
        }
        command
    }

    fn predict(&self, out: &str, more: &[&str]) -> Output {
        self.command(out, more).output().expect("the trainer runs")
    }

    /// A prediction that must go well.
    fn run(&self, out: &str, more: &[&str]) {
        let output = self.predict(out, more);
        assert!(
            output.status.success(),
            "{more:?}: {}",
            text(&output.stderr)
        );
    }

    /// Runs a prediction that must be refused, and gives its standard error.
    fn refuse(&self, out: &str, more: &[&str]) -> String {
        let output = self.predict(out, more);
        assert!(!output.status.success(), "{more:?} was not refused");
        text(&output.stderr)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The rows of a table after its header.
    fn rows(&self, name: &str) -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_path(self.at(name)).expect("a table");
        let records = reader.records().map(|record| record.expect("a row"));
        records
            .map(|record| record.iter().map(str::to_owned).collect())
            .collect()
    }

    /// The probabilities of a table, row by row.
    fn probabilities(&self, name: &str) -> Vec<Vec<f32>> {
        let number = |text: &String| text.parse().expect("a number");
        let rows = self.rows(name);
        rows.iter()
            .map(|row| row[2..].iter().map(number).collect())
            .collect()
    }
}

/// Waits until a prediction has logged so many lines, and kills it as a power cut would.
fn kill_after(mut process: Child, log: &Path, lines: usize) {
    let written = |path| fs::read_to_string(path).map_or(0, |text: String| text.lines().count());
    while written(log) < lines {
        let ended = process.try_wait().expect("a process");
        assert!(ended.is_none(), "it ended before it could be killed");
        sleep(Duration::from_millis(1));
    }
    process.kill().expect("a running process");
    process.wait().expect("its end");
}

fn largest_difference(first: &[f32], second: &[f32]) -> f32 {
    let pairs = first.iter().zip(second);
    pairs.fold(0.0, |worst: f32, (a, b)| worst.max((a - b).abs()))
}

#[test]
fn a_killed_prediction_goes_on_to_the_same_bytes() {
    let bench = Bench::new(30);
    fs::write(bench.image(2, "green"), "no image").expect("a broken file");
    fs::write(bench.image(27, "red"), "no image").expect("a broken file");
    fs::write(bench.set().join(STRAY), "of no field").expect("a stray file");
    for form in ["csv", "parquet"] {
        let whole = format!("whole.{form}");
        let broken = format!("broken.{form}");
        let log = bench.at(&format!("{broken}.progress"));
        let more = |side: &str| -> Vec<String> {
            ["--batch", "2", "--overwrite", "--submission"]
                .map(str::to_owned)
                .into_iter()
                .chain([format!("@{side}-submission.csv")])
                .chain(["--faults".to_owned(), format!("@{side}-faults.csv")])
                .collect()
        };
        let (first, second) = (more("whole"), more("broken"));
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        let mut second: Vec<&str> = second.iter().map(String::as_str).collect();
        bench.predict(&whole, &first);

        let process = bench
            .command(&broken, &second)
            .stderr(Stdio::null())
            .spawn();
        kill_after(process.expect("the trainer runs"), &log, 7);
        assert!(!bench.at(&broken).exists(), "no half a table");
        assert!(
            bench
                .refuse(&broken, &["--batch", "2"])
                .contains("--resume goes on with it")
        );
        assert!(
            bench
                .refuse(&broken, &["--batch", "3", "--resume"])
                .contains("batch was 2 and is 3")
        );
        second.push("--resume");
        let output = bench.predict(&broken, &second);
        let summary = text(&output.stdout);
        assert!(summary.contains("done before"), "{summary}");
        for name in ["000002_green", "000027_red", STRAY_REASON] {
            assert!(
                text(&output.stderr).contains(name),
                "{name}: {}",
                text(&output.stderr)
            );
        }
        assert!(!output.status.success(), "fields were left out");
        assert!(!log.exists(), "nothing is left to go on with");
        let bytes = |name: &str| fs::read(bench.at(name)).expect("a table");
        assert!(bytes(&broken) == bytes(&whole), "{form}");
        for table in ["submission", "faults"] {
            let (broken, whole) = (format!("broken-{table}.csv"), format!("whole-{table}.csv"));
            assert_eq!(bench.read(&broken), bench.read(&whole));
        }
    }
    assert_eq!(bench.rows("whole.csv").len(), 28);
    let faults = bench.rows("whole-faults.csv");
    let ids: Vec<&str> = faults.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(ids, ["", "simulated-1-000002", "simulated-1-000027"]);
}

#[test]
fn a_changed_folder_or_package_is_not_gone_on_with() {
    let bench = Bench::new(24);
    let log = bench.at("table.csv.progress");
    let process = bench
        .command("table.csv", &[])
        .stderr(Stdio::null())
        .spawn();
    kill_after(process.expect("the trainer runs"), &log, 3);
    let before = fs::read(&log).expect("the log");
    let gone = bench.image(20, "red");
    for channel in ["red", "green", "blue", "yellow"] {
        fs::rename(bench.image(20, channel), bench.at(channel)).expect("a moved file");
    }
    assert!(
        bench
            .refuse("table.csv", &["--resume"])
            .contains("fields was 24 and is 23")
    );
    for channel in ["red", "green", "blue", "yellow"] {
        fs::rename(bench.at(channel), bench.image(20, channel)).expect("a moved file");
    }
    assert!(gone.exists());
    assert!(
        bench
            .refuse("table.csv", &["--resume", "--to-scale"])
            .contains("to_scale was false and is true")
    );
    let manifest = bench.at("model").join("manifest.json");
    let mut changed = json(&manifest);
    changed["thresholds"][0] = 0.25.into();
    fs::write(&manifest, changed.to_string()).expect("a manifest");
    assert!(
        bench
            .refuse("table.csv", &["--resume"])
            .contains("manifest_sha256 was")
    );
    assert!(
        fs::read(&log).expect("the log") == before,
        "nothing is lost"
    );
    // What may not be gone on with can be begun anew.
    bench.run("table.csv", &["--overwrite"]);
    assert_eq!(bench.rows("table.csv").len(), 24);
    assert!(!log.exists());
}

/// What is decided in reading a field is said, as on the page.
#[test]
fn what_is_noticed_of_fields_is_told_once_with_an_example() {
    let bench = Bench::new(3);
    for index in 0..2 {
        let path = bench.image(index, "green");
        let green = image::open(&path).expect("an image");
        let shorter = green.crop_imm(0, 0, green.width(), green.height() - 1);
        shorter.save(&path).expect("written");
    }
    let output = bench.predict("table.csv", &[]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let notice = "all are cut to 128 × 127 px, from 128 × 128 px";
    assert_eq!(said.matches(notice).count(), 1, "{said}");
    assert!(said.contains(".png, and another field"), "{said}");
    assert_eq!(bench.rows("table.csv").len(), 3);
}

#[test]
fn where_nothing_can_be_classified_only_the_faults_are_written() {
    let bench = Bench::new(2);
    for index in 0..2 {
        fs::write(bench.image(index, "green"), "no image").expect("a broken file");
    }
    let printed = bench.refuse("table.csv", &["--faults", "@faults.csv"]);
    assert!(
        printed.contains("no field could be classified"),
        "{printed}"
    );
    assert_eq!(bench.rows("faults.csv").len(), 2);
    assert!(!bench.at("table.csv").exists() && !bench.at("table.csv.progress").exists());
}

#[test]
fn shares_in_order_are_the_whole() {
    let bench = Bench::new(7);
    bench.run("whole.csv", &[]);
    let whole = bench.read("whole.csv");
    let mut joined = String::new();
    for (shard, length) in [("1/3", 2), ("2/3", 2), ("3/3", 3)] {
        let name = format!("part-{}.csv", &shard[..1]);
        bench.run(&name, &["--shard", shard]);
        let part = bench.read(&name);
        let (header, rows) = part.split_once('\n').expect("a header");
        assert_eq!(rows.lines().count(), length);
        if joined.is_empty() {
            joined = format!("{header}\n");
        }
        joined.push_str(rows);
    }
    assert_eq!(joined, whole);
    // A share without fields is a table without rows, and a whole one.
    bench.run("empty.csv", &["--shard", "1/8"]);
    assert_eq!(bench.rows("empty.csv").len(), 0);
}

#[test]
fn a_stray_file_is_reported_by_the_first_share_alone() {
    let bench = Bench::new(2);
    fs::write(bench.set().join(STRAY), "of no field").expect("a stray file");
    assert!(
        bench
            .refuse("1.csv", &["--shard", "1/2"])
            .contains(STRAY_REASON)
    );
    bench.run("2.csv", &["--shard", "2/2"]);
}

#[test]
fn parquet_and_csv_say_the_same_to_the_bit() {
    let bench = Bench::new(5);
    bench.run("table.csv", &["--submission", "@submission.csv"]);
    bench.run("table.parquet", &[]);
    let rows = bench.rows("table.csv");
    let file = File::open(bench.at("table.parquet")).expect("the table");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let found: Vec<_> = reader.get_row_iter(None).expect("rows").collect();
    assert_eq!(found.len(), rows.len());
    for (found, row) in found.into_iter().zip(&rows) {
        let found = found.expect("a row");
        assert_eq!(found.get_string(0).expect("an id"), &row[0]);
        let present = found.get_list(1).expect("a list");
        let present: Vec<String> = (0..present.len())
            .map(|index| present.get_int(index).expect("a class").to_string())
            .collect();
        assert_eq!(present.join(" "), row[1]);
        for (column, cell) in row.iter().enumerate().skip(2) {
            let expected: f32 = cell.parse().expect("a number");
            let found = found.get_float(column).expect("a number");
            assert_eq!(found.to_bits(), expected.to_bits());
        }
    }
    let mut reader = csv::Reader::from_path(bench.at("table.csv")).expect("a table");
    let header: Vec<String> = reader
        .headers()
        .expect("a header")
        .iter()
        .map(str::to_owned)
        .collect();
    let file = File::open(bench.at("table.parquet")).expect("the table");
    let metadata = SerializedFileReader::new(file).expect("Parquet");
    let metadata = metadata.metadata().file_metadata();
    let names: Vec<&str> = metadata
        .schema()
        .get_fields()
        .iter()
        .map(|column| column.name())
        .collect();
    assert_eq!(names, header);
    let notes = metadata.key_value_metadata().expect("notes");
    let note = |key: &str| {
        let note = notes.iter().find(|note| note.key == key);
        note.and_then(|note| note.value.clone()).expect("a note")
    };
    let manifest = bench.read("model/manifest.json");
    for key in ["cytolens.package", "cytolens.weights_sha256"] {
        assert!(manifest.contains(&format!("\"{}\"", note(key))), "{key}");
    }

    let submitted = bench.read("submission.csv");
    let expected: String = rows
        .iter()
        .map(|row| format!("{},{}\n", row[0], row[1]))
        .collect();
    assert_eq!(submitted, format!("Id,Predicted\n{expected}"));
}

#[test]
fn batches_and_workers_change_no_answer() {
    let bench = Bench::new(5);
    bench.run("one.csv", &["--workers", "1"]);
    bench.run("workers.csv", &["--workers", "7"]);
    assert_eq!(bench.read("workers.csv"), bench.read("one.csv"));
    bench.run("batch.csv", &["--batch", "3"]);
    let (one, batch) = (
        bench.probabilities("one.csv"),
        bench.probabilities("batch.csv"),
    );
    assert_eq!(one.len(), batch.len());
    for (one, batch) in one.iter().zip(&batch) {
        // Sums in another order.
        let difference = largest_difference(one, batch);
        assert!(difference < 1e-5, "{difference}");
    }
}

#[test]
fn with_flips_a_field_and_its_mirror_image_are_classified_alike() {
    let bench = Bench::new(1);
    for channel in ["red", "green", "blue", "yellow"] {
        let field = image::open(bench.image(0, channel)).expect("an image");
        field.fliph().save(bench.image(1, channel)).expect("saved");
    }
    bench.run("plain.csv", &[]);
    bench.run("flips.csv", &["--flips"]);
    let difference = |table: &str| match bench.probabilities(table).as_slice() {
        [field, mirrored] => largest_difference(field, mirrored),
        _ => panic!("two fields in {table}"),
    };
    assert!(
        difference("plain.csv") > 1e-3,
        "the network knows left from right"
    );
    assert!(
        difference("flips.csv") < 1e-5,
        "{}",
        difference("flips.csv")
    );
}

#[test]
fn what_would_do_harm_is_refused() {
    let bench = Bench::new(1);
    for (out, more, reason) in [
        ("table.xlsx", &[][..], "written as .csv or .parquet"),
        ("table", &[], "written as .csv or .parquet"),
        ("a.csv", &["--submission", "@a.csv"], "two outputs"),
        ("a.csv", &["--faults", "@a.parquet"], "as .csv only"),
        ("nowhere/a.csv", &[], "no folder"),
        ("a.csv", &["--shard", "0/3"], "1/4, 2/4"),
        ("a.csv", &["--shard", "4/3"], "1/4, 2/4"),
        ("a.csv", &["--batch", "0"], "--batch"),
        ("a.csv", &["--workers", "0"], "--workers"),
    ] {
        let printed = bench.refuse(out, more);
        assert!(printed.contains(reason), "{out} {more:?}: {printed}");
    }
    fs::write(bench.at("kept.csv"), "kept").expect("a file");
    let printed = bench.refuse("a.csv", &["--submission", "@kept.csv"]);
    assert!(printed.contains("kept.csv exists already"), "{printed}");
    assert_eq!(bench.read("kept.csv"), "kept");
    let left: Vec<_> = fs::read_dir(bench.folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left.len(), 3, "nothing was written: {left:?}");
    // To go on without a break is to begin.
    bench.run("a.csv", &["--resume"]);
    assert!(
        bench
            .refuse("a.csv", &["--resume"])
            .contains("exists already")
    );
}
