//! Fields whose cells are known, pixel by pixel: sets with masks, and what a network that finds cells learns of them.
//!
//! From low to high: `mask`, `labels`, `set`, `targets`, `augmentation`, `examples`.

pub(crate) mod augmentation;
mod examples;
mod labels;
mod mask;
mod set;
mod targets;

pub use augmentation::MaskedAugmentation;
pub use examples::MaskedExamples;
pub use labels::read_cell_labels;
pub use mask::{Mask, read_mask};
pub use set::{MASK_FOLDER, MaskedField, MaskedSet, Truth};
pub use targets::OUTPUTS;
