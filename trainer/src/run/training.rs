//! The training loop: epochs of steps, each followed by validation, with checkpoints in between.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::{InferenceNetwork, Names, Network, weights};
use cytolens_core::labels::{COUNT, LabelSet};

use super::checkpoint;
use super::folder::{RunFolder, load_network};
use super::learner::{Learner, StepSettings};
use super::metric::{Centres, Groups, MetricTerm};
use super::optimiser::Optimiser;
use super::position::BestEpoch;
use super::predictor::{Logits, Predictor};
use super::recipe::{BestBy, Frequencies, Recipe};
use super::record::{EpochRecord, Plan, Recorder, Show, StepRecord};
use super::samples::Samples;
use super::start;
use cytolens_core::ranking::label_ranking_average_precision;
use cytolens_core::scores::{decide, score, tune_thresholds};
use cytolens_data::batches::{BatchShape, HostBatch, LastBatch, Loader, TrainingOrder};
use cytolens_data::dataset::Sample;
use cytolens_data::random::{Purpose, Stream};
use cytolens_data::repeats::RepeatPlan;
use cytolens_data::whole_file::write_whole;

/// The number of steps between readings of the loss, for which the device must be waited for.
const READ_LOSS_EVERY: usize = 10;

/// A training about to be run.
#[derive(Debug)]
pub struct Training<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The recipe's name, for people.
    pub name: &'a str,
    /// The samples.
    pub samples: &'a Samples,
    /// The file of ImageNet weights, where the recipe starts from such.
    pub init: Option<&'a Path>,
    /// The run's folder.
    pub folder: &'a RunFolder,
    /// The devices, without gradients; the network is on the first.
    pub devices: &'a [Device],
    /// The number of threads that prepare samples.
    pub workers: usize,
    /// The time between two checkpoints inside an epoch.
    pub checkpoint_every: Duration,
    /// The display of the run's progress.
    pub show: Show,
}

/// A network at the end of its training.
#[derive(Debug)]
pub struct Trained {
    /// The network of the best epoch, without gradients.
    pub network: Network,
    /// The name of its initial weights.
    pub initial_weights: String,
    /// The label frequencies that its answers assume.
    pub assumed: [f64; COUNT],
    /// The best epoch.
    pub best: BestEpoch,
    /// The number of samples shown.
    pub shown: usize,
    /// The duration in seconds.
    pub seconds: f64,
}

impl Training<'_> {
    /// Runs all epochs, or with `resume` those that are left. Gives nothing where the user stopped it; it
    /// can then be resumed from a checkpoint.
    ///
    /// # Errors
    /// If the loss is no longer a number, a device fails or the disk is full. The last checkpoint stays,
    /// and the error names it.
    pub fn run(&self, resume: bool) -> Result<Option<Trained>> {
        let checkpoints = self.folder.path().join("checkpoints");
        self.run_to_end(resume).map_err(|error| {
            if checkpoints.is_dir() {
                error.context(format!(
                    "the training stopped; its last checkpoint is safe in {}, and --resume goes on \
                     from there",
                    checkpoints.display()
                ))
            } else {
                error
            }
        })
    }

    fn run_to_end(&self, resume: bool) -> Result<Option<Trained>> {
        let Self { recipe, folder, .. } = *self;
        let learning: Vec<Device> = self
            .devices
            .iter()
            .map(|device| device.clone().autodiff())
            .collect();
        let groups = Groups::new(&self.samples.train, &recipe.metric)?;
        let labels: Vec<LabelSet> = self.samples.train.iter().map(|one| one.labels).collect();
        let repeats = RepeatPlan::new(&labels, &recipe.repeats).times(&self.samples.times);
        let shown = repeats.frequencies(&labels);
        let assumed = match recipe.training.frequencies {
            Frequencies::Shown => shown,
            Frequencies::Set => self.samples.frequencies(),
        };
        let excess: Vec<f32> = (0..COUNT)
            .map(|class| (log_odds(shown[class]) - log_odds(assumed[class])) as f32)
            .collect();
        let prior = assumed.map(|frequency| log_odds(frequency) as f32);
        let (network, initial_weights) = start::network(recipe, self.init, &prior, &learning[0])?;
        let names = recipe.network().names();
        let optimiser = Optimiser::new(&recipe.optimiser);
        let centres = recipe.metric.has_centres().then(|| {
            let shape = [groups.count(), recipe.network.architecture.features()];
            Centres::new(shape, recipe.training.seed, &recipe.optimiser, &learning[0])
        });
        let mut learner = Learner::new(network, optimiser, recipe.average.decay, centres);
        let loader = self.loader(repeats);
        let steps: Vec<usize> = (0..recipe.training.epochs)
            .map(|epoch| {
                let batches = loader.batches(epoch as u64);
                batches.div_ceil(recipe.training.accumulation)
            })
            .collect();
        let plan = Plan {
            recipe: self.name.to_owned(),
            epochs: steps.len(),
            steps: steps.iter().sum(),
        };
        let run = folder.path();
        let goes_on = resume && checkpoint::load(run, &mut learner, names, &self.devices[0])?;
        let mut recorder = if resume {
            Recorder::resume(run, plan, self.show, learner.position.step)?
        } else {
            Recorder::start(run, plan, self.show)?
        };
        if let Some(by) = recipe.metric.by() {
            recorder.note(&format!(
                "{} groups by {by}; {} samples without one",
                groups.count(),
                groups.without()
            ));
        }
        if !goes_on {
            checkpoint::save(run, &learner, names)?;
        }
        let course = Course {
            loader,
            steps,
            excess,
            groups,
            devices: learning,
        };
        let mut clock = Clock::after(learner.position.seconds, self.checkpoint_every);
        while learner.position.epoch < recipe.training.epochs {
            let ended = self.epoch(&mut learner, &course, &mut recorder, &mut clock)?;
            if !ended {
                recorder.finish()?;
                return Ok(None);
            }
        }
        recorder.finish()?;
        let best = learner.position.best.context("no epoch could be scored")?;
        Ok(Some(Trained {
            network: load_network(&recipe.network(), &best_weights(run), &self.devices[0])?,
            initial_weights,
            assumed,
            best,
            shown: learner.position.shown_in_all,
            seconds: learner.position.seconds,
        }))
    }

    fn loader(&self, repeats: RepeatPlan) -> Loader {
        let recipe = self.recipe;
        let samples = self.samples.train.len();
        let order = TrainingOrder {
            seed: recipe.training.seed,
            repeats,
            shown: recipe.shown() as u32,
            augmentation: recipe.augmentation.clone(),
            flaws: recipe.flaws.clone(),
            augmented: recipe.training.augmented,
            // A norm's statistics are poorer on a smaller batch.
            last: if samples < recipe.training.batch {
                LastBatch::Keep
            } else {
                LastBatch::Drop
            },
        };
        Loader::training(
            self.samples.train.clone(),
            shape(recipe),
            order,
            self.workers,
        )
    }

    /// Runs the rest of an epoch. Returns false where the user stopped it.
    fn epoch(
        &self,
        learner: &mut Learner,
        course: &Course,
        recorder: &mut Recorder,
        clock: &mut Clock,
    ) -> Result<bool> {
        let Course {
            loader,
            steps,
            excess,
            groups,
            devices,
        } = course;
        let recipe = self.recipe;
        let names = recipe.network().names();
        let run = self.folder.path();
        let epoch = learner.position.epoch;
        let before: usize = steps[..epoch].iter().sum();
        let last = before + steps[epoch];
        let mut batches = loader
            .epoch(epoch as u64, learner.position.batch)
            .peekable();
        let mut losses = LossSum::new();
        while batches.peek().is_some() {
            let passes: Vec<HostBatch> = batches
                .by_ref()
                .take(recipe.training.accumulation)
                .collect();
            let next = passes.last().map_or(0, |batch| batch.index + 1);
            let shown: usize = passes.iter().map(|batch| batch.samples.len()).sum();
            let frozen_epochs = recipe.start.frozen_epochs;
            let rates = recipe
                .optimiser
                .rates(learner.position.step, steps, frozen_epochs);
            let settings = StepSettings {
                loss: recipe.loss,
                metric: MetricTerm {
                    choice: &recipe.metric,
                    groups,
                },
                excess,
                mean: &self.samples.mean,
                std: &self.samples.std,
                devices,
                seed: step_seed(recipe.training.seed, learner.position.step),
            };
            let loss = learner.step(passes, rates, &settings)?;
            losses.add(loss, shown);
            let position = &mut learner.position;
            position.batch = next;
            position.shown += shown;
            position.shown_in_all += shown;
            let step = position.step;
            let ends = batches.peek().is_none();
            let stops = recorder.stop_asked();
            if step.is_multiple_of(READ_LOSS_EVERY) || ends || stops {
                let norm = learner.optimiser.gradient_norm().map(number).transpose()?;
                let (sum, record) = losses.take(step, epoch + 1, rates.head, norm)?;
                learner.position.loss_sum += sum;
                recorder.step(&record)?;
                if stops || (clock.checkpoint_due() && !ends && step < last) {
                    learner.position.seconds = clock.seconds();
                    checkpoint::save(run, learner, names)?;
                    clock.saved();
                }
                if stops {
                    return Ok(false);
                }
            }
        }
        drop(batches);
        for unread in loader.unread() {
            // It was readable when the run began: a file has changed since.
            let id = &self.samples.train[unread.sample].field.id;
            let reason = unread.reason;
            recorder.note(&format!("left out of epoch {}: {id}: {reason}", epoch + 1));
        }
        let seconds = clock.seconds() - learner.position.seconds_before;
        self.end_epoch(learner, recorder, seconds)?;
        learner.position.seconds = clock.seconds();
        learner.position.seconds_before = learner.position.seconds;
        checkpoint::save(run, learner, names)?;
        clock.saved();
        Ok(true)
    }

    /// Validates, records, keeps the weights if they are the best so far, and moves the position to the
    /// next epoch.
    fn end_epoch(
        &self,
        learner: &mut Learner,
        recorder: &mut Recorder,
        seconds: f64,
    ) -> Result<()> {
        let recipe = self.recipe;
        let predicting = learner.predicting();
        let network = InferenceNetwork::new(predicting.clone());
        let validation = &self.samples.validation;
        let mut done = 0;
        let logits = self.predictor(&network).predict(validation, 1, |count| {
            done += count;
            recorder.validating(done, validation.len());
        })?;
        let found = Validation::of(recipe, validation, &logits)?;
        let position = &mut learner.position;
        recorder.epoch(&EpochRecord {
            epoch: position.epoch + 1,
            step: position.step,
            training_loss: position.loss_sum / position.shown.max(1) as f64,
            validation_loss: found.loss,
            macro_f1: found.macro_f1,
            macro_f1_at_half: found.macro_f1_at_half,
            micro_f1: found.micro_f1,
            seconds,
        })?;
        let score = match recipe.training.best_by {
            BestBy::MacroF1 => found.macro_f1,
            BestBy::Accuracy => found.accuracy,
            BestBy::Loss => -found.loss,
            BestBy::Ranking => found.ranking,
        };
        // Of equal epochs, the later has been trained on more.
        if position.best.is_none_or(|best| score >= best.score) {
            let names = recipe.network().names();
            save_weights(&best_weights(self.folder.path()), &predicting, names)?;
            position.best = Some(BestEpoch {
                epoch: position.epoch,
                score,
            });
        }
        position.epoch += 1;
        position.batch = 0;
        position.loss_sum = 0.0;
        position.shown = 0;
        Ok(())
    }

    /// A predictor with this network on the first device.
    pub fn predictor<'a>(&'a self, network: &'a InferenceNetwork) -> Predictor<'a> {
        Predictor {
            network,
            mean: &self.samples.mean,
            std: &self.samples.std,
            shape: shape(self.recipe),
            workers: self.workers,
            device: &self.devices[0],
        }
    }
}

fn shape(recipe: &Recipe) -> BatchShape {
    BatchShape {
        composition: recipe.input.composition,
        missing: recipe.input.missing,
        size: recipe.input.size as u32,
        batch: recipe.training.batch,
    }
}

/// The file of the best epoch's weights in a run's folder.
fn best_weights(run: &Path) -> std::path::PathBuf {
    run.join("best.safetensors")
}

fn save_weights(path: &Path, network: &Network, names: Names) -> Result<()> {
    let bytes = weights::to_safetensors(network, names, weights::Precision::Single)?;
    write_whole(path, &bytes)
}

/// The log-odds of a frequency; none and all are taken for a hundred-thousandth less or more.
fn log_odds(frequency: f64) -> f64 {
    let frequency = frequency.clamp(1e-5, 1.0 - 1e-5);
    (frequency / (1.0 - frequency)).ln()
}

/// What stays the same over all epochs.
struct Course {
    /// The batches.
    loader: Loader,
    /// The number of steps of each epoch.
    steps: Vec<usize>,
    /// As in [`StepSettings::excess`].
    excess: Vec<f32>,
    /// The groups of the training part.
    groups: Groups,
    /// The devices, with gradients.
    devices: Vec<Device>,
}

/// The random seed of a step, for dropout.
fn step_seed(seed: u64, step: usize) -> u64 {
    let mut stream = Stream::new(Purpose::Step, &[seed, step as u64]);
    (stream.unit() * (1_u64 << 53) as f64) as u64
}

/// Scores on the validation part.
#[derive(Debug)]
struct Validation {
    loss: f64,
    macro_f1: f64,
    macro_f1_at_half: f64,
    micro_f1: f64,
    accuracy: f64,
    ranking: f64,
}

impl Validation {
    fn of(recipe: &Recipe, samples: &[Sample], predicted: &Logits) -> Result<Self> {
        let truth: Vec<LabelSet> = predicted
            .samples
            .iter()
            .map(|&sample| samples[sample].labels)
            .collect();
        ensure!(!truth.is_empty(), "no validation sample can be read");
        let probabilities = predicted.probabilities();
        let host = Device::flex();
        let rows = [truth.len(), COUNT];
        let logits = TensorData::new(predicted.logits.as_flattened().to_vec(), rows);
        let targets: Vec<f32> = truth.iter().flat_map(|set| set.multi_hot()).collect();
        let loss = recipe.loss.forward(
            Tensor::from_data(logits, &host),
            Tensor::from_data(TensorData::new(targets, rows), &host),
        );
        let choice = &recipe.thresholds;
        let tuned = tune_thresholds(
            &truth,
            &probabilities,
            choice.least_positives,
            choice.otherwise,
        );
        let decided = |thresholds: &[f32; COUNT]| -> Vec<LabelSet> {
            let rows = probabilities.iter();
            rows.map(|row| decide(row, thresholds)).collect()
        };
        let at_half = decided(&[0.5; COUNT]);
        let (at_tuned, half) = (score(&truth, &decided(&tuned)), score(&truth, &at_half));
        let right = truth.iter().zip(&at_half).map(|(truth, found)| {
            (0..COUNT)
                .filter(|&class| truth.contains(class) == found.contains(class))
                .count()
        });
        Ok(Self {
            loss: f64::from(loss.into_scalar::<f32>()),
            macro_f1: at_tuned.macro_f1,
            macro_f1_at_half: half.macro_f1,
            micro_f1: at_tuned.micro_f1,
            accuracy: right.sum::<usize>() as f64 / (truth.len() * COUNT) as f64,
            ranking: label_ranking_average_precision(&truth, &probabilities),
        })
    }
}

/// Reads a tensor of one number.
fn number(tensor: Tensor<1>) -> Result<f64> {
    let values = tensor
        .try_into_vec_as::<f32>()
        .map_err(|error| anyhow::anyhow!("the device failed: {error:?}"))?;
    Ok(values.first().copied().map_or(f64::NAN, f64::from))
}

/// The sum of the losses since they were last read.
struct LossSum {
    sum: Option<Tensor<1>>,
    samples: usize,
    since: Instant,
}

impl LossSum {
    fn new() -> Self {
        Self {
            sum: None,
            samples: 0,
            since: Instant::now(),
        }
    }

    /// Adds the summed loss of a step, still on the device.
    fn add(&mut self, loss: Tensor<1>, samples: usize) {
        self.samples += samples;
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
    }

    /// Reads the sum, makes a record of the mean, and begins anew.
    fn take(
        &mut self,
        step: usize,
        epoch: usize,
        rate: f64,
        gradient_norm: Option<f64>,
    ) -> Result<(f64, StepRecord)> {
        let taken = std::mem::replace(self, Self::new());
        let sum = taken.sum.map_or(Ok(0.0), number)?;
        let loss = sum / taken.samples.max(1) as f64;
        ensure!(
            loss.is_finite(),
            "the loss is no longer a number at step {step}: a smaller optimiser.learning_rate, or \
             optimiser.clip, may help, in a new run"
        );
        let record = StepRecord {
            step,
            epoch,
            loss,
            learning_rate: rate,
            gradient_norm,
            images_per_second: taken.samples as f64 / taken.since.elapsed().as_secs_f64(),
        };
        Ok((sum, record))
    }
}

/// The run's duration and the time of its next checkpoint.
struct Clock {
    before: f64,
    started: Instant,
    saved: Instant,
    every: Duration,
}

impl Clock {
    fn after(seconds: f64, every: Duration) -> Self {
        let now = Instant::now();
        Self {
            before: seconds,
            started: now,
            saved: now,
            every,
        }
    }

    fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    fn checkpoint_due(&self) -> bool {
        self.saved.elapsed() >= self.every
    }

    fn saved(&mut self) {
        self.saved = Instant::now();
    }
}
