//! What is measured of the fields before a painter learns from them.

use anyhow::{Context, Result};
use cytolens_cells::Planes;
use cytolens_cells::painter::{Baselines, Painting};
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_data::painter::read_planes;

use super::likeness::WINDOW;
use super::mix::MixSums;
use crate::unet::fields::each;

/// A field that has all of the channels.
#[derive(Debug)]
pub struct KnownField {
    /// Its planes at the painter's size, stretched.
    pub planes: Planes,
    /// The true levels of the painted channel, from 0 to 1.
    pub truth: Vec<f32>,
    /// The levels of samples that become 0 and 1 of the painted channel.
    ends: [f32; 2],
}

impl KnownField {
    /// Reads a field.
    ///
    /// # Errors
    /// A [`Fault`] for files that cannot be read, and for a field that lacks a channel, is too narrow to be compared, or whose
    /// painted channel has a single level.
    pub fn read(field: &FieldOnDisk, painting: &Painting, size: usize) -> Result<Self, Fault> {
        let mut planes = read_planes(field, painting, size)?;
        let fault = |reason: String| Err(Fault::new(&field.id, reason));
        if planes.width.min(planes.height) < WINDOW {
            return fault(format!(
                "too narrow: a side of less than {WINDOW} px where the longer one has {size}"
            ));
        }
        let ends = planes.stretch()[painting.paint as usize];
        let truth = painting.truth(&planes);
        if truth.iter().all(|level| *level == truth[0]) {
            return fault(format!("its {} channel has a single level", painting.paint));
        }
        Ok(Self {
            planes,
            truth,
            ends,
        })
    }
}

/// The fields of a set that have all of the channels, and what was measured of each.
#[derive(Debug)]
pub struct Survey {
    /// The fields.
    pub fields: Vec<FieldOnDisk>,
    /// The fields that are left out.
    pub faults: Vec<Fault>,
    measured: Vec<Measured>,
}

/// What is measured of a field.
#[derive(Debug)]
struct Measured {
    sums: MixSums,
    /// The levels of samples that become 0 and 1 of the painted channel.
    ends: [f32; 2],
}

impl Survey {
    /// Reads each field once, at the size that the painter sees; those that are no [`KnownField`] are left out.
    pub fn of(
        fields: &[FieldOnDisk],
        painting: &Painting,
        size: usize,
        workers: usize,
        done: impl Fn() + Sync,
    ) -> Self {
        let measure = |field: &FieldOnDisk| -> Result<(FieldOnDisk, Measured), Fault> {
            let KnownField { planes, ends, .. } = KnownField::read(field, painting, size)?;
            let sums = MixSums::of(painting, &planes);
            Ok((field.clone(), Measured { sums, ends }))
        };
        let (found, faults) = each(fields, workers, measure, done);
        let (fields, measured) = found.into_iter().unzip();
        Self {
            fields,
            faults,
            measured,
        }
    }

    /// The baselines of these fields.
    ///
    /// # Errors
    /// If there is no field.
    pub fn baselines(&self) -> Result<Baselines> {
        let sums = self.measured.iter().map(|one| one.sums.clone());
        let total = MixSums::total(sums).context("no field has all of the channels")?;
        Ok(total.baselines())
    }

    /// The levels of samples, as shares of the brightest, that 0 and 1 of the painted channel are in the median field: the medians
    /// of both. Without fields the whole range.
    pub fn levels(&self) -> [f32; 2] {
        [0_usize, 1].map(|end| {
            let mut levels: Vec<f32> = self.measured.iter().map(|one| one.ends[end]).collect();
            levels.sort_by(f32::total_cmp);
            let median = levels.get(levels.len() / 2).copied();
            median.unwrap_or(end as f32).clamp(0.0, 1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;
    use cytolens_data::files::{Reading, in_folder};
    use image::{GrayImage, Luma};

    use super::*;

    /// Fields of 64 × 48 px: two whole ones, one without yellow, one of even yellow, and one that is a strip.
    fn fields(folder: &std::path::Path) -> Vec<FieldOnDisk> {
        let write = |id: &str, channel: &str, [width, height]: [u32; 2], step: u32, most: u32| {
            let level = |x: u32, y: u32| Luma([((x * step + y * 5) % most) as u8]);
            let path = folder.join(format!("{id}_{channel}.png"));
            let image = GrayImage::from_fn(width, height, level);
            image.save(path).expect("written");
        };
        for (id, sides, most) in [
            ("a", [64, 48], 101),
            ("b", [64, 48], 201),
            ("even", [64, 48], 1),
            ("strip", [160, 16], 101),
            ("without", [64, 48], 0),
        ] {
            write(id, "red", sides, 3, 200);
            write(id, "blue", sides, 7, 200);
            if most > 0 {
                write(id, "yellow", sides, 2, most);
            }
        }
        let found = in_folder(folder, &Reading::default());
        found.expect("a folder").fields
    }

    #[test]
    fn fields_with_all_of_the_channels_are_measured_and_others_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let painting = Painting {
            from: vec![Channel::Red, Channel::Blue],
            paint: Channel::Yellow,
        };
        let all = fields(folder.path());
        let survey = Survey::of(&all, &painting, 64, 2, || ());
        let ids: Vec<&str> = survey.fields.iter().map(|field| &*field.id).collect();
        assert_eq!(ids, ["a", "b"]);
        for (id, reason) in [
            ("even", "single level"),
            ("strip", "too narrow"),
            ("without", "yellow"),
        ] {
            let fault = survey.faults.iter().find(|fault| fault.subject == id);
            let fault = fault.unwrap_or_else(|| panic!("{id}: {:?}", survey.faults));
            assert!(fault.reason.contains(reason), "{fault}");
        }
        // Of two fields, the brighter one's levels are in the middle: all but a percent of 0 to 200.
        let [black, white] = survey.levels();
        assert!((0.0..0.02).contains(&black), "{black}");
        assert!((0.75..0.79).contains(&white), "{white}");
        let baselines = survey.baselines().expect("fields");
        assert_eq!(baselines.weights.len(), 2);
        assert!((0.4..0.6).contains(&baselines.mean), "{baselines:?}");
        let none = Survey::of(&[], &painting, 64, 2, || ());
        let error = none.baselines().expect_err("nothing to fit").to_string();
        assert!(error.contains("no field"), "{error}");
    }
}
