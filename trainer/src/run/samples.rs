//! The samples of a training run: those that can be read, divided into parts, with the statistics of their planes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use cellsim::{ATTRIBUTION, ID_PREFIX};
use cytolens_core::labels::{COUNT, LabelSet, counts};
use cytolens_data::batches::channel_planes;
use cytolens_data::credits::Credits;
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;
use cytolens_data::moments::Moments;
use cytolens_data::noticed::Noticed;
use cytolens_data::split::file::{Part, Split, SplitRow};
use cytolens_data::split::stratified;
use indicatif::ProgressBar;

use super::folder::SetStatistics;
use super::measured_set::MeasuredSet;
use super::recipe::{InputChoice, Normalisation, Recipe};
use crate::output::note;

/// The mean and standard deviation of ImageNet's red, green and blue, as torchvision publishes them;
/// yellow has red's.
const IMAGENET: ([f32; 4], [f32; 4]) = ([0.485, 0.456, 0.406, 0.485], [0.229, 0.224, 0.225, 0.229]);

/// The attribution of images: the simulator's, known by the samples' ids, and the sets' own.
pub fn attribution(samples: &[Sample], credits: &Credits) -> Option<String> {
    attribution_of(
        samples.iter().map(|sample| sample.field.id.as_str()),
        credits,
    )
}

/// [`attribution`] of the images of the fields of these ids.
pub fn attribution_of<'a>(
    ids: impl ExactSizeIterator<Item = &'a str>,
    credits: &Credits,
) -> Option<String> {
    let count = ids.len();
    let simulated = ids.filter(|id| id.starts_with(ID_PREFIX)).count();
    if simulated == count {
        return Some(ATTRIBUTION.to_owned());
    }
    let stated = credits.attribution.clone()?;
    Some(if simulated > 0 {
        format!("{stated}; others {ATTRIBUTION}")
    } else {
        stated
    })
}

/// A further set, all of it to train on.
#[derive(Debug)]
pub struct FurtherSet {
    /// The set.
    pub set: Dataset,
    /// The number of showings of each sample in an epoch, before repeats.
    pub times: f64,
}

/// The samples of a run by their parts.
#[derive(Debug)]
pub struct Samples {
    /// The training part: of the set, and then further sets.
    pub train: Vec<Sample>,
    /// The number of showings of each sample of the training part in an epoch, before repeats.
    pub times: Vec<f64>,
    /// The number of samples of the training part that are the set's own.
    own: usize,
    /// The validation part.
    pub validation: Vec<Sample>,
    /// The test part.
    pub test: Vec<Sample>,
    /// The part of each sample.
    pub split: Split,
    /// The attribution and licence of the images.
    pub credits: Credits,
    /// The statistics of the set.
    pub statistics: SetStatistics,
    /// The mean that is subtracted from each plane, from 0 to 1.
    pub mean: Vec<f32>,
    /// The standard deviation that each plane is divided by.
    pub std: Vec<f32>,
}

impl Samples {
    /// The label frequencies of the set's training part, without repeats and further sets; a label that it lacks counts as half a
    /// sample's.
    pub fn frequencies(&self) -> [f64; COUNT] {
        let own = self.train[..self.own].iter().map(|one| &one.labels);
        counts(own).map(|positives| (positives as f64).max(0.5) / self.own as f64)
    }

    /// Leaves out the samples that cannot be read, and divides the set's others by the recipe or by a table of `trainer split`; of
    /// folds, the first is the test and the second the validation part. Samples of further sets are trained on. With `kept`
    /// statistics, nothing is read. Also gives the faults of the samples that are left out.
    ///
    /// # Errors
    /// If the split is another set's, an id is in two sets, or a part would be empty.
    pub fn prepare(
        set: Dataset,
        further: Vec<FurtherSet>,
        recipe: &Recipe,
        split: Option<&Split>,
        kept: Option<SetStatistics>,
        workers: usize,
        bar: &ProgressBar,
    ) -> Result<(Self, Vec<Fault>)> {
        let Dataset {
            mut samples,
            mut credits,
            mut faults,
        } = set;
        let mut times: BTreeMap<String, f64> = BTreeMap::new();
        let mut ids: BTreeSet<String> = samples.iter().map(|one| one.field.id.clone()).collect();
        for FurtherSet {
            set,
            times: showings,
        } in further
        {
            for sample in set.samples {
                let id = &sample.field.id;
                ensure!(ids.insert(id.clone()), "the id {id} is in two sets");
                times.insert(id.clone(), showings);
                samples.push(sample);
            }
            faults.extend(set.faults);
            credits = credits.and(set.credits);
        }
        let noticed = Noticed::default();
        let measure = |sample: &Sample| moments(sample, &recipe.input, &noticed);
        let set = MeasuredSet::new(samples, kept, workers, measure, bar);
        for warning in noticed.warnings() {
            bar.suspend(|| note!("{warning}"));
        }
        faults.extend(set.left_out.values().cloned());
        let samples = &set.samples;
        let own: Vec<&Sample> = samples
            .iter()
            .filter(|sample| !times.contains_key(&sample.field.id))
            .collect();
        let mut parts = match split {
            Some(split) => {
                let ids = own.iter().map(|sample| sample.field.id.as_str());
                let (parts, gone) = split.parts_of(ids)?;
                for fault in gone {
                    bar.suspend(|| note!("left out: {fault}"));
                }
                parts
            }
            None => {
                let labels: Vec<LabelSet> = own.iter().map(|sample| sample.labels).collect();
                stratified(&labels, &recipe.split.shares, recipe.split.seed)
                    .into_iter()
                    .map(|part| [Part::Train, Part::Validation, Part::Test][part])
                    .collect()
            }
        };
        // The further sets' samples follow the set's own.
        parts.resize(samples.len(), Part::Train);
        let planes = recipe.input.composition.planes();
        let is_training = |&sample: &usize| part_of_run(parts[sample]) == Part::Train;
        let statistics = set.statistics(planes, (0..samples.len()).filter(is_training));
        let (mean, std) = match recipe.input.normalisation {
            Normalisation::Set => (statistics.mean.clone(), statistics.std.clone()),
            Normalisation::Imagenet => {
                (IMAGENET.0[..planes].to_vec(), IMAGENET.1[..planes].to_vec())
            }
        };
        let mut divided = Self {
            train: Vec::new(),
            times: Vec::new(),
            own: 0,
            validation: Vec::new(),
            test: Vec::new(),
            split: split_of(samples, &parts),
            credits,
            statistics,
            mean,
            std,
        };
        for (sample, part) in set.samples.into_iter().zip(parts) {
            match part_of_run(part) {
                Part::Validation => divided.validation.push(sample),
                Part::Test => divided.test.push(sample),
                _ => {
                    let showings = times.get(&sample.field.id);
                    divided.own += usize::from(showings.is_none());
                    divided.times.push(showings.copied().unwrap_or(1.0));
                    divided.train.push(sample);
                }
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

/// The split of a run: each sample is its own group.
pub fn split_of(samples: &[Sample], parts: &[Part]) -> Split {
    let rows = samples.iter().zip(parts).map(|(sample, &part)| SplitRow {
        id: sample.field.id.clone(),
        part,
        group: sample.field.id.clone(),
    });
    Split {
        rows: rows.collect(),
        origin: None,
    }
}

/// The use of a part in a run, where the parts may be folds.
pub fn part_of_run(part: Part) -> Part {
    part.in_run(0, 1)
}

/// The moments of a sample's planes at 8 bits, as training reads them.
fn moments(sample: &Sample, input: &InputChoice, noticed: &Noticed) -> Result<Moments, ReadError> {
    let field = sample.field.read()?;
    noticed.look_at(&field);
    let channels = channel_planes(&field, input.composition, input.missing, input.size as u32)?;
    let levels = input.composition.mix(&channels);
    let fractions: Vec<f32> = levels
        .iter()
        .map(|&level| f32::from(level) / 255.0)
        .collect();
    Ok(Moments::new(input.composition.planes()).with_image(&fractions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cytolens_data::files::Reading;

    fn set(ids: &[&str], credits: &str) -> Dataset {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut table = "Id,Target\n".to_owned();
        for id in ids {
            let path = folder.path().join(format!("{id}_green.png"));
            image::GrayImage::new(32, 32).save(path).expect("a picture");
            table += &format!("{id},0\n");
        }
        std::fs::write(folder.path().join("train.csv"), table).expect("a table");
        if !credits.is_empty() {
            std::fs::write(folder.path().join("set.toml"), credits).expect("credits");
        }
        Dataset::open(folder.path(), &Reading::default()).expect("a set")
    }

    #[test]
    fn images_are_attributed_to_nobody_unless_the_set_says_so() {
        let attributed = |ids: &[&str], credits: &str| {
            let set = set(ids, credits);
            attribution(&set.samples, &set.credits)
        };
        let simulated = format!("{ID_PREFIX}1-000000");
        assert_eq!(attributed(&["mine"], ""), None);
        assert_eq!(
            attributed(&["mine"], "attribution = 'A. Nobody'").as_deref(),
            Some("A. Nobody")
        );
        assert_eq!(attributed(&[&simulated], "").as_deref(), Some(ATTRIBUTION));
        assert_eq!(attributed(&[&simulated, "mine"], ""), None);
        assert_eq!(
            attributed(&[&simulated, "mine"], "attribution = 'A. Nobody'"),
            Some(format!("A. Nobody; others {ATTRIBUTION}"))
        );
    }
}
