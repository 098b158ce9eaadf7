//! `trainer stack`: makes one package of several networks, with one head over the features of all.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use cytolens::model::{HeadKind, NetworkConfig};
use cytolens::package::{Combination, Manifest, ModelPackage, Package, with_pooling_head};
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::files::claim_folder;
use cytolens_data::split::file::Part;
use cytolens_data::split::stratified;
use cytolens_report::evaluation::Predicted;
use cytolens_report::progress::progress;
use serde_json::{Map, Value, json};

use super::members::{
    Scored, Whole, WholeArguments, answers_at, ask_each, mean_rows, mean_thresholds, read_by_all,
    read_members, write_whole,
};
use super::parts::parts_by;
use super::scored_model::Embedded;
use super::thresholds::tuned;
use crate::commands::arguments::{SetArguments, workers};
use crate::device::DeviceChoice;
use crate::output::note_left_out;
use crate::run::package::with_known_answers;
use crate::run::samples::attribution;
use crate::run::stack::{Examples, HeadPart, Trained, train};

/// The least samples to train a head on.
const LEAST_TRAINED: usize = 16;
/// The least samples to choose by.
const LEAST_CHOSEN_BY: usize = 4;
/// The share of the samples that are chosen by where no split is given.
const CHOSEN_BY: f64 = 0.2;
/// The program, as packages name it.
const PROGRAM: &str = concat!("cytolens trainer ", env!("CARGO_PKG_VERSION"));

/// Make one package of several networks, with one head over the features of all
///
/// The head is linear and trained here, on the part train of a split; it takes the place of the members' own heads, and their
/// backbones stay as they are. How strongly its weights are held small, and thresholds, are chosen by the part validation, whose
/// scores are printed beside those of the members and of their mean; those of the part test are printed, too. The page and the
/// other commands take the package like any other. Features, as for similar fields, are those of the first member.
#[derive(Debug, Args)]
pub struct MakeStack {
    /// A member's package; give it for each member
    #[arg(long = "member", value_name = "DIR", required = true)]
    members: Vec<PathBuf>,
    /// The stack's folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    set: SetArguments,
    /// Which sample is in which part: a table by `trainer split`; without it, a fifth of the samples is drawn to choose by
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// Random seed of that draw
    #[arg(long, default_value_t = 1, conflicts_with = "split")]
    seed: u64,
    #[command(flatten)]
    whole: WholeArguments,
    /// The device to compute features on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
    /// Threads that read fields ahead of the network; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

/// What the members gave for the samples that all of them could read.
struct Asked {
    parts: Vec<Part>,
    labels: Vec<LabelSet>,
    /// The members' probabilities, `[members][samples]`.
    rows: Vec<Vec<[f32; COUNT]>>,
    /// The members' own thresholds.
    thresholds: Vec<[f32; COUNT]>,
    /// The features of all members, one after the other, of each sample.
    features: Vec<Vec<f32>>,
}

/// A model whose scores are printed.
struct Compared {
    /// What it is called in the lines that are printed.
    title: String,
    /// Its name in the manifest.
    name: String,
    /// Its probabilities for all samples.
    rows: Vec<[f32; COUNT]>,
    thresholds: [f32; COUNT],
}

/// The scores of the members, their mean and the stack.
#[derive(Default)]
struct Scoreboard {
    lines: Vec<String>,
    metrics: Map<String, Value>,
}

impl MakeStack {
    /// Runs the command.
    ///
    /// # Errors
    /// If the members cannot be one stack, the set or the split cannot be read, samples are too few, the device fails, or the package
    /// cannot be written.
    pub fn run(&self) -> Result<ExitCode> {
        let packages = read_members(&self.folders(), "a stack")?;
        let set = self.set.open()?;
        note_left_out(&set.faults);
        let parts = self.parts(&set.samples)?;
        self.check_parts(&parts)?;
        claim_folder(&self.out)?;
        let asked = self.ask(&set.samples, &parts)?;
        self.check_parts(&asked.parts)?;

        let bar = progress(COUNT, "Training the head");
        let of = |part| asked.examples(part);
        let trained = train(&of(Part::Train), &of(Part::Validation), &bar)?;
        bar.finish();
        let lengths: Vec<usize> = packages.iter().map(features).collect();
        let heads = trained.head.parts(&lengths);
        let members = packages.iter().zip(&heads);
        let members = members.map(|(package, head)| with_head(package, head));
        let members = members.collect::<Result<Vec<Package>>>()?;

        let (whole, lines) = self.scored(&asked, &packages, &trained, &set);
        // Names, limits and licences are those of the members as they were.
        let manifest = self.whole.manifest(&packages, whole);
        let stack = ModelPackage::ensemble(manifest, &members, &equal(members.len()))?;
        write_whole(&stack, "stack", &self.out, &lines)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The members' folders.
    fn folders(&self) -> Vec<&Path> {
        self.members.iter().map(PathBuf::as_path).collect()
    }

    /// The part of each sample.
    fn parts(&self, samples: &[Sample]) -> Result<Vec<Part>> {
        if let Some(file) = &self.split {
            return parts_by(file, samples);
        }
        let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
        let drawn = stratified(&labels, &[1.0 - CHOSEN_BY, CHOSEN_BY], self.seed);
        let parts = [Part::Train, Part::Validation];
        Ok(drawn.into_iter().map(|part| parts[part]).collect())
    }

    /// Checks that samples are enough to train on and to choose by.
    fn check_parts(&self, parts: &[Part]) -> Result<()> {
        let count = |part: Part| parts.iter().filter(|it| **it == part).count();
        let (training, validation) = (count(Part::Train), count(Part::Validation));
        ensure!(
            training >= LEAST_TRAINED && validation >= LEAST_CHOSEN_BY,
            "of {}, {training} samples to train on and {validation} to choose by are too few: {LEAST_TRAINED} and \
             {LEAST_CHOSEN_BY} are the least",
            self.set.data.display()
        );
        Ok(())
    }

    /// Asks every member for the samples, but for those of folds.
    fn ask(&self, samples: &[Sample], parts: &[Part]) -> Result<Asked> {
        let part_of: BTreeMap<&str, Part> = samples
            .iter()
            .map(|sample| sample.field.id.as_str())
            .zip(parts.iter().copied())
            .filter(|(_, part)| !matches!(part, Part::Fold(_)))
            .collect();
        let wanted = |sample: &&Sample| part_of.contains_key(sample.field.id.as_str());
        let samples: Vec<&Sample> = samples.iter().filter(wanted).collect();
        let asked = ask_each(
            &self.folders(),
            &self.device,
            samples.len(),
            |model, bar| model.embedded(&samples, workers(self.workers), bar),
        )?;
        let (answers, thresholds): (Vec<Embedded>, Vec<[f32; COUNT]>) = asked.into_iter().unzip();
        let predicted: Vec<&Predicted> = answers.iter().map(|it| &it.predicted).collect();
        let places = read_by_all(&predicted);
        self.check_features(&answers, &places)?;
        let features = places.iter().map(|at| -> Vec<f32> {
            let members = answers.iter().zip(at);
            let features = members.flat_map(|(it, at)| it.features[*at].iter().copied());
            features.collect()
        });
        let ids = places.iter().map(|at| predicted[0].ids[at[0]].as_str());
        let (labels, rows) = answers_at(&predicted, &places);
        Ok(Asked {
            parts: ids.map(|id| part_of[id]).collect(),
            features: features.collect(),
            labels,
            rows,
            thresholds,
        })
    }

    /// Checks that no two members have the same backbone and so the same features.
    fn check_features(&self, answers: &[Embedded], places: &[Vec<usize>]) -> Result<()> {
        for (second, later) in answers.iter().enumerate() {
            for (first, earlier) in answers[..second].iter().enumerate() {
                let differs =
                    |at: &Vec<usize>| earlier.features[at[first]] != later.features[at[second]];
                ensure!(
                    places.is_empty() || places.iter().any(differs),
                    "the member {} is given twice: its features are those of {}",
                    self.members[second].display(),
                    self.members[first].display()
                );
            }
        }
        Ok(())
    }

    /// What is said of the whole package, and the lines that are printed.
    fn scored(
        &self,
        asked: &Asked,
        packages: &[Package],
        trained: &Trained,
        set: &Dataset,
    ) -> (Whole, Vec<String>) {
        let shares = equal(packages.len());
        let others = mean_thresholds(&shares, packages);
        let (mean, _) = asked.tuned("their mean", mean_rows(&shares, &asked.rows), &others);
        let rows = asked.features.iter();
        let rows = rows.map(|features| trained.head.probabilities(features));
        let (stack, changed) = asked.tuned("the stack", rows.collect(), &others);
        let (training, validation) = (
            asked.places(Part::Train).len(),
            asked.places(Part::Validation).len(),
        );
        let by = match &self.split {
            Some(split) => format!("the part validation of {}", split.display()),
            None => format!("drawn by the seed {}", self.seed),
        };
        let by = format!("{validation} samples, {by}");
        let l2 = trained.l2;
        let mut board = Scoreboard::default();
        board.lines.push(format!(
            "trained on {training} samples; L2 {l2} and {changed} thresholds were chosen by {by}, where scores flatter the stack"
        ));
        let mut compared = self.members_of(asked, packages);
        compared.push(mean);
        for part in [Part::Validation, Part::Test] {
            board.add(asked, part, &compared, &stack);
        }
        let count = packages.len();
        let how = format!(
            "One head over the features of {count} networks, trained on {training} fields."
        );
        let images = attribution(&set.samples, &set.credits);
        let whole = Whole {
            kind: "Stack",
            how,
            combination: Combination::SumOfLogits,
            thresholds: stack.thresholds.to_vec(),
            attribution: images.map(|images| format!("Training images: {images}")),
            licence: set.credits.licence.clone(),
            provenance: json!({
                "program": PROGRAM,
                "data": self.set.data.display().to_string(),
                "trained_on": training,
                "chosen_by": by,
                "l2": l2,
                "thresholds": format!("{changed} tuned on these, the others the means of the members'"),
                "members": packages.iter().map(origin).collect::<Vec<Value>>(),
            }),
            metrics: Value::Object(board.metrics),
        };
        (whole, board.lines)
    }

    /// The members as they were, with their own heads and thresholds.
    fn members_of(&self, asked: &Asked, packages: &[Package]) -> Vec<Compared> {
        let members = self.members.iter().zip(packages);
        let answers = asked.rows.iter().zip(&asked.thresholds);
        members
            .zip(answers)
            .map(|((folder, package), (rows, thresholds))| Compared {
                title: folder.display().to_string(),
                name: package.manifest().name.clone(),
                rows: rows.clone(),
                thresholds: *thresholds,
            })
            .collect()
    }
}

impl Asked {
    /// The places of the samples of a part.
    fn places(&self, part: Part) -> Vec<usize> {
        let places = 0..self.parts.len();
        places.filter(|at| self.parts[*at] == part).collect()
    }

    /// The samples of a part by their features.
    fn examples(&self, part: Part) -> Examples {
        let places = self.places(part);
        Examples {
            features: at(&places, &self.features),
            labels: at(&places, &self.labels),
        }
    }

    /// A model of these probabilities with thresholds that are tuned on the part validation, and how many are.
    fn tuned(&self, name: &str, rows: Vec<[f32; COUNT]>, others: &[f32]) -> (Compared, usize) {
        let places = self.places(Part::Validation);
        let (thresholds, changed) = tuned(&at(&places, &self.labels), &at(&places, &rows), others);
        let compared = Compared {
            title: name.to_owned(),
            name: name.to_owned(),
            rows,
            thresholds,
        };
        (compared, changed)
    }
}

impl Scoreboard {
    /// Adds the scores of a part, where there is any sample of it.
    fn add(&mut self, asked: &Asked, part: Part, others: &[Compared], stack: &Compared) {
        let places = asked.places(part);
        if places.is_empty() {
            return;
        }
        let labels = at(&places, &asked.labels);
        self.lines
            .push(format!("{part}, {} samples:", labels.len()));
        let mut score = |model: &Compared| {
            let scored = Scored::of(&labels, &at(&places, &model.rows), &model.thresholds);
            let line = format!("  {}: {}", model.title, scored.words());
            self.lines.push(line);
            scored.json()
        };
        let others = others
            .iter()
            .map(|model| (model.name.clone(), score(model)));
        let others: Map<String, Value> = others.collect();
        let stack = score(stack);
        self.metrics.insert(part.to_string(), stack);
        self.metrics
            .insert(format!("{part}_of_members"), Value::Object(others));
    }
}

/// What lies at these places.
fn at<T: Clone>(places: &[usize], all: &[T]) -> Vec<T> {
    places.iter().map(|at| all[*at].clone()).collect()
}

/// Equal shares.
fn equal(members: usize) -> Vec<f32> {
    vec![1.0 / members as f32; members]
}

/// The number of a member's features.
fn features(package: &Package) -> usize {
    package.manifest().network.architecture.features()
}

/// The package that a member was.
fn origin(package: &Package) -> Value {
    let Manifest { name, weights, .. } = package.manifest();
    json!({"name": name, "weights_sha256": weights.sha256})
}

/// The package with a part of a stack's head in place of its own.
fn with_head(package: &Package, head: &HeadPart) -> Result<Package> {
    let was = package.manifest();
    let names = was.network.names();
    let weights = with_pooling_head(package.weights(), names, &head.weight, &head.bias)?;
    let manifest = Manifest {
        limits: "A part of a stack, whose answers mean nothing by themselves.".to_owned(),
        network: NetworkConfig {
            head: HeadKind::Pooling,
            ..was.network.clone()
        },
        thresholds: vec![0.5; COUNT],
        provenance: json!({
            "program": PROGRAM,
            "head": "a part of a stack's",
            "backbone": origin(package),
            "backbone_from": was.provenance,
        }),
        metrics: Value::Null,
        ..was.clone()
    };
    with_known_answers(manifest, weights)
}
