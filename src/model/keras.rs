//! Keras' DenseNets in torchvision's terms: the names of its layers and the layout of its kernels.
//!
//! Layers are called as in `keras/src/applications/densenet.py` (Keras 3), or as in Keras 2 before it,
//! which wrote `conv1/conv`, `conv1/bn` and `fc1000`. Variables are called as Keras' layers call them:
//! `kernel`, `gamma`, `moving_variance` and so on. A conversion from HDF5 leaves groups and separators
//! between and around them: `conv1_bn/gamma`, `conv1/bn/gamma:0`, `model_weights.conv1_bn.conv1_bn.gamma`.
//! Keras 3's own `.weights.h5` numbers layers instead of naming them, and is not read.

use burn::store::burn_pack::{Bytes, Tensor};

use super::weights::Tensors;
use crate::package::WeightsError;

/// Translates Keras' tensors into torchvision's terms, and leaves others as they are. A tensor of no
/// DenseNet keeps its name, so that the report names it as unexpected.
///
/// # Errors
/// [`WeightsError::Unreadable`].
pub(super) fn translated(tensors: Tensors) -> Result<Tensors, WeightsError> {
    // Inception-ResNet-v2 in PyTorch has a `branch1.0.bn.bias`, which a Keras file could have too.
    if !tensors.keys().any(|name| is_keras(name)) {
        return Ok(tensors);
    }
    let mut translated = Tensors::new();
    for (name, tensor) in tensors {
        let (known, tensor) = match torchvision_name(&name) {
            Some(known) => (known, in_torch_layout(tensor)?),
            None => (name.clone(), tensor),
        };
        if translated.insert(known.clone(), tensor).is_some() {
            let twice = format!("{known} is there twice, once as {name}");
            return Err(WeightsError::Unreadable(twice));
        }
    }
    Ok(translated)
}

/// Returns whether only Keras names a variable so.
fn is_keras(name: &str) -> bool {
    let name = name.strip_suffix(":0").unwrap_or(name);
    let variable = name.rsplit(['/', '.']).next();
    matches!(
        variable,
        Some("kernel" | "gamma" | "moving_mean" | "moving_variance")
    )
}

/// Translates a name: `conv2_block1_0_bn/gamma` is `features.denseblock1.denselayer1.norm1.weight`.
fn torchvision_name(name: &str) -> Option<String> {
    let name = name.strip_suffix(":0").unwrap_or(name);
    let parts: Vec<&str> = name.split(['/', '.']).collect();
    let (variable, layer) = parts.split_last()?;
    let variable = match *variable {
        "kernel" | "gamma" => "weight",
        "bias" | "beta" => "bias",
        "moving_mean" => "running_mean",
        "moving_variance" => "running_var",
        _ => return None,
    };
    // The longest end that is a layer's name: `conv1/bn` is the stem's norm, `bn` the last.
    let layer = (0..layer.len()).find_map(|from| torchvision_layer(&layer[from..].join("_")))?;
    Some(format!("{layer}.{variable}"))
}

fn torchvision_layer(layer: &str) -> Option<String> {
    match layer {
        "conv1_conv" => return Some("features.conv0".to_owned()),
        "conv1_bn" => return Some("features.norm0".to_owned()),
        "bn" => return Some("features.norm5".to_owned()),
        "predictions" | "fc1000" => return Some("classifier".to_owned()),
        _ => {}
    }
    let (stage, unit) = layer.split_once('_')?;
    // Stage 1 is the stem.
    let block = |stage: &str| stage.parse::<usize>().ok()?.checked_sub(1);
    if let Some(stage) = stage.strip_prefix("pool") {
        let unit = match unit {
            "bn" => "norm",
            "conv" => "conv",
            _ => return None,
        };
        return Some(format!("features.transition{}.{unit}", block(stage)?));
    }
    let block = block(stage.strip_prefix("conv")?)?;
    let (layer, unit) = unit.strip_prefix("block")?.split_once('_')?;
    let unit = match unit {
        "0_bn" => "norm1",
        "1_conv" => "conv1",
        "1_bn" => "norm2",
        "2_conv" => "conv2",
        _ => return None,
    };
    Some(format!(
        "features.denseblock{block}.denselayer{layer}.{unit}"
    ))
}

/// Transposes kernels `[height, width, inputs, outputs]` to `[outputs, inputs, height, width]`, and
/// those of dense layers, `[inputs, outputs]`, to `[outputs, inputs]`.
fn in_torch_layout(tensor: Tensor) -> Result<Tensor, WeightsError> {
    let shape = tensor.shape.to_vec();
    let (area, inputs, outputs, turned) = match *shape.as_slice() {
        [height, width, inputs, outputs] => (
            height * width,
            inputs,
            outputs,
            vec![outputs, inputs, height, width],
        ),
        [inputs, outputs] => (1, inputs, outputs, vec![outputs, inputs]),
        _ => return Ok(tensor),
    };
    let (name, kind, _, id, bytes) = tensor
        .into_parts()
        .map_err(|error| WeightsError::Unreadable(error.to_string()))?;
    let width = bytes.len() / (area * inputs * outputs).max(1);
    let mut moved = Vec::with_capacity(bytes.len());
    for output in 0..outputs {
        for input in 0..inputs {
            for place in 0..area {
                let from = ((place * inputs + input) * outputs + output) * width;
                moved.extend_from_slice(&bytes[from..from + width]);
            }
        }
    }
    Ok(Tensor::new(
        name,
        kind,
        turned,
        id,
        Bytes::from_bytes_vec(moved),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_way_from_keras_become_torchvisions() {
        for (keras, torchvision) in [
            ("conv1_conv/kernel", "features.conv0.weight"),
            ("conv1/conv/kernel:0", "features.conv0.weight"),
            ("conv1.bn.moving_mean", "features.norm0.running_mean"),
            ("conv1/bn/conv1/bn/beta:0", "features.norm0.bias"),
            ("densenet121/bn/gamma", "features.norm5.weight"),
            (
                "model_weights/bn/bn/moving_variance",
                "features.norm5.running_var",
            ),
            (
                "conv5_block16_1_bn.gamma",
                "features.denseblock4.denselayer16.norm2.weight",
            ),
            (
                "conv2_block1_2_conv/kernel:0",
                "features.denseblock1.denselayer1.conv2.weight",
            ),
            ("pool4_conv/kernel", "features.transition3.conv.weight"),
            ("predictions/bias", "classifier.bias"),
            ("fc1000/kernel:0", "classifier.weight"),
        ] {
            assert_eq!(
                torchvision_name(keras).as_deref(),
                Some(torchvision),
                "{keras}"
            );
        }
        for other in [
            "features.conv0.weight",
            "classifier.bias",
            "conv0_block1_0_bn/gamma",
            "conv2_block1_3_bn/gamma",
            "layers/conv2d_7/vars/0",
            "block1_conv1/kernel",
            "gamma",
        ] {
            assert_eq!(torchvision_name(other), None, "{other}");
        }
    }
}
