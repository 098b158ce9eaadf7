//! The labels of single cells: which of a field's locations show in each of its cells.
//!
//! They are read from what is drawn. A location is drawn once more, alone, without the veil that its antibody leaves and as if
//! every cell expressed the protein alike; a cell whose brightest part stays dark beside the other cells' does not have it: its
//! part of the field may lack the organelle, or the drawing left the cell out by chance. How much a cell expresses decides apart
//! from that, so that light which runs over from a neighbour labels no silent cell.

use cytolens_core::labels::LabelSet;

use crate::cell::Cell;
use crate::division::bridged;
use crate::microtubules::Filament;
use crate::random::{FieldPurpose, FieldSeed};
use crate::scene::Scene;
use crate::staining::Staining;

/// The least expression of a cell that shows the protein, where 1 is typical. All cells in focus have more, but for the silent ones
/// of fields in which only some cells express the protein.
pub(crate) const LEAST_EXPRESSION: f32 = 0.25;

/// The least light of a location in a cell, as a share of that in the field's middle cell.
const LEAST_LIGHT: f32 = 0.2;

/// The class of the cytokinetic bridge.
const BRIDGE: usize = 16;

/// The class of the mitotic spindle.
const SPINDLE: usize = 17;

/// The labels of each cell, by its place in the list of cells, of a field with these labels. `draw` draws the location of a class,
/// as it did on the field.
pub(crate) fn labels_of_cells(
    scene: &Scene,
    microtubules: &[Filament],
    labels: LabelSet,
    seed: FieldSeed,
    draw: &dyn Fn(usize, &mut Staining),
) -> Vec<LabelSet> {
    let mut classes: Vec<Vec<usize>> = vec![Vec::new(); scene.cells().len()];
    for class in labels.classes() {
        let showing = if class == BRIDGE {
            // Bridges show whatever their cells express, and belong to both daughters.
            bridged(scene)
        } else {
            let light = light_of_cells(scene, microtubules, class, seed, draw);
            bright_cells(scene, class, &light)
        };
        for cell in showing {
            classes[cell].push(class);
        }
    }
    let sets = classes.into_iter();
    sets.map(|classes| LabelSet::from_classes(classes).expect("classes of a label set"))
        .collect()
}

/// The light of a location in the brightest part of each cell.
fn light_of_cells(
    scene: &Scene,
    microtubules: &[Filament],
    class: usize,
    seed: FieldSeed,
    draw: &dyn Fn(usize, &mut Staining),
) -> Vec<f32> {
    let mut canvas = scene.canvas();
    let mut staining = Staining {
        scene,
        microtubules,
        canvas: &mut canvas,
        stream: seed.stream(FieldPurpose::Location(class), 0),
        brightness: vec![1.0; scene.cells().len()],
        veiled: false,
    };
    draw(class, &mut staining);
    let cells = 0..scene.cells().len();
    cells.map(|cell| scene.brightest(cell, &canvas)).collect()
}

/// The cells that show a location, of which each has this light.
fn bright_cells(scene: &Scene, class: usize, light: &[f32]) -> Vec<usize> {
    let may_show = |cell: &Cell| {
        let phase_fits = match class {
            SPINDLE => cell.divides(),
            // A cell in mitosis has no nucleus, so what lies in nuclei spreads.
            0..=5 => !cell.divides(),
            _ => true,
        };
        phase_fits && cell.expression >= LEAST_EXPRESSION
    };
    let cells = scene.cells().iter().enumerate();
    let lit: Vec<usize> = cells
        .filter(|(number, cell)| light[*number] > 0.0 && may_show(cell))
        .map(|(number, _)| number)
        .collect();
    let mut levels: Vec<f32> = lit.iter().map(|cell| light[*cell]).collect();
    levels.sort_by(f32::total_cmp);
    let middle = levels.get(levels.len() / 2).copied().unwrap_or(0.0);
    let is_bright = |cell: &usize| light[*cell] >= LEAST_LIGHT * middle;
    lit.into_iter().filter(is_bright).collect()
}
