//! The weights that networks are made of, by their names in files.

use crate::convolution::Convolution;
use crate::engine::Engine;
use crate::map::{Affine, Window};

/// Numbers with their shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The sides, outermost first.
    pub shape: Vec<usize>,
    /// The numbers, the last side's next to each other.
    pub values: Vec<f32>,
}

/// Tensors by their names in files.
pub trait Tensors {
    /// Whether there is a tensor of this name.
    fn has(&self, name: &str) -> bool;

    /// The tensor of this name.
    fn tensor(&self, name: &str) -> Option<Tensor>;
}

/// A failure to make a network from weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// A tensor is missing.
    #[error("the tensor {0} is missing")]
    Missing(String),
    /// A tensor has another shape than the network needs.
    #[error("the tensor {name} has the shape {found:?}, which does not fit the network")]
    Shape {
        /// The tensor's name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// A tensor holds something that is no number, or infinite.
    #[error("the tensor {0} holds something that is no number")]
    NotFinite(String),
}

/// Makes layers from tensors.
pub(crate) struct Maker<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) tensors: &'a dyn Tensors,
    /// The constant added to the variance in batch normalisation.
    pub(crate) epsilon: f32,
}

impl Maker<'_> {
    /// Whether there are weights of a layer.
    pub(crate) fn has(&self, layer: &str) -> bool {
        self.tensors.has(&format!("{layer}.weight"))
    }

    fn tensor<const D: usize>(&self, name: &str) -> Result<([usize; D], Vec<f32>), WeightsError> {
        let missing = || WeightsError::Missing(name.to_owned());
        let tensor = self.tensors.tensor(name).ok_or_else(missing)?;
        if !tensor.values.iter().all(|value| value.is_finite()) {
            return Err(WeightsError::NotFinite(name.to_owned()));
        }
        match tensor.shape.as_slice().try_into() {
            Ok(shape) if tensor.shape.iter().product::<usize>() == tensor.values.len() => {
                Ok((shape, tensor.values))
            }
            _ => Err(WeightsError::Shape {
                name: name.to_owned(),
                found: tensor.shape,
            }),
        }
    }

    /// One number a channel.
    fn channels(&self, name: &str, channels: usize) -> Result<Vec<f32>, WeightsError> {
        let ([found], values) = self.tensor(name)?;
        if found == channels {
            Ok(values)
        } else {
            Err(WeightsError::Shape {
                name: name.to_owned(),
                found: vec![found],
            })
        }
    }

    /// A batch norm.
    pub(crate) fn norm(&self, layer: &str, channels: usize) -> Result<Affine, WeightsError> {
        let part = |part| self.channels(&format!("{layer}.{part}"), channels);
        let (weight, bias) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        let scale: Vec<f32> = weight
            .iter()
            .zip(variance)
            .map(|(weight, variance)| weight / (variance + self.epsilon).sqrt())
            .collect();
        let shift = bias
            .iter()
            .zip(mean)
            .zip(&scale)
            .map(|((bias, mean), scale)| bias - mean * scale)
            .collect();
        Ok(Affine { scale, shift })
    }

    /// The inputs of a convolution.
    pub(crate) fn inputs(&self, layer: &str) -> Result<usize, WeightsError> {
        let ([_, inputs, _, _], _) = self.tensor(&format!("{layer}.weight"))?;
        Ok(inputs)
    }

    /// A convolution's weights `[outputs, inputs, height, width]`.
    pub(crate) fn kernel(
        &self,
        layer: &str,
        inputs: usize,
    ) -> Result<([usize; 4], Vec<f32>), WeightsError> {
        let name = format!("{layer}.weight");
        let (shape, values) = self.tensor(&name)?;
        if shape[1] == inputs {
            Ok((shape, values))
        } else {
            Err(WeightsError::Shape {
                name,
                found: shape.to_vec(),
            })
        }
    }

    /// A convolution with its bias, if it has one, or with the norm after it. Its outputs are multiplied by `factor`.
    pub(crate) fn convolution(
        &self,
        layer: &str,
        inputs: usize,
        steps: Steps<'_>,
    ) -> Result<Convolution, WeightsError> {
        let ([outputs, _, height, width], mut weights) = self.kernel(layer, inputs)?;
        let bias = match steps.norm {
            Some(norm) => {
                let Affine { scale, shift } = self.norm(norm, outputs)?;
                scale_outputs(&mut weights, &scale);
                shift
            }
            None => {
                let name = format!("{layer}.bias");
                let mut bias = match self.tensors.has(&name) {
                    true => self.channels(&name, outputs)?,
                    false => vec![0.0; outputs],
                };
                let factor = vec![steps.factor; outputs];
                scale_outputs(&mut weights, &factor);
                bias.iter_mut().for_each(|bias| *bias *= steps.factor);
                bias
            }
        };
        let window = Window {
            kernel: [height, width],
            stride: steps.stride,
            padding: if steps.border {
                [height / 2, width / 2]
            } else {
                [0, 0]
            },
        };
        Ok(Convolution::new(
            self.engine,
            &weights,
            [outputs, inputs],
            window,
            bias,
            steps.relu,
        ))
    }
}

impl Maker<'_> {
    /// A transposed convolution of 2x2 pixels and stride 2, as a product: its outputs are those of the upper left place, then the
    /// upper right, the lower left and the lower right one.
    pub(crate) fn upsampling(
        &self,
        layer: &str,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Convolution, WeightsError> {
        let name = format!("{layer}.weight");
        let (shape, weights) = self.tensor::<4>(&name)?;
        if shape != [inputs, outputs, 2, 2] {
            return Err(WeightsError::Shape {
                name,
                found: shape.to_vec(),
            });
        }
        let bias = self.channels(&format!("{layer}.bias"), outputs)?;
        let places = (0..4).flat_map(|place| (0..outputs).map(move |output| (place, output)));
        let weights: Vec<f32> = places
            .flat_map(|(place, output)| {
                (0..inputs).map(move |input| (input * outputs + output) * 4 + place)
            })
            .map(|at| weights[at])
            .collect();
        let window = Window {
            kernel: [1, 1],
            stride: 1,
            padding: [0, 0],
        };
        let sides = [4 * outputs, inputs];
        Ok(Convolution::new(
            self.engine,
            &weights,
            sides,
            window,
            bias.repeat(4),
            false,
        ))
    }
}

/// What is done around a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps<'a> {
    pub(crate) stride: usize,
    /// Whether a border of zeros keeps the map's size.
    pub(crate) border: bool,
    /// The batch norm after it.
    pub(crate) norm: Option<&'a str>,
    /// The outputs are multiplied by it.
    pub(crate) factor: f32,
    pub(crate) relu: bool,
}

impl Steps<'_> {
    /// A convolution that keeps the map's size, and a ReLU.
    pub(crate) const RELU: Self = Self {
        stride: 1,
        border: true,
        norm: None,
        factor: 1.0,
        relu: true,
    };
}

/// Multiplies each output's weights by its factor.
pub(crate) fn scale_outputs(weights: &mut [f32], factors: &[f32]) {
    let each = weights.len() / factors.len();
    for (weights, factor) in weights.chunks_exact_mut(each).zip(factors) {
        weights.iter_mut().for_each(|weight| *weight *= factor);
    }
}
