//! Times DenseNet-121's backbone on this machine's CPU: for inference, one image, and in training, forward and backward, a
//! batch of 8; and bare products, the most that a core reaches.
//!
//! usage: speed [SIDE] [TIMES] [TRAINING_SIDE]
//!        speed peak      a bare product's GFLOP/s on one core, a number for scripts

use std::time::Instant;

use cytolens_kernels::training::DenseNet;
use cytolens_kernels::{Backbone, Engine, Kind, Processor, Tensor, Tensors, product_rate};

struct DenseNet121;

impl Tensors for DenseNet121 {
    fn has(&self, name: &str) -> bool {
        tensor(name).is_some()
    }

    fn tensor(&self, name: &str) -> Option<Tensor> {
        tensor(name)
    }
}

/// A tensor of DenseNet-121, of made-up numbers.
fn tensor(name: &str) -> Option<Tensor> {
    let numbers: Vec<usize> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    const BLOCKS: [(usize, usize); 4] = [(6, 64), (12, 128), (24, 256), (16, 512)];
    let weights = name.ends_with("weight");
    let shape = if name.contains("denselayer") {
        let (layers, first) = *BLOCKS.get(numbers[0].checked_sub(1)?)?;
        if numbers[1] > layers {
            return None;
        }
        let inputs = first + 32 * (numbers[1] - 1);
        match numbers[2] {
            _ if name.contains("norm1") => vec![inputs],
            _ if name.contains("norm2") => vec![128],
            1 if weights => vec![128, inputs, 1, 1],
            2 if weights => vec![32, 128, 3, 3],
            _ => return None,
        }
    } else if name.contains("transition") {
        let (layers, first) = *BLOCKS.get(numbers[0].checked_sub(1)?)?;
        if numbers[0] > 3 {
            return None;
        }
        let inputs = first + 32 * layers;
        match name.contains("norm") {
            true => vec![inputs],
            false if weights => vec![inputs / 2, inputs, 1, 1],
            false => return None,
        }
    } else {
        match name.contains("norm0") {
            true => vec![64],
            false if name.contains("norm5") => vec![1024],
            false if weights => vec![64, 3, 7, 7],
            false => return None,
        }
    };
    let count: usize = shape.iter().product();
    let value = |place: usize| ((place * 7919 % 1013) as f32 / 1013.0 - 0.5) * 0.2;
    let positive = name.ends_with("running_var");
    let values = (0..count)
        .map(|place| if positive { 1.0 } else { value(place) })
        .collect();
    Some(Tensor { shape, values })
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("peak") {
        println!("{:.1}", gigaflops(Processor::best(), 256, 128));
        return;
    }
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok());
    let side: usize = arguments.next().unwrap_or(512);
    let times: usize = arguments.next().unwrap_or(10);
    let training: usize = arguments.next().unwrap_or(224);
    let planes: Vec<f32> = (0..3 * side * side)
        .map(|place| (place % 251) as f32 / 251.0)
        .collect();
    for processor in Processor::all().into_iter().skip(1) {
        println!("{processor:?}");
        let engine = Engine::new(processor);
        for (inputs, outputs) in [(256, 128), (128, 32), (21, 64)] {
            let rate = gigaflops(processor, inputs, outputs);
            println!("{inputs} x {outputs}: {rate:.1} GFLOP/s");
        }
        let backbone = Backbone::new(engine.clone(), Kind::DenseNet, 1e-5, &DenseNet121)
            .expect("the weights fit");
        let best = time(times, || {
            std::hint::black_box(backbone.forward(&planes, [3, side, side]));
        });
        println!("inference, {side} px: {best:.1} ms");
        let network = DenseNet::new(engine, 3, vec![6, 12, 24, 16], 1e-5);
        let parameters: Vec<f32> = (0..network.parameters())
            .map(|place| ((place * 7919 % 1013) as f32 / 1013.0 - 0.5) * 0.2)
            .collect();
        let batch: Vec<f32> = (0..8 * 3 * training * training)
            .map(|place| (place % 251) as f32 / 251.0)
            .collect();
        let best = time(times.div_ceil(3), || {
            let (features, pass) = network.forward(&parameters, &batch, [8, training, training]);
            std::hint::black_box(pass.gradients(&parameters, &features.values));
        });
        println!("training, 8 of {training} px: {best:.1} ms");
    }
}

/// The most GFLOP/s of some bare products, on one core.
fn gigaflops(processor: Processor, inputs: usize, outputs: usize) -> f64 {
    let rates = (0..20).map(|_| product_rate(processor, inputs, outputs));
    2e-9 * rates.fold(0.0, f64::max)
}

/// The shortest time in milliseconds of some runs.
fn time(times: usize, run: impl Fn()) -> f64 {
    (0..times)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}
