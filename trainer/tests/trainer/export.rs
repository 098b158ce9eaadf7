//! `trainer export`. `tests/export` checks in ONNX Runtime that its ONNX files compute the right thing.

use std::fs;
use std::path::Path;
use std::process::Output;

use safetensors::{Dtype, SafeTensors};

use crate::support::{MODEL, at, command, folder, text};

fn export(arguments: &[&str]) -> Output {
    command(&["export"])
        .args(arguments)
        .output()
        .expect("the trainer runs")
}

fn refusal(arguments: &[&str]) -> String {
    let output = export(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    text(&output.stderr)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_package_becomes_two_files_and_neither_is_overwritten() {
    let folder = folder();
    let out_text = at(&folder, "exported");
    let out = Path::new(&out_text);
    let output = export(&["--model", MODEL, "--out", &out_text]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(names(out), ["model.onnx", "weights.safetensors"]);
    // A line for each file.
    let printed = text(&output.stdout);
    for name in names(out) {
        assert_eq!(
            printed.lines().filter(|line| line.contains(&name)).count(),
            1
        );
    }

    let before = fs::read(out.join("model.onnx")).expect("a file");
    fs::remove_file(out.join("weights.safetensors")).expect("a file less");
    let printed = refusal(&["--model", MODEL, "--out", &out_text]);
    assert!(
        printed.contains("model.onnx exists already; nothing was written"),
        "{printed}"
    );
    assert_eq!(names(out), ["model.onnx"]);
    assert_eq!(fs::read(out.join("model.onnx")).expect("a file"), before);

    let output = export(&[
        "--model",
        MODEL,
        "--out",
        &out_text,
        "--format",
        "safetensors",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(names(out), ["model.onnx", "weights.safetensors"]);
}

#[test]
fn exported_weights_are_the_packages_in_32_bits() {
    let folder = folder();
    let out = folder.path().to_str().expect("Unicode");
    let output = export(&["--model", MODEL, "--out", out, "--format", "safetensors"]);
    assert!(output.status.success(), "{output:?}");
    let [package, exported] = [Path::new(MODEL), folder.path()]
        .map(|folder| fs::read(folder.join("weights.safetensors")).expect("weights"));
    let package = SafeTensors::deserialize(&package).expect("tensors");
    let exported = SafeTensors::deserialize(&exported).expect("tensors");
    assert_eq!(exported.len(), package.len());
    for (name, tensor) in exported.iter() {
        assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
        let original = package.tensor(name).expect("the same names");
        assert_eq!(tensor.shape(), original.shape(), "{name}");
        // Of the package, norms are in 32 bits already.
        if original.dtype() == Dtype::F32 {
            assert_eq!(tensor.data(), original.data(), "{name}");
        }
    }
    let classifier = exported.tensor("classifier.weight").expect("torchvision's");
    assert_eq!(classifier.shape(), [28, 1024]);
}

#[test]
fn what_to_export_must_be_said_once() {
    let folder = folder();
    let out = &at(&folder, "exported");
    assert!(refusal(&["--out", out]).contains("--model"));
    assert!(refusal(&["--model", MODEL, "--run", "run", "--out", out]).contains("--run"));
    assert!(refusal(&["--run", "no-run", "--out", out]).contains("no-run"));
    assert!(refusal(&["--model", "no-package", "--out", out]).contains("no-package"));
    assert!(!Path::new(out).exists());
}
