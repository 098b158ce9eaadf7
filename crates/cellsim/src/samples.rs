//! The sample fields that the page offers to visitors: one for each location that people ask for most.

use std::path::Path;

use anyhow::{Result, bail};
use cytolens_core::labels::{LOCATIONS, LabelSet};
use rayon::prelude::*;
use serde::Serialize;

use crate::cell_line::CELL_LINES;
use crate::field::{SimulatedField, simulate_field};
use crate::set::write_channels;
use crate::settings::Settings;
use cytolens_data::files::claim_folder;
use cytolens_data::png::{Packing, Pixels, write_png};
use cytolens_data::whole_file::write_whole;

/// Pixels on a side of a thumbnail.
const THUMBNAIL: usize = 160;

/// The choice of one sample: its title, classes and cell line, and the number of the field.
struct SampleChoice {
    title: &'static str,
    classes: &'static [usize],
    cell_line: &'static str,
    index: u64,
}

impl SampleChoice {
    /// The stem of the sample's file names.
    fn id(&self) -> String {
        format!("sample-{}", self.title.to_lowercase().replace(' ', "-"))
    }

    /// Simulates the sample as a clear example: well exposed, in focus, little noise.
    fn simulate(&self, size: usize, seed: u64) -> Result<SimulatedField> {
        let mut lines = CELL_LINES.into_iter();
        let Some(cell_line) = lines.find(|line| line.name == self.cell_line) else {
            bail!("there is no cell line {}", self.cell_line);
        };
        let settings = Settings {
            size,
            cell_line: Some(cell_line),
            mitoses: 0.0,
            variation: 0.4,
            defocus: 0.0,
            noise: 0.25,
            background: 0.5,
            debris: 0.0,
            cell_labels: false,
        };
        let labels = LabelSet::from_classes(self.classes.iter().copied())?;
        Ok(simulate_field(&settings, labels, seed, self.index))
    }
}

/// The samples, in the order the page shows them: first those that the shipped model answers exactly, from the nucleus
/// outwards, then those whose likeliest label is right, then the others.
const CHOICES: [SampleChoice; 12] = [
    SampleChoice {
        title: "Nucleoplasm",
        classes: &[0],
        cell_line: "U-2 OS",
        index: 0,
    },
    SampleChoice {
        title: "Nuclear membrane",
        classes: &[1],
        cell_line: "HeLa",
        index: 8,
    },
    SampleChoice {
        title: "Nucleoli",
        classes: &[2],
        cell_line: "U-2 OS",
        index: 11,
    },
    SampleChoice {
        title: "Nuclear speckles",
        classes: &[4],
        cell_line: "A-431",
        index: 21,
    },
    SampleChoice {
        title: "Golgi apparatus",
        classes: &[7],
        cell_line: "U-251 MG",
        index: 3,
    },
    SampleChoice {
        title: "Actin filaments",
        classes: &[12],
        cell_line: "U-2 OS",
        index: 10,
    },
    SampleChoice {
        title: "Microtubules",
        classes: &[14],
        cell_line: "U-2 OS",
        index: 21,
    },
    SampleChoice {
        title: "Plasma membrane",
        classes: &[21],
        cell_line: "A-431",
        index: 21,
    },
    SampleChoice {
        title: "Mitochondria",
        classes: &[23],
        cell_line: "U-2 OS",
        index: 2,
    },
    SampleChoice {
        title: "Endoplasmic reticulum",
        classes: &[6],
        cell_line: "U-2 OS",
        index: 16,
    },
    SampleChoice {
        title: "Lysosomes",
        classes: &[10],
        cell_line: "U-2 OS",
        index: 12,
    },
    SampleChoice {
        title: "Nucleoli and cytosol",
        classes: &[2, 25],
        cell_line: "U-251 MG",
        index: 21,
    },
];

/// The contents of `samples.json`.
#[derive(Debug, Serialize)]
struct Catalogue {
    samples: Vec<SampleEntry>,
    made_by: String,
}

/// One sample in `samples.json`.
#[derive(Debug, Serialize)]
struct SampleEntry {
    id: String,
    title: &'static str,
    labels: Vec<&'static str>,
    files: [String; 4],
    thumbnail: String,
}

/// The text beside the samples, for those who find them.
const README: &str = "# Sample fields\n\n\
    Drawn by this project's cell simulator (`crates/cellsim/`). They are not microscope images, and no microscope image\n\
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

/// Simulates a sample and writes its channels and thumbnail.
fn write_sample(out: &Path, choice: &SampleChoice, size: usize, seed: u64) -> Result<SampleEntry> {
    let field = choice.simulate(size, seed)?;
    let id = choice.id();
    let files = write_channels(out, &id, &field, Packing::Smallest)?;
    let thumbnail = format!("{id}_preview.png");
    write_png(
        &out.join(&thumbnail),
        Pixels::Colour(&preview(&field)),
        THUMBNAIL,
        Packing::Smallest,
    )?;
    Ok(SampleEntry {
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

/// The channel at the thumbnail's size: the mean over each pixel's share of the field.
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::set::channel_names;

    #[test]
    fn samples_come_with_their_list() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_samples(folder.path(), 64, 1).expect("an empty place can be written");
        let json = std::fs::read_to_string(folder.path().join("samples.json")).expect("a list");
        let list: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
        let samples = list["samples"].as_array().expect("an array");
        assert_eq!(samples.len(), 12);
        for sample in samples {
            for file in sample["files"]
                .as_array()
                .expect("files")
                .iter()
                .chain([&sample["thumbnail"]])
            {
                let name = file.as_str().expect("a name");
                assert!(folder.path().join(name).is_file(), "{name} is missing");
            }
        }
    }

    /// The folder of the samples that the page offers: 512 pixels on a side, of seed 1.
    fn offered() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/samples")
    }

    #[test]
    fn the_offered_samples_come_with_this_text() {
        let text = std::fs::read_to_string(offered().join("README.md")).expect("a text");
        assert_eq!(text, README);
    }

    #[test]
    #[cfg_attr(
        not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")),
        ignore = "sine, logarithm and power round differently in other systems' libraries"
    )]
    fn the_offered_samples_are_what_this_version_draws() {
        let choice = &CHOICES[0];
        let field = choice.simulate(512, 1).expect("a sample");
        let drawn = [field.red, field.green, field.blue, field.yellow];
        for (name, pixels) in channel_names(&choice.id()).iter().zip(drawn) {
            let picture = image::open(offered().join(name)).expect("a picture");
            assert!(picture.into_luma8().into_raw() == pixels, "{name}");
        }
    }
}
