//! The repainting of rare samples: their greens again, each turned otherwise, with the other channels painted anew.
//!
//! From low to high: [`rare`], [`painters`], [`repainter`], [`set`].

pub mod painters;
pub mod rare;
pub mod repainter;
pub mod set;
