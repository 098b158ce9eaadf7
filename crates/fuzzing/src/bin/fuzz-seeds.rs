//! Writes the seeds of every target into a folder each under the given one, and prints the targets' names.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cytolens_fuzzing::TARGETS;

fn main() -> Result<()> {
    let folder = PathBuf::from(
        std::env::args_os()
            .nth(1)
            .context("usage: fuzz-seeds DIR")?,
    );
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:02}")), seed)?;
        }
        println!("{}", target.name);
    }
    Ok(())
}
