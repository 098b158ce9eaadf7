//! Linear probing: a head trained over the features of a backbone that does not change. Minutes on a
//! CPU, where whole networks take days.

pub mod features;
pub mod head;
pub mod recipe;
