//! Several commands together, and those without tests of their own.

use std::fs;
use std::path::Path;

use cytolens_testing::third_party;

use crate::support::{MODEL, at, command, folder, manifest, refuse, run, simulate, text, trainer};

/// The rows of a CSV file after its header.
fn rows(path: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).expect("a table");
    let list = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = list(reader.headers().expect("a header"));
    (
        header,
        reader
            .records()
            .map(|record| list(&record.expect("a row")))
            .collect(),
    )
}

#[test]
fn a_folder_without_labels_is_predicted_and_never_overwritten() {
    let out = folder();
    let (set, table) = (simulate(&out, 3, 256), at(&out, "table.csv"));
    fs::remove_file(Path::new(&set).join("train.csv")).expect("labels");
    run(&["predict", "--model", MODEL, "--data", &set, "--out", &table]);

    let (header, found) = rows(&table);
    assert_eq!(header[..3], ["Id", "Predicted", "Nucleoplasm"]);
    assert_eq!(header.len(), 30);
    assert_eq!(header[29], "Rods & rings");
    assert_eq!(found.len(), 3);
    for row in &found {
        let probabilities: Vec<f32> = row[2..]
            .iter()
            .map(|p| p.parse().expect("a number"))
            .collect();
        assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
        for class in row[1].split_whitespace() {
            assert!(class.parse::<usize>().expect("a class number") < 28);
        }
    }

    let before = fs::read(&table).expect("the table");
    assert!(
        refuse(&["predict", "--model", MODEL, "--data", &set, "--out", &table])
            .contains("exists already")
    );
    assert_eq!(fs::read(&table).expect("the table"), before);
    run(&[
        "predict",
        "--model",
        MODEL,
        "--data",
        &set,
        "--out",
        &table,
        "--overwrite",
    ]);
    assert_eq!(
        fs::read(&table).expect("the table"),
        before,
        "the same input gives the same table"
    );
}

#[test]
fn bad_fields_are_reported_and_the_rest_goes_on() {
    let out = folder();
    let (set, table) = (simulate(&out, 4, 256), at(&out, "table.csv"));
    let file = |index: usize, channel: &str| {
        Path::new(&set).join(format!("simulated-1-00000{index}_{channel}.png"))
    };
    fs::write(file(0, "green"), "this is text").expect("a broken file");
    fs::remove_file(file(1, "green")).expect("a removed file");
    let whole = fs::read(file(2, "blue")).expect("a file");
    fs::write(file(2, "blue"), &whole[..whole.len() / 2]).expect("a cut file");

    let output = trainer(&["predict", "--model", MODEL, "--data", &set, "--out", &table]);
    assert!(
        !output.status.success(),
        "a batch with faults does not end as if it had none"
    );
    let printed = text(&output.stderr);
    for name in [
        "simulated-1-000000_green.png",
        "simulated-1-000001",
        "simulated-1-000002_blue.png",
    ] {
        assert!(printed.contains(name), "{name} in: {printed}");
    }
    let (_, found) = rows(&table);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0][0], "simulated-1-000003");
}

/// As in `trainer export ... | head -n 0`.
#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let out = folder();
    let exported = at(&out, "exported");
    let arguments = ["export", "--model", MODEL, "--out", &exported];
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    let output = command(&arguments)
        .stdout(closed())
        .output()
        .expect("the trainer runs");
    let error = text(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{error}");
    // Errors on a closed pipe are lost, but the command still fails as it would otherwise.
    let status = command(&arguments)
        .stdout(closed())
        .stderr(closed())
        .status()
        .expect("the trainer runs");
    assert_eq!(status.code(), Some(1), "the files exist already");
}

#[test]
fn wrong_arguments_are_explained() {
    let out = folder();
    let table = at(&out, "table.csv");
    let missing = at(&out, "nowhere");
    assert!(
        refuse(&[
            "predict", "--model", &missing, "--data", &missing, "--out", &table
        ])
        .contains("nowhere")
    );
    let empty = at(&out, "empty");
    fs::create_dir(&empty).expect("a folder");
    assert!(
        refuse(&[
            "predict", "--model", MODEL, "--data", &empty, "--out", &table
        ])
        .contains("no image")
    );
    assert!(
        refuse(&[
            "train", "--device", "flex", "--data", &empty, "--out", &missing
        ])
        .contains("train.csv")
    );
    assert!(
        refuse(&[
            "train", "--data", &empty, "--out", &missing, "--recipe", "nonesuch"
        ])
        .contains("nonesuch")
    );
    assert!(refuse(&["package", "--run", &empty, "--out", &missing]).contains("run.json"));
    assert!(refuse(&["simulate", "--out", &missing, "--size", "7"]).contains("--size"));
    assert!(
        !Path::new(&missing).exists() && !Path::new(&table).exists(),
        "nothing was written"
    );
}

#[test]
fn a_protein_is_painted_on_the_fields_of_a_folder() {
    let out = folder();
    let (set, painted) = (simulate(&out, 4, 256), at(&out, "painted"));
    let list = at(&out, "list.txt");
    fs::write(&list, "simulated-1-000002\n").expect("a list");
    let paint = [
        "simulate",
        "--out",
        &painted,
        "--count",
        "3",
        "--size",
        "256",
        "--reference",
        &set,
        "--only",
        &list,
    ];
    let printed = run(&paint);
    assert!(printed.contains("paint on: 1"), "{printed}");
    let (header, found) = rows(&at(&out, "painted/references.csv"));
    assert_eq!(header, ["Id", "Reference"]);
    assert_eq!(found[2], ["painted-1-000002", "simulated-1-000002"]);
    assert!(refuse(&paint).contains("finished"));
    let alone = ["simulate", "--out", &painted, "--only", &list];
    assert!(refuse(&alone).contains("--reference"));
}

#[test]
#[ignore = "needs the third-party data"]
fn a_set_is_probed_packaged_and_predicted() {
    let data = third_party("");
    let out = folder();
    let set = simulate(&out, 14, 128);
    let [run_folder, model, table] = ["run", "model", "table.csv"].map(|name| at(&out, name));
    // A sample whose image is broken is left out and named.
    fs::write(
        Path::new(&set).join("simulated-1-000005_blue.png"),
        "no image",
    )
    .expect("a broken file");
    let recipe = at(&out, "recipe.toml");
    let minutes = include_str!("../../recipes/probe.toml");
    fs::write(
        &recipe,
        minutes
            .replace("size = 512", "size = 64")
            .replace("epochs = 60", "epochs = 3"),
    )
    .expect("a recipe");
    let weights = data.join("imagenet/densenet121.safetensors");
    let weights = weights.to_str().expect("Unicode");
    let probe = [
        "probe",
        "--data",
        &set,
        "--recipe",
        &recipe,
        "--init",
        weights,
        "--out",
        &run_folder,
    ];

    let output = trainer(&probe);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("simulated-1-000005_blue.png"),
        "{}",
        text(&output.stderr)
    );
    let split = fs::read_to_string(Path::new(&run_folder).join("split.csv")).expect("the split");
    assert_eq!(split.lines().count(), 1 + 13);
    assert!(
        refuse(&probe).contains("has ended"),
        "a run is not overwritten"
    );

    run(&["package", "--run", &run_folder, "--out", &model]);
    assert!(refuse(&["package", "--run", &run_folder, "--out", &model]).contains("exists already"));
    let manifest = manifest(&model);
    assert!(manifest.to_string().contains("13 fields"), "{manifest}");
    assert_eq!(manifest["network"]["size"], 64);
    trainer(&[
        "predict", "--model", &model, "--data", &set, "--out", &table,
    ]);
    assert_eq!(rows(&table).1.len(), 13);

    // A run that broke off goes on with the features it has, and ends in the same weights.
    let network = Path::new(&run_folder).join("network.safetensors");
    let before = fs::read(&network).expect("the weights");
    fs::remove_file(Path::new(&run_folder).join("run.json")).expect("the summary");
    fs::remove_file(&network).expect("the weights");
    fs::remove_file(Path::new(&run_folder).join("features/simulated-1-000001.safetensors"))
        .expect("features");
    assert!(refuse(&probe).contains("--resume"));
    run(&[&probe[..], &["--resume"]].concat());
    assert_eq!(fs::read(&network).expect("the weights"), before);
}

#[test]
#[ignore = "needs the third-party data"]
fn a_foreign_weights_file_is_accounted_for() {
    let data = third_party("");
    let out = folder();
    let set = simulate(&out, 1, 64);
    let run_folder = at(&out, "run");
    let golden = data.join("imagenet/densenet121_golden.safetensors");
    let printed = refuse(&[
        "probe",
        "--data",
        &set,
        "--init",
        golden.to_str().expect("Unicode"),
        "--out",
        &run_folder,
    ]);
    assert!(
        printed.contains("missing")
            && printed.contains("unexpected")
            && printed.contains("densenet121_golden"),
        "{printed}"
    );
    assert!(!Path::new(&run_folder).exists(), "nothing was written");
}
