//! The sample fields that the page offers to visitors: one for each location that people ask for most.

use std::path::Path;

use anyhow::{Result, bail};
use cytolens_core::labels::{LOCATIONS, LabelSet};
use rayon::prelude::*;
use serde::Serialize;

use super::png::{Packing, Pixels, write_png};
use super::set::write_channels;
use super::{CELL_LINES, Settings, SimulatedField, simulate_field};
use cytolens_data::files::claim_folder;
use cytolens_data::whole_file::write_whole;

/// Pixels on a side of a thumbnail.
const THUMBNAIL: usize = 160;

/// A sample: what it is called, its classes, the cell line it shows, and which field of the seed it is.
struct Choice {
    title: &'static str,
    classes: &'static [usize],
    cell_line: &'static str,
    index: u64,
}

impl Choice {
    /// What the sample's files are called.
    fn id(&self) -> String {
        format!("sample-{}", self.title.to_lowercase().replace(' ', "-"))
    }
}

/// The samples, in the order the page shows them: from the nucleus outwards.
const CHOICES: [Choice; 12] = [
    Choice {
        title: "Nucleoplasm",
        classes: &[0],
        cell_line: "U-2 OS",
        index: 0,
    },
    Choice {
        title: "Nuclear membrane",
        classes: &[1],
        cell_line: "HeLa",
        index: 8,
    },
    Choice {
        title: "Nucleoli",
        classes: &[2],
        cell_line: "U-2 OS",
        index: 11,
    },
    Choice {
        title: "Nuclear speckles",
        classes: &[4],
        cell_line: "A-431",
        index: 21,
    },
    Choice {
        title: "Endoplasmic reticulum",
        classes: &[6],
        cell_line: "U-2 OS",
        index: 16,
    },
    Choice {
        title: "Golgi apparatus",
        classes: &[7],
        cell_line: "U-251 MG",
        index: 3,
    },
    Choice {
        title: "Lysosomes",
        classes: &[10],
        cell_line: "U-2 OS",
        index: 12,
    },
    Choice {
        title: "Actin filaments",
        classes: &[12],
        cell_line: "U-2 OS",
        index: 10,
    },
    Choice {
        title: "Microtubules",
        classes: &[14],
        cell_line: "U-2 OS",
        index: 21,
    },
    Choice {
        title: "Plasma membrane",
        classes: &[21],
        cell_line: "A-431",
        index: 21,
    },
    Choice {
        title: "Mitochondria",
        classes: &[23],
        cell_line: "U-2 OS",
        index: 2,
    },
    Choice {
        title: "Nucleoli and cytosol",
        classes: &[2, 25],
        cell_line: "U-251 MG",
        index: 21,
    },
];

/// The contents of `samples.json`.
#[derive(Debug, Serialize)]
struct Catalogue {
    samples: Vec<Entry>,
    made_by: String,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    title: &'static str,
    labels: Vec<&'static str>,
    files: [String; 4],
    thumbnail: String,
}

/// What stands beside the samples for those who find them.
const README: &str = "# Sample fields\n\n\
    Drawn by this project's cell simulator (`trainer/src/simulate/`). They are not microscope images, and no microscope image\n\
    went into them. Free to use for any purpose: CC0 1.0, <https://creativecommons.org/publicdomain/zero/1.0/>.\n\n\
    `samples.json` lists them with their locations. Channels: red microtubules, green protein, blue\n\
    nucleus, yellow endoplasmic reticulum; a field is 164 micrometres wide.\n";

/// Simulates the sample fields of a size and writes them with thumbnails, `samples.json` and `README.md` into `out`.
///
/// # Errors
/// If `out` is there and not empty, or cannot be written.
pub fn write_samples(out: &Path, size: usize, seed: u64) -> Result<()> {
    claim_folder(out)?;
    let samples = CHOICES
        .par_iter()
        .map(|choice| write_sample(out, choice, size, seed))
        .collect::<Result<Vec<_>>>()?;
    let made_by = format!("trainer simulate --samples --size {size} --seed {seed}");
    let mut json = serde_json::to_string_pretty(&Catalogue { samples, made_by })?;
    json.push('\n');
    for (name, text) in [("samples.json", json.as_str()), ("README.md", README)] {
        write_whole(&out.join(name), text)?;
    }
    Ok(())
}

fn write_sample(out: &Path, choice: &Choice, size: usize, seed: u64) -> Result<Entry> {
    let Some(cell_line) = CELL_LINES
        .into_iter()
        .find(|line| line.name == choice.cell_line)
    else {
        bail!("there is no cell line {}", choice.cell_line);
    };
    // Clear examples: well exposed, in focus, little noise.
    let settings = Settings {
        size,
        cell_line: Some(cell_line),
        mitoses: 0.0,
        variation: 0.4,
        defocus: 0.0,
        noise: 0.25,
        background: 0.5,
        debris: 0.0,
    };
    let field = simulate_field(
        &settings,
        LabelSet::from_classes(choice.classes.iter().copied())?,
        seed,
        choice.index,
    );
    let id = choice.id();
    let files = write_channels(out, &id, &field, Packing::Smallest)?;
    let thumbnail = format!("{id}_preview.png");
    write_png(
        &out.join(&thumbnail),
        Pixels::Colour(&preview(&field)),
        THUMBNAIL,
        Packing::Smallest,
    )?;
    Ok(Entry {
        id,
        title: choice.title,
        labels: choice
            .classes
            .iter()
            .map(|class| LOCATIONS[*class])
            .collect(),
        files,
        thumbnail,
    })
}

/// The field in colour at the thumbnail's size, each channel lifted to full brightness.
fn preview(field: &SimulatedField) -> Vec<u8> {
    let channels = [&field.red, &field.green, &field.blue].map(|pixels| {
        let small = shrunk(pixels, field.size);
        let mut sorted = small.clone();
        sorted.sort_by(f32::total_cmp);
        let bright = sorted[sorted.len() * 995 / 1000].max(20.0);
        small
            .into_iter()
            .map(|value| (value / bright * 255.0).min(255.0) as u8)
            .collect::<Vec<u8>>()
    });
    (0..THUMBNAIL * THUMBNAIL)
        .flat_map(|index| channels.each_ref().map(|channel| channel[index]))
        .collect()
}

/// The mean over each thumbnail pixel's share of the field.
fn shrunk(pixels: &[u8], size: usize) -> Vec<f32> {
    let bounds = |place: usize| {
        let start = place * size / THUMBNAIL;
        start..((place + 1) * size / THUMBNAIL).max(start + 1)
    };
    let mut small = Vec::with_capacity(THUMBNAIL * THUMBNAIL);
    for row in 0..THUMBNAIL {
        for column in 0..THUMBNAIL {
            let block = bounds(row).flat_map(|y| bounds(column).map(move |x| (x, y)));
            let (sum, count) = block.fold((0.0, 0.0), |(sum, count), (x, y)| {
                (sum + f32::from(pixels[y * size + x]), count + 1.0)
            });
            small.push(sum / count);
        }
    }
    small
}
