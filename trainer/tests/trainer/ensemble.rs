//! `trainer ensemble`: packages made of several, how they answer, refusals.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{BRIEF, MODEL, at, folder, manifest, refuse, repackaged, run, simulate};

/// Writes the shipped network as a package for another input, and gives its folder.
pub fn member(place: &TempDir, name: &str, size: u32, change: impl Fn(&mut Value)) -> String {
    repackaged(MODEL, place, name, size, change)
}

/// The probabilities that a package gives for a set, row by row, and what the command prints.
pub fn predict(place: &TempDir, model: &str, set: &str) -> (Vec<Vec<f32>>, String) {
    let out = at(place, "table.csv");
    let said = run(&["predict", "--model", model, "--data", set, "--out", &out]);
    let mut reader = csv::Reader::from_path(&out).expect("a table");
    let rows = reader.records().map(|record| {
        let record = record.expect("a row");
        let numbers = record.iter().skip(2);
        numbers
            .map(|text| text.parse().expect("a number"))
            .collect()
    });
    let rows = rows.collect();
    fs::remove_file(&out).expect("a table");
    (rows, said)
}

#[test]
fn an_ensemble_predicts_the_weighted_mean_and_tells_the_time_of_each_member() {
    let place = folder();
    let set = simulate(&place, 4, 128);
    let network = at(&BRIEF, "model");
    let first = repackaged(&network, &place, "first", 64, |_| ());
    let second = repackaged(&network, &place, "second", 32, |manifest| {
        manifest["attribution"] = serde_json::json!(["Another"]);
    });
    let whole = at(&place, "whole");
    let third = format!("{second}=3");
    let said = run(&[
        "ensemble", "--member", &first, "--member", &third, "--out", &whole,
    ]);
    assert!(said.contains("0.250") && said.contains("0.750"), "{said}");
    let made = manifest(&whole);
    assert_eq!(made["kind"], "ensemble");
    assert_eq!(made["members"][1]["share"], 0.75);
    assert_eq!(made["members"][1]["manifest"]["name"], "second");
    let names = made["attribution"].as_array().expect("names");
    assert!(names.contains(&"Another".into()) && names.len() > 1);

    let (of_first, said) = predict(&place, &first, &set);
    assert!(!said.contains("ms a view"), "{said}");
    let (of_second, _) = predict(&place, &second, &set);
    let (of_whole, said) = predict(&place, &whole, &set);
    assert!(said.contains("ms a view by first, which counts 0.250"));
    assert!(said.contains("ms a view by second, which counts 0.750"));
    assert_eq!(of_whole.len(), 4);
    for (row, (first, second)) in of_whole.iter().zip(of_first.iter().zip(&of_second)) {
        for (found, (a, b)) in row.iter().zip(first.iter().zip(second)) {
            let expected = 0.25 * a + 0.75 * b;
            assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
        }
    }
    let report = at(&place, "report");
    run(&[
        "evaluate",
        "--model",
        &whole,
        "--data",
        &set,
        "--out",
        &report,
        "--bootstrap",
        "0",
    ]);
}

#[test]
fn with_labels_the_members_that_know_more_count_more() {
    let place = folder();
    let set = simulate(&place, 24, 128);
    let good = member(&place, "good", 128, |_| ());
    // It sees everything dark.
    let poor = member(&place, "poor", 96, |manifest| {
        let planes = manifest["mean"].as_array().expect("means").len();
        manifest["mean"] = vec![3.0; planes].into();
    });
    let whole = at(&place, "whole");
    let said = run(&[
        "ensemble", "--member", &poor, "--member", &good, "--data", &set, "--out", &whole,
    ]);
    assert!(said.contains("the ensemble: log loss"), "{said}");
    let made = manifest(&whole);
    let share = |at: usize| made["members"][at]["share"].as_f64().expect("a share");
    assert!(share(1) > share(0), "{said}");
    assert!((share(0) + share(1) - 1.0).abs() < 1e-4);
    let loss = |scores: &Value| scores["log_loss"].as_f64().expect("a loss");
    let metrics = &made["metrics"];
    let alone = ["good", "poor"].map(|name| loss(&metrics["validation_of_members"][name]));
    let together = loss(&metrics["validation"]);
    assert!(
        together <= alone[0] + 1e-6 && together <= alone[1] + 1e-6,
        "{said}"
    );
    assert_eq!(metrics["validation"]["samples"], 24);
    let thresholds = made["provenance"]["thresholds"].as_str();
    assert!(thresholds.is_some_and(|words| words.contains("24 samples")));
}

#[test]
fn whatever_is_no_ensemble_is_refused_by_its_folder() {
    let place = folder();
    let first = member(&place, "first", 64, |_| ());
    let second = member(&place, "second", 96, |_| ());
    let again = member(&place, "again", 64, |_| ());
    let other = member(&place, "other", 96, |manifest| {
        manifest["labels"][0] = "Elsewhere".into();
    });
    let nothing = at(&place, "nothing");
    let whole = at(&place, "whole");
    run(&[
        "ensemble", "--member", &first, "--member", &second, "--out", &whole,
    ]);
    let refused = |members: &[&str]| {
        let out = at(&place, "refused");
        let mut arguments = vec!["ensemble", "--out", &out];
        arguments.extend(members.iter().flat_map(|member| ["--member", *member]));
        let said = refuse(&arguments);
        assert!(!Path::new(&out).exists(), "{said}");
        said
    };
    assert!(refused(&[]).contains("--member"));
    let cases: [(Vec<&str>, &str, &str); 6] = [
        (vec![&first], &first, "two members at least"),
        (vec![&first, &other], &other, "other labels"),
        (vec![&first, &second, &first], &first, "given twice"),
        (vec![&first, &again], &again, "given twice"),
        (vec![&first, &whole], &whole, "itself an ensemble"),
        (vec![&first, &nothing], &nothing, "manifest.json"),
    ];
    for (members, named, reason) in cases {
        let said = refused(&members);
        assert!(said.contains(named) && said.contains(reason), "{said}");
    }
    let said = refuse(&[
        "ensemble", "--member", &first, "--member", &second, "--out", &whole,
    ]);
    assert!(
        said.contains(&whole) && said.contains("not empty"),
        "{said}"
    );
    // Commands that want one network say so.
    let said = refuse(&["export", "--model", &whole, "--out", &at(&place, "onnx")]);
    assert!(said.contains("package of ensemble"), "{said}");
}
