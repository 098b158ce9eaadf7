//! `trainer package`: makes a model package of a run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use cytolens::model::weights::Precision;
use cytolens::package::Package;
use cytolens_cells::CellsPackage;
use cytolens_cells::painter::PainterPackage;
use serde_json::{Value, json};

use crate::cells;
use crate::output::{note, say};
use crate::painter;
use crate::run::package::{NOT_STATED, PackageStatements, package_of};

/// Make a model package of a run
///
/// Writes manifest.json and weights.safetensors (f16), and checks that the package answers as the
/// run's network does. A run of `trainer train-cells` makes a cells package, one of `trainer train-painter` a painter's. The page shows whom to name and the licence: those that the set states in
/// set.toml, and those given here.
#[derive(Debug, Args)]
pub struct MakePackage {
    /// The run's folder
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// The package's folder; must not hold a package
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The package's name; by default from the network and the number of fields
    #[arg(long)]
    name: Option<String>,
    /// Whom to name wherever the package is used; can be given again
    #[arg(long, value_name = "TEXT")]
    attribution: Vec<String>,
    /// The model's limits, for the page's model card; by default what the run can tell
    #[arg(long, value_name = "TEXT")]
    limits: Option<String>,
    /// Scores for the model card: the name of their samples and a report by `trainer evaluate`, or the file of `trainer
    /// score-cells` or `trainer score-painter`; can be given again
    #[arg(long, value_name = "NAME=DIR")]
    scores: Vec<String>,
    /// The package's licence, such as CC-BY-4.0; by default that of the training images
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
}

impl MakePackage {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let statements = PackageStatements {
            name: self.name.clone(),
            attribution: self.attribution.clone(),
            licence: self.licence.clone(),
            limits: self.limits.clone(),
            scores: self
                .scores
                .iter()
                .map(|text| scores(text))
                .collect::<Result<_>>()?,
        };
        let (attribution, licence, weights) = if cells::package::is_cells_run(&self.run) {
            let package = cells::package::package_of(&self.run, &statements)?;
            package.write(&self.out)?;
            // The package that was written is the one that is read.
            CellsPackage::read(&self.out)?;
            let manifest = package.manifest().clone();
            (manifest.attribution, manifest.licence, manifest.weights)
        } else if painter::package::is_painter_run(&self.run) {
            let package = painter::package::package_of(&self.run, &statements)?;
            package.write(&self.out)?;
            PainterPackage::read(&self.out)?;
            let manifest = package.manifest().clone();
            (manifest.attribution, manifest.licence, manifest.weights)
        } else {
            let package = package_of(&self.run, &statements, Precision::Half)?;
            package.write(&self.out)?;
            Package::read(&self.out)?;
            let manifest = package.manifest().clone();
            (manifest.attribution, manifest.licence, manifest.weights)
        };
        if attribution.iter().any(|line| line.ends_with(NOT_STATED)) {
            note!(
                "warning: nobody is named for the training images; --attribution TEXT names them"
            );
        }
        if licence == NOT_STATED {
            note!("warning: the package's licence is not stated; --licence TEXT states it");
        }
        say!(
            "the package is in {}: {} bytes of weights",
            self.out.display(),
            weights.bytes
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The samples' name and the scores that a model card shows of a report, from `NAME=DIR`.
fn scores(text: &str) -> Result<(String, Value)> {
    let (name, folder) = text
        .split_once('=')
        .with_context(|| format!("--scores wants NAME=DIR, not {text:?}"))?;
    let path = Path::new(folder);
    if path.is_file() {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let scores =
            serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        return Ok((name.to_owned(), scores));
    }
    let path = path.join("evaluation.json");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("no report by `trainer evaluate`: {}", path.display()))?;
    let report: Value =
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let evaluation = &report["evaluation"];
    let of_classes = |key: &str| -> Option<Vec<&Value>> {
        let classes = evaluation["classes"].as_array()?;
        Some(classes.iter().map(|class| &class[key]).collect())
    };
    let mut scores = json!({
        "samples": evaluation["scores"]["samples"],
        "label_ranking": evaluation["label_ranking_average_precision"],
        "macro_f1_present": evaluation["estimates"]["macro_f1_present"],
        "classes_present": evaluation["scores"]["classes_present"],
        "expected_calibration_error": evaluation["expected_calibration_error"],
        "f1": of_classes("f1"),
        "average_precision": of_classes("average_precision"),
    });
    let frequencies = &evaluation["frequencies"]["label_ranking_average_precision"];
    if frequencies.is_object() {
        scores["label_ranking_of_frequencies"] = frequencies.clone();
    }
    Ok((name.to_owned(), scores))
}
