//! What the commands share that make one package of several: its members, their answers for labelled samples, the manifest of the
//! whole.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use cytolens::package::{
    Combination, ENSEMBLE, EnsembleManifest, MOST_MEMBERS, ModelPackage, Package, PackageError,
    WeightsEntry, mean_of_members,
};
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_core::mixture::log_loss;
use cytolens_core::package::FORMAT;
use cytolens_core::scores::{Scores, decide, score};
use cytolens_data::fault::Fault;
use cytolens_report::evaluation::Predicted;
use cytolens_report::progress::progress;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::scored_model::ScoredModel;
use crate::device::DeviceChoice;
use crate::output::{note, say};

/// What a person says of the whole package.
#[derive(Debug, Clone, Args)]
pub struct WholeArguments {
    /// The package's name; by default from its networks
    #[arg(long)]
    name: Option<String>,
    /// The limits of the whole, for the page's model card; by default those of its members
    #[arg(long, value_name = "TEXT")]
    limits: Option<String>,
    /// The package's licence; by default that of its members
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
}

/// What a command says of the whole package that it makes.
#[derive(Debug, Clone)]
pub struct Whole {
    /// What it is, to begin its name with: an ensemble, a stack.
    pub kind: &'static str,
    /// How it answers, a sentence to begin its limits with.
    pub how: String,
    /// The way in which the members' answers become one.
    pub combination: Combination,
    /// The thresholds, one a class.
    pub thresholds: Vec<f32>,
    /// Whom to name beside those of the members.
    pub attribution: Option<String>,
    /// A licence beside those of the members.
    pub licence: Option<String>,
    /// Where shares, heads and thresholds are from.
    pub provenance: Value,
    /// The scores of the whole.
    pub metrics: Value,
}

impl WholeArguments {
    /// The manifest of the whole, without its members and the weights' checksum.
    pub fn manifest(&self, packages: &[Package], whole: Whole) -> EnsembleManifest {
        let manifests = || packages.iter().map(Package::manifest);
        let count = packages.len();
        let titles = once(manifests().map(|it| it.network.architecture.title().to_owned()));
        let limits = once(manifests().map(|it| it.limits.clone()));
        let licences = once(
            manifests()
                .map(|it| it.licence.clone())
                .chain(whole.licence),
        );
        let names = manifests().flat_map(|it| it.attribution.iter().cloned());
        EnsembleManifest {
            kind: ENSEMBLE.to_owned(),
            format: FORMAT,
            name: self
                .name
                .clone()
                .unwrap_or_else(|| format!("{} of {count}: {}", whole.kind, titles.join(", "))),
            limits: self
                .limits
                .clone()
                .unwrap_or_else(|| format!("{} {}", whole.how, limits.join(" "))),
            licence: self.licence.clone().unwrap_or_else(|| licences.join("; ")),
            attribution: once(names.chain(whole.attribution)),
            labels: manifests()
                .next()
                .map(|it| it.labels.clone())
                .unwrap_or_default(),
            thresholds: whole.thresholds,
            combination: whole.combination,
            members: Vec::new(),
            weights: WeightsEntry::default(),
            provenance: whole.provenance,
            metrics: whole.metrics,
        }
    }
}

/// Reads the packages of members of what `whole` names: an ensemble, a stack.
///
/// # Errors
/// If they are fewer than two or too many, one cannot be read, is an ensemble itself or given twice, or their labels differ.
pub fn read_members(members: &[&Path], whole: &str) -> Result<Vec<Package>> {
    if let [only] = members {
        bail!(
            "{whole} has two members at least, and {} is one: give --member for each",
            only.display()
        );
    }
    if let Some(beyond) = members.get(MOST_MEMBERS) {
        bail!(
            "{whole} has {MOST_MEMBERS} members at most, and {} would be one more",
            beyond.display()
        );
    }
    let mut packages: Vec<Package> = Vec::new();
    for member in members {
        let place = member.display();
        let package = match Package::read(member) {
            Err(PackageError::Kind { found, .. }) if found == ENSEMBLE => {
                bail!("the package in {place} is itself an ensemble: name its members in its place")
            }
            read => read.with_context(|| format!("in {place}"))?,
        };
        let manifest = package.manifest();
        for (other, earlier) in packages.iter().zip(members) {
            ensure!(
                !other.manifest().is_same_network(manifest),
                "the member {place} is given twice: the package in {} is the same network",
                earlier.display()
            );
            ensure!(
                other.manifest().labels == manifest.labels,
                "the package in {place} is for other labels than the one in {}",
                earlier.display()
            );
        }
        packages.push(package);
    }
    Ok(packages)
}

/// Writes the package of the whole, which `what` names, as an ensemble or a stack, and says what there is to say of it.
///
/// # Errors
/// If it cannot be written, or read again.
pub fn write_whole(whole: &ModelPackage, what: &str, out: &Path, lines: &[String]) -> Result<()> {
    whole.write(out)?;
    // The package that was written is the one that is read.
    ModelPackage::read(out)?;
    for line in lines {
        say!("{line}")?;
    }
    say!(
        "the {what} of {} networks is in {}: {} bytes of weights",
        whole.manifest().members().len(),
        out.display(),
        whole.manifest().weights().bytes
    )?;
    Ok(())
}

/// What `ask` gives for each member with the member's own thresholds. Its faults are noted. One network at a time is in memory.
///
/// # Errors
/// If a member cannot be opened, and those of `ask`.
pub fn ask_each<T>(
    members: &[&Path],
    device: &DeviceChoice,
    samples: usize,
    ask: impl Fn(&ScoredModel, &ProgressBar) -> Result<(T, Vec<Fault>)>,
) -> Result<Vec<(T, [f32; COUNT])>> {
    let device = device.open()?;
    let one = |member: &&Path| -> Result<(T, [f32; COUNT])> {
        let model = ScoredModel::of_package(member, device.clone())?;
        let bar = progress(samples, "Asking a member");
        let (answers, faults) = ask(&model, &bar)?;
        bar.finish();
        for fault in &faults {
            note!("left out: {}: {fault}", member.display());
        }
        Ok((answers, model.thresholds))
    };
    members.iter().map(one).collect()
}

/// For each sample that all members could read, its place among the answers of each.
pub fn read_by_all(predicted: &[&Predicted]) -> Vec<Vec<usize>> {
    let places: Vec<BTreeMap<&str, usize>> = predicted
        .iter()
        .map(|it| it.ids.iter().map(String::as_str).zip(0..).collect())
        .collect();
    let ids = predicted.iter().take(1).flat_map(|first| &first.ids);
    ids.filter_map(|id| {
        let found = places.iter().map(|places| places.get(id.as_str()).copied());
        found.collect()
    })
    .collect()
}

/// The true labels of the samples at such places, and the probabilities that every member gave for them.
pub fn answers_at(
    predicted: &[&Predicted],
    places: &[Vec<usize>],
) -> (Vec<LabelSet>, Vec<Vec<[f32; COUNT]>>) {
    let first = predicted.iter().take(1);
    let truth = first.flat_map(|it| places.iter().map(move |at| it.truth[at[0]]));
    let members = predicted.iter().enumerate().map(|(member, it)| {
        let rows = places.iter().map(|at| it.probabilities[at[member]]);
        rows.collect()
    });
    (truth.collect(), members.collect())
}

/// The mean of the members' probabilities by their shares.
pub fn mean_rows(shares: &[f32], members: &[Vec<[f32; COUNT]>]) -> Vec<[f32; COUNT]> {
    let count = members.first().map_or(0, Vec::len);
    (0..count)
        .map(|sample| {
            std::array::from_fn(|class| {
                let parts = shares.iter().zip(members);
                let mean: f32 = parts.map(|(share, rows)| share * rows[sample][class]).sum();
                mean.clamp(0.0, 1.0)
            })
        })
        .collect()
}

/// The means of the members' thresholds by their shares.
pub fn mean_thresholds(shares: &[f32], packages: &[Package]) -> Vec<f32> {
    let thresholds = packages.iter().map(|it| it.manifest().thresholds.clone());
    let thresholds: Vec<Vec<f32>> = thresholds.collect();
    mean_of_members(shares, &thresholds)
}

/// The scores of one model's answers.
#[derive(Debug)]
pub struct Scored {
    scores: Scores,
    log_loss: f64,
}

impl Scored {
    /// Scores answers by thresholds.
    pub fn of(truth: &[LabelSet], rows: &[[f32; COUNT]], thresholds: &[f32; COUNT]) -> Self {
        let decided: Vec<LabelSet> = rows.iter().map(|row| decide(row, thresholds)).collect();
        Self {
            scores: score(truth, &decided),
            log_loss: log_loss(truth, rows).unwrap_or_default(),
        }
    }

    /// The scores in words.
    pub fn words(&self) -> String {
        format!(
            "log loss {:.4}, macro-F1 {:.4} over the {} locations that occur",
            self.log_loss, self.scores.macro_f1_present, self.scores.classes_present
        )
    }

    /// The scores for a manifest.
    pub fn json(&self) -> Value {
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
    fn samples_that_one_member_could_not_read_do_not_count() {
        let of = |ids: &[&str]| {
            let mut predicted = Predicted::default();
            for id in ids {
                let class = usize::from(id.as_bytes()[0] - b'a');
                let labels = LabelSet::from_classes([class]).expect("a class");
                predicted
                    .push(*id, labels, [class as f32 / 10.0; COUNT])
                    .expect("a probability");
            }
            predicted
        };
        let (first, second) = (of(&["b", "c", "d"]), of(&["d", "b"]));
        let both = [&first, &second];
        let places = read_by_all(&both);
        assert_eq!(places, [[0, 1], [2, 0]]);
        let (truth, members) = answers_at(&both, &places);
        let classes = truth.iter().flat_map(|set| set.classes());
        assert_eq!(classes.collect::<Vec<_>>(), [1, 3]);
        assert_eq!(members[0], [[0.1; COUNT], [0.3; COUNT]]);
        assert_eq!(members[1], members[0]);
        assert!(read_by_all(&[]).is_empty());
    }
}
