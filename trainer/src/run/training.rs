//! The loop: epochs of steps, validation after each, checkpoints in between.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::{InferenceNetwork, Names, Network, weights};
use cytolens_core::labels::{COUNT, LabelSet};

use super::answer::{Answerer, Answers};
use super::average::Average;
use super::checkpoint::{self, Best};
use super::folder::RunFolder;
use super::learner::{Learner, Lesson};
use super::optimiser::{Optimiser, Rates};
use super::recipe::{BestBy, Recipe};
use super::record::{EpochRecord, Plan, Recorder, Show, StepRecord};
use super::samples::Samples;
use super::start;
use cytolens_core::scores::{decide, score, tune_thresholds};
use cytolens_data::batches::{BatchShape, HostBatch, LastBatch, Loader, TrainingOrder};
use cytolens_data::dataset::Sample;
use cytolens_data::random::{Purpose, Stream};
use cytolens_data::repeats::RepeatPlan;
use cytolens_data::whole_file::write_whole;

/// Steps between two looks at the loss, which make the device wait.
const LOOK_EVERY: usize = 10;

/// A training about to be run.
#[derive(Debug)]
pub struct Training<'a> {
    /// Every choice.
    pub recipe: &'a Recipe,
    /// The recipe's name, for people.
    pub name: &'a str,
    /// Who is learnt from.
    pub samples: &'a Samples,
    /// A file of ImageNet weights, where the recipe starts from such.
    pub init: Option<&'a Path>,
    /// Where everything is kept.
    pub folder: &'a RunFolder,
    /// What computes, without gradients; the first has the network.
    pub devices: &'a [Device],
    /// Threads that prepare samples.
    pub workers: usize,
    /// The time between two checkpoints inside an epoch.
    pub checkpoint_every: Duration,
    /// How the run is shown.
    pub show: Show,
}

/// What a training came to.
#[derive(Debug)]
pub struct Trained {
    /// The best epoch's network that predicts, without gradients.
    pub network: Network,
    /// What its first weights are called.
    pub initial_weights: String,
    /// The best epoch.
    pub best: Best,
    /// Samples shown.
    pub shown: usize,
    /// How long it took.
    pub seconds: f64,
}

impl Training<'_> {
    /// Runs all epochs, or with `resume` those that are left. Gives nothing where the user ended it
    /// before; a checkpoint is then there to go on from.
    ///
    /// # Errors
    /// Where the loss stops being a number, a device fails or the disk is full. The last checkpoint
    /// stays, and the error says where.
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
        ensure!(
            recipe.training.accumulation >= learning.len(),
            "{} devices have nothing to share: training.accumulation is {}, and a step's batches are \
             what devices share",
            learning.len(),
            recipe.training.accumulation
        );
        let labels: Vec<LabelSet> = self.samples.train.iter().map(|one| one.labels).collect();
        let (network, initial_weights) = start::network(recipe, self.init, &labels, &learning[0])?;
        let names = recipe.network().names();
        let decay = recipe.average.decay;
        let mut learner = Learner {
            average: (decay > 0.0).then(|| Average::new(&network, decay)),
            network,
            optimiser: Optimiser::new(&recipe.optimiser),
            position: checkpoint::Position::default(),
        };
        let loader = self.loader(&labels);
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
        if !goes_on {
            checkpoint::save(run, &learner, names)?;
        }
        let mut clock = Clock::after(learner.position.seconds, self.checkpoint_every);
        while learner.position.epoch < recipe.training.epochs {
            let ended = self.epoch(
                &mut learner,
                &loader,
                &steps,
                &learning,
                &mut recorder,
                &mut clock,
            )?;
            if !ended {
                recorder.finish()?;
                return Ok(None);
            }
        }
        recorder.finish()?;
        let best = learner.position.best.context("no epoch could be scored")?;
        let mut network = recipe.network().init(&self.devices[0]);
        let tensors = weights::read_file(&best_weights(run))?;
        weights::apply_exactly(&mut network, names, &tensors)
            .with_context(|| format!("in {}", best_weights(run).display()))?;
        Ok(Some(Trained {
            network,
            initial_weights,
            best,
            shown: learner.position.shown_in_all,
            seconds: learner.position.seconds,
        }))
    }

    fn loader(&self, labels: &[LabelSet]) -> Loader {
        let recipe = self.recipe;
        let order = TrainingOrder {
            seed: recipe.training.seed,
            repeats: RepeatPlan::new(labels, &recipe.repeats),
            augmentation: recipe.augmentation.clone(),
            augmented: recipe.training.augmented,
            // Of a smaller batch a norm's statistics are worth less.
            last: if labels.len() < recipe.training.batch {
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

    /// The rest of an epoch. Gives false where the user ended it.
    fn epoch(
        &self,
        learner: &mut Learner,
        loader: &Loader,
        steps: &[usize],
        learning: &[Device],
        recorder: &mut Recorder,
        clock: &mut Clock,
    ) -> Result<bool> {
        let recipe = self.recipe;
        let names = recipe.network().names();
        let run = self.folder.path();
        let epoch = learner.position.epoch;
        let before: usize = steps[..epoch].iter().sum();
        let last = before + steps[epoch];
        let mut batches = loader
            .epoch(epoch as u64, learner.position.batch)
            .peekable();
        let mut look = Look::new();
        while batches.peek().is_some() {
            let passes: Vec<HostBatch> = batches
                .by_ref()
                .take(recipe.training.accumulation)
                .collect();
            let next = passes.last().map_or(0, |batch| batch.index + 1);
            let shown: usize = passes.iter().map(|batch| batch.samples.len()).sum();
            let rates = self.rates(learner.position.step, steps);
            let lesson = Lesson {
                loss: recipe.loss,
                mean: &self.samples.mean,
                std: &self.samples.std,
                devices: learning,
                seed: step_seed(recipe.training.seed, learner.position.step),
            };
            let loss = learner.step(passes, rates, &lesson)?;
            look.add(loss, shown);
            let position = &mut learner.position;
            position.batch = next;
            position.shown += shown;
            position.shown_in_all += shown;
            let step = position.step;
            let ends = batches.peek().is_none();
            let stops = recorder.stop_asked();
            if step.is_multiple_of(LOOK_EVERY) || ends || stops {
                let norm = learner.optimiser.gradient_norm().map(number).transpose()?;
                let (sum, record) = look.take(step, epoch + 1, rates.head, norm)?;
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
            // All could be read when the run began: a file has changed since.
            let id = &self.samples.train[unread.sample].field.id;
            let reason = unread.reason;
            recorder.note(&format!("left out of epoch {}: {id}: {reason}", epoch + 1));
        }
        let seconds = clock.seconds() - learner.position.seconds;
        self.end_epoch(learner, recorder, seconds)?;
        learner.position.seconds = clock.seconds();
        checkpoint::save(run, learner, names)?;
        clock.saved();
        Ok(true)
    }

    /// Validates, records, keeps the weights if they are the best so far, and moves to the next epoch.
    fn end_epoch(
        &self,
        learner: &mut Learner,
        recorder: &mut Recorder,
        seconds: f64,
    ) -> Result<()> {
        let recipe = self.recipe;
        let answering = learner.answering();
        let network = InferenceNetwork::new(answering.clone());
        let validation = &self.samples.validation;
        let mut done = 0;
        let answers = self.answerer(&network).answer(validation, 1, |count| {
            done += count;
            recorder.validating(done, validation.len());
        })?;
        let found = Validation::of(recipe, validation, &answers)?;
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
        };
        // Of equals the later has seen more.
        if position.best.is_none_or(|best| score >= best.score) {
            let names = recipe.network().names();
            save_weights(&best_weights(self.folder.path()), &answering, names)?;
            position.best = Some(Best {
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

    /// What answers with this network on the first device.
    pub fn answerer<'a>(&'a self, network: &'a InferenceNetwork) -> Answerer<'a> {
        Answerer {
            network,
            mean: &self.samples.mean,
            std: &self.samples.std,
            shape: shape(self.recipe),
            workers: self.workers,
            device: &self.devices[0],
        }
    }

    /// The rates of a step, counted from 0 over the whole run.
    fn rates(&self, step: usize, steps: &[usize]) -> Rates {
        let choice = &self.recipe.optimiser;
        let all: usize = steps.iter().sum();
        let warm_up = choice.warm_up * all as f64 / steps.len() as f64;
        let share = choice.schedule.share(step, warm_up.round() as usize, all);
        let head = choice.learning_rate * share;
        let frozen: usize = steps.iter().take(self.recipe.start.frozen_epochs).sum();
        Rates {
            backbone: if step < frozen {
                0.0
            } else {
                head * choice.backbone_share
            },
            head,
        }
    }
}

fn shape(recipe: &Recipe) -> BatchShape {
    BatchShape {
        composition: recipe.input.composition,
        size: recipe.input.size as u32,
        batch: recipe.training.batch,
    }
}

/// The weights of the best epoch, in a run's folder.
fn best_weights(run: &Path) -> std::path::PathBuf {
    run.join("best.safetensors")
}

fn save_weights(path: &Path, network: &Network, names: Names) -> Result<()> {
    let bytes = weights::to_safetensors(network, names, weights::Precision::Single)?;
    write_whole(path, &bytes)
}

/// What dropout draws by in a step.
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
}

impl Validation {
    fn of(recipe: &Recipe, samples: &[Sample], answers: &Answers) -> Result<Self> {
        let truth: Vec<LabelSet> = answers
            .samples
            .iter()
            .map(|&sample| samples[sample].labels)
            .collect();
        ensure!(!truth.is_empty(), "no validation sample can be read");
        let probabilities = answers.probabilities();
        let host = Device::flex();
        let rows = [truth.len(), COUNT];
        let logits = TensorData::new(answers.logits.as_flattened().to_vec(), rows);
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
        })
    }
}

/// What a tensor of one number holds.
fn number(tensor: Tensor<1>) -> Result<f64> {
    let values = tensor
        .try_into_vec_as::<f32>()
        .map_err(|error| anyhow::anyhow!("the device failed: {error:?}"))?;
    Ok(values.first().copied().map_or(f64::NAN, f64::from))
}

/// Losses since the last look.
struct Look {
    sum: Option<Tensor<1>>,
    samples: usize,
    since: Instant,
}

impl Look {
    fn new() -> Self {
        Self {
            sum: None,
            samples: 0,
            since: Instant::now(),
        }
    }

    /// With one more step's summed loss.
    fn add(&mut self, loss: Tensor<1>, samples: usize) {
        self.samples += samples;
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
    }

    /// The sum of the losses, and a record of their mean; begins anew.
    fn take(
        &mut self,
        step: usize,
        epoch: usize,
        rate: f64,
        gradient_norm: Option<f64>,
    ) -> Result<(f64, StepRecord)> {
        let seen = std::mem::replace(self, Self::new());
        let sum = seen.sum.map_or(Ok(0.0), number)?;
        let loss = sum / seen.samples.max(1) as f64;
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
            images_per_second: seen.samples as f64 / seen.since.elapsed().as_secs_f64(),
        };
        Ok((sum, record))
    }
}

/// How long the run has taken, and when it is to be saved.
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
