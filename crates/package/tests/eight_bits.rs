//! What 8 bits a weight would cost the shipped model: whether its package could be half as large to download.

use std::path::{Path, PathBuf};

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{FieldDecoder, Source};
use cytolens_kernels::Processor;
use cytolens_package::{Classifier, CpuNetwork, Package, golden_planes, probability};
use half::f16;
use pollster::block_on;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

/// The weights with every matrix and convolution rounded to 255 levels, evenly about 0 up to the largest of its output channel.
fn rounded(weights: &[u8]) -> Vec<u8> {
    let file = SafeTensors::deserialize(weights).expect("the shipped weights");
    let tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = file
        .tensors()
        .into_iter()
        .map(|(name, tensor)| {
            let (kind, shape) = (tensor.dtype(), tensor.shape().to_vec());
            let bytes = match (kind, &*shape) {
                (Dtype::F16, [_, rest @ ..]) if !rest.is_empty() => {
                    round(tensor.data(), rest.iter().product())
                }
                _ => tensor.data().to_vec(),
            };
            // In single precision the levels are kept exactly.
            let kind = if bytes.len() == tensor.data().len() {
                kind
            } else {
                Dtype::F32
            };
            (name, kind, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, kind, shape, bytes)| {
        let view = TensorView::new(*kind, shape.clone(), bytes).expect("a tensor");
        (name, view)
    });
    serialize(views, None).expect("a file")
}

fn round(halves: &[u8], channel: usize) -> Vec<u8> {
    let values: Vec<f32> = halves
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
        .collect();
    let channels = values.chunks(channel).flat_map(|values| {
        let largest = values
            .iter()
            .fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        values
            .iter()
            .map(move |value| (value / step).round() * step)
    });
    channels.flat_map(f32::to_le_bytes).collect()
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The ids of the fields in a folder of `<id>_green.png`, sorted.
fn ids(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).expect("a folder of fields");
    let names = files.map(|file| file.expect("an entry").file_name());
    let mut ids: Vec<String> = names
        .filter_map(|name| Some(name.to_str()?.strip_suffix("_green.png")?.to_owned()))
        .collect();
    ids.sort();
    ids
}

/// Of so many real fields one is compared, unless `ALL_FIELDS` is set: all of them take half a minute.
const STRIDE: usize = 10;

/// Prints by how much rounding moves probabilities and decisions. `ALL_FIELDS=1 cargo test --release -p cytolens-package
/// --test eight_bits -- --ignored --nocapture`
#[test]
#[ignore = "needs third-party data"]
fn probabilities_by_8_bits_a_weight() {
    let shipped = Package::read(&project("www/model")).expect("the shipped package");
    let weights = rounded(shipped.weights());
    let manifest = shipped.manifest().clone();
    let rounded = Package::pack(manifest, weights).expect("a package");
    let [shipped, rounded] = [&shipped, &rounded].map(|package| {
        Classifier::<CpuNetwork>::new(package, Processor::best()).expect("a network")
    });

    for golden in &shipped.manifest().goldens {
        let planes = golden_planes(shipped.manifest().network.planes, golden.size);
        let found = block_on(rounded.run(&planes, golden.size)).expect("logits");
        let differences = golden
            .logits
            .iter()
            .zip(&found.logits)
            .map(|(golden, found)| (probability(*golden) - probability(*found)).abs());
        let largest = differences.fold(0.0, f32::max);
        println!("golden of {} px: {largest:.4}", golden.size);
    }

    let folder = cytolens_testing::third_party("hpa/images");
    let stride = std::env::var_os("ALL_FIELDS").map_or(STRIDE, |_| 1);
    let order = ChannelOrder::default();
    let mut by_field = Vec::new();
    let mut changed = 0;
    for id in ids(&folder).into_iter().step_by(stride) {
        let mut decoder = FieldDecoder::new(&id, &order);
        for channel in Channel::ALL {
            let name = format!("{id}_{channel}.png");
            let bytes = std::fs::read(folder.join(&name)).expect("a file of the field");
            let source = Source {
                name: &name,
                channel: Some(channel),
                bytes: &bytes,
            };
            decoder.add(source).expect("a channel");
        }
        let field = decoder.finish().expect("a field");
        let planes = shipped.compose(&field).expect("planes");
        let [is, would_be] = [&shipped, &rounded]
            .map(|model| block_on(model.classify_planes(&planes)).expect("a prediction"));
        let differences = is
            .probabilities
            .iter()
            .zip(&would_be.probabilities)
            .map(|(is, would_be)| (is - would_be).abs());
        by_field.push(differences.fold(0.0, f32::max));
        changed += usize::from(is.present != would_be.present);
    }
    by_field.sort_by(f32::total_cmp);
    let of_fields = by_field.last().copied().unwrap_or_default();
    println!(
        "{} fields: the largest difference of a probability {of_fields:.4}, the median field's {:.4}; fields over 0.01: {}; \
         fields with other labels: {changed}",
        by_field.len(),
        by_field[by_field.len() / 2],
        by_field.iter().filter(|largest| **largest > 0.01).count(),
    );
    // Both networks compute alike, so that what is not rounded gives the same to the bit.
    assert!(of_fields > 0.0, "nothing was rounded");
}
