//! The forms of a comparison.

use super::*;
use crate::evaluation::{Estimate, Estimates};

fn estimate(value: f64) -> Estimate {
    Estimate {
        value,
        low: value - 0.02,
        high: value + 0.03,
    }
}

fn run(architecture: &str, size: usize, macro_f1: f64) -> ComparedRun {
    ComparedRun {
        name: format!("{architecture}-{size}").to_lowercase(),
        architecture: architecture.to_owned(),
        recipe: "described".to_owned(),
        start: "ImageNet".to_owned(),
        size,
        composition: "rgby".to_owned(),
        parameters: 6_982_300,
        epochs: 20,
        images_seen: 434_000,
        minutes: 312.25,
        samples: 4_660,
        scores: Estimates {
            macro_f1: estimate(macro_f1),
            macro_f1_present: estimate(macro_f1 + 0.1),
            micro_f1: estimate(0.6),
            exact_match: estimate(0.4),
            first_nine: estimate(0.55),
        },
        mean_average_precision: Some(0.5),
    }
}

fn comparison() -> Comparison {
    Comparison {
        data: "the part test of a set".to_owned(),
        runs: vec![
            run("DenseNet-121", 512, 0.3),
            run("DenseNet-121", 1024, 0.35),
            run("ResNet-50", 512, 0.25),
        ],
    }
}

/// The line that begins with this name and resolution.
fn line<'a>(text: &'a str, name: &str, resolution: &str) -> Vec<&'a str> {
    let found = text.lines().find(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        cells.get(1..3) == Some(&[name, resolution])
    });
    let cells = found.expect("such a line").split('|').map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn ours_stand_beside_what_was_published_of_the_same_network_and_resolution() {
    let text = comparison().markdown();
    assert_eq!(
        line(&text, "DenseNet-121", "low")[2..5],
        ["39.87", "30.00 (28.0–33.0)", "512"]
    );
    assert_eq!(
        line(&text, "DenseNet-121", "high")[2..5],
        ["40.25", "35.00 (33.0–38.0)", "1024"]
    );
    assert_eq!(
        line(&text, "DenseNet-121, first 9 labels", "low")[2..4],
        ["60.12", "55.00 (53.0–58.0)"],
        "the same measure is beside each other"
    );
    assert_eq!(line(&text, "All-CNN", "–")[2..4], ["1.62", "–"]);
    assert_eq!(
        line(&text, "ResNet-50", "low")[2..4],
        ["–", "25.00 (23.0–28.0)"],
        "nothing was published of it"
    );
    assert_eq!(line(&text, "human", "–")[2..4], ["71.00", "–"]);
}

#[test]
fn every_form_warns_that_the_data_differ() {
    let comparison = comparison();
    let folder = tempfile::tempdir().expect("a temporary folder");
    comparison.write(folder.path()).expect("a report");
    let read =
        |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a written file");
    for text in [comparison.text(), read("comparison.md"), read("index.html")] {
        assert!(text.contains(CAUTION), "{text}");
        assert!(text.contains("the part test of a set"), "{text}");
        assert!(
            text.contains("6,982,300") && text.contains("312.2"),
            "{text}"
        );
    }
    let again: Comparison = serde_json::from_str(&read("comparison.json")).expect("the runs");
    assert_eq!(again.text(), comparison.text());
    assert!(folder.path().join("plots/published.svg").is_file());
}

#[test]
fn the_terminals_columns_are_straight() {
    let text = comparison().scores().text();
    let column = text.lines().next().expect("a header").find("network");
    for (line, network) in text.lines().skip(1).zip(["DenseNet", "DenseNet", "ResNet"]) {
        assert_eq!(line.find(network), column, "{text}");
    }
}

#[test]
fn nothing_to_compare_is_reported_all_the_same() {
    let empty = Comparison {
        data: "nothing".to_owned(),
        runs: Vec::new(),
    };
    assert!(empty.markdown().contains("40.25"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    empty.write(folder.path()).expect("a report");
}
