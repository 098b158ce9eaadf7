//! The errors of decoding and composition.

use cytolens_core::{Channel, ChannelOrder, OtherFormat};

/// A reason to refuse a file, in words for users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// An empty file.
    #[error("the file is empty")]
    Empty,
    /// A file of more bytes than an image within the limits needs.
    #[error("the file is larger than {limit} bytes, the most that is read")]
    TooManyBytes {
        /// The most bytes a file may have.
        limit: usize,
    },
    /// A file inside gzip that would unpack to far more than it is.
    #[error(
        "the file would grow from {packed} kB to more than {unpacked} MB, as a decompression bomb does: bring the image without gzip around it"
    )]
    Bomb {
        /// The bytes of the file in kB.
        packed: usize,
        /// The most bytes to which it may unpack in MB.
        unpacked: usize,
    },
    /// Content that is no image, whatever the name says.
    #[error("the content is no PNG, JPEG or TIFF image")]
    NotAnImage,
    /// Content of a format that is known and not read.
    #[error("the content is no PNG, JPEG or TIFF image, but {format}")]
    OtherFormat {
        /// The format, and what to do with it.
        format: OtherFormat,
    },
    /// An image that is too small or too large.
    #[error("an image must measure from {min} to {max} px a side, not {width} × {height} px")]
    Size {
        /// The least pixels a side.
        min: u32,
        /// The most pixels a side.
        max: u32,
        /// The image's width in pixels.
        width: u32,
        /// The image's height in pixels.
        height: u32,
    },
    /// An image that needs more memory to decode than one within the limits.
    #[error(
        "decoding needs more than {limit} MB of memory: save the image smaller, or as a TIFF without packing"
    )]
    TooMuchMemory {
        /// The most memory in MB.
        limit: u64,
    },
    /// A file whose end is missing.
    #[error("the file ends before its image does, as after a broken download")]
    Truncated,
    /// Bytes that contradict the format or their own checksums.
    #[error("the file is damaged ({detail})")]
    Damaged {
        /// The decoder's message.
        detail: String,
    },
    /// An animation, or a TIFF of several pages.
    #[error("the file holds several pages or frames, where one image is expected")]
    SeveralImages,
    /// Samples that are not whole numbers of 8 or 16 bit.
    #[error("samples must be whole numbers of 8 or 16 bit, not {found}")]
    SampleKind {
        /// A name of their type, such as `floating-point numbers of 32 bit`.
        found: String,
    },
    /// A variety of the format that is not read.
    #[error("this variety of image is not read ({what}): save it as a plain TIFF or PNG")]
    Unsupported {
        /// A name of the variety, such as `bits in reverse`.
        what: String,
    },
    /// A TIFF whose samples are packed in a way that is not read.
    #[error(
        "the TIFF is packed with {name}, which is not read: save it without packing, or with LZW"
    )]
    Packing {
        /// A name of the packing, such as `JPEG 2000`.
        name: String,
    },
    /// A channel's file that is not grey.
    #[error("the file of a channel must be a grey image, not {found}")]
    ChannelNotGrey {
        /// A name of the image's colours, such as `an RGB image`.
        found: &'static str,
    },
    /// A channel's file in colours that are not the channel's.
    #[error("the file of the {channel} channel must be grey, or {channel} on black, not {found}")]
    OtherColour {
        /// The channel.
        channel: Channel,
        /// A name of the image's colours, such as `green on black`.
        found: &'static str,
    },
    /// A composite that is not RGB.
    #[error(
        "a file whose name ends in no channel must be an RGB image or a TIFF of all channels, not {found}"
    )]
    CompositeNotRgb {
        /// A name of the image's colours, such as `a grey image`.
        found: &'static str,
    },
    /// A composite some pixels of which are not opaque.
    #[error("a colour picture must be opaque, but parts of this one are transparent")]
    Transparent,
    /// A TIFF of many pages.
    #[error("the file holds more than {limit} pages, the most that are looked at")]
    TooManyPages {
        /// The most pages.
        limit: usize,
    },
    /// A TIFF of several pages, one of which is not grey.
    #[error("each page of a TIFF of several must be a grey image, one channel; page {page} is not")]
    PageNotGrey {
        /// The page's number, from 1.
        page: usize,
    },
    /// A TIFF of unnamed channels, neither three nor four.
    #[error(
        "the file holds {found} images, and nothing names their channels: only 3 (red, green, blue) and 4 (and yellow) tell themselves"
    )]
    ChannelCount {
        /// The number of pages, or of samples a pixel.
        found: usize,
    },
    /// An order of channels that does not fit the file.
    #[error("the order {order} does not fit the {found} images that the file holds")]
    OrderDiffers {
        /// The order.
        order: ChannelOrder,
        /// The number of pages, or of samples a pixel.
        found: usize,
    },
    /// Names that identify some channels, but not each of red, green and blue once.
    #[error(
        "red, green and blue cannot be told, once each, from the names of the file's channels ({names})"
    )]
    ChannelNames {
        /// The names in the file, separated by commas.
        names: String,
    },
    /// An OME-XML description of another number of channels than the file has.
    #[error("by its OME-XML the file has {described} channels, but it holds {found} images")]
    ChannelCountDiffers {
        /// The number of channels in the description.
        described: u64,
        /// The number of pages, or of samples a pixel.
        found: usize,
    },
    /// A stack in depth, or a series in time.
    #[error(
        "the file is a stack of {} (Z) and {} (T), where one image of each channel is expected; if they are the channels, give their order",
        counted(*.depths, "slice"),
        counted(*.times, "time point")
    )]
    SeveralPlanes {
        /// The number of depths.
        depths: u64,
        /// The number of times.
        times: u64,
    },
    /// An OME-TIFF of several fields.
    #[error("by its OME-XML the file holds {found} series, where one field is expected")]
    SeveralSeries {
        /// The number of series.
        found: usize,
    },
    /// An OME-TIFF whose channels lie in several files.
    #[error("by its OME-XML the channels lie in {found} files, which are not read together")]
    SeveralFiles {
        /// The number of files.
        found: usize,
    },
}

/// An error of decoding or composing a field. Messages are for users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A file that is refused.
    #[error("{fault}: {file}")]
    File {
        /// The file's name.
        file: String,
        /// The reason.
        fault: ImageFault,
    },
    /// A composite beside other files.
    #[error(
        "a file of all channels is a whole field, but field {id} has other files beside it: {file}"
    )]
    CompositeNotAlone {
        /// The field's id.
        id: String,
        /// The composite's name.
        file: String,
    },
    /// A field without any file or channel.
    #[error("the field has no channel: {id}")]
    NoFiles {
        /// The field's id.
        id: String,
    },
    /// A channel given twice.
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
        /// The width and height of the first in pixels.
        first_size: (u32, u32),
        /// The name of the other file.
        second: String,
        /// The width and height of the other in pixels.
        second_size: (u32, u32),
    },
    /// Two channels of different depths: one of them was probably rescaled.
    #[error(
        "all channels of a field must have the same bit depth, not {first_bits} bit: {first}, and {second_bits} bit: {second}"
    )]
    DepthsDiffer {
        /// The name of the first file.
        first: String,
        /// The bits of a sample of the first.
        first_bits: u32,
        /// The name of the other file.
        second: String,
        /// The bits of a sample of the other.
        second_bits: u32,
    },
    /// A plane whose number of samples is not `width * height`.
    #[error("a plane of {width} × {height} px cannot have {count} samples")]
    SampleCount {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
        /// The number of samples given.
        count: usize,
    },
    /// A number of bits outside 8 to 16.
    #[error("samples can be stretched from 8 to 16 bits, not from {bits}")]
    NoSuchBits {
        /// The bits asked for.
        bits: u32,
    },
    /// A sample that needs more bits than claimed.
    #[error(
        "samples of {claimed} bits reach {largest} at most, but the brightest is {brightest}: {id}"
    )]
    MoreBits {
        /// The bits claimed.
        claimed: u32,
        /// The brightest level of so many bits.
        largest: u16,
        /// The brightest level in the field.
        brightest: u16,
        /// The field's id.
        id: String,
    },
    /// A field without channels that the composition needs.
    #[error("missing: {}, which the model needs; field {id} has only {}", described(.missing), names(.present))]
    MissingChannels {
        /// The missing channels.
        missing: Vec<Channel>,
        /// The field's id.
        id: String,
        /// The channels of the field.
        present: Vec<Channel>,
    },
}

fn pixels((width, height): &(u32, u32)) -> String {
    format!("{width} × {height} px")
}

/// A number with its noun, for example `1 slice` and `3 slices`.
fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Channels with what they show, for example `red (microtubules), blue (nucleus)`.
pub fn described(channels: &[Channel]) -> String {
    let each = channels.iter();
    let each: Vec<_> = each
        .map(|channel| format!("{channel} ({})", channel.structure()))
        .collect();
    each.join(", ")
}

fn names(channels: &[Channel]) -> String {
    let names: Vec<_> = channels.iter().map(|channel| channel.name()).collect();
    names.join(", ")
}
