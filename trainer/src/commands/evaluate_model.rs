//! What `trainer evaluate` asks: a package or a run, as one thing that answers.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use anyhow::{Context, Result, anyhow, ensure};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::classifier::Classifier;
use cytolens::model::{InferenceNetwork, NetworkConfig, weights};
use cytolens::package::Package;
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_field::{Composition, Field, FieldError, Planes, normalise};
use indicatif::ProgressBar;

use crate::run::folder::RunFolder;
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;
use cytolens_report::evaluation::Predicted;

/// Fields that are decoded ahead of the network.
const AHEAD: usize = 4;

/// Probabilities of composed planes.
type Answer = Box<dyn Fn(&Planes) -> Result<[f32; COUNT]>>;

/// A trained network that answers.
pub struct Model {
    /// Its name for people.
    pub name: String,
    /// The network and what it sees, in words.
    pub network: String,
    /// From which probability each class counts as present.
    pub thresholds: [f32; COUNT],
    /// Where these are from, in words.
    pub thresholds_from: String,
    composition: Composition,
    size: u32,
    answer: Answer,
}

impl Model {
    /// A package on a device.
    ///
    /// # Errors
    /// Where it is no package, or one for other classes than the 28 locations.
    pub fn of_package(folder: &Path, device: Device) -> Result<Self> {
        let package = Package::read(folder).with_context(|| format!("in {}", folder.display()))?;
        let manifest = package.manifest().clone();
        ensure!(
            manifest.labels == LOCATIONS,
            "the package in {} is for other labels than the 28 locations",
            folder.display()
        );
        let classifier = Classifier::new(&package, device)?;
        Ok(Self {
            name: manifest.name,
            network: told(&manifest.network, manifest.composition),
            thresholds: twenty_eight(manifest.thresholds)?,
            thresholds_from: "The package's own.".to_owned(),
            composition: manifest.composition,
            size: manifest.network.size as u32,
            answer: Box::new(move |planes| {
                let prediction = pollster::block_on(classifier.classify_planes(planes))?;
                twenty_eight(prediction.probabilities)
            }),
        })
    }

    /// The network of a run that has ended, on a device.
    ///
    /// # Errors
    /// Where there is no such run, or its weights are not its network's.
    pub fn of_run(path: &Path, device: Device) -> Result<Self> {
        let (folder, summary) = RunFolder::open(path)?;
        let mut network = summary.network.init(&device);
        let tensors = weights::read_file(&folder.network())?;
        weights::apply_exactly(&mut network, summary.network.names(), &tensors)
            .with_context(|| format!("in {}", folder.network().display()))?;
        let network = InferenceNetwork::new(network);
        let (mean, std) = (summary.mean, summary.std);
        let composition = summary.composition;
        Ok(Self {
            name: path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            network: told(&summary.network, composition),
            thresholds: twenty_eight(summary.thresholds)?,
            thresholds_from: "The run's own, tuned in training.".to_owned(),
            composition,
            size: summary.network.size as u32,
            answer: Box::new(move |planes| {
                let mut values = planes.values.clone();
                normalise(&mut values, &mean, &std);
                let side = planes.size as usize;
                let input = TensorData::new(values, [1, planes.planes, side, side]);
                let probabilities = sigmoid(network.forward(Tensor::from_data(input, &device)));
                let data = probabilities
                    .try_into_data()
                    .map_err(|error| anyhow!("the device failed: {error}"))?;
                let values = data
                    .try_into_vec()
                    .map_err(|error| anyhow!("the device failed: {error:?}"))?;
                twenty_eight(values)
            }),
        })
    }

    /// What the model says of samples. Those that cannot be read, composed or answered are told and
    /// left out.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn predicted(
        &self,
        samples: &[&Sample],
        workers: usize,
        bar: &ProgressBar,
    ) -> Result<(Predicted, Vec<Fault>)> {
        let (composition, size) = (self.composition, self.size);
        let compose = |field: &Field| composition.compose(field, size);
        predicted(samples, workers, compose, &self.answer, bar)
    }
}

/// What a function says of samples that others compose ahead, in the samples' order.
fn predicted<P: Send>(
    samples: &[&Sample],
    workers: usize,
    compose: impl Fn(&Field) -> Result<P, FieldError> + Sync,
    classify: impl Fn(&P) -> Result<[f32; COUNT]>,
    bar: &ProgressBar,
) -> Result<(Predicted, Vec<Fault>)> {
    let composed =
        |sample: &Sample| -> Result<P, ReadError> { Ok(compose(&sample.field.read()?)?) };
    let next = AtomicUsize::new(0);
    // Workers end in any order; what is made of their work is in the samples'.
    let mut answers: Vec<Option<Result<[f32; COUNT], ReadError>>> = Vec::new();
    answers.resize_with(samples.len(), || None);
    std::thread::scope(|scope| -> Result<()> {
        let (sender, receiver) = sync_channel(AHEAD);
        for _ in 0..workers {
            let (sender, next, composed) = (sender.clone(), &next, &composed);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(sample) = samples.get(place) else {
                        return;
                    };
                    if sender.send((place, composed(sample))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (place, planes) in receiver {
            answers[place] = Some(match planes {
                Ok(planes) => Ok(classify(&planes)?),
                Err(error) => Err(error),
            });
            bar.inc(1);
        }
        Ok(())
    })?;
    let (mut predicted, mut faults) = (Predicted::default(), Vec::new());
    for (sample, answer) in samples.iter().zip(answers.into_iter().flatten()) {
        let id = &sample.field.id;
        match answer {
            Ok(row) => {
                if let Err(error) = predicted.push(id, sample.labels, row) {
                    faults.push(Fault::new(id, error.to_string()));
                }
            }
            Err(error) => faults.push(error.into()),
        }
    }
    Ok((predicted, faults))
}

fn told(network: &NetworkConfig, composition: Composition) -> String {
    format!(
        "{}, {composition} at {size} × {size} px",
        network.architecture.title(),
        size = network.size
    )
}

fn twenty_eight(values: Vec<f32>) -> Result<[f32; COUNT]> {
    let found = values.len();
    values
        .try_into()
        .map_err(|_| anyhow!("{found} numbers for {COUNT} locations"))
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
    fn answers_come_in_the_samples_order_with_any_number_of_workers() {
        let (_folder, samples) = set();
        let samples: Vec<&Sample> = samples.iter().collect();
        for workers in [1, 3, 20] {
            // A field's digit as the probability of every class.
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
    fn an_answer_that_is_no_number_is_a_fault_and_a_failing_device_ends_all() {
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
