//! Painted sets: what they record, what is left out of their references, and how they go on after a break.

use std::fs;
use std::path::{Path, PathBuf};

use cytolens_data::credits::Credits;
use cytolens_data::dataset::Dataset;
use cytolens_data::files::Reading;
use tempfile::TempDir;

use crate::label_sets::balanced_label_sets;
use crate::names::ATTRIBUTION;
use crate::reference_set::References;
use crate::set::{SetFolder, SetPlan};

const SIZE: usize = 192;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Simulated fields as references under other names, without their green.
fn reference_folder(names: &[&str]) -> TempDir {
    let (folder, simulated) = (folder(), folder());
    let plan = SetPlan {
        size: SIZE,
        label_sets: vec!["25".parse().expect("a class"); names.len()],
        seed: 4,
        masks: false,
        references: None,
    };
    let set = SetFolder::open(simulated.path(), &plan).expect("a new folder");
    set.write(|| ()).expect("a writable folder");
    for (index, name) in names.iter().enumerate() {
        for channel in ["red", "blue", "yellow"] {
            let from = format!("simulated-4-{index:06}_{channel}.png");
            let to = folder.path().join(format!("{name}_{channel}.png"));
            fs::copy(simulated.path().join(from), to).expect("a file of the set");
        }
    }
    folder
}

fn find(folder: &Path) -> References {
    References::find(folder, None, SIZE, |_| (), || ()).expect("references")
}

fn plan(references: References) -> SetPlan {
    SetPlan {
        size: SIZE,
        label_sets: ["0", "7 25", "", "21"]
            .map(|text| text.parse().expect("classes"))
            .to_vec(),
        seed: 9,
        masks: true,
        references: Some(references),
    }
}

fn write(out: &Path, plan: &SetPlan) {
    let set = SetFolder::open(out, plan).expect("a folder for the set");
    set.write(|| ()).expect("a writable folder");
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path).expect("a text")
}

/// Every file of a set with its bytes.
fn contents(out: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = [out.to_owned(), out.join("masks")];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let paths = files.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.strip_prefix(out).expect("a file inside").to_owned();
            (name, fs::read(path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_painted_set_is_read_as_one_and_says_what_it_was_painted_on() {
    let (folder, out) = (reference_folder(&["a", "b", "c"]), folder());
    fs::write(
        folder.path().join("set.toml"),
        "attribution = 'A. Nobody.'\nlicence = 'CC0-1.0'\n",
    )
    .expect("a writable folder");
    let plan = plan(find(folder.path()));
    write(out.path(), &plan);
    let set = Dataset::open(out.path(), &Reading::default()).expect("a set");
    assert_eq!(set.faults, []);
    let expected = Credits {
        attribution: Some(format!("A. Nobody; the protein in them {ATTRIBUTION}")),
        licence: Some("CC0-1.0".to_owned()),
    };
    assert_eq!(set.credits, expected);
    let table = text(out.path().join("train.csv"));
    let rows = "Id,Target\npainted-9-000000,0\npainted-9-000001,7 25\n";
    assert!(table.starts_with(rows), "{table}");
    let references = text(out.path().join("references.csv"));
    let mut used: Vec<&str> = references
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').expect("two columns").1)
        .collect();
    let first_three = &mut used[..3];
    first_three.sort_unstable();
    assert_eq!(first_three, ["a", "b", "c"], "each comes once in a turn");
    for line in references.lines().skip(1) {
        let (id, reference) = line.split_once(',').expect("two columns");
        for channel in ["red", "blue", "yellow"] {
            let pixels = |folder: &Path, id: &str| {
                let name = format!("{id}_{channel}.png");
                image::open(folder.join(name))
                    .expect("an image")
                    .into_luma8()
            };
            assert!(
                pixels(out.path(), id) == pixels(folder.path(), reference),
                "{id} {channel}"
            );
        }
    }
}

#[test]
fn a_painted_set_goes_on_to_the_same_end_and_takes_no_other_references() {
    let (folder, whole, broken) = (reference_folder(&["a", "b"]), folder(), folder());
    let plan = plan(find(folder.path()));
    for out in [&whole, &broken] {
        write(out.path(), &plan);
    }
    let gone = [
        "train.csv",
        "references.csv",
        "painted-9-000001_green.png",
        "masks/painted-9-000002_cells.png",
    ];
    for name in gone {
        fs::remove_file(broken.path().join(name)).expect("a file of the set");
    }
    let set = SetFolder::open(broken.path(), &plan).expect("a set to go on with");
    assert_eq!(set.done(), 2);
    set.write(|| ()).expect("a writable folder");
    assert!(contents(broken.path()) == contents(whole.path()));

    fs::remove_file(broken.path().join("train.csv")).expect("a table");
    let list = folder.path().join("only.txt");
    fs::write(&list, "b\n").expect("a writable folder");
    let half = References::find(folder.path(), Some(&list), SIZE, |_| (), || ());
    let mut others = [plan.clone(), plan];
    others[0].references = Some(half.expect("one reference"));
    others[1].references = None;
    for other in &others {
        let refused = SetFolder::open(broken.path(), other).expect_err("another set");
        assert!(
            refused.to_string().contains("other parameters"),
            "{refused}"
        );
    }
}

#[test]
fn references_are_those_of_a_list_that_can_be_painted_on() {
    let folder = reference_folder(&["a", "b", "dark", "lone", "torn", "whole"]);
    let at = |name: &str| folder.path().join(name);
    let black = image::GrayImage::new(SIZE as u32, SIZE as u32);
    black.save(at("dark_blue.png")).expect("an image");
    fs::remove_file(at("lone_blue.png")).expect("a channel");
    fs::write(at("torn_red.png"), b"\x89PNG and no more").expect("a file");
    fs::remove_file(at("whole_yellow.png")).expect("a channel");
    fs::write(at("notes.txt"), "nothing").expect("a file");
    let list = at("half.csv");
    fs::write(
        &list,
        "Id,part\r\na,train\r\ndark,train\nlone,x\ntorn,x\n\"whole\",x\nnobody,x\n",
    )
    .expect("a list");
    let mut looked_at = 0;
    let found = References::find(
        folder.path(),
        Some(&list),
        SIZE,
        |count| looked_at = count,
        || (),
    );
    let found = found.expect("two references");
    assert_eq!((looked_at, found.count()), (5, 2));
    assert_eq!([found.id(0), found.id(1)], ["a", "whole"]);
    assert!(found.has_yellow(0) && !found.has_yellow(1));
    let faults: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
    for (subject, reason) in [
        ("dark", "blue of a reference is black"),
        ("lone", "needs the channel blue"),
        ("torn_red.png", ""),
        ("nobody", "lists the id, but no image has it"),
    ] {
        let is_told = |fault: &&String| fault.contains(subject) && fault.contains(reason);
        assert_eq!(
            faults.iter().filter(is_told).count(),
            1,
            "{subject}: {faults:?}"
        );
    }
    let out = self::folder();
    write(out.path(), &plan(found));
    let set = Dataset::open(out.path(), &Reading::default()).expect("a set");
    assert_eq!((set.samples.len(), set.faults.len()), (4, 0));
    let yellow = |name: &str| out.path().join(format!("{name}_yellow.png")).is_file();
    let references = text(out.path().join("references.csv"));
    for line in references.lines().skip(1) {
        let (id, reference) = line.split_once(',').expect("two columns");
        assert_eq!(yellow(id), reference == "a", "black would be no yellow");
    }
}

#[test]
fn a_folder_without_references_is_refused() {
    let folder = folder();
    let black = image::GrayImage::new(64, 64);
    for channel in ["red", "green", "blue", "yellow"] {
        black
            .save(folder.path().join(format!("night_{channel}.png")))
            .expect("an image");
    }
    let refuse = |only: Option<&Path>| {
        let refused = References::find(folder.path(), only, SIZE, |_| (), || ());
        refused.expect_err("nothing to paint on").to_string()
    };
    let told = refuse(None);
    assert!(
        told.contains("can be painted on") && told.contains("night"),
        "{told}"
    );
    let list = folder.path().join("list.txt");
    fs::write(&list, "Id\n\n").expect("a list");
    assert!(refuse(Some(&list)).contains("lists no id"));
    assert!(refuse(Some(&folder.path().join("gone.txt"))).contains("gone.txt"));
}

#[test]
fn fields_are_painted_only_on_references_that_can_show_them() {
    let folder = reference_folder(&["a", "b", "c", "d"]);
    let references = find(folder.path());
    let label_sets = balanced_label_sets(56, 0.0, 1);
    let assigned = references
        .assign(&label_sets, 1)
        .expect("references for all labels");
    assert_eq!(
        assigned,
        references.assign(&label_sets, 1).expect("the same again")
    );
    assert_ne!(
        assigned,
        references.assign(&label_sets, 2).expect("another seed")
    );
    let uses = |number| {
        assigned
            .iter()
            .filter(|reference| **reference == number)
            .count()
    };
    // Fourteen each, but for six fields that may have to pass over to another one.
    assert!((0..4).all(|number| uses(number).abs_diff(14) <= 6));

    // Two discs far apart: nothing touches, and both lie at the border.
    let (poor, out) = (self::folder(), self::folder());
    let disc = |reach: f32| {
        image::GrayImage::from_fn(SIZE as u32, SIZE as u32, |column, row| {
            let away = |x: f32, y: f32| (column as f32 - x).hypot(row as f32 - y);
            let near = away(10.0, 10.0).min(away(180.0, 180.0));
            image::Luma([if near < reach { 180 } else { 0 }])
        })
    };
    for (channel, reach) in [("red", 20.0), ("blue", 9.0)] {
        disc(reach)
            .save(poor.path().join(format!("poor_{channel}.png")))
            .expect("an image");
    }
    let mut plan = plan(find(poor.path()));
    plan.label_sets = vec!["22".parse().expect("a class")];
    let refused = SetFolder::open(out.path(), &plan).expect_err("no junctions");
    assert!(refused.to_string().contains("labels 22 need"), "{refused}");
    assert!(
        fs::read_dir(out.path()).expect("a folder").next().is_none(),
        "nothing is begun"
    );
}
