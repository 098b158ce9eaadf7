//! What the pooled feature vectors of fields tell: which fields are similar, which are unlike all that a model learnt from, which
//! belong to classes of one's own, and where they lie on a map. No network runs here and nothing is read or written but bytes, so
//! that page and trainer share it.
//!
//! From low to high: [`direction`], [`Space`], [`Rows`]; `votes`, [`Index`] and [`average_precision_at`], [`Familiar`], [`Head`] and
//! [`wilson`], [`Standard`] and [`Logistic`], [`Scatter`].

mod base64;
mod familiar;
mod head;
mod index;
mod linear;
mod logistic;
mod retrieval;
mod rows;
mod scatter;
mod space;
mod vector;
mod votes;
mod wilson;

pub use familiar::{Familiar, FamiliarError};
pub use head::{
    Example, Head, HeadError, HeadFile, HeadVersion, LEAST_EXAMPLES, MOST_EXAMPLES, Taught, Trial,
};
pub use index::{
    About, Description, Entry, INDEX, Index, IndexError, THUMBNAILS, VECTORS, Version,
};
pub use logistic::{Logistic, Standard};
pub use retrieval::{average_precision_at, mean_average_precision_at};
pub use rows::{Neighbour, Rows};
pub use scatter::{MOST_POINTS, Scatter};
pub use space::Space;
pub use vector::{direction, from_halves, to_halves};
pub use wilson::wilson;
