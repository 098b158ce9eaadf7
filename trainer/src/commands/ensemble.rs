//! `trainer ensemble`: makes one package of several, whose networks answer together.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Result, ensure};
use clap::Args;
use cytolens::package::{Combination, ModelPackage, Package};
use cytolens_core::labels::COUNT;
use cytolens_core::mixture::best_shares;
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::files::claim_folder;
use cytolens_data::split::file::Part;
use cytolens_report::evaluation::Predicted;
use serde_json::{Map, Value, json};

use super::members::{
    Scored, Whole, WholeArguments, answers_at, ask_each, mean_rows, mean_thresholds, read_by_all,
    read_members, write_whole,
};
use super::parts::parts_by;
use super::thresholds::tuned;
use crate::commands::arguments::{ReadingArguments, workers};
use crate::device::DeviceChoice;
use crate::output::note_left_out;

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
    #[command(flatten)]
    whole: WholeArguments,
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
        let packages = read_members(&self.folders(), "an ensemble")?;
        claim_folder(&self.out)?;
        let weighed = match &self.data {
            Some(data) => self.measured(data, &packages)?,
            None => self.unmeasured(&packages),
        };
        let Weighed { shares, lines, .. } = &weighed;
        let manifest = self.whole.manifest(&packages, whole(&packages, &weighed));
        let ensemble = ModelPackage::ensemble(manifest, &packages, shares)?;
        write_whole(&ensemble, "ensemble", &self.out, lines)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The members' folders.
    fn folders(&self) -> Vec<&Path> {
        self.members.iter().map(|it| it.folder.as_path()).collect()
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
        note_left_out(&set.faults);
        let samples = self.chosen(&set.samples)?;
        let asked = ask_each(
            &self.folders(),
            &self.device,
            samples.len(),
            |model, bar| model.predicted(&samples, workers(self.workers), bar),
        )?;
        let (predicted, own): (Vec<Predicted>, Vec<[f32; COUNT]>) = asked.into_iter().unzip();
        let predicted: Vec<&Predicted> = predicted.iter().collect();
        let (truth, networks) = answers_at(&predicted, &read_by_all(&predicted));
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
        let whole = mean_rows(&shares, &networks);
        let (thresholds, changed) = tuned(&truth, &whole, &mean_thresholds(&shares, packages));

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
        let parts = parts_by(file, samples)?;
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
}

/// What is said of the whole.
fn whole(packages: &[Package], weighed: &Weighed) -> Whole {
    Whole {
        kind: "Ensemble",
        how: format!("The mean of the answers of {} networks.", packages.len()),
        combination: Combination::MeanOfProbabilities,
        thresholds: weighed.thresholds.clone(),
        attribution: None,
        licence: None,
        provenance: json!({
            "program": concat!("cytolens trainer ", env!("CARGO_PKG_VERSION")),
            "shares": weighed.shares_from,
            "thresholds": weighed.thresholds_from,
        }),
        metrics: weighed.metrics.clone(),
    }
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
}
