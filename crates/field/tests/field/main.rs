//! Fields as the trainer and the browser meet them: names, files, refusals, input planes, previews.

mod colours;
mod composing;
mod decoding;
mod depths;
mod doubts;
mod files;
mod grouping;
mod previewing;
mod real_data;
mod refusals;
mod stacks;
