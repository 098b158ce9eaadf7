//! Times a U-Net at 256 px beside DenseNet-121's backbone at 512 px, in one run on one machine: how long cells take beside the
//! answer of their field.
//!
//! usage: unet [WIDTH] [LEVELS] [TIMES]

mod formula;

use std::time::Instant;

use cytolens_kernels::{Backbone, Engine, Kind, Processor, Tensor, Tensors, UNet};

use formula::{densenet, planes, tensor};

const PLANES: usize = 4;

/// Made-up weights of both networks.
struct Formula {
    width: usize,
    levels: usize,
}

impl Tensors for Formula {
    fn has(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    fn tensor(&self, name: &str) -> Option<Tensor> {
        Some(tensor(name, self.shape(name)?))
    }
}

impl Formula {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        match name.starts_with("features") {
            true => densenet(name, PLANES),
            false => self.unet(name),
        }
    }

    fn unet(&self, name: &str) -> Option<Vec<usize>> {
        let parts: Vec<&str> = name.split('.').collect();
        let channels = |level: usize| self.width << level;
        match parts[..] {
            ["out", "weight"] => Some(vec![3, self.width, 1, 1]),
            ["out", "bias"] => Some(vec![3]),
            [way, level, layer, part] => {
                let level: usize = level.parse().ok()?;
                let is_down = way == "down";
                if level >= self.levels || !is_down && level + 1 >= self.levels {
                    return None;
                }
                let inputs = match (is_down, level) {
                    (true, 0) => PLANES,
                    (true, _) => channels(level - 1),
                    (false, _) => 2 * channels(level),
                };
                Some(match (layer, part) {
                    ("upsample", "weight") => vec![channels(level + 1), channels(level), 2, 2],
                    ("conv1", _) => vec![channels(level), inputs, 3, 3],
                    ("conv2", _) => vec![channels(level), channels(level), 3, 3],
                    _ => vec![channels(level)],
                })
            }
            _ => None,
        }
    }
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok());
    let width: usize = arguments.next().unwrap_or(16);
    let levels: usize = arguments.next().unwrap_or(4);
    let times: usize = arguments.next().unwrap_or(10);
    let formula = Formula { width, levels };
    let (small, large) = (planes(PLANES * 256 * 256), planes(PLANES * 512 * 512));
    for processor in Processor::all().into_iter().skip(1) {
        let engine = Engine::new(processor);
        let network = UNet::new(engine.clone(), 1e-5, &formula).expect("the weights fit");
        let backbone =
            Backbone::new(engine, Kind::DenseNet, 1e-5, &formula).expect("the weights fit");
        // In turn, so that whatever else the machine does is shared.
        let (mut cells, mut answer) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..times {
            cells = cells.min(time(|| {
                std::hint::black_box(network.forward(&small, [PLANES, 256, 256]));
            }));
            answer = answer.min(time(|| {
                std::hint::black_box(backbone.forward(&large, [PLANES, 512, 512]));
            }));
        }
        println!(
            "{processor:?}: U-Net of {levels} levels from {width} channels at 256 px {cells:.1} ms, DenseNet-121 at 512 px {answer:.1} ms, ratio {:.3}",
            cells / answer
        );
    }
}

/// The time of a call in milliseconds.
fn time(run: impl Fn()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}
