//! Checkpoints, from which a training goes on exactly as if it had never been interrupted.
//!
//! A checkpoint is a folder `checkpoints/step-<n>` in the run's: `network.safetensors` and, where
//! weights are averaged, `average.safetensors` (f32), `optimiser.safetensors` (moments),
//! `position.toml` and, for an angular margin, the files of its centres. It is written under another name,
//! renamed when whole, and only then is the one before removed: at every moment there is a whole one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::module::Module;
use burn::tensor::Device;
use cytolens::model::{Names, weights};

use super::learner::Learner;

const POSITION: &str = "position.toml";
const NETWORK: &str = "network.safetensors";
const AVERAGE: &str = "average.safetensors";
const OPTIMISER: &str = "optimiser.safetensors";
const PREFIX: &str = "step-";

/// Writes a checkpoint into the run's folder and removes the ones before it.
///
/// # Errors
/// If it cannot be written, on a full disk for example; the one before stays.
pub fn save(run: &Path, learner: &Learner, names: Names) -> Result<()> {
    let precision = weights::Precision::Single;
    let network = learner.network.valid();
    let mut files = vec![(
        NETWORK,
        weights::to_safetensors(&network, names, precision)?,
    )];
    if let Some(average) = &learner.average {
        let bytes = weights::to_safetensors(&average.network, names, precision)?;
        files.push((AVERAGE, bytes));
    }
    files.push((OPTIMISER, learner.optimiser.to_safetensors(&network)?));
    if let Some(centres) = &learner.centres {
        files.extend(centres.files()?);
    }
    // TOML: its numbers are read to the last bit.
    files.push((POSITION, toml::to_string(&learner.position)?.into_bytes()));
    save_files(run, learner.position.step, &files)
}

/// Writes the files of a checkpoint after `step` steps, and removes the ones before it.
///
/// # Errors
/// If it cannot be written, on a full disk for example; the one before stays.
pub fn save_files(run: &Path, step: usize, files: &[(&str, Vec<u8>)]) -> Result<()> {
    let name = format!("{PREFIX}{step:08}");
    let folder = run.join("checkpoints").join(name);
    let partial = folder.with_extension("partial");
    write(&folder, &partial, files).map_err(|error| {
        // Best effort: the error to report is that of writing.
        fs::remove_dir_all(&partial).ok();
        error.context(format!("cannot write the checkpoint {}", folder.display()))
    })?;
    for old in all(run)?.into_iter().filter(|old| *old != folder) {
        fs::remove_dir_all(&old).with_context(|| format!("cannot remove {}", old.display()))?;
    }
    Ok(())
}

/// Writes a checkpoint as `partial` and renames it to `folder`.
fn write(folder: &Path, partial: &Path, files: &[(&str, Vec<u8>)]) -> Result<()> {
    if partial.exists() {
        fs::remove_dir_all(partial)?;
    }
    fs::create_dir_all(partial)?;
    for (name, bytes) in files {
        let mut file = File::create(partial.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    if folder.exists() {
        // It is of the same step, and resuming from it comes to the same.
        fs::remove_dir_all(partial)?;
    } else {
        fs::rename(partial, folder)?;
    }
    Ok(())
}

/// The run's last checkpoint, if it has one.
///
/// # Errors
/// If the folder of checkpoints cannot be read.
pub fn last(run: &Path) -> Result<Option<PathBuf>> {
    Ok(all(run)?.pop())
}

/// Loads the run's last checkpoint into a new learner of the same recipe. Returns false where there is
/// none.
///
/// # Errors
/// If the checkpoint cannot be read or is another network's.
pub fn load(run: &Path, learner: &mut Learner, names: Names, device: &Device) -> Result<bool> {
    let Some(folder) = last(run)? else {
        return Ok(false);
    };
    let mut read = || -> Result<()> {
        let tensors = weights::read_file(&folder.join(NETWORK))?;
        weights::apply_exactly(&mut learner.network, names, &tensors)?;
        if let Some(average) = &mut learner.average {
            let tensors = weights::read_file(&folder.join(AVERAGE))?;
            weights::apply_exactly(&mut average.network, names, &tensors)?;
        }
        let moments = fs::read(folder.join(OPTIMISER))?;
        learner.optimiser.load(&learner.network, &moments, device)?;
        if let Some(centres) = &mut learner.centres {
            centres.load(&folder, device)?;
        }
        learner.position = toml::from_str(&fs::read_to_string(folder.join(POSITION))?)?;
        Ok(())
    };
    read().with_context(|| format!("cannot read the checkpoint {}", folder.display()))?;
    Ok(true)
}

/// The complete checkpoints of a run, the last at the end.
fn all(run: &Path) -> Result<Vec<PathBuf>> {
    let folder = run.join("checkpoints");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        let is_whole = path.extension().is_none()
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_whole {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
