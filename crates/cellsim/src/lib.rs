//! Simulated fields: cells as the Human Protein Atlas's microscopes show them, with the protein in any of the 28 locations.
//!
//! No part of a real image goes into them; painted fields, of which only the protein is drawn, keep the other channels of fields
//! that are given. They serve for tests, for demonstrations and for teaching a network the geometry of the locations before it
//! sees real fields; they do not replace real fields. Every length in here is in micrometres: a field is 164 wide whatever its
//! size in pixels, so structures keep their proportions at every size.
//!
//! Modules name only those before them: random, geometry, texture, canvas; `cell_line`, settings, cell, layout, population,
//! territory, scene, microtubules, staining; the drawings (nucleus, endomembrane, vesicles, surface, division, cytoskeleton),
//! locations, `cell_labels`; debris, optics, field; reference, painting; names, hash, `reference_set`; `label_sets`, set, samples.

mod canvas;
mod cell;
mod cell_labels;
mod cell_line;
mod cytoskeleton;
mod debris;
mod division;
mod endomembrane;
mod field;
mod geometry;
mod hash;
mod label_sets;
mod layout;
mod locations;
mod microtubules;
mod names;
mod nucleus;
mod optics;
#[cfg(test)]
mod painted_set_tests;
mod painting;
mod population;
mod random;
mod reference;
mod reference_set;
mod samples;
mod scene;
mod set;
mod settings;
mod staining;
mod surface;
mod territory;
#[cfg(test)]
mod tests;
mod texture;
mod vesicles;

pub use label_sets::{balanced_label_sets, drawn_label_sets};
pub use names::{ATTRIBUTION, ID_PREFIX, PAINTED_PREFIX};
pub use reference_set::References;
pub use samples::write_samples;
pub use set::{SetFolder, SetPlan};
pub use settings::SIZES;
