//! Why files do not make a field, or a field no input.

use cytolens_core::{Channel, ChannelOrder};

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
    /// A channel's file in colours that are not the channel's.
    #[error("the file of the {channel} channel must be grey, or {channel} on black, not {found}")]
    OtherColour {
        /// The channel.
        channel: Channel,
        /// What it is, for example `green on black`.
        found: &'static str,
    },
    /// A composite that is not RGB.
    #[error(
        "a file whose name ends in no channel must be an RGB image or a TIFF of all channels, not {found}"
    )]
    CompositeNotRgb {
        /// What it is, for example `a grey image`.
        found: &'static str,
    },
    /// A composite some pixels of which are not opaque.
    #[error("a composite must be opaque, but parts of this one are transparent")]
    Transparent,
    /// A TIFF of many pages.
    #[error("the file holds more than {limit} pages, the most that are looked at")]
    TooManyPages {
        /// The most pages.
        limit: usize,
    },
    /// A TIFF of several pages, one of which is no grey image.
    #[error("each page of a TIFF of several must be a grey image, one channel; page {page} is not")]
    PageNotGrey {
        /// From 1.
        page: usize,
    },
    /// A TIFF of as many channels as no field has, and nothing that names them.
    #[error(
        "the file holds {found} images, and nothing names their channels: only 3 (red, green, blue) and 4 (and yellow) tell themselves"
    )]
    ChannelCount {
        /// How many pages, or samples a pixel.
        found: usize,
    },
    /// The order given does not fit the file.
    #[error("the order {order} does not fit the {found} images that the file holds")]
    OrderDiffers {
        /// The order.
        order: ChannelOrder,
        /// How many pages, or samples a pixel.
        found: usize,
    },
    /// Names of which some are channels, but not all that a field needs.
    #[error(
        "red, green and blue cannot be told, once each, from the names of the file's channels ({names})"
    )]
    ChannelNames {
        /// As the file has them, parted by commas.
        names: String,
    },
    /// The description tells of other channels than there are.
    #[error("by its OME-XML the file has {told} channels, but it holds {found} images")]
    ChannelCountDiffers {
        /// By the description.
        told: u64,
        /// How many pages, or samples a pixel.
        found: usize,
    },
    /// A stack in depth, or a series in time.
    #[error(
        "the file holds {depths} depths (Z) and {times} times (T), where one plane of each channel is expected"
    )]
    SeveralPlanes {
        /// How many images over one another.
        depths: u64,
        /// How many after one another.
        times: u64,
    },
    /// An OME-TIFF of several fields.
    #[error("by its OME-XML the file holds {found} series, where one field is expected")]
    SeveralSeries {
        /// How many.
        found: usize,
    },
    /// An OME-TIFF that is one of several.
    #[error("by its OME-XML the channels lie in {found} files, which are not read together")]
    SeveralFiles {
        /// How many.
        found: usize,
    },
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
    /// A number of bits that samples cannot be stretched from.
    #[error("samples can be stretched from 8 to 16 bits, not from {bits}")]
    NoSuchBits {
        /// The bits asked for.
        bits: u32,
    },
    /// Samples of more bits than claimed.
    #[error(
        "samples of {claimed} bits reach {largest} at most, but the brightest is {brightest}: {id}"
    )]
    MoreBits {
        /// The bits claimed.
        claimed: u32,
        /// The brightest of so many bits.
        largest: u16,
        /// The brightest that the field has.
        brightest: u16,
        /// The field's id.
        id: String,
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
