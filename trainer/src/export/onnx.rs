//! A model package as an ONNX file: normalisation, network and sigmoid in one graph.

use anyhow::Result;
use cytolens::model::HeadKind;
use cytolens::package::Manifest;
use cytolens_cells::CellsManifest;
use prost::Message;

use super::graph::Graph;
use super::networks;
use super::protobuf::{
    Dimension, GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto,
};

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
    Ok(file(
        format!("{}. {}", manifest.name, manifest.limits),
        graph.finish()?,
        metadata(manifest)?,
    ))
}

/// Makes the ONNX file of a cells package's network from its weights, as [`model`] does. Both outputs are `[batch, outputs, height,
/// width]`; the sides of an input must be multiples of what the network halves them by.
///
/// # Errors
/// If the weights are not the network's.
pub fn cells_model(manifest: &CellsManifest, weights: &[u8]) -> Result<Vec<u8>> {
    let network = &manifest.network;
    let mut graph = Graph::new("U-Net", weights, network.batch_norm_epsilon)?;
    let maps = |count: usize| {
        let free = |name: &str| Dimension::Free(name.to_owned());
        let count = Dimension::Fixed(count as i64);
        [free("batch"), count, free("height"), free("width")]
    };
    let planes = graph.input(
        INPUT,
        &maps(network.planes),
        &format!(
            "Red, green, blue and yellow, resized so that the longer side has {} px, each stretched by itself: its darkest percent \
             is 0, and 1 is brighter than 99.8 % of it.",
            network.size
        ),
    );
    let logits = networks::unet(&mut graph, network.levels, &planes);
    let probabilities = graph.sigmoid(&logits);
    for (name, value) in OUTPUTS.iter().zip([&logits, &probabilities]) {
        let says = format!("One a pixel of each map: {}.", manifest.outputs.join(", "));
        graph.output(value, name, &maps(network.outputs), &says);
    }
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    let metadata = [
        ("name", manifest.name.clone()),
        ("kind", manifest.kind.clone()),
        ("limits", manifest.limits.clone()),
        ("licence", manifest.licence.clone()),
        ("attribution", serde_json::to_string(&manifest.attribution)?),
        ("outputs", serde_json::to_string(&manifest.outputs)?),
        ("composition", manifest.composition.to_string()),
        ("size", network.size.to_string()),
        ("provenance", manifest.provenance.to_string()),
        ("metrics", manifest.metrics.to_string()),
    ];
    Ok(file(
        format!("{}. {}", manifest.name, manifest.limits),
        graph.finish()?,
        metadata.map(entry).to_vec(),
    ))
}

/// The bytes of a file.
fn file(
    doc_string: String,
    graph: GraphProto,
    metadata_props: Vec<StringStringEntryProto>,
) -> Vec<u8> {
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "cytolens".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string,
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPERATOR_SET,
        }],
        metadata_props,
    };
    model.encode_to_vec()
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
