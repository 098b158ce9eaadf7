//! Painters, which paint one channel of a field from others: their training, package and scores.
//!
//! From low to high: [`recipe`] and `loss`, `mix`, [`survey`], [`likeness`], [`training`], [`package`], [`score`].

pub mod likeness;
mod loss;
mod mix;
pub mod package;
pub mod recipe;
pub mod score;
pub mod survey;
pub mod training;
