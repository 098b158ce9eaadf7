//! Models for other tools: ONNX files, by our own few structs of its format.
//!
//! [`onnx`] writes a model; [`graph`] builds graphs, [`networks`] says what each network's is, and
//! [`protobuf`] is the file's form. Weights alone, under torchvision's and timm's names, are
//! `cytolens::model::weights`' business.

mod graph;
mod networks;
pub mod onnx;
mod protobuf;
#[cfg(test)]
mod tests;
