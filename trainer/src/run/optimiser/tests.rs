//! The optimiser against AdamW by hand, on a network whose weights are all alike.

use burn::module::{ModuleVisitor, ParamId};
use cytolens::model::{Architecture, HeadKind, NetworkConfig};

use super::schedule::Schedule;
use super::*;

/// Settings without clipping or decay.
pub fn choice() -> OptimiserChoice {
    OptimiserChoice {
        learning_rate: 0.1,
        backbone_share: 1.0,
        warm_up: 0.0,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        beta_1: 0.9,
        beta_2: 0.99,
        epsilon: 1e-3,
        clip: 0.0,
    }
}

const RATES: Rates = Rates {
    backbone: 0.01,
    head: 0.02,
};

/// Gives every number of a network the same value.
struct Fill(f32);

impl ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| Tensor::from_inner(value.inner().zeros_like() + self.0).require_grad())
    }
}

/// A network with convolutions, biases and a linear layer, every number of it 0.5.
fn network() -> Network {
    let config = NetworkConfig {
        architecture: Architecture::AllCnn,
        head: HeadKind::Pooling,
        planes: 1,
        size: 32,
        classes: 2,
        batch_norm_epsilon: 1e-5,
    };
    Network::new(&config, &Device::flex().autodiff()).map(&mut Fill(0.5))
}

/// Registers the same gradient for every number of a module, and counts them.
struct Pull {
    gradient: f32,
    gradients: GradientsParams,
    numbers: usize,
}

impl Pull {
    fn new(gradient: f32) -> Self {
        Self {
            gradient,
            gradients: GradientsParams::new(),
            numbers: 0,
        }
    }
}

impl ModuleVisitor for Pull {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().inner();
        self.numbers += value.shape().num_elements();
        let gradient = value.zeros_like() + self.gradient;
        self.gradients.register(param.id, gradient);
    }
}

fn gradients(network: &Network, gradient: f32) -> GradientsParams {
    let mut pull = Pull::new(gradient);
    network.visit(&mut pull);
    pull.gradients
}

/// The values of a module's parameters, by their number of dimensions: each tensor must be of equal numbers.
#[derive(Default)]
struct Values(Vec<(ParamId, usize, f32)>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().try_into_vec_as::<f32>().expect("numbers");
        assert!(values.iter().all(|value| *value == values[0]));
        self.0.push((param.id, D, values[0]));
    }
}

/// The values of all matrices and kernels, and of all vectors, of a module.
fn values<M: Module>(module: &M) -> [f32; 2] {
    let mut values = Values::default();
    module.visit(&mut values);
    [false, true].map(|is_vector| {
        let mut kind = values
            .0
            .iter()
            .filter(|(_, dimensions, _)| (*dimensions == 1) == is_vector)
            .map(|(_, _, value)| *value);
        let first = kind.next().expect("a parameter of this kind");
        assert!(kind.all(|value| value == first), "all of a kind are alike");
        first
    })
}

/// AdamW of one number: the weights after each step.
fn by_hand(choice: &OptimiserChoice, rate: f64, decay: f64, gradients: &[f64]) -> Vec<f64> {
    let (beta_1, beta_2) = (f64::from(choice.beta_1), f64::from(choice.beta_2));
    let (mut weight, mut first, mut second) = (0.5, 0.0, 0.0);
    let step = |(step, gradient): (usize, &f64)| {
        first = beta_1 * first + (1.0 - beta_1) * gradient;
        second = beta_2 * second + (1.0 - beta_2) * gradient * gradient;
        let mean = first / (1.0 - beta_1.powi(step as i32 + 1));
        let square: f64 = second / (1.0 - beta_2.powi(step as i32 + 1));
        weight -= rate * decay * weight;
        weight -= rate * mean / (square.sqrt() + f64::from(choice.epsilon));
        weight
    };
    gradients.iter().enumerate().map(step).collect()
}

fn assert_near(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() < 2e-6,
        "{found}, by hand {expected}"
    );
}

/// Numbers worked out on paper, so that the formula above is not only held against itself: m = 0.02, v = 0.0004, both corrected
/// for one step to 0.2 and 0.04, and 0.2 / (0.2 + 0.001) = 0.995025.
#[test]
fn the_first_step_is_the_sign_of_the_gradient_at_the_rate() {
    let mut optimiser = Optimiser::new(&choice());
    let network = network();
    let pulled = gradients(&network, 0.2);
    let moved = optimiser.step(network, pulled, RATES);
    assert_near(values(&moved.backbone)[0], 0.5 - 0.01 * 0.995_025);
    assert_near(values(&moved.head)[0], 0.5 - 0.02 * 0.995_025);
    assert!(optimiser.gradient_norm().is_none(), "nothing is clipped");
}

#[test]
fn steps_are_adamws_and_only_matrices_decay() {
    let choice = OptimiserChoice {
        weight_decay: 0.5,
        ..choice()
    };
    let mut optimiser = Optimiser::new(&choice);
    let mut network = network();
    // The last shows momentum: without a gradient the weights still move.
    let pulls = [0.2, -0.05, 0.1, 0.0];
    for (step, pull) in pulls.iter().enumerate() {
        let pulled = gradients(&network, *pull as f32);
        network = optimiser.step(network, pulled, RATES);
        for (found, rate) in [
            (values(&network.backbone), RATES.backbone),
            (values(&network.head), RATES.head),
        ] {
            let [matrix, vector] =
                [0.5, 0.0].map(|decay| by_hand(&choice, rate, decay, &pulls)[step]);
            assert_near(found[0], matrix);
            assert_near(found[1], vector);
            assert!((matrix - vector).abs() > 1e-3, "decay shows");
        }
    }
    let rest = by_hand(&choice, RATES.head, 0.0, &pulls);
    assert!((rest[3] - rest[2]).abs() > 1e-3, "momentum shows");
}

/// Without means over steps and with an epsilon of 1, a step is gradient / (|gradient| + 1) and shows the gradient's size.
#[test]
fn gradients_are_clipped_by_their_common_norm() {
    let plain = OptimiserChoice {
        beta_1: 0.0,
        beta_2: 0.0,
        epsilon: 1.0,
        clip: 1.0,
        ..choice()
    };
    let mut counted = Pull::new(0.0);
    network().visit(&mut counted);
    let numbers = counted.numbers as f64;
    assert!(numbers > 1e6, "a network");
    for (gradient, norm) in [
        (3.0, 3.0 * numbers.sqrt()),
        (0.5 / numbers.sqrt(), 0.5),
        (0.0, 0.0),
    ] {
        let mut optimiser = Optimiser::new(&plain);
        let network = network();
        let pulled = gradients(&network, gradient as f32);
        let rates = Rates {
            backbone: 100.0,
            head: 100.0,
        };
        let moved = optimiser.step(network, pulled, rates);
        let found = optimiser.gradient_norm().expect("the norm");
        let found = f64::from(found.into_scalar::<f32>());
        assert!((found - norm).abs() <= 1e-3 * norm, "{found}, not {norm}");
        let clipped = if norm > 1.0 {
            gradient / norm
        } else {
            gradient
        };
        let expected = 0.5 - 100.0 * clipped / (clipped + 1.0);
        for found in [values(&moved.backbone), values(&moved.head)].concat() {
            assert!(
                (f64::from(found) - expected).abs() < 1e-4,
                "{found}, not {expected}"
            );
        }
        if norm > 1.0 {
            let unclipped = 0.5 - 100.0 * gradient / (gradient + 1.0);
            assert!((expected - unclipped).abs() > 1.0, "clipping shows");
        }
    }
}

#[test]
fn a_frozen_backbone_stays_and_its_moments_begin_when_it_learns() {
    let choice = OptimiserChoice {
        weight_decay: 0.5,
        ..choice()
    };
    let mut optimiser = Optimiser::new(&choice);
    let network = network();
    let mut pull = Pull::new(0.2);
    network.head.visit(&mut pull);
    let frozen = Rates {
        backbone: 0.0,
        ..RATES
    };
    let network = optimiser.step(network, pull.gradients, frozen);
    assert_eq!(values(&network.backbone), [0.5, 0.5]);
    let pulled = gradients(&network, 0.2);
    let network = optimiser.step(network, pulled, RATES);
    assert_near(
        values(&network.backbone)[0],
        by_hand(&choice, RATES.backbone, 0.5, &[0.2])[0],
    );
    assert_near(
        values(&network.head)[0],
        by_hand(&choice, RATES.head, 0.5, &[0.2, 0.2])[1],
    );
}

#[test]
fn moments_survive_a_file_to_the_bit() {
    let mut optimiser = Optimiser::new(&choice());
    let network = network();
    let pulled = gradients(&network, 0.2);
    let network = optimiser.step(network, pulled, RATES);
    let file = optimiser.to_safetensors(&network).expect("a file");
    let mut loaded = Optimiser::new(&choice());
    loaded
        .load(&network, &file, &Device::flex())
        .expect("the same moments");
    let [expected, found] = [&mut optimiser, &mut loaded].map(|optimiser| {
        let pulled = gradients(&network, -0.1);
        let moved = optimiser.step(network.clone(), pulled, RATES);
        [values(&moved.backbone), values(&moved.head)].concat()
    });
    assert_eq!(found, expected);

    let other = Optimiser::new(&choice());
    let empty = other.to_safetensors(&network).expect("a file");
    loaded
        .load(&network, &empty, &Device::flex())
        .expect("no moments before the first step");
    assert!(loaded.load(&network, b"no file", &Device::flex()).is_err());
}
