//! Fields of view: decoding, composition, plates and previews.
//!
//! [`decode_field`] decodes files into a [`Field`]. [`Composition::compose`] turns a field into the input planes of a network;
//! [`plates`] and [`preview`] turn it into pictures for display, one grey image a channel or one in colour.

mod canvas;
mod colour;
mod composition;
mod decode;
mod description;
mod directory;
mod doubts;
mod error;
mod field;
mod jpeg;
mod limits;
mod names;
mod notice;
mod page;
mod picture;
mod pixel_size;
mod plate;
mod png;
mod preview;
mod resize;
mod scale;
mod stack;
mod unpack;

pub use composition::{
    Composition, Level, MissingChannels, NoSuchComposition, Planes, normalise, square, square_bytes,
};
pub use decode::{FieldDecoder, Source, decode_field};
pub use doubts::{Doubt, doubts};
pub use error::{FieldError, ImageFault, described};
pub use field::{Field, Plane, Samples};
pub use notice::Notice;
pub use plate::{Plate, Plates, plates, white_level};
pub use preview::{Preview, preview};
