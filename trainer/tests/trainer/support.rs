//! The trainer as a program to run, its trainings, and temporary folders.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// The model package that comes with the application.
pub const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/model");

/// The trainer with arguments, not yet started.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args(arguments);
    command
}

/// Runs a command to its end, whatever that is.
pub fn trainer(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the trainer runs")
}

/// The text that a program has written.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that must succeed, and gives its standard output.
pub fn run(arguments: &[&str]) -> String {
    let output = trainer(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// Runs a command that must fail, and gives its standard error.
pub fn refuse(arguments: &[&str]) -> String {
    let output = trainer(arguments);
    assert!(
        !output.status.success(),
        "{arguments:?}: {}",
        text(&output.stdout)
    );
    text(&output.stderr)
}

/// Runs a training of a U-Net until the weights of its first epoch are there, and kills it as a power cut would. Gives whether it had
/// ended before.
pub fn kill_after_an_epoch(mut training: Command, run: &str) -> bool {
    let mut child = training.spawn().expect("the trainer runs");
    let best = Path::new(run).join("best.safetensors");
    while !best.exists() && child.try_wait().expect("a process").is_none() {
        sleep(Duration::from_millis(2));
    }
    child.kill().ok();
    child.wait().expect("its end");
    Path::new(run).join("run.json").exists()
}

/// Simulates a set of fields in a folder, and gives its path.
pub fn simulate(folder: &TempDir, count: usize, size: usize) -> String {
    let set = at(folder, "set");
    let [count, size] = [count, size].map(|number| number.to_string());
    run(&[
        "simulate", "--out", &set, "--count", &count, "--size", &size,
    ]);
    set
}

/// The keys of a small network that is trained for a moment.
pub const BRIEFLY: [&str; 6] = [
    "network.architecture=all-cnn",
    "input.size=32",
    "training.epochs=1",
    "training.batch=4",
    "training.accumulation=1",
    "evaluation.views=1",
];

/// A training on the CPU with these keys set.
pub fn arguments<'a>(
    set: &'a str,
    out: &'a str,
    recipe: &'a str,
    keys: &[&'a str],
) -> Vec<&'a str> {
    let mut arguments = vec![
        "train",
        "--plain",
        "--device",
        "flex",
        "--data",
        set,
        "--out",
        out,
        "--recipe",
        recipe,
        "--set",
        "start.weights=random",
        "--set",
        "start.frozen_epochs=0",
    ];
    for key in keys {
        arguments.extend(["--set", key]);
    }
    arguments
}

/// The weights of a run that has ended.
pub fn weights(out: &str) -> Vec<u8> {
    fs::read(Path::new(out).join("network.safetensors")).expect("trained weights")
}

/// A temporary folder.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The path of a file in a temporary folder.
pub fn at(folder: &TempDir, name: &str) -> String {
    let path = folder.path().join(name);
    path.to_str().expect("Unicode").to_owned()
}

/// The package of a run that has ended, in a folder beside it.
pub fn package_of(run_folder: &str, model: &str) {
    run(&[
        "package",
        "--run",
        run_folder,
        "--out",
        model,
        "--licence",
        "CC0-1.0",
    ]);
}
