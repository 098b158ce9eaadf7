//! Fields as the trainer and the browser meet them: names, files, refusals, input planes, previews.

#![cfg(feature = "fields")]

mod colours;
mod composing;
mod decoding;
mod depths;
mod files;
mod grouping;
mod previewing;
mod real_data;
mod refusals;
mod stacks;
#[path = "../support/third_party.rs"]
mod third_party;
