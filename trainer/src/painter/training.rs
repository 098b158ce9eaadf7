//! The training of a painter.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;
use cytolens_cells::UNetNetwork;
use cytolens_cells::painter::{Baselines, KIND, Painting};
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_data::painter::PainterExamples;
use cytolens_kernels::Processor;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::likeness::Likeness;
use super::recipe::PainterRecipe;
use super::survey::KnownField;
use crate::unet::package::{Stated, UNetSummary};
use crate::unet::training::{Goal, UNetRun, UNetTraining, Validation, readable};

/// The summary of a run that has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PainterSummary {
    /// What every U-Net's run states.
    #[serde(flatten)]
    pub trained: UNetSummary,
    /// The channels that are read, and the one that is painted.
    pub channels: Painting,
    /// The levels of samples, as shares of the brightest, that 0 and 1 of the painted channel become.
    pub levels: [f32; 2],
    /// What the painter has to beat.
    pub baselines: Baselines,
}

/// A training about to be run.
#[derive(Debug)]
pub struct PainterTraining<'a> {
    /// The recipe.
    pub recipe: &'a PainterRecipe,
    /// The fields of the first set to train on.
    pub train: Vec<FieldOnDisk>,
    /// The fields of further sets to train on.
    pub further: Vec<FieldOnDisk>,
    /// The fields of the first set by which the best epoch is chosen.
    pub validation: Vec<FieldOnDisk>,
    /// The levels of samples that 0 and 1 of the painted channel become.
    pub levels: [f32; 2],
    /// What the painter has to beat.
    pub baselines: Baselines,
    /// The attribution and licence of the images.
    pub stated: Stated,
    /// Where it is kept, and by what it is computed.
    pub run: UNetRun<'a>,
}

impl PainterTraining<'_> {
    /// Runs all epochs, or with `resume` those that are left, writes the weights of the best and the summary, and returns that.
    ///
    /// # Errors
    /// If the loss is no longer a number, the device fails or the disk is full. The last checkpoint stays.
    pub fn run(self, resume: bool) -> Result<PainterSummary> {
        let Self {
            recipe,
            train,
            further,
            validation,
            ..
        } = self;
        let choices = recipe.choices();
        let (own, held_back) = (train.len(), validation.len());
        let trained_on = own + further.len();
        let repeated = (0..recipe.fields.repeats).flat_map(|_| 0..own);
        let training = UNetTraining {
            choices,
            examples: PainterExamples {
                showings: repeated.chain(own..trained_on).collect(),
                fields: train.into_iter().chain(further).collect(),
                painting: recipe.channels.clone(),
                size: recipe.network.size,
                side: recipe.training.part,
                augmentation: recipe.augmentation.clone(),
            },
            goal: PaintingAChannel { recipe, validation },
            run: self.run,
        };
        let trained = training.run(resume)?;
        let summary = PainterSummary {
            trained: trained.summary(
                KIND,
                choices.shape(),
                [trained_on, held_back],
                self.stated,
                recipe,
                "pearson",
            )?,
            channels: recipe.channels.clone(),
            levels: self.levels,
            baselines: self.baselines,
        };
        self.run.folder.finish(&trained.weights, &summary)?;
        Ok(summary)
    }
}

/// To paint a channel as it was measured.
struct PaintingAChannel<'a> {
    recipe: &'a PainterRecipe,
    validation: Vec<FieldOnDisk>,
}

impl Goal for PaintingAChannel<'_> {
    fn loss(&self, logits: Tensor<4>, targets: Tensor<4>, weights: Tensor<4>) -> Tensor<1> {
        self.recipe.loss.forward(logits, targets, weights)
    }

    /// The means of Pearson's correlation, SSIM and PSNR, of which the first chooses.
    fn validate(&self, weights: &[u8]) -> Result<Validation> {
        let painting = &self.recipe.channels;
        let shape = self.recipe.choices().shape();
        let network = UNetNetwork::new(shape, weights, Processor::best())?;
        let likeness = |field: &FieldOnDisk| -> Result<Likeness, Fault> {
            let KnownField { planes, truth, .. } = KnownField::read(field, painting, shape.size)?;
            let painted = painting.levels(&network, &planes);
            Ok(Likeness::of(&painted, &truth, planes.width))
        };
        let of_fields: Vec<Result<Likeness, Fault>> =
            self.validation.par_iter().map(likeness).collect();
        let likenesses = readable(of_fields)?;
        let mean = |of: fn(&Likeness) -> f64| -> f64 {
            likenesses.iter().map(of).sum::<f64>() / likenesses.len() as f64
        };
        // A network that paints a single level correlates with nothing.
        let pearson = mean(|one| one.pearson.unwrap_or(0.0));
        let (ssim, psnr) = (mean(|one| one.ssim), mean(|one| one.psnr));
        Ok(Validation {
            score: pearson,
            scores: BTreeMap::from([("pearson", pearson), ("ssim", ssim), ("psnr", psnr)]),
            said: format!("correlation {pearson:.3}, SSIM {ssim:.3}, PSNR {psnr:.2} dB"),
        })
    }
}
