//! What every kernel runs with.

use crate::pool::Pool;
use crate::processor::Processor;

/// A processor and the memory that computing on it uses again and again.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) processor: Processor,
    pub(crate) pool: Pool,
}

impl Engine {
    /// Makes an engine for these instructions.
    pub fn new(processor: Processor) -> Self {
        Self {
            processor,
            pool: Pool::default(),
        }
    }
}
