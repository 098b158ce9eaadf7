//! Activation maps: their means explain the logits, and they show the place of the evidence.

use burn::tensor::{Device, Distribution, Tensor};
use cytolens::classifier::{ActivationMaps, Classifier, MAP_SIDE};
use cytolens::model::{Architecture, HeadKind, InferenceNetwork, Network, NetworkConfig, weights};
use cytolens::package::Package;
use cytolens_core::Channel;
use cytolens_field::{Composition, Field, Plane, Samples};

use crate::formula_weights::formula_weights;
use crate::support::manifest;

const CLASSES: usize = 5;

fn config(architecture: Architecture, size: usize) -> NetworkConfig {
    NetworkConfig {
        architecture,
        head: HeadKind::Pooling,
        planes: 3,
        size,
        classes: CLASSES,
        batch_norm_epsilon: architecture.usual_epsilon(),
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 numbers")
}

/// The mean of a map and the bias make the logit, also of a map that is averaged down.
#[test]
fn the_mean_of_a_map_and_the_bias_are_the_logit() {
    let device = Device::flex();
    for architecture in Architecture::ALL {
        let config = config(architecture, 160);
        let network = InferenceNetwork::new(Network::new(&config, &device));
        let input = Tensor::random([1, 3, 160, 160], Distribution::Normal(0.0, 1.0), &device);
        let features = network.backbone.forward(input);
        // The head's logits of no features.
        let bias = numbers(network.head.forward(features.zeros_like()));
        let maps = network.head.activation_maps(features.clone());
        let logits = numbers(network.head.forward(features));
        let side = architecture.side(160);
        assert_eq!(maps.dims(), [CLASSES, side, side]);
        let scale = logits
            .iter()
            .fold(0.0_f32, |scale, logit| scale.max(logit.abs()));
        let maps = ActivationMaps {
            side,
            values: numbers(maps),
        };
        for maps in [maps.clone(), maps.averaged_down(side.min(3))] {
            let pixels = maps.side * maps.side;
            let means: Vec<f32> = maps
                .values
                .chunks_exact(pixels)
                .map(|map| map.iter().sum::<f32>() / pixels as f32)
                .collect();
            for class in 0..CLASSES {
                let explained = means[class] + bias[class];
                assert!(
                    (explained - logits[class]).abs() <= 1e-4 * scale,
                    "{architecture:?}, class {class}: {explained} of {}",
                    logits[class]
                );
            }
            assert!(
                means.iter().any(|mean| mean.abs() > 0.1 * scale),
                "{architecture:?}: the bias alone decides"
            );
        }
    }
}

/// A dark field with one bright disc.
fn field(side: u32, centre: Option<(f32, f32)>) -> Field {
    let bright = |place: u32| {
        let (x, y) = ((place % side) as f32, (place / side) as f32);
        centre.is_some_and(|centre| (x - centre.0).hypot(y - centre.1) < side as f32 / 16.0)
    };
    let samples: Vec<u8> = (0..side * side)
        .map(|place| if bright(place) { 220 } else { 10 })
        .collect();
    let planes = [Channel::Red, Channel::Green, Channel::Blue].map(|channel| {
        let plane = Plane::new(side, side, Samples::Eight(samples.clone()));
        (channel, plane.expect("right count"))
    });
    Field::new("cell", planes).expect("equal planes")
}

fn classifier(size: usize) -> Classifier {
    let network = config(Architecture::AllCnn, size);
    let device = Device::flex();
    let made = Network::new(&network, &device);
    let tensors = formula_weights(network.names(), &made);
    let mut made = made;
    weights::apply_exactly(&mut made, network.names(), &tensors).expect("all tensors");
    let bytes = weights::to_safetensors(&made, network.names(), weights::Precision::Single);
    let manifest = manifest(network, Composition::Rgb);
    let package = Package::pack(manifest, bytes.expect("bytes")).expect("a package");
    Classifier::new(&package, device).expect("a classifier")
}

fn maps(classifier: &Classifier, field: &Field) -> ActivationMaps {
    let planes = classifier.compose(field).expect("all channels");
    pollster::block_on(classifier.maps(&classifier.features(&planes))).expect("maps")
}

/// All-CNN's field of view is some thirty pixels: the evidence that an object adds to the maps is at the
/// object, wherever in the field that is.
#[test]
fn the_evidence_moves_with_the_object() {
    // The features' side, 38, exceeds what maps are brought to.
    let size = 160;
    let classifier = classifier(size);
    let empty = maps(&classifier, &field(size as u32, None));
    assert_eq!(empty.side, MAP_SIDE);
    assert_eq!(empty.values.len(), CLASSES * MAP_SIDE * MAP_SIDE);
    // At the field's own size and at another.
    for (side, x, y) in [(160, 0.25, 0.25), (160, 0.7, 0.3), (400, 0.3, 0.75)] {
        let centre = (x * side as f32, y * side as f32);
        let found = maps(&classifier, &field(side, Some(centre)));
        let (mut at_x, mut at_y, mut all) = (0.0, 0.0, 0.0);
        for (place, (value, without)) in found.values.iter().zip(&empty.values).enumerate() {
            let added = (value - without).abs();
            at_x += added * ((place % MAP_SIDE) as f32 + 0.5) / MAP_SIDE as f32;
            at_y += added * ((place / MAP_SIDE % MAP_SIDE) as f32 + 0.5) / MAP_SIDE as f32;
            all += added;
        }
        let (at_x, at_y) = (at_x / all, at_y / all);
        assert!(
            (at_x - x).abs() < 0.04 && (at_y - y).abs() < 0.04,
            "an object at {x}, {y} shows at {at_x}, {at_y}"
        );
    }
}

#[test]
fn the_prediction_is_the_same_with_maps_and_without() {
    let classifier = classifier(64);
    let planes = classifier
        .compose(&field(64, Some((20.0, 30.0))))
        .expect("all channels");
    let features = classifier.features(&planes);
    pollster::block_on(async {
        let before = classifier.predict(&features).await.expect("a prediction");
        classifier.maps(&features).await.expect("maps");
        let after = classifier.predict(&features).await.expect("a prediction");
        assert_eq!(before, after);
        let alone = classifier.classify_planes(&planes).await;
        assert_eq!(before, alone.expect("a prediction"));
    });
}
