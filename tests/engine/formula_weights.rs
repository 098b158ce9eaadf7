//! Weights by a formula that other programs share, for tests that compare networks of which the project
//! has no trained weights.

use burn::module::Module;
use burn::store::burn_pack::{Bytes, DType, Tensor};
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot};
use cytolens::model::{Names, Network, Tensors};

/// Numbers from 0 to 1 that depend on a tensor's name and a place in it alone, by the finaliser of
/// MurmurHash3 for 32 bits.
pub fn hashed(name: &str) -> impl Fn(u32) -> f64 + use<> {
    let seed = name.bytes().fold(0x811C_9DC5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    move |place| {
        let mut x = (place + 1).wrapping_mul(0x9E37_79B1) ^ seed;
        for (shift, factor) in [(16, 0x85EB_CA6B), (13, 0xC2B2_AE35), (16, 1)] {
            x = (x ^ (x >> shift)).wrapping_mul(factor);
        }
        f64::from(x) / 4_294_967_296.0
    }
}

/// The weights of a network by the formula, which `fixtures/formula.py` has too.
pub fn formula_weights(names: Names, network: &Network) -> Tensors {
    formula_tensors(names, network)
}

/// The same of any module. The numbers are computed when they are read.
pub fn formula_tensors<M: Module>(names: Names, network: &M) -> Tensors {
    let tensors = network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let made = tensors.into_iter().map(|tensor| {
        let (name, length) = (names.in_files(&tensor.name), tensor.byte_len());
        let numbers = {
            let (name, shape) = (name.clone(), tensor.shape.to_vec());
            move || Ok(Bytes::from_elems(formula_numbers(&name, &shape)))
        };
        let made = Tensor::deferred(
            name.clone(),
            DType::F32,
            tensor.shape,
            None,
            length,
            numbers,
        );
        (name, made)
    });
    made.collect()
}

/// The numbers of a tensor by the formula.
fn formula_numbers(name: &str, shape: &[usize]) -> Vec<f32> {
    let fan_in: usize = shape.iter().skip(1).product();
    let (low, high) = if shape.len() > 1 {
        let bound = (6.0 / fan_in as f64).sqrt();
        (-bound, bound)
    } else if name.ends_with("weight") || name.ends_with("running_var") {
        (0.5, 1.5)
    } else {
        (-0.25, 0.25)
    };
    let hashed = hashed(name);
    (0..shape.iter().product::<usize>() as u32)
        .map(|place| (low + (high - low) * hashed(place)) as f32)
        .collect()
}
