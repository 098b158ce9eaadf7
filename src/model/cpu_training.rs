//! Training of DenseNet on the CPU device: the backbone as one operation of our own engine, with its gradient.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex};
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor, TensorData};
use cytolens_kernels::training::{self, Moment, Pass};
use cytolens_kernels::{Engine, Processor};

use super::densenet::DenseNet;

type Training = Autodiff<Flex, NoCheckpointing>;

/// Computes the features of planes and updates the norms' running statistics; `None` unless it is a training pass on the CPU
/// device whose planes need no gradient.
pub(super) fn densenet(network: &DenseNet, planes: &Tensor<4>) -> Option<Tensor<4>> {
    let device = Device::flex().autodiff();
    if planes.device() != device {
        return None;
    }
    let [batch, count, height, width] = planes.dims();
    let planes = planes.clone().try_into_primitive::<Training>().ok()?;
    if planes.is_tracked() {
        return None;
    }
    let parameters = Tensor::cat(parameters(network), 0);
    let parameters = parameters.try_into_primitive::<Training>().ok()?;
    let layers = network.blocks.iter().map(|block| block.layers.len());
    let engine = Engine::new(Processor::best());
    let engine = training::DenseNet::new(engine, count, layers.collect(), network.norm0.epsilon);

    let values = parameters.primitive().to_contiguous();
    let planes = planes.into_primitive().to_contiguous();
    let (features, pass) =
        engine.forward(numbers(&values), numbers(&planes), [batch, height, width]);
    for (norm, moment) in norms(network).into_iter().zip(pass.moments()) {
        update(norm, moment, &device);
    }
    let [maps, height, width] = features.shape;
    let features = TensorData::new(features.values, [batch, maps, height, width]);
    let features = FlexTensor::from_data(features);
    let guard = parameters.node();
    let features = match Whole
        .prepare::<NoCheckpointing>([guard])
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prepared) => prepared.finish((Arc::new(pass), values), features),
        OpsKind::UnTracked(prepared) => prepared.finish(features),
    };
    Some(Tensor::from_primitive::<Training>(features))
}

/// The whole backbone, as an operation on its parameters.
#[derive(Debug)]
struct Whole;

impl Backward<Flex, 1> for Whole {
    type State = (Arc<Pass>, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let features = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let (pass, parameters) = ops.state;
        let [node] = ops.parents;
        if let Some(node) = node {
            let values = pass.gradients(numbers(&parameters), numbers(&features));
            let count = values.len();
            let values = FlexTensor::from_data(TensorData::new(values, [count]));
            gradients.register::<Flex>(node.id, values);
        }
    }
}

fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice()
        .expect("numbers of 32 bits next to each other")
}

/// The parameters in the engine's order.
fn parameters(network: &DenseNet) -> Vec<Tensor<1>> {
    let mut all = Vec::new();
    let norm = |all: &mut Vec<_>, norm: &BatchNorm| {
        all.extend([norm.gamma.val(), norm.beta.val()]);
    };
    all.push(network.conv0.weight.val().flatten(0, 3));
    norm(&mut all, &network.norm0);
    for (index, block) in network.blocks.iter().enumerate() {
        for layer in &block.layers {
            norm(&mut all, &layer.norm1);
            all.push(layer.conv1.weight.val().flatten(0, 3));
            norm(&mut all, &layer.norm2);
            all.push(layer.conv2.weight.val().flatten(0, 3));
        }
        if let Some(transition) = network.transitions.get(index) {
            norm(&mut all, &transition.norm);
            all.push(transition.conv.weight.val().flatten(0, 3));
        }
    }
    norm(&mut all, &network.norm5);
    all
}

/// The norms in the engine's order.
fn norms(network: &DenseNet) -> Vec<&BatchNorm> {
    let mut all = vec![&network.norm0];
    for (index, block) in network.blocks.iter().enumerate() {
        all.extend(
            block
                .layers
                .iter()
                .flat_map(|layer| [&layer.norm1, &layer.norm2]),
        );
        all.extend(
            network
                .transitions
                .get(index)
                .map(|transition| &transition.norm),
        );
    }
    all.push(&network.norm5);
    all
}

/// Updates a norm's running statistics, as burn's own norm does.
fn update(norm: &BatchNorm, moment: &Moment, device: &Device) {
    let follow = |running: Tensor<1>, batch: &[f32]| {
        let batch = Tensor::<1>::from_floats(batch, device);
        (running.to_device(device) * (1.0 - norm.momentum) + batch * norm.momentum).detach()
    };
    let mean = follow(norm.running_mean.value_sync(), &moment.mean);
    let variance = follow(norm.running_var.value_sync(), &moment.variance);
    norm.running_mean.update(mean);
    norm.running_var.update(variance);
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Distribution;

    use super::*;
    use crate::model::DenseNetConfig;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().expect("f32 numbers")
    }

    /// The largest difference, by the largest number.
    fn deviation(found: &[f32], expected: &[f32]) -> f32 {
        assert_eq!(found.len(), expected.len());
        let largest = |values: &mut dyn Iterator<Item = f32>| {
            values.fold(0.0_f32, |largest, value| largest.max(value.abs()))
        };
        let difference = largest(&mut found.iter().zip(expected).map(|(a, b)| a - b));
        difference / largest(&mut expected.iter().copied())
    }

    /// Features, statistics and gradients are those of burn's own operations.
    #[test]
    fn the_operation_is_that_of_the_layers() {
        let device = Device::flex().autodiff();
        let network = DenseNetConfig::new(&[2, 3, 2]).with_planes(4).init(&device);
        let again = network.valid().train();
        for pass in 0..2 {
            let planes =
                Tensor::<4>::random([3, 4, 45, 70], Distribution::Normal(0.0, 1.0), &device);
            let weights = Tensor::<4>::random([3, 144, 3, 4], Distribution::Default, &device);
            let found = network.forward(planes.clone());
            let expected = again.forward_by_layers(planes);
            let off = deviation(&values(found.clone()), &values(expected.clone()));
            println!("pass {pass}: features are off by {off:.1e}");
            assert!(off < 1e-4, "features are off by {off}");
            for (ours, theirs) in norms(&network).into_iter().zip(norms(&again)) {
                for (ours, theirs) in [
                    (&ours.running_mean, &theirs.running_mean),
                    (&ours.running_var, &theirs.running_var),
                ] {
                    let off = deviation(&values(ours.value_sync()), &values(theirs.value_sync()));
                    assert!(off < 1e-4, "statistics are off by {off}");
                }
            }
            let found_gradients = (found * weights.clone()).sum().backward();
            let expected_gradients = (expected * weights).sum().backward();
            let found_gradients = gradients(&network, &found_gradients);
            let expected_gradients = gradients(&again, &expected_gradients);
            let mut off: Vec<f32> = found_gradients
                .iter()
                .zip(&expected_gradients)
                .map(|(ours, theirs)| deviation(ours, theirs))
                .collect();
            off.sort_by(f32::total_cmp);
            // Where a number is so near to 0 that rounding decides on which side of a ReLU it lies, a pixel's gradient passes in
            // one of them alone. That of the first norm's scale is 0 but for rounding: the norms after it undo it.
            let (usual, worst) = (off[off.len() / 2], off[off.len() - 2]);
            println!("pass {pass}: gradients are off by {usual:.1e}, at most {worst:.1e}");
            // One such pixel in the first layers moves every gradient behind it by some thousandths; usual is 1e-5.
            assert!(usual < 2e-2, "gradients are off by {usual}");
            assert!(worst < 0.2, "a gradient is off by {worst}");
        }
    }

    /// The gradients of every parameter.
    fn gradients(network: &DenseNet, gradients: &burn::tensor::Gradients) -> Vec<Vec<f32>> {
        let of = |tensor: Tensor<1>| values(tensor.grad(gradients).expect("a gradient"));
        let kernel = |tensor: Tensor<4>| values(tensor.grad(gradients).expect("a gradient"));
        let mut all = vec![kernel(network.conv0.weight.val())];
        for norm in norms(network) {
            all.extend([of(norm.gamma.val()), of(norm.beta.val())]);
        }
        for layer in network.blocks.iter().flat_map(|block| &block.layers) {
            all.extend([
                kernel(layer.conv1.weight.val()),
                kernel(layer.conv2.weight.val()),
            ]);
        }
        for transition in &network.transitions {
            all.push(kernel(transition.conv.weight.val()));
        }
        all
    }
}
