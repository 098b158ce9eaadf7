//! The forward pass against the network for inference, and gradients against finite differences.

use std::collections::BTreeMap;

use super::DenseNet;
use crate::naive::{assert_close, random};
use crate::{Backbone, Engine, Kind, Processor, Tensor};

const EPSILON: f64 = 1e-3;
const BLOCKS: [usize; 3] = [2, 1, 2];

/// Names, shapes and numbers of the parameters, in their order.
fn parameters(planes: usize) -> Vec<(String, Tensor)> {
    let mut all: Vec<(String, Tensor)> = Vec::new();
    let mut put = |name: String, shape: &[usize]| {
        let values = random(shape.iter().product(), all.len() as u64);
        let fan: usize = shape[1..].iter().product();
        let value = |x: f32| match name.rsplit('.').next() {
            // Few pixels are at a bend of a ReLU.
            Some("bias") => 2.5 + x / 4.0,
            _ if fan == 1 => 1.0 + x / 2.0,
            _ => x * (6.0 / fan as f32).sqrt(),
        };
        let values = values.into_iter().map(value).collect();
        all.push((
            name,
            Tensor {
                shape: shape.to_vec(),
                values,
            },
        ));
    };
    let norm = |put: &mut dyn FnMut(String, &[usize]), layer: &str, channels| {
        put(format!("{layer}.weight"), &[channels]);
        put(format!("{layer}.bias"), &[channels]);
    };
    put("features.conv0.weight".to_owned(), &[64, planes, 7, 7]);
    norm(&mut put, "features.norm0", 64);
    let mut channels = 64;
    for (block, layers) in (1..).zip(BLOCKS) {
        for layer in 1..=layers {
            let layer = format!("features.denseblock{block}.denselayer{layer}");
            norm(&mut put, &format!("{layer}.norm1"), channels);
            put(format!("{layer}.conv1.weight"), &[128, channels, 1, 1]);
            norm(&mut put, &format!("{layer}.norm2"), 128);
            put(format!("{layer}.conv2.weight"), &[32, 128, 3, 3]);
            channels += 32;
        }
        if block < BLOCKS.len() {
            let layer = format!("features.transition{block}");
            norm(&mut put, &format!("{layer}.norm"), channels);
            put(
                format!("{layer}.conv.weight"),
                &[channels / 2, channels, 1, 1],
            );
            channels /= 2;
        }
    }
    norm(&mut put, "features.norm5", channels);
    all
}

fn flat(parameters: &[(String, Tensor)]) -> Vec<f32> {
    parameters
        .iter()
        .flat_map(|(_, tensor)| tensor.values.iter().copied())
        .collect()
}

fn networks(planes: usize) -> Vec<DenseNet> {
    let network =
        |processor| DenseNet::new(Engine::new(processor), planes, BLOCKS.to_vec(), EPSILON);
    Processor::all().into_iter().map(network).collect()
}

#[test]
fn with_a_batchs_statistics_both_networks_give_the_same() {
    let (planes, batch, height, width) = (4, 3, 39, 52);
    let parameters = parameters(planes);
    let values = flat(&parameters);
    let input = random(batch * planes * height * width, 99);
    for network in networks(planes) {
        let (found, pass) = network.forward(&values, &input, [batch, height, width]);
        let mut tensors: BTreeMap<String, Tensor> = parameters.iter().cloned().collect();
        let norms = parameters
            .iter()
            .filter_map(|(name, _)| name.strip_suffix(".bias"));
        let moments = pass.moments();
        assert_eq!(norms.clone().count(), moments.len());
        for (norm, moment) in norms.zip(moments) {
            let mut put = |part: &str, values: &[f32]| {
                let tensor = Tensor {
                    shape: vec![values.len()],
                    values: values.to_vec(),
                };
                tensors.insert(format!("{norm}.{part}"), tensor);
            };
            put("running_mean", &moment.mean);
            put("running_var", &moment.variance);
        }
        let engine = Engine::new(Processor::best());
        let backbone = Backbone::new(engine, Kind::DenseNet, EPSILON, &tensors).expect("it fits");
        let image = planes * height * width;
        let expected: Vec<f32> = input
            .chunks_exact(image)
            .flat_map(|image| backbone.forward(image, [planes, height, width]).values)
            .collect();
        assert_close(&found.values, &expected, 1e-4, "features");
    }
}

/// The gradient's product with a direction is the slope of the sum of all features, weighted, in that direction.
#[test]
fn gradients_are_slopes() {
    let (planes, batch, height, width) = (3, 2, 41, 34);
    let parameters = parameters(planes);
    let values = flat(&parameters);
    let input = random(batch * planes * height * width, 99);
    let shape = [batch, height, width];
    // By the fastest instructions alone: it computes the network some hundred times.
    for network in networks(planes).into_iter().rev().take(1) {
        let (features, pass) = network.forward(&values, &input, shape);
        let weights = random(features.values.len(), 98);
        let gradients = pass.gradients(&values, &weights);
        let sum = |values: &[f32]| -> f64 {
            let (features, _) = network.forward(values, &input, shape);
            let terms = features.values.iter().zip(&weights);
            terms
                .map(|(x, weight)| f64::from(*x) * f64::from(*weight))
                .sum()
        };
        let mut start = 0;
        let (mut found, mut expected, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (name, tensor) in &parameters {
            let range = start..start + tensor.values.len();
            start = range.end;
            // Along the gradient itself, the slope is largest beside what rounding makes.
            let direction = &gradients[range.clone()];
            let largest = |values: &[f32]| values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            let scale = largest(&tensor.values) / largest(direction) / 1000.0;
            let moved = |sign: f32| {
                let mut moved = values.clone();
                for (value, direction) in moved[range.clone()].iter_mut().zip(direction) {
                    *value += sign * scale * direction;
                }
                sum(&moved)
            };
            expected.push(((moved(1.0) - moved(-1.0)) / 2.0) as f32);
            found.push(direction.iter().map(|g| g * g * scale).sum::<f32>());
            names.push(name);
        }
        let scale = expected.iter().fold(0.0_f32, |a, b: &f32| a.max(b.abs()));
        for ((found, expected), name) in found.iter().zip(&expected).zip(names) {
            let allowed = 0.01 * expected.abs() + 0.003 * scale;
            assert!(
                (found - expected).abs() <= allowed,
                "{name}: {found} along the direction, and the slope is {expected}"
            );
        }
    }
}

#[test]
fn the_number_of_cores_changes_no_bit() {
    let values = flat(&parameters(3));
    let input = random(4 * 3 * 33 * 40, 99);
    let network = &networks(3)[0];
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            let (features, pass) = network.forward(&values, &input, [4, 33, 40]);
            let gradients = pass.gradients(&values, &features.values);
            (features, gradients)
        })
    };
    assert!(run(1) == run(3));
}
