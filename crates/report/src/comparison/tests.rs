//! The forms of a comparison.

use cytolens_core::labels::{COUNT, LabelSet};

use super::*;
use crate::evaluation::{Answers, Estimate, Estimates, EvaluationChoice, Gains, Predicted};

fn estimate(value: f64) -> Estimate {
    Estimate {
        value,
        low: value - 0.02,
        high: value + 0.03,
    }
}

fn reached(macro_f1: f64, samples: usize) -> TestScores {
    TestScores {
        samples,
        scores: Estimates {
            macro_f1: estimate(macro_f1),
            macro_f1_present: estimate(macro_f1 + 0.1),
            micro_f1: estimate(0.6),
            exact_match: estimate(0.4),
            first_nine: estimate(0.55),
        },
        mean_average_precision: Some(0.5),
        label_ranking_average_precision: estimate(0.7),
    }
}

/// The difference of a run that is better by this, or was scored on other samples.
fn difference(run: &str, macro_f1_present: Option<f64>) -> Difference {
    Difference {
        run: run.to_owned(),
        gains: macro_f1_present.map(|value| Gains {
            scores: Estimates {
                macro_f1_present: estimate(value),
                ..reached(0.0, 1).scores
            },
            label_ranking_average_precision: estimate(-0.01),
        }),
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
        reached: reached(macro_f1, 4_660),
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
        differences: vec![
            difference("densenet-121-1024", Some(0.05)),
            difference("resnet-50-512", Some(-0.05)),
        ],
        further: vec![FurtherTest {
            data: "real fields".to_owned(),
            scores: vec![reached(0.2, 80), reached(0.21, 80), reached(0.0, 0)],
            differences: vec![
                difference("densenet-121-1024", Some(0.01)),
                difference("resnet-50-512", None),
            ],
        }],
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
fn differences_say_whether_their_intervals_exclude_zero() {
    let text = comparison().markdown();
    let heading = "Differences from densenet-121-512 in percentage points";
    assert_eq!(text.matches(heading).count(), 2, "{text}");
    for row in [
        "| densenet-121-1024 | +5.00 (+3.00 to +8.00) | yes | −1.00 (−3.00 to +2.00) | no |",
        "| resnet-50-512 | −5.00 (−7.00 to −2.00) | yes | −1.00 (−3.00 to +2.00) | no |",
        "| densenet-121-1024 | +1.00 (−1.00 to +4.00) | no | −1.00 (−3.00 to +2.00) | no |",
        "| resnet-50-512 | not scored on the same samples | – | – | – |",
    ] {
        assert!(text.contains(row), "{row} in {text}");
    }
}

#[test]
fn every_form_has_the_scores_on_further_sets() {
    let comparison = comparison();
    let text = comparison.markdown();
    let heading = "Scores in percent on real fields";
    assert!(text.contains(heading), "{text}");
    let ranking_and_samples = "| 70.00 (68.0–73.0) | 80 |";
    assert!(text.contains(ranking_and_samples), "{text}");
    let unread = "| resnet-50-512 | ResNet-50, 512 px | – | – | – | – | – | – | 0 |";
    assert!(text.contains(unread), "{text}");
    assert!(comparison.text().contains("on real fields"));
    let page = document::document(&comparison, &document::ComparisonPlots::of(&comparison));
    assert!(page.contains("href=\"#further\"") && page.contains("real fields"));
    assert!(page.contains("not scored on the same samples"), "{page}");
}

/// The answers of a run that finds this class in each sample, where the fourth is there.
fn answers(ids: &[&str], found: usize) -> Answers {
    let truth = LabelSet::from_classes([3]).expect("a class");
    let row = std::array::from_fn(|class| if class == found { 0.9 } else { 0.1 });
    let mut predicted = Predicted::default();
    for id in ids {
        predicted.push(*id, truth, row).expect("probabilities");
    }
    Answers {
        predicted,
        thresholds: [0.5; COUNT],
    }
}

#[test]
fn runs_are_compared_with_the_first_on_the_same_samples() {
    let names = ["first", "second", "third"];
    let answers = [
        answers(&["a", "b"], 3),
        answers(&["a", "b"], 4),
        answers(&["a"], 3),
    ];
    let test = FurtherTest::of("a set", &names, &answers, EvaluationChoice::default());
    let samples: Vec<usize> = test.scores.iter().map(|one| one.samples).collect();
    assert_eq!(samples, [2, 2, 1]);
    assert_eq!(test.scores[0].label_ranking_average_precision.value, 1.0);
    let runs: Vec<&str> = test.differences.iter().map(|one| &*one.run).collect();
    assert_eq!(runs, names[1..]);
    let gains = test.differences[0].gains.expect("the same samples");
    assert_eq!(gains.scores.macro_f1_present.value, -1.0);
    // The label that is there is tied with all but the one found.
    let ranking = gains.label_ranking_average_precision;
    assert!((ranking.value - (1.0 / 28.0 - 1.0)).abs() < 1e-12 && ranking.excludes_zero());
    assert_eq!(test.differences[1].gains, None, "of fewer samples");
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
        differences: Vec::new(),
        further: Vec::new(),
    };
    assert!(empty.markdown().contains("40.25"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    empty.write(folder.path()).expect("a report");
}
