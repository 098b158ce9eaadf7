//! `trainer compare`: trains every network under one budget and split, and compares them in a table.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Args;
use cytolens::model::{Architecture, weights};

use super::job::Job;
use super::tested_run::{TestedRun, ids};
use crate::commands::arguments::{
    FurtherSets, InitArguments, RunArguments, SetArguments, TrainingArguments,
};
use crate::device::DevicesChoice;
use crate::output::{note_left_out, say};
use crate::run::recipe::{Recipe, StartWeights};
use crate::run::recipe_file::RecipeFile;
use crate::run::start::find_weights;
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::split::file::source_of;
use cytolens_report::comparison::{ComparedRun, Comparison, Difference, FurtherTest, TestScores};
use cytolens_report::evaluation::{Answers, EvaluationChoice};

/// The default sides, in pixels, at which every network is trained.
const SIZES: [usize; 2] = [224, 512];
/// The folder of the comparison in the output folder.
const REPORT: &str = "comparison";

/// Train and score every network under one budget and split
///
/// Prints the table beside the published figures, and writes it as a page, as Markdown and as JSON.
/// Differences from the first run have intervals over the same draws of samples for both. Each network
/// has its run's folder; an interrupted comparison goes on with --resume.
#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    set: SetArguments,
    #[command(flatten)]
    further: FurtherSets,
    /// A further labelled set that every run is scored on, all of it, and none is trained on; can be
    /// given again
    #[arg(long = "test", value_name = "DIR")]
    tests: Vec<PathBuf>,
    /// The folder for all runs and the report; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Recipes (names or TOML files) to compare as they are; without, every network by the default
    /// recipe
    #[arg(long, value_name = "RECIPE", value_delimiter = ',')]
    recipes: Vec<String>,
    /// The networks to train by the default recipe, such as densenet-121,resnet-50; without, every one
    #[arg(
        long,
        value_name = "NETWORK",
        value_delimiter = ',',
        value_parser = network_called,
        conflicts_with = "recipes"
    )]
    networks: Vec<Architecture>,
    /// The sides in pixels; without, 224 and 512, or the recipes' own
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    sizes: Vec<usize>,
    /// Change a key of every recipe, such as training.epochs=3; can be given again
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    changes: Vec<String>,
    #[command(flatten)]
    run: RunArguments,
    /// The device to compute on; several, with commas between, share each step's batches
    #[arg(long, default_value = "wgpu")]
    device: DevicesChoice,
    #[command(flatten)]
    training: TrainingArguments,
}

/// A run of the comparison, made or to be made.
#[derive(Debug)]
struct PlannedRun {
    /// The recipe's name.
    recipe_name: String,
    recipe: Recipe,
    /// The run's folder in the output folder.
    folder: String,
}

/// A further set that every run is scored on.
#[derive(Debug)]
struct TestSet {
    /// Its name, for people.
    name: String,
    samples: Vec<Sample>,
    /// The answers of the runs so far.
    answers: Vec<Answers>,
}

impl Compare {
    /// Runs the command. It fails if the user stops a run.
    pub fn run(&self) -> Result<ExitCode> {
        let planned_runs = self.planned_runs()?;
        for planned in &planned_runs {
            planned.recipe.check_devices(self.device.count())?;
        }
        if self.out.exists() && !self.run.resume {
            bail!(
                "{} exists already; --resume goes on with it, else choose another --out",
                self.out.display()
            );
        }
        let split = self.run.table()?;
        let devices = self.device.open_all()?;
        let Dataset { samples, .. } = self.set.open()?;
        let mut tests = self.test_sets(&samples)?;
        let choice = EvaluationChoice::default();
        let mut runs = Vec::with_capacity(planned_runs.len());
        let mut answers = Vec::with_capacity(planned_runs.len());
        for (number, planned) in planned_runs.iter().enumerate() {
            say!(
                "run {} of {}: {}",
                number + 1,
                planned_runs.len(),
                planned.folder
            )?;
            let out = self.out.join(&planned.folder);
            let job = Job {
                recipe: &planned.recipe,
                name: &planned.recipe_name,
                set: &self.set,
                further: &self.further,
                out: &out,
                init: &InitArguments::default(),
                split: split.as_ref(),
                resume: out.exists(),
                devices: &devices,
                training: &self.training,
            };
            if !job.complete()? {
                say!("ended before its end; --resume goes on with the comparison")?;
                return Ok(ExitCode::FAILURE);
            }
            let tested = TestedRun::of(&job, &samples)?;
            runs.push(compared(planned, &tested, choice)?);
            for test in &mut tests {
                let samples: Vec<&Sample> = test.samples.iter().collect();
                let workers = self.training.workers();
                test.answers.push(tested.answers_for(&samples, workers)?);
            }
            answers.push(tested.answers);
        }
        let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
        let further = tests
            .iter()
            .map(|test| FurtherTest::of(&test.name, &names, &test.answers, choice))
            .collect();
        let differences = Difference::from_first(&names, &answers, choice);
        let samples = runs.first().map_or(0, |run| run.reached.samples);
        let comparison = Comparison {
            data: format!("{samples} test samples of {}", source_of(&self.set.data)?),
            runs,
            differences,
            further,
        };
        let report = self.out.join(REPORT);
        comparison.write(&report)?;
        say!("{}", comparison.text().trim_end())?;
        say!("the comparison is {}", report.join("index.html").display())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Opens the further sets to score on, and notes what is left out of them.
    ///
    /// # Errors
    /// If one cannot be read, has the name of another, or has a sample of a set to train on.
    fn test_sets(&self, samples: &[Sample]) -> Result<Vec<TestSet>> {
        let reading = self.set.reading();
        let further = self.further.open(&reading, None)?;
        let further = further.iter().flat_map(|one| &one.set.samples);
        let known = ids(samples.iter().chain(further));
        let mut sets: Vec<TestSet> = Vec::new();
        for folder in &self.tests {
            let place = folder.display();
            let set = Dataset::open(folder, &reading)?;
            note_left_out(&set.faults);
            for sample in &set.samples {
                let id = &sample.field.id;
                ensure!(
                    !known.contains(id.as_str()),
                    "the id {id} of the test set {place} is in a set to train on, too"
                );
            }
            let name = source_of(folder)?;
            ensure!(
                sets.iter().all(|other| other.name != name),
                "two test sets would be called {name}: give folders of different names"
            );
            sets.push(TestSet {
                name,
                samples: set.samples,
                answers: Vec::new(),
            });
        }
        Ok(sets)
    }

    /// The runs to compare, in order.
    fn planned_runs(&self) -> Result<Vec<PlannedRun>> {
        let mut planned_runs = Vec::new();
        let (recipes, architectures, sizes) = if self.recipes.is_empty() {
            let sizes = if self.sizes.is_empty() {
                SIZES.to_vec()
            } else {
                self.sizes.clone()
            };
            let networks = if self.networks.is_empty() {
                Architecture::ALL.to_vec()
            } else {
                self.networks.clone()
            };
            let networks: Vec<_> = networks.into_iter().map(Some).collect();
            (vec!["default".to_owned()], networks, sizes)
        } else {
            (self.recipes.clone(), vec![None], self.sizes.clone())
        };
        let sizes: Vec<Option<usize>> = if sizes.is_empty() {
            vec![None]
        } else {
            sizes.into_iter().map(Some).collect()
        };
        for name in &recipes {
            for &size in &sizes {
                for &architecture in &architectures {
                    let recipe = self.recipe(name, architecture, size)?;
                    let title = name_of(recipe.network.architecture);
                    let size = recipe.input.size;
                    let folder = match (architecture, Path::new(name).file_stem()) {
                        (None, Some(stem)) => format!("{}-{title}-{size}", stem.to_string_lossy()),
                        _ => format!("{title}-{size}"),
                    };
                    if planned_runs
                        .iter()
                        .any(|planned: &PlannedRun| planned.folder == folder)
                    {
                        bail!("two runs would be called {folder}: give each name and size once");
                    }
                    planned_runs.push(PlannedRun {
                        recipe_name: name.clone(),
                        recipe,
                        folder,
                    });
                }
            }
        }
        Ok(planned_runs)
    }

    /// The recipe for a network at a size. A network without ImageNet weights at hand starts from random
    /// ones, and the table says so.
    fn recipe(
        &self,
        name: &str,
        architecture: Option<Architecture>,
        size: Option<usize>,
    ) -> Result<Recipe> {
        let mut changes = self.changes.clone();
        if let Some(architecture) = architecture {
            changes.push(format!("network.architecture={}", name_of(architecture)));
        }
        if let Some(size) = size {
            changes.push(format!("input.size={size}"));
        }
        let asked = Recipe::load(name, &changes)?;
        let architecture = asked.network.architecture;
        if asked.start.weights == StartWeights::Random
            || find_weights(None, &self.set.data, architecture).is_ok()
        {
            return Ok(asked);
        }
        changes.extend(["start.weights=random", "start.frozen_epochs=0"].map(str::to_owned));
        Recipe::load(name, &changes)
    }
}

/// The name of a network in recipes.
fn name_of(network: Architecture) -> String {
    network.title().to_lowercase()
}

/// The network of a name.
fn network_called(name: &str) -> Result<Architecture, String> {
    let found = Architecture::ALL
        .into_iter()
        .find(|&network| name_of(network) == name);
    found.ok_or_else(|| {
        let names = Architecture::ALL.map(name_of).join(", ");
        format!("no network is called {name}; there are {names}")
    })
}

/// The row of a run in the table.
fn compared(
    planned: &PlannedRun,
    tested: &TestedRun,
    choice: EvaluationChoice,
) -> Result<ComparedRun> {
    let recipe = &planned.recipe;
    let start = match recipe.start.weights {
        StartWeights::Imagenet => "ImageNet",
        StartWeights::Network => "a network",
        StartWeights::Random => "random",
    };
    Ok(ComparedRun {
        name: planned.folder.clone(),
        architecture: recipe.network.architecture.title().to_owned(),
        recipe: planned.recipe_name.clone(),
        start: start.to_owned(),
        size: recipe.input.size,
        composition: recipe.input.composition.to_string(),
        parameters: parameters(&tested.folder.network())?,
        epochs: recipe.training.epochs,
        images_seen: tested.reached.shown as u64,
        minutes: tested.reached.seconds / 60.0,
        reached: TestScores::of(&tested.answers, choice),
    })
}

/// The number of a network's parameters, without the statistics of its norms.
fn parameters(file: &Path) -> Result<usize> {
    let tensors = weights::read_file(file)?;
    let learned = tensors
        .iter()
        .filter(|(name, _)| !name.ends_with(".running_mean") && !name.ends_with(".running_var"));
    Ok(learned
        .map(|(_, tensor)| tensor.shape.to_vec().iter().product::<usize>())
        .sum())
}
