//! The prediction of large folders: shares of them, a log that survives interruptions, and tables.

pub mod log;
pub mod merge;
pub mod outcome;
pub mod outputs;
pub mod pace;
pub mod parquet;
pub mod provenance;
pub mod shard;
pub mod table;
