//! `trainer repaint` as users run it, with painters of random weights.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::Device;
use cytolens::model::weights::{self, Precision};
use cytolens::model::{Names, UNetConfig as BurnUNetConfig};
use cytolens::package::{Golden, WeightsEntry};
use cytolens_cells::painter::{Baselines, KIND, PainterManifest, PainterPackage, Painting};
use cytolens_cells::{UNetConfig, UNetNetwork};
use cytolens_core::Channel;
use cytolens_core::package::FORMAT;
use cytolens_kernels::Processor;
use image::GrayImage;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{BRIEFLY, MODEL, arguments, at, folder, refuse, run, simulate, text, trainer};

/// Writes the package of a painter with random weights, and gives its path.
fn painter(folder: &TempDir, paint: Channel, from: &[Channel]) -> String {
    let network = UNetConfig {
        planes: from.len(),
        outputs: 1,
        levels: 2,
        width: 4,
        size: 64,
        batch_norm_epsilon: 1e-5,
    };
    let config = BurnUNetConfig::new(network.planes, 1, network.levels, network.width);
    let module = config.init(&Device::flex());
    let bytes = weights::to_safetensors(&module, Names::plain(), Precision::Single);
    let bytes = bytes.expect("weights");
    let engine = UNetNetwork::new(network, &bytes, Processor::best()).expect("a network");
    let manifest = PainterManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: format!("Random {paint}"),
        limits: String::new(),
        licence: "CC0-1.0".to_owned(),
        attribution: vec!["Training images: none".to_owned()],
        channels: Painting {
            from: from.to_vec(),
            paint,
        },
        network,
        levels: [0.0, 1.0],
        baselines: Baselines {
            mean: 0.5,
            weights: vec![0.0; from.len()],
            intercept: 0.5,
        },
        weights: WeightsEntry::default(),
        goldens: vec![Golden {
            size: 32,
            logits: engine.golden(32),
        }],
        provenance: json!({}),
        metrics: json!({}),
    };
    let out = at(folder, &format!("{paint} painter"));
    let package = PainterPackage::pack(manifest, bytes).expect("a package");
    package.write(Path::new(&out)).expect("written");
    out
}

/// A painter of blue from green, and one of red from both.
fn painters(folder: &TempDir) -> [String; 2] {
    [
        painter(folder, Channel::Blue, &[Channel::Green]),
        painter(folder, Channel::Red, &[Channel::Green, Channel::Blue]),
    ]
}

/// Twelve fields, of which the fourth, the sixth and the last have a label of their own, and a split in which the last is tested with.
fn set(folder: &TempDir) -> [String; 2] {
    let (set, split) = (simulate(folder, 12, 64), at(folder, "split.csv"));
    let (mut labels, mut parts) = ("Id,Target\n".to_owned(), "Id,Part\n".to_owned());
    for field in 0..12 {
        let (target, part) = match field {
            3 => ("0 15", "train"),
            5 => ("0 20", "train"),
            9 | 10 => ("0", "validation"),
            11 => ("0 27", "test"),
            _ => ("0", "train"),
        };
        labels += &format!("{},{target}\n", id(field));
        parts += &format!("{},{part}\n", id(field));
    }
    fs::write(Path::new(&set).join("train.csv"), labels).expect("written");
    fs::write(&split, parts).expect("written");
    [set, split]
}

fn id(field: usize) -> String {
    format!("simulated-1-{field:06}")
}

/// Of the nine samples to train on one has each of the rare labels: sqrt(1 / (1 / 9)) = 3 showings.
const THREEFOLD: [&str; 4] = ["--set", "repeats.threshold=1", "--set", "repeats.cap=8"];

/// The files of a folder.
fn contents(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("Unicode");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

fn picture(folder: &str, name: &str) -> GrayImage {
    let path = Path::new(folder).join(name);
    image::open(path).expect("a picture").into_luma8()
}

#[test]
fn rare_samples_are_painted_anew_and_trained_on() {
    let folder = folder();
    let ([set, split], [blue, red]) = (set(&folder), painters(&folder));
    let green = format!("{}_green.png", id(5));
    fs::remove_file(Path::new(&set).join(green)).expect("removed");
    let repaint = |out: &str, more: &[&str]| {
        let mut arguments = vec![
            "repaint",
            "--data",
            &set,
            "--out",
            out,
            "--painter",
            &blue,
            "--painter",
            &red,
        ];
        arguments.extend(THREEFOLD);
        arguments.extend(more);
        trainer(&arguments)
    };
    let out = at(&folder, "repainted");
    let output = repaint(&out, &["--split", &split]);
    let note = text(&output.stderr);
    assert!(output.status.success(), "{note}");
    assert!(text(&output.stdout).contains("2 copies of 1 samples, 1 left out"));
    assert!(
        note.contains("no green channel") && note.contains(&id(5)),
        "{note}"
    );
    let ids = [1, 2].map(|number| format!("repainted-1-{}-{number}", id(3)));
    let files = contents(&out);
    let mut expected: Vec<String> = ids
        .iter()
        .flat_map(|id| ["red", "green", "blue"].map(|channel| format!("{id}_{channel}.png")))
        .collect();
    expected
        .extend(["originals.csv", "repainting.json", "set.toml", "train.csv"].map(str::to_owned));
    expected.sort();
    let names: Vec<&String> = files.keys().collect();
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
    let table = |name: &str| String::from_utf8(files[name].clone()).expect("UTF-8");
    let [first, second] = &ids;
    assert_eq!(
        table("train.csv"),
        format!("Id,Target\n{first},0 15\n{second},0 15\n")
    );
    assert!(table("originals.csv").contains(&format!("{second},{}", id(3))));
    let credits = table("set.toml");
    assert!(
        credits.contains("drawn by the Cytolens simulator; all but the protein in them painted")
            && credits.contains("(Training images: none)"),
        "{credits}"
    );

    // The greens are the original's, turned; what is painted is not.
    let original = picture(&set, &format!("{}_green.png", id(3)));
    let greens = [first, second].map(|id| picture(&out, &format!("{id}_green.png")));
    let sorted = |picture: &GrayImage| {
        let mut levels = picture.clone().into_raw();
        levels.sort_unstable();
        levels
    };
    for green in &greens {
        assert!(*green != original && sorted(green) == sorted(&original));
    }
    assert!(greens[0] != greens[1], "two views");
    for channel in ["red", "blue"] {
        let painted = picture(&out, &format!("{first}_{channel}.png"));
        let original = picture(&set, &format!("{}_{channel}.png", id(3)));
        assert_eq!(painted.dimensions(), (64, 64));
        assert_ne!(sorted(&painted), sorted(&original));
        let levels = sorted(&painted);
        assert!(levels[0] < levels[64 * 64 - 1], "{channel} is even");
    }

    let again = at(&folder, "again");
    repaint(&again, &["--split", &split, "--workers", "1"]);
    assert!(contents(&again) == files, "any number of threads");
    let other = at(&folder, "other");
    let output = repaint(&other, &["--seed", "2"]);
    assert!(text(&output.stderr).contains("without --split"));
    let originals = String::from_utf8(contents(&other)["originals.csv"].clone()).expect("UTF-8");
    assert!(originals.contains(&format!("repainted-2-{}-1", id(11))));
    let refusal = repaint(&out, &["--split", &split]);
    assert!(!refusal.status.success() && text(&refusal.stderr).contains("not empty"));

    let trained = at(&folder, "run");
    let mut keys = BRIEFLY.to_vec();
    keys.extend(["repeats.threshold=0", "input.missing=black"]);
    let mut train = arguments(&set, &trained, "default", &keys);
    train.extend(["--split", &split, "--also", &out]);
    run(&train);
    let parts = fs::read_to_string(Path::new(&trained).join("split.csv")).expect("a table");
    for id in &ids {
        assert!(parts.contains(&format!("{id},train")), "{parts}");
    }
}

#[test]
fn what_broke_off_goes_on_to_the_same_end() {
    let folder = folder();
    let ([set, split], [blue, red]) = (set(&folder), painters(&folder));
    let out = at(&folder, "repainted");
    let with = |seed: &'static str| {
        let mut arguments = vec![
            "repaint",
            "--data",
            &set,
            "--split",
            &split,
            "--out",
            &out,
            "--painter",
            &blue,
            "--painter",
            &red,
            "--seed",
            seed,
        ];
        arguments.extend(THREEFOLD);
        arguments
    };
    run(&with("1"));
    let whole = contents(&out);
    // As it was before the second sample was done.
    let path = |name: &str| Path::new(&out).join(name);
    let provenance: serde_json::Value =
        serde_json::from_slice(&whole["repainting.json"]).expect("JSON");
    let done = json!({"row": {"id": id(3)}});
    fs::write(
        path("repainting.progress"),
        format!("{provenance}\n{done}\n"),
    )
    .expect("written");
    let copies = [3, 5].map(|field| format!("repainted-1-{}-2_blue.png", id(field)));
    for gone in [
        "train.csv",
        "originals.csv",
        "repainting.json",
        "set.toml",
        &copies[1],
    ] {
        fs::remove_file(path(gone)).expect("removed");
    }
    fs::write(path(&copies[0]), "written before").expect("written");

    let refusal = refuse(&with("1"));
    assert!(refusal.contains("--resume goes on with it"), "{refusal}");
    let mut other = with("2");
    other.push("--resume");
    let refusal = refuse(&other);
    assert!(refusal.contains("seed was 1 and is 2"), "{refusal}");
    let mut same = with("1");
    same.push("--resume");
    run(&same);
    let mut ended = contents(&out);
    assert_eq!(
        ended.get(&copies[0]).map(Vec::as_slice),
        Some(b"written before".as_slice()),
        "what is done is not done again"
    );
    ended.insert(copies[0].clone(), whole[&copies[0]].clone());
    assert!(ended == whole);
}

#[test]
fn what_cannot_be_painted_anew_is_said_before_anything_is_made() {
    let folder = folder();
    let ([set, split], [blue, red]) = (set(&folder), painters(&folder));
    let out = at(&folder, "repainted");
    let refused = |more: &[&str], expected: &str| {
        let mut arguments = vec!["repaint", "--data", &set, "--out", &out];
        arguments.extend(more);
        let refusal = refuse(&arguments);
        assert!(refusal.contains(expected), "{refusal}");
    };
    // One of twelve samples is no rare label by the default recipe.
    refused(&["--painter", &blue], "no sample has a label");
    refused(&["--painter", &red, "--painter", &blue], "needs blue");
    refused(&["--painter", &blue, "--painter", &blue], "there before it");
    refused(&["--painter", MODEL], "a classifier");
    refused(
        &["--painter", &blue, "--set", "repeats.cap=0"],
        "repeats.cap must be",
    );
    let tested = fs::read_to_string(&split)
        .expect("a table")
        .replace("train", "test");
    fs::write(&split, tested).expect("written");
    refused(
        &["--painter", &blue, "--split", &split],
        "no sample of the set is in the part train",
    );
    assert!(!Path::new(&out).exists());
}
