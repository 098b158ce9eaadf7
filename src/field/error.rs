//! Why files do not make a field, or a field no input.

use super::Channel;

/// Why one file is refused, in words for visitors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// No byte.
    #[error("the file is empty")]
    Empty,
    /// More bytes than an image within the limits needs.
    #[error("the file is larger than {limit} bytes, the most that is read")]
    TooManyBytes {
        /// The most bytes a file may have.
        limit: usize,
    },
    /// The content is none of an image, whatever the name says.
    #[error("the content is no PNG, JPEG or TIFF image")]
    NotAnImage,
    /// An image of another format.
    #[error("only PNG, JPEG and TIFF images are read, not {format}")]
    OtherFormat {
        /// The format's name, for example `GIF`.
        format: String,
    },
    /// The image is too small or too large.
    #[error("an image must measure from {min} to {max} px a side, not {width} × {height} px")]
    Size {
        /// The least pixels a side.
        min: u32,
        /// The most pixels a side.
        max: u32,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// Decoding would need more memory than an image within the limits does.
    #[error("decoding needs too much memory")]
    TooMuchMemory,
    /// The end is missing.
    #[error("the file ends before its image does, as after a broken download")]
    Truncated,
    /// The bytes contradict the format or their own checksums.
    #[error("the file is damaged ({detail})")]
    Damaged {
        /// What the decoder says.
        detail: String,
    },
    /// An animation, or a TIFF of several pages.
    #[error("the file holds several pages or frames, where one image is expected")]
    SeveralImages,
    /// Samples that are not whole numbers of 8 or 16 bit.
    #[error("samples must be whole numbers of 8 or 16 bit, not {found}")]
    SampleKind {
        /// What they are, for example `floating-point numbers of 32 bit`.
        found: String,
    },
    /// A variety of the format that no decoder here knows.
    #[error("this variety of image is not read ({detail})")]
    Unsupported {
        /// What the decoder says.
        detail: String,
    },
    /// A channel's file that is not grey.
    #[error("the file of a channel must be a grey image, not {found}")]
    ChannelNotGrey {
        /// What it is, for example `an RGB image`.
        found: &'static str,
    },
    /// A composite that is not RGB.
    #[error("a file whose name ends in no channel must be an RGB image, not {found}")]
    CompositeNotRgb {
        /// What it is, for example `a grey image`.
        found: &'static str,
    },
    /// A composite some pixels of which are not opaque.
    #[error("a composite must be opaque, but parts of this one are transparent")]
    Transparent,
}

/// Why files do not make a field, or a field no input. Texts are for visitors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// One file is refused.
    #[error("{fault}: {file}")]
    File {
        /// The file's name.
        file: String,
        /// Why.
        fault: ImageFault,
    },
    /// A composite beside other files.
    #[error("a composite is a whole field, but field {id} has other files beside it: {file}")]
    CompositeNotAlone {
        /// The field's id.
        id: String,
        /// The composite's name.
        file: String,
    },
    /// No file or channel at all.
    #[error("the field has no channel: {id}")]
    NoFiles {
        /// The field's id.
        id: String,
    },
    /// One channel given twice.
    #[error("the field has its {channel} channel already: {second}")]
    ChannelTwice {
        /// The channel.
        channel: Channel,
        /// The name of the second file.
        second: String,
    },
    /// Two channels of different sizes.
    #[error(
        "all channels of a field must have the same size, not {}: {first}, and {}: {second}",
        pixels(.first_size), pixels(.second_size)
    )]
    SizesDiffer {
        /// The name of the first file.
        first: String,
        /// Its width and height in pixels.
        first_size: (u32, u32),
        /// The name of the other file.
        second: String,
        /// Its width and height in pixels.
        second_size: (u32, u32),
    },
    /// Two channels of different depths: one of them was likely rescaled.
    #[error(
        "all channels of a field must have the same depth, not {first_bits} bit: {first}, and {second_bits} bit: {second}"
    )]
    DepthsDiffer {
        /// The name of the first file.
        first: String,
        /// Its bits a sample.
        first_bits: u32,
        /// The name of the other file.
        second: String,
        /// Its bits a sample.
        second_bits: u32,
    },
    /// A plane whose samples do not fill its rectangle.
    #[error("a plane of {width} × {height} px cannot have {count} samples")]
    SampleCount {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// How many samples were given.
        count: usize,
    },
    /// The field lacks a channel that the composition needs.
    #[error("the composition {composition} needs the channel {channel}; field {id} has only {}", names(.present))]
    MissingChannel {
        /// The composition's name.
        composition: &'static str,
        /// The channel that is missing.
        channel: Channel,
        /// The field's id.
        id: String,
        /// The channels the field has.
        present: Vec<Channel>,
    },
}

fn pixels((width, height): &(u32, u32)) -> String {
    format!("{width} × {height} px")
}

fn names(channels: &[Channel]) -> String {
    let names: Vec<_> = channels.iter().map(|channel| channel.name()).collect();
    names.join(", ")
}
