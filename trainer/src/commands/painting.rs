//! Painters in commands: the package to read, and the painting of a channel that fields lack.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use cytolens::package::ModelManifest;
use cytolens_cells::painter::{Painter, PainterPackage};
use cytolens_kernels::Processor;

use crate::output::note;

/// The painting of a channel that fields lack.
#[derive(Debug, Clone, Default, Args)]
pub struct PainterArguments {
    /// Have this painter's package paint the channel that it paints, where a field lacks it and has those that it reads. What is
    /// painted is a guess, and is marked
    #[arg(long, value_name = "DIR")]
    painter: Option<PathBuf>,
}

impl PainterArguments {
    /// Reads the painter, where one is asked for, and notes what speaks against it.
    ///
    /// # Errors
    /// If it is no painter's package, or the model does not look at what it paints.
    pub fn open(&self, model: &ModelManifest) -> Result<Option<Painter>> {
        let Some(folder) = &self.painter else {
            return Ok(None);
        };
        let painter = painter_of(folder)?;
        let manifest = painter.manifest();
        let paint = manifest.channels.paint;
        let mut members = model.members().into_iter();
        ensure!(
            members.any(|member| member.composition.channels().contains(&paint)),
            "{} paints {paint}, at which the model {} does not look",
            folder.display(),
            model.name()
        );
        match manifest.beats_mix() {
            Some(true) => {}
            Some(false) => note!(
                "warning: by its own scores the painter {} is no better than a linear mix of the channels",
                manifest.name
            ),
            None => note!(
                "warning: the painter {} states no scores, so nobody knows whether it is better than a linear mix of the channels",
                manifest.name
            ),
        }
        Ok(Some(painter))
    }
}

/// Reads a painter's package.
///
/// # Errors
/// Naming the folder, for one that is none, and for one whose network computes wrongly.
pub fn painter_of(folder: &Path) -> Result<Painter> {
    let in_folder = || format!("in {}", folder.display());
    let package = PainterPackage::read(folder).with_context(in_folder)?;
    Painter::new(&package, Processor::best()).with_context(in_folder)
}
