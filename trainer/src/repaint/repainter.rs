//! The painting of rare samples' copies into a folder, several samples at a time.

use std::path::Path;

use anyhow::Result;
use cytolens_core::Channel;
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_data::noticed::Noticed;
use cytolens_data::png::{Packing, Pixels, write_png};
use cytolens_data::views::turned;
use cytolens_field::{Field, Plane, Samples, square_bytes};
use serde::{Deserialize, Serialize};

use super::painters::Painters;
use super::rare::{RareCopy, RareSample};
use crate::predict::log::{LogEntry, LogRow};

/// The samples that a worker may be ahead of the one to be recorded next.
const AHEAD: usize = 4;

/// What the log keeps of a sample whose copies are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repainted {
    /// The sample's id.
    pub id: String,
}

impl LogRow for Repainted {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The painting of copies into a folder.
#[derive(Debug)]
pub struct Repainter<'a> {
    /// The painters.
    pub painters: &'a Painters,
    /// What is noticed of fields as they are read.
    pub noticed: &'a Noticed,
    /// The folder.
    pub out: &'a Path,
}

/// The central square of a field's green.
struct Green {
    /// In pixels.
    side: u32,
    /// `[side, side]`, from 0 to 255.
    levels: Vec<u8>,
}

impl Repainter<'_> {
    /// Writes the copies of samples on several threads, and gives the samples' entries to `done` in order.
    ///
    /// # Errors
    /// If a file cannot be written. Samples whose green cannot be read are entries, and the others go on.
    pub fn run(
        &self,
        samples: &[RareSample],
        workers: usize,
        mut done: impl FnMut(LogEntry<Repainted>) -> Result<()>,
    ) -> Result<()> {
        let threads = Threads {
            workers,
            ahead: AHEAD * workers,
        };
        std::thread::scope(|scope| {
            let entry = |index: usize| self.entry(&samples[index]);
            Ahead::scoped(scope, samples.len(), threads, entry).try_for_each(|entry| done(entry?))
        })
    }

    fn entry(&self, rare: &RareSample) -> Result<LogEntry<Repainted>> {
        let id = rare.sample.field.id.clone();
        match self.green(&rare.sample.field) {
            Ok(green) => {
                for copy in &rare.copies {
                    self.write(copy, &green)?;
                }
                Ok(LogEntry::Row(Repainted { id }))
            }
            Err(fault) => Ok(LogEntry::Fault { id, fault }),
        }
    }

    fn green(&self, field: &FieldOnDisk) -> Result<Green, Fault> {
        let field = field.read()?;
        self.noticed.look_at(&field);
        let Some(plane) = field.plane(Channel::Green) else {
            return Err(Fault::new(
                field.id(),
                "no green channel, of which the others are painted",
            ));
        };
        let side = plane.width().min(plane.height());
        Ok(Green {
            side,
            levels: square_bytes(plane, side),
        })
    }

    /// Writes the channels of a copy. The green is turned before it is painted on: to a network each view is another field.
    fn write(&self, copy: &RareCopy, green: &Green) -> Result<()> {
        let side = green.side;
        let levels = turned(&green.levels, side as usize, copy.view);
        let green = Plane::new(side, side, Samples::Eight(levels))?;
        let field = Field::new(&copy.id, [(Channel::Green, green)])?;
        let field = self.painters.painted(field)?;
        for channel in field.channels() {
            if let Some(plane) = field.plane(channel) {
                let path = self.out.join(format!("{}_{channel}.png", copy.id));
                let levels = square_bytes(plane, side);
                write_png(&path, Pixels::Gray(&levels), side as usize, Packing::Fast)?;
            }
        }
        Ok(())
    }
}
