//! The cell's rim: plasma membrane, cell junctions and focal adhesion sites.
//!
//! Descriptions follow <https://www.proteinatlas.org/humanproteome/subcellular/plasma+membrane> and the atlas's page on actin
//! filaments, which covers focal adhesion sites.

use crate::geometry::{Point, bell, smooth_step};
use crate::random::FieldStream;
use crate::staining::Staining;
use crate::texture::Grain;

/// Plasma membrane: a mottled sheet over the whole cell with ragged edges and spikes; fields differ in how far it is an outline
/// instead, and in how much brighter it is where cells touch.
pub(crate) fn plasma_membrane(staining: &mut Staining) {
    let look = MembraneLook::new(&mut staining.stream);
    let stream = &mut staining.stream;
    let fine_size = stream.between(0.5, 1.2);
    let fine = Grain::new(stream, fine_size);
    let clouds = Grain::new(stream, 5.0);
    let nick_size = stream.between(0.9, 2.6);
    let nicks = Grain::new(stream, nick_size);
    let ruffles = Grain::new(stream, 1.3);
    staining.shade(|scene, site, _| {
        let place = site.place;
        let torn = look.ragged * nicks.at(place).max(0.0);
        let edge = smooth_step(-0.4, 0.5, site.rim - torn);
        if edge <= 0.0 {
            return 0.0;
        }
        let mottle = (look.fine * fine.at(place) + look.clouds * clouds.at(place)).exp();
        let over_nucleus = smooth_step(1.0, -1.0, site.nucleus);
        let lifted = 1.0 - look.lifted * (1.0 - scene.thickness(site));
        let sheet = look.sheet * lifted * (1.0 + (look.nucleus - 1.0) * over_nucleus);
        let touching = if site.contact { look.touching } else { 0.0 };
        let line = (look.outline + touching) * bell(site.rim - torn, look.width);
        let folds = look.ruffled * ruffles.net(place, 0.4) * bell(site.rim, 2.5);
        // Cells round up to divide, and their membrane stands upright.
        let upright = if scene.cells()[site.cell].divides() {
            0.6 * bell(site.rim, 0.5)
        } else {
            0.0
        };
        edge * mottle * (sheet + line + folds + upright)
    });
    spikes(staining, look.spikes, 0.8 * (look.sheet + look.outline));
}

/// How a field's cells show their plasma membrane: the shares of the light in each of its parts.
struct MembraneLook {
    /// The sheet over the whole cell, and its share of light over the nucleus.
    sheet: f32,
    nucleus: f32,
    /// How far the sheet is brighter where the cell is thick, for the membrane above and below is out of focus elsewhere.
    lifted: f32,
    /// The line around the cell, and its width in micrometres.
    outline: f32,
    width: f32,
    /// What the line gains where two cells touch.
    touching: f32,
    ruffled: f32,
    /// Depth of the nicks in the edge, in micrometres.
    ragged: f32,
    /// Unevenness of the sheet, from grain to grain and from place to place.
    fine: f32,
    clouds: f32,
    /// Spikes a micrometre of edge.
    spikes: f32,
}

impl MembraneLook {
    /// Half of all fields show a sheet and hardly an outline, a sixth little but an outline.
    fn new(stream: &mut FieldStream) -> Self {
        let kind = stream.unit();
        let (sheet, outline) = if kind < 0.5 {
            (stream.between(0.5, 0.9), stream.between(0.0, 0.4))
        } else if kind < 0.83 {
            (stream.between(0.2, 0.6), stream.between(0.25, 0.9))
        } else {
            (stream.between(0.05, 0.2), stream.between(0.8, 1.2))
        };
        Self {
            sheet,
            nucleus: stream.between(0.45, 1.15),
            lifted: stream.between(-0.3, 0.7).max(0.0),
            outline,
            width: stream.between(0.3, 0.8),
            touching: if stream.chance(0.5) {
                stream.between(0.1, 0.9)
            } else {
                0.0
            },
            ruffled: stream.between(-0.3, 0.5).max(0.0),
            ragged: stream.between(0.2, 2.2),
            fine: stream.between(0.15, 0.6),
            clouds: stream.between(0.1, 0.4),
            spikes: stream.between(-0.1, 0.5).max(0.0),
        }
    }
}

/// Thin spikes that stand out from the cells' edges, `crowd` a micrometre.
fn spikes(staining: &mut Staining, crowd: f32, light: f32) {
    let scene = staining.scene;
    for cell in staining.resting_cells() {
        let owner = &scene.cells()[cell];
        let count = owner.outline.mean() * std::f32::consts::TAU * crowd;
        for _ in 0..count as usize {
            let Some(edge) = scene.edge(cell, staining.stream.angle()) else {
                continue;
            };
            let outward = (edge - owner.nucleus)
                .unit()
                .turned(0.3 * staining.stream.normal());
            let (back, length) = (
                staining.stream.between(0.3, 1.2),
                staining.stream.between(0.5, 3.0),
            );
            let height = light * staining.brightness[cell] * staining.stream.between(0.3, 1.0);
            let ends = [edge + outward * -back, edge + outward * length];
            staining.canvas.stroke(&ends, 0.35, |_| height);
        }
    }
}

/// Cell junctions: spotty, often diffuse or interrupted lines only where two cells touch.
pub(crate) fn junctions(staining: &mut Staining) {
    let width = staining.stream.between(0.3, 0.8);
    let patches = Grain::new(&mut staining.stream, 4.0);
    let spot_size = staining.stream.between(0.8, 1.6);
    let spots = Grain::new(&mut staining.stream, spot_size);
    let broken = staining.stream.between(0.2, 1.0);
    let spotty = staining.stream.between(0.3, 1.0);
    let diffuse = staining.stream.between(0.02, 0.2);
    let spread = staining.stream.between(0.8, 1.8);
    staining.shade(|_, site, _| {
        if !site.contact || site.rim > 5.0 {
            return 0.0;
        }
        let whole = 1.0 - broken * smooth_step(0.5, -0.7, patches.at(site.place));
        let dotted = 1.0 - spotty * smooth_step(0.8, -0.4, spots.at(site.place));
        whole * (1.2 * dotted * bell(site.rim, width) + diffuse * bell(site.rim, spread))
    });
    let background = staining.stream.between(0.03, 0.3);
    staining.haze(background);
}

/// Focal adhesion sites: short bright wedges near the rim that point along the cell's pull, some under the cell's middle.
pub(crate) fn focal_adhesions(staining: &mut Staining) {
    let scene = staining.scene;
    let crowd = staining.stream.between(0.12, 0.4);
    let length = staining.stream.between(0.8, 1.8);
    let patches = Grain::new(&mut staining.stream, 9.0);
    let inner = staining.stream.between(0.0, 0.35);
    for cell in staining.resting_cells() {
        let owner = &scene.cells()[cell];
        let count = (owner.outline.mean() * std::f32::consts::TAU * crowd * 1.6) as usize;
        for _ in 0..count {
            let angle = staining.stream.angle();
            let Some(edge) = scene.edge(cell, angle) else {
                continue;
            };
            // Adhesions crowd where the cell pulls.
            if !staining.stream.chance(0.65 + 0.6 * patches.at(edge)) {
                continue;
            }
            let centre_ward = (owner.centre - edge).unit();
            let in_middle = staining.stream.chance(inner);
            let depth = if in_middle {
                staining.stream.between(3.0, 10.0)
            } else {
                staining.stream.between(0.5, 2.2)
            };
            let place = edge + centre_ward * depth;
            if scene.territory.within(cell, place).is_none() {
                continue;
            }
            let axis = Point::at_angle(owner.axis);
            let side = if axis.x * centre_ward.x + axis.y * centre_ward.y < 0.0 {
                -1.0
            } else {
                1.0
            };
            let pull = centre_ward
                .mix(axis * side, 0.4)
                .unit()
                .turned(0.15 * staining.stream.normal());
            let long = length * staining.stream.between(0.6, 1.4);
            let light = staining.brightness[cell] * staining.stream.between(0.5, 1.1);
            staining.canvas.dash(place, pull, (long, 0.34), light);
        }
    }
    let background = staining.stream.between(0.04, 0.15);
    staining.haze(background);
}
