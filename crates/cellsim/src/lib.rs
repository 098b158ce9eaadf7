//! Simulated fields: cells as the Human Protein Atlas's microscopes show them, with the protein in any of the 28 locations.
//!
//! No part of a real image goes into them. They serve for tests, for demonstrations and for teaching a network the geometry of
//! the locations before it sees real fields; they do not replace real fields. Every length in here is in micrometres: a field
//! is [`FIELD_WIDTH`] wide whatever its size in pixels, so structures keep their proportions at every size.

mod canvas;
mod cell;
mod cell_line;
mod cytoskeleton;
mod debris;
mod division;
mod endomembrane;
mod geometry;
mod layout;
mod locations;
mod nucleus;
mod optics;
mod png;
mod random;
mod samples;
mod scene;
mod set;
mod surface;
mod territory;
#[cfg(test)]
mod tests;
mod texture;
mod vesicles;

use cytolens_core::labels::LabelSet;

use canvas::Plane;
pub use cell_line::{CELL_LINES, CellLine};
use optics::{Exposure, Microscope};
use random::{FieldSeed, Purpose, Stream};
pub use samples::write_samples;
use scene::{Scene, Staining};
pub use set::{ID_PREFIX, SetFolder, SetPlan};

/// The width of a field in micrometres: 2048 pixels of 0.08 micrometres, the atlas's usual image (63x, NA 1.4).
pub const FIELD_WIDTH: f32 = 164.0;

/// Rises with every change of what fields look like, so that no set mixes two.
pub const SIMULATOR_VERSION: u32 = 2;

/// The least and the greatest size of a field in pixels.
pub const SIZES: std::ops::RangeInclusive<usize> = 32..=4096;

/// How fields are simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Pixels on a side; brought into [`SIZES`].
    pub size: usize,
    /// The cells' look; `None` draws one for each field.
    pub cell_line: Option<CellLine>,
    /// Share of cells in mitosis, besides those that a label demands.
    pub mitoses: f32,
    /// How much fields and cells differ in staining, exposure and illumination: 1 as in the atlas, 0 not at all.
    pub variation: f32,
    /// How often cells and fields are out of focus: 1 as in the atlas, 0 never.
    pub defocus: f32,
    /// Strength of the noise: 1 as in the atlas, 0 none.
    pub noise: f32,
    /// Strength of the protein's unspecific staining: 1 as in the atlas, 0 none.
    pub background: f32,
    /// How often debris lies between the cells: 1 as in the atlas, 0 never.
    pub debris: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            size: 512,
            cell_line: None,
            mitoses: 0.01,
            variation: 1.0,
            defocus: 1.0,
            noise: 1.0,
            background: 1.0,
            debris: 1.0,
        }
    }
}

/// A simulated field: four channels of `size` by `size` 8-bit pixels, row by row, and its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedField {
    /// Pixels on a side.
    pub size: usize,
    /// Microtubules.
    pub red: Vec<u8>,
    /// The protein.
    pub green: Vec<u8>,
    /// Nuclei.
    pub blue: Vec<u8>,
    /// Endoplasmic reticulum.
    pub yellow: Vec<u8>,
    /// The number of the cell that each pixel belongs to, from 1; 0 outside cells.
    pub cells: Vec<u16>,
    /// The same for nuclei: 0 outside nuclei and in cells in mitosis, which have none.
    pub nuclei: Vec<u16>,
}

/// The channels' exposures, matched to the real fields' histograms: red, green, blue, yellow.
const EXPOSURES: [Exposure; 4] = [
    Exposure {
        bright: (232.0, 0.45),
        least: 0.3,
        photons: (42.0, 0.6),
    },
    Exposure {
        bright: (94.0, 0.85),
        least: 0.6,
        photons: (24.0, 0.8),
    },
    Exposure {
        bright: (216.0, 0.4),
        least: 0.3,
        photons: (110.0, 0.5),
    },
    Exposure {
        bright: (190.0, 0.5),
        least: 0.3,
        photons: (34.0, 0.7),
    },
];

/// Simulates a field of a set that `seed` names: the same field for the same arguments, on every thread and in any order.
///
/// With other labels, the cells of the same `seed` and `index` stay where they are, unless a label demands junctions or cells
/// that divide. An empty label set gives a protein that shows nothing but unspecific staining.
pub fn simulate_field(
    settings: &Settings,
    labels: LabelSet,
    seed: u64,
    index: u64,
) -> SimulatedField {
    let size = settings.size.clamp(*SIZES.start(), *SIZES.end());
    let scale = size as f32 / FIELD_WIDTH;
    let seed = FieldSeed { seed, index };
    let scene = Scene::new(cell::populate(settings, labels, seed), size, scale, seed);
    let microscope = Microscope::new(&scene, settings, &mut seed.stream(Purpose::Optics(4), 0));
    let specks = debris::strew(
        &scene,
        settings.debris,
        &mut seed.stream(Purpose::Debris, 0),
    );
    let expose = |channel: usize, mut plane: Plane| {
        debris::draw(&specks, channel, &mut plane);
        microscope.expose(
            plane,
            EXPOSURES[channel],
            settings,
            &mut seed.stream(Purpose::Optics(channel), 0),
        )
    };
    let reference = |channel: usize, stain: usize, draw: &dyn Fn(&mut Staining)| {
        let mut plane = Plane::new(size, scale);
        let brightness = scene.cells().iter().map(|cell| cell.stain[stain]).collect();
        let stream = seed.stream(Purpose::Reference, channel);
        draw(&mut Staining {
            scene: &scene,
            plane: &mut plane,
            stream,
            brightness,
        });
        expose(channel, plane)
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
    let green = expose(
        1,
        protein(&scene, settings, labels, seed, Plane::new(size, scale)),
    );
    SimulatedField {
        size,
        red,
        green,
        blue,
        yellow,
        nuclei: scene.nuclei(),
        cells: scene.territory.owner,
    }
}

/// Draws the protein: every label's location, one of them at full brightness, over a veil of unspecific staining.
fn protein(
    scene: &Scene,
    settings: &Settings,
    labels: LabelSet,
    seed: FieldSeed,
    mut plane: Plane,
) -> Plane {
    let mut style = seed.stream(Purpose::Background, 0);
    let expression = |level: f32| {
        scene
            .cells()
            .iter()
            .map(|cell| cell.expression * level)
            .collect::<Vec<f32>>()
    };
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
        let (stream, brightness) = (seed.stream(Purpose::Location(class), 0), expression(level));
        locations::draw(
            class,
            &mut Staining {
                scene,
                plane: &mut plane,
                stream,
                brightness,
            },
        );
    }
    let (cytoplasm, nucleus) = veil(&mut style, settings, labels);
    let (stream, brightness) = (
        seed.stream(Purpose::Background, 1),
        vec![1.0; scene.cells().len()],
    );
    let mut staining = Staining {
        scene,
        plane: &mut plane,
        stream,
        brightness,
    };
    endomembrane::unspecific(&mut staining, cytoplasm, nucleus);
    plane
}

/// The unspecific staining of cytoplasm and nucleus.
fn veil(style: &mut Stream, settings: &Settings, labels: LabelSet) -> (f32, f32) {
    let strength = settings.background * if labels.is_empty() { 0.5 } else { 1.0 };
    let mut level = |greatest: f32| strength * greatest * style.unit().powi(2);
    (level(0.2), 0.06 * strength + level(0.3))
}
