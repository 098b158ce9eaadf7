//! Model packages: a written package is read back, and anything else refused.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use cytolens::classifier::{Classifier, ClassifierError};
use cytolens::model::{Architecture, HeadKind, Names, Network, NetworkConfig, weights};
use cytolens::package::{Manifest, Package, PackageError, golden_planes};
use cytolens_core::package::{MANIFEST, WEIGHTS};
use cytolens_field::Composition;

use crate::support;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("www/model")
}

fn manifest() -> Manifest {
    let network = NetworkConfig {
        architecture: Architecture::DenseNet121,
        head: HeadKind::Pooling,
        planes: 4,
        size: 64,
        classes: 3,
        batch_norm_epsilon: 1e-5,
    };
    support::manifest(network, Composition::Rgby)
}

fn package() -> Package {
    let manifest = manifest();
    let network = Network::new(&manifest.network, &Device::flex());
    let bytes =
        weights::to_safetensors(&network, manifest.network.names(), weights::Precision::Half)
            .expect("bytes");
    Package::pack(manifest, bytes).expect("a package")
}

/// Writes a package, changes its manifest's text, and reads it.
fn reread(package: &Package, from: &str, to: &str) -> Result<Package, PackageError> {
    let folder = tempfile::tempdir().expect("a folder");
    package.write(folder.path()).expect("a written package");
    let path = folder.path().join(MANIFEST);
    let text = fs::read_to_string(&path).expect("the manifest");
    assert!(text.contains(from), "{from} is in the manifest");
    fs::write(&path, text.replacen(from, to, 1)).expect("a changed manifest");
    Package::read(folder.path())
}

#[test]
fn a_package_survives_its_folder_and_is_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("new/model");
    let package = package();
    package.write(&out).expect("a written package");
    let read = Package::read(&out).expect("the same package");
    assert_eq!(read.manifest(), package.manifest());
    Network::of_package(&read, &Device::flex()).expect("its network");
    assert!(matches!(package.write(&out), Err(PackageError::Exists(_))));
}

#[test]
fn a_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    package().write(folder.path()).expect("a written package");
    let path = folder.path().join(WEIGHTS);
    let mut bytes = fs::read(&path).expect("the weights");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).expect("changed weights");
    let error = Package::read(folder.path()).expect_err("a refusal");
    assert!(matches!(error, PackageError::Checksum { .. }), "{error}");
    assert!(error.to_string().contains("damaged"), "{error}");

    bytes.truncate(middle);
    fs::write(&path, &bytes).expect("cut weights");
    let error = Package::read(folder.path()).expect_err("a refusal");
    assert!(matches!(error, PackageError::Length { .. }), "{error}");
}

#[test]
fn another_format_is_refused_by_its_number() {
    let error = reread(&package(), "\"format\": 1", "\"format\": 7").expect_err("a refusal");
    assert!(
        matches!(error, PackageError::Format { found: 7 }),
        "{error}"
    );
    assert!(error.to_string().contains('7'), "{error}");
}

#[test]
fn contradictions_are_named() {
    let package = package();
    for (from, to, expected) in [
        ("\"classes\": 3", "\"classes\": 4", "3 labels for 4 classes"),
        ("\"rgby\"", "\"rgb\"", "rgb has 3 planes, the network 4"),
        ("\"size\": 64", "\"size\": 70", "multiple of 32"),
        ("\"densenet-121\"", "\"densenet-122\"", "densenet-122"),
        ("\"limits\"", "\"limitz\"", "limitz"),
        ("0.2", "0.0", "std"),
        ("0.5", "1.5", "threshold"),
    ] {
        let error = reread(&package, from, to).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    }
    for text in ["", "{", "[]", "{\"format\": \"one\"}"] {
        assert!(
            matches!(
                Package::new(text, Vec::new()),
                Err(PackageError::Manifest(_))
            ),
            "{text}"
        );
    }
}

#[test]
fn missing_and_foreign_tensors_are_named() {
    let manifest = manifest();
    let other = NetworkConfig {
        planes: 3,
        ..manifest.network.clone()
    };
    let bytes = weights::to_safetensors(
        &Network::new(&other, &Device::flex()).backbone,
        Names::backbone(Architecture::DenseNet121),
        weights::Precision::Half,
    )
    .expect("bytes");
    let package = Package::pack(manifest, bytes).expect("whole files");
    let error = Network::of_package(&package, &Device::flex())
        .expect_err("a refusal")
        .to_string();
    for expected in [
        "2 missing: classifier.",
        "features.conv0.weight",
        "[64, 3, 7, 7]",
    ] {
        assert!(error.contains(expected), "{expected} in: {error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Package::read(folder.path())
        .expect_err("a refusal")
        .to_string();
    assert!(error.contains(MANIFEST), "{error}");
}

#[test]
fn the_shipped_package_passes_its_own_check() {
    let package = Package::read(&shipped()).expect("the shipped package");
    let manifest = package.manifest();
    assert_eq!(manifest.network.classes, cytolens_core::labels::COUNT);
    let limits = include_str!("../../scripts/model-limits.txt");
    assert_eq!(manifest.limits, limits.trim_end());
    let classifier = Classifier::new(&package, Device::flex()).expect("a classifier");
    for golden in &manifest.goldens {
        pollster::block_on(classifier.check(golden)).expect("the golden output");
    }
}

/// The check that guards visitors from a wrong GPU can fail.
#[test]
fn a_wrong_answer_fails_the_golden_check() {
    let package = Package::read(&shipped()).expect("the shipped package");
    let classifier = Classifier::new(&package, Device::flex()).expect("a classifier");
    let mut golden = package.manifest().goldens[0].clone();
    golden.logits[5] += 0.05;
    let error = pollster::block_on(classifier.check(&golden)).expect_err("a refusal");
    assert!(
        matches!(error, ClassifierError::Wrong { size: 64, .. }),
        "{error}"
    );

    let nothing = vec![f32::NAN; golden.logits.len()];
    assert!(golden.deviation(&nothing).is_infinite());
}

#[test]
fn golden_inputs_are_varied_and_in_range() {
    let planes = golden_planes(3, 64);
    assert_eq!(planes.len(), 3 * 64 * 64);
    assert!(planes.iter().all(|value| (0.0..=1.0).contains(value)));
    let mean = planes.iter().sum::<f32>() / planes.len() as f32;
    let spread = planes
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f32>()
        / planes.len() as f32;
    assert!(spread.sqrt() > 0.1, "a flat input would hide faults");
}
