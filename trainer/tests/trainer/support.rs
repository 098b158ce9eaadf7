//! What every test of the trainer's commands stands on: the program, and folders that go by themselves.

use std::process::{Command, Output};

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

/// What a program has written.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that must work, and gives what it says.
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

/// Runs a command that must fail, and gives what it says.
pub fn refuse(arguments: &[&str]) -> String {
    let output = trainer(arguments);
    assert!(
        !output.status.success(),
        "{arguments:?}: {}",
        text(&output.stdout)
    );
    text(&output.stderr)
}

/// A folder that goes when the test ends.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A place in it.
pub fn at(folder: &TempDir, name: &str) -> String {
    let path = folder.path().join(name);
    path.to_str().expect("Unicode").to_owned()
}
