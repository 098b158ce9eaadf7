//! The cells of a reference: their mask, thickness and territories, from the red and yellow channels.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::canvas::Canvas;

use super::levels::{otsu_of_roots, quantile};
use super::mask::{Mask, around};

/// The least light of cells, 1 being white.
const LEAST_LIGHT: f32 = 5.0 / 255.0;

/// The ground that cells cover, and their thickness there.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) mask: Mask,
    /// The light of cytoplasm, smoothed: about 1 where cells are thick.
    pub(super) thickness: Canvas,
}

/// Finds the ground that cells cover: where there is cytoplasm or a nucleus.
pub(super) fn find_ground(cytoplasm: &Canvas, nuclei: &[u16]) -> Ground {
    let (size, scale) = (cytoplasm.size, cytoplasm.scale);
    let smooth = cytoplasm.blurred(0.5);
    let glass = quantile(smooth.values.iter().copied(), 0.02);
    // Cells thin out towards their rim, far below the threshold that divides the field best.
    let threshold = (0.25 * otsu_of_roots(&smooth.values))
        .max(LEAST_LIGHT)
        .max(1.5 * glass.min(0.06));
    let area = scale * scale;
    let mask = Mask::new(size, |index| {
        smooth.values[index] > threshold || nuclei[index] > 0
    })
    .closed(0.7 * scale)
    .filled((30.0 * area) as usize)
    .opened(0.4 * scale);
    let mut thickness = cytoplasm.blurred(0.7);
    let inside = (0..mask.inside.len()).filter(|index| mask.inside[*index]);
    let bright = quantile(inside.map(|index| thickness.values[index]), 0.93).max(0.02);
    for value in &mut thickness.values {
        *value = (*value / bright).min(1.5);
    }
    Ground { mask, thickness }
}

/// The number of the cell at each pixel, from 1; 0 outside cells.
///
/// Cells grow from their nuclei over the ground, faster where it is bright: they meet in the dark lines between neighbours.
/// Ground that hangs together with no nucleus is nobody's.
pub(super) fn divide(ground: &Ground, nuclei: &[u16]) -> Vec<u16> {
    let size = ground.mask.size;
    let mut owner = vec![0_u16; nuclei.len()];
    let mut costs = vec![u32::MAX; nuclei.len()];
    let mut front: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
    for (index, nucleus) in nuclei.iter().enumerate() {
        if *nucleus > 0 {
            (owner[index], costs[index]) = (*nucleus, 0);
            let at_edge = around(index, size).any(|(other, _)| nuclei[other] != *nucleus);
            if at_edge {
                front.push(Reverse((0, index as u32)));
            }
        }
    }
    while let Some(Reverse((cost, index))) = front.pop() {
        let index = index as usize;
        if cost > costs[index] {
            continue;
        }
        for (other, step) in around(index, size) {
            if !ground.mask.inside[other] {
                continue;
            }
            let bright = ground.thickness.values[other].min(1.0);
            let next = cost + (64.0 * step / (0.12 + bright)) as u32;
            if next < costs[other] {
                (owner[other], costs[other]) = (owner[index], next);
                front.push(Reverse((next, other as u32)));
            }
        }
    }
    owner
}
