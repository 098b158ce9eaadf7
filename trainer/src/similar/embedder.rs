//! The features of fields on a device.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use cytolens::classifier::Classifier;
use cytolens::package::Package;
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_field::Field;
use cytolens_report::progress::progress;

use crate::device::DeviceChoice;

/// A network on a device, asked for features alone.
#[derive(Debug)]
pub struct Embedder {
    classifier: Classifier,
    /// One field keeps a GPU busy. It does not keep all cores busy.
    turns: Option<Mutex<()>>,
}

impl Embedder {
    /// Opens a package on a device.
    ///
    /// # Errors
    /// If the device does not start or the package does not fit it.
    pub fn new(package: &Package, device: DeviceChoice) -> Result<Self> {
        Ok(Self {
            classifier: Classifier::new(package, device.open()?)?,
            turns: (device != DeviceChoice::Flex).then(|| Mutex::new(())),
        })
    }

    /// The pooled features of a field, or why it has none.
    ///
    /// # Errors
    /// If the device fails.
    pub fn features(&self, field: &Field) -> Result<Result<Vec<f32>, Fault>> {
        let planes = match self.classifier.compose(field) {
            Ok(planes) => planes,
            Err(error) => return Ok(Err(Fault::new(field.id(), error.to_string()))),
        };
        let turns = self.turns.as_ref();
        let turn = turns.map(|turns| turns.lock().unwrap_or_else(PoisonError::into_inner));
        let features = self.classifier.features(&planes);
        let pooled = pollster::block_on(self.classifier.pooled(&features))?;
        drop(turn);
        Ok(Ok(pooled))
    }

    /// The pooled features of fields, in their order, and the faults of those that have none.
    ///
    /// # Errors
    /// If the device fails.
    pub fn vectors(
        &self,
        fields: &[FieldOnDisk],
        workers: usize,
    ) -> Result<(Vec<Vec<f32>>, Vec<Fault>)> {
        let threads = Threads {
            workers,
            ahead: workers,
        };
        let bar = progress(fields.len(), "Looking at fields");
        let one = |at: usize| match fields[at].read() {
            Ok(field) => self.features(&field),
            Err(error) => Ok(Err(error.into())),
        };
        let (mut vectors, mut faults) = (Vec::new(), Vec::new());
        std::thread::scope(|scope| -> Result<()> {
            for outcome in Ahead::scoped(scope, fields.len(), threads, one) {
                match outcome? {
                    Ok(vector) => vectors.push(vector),
                    Err(fault) => faults.push(fault),
                }
                bar.inc(1);
            }
            Ok(())
        })?;
        bar.finish();
        Ok((vectors, faults))
    }
}
