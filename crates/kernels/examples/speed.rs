//! Times DenseNet-121's backbone on this machine's CPU: for inference, one image, and in training, forward and backward, a
//! batch of 8; and bare products, the most that a core reaches.
//!
//! usage: speed [SIDE] [TIMES] [TRAINING_SIDE]
//!        speed peak      a bare product's GFLOP/s on one core, a number for scripts

mod formula;

use std::time::Instant;

use cytolens_kernels::training::DenseNet;
use cytolens_kernels::{Backbone, Engine, Kind, Processor, Tensor, Tensors, product_rate};

use formula::{densenet, planes, tensor, weight};

const PLANES: usize = 3;

/// Made-up weights.
struct DenseNet121;

impl Tensors for DenseNet121 {
    fn has(&self, name: &str) -> bool {
        densenet(name, PLANES).is_some()
    }

    fn tensor(&self, name: &str) -> Option<Tensor> {
        Some(tensor(name, densenet(name, PLANES)?))
    }
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
    let image = planes(PLANES * side * side);
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
            std::hint::black_box(backbone.forward(&image, [PLANES, side, side]));
        });
        println!("inference, {side} px: {best:.1} ms");
        let network = DenseNet::new(engine, PLANES, vec![6, 12, 24, 16], 1e-5);
        let parameters: Vec<f32> = (0..network.parameters()).map(weight).collect();
        let batch = planes(8 * PLANES * training * training);
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
