//! `trainer train --folds`: a run for each fold, the scores of all, breaks and refusals.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::{
    BRIEFLY, arguments, at, folder, json, manifest, refuse, run, simulate, weights,
};

/// The ids of a part of a split.
fn ids(split: &str, part: &str) -> BTreeSet<String> {
    let mut reader = csv::Reader::from_path(split).expect("a split");
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.filter(|row| &row[1] == part)
        .map(|row| row[0].to_owned())
        .collect()
}

#[test]
fn every_fold_is_trained_and_tested_and_a_break_changes_nothing() {
    let out = folder();
    let set = simulate(&out, 9, 64);
    let folds = at(&out, "folds");
    let file = |name: &str| format!("{folds}/{name}");
    let common = arguments(&set, &folds, "default", &BRIEFLY);
    let three = [&common[..], &["--folds", "3"]].concat();
    let printed = run(&three);

    let runs = ["fold-0", "fold-1", "fold-2"];
    for (fold, next) in runs.into_iter().zip(["fold-1", "fold-2", "fold-0"]) {
        let (all, own) = (file("split.csv"), file(&format!("{fold}/split.csv")));
        assert!(!ids(&own, "test").is_empty(), "{fold}");
        assert_eq!(ids(&own, "test"), ids(&all, fold));
        assert_eq!(ids(&own, "validation"), ids(&all, next));
    }
    // Every field has a label of its own.
    assert!(printed.contains("not in every part"), "{printed}");
    let written_scores = fs::read(file("folds.json")).expect("scores");
    let scores = json(file("folds.json"));
    assert_eq!(scores["together"]["samples"], 9);
    let of_folds = scores["folds"].as_array().expect("folds");
    let samples = of_folds.iter().map(|fold| fold["samples"].as_u64());
    assert_eq!(samples.sum::<Option<u64>>(), Some(9));
    assert!(scores["spread"]["micro_f1"]["deviation"].is_number());

    // The commands that it prints.
    for line in printed.lines() {
        if let Some(line) = line.strip_prefix("  trainer ") {
            run(&line.split(' ').collect::<Vec<_>>());
        }
    }
    let manifest = manifest(&file("model"));
    assert_eq!(manifest["members"].as_array().map(Vec::len), Some(3));

    // As it was when the second run had made its last checkpoint.
    assert!(refuse(&three).contains("have ended"));
    let before = runs.map(|fold| weights(&file(fold)));
    let written = || fs::metadata(file("fold-0/network.safetensors")).and_then(|it| it.modified());
    let first = written().expect("a time");
    for name in [
        "folds.json",
        "fold-1/run.json",
        "fold-1/network.safetensors",
    ] {
        fs::remove_file(file(name)).expect("a file");
    }
    fs::remove_dir_all(file("fold-2")).expect("a run");
    let resumed = [&three[..], &["--resume"]].concat();
    for (arguments, expected) in [
        (three, "--resume goes on with it"),
        (
            [&resumed[..], &["--set", "training.epochs=2"]].concat(),
            "has another recipe",
        ),
        (
            [&common[..], &["--folds", "4", "--resume"]].concat(),
            "has 3 folds, not 4",
        ),
        ([&common[..], &["--resume"]].concat(), "has another split"),
    ] {
        let printed = refuse(&arguments);
        assert!(printed.contains(expected), "{printed}");
    }
    run(&resumed);
    assert_eq!(runs.map(|fold| weights(&file(fold))), before);
    assert_eq!(written().expect("a time"), first, "it is passed over");
    assert_eq!(
        fs::read(file("folds.json")).expect("scores"),
        written_scores
    );
}

#[test]
fn folds_that_cannot_be_trained_are_refused_and_nothing_is_written() {
    let out = folder();
    let set = simulate(&out, 4, 64);
    let folds = at(&out, "folds");
    let common = arguments(&set, &folds, "default", &BRIEFLY);
    for (more, expected) in [
        (&["1"][..], "--folds must be at least 3, not 1"),
        (&["2"], "at least 3"),
        (&["5"], "4 samples cannot make 5 folds"),
        (&["3", "--split", "split.csv"], "cannot be used with"),
        (&["3", "--init", "network.pth"], "takes no --init"),
    ] {
        let printed = refuse(&[&common[..], &["--folds"], more].concat());
        assert!(printed.contains(expected), "{printed}");
    }
    assert!(!Path::new(&folds).exists());
    let elsewhere = arguments(&set, &set, "default", &BRIEFLY);
    let printed = refuse(&[&elsewhere[..], &["--folds", "3"]].concat());
    assert!(
        printed.contains(&format!("{set} is not empty")),
        "{printed}"
    );
}
