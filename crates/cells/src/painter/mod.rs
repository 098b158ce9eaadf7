//! Painters: U-Nets that paint one channel of a field from others.
//!
//! What is painted is a guess that looks like a measurement, so a painted field says so wherever it goes
//! ([`Field::painted`](cytolens_field::Field::painted)), and a package keeps what its painter has to beat ([`Baselines`]) beside what
//! was measured.
//!
//! From low to high: [`Painting`], [`Baselines`], [`PainterManifest`] and [`PainterPackage`], [`Painter`].

mod baselines;
mod manifest;
mod network;
mod painting;
#[cfg(test)]
mod tests;

pub use baselines::Baselines;
pub use manifest::{KIND, MOST_BYTES, PainterManifest, PainterPackage};
pub use network::{Painter, PainterError};
pub use painting::Painting;
