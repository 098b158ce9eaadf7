//! Cells are found where they are: in simulated fields, whose masks are known, and in a real one.

use std::collections::BTreeMap;

use cytolens_core::labels::LabelSet;
use cytolens_data::files::{Reading, in_folder};
use cytolens_field::{Plane, Samples};
use cytolens_testing::third_party;

use super::*;
use crate::field::{SimulatedField, simulate_field};
use crate::settings::Settings;

fn simulated(size: usize, index: u64) -> SimulatedField {
    let settings = Settings {
        mitoses: 0.0,
        defocus: 0.0,
        variation: 0.4,
        noise: 0.5,
        ..Settings::of_size(size)
    };
    simulate_field(&settings, LabelSet::default(), 20, index)
}

fn channels(field: SimulatedField) -> Channels {
    Channels {
        size: field.size,
        red: field.red,
        blue: field.blue,
        yellow: Some(field.yellow),
    }
}

/// The share of the pixels that are inside either mask which are inside both.
fn overlap(pairs: impl Iterator<Item = (bool, bool)>) -> f32 {
    let (mut both, mut either) = (0.0, 0.0);
    for (one, other) in pairs {
        both += f32::from(u8::from(one && other));
        either += f32::from(u8::from(one || other));
    }
    both / either
}

/// The share of the pixels inside both divisions that lie in the found part which has most pixels of their true part.
fn agreement(found: &[u16], truth: &[u16]) -> f32 {
    let mut counts: BTreeMap<u16, BTreeMap<u16, usize>> = BTreeMap::new();
    for (found, truth) in found.iter().zip(truth) {
        if *found > 0 && *truth > 0 {
            *counts.entry(*truth).or_default().entry(*found).or_default() += 1;
        }
    }
    let most: usize = counts
        .values()
        .filter_map(|found| found.values().max())
        .sum();
    let all: usize = counts.values().flat_map(BTreeMap::values).sum();
    most as f32 / all as f32
}

fn count(numbers: &[u16]) -> usize {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().filter(|number| **number > 0).count()
}

#[test]
fn nuclei_and_cells_of_simulated_fields_are_found() {
    for (size, index) in [(512, 0), (512, 1), (384, 2), (256, 3), (1024, 4)] {
        let field = simulated(size, index);
        let (cells, nuclei) = (field.cells.clone(), field.nuclei.clone());
        let reference = Reference::find(channels(field)).expect("a field of cells");
        let owner = &reference.territory.owner;
        let found = &reference.territory.nucleus;
        let nuclear = found.iter().zip(&nuclei).map(|(d, n)| (*d < 0.0, *n > 0));
        let nuclear = overlap(nuclear);
        let covered = overlap(owner.iter().zip(&cells).map(|(o, c)| (*o > 0, *c > 0)));
        let divided = agreement(owner, &cells);
        let (fewest, most) = (count(&nuclei) * 3 / 4, count(&nuclei) * 5 / 4);
        let number = reference.cells.len();
        let told = format!("field {index}: {nuclear} {covered} {divided}, {number} nuclei");
        assert!(nuclear > 0.8 && covered > 0.8 && divided > 0.8, "{told}");
        assert!((fewest..=most).contains(&number), "{told} of {most}");
        for cell in &reference.cells {
            let site = reference.territory.at(cell.organiser);
            assert!(site.is_some(), "organising centres lie in cells");
            assert!(cell.nucleus_outline.mean() < cell.outline.mean() * 1.2);
        }
    }
}

#[test]
#[ignore = "needs the third-party data"]
fn cells_of_a_real_field_are_found_where_its_mask_has_them() {
    let mask = "hpa/masks/000a6c98-bb9b-11e8-b2b9-ac1f6b6435d0_cells.png";
    let mask = image::open(third_party(mask))
        .expect("a mask")
        .into_luma16();
    let fields = in_folder(&third_party("hpa/highres"), &Reading::default()).expect("a folder");
    let field = fields.fields[0].read().expect("a field");
    let size = 512;
    let channels = Channels::of(&field, size).expect("all channels");
    let reference = Reference::find(channels).expect("a field of cells");
    let step = mask.width() / size as u32;
    let truth: Vec<u16> = (0..size * size)
        .map(|index| {
            let (column, row) = ((index % size) as u32, (index / size) as u32);
            mask.get_pixel(column * step + step / 2, row * step + step / 2)
                .0[0]
        })
        .collect();
    let owner = &reference.territory.owner;
    let covered = overlap(owner.iter().zip(&truth).map(|(o, t)| (*o > 0, *t > 0)));
    let divided = agreement(owner, &truth);
    let told = format!(
        "{covered} {divided}, {} cells of {}",
        reference.cells.len(),
        count(&truth)
    );
    assert!(covered > 0.85 && divided > 0.93, "{told}");
}

fn refusal(red: u8, blue: impl Fn(usize, usize) -> u8) -> String {
    let size = 128;
    let channels = Channels {
        size,
        red: vec![red; size * size],
        blue: (0..size * size)
            .map(|index| blue(index % size, index / size))
            .collect(),
        yellow: None,
    };
    Reference::find(channels).expect_err("nothing to paint on")
}

#[test]
fn fields_without_cells_are_refused_with_the_reason() {
    let disc = |column: usize, row: usize, at: usize| {
        (column as f32 - at as f32).hypot(row as f32 - 64.0) < 8.0
    };
    let one = |column, row| if disc(column, row, 40) { 200 } else { 0 };
    let two = |column, row| {
        if disc(column, row, 40) || disc(column, row, 90) {
            200
        } else {
            0
        }
    };
    let most = |column, _| if column % 16 < 13 { 200 } else { 0 };
    assert!(refusal(0, two).contains("red of a reference is black"));
    assert!(refusal(80, |_, _| 0).contains("blue of a reference is black"));
    assert!(refusal(80, one).contains("at least 2 nuclei"));
    assert!(refusal(80, most).contains("no nuclei apart"));
    let channels = Channels {
        size: 128,
        red: vec![80; 128 * 128],
        blue: (0..128 * 128)
            .map(|index| two(index % 128, index / 128))
            .collect(),
        yellow: None,
    };
    assert_eq!(Reference::find(channels).expect("two cells").cells.len(), 2);
}

#[test]
fn fields_of_other_shapes_and_depths_become_squares_of_bytes() {
    let samples = Samples::Sixteen((0..60 * 40).map(|index| index as u16 * 20).collect());
    let plane = Plane::new(60, 40, samples).expect("a plane");
    let of = |channel: Channel| (channel, plane.clone());
    let field = Field::new("wide", [Channel::Red, Channel::Blue].map(of)).expect("a field");
    let channels = Channels::of(&field, 32).expect("red and blue");
    assert_eq!(
        (channels.red.len(), channels.blue.len()),
        (32 * 32, 32 * 32)
    );
    assert!(channels.yellow.is_none());
    let field = Field::new("red", [of(Channel::Red)]).expect("a field");
    let fault = Channels::of(&field, 32).expect_err("no blue");
    assert_eq!(fault.to_string(), "a reference needs the channel blue: red");
}
