//! A package or a run as one model that predicts samples.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use cytolens::classifier::{Classifier, Model};
use cytolens::model::InferenceNetwork;
use cytolens::package::{Manifest, ModelManifest, ModelPackage};
use cytolens_cells::painter::Painter;
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_field::{Field, FieldError, Planes};
use indicatif::ProgressBar;

use crate::run::folder::RunFolder;
use crate::run::package::{PackageStatements, manifest};
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;
use cytolens_report::evaluation::{Predicted, one_a_location};

/// The number of fields that are decoded ahead of the network.
const AHEAD: usize = 4;

/// A trained model.
#[derive(Debug)]
pub struct ScoredModel {
    /// Its name for people.
    pub name: String,
    /// The network and its input, in words.
    pub network: String,
    /// The thresholds, one a class.
    pub thresholds: [f32; COUNT],
    /// The origin of the thresholds, in words.
    pub thresholds_from: String,
    /// What paints a channel that fields lack, if anything.
    pub painter: Option<Painter>,
    model: Model,
    /// The ids of the fields of which a channel was painted.
    painted: Mutex<BTreeSet<String>>,
}

impl ScoredModel {
    /// Opens a package on a device.
    ///
    /// # Errors
    /// If it is no package, or one for other classes than the 28 locations.
    pub fn of_package(folder: &Path, device: Device) -> Result<Self> {
        let package =
            ModelPackage::read(folder).with_context(|| format!("in {}", folder.display()))?;
        let manifest = package.manifest();
        ensure!(
            manifest.labels() == LOCATIONS,
            "the package in {} is for other labels than the 28 locations",
            folder.display()
        );
        let name = manifest.name().to_owned();
        let model = Model::new(&package, device)?;
        Self::new(name, "The package's own.", model)
    }

    /// Opens the network of a run that has ended on a device.
    ///
    /// # Errors
    /// If there is no such run, or its weights are not its network's.
    pub fn of_run(path: &Path, device: Device) -> Result<Self> {
        let (folder, summary) = RunFolder::open(path)?;
        let network = folder.load_network(&summary.network, &device)?;
        let manifest = manifest(&summary, &PackageStatements::default());
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        let classifier = Classifier::of_network(manifest, InferenceNetwork::new(network));
        let model = Model::of_classifier(classifier);
        Self::new(name, "The run's own, tuned in training.", model)
    }

    fn new(name: String, thresholds_from: &str, model: Model) -> Result<Self> {
        let manifest = model.manifest();
        let networks: Vec<String> = manifest.members().into_iter().map(network).collect();
        Ok(Self {
            name,
            network: networks.join("; "),
            thresholds: one_a_location(manifest.thresholds().to_vec())?,
            thresholds_from: thresholds_from.to_owned(),
            painter: None,
            model,
            painted: Mutex::default(),
        })
    }

    /// The manifest of the model's package.
    pub fn manifest(&self) -> &ModelManifest {
        self.model.manifest()
    }

    /// Whether a channel of the field of this id was painted.
    pub fn has_painted(&self, id: &str) -> bool {
        let painted = self.painted.lock().unwrap_or_else(PoisonError::into_inner);
        painted.contains(id)
    }

    /// Composes a field for each network, a channel painted where a painter is asked for and the field lacks it.
    fn compose(&self, field: &Field) -> Result<Vec<Planes>, FieldError> {
        let Some(painter) = &self.painter else {
            return self.model.compose(field);
        };
        let Some(complete) = painter.painted(field)? else {
            return self.model.compose(field);
        };
        let mut painted = self.painted.lock().unwrap_or_else(PoisonError::into_inner);
        painted.insert(field.id().to_owned());
        drop(painted);
        self.model.compose(&complete)
    }

    /// Predicts samples. Those that cannot be read or composed are left out and given as faults.
    ///
    /// # Errors
    /// If the device fails.
    pub fn predicted(
        &self,
        samples: &[&Sample],
        workers: usize,
        bar: &ProgressBar,
    ) -> Result<(Predicted, Vec<Fault>)> {
        let compose = |field: &Field| self.compose(field);
        let classify = |planes: &Vec<Planes>| {
            let prediction = pollster::block_on(self.model.classify_planes(planes))?;
            one_a_location(prediction.probabilities)
        };
        predicted(samples, workers, compose, classify, bar)
    }

    /// Predicts samples as [`ScoredModel::predicted`] does, and gives beside each row the features of the first network.
    ///
    /// # Errors
    /// If the device fails.
    pub fn embedded(
        &self,
        samples: &[&Sample],
        workers: usize,
        bar: &ProgressBar,
    ) -> Result<(Embedded, Vec<Fault>)> {
        let compose = |field: &Field| self.compose(field);
        let answer = |planes: &Vec<Planes>| -> Result<([f32; COUNT], Vec<f32>)> {
            let batch = std::slice::from_ref(planes);
            let answers = pollster::block_on(self.model.answer_batch(batch, true, || 0.0))?;
            let answer = answers.fields.into_iter().next();
            let (prediction, features) = answer.context("a field without an answer")?;
            Ok((one_a_location(prediction.probabilities)?, features))
        };
        let mut embedded = Embedded::default();
        let faults = answered(samples, workers, compose, answer, bar, |sample, answer| {
            let (row, features) = answer;
            let predicted = &mut embedded.predicted;
            predicted.push(&sample.field.id, sample.labels, row)?;
            embedded.features.push(features);
            Ok(())
        })?;
        Ok((embedded, faults))
    }
}

/// Predictions of samples, with the features that they were made from.
#[derive(Debug, Default)]
pub struct Embedded {
    /// The predictions.
    pub predicted: Predicted,
    /// The features, one vector a sample.
    pub features: Vec<Vec<f32>>,
}

/// A network and its input, in words.
fn network(
    Manifest {
        network,
        composition,
        ..
    }: &Manifest,
) -> String {
    format!(
        "{}, {composition} at {size} × {size} px",
        network.architecture.title(),
        size = network.size
    )
}

/// Predicts samples by `classify`, in their order, from what threads `compose` ahead of it.
fn predicted<P: Send>(
    samples: &[&Sample],
    workers: usize,
    compose: impl Fn(&Field) -> Result<P, FieldError> + Send + Sync,
    classify: impl Fn(&P) -> Result<[f32; COUNT]>,
    bar: &ProgressBar,
) -> Result<(Predicted, Vec<Fault>)> {
    let mut predicted = Predicted::default();
    let faults = answered(samples, workers, compose, classify, bar, |sample, row| {
        predicted.push(&sample.field.id, sample.labels, row)
    })?;
    Ok((predicted, faults))
}

/// Gives what `answer` finds for samples to `keep`, in their order, from what threads `compose` ahead of it. Those that cannot be
/// read, composed or kept are faults.
fn answered<P: Send, A>(
    samples: &[&Sample],
    workers: usize,
    compose: impl Fn(&Field) -> Result<P, FieldError> + Send + Sync,
    answer: impl Fn(&P) -> Result<A>,
    bar: &ProgressBar,
    mut keep: impl FnMut(&Sample, A) -> Result<()>,
) -> Result<Vec<Fault>> {
    let threads = Threads {
        workers,
        ahead: AHEAD,
    };
    let composed =
        |index: usize| -> Result<P, ReadError> { Ok(compose(&samples[index].field.read()?)?) };
    let mut faults = Vec::new();
    std::thread::scope(|scope| -> Result<()> {
        let composed = Ahead::scoped(scope, samples.len(), threads, composed);
        for (sample, planes) in samples.iter().zip(composed) {
            match planes {
                Ok(planes) => {
                    if let Err(error) = keep(sample, answer(&planes)?) {
                        faults.push(Fault::new(&sample.field.id, error.to_string()));
                    }
                }
                Err(error) => faults.push(error.into()),
            }
            bar.inc(1);
        }
        Ok(())
    })?;
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;
    use image::{ImageBuffer, Luma};
    use tempfile::TempDir;

    use super::*;
    use cytolens_data::dataset::Dataset;
    use cytolens_data::files::Reading;

    /// Ten fields of one channel, of which the fourth is broken.
    fn set() -> (TempDir, Vec<Sample>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut table = "Id,Target\n".to_owned();
        for number in 0..10_u8 {
            let image = ImageBuffer::from_pixel(32, 32, Luma([number]));
            let path = folder.path().join(format!("field{number}_green.png"));
            image.save(&path).expect("a picture");
            if number == 3 {
                std::fs::write(&path, "no image").expect("a broken file");
            }
            table += &format!("field{number},{number}\n");
        }
        std::fs::write(folder.path().join("train.csv"), table).expect("a table");
        let set = Dataset::open(folder.path(), &Reading::default()).expect("a set");
        (folder, set.samples)
    }

    #[test]
    fn predictions_are_in_the_samples_order_with_any_number_of_workers() {
        let (_folder, samples) = set();
        let samples: Vec<&Sample> = samples.iter().collect();
        for workers in [1, 3, 20] {
            // The digit in a field's name is the probability of every class.
            let compose = |field: &Field| Ok(field.id().as_bytes()[5] - b'0');
            let classify = |digit: &u8| Ok([f32::from(*digit) / 10.0; COUNT]);
            let (found, faults) =
                predicted(&samples, workers, compose, classify, &ProgressBar::hidden())
                    .expect("answers");
            let digits: Vec<f32> = found
                .probabilities
                .iter()
                .map(|row| row[0] * 10.0)
                .collect();
            assert_eq!(digits, [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
            assert_eq!(found.ids[3], "field4");
            assert_eq!(found.truth[3].classes().collect::<Vec<_>>(), [4]);
            assert_eq!(faults.len(), 1);
            assert!(
                faults[0].subject.contains("field3_green.png"),
                "{}",
                faults[0]
            );
        }
    }

    #[test]
    fn a_probability_that_is_no_number_is_a_fault_and_a_failing_device_ends_all() {
        let (_folder, samples) = set();
        let samples: Vec<&Sample> = samples.iter().collect();
        let compose = |field: &Field| Ok(field.id().to_owned());
        let classify = |id: &String| Ok([if id == "field7" { f32::NAN } else { 0.5 }; COUNT]);
        let (found, faults) =
            predicted(&samples, 2, compose, classify, &ProgressBar::hidden()).expect("answers");
        assert_eq!(found.len(), 8);
        assert!(
            faults.iter().any(|fault| fault.subject == "field7"),
            "{faults:?}"
        );

        let failing = |_: &String| bail!("the device failed");
        let error = predicted(&samples, 2, compose, failing, &ProgressBar::hidden());
        assert!(error.is_err_and(|error| error.to_string() == "the device failed"));
    }
}
