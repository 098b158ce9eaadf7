//! Models for other tools, as ONNX files.
//!
//! [`onnx`] writes a model, [`graph`] builds graphs, [`networks`] has the graph of each network, and
//! [`protobuf`] the messages of the file. `cytolens::model::weights` writes weights alone, under the names
//! of torchvision and timm.

mod graph;
mod networks;
pub mod onnx;
mod protobuf;
#[cfg(test)]
mod tests;
