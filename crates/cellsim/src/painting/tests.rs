//! The promises of painting: repeatable fields, references left as they are, every location in its place.

use cytolens_core::labels::{COUNT, LOCATIONS};
use rayon::prelude::*;

use super::*;
use crate::cell_line::CELL_LINES;
use crate::field::simulate_field;
use crate::reference::Channels;
use crate::territory::Site;

const SEED: u64 = 20;

fn labels(classes: &[usize]) -> LabelSet {
    LabelSet::from_classes(classes.iter().copied()).expect("classes below 28")
}

/// A field without noise or chance in exposure.
fn clear(size: usize) -> Settings {
    Settings {
        mitoses: 0.0,
        variation: 0.2,
        defocus: 0.0,
        noise: 0.1,
        background: 0.0,
        debris: 0.0,
        ..Settings::of_size(size)
    }
}

/// A reference that is a simulated field of a cell line.
fn reference(cell_line: usize, size: usize) -> Reference {
    let settings = Settings {
        cell_line: Some(CELL_LINES[cell_line]),
        ..clear(size)
    };
    let field = simulate_field(&settings, LabelSet::default(), SEED, 1);
    let channels = Channels {
        size: field.size,
        red: field.red,
        blue: field.blue,
        yellow: Some(field.yellow),
    };
    Reference::find(channels).expect("a field of cells")
}

fn paint(reference: &Reference, classes: &[usize]) -> SimulatedField {
    let settings = clear(reference.channels.size);
    paint_field(&settings, reference, labels(classes), SEED, 3)
}

/// The mean of a channel over the sites that a test names.
fn mean(reference: &Reference, pixels: &[u8], is_meant: impl Fn(&Site) -> bool) -> f32 {
    let sites = reference
        .territory
        .sites()
        .filter(|(_, site)| is_meant(site));
    let levels: Vec<f32> = sites.map(|(index, _)| f32::from(pixels[index])).collect();
    assert!(!levels.is_empty(), "the field has no such part");
    levels.iter().sum::<f32>() / levels.len() as f32
}

fn in_nucleus(site: &Site) -> bool {
    site.nucleus < -1.0
}

fn on_envelope(site: &Site) -> bool {
    site.nucleus.abs() < 0.3
}

fn in_cytoplasm(site: &Site) -> bool {
    site.nucleus > 1.0 && site.rim > 1.5
}

fn on_rim(site: &Site) -> bool {
    site.rim < 0.6 && site.nucleus > 2.0
}

/// Pearson's correlation of two channels inside cells.
fn correlation(reference: &Reference, one: &[u8], other: &[u8]) -> f32 {
    let sites = || {
        reference
            .territory
            .sites()
            .filter(|(_, site)| in_cytoplasm(site))
    };
    let of = |pixels: &[u8]| -> Vec<f32> {
        let mean = mean(reference, pixels, in_cytoplasm);
        sites()
            .map(|(index, _)| f32::from(pixels[index]) - mean)
            .collect()
    };
    let (one, other) = (of(one), of(other));
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(&one, &other) / (product(&one, &one) * product(&other, &other)).sqrt()
}

#[test]
fn painted_fields_depend_only_on_their_arguments_and_keep_their_reference() {
    let reference = reference(0, 256);
    let settings = Settings::of_size(256);
    let paint =
        |index: u32| paint_field(&settings, &reference, labels(&[7, 25]), SEED, index.into());
    let serial: Vec<SimulatedField> = (0..4).map(paint).collect();
    let parallel: Vec<SimulatedField> = (0..4_u32).into_par_iter().rev().map(paint).rev().collect();
    assert!(serial == parallel, "threads and order must not matter");
    assert!(serial[0].green != serial[1].green, "fields of a set differ");
    for field in &serial {
        assert!(field.red == reference.channels.red && field.blue == reference.channels.blue);
        assert!(Some(&field.yellow) == reference.channels.yellow.as_ref());
        assert!(field.cells == reference.territory.owner);
    }
}

#[test]
fn every_location_shows_on_a_reference() {
    let reference = reference(1, 384);
    assert!(has_cells_for(&reference, labels(&[16, 17])));
    (0..COUNT).into_par_iter().for_each(|class| {
        let field = paint(&reference, &[class]);
        let bright = field.green.iter().filter(|value| **value > 40).count();
        assert!(
            bright > 20,
            "{} shows only {bright} bright pixels",
            LOCATIONS[class]
        );
    });
}

#[test]
fn locations_lie_in_their_part_of_the_references_cells() {
    let reference = reference(0, 512);
    let in_parts = |class: usize, parts: [fn(&Site) -> bool; 2]| {
        let green = paint(&reference, &[class]).green;
        parts.map(|part| mean(&reference, &green, part))
    };
    // Nuclear bodies come with some stained cytoplasm.
    for (class, times) in [(0, 4.0), (2, 4.0), (4, 4.0), (5, 1.5)] {
        let [nucleus, cytoplasm] = in_parts(class, [in_nucleus, in_cytoplasm]);
        assert!(
            nucleus > times * cytoplasm,
            "{class}: {nucleus} {cytoplasm}"
        );
    }
    for class in [6, 14, 25] {
        let [cytoplasm, nucleus] = in_parts(class, [in_cytoplasm, in_nucleus]);
        assert!(cytoplasm > nucleus, "{class}: {cytoplasm} {nucleus}");
    }
    let [envelope, nucleus] = in_parts(1, [on_envelope, in_nucleus]);
    assert!(envelope > 1.5 * nucleus, "{envelope} {nucleus}");
    // Half of the plasma membranes are sheets without an outline; junctions are at the rim alone.
    let [rim, cytoplasm] = in_parts(21, [on_rim, in_cytoplasm]);
    assert!(rim > 0.6 * cytoplasm, "{rim} {cytoplasm}");
    let [rim, cytoplasm] = in_parts(22, [on_rim, in_cytoplasm]);
    assert!(rim > 1.1 * cytoplasm, "{rim} {cytoplasm}");
}

#[test]
fn stains_are_followed_by_the_proteins_that_they_show() {
    let reference = reference(0, 512);
    let channels = &reference.channels;
    let yellow = channels
        .yellow
        .as_ref()
        .expect("a simulated field has all channels");
    let [reticulum, microtubules] = [6, 14].map(|class| paint(&reference, &[class]).green);
    let like = |one: &[u8], other: &[u8]| correlation(&reference, one, other);
    let (same, other) = (like(&reticulum, yellow), like(&microtubules, yellow));
    assert!(same > 0.7 && same > other, "{same} {other}");
    let (same, other) = (
        like(&microtubules, &channels.red),
        like(&reticulum, &channels.red),
    );
    assert!(same > 0.7 && same > other, "{same} {other}");
}

#[test]
fn cells_that_divide_are_changed_in_every_channel_and_others_are_not() {
    let reference = reference(0, 384);
    let changed = |class: usize, channel: fn(&SimulatedField) -> &Vec<u8>, from: &Vec<u8>| {
        let field = paint(&reference, &[class]);
        let pairs = channel(&field).iter().zip(from);
        pairs
            .filter(|(one, other)| one.abs_diff(**other) > 12)
            .count()
    };
    let channels = &reference.channels;
    let yellow = channels
        .yellow
        .as_ref()
        .expect("a simulated field has all channels");
    let pixels = channels.red.len();
    for (class, least) in [(16, 20), (17, 300)] {
        let red = changed(class, |field| &field.red, &channels.red);
        assert!((least..pixels / 6).contains(&red), "{class}: {red} pixels");
    }
    for (channel, from) in [
        (
            (|field| &field.blue) as fn(&SimulatedField) -> &Vec<u8>,
            &channels.blue,
        ),
        (|field| &field.yellow, yellow),
    ] {
        let count = changed(17, channel, from);
        assert!((200..pixels / 6).contains(&count), "{count} pixels");
    }
    let field = paint(&reference, &[17]);
    let gone = reference.cells.len() - count_of(&field.nuclei);
    assert!((1..=3).contains(&gone), "{gone} nuclei are gone");
}

#[test]
fn cells_of_painted_fields_have_labels_of_their_own() {
    let reference = reference(0, 384);
    let settings = Settings {
        cell_labels: true,
        ..clear(384)
    };
    let [field, plain] = [settings, clear(384)]
        .map(|settings| paint_field(&settings, &reference, labels(&[0, 17]), SEED, 3));
    assert!(field.green == plain.green && plain.cell_labels.is_empty());
    assert_eq!(field.cell_labels.len(), reference.cells.len());
    let count = |class: usize| {
        let sets = field.cell_labels.iter();
        sets.filter(|set| set.contains(class)).count()
    };
    let (nuclei, spindles) = (count(0), count(17));
    assert!((1..=3).contains(&spindles), "{spindles} spindles");
    assert!(nuclei > reference.cells.len() / 2, "{nuclei} nuclei");
    // A cell has a nucleus or a spindle.
    assert!(field.cell_labels.iter().all(|set| set.len() < 2));
}

fn count_of(numbers: &[u16]) -> usize {
    let mut numbers: Vec<u16> = numbers
        .iter()
        .copied()
        .filter(|number| *number > 0)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}
