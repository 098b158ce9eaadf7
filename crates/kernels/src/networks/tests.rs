//! Every network, of few layers, against loops.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Backbone, Kind, UNet};
use crate::naive::{Planes, assert_close, largest, mean, random};
use crate::{Engine, Processor, Tensor, Tensors, WeightsError};

const EPSILON: f32 = 1e-3;

/// A network as loops, which makes the weights that it needs.
#[derive(Default)]
struct Loops(RefCell<BTreeMap<String, Tensor>>);

impl Loops {
    fn tensor(&self, name: &str, shape: &[usize], of: impl Fn(f32) -> f32) -> Tensor {
        let mut tensors = self.0.borrow_mut();
        let seed = tensors.len() as u64;
        let values = random(shape.iter().product(), seed)
            .into_iter()
            .map(of)
            .collect();
        let shape = shape.to_vec();
        let made = || Tensor { shape, values };
        tensors.entry(name.to_owned()).or_insert_with(made).clone()
    }

    fn norm(&self, x: &Planes, layer: &str) -> Planes {
        let part = |part: &str, of: &dyn Fn(f32) -> f32| {
            self.tensor(&format!("{layer}.{part}"), &x.shape[..1], of)
                .values
        };
        let weight = part("weight", &|x| 1.0 + x / 2.0);
        let bias = part("bias", &|x| x / 4.0);
        let mean = part("running_mean", &|x| x / 4.0);
        let variance = part("running_var", &|x| 1.0 + x / 2.0);
        let scale: Vec<f32> = weight
            .iter()
            .zip(variance)
            .map(|(w, v)| w / (v + EPSILON).sqrt())
            .collect();
        let shift: Vec<f32> = (0..bias.len())
            .map(|i| bias[i] - mean[i] * scale[i])
            .collect();
        x.affine(&scale, &shift)
    }

    fn convolution(
        &self,
        x: &Planes,
        layer: &str,
        outputs: usize,
        [height, width]: [usize; 2],
        (stride, border, bias): (usize, bool, bool),
    ) -> Planes {
        let inputs = x.shape[0];
        // Keeps the variance through a ReLU.
        let factor = (6.0 / (inputs * height * width) as f32).sqrt();
        let shape = [outputs, inputs, height, width];
        let weights = self.tensor(&format!("{layer}.weight"), &shape, |x| x * factor);
        let bias = match bias {
            true => {
                self.tensor(&format!("{layer}.bias"), &[outputs], |x| x / 4.0)
                    .values
            }
            false => vec![0.0; outputs],
        };
        let padding = if border {
            [height / 2, width / 2]
        } else {
            [0, 0]
        };
        x.convolved(&weights, &bias, stride, padding)
    }

    /// The convolution, the norm and the ReLU of timm's names.
    fn normed(
        &self,
        x: &Planes,
        layer: &str,
        outputs: usize,
        kernel: [usize; 2],
        stride: usize,
        border: bool,
    ) -> Planes {
        let how = (stride, border, false);
        let x = self.convolution(x, &format!("{layer}.conv"), outputs, kernel, how);
        self.norm(&x, &format!("{layer}.bn")).relu()
    }

    fn densenet(&self, planes: &Planes) -> Planes {
        const PLAIN: (usize, bool, bool) = (1, true, false);
        let x = self.convolution(planes, "features.conv0", 64, [7, 7], (2, true, false));
        let x = self.norm(&x, "features.norm0").relu();
        let mut x = x.pooled(3, 2, 1, largest);
        for (block, layers) in [2, 3].into_iter().enumerate() {
            let block = block + 1;
            for layer in 1..=layers {
                let layer = format!("features.denseblock{block}.denselayer{layer}");
                let y = self.norm(&x, &format!("{layer}.norm1")).relu();
                let y = self.convolution(&y, &format!("{layer}.conv1"), 128, [1, 1], PLAIN);
                let y = self.norm(&y, &format!("{layer}.norm2")).relu();
                let y = self.convolution(&y, &format!("{layer}.conv2"), 32, [3, 3], PLAIN);
                x = Planes::joined(&[&x, &y]);
            }
            if block == 1 {
                let y = self.norm(&x, "features.transition1.norm").relu();
                let half = x.shape[0] / 2;
                let y = self.convolution(&y, "features.transition1.conv", half, [1, 1], PLAIN);
                x = y.pooled(2, 2, 0, mean);
            }
        }
        self.norm(&x, "features.norm5").relu()
    }

    fn resnet(&self, planes: &Planes) -> Planes {
        let x = self.convolution(planes, "conv1", 64, [7, 7], (2, true, false));
        let mut x = self.norm(&x, "bn1").relu().pooled(3, 2, 1, largest);
        for (stage, block) in [(1, 0), (1, 1), (2, 0), (3, 0), (4, 0), (4, 1)] {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            let width = 16 << (stage - 1);
            let name = format!("layer{stage}.{block}");
            let mut y = x.clone();
            for (number, outputs, side, stride) in [
                (1, width, 1, 1),
                (2, width, 3, stride),
                (3, 4 * width, 1, 1),
            ] {
                let layer = format!("{name}.conv{number}");
                y = self.convolution(&y, &layer, outputs, [side; 2], (stride, true, false));
                y = self.norm(&y, &format!("{name}.bn{number}"));
                if number < 3 {
                    y = y.relu();
                }
            }
            if x.shape != y.shape {
                let how = (stride, true, false);
                let layer = format!("{name}.downsample.0");
                x = self.convolution(&x, &layer, 4 * width, [1, 1], how);
                x = self.norm(&x, &format!("{name}.downsample.1"));
            }
            x = x.plus(&y).relu();
        }
        x
    }

    fn all_cnn(&self, planes: &Planes) -> Planes {
        let mut x = planes.clone();
        for (layer, outputs, side, stride, border) in [
            ("first.0", 96, 3, 1, true),
            ("first.1", 96, 3, 1, true),
            ("first.2", 96, 3, 2, true),
            ("second.0", 192, 3, 1, true),
            ("second.1", 192, 3, 1, true),
            ("second.2", 192, 3, 2, true),
            ("last.0", 192, 3, 1, false),
            ("last.1", 192, 1, 1, true),
        ] {
            let layer = format!("features.{layer}");
            x = self
                .convolution(&x, &layer, outputs, [side; 2], (stride, border, true))
                .relu();
        }
        x
    }

    /// Two convolutions of a level.
    fn level(&self, x: &Planes, name: &str, outputs: usize) -> Planes {
        let mut x = x.clone();
        for number in [1, 2] {
            let layer = format!("{name}.conv{number}");
            x = self.convolution(&x, &layer, outputs, [3, 3], (1, true, false));
            x = self.norm(&x, &format!("{name}.norm{number}")).relu();
        }
        x
    }

    /// A U-Net of so many levels and channels at level 0, with two outputs.
    fn unet(&self, planes: &Planes, levels: usize, width: usize) -> Planes {
        let mut x = planes.clone();
        let mut skipped = Vec::new();
        for level in 0..levels {
            if level > 0 {
                skipped.push(x.clone());
                x = x.pooled(2, 2, 0, largest);
            }
            x = self.level(&x, &format!("down.{level}"), width << level);
        }
        for level in (0..levels - 1).rev() {
            let (inputs, outputs) = (x.shape[0], width << level);
            let name = format!("up.{level}.upsample");
            let factor = (3.0 / inputs as f32).sqrt();
            let shape = [inputs, outputs, 2, 2];
            let weights = self.tensor(&format!("{name}.weight"), &shape, |x| x * factor);
            let bias = self.tensor(&format!("{name}.bias"), &[outputs], |x| x / 4.0);
            let risen = x.risen(&weights, &bias.values);
            let joined = Planes::joined(&[&skipped[level], &risen]);
            x = self.level(&joined, &format!("up.{level}"), outputs);
        }
        self.convolution(&x, "out", 2, [1, 1], (1, true, true))
    }

    fn inception_resnet(&self, planes: &Planes) -> Planes {
        let x = self.normed(planes, "conv2d_1a", 32, [3, 3], 2, false);
        let x = self.normed(&x, "conv2d_2a", 32, [3, 3], 1, false);
        let x = self
            .normed(&x, "conv2d_2b", 64, [3, 3], 1, true)
            .pooled(3, 2, 0, largest);
        let x = self.normed(&x, "conv2d_3b", 80, [1, 1], 1, true);
        let x = self
            .normed(&x, "conv2d_4a", 48, [3, 3], 1, false)
            .pooled(3, 2, 0, largest);

        let one = self.normed(&x, "mixed_5b.branch0", 16, [1, 1], 1, true);
        let two = self.normed(&x, "mixed_5b.branch1.0", 24, [1, 1], 1, true);
        let two = self.normed(&two, "mixed_5b.branch1.1", 32, [5, 5], 1, true);
        let four = x.pooled(3, 1, 1, mean);
        let four = self.normed(&four, "mixed_5b.branch3.1", 16, [1, 1], 1, true);
        let x = Planes::joined(&[&one, &two, &four]);

        let x = self.residual(&x, "repeat.0", 0.17, [3, 3], [3, 3]).relu();
        let x = self.residual(&x, "repeat.1", 0.17, [3, 3], [3, 3]).relu();
        let x = self.reduction(&x, "mixed_6a");
        let x = self.residual(&x, "repeat_1.0", 0.10, [1, 7], [7, 1]).relu();
        let x = self.reduction(&x, "mixed_7a");
        let x = self.residual(&x, "repeat_2.0", 0.20, [1, 3], [3, 1]).relu();
        let x = self.residual(&x, "block8", 1.0, [1, 3], [3, 1]);
        self.normed(&x, "conv2d_7b", 72, [1, 1], 1, true)
    }

    fn residual(
        &self,
        x: &Planes,
        block: &str,
        factor: f32,
        second: [usize; 2],
        third: [usize; 2],
    ) -> Planes {
        let one = self.normed(x, &format!("{block}.branch0"), 16, [1, 1], 1, true);
        let two = self.normed(x, &format!("{block}.branch1.0"), 24, [1, 1], 1, true);
        let two = self.normed(&two, &format!("{block}.branch1.1"), 40, second, 1, true);
        let two = self.normed(&two, &format!("{block}.branch1.2"), 48, third, 1, true);
        let joined = Planes::joined(&[&one, &two]);
        let layer = format!("{block}.conv2d");
        let y = self.convolution(&joined, &layer, x.shape[0], [1, 1], (1, true, true));
        y.map(|_, value| value * factor).plus(x)
    }

    fn reduction(&self, x: &Planes, block: &str) -> Planes {
        let one = self.normed(x, &format!("{block}.branch0"), 32, [3, 3], 2, false);
        let two = self.normed(x, &format!("{block}.branch1.0"), 16, [1, 1], 1, true);
        let two = self.normed(&two, &format!("{block}.branch1.1"), 48, [3, 3], 2, false);
        Planes::joined(&[&one, &two, &x.pooled(3, 2, 0, largest)])
    }
}

impl Tensors for BTreeMap<String, Tensor> {
    fn has(&self, name: &str) -> bool {
        self.contains_key(name)
    }

    fn tensor(&self, name: &str) -> Option<Tensor> {
        self.get(name).cloned()
    }
}

type Forward = fn(&Loops, &Planes) -> Planes;

const NETWORKS: [(Kind, Forward, [usize; 3]); 4] = [
    (Kind::DenseNet, Loops::densenet, [3, 70, 52]),
    (Kind::ResNet, Loops::resnet, [4, 66, 41]),
    (Kind::AllCnn, Loops::all_cnn, [1, 23, 18]),
    (Kind::InceptionResNet, Loops::inception_resnet, [2, 107, 99]),
];

#[test]
fn networks_are_those_of_loops() {
    for (kind, forward, shape) in NETWORKS {
        let planes = Planes::random(shape, 1);
        let loops = Loops::default();
        let expected = forward(&loops, &planes);
        let tensors = loops.0.borrow();
        for processor in Processor::all() {
            let engine = Engine::new(processor);
            let backbone = Backbone::new(engine, kind, f64::from(EPSILON), &*tensors)
                .expect("the weights fit");
            let sides = [backbone.planes(), backbone.features()];
            assert_eq!(sides, [shape[0], expected.shape[0]], "{kind:?}");
            for _ in 0..2 {
                let found = backbone.forward(&planes.values, shape);
                assert_eq!(found.shape, expected.shape, "{kind:?}");
                let case = format!("{kind:?}, {processor:?}");
                assert_close(&found.values, &expected.values, 1e-4, &case);
            }
        }
    }
}

#[test]
fn u_nets_are_those_of_loops() {
    // Channels that fill whole vectors are convolved otherwise than others.
    for (levels, width, shape) in [
        (3, 16, [4, 20, 12]),
        (4, 8, [3, 16, 24]),
        (2, 5, [1, 6, 2]),
        (1, 16, [2, 7, 5]),
    ] {
        let planes = Planes::random(shape, 1);
        let loops = Loops::default();
        let expected = loops.unet(&planes, levels, width);
        let tensors = loops.0.borrow();
        for processor in Processor::all() {
            let engine = Engine::new(processor);
            let network =
                UNet::new(engine, f64::from(EPSILON), &*tensors).expect("the weights fit");
            let sides = [network.planes(), network.levels(), network.width()];
            assert_eq!(sides, [shape[0], levels, width]);
            assert_eq!(network.outputs(), 2);
            for _ in 0..2 {
                let found = network.forward(&planes.values, shape);
                let case = format!("{levels} levels of {width}, {processor:?}");
                assert_close(&found, &expected.values, 1e-4, &case);
            }
        }
        // Without the first tensor of a deeper level it would be another network, whose package would not fit.
        let begins = |name: &str| name.starts_with("down.") && name.ends_with(".conv1.weight");
        let first = "down.0.conv1.weight";
        for name in tensors
            .keys()
            .filter(|name| *name == first || !begins(name))
        {
            let mut fewer = tensors.clone();
            fewer.remove(name);
            let made = UNet::new(Engine::new(Processor::best()), 1e-5, &fewer);
            let message = made.expect_err("a fault").to_string();
            assert!(message.contains(name.as_str()), "{message}");
        }
    }
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let loops = Loops::default();
    loops.densenet(&Planes::random([3, 32, 32], 1));
    let spoilt = |name: &str, spoil: &dyn Fn(&mut BTreeMap<String, Tensor>)| {
        let mut tensors = loops.0.borrow().clone();
        spoil(&mut tensors);
        let made = Backbone::new(
            Engine::new(Processor::best()),
            Kind::DenseNet,
            1e-5,
            &tensors,
        );
        let message = made.expect_err("a fault").to_string();
        assert!(message.contains(name), "{message}");
    };
    let name = "features.denseblock2.denselayer2.conv2.weight";
    spoilt(name, &|tensors| {
        tensors.remove(name);
    });
    spoilt(name, &|tensors| {
        if let Some(tensor) = tensors.get_mut(name) {
            tensor.values[17] = f32::NAN;
        }
    });
    spoilt(name, &|tensors| {
        if let Some(tensor) = tensors.get_mut(name) {
            tensor.shape = vec![32, 64, 3, 6];
        }
    });
    let error = WeightsError::NotFinite("norm".to_owned());
    assert!(error.to_string().contains("norm"));
}
