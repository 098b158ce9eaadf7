//! `trainer train`, `compare`, and what is made of a run, on simulated fields and the CPU.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cytolens_testing::third_party;

use crate::support::{
    BRIEF, BRIEFLY, arguments, at, command, folder, json, manifest, refuse, run, simulate, text,
    weights,
};

/// A column of a run's epochs.
fn epochs(out: &str, column: &str) -> Vec<f64> {
    let path = Path::new(out).join("metrics.csv");
    let mut reader = csv::Reader::from_path(path).expect("metrics");
    let header = reader.headers().expect("a header").clone();
    let index = header
        .iter()
        .position(|name| name == column)
        .expect("the column");
    reader
        .records()
        .map(|row| row.expect("a row")[index].parse().expect("a number"))
        .collect()
}

/// A run with everything that has a state: dropout, averaged weights, momentum, warm-up, augmented
/// repeats, steps of two batches and centres of groups. Gradients are clipped, as in the default recipe.
const EVERYTHING: [&str; 10] = [
    "input.size=32",
    "training.epochs=2",
    "training.batch=4",
    "training.accumulation=2",
    "average.decay=0.9",
    "optimiser.warm_up=0.5",
    "optimiser.learning_rate=0.001",
    "optimiser.clip=1.0",
    "repeats.threshold=0.2",
    "metric={kind='arcface', by='Plate', weight=0.1, alone=false, scale=8.0, margin=0.5}",
];

/// Gives a set's table a column `Plate`, of three plates in turn.
fn on_plates(set: &str) {
    let path = Path::new(set).join("train.csv");
    let table = fs::read_to_string(&path).expect("a table");
    let rows = table.lines().enumerate().map(|(row, line)| match row {
        0 => format!("{line},Plate\n"),
        _ => format!("{line},plate {}\n", row % 3),
    });
    fs::write(path, rows.collect::<String>()).expect("a table");
}

#[test]
fn a_run_killed_at_any_moment_ends_as_if_it_had_not_been() {
    let out = folder();
    // Two epochs of some eight steps. After the tenth there is a checkpoint, too: lives begin inside an epoch as well as between two.
    let set = simulate(&out, 40, 64);
    let (whole, broken) = (at(&out, "whole"), at(&out, "broken"));
    // What a recipe wants of a table that has it not is refused before anything is written.
    let refused = refuse(&arguments(&set, &whole, "described", &EVERYTHING));
    assert!(
        refused.contains("train.csv: the table has no column Plate; it has Id, Target"),
        "{refused}"
    );
    assert!(!Path::new(&whole).exists());
    on_plates(&set);
    let start = Instant::now();
    run(&arguments(&set, &whole, "described", &EVERYTHING));
    let took = start.elapsed();

    let mut again = arguments(&set, &broken, "described", &EVERYTHING);
    again.extend(["--checkpoint-every", "0"]);
    let spawn = |arguments: &[&str]| -> Child {
        command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the trainer runs")
    };
    let mut kills = 0;
    let mut child = spawn(&again);
    again.push("--resume");
    // Moments spread over a run; each life is a little longer, or it might never get anywhere.
    for life in 0.. {
        assert!(life < 100, "the run never ends");
        let end = Instant::now() + took.mul_f64(0.25 + 0.11 * f64::from(life));
        let status = loop {
            if let Some(status) = child.try_wait().expect("a status") {
                break Some(status);
            }
            if Instant::now() > end {
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        if status.is_some_and(|status| status.success()) {
            break;
        }
        child.kill().expect("killed");
        let output = child.wait_with_output().expect("an end");
        assert!(
            status.is_none(),
            "the run failed by itself: {}",
            text(&output.stderr)
        );
        kills += 1;
        child = spawn(&again);
    }
    println!("killed {kills} times");
    assert!(kills >= 2, "a test that kills");
    assert_eq!(weights(&broken), weights(&whole), "the same weights");
    for column in ["training_loss", "validation_loss", "macro_f1"] {
        assert_eq!(epochs(&broken, column), epochs(&whole, column), "{column}");
    }
    assert!(refuse(&again).contains("has ended"));
}

#[test]
fn sixteen_fields_are_learnt_by_heart() {
    let out = folder();
    let set = simulate(&out, 20, 64);
    let run_folder = at(&out, "run");
    let keys = [
        "input.size=64",
        "split.shares=[0.8, 0.1, 0.1]",
        "training.epochs=15",
        "training.batch=16",
        "training.accumulation=1",
        "training.augmented=none",
        "training.best_by=loss",
        "repeats.threshold=0",
        "loss={kind = 'cross-entropy'}",
        "optimiser.backbone_share=1.0",
        "optimiser.learning_rate=0.003",
        "average.decay=0",
        "evaluation.views=1",
    ];
    run(&arguments(&set, &run_folder, "default", &keys));
    let losses = epochs(&run_folder, "training_loss");
    println!("loss {:.4} to {:.4}", losses[0], losses[14]);
    assert!(losses[14] < 0.05, "{losses:?}");
}

#[test]
fn faults_end_a_run_clearly_and_nothing_is_lost() {
    let out = folder();
    let (set, run_folder) = (at(&BRIEF, "set"), at(&out, "run"));
    let good = arguments(&set, &run_folder, "default", &BRIEFLY);

    // What cannot work is refused before anything is written.
    let mut unknown = good.clone();
    unknown.extend(["--set", "training.speed=9"]);
    assert!(refuse(&unknown).contains("speed"));
    let mut pretrained = good.clone();
    pretrained.extend(["--set", "start.weights=imagenet"]);
    assert!(refuse(&pretrained).contains("--init"));
    for (device, expected) in [
        ("flex,flex", "the device flex is named twice"),
        ("flex,vulkan", "2 devices have nothing to share"),
    ] {
        let mut shared = good.clone();
        let place = shared.iter().position(|argument| *argument == "flex");
        shared[place.expect("the device")] = device;
        let printed = refuse(&shared);
        assert!(printed.contains(expected), "{device}: {printed}");
    }
    assert!(!Path::new(&run_folder).exists());

    // A loss that is no number ends the run; what there was is kept.
    let lost = at(&out, "lost");
    let mut wild = arguments(&set, &lost, "default", &BRIEFLY);
    wild.extend([
        "--set",
        "optimiser.learning_rate=10",
        "--set",
        "optimiser.warm_up=0",
        "--set",
        "optimiser.clip=0",
        "--set",
        "optimiser.backbone_share=1",
        "--set",
        // Each step takes a hundred times themselves off the weights.
        "optimiser.weight_decay=10",
        "--set",
        "training.epochs=30",
    ]);
    let printed = refuse(&wild);
    assert!(printed.contains("no longer a number"), "{printed}");
    assert!(printed.contains("checkpoints"), "{printed}");
    assert!(Path::new(&lost).join("checkpoints").is_dir());

    run(&good);
    // A run that has ended, and another recipe's, are never written over.
    let before = weights(&run_folder);
    assert!(refuse(&good).contains("has ended"));
    assert_eq!(weights(&run_folder), before);
}

/// A limit on the size of files stands for a full disk: the network fits into it, and its moments, of which there are none before
/// the first step, do not.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_a_run_with_its_last_checkpoint() {
    let out = folder();
    let [set, whole] = ["set", "run"].map(|name| at(&BRIEF, name));
    let full = at(&out, "full");
    let network = weights(&whole).len() as u64;

    let mut stopped = arguments(&set, &full, "default", &BRIEFLY);
    // Blocks of 512 bytes. Without the trap, the signal of a file that grows too large would kill the program.
    let limit = network * 3 / 2 / 512;
    let trainer = command(&[]);
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\""))
        .args(["sh".as_ref(), trainer.get_program()])
        .args(&stopped)
        .output()
        .expect("a shell");
    let printed = text(&output.stderr);
    assert!(!output.status.success(), "{}", text(&output.stdout));
    assert!(printed.contains("cannot write the checkpoint"), "{printed}");
    assert!(printed.contains("its last checkpoint is safe"), "{printed}");
    let left: Vec<_> = fs::read_dir(Path::new(&full).join("checkpoints"))
        .expect("checkpoints")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(
        left,
        ["step-00000000"],
        "the last one stays, and no part of another"
    );

    stopped.push("--resume");
    run(&stopped);
    assert_eq!(weights(&full), weights(&whole));
}

/// A run that goes on reads its set no more: a field that has become unreadable since would be left out, and the mean with it.
#[test]
fn a_resumed_run_keeps_the_statistics_of_its_set() {
    let out = folder();
    let set = simulate(&out, 12, 64);
    let image = |index: usize| Path::new(&set).join(format!("simulated-1-{index:06}_green.png"));
    fs::write(image(3), "no image").expect("a broken file");
    let run_folder = at(&out, "run");
    let mut again = arguments(&set, &run_folder, "default", &BRIEFLY);
    run(&again);
    let (before, summary) = (
        weights(&run_folder),
        Path::new(&run_folder).join("run.json"),
    );
    let read = || json(&summary);
    let ended = read();

    // As it was after the last checkpoint.
    fs::remove_file(&summary).expect("the summary");
    fs::remove_file(Path::new(&run_folder).join("network.safetensors")).expect("the weights");
    let split = fs::read_to_string(Path::new(&run_folder).join("split.csv")).expect("the split");
    let trained = (0..12).find(|index| {
        let id = format!("simulated-1-{index:06},train");
        split.lines().any(|line| line.starts_with(&id))
    });
    fs::write(image(trained.expect("a training sample")), "no image").expect("a broken file");
    again.push("--resume");
    let output = command(&again).output().expect("the trainer runs");
    let printed = text(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert_eq!(printed.matches("left out").count(), 1, "{printed}");
    assert!(
        printed.contains("simulated-1-000003_green.png"),
        "{printed}"
    );
    assert_eq!(weights(&run_folder), before);
    let resumed = read();
    for key in ["mean", "std", "trained_on", "thresholds"] {
        assert_eq!(resumed[key], ended[key], "{key}");
    }
}

/// A further set is trained on alone, parts of fields and flaws are shown, missing channels are black, and the network that
/// comes of it is one to start from.
#[test]
fn further_sets_are_trained_on_and_a_network_is_trained_further() {
    let out = folder();
    let set = simulate(&out, 40, 64);
    let also = at(&out, "also");
    run(&[
        "simulate", "--out", &also, "--count", "10", "--size", "64", "--seed", "2",
    ]);
    for index in 0..10 {
        for channel in ["red", "yellow"] {
            let file = Path::new(&also).join(format!("simulated-2-{index:06}_{channel}.png"));
            fs::remove_file(file).expect("a channel");
        }
    }
    let keys = [
        "input.composition=rgby",
        "input.size=64",
        "training.part=32",
        "augmentation.crop=[0.5, 0.5]",
        "flaws.veil=0.5",
        "flaws.jpeg=0.5",
        "flaws.green_alone=0.3",
        "training.epochs=1",
        "training.batch=4",
        "training.frequencies=set",
        "training.best_by=ranking",
        "repeats.threshold=0",
        "evaluation.views=1",
    ];
    let refused_run = at(&out, "refused");
    let mut refused = arguments(&set, &refused_run, "default", &keys);
    refused.extend(["--also", &set]);
    assert!(refuse(&refused).contains("is in two sets"));

    let first = at(&out, "first");
    let mut training = arguments(&set, &first, "default", &keys);
    training.extend(["--set", "input.missing=black"]);
    let times = format!("{also}=2");
    training.extend(["--also", &times]);
    let printed = run(&training);
    assert!(
        printed.contains("38 to train on, 6 to choose by, 6 to test with"),
        "{printed}"
    );
    let split = fs::read_to_string(Path::new(&first).join("split.csv")).expect("a split");
    let further = split
        .lines()
        .filter(|line| line.starts_with("simulated-2-"));
    assert!(further.clone().count() == 10 && further.clone().all(|line| line.contains("train")));
    let summary = json(Path::new(&first).join("run.json"));
    assert_eq!(summary["missing"], "black");
    assert_eq!(summary["metrics"]["shown"], 28 + 2 * 10);

    // Answers need no channel but green.
    let (model, answers) = (at(&out, "model"), at(&out, "answers.csv"));
    run(&["package", "--run", &first, "--out", &model]);
    run(&[
        "predict", "--device", "flex", "--model", &model, "--data", &also, "--out", &answers,
    ]);
    assert_eq!(
        fs::read_to_string(answers)
            .expect("answers")
            .lines()
            .count(),
        11
    );

    // Fitted to fields without labels, it is a run like another.
    let (table, adapted) = (format!("{set}/train.csv"), at(&out, "adapted"));
    fs::remove_file(format!("{also}/train.csv")).expect("a table");
    let adapt = [
        "adapt",
        "--run",
        &first,
        "--data",
        &also,
        "--frequencies",
        &table,
        "--out",
        &adapted,
    ];
    assert!(run(&adapt).contains("adapted to 10 fields"));
    assert!(refuse(&adapt).contains("not empty"));
    let report = at(&out, "report");
    run(&[
        "evaluate", "--run", &adapted, "--data", &set, "--out", &report,
    ]);
    let summary = json(at(&out, "adapted/run.json"));
    assert_eq!(summary["recipe"]["adapted"]["fields"], 10);

    let (second, network) = (at(&out, "second"), at(&out, "first/network.safetensors"));
    let mut further = arguments(&set, &second, "default", &keys);
    further.extend([
        "--set",
        "start.weights=network",
        "--set",
        "input.missing=black",
    ]);
    assert!(refuse(&further).contains("start.prior must be false"));
    further.extend(["--set", "start.prior=false"]);
    assert!(refuse(&further).contains("name the file with --init"));
    let rate = "optimiser.learning_rate=1e-9";
    further.extend([
        "--init",
        &network,
        "--set",
        rate,
        "--set",
        "average.decay=0",
    ]);
    run(&further);
    let read = |run: &str| -> Vec<f32> {
        let bytes = weights(run);
        let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("tensors");
        let head = tensors.tensor("classifier.weight").expect("the head");
        let numbers = head.data().chunks_exact(4);
        numbers
            .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four")))
            .collect()
    };
    let moved = read(&first)
        .into_iter()
        .zip(read(&second))
        .fold(0.0_f32, |most, (first, second)| {
            most.max((first - second).abs())
        });
    assert!(moved < 1e-6, "{moved}");
}

/// All 28 locations from few fields in minutes, by ImageNet's weights: far from good, and far from
/// chance, which is what saying yes to every label would score.
#[test]
#[ignore = "needs the third-party data"]
fn a_small_budget_learns_to_tell_the_locations() {
    let data = third_party("");
    let out = folder();
    let set = at(&out, "set");
    run(&[
        "simulate", "--out", &set, "--count", "840", "--seed", "5", "--size", "256",
    ]);
    let run_folder = at(&out, "run");
    let init = data.join("imagenet/densenet121.safetensors");
    let mut arguments = vec![
        "train",
        "--plain",
        "--device",
        "flex",
        "--data",
        &set,
        "--out",
        &run_folder,
        "--init",
        init.to_str().expect("Unicode"),
    ];
    for key in [
        "input.size=96",
        "start.frozen_epochs=0",
        "training.epochs=3",
        "training.batch=8",
        "training.accumulation=1",
        "augmentation.crop=[1.0, 1.0]",
        "average.decay=0.95",
        "optimiser.warm_up=0.2",
        "optimiser.learning_rate=0.001",
        "evaluation.views=1",
    ] {
        arguments.extend(["--set", key]);
    }
    run(&arguments);
    let summary = json(Path::new(&run_folder).join("run.json"));
    let found = summary["metrics"]["test_views"]["macro_f1"]
        .as_f64()
        .expect("a score");
    // Each field has one of 28 labels.
    let share = 1.0 / 28.0;
    let chance = 2.0 * share / (1.0 + share);
    println!("macro-F1 {found:.3}, chance {chance:.3}");
    assert!(found > 2.0 * chance, "{found} is not well over {chance}");
}

#[test]
fn networks_are_compared_in_one_table() {
    let out = folder();
    let set = at(&BRIEF, "set");
    let [also, real, compared] = ["also", "real", "compared"].map(|name| at(&out, name));
    for (path, count, seed) in [(&also, "2", "2"), (&real, "4", "3")] {
        run(&[
            "simulate", "--out", path, "--count", count, "--size", "64", "--seed", seed,
        ]);
    }
    // Of the further test set one field is broken, and one lacks a channel that the recipe described does not need.
    let field = |name: &str| format!("{real}/simulated-3-{name}.png");
    fs::write(field("000000_green"), "no image").expect("a broken file");
    fs::remove_file(field("000001_yellow")).expect("a channel");
    let mut arguments = vec![
        "compare",
        "--plain",
        "--device",
        "flex",
        "--data",
        &set,
        "--out",
        &compared,
        "--recipes",
        "default,described",
        "--sizes",
        "32,64",
    ];
    for key in [
        "network.architecture=all-cnn",
        "training.epochs=1",
        "training.batch=8",
        "training.accumulation=1",
        "evaluation.views=1",
    ] {
        arguments.extend(["--set", key]);
    }
    let alone = arguments.clone();
    let times = format!("{also}=2");
    arguments.extend(["--also", &times, "--test", &real]);
    let printed = run(&arguments);
    // Of All-CNN no ImageNet weights are at hand, and the table says so.
    for expected in [
        "1.62",
        "71.0",
        "random",
        "described-all-cnn-64",
        "default-all-cnn-32",
        "Differences from default-all-cnn-32",
        "Scores in percent on real SHA-256",
        "LRAP",
    ] {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
    let report = Path::new(&compared).join("comparison");
    for name in ["index.html", "comparison.json", "comparison.md"] {
        assert!(report.join(name).is_file(), "{name}");
    }
    let split = fs::read_to_string(format!("{compared}/default-all-cnn-32/split.csv"));
    let split = split.expect("a split");
    let rows = split.lines();
    let further = rows.filter(|row| row.starts_with("simulated-2-"));
    assert_eq!(further.count(), 2, "{split}");
    let json = json(report.join("comparison.json"));
    let tested = &json["further"][0];
    let samples = [0_usize, 1, 2, 3].map(|index| tested["scores"][index]["samples"].as_u64());
    assert_eq!(samples, [2, 2, 3, 3].map(Some));
    let of_described = &json["differences"][1]["gains"];
    assert!(of_described["label_ranking_average_precision"]["low"].is_number());
    assert!(tested["differences"][0]["gains"].is_object());
    assert!(tested["differences"][1]["gains"].is_null(), "others");
    // Nothing is trained again, and nothing is written over.
    assert!(refuse(&arguments).contains("--resume"));
    for (more, expected) in [
        (&["--resume"][..], "was trained on other sets"),
        (&["--resume", "--test", &set], "is in a set to train on"),
        (&["--networks", "all-cnn"], "cannot be used with"),
    ] {
        let printed = refuse(&[&alone[..], more].concat());
        assert!(printed.contains(expected), "{printed}");
    }
    let before = weights(&format!("{compared}/default-all-cnn-64"));
    fs::remove_dir_all(format!("{compared}/default-all-cnn-32")).expect("a run to be made again");
    let again = run(&[&arguments[..], &["--resume"]].concat());
    assert!(again.contains("default-all-cnn-32"));
    assert_eq!(weights(&format!("{compared}/default-all-cnn-64")), before);
}

#[test]
fn some_networks_are_compared_by_the_default_recipe() {
    let out = folder();
    let (set, compared) = (at(&BRIEF, "set"), at(&out, "compared"));
    let mut arguments = vec![
        "compare", "--plain", "--device", "flex", "--data", &set, "--out", &compared,
    ];
    for key in &BRIEFLY[2..] {
        arguments.extend(["--set", key]);
    }
    arguments.extend(["--sizes", "32", "--networks"]);
    let refused = refuse(&[&arguments[..], &["all-cnn,vgg-16"]].concat());
    for expected in [
        "no network is called vgg-16",
        "densenet-121, densenet-201, resnet-50, all-cnn, inception-resnet-v2",
    ] {
        assert!(refused.contains(expected), "{refused}");
    }
    let twice = refuse(&[&arguments[..], &["all-cnn,all-cnn"]].concat());
    assert!(
        twice.contains("two runs would be called all-cnn-32"),
        "{twice}"
    );
    arguments.push("all-cnn");
    let printed = run(&arguments);
    assert!(printed.contains("run 1 of 1: all-cnn-32"), "{printed}");
    assert!(!printed.contains("Differences from"), "{printed}");
}

#[test]
fn a_run_is_evaluated_packaged_and_asked() {
    let out = folder();
    let set = simulate(&out, 16, 64);
    let [run_folder, report, package, table] =
        ["run", "report", "package", "table.csv"].map(|name| at(&out, name));
    let keys = [
        "network.architecture=resnet-50",
        "network.head=described",
        "input.size=64",
        "input.composition=gray-green",
        "training.epochs=1",
        "training.batch=8",
        "training.accumulation=1",
        "evaluation.views=4",
    ];
    run(&arguments(&set, &run_folder, "default", &keys));
    let printed = run(&[
        "evaluate",
        "--run",
        &run_folder,
        "--data",
        &set,
        "--out",
        &report,
        "--device",
        "flex",
    ]);
    assert!(printed.contains("macro-F1"), "{printed}");
    assert!(Path::new(&report).join("index.html").is_file());
    run(&["package", "--run", &run_folder, "--out", &package]);
    let unnamed = manifest(&package).to_string();
    assert!(unnamed.contains("resnet-50") && unnamed.contains("drawn by the Cytolens simulator"));
    assert!(!unnamed.contains("Initial weights"), "it started at random");
    run(&[
        "predict", "--model", &package, "--data", &set, "--out", &table,
    ]);
    assert_eq!(
        fs::read_to_string(&table)
            .expect("the table")
            .lines()
            .count(),
        17
    );
}

#[test]
fn a_run_is_exported_and_its_package_names_whom_it_must() {
    let out = folder();
    let ended = at(&BRIEF, "run");
    let [exported, named, unstated] = ["exported", "named", "unstated"].map(|name| at(&out, name));
    run(&["export", "--run", &ended, "--out", &exported]);
    assert!(Path::new(&exported).join("model.onnx").is_file());
    run(&[
        "package",
        "--run",
        &ended,
        "--out",
        &named,
        "--attribution",
        "A. Nobody",
        "--attribution",
        "B. Nobody",
        "--licence",
        "CC-BY-4.0",
    ]);
    for text in [
        "drawn by the Cytolens simulator",
        "A. Nobody",
        "B. Nobody",
        "CC-BY-4.0",
    ] {
        assert!(manifest(&named).to_string().contains(text), "{text}");
    }
    // Images of which nobody says whose they are: neither the program's authors nor anybody else.
    let foreign = at(&out, "foreign");
    let [from, to] = [&ended, &foreign].map(Path::new);
    fs::create_dir(to).expect("a folder");
    let network = "network.safetensors";
    fs::copy(from.join(network), to.join(network)).expect("the weights");
    let mut summary = json(from.join("run.json"));
    summary["images"] = serde_json::Value::Null;
    summary["licence"] = serde_json::Value::Null;
    fs::write(to.join("run.json"), summary.to_string()).expect("a summary");
    let output = command(&["package", "--run", &foreign, "--out", &unstated])
        .output()
        .expect("the trainer runs");
    let printed = text(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(
        printed.contains("--attribution") && printed.contains("--licence"),
        "{printed}"
    );
    let unstated = manifest(&unstated);
    assert!(unstated.to_string().contains("Training images: not stated"));
    assert_eq!(unstated["licence"], "not stated");
}
