//! What was decided in reading a field, and what its samples suggest, for people to see.

use cytolens_core::Channel;

/// What was decided in reading a field, or what its samples suggest. As text, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// Samples of 16 bit that seem to be of a camera of less, and are dark until [`crate::Field::stretched`] by so many bits.
    #[error(
        "the samples use {bits} of 16 bits (the brightest is {brightest} of 65535), as those of a {bits}-bit camera do: read as they are they are dark, with {bits} bits chosen they are stretched"
    )]
    CameraBits {
        /// The camera's bits, such as 12.
        bits: u32,
        /// The brightest sample.
        brightest: u16,
    },
    /// Channels whose sizes differ by a pixel or two, and were cut at the right and below.
    #[error(
        "the channels differ by a pixel or two; all are cut to {} × {} px, from {} × {} px: {file}",
        .to.0, .to.1, .from.0, .from.1
    )]
    Cut {
        /// The name of the file of a larger channel.
        file: String,
        /// Its width and height in pixels.
        from: (u32, u32),
        /// The width and height of the field in pixels.
        to: (u32, u32),
    },
    /// A large image, reduced as it was decoded.
    #[error("{} × {} px are reduced to {} × {} px", .from.0, .from.1, .to.0, .to.1)]
    Reduced {
        /// The width and height in the file in pixels.
        from: (u32, u32),
        /// The width and height of the field in pixels.
        to: (u32, u32),
        /// The whole factor: each sample is the mean of a square of so many a side.
        factor: u32,
    },
    /// A field of another scale than the atlas's, cut to its middle or laid on black.
    #[error("the field is {from} µm wide; {}, so that cells look as large as in training", framed(*.to, *.is_cut))]
    Framed {
        /// The width of the central square before, in micrometres.
        from: u32,
        /// The width of the field now, in micrometres.
        to: u32,
        /// Whether something was cut.
        is_cut: bool,
    },
    /// Names of channels that name none of the four, so that the channels were taken by their order.
    #[error(
        "the names in the file ({names}) tell no channel, so its images are taken as {taken}, in that order: {file}"
    )]
    NamesPassedOver {
        /// The file's name.
        file: String,
        /// The names in the file, separated by commas.
        names: String,
        /// The channels in the order of the file's images, separated by commas.
        taken: String,
    },
    /// A channel that a network painted from the others.
    #[error("the {channel} channel was painted by a network from the others, and never measured")]
    Painted {
        /// The channel.
        channel: Channel,
    },
}

fn framed(to: u32, is_cut: bool) -> String {
    match is_cut {
        true => format!("its middle {to} µm are answered alone"),
        false => format!("it is laid on {to} µm of black"),
    }
}
