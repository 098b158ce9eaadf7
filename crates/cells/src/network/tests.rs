//! Networks of weights that a formula gives.

use cytolens_core::package::FORMAT;
use cytolens_field::{Composition, Plane, Samples};
use cytolens_package::WeightsEntry;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

use super::*;
use crate::manifest::KIND;
use crate::unet::UNetConfig;

const CONFIG: UNetConfig = UNetConfig {
    planes: 4,
    outputs: 3,
    levels: 3,
    width: 4,
    size: 64,
    batch_norm_epsilon: 1e-5,
};

/// The names and shapes of a U-Net's tensors.
fn shapes(config: UNetConfig) -> Vec<(String, Vec<usize>)> {
    let mut shapes = Vec::new();
    let mut block = |name: &str, inputs: usize, outputs: usize| {
        for (number, inputs) in [(1, inputs), (2, outputs)] {
            shapes.push((
                format!("{name}.conv{number}.weight"),
                vec![outputs, inputs, 3, 3],
            ));
            for part in ["weight", "bias", "running_mean", "running_var"] {
                shapes.push((format!("{name}.norm{number}.{part}"), vec![outputs]));
            }
        }
    };
    let channels = |level: usize| config.width << level;
    for level in 0..config.levels {
        let inputs = match level {
            0 => config.planes,
            _ => channels(level - 1),
        };
        block(&format!("down.{level}"), inputs, channels(level));
    }
    for level in 0..config.levels - 1 {
        block(&format!("up.{level}"), 2 * channels(level), channels(level));
    }
    for level in 0..config.levels - 1 {
        let sides = vec![channels(level + 1), channels(level), 2, 2];
        shapes.push((format!("up.{level}.upsample.weight"), sides));
        shapes.push((format!("up.{level}.upsample.bias"), vec![channels(level)]));
    }
    shapes.push((
        "out.weight".to_owned(),
        vec![config.outputs, config.width, 1, 1],
    ));
    shapes.push(("out.bias".to_owned(), vec![config.outputs]));
    shapes
}

/// The bytes of a file of a U-Net's tensors.
pub(crate) fn weights(config: UNetConfig) -> Vec<u8> {
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes(config)
        .into_iter()
        .map(|(name, shape)| {
            let count: usize = shape.iter().product();
            let value = |place: usize| {
                let value = ((place + name.len()) * 7919 % 1013) as f32 / 1013.0 - 0.5;
                match name.ends_with("running_var")
                    || name.contains("norm") && name.ends_with("weight")
                {
                    true => 1.0 + value / 2.0,
                    false => value * 0.6,
                }
            };
            let bytes = (0..count).flat_map(|place| value(place).to_le_bytes());
            (name.clone(), shape, bytes.collect())
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    safetensors::serialize(views, None).expect("a file")
}

fn manifest() -> CellsManifest {
    CellsManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: "Formula".to_owned(),
        limits: String::new(),
        licence: "not stated".to_owned(),
        attribution: Vec::new(),
        network: CONFIG,
        composition: Composition::Rgby,
        outputs: Maps::NAMES.map(str::to_owned).to_vec(),
        weights: WeightsEntry::default(),
        goldens: vec![Golden {
            size: 32,
            logits: vec![0.5; 48],
        }],
        provenance: json!({}),
        metrics: json!({}),
    }
}

fn package() -> CellsPackage {
    let package = CellsPackage::pack(manifest(), weights(CONFIG)).expect("a package");
    let network = CellsNetwork::new(&package, Processor::best()).expect("a network");
    let mut manifest = manifest();
    manifest.goldens[0].logits = network.golden(32);
    CellsPackage::pack(manifest, weights(CONFIG)).expect("a package")
}

fn field(channels: &[Channel], width: u32, height: u32) -> Field {
    let planes = channels.iter().map(|&channel| {
        let samples = (0..width * height)
            .map(|at| (at * 7919 % 251) as u8)
            .collect();
        let plane = Plane::new(width, height, Samples::Eight(samples)).expect("a plane");
        (channel, plane)
    });
    Field::new("field", planes).expect("a field")
}

#[test]
fn a_package_comes_back_from_its_folder_and_checks_itself() {
    let package = package();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("cells");
    package.write(&folder).expect("written");
    let again = CellsPackage::read(&folder).expect("a package");
    // The last bit of a number is not kept.
    assert_eq!(again.manifest().network, package.manifest().network);
    assert_eq!(again.weights(), package.weights());
    for processor in Processor::all() {
        let network = CellsNetwork::new(&again, processor).expect("a network");
        network.check(&again.manifest().goldens[0]).expect("right");
        let mut golden = again.manifest().goldens[0].clone();
        golden.logits[20] += 0.05;
        let error = network.check(&golden).expect_err("wrong");
        assert!(matches!(error, CellsError::Wrong { size: 32, .. }));
    }
    assert!(matches!(
        package.write(&folder),
        Err(PackageError::Exists(_))
    ));
}

#[test]
fn other_packages_are_refused_with_the_reason() {
    let refusal = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = serde_json::to_value(manifest()).expect("JSON");
        change(&mut value);
        let error = CellsManifest::read(&value.to_string());
        error.expect_err("a refusal").to_string()
    };
    let model = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/model");
    let classifier = CellsPackage::read(&model).expect_err("a classifier's");
    assert!(
        classifier.to_string().contains("a classifier"),
        "{classifier}"
    );
    let other =
        cytolens_package::Manifest::read(&serde_json::to_string(&manifest()).expect("JSON"));
    let other = other.expect_err("no classifier").to_string();
    assert!(other.contains("of cells"), "{other}");
    for (change, expected) in [
        (
            (&|value: &mut serde_json::Value| value["kind"] = json!("organs"))
                as &dyn Fn(&mut serde_json::Value),
            "a package of organs",
        ),
        (&|value| value["format"] = json!(9), "format 9"),
        (
            &|value| value["network"]["levels"] = json!(0),
            "1 to 8 levels",
        ),
        (
            &|value| value["network"]["levels"] = json!(70),
            "1 to 8 levels",
        ),
        (
            &|value| value["network"]["size"] = json!(250),
            "multiple of 4",
        ),
        (&|value| value["network"]["planes"] = json!(3), "4 planes"),
        (&|value| value["composition"] = json!("rgb"), "must be rgby"),
        (
            &|value| value["outputs"] = json!(["cell"]),
            "nucleus, cell, edge",
        ),
        (&|value| value["goldens"] = json!([]), "golden output"),
        (
            &|value| value["goldens"][0]["size"] = json!(0),
            "golden output",
        ),
        (&|value| value["surprise"] = json!(1), "surprise"),
        (
            &|value| value["name"] = json!("a\u{202e}b"),
            "direction of writing",
        ),
    ] {
        let error = refusal(change);
        assert!(error.contains(expected), "{expected} in: {error}");
    }
    let damaged = CellsPackage::new(
        &serde_json::to_string(package().manifest()).expect("JSON"),
        vec![0; 40],
    );
    assert!(matches!(damaged, Err(PackageError::Length { .. })));
}

#[test]
fn weights_of_another_shape_are_named() {
    let deeper = UNetConfig {
        levels: 4,
        ..CONFIG
    };
    let wider = UNetConfig { width: 8, ..CONFIG };
    for (config, expected) in [(deeper, "[4, 3, 4, 4]"), (wider, "[4, 3, 3, 8]")] {
        let package = CellsPackage::pack(manifest(), weights(config)).expect("a package");
        let error = CellsNetwork::new(&package, Processor::best()).expect_err("a refusal");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn maps_have_the_fields_shape_at_any_size() {
    let network = CellsNetwork::new(&package(), Processor::best()).expect("a network");
    for (width, height, expected) in [(300, 200, (64, 43)), (16, 16, (64, 64)), (20, 500, (3, 64))]
    {
        let field = field(&Channel::ALL, width, height);
        let planes = planes(&field, CONFIG.size);
        let maps = network.maps(&planes);
        assert_eq!((maps.width, maps.height), expected);
        for map in [&maps.nucleus, &maps.cell, &maps.edge] {
            assert_eq!(map.len(), maps.width * maps.height);
            assert!(map.iter().all(|p| (0.0..=1.0).contains(p)));
        }
        let cells = network.cells(&field, &Options::default());
        if width.max(height) < LEAST_SIDE {
            let error = cells.expect_err("a thumbnail").to_string();
            assert!(error.contains("16 px on its longer side"), "{error}");
        } else {
            let cells = cells.expect("cells");
            assert_eq!((cells.width(), cells.height()), expected);
        }
    }
    let error = network.cells(&field(&[Channel::Green], 64, 64), &Options::default());
    let error = error.expect_err("no nuclei").to_string();
    assert!(error.contains("no blue channel"), "{error}");
}
