//! Sets as people have them, some with faults.

use std::fs;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::Samples;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, RgbImage};
use tempfile::TempDir;

use super::*;
use crate::credits::CREDITS_FILE;

/// A folder to fill.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, content).expect("written");
        self
    }

    /// The four channels of a field, as PNG.
    fn field(&self, id: &str) -> &Self {
        for channel in Channel::ALL {
            self.write(&format!("{id}_{channel}.png"), png(16, 50));
        }
        self
    }

    fn open(&self) -> Result<Dataset> {
        Dataset::open(self.0.path(), &Reading::default())
    }

    fn set(&self) -> Dataset {
        self.open().expect("a set")
    }

    fn error(&self) -> String {
        format!("{:#}", self.open().expect_err("a refusal"))
    }

    /// The faults without the folder's path.
    fn faults(&self) -> Vec<String> {
        let root = format!("{}/", self.0.path().display());
        let faults = self.set().faults.into_iter();
        faults
            .map(|fault| fault.to_string().replace(&root, ""))
            .collect()
    }

    /// The fault of reading the only sample, without the folder's path.
    fn unread(&self) -> Fault {
        let set = self.set();
        assert_eq!(set.faults, []);
        let error = set.samples[0].field.read().expect_err("a refusal");
        let fault = Fault::from(error);
        let root = format!("{}/", self.0.path().display());
        Fault::new(fault.subject.replace(&root, ""), fault.reason)
    }
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn grey(side: u32, level: u8) -> GrayImage {
    GrayImage::from_pixel(side, side, image::Luma([level]))
}

fn png(side: u32, level: u8) -> Vec<u8> {
    encoded(grey(side, level), ImageFormat::Png)
}

fn ids(set: &Dataset) -> Vec<&str> {
    let samples = set.samples.iter();
    samples.map(|sample| sample.field.id.as_str()).collect()
}

#[test]
fn images_lie_beside_the_table_or_below() {
    for place in [
        "",
        "images/",
        "train/",
        "plate/",
        "images/plate/",
        "train/plate 1/",
    ] {
        let folder = Folder::new();
        folder.write("train.csv", "Id,Target\nb,1\na,0\n");
        folder
            .field(&format!("{place}a"))
            .field(&format!("{place}b"));
        let set = folder.set();
        assert_eq!(ids(&set), ["b", "a"], "{place}");
        assert_eq!(set.faults, [], "{place}");
        assert_eq!(
            set.samples[0]
                .field
                .read()
                .expect("readable")
                .channels()
                .count(),
            4
        );
    }
}

#[test]
fn both_image_folders_and_several_plates_are_one_set() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\nb,1\nc,2\n");
    folder
        .field("images/p1/a")
        .field("images/p2/b")
        .field("train/c");
    // Images outside of these folders and hidden ones are of no set.
    folder.field("other/d").field("images/.trash/e");
    let set = folder.set();
    assert_eq!(ids(&set), ["a", "b", "c"]);
    assert_eq!(set.faults, []);
}

#[test]
fn an_empty_image_folder_does_not_hide_the_images_beside_it() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n").field("a");
    fs::create_dir(folder.0.path().join("images")).expect("a folder");
    assert_eq!(ids(&folder.set()), ["a"]);
}

#[test]
fn the_first_of_two_folders_with_an_id_is_taken() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n");
    folder.field("images/p10/a").field("images/p2/a");
    assert_eq!(
        folder.faults(),
        [
            "two folders have a field of the same id: a in images/p10, taken from images/p2"
                .to_owned()
        ]
        .map(|text| text.replace(
            "from images/p2",
            &format!("from {}/images/p2", folder.0.path().display())
        ))
        .map(|text| text.replace(&format!("{}/", folder.0.path().display()), ""))
    );
    assert_eq!(ids(&folder.set()), ["a"]);
}

#[test]
fn formats_and_layouts_mix() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\nb,1\nc,2\n19661_221_G2_1,3\n");
    folder
        .write("a_red.png", png(16, 1))
        .write("a_green.jpg", encoded(grey(16, 2), ImageFormat::Jpeg))
        .write("a_blue.tif", encoded(grey(16, 3), ImageFormat::Tiff));
    folder.write("b.png", encoded(RgbImage::new(16, 16), ImageFormat::Png));
    folder.write(
        "c.ome.tiff",
        encoded(RgbImage::new(16, 16), ImageFormat::Tiff),
    );
    let colours = [
        ("red", [200, 0, 0]),
        ("green", [0, 200, 0]),
        ("blue", [0, 0, 200]),
    ];
    for (channel, colour) in colours {
        let image = RgbImage::from_pixel(16, 16, image::Rgb(colour));
        folder.write(
            &format!("19661_221_G2_1_{channel}.jpg"),
            encoded(image, ImageFormat::Jpeg),
        );
    }
    let composite = encoded(RgbImage::new(16, 16), ImageFormat::Jpeg);
    folder.write("19661_221_G2_1_blue_red_green.jpg", composite);
    let set = folder.set();
    assert_eq!(set.faults, []);
    assert_eq!(set.samples.len(), 4);
    for sample in &set.samples {
        let field = sample.field.read().expect("readable");
        assert_eq!(field.channels().count(), 3, "{}", field.id());
    }
}

#[test]
fn the_table_of_2021_is_read() {
    let folder = Folder::new();
    folder.write("train.csv", "ID,Label\na,16|0\nb,18\nc,17\n");
    folder.field("train/a").field("train/b").field("train/c");
    let set = folder.set();
    assert_eq!(set.samples[0].labels.to_string(), "0 25");
    assert!(set.samples[1].labels.is_empty());
    // The images of the row that is left out make no further fault.
    assert_eq!(set.faults.len(), 1);
}

#[test]
fn tables_of_spreadsheets_are_read() {
    let folder = Folder::new();
    folder.write(
        "train.csv",
        "\u{feff}\"Id\",\"Target\"\r\n\"a\", 0 \r\n\r\n",
    );
    folder.field("a");
    assert_eq!(ids(&folder.set()), ["a"]);
}

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::new();
    let path = folder.0.path().display().to_string();
    let nowhere = Dataset::open(&folder.0.path().join("nowhere"), &Reading::default());
    assert_eq!(
        nowhere.expect_err("a refusal").to_string(),
        format!("there is no folder {path}/nowhere")
    );
    assert_eq!(
        folder.error(),
        format!("the table of labels is missing: {path}/train.csv")
    );
    folder.write("train.csv", "Id,Target\na,0\n");
    assert_eq!(folder.error(), format!("no image of a field in {path}"));
    folder.field("b");
    assert_eq!(
        folder.error(),
        format!(
            "no sample in {path} has both labels and images; for example, train.csv has the id, but no image does: a"
        )
    );
}

#[test]
fn ids_without_images_and_images_without_ids() {
    let folder = Folder::new();
    folder
        .write("train.csv", "Id,Target\na,0\nb,1\n")
        .field("b")
        .field("c");
    folder.write("notes.txt", "");
    assert_eq!(ids(&folder.set()), ["b"]);
    assert_eq!(
        folder.faults(),
        [
            "only .png, .jpg, .jpeg, .tif and .tiff files are read: notes.txt",
            "train.csv has the id, but no image does: a",
            "there are images, but train.csv lacks the id: c",
        ]
    );
}

#[test]
fn faulty_rows_leave_the_others() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,28\nb,1\nb,2\nc,\n");
    folder.field("a").field("b").field("c");
    assert_eq!(ids(&folder.set()), ["b", "c"]);
    assert_eq!(
        folder.faults(),
        [
            "there is no class 28: class numbers go from 0 to 27: a, line 2 of train.csv",
            "the table has the id twice: b, first on line 3, line 4 of train.csv",
        ]
    );
}

/// A set of one sample with a green channel of this content.
fn with_green(content: &[u8]) -> Folder {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n").field("a");
    folder.write("a_green.png", content);
    folder
}

#[test]
fn broken_files_are_faults_when_they_are_read() {
    let whole = png(16, 9);
    for (content, reason) in [
        (&whole[..0], "the file is empty"),
        (
            &whole[..whole.len() / 2],
            "the file ends before its image does, as after a broken download",
        ),
        (
            b"<html>no such file</html>".as_slice(),
            "the content is no PNG, JPEG or TIFF image",
        ),
    ] {
        assert_eq!(
            with_green(content).unread(),
            Fault::new("a_green.png", reason)
        );
    }
}

#[test]
fn channels_of_different_sizes() {
    assert_eq!(
        with_green(&png(32, 9)).unread(),
        Fault::new(
            "a_red.png (16 × 16 px), a_green.png (32 × 32 px)",
            "all channels of a field must have the same size"
        )
    );
}

#[test]
fn a_file_that_has_gone() {
    let folder = with_green(&png(16, 9));
    let set = folder.set();
    fs::remove_file(folder.0.path().join("a_green.png")).expect("removed");
    let fault = Fault::from(set.samples[0].field.read().expect_err("a refusal"));
    assert!(
        fault.reason.starts_with("the file cannot be read ("),
        "{fault}"
    );
    assert!(fault.subject.ends_with("/a_green.png"), "{fault}");
}

#[cfg(unix)]
#[test]
fn what_one_may_not_read() {
    use std::os::unix::fs::PermissionsExt;

    let folder = with_green(&png(16, 9));
    let forbid = |name: &str, mode: u32| {
        let path = folder.0.path().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        path
    };
    let green = forbid("a_green.png", 0o000);
    if fs::read(&green).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let fault = folder.unread();
    assert_eq!(fault.subject, "a_green.png");
    assert!(
        fault
            .reason
            .starts_with("the file cannot be read (Permission denied"),
        "{fault}"
    );
    let table = forbid("train.csv", 0o000);
    let expected = format!(
        "cannot read the table of labels {}: Permission denied",
        table.display()
    );
    assert!(folder.error().starts_with(&expected));
    forbid("train.csv", 0o600);
    let place = folder.0.path();
    forbid("", 0o300);
    let expected = format!(
        "cannot read the folder {}: Permission denied",
        place.display()
    );
    assert!(folder.error().starts_with(&expected), "{}", folder.error());
    forbid("", 0o700);
}

/// A folder of one field of 16-bit files that use 12 bits.
fn twelve_bits() -> Folder {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n");
    for channel in ["red", "green", "blue"] {
        let image = ImageBuffer::from_fn(16, 16, |x, _| image::Luma([x as u16 * 273]));
        let image = DynamicImage::ImageLuma16(image);
        folder.write(
            &format!("a_{channel}.tif"),
            encoded(image, ImageFormat::Tiff),
        );
    }
    folder
}

#[test]
fn samples_of_12_bit_are_stretched_as_asked() {
    let folder = twelve_bits();
    let read = |bits| {
        let reading = Reading {
            bits,
            ..Reading::default()
        };
        let set = Dataset::open(folder.0.path(), &reading).expect("a set");
        set.samples[0].field.read()
    };
    let plain = read(None).expect("readable");
    assert_eq!(plain.bits_used(), 12);
    let stretched = read(Some(12)).expect("readable");
    let Some(Samples::Sixteen(samples)) =
        stretched.plane(Channel::Red).map(|plane| plane.samples())
    else {
        panic!("16 bit");
    };
    assert_eq!((samples[0], samples[8], samples[15]), (0, 0x8888, 65535));
    let fault = Fault::from(read(Some(11)).expect_err("a refusal"));
    assert_eq!(
        fault,
        Fault::new("a (4095)", "a sample needs more than 11 bits")
    );
}

#[test]
fn the_order_of_channels_reaches_the_files() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n");
    // A grey image is no composite, unless the caller says which channel it is.
    folder.write("a.tif", encoded(grey(16, 9), ImageFormat::Tiff));
    assert!(folder.unread().reason.ends_with("not a grey image"));
    let reading = Reading {
        order: ChannelOrder::of([Some(Channel::Green)]).expect("an order"),
        ..Reading::default()
    };
    let set = Dataset::open(folder.0.path(), &reading).expect("a set");
    let field = set.samples[0].field.read().expect("readable");
    assert_eq!(field.channels().collect::<Vec<_>>(), [Channel::Green]);
}

#[test]
fn a_set_may_carry_its_credits() {
    let folder = Folder::new();
    folder.write(TABLE_FILE, "Id,Target\na,1\n").field("a");
    assert_eq!(folder.set().credits, Credits::default());
    folder.write(CREDITS_FILE, "attribution = \"A. Nobody\"\n");
    let set = folder.set();
    assert_eq!(set.credits.attribution.as_deref(), Some("A. Nobody"));
    assert_eq!(set.faults, [], "the file is no faulty image");
    folder.write(CREDITS_FILE, "author = \"A. Nobody\"\n");
    let error = folder.error();
    assert!(
        error.contains(CREDITS_FILE) && error.contains("author"),
        "{error}"
    );
}
