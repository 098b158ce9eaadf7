//! The contents of exported files. `tests/export` checks in ONNX Runtime that they compute the right
//! thing.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::Device;
use cytolens::model::weights::{Precision, to_safetensors};
use cytolens::model::{Architecture, HeadKind, Network, NetworkConfig};
use cytolens::package::{Manifest, WeightsEntry};
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_core::package::FORMAT;
use cytolens_field::{Composition, MissingChannels};
use prost::Message;
use safetensors::SafeTensors;

use super::onnx;
use super::protobuf::{Dimension, GraphProto, ModelProto, NodeProto, ValueInfoProto};

fn manifest(architecture: Architecture, head: HeadKind) -> Manifest {
    Manifest {
        format: FORMAT,
        name: "a network".to_owned(),
        limits: "Knows nothing.".to_owned(),
        licence: "CC0-1.0".to_owned(),
        attribution: vec!["nobody".to_owned()],
        network: NetworkConfig {
            architecture,
            head,
            planes: 4,
            size: 96,
            classes: COUNT,
            batch_norm_epsilon: 1.001e-5,
        },
        labels: LOCATIONS.map(str::to_owned).to_vec(),
        thresholds: vec![0.25; COUNT],
        composition: Composition::Rgby,
        missing: MissingChannels::Refused,
        mean: vec![0.1, 0.2, 0.3, 0.4],
        std: vec![0.5, 0.6, 0.7, 0.8],
        weights: WeightsEntry::default(),
        goldens: vec![],
        familiar: None,
        provenance: serde_json::json!({ "seed": 7 }),
        metrics: serde_json::Value::Null,
    }
}

fn weights(network: &NetworkConfig) -> Vec<u8> {
    let module = Network::new(network, &Device::flex());
    to_safetensors(&module, network.names(), Precision::Single).expect("bytes")
}

fn exported(manifest: &Manifest) -> ModelProto {
    let bytes = onnx::model(manifest, &weights(&manifest.network)).expect("a model");
    ModelProto::decode(bytes.as_slice()).expect("a file as it was written")
}

fn graph(model: &ModelProto) -> &GraphProto {
    model.graph.as_ref().expect("a graph")
}

fn operators(graph: &GraphProto) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for node in &graph.node {
        *counts.entry(node.op_type.as_str()).or_default() += 1;
    }
    counts
}

fn shape(info: &ValueInfoProto) -> Vec<Dimension> {
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let shape = tensor.and_then(|t| t.shape.as_ref()).expect("a shape");
    let length = |dimension: &super::protobuf::DimensionProto| dimension.value.clone();
    shape
        .dim
        .iter()
        .map(|dimension| length(dimension).expect("a length"))
        .collect()
}

/// Checks that every input of a node exists before it, every name is unique, and every value is used.
fn assert_connected(graph: &GraphProto) {
    let mut there: BTreeSet<&str> = BTreeSet::new();
    let inputs = graph.input.iter().map(|input| &input.name);
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    for name in inputs.chain(constants) {
        assert!(there.insert(name), "{name} is there twice");
    }
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for NodeProto { input, output, .. } in &graph.node {
        for name in input {
            assert!(there.contains(name.as_str()), "{name} comes from nowhere");
            taken.insert(name);
        }
        for name in output {
            assert!(there.insert(name), "{name} is made twice");
        }
    }
    taken.extend(graph.output.iter().map(|output| output.name.as_str()));
    assert_eq!(there, taken, "what is there, and what is used");
}

#[test]
fn graphs_have_the_layers_of_their_papers() {
    for (architecture, convolutions, norms, concatenations, additions) in [
        (Architecture::DenseNet121, 120, 121, 58, 0),
        (Architecture::DenseNet201, 200, 201, 98, 0),
        (Architecture::ResNet50, 53, 53, 0, 16),
        (Architecture::AllCnn, 8, 0, 0, 0),
        // 40 residual blocks, whose last convolutions have a bias and no norm.
        (Architecture::InceptionResNetV2, 244, 204, 43, 40),
    ] {
        for (head, more_convolutions, linears) in
            [(HeadKind::Pooling, 0, 1), (HeadKind::Described, 1, 2)]
        {
            let manifest = manifest(architecture, head);
            let model = exported(&manifest);
            let graph = graph(&model);
            assert_connected(graph);
            let operators = operators(graph);
            let found = ["Conv", "BatchNormalization", "Concat", "Add", "Gemm"]
                .map(|operator| operators.get(operator).copied().unwrap_or_default());
            assert_eq!(
                found,
                [
                    convolutions + more_convolutions,
                    norms,
                    concatenations,
                    additions,
                    linears
                ],
                "{architecture:?} {head:?}"
            );
        }
    }
}

#[test]
fn files_hold_the_networks_own_weights() {
    let manifest = manifest(Architecture::ResNet50, HeadKind::Described);
    let weights = weights(&manifest.network);
    let file = SafeTensors::deserialize(&weights).expect("tensors");
    let model = onnx::model(&manifest, &weights).expect("a model");
    let model = ModelProto::decode(model.as_slice()).expect("a file");
    let initializers = &graph(&model).initializer;
    // All of them, and mean and standard deviation.
    assert_eq!(initializers.len(), file.len() + 2);
    for tensor in initializers {
        let expected: Vec<u8> = match tensor.name.as_str() {
            "mean" => manifest.mean.iter().flat_map(|v| v.to_le_bytes()).collect(),
            "std" => manifest.std.iter().flat_map(|v| v.to_le_bytes()).collect(),
            name => file.tensor(name).expect("a weight").data().to_vec(),
        };
        assert_eq!(tensor.raw_data, expected, "{}", tensor.name);
        let numbers: i64 = tensor.dims.iter().product();
        assert_eq!(tensor.raw_data.len() as i64, 4 * numbers);
    }
}

#[test]
fn shapes_say_what_is_free() {
    let free = |name: &str| Dimension::Free(name.to_owned());
    for (head, sides) in [
        (HeadKind::Pooling, [free("height"), free("width")]),
        (
            HeadKind::Described,
            [Dimension::Fixed(96), Dimension::Fixed(96)],
        ),
    ] {
        let model = exported(&manifest(Architecture::AllCnn, head));
        let graph = graph(&model);
        let [input] = graph.input.as_slice() else {
            panic!("one input")
        };
        let [height, width] = sides;
        assert_eq!(input.name, "planes");
        assert_eq!(
            shape(input),
            [free("batch"), Dimension::Fixed(4), height, width]
        );
        let names: Vec<&str> = graph.output.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["logits", "probabilities"]);
        for output in &graph.output {
            assert_eq!(shape(output), [free("batch"), Dimension::Fixed(28)]);
        }
    }
}

#[test]
fn norms_have_the_packages_epsilon() {
    let model = exported(&manifest(Architecture::DenseNet121, HeadKind::Pooling));
    for node in &graph(&model).node {
        if node.op_type == "BatchNormalization" {
            assert_eq!(node.attribute[0].name, "epsilon");
            assert_eq!(node.attribute[0].f, Some(1.001e-5));
        }
    }
}

#[test]
fn metadata_tells_what_the_package_does() {
    let manifest = manifest(Architecture::AllCnn, HeadKind::Pooling);
    let model = exported(&manifest);
    let metadata: BTreeMap<&str, &str> = model
        .metadata_props
        .iter()
        .map(|entry| (entry.key.as_str(), entry.value.as_str()))
        .collect();
    let labels: Vec<String> = serde_json::from_str(metadata["labels"]).expect("JSON");
    assert_eq!(labels, manifest.labels);
    let thresholds: Vec<f32> = serde_json::from_str(metadata["thresholds"]).expect("JSON");
    assert_eq!(thresholds, manifest.thresholds);
    assert_eq!(metadata["mean"], "[0.1,0.2,0.3,0.4]");
    assert_eq!(metadata["std"], "[0.5,0.6,0.7,0.8]");
    assert_eq!(metadata["composition"], "rgby");
    assert_eq!(metadata["size"], "96");
    assert_eq!(metadata["licence"], "CC0-1.0");
    assert_eq!(metadata["attribution"], r#"["nobody"]"#);
    assert_eq!(metadata["provenance"], r#"{"seed":7}"#);
}

#[test]
fn weights_of_another_network_are_refused_by_name() {
    let manifest = manifest(Architecture::DenseNet121, HeadKind::Pooling);
    for (other, expected) in [
        (Architecture::ResNet50, "features.conv0.weight"),
        (Architecture::AllCnn, "features.first.0.weight"),
    ] {
        let network = NetworkConfig {
            architecture: other,
            ..manifest.network.clone()
        };
        let error = onnx::model(&manifest, &weights(&network)).expect_err("a refusal");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
