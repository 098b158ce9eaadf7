//! The drawing of each of the 28 locations.

use crate::staining::Staining;
use crate::{cytoskeleton, division, endomembrane, nucleus, surface, vesicles};

/// Draws a location, by its class number.
pub(crate) fn draw(class: usize, staining: &mut Staining) {
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
        11 => cytoskeleton::intermediate_filaments(staining),
        12 => cytoskeleton::actin(staining),
        13 => surface::focal_adhesions(staining),
        14 => cytoskeleton::microtubules(staining),
        15 => cytoskeleton::microtubule_ends(staining),
        16 => division::cytokinetic_bridge(staining),
        17 => division::mitotic_spindle(staining),
        18 => cytoskeleton::organising_centre(staining),
        19 => cytoskeleton::centrosome(staining),
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
