//! Training as a user runs it, on simulated fields and the CPU.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use cytolens_testing::third_party;

use crate::support::{at, command, folder, refuse, run, text};

fn simulate(folder: &TempDir, count: &str, size: &str) -> String {
    let set = at(folder, "set");
    run(&["simulate", "--out", &set, "--count", count, "--size", size]);
    set
}

/// A training on the CPU with these keys set.
fn arguments<'a>(set: &'a str, out: &'a str, recipe: &'a str, keys: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "train",
        "--plain",
        "--device",
        "flex",
        "--data",
        set,
        "--out",
        out,
        "--recipe",
        recipe,
        "--set",
        "start.weights=random",
        "--set",
        "start.frozen_epochs=0",
    ];
    for key in keys {
        arguments.extend(["--set", key]);
    }
    arguments
}

/// A column of a run's epochs.
fn epochs(out: &str, column: &str) -> Vec<f64> {
    let path = Path::new(out).join("metrics.csv");
    let mut reader = csv::Reader::from_path(path).expect("metrics");
    let header = reader.headers().expect("a header").clone();
    let index = header
        .iter()
        .position(|name| name == column)
        .expect("the column");
    reader
        .records()
        .map(|row| row.expect("a row")[index].parse().expect("a number"))
        .collect()
}

fn weights(out: &str) -> Vec<u8> {
    fs::read(Path::new(out).join("network.safetensors")).expect("trained weights")
}

/// A run with everything that has a state: dropout, averaged weights, momentum, warm-up, augmented
/// repeats and steps of two batches.
const EVERYTHING: [&str; 8] = [
    "input.size=32",
    "training.epochs=3",
    "training.batch=4",
    "training.accumulation=2",
    "average.decay=0.9",
    "optimiser.warm_up=0.5",
    "optimiser.learning_rate=0.001",
    "repeats.threshold=0.2",
];

#[test]
fn a_run_killed_at_any_moment_ends_as_if_it_had_not_been() {
    let out = folder();
    let set = simulate(&out, "40", "64");
    let (whole, broken) = (at(&out, "whole"), at(&out, "broken"));
    let start = Instant::now();
    run(&arguments(&set, &whole, "described", &EVERYTHING));
    let took = start.elapsed();

    let mut again = arguments(&set, &broken, "described", &EVERYTHING);
    again.extend(["--checkpoint-every", "0"]);
    let spawn = |arguments: &[&str]| -> Child {
        command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the trainer runs")
    };
    let mut kills = 0;
    let mut child = spawn(&again);
    again.push("--resume");
    // Moments spread over a run; each life is a little longer, or it might never get anywhere.
    for life in 0.. {
        assert!(life < 100, "the run never ends");
        let end = Instant::now() + took.mul_f64(0.25 + 0.11 * f64::from(life));
        let status = loop {
            if let Some(status) = child.try_wait().expect("a status") {
                break Some(status);
            }
            if Instant::now() > end {
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        if status.is_some_and(|status| status.success()) {
            break;
        }
        child.kill().expect("killed");
        let output = child.wait_with_output().expect("an end");
        assert!(
            status.is_none(),
            "the run failed by itself: {}",
            text(&output.stderr)
        );
        kills += 1;
        child = spawn(&again);
    }
    println!("killed {kills} times");
    assert!(kills >= 2, "a test that kills");
    assert_eq!(weights(&broken), weights(&whole), "the same weights");
    for column in ["training_loss", "validation_loss", "macro_f1"] {
        assert_eq!(epochs(&broken, column), epochs(&whole, column), "{column}");
    }
    assert!(refuse(&again).contains("has ended"));
}

#[test]
fn sixteen_fields_are_learnt_by_heart() {
    let out = folder();
    let set = simulate(&out, "20", "64");
    let run_folder = at(&out, "run");
    let keys = [
        "input.size=64",
        "split.shares=[0.8, 0.1, 0.1]",
        "training.epochs=40",
        "training.batch=16",
        "training.accumulation=1",
        "training.augmented=none",
        "training.best_by=loss",
        "repeats.threshold=0",
        "loss={kind = 'cross-entropy'}",
        "optimiser.backbone_share=1.0",
        "optimiser.learning_rate=0.003",
        "average.decay=0",
        "evaluation.views=1",
    ];
    run(&arguments(&set, &run_folder, "default", &keys));
    let losses = epochs(&run_folder, "training_loss");
    println!("loss {:.4} to {:.4}", losses[0], losses[39]);
    assert!(losses[39] < 0.05, "{losses:?}");
}

#[test]
fn faults_end_a_run_clearly_and_nothing_is_lost() {
    let out = folder();
    let set = simulate(&out, "24", "64");
    let run_folder = at(&out, "run");
    let keys = [
        "input.size=32",
        "network.architecture=all-cnn",
        "training.epochs=2",
        "training.batch=4",
        "training.accumulation=1",
        "evaluation.views=1",
    ];
    let good = arguments(&set, &run_folder, "default", &keys);

    // What cannot work is refused before anything is written.
    let mut unknown = good.clone();
    unknown.extend(["--set", "training.speed=9"]);
    assert!(refuse(&unknown).contains("speed"));
    let mut pretrained = good.clone();
    pretrained.extend(["--set", "start.weights=imagenet"]);
    assert!(refuse(&pretrained).contains("--init"));
    let mut shared = good.clone();
    shared.extend(["--device", "flex,flex"]);
    assert!(!refuse(&shared).is_empty());
    assert!(!Path::new(&run_folder).exists());

    // A loss that is no number ends the run; what there was is kept.
    let lost = at(&out, "lost");
    let mut wild = arguments(&set, &lost, "default", &keys);
    wild.extend([
        "--set",
        "optimiser.learning_rate=10",
        "--set",
        "optimiser.warm_up=0",
        "--set",
        "optimiser.clip=0",
        "--set",
        "optimiser.backbone_share=1",
        "--set",
        // Each step takes a hundred times themselves off the weights.
        "optimiser.weight_decay=10",
        "--set",
        "training.epochs=30",
    ]);
    let told = refuse(&wild);
    assert!(told.contains("no longer a number"), "{told}");
    assert!(told.contains("checkpoints"), "{told}");
    assert!(Path::new(&lost).join("checkpoints").is_dir());

    // A file where a checkpoint is to be written stands for a disk that refuses.
    run(&good);
    let full = at(&out, "full");
    let blocked = Path::new(&full).join("checkpoints");
    let mut stopped = arguments(&set, &full, "default", &keys);
    let child = command(&stopped)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the trainer runs");
    let deadline = Instant::now() + Duration::from_secs(120);
    while !blocked.join("step-00000000").is_dir() {
        assert!(Instant::now() < deadline, "no first checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    // 16 samples of 24 in batches of 4: the first epoch ends after four steps.
    fs::write(blocked.join("step-00000004.partial"), "").expect("a file in the way");
    let output = child.wait_with_output().expect("an end");
    if !output.status.success() {
        let told = text(&output.stderr);
        assert!(told.contains("cannot write the checkpoint"), "{told}");
        assert!(blocked.join("step-00000000").is_dir(), "the last one stays");
        fs::remove_file(blocked.join("step-00000004.partial")).expect("room again");
        stopped.push("--resume");
        run(&stopped);
    }
    assert_eq!(weights(&full), weights(&run_folder));

    // A run that has ended, and another recipe's, are never written over.
    let before = weights(&run_folder);
    assert!(refuse(&good).contains("has ended"));
    assert_eq!(weights(&run_folder), before);
}

/// All 28 locations from few fields in minutes, by ImageNet's weights: far from good, and far from
/// chance, which is what saying yes to every label would score.
#[test]
#[ignore = "needs the third-party data"]
fn a_small_budget_learns_to_tell_the_locations() {
    let data = third_party("");
    let out = folder();
    let set = at(&out, "set");
    run(&[
        "simulate", "--out", &set, "--count", "840", "--seed", "5", "--size", "256",
    ]);
    let run_folder = at(&out, "run");
    let init = data.join("imagenet/densenet121.safetensors");
    let mut arguments = vec![
        "train",
        "--plain",
        "--device",
        "flex",
        "--data",
        &set,
        "--out",
        &run_folder,
        "--init",
        init.to_str().expect("Unicode"),
    ];
    for key in [
        "input.size=96",
        "start.frozen_epochs=0",
        "training.epochs=3",
        "training.batch=8",
        "training.accumulation=1",
        "augmentation.crop=1.0",
        "average.decay=0.95",
        "optimiser.warm_up=0.2",
        "optimiser.learning_rate=0.001",
        "evaluation.views=8",
    ] {
        arguments.extend(["--set", key]);
    }
    run(&arguments);
    let summary = fs::read_to_string(Path::new(&run_folder).join("run.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    let found = summary["metrics"]["test_views"]["macro_f1"]
        .as_f64()
        .expect("a score");
    // Each field has one of 28 labels.
    let share = 1.0 / 28.0;
    let chance = 2.0 * share / (1.0 + share);
    println!("macro-F1 {found:.3}, chance {chance:.3}");
    assert!(found > 2.0 * chance, "{found} is not well over {chance}");
}

#[test]
fn networks_are_compared_in_one_table() {
    let out = folder();
    let set = simulate(&out, "40", "64");
    let compared = at(&out, "compared");
    let mut arguments = vec![
        "compare",
        "--plain",
        "--device",
        "flex",
        "--data",
        &set,
        "--out",
        &compared,
        "--recipes",
        "default,described",
        "--sizes",
        "32,64",
    ];
    for key in [
        "network.architecture=all-cnn",
        "training.epochs=1",
        "training.batch=8",
        "training.accumulation=1",
        "evaluation.views=1",
    ] {
        arguments.extend(["--set", key]);
    }
    let told = run(&arguments);
    // Of All-CNN no ImageNet weights are at hand, and the table says so.
    for expected in [
        "1.62",
        "71.0",
        "random",
        "described-all-cnn-64",
        "default-all-cnn-32",
    ] {
        assert!(told.contains(expected), "{expected} in {told}");
    }
    let report = Path::new(&compared).join("comparison");
    for name in ["index.html", "comparison.json", "comparison.md"] {
        assert!(report.join(name).is_file(), "{name}");
    }
    // Nothing is trained again, and nothing is written over.
    assert!(refuse(&arguments).contains("--resume"));
    let before = weights(&format!("{compared}/default-all-cnn-32"));
    fs::remove_dir_all(format!("{compared}/default-all-cnn-64")).expect("a run to be made again");
    let again = run(&[&arguments[..], &["--resume"]].concat());
    assert!(again.contains("default-all-cnn-64"));
    assert_eq!(weights(&format!("{compared}/default-all-cnn-32")), before);
}

#[test]
fn a_run_is_evaluated_packaged_exported_and_asked() {
    let out = folder();
    let set = simulate(&out, "30", "64");
    let [run_folder, report, package, exported, table] =
        ["run", "report", "package", "exported", "table.csv"].map(|name| at(&out, name));
    let keys = [
        "network.architecture=resnet-50",
        "network.head=described",
        "input.size=64",
        "input.composition=gray-green",
        "training.epochs=1",
        "training.batch=8",
        "training.accumulation=1",
        "evaluation.views=4",
    ];
    run(&arguments(&set, &run_folder, "default", &keys));
    let told = run(&[
        "evaluate",
        "--run",
        &run_folder,
        "--data",
        &set,
        "--out",
        &report,
        "--device",
        "flex",
    ]);
    assert!(told.contains("macro-F1"), "{told}");
    assert!(Path::new(&report).join("index.html").is_file());
    run(&["package", "--run", &run_folder, "--out", &package]);
    let manifest = fs::read_to_string(Path::new(&package).join("manifest.json")).expect("manifest");
    assert!(manifest.contains("resnet-50") && manifest.contains("drawn by the Cytolens simulator"));
    assert!(
        !manifest.contains("Initial weights"),
        "it started at random"
    );
    run(&["export", "--run", &run_folder, "--out", &exported]);
    assert!(Path::new(&exported).join("model.onnx").is_file());
    run(&[
        "predict", "--model", &package, "--data", &set, "--out", &table,
    ]);
    assert_eq!(
        fs::read_to_string(&table)
            .expect("the table")
            .lines()
            .count(),
        31
    );
}
