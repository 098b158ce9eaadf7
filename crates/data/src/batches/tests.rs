use std::path::Path;

use cytolens_core::Channel;
use cytolens_core::labels::LabelSet;
use cytolens_field::{Plane, Samples};
use image::GrayImage;

use super::*;
use crate::dataset::{Dataset, TABLE_FILE};
use crate::files::Reading;
use crate::repeats::RepeatChoice;

const SIZE: u32 = 32;
/// Class 5 is rare.
const FIELDS: usize = 23;

/// A level that differs by field, channel and place.
fn level(field: usize, channel: usize, x: u32, y: u32) -> u8 {
    (field as u32 * 7 + channel as u32 * 50 + x * 3 + y * 2) as u8
}

/// A set of fields whose sizes differ, in a new folder.
fn set() -> (tempfile::TempDir, Vec<Sample>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut table = "Id,Target\n".to_owned();
    for field in 0..FIELDS {
        let side = if field % 5 == 4 { 2 * SIZE } else { SIZE };
        for (channel, kind) in Channel::ALL.into_iter().enumerate() {
            let image = GrayImage::from_fn(side, side, |x, y| {
                image::Luma([level(field, channel, x, y)])
            });
            let path = folder.path().join(format!("f{field:02}_{kind}.png"));
            image.save(path).expect("a written file");
        }
        let class = if field == 11 { 5 } else { field % 3 };
        table += &format!("f{field:02},{class}\n");
    }
    std::fs::write(folder.path().join(TABLE_FILE), table).expect("a written table");
    let samples = open(folder.path());
    assert_eq!(samples.len(), FIELDS);
    (folder, samples)
}

fn open(folder: &Path) -> Vec<Sample> {
    Dataset::open(folder, &Reading::default())
        .expect("a set")
        .samples
}

fn shape(batch: usize) -> BatchShape {
    BatchShape {
        composition: Composition::Rgb,
        missing: MissingChannels::Refused,
        size: SIZE,
        batch,
    }
}

fn order(samples: &[Sample], last: LastBatch) -> TrainingOrder {
    let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
    let repeats = RepeatChoice {
        threshold: 0.4,
        cap: 4.0,
    };
    TrainingOrder {
        seed: 8,
        repeats: RepeatPlan::new(&labels, &repeats),
        shown: SIZE,
        augmentation: AugmentationChoice::default(),
        flaws: FlawChoice::NONE,
        augmented: Augmented::All,
        last,
    }
}

fn training(samples: &[Sample], workers: usize) -> Loader {
    let order = order(samples, LastBatch::Keep);
    Loader::training(samples.to_vec(), shape(4), order, workers)
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_workers() {
    let (_folder, samples) = set();
    let expected: Vec<HostBatch> = training(&samples, 1).epoch(3, 0).collect();
    assert!(expected.len() >= FIELDS / 4);
    for workers in [2, 7, 40] {
        let loader = training(&samples, workers);
        assert!(expected == loader.epoch(3, 0).collect::<Vec<_>>());
        assert_eq!(loader.batches(3), expected.len());
        assert_eq!(loader.unread(), []);
    }
    let other: Vec<HostBatch> = training(&samples, 2).epoch(4, 0).collect();
    assert!(expected != other, "another epoch shows other pictures");
}

#[test]
fn any_batch_can_be_the_first() {
    let (_folder, samples) = set();
    let loader = training(&samples, 3);
    let whole: Vec<HostBatch> = loader.epoch(1, 0).collect();
    for first in 0..=whole.len() + 1 {
        let rest: Vec<HostBatch> = training(&samples, 2).epoch(1, first).collect();
        assert!(whole[first.min(whole.len())..] == rest[..], "from {first}");
    }
}

#[test]
fn evaluation_shows_every_sample_once_in_order_as_it_is() {
    let (_folder, samples) = set();
    let loader = Loader::evaluation(samples.clone(), shape(5), 2);
    let batches: Vec<HostBatch> = loader.epoch(0, 0).collect();
    assert!(batches == loader.epoch(9, 0).collect::<Vec<_>>());
    let shown: Vec<usize> = batches
        .iter()
        .flat_map(|batch| batch.samples.clone())
        .collect();
    assert_eq!(shown, (0..FIELDS).collect::<Vec<_>>());
    assert_eq!(batches[0].shape, [5, 3, 32, 32]);
    assert_eq!(batches[4].shape, [3, 3, 32, 32], "the rest");
    assert_eq!(batches[4].planes.len(), 3 * 3 * 32 * 32);
    // Sample 6 is the second of the second batch; its green plane begins after a plane.
    let start = (3 + 1) * 32 * 32;
    for (offset, (x, y)) in [(0, (0, 0)), (5, (5, 0)), (32, (0, 1))] {
        assert_eq!(batches[1].planes[start + offset], level(6, 1, x, y));
    }
    for batch in &batches {
        for (targets, &sample) in batch.targets.chunks_exact(28).zip(&batch.samples) {
            assert_eq!(targets, samples[sample].labels.multi_hot());
        }
    }
}

#[test]
fn training_repeats_what_is_rare_and_shuffles() {
    let (_folder, samples) = set();
    let loader = training(&samples, 2);
    let shown: Vec<usize> = loader.epoch(1, 0).flat_map(|batch| batch.samples).collect();
    assert!(!shown.is_sorted());
    // The factor of a class that one of 23 samples has is sqrt(0.4 * 23) = 3.03.
    let copies = shown.iter().filter(|&&sample| sample == 11).count();
    assert!((3..=4).contains(&copies), "{copies}");
    assert!((0..FIELDS).all(|sample| shown.contains(&sample)));
}

#[test]
fn copies_of_a_sample_are_augmented_each_in_its_own_way() {
    let (_folder, samples) = set();
    let shape = shape(1);
    let order = order(&samples, LastBatch::Keep);
    let loader = Loader::training(samples, shape, order, 2);
    let copies: Vec<Vec<u8>> = loader
        .epoch(1, 0)
        .filter(|batch| batch.samples == [11])
        .map(|batch| batch.planes)
        .collect();
    assert!(copies.len() > 2);
    assert!(copies[0] != copies[1] && copies[1] != copies[2]);
}

#[test]
fn the_rest_can_be_dropped() {
    let (_folder, samples) = set();
    let kept = order(&samples, LastBatch::Keep);
    let dropped = TrainingOrder {
        last: LastBatch::Drop,
        ..kept.clone()
    };
    let kept = Loader::training(samples.clone(), shape(7), kept, 2);
    let dropped = Loader::training(samples, shape(7), dropped, 2);
    let mut rests = 0;
    for epoch in 0..4 {
        let mut all: Vec<HostBatch> = kept.epoch(epoch, 0).collect();
        if all.last().is_some_and(|batch| batch.samples.len() < 7) {
            rests += 1;
            all.pop();
        }
        assert!(all == dropped.epoch(epoch, 0).collect::<Vec<_>>());
        assert_eq!(dropped.batches(epoch), all.len());
    }
    assert!(rests > 0, "no epoch had a rest");
}

#[test]
fn an_unreadable_field_leaves_a_gap_and_is_listed_once() {
    let (folder, samples) = set();
    let whole: Vec<HostBatch> = training(&samples, 2).epoch(2, 0).collect();
    std::fs::write(folder.path().join("f11_green.png"), b"no picture").expect("a written file");
    std::fs::remove_file(folder.path().join("f03_blue.png")).expect("a removed file");
    let mut lists = Vec::new();
    for workers in [1, 2, 7] {
        let loader = training(&samples, workers);
        assert_eq!(
            loader.unread(),
            [],
            "nothing is tried before it is asked for"
        );
        let left: Vec<HostBatch> = loader.epoch(2, 0).collect();
        for batch in &whole {
            let kept: Vec<usize> = (0..batch.samples.len())
                .filter(|&place| ![3, 11].contains(&batch.samples[place]))
                .collect();
            let Some(found) = left.iter().find(|other| other.index == batch.index) else {
                assert!(kept.is_empty(), "batch {} is missing", batch.index);
                continue;
            };
            let area = 3 * 32 * 32;
            let planes: Vec<u8> = kept
                .iter()
                .flat_map(|place| batch.planes[place * area..(place + 1) * area].to_vec())
                .collect();
            assert!(found.planes == planes, "batch {}", batch.index);
            assert_eq!(found.shape[0], kept.len());
            assert_eq!(found.targets.len(), kept.len() * 28);
        }
        loader.epoch(3, 0).for_each(drop);
        let unread = loader.unread();
        assert_eq!(unread.len(), 2, "{unread:?}");
        assert!(unread[0].sample == 3 && unread[0].reason.contains("f03_blue.png"));
        assert!(unread[1].sample == 11 && unread[1].reason.contains("f11_green.png"));
        lists.push(unread);
    }
    assert!(lists.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_batch_of_which_nothing_can_be_read_is_passed_over() {
    let (folder, samples) = set();
    std::fs::remove_file(folder.path().join("f02_red.png")).expect("a removed file");
    let loader = Loader::evaluation(samples, shape(1), 2);
    let numbers: Vec<usize> = loader.epoch(0, 0).map(|batch| batch.index).collect();
    let expected: Vec<usize> = (0..FIELDS).filter(|&index| index != 2).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn a_field_without_a_needed_channel_is_unread() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for channel in ["red", "green", "blue"] {
        GrayImage::new(SIZE, SIZE)
            .save(folder.path().join(format!("a_{channel}.png")))
            .expect("a written file");
    }
    std::fs::write(folder.path().join(TABLE_FILE), "Id,Target\na,1\n").expect("a written table");
    let shape = BatchShape {
        composition: Composition::Rgby,
        ..shape(1)
    };
    let loader = Loader::evaluation(open(folder.path()), shape, 1);
    assert!(loader.epoch(0, 0).next().is_none());
    assert!(loader.unread()[0].reason.contains("yellow"));
    let shape = BatchShape {
        missing: MissingChannels::Black,
        ..shape
    };
    let loader = Loader::evaluation(open(folder.path()), shape, 1);
    let batch = loader.epoch(0, 0).next().expect("yellow may be black");
    assert_eq!(batch.shape, [1, 4, SIZE as usize, SIZE as usize]);
}

#[test]
fn training_may_show_less_than_a_whole_field_with_flaws() {
    let (_folder, samples) = set();
    let plain = TrainingOrder {
        shown: 16,
        ..order(&samples, LastBatch::Keep)
    };
    let flawed = TrainingOrder {
        flaws: FlawChoice {
            green_alone: 1.0,
            ..FlawChoice::NONE
        },
        ..plain.clone()
    };
    let first = |order| {
        let loader = Loader::training(samples.clone(), shape(4), order, 2);
        loader.epoch(0, 0).next().expect("a batch")
    };
    let (plain, flawed) = (first(plain), first(flawed));
    assert_eq!(plain.shape, [4, 3, 16, 16]);
    assert_eq!(plain.samples, flawed.samples);
    let sample = 3 * 16 * 16;
    for (plain, flawed) in plain
        .planes
        .chunks(sample)
        .zip(flawed.planes.chunks(sample))
    {
        let area = 16 * 16;
        assert_eq!(plain[area..2 * area], flawed[area..2 * area], "green");
        assert!(flawed[..area].iter().all(|level| *level == 0), "red");
        assert!(flawed[2 * area..].iter().all(|level| *level == 0), "blue");
    }
}

#[test]
fn leaving_early_ends_the_workers() {
    let (_folder, samples) = set();
    let loader = training(&samples, 3);
    let mut batches = loader.epoch(0, 0);
    batches.next().expect("a batch");
    assert!(Arc::strong_count(&loader.shared) > 2, "workers hold it");
    drop(batches);
    assert_eq!(Arc::strong_count(&loader.shared), 1);
}

#[test]
fn every_size_and_depth_gives_the_same_levels() {
    // A plane of 16 bits whose samples are 257 times those of one of 8 bits, and one too large.
    let levels: Vec<u8> = (0..SIZE * SIZE).map(|index| (index * 7) as u8).collect();
    let deep = levels.iter().map(|&level| u16::from(level) * 257).collect();
    let doubled: Vec<u8> = (0..4 * SIZE * SIZE)
        .map(|index| {
            let (x, y) = (index % (2 * SIZE), index / (2 * SIZE));
            (x / 2 + y / 2) as u8
        })
        .collect();
    let field = |side, samples| {
        let plane = Plane::new(side, side, samples).expect("a plane");
        let channels = [Channel::Red, Channel::Green, Channel::Blue];
        Field::new("a", channels.map(|channel| (channel, plane.clone()))).expect("a field")
    };
    let planes = |field: &Field| {
        channel_planes(field, Composition::Rgb, MissingChannels::Refused, SIZE)
            .expect("all channels are there")
    };
    assert!(planes(&field(SIZE, Samples::Eight(levels.clone())))[2] == levels);
    assert!(planes(&field(SIZE, Samples::Sixteen(deep)))[2] == levels);
    let smaller = planes(&field(2 * SIZE, Samples::Eight(doubled))).remove(0);
    for (x, y) in [(5, 5), (16, 3), (20, 28)] {
        assert!(smaller[(y * SIZE + x) as usize].abs_diff((x + y) as u8) <= 1);
    }
}
