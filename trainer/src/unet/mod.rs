//! U-Nets that answer pixel by pixel, whatever they are for: recipe, training, package.
//!
//! From low to high: [`recipe`], [`fields`], `learner`, [`training`], [`package`].

pub mod fields;
mod learner;
pub mod package;
pub mod recipe;
pub mod training;
