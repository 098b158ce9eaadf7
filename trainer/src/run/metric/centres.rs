//! The centres of an angular margin, which are learnt beside the network and are no part of it.

use std::fs;
use std::path::Path;

use anyhow::Result;
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::{Names, weights};
use cytolens_data::random::{Purpose, Stream};

use crate::run::optimiser::{ModuleOptimiser, OptimiserChoice};

/// The file of the centres in a checkpoint.
const CENTRES: &str = "centres.safetensors";
/// The file of their moments.
const MOMENTS: &str = "centres-optimiser.safetensors";

/// A centre for each group, `[groups, features]`, of which the direction alone counts.
#[derive(Module, Debug)]
pub struct CentreRows {
    rows: Param<Tensor<2>>,
}

impl CentreRows {
    /// The centres.
    pub fn rows(&self) -> Tensor<2> {
        self.rows.val()
    }
}

/// The centres and their optimiser.
pub struct Centres {
    rows: CentreRows,
    optimiser: ModuleOptimiser,
}

impl Centres {
    /// Centres before the first step, drawn by the seed, on a device with gradients.
    pub fn new(shape: [usize; 2], seed: u64, optimiser: &OptimiserChoice, device: &Device) -> Self {
        // As short as Glorot and Bengio (2010) draw weights: of a longer centre, a step turns the direction less.
        let bound = (6.0 / (shape[0] + shape[1]) as f64).sqrt();
        let mut stream = Stream::new(Purpose::Centres, &[seed]);
        let values = (0..shape[0] * shape[1]).map(|_| stream.between([-bound, bound]) as f32);
        let values = TensorData::new(values.collect::<Vec<f32>>(), shape);
        Self {
            rows: CentreRows {
                rows: Param::from_tensor(Tensor::from_data(values, device)),
            },
            optimiser: ModuleOptimiser::new(optimiser),
        }
    }

    /// The centres themselves.
    pub fn rows(&self) -> &CentreRows {
        &self.rows
    }

    /// Takes the gradient of the centres from all of a step's, and moves them by it.
    pub fn step(&mut self, gradients: &mut GradientsParams, rate: f64) {
        let id = self.rows.rows.id;
        let Some(gradient) = gradients.remove::<2>(id) else {
            return;
        };
        let mut own = GradientsParams::new();
        own.register(id, gradient);
        self.rows = self.optimiser.step(self.rows.clone(), own, rate);
    }

    /// The files of a checkpoint.
    ///
    /// # Errors
    /// If the device fails.
    pub fn files(&self) -> Result<[(&'static str, Vec<u8>); 2]> {
        let rows = self.rows.valid();
        let centres = weights::to_safetensors(&rows, Names::plain(), weights::Precision::Single)?;
        Ok([
            (CENTRES, centres),
            (MOMENTS, self.optimiser.to_safetensors(&rows)?),
        ])
    }

    /// Loads the files that [`Centres::files`] gave into centres of the same shape.
    ///
    /// # Errors
    /// If a file cannot be read, or is of other groups.
    pub fn load(&mut self, folder: &Path, device: &Device) -> Result<()> {
        let tensors = weights::read_file(&folder.join(CENTRES))?;
        weights::apply_exactly(&mut self.rows, Names::plain(), &tensors)?;
        let moments = fs::read(folder.join(MOMENTS))?;
        self.optimiser.load(&self.rows, &moments, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::metric::MetricChoice;
    use crate::run::recipe::Recipe;
    use crate::run::recipe_file::RecipeFile;

    fn centres(groups: usize) -> Centres {
        let recipe = Recipe::load("default", &[]).expect("a recipe");
        assert_eq!(recipe.metric, MetricChoice::None {});
        Centres::new(
            [groups, 4],
            3,
            &recipe.optimiser,
            &Device::flex().autodiff(),
        )
    }

    /// Moves centres by a gradient that is everywhere the same, and gives them.
    fn moved(centres: &mut Centres) -> Vec<f32> {
        let mut gradients = GradientsParams::new();
        let gradient = centres.rows.rows().inner().ones_like() * 0.1;
        gradients.register(centres.rows.rows.id, gradient);
        centres.step(&mut gradients, 0.01);
        assert!(gradients.is_empty(), "it is taken");
        let rows = centres.rows.rows().inner();
        rows.try_into_vec_as::<f32>().expect("numbers")
    }

    #[test]
    fn centres_go_on_from_their_files_to_the_bit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut first = centres(3);
        let start = first.rows.rows().inner().try_into_vec_as::<f32>();
        let start = start.expect("numbers");
        let once = moved(&mut first);
        assert!(start.iter().zip(&once).all(|(a, b)| a > b), "they move");
        for (name, bytes) in first.files().expect("files") {
            fs::write(folder.path().join(name), bytes).expect("written");
        }
        let mut second = centres(3);
        second
            .load(folder.path(), &Device::flex())
            .expect("the same centres");
        assert_eq!(moved(&mut second), moved(&mut first));
        let refused = centres(5).load(folder.path(), &Device::flex());
        assert!(refused.is_err(), "of other groups");
    }
}
