//! Painted fields: the protein, drawn on the cells of a reference.

mod division;
mod locations;
#[cfg(test)]
mod tests;

use cytolens_core::labels::LabelSet;

use crate::canvas::Canvas;
use crate::cell::Cell;
use crate::cell_labels::labels_of_cells;
use crate::cell_line::{CELL_LINES, CellLine};
use crate::field::{EXPOSURES, SimulatedField, protein};
use crate::microtubules::grow_microtubules;
use crate::optics::Microscope;
use crate::population::{FieldLooks, Population, nucleoli};
use crate::random::{FieldPurpose, FieldSeed, FieldStream};
use crate::reference::{GAP, Reference};
use crate::scene::Scene;
use crate::settings::Settings;
use crate::staining::Staining;
use crate::texture::Grain;

use division::{divide, restain};

pub(crate) use division::has_cells_for;

/// The locations that are drawn along microtubules.
const ALONG_MICROTUBULES: [usize; 2] = [14, 15];

/// The strength of unspecific staining beside that of simulated fields: real antibodies stain more of the cell.
const UNSPECIFIC: f32 = 1.2;

/// Paints a field of the set that `seed` names on a reference: the same field for the same arguments.
///
/// Red, blue and yellow are the reference's. Only where a label demands cells that divide are some of its cells changed.
pub(crate) fn paint_field(
    settings: &Settings,
    reference: &Reference,
    labels: LabelSet,
    seed: u64,
    index: u64,
) -> SimulatedField {
    let seed = FieldSeed { seed, index };
    let mut channels = reference.channels.clone();
    let divided = divide(reference, labels, &mut seed.stream(FieldPurpose::Layout, 0));
    let mut cells = divided.cells;
    express(&mut cells, settings, seed);
    let population = population(cells, &mut seed.stream(FieldPurpose::Painting, 0));
    let scene = Scene::of(population, divided.territory, Some(divided.thickness));
    if !divided.left.is_empty() {
        restain(&scene, &divided.left, &mut channels, seed);
    }
    let microtubules = if ALONG_MICROTUBULES
        .iter()
        .any(|class| labels.contains(*class))
    {
        grow_microtubules(&scene, seed)
    } else {
        Vec::new()
    };
    let draw = |class: usize, staining: &mut Staining| locations::draw(class, staining, &channels);
    let stained = Settings {
        background: UNSPECIFIC * settings.background,
        ..*settings
    };
    let light = protein(&scene, &microtubules, &stained, labels, seed, &draw);
    let cell_labels = if settings.cell_labels {
        labels_of_cells(&scene, &microtubules, labels, seed, &draw)
    } else {
        Vec::new()
    };
    let green = expose(light, &scene, settings, seed);
    SimulatedField {
        size: channels.size,
        red: channels.red,
        green,
        blue: channels.blue,
        yellow: channels.yellow.unwrap_or_default(),
        nuclei: scene.nuclei(),
        cell_labels,
        cells: scene.territory.owner,
    }
}

/// The cells as a population of a line of their size.
fn population(cells: Vec<Cell>, stream: &mut FieldStream) -> Population {
    let radii = cells.iter().map(|cell| cell.outline.mean());
    let radius = radii.sum::<f32>() / cells.len() as f32;
    Population {
        line: CellLine {
            radius,
            ..CELL_LINES[0]
        },
        cells,
        gap: GAP,
        gap_width: Grain::new(stream, 9.0),
        overlap: false,
        thinning: 0.2 * radius,
    }
}

/// Draws how strongly each cell expresses the protein, and invents nucleoli where none show.
fn express(cells: &mut [Cell], settings: &Settings, seed: FieldSeed) {
    let looks = FieldLooks::new(seed, settings);
    for (number, cell) in cells.iter_mut().enumerate() {
        let mut stream = seed.stream(FieldPurpose::Cell, number);
        cell.expression = looks.expression(&mut stream);
        if cell.divides() {
            // A field is labelled for its spindles, so they show.
            cell.expression = cell.expression.max(0.7);
        }
        if cell.nucleoli.is_empty() && !cell.divides() {
            cell.nucleoli = nucleoli(cell.nucleus, &cell.nucleus_outline, &mut stream);
        }
    }
}

/// Images the protein, as sharp as the reference is.
fn expose(light: Canvas, scene: &Scene, settings: &Settings, seed: FieldSeed) -> Vec<u8> {
    let stream = |number| seed.stream(FieldPurpose::Optics(number), 0);
    let microscope = Microscope::new(scene, settings, &mut stream(4));
    microscope.expose(light, EXPOSURES[1], settings, &mut stream(1))
}
