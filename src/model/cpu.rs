//! Backbones on the CPU device, computed by our own engine.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use burn::backend::Flex;
use burn::module::Module;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, burn_pack};
use burn::tensor::{DType, Device, Tensor, TensorData};
use cytolens_kernels::{self as kernels, Engine, Kind, Processor};

use super::backbone::Backbone;
use crate::package::{Architecture, Names};

/// The engine of the process: every network uses the same working memory, at each step again.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(Processor::best()));

/// The engine for a network in inference or training.
pub(super) fn engine() -> Engine {
    ENGINE.clone()
}

/// A [`Backbone`] in the CPU engine.
#[derive(Debug)]
pub struct CpuBackbone(kernels::Backbone);

impl CpuBackbone {
    /// Prepares a trained backbone; `None` where it is on another device, or has a weight that is no number.
    pub(super) fn new(trained: &Backbone) -> Option<Self> {
        if trained.devices() != [Device::flex()] {
            return None;
        }
        let (architecture, kind, epsilon) = match trained {
            Backbone::DenseNet(network) => {
                (Architecture::DenseNet121, Kind::DenseNet, network.epsilon())
            }
            Backbone::ResNet(network) => (Architecture::ResNet50, Kind::ResNet, network.epsilon()),
            Backbone::AllCnn(_) => (Architecture::AllCnn, Kind::AllCnn, 0.0),
            Backbone::InceptionResNet(network) => (
                Architecture::InceptionResNetV2,
                Kind::InceptionResNet,
                network.epsilon(),
            ),
        };
        let names = Names::backbone(architecture);
        let tensors = trained
            .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
            .into_iter()
            .map(|tensor| (names.in_files(&tensor.name), tensor))
            .collect();
        let backbone = kernels::Backbone::new(engine(), kind, epsilon, &Collected(tensors));
        backbone.ok().map(Self)
    }

    /// Computes the features of planes, as [`Backbone::forward`] does.
    ///
    /// # Panics
    /// If the planes are on another device.
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [batch, planes, height, width] = input.dims();
        let device = input.device();
        let input = input
            .try_into_primitive::<Flex>()
            .expect("planes on the CPU device")
            .to_contiguous();
        let values: &[f32] = input
            .as_slice()
            .expect("planes of 32 bits next to each other");
        let mut shape = [0; 3];
        let mut features = Vec::new();
        for values in values.chunks_exact(planes * height * width) {
            let found = self.0.forward(values, [planes, height, width]);
            shape = found.shape;
            features.extend(found.values);
        }
        let [maps, height, width] = shape;
        let features = TensorData::new(features, [batch, maps, height, width]);
        Tensor::from_data(features, &device)
    }
}

/// A module's tensors by their names in files.
struct Collected(BTreeMap<String, burn_pack::Tensor>);

impl kernels::Tensors for Collected {
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn tensor(&self, name: &str) -> Option<kernels::Tensor> {
        let tensor = self.0.get(name)?;
        let bytes = tensor.to_bytes().ok()?;
        (tensor.dtype == DType::F32).then(|| kernels::Tensor {
            shape: tensor.shape.to_vec(),
            values: bytes
                .as_chunks()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
        })
    }
}
