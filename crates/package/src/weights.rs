//! Weights in safetensors files, each tensor read when a network asks for it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cytolens_kernels::{self as kernels, Tensor, Tensors};
use half::{bf16, f16};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::names::{Names, current_name};
use crate::report::{TensorsReport, WeightsError};

/// The tensors of a safetensors file under the current names of torchvision and timm, with a note of those that were
/// taken.
pub struct Weights<'a> {
    tensors: BTreeMap<String, TensorView<'a>>,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Weights<'a> {
    /// Reads the list of tensors from a file's bytes.
    ///
    /// # Errors
    /// [`WeightsError::Unreadable`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, WeightsError> {
        let tensors = deserialized(bytes)?
            .tensors()
            .into_iter()
            .map(|(name, tensor)| (current_name(&name), tensor))
            // PyTorch counts batches; nothing uses the count.
            .filter(|(name, _)| !name.ends_with(".num_batches_tracked"))
            .collect();
        Ok(Self {
            tensors,
            taken: RefCell::default(),
        })
    }

    /// Takes the numbers of a tensor of this shape.
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] where there is none.
    pub fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let mut report = TensorsReport::default();
        match self.tensor(name) {
            Some(tensor) if tensor.shape == shape => return Ok(tensor.values),
            Some(tensor) => {
                let reason = format!("shape {:?}, not {shape:?}", tensor.shape);
                report.unfit.push((name.to_owned(), reason));
            }
            None => report.missing.push(name.to_owned()),
        }
        Err(self.misfit(report))
    }

    /// The report on a network that could not be made.
    pub fn unfit(&self, error: kernels::WeightsError) -> WeightsError {
        let mut report = TensorsReport::default();
        match error {
            kernels::WeightsError::Missing(name) => report.missing.push(name),
            kernels::WeightsError::Shape { name, found } => {
                report.unfit.push((name, format!("shape {found:?}")));
            }
            kernels::WeightsError::NotFinite(name) => {
                let reason = "it holds something that is no number".to_owned();
                report.unfit.push((name, reason));
            }
        }
        self.misfit(report)
    }

    /// Checks that every tensor was taken.
    ///
    /// # Errors
    /// [`WeightsError::DoNotFit`] with those that were not.
    pub fn all_taken(&self) -> Result<(), WeightsError> {
        let taken = self.taken.borrow();
        let others = self.tensors.keys().filter(|name| !taken.contains(*name));
        let unexpected: Vec<String> = others.cloned().collect();
        if unexpected.is_empty() {
            return Ok(());
        }
        Err(self.misfit(TensorsReport {
            unexpected,
            ..TensorsReport::default()
        }))
    }

    fn misfit(&self, report: TensorsReport) -> WeightsError {
        WeightsError::DoNotFit(TensorsReport {
            applied: self.taken.borrow().iter().cloned().collect(),
            ..report
        })
    }
}

impl Tensors for Weights<'_> {
    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn tensor(&self, name: &str) -> Option<Tensor> {
        let tensor = self.tensors.get(name)?;
        let values = numbers(tensor)?;
        self.taken.borrow_mut().insert(name.to_owned());
        Some(Tensor {
            shape: tensor.shape().to_vec(),
            values,
        })
    }
}

/// The file of the same backbone with a pooling head in place of its head, of `weight` `[classes, features]` and `bias` `[classes]`.
///
/// The head is kept in 32 bit: its weights may be larger than 16 bit can hold, and differences of large products may be what tells.
///
/// # Errors
/// [`WeightsError::Unreadable`] and [`WeightsError::Unwritable`].
///
/// # Panics
/// If there is no class.
pub fn with_pooling_head(
    file: &[u8],
    names: Names,
    weight: &[f32],
    bias: &[f32],
) -> Result<Vec<u8>, WeightsError> {
    let unwritable =
        |error: safetensors::SafeTensorError| WeightsError::Unwritable(error.to_string());
    let classes = bias.len();
    let bytes = |values: &[f32]| -> Vec<u8> {
        let values = values.iter();
        values.flat_map(|value| value.to_le_bytes()).collect()
    };
    let (weight_bytes, bias_bytes) = (bytes(weight), bytes(bias));
    let parts = [
        (
            "weight",
            vec![classes, weight.len() / classes],
            &weight_bytes,
        ),
        ("bias", vec![classes], &bias_bytes),
    ];
    let mut tensors = deserialized(file)?.tensors();
    tensors.retain(|(name, _)| !names.is_of_head(&current_name(name)));
    for (part, shape, bytes) in parts {
        let tensor = TensorView::new(Dtype::F32, shape, bytes).map_err(unwritable)?;
        tensors.push((format!("{}.{part}", names.classifier()), tensor));
    }
    safetensors::serialize(tensors, None).map_err(unwritable)
}

fn deserialized(bytes: &[u8]) -> Result<SafeTensors<'_>, WeightsError> {
    SafeTensors::deserialize(bytes).map_err(|error| WeightsError::Unreadable(error.to_string()))
}

/// The numbers of a tensor; none where they are no floating-point numbers.
fn numbers(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    fn of<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f32) -> Vec<f32> {
        let numbers = bytes.as_chunks().0.iter();
        numbers.map(|bytes| number(*bytes)).collect()
    }
    let bytes = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => Some(of(bytes, f32::from_le_bytes)),
        Dtype::F16 => Some(of(bytes, |bytes| f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Some(of(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32())),
        Dtype::F64 => Some(of(bytes, |bytes| f64::from_le_bytes(bytes) as f32)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use safetensors::serialize;

    use super::*;

    fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
        let views = tensors.iter().map(|(name, kind, shape, bytes)| {
            let view = TensorView::new(*kind, shape.to_vec(), bytes).expect("a tensor");
            (*name, view)
        });
        serialize(views, None).expect("a file")
    }

    #[test]
    fn numbers_of_every_width_are_read() {
        let values = [1.0_f32, -0.5, 65504.0, 6e-8];
        let single: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let double: Vec<u8> = values
            .iter()
            .flat_map(|x| f64::from(*x).to_le_bytes())
            .collect();
        let halves: Vec<u8> = values
            .iter()
            .flat_map(|x| f16::from_f32(*x).to_le_bytes())
            .collect();
        let bytes = file(&[
            ("single", Dtype::F32, &[2, 2], &single),
            ("double", Dtype::F64, &[4], &double),
            ("half", Dtype::F16, &[4], &halves),
        ]);
        let weights = Weights::read(&bytes).expect("tensors");
        assert_eq!(weights.take("single", &[2, 2]).expect("numbers"), values);
        assert_eq!(weights.take("double", &[4]).expect("numbers"), values);
        let found = weights.take("half", &[4]).expect("numbers");
        assert_eq!(found[..3], values[..3]);
        assert!((found[3] / values[3] - 1.0).abs() < 0.01, "{found:?}");
        weights.all_taken().expect("all were taken");
    }

    #[test]
    fn a_head_is_replaced_and_the_backbone_stays_as_it_is() {
        let halves: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|x| f16::from_f32(*x).to_le_bytes())
            .collect();
        let one = 1.0_f32.to_le_bytes();
        let bytes = file(&[
            ("module.conv1.weight", Dtype::F16, &[2], &halves),
            ("fc.weight", Dtype::F32, &[1, 1], &one),
            ("fc.bias", Dtype::F32, &[1], &one),
            ("head.reduce.weight", Dtype::F32, &[1], &one),
        ]);
        let names = Names::network(crate::Architecture::ResNet50);
        // More than 16 bit can hold.
        let weight = [70_000.0, 1e-9, 0.0, 0.1, 0.2, 0.3];
        let made = with_pooling_head(&bytes, names, &weight, &[0.5, -0.5]).expect("a file");
        let weights = Weights::read(&made).expect("tensors");
        assert_eq!(weights.take("fc.weight", &[2, 3]).expect("a head"), weight);
        assert_eq!(weights.take("fc.bias", &[2]).expect("a head"), [0.5, -0.5]);
        let backbone = weights.take("conv1.weight", &[2]).expect("a backbone");
        assert_eq!(backbone, [1.5, -2.0]);
        weights.all_taken().expect("no more of the head before");
        let raw = SafeTensors::deserialize(&made).expect("tensors");
        let kept = raw.tensor("module.conv1.weight").expect("a tensor");
        assert_eq!(kept.data(), halves);
        let again = with_pooling_head(&made, names, &weight, &[0.5, -0.5]);
        assert_eq!(again.expect("a file"), made, "the order is the names'");
        assert!(with_pooling_head(&bytes[..20], names, &weight, &[0.0]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let one = 1.0_f32.to_le_bytes();
        let bytes = file(&[
            ("known", Dtype::F32, &[1], &one),
            ("foreign", Dtype::F32, &[1], &one),
            ("whole", Dtype::I32, &[1], &one),
            ("norm.num_batches_tracked", Dtype::F32, &[1], &one),
        ]);
        let weights = Weights::read(&bytes).expect("tensors");
        for (name, shape, expected) in [
            ("known", &[2, 1][..], "known (shape [1], not [2, 1])"),
            ("absent", &[1], "1 missing: absent"),
            ("whole", &[1], "1 missing: whole"),
        ] {
            let error = weights.take(name, shape).expect_err("a refusal");
            assert!(error.to_string().contains(expected), "{error}");
        }
        let error = weights.all_taken().expect_err("a refusal").to_string();
        assert!(error.contains("2 unexpected: foreign, whole"), "{error}");
        assert!(matches!(
            Weights::read(&bytes[..20]),
            Err(WeightsError::Unreadable(_))
        ));
    }
}
