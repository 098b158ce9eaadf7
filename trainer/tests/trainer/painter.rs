//! `trainer train-painter`, `package`, `score-painter`, `predict --painter` and `evaluate --painter` as users run them, on a network
//! of seconds.

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma};
use tempfile::TempDir;

use crate::support::{
    BRIEF, MODEL, at, command, folder, json, kill_after_an_epoch, manifest, package_of, refuse,
    repackaged, run, text, trainer,
};

/// The smallest recipe.
const SMALL: [&str; 18] = [
    "--set",
    "network.levels=2",
    "--set",
    "network.size=64",
    "--set",
    "training.part=32",
    "--set",
    "training.epochs=3",
    "--set",
    "training.batch=4",
    "--set",
    "training.validation=2",
    "--set",
    "fields.repeats=16",
    "--set",
    "average.decay=0.5",
    "--set",
    "optimiser.learning_rate=0.01",
];

/// Writes a field of 64 px whose yellow is bright where red is and blue is not.
fn write_field(set: &Path, number: u32, channels: &[&str]) {
    fs::create_dir_all(set).expect("a folder");
    let wave = |x: u32, y: u32, period: u32| {
        let place = (x + 2 * y + 7 * number) % period;
        (510 * place.min(period - place) / period).min(255)
    };
    for channel in channels {
        let level = |x: u32, y: u32| {
            let (red, blue) = (wave(x, y, 23 + number), wave(y, x, 31 + number));
            let level = match *channel {
                "red" => red,
                "green" => (x * 7 + y * 11) % 256,
                "blue" => blue,
                _ => red * (255 - blue) / 255,
            };
            Luma([level as u8])
        };
        let path = set.join(format!("field{number}_{channel}.png"));
        GrayImage::from_fn(64, 64, level)
            .save(path)
            .expect("written");
    }
}

const ALL: [&str; 4] = ["red", "green", "blue", "yellow"];

/// A set of fields with these numbers.
fn write_set(folder: &TempDir, name: &str, numbers: std::ops::Range<u32>) -> String {
    let set = at(folder, name);
    for number in numbers {
        write_field(Path::new(&set), number, &ALL);
    }
    set
}

fn training<'a>(set: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["train-painter", "--data", set, "--out", out];
    arguments.extend(SMALL);
    arguments
}

/// A run that has ended, and its package.
fn package(folder: &TempDir, set: &str) -> String {
    let (out, model) = (at(folder, "run"), at(folder, "painter"));
    run(&training(set, &out));
    package_of(&out, &model);
    model
}

#[test]
fn a_painter_learns_and_is_scored_beside_plain_guesses() {
    let folder = folder();
    let set = write_set(&folder, "set", 0..10);
    write_field(Path::new(&set), 20, &ALL[..3]);
    let more = write_set(&folder, "more", 30..33);
    let (out, model) = (at(&folder, "run"), at(&folder, "painter"));
    let mut arguments = training(&set, &out);
    arguments.extend(["--also", &more]);
    let output = trainer(&arguments);
    let note = text(&output.stderr);
    assert!(output.status.success(), "{note}");
    assert!(
        note.contains("yellow") && note.contains("field20"),
        "{note}"
    );
    let summary = json(Path::new(&out).join("run.json"));
    assert_eq!(summary["kind"], "painter");
    assert_eq!(summary["trained_on"], 11);
    let fields = fs::read_to_string(Path::new(&out).join("fields.txt")).expect("a list");
    assert_eq!(fields.matches("also field3").count(), 3, "{fields}");

    // Fields that it has not seen.
    let unseen = write_set(&folder, "unseen", 40..46);
    run(&["package", "--run", &out, "--out", &model]);
    let (scores, table) = (at(&folder, "scores.json"), at(&folder, "scores.csv"));
    let score = [
        "score-painter",
        "--model",
        &model,
        "--data",
        &unseen,
        "--out",
        &scores,
        "--table",
        &table,
    ];
    let printed = run(&score);
    assert!(printed.contains("| painter less linear mix |"), "{printed}");
    let found = json(Path::new(&scores));
    assert_eq!(found["fields"], 6);
    assert_eq!(found["methods"][0]["method"], "painter");
    let correlation = found["methods"][0]["pearson"]["value"].as_f64();
    assert!(correlation.is_some_and(|it| it > 0.6), "{printed}");
    for (name, gain) in [
        ("ssim", &found["gains"][1]["ssim"]),
        ("psnr", &found["gains"][1]["psnr"]),
    ] {
        let low = gain["low"].as_f64().expect("a number");
        assert!(low > 0.0, "{name} is no better than the mean's:\n{printed}");
    }
    let rows = fs::read_to_string(&table).expect("a table");
    assert_eq!(rows.lines().count(), 1 + 3 * 6, "{rows}");
    assert!(refuse(&score).contains("exists already"));

    // One of them alone, and one that lacks the channel.
    let list = at(&folder, "list.txt");
    fs::write(&list, "field20\nfield3\n").expect("a list");
    let output = trainer(&[
        "score-painter",
        "--model",
        &model,
        "--data",
        &set,
        "--only",
        &list,
    ]);
    assert!(!output.status.success());
    assert!(
        text(&output.stdout).starts_with("fields: 1;"),
        "{}",
        text(&output.stdout)
    );
    assert!(text(&output.stderr).contains("field20"));

    let named = at(&folder, "named");
    let stated = format!("formula={scores}");
    run(&[
        "package", "--run", &out, "--out", &named, "--scores", &stated,
    ]);
    let manifest = manifest(&named);
    assert_eq!(
        manifest["metrics"]["formula"]["beats_linear_mix"],
        found["beats_linear_mix"]
    );
    assert_eq!(manifest["channels"]["paint"], "yellow");
    assert!(
        manifest["weights"]["bytes"]
            .as_u64()
            .is_some_and(|it| it < 2_000_000)
    );
}

#[test]
fn a_missing_channel_is_painted_by_choice_alone_and_marked() {
    let folder = folder();
    let set = write_set(&folder, "set", 0..8);
    let painter = package(&folder, &set);
    let model = repackaged(&at(&BRIEF, "model"), &folder, "model", 64, |manifest| {
        manifest["missing"] = "black".into();
    });
    let given = at(&folder, "given");
    for (number, channels) in [(50, &ALL[..3]), (51, &ALL[..]), (52, &ALL[1..3])] {
        write_field(Path::new(&given), number, channels);
    }
    let [plain, painted, again] =
        ["plain.csv", "painted.csv", "again.csv"].map(|name| at(&folder, name));
    let predict = |out: &str, more: &[&str]| {
        let mut arguments = vec!["predict", "--model", &model, "--data", &given, "--out", out];
        arguments.extend(more);
        let output = trainer(&arguments);
        let (out, note) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{note}");
        (out, note)
    };
    let rows = |path: &str| -> Vec<Vec<String>> {
        let mut table = csv::Reader::from_path(path).expect("a table");
        let header = table.headers().expect("a header").clone();
        let records = table.records().map(|row| row.expect("a row"));
        [header]
            .into_iter()
            .chain(records)
            .map(|row| row.iter().map(str::to_owned).collect())
            .collect()
    };
    let (said, note) = predict(&plain, &[]);
    assert!(
        !said.contains("painted") && !note.contains("painted"),
        "{said}{note}"
    );
    let (said, note) = predict(&painted, &["--painter", &painter]);
    assert!(
        said.contains("3 fields classified, 1 of them with a painted yellow channel"),
        "{said}"
    );
    assert!(
        note.contains("yellow channel was painted") && note.contains("field50"),
        "{note}"
    );
    // Nothing was measured on other fields.
    assert!(note.contains("states no scores"), "{note}");
    let (plain, painted) = (rows(&plain), rows(&painted));
    assert_eq!(plain[0][..], painted[0][..30]);
    let marks: Vec<&str> = painted.iter().map(|row| row[30].as_str()).collect();
    assert_eq!(marks, ["Painted", "yellow", "", ""]);
    assert_ne!(plain[1][2..], painted[1][2..30], "it sees what is painted");
    for row in [2, 3] {
        assert_eq!(plain[row][..], painted[row][..30], "nothing to paint");
    }
    predict(&again, &["--painter", &painter, "--workers", "3"]);
    assert_eq!(rows(&again), painted);

    let labelled = Path::new(&given).join("train.csv");
    fs::write(labelled, "Id,Target\nfield50,0\nfield51,25\n").expect("a table");
    let report = at(&folder, "report");
    let printed = run(&[
        "evaluate",
        "--model",
        &model,
        "--data",
        &given,
        "--painter",
        &painter,
        "--out",
        &report,
        "--bootstrap",
        "0",
    ]);
    assert!(
        printed.contains("The yellow channel of 1 of the 2 samples was painted"),
        "{printed}"
    );
}

#[test]
fn a_broken_off_training_ends_as_if_it_had_not_been() {
    let folder = folder();
    let set = write_set(&folder, "set", 0..6);
    let [whole, broken] = ["whole", "broken"].map(|name| at(&folder, name));
    run(&training(&set, &whole));
    let mut arguments = training(&set, &broken);
    if !kill_after_an_epoch(command(&arguments), &broken) {
        assert!(refuse(&arguments).contains("--resume"));
        arguments.push("--resume");
        let other = write_set(&folder, "other", 1..8);
        let mut with_others = arguments.clone();
        with_others[2] = &other;
        assert!(refuse(&with_others).contains("other fields"));
        run(&arguments);
    }
    let read = |run: &str, name: &str| fs::read(Path::new(run).join(name)).expect("a file");
    assert!(read(&whole, "network.safetensors") == read(&broken, "network.safetensors"));
    let epochs = text(&read(&broken, "metrics.jsonl"));
    let epochs = epochs.lines().filter(|line| line.contains("\"ssim\""));
    assert_eq!(epochs.count(), 3);
    assert!(refuse(&training(&set, &whole)).contains("has ended"));
}

#[test]
fn what_cannot_be_painted_is_refused_by_name() {
    let folder = folder();
    let cells = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/cells");
    let set = at(&folder, "set");
    for number in 0..3 {
        write_field(Path::new(&set), number, &ALL[..3]);
    }
    let (out, table) = (at(&folder, "out"), at(&folder, "table.csv"));
    let predict = |painter: &str| {
        refuse(&[
            "predict",
            "--model",
            MODEL,
            "--data",
            &set,
            "--out",
            &table,
            "--painter",
            painter,
        ])
    };
    let refusal = predict(cells);
    assert!(
        refusal.contains("of cells") && refusal.contains("painter"),
        "{refusal}"
    );
    let refusal = predict(&at(&folder, "nowhere"));
    assert!(refusal.contains("nowhere"), "{refusal}");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/painter");
    let (common, answers) = (
        ["--model", MODEL, "--data", &set],
        at(&folder, "answers.csv"),
    );
    let files = ["--out", &table, "--submission", &answers];
    let submitted = [&["predict"][..], &common, &files, &["--painter", shipped]].concat();
    assert!(refuse(&submitted).contains("leave out --submission"));
    let refusal = refuse(&["score-painter", "--model", MODEL, "--data", &set]);
    assert!(refusal.contains("a classifier"), "{refusal}");
    let refusal = refuse(&training(&set, &out));
    assert!(
        refusal.contains("no field has all of the channels") && refusal.contains("field1"),
        "{refusal}"
    );
    let whole = write_set(&folder, "whole", 0..2);
    let refusal = refuse(&training(&whole, &out));
    assert!(refusal.contains("2 fields are too few"), "{refusal}");
    let mut itself = training(&whole, &out);
    itself.extend(["--set", "channels.paint=\"red\""]);
    assert!(refuse(&itself).contains("cannot read red"));
    assert!(!Path::new(&out).exists() && !Path::new(&table).exists());
}
