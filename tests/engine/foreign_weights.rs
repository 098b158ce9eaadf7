//! Weights as other programs name and lay them out: they must give the very logits that they give
//! under torchvision's names.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use cytolens::model::{Architecture, Network, NetworkConfig, WeightsError, weights};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use tempfile::TempDir;

use cytolens_testing::third_party;

use crate::support::imagenet;

/// The logits of a fixed image with the weights of a file.
fn logits(file: &Path) -> Result<Vec<f32>, WeightsError> {
    let device = Device::flex();
    let config = imagenet(64);
    let mut network = Network::new(&config, &device);
    weights::apply_exactly(&mut network, config.names(), &weights::read_file(file)?)?;
    let values: Vec<f32> = (0..3 * 64 * 64)
        .map(|at| (at % 251) as f32 / 251.0)
        .collect();
    let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 3, 64, 64]);
    let logits = network.forward(input).into_data().try_into_vec();
    Ok(logits.expect("f32 numbers"))
}

/// A tensor to write into a file.
struct NamedTensor {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The file of published weights, every tensor changed.
fn changed(folder: &TempDir, original: &Path, change: impl Fn(&mut NamedTensor)) -> PathBuf {
    let bytes = std::fs::read(original).expect("the published weights");
    let file = SafeTensors::deserialize(&bytes).expect("tensors");
    let entries: Vec<_> = file
        .iter()
        .map(|(name, tensor)| {
            let mut entry = NamedTensor {
                name: name.to_owned(),
                shape: tensor.shape().to_vec(),
                bytes: tensor.data().to_vec(),
            };
            change(&mut entry);
            (tensor.dtype(), entry)
        })
        .collect();
    let views = entries.iter().map(|(kind, entry)| {
        let view = TensorView::new(*kind, entry.shape.clone(), &entry.bytes);
        (entry.name.as_str(), view.expect("a tensor"))
    });
    let path = folder.path().join("weights.safetensors");
    let bytes = safetensors::serialize(views, None).expect("bytes");
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// The layer and variable that Keras 3 has for a tensor of torchvision's.
fn keras_name(name: &str) -> (String, &'static str) {
    let (layer, variable) = name.rsplit_once('.').expect("a layer's tensor");
    let norm = layer.contains("norm");
    let variable = match variable {
        "weight" if norm => "gamma",
        "weight" => "kernel",
        "bias" if norm => "beta",
        "bias" => "bias",
        "running_mean" => "moving_mean",
        "running_var" => "moving_variance",
        other => panic!("{other}"),
    };
    let parts: Vec<&str> = layer.trim_start_matches("features.").split('.').collect();
    let number = |part: &str, word: &str| -> usize {
        let digits = part.strip_prefix(word).expect("a number");
        digits.parse().expect("a number")
    };
    let layer = match *parts.as_slice() {
        ["conv0"] => "conv1_conv".to_owned(),
        ["norm0"] => "conv1_bn".to_owned(),
        ["norm5"] => "bn".to_owned(),
        ["classifier"] => "predictions".to_owned(),
        [transition, unit] => format!(
            "pool{}_{}",
            number(transition, "transition") + 1,
            if unit == "norm" { "bn" } else { "conv" }
        ),
        [block, layer, unit] => format!(
            "conv{}_block{}_{}",
            number(block, "denseblock") + 1,
            number(layer, "denselayer"),
            match unit {
                "norm1" => "0_bn",
                "conv1" => "1_conv",
                "norm2" => "1_bn",
                _ => "2_conv",
            }
        ),
        _ => panic!("{name}"),
    };
    (layer, variable)
}

/// `[outputs, inputs, height, width]` as `[height, width, inputs, outputs]`, and `[outputs, inputs]`
/// as `[inputs, outputs]`, of four bytes a number.
fn to_keras_layout(entry: &mut NamedTensor) {
    let (outputs, inputs, area) = match *entry.shape.as_slice() {
        [outputs, inputs, height, width] => {
            entry.shape = vec![height, width, inputs, outputs];
            (outputs, inputs, height * width)
        }
        [outputs, inputs] => {
            entry.shape = vec![inputs, outputs];
            (outputs, inputs, 1)
        }
        _ => return,
    };
    let numbers: Vec<&[u8]> = entry.bytes.chunks_exact(4).collect();
    let mut turned = Vec::with_capacity(entry.bytes.len());
    for place in 0..area {
        for input in 0..inputs {
            for output in 0..outputs {
                turned.extend_from_slice(numbers[(output * inputs + input) * area + place]);
            }
        }
    }
    entry.bytes = turned;
}

#[test]
#[ignore = "needs the third-party data"]
fn keras_files_give_the_same_logits() {
    let original = third_party("imagenet/densenet121.safetensors");
    let folder = tempfile::tempdir().expect("a folder");
    let expected = logits(&original).expect("the published weights");
    type Naming = fn(&str, &str) -> String;
    let namings: [Naming; 3] = [
        // Keras 3: a variable's path.
        |layer, variable| format!("{layer}/{variable}"),
        // Keras 2: the stem's layers have a slash, and files have groups around variables.
        |layer, variable| {
            let layer = match layer {
                "conv1_conv" => "conv1/conv",
                "conv1_bn" => "conv1/bn",
                "predictions" => "fc1000",
                layer => layer,
            };
            format!("model_weights/{layer}/{layer}/{variable}:0")
        },
        // Slashes made dots by a conversion.
        |layer, variable| format!("{layer}.{variable}"),
    ];
    for naming in namings {
        let file = changed(&folder, &original, |entry| {
            let (layer, variable) = keras_name(&entry.name);
            entry.name = naming(&layer, variable);
            to_keras_layout(entry);
        });
        assert_eq!(logits(&file).expect("Keras' weights"), expected);
    }
}

#[test]
#[ignore = "needs the third-party data"]
fn legacy_names_and_those_of_several_gpus_give_the_same_logits() {
    let original = third_party("imagenet/densenet121.safetensors");
    let folder = tempfile::tempdir().expect("a folder");
    let expected = logits(&original).expect("the published weights");
    let file = changed(&folder, &original, |entry| {
        if entry.name.contains(".denselayer") {
            for unit in ["norm", "conv"] {
                for number in ["1", "2"] {
                    let today = format!(".{unit}{number}.");
                    entry.name = entry.name.replace(&today, &format!(".{unit}.{number}."));
                }
            }
        }
        entry.name.insert_str(0, "module.");
    });
    assert_eq!(logits(&file).expect("legacy weights"), expected);
}

#[test]
#[ignore = "needs the third-party data"]
fn other_files_are_refused_with_what_does_not_fit() {
    let original = third_party("imagenet/densenet121.safetensors");
    let folder = tempfile::tempdir().expect("a folder");
    // As Keras 3's .weights.h5 numbers layers, without their names.
    let file = changed(&folder, &original, |entry| {
        entry.name = format!("layers/{}", entry.name.replace('.', "/"));
    });
    let error = logits(&file).expect_err("a refusal").to_string();
    for expected in [
        "0 tensors taken",
        "606 missing",
        "606 unexpected",
        "features.denseblock1.denselayer1.conv1.weight",
        "layers/",
    ] {
        assert!(error.contains(expected), "{expected} in {error}");
    }
    // Keras' names, but kernels in torchvision's layout: the shapes tell.
    let file = changed(&folder, &original, |entry| {
        let (layer, variable) = keras_name(&entry.name);
        entry.name = format!("{layer}/{variable}");
    });
    let error = logits(&file).expect_err("a refusal").to_string();
    for expected in ["; 121 unfit: features.", "(shape "] {
        assert!(error.contains(expected), "{expected} in {error}");
    }
}

/// The project's own files of any network are read back: none of their names is taken for Keras'.
#[test]
fn every_networks_own_file_is_read_as_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let device = Device::flex();
    for architecture in Architecture::ALL {
        let config = NetworkConfig {
            architecture,
            size: architecture.least_size().max(64),
            ..imagenet(64)
        };
        let mut network = Network::new(&config, &device);
        let bytes = weights::to_safetensors(&network, config.names(), weights::Precision::Single);
        let path = folder.path().join("network.safetensors");
        std::fs::write(&path, bytes.expect("bytes")).expect("a file");
        let tensors = weights::read_file(&path).expect("tensors");
        weights::apply_exactly(&mut network, config.names(), &tensors)
            .unwrap_or_else(|error| panic!("{}: {error}", architecture.title()));
    }
}
