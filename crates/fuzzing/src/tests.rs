//! Every target on some thousand changed seeds, the same ones each time.

use std::io::Write;
use std::panic::catch_unwind;

use cytolens_data::random::Stream;

use super::*;

fn holds(name: &str, rounds: u64) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("a target");
    let seeds = (target.seeds)();
    for seed in &seeds {
        (target.read)(seed);
    }
    for round in 0..rounds {
        let bytes = changed(&seeds, &mut Stream::seeded(round));
        if catch_unwind(|| (target.read)(&bytes)).is_err() {
            panic!("{name}, round {round}: {}", bytes.escape_ascii());
        }
    }
}

/// One test a target, so that they run beside each other.
macro_rules! hold {
    ($($name:ident: $rounds:literal),*) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name), $rounds);
        })*

        #[test]
        fn every_target_is_tested() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

hold!(
    image: 10_000, tiff: 10_000, description: 10_000, manifest: 20_000, cells: 20_000, painter: 20_000, weights: 20_000, pth: 10_000, table: 20_000, zip: 20_000, index: 10_000,
    head: 10_000, names: 20_000, split: 10_000, credits: 10_000, choices: 10_000, masks: 10_000
);

/// What fuzzing has found, made small.
#[test]
fn what_was_found_stays_mended() {
    let manifest = String::from_utf8((TARGETS[3].seeds)()[0].clone()).expect("text");
    // JSON's numbers are read to all but the last bit.
    let epsilon = "11111111111111111111111111111111111111111111e-5";
    let changed = manifest.replace("1e-5", epsilon);
    assert_ne!(changed, manifest);
    (TARGETS[3].read)(changed.as_bytes());
}

#[test]
fn seeds_are_files_that_are_read() {
    use cytolens_core::ChannelOrder;
    use cytolens_field::{Source, decode_field};

    let is_read = |bytes: &[u8], channel| {
        let source = Source {
            name: "x",
            channel,
            bytes,
        };
        decode_field("x", &[source], &ChannelOrder::default()).is_ok()
    };
    let files = TARGETS[0].seeds;
    let read = files()
        .iter()
        .filter(|file| is_read(file, None) || is_read(file, Some(cytolens_core::Channel::Green)))
        .count();
    // Planes in tiles of several samples are not read, nor is an ImageJ stack; all others are.
    assert!(read + 4 >= files().len(), "{read} of {}", files().len());
    let manifests = (TARGETS[3].seeds)();
    let [.., familiar, _ensemble] = &manifests[..] else {
        panic!("{} seeds", manifests.len());
    };
    let familiar = cytolens_package::Manifest::read(&String::from_utf8_lossy(familiar));
    assert!(familiar.expect("a manifest").familiar.is_some());
    for target in ["manifest", "weights"] {
        let target = TARGETS.iter().find(|found| found.name == target);
        let seeds = (target.expect("a target").seeds)();
        assert!(seeds.iter().all(|seed| !seed.is_empty()));
    }
    let listed = |archive: &[u8]| {
        let fetch = async |range: std::ops::Range<u64>| {
            Ok(archive[range.start as usize..range.end as usize].to_vec())
        };
        let listing = pollster::block_on(cytolens_archive::list(archive.len() as u64, fetch));
        listing.map(|listing| (listing.entries.len(), listing.refused.len()))
    };
    let archives = seeds::archives();
    let found: Vec<_> = archives.iter().map(|archive| listed(archive)).collect();
    assert_eq!(found[..4], [Ok((2, 0)), Ok((1, 0)), Ok((0, 1)), Ok((2, 0))]);
    let is_checkpoint = |file: &Vec<u8>| {
        let mut copy = tempfile::NamedTempFile::new().expect("a file");
        copy.write_all(file).expect("written");
        pytorch_reader::PytorchReader::new(copy.path())
    };
    let checkpoints = seeds::checkpoints();
    assert_eq!(
        is_checkpoint(&checkpoints[0]).expect("a tensor").keys(),
        ["w"]
    );
    let manifest = String::from_utf8((TARGETS[3].seeds)()[0].clone()).expect("text");
    cytolens_package::Manifest::read(&manifest).expect("a manifest");
    for split in seeds::splits() {
        cytolens_data::split::file::parse_split(split, &"split.csv").expect("a split");
    }
    for masks in seeds::masks() {
        let runs = masks[4..].to_vec();
        let packed = cytolens_cells::Packed::of_parts([4, 3], runs);
        packed.cells().expect("masks");
    }
    let manifests = seeds::manifests();
    let ensemble = manifests.last().map(|bytes| String::from_utf8_lossy(bytes));
    let ensemble = cytolens_package::ModelManifest::read(&ensemble.expect("a seed"));
    assert_eq!(ensemble.expect("a manifest").members().len(), 2);
    let stack = cytolens_package::ModelManifest::read(&String::from_utf8_lossy(&manifests[3]));
    let combination = stack.expect("a manifest").combination();
    assert_eq!(combination, cytolens_package::Combination::SumOfLogits);
}
