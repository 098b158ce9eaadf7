//! `trainer export`: writes a model for other tools, as ONNX and as weights under torchvision's names.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use cytolens::model::Network;
use cytolens::model::weights::{self, Precision};
use cytolens::package::Package;

use crate::export::onnx;
use crate::output::say;
use crate::run::package::{PackageStatements, package_of};

/// Write a model for other tools
///
/// model.onnx takes planes from 0 to 1 and gives logits and probabilities; the package's manifest, with
/// labels and thresholds, is in its metadata. weights.safetensors holds the network's tensors in
/// f32 under torchvision's names (timm's for Inception-ResNet-v2). docs/exchange.md shows how to load
/// both.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    source: Source,
    /// The folder for the files; it must not hold any of them
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The files to write
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "onnx,safetensors"
    )]
    format: Vec<Format>,
}

/// The model to export.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// A model package
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// A run that has ended
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// model.onnx
    Onnx,
    /// weights.safetensors
    Safetensors,
}

impl Format {
    fn file_name(self) -> &'static str {
        match self {
            Self::Onnx => "model.onnx",
            Self::Safetensors => "weights.safetensors",
        }
    }
}

impl Export {
    /// Runs the command. Nothing is written if one of the files exists.
    pub fn run(&self) -> Result<ExitCode> {
        let paths: Vec<PathBuf> = self
            .format
            .iter()
            .map(|format| self.out.join(format.file_name()))
            .collect();
        if let Some(taken) = paths.iter().find(|path| path.exists()) {
            bail!("{} exists already; nothing was written", taken.display());
        }
        let package = self.source.package()?;
        let manifest = package.manifest();
        let network = Network::of_package(&package, &Device::flex())?;
        let tensors =
            weights::to_safetensors(&network, manifest.network.names(), Precision::Single)?;
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("cannot make the folder {}", self.out.display()))?;
        for (format, path) in self.format.iter().zip(&paths) {
            match format {
                Format::Onnx => {
                    write(path, &onnx::model(manifest, &tensors)?)?;
                    say!(
                        "{}: {} with its normalisation, operator set {}; in: {}, out: {}",
                        path.display(),
                        manifest.network.architecture.title(),
                        onnx::OPERATOR_SET,
                        onnx::INPUT,
                        onnx::OUTPUTS.join(" and ")
                    )?;
                }
                Format::Safetensors => {
                    write(path, &tensors)?;
                    say!(
                        "{}: {} weights, f32; mean {:?}, standard deviation {:?}",
                        path.display(),
                        manifest.network.architecture.title(),
                        manifest.mean,
                        manifest.std
                    )?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Source {
    fn package(&self) -> Result<Package> {
        match (&self.model, &self.run) {
            (Some(folder), _) => {
                Package::read(folder).with_context(|| format!("in {}", folder.display()))
            }
            (None, Some(run)) => package_of(run, &PackageStatements::default(), Precision::Single),
            (None, None) => bail!("--model or --run must say what to export"),
        }
    }
}

/// Writes a file that must be new.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    File::create_new(path)
        .and_then(|mut file| file.write_all(bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}
