//! Fields as the trainer and the browser meet them: names, files, refusals, input planes, previews.

mod about;
mod colours;
mod composing;
mod corpus;
mod decoding;
mod depths;
mod doubts;
mod files;
mod greys;
mod grouping;
mod large;
mod names;
mod packings;
mod previewing;
mod real_data;
mod refusals;
mod secondary;
mod stacks;
mod tiffs;
