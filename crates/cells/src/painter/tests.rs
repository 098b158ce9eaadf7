//! Painters of weights that a formula gives.

use cytolens_core::Channel;
use cytolens_core::package::FORMAT;
use cytolens_field::{Field, Plane, Samples};
use cytolens_kernels::Processor;
use cytolens_package::{Golden, PackageError, WeightsEntry};
use serde_json::json;

use super::*;
use crate::manifest::CellsPackage;
use crate::network::tests::weights;
use crate::planes::{Planes, planes};
use crate::unet::{UNetConfig, UNetNetwork};

const CONFIG: UNetConfig = UNetConfig {
    planes: 3,
    outputs: 1,
    levels: 2,
    width: 4,
    size: 64,
    batch_norm_epsilon: 1e-5,
};

fn yellow() -> Painting {
    Painting {
        from: vec![Channel::Red, Channel::Green, Channel::Blue],
        paint: Channel::Yellow,
    }
}

fn manifest() -> PainterManifest {
    let network = UNetNetwork::new(CONFIG, &weights(CONFIG), Processor::best());
    PainterManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: "Formula".to_owned(),
        limits: String::new(),
        licence: "not stated".to_owned(),
        attribution: Vec::new(),
        channels: yellow(),
        network: CONFIG,
        levels: [0.125, 0.625],
        baselines: Baselines {
            mean: 0.25,
            weights: vec![0.5, 0.0, -1.0],
            intercept: 0.125,
        },
        weights: WeightsEntry::default(),
        goldens: vec![Golden {
            size: 32,
            logits: network.expect("a network").golden(32),
        }],
        provenance: json!({}),
        metrics: json!({}),
    }
}

fn painter() -> Painter {
    let package = PainterPackage::pack(manifest(), weights(CONFIG)).expect("a package");
    Painter::new(&package, Processor::best()).expect("a painter")
}

/// A field whose samples fill a depth of 8 or 16 bit.
fn field(channels: &[Channel], bits: u32) -> Field {
    let (width, height) = (96_u32, 80_u32);
    let planes = channels.iter().map(|&channel| {
        let level = |at: u32| (at * 7919 + channel as u32 * 31) % 251;
        let places = 0..width * height;
        let samples = match bits {
            8 => Samples::Eight(places.map(|at| level(at) as u8).collect()),
            _ => Samples::Sixteen(places.map(|at| level(at) as u16 * 257).collect()),
        };
        let plane = Plane::new(width, height, samples).expect("a plane");
        (channel, plane)
    });
    Field::new("field", planes).expect("a field")
}

#[test]
fn a_field_without_the_channel_is_painted_and_marked_and_others_are_left_alone() {
    let painter = painter();
    let [red, green, blue, yellow] = Channel::ALL;
    for bits in [8, 16] {
        let given = field(&[red, green, blue], bits);
        let painted = painter.painted(&given).expect("no fault");
        let painted = painted.expect("a painted field");
        assert_eq!(painted.painted().collect::<Vec<_>>(), [yellow]);
        assert_eq!(painted.bits(), bits);
        for channel in given.channels() {
            assert_eq!(painted.plane(channel), given.plane(channel));
        }
        let plane = painted.plane(yellow).expect("what was painted");
        let shares: Vec<f32> = match plane.samples() {
            Samples::Eight(samples) => samples.iter().map(|&it| f32::from(it) / 255.0).collect(),
            Samples::Sixteen(samples) => {
                let share = |&it: &u16| f32::from(it) / f32::from(u16::MAX);
                samples.iter().map(share).collect()
            }
        };
        let mean = shares.iter().sum::<f32>() / shares.len() as f32;
        assert!(
            (0.125..0.625).contains(&mean),
            "{mean} is beyond the levels that the manifest names"
        );
        // The mean is nearly that of what the network gives.
        let levels = painter.levels(&planes(&given, CONFIG.size));
        let level = levels.iter().sum::<f32>() / levels.len() as f32;
        assert!((mean - 0.125 - 0.5 * level).abs() < 0.01, "{mean}, {level}");
    }
    for channels in [&Channel::ALL[..], &[red, blue], &[green]] {
        let painted = painter.painted(&field(channels, 8)).expect("no fault");
        assert_eq!(painted, None, "{channels:?}");
    }
}

#[test]
fn the_order_of_the_channels_is_that_of_the_planes() {
    let network = UNetNetwork::new(CONFIG, &weights(CONFIG), Processor::best()).expect("a network");
    let whole = planes(&field(&Channel::ALL, 8), 64);
    let unit = CONFIG.unit();
    let (padded, [_, rows, columns]) = whole.padded(unit);
    let pixels = rows * columns;
    let turned = Painting {
        from: vec![Channel::Yellow, Channel::Red, Channel::Green],
        paint: Channel::Blue,
    };
    let read = [
        &padded[3 * pixels..],
        &padded[..pixels],
        &padded[pixels..2 * pixels],
    ];
    let logits = network.logits(&read.concat(), [3, rows, columns]);
    let found = turned.levels(&network, &whole);
    assert_eq!(found.len(), whole.width * whole.height);
    for y in 0..whole.height {
        for x in 0..whole.width {
            let expected = 1.0 / (1.0 + (-logits[y * columns + x]).exp());
            assert!((found[y * whole.width + x] - expected).abs() < 1e-6);
        }
    }
    assert_eq!(turned.to_string(), "blue from yellow, red, green");
}

#[test]
fn a_mix_is_the_weighted_sum_within_the_range_and_truth_ends_at_white() {
    let planes = Planes {
        width: 2,
        height: 1,
        values: vec![1.0, 0.5, 0.25, 0.0, 0.0, 1.0, 0.5, 1.5],
    };
    let mix = manifest().baselines.mix(&yellow(), &planes);
    assert_eq!(mix, [0.625, 0.0]);
    assert_eq!(yellow().truth(&planes), [0.5, 1.0]);
}

#[test]
fn a_package_comes_back_and_checks_itself() {
    let package = PainterPackage::pack(manifest(), weights(CONFIG)).expect("a package");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("painter");
    package.write(&folder).expect("written");
    let again = PainterPackage::read(&folder).expect("a package");
    assert_eq!(again.manifest().channels, yellow());
    assert_eq!(again.weights(), package.weights());
    Painter::new(&again, Processor::best()).expect("a painter");
    let mut wrong = manifest();
    wrong.goldens[0].logits[3] += 1000.0;
    let wrong = PainterPackage::pack(wrong, weights(CONFIG)).expect("a package");
    let error = Painter::new(&wrong, Processor::best()).expect_err("wrong");
    assert!(matches!(error, PainterError::Wrong { size: 32, .. }));
    // Of another kind, either way.
    let error = CellsPackage::read(&folder).expect_err("no cells");
    assert!(error.to_string().contains("of painter"), "{error}");
    let cells = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/cells");
    let error = PainterPackage::read(&cells).expect_err("no painter");
    assert!(error.to_string().contains("of cells"), "{error}");
}

#[test]
fn what_contradicts_itself_is_refused_with_the_reason() {
    type Change = fn(&mut serde_json::Value);
    let changes: [(Change, &str); 10] = [
        (|it| it["channels"]["from"] = json!([]), "one channel"),
        (
            |it| it["channels"]["from"] = json!(["red", "red", "blue"]),
            "red once",
        ),
        (
            |it| it["channels"]["paint"] = json!("blue"),
            "cannot read blue",
        ),
        (|it| it["network"]["planes"] = json!(4), "3 planes"),
        (|it| it["network"]["outputs"] = json!(3), "one output"),
        (|it| it["levels"] = json!([0.5, 0.25]), "levels must rise"),
        (|it| it["baselines"]["weights"] = json!([1.0]), "3 weights"),
        (|it| it["weights"]["bytes"] = json!(2_000_001), "at most"),
        (|it| it["network"]["levels"] = json!(70), "1 to 8 levels"),
        (|it| it["goldens"] = json!([]), "golden output, of 16"),
    ];
    for (change, expected) in changes {
        let mut value = serde_json::to_value(manifest()).expect("JSON");
        change(&mut value);
        let error = PainterManifest::read(&value.to_string());
        let error = error.expect_err("a refusal").to_string();
        assert!(error.contains(expected), "{expected} in: {error}");
    }
    let text = serde_json::to_string(&manifest()).expect("JSON");
    let damaged = PainterPackage::new(&text, vec![0; 40]);
    assert!(matches!(damaged, Err(PackageError::Length { .. })));
}

#[test]
fn it_beats_the_mix_where_all_of_its_scores_say_so() {
    let verdict = |metrics| {
        let manifest = PainterManifest {
            metrics,
            ..manifest()
        };
        manifest.beats_mix()
    };
    let better = json!({"beats_linear_mix": true});
    let worse = json!({"beats_linear_mix": false});
    assert_eq!(verdict(json!({})), None);
    assert_eq!(verdict(json!({"validation": {"pearson": 0.9}})), None);
    assert_eq!(verdict(json!({"real": better})), Some(true));
    let both = json!({"drawn": better, "real": worse});
    assert_eq!(verdict(both), Some(false));
}
