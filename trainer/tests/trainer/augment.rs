//! `trainer augment`, on fields of a few pixels.

use std::fs;
use std::path::Path;
use std::process::Output;

use image::GrayImage;
use tempfile::TempDir;

use crate::support::{command, folder, text};

fn augment(data: &Path, out: &Path, more: &[&str]) -> Output {
    command(&["augment", "--size", "64"])
        .args([Path::new("--data"), data, Path::new("--out"), out])
        .args(more)
        .output()
        .expect("the trainer runs")
}

/// Forty fields of class 0, the last of class 15 too.
fn set() -> TempDir {
    let folder = folder();
    let mut table = "Id,Target\n".to_owned();
    for field in 0..40_u32 {
        for (number, channel) in ["red", "green", "blue", "yellow"].iter().enumerate() {
            let image = GrayImage::from_fn(64, 64, |x, y| {
                image::Luma([(x * (number as u32 + 1) + y * 2 + field) as u8])
            });
            let path = folder.path().join(format!("f{field:02}_{channel}.png"));
            image.save(path).expect("a written file");
        }
        let labels = if field == 39 { "0 15" } else { "0" };
        table += &format!("f{field:02},{labels}\n");
    }
    fs::write(folder.path().join("train.csv"), table).expect("a written table");
    folder
}

#[test]
fn pictures_and_the_plan_repeat_with_the_seed() {
    let (data, out) = (set(), folder());
    let run = |name: &str, more: &[&str]| {
        let out = out.path().join(name);
        let output = augment(data.path(), &out, more);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let sheet = fs::read(out.join("sheet.png")).expect("a sheet");
        (text(&output.stdout), sheet, out)
    };
    let (said, sheet, written) = run("a", &["--id", "f39"]);
    assert!(said.contains("f39"), "{said}");
    // sqrt(0.03 * 40) = 1.095, of one sample.
    let rare = said
        .lines()
        .find(|line| line.contains("Microtubule ends"))
        .expect("a line of the plan");
    let numbers: Vec<&str> = rare.split_whitespace().rev().take(3).collect();
    assert_eq!(numbers, ["1.10", "1.1", "1"], "{said}");
    let page = fs::read_to_string(written.join("index.html")).expect("a page");
    assert_eq!(page.matches("<figure>").count(), 24);
    assert!(page.contains("as it is") && page.contains("turned"));
    let picture = image::open(written.join("23.png")).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (64, 64));
    assert!(sheet == run("b", &["--id", "f39"]).1, "the seed decides");
    assert!(sheet != run("c", &["--id", "f39", "--seed", "2"]).1);
    for composition in ["rgby", "gray-green"] {
        run(composition, &["--composition", composition]);
    }
}

#[test]
fn a_recipe_decides_and_its_faults_are_named() {
    let (data, out) = (set(), folder());
    let recipe = out.path().join("recipe.toml");
    let run = |name: &str, recipe_text: &str| {
        fs::write(&recipe, recipe_text).expect("a written recipe");
        let path = recipe.to_str().expect("Unicode");
        augment(data.path(), &out.path().join(name), &["--recipe", path])
    };
    let output = run(
        "a",
        "[repeats]\nthreshold = 0.1\ncap = 1.5\n[other]\nkey = 1",
    );
    let said = text(&output.stdout);
    assert!(output.status.success() && said.contains("1.50"), "{said}");
    for (recipe, expected) in [
        ("[repeats]\nthreshold = 0.1", "cap"),
        ("[repeats]\nthreshold = 0.1\ncap = 0", "repeats.cap must be"),
        ("[augmentation]\nshear = 1", "shear"),
    ] {
        let output = run("b", recipe);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{recipe}");
        assert!(
            said.contains(expected) && said.contains("recipe.toml"),
            "{said}"
        );
    }
    assert!(!out.path().join("b").exists(), "nothing is made in vain");
    // The recipes that come with the program are known by their names.
    let output = augment(data.path(), &out.path().join("c"), &["--recipe", "default"]);
    let said = text(&output.stdout);
    assert!(
        output.status.success() && said.contains("threshold 0.03"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let (data, out) = (set(), folder());
    let refused = |out: &Path, more: &[&str], expected: &str| {
        let output = augment(data.path(), out, more);
        assert!(!output.status.success());
        let said = text(&output.stderr);
        assert!(said.contains(expected), "{said}");
    };
    refused(&out.path().join("a"), &["--id", "nobody"], "nobody");
    refused(
        &out.path().join("a"),
        &["--composition", "cmyk"],
        "gray-green",
    );
    fs::write(out.path().join("mine.txt"), "mine").expect("a written file");
    refused(out.path(), &[], "not empty");
}

#[test]
fn speed_is_measured_for_every_number_of_workers() {
    let (data, out) = (set(), folder());
    let output = augment(data.path(), &out.path().join("a"), &["--measure"]);
    let said = text(&output.stdout);
    let speeds: Vec<&str> = said
        .lines()
        .skip_while(|line| !line.contains("workers"))
        .skip(1)
        .collect();
    assert!(!speeds.is_empty(), "{said}");
    for line in speeds {
        let numbers: Vec<f64> = line
            .split_whitespace()
            .map(|number| number.parse().expect("a number"))
            .collect();
        assert!(numbers.len() == 3 && numbers.iter().all(|&number| number > 0.0));
    }
}
