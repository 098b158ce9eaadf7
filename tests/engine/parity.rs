//! The network against a reference: DenseNet-121 with ImageNet weights and the outputs of a float64
//! forward pass, on the CPU and on a GPU, for which a software Vulkan driver serves.

use std::time::Duration;

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use cubecl::config::autotune::AutotuneLevel;
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use cubecl::ir::{ElemType, FloatKind};
use cubecl::throughput::{
    MemoryAccess, MemorySpec, ThroughputCache, ThroughputKey, ThroughputMode, ThroughputValue,
    working_set_sweep,
};
use cytolens::model::{Architecture, InferenceBackbone, Names, Network, head, weights};
use safetensors::SafeTensors;

use cytolens_testing::third_party;

use crate::support::imagenet;

/// The tolerance of float32 against float64 through 121 layers: measured 4e-6 on the CPU.
const SOFTMAX_TOLERANCE: f64 = 1e-4;
/// The tolerance relative to the largest feature.
const POOLED_TOLERANCE: f64 = 1e-3;
const SIZE: usize = 224;

fn network(folder: &std::path::Path, device: &Device) -> Network {
    let config = imagenet(SIZE);
    let mut network = Network::new(&config, device);
    let tensors = weights::read_file(&folder.join("densenet121.safetensors")).expect("weights");
    weights::apply_exactly(&mut network, config.names(), &tensors).expect("weights that fit");
    network
}

fn numbers(file: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let bytes = file.tensor(name).expect("a golden tensor").data().to_vec();
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    bytes.chunks_exact(8).map(number).collect()
}

/// Normalised planes `[1, 3, 224, 224]` of bytes `[224, 224, 3]`.
fn input(bytes: &[u8], device: &Device) -> Tensor<4> {
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let values: Vec<f32> = (0..3)
        .flat_map(|plane| {
            let normalise =
                move |value: &u8| (f32::from(*value) / 255.0 - mean[plane]) / std[plane];
            bytes.iter().skip(plane).step_by(3).map(normalise)
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [1, 3, SIZE, SIZE]), device)
}

fn largest_difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let difference = |(found, expected): (&f32, &f64)| (f64::from(*found) - expected).abs();
    // NaN is no small difference.
    found
        .iter()
        .zip(expected)
        .map(difference)
        .fold(0.0, |worst, d| {
            if d.is_nan() {
                f64::INFINITY
            } else {
                worst.max(d)
            }
        })
}

/// On the host: no program of ours computes a softmax on a device.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits
        .iter()
        .map(|logit| f64::from(logit - largest).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| (power / sum) as f32).collect()
}

fn vector(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 numbers")
}

/// The largest difference of the softmax and the largest relative difference of the pooled features, of
/// the trained network and the one for inference.
fn deviations(network: &Network, folder: &std::path::Path, device: &Device) -> (f64, f64) {
    let prepared = InferenceBackbone::new(network.backbone.clone());
    let answering = backbone_deviations(&|input| prepared.forward(input), network, folder, device);
    // The slow software GPU runs the network for inference alone, as browsers do.
    if *device != Device::flex() {
        return answering;
    }
    let trained = |input| network.backbone.forward(input);
    let training = backbone_deviations(&trained, network, folder, device);
    (answering.0.max(training.0), answering.1.max(training.1))
}

fn backbone_deviations(
    backbone: &dyn Fn(Tensor<4>) -> Tensor<4>,
    network: &Network,
    folder: &std::path::Path,
    device: &Device,
) -> (f64, f64) {
    let bytes = std::fs::read(folder.join("densenet121_golden.safetensors")).expect("goldens");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut names: Vec<String> = file
        .names()
        .into_iter()
        .filter_map(|name| name.strip_suffix(".input_u8"))
        .map(str::to_owned)
        .collect();
    names.sort();
    assert_eq!(names.len(), 5);
    names.iter().fold((0.0_f64, 0.0_f64), |worst, name| {
        let bytes = file
            .tensor(&format!("{name}.input_u8"))
            .expect("an input")
            .data()
            .to_vec();
        let features = backbone(input(&bytes, device));
        let pooled = vector(head::pool(features.clone()));
        let probabilities = softmax(&vector(network.head.forward(features)));
        let expected = numbers(&file, &format!("{name}.pooled1024"));
        let scale = expected
            .iter()
            .fold(0.0_f64, |scale, value| scale.max(value.abs()));
        let pooled = largest_difference(&pooled, &expected) / scale;
        let softmax = largest_difference(
            &probabilities,
            &numbers(&file, &format!("{name}.softmax1000")),
        );
        println!(
            "{device:?} {name}: softmax off by {softmax:.2e}, pooled features by {pooled:.2e}"
        );
        (worst.0.max(softmax), worst.1.max(pooled))
    })
}

fn assert_parity(device: &Device) {
    let folder = third_party("imagenet");
    let (softmax, pooled) = deviations(&network(&folder, device), &folder, device);
    assert!(
        softmax <= SOFTMAX_TOLERANCE,
        "softmax is off by {softmax:e}"
    );
    assert!(
        pooled <= POOLED_TOLERANCE,
        "pooled features are off by {pooled:e}"
    );
}

#[test]
#[ignore = "needs the third-party data"]
fn cpu_gives_the_reference() {
    assert_parity(&Device::flex());
}

/// Has each kernel tried once, and none after one that is quick enough, where up to ten times are usual before the quickest is taken:
/// on a software GPU that takes far longer than the network. Whichever is taken must give the reference.
fn try_kernels_once() {
    let mut config = CubeClRuntimeConfig::default();
    config.autotune.level = AutotuneLevel::Minimal;
    config.autotune.bench.min_samples = 1;
    config.autotune.bench.max_samples = 1;
    config.autotune.bench.short_circuit_samples = 1;
    let is_first = CubeClRuntimeConfig::try_set(config);
    assert!(is_first, "another test has computed on a GPU before");
}

/// Tells burn that the default GPU does one thing a second at best, which it would measure otherwise. Every kernel comes near
/// enough to that: of those for a matrix product or a sum, which a software GPU compiles for seconds each, the first that works
/// is taken. Convolutions have all of theirs tried in any case.
fn let_any_kernel_do() {
    let client = cubecl::Device::Wgpu(Default::default()).client();
    let cache = ThroughputCache::get_for_device(client.name(), client.properties());
    let at_best = ThroughputValue {
        ops_count: 1,
        duration: Duration::from_secs(1),
    };
    let sizes = working_set_sweep(1 << 40);
    let memory = [MemoryAccess::Copy, MemoryAccess::Read, MemoryAccess::Write]
        .into_iter()
        .flat_map(|access| {
            sizes
                .iter()
                .map(move |bytes| MemorySpec::new(access, *bytes))
        })
        .map(ThroughputMode::Memory);
    let dtype = ElemType::Float(FloatKind::F32);
    let others = [
        ThroughputMode::ComputeDirect { dtype },
        ThroughputMode::Launch,
    ];
    let mut known = cache.lock();
    for mode in memory.chain(others) {
        known.insert(ThroughputKey { mode }, at_best);
    }
}

#[test]
#[ignore = "needs the third-party data and a GPU"]
fn gpu_gives_the_reference() {
    try_kernels_once();
    let_any_kernel_do();
    assert_parity(&Device::wgpu(DeviceKind::DefaultDevice));
}

/// The comparison itself can fail: a wrong weight shows.
#[test]
#[ignore = "needs the third-party data"]
fn a_wrong_weight_is_noticed() {
    let folder = third_party("imagenet");
    let device = Device::flex();
    let mut network = network(&folder, &device);
    network.backbone = network.backbone.with_stem_for(4).with_stem_for(3);
    let (same, _) = deviations(&network, &folder, &device);
    assert!(
        same <= SOFTMAX_TOLERANCE,
        "widening and narrowing the stem changes nothing"
    );

    let tensors = weights::read_file(&folder.join("densenet121.safetensors")).expect("weights");
    let mut swapped = tensors.clone();
    let [one, other] =
        ["1", "2"].map(|layer| format!("features.denseblock4.denselayer1{layer}.conv2.weight"));
    swapped.insert(one, tensors[&other].clone());
    weights::apply(
        &mut network,
        Names::network(Architecture::DenseNet121),
        &swapped,
    );
    let (softmax, pooled) = deviations(&network, &folder, &device);
    assert!(
        softmax > SOFTMAX_TOLERANCE || pooled > POOLED_TOLERANCE,
        "a swapped kernel passes"
    );
}

/// A fourth plane has red's filters: with yellow dark the features are those of three planes, and yellow
/// counts as red does.
#[test]
#[ignore = "needs the third-party data"]
fn the_stem_takes_a_yellow_plane() {
    let folder = third_party("imagenet");
    let device = Device::flex();
    let three = network(&folder, &device).backbone;
    let four = three.clone().with_stem_for(4);
    let planes: Tensor<4> =
        Tensor::random([1, 3, 64, 64], burn::tensor::Distribution::Default, &device);
    let dark = Tensor::zeros([1, 1, 64, 64], &device);
    let red = planes.clone().narrow(1, 0, 1);
    let rest = planes.clone().narrow(1, 1, 2);
    let expected = vector(head::pool(three.forward(planes.clone())));
    let answers = [
        four.forward(Tensor::cat(vec![planes, dark.clone()], 1)),
        four.forward(Tensor::cat(vec![dark, rest, red], 1)),
    ];
    for answer in answers {
        let expected: Vec<f64> = expected.iter().copied().map(f64::from).collect();
        assert!(largest_difference(&vector(head::pool(answer)), &expected) < 1e-4);
    }
}
