//! The promises of the simulator: repeatable fields, every location in its place, any size.

use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use rayon::prelude::*;

use crate::canvas::Canvas;
use crate::cell::Cell;
use crate::cell_labels::LEAST_EXPRESSION;
use crate::cell_line::CELL_LINES;
use crate::field::{SimulatedField, simulate_field};
use crate::geometry::Point;
use crate::hash::fnv1a;
use crate::locations;
use crate::microtubules::grow_microtubules;
use crate::population::populate;
use crate::random::{FieldPurpose, FieldSeed};
use crate::scene::Scene;
use crate::settings::{FIELD_WIDTH, Settings};
use crate::staining::Staining;
use crate::territory::Site;

const SEED: u64 = 20;

/// A part of the cell: whether a pixel belongs to it.
type Part = fn(&Scene, &Site, usize) -> bool;

fn labels(classes: &[usize]) -> LabelSet {
    LabelSet::from_classes(classes.iter().copied()).expect("classes below 28")
}

/// A field without noise or chance in exposure, of a spread-out line.
fn clear() -> Settings {
    Settings {
        cell_line: Some(CELL_LINES[0]),
        mitoses: 0.0,
        variation: 0.2,
        defocus: 0.0,
        noise: 0.0,
        background: 0.0,
        debris: 0.0,
        ..Settings::of_size(512)
    }
}

/// The light of one location in a scene, every cell at full brightness, without optics.
fn draw(scene: &Scene, class: usize, seed: FieldSeed, purpose: FieldPurpose) -> Canvas {
    let mut canvas = scene.canvas();
    let mut staining = Staining {
        scene,
        microtubules: &grow_microtubules(scene, seed),
        canvas: &mut canvas,
        stream: seed.stream(purpose, 0),
        brightness: vec![1.0; scene.cells().len()],
        veiled: true,
    };
    locations::draw(class, &mut staining);
    canvas
}

/// The mean light of one location in the parts of the cells that a test names, without optics.
fn light(class: usize, cell_line: usize, parts: &[Part]) -> Vec<f32> {
    light_of_field(class, cell_line, class as u64, parts)
}

/// The same in the field of a given number.
fn light_of_field(class: usize, cell_line: usize, index: u64, parts: &[Part]) -> Vec<f32> {
    let seed = FieldSeed { seed: SEED, index };
    let settings = Settings {
        cell_line: Some(CELL_LINES[cell_line]),
        ..clear()
    };
    let scene = Scene::new(populate(&settings, labels(&[class]), seed), 512);
    let light = draw(&scene, class, seed, FieldPurpose::Location(class));
    parts
        .iter()
        .map(|part| {
            let (mut sum, mut count) = (0.0, 0.0);
            for (index, site) in scene
                .territory
                .sites()
                .filter(|(index, site)| part(&scene, site, *index))
            {
                assert!(site.cell < scene.cells().len());
                sum += light.values[index];
                count += 1.0;
            }
            assert!(count > 0.0, "the field has no such part");
            sum / count
        })
        .collect()
}

/// The light of one location in one part as a multiple of that in another, in each of sixteen fields, in ascending order.
fn ratios(class: usize, part: Part, other: Part) -> Vec<f32> {
    let ratio = |index: u32| {
        let found = light_of_field(class, 0, index.into(), &[part, other]);
        found[0] / found[1]
    };
    let mut ratios: Vec<f32> = (0..16_u32).into_par_iter().map(ratio).collect();
    ratios.sort_by(f32::total_cmp);
    ratios
}

fn in_nucleolus(scene: &Scene, _: &Site, index: usize) -> bool {
    scene.nucleoli.values[index] > 0.9
}

fn in_nucleoplasm(scene: &Scene, site: &Site, index: usize) -> bool {
    site.nucleus < -1.0 && scene.nucleoli.values[index] <= 0.0
}

fn on_envelope(_: &Scene, site: &Site, _: usize) -> bool {
    site.nucleus.abs() < 0.25
}

fn near_nucleus(_: &Scene, site: &Site, _: usize) -> bool {
    site.nucleus > 0.8 && site.nucleus < 4.0 && site.rim > 2.0
}

fn far_from_nucleus(_: &Scene, site: &Site, _: usize) -> bool {
    site.nucleus > 8.0 && site.rim > 2.0
}

fn on_rim(_: &Scene, site: &Site, _: usize) -> bool {
    site.rim < 0.4
}

fn on_junction(_: &Scene, site: &Site, _: usize) -> bool {
    site.rim < 0.4 && site.contact
}

fn on_free_rim(_: &Scene, site: &Site, _: usize) -> bool {
    site.rim < 0.4 && !site.contact
}

#[test]
fn fields_depend_only_on_their_arguments() {
    let settings = Settings::of_size(128);
    let set = labels(&[0, 7, 25]);
    let serial: Vec<SimulatedField> = (0..6)
        .map(|index| simulate_field(&settings, set, SEED, index))
        .collect();
    let parallel: Vec<SimulatedField> = (0..6_u32)
        .into_par_iter()
        .rev()
        .map(|index| simulate_field(&settings, set, SEED, index.into()))
        .rev()
        .collect();
    assert!(serial == parallel, "threads and order must not matter");
    assert!(serial[0] != serial[1], "fields of a set differ");
    assert!(
        simulate_field(&settings, set, SEED + 1, 0) != serial[0],
        "sets differ"
    );
}

#[test]
fn labels_leave_the_cells_alone() {
    let settings = Settings::of_size(128);
    let one = simulate_field(&settings, labels(&[0]), SEED, 3);
    let other = simulate_field(&settings, labels(&[23]), SEED, 3);
    assert!(
        one.cells == other.cells
            && one.red == other.red
            && one.blue == other.blue
            && one.yellow == other.yellow
    );
    assert!(one.green != other.green);
}

#[test]
fn every_location_shows() {
    let settings = Settings {
        size: 256,
        ..clear()
    };
    (0..COUNT).into_par_iter().for_each(|class| {
        let field = simulate_field(&settings, labels(&[class]), SEED, 0);
        let bright = field.green.iter().filter(|value| **value > 40).count();
        // A midbody alone covers a dozen pixels.
        assert!(
            bright >= 10,
            "{} shows only {bright} bright pixels",
            LOCATIONS[class]
        );
    });
}

/// Pearson's correlation of two canvases over their pixels.
fn correlation(one: &Canvas, other: &Canvas) -> f32 {
    let deviations = |canvas: &Canvas| {
        let mean = canvas.values.iter().sum::<f32>() / canvas.values.len() as f32;
        canvas
            .values
            .iter()
            .map(move |value| value - mean)
            .collect::<Vec<f32>>()
    };
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let (a, b) = (deviations(one), deviations(other));
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// All locations are drawn in the same cells by the same random numbers, so that only their drawing can tell them apart.
#[test]
fn no_location_looks_like_another() {
    let seed = FieldSeed {
        seed: SEED,
        index: 0,
    };
    // Daughters, cells in mitosis and cells that touch: every location has something to show.
    let scene = Scene::new(populate(&clear(), labels(&[16, 17, 22]), seed), 256);
    let drawn: Vec<Canvas> = (0..COUNT)
        .into_par_iter()
        .map(|class| draw(&scene, class, seed, FieldPurpose::Style))
        .collect();
    for class in 0..COUNT {
        for other in 0..class {
            let likeness = correlation(&drawn[class], &drawn[other]);
            // Nucleoplasm and nuclear speckles come closest, at 0.78; the same drawing twice gives 1.
            assert!(
                likeness < 0.9,
                "{} looks like {}: {likeness}",
                LOCATIONS[class],
                LOCATIONS[other]
            );
        }
    }
}

#[test]
fn nuclear_locations_keep_to_their_part_of_the_nucleus() {
    let parts: [Part; 4] = [in_nucleoplasm, in_nucleolus, on_envelope, far_from_nucleus];
    let [plasm, nucleolus, _, outside] = light(0, 0, &parts)[..] else {
        unreachable!()
    };
    assert!(
        plasm > 2.0 * nucleolus && plasm > 20.0 * outside,
        "nucleoplasm {plasm} {nucleolus} {outside}"
    );
    let [plasm, _, envelope, outside] = light(1, 0, &parts)[..] else {
        unreachable!()
    };
    assert!(
        envelope > 2.0 * plasm && envelope > 5.0 * outside,
        "membrane {plasm} {envelope} {outside}"
    );
    for class in [2, 3] {
        let [plasm, nucleolus, _, outside] = light(class, 0, &parts)[..] else {
            unreachable!()
        };
        assert!(
            nucleolus > 2.5 * plasm && nucleolus > 10.0 * outside,
            "{class}: {plasm} {nucleolus} {outside}"
        );
    }
    // What marks bodies also stains the cytoplasm in some fields.
    for (class, clearly) in [(4, 10.0), (5, 2.5)] {
        let [plasm, _, _, outside] = light(class, 0, &parts)[..] else {
            unreachable!()
        };
        assert!(plasm > clearly * outside, "{class}: {plasm} {outside}");
    }
}

#[test]
fn cytoplasmic_locations_stay_out_of_the_nucleus() {
    let parts: [Part; 3] = [near_nucleus, far_from_nucleus, in_nucleoplasm];
    for class in [6, 7, 8, 10, 11, 14, 23, 24] {
        let [near, far, nucleus] = light(class, 0, &parts)[..] else {
            unreachable!()
        };
        assert!(
            near.max(far) > 1.6 * nucleus,
            "{}: {near} {far} {nucleus}",
            LOCATIONS[class]
        );
    }
    for class in [6, 7, 10, 11] {
        let [near, far, _] = light(class, 0, &parts)[..] else {
            unreachable!()
        };
        assert!(
            near > 1.3 * far,
            "{} is densest near the nucleus: {near} {far}",
            LOCATIONS[class]
        );
    }
}

#[test]
fn rim_locations_lie_on_the_rim() {
    let parts: [Part; 2] = [on_junction, on_free_rim];
    // A-431 grows in sheets.
    let [junction, free] = light(22, 1, &parts)[..] else {
        unreachable!()
    };
    assert!(junction > 5.0 * free, "junctions {junction} {free}");
}

/// Most real membranes are sheets with hardly an outline, some are outlines.
#[test]
fn plasma_membranes_are_sheets_or_outlines() {
    let ratios = ratios(21, on_rim, near_nucleus);
    assert!(
        ratios[4] < 1.0 && ratios[12] > 1.2 && ratios[15] > 2.0,
        "rim by sheet: {ratios:?}"
    );
}

/// Real nucleoli stand sharply out of a nearly clean nucleus.
#[test]
fn nucleoli_stand_out_of_a_clean_nucleus() {
    let ratios = ratios(2, in_nucleolus, in_nucleoplasm);
    assert!(
        ratios[0] > 3.0 && ratios[8] > 8.0,
        "nucleolus by nucleoplasm: {ratios:?}"
    );
}

/// The nucleus of cytosolic proteins is anything between empty and equal, and mitochondria keep near it.
#[test]
fn cytoplasmic_locations_vary_as_real_ones_do() {
    let nucleus = ratios(25, in_nucleoplasm, near_nucleus);
    assert!(
        nucleus[2] < 0.35 && nucleus[13] > 0.6 && nucleus[15] < 1.3,
        "cytosol's nucleus: {nucleus:?}"
    );
    let clustered = ratios(23, near_nucleus, far_from_nucleus);
    assert!(
        clustered[3] > 1.3 && clustered[8] > 2.0,
        "mitochondria near by far: {clustered:?}"
    );
}

/// The cells of many fields as the atlas's spread of lines and sizes gives them.
fn many_cells() -> Vec<Vec<Cell>> {
    let cells = |index: u64| {
        let seed = FieldSeed { seed: SEED, index };
        populate(&Settings::of_size(512), LabelSet::default(), seed).cells
    };
    (0..60).map(cells).collect()
}

/// In square pixels of 512 px fields the real nuclei's tenths are 414, 1,595 at the middle and 3,039, measured from blue.
#[test]
fn nuclei_come_in_all_sizes_and_shapes() {
    let steps = 256;
    let turn = std::f32::consts::TAU / steps as f32;
    let (mut areas, mut roundness) = (Vec::new(), Vec::new());
    for cell in many_cells().iter().flatten() {
        let edge = |step: usize| {
            let angle = step as f32 * turn;
            Point::at_angle(angle) * cell.nucleus_outline.radius(angle)
        };
        let (mut area, mut length) = (0.0, 0.0);
        for step in 0..steps {
            let (here, next) = (edge(step), edge(step + 1));
            area += (here.x * next.y - here.y * next.x) / 2.0;
            length += (next - here).length();
        }
        areas.push(area * (512.0 / FIELD_WIDTH).powi(2));
        roundness.push(2.0 * turn * steps as f32 * area / (length * length));
    }
    areas.sort_by(f32::total_cmp);
    roundness.sort_by(f32::total_cmp);
    let tenth = |values: &[f32], number: usize| values[values.len() * number / 10];
    let (small, typical, large) = (tenth(&areas, 1), tenth(&areas, 5), tenth(&areas, 9));
    assert!(
        (300.0..700.0).contains(&small)
            && (1100.0..1900.0).contains(&typical)
            && (2500.0..4000.0).contains(&large),
        "areas {small} {typical} {large}"
    );
    let (bent, round) = (tenth(&roundness, 1), tenth(&roundness, 9));
    // A circle has 1, an ellipse twice as long as wide 0.84.
    assert!(bent < 0.85 && round > 0.95, "roundness {bent} {round}");
}

#[test]
fn some_nuclei_touch() {
    let (mut touching, mut all) = (0, 0);
    for cells in many_cells() {
        for (number, cell) in cells.iter().enumerate() {
            let touches = cells.iter().enumerate().any(|(other, neighbour)| {
                let way = neighbour.nucleus - cell.nucleus;
                let reach = cell.nucleus_outline.radius(way.angle())
                    + neighbour.nucleus_outline.radius((way * -1.0).angle());
                other != number && way.length() < 1.05 * reach
            });
            touching += usize::from(touches);
            all += 1;
        }
    }
    let share = touching as f32 / all as f32;
    assert!((0.05..0.4).contains(&share), "{share} of nuclei touch");
}

/// A tenth of the real fields has a mean red of at most 7 of 255, a tenth one of at least 38.
#[test]
fn fields_are_dark_and_bright() {
    let settings = Settings::of_size(64);
    let mean = |index: u64| {
        let field = simulate_field(&settings, LabelSet::default(), SEED, index);
        field.red.iter().map(|value| f32::from(*value)).sum::<f32>() / field.red.len() as f32
    };
    let mut means: Vec<f32> = (0..120_u64).map(mean).collect();
    means.sort_by(f32::total_cmp);
    assert!(
        means[12] < 14.0 && means[108] > 38.0 && means[0] < 6.0,
        "means {means:?}"
    );
}

#[test]
fn division_labels_bring_dividing_cells() {
    for (class, least) in [(16, 2), (17, 1)] {
        for index in 0..5 {
            let seed = FieldSeed { seed: SEED, index };
            let cells = populate(&clear(), labels(&[class]), seed).cells;
            let found = cells
                .iter()
                .filter(|cell| {
                    if class == 17 {
                        cell.divides()
                    } else {
                        cell.phase.is_daughter()
                    }
                })
                .count();
            assert!(found >= least, "class {class}, field {index}");
        }
    }
}

#[test]
fn an_empty_label_set_gives_a_faint_protein() {
    let settings = Settings::of_size(128);
    let field = simulate_field(&settings, LabelSet::default(), SEED, 1);
    let mean = |pixels: &[u8]| {
        pixels.iter().map(|value| f32::from(*value)).sum::<f32>() / pixels.len() as f32
    };
    assert!(
        mean(&field.green) < 0.5 * mean(&field.red),
        "{} {}",
        mean(&field.green),
        mean(&field.red)
    );
}

#[test]
fn cells_fill_fields_of_every_size() {
    for size in [32, 128, 512, 2048] {
        let field = simulate_field(&Settings::of_size(size), labels(&[0, 21]), SEED, 2);
        assert_eq!(field.size, size);
        for channel in [&field.red, &field.green, &field.blue, &field.yellow] {
            assert_eq!(channel.len(), size * size);
            let mean =
                channel.iter().map(|value| f32::from(*value)).sum::<f32>() / channel.len() as f32;
            assert!((1.0..120.0).contains(&mean), "size {size}: mean {mean}");
        }
        assert!(field.cells.iter().any(|cell| *cell > 0) && field.cells.contains(&0));
    }
    assert_eq!(
        simulate_field(&Settings::of_size(1), labels(&[]), SEED, 0).size,
        32
    );
}

/// The same settings, labels, seed and index give the same field with every build: where this fails, either the change was not
/// meant to show, or `SIMULATOR_VERSION` rises.
#[test]
#[cfg_attr(
    not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")),
    ignore = "sine, logarithm and power round differently in other systems' libraries"
)]
fn fields_stay_as_they_are() {
    let expected = [
        (64, &[0_usize, 25][..], 0x8300_6962_262f_eb13),
        (96, &[7, 16, 17], 0xb9bc_21a1_920b_0d0d),
        (64, &[9, 22], 0xcdba_5fcb_edd5_57d1),
        (96, &[], 0x7721_ac93_de5e_1f11),
    ];
    let found: Vec<u64> = (0_u64..)
        .zip(expected)
        .map(|(index, (size, classes, _))| {
            let field = simulate_field(&Settings::of_size(size), labels(classes), SEED, index);
            let channels = [&field.red, &field.green, &field.blue, &field.yellow];
            let masks = [&field.cells, &field.nuclei];
            let numbers = masks.into_iter().flatten();
            let bytes = channels.into_iter().flatten().copied();
            fnv1a(bytes.chain(numbers.flat_map(|number| number.to_le_bytes())))
        })
        .collect();
    let expected = expected.map(|(_, _, checksum)| checksum);
    assert!(found == expected, "{found:#018x?}");
}

/// A field with the labels of its cells.
fn with_cell_labels(settings: Settings, classes: &[usize], index: u64) -> SimulatedField {
    let settings = Settings {
        cell_labels: true,
        ..settings
    };
    simulate_field(&settings, labels(classes), SEED, index)
}

#[test]
fn labels_of_cells_change_no_pixel() {
    let settings = Settings::of_size(96);
    for (index, classes) in [(0, &[0_usize, 20][..]), (1, &[7, 16, 17]), (2, &[])] {
        let plain = simulate_field(&settings, labels(classes), SEED, index);
        assert!(plain.cell_labels.is_empty());
        let told = with_cell_labels(settings, classes, index);
        let most = told.cells.iter().copied().max().unwrap_or(0);
        assert!(told.cell_labels.len() >= usize::from(most));
        let told = SimulatedField {
            cell_labels: Vec::new(),
            ..told
        };
        assert!(told == plain, "{classes:?}");
    }
}

#[test]
fn only_cells_that_divide_carry_labels_of_division() {
    let settings = Settings {
        size: 256,
        ..clear()
    };
    let (mut spindles, mut bridges) = (0_usize, 0_usize);
    for index in 0..3 {
        let seed = FieldSeed { seed: SEED, index };
        let classes = [0, 16, 17];
        let cells = populate(&settings, labels(&classes), seed).cells;
        let told = with_cell_labels(settings, &classes, index).cell_labels;
        assert_eq!(told.len(), cells.len());
        for (cell, told) in cells.iter().zip(&told) {
            let expresses = cell.expression >= LEAST_EXPRESSION;
            assert_eq!(told.contains(17), cell.divides() && expresses);
            if told.contains(16) {
                assert!(cell.phase.is_daughter());
            }
            if told.contains(0) {
                assert!(expresses && !cell.divides());
            }
            spindles += usize::from(told.contains(17));
            bridges += usize::from(told.contains(16));
        }
    }
    assert!(spindles >= 2, "{spindles} spindles");
    assert!(
        bridges >= 2 && bridges.is_multiple_of(2),
        "{bridges} ends of bridges"
    );
}

/// In one of seven fields some cells do not express the protein.
#[test]
fn cells_without_a_label_are_dark() {
    let settings = Settings {
        size: 96,
        variation: 1.0,
        ..clear()
    };
    let sums = (0..40_u32).into_par_iter().map(|index| {
        let field = with_cell_labels(settings, &[25], index.into());
        let mut light = vec![(0_u32, 0_u32); field.cell_labels.len()];
        for (number, level) in field.cells.iter().zip(&field.green) {
            if *number > 0 {
                let (sum, count) = &mut light[usize::from(*number) - 1];
                *sum += u32::from(*level);
                *count += 1;
            }
        }
        // Of cells with and without the label: the sum of their mean levels, and their number. A cell of a few pixels shows its
        // neighbours' light.
        let mut found = [(0.0_f32, 0_usize); 2];
        for ((sum, count), labels) in light.into_iter().zip(&field.cell_labels) {
            if count >= 40 {
                let (mean, number) = &mut found[usize::from(labels.is_empty())];
                *mean += sum as f32 / count as f32;
                *number += 1;
            }
        }
        found
    });
    let sums: Vec<[(f32, usize); 2]> = sums.collect();
    // The fields that have both kinds: others differ in exposure.
    let both = sums.iter().filter(|found| found[1].1 > 0);
    let [mut with, mut without] = [0.0, 0.0];
    for [(bright, many), (dark, few)] in both.clone() {
        assert!(*many > 0, "a field without the protein");
        with += bright / *many as f32;
        without += dark / *few as f32;
    }
    assert!(both.count() > 0, "every cell of forty fields has the label");
    assert!(with > 2.0 * without, "{with} {without}");
    let labelled: usize = sums.iter().map(|found| found[0].1).sum();
    let others: usize = sums.iter().map(|found| found[1].1).sum();
    assert!(
        labelled > 4 * others,
        "{labelled} with the label, {others} without"
    );
}
