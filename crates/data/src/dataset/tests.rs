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
    assert!(
        folder.error().starts_with(&format!(
            "no image of a field in {path}: it has 1 file (1 .csv)"
        )),
        "{}",
        folder.error()
    );
    folder.field("b");
    assert_eq!(
        folder.error(),
        format!(
            "no sample in {path} has both labels and images. The table has a; the images are of b. For example, train.csv has the \
             id, but no image does: a"
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

#[test]
fn ids_match_in_other_unicode_forms_with_extensions_and_with_channels() {
    // As typed into a table, against names as a Mac writes them.
    let folder = Folder::new();
    folder.write(
        "train.csv",
        "Id,Target\nZelle \u{e4},0\nb.png,1\nc_green.png,2\nimages/d_red.tif,3\nE,4\n",
    );
    folder
        .field("Zelle a\u{308}")
        .field("b")
        .field("c")
        .field("d")
        .field("e");
    let set = folder.set();
    assert_eq!(set.faults, []);
    assert_eq!(ids(&set), ["Zelle a\u{308}", "b", "c", "d", "e"]);
    let labels: Vec<String> = set
        .samples
        .iter()
        .map(|sample| sample.labels.to_string())
        .collect();
    assert_eq!(labels, ["0", "1", "2", "3", "4"]);
}

#[test]
fn a_row_for_each_file_is_one_sample_unless_their_labels_differ() {
    let folder = Folder::new();
    folder.write(
        "train.csv",
        "Id,Target\na_red.png,1\na_green.png,1\nb_red.png,1\nb_green.png,2\nc,99\nc.png,1\n",
    );
    folder.field("a").field("b").field("c");
    assert_eq!(ids(&folder.set()), ["a", "b"]);
    assert_eq!(
        folder.faults(),
        [
            "there is no class 99: class numbers go from 0 to 27: c, line 6 of train.csv",
            "train.csv has the same field as b_red.png, with other labels: b_green.png",
            "train.csv has the same field as c, with other labels: c.png",
        ]
    );
}

#[test]
fn an_id_that_may_mean_two_fields_means_none() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\nAb.png,1\nx,1\n");
    folder.field("ab").field("aB").field("x");
    assert_eq!(
        folder.faults(),
        [
            "train.csv has the id, but several images may be meant: Ab.png",
            "there are images, but train.csv lacks the id: aB",
            "there are images, but train.csv lacks the id: ab",
        ]
    );
}

#[test]
fn where_nothing_matches_three_ids_of_each_side_are_shown() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\n1,0\n2,1\n3,2\n4,3\n");
    folder.field("p").field("q");
    let error = folder.error();
    assert!(
        error.contains("The table has 1, 2, 3 and 1 more; the images are of p, q."),
        "{error}"
    );
}

#[test]
fn second_downloads_are_told_and_do_no_harm() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\nx,0\n").field("x");
    folder
        .write("x_green (1).png", png(16, 9))
        .write("y_red (1).png", png(16, 9));
    assert_eq!(ids(&folder.set()), ["x"]);
    let faults = folder.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].ends_with("x_green.png is taken in its place: x_green (1).png"),
        "{faults:?}"
    );
    assert!(faults[1].ends_with("y_red (1).png"), "{faults:?}");
}

#[cfg(unix)]
#[test]
fn a_folder_and_a_link_to_it_are_told_as_two() {
    let folder = Folder::new();
    folder
        .write("train.csv", "Id,Target\nx,0\n")
        .field("images/plate/x");
    let images = folder.0.path().join("images");
    std::os::unix::fs::symlink(images.join("plate"), images.join("z")).expect("a link");
    std::os::unix::fs::symlink(images.join("nowhere"), images.join("broken")).expect("a link");
    std::os::unix::fs::symlink("..", images.join("up")).expect("a link");
    assert_eq!(ids(&folder.set()), ["x"]);
    let faults = folder.faults();
    assert!(
        faults[0].contains("two folders have a field of the same id: x in images/z"),
        "{faults:?}"
    );
    assert!(faults[1].ends_with("images/broken"), "{faults:?}");
    assert_eq!(faults.len(), 2, "{faults:?}");
}

/// A zip archive of these files, deflated, by the format's description (APPNOTE 6.3.10, 4.3).
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut packer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).expect("packed");
        let packed = packer.finish().expect("packed");
        let mut header = Vec::new();
        for short in [20u16, 0, 8, 0, 0] {
            header.extend(short.to_le_bytes());
        }
        for long in [0, packed.len() as u32, bytes.len() as u32] {
            header.extend(long.to_le_bytes());
        }
        header.extend((name.len() as u32).to_le_bytes());
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend((archive.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(&header);
        archive.extend(name.as_bytes());
        archive.extend(packed);
    }
    let start = archive.len() as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        archive.extend((files.len() as u16).to_le_bytes());
    }
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// A field's files of three channels in a folder of an archive.
fn entries(folder: &str, id: &str) -> Vec<(String, Vec<u8>)> {
    let channels = Channel::ALL[..3].iter();
    channels
        .map(|channel| (format!("{folder}{id}_{channel}.png"), png(16, 50)))
        .collect()
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (&**name, &**bytes))
        .collect();
    zip(&files)
}

#[test]
fn archives_among_the_files_are_read() {
    let folder = Folder::new();
    folder
        .write("train.csv", "Id,Target\na,0\nb,1\n")
        .field("a");
    let mut files = entries("deep/down/plate/", "b");
    files.push(("__MACOSX/deep/._b_red.png".to_owned(), vec![0]));
    files.push(("notes.txt".to_owned(), vec![0]));
    folder
        .write("train.zip", zipped(&files))
        .write("cut.zip", "PK");
    let set = folder.set();
    assert_eq!(ids(&set), ["a", "b"]);
    let field = set.samples[1].field.read().expect("readable");
    assert_eq!(field.channels().count(), 3);
    let faults = folder.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].starts_with("this is no zip archive") && faults[0].ends_with("cut.zip"),
        "{faults:?}"
    );
    assert!(faults[1].ends_with(": train.zip/notes.txt"), "{faults:?}");
}

#[test]
fn a_set_may_be_one_archive() {
    let folder = Folder::new();
    let mut files = entries("set/images/", "a");
    files.extend(entries("set/again/", "a"));
    files.push(("set/train.csv".to_owned(), b"Id;Target\r\na;7\r\n".to_vec()));
    files.push(("set/old/train.csv".to_owned(), b"Id,Target\na,8\n".to_vec()));
    files.push((
        "set/set.toml".to_owned(),
        b"attribution = \"A. Nobody\"\n".to_vec(),
    ));
    folder.write("set.zip", zipped(&files));
    let path = folder.0.path().join("set.zip");
    let set = Dataset::open(&path, &Reading::default()).expect("a set");
    assert_eq!(ids(&set), ["a"]);
    assert_eq!(set.samples[0].labels.to_string(), "7");
    assert_eq!(set.credits.attribution.as_deref(), Some("A. Nobody"));
    assert_eq!(set.faults.len(), 1, "{:?}", set.faults);
    assert_eq!(
        set.faults[0].reason,
        "two folders have a field of the same id"
    );
    set.samples[0].field.read().expect("readable");

    folder.write("set.zip", zip(&[("a_red.png", b"x")]));
    let error = format!(
        "{:#}",
        Dataset::open(&path, &Reading::default()).expect_err("no table")
    );
    assert!(
        error.contains("train.csv in ") && error.ends_with("set.zip"),
        "{error}"
    );
}

#[test]
fn an_entry_that_unpacks_to_another_length_is_a_fault() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n");
    let archive = zipped(&entries("", "a"));
    for (said, reason) in [(1, "unpacks to more"), (1000, "unpacks to less")] {
        let mut archive = archive.clone();
        // The length unpacked of the first entry, in its directory's record.
        let record = archive
            .windows(4)
            .position(|bytes| bytes == b"PK\x01\x02")
            .expect("a record");
        archive[record + 24..record + 28].copy_from_slice(&u32::to_le_bytes(said));
        folder.write("x.zip", archive);
        let fault = Fault::from(folder.set().samples[0].field.read().expect_err("a refusal"));
        assert!(fault.reason.contains(reason), "{fault}");
        assert!(fault.subject.ends_with("x.zip/a_red.png"), "{fault}");
    }
}

#[test]
fn a_folder_without_fields_is_described_with_the_way_out() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n");
    for name in [
        "a.czi",
        "b.czi",
        "c.webp",
        "d_red (1).png",
        "._e.png",
        "cut.zip",
    ] {
        folder.write(name, "x");
    }
    let error = folder.error();
    for part in [
        "it has 6 files (2 .czi, 1 .csv, 1 .png and 2 more)",
        ": a.czi, b.czi",
        "c.webp",
        "and it is read: d_red (1).png",
        "cut.zip",
        "one a channel (x_red.png",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(!error.contains("lie deeper"), "{error}");

    let folder = Folder::new();
    folder
        .write("train.csv", "Id,Target\na,0\n")
        .field("p/q/r/a");
    let error = folder.error();
    let place = folder.0.path().join("p/q/r");
    assert!(
        error.contains(&format!(
            "images lie deeper, in {}: name that folder",
            place.display()
        )),
        "{error}"
    );
}

/// On the page it is told as one, too, by the same words.
#[test]
fn an_ome_zarr_is_one_fault_and_what_lies_beside_it_is_read() {
    let folder = Folder::new();
    folder
        .write("train.csv", "Id,Target\na,0\n")
        .field("a")
        .write("x.ome.zarr/.zattrs", "{}")
        .write("x.ome.zarr/.zgroup", "{}")
        .write("plain/zarr.json", "{}");
    let chunks: Vec<(String, Vec<u8>)> = ["zarr.json", "0/zarr.json", "0/c/0/0", "0/c/0/1"]
        .map(|name| (format!("y/{name}"), vec![0]))
        .to_vec();
    folder
        .write("y.zip", zipped(&chunks))
        .write("z.ozx", "PK")
        .write("w.zarr.zip", zipped(&chunks));
    let set = folder.set();
    assert_eq!(ids(&set), ["a"]);
    let mut faults = folder.faults();
    faults.sort();
    let zarr =
        "OME-Zarr: open it in Fiji (File > Import > HDF5/N5/Zarr/OME-NGFF) and save it as TIFF";
    let expected = ["plain", "w.zarr.zip", "x.ome.zarr", "y.zip/y", "z.ozx"];
    assert_eq!(faults, expected.map(|name| format!("{zarr}: {name}")));

    // Where nothing else is there, too, and where it is named itself.
    let folder = Folder::new();
    folder
        .write("x.zarr/zarr.json", "{}")
        .write("x.zarr/0/zarr.json", "{}");
    for place in ["", "x.zarr"] {
        let place = folder.0.path().join(place);
        let error = files::in_folder(&place, &Reading::default()).expect_err("nothing");
        assert!(
            error.to_string().contains("OME-Zarr: open it in Fiji"),
            "{error}"
        );
    }
}

#[test]
fn a_field_of_another_scale_is_brought_to_the_atlas_where_it_is_asked_for() {
    let folder = Folder::new();
    folder.write("train.csv", "Id,Target\na,0\n").field("a");
    let reading = Reading {
        to_scale: true,
        ..Reading::default()
    };
    // Where files tell no size of a pixel, nothing is changed.
    let set = Dataset::open(folder.0.path(), &reading).expect("a set");
    let field = set.samples[0].field.read().expect("readable");
    assert_eq!((field.width(), field.notices()), (16, &[][..]));
}

#[test]
fn lists_of_ids_are_read_as_spreadsheets_write_them() {
    let folder = Folder::new();
    folder.field("a").field("b").field("c");
    let text: Vec<u8> = "\u{feff}ID\tNotes\r\na.png\tx\r\nB\ty\r\nd\tz\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    folder.write("only.csv", text);
    let found = files::in_folder(folder.0.path(), &Reading::default()).expect("fields");
    let found = found
        .listed_in(&folder.0.path().join("only.csv"))
        .expect("a list");
    let ids: Vec<&str> = found.fields.iter().map(|field| &*field.id).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(found.faults.len(), 1, "{:?}", found.faults);
    assert_eq!(found.faults[0].subject, "d");
}

#[test]
fn samples_keep_their_texts_in_a_column() {
    let folder = Folder::new();
    let table = "Id,Gene,Target\nb.png,VIM,1\na,,0\nc,ACTB,x\n";
    folder.write("train.csv", table);
    folder.field("a").field("b").field("c");
    let open =
        |column| Dataset::open_with(folder.0.path(), &Reading::default(), column).expect("a set");
    let texts = |column| -> Vec<Option<String>> {
        let samples = open(column).samples.into_iter();
        samples.map(|sample| sample.text).collect()
    };
    assert_eq!(texts(Some("gene")), [Some("VIM".to_owned()), None]);
    assert_eq!(texts(None), [None, None]);
    let refused = Dataset::open_with(folder.0.path(), &Reading::default(), Some("Antibody"));
    let error = format!("{:#}", refused.expect_err("a refusal"));
    assert!(
        error.contains("train.csv")
            && error.ends_with("no column Antibody; it has Id, Gene, Target"),
        "{error}"
    );
}
