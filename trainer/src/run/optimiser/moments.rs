//! AdamW's moments, in memory and in files.

use anyhow::{Context, Result, anyhow};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::SafeTensors;

/// The running means of a module's gradients and of their squares.
#[derive(Debug, Default)]
pub struct AdamMoments {
    /// The steps taken with these moments: more for a head whose backbone was frozen at first.
    pub steps: usize,
    /// The means of the gradients, by the parameters' ids.
    pub first: GradientsParams,
    /// The means of their squares, by the parameters' ids.
    pub second: GradientsParams,
}

/// A tensor of f32 for a safetensors file.
#[derive(Debug)]
pub struct FileTensor {
    /// The name.
    pub name: String,
    /// The shape.
    pub shape: Vec<usize>,
    /// The numbers, in little-endian order.
    pub bytes: Vec<u8>,
}

impl AdamMoments {
    /// The moments as tensors of a file. They are named after the part of the network, `part`, and numbered as it is visited.
    ///
    /// # Errors
    /// If the device fails.
    pub fn to_tensors<M: Module>(&self, part: &str, module: &M) -> Result<Vec<FileTensor>> {
        let mut writing = Writing {
            moments: self,
            part,
            number: 0,
            tensors: Ok(Vec::new()),
        };
        module.visit(&mut writing);
        writing.tensors
    }

    /// Reads the moments that [`AdamMoments::to_tensors`] gave of the same module after `steps` steps.
    ///
    /// # Errors
    /// If a tensor has another shape.
    pub fn of_tensors<M: Module>(
        part: &str,
        module: &M,
        steps: usize,
        tensors: &SafeTensors<'_>,
        device: &Device,
    ) -> Result<Self> {
        let mut reading = Reading {
            tensors,
            device,
            part,
            number: 0,
            moments: Ok(Self {
                steps,
                ..Self::default()
            }),
        };
        module.visit(&mut reading);
        reading.moments
    }
}

/// The name of a moment in files.
fn name(part: &str, number: usize, moment: &str) -> String {
    format!("{part}.{number}.{moment}")
}

/// Collects the moments of each parameter in visiting order.
struct Writing<'a> {
    moments: &'a AdamMoments,
    part: &'a str,
    number: usize,
    tensors: Result<Vec<FileTensor>>,
}

impl Writing<'_> {
    fn parameter<const D: usize>(&self, param: &Param<Tensor<D>>) -> Result<Vec<FileTensor>> {
        let moments = [
            ("first", &self.moments.first),
            ("second", &self.moments.second),
        ];
        let written = moments.into_iter().filter_map(|(which, moments)| {
            let moment = moments.get::<D>(param.id)?;
            Some((which, moment))
        });
        written
            .map(|(which, moment)| {
                let shape = moment.dims().to_vec();
                let values = moment
                    .try_into_vec_as::<f32>()
                    .map_err(|error| anyhow!("the device failed: {error:?}"))?;
                Ok(FileTensor {
                    name: name(self.part, self.number, which),
                    shape,
                    bytes: values
                        .iter()
                        .flat_map(|value| value.to_le_bytes())
                        .collect(),
                })
            })
            .collect()
    }
}

impl ModuleVisitor for Writing<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parameter = self.parameter(param);
        if let Ok(tensors) = &mut self.tensors {
            match parameter {
                Ok(parameter) => tensors.extend(parameter),
                Err(error) => self.tensors = Err(error),
            }
        }
        self.number += 1;
    }
}

/// Finds the moments of each parameter in visiting order.
struct Reading<'a> {
    tensors: &'a SafeTensors<'a>,
    device: &'a Device,
    part: &'a str,
    number: usize,
    moments: Result<AdamMoments>,
}

impl Reading<'_> {
    /// A moment of a parameter. One that has never had a gradient has none.
    fn moment<const D: usize>(
        &self,
        param: &Param<Tensor<D>>,
        moment: &str,
    ) -> Result<Option<Tensor<D>>> {
        let name = name(self.part, self.number, moment);
        let Ok(view) = self.tensors.tensor(&name) else {
            return Ok(None);
        };
        let shape = param.val().dims();
        if view.shape() != shape {
            return Err(anyhow!("it is {:?}, not {shape:?}", view.shape()))
                .with_context(|| format!("the shape of {name} is wrong"));
        }
        let numbers = view.data().as_chunks::<4>().0.iter();
        let values: Vec<f32> = numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let data = TensorData::new(values, shape.to_vec());
        Ok(Some(Tensor::from_data(data, self.device)))
    }
}

impl ModuleVisitor for Reading<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let [first, second] = ["first", "second"].map(|moment| self.moment(param, moment));
        if let Ok(moments) = &mut self.moments {
            for (all, one) in [(&mut moments.first, first), (&mut moments.second, second)] {
                match one {
                    Ok(Some(moment)) => all.register(param.id, moment),
                    Ok(None) => {}
                    Err(error) => {
                        self.moments = Err(error);
                        break;
                    }
                }
            }
        }
        self.number += 1;
    }
}
