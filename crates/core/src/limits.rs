//! Limits on the files of fields.

/// The most pixels a side: twice the Human Protein Atlas's fields of 2048 px.
pub const MAX_SIDE: u32 = 4096;

/// The fewest pixels a side: below, there is no cell to see.
pub const MIN_SIDE: u32 = 16;

/// The most bytes of a file: twice an uncompressed image of 4096 × 4096 px, four channels, 16 bit.
pub const MAX_FILE_BYTES: usize = 256 << 20;
