//! Writing simulated fields as a folder in the challenge's form: `<id>_<channel>.png` and `train.csv`.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cytolens::labels::LabelSet;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use rayon::prelude::*;

use super::{Settings, SimulatedField, simulate_field};
use crate::data::files::claim_folder;

/// What to write besides the channels, and how.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SetOptions {
    /// Also write `<id>_cells.png`, 16 bits: the number of the cell each pixel belongs to.
    pub(crate) cell_masks: bool,
    /// Pack the files as small as PNG allows, at several times the cost.
    pub(crate) smallest: bool,
}

/// Simulates a field for every label set and writes them and their `train.csv` into `out`; `written` is told of each field.
///
/// Field number `index` has the id `simulated-<seed>-<index>` and does not depend on how many others there are.
///
/// # Errors
/// If `out` is there and not empty, or cannot be written.
pub(crate) fn write_set(
    out: &Path,
    settings: &Settings,
    label_sets: &[LabelSet],
    seed: u64,
    options: SetOptions,
    written: impl Fn() + Sync,
) -> Result<()> {
    claim_folder(out)?;
    let id = |index: usize| format!("simulated-{seed}-{index:06}");
    label_sets
        .par_iter()
        .enumerate()
        .try_for_each(|(index, labels)| {
            let field = simulate_field(settings, *labels, seed, index as u64);
            write_field(out, &id(index), &field, options)?;
            written();
            anyhow::Ok(())
        })?;
    let path = out.join("train.csv");
    let mut table = csv::Writer::from_path(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    table.write_record(["Id", "Target"])?;
    for (index, labels) in label_sets.iter().enumerate() {
        table.write_record([id(index), labels.to_string()])?;
    }
    table
        .flush()
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a field's channels and returns their file names.
pub(super) fn write_field(
    out: &Path,
    id: &str,
    field: &SimulatedField,
    options: SetOptions,
) -> Result<Vec<String>> {
    let channels = [
        ("red", &field.red),
        ("green", &field.green),
        ("blue", &field.blue),
        ("yellow", &field.yellow),
    ];
    let mut names = Vec::new();
    for (channel, pixels) in channels {
        let name = format!("{id}_{channel}.png");
        write_png(
            &out.join(&name),
            pixels,
            field.size,
            ExtendedColorType::L8,
            options.smallest,
        )?;
        names.push(name);
    }
    if options.cell_masks {
        let bytes: Vec<u8> = field
            .cells
            .iter()
            .flat_map(|cell| cell.to_ne_bytes())
            .collect();
        write_png(
            &out.join(format!("{id}_cells.png")),
            &bytes,
            field.size,
            ExtendedColorType::L16,
            options.smallest,
        )?;
    }
    Ok(names)
}

/// Writes a square PNG; 16-bit pixels come in the machine's byte order.
pub(super) fn write_png(
    path: &PathBuf,
    bytes: &[u8],
    size: usize,
    color: ExtendedColorType,
    smallest: bool,
) -> Result<()> {
    let encode = || -> Result<()> {
        let writer = BufWriter::new(File::create(path)?);
        let (compression, filter) = if smallest {
            (CompressionType::Best, FilterType::Adaptive)
        } else {
            (CompressionType::Fast, FilterType::Up)
        };
        let side = u32::try_from(size)?;
        PngEncoder::new_with_quality(writer, compression, filter)
            .write_image(bytes, side, side, color)?;
        Ok(())
    };
    encode().with_context(|| format!("cannot write {}", path.display()))
}
