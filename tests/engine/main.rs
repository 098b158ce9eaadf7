//! The networks, their weights and packages, against references from elsewhere.

mod activation_maps;
mod cpu;
mod foreign_weights;
mod formula_weights;
mod networks;
mod packages;
mod parity;
mod support;
mod unet;
