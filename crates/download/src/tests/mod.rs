//! Downloads from a host on this machine that fails in every way.

mod answers;
mod folder;
mod interruption;
mod politeness;
mod server;
mod tables;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;
use cytolens_core::Channel;
use cytolens_data::dataset::Dataset;
use cytolens_data::files::Reading;
use image::{DynamicImage, ImageFormat, RgbImage};
use tempfile::TempDir;

use crate::settings::{Patience, Settings};
use crate::{Download, FAILURES_FILE, Summary};
use server::{Answer, Request, Server};

/// A table of four fields.
const TABLE: &str = "Id,Target\n1_10_A1_1,0 5\n1_10_A1_2,\n22_si3_H12_1,27\n333_4_C3_1_cr5ab,16\n";

/// The ids of [`TABLE`].
const IDS: [&str; 4] = ["1_10_A1_1", "1_10_A1_2", "22_si3_H12_1", "333_4_C3_1_cr5ab"];

/// A table and a folder to download into.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(table: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self { folder };
        fs::write(place.table(), table).expect("a table");
        place
    }

    fn table(&self) -> PathBuf {
        self.folder.path().join("table.csv")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("set")
    }

    /// Choices by which nothing takes long.
    fn settings(&self, server: &Server) -> Settings {
        Settings {
            base: server.base(),
            rate: 100.0,
            connections: 2,
            patience: Patience {
                attempts: 3,
                first_wait: Duration::from_millis(1),
                ..Patience::default()
            },
            ..Settings::new(self.table(), self.out())
        }
    }

    fn run(&self, server: &Server) -> Summary {
        run(self.settings(server)).expect("a summary")
    }

    /// The files of a folder of the set, sorted; none where there is no such folder.
    fn files(&self, inside: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.out().join(inside)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .collect::<Result<_, _>>()
            .expect("Unicode");
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.out().join(name)).unwrap_or_default()
    }

    fn failures(&self) -> String {
        self.read(FAILURES_FILE)
    }

    /// The ids of the set's table.
    fn listed(&self) -> Vec<String> {
        let table = self.read("train.csv");
        let rows = table.lines().skip(1);
        rows.filter_map(|row| Some(row.split_once(',')?.0.to_owned()))
            .collect()
    }

    /// Checks that the set is sound: every row has a whole field, and every field a row.
    fn check(&self) -> Dataset {
        let set = Dataset::open(&self.out(), &Reading::default()).expect("a set");
        assert_eq!(set.faults, []);
        for sample in &set.samples {
            let field = sample.field.read().expect("a field");
            assert_eq!(field.channels().count(), 4, "{}", sample.field.id);
        }
        set
    }
}

fn run(settings: Settings) -> Result<Summary> {
    Download::open(settings)?.run(&AtomicBool::new(false), |_, _| {}, || {})
}

/// The channel that a path asks for.
fn channel(path: &str) -> Channel {
    let stem = path.strip_suffix(".jpg").expect("a JPEG");
    let (_, name) = stem.rsplit_once('_').expect("a channel");
    name.parse().expect("a channel")
}

/// An image of a channel in the channel's own colour, as the atlas has them; which one depends on the path.
fn jpeg(path: &str, width: u32, height: u32) -> Vec<u8> {
    let salt = path.bytes().map(u32::from).sum::<u32>() % 90;
    let light = match channel(path) {
        Channel::Red => [1, 0, 0],
        Channel::Green => [0, 1, 0],
        Channel::Blue => [0, 0, 1],
        Channel::Yellow => [1, 1, 0],
    };
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let level = (100 + salt + (x + 2 * y) % 50) as u8;
        image::Rgb(light.map(|part| part * level))
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut file, ImageFormat::Jpeg)
        .expect("a JPEG");
    file.into_inner()
}

/// The answer of a host that works.
fn good(request: &Request) -> Answer {
    Answer::image(jpeg(&request.path, 48, 40))
}

/// A host that works but for what lies at this end of a path.
fn good_but(end: &'static str, bad: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        if request.path.ends_with(end) {
            bad(request)
        } else {
            good(request)
        }
    })
}

/// The names of a field's files.
fn names(id: &str, extension: &str) -> Vec<String> {
    let channels = ["blue", "green", "red", "yellow"];
    let names = channels.map(|channel| format!("{id}_{channel}.{extension}"));
    names.to_vec()
}

fn all_names(ids: &[&str], extension: &str) -> Vec<String> {
    let mut all: Vec<String> = ids.iter().flat_map(|id| names(id, extension)).collect();
    all.sort();
    all
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
