//! Times a U-Net at 256 px beside DenseNet-121's backbone at 512 px, in one run on one machine: how long cells take beside the
//! answer of their field.
//!
//! usage: unet [WIDTH] [LEVELS] [TIMES]

use std::time::Instant;

use cytolens_kernels::{Backbone, Engine, Kind, Processor, Tensor, Tensors, UNet};

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
        let shape = self.shape(name)?;
        let count: usize = shape.iter().product();
        let value = |place: usize| ((place * 7919 % 1013) as f32 / 1013.0 - 0.5) * 0.2;
        let positive = name.ends_with("running_var");
        let values = (0..count)
            .map(|place| if positive { 1.0 } else { value(place) })
            .collect();
        Some(Tensor { shape, values })
    }
}

impl Formula {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        match name.starts_with("features") {
            true => densenet(name),
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
                    (true, 0) => 4,
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

fn densenet(name: &str) -> Option<Vec<usize>> {
    const BLOCKS: [(usize, usize); 4] = [(6, 64), (12, 128), (24, 256), (16, 512)];
    let numbers: Vec<usize> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let weights = name.ends_with("weight");
    if name.contains("denselayer") {
        let (layers, first) = *BLOCKS.get(numbers[0].checked_sub(1)?)?;
        let inputs = first + 32 * numbers[1].checked_sub(1)?;
        return match numbers[2] {
            _ if numbers[1] > layers => None,
            _ if name.contains("norm1") => Some(vec![inputs]),
            _ if name.contains("norm2") => Some(vec![128]),
            1 if weights => Some(vec![128, inputs, 1, 1]),
            2 if weights => Some(vec![32, 128, 3, 3]),
            _ => None,
        };
    }
    if name.contains("transition") {
        let (layers, first) = *BLOCKS.get(numbers[0].checked_sub(1)?)?;
        let inputs = first + 32 * layers;
        return match name.contains("norm") {
            _ if numbers[0] > 3 => None,
            true => Some(vec![inputs]),
            false if weights => Some(vec![inputs / 2, inputs, 1, 1]),
            false => None,
        };
    }
    match name {
        _ if name.contains("norm0") => Some(vec![64]),
        _ if name.contains("norm5") => Some(vec![1024]),
        _ if name.contains("conv0") && weights => Some(vec![64, 4, 7, 7]),
        _ => None,
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
    let planes = |side: usize| -> Vec<f32> {
        (0..4 * side * side)
            .map(|place| (place % 251) as f32 / 251.0)
            .collect()
    };
    let (small, large) = (planes(256), planes(512));
    for processor in Processor::all().into_iter().skip(1) {
        let engine = Engine::new(processor);
        let network = UNet::new(engine.clone(), 1e-5, &formula).expect("the weights fit");
        let backbone =
            Backbone::new(engine, Kind::DenseNet, 1e-5, &formula).expect("the weights fit");
        // In turn, so that whatever else the machine does is shared.
        let (mut cells, mut answer) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..times {
            cells = cells.min(time(|| {
                std::hint::black_box(network.forward(&small, [4, 256, 256]));
            }));
            answer = answer.min(time(|| {
                std::hint::black_box(backbone.forward(&large, [4, 512, 512]));
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
