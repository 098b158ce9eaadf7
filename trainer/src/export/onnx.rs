//! A model package as an ONNX file: normalisation, network and sigmoid in one graph.

use anyhow::Result;
use cytolens::model::HeadKind;
use cytolens::package::Manifest;
use prost::Message;

use super::graph::Graph;
use super::networks;
use super::protobuf::{Dimension, ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// The version of ONNX's operators that the graph uses.
pub const OPERATOR_SET: i64 = 17;
/// The version of the file format that came with those operators (ONNX 1.12).
const IR_VERSION: i64 = 8;

/// The name of the input: `[batch, planes, height, width]`, from 0 to 1.
pub const INPUT: &str = "planes";
/// The names of the outputs: `[batch, classes]` each.
pub const OUTPUTS: [&str; 2] = ["logits", "probabilities"];

/// Makes the ONNX file of a package's network from its weights, a safetensors file of f32 under the
/// names of `cytolens::model::weights`.
///
/// The graph normalises its input. With the pooling head, images may have any size that the backbone
/// takes; with the described head, one.
///
/// # Errors
/// If the weights are not the network's.
pub fn model(manifest: &Manifest, weights: &[u8]) -> Result<Vec<u8>> {
    let network = &manifest.network;
    let mut graph = Graph::new(
        network.architecture.title(),
        weights,
        network.batch_norm_epsilon,
    )?;
    let free = |name: &str| Dimension::Free(name.to_owned());
    let fixed = |side: usize| Dimension::Fixed(side as i64);
    let [height, width] = match network.head {
        HeadKind::Pooling => [free("height"), free("width")],
        HeadKind::Described => [fixed(network.size), fixed(network.size)],
    };
    let input = graph.input(
        INPUT,
        &[free("batch"), fixed(network.planes), height, width],
        &format!(
            "The planes of the composition {}, from 0 to 1, not normalised.",
            manifest.composition
        ),
    );
    let normalised = graph.normalise(&input, &manifest.mean, &manifest.std);
    let features = networks::backbone(&mut graph, network.architecture, &normalised);
    let classifier = network.names().classifier();
    let logits = networks::head(&mut graph, network.head, classifier, &features);
    let probabilities = graph.sigmoid(&logits);
    let classes = [free("batch"), fixed(network.classes)];
    for (name, value, says) in [
        (OUTPUTS[0], &logits, "One a class."),
        (
            OUTPUTS[1],
            &probabilities,
            "One a class; a label is present from its threshold.",
        ),
    ] {
        graph.output(value, name, &classes, says);
    }
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "cytolens".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: format!("{}. {}", manifest.name, manifest.limits),
        graph: Some(graph.finish()?),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPERATOR_SET,
        }],
        metadata_props: metadata(manifest)?,
    };
    Ok(model.encode_to_vec())
}

/// The package's manifest as metadata; lists and objects are JSON.
fn metadata(manifest: &Manifest) -> Result<Vec<StringStringEntryProto>> {
    let entries = [
        ("name", manifest.name.clone()),
        ("limits", manifest.limits.clone()),
        ("licence", manifest.licence.clone()),
        ("attribution", serde_json::to_string(&manifest.attribution)?),
        ("labels", serde_json::to_string(&manifest.labels)?),
        ("thresholds", serde_json::to_string(&manifest.thresholds)?),
        ("composition", manifest.composition.to_string()),
        ("size", manifest.network.size.to_string()),
        ("mean", serde_json::to_string(&manifest.mean)?),
        ("std", serde_json::to_string(&manifest.std)?),
        ("provenance", manifest.provenance.to_string()),
        ("metrics", manifest.metrics.to_string()),
    ];
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    Ok(entries.map(entry).to_vec())
}
