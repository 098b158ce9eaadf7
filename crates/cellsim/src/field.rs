//! A simulated field: from the labels to four channels of pixels.

use cytolens_core::labels::LabelSet;

use crate::canvas::Canvas;
use crate::cell_labels::labels_of_cells;
use crate::microtubules::{Filament, grow_microtubules};
use crate::optics::{Exposure, Microscope};
use crate::population::populate;
use crate::random::{FieldPurpose, FieldSeed, FieldStream};
use crate::scene::Scene;
use crate::settings::{SIZES, Settings};
use crate::staining::Staining;
use crate::{cytoskeleton, debris, division, endomembrane, locations, nucleus};

/// A simulated field: four channels of `size` by `size` 8-bit pixels, row by row, and its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SimulatedField {
    /// Pixels on a side.
    pub(crate) size: usize,
    /// Microtubules.
    pub(crate) red: Vec<u8>,
    /// The protein.
    pub(crate) green: Vec<u8>,
    /// Nuclei.
    pub(crate) blue: Vec<u8>,
    /// Endoplasmic reticulum; empty where a painted field's reference lacks it.
    pub(crate) yellow: Vec<u8>,
    /// The number of the cell that each pixel belongs to, from 1; 0 outside cells.
    pub(crate) cells: Vec<u16>,
    /// The number of the cell whose nucleus each pixel belongs to, from 1; 0 outside nuclei and in cells in mitosis, which have none.
    pub(crate) nuclei: Vec<u16>,
    /// The labels of each cell, by its number less 1; empty where the settings do not ask for them.
    pub(crate) cell_labels: Vec<LabelSet>,
}

/// The version of the simulator: it rises with every change of what fields look like, so that no set mixes two.
pub(crate) const SIMULATOR_VERSION: u32 = 3;

/// The channels' exposures, matched to the real fields' histograms: red, green, blue, yellow.
pub(crate) const EXPOSURES: [Exposure; 4] = [
    Exposure {
        bright: (280.0, 0.6),
        over: 0.55,
        least: 0.3,
        photons: (50.0, 0.6),
    },
    Exposure {
        bright: (90.0, 0.85),
        over: 0.1,
        least: 0.6,
        photons: (24.0, 0.8),
    },
    Exposure {
        bright: (212.0, 0.5),
        over: 0.05,
        least: 0.3,
        photons: (110.0, 0.5),
    },
    Exposure {
        bright: (210.0, 0.65),
        over: 0.4,
        least: 0.3,
        photons: (34.0, 0.7),
    },
];

/// Simulates a field of the set that `seed` names: the same field for the same arguments, on every thread and in any order.
///
/// With other labels, the cells of the same `seed` and `index` stay where they are, unless a label demands junctions or cells
/// that divide. An empty label set gives a protein that shows nothing but unspecific staining.
pub(crate) fn simulate_field(
    settings: &Settings,
    labels: LabelSet,
    seed: u64,
    index: u64,
) -> SimulatedField {
    let size = settings.size.clamp(*SIZES.start(), *SIZES.end());
    let seed = FieldSeed { seed, index };
    let scene = Scene::new(populate(settings, labels, seed), size);
    let microtubules = grow_microtubules(&scene, seed);
    let microscope = Microscope::new(
        &scene,
        settings,
        &mut seed.stream(FieldPurpose::Optics(4), 0),
    );
    let specks = debris::strew(
        &scene,
        settings.debris,
        &mut seed.stream(FieldPurpose::Debris, 0),
    );
    let expose = |channel: usize, mut canvas: Canvas| {
        debris::draw(&specks, channel, &mut canvas);
        microscope.expose(
            canvas,
            EXPOSURES[channel],
            settings,
            &mut seed.stream(FieldPurpose::Optics(channel), 0),
        )
    };
    let reference = |channel: usize, stain: usize, draw: &dyn Fn(&mut Staining)| {
        let mut canvas = scene.canvas();
        draw(&mut Staining {
            scene: &scene,
            microtubules: &microtubules,
            canvas: &mut canvas,
            stream: seed.stream(FieldPurpose::Reference, channel),
            brightness: scene.cells().iter().map(|cell| cell.stain[stain]).collect(),
            veiled: true,
        });
        expose(channel, canvas)
    };
    let red = reference(0, 0, &|staining| {
        cytoskeleton::microtubules(staining);
        division::bridge_bundle(staining);
    });
    let blue = reference(2, 1, &|staining| {
        nucleus::dna(staining);
        division::chromosomes(staining);
    });
    let yellow = reference(3, 2, &endomembrane::reticulum);
    let light = protein(
        &scene,
        &microtubules,
        settings,
        labels,
        seed,
        &locations::draw,
    );
    let green = expose(1, light);
    let cell_labels = if settings.cell_labels {
        labels_of_cells(&scene, &microtubules, labels, seed, &locations::draw)
    } else {
        Vec::new()
    };
    SimulatedField {
        size,
        red,
        green,
        blue,
        yellow,
        nuclei: scene.nuclei(),
        cell_labels,
        cells: scene.territory.owner,
    }
}

/// Draws the protein: every label's location as `draw` does, one of them at full brightness, over a veil of unspecific staining.
pub(crate) fn protein(
    scene: &Scene,
    microtubules: &[Filament],
    settings: &Settings,
    labels: LabelSet,
    seed: FieldSeed,
    draw: &dyn Fn(usize, &mut Staining),
) -> Canvas {
    let mut canvas = scene.canvas();
    let mut style = seed.stream(FieldPurpose::Background, 0);
    let leading = if labels.is_empty() {
        0
    } else {
        style.count(0, labels.len() - 1)
    };
    for (position, class) in labels.classes().enumerate() {
        let level = if position == leading {
            1.0
        } else {
            style.between(0.35, 0.9)
        };
        let brightness = scene.cells().iter().map(|cell| cell.expression * level);
        let mut staining = Staining {
            scene,
            microtubules,
            canvas: &mut canvas,
            stream: seed.stream(FieldPurpose::Location(class), 0),
            brightness: brightness.collect(),
            veiled: true,
        };
        draw(class, &mut staining);
    }
    let (cytoplasm, nucleus) = unspecific_levels(&mut style, settings, labels);
    let mut staining = Staining {
        scene,
        microtubules,
        canvas: &mut canvas,
        stream: seed.stream(FieldPurpose::Background, 1),
        brightness: vec![1.0; scene.cells().len()],
        veiled: true,
    };
    endomembrane::unspecific(&mut staining, cytoplasm, nucleus);
    canvas
}

/// The brightness of the unspecific staining in cytoplasm and nucleus.
fn unspecific_levels(style: &mut FieldStream, settings: &Settings, labels: LabelSet) -> (f32, f32) {
    let strength = settings.background * if labels.is_empty() { 0.5 } else { 1.0 };
    let mut level = |greatest: f32| strength * greatest * style.unit().powi(2);
    (level(0.42), 0.03 * strength + level(0.28))
}
