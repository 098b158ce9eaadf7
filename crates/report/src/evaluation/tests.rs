//! Whole evaluations, also of few samples.

use std::collections::BTreeSet;

use cytolens_core::labels::{COUNT, LabelSet};
use serde::Deserialize;

use super::*;
use crate::calibration::reliability;

const FEW_DRAWS: EvaluationChoice = EvaluationChoice {
    bootstrap: 200,
    seed: 1,
    confidence: 0.95,
};

/// The results of scikit-learn and numpy, by `crates/core/tests/fixtures/metrics.py`.
#[derive(Deserialize)]
struct Reference {
    truth: Vec<LabelSet>,
    probabilities: Vec<Vec<f32>>,
    macro_f1: f64,
    macro_f1_present: f64,
    micro_f1: f64,
    exact_match: f64,
    first_nine: f64,
    f1: Vec<f64>,
    average_precision: Vec<Option<f64>>,
    area_under_roc: Vec<Option<f64>>,
    label_ranking_average_precision: f64,
    curve_of_class_0: Vec<(f64, f64, f64)>,
    decisions: Vec<f32>,
    outcomes: Vec<bool>,
    bins: ReferenceBins,
}

#[derive(Deserialize)]
struct ReferenceBins {
    decisions: Vec<usize>,
    frequency: Vec<f64>,
    confidence: Vec<f64>,
}

fn reference() -> Reference {
    let text = include_str!("../../../core/tests/fixtures/metrics.json");
    serde_json::from_str(text).expect("the fixture")
}

fn test_of(reference: &Reference) -> Predicted {
    let mut test = Predicted::default();
    for (index, (truth, row)) in reference
        .truth
        .iter()
        .zip(&reference.probabilities)
        .enumerate()
    {
        let row = row.as_slice().try_into().expect("28 probabilities");
        test.push(format!("sample-{index}"), *truth, row)
            .expect("probabilities");
    }
    test
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-9
}

fn set(text: &str) -> LabelSet {
    text.parse().expect("valid labels")
}

/// A sample that is given these classes with 0.9 and all others with 0.1.
fn sample(test: &mut Predicted, truth: &str, given: &str) {
    let given = set(given);
    let row = std::array::from_fn(|class| if given.contains(class) { 0.9 } else { 0.1 });
    let id = format!("sample-{}", test.len());
    test.push(id, set(truth), row).expect("probabilities");
}

fn samples(rows: &[(&str, &str)]) -> Predicted {
    let mut test = Predicted::default();
    for (truth, given) in rows {
        sample(&mut test, truth, given);
    }
    test
}

fn evaluate(test: &Predicted) -> Evaluation {
    Evaluation::new(test, &[PLAIN; COUNT], FEW_DRAWS)
}

fn tested() -> Tested {
    Tested {
        model: "a <model>".to_owned(),
        network: "a network".to_owned(),
        data: "a set".to_owned(),
        part: "all samples".to_owned(),
        thresholds: "The model's own.".to_owned(),
        notes: vec!["It may have seen them.".to_owned()],
    }
}

#[test]
fn all_scores_are_scikit_learns() {
    let reference = reference();
    let found = evaluate(&test_of(&reference));
    for (score, expected) in [
        (found.scores.macro_f1, reference.macro_f1),
        (found.scores.macro_f1_present, reference.macro_f1_present),
        (found.scores.micro_f1, reference.micro_f1),
        (found.scores.exact_match, reference.exact_match),
        (found.scores.first_nine, reference.first_nine),
        (found.estimates.macro_f1.value, reference.macro_f1),
        (
            found.estimates.macro_f1_present.value,
            reference.macro_f1_present,
        ),
        (found.estimates.first_nine.value, reference.first_nine),
        (
            found.label_ranking_average_precision.value,
            reference.label_ranking_average_precision,
        ),
    ] {
        assert!(near(score, expected), "{score} {expected}");
    }
    for (class, one) in found.classes.iter().enumerate() {
        assert!(near(one.scores.f1, reference.f1[class]), "{}", one.name);
    }
    let mean = |values: &[Option<f64>]| {
        let defined: Vec<f64> = values.iter().flatten().copied().collect();
        defined.iter().sum::<f64>() / defined.len() as f64
    };
    let precision = found.mean_average_precision.expect("positives");
    assert!(near(precision, mean(&reference.average_precision)));
    let area = found.mean_area_under_roc.expect("positives and negatives");
    assert!(near(area, mean(&reference.area_under_roc)));
}

#[test]
fn curves_are_scikit_learns() {
    let reference = reference();
    let (truth, column) = test_of(&reference).of_class(0);
    let found = cytolens_core::ranking::precision_recall_curve(&truth, &column);
    assert_eq!(found.len(), reference.curve_of_class_0.len());
    for (found, expected) in found.iter().zip(&reference.curve_of_class_0) {
        assert!(near(found.0, expected.0) && near(found.1, expected.1));
        // Ours is f32.
        assert!((f64::from(found.2) - expected.2).abs() < 1e-6);
    }
    assert!(cytolens_core::ranking::precision_recall_curve(&[false], &[0.5]).is_empty());
}

#[test]
fn reliability_is_scikit_learns() {
    let Reference {
        decisions,
        outcomes,
        bins: expected,
        ..
    } = reference();
    let found = reliability(&outcomes, &decisions);
    for (index, bin) in found.iter().enumerate() {
        assert_eq!(bin.decisions, expected.decisions[index]);
        // The fixture's bins are all used, so scikit-learn leaves none out.
        assert!((bin.frequency - expected.frequency[index]).abs() < 1e-6);
        assert!((bin.confidence - expected.confidence[index]).abs() < 1e-6);
    }
}

#[test]
fn intervals_are_as_wide_as_chance_moves_a_share() {
    // 60 of 100 samples are right. The share of right ones in a draw is binomial: its standard
    // deviation is sqrt(0.6 0.4 / 100) = 0.049, so 95 % lie within 0.096 to both sides.
    let rows: Vec<(&str, &str)> = (0..100)
        .map(|sample| ("0", if sample < 60 { "0" } else { "1" }))
        .collect();
    let test = samples(&rows);
    let choice = EvaluationChoice {
        bootstrap: 4000,
        ..FEW_DRAWS
    };
    let found = Evaluation::new(&test, &[PLAIN; COUNT], choice)
        .estimates
        .exact_match;
    assert!(near(found.value, 0.6));
    // Shares come in hundredths.
    assert!((found.low - 0.504).abs() <= 0.015, "{found:?}");
    assert!((found.high - 0.696).abs() <= 0.015, "{found:?}");
}

#[test]
fn draws_are_the_seeds_and_not_the_threads() {
    let test = test_of(&reference());
    let with_threads = |threads: usize, choice| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().expect("threads");
        pool.install(|| Evaluation::new(&test, &[PLAIN; COUNT], choice).estimates)
    };
    let one = with_threads(1, FEW_DRAWS);
    assert_eq!(one, with_threads(3, FEW_DRAWS));
    let other_seed = EvaluationChoice {
        seed: 2,
        ..FEW_DRAWS
    };
    assert_ne!(one, with_threads(1, other_seed));
}

#[test]
fn a_rare_location_does_not_push_the_interval_off_the_score() {
    // Class 8 is in one sample of 40 and found there: a third of all draws lack it.
    let mut rows = vec![("0", "0"); 39];
    rows.push(("8", "8"));
    let found = evaluate(&samples(&rows));
    let all = found.estimates.macro_f1;
    assert!(near(all.value, 2.0 / 28.0));
    assert!(
        near(all.low, all.value) && near(all.high, all.value),
        "{all:?}"
    );
    assert!(near(found.estimates.macro_f1_present.low, 1.0));
    assert!(found.classes[9].f1_estimate.is_none(), "no sample shows it");
}

#[test]
fn the_gain_of_thresholds_is_beside_one_half() {
    let mut test = Predicted::default();
    for _ in 0..10 {
        let mut row = [0.0; COUNT];
        row[0] = 0.3;
        test.push("there", set("0"), row).expect("probabilities");
        row[0] = 0.1;
        test.push("not there", set(""), row).expect("probabilities");
    }
    let mut thresholds = [PLAIN; COUNT];
    thresholds[0] = 0.2;
    let found = Evaluation::new(&test, &thresholds, FEW_DRAWS);
    assert_eq!((found.scores.micro_f1, found.plain.micro_f1), (1.0, 0.0));
    assert_eq!(found.gain.micro_f1.low, 1.0, "in every draw");
    assert_eq!(
        (found.classes[0].scores.f1, found.classes[0].plain_f1),
        (1.0, 0.0)
    );
    assert_eq!(found.without_label, 10);
}

#[test]
fn pairs_are_counted_where_both_labels_are_wrong() {
    let found = evaluate(&samples(&[
        ("0 1", "0 2"), // 1 missed, 2 given
        ("1", "2 3"),   // 1 missed, 2 and 3 given
        ("1", ""),      // 1 missed, nothing given
        ("1", "1 2"),   // 1 found: 2 is too much, but in place of nothing
        ("2", "2"),
    ]))
    .confusion;
    assert_eq!((found.positives[1], found.missed[1]), (4, 3));
    assert_eq!((found.counts[1][2], found.counts[1][3]), (2, 1));
    assert_eq!(found.share(1, 2), Some(0.5), "of the four that have it");
    assert_eq!(found.share(1, 0), Some(0.0), "0 was there");
    assert_eq!(found.share(7, 2), None, "no sample shows 7");
    let pairs: Vec<(usize, usize, usize)> = found
        .pairs()
        .iter()
        .map(|pair| (pair.missed, pair.given, pair.samples))
        .collect();
    assert_eq!(pairs, [(1, 2, 2), (1, 3, 1)]);
}

#[test]
fn the_worst_mistakes_come_first_and_what_is_right_never() {
    let mut test = Predicted::default();
    let mut add = |id: &str, truth: &str, probability: f32| {
        let mut row = [0.01; COUNT];
        row[4] = probability;
        test.push(id, set(truth), row).expect("probabilities");
    };
    add("hardly right", "4", 0.51);
    add("a little wrong", "4", 0.45);
    add("sure and wrong", "4", 0.0);
    add("wrongly given", "", 0.97);
    add("right", "4", 0.99);
    let found = evaluate(&test).worst;
    let ids: Vec<&str> = found.iter().map(|mistake| mistake.id.as_str()).collect();
    assert_eq!(ids, ["sure and wrong", "wrongly given", "a little wrong"]);
    assert!(found[0].loss.is_finite(), "a probability of 0 too");
    assert_eq!(found[1].wrong.len(), 1);
    assert!(!found[1].wrong[0].is_true && found[1].wrong[0].class == 4);
}

#[test]
fn there_are_never_more_mistakes_than_a_page_can_show() {
    let test = samples(&[("1", "2"); 60]);
    let found = evaluate(&test).worst;
    assert_eq!(found.len(), mistakes::MOST);
    assert_eq!(found[0].sample, 0, "equal ones keep their order");
}

/// Writes the whole report and gives its page.
fn page(test: &Predicted, evaluation: &Evaluation) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(&tested(), evaluation, test, &[], &[], folder.path()).expect("a report");
    let text =
        |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a written file");
    let json: serde_json::Value = serde_json::from_str(&text("evaluation.json")).expect("JSON");
    assert_eq!(json["evaluation"]["scores"]["samples"], test.len());
    let page = text("index.html");
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    page
}

#[test]
fn degenerate_sets_are_scored_and_reported() {
    for (what, test) in [
        ("no sample", samples(&[])),
        ("one sample, right", samples(&[("0 5", "0 5")])),
        ("one sample, wrong", samples(&[("0", "5")])),
        ("no label anywhere", samples(&[("", ""), ("", "")])),
        ("every label missed", samples(&[("3", ""), ("4", "")])),
        ("labels given to all", samples(&[("", "1"), ("", "1")])),
    ] {
        let found = evaluate(&test);
        let all = found.estimates.named();
        for (name, one) in all {
            assert!(
                one.low <= one.value && one.value <= one.high && (0.0..=1.0).contains(&one.value),
                "{what}: {name} {one:?}"
            );
        }
        page(&test, &found);
    }
    let nothing = evaluate(&samples(&[]));
    assert_eq!(nothing.mean_average_precision, None);
    assert_eq!(nothing.expected_calibration_error, 0.0);
    assert_eq!(nothing.class_calibration_error, None);
    let labels_everywhere = evaluate(&samples(&[("0", "0"), ("0", "0")]));
    assert_eq!(labels_everywhere.mean_area_under_roc, None, "no negative");
    assert_eq!(labels_everywhere.mean_average_precision, Some(1.0));
}

#[test]
fn each_location_that_occurs_has_its_calibration_error() {
    // Nucleoplasm is answered right, with 0.9 and 0.1; the nuclear membrane of one sample in four never with more than 0.1.
    let test = samples(&[("0", "0"), ("0", "0"), ("1", ""), ("2", "2")]);
    let found = evaluate(&test);
    let error = |class: usize| found.classes[class].calibration_error;
    let nucleoplasm = error(0).expect("it occurs");
    for value in [nucleoplasm.value, nucleoplasm.low, nucleoplasm.high] {
        assert!((value - 0.1).abs() < 1e-6, "{nucleoplasm:?}");
    }
    let membrane = error(1).expect("it occurs");
    assert!((membrane.value - 0.15).abs() < 1e-6, "{membrane:?}");
    assert!(membrane.low < membrane.value && membrane.value < membrane.high);
    assert_eq!(error(3), None, "no sample has it");
    let mean = found.class_calibration_error.expect("some occur");
    assert!((mean.value - (0.1 + 0.15 + 0.1) / 3.0).abs() < 1e-6);
    assert!(mean.low <= mean.value && mean.value <= mean.high);
    assert!(page(&test, &found).contains("Location by location"));
}

#[test]
fn an_answer_by_frequencies_is_compared_sample_by_sample() {
    let test = test_of(&reference());
    // The model's own answer to the first sample, given to all, is a guess that a real one must beat.
    let frequencies = test.probabilities[0];
    let found = evaluate(&test).against(&test, &frequencies);
    let other = found.frequencies.expect("a comparison");
    let own = found.label_ranking_average_precision;
    let gain = own.value - other.label_ranking_average_precision.value;
    assert!(near(other.gain.value, gain) && other.gain.low < other.gain.high);
    assert!(found.summary().contains("gain over them"));
    assert!(page(&test, &found).contains("sample by sample"));
    let same = evaluate(&samples(&[("0", "0"), ("3", "3")]));
    let flat = same.against(&samples(&[("0", "0"), ("3", "3")]), &[0.5; COUNT]);
    let flat = flat.frequencies.expect("a comparison");
    assert!(
        near(flat.label_ranking_average_precision.value, 1.0 / 28.0),
        "all are tied"
    );
}

/// The answers of a model that is wrong about these of 100 samples.
fn wrong_about(wrong: std::ops::Range<usize>) -> Answers {
    let rows: Vec<(&str, &str)> = (0..100)
        .map(|sample| ("0", if wrong.contains(&sample) { "1" } else { "0" }))
        .collect();
    Answers {
        predicted: samples(&rows),
        thresholds: [PLAIN; COUNT],
    }
}

#[test]
fn gains_are_over_draws_of_the_same_samples() {
    let (one, other) = (wrong_about(0..30), wrong_about(0..40));
    let gains = Gains::of(&one, &other, FEW_DRAWS).expect("the same samples");
    // Ten more are right, which is more than chance, though the intervals of the two overlap.
    let exact = gains.scores.exact_match;
    assert!(near(exact.value, 0.1), "{exact:?}");
    assert!(exact.excludes_zero(), "{exact:?}");
    let alone = |it: &Answers| evaluate(&it.predicted).estimates;
    let (own, others) = (alone(&one), alone(&other));
    assert!(own.exact_match.low < others.exact_match.high);
    let present = own.macro_f1_present.value - others.macro_f1_present.value;
    assert!(near(gains.scores.macro_f1_present.value, present));
    // A missed label is tied with all others but the wrong one, which is over it.
    let ranking = gains.label_ranking_average_precision;
    assert!(near(ranking.value, 0.1 * 27.0 / 28.0) && ranking.excludes_zero());

    let back = Gains::of(&other, &one, FEW_DRAWS).expect("the same samples");
    let ends = back.scores.exact_match;
    assert!(near(ends.low, -exact.high) && near(ends.high, -exact.low));
    assert!(ends.excludes_zero());
    let none = Gains::of(&one, &one, FEW_DRAWS).expect("the same samples");
    assert!(!none.scores.exact_match.excludes_zero());
}

#[test]
fn other_samples_have_no_gains() {
    let one = wrong_about(0..30);
    let mut elsewhere = one.clone();
    elsewhere.predicted.ids.reverse();
    assert_eq!(Gains::of(&one, &elsewhere, FEW_DRAWS), None);
    let mut otherwise = one.clone();
    otherwise.predicted.truth[7] = set("5");
    assert_eq!(Gains::of(&one, &otherwise, FEW_DRAWS), None);
    let nothing = Answers {
        predicted: samples(&[]),
        thresholds: [PLAIN; COUNT],
    };
    assert_eq!(Gains::of(&nothing, &nothing, FEW_DRAWS), None);
}

#[test]
fn without_draws_a_score_is_its_own_interval() {
    let choice = EvaluationChoice {
        bootstrap: 0,
        ..FEW_DRAWS
    };
    let test = test_of(&reference());
    let found = Evaluation::new(&test, &[PLAIN; COUNT], choice);
    let one = found.estimates.macro_f1;
    assert!(one.low == one.value && one.high == one.value);
    assert!(page(&test, &found).contains("were not asked for"));
}

#[test]
fn choices_out_of_range_are_named_by_their_keys() {
    EvaluationChoice::default().check().expect("a valid choice");
    for (text, named) in [
        ("bootstrap = 7", "evaluation.bootstrap"),
        ("confidence = 1.0", "evaluation.confidence"),
        ("confidence = nan", "evaluation.confidence"),
    ] {
        let choice: EvaluationChoice = toml::from_str(text).expect("a choice");
        let error = choice.check().expect_err("a refusal").to_string();
        assert!(error.contains(named), "{error}");
    }
    assert!(toml::from_str::<EvaluationChoice>("draws = 5").is_err());
    let partial: EvaluationChoice = toml::from_str("seed = 9").expect("a choice");
    assert_eq!(partial.bootstrap, EvaluationChoice::default().bootstrap);
}

#[test]
fn what_is_no_probability_is_refused() {
    let mut row = [0.5; COUNT];
    row[7] = f32::NAN;
    let mut test = Predicted::default();
    let error = test.push("a", set("7"), row).expect_err("a refusal");
    assert!(error.to_string().contains("Golgi apparatus"), "{error}");
    assert!(test.is_empty());
}

#[test]
fn the_page_says_what_the_numbers_cannot() {
    let test = test_of(&reference());
    let found = evaluate(&test);
    let page = page(&test, &found);
    assert!(page.contains("a &lt;model&gt;") && !page.contains("<model>"));
    for text in [
        "It may have seen them.",
        "No sample shows Rods &amp; rings",
        "drawn with replacement with seed 1",
        "own threshold",
        "sample-",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // The targets of links are there.
    let ids: BTreeSet<&str> = page
        .split("href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(ids.contains("mistakes"));
    for id in ids {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn predictions_are_written_as_they_were_decided() {
    let test = samples(&[("0 25", "25 3"), ("", "")]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let picture = vec![("all channels".to_owned(), "pictures/one.jpg".to_owned())];
    let faults = [Fault::new("x_green.png", "the file cannot be read")];
    let out = folder.path();
    write(&tested(), &evaluate(&test), &test, &[picture], &faults, out).expect("a report");
    let mut table = csv::Reader::from_path(out.join("predictions.csv")).expect("a table");
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0][1], &rows[0][2], &rows[0][6]),
        ("0 25", "3 25", "0.9")
    );
    assert_eq!((&rows[1][1], &rows[1][2], rows[1].len()), ("", "", 31));
    let page = std::fs::read_to_string(out.join("index.html")).expect("the page");
    assert!(page.contains("src=\"pictures/one.jpg\""));
    assert!(page.contains("x_green.png") && page.contains("id=\"faults\""));
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let test = samples(&[("0 25", "25 3"), ("", "")]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (out, evaluation) = (folder.path(), evaluate(&test));
    write(&tested(), &evaluation, &test, &[], &[], out).expect("a report");
    let report = Report::read(out).expect("the report");
    assert_eq!((report.tested, report.predicted), (tested(), test));
    for (class, threshold) in evaluation.classes.iter().zip(report.thresholds) {
        assert_eq!(class.threshold, threshold);
    }

    let refused = |file: &str, from: &str, to: &str| {
        let path = out.join(file);
        let whole = std::fs::read_to_string(&path).expect("a part of the report");
        assert!(whole.contains(from), "{file}");
        std::fs::write(&path, whole.replacen(from, to, 1)).expect("a file");
        let error = Report::read(out).expect_err("a broken report");
        assert!(format!("{error:#}").contains(file), "{error:#}");
        std::fs::write(&path, whole).expect("a file");
        format!("{error:#}")
    };
    refused("evaluation.json", "{", "");
    refused("evaluation.json", "\"threshold\"", "\"limit\"");
    refused("predictions.csv", "0 25", "0 99");
    let error = refused("predictions.csv", "0.9", "1.9");
    assert!(error.contains("no probability"), "{error}");
    std::fs::remove_file(out.join("predictions.csv")).expect("the table");
    let error = Report::read(out).expect_err("half a report");
    assert!(format!("{error:#}").contains("predictions.csv"));
}
