//! `trainer export`: writes a model for other tools, as ONNX and as weights under torchvision's names.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use cytolens::model::weights::{self, Precision};
use cytolens::model::{Names, Network};
use cytolens::package::{Package, PackageError};
use cytolens_cells::CellsPackage;

use crate::cells::package::{self as cells, is_cells_run};
use crate::export::onnx;
use crate::output::say;
use crate::run::package::{PackageStatements, package_of};
use crate::unet::package::unet_of;

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
        if let Some(cells) = self.source.cells()? {
            return self.write_cells(&cells, &paths);
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

impl Export {
    /// Writes the files of a cells package.
    fn write_cells(&self, package: &CellsPackage, paths: &[PathBuf]) -> Result<ExitCode> {
        let manifest = package.manifest();
        let network = unet_of(
            &manifest.network,
            package.weights().to_vec(),
            &Device::flex(),
        )?;
        let tensors = weights::to_safetensors(&network, Names::plain(), Precision::Single)?;
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("cannot make the folder {}", self.out.display()))?;
        for (format, path) in self.format.iter().zip(paths) {
            match format {
                Format::Onnx => write(path, &onnx::cells_model(manifest, &tensors)?)?,
                Format::Safetensors => write(path, &tensors)?,
            }
            say!("{}: U-Net, which finds cells", path.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Source {
    /// The cells package, where the source is one or a run that trained one.
    fn cells(&self) -> Result<Option<CellsPackage>> {
        match (&self.model, &self.run) {
            (Some(folder), _) => match CellsPackage::read(folder) {
                // What is no package at all is reported as such by the reader of the other kind.
                Err(PackageError::Kind { .. } | PackageError::File { .. }) => Ok(None),
                read => Ok(Some(
                    read.with_context(|| format!("in {}", folder.display()))?,
                )),
            },
            (None, Some(run)) if is_cells_run(run) => {
                Ok(Some(cells::package_of(run, &PackageStatements::default())?))
            }
            _ => Ok(None),
        }
    }

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
