//! The samples of a run: those that can be read, who learns from which, and how bright they are.

use std::path::Path;

use anyhow::{Result, ensure};
use cytolens_core::labels::LabelSet;
use indicatif::ProgressBar;

use super::recipe::{Normalisation, Recipe};
use cellsim::ID_PREFIX;
use cytolens_data::batches::{BatchShape, Loader};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::fault::Fault;
use cytolens_data::moments::Moments;
use cytolens_data::split::file::{Origin, Part, Row, Split, read_split};
use cytolens_data::split::stratified;

/// Mean and standard deviation of ImageNet's red, green and blue, as torchvision publishes them;
/// yellow has red's.
const IMAGENET: ([f32; 4], [f32; 4]) = ([0.485, 0.456, 0.406, 0.485], [0.229, 0.224, 0.225, 0.229]);

/// Whose images are that no microscope took.
pub const SIMULATED: &str = "drawn by the Cytolens simulator";

/// Whose the images of samples are: the simulator's are known by their ids, and all others are taken
/// for the Human Protein Atlas', whose sets the trainer is for.
pub fn images_of(samples: &[Sample]) -> String {
    let are_simulated = samples
        .iter()
        .all(|sample| sample.field.id.starts_with(ID_PREFIX));
    if are_simulated {
        SIMULATED.to_owned()
    } else {
        "Human Protein Atlas, proteinatlas.org".to_owned()
    }
}

/// A set divided for a run.
#[derive(Debug)]
pub struct Samples {
    /// To learn from.
    pub train: Vec<Sample>,
    /// To choose by.
    pub validation: Vec<Sample>,
    /// To score once.
    pub test: Vec<Sample>,
    /// Each sample's part.
    pub split: Split,
    /// What each plane's mean is, from 0 to 1.
    pub mean: Vec<f32>,
    /// What each plane's standard deviation is.
    pub std: Vec<f32>,
}

impl Samples {
    /// Reads every sample once, leaves out those that cannot be read, and divides the others by the
    /// recipe or by a table of `trainer split`; of folds, the first is the test and the second
    /// the validation part.
    ///
    /// # Errors
    /// Where the split is another set's, or a part would be empty.
    pub fn prepare(
        set: Dataset,
        recipe: &Recipe,
        split: Option<&Path>,
        workers: usize,
        bar: &ProgressBar,
    ) -> Result<(Self, Vec<Fault>)> {
        let (read, mut faults) = readable(set, recipe, workers, bar);
        let (samples, moments): (Vec<Sample>, Vec<Moments>) = read.into_iter().unzip();
        let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
        let parts = match split {
            Some(file) => {
                let ids = samples.iter().map(|sample| sample.field.id.as_str());
                let (parts, gone) = read_split(file)?.parts_of(ids)?;
                faults.extend(
                    gone.into_iter()
                        .map(|fault| Fault::new(file.display().to_string(), fault)),
                );
                parts
            }
            None => stratified(&labels, &recipe.split.shares, recipe.split.seed)
                .into_iter()
                .map(|part| [Part::Train, Part::Validation, Part::Test][part])
                .collect(),
        };
        let rows = samples.iter().zip(&parts).map(|(sample, &part)| Row {
            id: sample.field.id.clone(),
            part,
            group: sample.field.id.clone(),
        });
        let split = Split {
            rows: rows.collect(),
            origin: None::<Origin>,
        };
        let planes = recipe.input.composition.planes();
        let learning = moments.iter().zip(&parts);
        let all = learning
            .filter(|(_, part)| part_of_run(**part) == Part::Train)
            .fold(Moments::new(planes), |all, (one, _)| all.with(one));
        let (mean, std) = match recipe.input.normalisation {
            Normalisation::Set => all.mean_and_std(),
            Normalisation::Imagenet => {
                (IMAGENET.0[..planes].to_vec(), IMAGENET.1[..planes].to_vec())
            }
        };
        let mut divided = Self {
            train: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
            split,
            mean,
            std,
        };
        for (sample, part) in samples.into_iter().zip(parts) {
            match part_of_run(part) {
                Part::Validation => divided.validation.push(sample),
                Part::Test => divided.test.push(sample),
                _ => divided.train.push(sample),
            }
        }
        for (name, part) in [
            ("train", &divided.train),
            ("validation", &divided.validation),
            ("test", &divided.test),
        ] {
            ensure!(
                !part.is_empty(),
                "the {name} part has no sample: a set of more samples or another split is needed"
            );
        }
        Ok((divided, faults))
    }
}

/// What a part is for in a run, folds being parts too.
pub fn part_of_run(part: Part) -> Part {
    match part {
        Part::Fold(0) => Part::Test,
        Part::Fold(1) => Part::Validation,
        Part::Fold(_) => Part::Train,
        part => part,
    }
}

/// The samples that can be read and composed, each with the moments of its planes; the others as
/// faults.
fn readable(
    set: Dataset,
    recipe: &Recipe,
    workers: usize,
    bar: &ProgressBar,
) -> (Vec<(Sample, Moments)>, Vec<Fault>) {
    let Dataset {
        samples,
        mut faults,
    } = set;
    let shape = BatchShape {
        composition: recipe.input.composition,
        size: recipe.input.size as u32,
        batch: 1,
    };
    let planes = shape.composition.planes();
    let loader = Loader::evaluation(samples.clone(), shape, workers);
    let mut read = Vec::with_capacity(samples.len());
    for batch in loader.epoch(0, 0) {
        let fractions: Vec<f32> = batch
            .planes
            .iter()
            .map(|&level| f32::from(level) / 255.0)
            .collect();
        let sample = samples[batch.samples[0]].clone();
        read.push((sample, Moments::new(planes).with_image(&fractions)));
        bar.inc(1);
    }
    faults.extend(
        loader
            .unread()
            .into_iter()
            .map(|unread| Fault::new(samples[unread.sample].field.id.clone(), unread.reason)),
    );
    (read, faults)
}
