//! `trainer ensemble`: makes one package of several, whose networks answer together.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use cytolens::package::{
    ENSEMBLE, EnsembleManifest, MOST_MEMBERS, ModelPackage, Package, PackageError, WeightsEntry,
    mean_of_members,
};
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_core::mixture::{best_shares, log_loss};
use cytolens_core::package::FORMAT;
use cytolens_core::scores::{Scores, decide, score, tune_thresholds};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::files::claim_folder;
use cytolens_data::split::file::{Part, read_split};
use cytolens_report::evaluation::Predicted;
use cytolens_report::progress::progress;
use serde_json::{Map, Value, json};

use super::scored_model::ScoredModel;
use crate::commands::arguments::{ReadingArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note, say};

/// The samples that a location needs for its threshold to be tuned; with fewer, the best threshold would be chance.
const LEAST_POSITIVES: usize = 4;
/// The least share of a member: one that gets it counts next to nothing.
const LEAST_SHARE: f64 = 0.001;

/// Make one package of several, whose networks answer together
///
/// Folds, seeds, architectures, sizes, compositions: a probability is the mean of the members' probabilities, each by its share.
/// With labelled samples that no member was trained on, the shares are those of the least log loss and thresholds those of the highest
/// F1; without, the members count alike and thresholds are the means of theirs. The page and the other commands take the package like
/// any other. Features, as for similar fields, are those of the first member.
#[derive(Debug, Args)]
pub struct MakeEnsemble {
    /// A member's package, and how much its answer counts beside the others'; give it for each member
    #[arg(long = "member", value_name = "DIR[=SHARE]", required = true)]
    members: Vec<MemberArgument>,
    /// The ensemble's folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A labelled set, which no member was trained on, to set thresholds by, and shares unless they are given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Take the part validation alone of this table by `trainer split`
    #[arg(long, value_name = "FILE.csv", requires = "data")]
    split: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// The package's name; by default from its networks
    #[arg(long)]
    name: Option<String>,
    /// The limits of the whole, for the page's model card; by default those of its members
    #[arg(long, value_name = "TEXT")]
    limits: Option<String>,
    /// The package's licence; by default that of its members
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
    /// Threads that read fields ahead of the network; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

/// A member's folder, and its share where one is given.
#[derive(Debug, Clone, PartialEq)]
struct MemberArgument {
    folder: PathBuf,
    share: Option<f64>,
}

impl FromStr for MemberArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((folder, number)) = text.rsplit_once('=') else {
            return Ok(Self {
                folder: text.into(),
                share: None,
            });
        };
        let share: f64 = number
            .parse()
            .map_err(|_| format!("{number:?} after the = is no number"))?;
        if !(LEAST_SHARE..=1000.0).contains(&share) {
            return Err(format!(
                "a member counts {LEAST_SHARE} to 1000 times, not {share}"
            ));
        }
        Ok(Self {
            folder: folder.into(),
            share: Some(share),
        })
    }
}

/// How much each member counts, the thresholds of the whole, and where both are from.
struct Weighed {
    shares: Vec<f32>,
    thresholds: Vec<f32>,
    shares_from: String,
    thresholds_from: String,
    metrics: Value,
    /// What is said of each member and of the whole.
    lines: Vec<String>,
}

impl MakeEnsemble {
    /// Runs the command.
    ///
    /// # Errors
    /// If the members cannot be one ensemble, the set cannot be read, the device fails, or the package cannot be written.
    pub fn run(&self) -> Result<ExitCode> {
        let packages = self.packages()?;
        claim_folder(&self.out)?;
        let weighed = match &self.data {
            Some(data) => self.measured(data, &packages)?,
            None => self.unmeasured(&packages),
        };
        let ensemble = ModelPackage::ensemble(
            self.manifest(&packages, &weighed),
            &packages,
            &weighed.shares,
        )?;
        ensemble.write(&self.out)?;
        // The package that was written is the one that is read.
        ModelPackage::read(&self.out)?;
        for line in &weighed.lines {
            say!("{line}")?;
        }
        say!(
            "the ensemble of {} networks is in {}: {} bytes of weights",
            packages.len(),
            self.out.display(),
            ensemble.manifest().weights().bytes
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// Reads the members' packages.
    fn packages(&self) -> Result<Vec<Package>> {
        if let [only] = self.members.as_slice() {
            bail!(
                "an ensemble has two members at least, and {} is one: give --member for each",
                only.folder.display()
            );
        }
        if let Some(beyond) = self.members.get(MOST_MEMBERS) {
            bail!(
                "an ensemble has {MOST_MEMBERS} members at most, and {} would be one more",
                beyond.folder.display()
            );
        }
        let mut packages: Vec<Package> = Vec::new();
        for member in &self.members {
            let place = member.folder.display();
            let package = match Package::read(&member.folder) {
                Err(PackageError::Kind { found, .. }) if found == ENSEMBLE => bail!(
                    "the package in {place} is itself an ensemble: name its members in its place"
                ),
                read => read.with_context(|| format!("in {place}"))?,
            };
            let manifest = package.manifest();
            for (other, earlier) in packages.iter().zip(&self.members) {
                ensure!(
                    !other.manifest().is_same_network(manifest),
                    "the member {place} is given twice: the package in {} is the same network",
                    earlier.folder.display()
                );
                ensure!(
                    other.manifest().labels == manifest.labels,
                    "the package in {place} is for other labels than the one in {}",
                    earlier.folder.display()
                );
            }
            packages.push(package);
        }
        Ok(packages)
    }

    /// The shares as they are given, a member without a number counting 1; none where no number is given.
    fn given(&self) -> Option<Vec<f64>> {
        let is_given = self.members.iter().any(|member| member.share.is_some());
        let shares = self.members.iter();
        is_given.then(|| shares.map(|member| member.share.unwrap_or(1.0)).collect())
    }

    /// Shares and thresholds without samples.
    fn unmeasured(&self, packages: &[Package]) -> Weighed {
        let given = self.given();
        let shares_from = match &given {
            Some(_) => "given",
            None => "equal",
        };
        let shares = normalised(&given.unwrap_or_else(|| vec![1.0; packages.len()]));
        let members = self.members.iter().zip(&shares);
        Weighed {
            lines: members
                .map(|(member, share)| format!("{share:.3} {}", member.folder.display()))
                .collect(),
            thresholds: mean_thresholds(&shares, packages),
            shares,
            shares_from: shares_from.to_owned(),
            thresholds_from: "the means of the members'".to_owned(),
            metrics: json!({}),
        }
    }

    /// Shares and thresholds by labelled samples.
    fn measured(&self, data: &Path, packages: &[Package]) -> Result<Weighed> {
        let set = Dataset::open(data, &self.reading.reading())?;
        for fault in &set.faults {
            note!("left out: {fault}");
        }
        let samples = self.chosen(&set.samples)?;
        let device = self.device.open()?;
        let (mut predicted, mut own) = (Vec::new(), Vec::new());
        for member in &self.members {
            // One network at a time is in memory.
            let model = ScoredModel::of_package(&member.folder, device.clone())?;
            let bar = progress(samples.len(), "Asking a member");
            let (answers, faults) = model.predicted(&samples, workers(self.workers), &bar)?;
            bar.finish();
            for fault in &faults {
                note!("left out: {}: {fault}", member.folder.display());
            }
            predicted.push(answers);
            own.push(model.thresholds);
        }
        let (truth, networks) = read_by_all(&predicted);
        ensure!(
            !truth.is_empty(),
            "no sample of {} could be read by every member",
            data.display()
        );

        let of = format!("{} samples of {}", truth.len(), data.display());
        let (shares, shares_from) = match self.given() {
            Some(given) => (normalised(&given), "given".to_owned()),
            None => (
                normalised(&best_shares(&truth, &networks)),
                format!("the least log loss on {of}"),
            ),
        };
        let whole: Vec<[f32; COUNT]> = (0..truth.len())
            .map(|sample| {
                std::array::from_fn(|class| {
                    let parts = shares.iter().zip(&networks);
                    let mean: f32 = parts.map(|(share, rows)| share * rows[sample][class]).sum();
                    mean.clamp(0.0, 1.0)
                })
            })
            .collect();
        let mut thresholds = [0.5; COUNT];
        thresholds.copy_from_slice(&mean_thresholds(&shares, packages));
        let tuned = tune_thresholds(&truth, &whole, LEAST_POSITIVES, 0.5);
        let mut changed = 0;
        for (class, (threshold, tuned)) in thresholds.iter_mut().zip(tuned).enumerate() {
            let positives = truth.iter().filter(|set| set.contains(class));
            if positives.count() >= LEAST_POSITIVES {
                *threshold = tuned;
                changed += 1;
            }
        }

        let mut lines = Vec::new();
        let mut members = Map::new();
        let parts = packages.iter().zip(&self.members).zip(&networks);
        for (((package, member), rows), (thresholds, share)) in parts.zip(own.iter().zip(&shares)) {
            let scored = Scored::of(&truth, rows, thresholds);
            lines.push(format!(
                "{share:.3} {}: {}",
                member.folder.display(),
                scored.words()
            ));
            members.insert(package.manifest().name.clone(), scored.json());
        }
        let scored = Scored::of(&truth, &whole, &thresholds);
        lines.push(format!("the ensemble: {}", scored.words()));
        lines.push(format!(
            "its shares and {changed} of its thresholds were chosen on these {of}: score it on others"
        ));
        Ok(Weighed {
            shares,
            thresholds: thresholds.to_vec(),
            shares_from,
            thresholds_from: format!(
                "{changed} tuned on {of}, the others the means of the members'"
            ),
            metrics: json!({"validation": scored.json(), "validation_of_members": members}),
            lines,
        })
    }

    /// The samples to weigh by.
    fn chosen<'a>(&self, samples: &'a [Sample]) -> Result<Vec<&'a Sample>> {
        let Some(file) = &self.split else {
            return Ok(samples.iter().collect());
        };
        let ids = samples.iter().map(|sample| sample.field.id.as_str());
        let (parts, gone) = read_split(file)?.parts_of(ids)?;
        for fault in gone {
            note!("left out: {fault}");
        }
        let of_validation = samples
            .iter()
            .zip(parts)
            .filter(|(_, part)| *part == Part::Validation);
        let chosen: Vec<&Sample> = of_validation.map(|(sample, _)| sample).collect();
        ensure!(
            !chosen.is_empty(),
            "no sample of the set is in the part validation of {}",
            file.display()
        );
        Ok(chosen)
    }

    /// The ensemble's manifest, without its members and the weights' checksum.
    fn manifest(&self, packages: &[Package], weighed: &Weighed) -> EnsembleManifest {
        let manifests = || packages.iter().map(Package::manifest);
        let count = packages.len();
        let titles = once(manifests().map(|it| it.network.architecture.title().to_owned()));
        let limits = once(manifests().map(|it| it.limits.clone()));
        let licences = once(manifests().map(|it| it.licence.clone()));
        EnsembleManifest {
            kind: ENSEMBLE.to_owned(),
            format: FORMAT,
            name: self
                .name
                .clone()
                .unwrap_or_else(|| format!("Ensemble of {count}: {}", titles.join(", "))),
            limits: self.limits.clone().unwrap_or_else(|| {
                format!(
                    "The mean of the answers of {count} networks. {}",
                    limits.join(" ")
                )
            }),
            licence: self.licence.clone().unwrap_or_else(|| licences.join("; ")),
            attribution: once(manifests().flat_map(|it| it.attribution.iter().cloned())),
            labels: manifests()
                .next()
                .map(|it| it.labels.clone())
                .unwrap_or_default(),
            thresholds: weighed.thresholds.clone(),
            members: Vec::new(),
            weights: WeightsEntry::default(),
            provenance: json!({
                "program": concat!("cytolens trainer ", env!("CARGO_PKG_VERSION")),
                "shares": weighed.shares_from,
                "thresholds": weighed.thresholds_from,
            }),
            metrics: weighed.metrics.clone(),
        }
    }
}

/// The scores of one model's answers.
struct Scored {
    scores: Scores,
    log_loss: f64,
}

impl Scored {
    fn of(truth: &[LabelSet], rows: &[[f32; COUNT]], thresholds: &[f32; COUNT]) -> Self {
        let decided: Vec<LabelSet> = rows.iter().map(|row| decide(row, thresholds)).collect();
        Self {
            scores: score(truth, &decided),
            log_loss: log_loss(truth, rows).unwrap_or_default(),
        }
    }

    fn words(&self) -> String {
        format!(
            "log loss {:.4}, macro-F1 {:.4} over the {} locations that occur",
            self.log_loss, self.scores.macro_f1_present, self.scores.classes_present
        )
    }

    fn json(&self) -> Value {
        json!({
            "samples": self.scores.samples,
            "log_loss": self.log_loss,
            "macro_f1": self.scores.macro_f1,
            "macro_f1_present": self.scores.macro_f1_present,
            "classes_present": self.scores.classes_present,
            "micro_f1": self.scores.micro_f1,
            "exact_match": self.scores.exact_match,
        })
    }
}

/// The true labels, and every member's probabilities, of the samples that all members could read.
fn read_by_all(predicted: &[Predicted]) -> (Vec<LabelSet>, Vec<Vec<[f32; COUNT]>>) {
    let rows: Vec<BTreeMap<&str, &[f32; COUNT]>> = predicted
        .iter()
        .map(|it| {
            let ids = it.ids.iter().map(String::as_str);
            ids.zip(&it.probabilities).collect()
        })
        .collect();
    let mut truth = Vec::new();
    let mut networks = vec![Vec::new(); predicted.len()];
    let first = predicted.iter().take(1);
    for (id, labels) in first.flat_map(|it| it.ids.iter().zip(&it.truth)) {
        let found = rows.iter().map(|rows| rows.get(id.as_str()).copied());
        if let Some(found) = found.collect::<Option<Vec<_>>>() {
            truth.push(*labels);
            for (network, row) in networks.iter_mut().zip(found) {
                network.push(*row);
            }
        }
    }
    (truth, networks)
}

/// Shares of the sum 1, none of which is nothing.
fn normalised(shares: &[f64]) -> Vec<f32> {
    let sum: f64 = shares.iter().sum();
    let shares: Vec<f64> = shares
        .iter()
        .map(|it| (it / sum).max(LEAST_SHARE))
        .collect();
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|it| (it / sum) as f32).collect()
}

/// The means of the members' thresholds by their shares.
fn mean_thresholds(shares: &[f32], packages: &[Package]) -> Vec<f32> {
    let thresholds = packages.iter().map(|it| it.manifest().thresholds.clone());
    let thresholds: Vec<Vec<f32>> = thresholds.collect();
    mean_of_members(shares, &thresholds)
}

/// Each text once, in order.
fn once(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_may_have_a_share() {
        let member = |text: &str| text.parse::<MemberArgument>();
        let expected = |folder: &str, share| {
            let folder = folder.into();
            Ok(MemberArgument { folder, share })
        };
        assert_eq!(member("a/b"), expected("a/b", None));
        assert_eq!(member("a/b=2.5"), expected("a/b", Some(2.5)));
        for (text, named) in [("a=much", "much"), ("a=0", "0.001 to 1000"), ("a=-1", "-1")] {
            assert!(member(text).expect_err("a refusal").contains(named));
        }
    }

    #[test]
    fn shares_add_up_to_one_and_none_is_nothing() {
        assert_eq!(normalised(&[3.0, 1.0]), [0.75, 0.25]);
        let shares = normalised(&[1.0, 0.0]);
        assert!(shares[1] > 0.0009 && shares.iter().sum::<f32>() > 0.9999);
    }

    #[test]
    fn samples_that_one_member_could_not_read_do_not_count() {
        let of = |ids: &[&str]| {
            let mut predicted = Predicted::default();
            for id in ids {
                let probability = f32::from(id.as_bytes()[0] - b'a') / 10.0;
                predicted
                    .push(*id, LabelSet::default(), [probability; COUNT])
                    .expect("a probability");
            }
            predicted
        };
        let (truth, networks) = read_by_all(&[of(&["b", "c", "d"]), of(&["d", "b"])]);
        assert_eq!(truth.len(), 2);
        assert_eq!(networks[0], [[0.1; COUNT], [0.3; COUNT]]);
        assert_eq!(networks[1], networks[0]);
        assert!(read_by_all(&[]).0.is_empty());
    }
}
