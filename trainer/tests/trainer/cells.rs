//! `trainer train-cells`, `package`, `cells`, `score-cells`, `calibrate-cells` and `export` as users run them, on a network of seconds.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{
    MODEL, at, command, folder, json, kill_after_an_epoch, manifest, package_of, refuse, run, text,
    trainer,
};

/// The cells package that comes with the application.
const CELLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/cells");

/// The smallest recipe.
const SMALL: [&str; 14] = [
    "--set",
    "network.levels=2",
    "--set",
    "network.size=64",
    "--set",
    "training.part=32",
    "--set",
    "training.epochs=3",
    "--set",
    "training.batch=2",
    "--set",
    "training.validation=2",
    "--set",
    "average.decay=0.5",
];

/// Simulates a set with masks, and gives its path.
fn simulate(folder: &TempDir, name: &str, count: &str) -> String {
    let set = at(folder, name);
    run(&[
        "simulate", "--out", &set, "--count", count, "--size", "96", "--seed", "5", "--masks",
    ]);
    set
}

fn train(set: &str, out: &str) {
    let mut arguments = vec!["train-cells", "--data", set, "--out", out];
    arguments.extend(SMALL);
    run(&arguments);
}

/// A run that has ended, and its package.
fn package(folder: &TempDir, set: &str) -> String {
    let (out, model) = (at(folder, "run"), at(folder, "model"));
    train(set, &out);
    package_of(&out, &model);
    model
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("Unicode"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_broken_off_training_ends_as_if_it_had_not_been() {
    let folder = folder();
    let set = simulate(&folder, "set", "10");
    let [whole, broken] = ["whole", "broken"].map(|name| at(&folder, name));
    train(&set, &whole);
    let mut arguments = vec!["train-cells", "--data", &set, "--out", &broken];
    arguments.extend(SMALL);
    if !kill_after_an_epoch(command(&arguments), &broken) {
        assert!(refuse(&arguments).contains("--resume"));
        arguments.push("--resume");
        let other = simulate(&folder, "other", "12");
        let mut with_others = arguments.clone();
        with_others[2] = &other;
        assert!(refuse(&with_others).contains("other fields"));
        run(&arguments);
    }
    let read = |run: &str, name: &str| fs::read(Path::new(run).join(name)).expect("a file");
    assert!(read(&whole, "network.safetensors") == read(&broken, "network.safetensors"));
    let metrics = text(&read(&broken, "metrics.jsonl"));
    let epochs = metrics
        .lines()
        .filter(|line| line.contains("\"epoch\","))
        .count();
    assert_eq!(epochs, 3, "{metrics}");
    let mut again = vec!["train-cells", "--data", &set, "--out", &whole];
    again.extend(SMALL);
    assert!(refuse(&again).contains("has ended"));
}

#[test]
fn cells_of_a_folder_are_written_once_and_in_shares() {
    let folder = folder();
    let set = simulate(&folder, "set", "8");
    let model = package(&folder, &set);
    // A file that is no image, and a field without blue.
    let data = Path::new(&set);
    fs::write(data.join("simulated-5-000003_blue.png"), b"no image").expect("written");
    fs::remove_file(data.join("simulated-5-000005_blue.png")).expect("removed");
    let out = at(&folder, "out");
    let find = |out: &str, more: &[&str]| {
        let mut arguments = vec!["cells", "--model", &model, "--data", &set, "--out", out];
        arguments.extend(more);
        trainer(&arguments)
    };
    let output = find(&out, &["--overviews"]);
    assert!(!output.status.success(), "two fields are left out");
    let note = text(&output.stderr);
    assert!(
        note.contains("no blue channel") && note.contains("000003_blue.png"),
        "{note}"
    );
    let out = Path::new(&out);
    assert_eq!(
        names(out),
        ["cells.csv", "faults.csv", "masks", "outlines", "overviews"]
    );
    assert_eq!(names(&out.join("masks")).len(), 12);
    assert_eq!(names(&out.join("outlines")).len(), 6);
    assert_eq!(names(&out.join("overviews")).len(), 6);
    let faults = fs::read_to_string(out.join("faults.csv")).expect("a table");
    assert_eq!(faults.lines().count(), 3, "{faults}");
    let table = fs::read_to_string(out.join("cells.csv")).expect("a table");
    assert!(table.starts_with("field,cell,x,y,area,"), "{table}");
    for name in names(&out.join("outlines")) {
        let read = json(out.join("outlines").join(name));
        assert_eq!(read["type"], "FeatureCollection");
    }
    let again = find(out.to_str().expect("Unicode"), &["--overviews"]);
    assert!(text(&again.stderr).contains("not empty"));

    // Shares, joined in order, are the whole.
    let rows = |out: &Path| -> Vec<String> {
        let table = fs::read_to_string(out.join("cells.csv")).expect("a table");
        table.lines().skip(1).map(str::to_owned).collect()
    };
    let mut joined = Vec::new();
    for share in ["1/3", "2/3", "3/3"] {
        let part = at(&folder, &format!("part {}", share.replace('/', "-")));
        find(&part, &["--shard", share]);
        joined.extend(rows(Path::new(&part)));
    }
    assert_eq!(joined, rows(out));
}

#[test]
fn cells_answer_by_a_model_package() {
    let folder = folder();
    let set = simulate(&folder, "set", "6");
    let model = package(&folder, &set);
    let out = at(&folder, "out");
    run(&[
        "cells",
        "--model",
        &model,
        "--data",
        &set,
        "--out",
        &out,
        "--answers",
        MODEL,
        "--submission",
    ]);
    let out = Path::new(&out);
    let table = fs::read_to_string(out.join("cells.csv")).expect("a table");
    assert!(
        table
            .lines()
            .next()
            .is_some_and(|header| header.contains("Nucleoplasm"))
    );
    let submission = fs::read_to_string(out.join("submission.csv")).expect("a table");
    assert!(submission.starts_with("ID,ImageWidth,ImageHeight,PredictionString\n"));
    assert_eq!(submission.lines().count(), 7);
}

#[test]
fn scores_stand_beside_the_classical_method() {
    let folder = folder();
    let set = simulate(&folder, "set", "6");
    let model = package(&folder, &set);
    let scores = at(&folder, "scores.json");
    let table = run(&[
        "score-cells",
        "--model",
        &model,
        "--data",
        &set,
        "--out",
        &scores,
    ]);
    for row in [
        "| cells | network |",
        "| cells | classical |",
        "| nuclei | network |",
    ] {
        assert!(table.contains(row), "{table}");
    }
    let read = json(&scores);
    assert_eq!(read.as_array().map(Vec::len), Some(4));
    assert_eq!(read[0]["fields"], 6);
    let agreement = run(&[
        "score-cells",
        "--model",
        &model,
        "--data",
        &set,
        "--agreement",
    ]);
    assert!(agreement.contains("as true"), "{agreement}");
    let named = at(&folder, "named");
    run(&[
        "package",
        "--run",
        &at(&folder, "run"),
        "--out",
        &named,
        "--scores",
        &format!("drawn={scores}"),
    ]);
    assert!(manifest(&named).to_string().contains("\"drawn\""));
}

#[test]
fn answers_of_cells_are_scored_and_calibrated() {
    let folder = folder();
    let set = at(&folder, "set");
    run(&[
        "simulate", "--out", &set, "--count", "4", "--size", "256", "--seed", "8", "--masks",
    ]);
    let with = ["--model", CELLS, "--answers", MODEL, "--data", &set];
    let scores = at(&folder, "scores.json");
    let mut score = vec!["score-cells", "--out", &scores];
    score.extend(with);
    let table = run(&score);
    for row in ["| Nucleoplasm |", "| mean | |", "| mean over the classes"] {
        assert!(table.contains(row), "{table}");
    }
    let read = json(&scores);
    assert_eq!(read["fields"], 4);
    assert_eq!(read["labels"].as_array().map(Vec::len), Some(28));
    assert!(read["mean_average_precision"].is_number(), "{read}");

    // A field without the labels of its cells is left out of what is fitted, and named.
    let table = Path::new(&set).join("masks/simulated-8-000003_labels.csv");
    fs::remove_file(table).expect("removed");
    let mut calibrate = vec!["calibrate-cells"];
    calibrate.extend(with);
    let output = trainer(&calibrate);
    let (table, note) = (text(&output.stdout), text(&output.stderr));
    for words in ["in 1 fields; the other 2", "| calibrated |", "offset: "] {
        assert!(table.contains(words), "{table}{note}");
    }
    assert!(!output.status.success());
    assert!(
        note.contains("cells' labels") && note.contains("simulated-8-000003"),
        "{note}"
    );
}

#[test]
fn packages_of_the_other_kind_are_refused_by_name() {
    let folder = folder();
    let set = simulate(&folder, "set", "6");
    let model = package(&folder, &set);
    let out = at(&folder, "out");
    let refusal = refuse(&["cells", "--model", MODEL, "--data", &set, "--out", &out]);
    assert!(
        refusal.contains("classifier") && refusal.contains("cells"),
        "{refusal}"
    );
    let table = at(&folder, "table.csv");
    let refusal = refuse(&[
        "predict", "--model", &model, "--data", &set, "--out", &table,
    ]);
    assert!(
        refusal.contains("cells") && refusal.contains("classifier"),
        "{refusal}"
    );
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_cells_network_is_exported() {
    let folder = folder();
    let set = simulate(&folder, "set", "6");
    let model = package(&folder, &set);
    let out = at(&folder, "exported");
    run(&["export", "--model", &model, "--out", &out]);
    assert_eq!(
        names(Path::new(&out)),
        ["model.onnx", "weights.safetensors"]
    );
    let of_run = at(&folder, "exported run");
    run(&[
        "export",
        "--run",
        &at(&folder, "run"),
        "--out",
        &of_run,
        "--format",
        "onnx",
    ]);
    assert_eq!(names(Path::new(&of_run)), ["model.onnx"]);
}

#[test]
fn what_no_training_can_be_made_of_is_refused() {
    let folder = folder();
    let set = simulate(&folder, "set", "3");
    let out = at(&folder, "out");
    let mut arguments = vec!["train-cells", "--data", &set, "--out", &out];
    let refusal = refuse(&arguments);
    assert!(refusal.contains("3 fields are too few"), "{refusal}");
    fs::remove_dir_all(Path::new(&set).join("masks")).expect("removed");
    arguments.extend(SMALL);
    let refusal = refuse(&arguments);
    assert!(refusal.contains("has a mask"), "{refusal}");
    assert!(!Path::new(&out).exists());
}
