//! Limits on the files of fields.

/// The most pixels a side of a field in memory: twice the Human Protein Atlas's fields of 2048 px. Larger images are reduced as
/// they are decoded.
pub const MAX_SIDE: u32 = 4096;

/// The most pixels a side of an image in a file.
pub const MAX_FILE_SIDE: u32 = if cfg!(target_arch = "wasm32") {
    8192
} else {
    16_384
};

/// The fewest pixels a side: below, there is no cell to see.
pub const MIN_SIDE: u32 = 16;

/// The most bytes of a file: an uncompressed image of [`MAX_FILE_SIDE`], four channels, 16 bit, and 16 MB beside the samples.
pub const MAX_FILE_BYTES: usize = (MAX_FILE_SIDE as usize).pow(2) * 8 + (16 << 20);
