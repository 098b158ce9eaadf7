//! `trainer evaluate`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use cytolens_testing::third_party;

use crate::support::{BRIEF, MODEL, at, folder, refuse, simulate, text, trainer};

/// Runs a command that must succeed, and gives its standard output and standard error.
fn run(arguments: &[&str]) -> (String, String) {
    let output = trainer(arguments);
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {error}");
    (out, error)
}

/// A folder with simulated fields in `set`.
struct Workplace(TempDir);

impl Workplace {
    fn new(fields: usize) -> Self {
        let folder = folder();
        simulate(&folder, fields, 128);
        Self(folder)
    }

    fn at(&self, name: &str) -> String {
        at(&self.0, name)
    }

    fn id(index: usize) -> String {
        format!("simulated-1-{index:06}")
    }

    /// A split of the fields, in order.
    fn split(&self, parts: &[&str]) -> String {
        let path = self.at("split.csv");
        let mut table = "Id,Part\n".to_owned();
        for (index, part) in parts.iter().enumerate() {
            table += &format!("{},{part}\n", Self::id(index));
        }
        fs::write(&path, table).expect("a split");
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).expect("a written file")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// The ids of a table's rows.
    fn ids(&self, name: &str) -> Vec<String> {
        let mut reader = csv::Reader::from_path(self.at(name)).expect("a table");
        let ids = reader
            .records()
            .map(|row| row.expect("a row")[0].to_owned());
        ids.collect()
    }
}

#[test]
fn a_package_is_scored_on_a_whole_set_and_nothing_is_overwritten() {
    let place = Workplace::new(4);
    let (set, out) = (place.at("set"), place.at("report"));
    let arguments = [
        "evaluate",
        "--model",
        MODEL,
        "--data",
        &set,
        "--out",
        &out,
        "--workers",
        "2",
    ];
    let (printed, _) = run(&arguments);
    assert!(
        printed.contains("may have been trained on these samples"),
        "{printed}"
    );
    assert!(printed.contains("macro-F1, all 28 locations"), "{printed}");

    let evaluation = place.json("report/evaluation.json");
    assert_eq!(evaluation["evaluation"]["scores"]["samples"], 4);
    assert_eq!(evaluation["tested"]["part"], "all samples");
    let score = &evaluation["evaluation"]["estimates"]["micro_f1"];
    let number = |name: &str| score[name].as_f64().expect("a number");
    assert!(number("low") <= number("value") && number("value") <= number("high"));

    let mut table = csv::Reader::from_path(place.at("report/predictions.csv")).expect("a table");
    let header = table.headers().expect("a header").clone();
    assert_eq!(
        (&header[0], &header[1], &header[2]),
        ("Id", "Truth", "Predicted")
    );
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 4);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], Workplace::id(index), "in the set's order");
        assert_eq!(row[1], index.to_string(), "one field a location, in turn");
    }

    // What the page shows is beside it.
    let page = place.read("report/index.html");
    let pictures: Vec<&str> = page
        .split("src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let wrong = evaluation["evaluation"]["worst"]
        .as_array()
        .expect("a list");
    assert_eq!(pictures.len(), 2 * wrong.len());
    for picture in pictures {
        assert!(Path::new(&out).join(picture).is_file(), "{picture}");
    }

    assert!(refuse(&arguments).contains("not empty"));
    assert_eq!(place.read("report/index.html"), page);
}

#[test]
fn predictions_are_those_of_the_predicting_command() {
    let place = Workplace::new(2);
    let [set, out, table] = ["set", "report", "table.csv"].map(|name| place.at(name));
    let model = at(&BRIEF, "model");
    run(&[
        "evaluate",
        "--model",
        &model,
        "--data",
        &set,
        "--out",
        &out,
        "--bootstrap",
        "0",
    ]);
    run(&[
        "predict", "--model", &model, "--data", &set, "--out", &table,
    ]);
    let columns = |name: &str, without: usize| -> BTreeMap<String, Vec<String>> {
        let mut reader = csv::Reader::from_path(place.at(name)).expect("a table");
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| {
            let cells = row.iter().skip(without).map(str::to_owned).collect();
            (row[0].to_owned(), cells)
        })
        .collect()
    };
    assert_eq!(
        columns("report/predictions.csv", 2),
        columns("table.csv", 1)
    );
}

#[test]
fn only_the_part_is_scored_and_thresholds_come_from_another() {
    let place = Workplace::new(8);
    let [set, plain, tuned] = ["set", "plain", "tuned"].map(|name| place.at(name));
    // Eight fields of location 0, or no location would have samples enough to tune on.
    let labels: String = (0..8)
        .map(|index| format!("{},0\n", Workplace::id(index)))
        .collect();
    fs::write(
        Path::new(&set).join("train.csv"),
        format!("Id,Target\n{labels}"),
    )
    .expect("labels");
    // A broken field is reported, whichever part it is in, and the rest goes on.
    fs::write(
        Path::new(&set).join("simulated-1-000006_green.png"),
        "no image",
    )
    .expect("a broken file");
    let split = place.split(&[
        "train",
        "validation",
        "validation",
        "validation",
        "validation",
        "test",
        "test",
        "test",
    ]);
    let model = at(&BRIEF, "model");
    let arguments = [
        "evaluate", "--model", &model, "--data", &set, "--split", &split,
    ];

    let (_, error) = run(&[&arguments[..], &["--out", &plain]].concat());
    assert!(error.contains("simulated-1-000006_green.png"), "{error}");
    assert_eq!(
        place.ids("plain/predictions.csv"),
        [Workplace::id(5), Workplace::id(7)]
    );
    let page = place.read("plain/index.html");
    assert!(page.contains("simulated-1-000006_green.png"));

    run(&[&arguments[..], &["--out", &tuned, "--tune"]].concat());
    assert_eq!(
        place.ids("tuned/predictions.csv"),
        place.ids("plain/predictions.csv")
    );
    let [before, after] =
        ["plain", "tuned"].map(|name| place.json(&format!("{name}/evaluation.json")));
    let thresholds = after["tested"]["thresholds"].as_str().expect("a text");
    assert!(
        thresholds.contains("1 locations") && thresholds.contains("4 samples"),
        "{thresholds}"
    );
    for class in 0..28 {
        let [before, after] =
            [&before, &after].map(|one| &one["evaluation"]["classes"][class]["threshold"]);
        assert_eq!(
            before != after,
            class == 0,
            "only the location that can be tuned is"
        );
    }
}

#[test]
fn reports_on_parts_of_a_set_are_scored_as_one() {
    let place = Workplace::new(4);
    let [set, whole, joined] = ["set", "whole", "joined"].map(|name| place.at(name));
    let split = place.split(&["fold-0", "fold-1", "fold-1", "fold-0"]);
    let model = at(&BRIEF, "model");
    let evaluate = ["evaluate", "--data", &set];
    let by_model = [&evaluate[..], &["--model", &model]].concat();
    let reports = ["fold-0", "fold-1"].map(|part| {
        let out = place.at(part);
        let more = ["--split", &split, "--part", part, "--out", &out];
        run(&[&by_model[..], &more].concat());
        out
    });
    run(&[&by_model[..], &["--out", &whole]].concat());
    let [one, other] = &reports;
    let both = ["--report", other, "--report", one, "--out", &joined];
    run(&[&evaluate[..], &both].concat());

    assert_eq!(
        place.read("joined/predictions.csv"),
        place.read("whole/predictions.csv")
    );
    let [as_one, at_once] =
        ["joined", "whole"].map(|name| place.json(&format!("{name}/evaluation.json")));
    assert_eq!(as_one["evaluation"], at_once["evaluation"]);
    let notes = as_one["tested"]["notes"].to_string();
    assert!(notes.contains("each of 2 models"), "{notes}");
    assert_eq!(as_one["tested"]["part"], "the samples of 2 reports");

    let labels = place.read("set/train.csv");
    let again = place.at("again");
    let refused = |reports: &[&str], expected: &str| {
        let reports: Vec<&str> = reports.iter().flat_map(|it| ["--report", it]).collect();
        let printed = refuse(&[&evaluate[..], &reports, &["--out", &again]].concat());
        assert!(printed.contains(expected), "{expected}: {printed}");
        assert!(!Path::new(&again).exists(), "nothing was written");
    };
    refused(&[one, one], "a sample is scored once");
    refused(&[one, &set], "no report by `trainer evaluate`");
    let of_json = place.read("fold-1/evaluation.json");
    let raised = of_json.replacen("\"threshold\": 0", "\"threshold\": 1", 1);
    assert_ne!(raised, of_json);
    fs::write(place.at("fold-1/evaluation.json"), raised).expect("a report");
    refused(&[one, other], "the threshold of Nucleoplasm is 1");
    let table = place.read("fold-0/predictions.csv");
    fs::write(
        place.at("fold-0/predictions.csv"),
        table.replacen(",0", ",x", 1),
    )
    .expect("a table");
    refused(&[one], "predictions.csv");
    fs::write(place.at("fold-0/predictions.csv"), table).expect("a table");
    let other_label = labels.replacen(",0", ",5", 1);
    fs::write(place.at("set/train.csv"), &other_label).expect("labels");
    refused(&[one], "has the labels 5 in the set and 0 in");
    let without = other_label
        .lines()
        .filter(|line| !line.contains(&Workplace::id(3)));
    fs::write(
        place.at("set/train.csv"),
        without.collect::<Vec<_>>().join("\n"),
    )
    .expect("labels");
    refused(&[one], "the set lacks");
}

#[test]
fn unfair_and_impossible_wishes_are_refused() {
    let place = Workplace::new(4);
    let (set, out) = (place.at("set"), place.at("report"));
    let split = place.split(&["train", "train", "validation", "validation"]);
    let arguments = ["evaluate", "--model", MODEL, "--data", &set, "--out", &out];
    for (more, expected) in [
        (&["--part", "test"][..], "needs --split"),
        (&["--part", "nonesuch"], "nonesuch"),
        (&["--tune"], "--tune needs --split"),
        (&["--split", &split], "2 of train, 2 of validation"),
        (
            &["--split", &split, "--tune", "--part", "validation"],
            "tune on tested samples",
        ),
        (
            &["--split", &split, "--tune", "--part", "all"],
            "tune on tested samples",
        ),
        (&["--bootstrap", "3"], "evaluation.bootstrap"),
        (&["--workers", "0"], "--workers"),
        (&["--run", &set], "cannot be used with"),
        (&["--report", &set], "cannot be used with"),
    ] {
        let printed = refuse(&[&arguments[..], more].concat());
        assert!(printed.contains(expected), "{more:?}: {printed}");
    }
    assert!(refuse(&["evaluate", "--data", &set, "--out", &out]).contains("--model"));
    let nowhere = place.at("nowhere");
    assert!(
        refuse(&["evaluate", "--run", &nowhere, "--data", &set, "--out", &out]).contains("nowhere")
    );
    assert!(!Path::new(&out).exists(), "nothing was written");
}

#[test]
#[ignore = "needs the third-party data"]
fn a_run_is_scored_on_what_it_has_not_seen() {
    let data = third_party("");
    let place = Workplace::new(14);
    let [set, run_folder, out] = ["set", "run", "report"].map(|name| place.at(name));
    let recipe = place.at("recipe.toml");
    let minutes = include_str!("../../recipes/probe.toml");
    let small = minutes
        .replace("size = 512", "size = 64")
        .replace("epochs = 60", "epochs = 3");
    fs::write(&recipe, small).expect("a recipe");
    let weights = data.join("imagenet/densenet121.safetensors");
    let weights = weights.to_str().expect("Unicode");
    run(&[
        "probe",
        "--data",
        &set,
        "--recipe",
        &recipe,
        "--init",
        weights,
        "--out",
        &run_folder,
    ]);
    let mut split: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in place.read("run/split.csv").lines().skip(1) {
        let mut columns = line.split(',');
        let id = columns.next().expect("an id");
        let part = columns.next().expect("a part");
        split
            .entry(part.to_owned())
            .or_default()
            .push(id.to_owned());
    }
    let seen = &split["train"];

    let arguments = ["evaluate", "--run", &run_folder, "--data", &set, "--out"];
    run(&[&arguments[..], &[&out]].concat());
    let scored = place.ids("report/predictions.csv");
    assert!(!scored.is_empty() && scored.iter().all(|id| !seen.contains(id)));
    assert_eq!(scored.len() + seen.len(), 14);

    // The package of the run answers the same, within the rounding of its weights to f16.
    let (package, beside) = (place.at("package"), place.at("beside"));
    run(&["package", "--run", &run_folder, "--out", &package]);
    run(&[
        "evaluate", "--model", &package, "--data", &set, "--out", &beside,
    ]);
    let probabilities = |name: &str| -> BTreeMap<String, Vec<f32>> {
        let mut reader = csv::Reader::from_path(place.at(name)).expect("a table");
        let rows = reader.records().map(|row| row.expect("a row"));
        rows.map(|row| {
            let numbers = row
                .iter()
                .skip(3)
                .map(|cell| cell.parse().expect("a number"));
            (row[0].to_owned(), numbers.collect())
        })
        .collect()
    };
    let packaged = probabilities("beside/predictions.csv");
    for (id, row) in probabilities("report/predictions.csv") {
        for (run, package) in row.iter().zip(&packaged[&id]) {
            assert!((run - package).abs() < 0.02, "{id}: {run} {package}");
        }
    }

    let remembered = place.at("remembered");
    let printed = refuse(&[&arguments[..], &[&remembered, "--part", "all"]].concat());
    assert!(
        printed.contains("was trained on") && printed.contains("--part train"),
        "{printed}"
    );
    assert!(!Path::new(&remembered).exists(), "nothing was written");
    let (printed, _) = run(&[&arguments[..], &[&remembered, "--part", "train"]].concat());
    assert!(printed.contains("how well it remembers"), "{printed}");
    assert_eq!(place.ids("remembered/predictions.csv").len(), seen.len());
}
