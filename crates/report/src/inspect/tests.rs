//! Whole reports on small sets.

use std::collections::BTreeMap;
use std::path::Path;

use cytolens_core::Channel;
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_data::files::Reading;
use image::{ImageBuffer, Luma};
use serde_json::Value;
use tempfile::TempDir;

use super::*;

const SIDE: u32 = 32;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text file")
}

/// A pattern with structure, of levels up to 200.
fn pattern(x: u32, y: u32) -> u8 {
    ((x * x * 7 + y * 13 + x * y) % 201) as u8
}

fn plane(path: &Path, id: &str, channel: Channel, side: u32, level: impl Fn(u32, u32) -> u8) {
    let image = ImageBuffer::from_fn(side, side, |x, y| Luma([level(x, y)]));
    let path = path.join(format!("{id}_{channel}.png"));
    image.save(path).expect("a picture");
}

fn field(path: &Path, id: &str) {
    for (shift, channel) in (0..).zip(Channel::ALL) {
        plane(path, id, channel, SIDE, |x, y| pattern(x + shift, y));
    }
}

/// A set of fields with these ids and targets.
fn set(rows: &[(&str, &str)]) -> TempDir {
    let folder = folder();
    let mut table = "Id,Target\n".to_owned();
    for (id, target) in rows {
        field(folder.path(), id);
        table += &format!("{id},{target}\n");
    }
    std::fs::write(folder.path().join("train.csv"), table).expect("a table");
    folder
}

/// The report on folders, the second beside the first.
fn report(folders: &[&TempDir]) -> TempDir {
    let out = folder();
    let sets: Vec<InspectedSet> = folders
        .iter()
        .zip(["", "beside-"])
        .map(|(folder, prefix)| {
            InspectedSet::of_folder(folder.path(), &Reading::default(), out.path(), prefix)
                .expect("a set")
        })
        .collect();
    write(&sets, out.path()).expect("a report");
    out
}

fn summary(out: &TempDir) -> Value {
    serde_json::from_str(&text(&out.path().join("summary.json"))).expect("JSON")
}

fn page(out: &TempDir) -> String {
    text(&out.path().join("index.html"))
}

fn notes_of(out: &TempDir) -> String {
    summary(out)["sets"][0]["notes"].to_string()
}

#[test]
fn faults_are_listed_with_their_files_and_the_rest_goes_on() {
    let data = set(&[("good", "0 7"), ("broken", "7"), ("better", "25")]);
    std::fs::write(data.path().join("broken_green.png"), b"no picture").expect("a file");
    let table = data.path().join("train.csv");
    let rows = text(&table) + "absent,3\n";
    std::fs::write(table, rows).expect("a table");
    let out = report(&[&data]);
    let faults = text(&out.path().join("faults.csv"));
    assert!(faults.starts_with("subject,reason,set\n"), "{faults}");
    assert!(
        faults.contains("broken_green.png,\"the content is no PNG, JPEG or TIFF image\""),
        "{faults}"
    );
    assert!(faults.contains("absent"));
    let set = &summary(&out)["sets"][0];
    assert_eq!(set["faults"].as_array().map(Vec::len), Some(2));
    assert_eq!(set["labels"]["fields"], 2);
    assert_eq!(
        set["labels"]["counts"][7], 1,
        "the broken field is not counted"
    );
    assert_eq!(set["fields"]["brightness"]["green"]["fields"], 2);
    assert!(page(&out).contains("broken_green.png"));
}

#[test]
fn a_set_of_which_nothing_can_be_read_has_a_report_too() {
    let data = set(&[("broken", "7")]);
    std::fs::write(data.path().join("broken_green.png"), b"no picture").expect("a file");
    let out = report(&[&data]);
    assert_eq!(summary(&out)["sets"][0]["labels"]["fields"], 0);
    assert!(!page(&out).contains("NaN"));
}

#[test]
fn every_class_has_one_place_in_the_gallery() {
    let data = set(&[("both", "0 7"), ("alone", "7")]);
    let out = report(&[&data]);
    let page = page(&out);
    assert_eq!(page.matches("<article class=\"class\">").count(), COUNT);
    assert_eq!(
        page.matches("no field shows this location").count(),
        COUNT - 2
    );
    let golgi = page
        .split("<article")
        .find(|part| part.contains(&format!("<h3>{}", LOCATIONS[7])))
        .expect("the Golgi apparatus");
    assert!(
        golgi.contains("<code>alone</code>"),
        "the field with the fewest labels"
    );
    for what in [
        "red",
        "green",
        "blue",
        "yellow",
        "rgb",
        "rgby",
        "green-boost",
    ] {
        let file = format!("pictures/07-golgi-apparatus-{what}.jpg");
        assert!(golgi.contains(&file), "{file}");
        let picture = image::open(out.path().join(&file)).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (160, 160));
    }
}

#[test]
fn hostile_ids_are_text() {
    let data = set(&[("<script>alert(1)<b>", "0")]);
    let page = page(&report(&[&data]));
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(!page.contains("<script"));
}

#[test]
fn the_same_set_gives_the_same_report() {
    let data = set(&[("a", "0"), ("b", "0 25"), ("c", "7"), ("d", "")]);
    let files = |out: &TempDir| -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for folder in ["", "plots", "pictures"] {
            for entry in std::fs::read_dir(out.path().join(folder)).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let name = path.file_name().expect("a name").to_string_lossy();
                    let bytes = std::fs::read(&path).expect("a file");
                    files.insert(format!("{folder}/{name}"), bytes);
                }
            }
        }
        files
    };
    let first = files(&report(&[&data, &data]));
    assert!(first.len() > 40, "{}", first.len());
    assert_eq!(first, files(&report(&[&data, &data])));
}

#[test]
fn what_is_odd_is_noted_and_no_fault() {
    let data = set(&[("a", "0"), ("b", "")]);
    plane(data.path(), "b", Channel::Blue, SIDE, |_, _| 9);
    plane(data.path(), "a", Channel::Red, SIDE, |x, _| {
        if x == 0 { 255 } else { x as u8 }
    });
    let out = report(&[&data]);
    let notes = notes_of(&out);
    assert!(
        notes.contains("is empty, all of its pixels equal: blue in 1 field (b)"),
        "{notes}"
    );
    assert!(
        notes.contains("at the highest level: red in 1 field (a)"),
        "{notes}"
    );
    assert!(notes.contains("1 field without any label"), "{notes}");
    assert!(
        notes.contains("fewer than 20 fields show Nucleoplasm (1)"),
        "{notes}"
    );
    assert!(notes.contains("no field shows Nuclear membrane"), "{notes}");
    assert_eq!(summary(&out)["sets"][0]["faults"], Value::Array(vec![]));
}

#[test]
fn what_was_decided_in_reading_is_noted() {
    let data = set(&[("a", "0"), ("b", "1")]);
    for id in ["a", "b"] {
        plane(data.path(), id, Channel::Green, SIDE + 1, pattern);
    }
    let out = report(&[&data]);
    let notes = notes_of(&out);
    assert!(
        notes.contains("all are cut to 32 × 32 px, from 33 × 33 px")
            && notes.contains("a_green.png, and another field"),
        "{notes}"
    );
}

#[test]
fn sixteen_bit_files_of_a_12_bit_camera_and_mixed_sizes_are_noted() {
    let data = set(&[("eight", "0"), ("sixteen", "1")]);
    for channel in Channel::ALL {
        let image =
            ImageBuffer::from_fn(SIDE * 2, SIDE, |x, y| Luma([u16::from(pattern(x, y)) * 16]));
        let path = data.path().join(format!("sixteen_{channel}.png"));
        image.save(path).expect("a picture");
    }
    let out = report(&[&data]);
    let notes = notes_of(&out);
    assert!(
        notes.contains("12-bit content in 1 of 1 16-bit fields (sixteen)"),
        "{notes}"
    );
    assert!(notes.contains("the fields have 2 sizes"), "{notes}");
    assert!(
        notes.contains("some fields are of 8 bits and some of 16"),
        "{notes}"
    );
    let fields = &summary(&out)["sets"][0]["fields"];
    assert_eq!(
        fields["spectra"].as_array().map(Vec::len),
        Some(2),
        "sizes are not mixed"
    );
}

#[test]
fn a_table_of_labels_is_enough() {
    let folder = folder();
    let table = folder.path().join("labels.csv");
    std::fs::write(&table, "Id,Target\na,0 25\nb,25\nc,99\n").expect("a table");
    let set = InspectedSet::of_table(&table).expect("a table of labels");
    assert!(
        set.has_faults() && set.summary().contains("2 fields, 1 fault"),
        "{}",
        set.summary()
    );
    let out = self::folder();
    write(&[set], out.path()).expect("a report");
    let page = page(&out);
    assert!(page.contains("id=\"labels\"") && !page.contains("id=\"gallery\""));
    assert_eq!(summary(&out)["sets"][0]["labels"]["together"][0][25], 1);
    assert_eq!(summary(&out)["sets"][0]["fields"], Value::Null);
}

#[test]
fn a_second_set_stands_beside_the_first() {
    let (data, dark) = (set(&[("a", "0")]), set(&[("a", "0")]));
    for channel in Channel::ALL {
        plane(data.path(), "a", channel, SIDE, |x, y| {
            pattern(x, y) / 2 * 2
        });
        plane(dark.path(), "a", channel, SIDE, |x, y| pattern(x, y) / 2);
    }
    let out = report(&[&data, &dark]);
    let comparison = &summary(&out)["comparison"];
    let green = &comparison["brightness"]["green"];
    assert_eq!(green[0]["quantity"], "mean");
    let ratio = green[0]["ratio"].as_f64().expect("a number");
    assert!((ratio - 2.0).abs() < 1e-9);
    // Twice the amplitude is four times the power: 6.02 dB at every frequency.
    let distance = &comparison["spectra"]["green"]["distance"];
    let level = distance["level"].as_f64().expect("a number");
    assert!((level - 10.0 * 4.0_f64.log10()).abs() < 1e-3, "{level}");
    assert!(distance["shape"].as_f64().expect("a number") < 1e-3);
    assert_eq!(
        comparison["green_blue"][0]["difference"].as_f64(),
        Some(0.0)
    );
    let page = page(&out);
    assert!(page.contains("pictures/00-nucleoplasm-green.jpg"));
    assert!(page.contains("pictures/beside-00-nucleoplasm-green.jpg"));
    assert!(page.contains("curve two"));
}

#[test]
fn sets_of_one_name_are_distinguished_by_the_folders_above() {
    let above = folder();
    let mut sets: Vec<InspectedSet> = ["real", "simulated"]
        .iter()
        .map(|name| {
            let folder = above.path().join(name);
            std::fs::create_dir(&folder).expect("a folder");
            let table = folder.join("train.csv");
            std::fs::write(&table, "Id,Target\na,0\n").expect("a table");
            InspectedSet::of_table(&table).expect("a table of labels")
        })
        .collect();
    distinguish_names(&mut sets);
    assert_eq!(sets[0].name, "real/train.csv");
    assert_eq!(sets[1].name, "simulated/train.csv");
}

#[test]
fn a_large_field_is_shown_at_both_resolutions() {
    let data = set(&[("small", "0"), ("large", "1")]);
    for channel in Channel::ALL {
        // Structure in the lower right only.
        plane(data.path(), "large", channel, 1024, |x, y| {
            if x > 700 && y > 700 { pattern(x, y) } else { 3 }
        });
    }
    let out = report(&[&data]);
    let page = page(&out);
    assert!(page.contains("id=\"resolution\"") && page.contains("of field <code>large</code>"));
    for which in ["own", "reduced"] {
        let file = format!("pictures/resolution-green-{which}.png");
        let picture = image::open(out.path().join(file))
            .expect("a picture")
            .to_rgb8();
        let side = if which == "own" { 192 } else { 96 };
        assert_eq!(picture.width(), side);
        let brightest = picture.pixels().map(|pixel| pixel[1]).max();
        assert!(brightest > Some(150), "the part with structure is shown");
    }
}
