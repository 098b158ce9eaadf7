//! `trainer neighbours`: scores of an index's entries as a classifier, refusals.

use std::fs;
use std::path::Path;

use crate::support::{BRIEF, at, folder, json, refuse, run, simulate};

#[test]
fn neighbours_are_scored_beside_the_network_and_mixed_with_it() {
    let place = folder();
    let set = simulate(&place, 56, 64);
    let more = at(&place, "more");
    run(&[
        "simulate", "--out", &more, "--count", "6", "--size", "64", "--seed", "2",
    ]);
    let model = at(&BRIEF, "model");
    let known = at(&place, "known");
    run(&[
        "index", "--model", &model, "--data", &set, "--out", &known, "--side", "0",
    ]);
    let split = |name: &str, part: &dyn Fn(usize) -> &'static str| {
        let rows = (0..56).map(|at| format!("simulated-1-{at:06},{}\n", part(at)));
        let path = at(&place, name);
        fs::write(&path, "Id,Part\n".to_owned() + &rows.collect::<String>()).expect("a split");
        path
    };
    let halves = split("halves.csv", &|at| match at {
        0..28 => "train",
        28..42 => "validation",
        _ => "test",
    });
    let out = at(&place, "scores");
    let arguments = [
        "neighbours",
        "--model",
        &model,
        "--index",
        &known,
        "--data",
        &set,
        "--split",
        &halves,
        "--test",
        &more,
        "--out",
        &out,
    ];
    let said = run(&arguments);
    assert!(said.contains("decided by 14 fields"), "{said}");
    let scores = json(at(&place, "scores/neighbours.json"));
    assert_eq!(scores["decided_by"], 14);
    for (test, samples) in [(0, 14), (1, 6)] {
        let test = &scores["tests"][test];
        assert_eq!(test["samples"], samples);
        let answers = test["answers"].as_array().expect("answers");
        let shares = answers.iter().map(|it| it["network_share"].as_f64());
        let shares: Vec<f64> = shares.map(|share| share.expect("a share")).collect();
        assert!(shares[0] == 1.0 && shares[1] == 0.0 && (0.0..=1.0).contains(&shares[2]));
        for (answers, name) in answers.iter().zip(["network", "neighbours", "mixed"]) {
            assert_eq!(answers["answers"], name);
            let ranking = &answers["label_ranking_average_precision"]["value"];
            assert!((0.0..=1.0).contains(&ranking.as_f64().expect("a number")));
        }
    }

    assert!(refuse(&arguments).contains("not empty"));
    let refused = |split: &str| {
        let other = at(&place, "refused");
        let mut arguments = arguments;
        arguments[8] = split;
        arguments[12] = &other;
        let said = refuse(&arguments);
        assert!(!Path::new(&other).exists(), "{said}");
        said
    };
    let said = refused(&split("none.csv", &|at| ["validation", "test"][at % 2]));
    assert!(said.contains("none is left to answer"), "{said}");
    let said = refused(&split("trained.csv", &|_| "train"));
    assert!(said.contains("in the part validation"), "{said}");
    let description = at(&place, "known/index.json");
    let mut foreign = json(&description);
    foreign["about"]["weights_sha256"] = "0".into();
    fs::write(&description, foreign.to_string()).expect("a description");
    let said = refused(&halves);
    assert!(said.contains("another network"), "{said}");
}
