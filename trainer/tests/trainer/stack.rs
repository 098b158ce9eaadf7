//! `trainer stack`: the head that it trains, the package that it makes, refusals.

use std::fs::{self, File};
use std::path::Path;

use cytolens::package::{
    Classifier, CpuNetwork, ModelPackage, Package, Weights, probability, with_pooling_head,
};
use cytolens_kernels::Processor;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{ListAccessor, RowAccessor};
use tempfile::TempDir;

use crate::ensemble::{member, predict};
use crate::support::{
    BRIEF, BRIEFLY, MODEL, arguments, at, folder, manifest, refuse, run, simulate,
};

const CLASSES: usize = 28;

/// A split of the first fields of a set, by their numbers.
fn split(
    place: &TempDir,
    name: &str,
    fields: usize,
    part: impl Fn(usize) -> &'static str,
) -> String {
    let mut table = "Id,Part\n".to_owned();
    for number in 0..fields {
        table += &format!("simulated-1-{number:06},{}\n", part(number));
    }
    let path = at(place, name);
    fs::write(&path, table).expect("a split");
    path
}

/// The features of a set by a package, field by field, as `trainer embed` writes them.
fn embedded(place: &TempDir, model: &str, set: &str) -> Vec<Vec<f32>> {
    let table = at(place, "features.parquet");
    run(&["embed", "--model", model, "--data", set, "--out", &table]);
    let reader = SerializedFileReader::new(File::open(&table).expect("a table"));
    let reader = reader.expect("Parquet");
    let rows = reader.get_row_iter(None).expect("rows").map(|row| {
        let row = row.expect("a row");
        let features = row.get_list(2 + CLASSES).expect("features");
        let numbers = 0..features.len();
        numbers
            .map(|at| features.get_float(at).expect("a number"))
            .collect()
    });
    let rows = rows.collect();
    fs::remove_file(&table).expect("a table");
    rows
}

#[test]
fn a_stack_answers_by_one_head_over_the_features_of_its_members() {
    let place = folder();
    let set = simulate(&place, 40, 64);
    let first = member(&place, "first", 64, |_| ());
    // Of another architecture, size and head.
    let (trained, second) = (at(&place, "run"), at(&place, "second"));
    let keys = [&BRIEFLY[..], &["network.head=described"]].concat();
    run(&arguments(&at(&BRIEF, "set"), &trained, "default", &keys));
    run(&["package", "--run", &trained, "--out", &second]);
    let parts = split(&place, "split.csv", 40, |number| match number {
        0..28 => "train",
        28..34 => "validation",
        _ => "test",
    });
    let stack = |out: &str| {
        run(&[
            "stack", "--member", &first, "--member", &second, "--data", &set, "--split", &parts,
            "--out", out,
        ])
    };
    let whole = at(&place, "whole");
    let said = stack(&whole);
    for expected in [
        "trained on 28 samples",
        "validation, 6 samples:",
        "test, 6 samples:",
        &format!("  {first}: log loss"),
        &format!("  {second}: log loss"),
        "  their mean: log loss",
        "  the stack: log loss",
    ] {
        assert!(said.contains(expected), "{expected} in: {said}");
    }
    let made = manifest(&whole);
    assert_eq!(made["combination"], "sum-of-logits");
    assert_eq!(made["metrics"]["test"]["samples"], 6);
    let provenance = &made["provenance"];
    assert_eq!(provenance["trained_on"], 28);
    assert!(provenance["l2"].is_number());
    for (number, folder) in [&first, &second].into_iter().enumerate() {
        let was = manifest(folder);
        let origin = &provenance["members"][number];
        assert_eq!(origin["weights_sha256"], was["weights"]["sha256"]);
        let manifest = &made["members"][number]["manifest"];
        assert_eq!(manifest["network"]["head"], "pooling");
        assert_eq!(manifest["name"], was["name"]);
        assert_ne!(manifest["goldens"], was["goldens"]);
    }

    let package = ModelPackage::read(Path::new(&whole)).expect("the stack");
    let mut logits = vec![[0.0; CLASSES]; 40];
    for (number, folder) in [&first, &second].into_iter().enumerate() {
        let member = package.member(number).expect("a member");
        let network = Classifier::<CpuNetwork>::new(&member, Processor::best()).expect("a network");
        for golden in &member.manifest().goldens {
            pollster::block_on(network.check(golden)).expect("the known answer");
        }
        let rows = embedded(&place, folder, &set);
        let count = rows[0].len();
        let weights = Weights::read(member.weights()).expect("weights");
        let weight = weights.take("classifier.weight", &[CLASSES, count]);
        let weight = weight.expect("the head's part");
        let bias = weights
            .take("classifier.bias", &[CLASSES])
            .expect("its bias");
        for (logits, row) in logits.iter_mut().zip(&rows) {
            for (class, logit) in logits.iter_mut().enumerate() {
                let weight = &weight[class * count..][..count];
                let products = weight.iter().zip(row);
                let products = products.map(|(a, b)| f64::from(*a) * f64::from(*b));
                *logit += f64::from(bias[class]) + products.sum::<f64>();
            }
        }
    }
    let (found, said) = predict(&place, &whole, &set);
    assert!(said.contains("ms a view by first\n"), "{said}");
    assert_eq!(found.len(), 40);
    for (row, logits) in found.iter().zip(&logits) {
        for (found, logit) in row.iter().zip(logits) {
            let expected = probability(*logit as f32);
            assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
        }
    }
    let report = at(&place, "report");
    run(&[
        "evaluate",
        "--model",
        &whole,
        "--data",
        &set,
        "--split",
        &parts,
        "--out",
        &report,
        "--bootstrap",
        "0",
    ]);

    let again = at(&place, "again");
    stack(&again);
    for name in ["manifest.json", "weights.safetensors"] {
        let [one, other] = [&whole, &again].map(|out| fs::read(Path::new(out).join(name)));
        assert!(one.expect("a file") == other.expect("a file"), "{name}");
    }
}

#[test]
fn whatever_is_no_stack_is_refused_by_name() {
    let place = folder();
    let set = simulate(&place, 24, 64);
    let first = member(&place, "first", 64, |_| ());
    let second = member(&place, "second", 96, |_| ());
    let again = member(&place, "again", 64, |_| ());
    let other = member(&place, "other", 96, |manifest| {
        manifest["labels"][0] = "Elsewhere".into();
    });
    let together = at(&place, "together");
    run(&[
        "ensemble", "--member", &first, "--member", &second, "--out", &together,
    ]);
    // The same backbone under another head.
    let shipped = Package::read(Path::new(MODEL)).expect("the shipped package");
    let mut headed = shipped.manifest().clone();
    let features = headed.network.architecture.features();
    headed.network.size = 64;
    let bytes = with_pooling_head(
        shipped.weights(),
        headed.network.names(),
        &vec![0.01; CLASSES * features],
        &[0.0; CLASSES],
    );
    let headed = Package::pack(headed, bytes.expect("weights")).expect("a package");
    let same = at(&place, "same");
    headed.write(Path::new(&same)).expect("a written package");

    let refused = |more: &[&str]| refuse(&[&["stack", "--data", set.as_str()][..], more].concat());
    let out = at(&place, "out");
    let cases: [(&[&String], &str, &str); 6] = [
        (&[&first], &first, "a stack has two members at least"),
        (&[&first, &other], &other, "other labels"),
        (&[&first, &second, &first], &first, "given twice"),
        (&[&first, &again], &again, "given twice"),
        (&[&first, &together], &together, "itself an ensemble"),
        (&[&first, &out], &out, "manifest.json"),
    ];
    for (members, named, reason) in cases {
        let mut more = vec!["--out", &out];
        more.extend(
            members
                .iter()
                .flat_map(|member| ["--member", member.as_str()]),
        );
        let said = refused(&more);
        assert!(said.contains(named) && said.contains(reason), "{said}");
        assert!(!Path::new(&out).exists(), "{said}");
    }
    let few = split(&place, "few.csv", 24, |number| {
        if number < 10 { "train" } else { "validation" }
    });
    let unknown = split(&place, "unknown.csv", 23, |_| "train");
    let folds = split(&place, "folds.csv", 24, |number| {
        if number % 2 == 0 { "fold-0" } else { "fold-1" }
    });
    for (split, reason) in [
        (
            &few,
            "10 samples to train on and 14 to choose by are too few",
        ),
        (&unknown, "1 samples of the set are not in the split"),
        (&folds, ", 0 samples to train on"),
    ] {
        let said = refused(&[
            "--member", &first, "--member", &second, "--out", &out, "--split", split,
        ]);
        assert!(said.contains(reason), "{reason} in: {said}");
        assert!(!Path::new(&out).exists(), "{said}");
    }
    let said = refused(&["--member", &first, "--member", &second, "--out", &together]);
    assert!(
        said.contains(&together) && said.contains("not empty"),
        "{said}"
    );
    let said = refused(&["--member", &first, "--member", &same, "--out", &out]);
    assert!(
        said.contains(&same) && said.contains("its features are those of"),
        "{said}"
    );
}
