//! The networks' shapes, and the names and files of their weights, against published counts and PyTorch.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use cytolens::model::{
    Architecture, Backbone, DenseNetConfig, Head, HeadKind, InferenceNetwork, Names, Network,
    NetworkConfig, WeightsError, head, weights,
};

use crate::formula_weights::{formula_weights, hashed};

fn config(architecture: Architecture, head: HeadKind, classes: usize) -> NetworkConfig {
    NetworkConfig {
        architecture,
        head,
        planes: 3,
        size: 64,
        classes,
        batch_norm_epsilon: 1e-5,
    }
}

/// The published counts: torchvision's documentation for DenseNets and ResNet, timm for
/// Inception-ResNet, with 1000 classes; the paper's table 2 for All-CNN-C, with 10.
#[test]
fn parameters_are_as_many_as_published() {
    let device = Device::flex();
    for (architecture, classes, parameters) in [
        (Architecture::DenseNet121, 1000, 7_978_856),
        (Architecture::DenseNet201, 1000, 20_013_928),
        (Architecture::ResNet50, 1000, 25_557_032),
        (Architecture::AllCnn, 10, 1_369_738),
        (Architecture::InceptionResNetV2, 1000, 55_843_464),
    ] {
        let config = config(architecture, HeadKind::Pooling, classes);
        let network = Network::new(&config, &device);
        let file = weights::to_safetensors(&network, config.names(), weights::Precision::Single);
        let tensors = weights::read_safetensors(file.expect("bytes")).expect("tensors");
        // Norms' statistics are measured, not learnt.
        let learnt = tensors
            .iter()
            .filter(|(name, _)| !name.contains(".running_"))
            .map(|(_, tensor)| tensor.shape.to_vec().iter().product::<usize>());
        assert_eq!(learnt.sum::<usize>(), parameters, "{architecture:?}");
    }
}

#[test]
fn features_are_as_many_and_as_large_as_announced() {
    let device = Device::flex();
    for architecture in Architecture::ALL {
        let backbone = Backbone::new(architecture, 4, 1e-5, &device);
        let [_, features, height, width] = backbone
            .forward(Tensor::zeros([1, 4, 96, 128], &device))
            .dims();
        assert_eq!(
            [features, height, width],
            [
                architecture.features(),
                architecture.side(96),
                architecture.side(128)
            ],
            "{architecture:?}"
        );
    }
}

/// `fixtures/networks.json` holds what torchvision's and timm's networks (and All-CNN built in
/// PyTorch) give in float64 for weights and an input made by a formula (`networks.py`): 28 logits,
/// which the trained networks and those for inference must match.
#[test]
fn every_network_computes_what_its_published_form_does() {
    #[derive(serde::Deserialize)]
    struct Reference {
        network: NetworkConfig,
        logits: Vec<f64>,
    }
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/networks.json");
    let text = std::fs::read_to_string(fixture).expect("the fixture");
    let references: Vec<Reference> = serde_json::from_str(&text).expect("references");
    assert_eq!(references.len(), Architecture::ALL.len());
    let device = Device::flex();
    for Reference {
        network: config,
        logits,
    } in references
    {
        let mut network = Network::new(&config, &device);
        let tensors = formula_weights(config.names(), &network);
        weights::apply_exactly(&mut network, config.names(), &tensors).expect("all tensors");
        let size = config.size;
        let hashed = hashed("input");
        let input: Vec<f32> = (0..3 * size * size)
            .map(|place| hashed(place as u32) as f32)
            .collect();
        let input = Tensor::<1>::from_floats(input.as_slice(), &device).reshape([1, 3, size, size]);
        let trained = network.forward(input.clone());
        let inference = InferenceNetwork::new(network).forward(input);
        let scale = logits
            .iter()
            .fold(0.0_f64, |scale, logit| scale.max(logit.abs()));
        for (form, found) in [("trained", trained), ("for inference", inference)] {
            let found: Vec<f32> = found.into_data().try_into_vec().expect("f32 numbers");
            assert_eq!(found.len(), logits.len());
            let worst = found
                .iter()
                .zip(&logits)
                .fold(0.0_f64, |worst, (found, logit)| {
                    worst.max((f64::from(*found) - logit).abs())
                });
            println!(
                "{:?}, {form}: {:.1e} of the largest logit",
                config.architecture,
                worst / scale
            );
            // Measured at most 2e-6.
            assert!(
                worst < 1e-4 * scale,
                "{:?}, {form}: {worst} of {scale}",
                config.architecture
            );
        }
    }
}

#[test]
fn both_heads_give_a_logit_a_class() {
    let device = Device::flex();
    for head in [HeadKind::Pooling, HeadKind::Described] {
        let network = Network::new(&config(Architecture::DenseNet121, head, 28), &device);
        let logits = network.forward(Tensor::zeros([2, 3, 64, 64], &device));
        assert_eq!(logits.dims(), [2, 28]);
    }
}

#[test]
fn weights_survive_a_file_under_torchvisions_names() {
    let device = Device::flex();
    let config = config(Architecture::DenseNet121, HeadKind::Pooling, 28);
    let network = Network::new(&config, &device);
    let bytes = weights::to_safetensors(&network, config.names(), weights::Precision::Single)
        .expect("bytes");
    let tensors = weights::read_safetensors(bytes).expect("tensors");
    for name in [
        "features.conv0.weight",
        "features.denseblock3.denselayer24.norm2.running_var",
        "features.transition3.conv.weight",
        "features.norm5.bias",
        "classifier.weight",
    ] {
        assert!(tensors.contains_key(name), "{name}");
    }
    assert_eq!(tensors["classifier.weight"].shape.to_vec(), [28, 1024]);

    let mut other = Network::new(&config, &device);
    weights::apply_exactly(&mut other, config.names(), &tensors)
        .expect("the same network's weights");
    let input = Tensor::random([1, 3, 64, 64], burn::tensor::Distribution::Default, &device);
    let logits = |network: &Network| network.forward(input.clone()).into_data();
    assert_eq!(logits(&network), logits(&other));
}

#[test]
fn the_report_names_everything_that_does_not_fit() {
    let device = Device::flex();
    let config = config(Architecture::DenseNet121, HeadKind::Pooling, 28);
    let mut network = Network::new(&config, &device);
    let bytes =
        weights::to_safetensors(&network, config.names(), weights::Precision::Half).expect("bytes");
    let mut tensors = weights::read_safetensors(bytes).expect("tensors");
    let lost = tensors
        .remove("features.transition2.norm.bias")
        .expect("a norm's bias");
    tensors.insert(
        "features.denseblock5.denselayer1.conv1.weight".to_owned(),
        lost,
    );
    let wrong = tensors["classifier.bias"].clone();
    tensors.insert("features.norm5.weight".to_owned(), wrong);

    let report = weights::apply(&mut network, config.names(), &tensors);
    assert_eq!(report.missing, ["features.transition2.norm.bias"]);
    assert_eq!(
        report.unexpected,
        ["features.denseblock5.denselayer1.conv1.weight"]
    );
    assert_eq!(report.unfit.len(), 1);
    assert_eq!(report.unfit[0].0, "features.norm5.weight");
    assert!(report.unfit[0].1.contains("28"), "{report}");

    let error =
        weights::apply_exactly(&mut network, config.names(), &tensors).expect_err("a refusal");
    let WeightsError::DoNotFit(refused) = &error else {
        panic!("{error}")
    };
    assert_eq!(refused, &report);
    for name in ["transition2.norm.bias", "denseblock5", "norm5.weight"] {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn unknown_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.h5");
    std::fs::write(&path, b"no").expect("a file");
    assert!(matches!(
        weights::read_file(&path),
        Err(WeightsError::UnknownFormat(_))
    ));
    for name in ["weights.safetensors", "weights.pth"] {
        let path = folder.path().join(name);
        std::fs::write(&path, b"these are no weights at all").expect("a file");
        assert!(
            matches!(weights::read_file(&path), Err(WeightsError::Unreadable(_))),
            "{name}"
        );
    }
}

/// A pickle may have whoever reads it call any function. Here none is called: there is nothing that could.
#[test]
fn code_in_a_pytorch_file_is_never_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("taken");
    let command = format!("touch {}", trace.display());
    for code in [
        format!("cos\nsystem\n(S'{command}'\ntR."),
        format!("cbuiltins\nexec\n(S'import os; os.system(\"{command}\")'\ntR."),
        format!("csubprocess\nPopen\n((lS'sh'\naS'-c'\naS'{command}'\natR."),
    ] {
        let path = folder.path().join("weights.pth");
        std::fs::write(&path, &code).expect("a file");
        if let Ok(tensors) = weights::read_file(&path) {
            assert!(tensors.is_empty(), "tensors out of {code}");
        }
        assert!(!trace.exists(), "run: {code}");
    }
}

/// `tests/fixtures/tiny_densenet.pth` was saved by PyTorch, under the names that torchvision's files
/// had up to 2017, with its input and the features PyTorch computes (see `tiny_densenet.py`).
#[test]
fn pytorch_files_load_and_give_pytorchs_features() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let device = Device::flex();
    let mut backbone = DenseNetConfig::new(&[2, 1]).init(&device);
    let mut tensors = weights::read_file(&fixtures.join("tiny_densenet.pth")).expect("a .pth file");
    let [input, expected] = ["check.input", "check.features"].map(|name| {
        let tensor = tensors.remove(name).expect("the fixture's own tensor");
        let bytes = tensor.to_bytes().expect("bytes");
        let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
        bytes.chunks_exact(4).map(number).collect::<Vec<f32>>()
    });
    weights::apply_exactly(
        &mut backbone,
        Names::backbone(Architecture::DenseNet121),
        &tensors,
    )
    .expect("PyTorch's weights");
    let input = Tensor::<1>::from_floats(input.as_slice(), &device).reshape([1, 3, 64, 64]);
    let found: Vec<f32> = head::pool(backbone.forward(input))
        .into_data()
        .try_into_vec()
        .expect("f32 numbers");
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (found - expected).abs() < 1e-4,
            "{found} and PyTorch's {expected}"
        );
    }
}

/// The trainer normalises features and then folds that into the head: both must give the same logits.
#[test]
fn heads_take_a_normalisation_in() {
    let device = Device::flex();
    let (maps, classes) = (48, 5);
    let mean: Vec<f32> = (0..maps).map(|map| 0.1 * map as f32 - 2.0).collect();
    let std: Vec<f32> = (0..maps).map(|map| 0.5 + 0.05 * map as f32).collect();
    let per_map =
        |values: &[f32]| Tensor::<1>::from_floats(values, &device).reshape([1, maps, 1, 1]);
    for kind in [HeadKind::Pooling, HeadKind::Described] {
        let head = Head::new(kind, maps, 2, classes, &device);
        let features = Tensor::random(
            [3, maps, 2, 2],
            burn::tensor::Distribution::Default,
            &device,
        );
        let standardised = (features.clone() - per_map(&mean)) / per_map(&std);
        let expected = head.forward(standardised);
        let found = head.with_normalised_input(&mean, &std).forward(features);
        let difference = (found - expected).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-4, "{kind:?} is off by {difference}");
    }
}

/// A head with a prior gives the labels' frequencies for any features.
#[test]
fn heads_start_from_a_prior() {
    let device = Device::flex();
    let prior = [-3.0, 0.0, 1.5];
    for kind in [HeadKind::Pooling, HeadKind::Described] {
        let head = Head::new(kind, 16, 2, prior.len(), &device).with_prior(&prior);
        let features = Tensor::random([1, 16, 2, 2], burn::tensor::Distribution::Default, &device);
        let logits: Vec<f32> = head
            .forward(features)
            .into_data()
            .try_into_vec()
            .expect("f32 numbers");
        assert_eq!(logits, prior, "{kind:?}");
    }
}
