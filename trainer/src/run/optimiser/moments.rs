//! AdamW's moments, in memory and in files.

use anyhow::{Result, anyhow, ensure};
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
            tensors: Vec::new(),
            outcome: Ok(()),
        };
        module.visit(&mut writing);
        writing.outcome.map(|()| writing.tensors)
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
            moments: Self {
                steps,
                ..Self::default()
            },
            outcome: Ok(()),
        };
        module.visit(&mut reading);
        reading.outcome.map(|()| reading.moments)
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
    tensors: Vec<FileTensor>,
    /// The first error.
    outcome: Result<()>,
}

impl Writing<'_> {
    fn write<const D: usize>(&mut self, param: &Param<Tensor<D>>) -> Result<()> {
        let moments = [
            ("first", &self.moments.first),
            ("second", &self.moments.second),
        ];
        for (which, moments) in moments {
            let Some(moment) = moments.get::<D>(param.id) else {
                continue;
            };
            let shape = moment.dims().to_vec();
            let values = moment
                .try_into_vec_as::<f32>()
                .map_err(|error| anyhow!("the device failed: {error:?}"))?;
            self.tensors.push(FileTensor {
                name: name(self.part, self.number, which),
                shape,
                bytes: values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
            });
        }
        Ok(())
    }
}

impl ModuleVisitor for Writing<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.outcome.is_ok() {
            self.outcome = self.write(param);
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
    moments: AdamMoments,
    /// The first error.
    outcome: Result<()>,
}

impl Reading<'_> {
    fn read<const D: usize>(&mut self, param: &Param<Tensor<D>>) -> Result<()> {
        let moments = [
            ("first", &mut self.moments.first),
            ("second", &mut self.moments.second),
        ];
        for (which, moments) in moments {
            let name = name(self.part, self.number, which);
            // A parameter that has never had a gradient has no moments.
            let Ok(view) = self.tensors.tensor(&name) else {
                continue;
            };
            let shape = param.val().dims();
            ensure!(
                view.shape() == shape,
                "{name} has the shape {:?}, not {shape:?}",
                view.shape()
            );
            let numbers = view.data().as_chunks::<4>().0.iter();
            let values: Vec<f32> = numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect();
            let data = TensorData::new(values, shape.to_vec());
            moments.register(param.id, Tensor::<D>::from_data(data, self.device));
        }
        Ok(())
    }
}

impl ModuleVisitor for Reading<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.outcome.is_ok() {
            self.outcome = self.read(param);
        }
        self.number += 1;
    }
}
