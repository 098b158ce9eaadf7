//! Ensembles: made, written, read back and refused; their answers are the members' means, and a stack's those of one head.

use std::path::Path;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, FieldDecoder, Source};
use cytolens_kernels::Processor;
use cytolens_package::{
    Classifier, Combination, CpuNetwork, ENSEMBLE, EnsembleManifest, Manifest, Model,
    ModelManifest, ModelPackage, Package, PackageError, WeightsEntry, compose, probability,
    with_pooling_head,
};
use pollster::block_on;
use serde_json::{Value, json};

/// The shipped network on smaller inputs, so that it answers soon.
fn packages() -> [Package; 3] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/model");
    let shipped = Package::read(&folder).expect("the shipped package");
    let of = |name: &str, change: &dyn Fn(&mut Manifest)| {
        let mut manifest = shipped.manifest().clone();
        manifest.name = name.to_owned();
        manifest.network.size = 64;
        change(&mut manifest);
        Package::pack(manifest, shipped.weights().to_vec()).expect("a package")
    };
    [
        of("as it is", &|_| ()),
        of("finer", &|manifest| manifest.network.size = 96),
        of("otherwise normalised", &|manifest| {
            // Another network, as far as anybody can tell.
            manifest.network.size = 128;
            manifest.mean = vec![0.2; manifest.network.planes];
        }),
    ]
}

fn blank(labels: &[String]) -> EnsembleManifest {
    EnsembleManifest {
        kind: ENSEMBLE.to_owned(),
        format: 1,
        name: "Three".to_owned(),
        limits: "Those of its members.".to_owned(),
        licence: "CC0-1.0".to_owned(),
        attribution: vec!["Nobody".to_owned()],
        labels: labels.to_vec(),
        thresholds: vec![0.25; labels.len()],
        combination: Combination::default(),
        members: Vec::new(),
        weights: WeightsEntry::default(),
        provenance: Value::Null,
        metrics: Value::Null,
    }
}

const SHARES: [f32; 3] = [0.5, 0.375, 0.125];

fn ensemble() -> (ModelPackage, [Package; 3]) {
    let packages = packages();
    let manifest = blank(&packages[0].manifest().labels);
    let ensemble = ModelPackage::ensemble(manifest, &packages, &SHARES).expect("an ensemble");
    (ensemble, packages)
}

/// A sample of the page's.
fn field() -> Field {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/samples");
    let names: Vec<String> = std::fs::read_dir(&samples)
        .expect("the samples")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let green = names.iter().filter(|name| name.ends_with("_green.png"));
    let id = green.min().expect("a sample").replace("_green.png", "");
    let order = ChannelOrder::default();
    let mut decoder = FieldDecoder::new(&id, &order);
    for channel in Channel::ALL {
        let name = format!("{id}_{channel}.png");
        let bytes = std::fs::read(samples.join(&name)).expect("a file of the field");
        let source = Source {
            name: &name,
            channel: Some(channel),
            bytes: &bytes,
        };
        decoder.add(source).expect("a channel");
    }
    decoder.finish().expect("a field")
}

#[test]
fn an_ensemble_answers_as_the_mean_of_its_members_by_hand() {
    let (ensemble, packages) = ensemble();
    let field = field();
    let alone: Vec<_> = packages
        .iter()
        .map(|package| {
            let member =
                Classifier::<CpuNetwork>::new(package, Processor::best()).expect("a network");
            let planes = member.compose(&field).expect("planes");
            let mut outputs = block_on(member.outputs(&[planes], true)).expect("an answer");
            outputs.remove(0)
        })
        .collect();
    let model = Model::<CpuNetwork>::new(&ensemble, Processor::best()).expect("a model");
    let planes = model.compose(&field).expect("planes");
    let sides: Vec<u32> = planes.iter().map(|planes| planes.size).collect();
    assert_eq!(sides, [64, 96, 128]);
    let whole = block_on(model.classify_planes(&planes)).expect("an answer");
    for (class, found) in whole.probabilities.iter().enumerate() {
        let parts = alone.iter().zip(SHARES);
        let mean: f32 = parts
            .map(|(output, share)| share * probability(output.logits[class]))
            .sum();
        assert!((mean - found).abs() < 1e-6, "{mean} and not {found}");
        assert_eq!(whole.present.contains(&class), *found >= 0.25);
    }
    let batch = vec![planes.clone(), planes];
    let ticks = std::cell::Cell::new(0.0);
    let clock = || {
        ticks.set(ticks.get() + 1.0);
        ticks.get()
    };
    let answers = block_on(model.answer_batch(&batch, true, clock)).expect("answers");
    assert_eq!(answers.member_ms, [1.0; 3]);
    assert_eq!(answers.fields.len(), 2);
    for (prediction, features) in answers.fields {
        assert_eq!(prediction, whole);
        assert_eq!(
            features, alone[0].pooled,
            "the features are the first member's"
        );
    }
}

/// Numbers from -1 to 1 by a formula.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count)
        .map(|place| ((place * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0)
        .collect()
}

/// A stack of two networks whose heads are parts of one, with that head: its weights for the features of each, and its biases.
fn stack() -> (ModelPackage, [Vec<f32>; 2], Vec<f32>) {
    let [first, second, _] = packages();
    let labels = first.manifest().labels.clone();
    let features = first.manifest().network.architecture.features();
    // So small that probabilities stay away from 0 and 1.
    let weights = [1, 2].map(|seed| -> Vec<f32> {
        let all = numbers(labels.len() * features, seed).into_iter();
        all.map(|weight| 0.1 * weight).collect()
    });
    let biases = numbers(labels.len(), 3);
    let parts = [(first, &weights[0]), (second, &weights[1])].map(|(package, weight)| {
        let halves: Vec<f32> = biases.iter().map(|bias| bias / 2.0).collect();
        let names = package.manifest().network.names();
        let file = with_pooling_head(package.weights(), names, weight, &halves);
        Package::pack(package.manifest().clone(), file.expect("a file")).expect("a package")
    });
    let manifest = EnsembleManifest {
        combination: Combination::SumOfLogits,
        ..blank(&labels)
    };
    let stack = ModelPackage::ensemble(manifest, &parts, &[0.5, 0.5]).expect("a stack");
    (stack, weights, biases)
}

#[test]
fn a_stack_answers_as_one_head_over_the_features_of_all() {
    let (stack, weights, biases) = stack();
    let field = field();
    let (mut logits, mut features, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    for member in 0..2 {
        let package = stack.member(member).expect("a member");
        let network =
            Classifier::<CpuNetwork>::new(&package, Processor::best()).expect("a network");
        let planes = network.compose(&field).expect("planes");
        let its = network.features(&planes);
        logits.push(block_on(network.logits(&its)).expect("logits"));
        features.push(block_on(network.pooled(&its)).expect("features"));
        maps.push(block_on(network.maps(&its)).expect("maps"));
    }
    // The head over the features of both, one after the other.
    let of_features = |class: usize| -> f64 {
        let parts = features.iter().zip(&weights).flat_map(|(vector, weights)| {
            let row = weights.chunks_exact(vector.len()).nth(class);
            vector.iter().zip(row.expect("a row of the head"))
        });
        parts.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let model = Model::<CpuNetwork>::new(&stack, Processor::best()).expect("a model");
    let planes = model.compose(&field).expect("planes");
    let whole = block_on(model.classify_planes(&planes)).expect("an answer");
    assert_eq!(stack.manifest().predict(&logits), whole);
    let batch = block_on(model.answer_batch(&[planes], false, || 0.0)).expect("answers");
    assert_eq!(batch.fields[0], (whole.clone(), Vec::new()));
    let maps = stack.manifest().maps(maps);
    let mut differs = 0;
    for (class, found) in whole.probabilities.iter().enumerate() {
        let logit = of_features(class) + f64::from(biases[class]);
        let expected = probability(logit as f32);
        assert!((expected - found).abs() < 1e-5, "{expected}, not {found}");
        let mean = logits.iter().map(|it| probability(it[class])).sum::<f32>() / 2.0;
        differs += usize::from((mean - found).abs() > 1e-3);
        // The mean of a map, and a constant that is the same for every field, make the logit.
        let pixels = maps.side * maps.side;
        let map = &maps.values[class * pixels..][..pixels];
        let mean = map.iter().copied().map(f64::from).sum::<f64>() / pixels as f64;
        let off = (mean - of_features(class)).abs();
        assert!(off < 1e-3, "class {class}: a map's mean is off by {off}");
    }
    assert!(differs > 5, "it is no mean of probabilities: {differs}");
}

#[test]
fn a_stack_says_what_it_is_and_other_ensembles_are_written_as_before() {
    let (ensemble, _) = ensemble();
    let written = serde_json::to_value(ensemble.manifest()).expect("JSON");
    assert_eq!(written.get("combination"), None);
    let (stack, ..) = stack();
    let written = serde_json::to_value(stack.manifest()).expect("JSON");
    assert_eq!(written["combination"], "sum-of-logits");
    let read = |value: &Value| ModelManifest::read(&value.to_string());
    assert_eq!(&read(&written).expect("a manifest"), stack.manifest());
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 3] = [
        (
            |it| it["combination"] = "product".into(),
            "unknown variant `product`",
        ),
        (
            |it| {
                it["members"][0]["share"] = 0.75.into();
                it["members"][1]["share"] = 0.25.into();
            },
            "every share is 0.5",
        ),
        // As a program meets it that knows no combinations.
        (|it| it["combinations"] = json!(2), "unknown field"),
    ];
    for (change, expected) in changes {
        let mut value = written.clone();
        change(&mut value);
        let error = read(&value).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected} in: {error}");
    }
}

#[test]
fn one_network_answers_as_before() {
    let [package, ..] = packages();
    let field = field();
    let alone = Classifier::<CpuNetwork>::new(&package, Processor::best()).expect("a network");
    let expected = block_on(alone.classify(&field)).expect("an answer");
    let written = serde_json::to_string(package.manifest()).expect("JSON");
    let package = ModelPackage::from(package);
    assert_eq!(
        serde_json::to_string(package.manifest()).expect("JSON"),
        written,
        "predictions that were begun go on"
    );
    let model = Model::<CpuNetwork>::new(&package, Processor::best()).expect("a model");
    let planes = model.compose(&field).expect("planes");
    assert_eq!(
        block_on(model.classify_planes(&planes)).expect("an answer"),
        expected
    );
}

#[test]
fn planes_are_composed_once_for_members_that_see_the_same() {
    let [first, second, _] = packages();
    let (a, b) = (first.manifest(), second.manifest());
    let planes = compose(&[a, b, a], &field()).expect("planes");
    assert_eq!(planes[0], planes[2]);
    assert_ne!(planes[0], planes[1]);
}

#[test]
fn a_written_ensemble_is_read_back_and_its_members_are_the_packages_that_they_were() {
    let (ensemble, packages) = ensemble();
    let folder = std::env::temp_dir().join(format!("cytolens-ensemble-{}", std::process::id()));
    ensemble.write(&folder).expect("a written package");
    let again = ensemble.write(&folder).expect_err("it is there");
    assert!(matches!(again, PackageError::Exists(_)), "{again}");
    let read = ModelPackage::read(&folder).expect("the same package");
    let alone = Package::read(&folder).expect_err("it is no single network");
    std::fs::remove_dir_all(&folder).expect("a folder of its own");
    assert!(
        alone.to_string().contains("a package of ensemble"),
        "{alone}"
    );
    assert_eq!(read.manifest(), ensemble.manifest());
    assert_eq!(read.manifest().shares(), SHARES);
    for (at, package) in packages.iter().enumerate() {
        let member = read.member(at).expect("a member");
        assert_eq!(member.manifest(), package.manifest());
        assert_eq!(member.weights(), package.weights());
    }
    // Other programs read the file, too: each member's is a tensor of bytes.
    let end = read.manifest().place(2).end;
    assert_eq!(end, read.manifest().weights().bytes);
}

#[test]
fn a_changed_byte_is_noticed_by_whoever_reads_the_member_alone() {
    let (ensemble, packages) = ensemble();
    let mut weights = packages[1].weights().to_vec();
    weights[1000] ^= 1;
    let error = ensemble.manifest().member(1, weights).expect_err("damage");
    let text = error.to_string();
    assert!(
        text.contains("member 2") && text.contains("damaged"),
        "{text}"
    );
}

#[test]
fn what_is_no_ensemble_is_refused_with_the_reason() {
    let (ensemble, _) = ensemble();
    let whole = serde_json::to_value(ensemble.manifest()).expect("JSON");
    let read = |value: &Value| ModelManifest::read(&value.to_string());
    assert_eq!(&read(&whole).expect("a manifest"), ensemble.manifest());
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 13] = [
        (
            |it| it["members"] = json!([]),
            "2 to 32 members, and this one has 0",
        ),
        (
            |it| {
                it["members"].as_array_mut().expect("members").truncate(1);
            },
            "this one has 1",
        ),
        (
            |it| it["members"][1]["manifest"] = it["members"][0]["manifest"].clone(),
            "member 2: manifest.json: it is there twice",
        ),
        (
            |it| it["members"][2]["manifest"]["labels"][0] = "Elsewhere".into(),
            "member 3: manifest.json: it is for other labels",
        ),
        (
            |it| it["members"][0]["share"] = 0.75.into(),
            "add up to 1.25",
        ),
        (
            |it| it["members"][0]["share"] = 0.into(),
            "member 1: manifest.json: its share must be over 0",
        ),
        (|it| it["members"][0]["share"] = (-0.5).into(), "over 0"),
        (
            |it| it["members"][0]["manifest"]["network"]["size"] = 70.into(),
            "member 1: manifest.json: the size must be a multiple of 32",
        ),
        (
            // A member that is itself an ensemble.
            |it| it["members"][0]["manifest"] = it.clone(),
            "unknown field `kind`",
        ),
        (
            |it| it["thresholds"] = json!([0.5]),
            "thresholds from 0 to 1",
        ),
        (
            |it| it["weights"]["bytes"] = 1000.into(),
            "more than weights.safetensors has",
        ),
        (
            |it| it["members"][0]["manifest"]["weights"]["bytes"] = u64::MAX.into(),
            "more than weights.safetensors has",
        ),
        (|it| it["format"] = 7.into(), "format 7"),
    ];
    for (change, expected) in changes {
        let mut value = whole.clone();
        change(&mut value);
        let error = read(&value).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected} in: {error}");
    }
    let mut cells = whole;
    cells["kind"] = "cells".into();
    let error = read(&cells).expect_err("cells").to_string();
    assert!(error.contains("a package of cells"), "{error}");
}

#[test]
fn packages_for_other_labels_and_the_same_package_twice_are_no_ensemble() {
    let [first, second, _] = packages();
    let labels = first.manifest().labels.clone();
    let of = |packages: &[Package]| {
        let shares = vec![1.0 / packages.len() as f32; packages.len()];
        let error = ModelPackage::ensemble(blank(&labels), packages, &shares);
        error.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(of(&[first.clone(), second.clone()]), Ok(()));
    let twice = of(&[first.clone(), second.clone(), first.clone()]);
    assert!(twice.is_err_and(|error| error.contains("member 3") && error.contains("twice")));
    let mut manifest = second.manifest().clone();
    manifest.labels[3] = "Elsewhere".to_owned();
    let other = Package::pack(manifest, second.weights().to_vec()).expect("a package");
    let labels = of(&[first.clone(), other]);
    assert!(labels.is_err_and(|error| error.contains("other labels")));
    assert!(of(&[first]).is_err());
    assert!(of(&[]).is_err());
}
