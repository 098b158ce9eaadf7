//! Training of DenseNet and U-Net on the CPU device: each as one operation of our own engine, with its gradient.

use std::marker::PhantomData;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex};
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, TensorData};
use cytolens_kernels::Features;
use cytolens_kernels::training::{self, Moment, Pass, UNetPass, UNetShape};

use super::cpu;
use super::densenet::DenseNet;
use super::unet::UNet;

type Training = Autodiff<Flex, NoCheckpointing>;

/// Computes the features of planes and updates the norms' running statistics; `None` unless it is a training pass on the CPU
/// device whose planes need no gradient.
pub(super) fn densenet(network: &DenseNet, planes: &Tensor<4>) -> Option<Tensor<4>> {
    let planes = Planes::of(planes)?;
    let layers = network.blocks.iter().map(|block| block.layers.len());
    let engine = training::DenseNet::new(
        cpu::engine(),
        planes.count,
        layers.collect(),
        network.norm0.epsilon,
    );
    whole(parameters(network), &norms(network), |parameters| {
        engine.forward(parameters, numbers(&planes.values), planes.shape)
    })
}

/// Computes the logits of planes as [`densenet`] does features; `None` for a network without norms, and for one whose channels
/// are no whole vectors.
pub(super) fn unet(network: &UNet, planes: &Tensor<4>) -> Option<Tensor<4>> {
    let planes = Planes::of(planes)?;
    let norms = unet_norms(network)?;
    let [outputs, width, ..] = network.out.weight.dims();
    let shape = UNetShape {
        planes: planes.count,
        outputs,
        levels: network.down.len(),
        width,
    };
    let engine = training::UNet::new(cpu::engine(), shape, norms[0].epsilon)?;
    whole(unet_parameters(network, &norms), &norms, |parameters| {
        engine.forward(parameters, numbers(&planes.values), planes.shape)
    })
}

/// The planes of a training pass on the CPU device.
struct Planes {
    values: FlexTensor,
    /// How many an image has.
    count: usize,
    /// Batch, height and width.
    shape: [usize; 3],
}

impl Planes {
    /// `None` for other devices, and where the planes need a gradient.
    fn of(planes: &Tensor<4>) -> Option<Self> {
        if planes.device() != Device::flex().autodiff() {
            return None;
        }
        let [batch, count, height, width] = planes.dims();
        let planes = planes.clone().try_into_primitive::<Training>().ok()?;
        (!planes.is_tracked()).then(|| Self {
            values: planes.into_primitive().to_contiguous(),
            count,
            shape: [batch, height, width],
        })
    }
}

/// A network as one operation on its parameters, which `forward` computes.
fn whole<P: Gradient>(
    parameters: Vec<Tensor<1>>,
    norms: &[&BatchNorm],
    forward: impl FnOnce(&[f32]) -> (Features, P),
) -> Option<Tensor<4>> {
    let parameters = Tensor::cat(parameters, 0);
    let parameters = parameters.try_into_primitive::<Training>().ok()?;
    let values = parameters.primitive().to_contiguous();
    let (features, pass) = forward(numbers(&values));
    let device = Device::flex().autodiff();
    for (norm, moment) in norms.iter().zip(pass.moments()) {
        update(norm, moment, &device);
    }
    let [maps, height, width] = features.shape;
    let batch = features.values.len() / (maps * height * width);
    let features = TensorData::new(features.values, [batch, maps, height, width]);
    let features = FlexTensor::from_data(features);
    let guard = parameters.node();
    let features = match Whole(PhantomData)
        .prepare::<NoCheckpointing>([guard])
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prepared) => prepared.finish((Arc::new(pass), values), features),
        OpsKind::UnTracked(prepared) => prepared.finish(features),
    };
    Some(Tensor::from_primitive::<Training>(features))
}

/// A forward pass of the engine.
trait Gradient: std::fmt::Debug + Send + Sync + 'static {
    fn moments(&self) -> &[Moment];

    fn gradients(&self, parameters: &[f32], features: &[f32]) -> Vec<f32>;
}

impl Gradient for Pass {
    fn moments(&self) -> &[Moment] {
        self.moments()
    }

    fn gradients(&self, parameters: &[f32], features: &[f32]) -> Vec<f32> {
        self.gradients(parameters, features)
    }
}

impl Gradient for UNetPass {
    fn moments(&self) -> &[Moment] {
        self.moments()
    }

    fn gradients(&self, parameters: &[f32], features: &[f32]) -> Vec<f32> {
        self.gradients(parameters, features)
    }
}

/// The whole network, as an operation on its parameters.
#[derive(Debug)]
struct Whole<P>(PhantomData<P>);

impl<P: Gradient> Backward<Flex, 1> for Whole<P> {
    type State = (Arc<P>, FlexTensor);

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

/// The convolutions of a U-Net that norms follow, in the engine's order.
fn unet_convolutions(network: &UNet) -> impl Iterator<Item = &Conv2d> {
    let down = network
        .down
        .iter()
        .flat_map(|block| [&block.conv1, &block.conv2]);
    let up = network
        .up
        .iter()
        .rev()
        .flat_map(|block| [&block.conv1, &block.conv2]);
    down.chain(up)
}

/// The norms of a U-Net in the engine's order; `None` where it has none.
fn unet_norms(network: &UNet) -> Option<Vec<&BatchNorm>> {
    let down = network
        .down
        .iter()
        .flat_map(|block| [&block.norm1, &block.norm2]);
    let up = network
        .up
        .iter()
        .rev()
        .flat_map(|block| [&block.norm1, &block.norm2]);
    down.chain(up).map(Option::as_ref).collect()
}

/// The parameters of a U-Net in the engine's order.
fn unet_parameters(network: &UNet, norms: &[&BatchNorm]) -> Vec<Tensor<1>> {
    let mut all = Vec::new();
    let mut ups = network.up.iter().rev();
    for (index, (conv, norm)) in unet_convolutions(network).zip(norms).enumerate() {
        if index >= 2 * network.down.len() && index % 2 == 0 {
            let upsample = ups.next().map(|up| &up.upsample);
            all.extend(upsample.map(|upsample| upsample.weight.val().flatten(0, 3)));
            let bias = upsample.and_then(|upsample| upsample.bias.as_ref());
            all.extend(bias.map(|bias| bias.val()));
        }
        all.extend([
            conv.weight.val().flatten(0, 3),
            norm.gamma.val(),
            norm.beta.val(),
        ]);
    }
    all.push(network.out.weight.val().flatten(0, 3));
    all.extend(network.out.bias.as_ref().map(|bias| bias.val()));
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
    use crate::model::{DenseNetConfig, UNetConfig};

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

    /// Logits, statistics and gradients of a U-Net are those of burn's own operations.
    #[test]
    fn a_unet_is_that_of_the_layers() {
        let device = Device::flex().autodiff();
        let network = UNetConfig::new(4, 3, 3, 16).init(&device);
        let again = network.valid().train();
        let mut least = f32::INFINITY;
        for pass in 0..12 {
            let planes =
                Tensor::<4>::random([2, 4, 24, 36], Distribution::Normal(0.0, 1.0), &device);
            let weights = Tensor::<4>::random([2, 3, 24, 36], Distribution::Default, &device);
            let found = network.forward(planes.clone());
            let expected = again.forward_by_layers(planes);
            let off = deviation(&values(found.clone()), &values(expected.clone()));
            assert!(off < 1e-4, "pass {pass}: logits are off by {off}");
            let norms = [&network, &again].map(|network| unet_norms(network).expect("norms"));
            for (ours, theirs) in norms[0].iter().zip(&norms[1]) {
                for (ours, theirs) in [
                    (&ours.running_mean, &theirs.running_mean),
                    (&ours.running_var, &theirs.running_var),
                ] {
                    let off = deviation(&values(ours.value_sync()), &values(theirs.value_sync()));
                    assert!(off < 1e-4, "statistics are off by {off}");
                }
            }
            let found = (found * weights.clone()).sum().backward();
            let expected = (expected * weights).sum().backward();
            let found = unet_gradients(&network, &found);
            let expected = unet_gradients(&again, &expected);
            let off = found.iter().zip(&expected);
            let worst = off.fold(0.0_f32, |worst, (ours, theirs)| {
                worst.max(deviation(ours, theirs))
            });
            println!("pass {pass}: gradients are off by {worst:.1e} at most");
            least = least.min(worst);
            if pass > 0 && least < 1e-4 {
                break;
            }
        }
        // A ReLU or a maximum that rounding decides passes a gradient elsewhere, in one pass of four; a wrong gradient is off in all.
        assert!(least < 1e-4, "gradients are off by {least}");
    }

    fn unet_gradients(network: &UNet, gradients: &burn::tensor::Gradients) -> Vec<Vec<f32>> {
        let of = |tensor: Tensor<1>| values(tensor.grad(gradients).expect("a gradient"));
        let kernel = |tensor: Tensor<4>| values(tensor.grad(gradients).expect("a gradient"));
        let mut all = Vec::new();
        for norm in unet_norms(network).expect("norms") {
            all.extend([of(norm.gamma.val()), of(norm.beta.val())]);
        }
        for conv in unet_convolutions(network).chain([&network.out]) {
            all.push(kernel(conv.weight.val()));
        }
        for up in &network.up {
            all.push(kernel(up.upsample.weight.val()));
            all.extend(up.upsample.bias.as_ref().map(|bias| of(bias.val())));
        }
        all
    }
}
