//! Names that sets of fields go by.

/// The beginning of every simulated field's id.
pub const ID_PREFIX: &str = "simulated-";

/// The beginning of every painted field's id.
pub const PAINTED_PREFIX: &str = "painted-";

/// The attribution of what the simulator draws.
pub const ATTRIBUTION: &str = "drawn by the Cytolens simulator";
