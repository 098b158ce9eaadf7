//! Which drawing shows which of the 28 locations.

use super::cytoskeleton as fibres;
use super::scene::Staining;
use super::{division, endomembrane, nucleus, surface, vesicles};

/// Draws a location, by its class number.
pub(super) fn draw(class: usize, staining: &mut Staining) {
    match class {
        0 => nucleus::nucleoplasm(staining),
        1 => nucleus::membrane(staining),
        2 => nucleus::nucleoli(staining),
        3 => nucleus::fibrillar_centres(staining),
        4 => nucleus::speckles(staining),
        5 => nucleus::bodies(staining),
        6 => endomembrane::reticulum(staining),
        7 => endomembrane::golgi(staining),
        8 => vesicles::peroxisomes(staining),
        9 => vesicles::endosomes(staining),
        10 => vesicles::lysosomes(staining),
        11 => fibres::intermediate_filaments(staining),
        12 => fibres::actin(staining),
        13 => surface::focal_adhesions(staining),
        14 => fibres::microtubules(staining),
        15 => fibres::microtubule_ends(staining),
        16 => division::cytokinetic_bridge(staining),
        17 => division::mitotic_spindle(staining),
        18 => fibres::organising_centre(staining),
        19 => fibres::centrosome(staining),
        20 => vesicles::lipid_droplets(staining),
        21 => surface::plasma_membrane(staining),
        22 => surface::junctions(staining),
        23 => endomembrane::mitochondria(staining),
        24 => vesicles::aggresome(staining),
        25 => endomembrane::cytosol(staining),
        26 => vesicles::cytoplasmic_bodies(staining),
        27 => vesicles::rods_and_rings(staining),
        _ => unreachable!("a label set holds only the 28 classes"),
    }
}
