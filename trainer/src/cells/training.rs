//! The training of a network that finds cells.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;
use cytolens_cells::{KIND, Options, UNetNetwork, instances, maps_of, scores};
use cytolens_data::fault::Fault;
use cytolens_data::masked::{MaskedExamples, MaskedField};
use cytolens_kernels::Processor;
use rayon::prelude::*;

use super::recipe::CellsRecipe;
use crate::unet::package::{Stated, UNetSummary};
use crate::unet::training::{Goal, UNetRun, UNetTraining, Validation, readable};

/// A training about to be run.
#[derive(Debug)]
pub struct CellsTraining<'a> {
    /// The recipe.
    pub recipe: &'a CellsRecipe,
    /// The fields to train on.
    pub train: Vec<MaskedField>,
    /// The fields by which the best epoch is chosen.
    pub validation: Vec<MaskedField>,
    /// The attribution and licence of the images.
    pub stated: Stated,
    /// Where it is kept, and by what it is computed.
    pub run: UNetRun<'a>,
}

impl CellsTraining<'_> {
    /// Runs all epochs, or with `resume` those that are left, writes the weights of the best and the summary, and returns that.
    ///
    /// # Errors
    /// If the loss is no longer a number, the device fails or the disk is full. The last checkpoint stays.
    pub fn run(self, resume: bool) -> Result<UNetSummary> {
        let Self {
            recipe,
            train,
            validation,
            ..
        } = self;
        let choices = recipe.choices();
        let (trained_on, held_back) = (train.len(), validation.len());
        let training = UNetTraining {
            choices,
            examples: MaskedExamples {
                fields: train,
                size: recipe.network.size,
                side: recipe.training.part,
                augmentation: recipe.augmentation.clone(),
                border: recipe.loss.border,
            },
            goal: FindingCells { recipe, validation },
            run: self.run,
        };
        let trained = training.run(resume)?;
        let fields = [trained_on, held_back];
        let summary = trained.summary(
            KIND,
            choices.shape(),
            fields,
            self.stated,
            recipe,
            "average_precision",
        )?;
        self.run.folder.finish(&trained.weights, &summary)?;
        Ok(summary)
    }
}

/// To find the cells of fields as their masks have them.
struct FindingCells<'a> {
    recipe: &'a CellsRecipe,
    validation: Vec<MaskedField>,
}

impl Goal for FindingCells<'_> {
    fn loss(&self, logits: Tensor<4>, targets: Tensor<4>, weights: Tensor<4>) -> Tensor<1> {
        self.recipe.loss.forward(logits, targets, weights)
    }

    /// The average precision of cells and of nuclei, each the mean over the thresholds.
    fn validate(&self, weights: &[u8]) -> Result<Validation> {
        let shape = self.recipe.choices().shape();
        let network = UNetNetwork::new(shape, weights, Processor::best())?;
        let of_fields: Vec<Result<[Option<scores::Comparison>; 2], Fault>> = self
            .validation
            .par_iter()
            .map(|field| compared(&network, field, shape.size))
            .collect();
        let comparisons = readable(of_fields)?;
        let [cells, nuclei] = [0, 1].map(|what| {
            let of_what: Vec<&scores::Comparison> = comparisons
                .iter()
                .filter_map(|both| both[what].as_ref())
                .collect();
            let precision = scores::THRESHOLDS.map(|threshold| {
                let mut sum = scores::Counts::default();
                for comparison in &of_what {
                    sum += comparison.counts(threshold);
                }
                sum.average_precision()
            });
            precision.iter().sum::<f64>() / precision.len() as f64
        });
        Ok(Validation {
            score: cells,
            scores: BTreeMap::from([
                ("average_precision", cells),
                ("average_precision_of_nuclei", nuclei),
            ]),
            said: format!("average precision of cells {cells:.3}, of nuclei {nuclei:.3}"),
        })
    }
}

/// A field's cells and nuclei as a network finds them, compared with its masks, at the network's size.
fn compared(
    network: &UNetNetwork,
    field: &MaskedField,
    size: usize,
) -> Result<[Option<scores::Comparison>; 2], Fault> {
    let mut truth = field.read(size)?;
    truth.planes.stretch();
    let cells = instances(&maps_of(network, &truth.planes), &Options::default());
    let nuclei = truth.nuclei.as_deref();
    Ok([
        Some(scores::Comparison::new(&truth.cells, cells.mask())),
        nuclei.map(|nuclei| scores::Comparison::new(nuclei, cells.nuclei())),
    ])
}
