//! The trainer as a program to run, its trainings, and temporary folders.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
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

/// A file of JSON.
pub fn json(path: impl AsRef<Path>) -> Value {
    let text = fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

/// The manifest of a package.
pub fn manifest(package: &str) -> Value {
    json(Path::new(package).join("manifest.json"))
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

/// The keys of a small network that is trained for a moment. Its head begins at random: so no two fields have the same answer.
pub const BRIEFLY: [&str; 7] = [
    "network.architecture=all-cnn",
    "input.size=32",
    "start.prior=false",
    "training.epochs=1",
    "training.batch=4",
    "training.accumulation=1",
    "evaluation.views=1",
];

/// A `set` of twelve fields, a `run` of the keys [`BRIEFLY`] on it that has ended, and its package, `model`: for tests that want any of
/// these, whatever it answers, and change none. The package is opened in an eighth of the time that the shipped one takes.
pub static BRIEF: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = shared_folder();
    let set = simulate(&folder, 12, 64);
    let out = at(&folder, "run");
    run(&arguments(&set, &out, "default", &BRIEFLY));
    package_of(&out, &at(&folder, "model"));
    folder
});

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

/// A temporary folder for what several tests read and none changes. A static keeps it, and nothing removes it after the last test: so
/// it lies in cargo's folder for tests, from which this removes those that earlier processes left.
pub fn shared_folder() -> TempDir {
    const PREFIX: &str = "trainer-shared-";
    // Far longer than a process of tests lives: another may run beside this one.
    const LEFT: Duration = Duration::from_secs(24 * 60 * 60);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(place).expect("cargo's folder for tests");
    for entry in fs::read_dir(place).expect("cargo's folder for tests") {
        let entry = entry.expect("an entry");
        let made = entry.metadata().and_then(|about| about.modified());
        let age = made.ok().and_then(|made| made.elapsed().ok());
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(PREFIX) && age.is_some_and(|age| age > LEFT) {
            // Another process may be removing it, too.
            fs::remove_dir_all(entry.path()).ok();
        }
    }
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place);
    folder.expect("a temporary folder")
}

/// The path of a file in a temporary folder.
pub fn at(folder: &TempDir, name: &str) -> String {
    let path = folder.path().join(name);
    path.to_str().expect("Unicode").to_owned()
}

/// Writes a package once more, by another name, for fields of another size and with other changes, and gives its folder.
pub fn repackaged(
    package: &str,
    place: &TempDir,
    name: &str,
    size: u32,
    change: impl Fn(&mut Value),
) -> String {
    let (from, out) = (Path::new(package), at(place, name));
    let to = Path::new(&out);
    fs::create_dir(to).expect("a folder");
    let weights = "weights.safetensors";
    fs::copy(from.join(weights), to.join(weights)).expect("weights");
    let mut manifest = json(from.join("manifest.json"));
    manifest["name"] = name.into();
    manifest["network"]["size"] = size.into();
    change(&mut manifest);
    fs::write(to.join("manifest.json"), manifest.to_string()).expect("a manifest");
    out
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
