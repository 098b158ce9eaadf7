//! Predicting large folders: shares of them, decoding ahead, a log that outlives breaks, tables.

pub mod ahead;
pub mod log;
pub mod outputs;
pub mod pace;
pub mod parquet;
pub mod provenance;
pub mod shard;
pub mod table;
