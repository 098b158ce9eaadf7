//! Linear probing: a head trained over the features of a frozen backbone, in minutes on a CPU, where
//! whole networks take days.

pub mod features;
pub mod head;
pub mod recipe;
