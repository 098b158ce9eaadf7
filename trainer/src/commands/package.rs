//! `trainer package`: makes a model package of a run.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use cytolens::model::weights::Precision;
use cytolens::package::Package;

use crate::output::{note, say};
use crate::run::package::{NOT_STATED, PackageStatements, package_of};

/// Make a model package of a run
///
/// Writes manifest.json and weights.safetensors (f16), and checks that the package answers as the
/// run's network does. The page shows whom to name and the licence: those that the set states in
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
        };
        let package = package_of(&self.run, &statements, Precision::Half)?;
        package.write(&self.out)?;
        // The package that was written is the one that is read.
        Package::read(&self.out)?;
        let manifest = package.manifest();
        if manifest
            .attribution
            .iter()
            .any(|line| line.ends_with(NOT_STATED))
        {
            note!(
                "warning: nobody is named for the training images; --attribution TEXT names them"
            );
        }
        if manifest.licence == NOT_STATED {
            note!("warning: the package's licence is not stated; --licence TEXT states it");
        }
        say!(
            "the package is in {}: {} bytes of weights",
            self.out.display(),
            manifest.weights.bytes
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
