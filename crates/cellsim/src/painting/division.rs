//! Cells of a reference made to divide, where a label demands a spindle or a bridge.

use cytolens_core::labels::LabelSet;

use crate::canvas::Canvas;
use crate::cell::{Cell, Phase};
use crate::division::{bridge_bundle, chromosomes, spindles};
use crate::geometry::{Outline, smooth_step};
use crate::random::{FieldPurpose, FieldSeed, FieldStream};
use crate::reference::{Channels, GAP, Mask, Reference, quantile};
use crate::scene::Scene;
use crate::settings::FIELD_WIDTH;
use crate::staining::Staining;
use crate::territory::Territory;
use crate::texture::Grain;

/// The greatest distance between the nuclei of cells that become daughters, in micrometres.
const GREATEST_BRIDGE: f32 = 36.0;

/// The least distance from the field's border to the middle of a cell that divides, in micrometres.
const MARGIN: f32 = 11.0;

/// The least mean radius of the nucleus of a cell that divides, in micrometres.
const LEAST_NUCLEUS: f32 = 3.6;

/// The cells of a reference, of which some divide.
#[derive(Debug)]
pub(super) struct Divided {
    pub(super) cells: Vec<Cell>,
    pub(super) territory: Territory,
    pub(super) thickness: Canvas,
    /// The ground that cells have left; empty where none divides.
    pub(super) left: Vec<bool>,
}

/// Makes some of the reference's cells divide where the labels demand it.
pub(super) fn divide(reference: &Reference, labels: LabelSet, stream: &mut FieldStream) -> Divided {
    let mut divided = Divided {
        cells: reference.cells.clone(),
        territory: reference.territory.clone(),
        thickness: reference.thickness.clone(),
        left: Vec::new(),
    };
    if !labels.contains(16) && !labels.contains(17) {
        return divided;
    }
    divided.left = vec![false; divided.territory.owner.len()];
    if labels.contains(16) {
        for _ in 0..stream.count(1, 2) {
            let pairs = pairs(&divided.cells, &divided.territory);
            if !pairs.is_empty() {
                let (one, other) = pairs[stream.count(0, pairs.len() - 1)];
                divided.part((one, other), stream);
            }
        }
    }
    if labels.contains(17) {
        for _ in 0..stream.count(1, 3) {
            let single = single_cells(&divided.cells);
            if !single.is_empty() {
                divided.round_up(single[stream.count(0, single.len() - 1)], stream);
            }
        }
    }
    let Territory {
        size,
        scale,
        owner,
        nucleus,
        ..
    } = divided.territory;
    divided.territory = Territory::measured(size, scale, owner, nucleus, GAP);
    divided
}

/// Whether the reference has the cells that the labels demand.
pub(crate) fn has_cells_for(reference: &Reference, labels: LabelSet) -> bool {
    let Reference {
        cells, territory, ..
    } = reference;
    (!labels.contains(16) || !pairs(cells, territory).is_empty())
        && (!labels.contains(17) || !single_cells(cells).is_empty())
}

/// Whether a cell lies well inside the field, and divides not already.
fn is_whole(cell: &Cell) -> bool {
    let inside = MARGIN..FIELD_WIDTH - MARGIN;
    cell.phase == Phase::Interphase
        && cell.nucleus_outline.mean() > LEAST_NUCLEUS
        && inside.contains(&cell.nucleus.x)
        && inside.contains(&cell.nucleus.y)
}

/// The cells that may be rounded up.
fn single_cells(cells: &[Cell]) -> Vec<usize> {
    (0..cells.len())
        .filter(|cell| is_whole(&cells[*cell]))
        .collect()
}

/// The pairs of neighbours that may be daughters: nothing lies between their nuclei but themselves and glass.
fn pairs(cells: &[Cell], territory: &Territory) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for other in single_cells(cells) {
        for one in single_cells(&cells[..other]) {
            let (start, end) = (cells[one].nucleus, cells[other].nucleus);
            let length = (end - start).length();
            let steps = (length / 0.4) as usize + 1;
            let mut passed = 0;
            let is_clear = |step: usize| {
                let place = start.mix(end, step as f32 / steps as f32);
                // The line leaves the one cell once, and the other is never left.
                match territory.at(place).map(|site| site.cell) {
                    Some(cell) if cell == one => passed == 0,
                    Some(cell) if cell == other => {
                        passed = 2;
                        true
                    }
                    Some(_) => false,
                    None => {
                        let is_between = passed < 2;
                        passed = passed.max(1);
                        is_between
                    }
                }
            };
            if length < GREATEST_BRIDGE && (0..=steps).all(is_clear) {
                pairs.push((one, other));
            }
        }
    }
    pairs
}

impl Divided {
    fn empty(&mut self, index: usize) {
        self.left[index] = true;
        self.territory.owner[index] = 0;
        self.thickness.values[index] = 0.0;
    }

    /// Rounds a cell up for mitosis: it leaves the ground around it and lies over its neighbours' edges.
    fn round_up(&mut self, number: usize, stream: &mut FieldStream) {
        let cell = &mut self.cells[number];
        let radius = cell.nucleus_outline.mean() * stream.between(1.25, 1.5);
        let radius = radius.clamp(7.0, 12.0);
        cell.axis = stream.angle();
        cell.elongation = 1.08;
        cell.centre = cell.nucleus;
        cell.outline = Outline::ellipse(radius * 1.04, radius / 1.04, cell.axis);
        cell.nucleus_outline = Outline::ellipse(radius * 0.66, radius * 0.57, cell.axis);
        cell.nucleoli.clear();
        cell.phase = if stream.chance(0.7) {
            Phase::Metaphase
        } else {
            Phase::Anaphase
        };
        let owner = number as u16 + 1;
        for index in 0..self.left.len() {
            let own = self.territory.owner[index] == owner;
            let cell = &self.cells[number];
            let offset = self.territory.place(index) - cell.nucleus;
            let away = offset.length();
            if away > cell.outline.radius_towards(offset) {
                if own {
                    self.empty(index);
                }
                continue;
            }
            let is_free = self.territory.owner[index] == 0 || self.territory.nucleus[index] > 0.3;
            if own || is_free {
                self.territory.nucleus[index] = away - cell.nucleus_outline.radius_towards(offset);
                self.territory.owner[index] = owner;
                self.thickness.values[index] = 1.2;
                self.left[index] = false;
            }
        }
    }

    /// Draws two neighbours apart, so that only a bridge joins them.
    fn part(&mut self, (one, other): (usize, usize), stream: &mut FieldStream) {
        self.cells[one].phase = Phase::Daughter(other);
        self.cells[other].phase = Phase::Daughter(one);
        let gap = stream.between(0.6, 1.8) * self.territory.scale;
        let size = self.territory.size;
        let numbers = [one as u16 + 1, other as u16 + 1];
        let cells =
            numbers.map(|number| Mask::new(size, |index| self.territory.owner[index] == number));
        let distances = [cells[1].distances(), cells[0].distances()];
        for (cell, distances) in cells.iter().zip(&distances) {
            for (index, distance) in distances.iter().enumerate() {
                if cell.inside[index] && *distance < gap && self.territory.nucleus[index] > 0.5 {
                    self.empty(index);
                }
            }
        }
    }
}

/// Stains the cells that divide, and the ground that they left, as the rest of the field is stained.
pub(super) fn restain(scene: &Scene, left: &[bool], channels: &mut Channels, seed: FieldSeed) {
    let mut stream = seed.stream(FieldPurpose::Reference, 0);
    let weight = |covers: &dyn Fn(usize) -> bool| {
        let mut canvas = scene.canvas();
        for (index, value) in canvas.values.iter_mut().enumerate() {
            *value = f32::from(u8::from(covers(index)));
        }
        canvas.blurred(0.3)
    };
    let emptied = weight(&|index| left[index]);
    let owners = &scene.territory.owner;
    let divides =
        |index: usize| owners[index] > 0 && scene.cells()[usize::from(owners[index]) - 1].divides();
    let rounded = weight(&divides);
    let drawings = Drawings::new(scene, seed);
    let grain = Grain::new(&mut stream, 1.0);
    let mut restain = |pixels: &mut Vec<u8>, light: &dyn Fn(usize, f32, [f32; 2]) -> [f32; 2]| {
        let levels = Levels::of(scene, pixels);
        for (index, level) in pixels.iter_mut().enumerate() {
            let now = f32::from(*level);
            let (gone, new) = (emptied.values[index], rounded.values[index]);
            let [body, added] = light(index, grain.at(scene.territory.place(index)), levels.bright);
            let filled = body * thick(scene, index);
            let value = now + (levels.glass - now) * gone.max(new) + filled * new + added;
            // Where nothing is new, the noise is the reference's own.
            let fresh = gone.max(new).max((added / 40.0).min(1.0));
            let noise = fresh * (0.8 + 0.3 * value.max(0.0).sqrt()) * stream.normal();
            if fresh > 0.01 {
                *level = (value + noise + 0.5) as u8;
            }
        }
    };
    let inner = |index: usize| scene.territory.nucleus[index] < 0.0;
    restain(&mut channels.red, &|index, grain, [cytoplasm, _]| {
        let body = cytoplasm * (1.0 + 0.15 * grain);
        [body, 1.2 * cytoplasm * drawings.red.values[index]]
    });
    restain(&mut channels.blue, &|index, grain, [cytoplasm, nucleus]| {
        let body = cytoplasm * (0.8 + 0.2 * grain);
        [body, 1.2 * nucleus * drawings.blue.values[index]]
    });
    if let Some(yellow) = &mut channels.yellow {
        restain(yellow, &|index, grain, [cytoplasm, _]| {
            let share = if inner(index) { 0.55 } else { 1.0 };
            [share * cytoplasm * (1.1 + 0.2 * grain), 0.0]
        });
    }
}

/// The height of a rounded cell at a pixel.
fn thick(scene: &Scene, index: usize) -> f32 {
    scene
        .territory
        .at(scene.territory.place(index))
        .map_or(0.4, |site| 0.4 + 0.6 * smooth_step(0.0, 3.0, site.rim))
}

/// What dividing cells show in red and blue: spindles, bridges and chromosomes.
struct Drawings {
    red: Canvas,
    blue: Canvas,
}

impl Drawings {
    fn new(scene: &Scene, seed: FieldSeed) -> Self {
        let drawn = |channel: usize, light: f32, draw: &dyn Fn(&mut Staining)| {
            let mut canvas = scene.canvas();
            draw(&mut Staining {
                scene,
                microtubules: &[],
                canvas: &mut canvas,
                stream: seed.stream(FieldPurpose::Reference, 1 + channel),
                brightness: vec![light; scene.cells().len()],
                veiled: true,
            });
            canvas.blurred(0.12)
        };
        Self {
            // Nothing is as bright in red as the bundle in a bridge.
            red: drawn(0, 1.8, &|staining| {
                spindles(staining, 0.6);
                bridge_bundle(staining);
            }),
            blue: drawn(2, 1.0, &chromosomes),
        }
    }
}

/// A channel's grey values: of glass, and of bright cytoplasm and nuclei.
struct Levels {
    glass: f32,
    bright: [f32; 2],
}

impl Levels {
    fn of(scene: &Scene, pixels: &[u8]) -> Self {
        let level = |index: usize| f32::from(pixels[index]);
        let sites = || scene.territory.sites();
        let nuclei = sites().filter(|(_, site)| site.nucleus < -0.5);
        let cytoplasm = sites().filter(|(_, site)| site.nucleus > 0.5);
        let bright =
            |share: f32, sites: &mut dyn Iterator<Item = usize>| quantile(sites.map(level), share);
        Self {
            glass: quantile((0..pixels.len()).map(level), 0.02),
            bright: [
                bright(0.75, &mut cytoplasm.map(|(index, _)| index)),
                bright(0.8, &mut nuclei.map(|(index, _)| index)),
            ],
        }
    }
}
