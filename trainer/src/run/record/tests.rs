//! The record as users and resumed trainings find it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const EPOCHS: usize = 3;
const STEPS_AN_EPOCH: usize = 4;

fn plan() -> Plan {
    Plan {
        recipe: "test".to_owned(),
        epochs: EPOCHS,
        steps: EPOCHS * STEPS_AN_EPOCH,
    }
}

fn step(step: usize) -> StepRecord {
    StepRecord {
        step,
        epoch: 1 + (step - 1) / STEPS_AN_EPOCH,
        loss: 1.0 / (step as f64 + 2.0),
        learning_rate: 1e-3 / step as f64,
        gradient_norm: step.is_multiple_of(2).then_some(step as f64 / 3.0),
        images_per_second: 30.0,
    }
}

fn epoch(epoch: usize) -> EpochRecord {
    let score = 0.3 * epoch as f64 / 7.0;
    EpochRecord {
        epoch,
        step: epoch * STEPS_AN_EPOCH,
        training_loss: 1.0 / (epoch as f64 + 3.0),
        validation_loss: 1.0 / (epoch as f64 + 2.0),
        macro_f1: score,
        macro_f1_at_half: score / 2.0,
        micro_f1: score * 1.5,
        seconds: 60.0,
    }
}

/// Records the steps and epochs after the first `first` steps, up to `last`.
fn train(recorder: &mut Recorder, first: usize, last: usize) {
    for number in first + 1..=last {
        recorder.step(&step(number)).expect("a step");
        if number.is_multiple_of(STEPS_AN_EPOCH) {
            recorder
                .epoch(&epoch(number / STEPS_AN_EPOCH))
                .expect("an epoch");
        }
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const FILES: [&str; 7] = [
    "metrics.jsonl",
    "metrics.csv",
    "steps.csv",
    "index.html",
    "plots/loss.svg",
    "plots/learning-rate.svg",
    "plots/macro-f1.svg",
];

fn uninterrupted() -> TempDir {
    let folder = folder();
    let mut recorder = Recorder::start(folder.path(), plan(), Show::Lines).expect("a record");
    train(&mut recorder, 0, EPOCHS * STEPS_AN_EPOCH);
    recorder.finish().expect("the end");
    folder
}

/// The epochs that the record holds.
fn recorded_epochs(folder: &Path) -> Vec<EpochRecord> {
    let (_, records) = RecordFiles::cut(folder, usize::MAX).expect("a record");
    let epochs = records.into_iter().filter_map(|record| match record {
        MetricsLine::Epoch(epoch) => Some(epoch),
        MetricsLine::Step(_) => None,
    });
    epochs.collect()
}

#[test]
fn what_was_recorded_is_read_back() {
    let folder = uninterrupted();
    let epochs = recorded_epochs(folder.path());
    assert_eq!(epochs, [1, 2, 3].map(epoch));
    let lines = read(folder.path(), "metrics.jsonl");
    assert_eq!(lines.lines().count(), EPOCHS * (STEPS_AN_EPOCH + 1));
    let first: serde_json::Value =
        serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["kind"], "step");
    assert_eq!(first["step"], 1);
    let table = read(folder.path(), "metrics.csv");
    assert!(
        table.starts_with(
            "epoch,step,training_loss,validation_loss,macro_f1,macro_f1_at_half,micro_f1,seconds\n1,4,0.25,"
        ),
        "{table}"
    );
    assert_eq!(table.lines().count(), 1 + EPOCHS);
    let table = read(folder.path(), "steps.csv");
    assert!(
        table.starts_with(
            "step,epoch,loss,learning_rate,gradient_norm,images_per_second\n1,1,0.3333333333333333,0.001,,30"
        ),
        "{table}"
    );
    assert_eq!(table.lines().count(), 1 + EPOCHS * STEPS_AN_EPOCH);
}

#[test]
fn a_killed_and_resumed_training_leaves_the_record_of_an_uninterrupted_one() {
    let whole = uninterrupted();
    for checkpoint in [0, 2, STEPS_AN_EPOCH, 6] {
        let folder = folder();
        let mut recorder = Recorder::start(folder.path(), plan(), Show::Lines).expect("a record");
        train(&mut recorder, 0, 7);
        drop(recorder);
        // Killed while it wrote.
        for name in ["metrics.jsonl", "steps.csv", "metrics.csv"] {
            let path = folder.path().join(name);
            let torn = read(folder.path(), name) + "{\"kind\":\"st";
            fs::write(&path, torn).expect("a torn file");
        }
        let mut recorder = Recorder::resume(folder.path(), plan(), Show::Lines, checkpoint)
            .expect("the record goes on");
        train(&mut recorder, checkpoint, EPOCHS * STEPS_AN_EPOCH);
        recorder.finish().expect("the end");
        for name in FILES {
            assert_eq!(
                read(folder.path(), name),
                read(whole.path(), name),
                "{name} after going on from step {checkpoint}"
            );
        }
    }
}

#[test]
fn another_trainings_record_is_not_overwritten() {
    let folder = uninterrupted();
    let before = read(folder.path(), "metrics.jsonl");
    let Err(error) = Recorder::start(folder.path(), plan(), Show::Lines) else {
        panic!("a second record was begun");
    };
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(read(folder.path(), "metrics.jsonl"), before);
}

#[test]
fn a_record_that_is_none_is_named_with_its_line() {
    let folder = uninterrupted();
    let path = folder.path().join("metrics.jsonl");
    let lines = read(folder.path(), "metrics.jsonl");
    fs::write(&path, lines.replacen("\"epoch\":1", "\"epoch\":true", 1)).expect("written");
    let Err(error) = Recorder::resume(folder.path(), plan(), Show::Lines, 4) else {
        panic!("went on with a broken record");
    };
    let message = format!("{error:#}");
    assert!(message.contains("metrics.jsonl, line 1"), "{message}");
}

#[test]
fn a_loss_that_is_no_number_is_recorded_and_not_drawn() {
    let folder = folder();
    let mut recorder = Recorder::start(folder.path(), plan(), Show::Lines).expect("a record");
    recorder
        .step(&StepRecord {
            loss: f64::NAN,
            ..step(1)
        })
        .expect("a step");
    recorder
        .epoch(&EpochRecord {
            validation_loss: f64::INFINITY,
            ..epoch(1)
        })
        .expect("an epoch");
    drop(recorder);
    let epochs = recorded_epochs(folder.path());
    assert!(epochs[0].validation_loss.is_nan());
    assert!(!read(folder.path(), "plots/loss.svg").contains("NaN"));
    Recorder::resume(folder.path(), plan(), Show::Lines, 4).expect("it can be gone on with");
}

#[test]
fn plots_stand_alone_and_the_page_holds_them_all() {
    let folder = uninterrupted();
    for name in ["loss", "learning-rate", "macro-f1"] {
        let plot = read(folder.path(), &format!("plots/{name}.svg"));
        assert!(plot.starts_with("<svg") && plot.contains("prefers-color-scheme: dark"));
        assert!(plot.contains("class=\"curve"), "{name} has no curve");
    }
    let page = read(folder.path(), "index.html");
    assert_eq!(page.matches("<svg").count(), 3);
    assert!(page.contains("recipe test") && page.contains("3 of 3"));
}
