//! The package format: a folder with `manifest.json` and `weights.safetensors`.

/// The version of the package format that this code reads and writes.
pub const FORMAT: u32 = 1;

/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";

/// The weights' file name.
pub const WEIGHTS: &str = "weights.safetensors";
