//! Cells of simulated fields, whose masks are known, and of a real one.
#![cfg(feature = "network")]

use std::path::Path;

use cellsim::{SetFolder, SetPlan};
use cytolens_cells::scores::{Comparison, Counts};
use cytolens_cells::{Cells, Maps, Options, classical, instances, planes};
use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, Source, decode_field};
use cytolens_testing::third_party;

/// The longer side of maps, in pixels.
const SIZE: usize = 256;

fn field(folder: &Path, id: &str) -> Field {
    let files: Vec<(String, Channel, Vec<u8>)> = Channel::ALL
        .into_iter()
        .map(|channel| {
            let name = format!("{id}_{channel}.png");
            let bytes = std::fs::read(folder.join(&name)).expect("a channel");
            (name, channel, bytes)
        })
        .collect();
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|(name, channel, bytes)| Source {
            name,
            channel: Some(*channel),
            bytes,
        })
        .collect();
    decode_field(id, &sources, &ChannelOrder::default()).expect("a field")
}

/// A mask at the maps' size.
fn mask(path: &Path) -> Vec<u16> {
    let image = image::open(path).expect("a mask").into_luma16();
    let (width, height) = image.dimensions();
    let full = image.into_raw();
    let (width, height) = (width as usize, height as usize);
    let cells = Cells::of_masks(width, height, full.clone(), full).expect("a mask");
    let [mask, _] = cells.scaled(SIZE, SIZE);
    mask
}

fn set(folder: &Path, count: usize) -> Vec<String> {
    let plan = SetPlan {
        size: 512,
        label_sets: vec!["0 25".parse().expect("labels"); count],
        seed: 7,
        masks: true,
        references: None,
    };
    SetFolder::open(folder, &plan)
        .and_then(|set| set.write(|| ()))
        .expect("a set");
    (0..count)
        .map(|index| format!("simulated-7-{index:06}"))
        .collect()
}

/// Maps that say what the masks say.
fn told(cells: &[u16], nuclei: &[u16]) -> Maps {
    let probability = |is: bool| if is { 0.97 } else { 0.03 };
    let edge = (0..SIZE * SIZE).map(|at| {
        let (x, y) = (at % SIZE, at / SIZE);
        let other = |x: usize, y: usize| cells[y * SIZE + x] != cells[at];
        let is_edge = x > 0 && other(x - 1, y)
            || y > 0 && other(x, y - 1)
            || x + 1 < SIZE && other(x + 1, y)
            || y + 1 < SIZE && other(x, y + 1);
        probability(is_edge && cells[at] > 0)
    });
    Maps {
        width: SIZE,
        height: SIZE,
        nucleus: nuclei
            .iter()
            .map(|&number| probability(number > 0))
            .collect(),
        cell: cells
            .iter()
            .map(|&number| probability(number > 0))
            .collect(),
        edge: edge.collect(),
    }
}

/// The cells of a mask that have nuclei: in mitosis they have none.
fn with_nuclei(cells: &[u16], nuclei: &[u16]) -> Vec<u16> {
    cells
        .iter()
        .map(|number| if nuclei.contains(number) { *number } else { 0 })
        .collect()
}

#[test]
fn right_maps_give_the_cells_of_simulated_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut right, mut plain, mut nuclei_found) =
        (Counts::default(), Counts::default(), Counts::default());
    for id in set(folder.path(), 4) {
        let path = |what: &str| folder.path().join(format!("masks/{id}_{what}.png"));
        let (cells, nuclei) = (mask(&path("cells")), mask(&path("nuclei")));
        let truth = with_nuclei(&cells, &nuclei);
        let found = instances(&told(&cells, &nuclei), &Options::default());
        right += Comparison::new(&truth, found.mask()).counts(0.7);
        let planes = planes(&field(folder.path(), &id), SIZE);
        let found = instances(&classical(&planes), &Options::default());
        plain += Comparison::new(&truth, found.mask()).counts(0.5);
        nuclei_found += Comparison::new(&nuclei, found.nuclei()).counts(0.5);
    }
    let scores = [right, plain, nuclei_found].map(|counts| counts.average_precision());
    println!(
        "told {:.3}, classical cells {:.3}, nuclei {:.3}",
        scores[0], scores[1], scores[2]
    );
    assert!(scores[0] > 0.8, "{scores:?} {right:?}");
    // The classical method finds most nuclei, and borders of cells badly.
    assert!(scores[2] > 0.5, "{scores:?} {nuclei_found:?}");
    assert!(scores[1] > 0.1, "{scores:?} {plain:?}");
}

#[test]
#[ignore = "needs the third-party data"]
fn a_mask_of_a_real_field_gives_its_cells_back() {
    let id = "000a6c98-bb9b-11e8-b2b9-ac1f6b6435d0";
    let truth = mask(&third_party(&format!("hpa/masks/{id}_cells.png")));
    let field = field(&third_party("hpa/highres"), id);
    let planes = planes(&field, SIZE);
    assert_eq!((planes.width, planes.height), (SIZE, SIZE));
    let mut maps = classical(&planes);
    let by_itself = instances(&maps, &Options::default());
    // The true cells with the nuclei that the classical method finds.
    let right = told(&truth, &vec![0; truth.len()]);
    (maps.cell, maps.edge) = (right.cell, right.edge);
    let found = instances(&maps, &Options::default());
    let told = Comparison::new(&truth, found.mask());
    let plain = Comparison::new(&truth, by_itself.mask());
    println!(
        "{} true cells; with the true cell map {:?}, classical {:?}",
        told.truths.len(),
        told.counts(0.5),
        plain.counts(0.5)
    );
    assert!(
        told.counts(0.5).average_precision() > 0.6,
        "{:?}",
        told.counts(0.5)
    );
}
