//! Fields of view: decoding, composition, plates and previews.
//!
//! [`decode_field`] decodes files into a [`Field`]. [`Composition::compose`] turns a field into the input planes of a network;
//! [`plates`] and [`preview`] turn it into pictures for display, one grey image a channel or one in colour.

mod colour;
mod composition;
mod container;
mod decode;
mod description;
mod directory;
mod error;
mod field;
mod limits;
mod plate;
mod preview;
mod resize;
mod stack;

pub use composition::{
    Composition, Level, MissingChannels, NoSuchComposition, Planes, normalise, square, square_bytes,
};
pub use decode::{Source, decode_field};
pub use error::{FieldError, ImageFault, described};
pub use field::{Field, Plane, Samples};
pub use plate::{Plate, Plates, plates, white_level};
pub use preview::{Preview, preview};
