//! U-Net against plain loops in 64 bits, on burn's device and in the CPU engine.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::{Names, UNetConfig, weights};
use cytolens::package::Weights;
use cytolens_kernels::{Engine, Processor};

use crate::formula_weights::{formula_tensors, hashed};

#[derive(serde::Deserialize)]
struct Reference {
    planes: usize,
    outputs: usize,
    levels: usize,
    width: usize,
    batch_norm_epsilon: f64,
    height: usize,
    side: usize,
    logits: Vec<f64>,
}

/// `fixtures/unet.json` holds the logits by `unet.py`, for weights and an input made by a formula.
#[test]
fn both_engines_compute_what_loops_do() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/unet.json");
    let text = std::fs::read_to_string(fixture).expect("the fixture");
    let reference: Reference = serde_json::from_str(&text).expect("a reference");
    let Reference {
        planes,
        outputs,
        levels,
        width,
        batch_norm_epsilon: epsilon,
        height,
        side,
        logits: expected,
    } = reference;
    let device = Device::flex();
    let mut network = UNetConfig::new(planes, outputs, levels, width)
        .with_epsilon(epsilon)
        .init(&device);
    let tensors = formula_tensors(Names::plain(), &network);
    weights::apply_exactly(&mut network, Names::plain(), &tensors).expect("all tensors");
    let input: Vec<f32> = (0..planes * height * side)
        .map(|place| hashed("input")(place as u32) as f32)
        .collect();
    let data = TensorData::new(input.clone(), [1, planes, height, side]);
    let ours = network.forward(Tensor::from_data(data, &device));
    let ours: Vec<f32> = ours.into_data().try_into_vec().expect("f32 numbers");

    let bytes = weights::to_safetensors(&network, Names::plain(), weights::Precision::Single);
    let bytes = bytes.expect("bytes");
    let file = Weights::read(&bytes).expect("tensors");
    let largest = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    let check = |engine: &str, found: &[f32]| {
        assert_eq!(found.len(), expected.len(), "{engine}");
        let off = found
            .iter()
            .zip(&expected)
            .map(|(a, b)| (f64::from(*a) - b).abs() / largest)
            .fold(0.0, f64::max);
        println!("U-Net, {engine}: logits up to {largest:.1} are off by {off:.1e} of that");
        assert!(off < 1e-5, "{engine}: off by {off}");
    };
    check("burn's CPU device", &ours);
    for processor in Processor::all() {
        let network = cytolens_kernels::UNet::new(Engine::new(processor), epsilon, &file)
            .expect("the network's tensors");
        let found = network.forward(&input, [planes, height, side]);
        check(&format!("{processor:?}"), &found);
    }
}
