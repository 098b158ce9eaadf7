//! `trainer simulate`: to be.
