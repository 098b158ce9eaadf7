//! `trainer augment`: shows the augmentation and repeats of a set, and measures their speed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use cytolens_core::labels::LabelSet;
use cytolens_field::{Composition, MissingChannels, white_level};
use image::{RgbImage, imageops};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use super::augment_device;
use crate::commands::arguments::{SetArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note_left_out, say};
use crate::run::recipe;
use crate::run::recipe_file::RecipeFile;
use cytolens_data::augmentation::{AugmentationChoice, Draw};
use cytolens_data::batches::{
    Augmented, BatchShape, LastBatch, Loader, TrainingOrder, channel_planes,
};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::files::claim_folder;
use cytolens_data::flaws::FlawChoice;
use cytolens_data::repeats::{RepeatChoice, RepeatPlan};

/// The number of pictures on the sheet, the first without augmentation.
const PICTURES: usize = 24;
/// The number of pictures in a row of the sheet.
const COLUMNS: usize = 6;
/// The largest side of a picture on the sheet, in pixels.
const LARGEST_PICTURE: u32 = 256;
/// The number of samples in a batch when speed is measured.
const BATCH: usize = 16;
/// The time for which each number of workers is measured.
const MEASURED_FOR: Duration = Duration::from_secs(3);

/// Show how samples are augmented and repeated
///
/// Writes many augmentations of one field as a page and as one picture, and prints how often each class
/// comes in an epoch.
#[derive(Debug, Args)]
pub struct Augment {
    #[command(flatten)]
    set: SetArguments,
    /// The folder for the pictures; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The side in pixels
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(32..=4096))]
    size: u32,
    /// The composition of channels into planes
    #[arg(long, default_value = "rgb")]
    composition: Composition,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The field to show; without it the set's first
    #[arg(long)]
    id: Option<String>,
    /// A recipe's name or TOML file, for its tables [augmentation], [flaws] and [repeats]; a missing table
    /// has its defaults
    #[arg(long)]
    recipe: Option<String>,
    /// Measure how many fields a second are read, augmented and composed
    #[arg(long)]
    measure: bool,
    /// Also time the same geometry by burn on this device
    #[arg(long, requires = "measure")]
    device: Option<DeviceChoice>,
}

/// The tables of a recipe that this command reads.
#[derive(Debug, Default, Deserialize)]
struct AugmentTables {
    #[serde(default)]
    augmentation: AugmentationChoice,
    #[serde(default)]
    flaws: FlawChoice,
    #[serde(default)]
    repeats: RepeatChoice,
}

impl RecipeFile for AugmentTables {
    const BUILT_IN: &'static [(&'static str, &'static str)] = &recipe::BUILT_IN;

    fn check(&self) -> Result<()> {
        self.augmentation.check()?;
        self.flaws.check()?;
        self.repeats.check()
    }
}

impl Augment {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let tables = match &self.recipe {
            Some(recipe) => AugmentTables::load(recipe, &[])?,
            None => AugmentTables::default(),
        };
        let Dataset {
            samples, faults, ..
        } = self.set.open()?;
        note_left_out(&faults);
        let shown = match &self.id {
            None => 0,
            Some(id) => samples
                .iter()
                .position(|sample| sample.field.id == *id)
                .with_context(|| format!("no sample {id} in {}", self.set.data.display()))?,
        };
        claim_folder(&self.out)?;
        self.write_sheet(&samples[shown], shown, &tables)?;
        say!(
            "{} as it is and in {} augmentations: {}",
            samples[shown].field.id,
            PICTURES - 1,
            self.out.join("index.html").display()
        )?;

        let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
        let plan = RepeatPlan::new(&labels, &tables.repeats);
        say!(
            "\nrepeats with threshold {} and cap {}:\n{}",
            tables.repeats.threshold,
            tables.repeats.cap,
            plan.table(&labels)
        )?;
        if self.measure {
            self.print_speeds(&samples, &plan, &tables)?;
        }
        if let Some(device) = &self.device {
            let device = device.open()?;
            let field = samples[shown].field.read()?;
            augment_device::compare(
                &channel_planes(
                    &field,
                    self.composition,
                    MissingChannels::Refused,
                    self.size,
                )?,
                self.composition,
                self.size as usize,
                BATCH,
                &tables.augmentation,
                &device,
            )?;
            self.print_transfer(&samples, &device)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes the page, the sheet and the pictures.
    fn write_sheet(&self, sample: &Sample, index: usize, tables: &AugmentTables) -> Result<()> {
        let field = sample.field.read()?;
        let channels = channel_planes(
            &field,
            self.composition,
            MissingChannels::Refused,
            self.size,
        )?;
        let draws: Vec<Draw> = std::iter::once(Draw::NONE)
            .chain(
                (1..PICTURES as u64)
                    .map(|epoch| tables.augmentation.draw(self.seed, epoch, index, 0)),
            )
            .collect();
        let whites = Whites::of(&self.composition.mix(&channels), self.composition.planes());
        let side = self.size.min(LARGEST_PICTURE);
        let rows = PICTURES.div_ceil(COLUMNS) as u32;
        let mut sheet = RgbImage::new(side * COLUMNS as u32, side * rows);
        let mut figures = Vec::with_capacity(PICTURES);
        for (number, draw) in draws.iter().enumerate() {
            let (names, whole) = (self.composition.channels(), self.size as usize);
            let mut augmented = draw.apply(&channels, names, whole, whole);
            if number > 0 {
                let flaws = tables.flaws.draw(self.seed, number as u64, index, 0);
                flaws.apply(&mut augmented, names, whole);
            }
            let picture = whites.picture(&self.composition.mix(&augmented), self.size);
            let name = format!("{number:02}.png");
            save(&picture, &self.out.join(&name))?;
            let small = imageops::thumbnail(&picture, side, side);
            let (column, row) = (number % COLUMNS, number / COLUMNS);
            let place = |position: usize| (position as u32 * side).into();
            imageops::replace(&mut sheet, &small, place(column), place(row));
            let caption = match number {
                0 => "as it is".to_owned(),
                epoch => format!("epoch {epoch}: {draw}"),
            };
            figures.push((name, caption));
        }
        save(&sheet, &self.out.join("sheet.png"))?;
        let path = self.out.join("index.html");
        fs::write(&path, self.page(sample, &figures).into_string())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn page(&self, sample: &Sample, figures: &[(String, String)]) -> Markup {
        let title = format!("Augmentations of {}", sample.field.id);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { (title) }
                    p {
                        (format!(
                            "Composition {}, {} px, seed {}. All are brightened alike, so that \
                             changes of light show.",
                            self.composition, self.size, self.seed
                        ))
                    }
                    main {
                        @for (name, caption) in figures {
                            figure {
                                img src=(name) alt=(caption) loading="lazy";
                                figcaption { (caption) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Prints fields a second by the number of workers.
    fn print_speeds(
        &self,
        samples: &[Sample],
        plan: &RepeatPlan,
        tables: &AugmentTables,
    ) -> Result<()> {
        let cores = workers(None);
        let mut counts: Vec<usize> = std::iter::successors(Some(1), |count| Some(count * 2))
            .take_while(|&count| count < cores)
            .collect();
        counts.push(cores);
        let shape = BatchShape {
            composition: self.composition,
            missing: MissingChannels::Refused,
            size: self.size,
            batch: BATCH,
        };
        say!(
            "fields a second, read and composed as {} of {} px in batches of {BATCH}:",
            self.composition,
            self.size
        )?;
        say!("{:>8}{:>12}{:>12}", "workers", "as they are", "augmented")?;
        for workers in counts {
            let order = TrainingOrder {
                seed: self.seed,
                repeats: plan.clone(),
                shown: self.size,
                augmentation: tables.augmentation.clone(),
                flaws: tables.flaws.clone(),
                augmented: Augmented::All,
                last: LastBatch::Keep,
            };
            let plain = Loader::evaluation(samples.to_vec(), shape, workers);
            let augmented = Loader::training(samples.to_vec(), shape, order, workers);
            say!(
                "{workers:>8}{:>12.1}{:>12.1}",
                fields_a_second(&plain)?,
                fields_a_second(&augmented)?
            )?;
        }
        Ok(())
    }

    /// Prints the time of a batch's transfer to the device.
    fn print_transfer(&self, samples: &[Sample], device: &Device) -> Result<()> {
        let shape = BatchShape {
            composition: self.composition,
            missing: MissingChannels::Refused,
            size: self.size,
            batch: BATCH,
        };
        let loader = Loader::evaluation(samples.to_vec(), shape, 1);
        let batch = loader
            .epoch(0, 0)
            .next()
            .context("no field could be read")?;
        let time = augment_device::transfer(&batch, device)?;
        say!(
            "{:>8.2} for a batch's way to the device, as bytes, and into fractions there; an epoch has {} batches",
            time.as_secs_f64() * 1000.0 / batch.samples.len() as f64,
            loader.batches(0)
        )?;
        Ok(())
    }
}

/// The speed at which batches come.
fn fields_a_second(loader: &Loader) -> Result<f64> {
    let start = Instant::now();
    let mut fields = 0;
    'measured: for epoch in 0.. {
        let before = fields;
        for batch in loader.epoch(epoch, 0) {
            fields += batch.samples.len();
            if start.elapsed() > MEASURED_FOR {
                break 'measured;
            }
        }
        ensure!(
            fields > before,
            "no field could be read: {}",
            loader
                .unread()
                .first()
                .map_or("the set is empty", |unread| &unread.reason)
        );
    }
    Ok(fields as f64 / start.elapsed().as_secs_f64())
}

/// The level of each plane that is shown as white: that of the field without augmentation, for all its
/// pictures.
struct Whites(Vec<f32>);

impl Whites {
    fn of(planes: &[u8], count: usize) -> Self {
        let white = |plane: &[u8]| {
            // A level of 8 bits is 257 of 16.
            let samples = plane.iter().map(|&level| u16::from(level) * 257);
            f32::from(white_level(samples)) / 257.0
        };
        Self(
            planes
                .chunks_exact(planes.len() / count)
                .map(white)
                .collect(),
        )
    }

    /// Planes as a picture: the first three red, green and blue, a fourth at half in red and green.
    fn picture(&self, planes: &[u8], size: u32) -> RgbImage {
        let area = size as usize * size as usize;
        let level = |plane: usize, pixel: usize| match self.0.get(plane) {
            Some(white) => f32::from(planes[plane * area + pixel]) / white * 255.0,
            None => 0.0,
        };
        RgbImage::from_fn(size, size, |x, y| {
            let pixel = (y * size + x) as usize;
            let yellow = level(3, pixel) / 2.0;
            let [red, green, blue] = [0, 1, 2].map(|plane| level(plane, pixel));
            // Casting cuts off at white.
            image::Rgb([(red + yellow) as u8, (green + yellow) as u8, blue as u8])
        })
    }
}

fn save(picture: &RgbImage, path: &Path) -> Result<()> {
    picture
        .save(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

const STYLE: &str = "
body { margin: 2rem; background: #111; color: #ddd; font: 1rem/1.4 system-ui, sans-serif; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(256px, 1fr)); }
figure { margin: 0; }
img { width: 100%; display: block; }
figcaption { font-size: 0.8rem; margin-top: 0.3rem; }
";
