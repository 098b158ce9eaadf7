//! The report on which tensors of a file fit a network.

use std::fmt;

/// The number of names that a report lists of each kind; the others are counted.
const LISTED: usize = 8;

/// The report on tensors that were put into a network, by their names in files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TensorsReport {
    /// The tensors that the network took.
    pub applied: Vec<String>,
    /// The network's tensors that the file lacks.
    pub missing: Vec<String>,
    /// The file's tensors that the network lacks.
    pub unexpected: Vec<String>,
    /// Tensors that both have, in different shapes or unreadable: each with the reason.
    pub unfit: Vec<(String, String)>,
}

impl TensorsReport {
    /// Returns whether the file had every tensor of the network and no other.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.unfit.is_empty()
    }
}

impl fmt::Display for TensorsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors taken", self.applied.len())?;
        list(f, "missing", &self.missing)?;
        list(f, "unexpected", &self.unexpected)?;
        let unfit: Vec<String> = self
            .unfit
            .iter()
            .map(|(name, reason)| format!("{name} ({reason})"))
            .collect();
        list(f, "unfit", &unfit)
    }
}

fn list(f: &mut fmt::Formatter<'_>, what: &str, names: &[String]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    write!(
        f,
        "; {} {what}: {}",
        names.len(),
        names[..names.len().min(LISTED)].join(", ")
    )?;
    if names.len() > LISTED {
        write!(f, " and {} more", names.len() - LISTED)
    } else {
        Ok(())
    }
}

/// A failure to read weights, to put them into a network, or to write them.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file's name has no known extension.
    #[error("weights must be a .safetensors, .pth, .pt or .bin file: {0}")]
    UnknownFormat(String),
    /// The file's contents are not of the format that its name says.
    #[error("cannot read the weights: {0}")]
    Unreadable(String),
    /// The tensors are not those of the network.
    #[error("the weights do not fit the network: {0}")]
    DoNotFit(TensorsReport),
    /// The tensors could not be written.
    #[error("cannot write the weights: {0}")]
    Unwritable(String),
}
