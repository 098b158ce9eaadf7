//! The network that the browser's CPU engine makes straight from a package's file, against burn's.

use burn::tensor::Device;
use cytolens::classifier::Classifier;
use cytolens::model::{Architecture, HeadKind, Network, NetworkConfig, weights};
use cytolens::package::{self, CpuNetwork, Inference, Package, golden_planes};
use cytolens_field::{Composition, Planes};
use cytolens_kernels::Processor;

use crate::formula_weights::formula_weights;
use crate::support::manifest;

const SIZE: usize = 96;

fn package(architecture: Architecture, head: HeadKind) -> Package {
    let config = NetworkConfig {
        architecture,
        head,
        planes: 4,
        size: SIZE,
        classes: 28,
        batch_norm_epsilon: architecture.usual_epsilon(),
    };
    let mut network = Network::new(&config, &Device::flex());
    let tensors = formula_weights(config.names(), &network);
    weights::apply_exactly(&mut network, config.names(), &tensors).expect("all tensors");
    let bytes = weights::to_safetensors(&network, config.names(), weights::Precision::Half);
    Package::pack(manifest(config, Composition::Rgby), bytes.expect("bytes")).expect("a package")
}

/// The logits, the pooled features and the maps of the golden input.
fn answers<N: Inference>(classifier: &package::Classifier<N>) -> [Vec<f32>; 3] {
    let planes = Planes {
        planes: 4,
        size: SIZE as u32,
        values: golden_planes(4, SIZE),
    };
    pollster::block_on(async {
        let output = classifier.run(&planes.values, SIZE).await;
        let maps = classifier.maps(&classifier.features(&planes)).await;
        let output = output.expect("an answer");
        [output.logits, output.pooled, maps.expect("maps").values]
    })
}

#[test]
fn every_architecture_and_head_answers_as_on_burns_device() {
    for architecture in Architecture::ALL {
        for head in [HeadKind::Pooling, HeadKind::Described] {
            let package = package(architecture, head);
            let ours = package::Classifier::<CpuNetwork>::new(&package, Processor::best());
            let burns = Classifier::new(&package, Device::flex()).expect("a classifier");
            let found = answers(&ours.expect("a classifier"));
            for (found, expected) in found.iter().zip(answers(&burns)) {
                assert_eq!(found.len(), expected.len());
                let scale = expected
                    .iter()
                    .fold(0.0_f32, |scale, value| scale.max(value.abs()));
                for (found, expected) in found.iter().zip(expected) {
                    // Sums in another order, in f32.
                    assert!(
                        (found - expected).abs() <= 1e-5 * scale,
                        "{architecture:?}, {head:?}: {found} and not {expected}, where {scale} is the largest"
                    );
                }
            }
        }
    }
}
