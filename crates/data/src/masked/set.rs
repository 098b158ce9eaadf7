//! Sets of fields with masks of their cells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cytolens_cells::Planes;
use cytolens_core::labels::LabelSet;

use super::labels::read_cell_labels;
use super::mask::{Mask, read_mask};
use crate::fault::Fault;
use crate::files::{self, FieldOnDisk, Reading};

/// The folder of the masks inside a set.
pub const MASK_FOLDER: &str = "masks";

/// A field and the files of its masks.
#[derive(Debug, Clone)]
pub struct MaskedField {
    /// The field's files.
    pub field: FieldOnDisk,
    cells: PathBuf,
    /// None where only the cells are known.
    nuclei: Option<PathBuf>,
    /// None where the labels of the cells are not known.
    labels: Option<PathBuf>,
}

/// A set of fields with masks.
#[derive(Debug)]
pub struct MaskedSet {
    /// The fields, in the order of their ids.
    pub fields: Vec<MaskedField>,
    /// The fields and files that are left out.
    pub faults: Vec<Fault>,
}

/// A field's planes and masks, all of one size.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The planes, reduced and not yet stretched.
    pub planes: Planes,
    /// The number of the cell at each pixel; 0 outside.
    pub cells: Vec<u16>,
    /// The number of the cell whose nucleus is at each pixel; 0 outside nuclei; none where nuclei are not known.
    pub nuclei: Option<Vec<u16>>,
}

impl MaskedSet {
    /// Opens a set: the fields of a folder with `masks/<id>_cells.png`, `masks/<id>_nuclei.png` and `masks/<id>_labels.csv`, as
    /// `trainer simulate --masks` writes them. The latter two may be missing; a field without a mask of its cells is left out.
    ///
    /// # Errors
    /// If the folder cannot be read, or no field has a mask.
    pub fn open(folder: &Path, reading: &Reading) -> Result<Self> {
        Self::with_masks(folder, &folder.join(MASK_FOLDER), reading)
    }

    /// [`MaskedSet::open`] with the masks in another folder.
    ///
    /// # Errors
    /// Those of [`MaskedSet::open`].
    pub fn with_masks(folder: &Path, masks: &Path, reading: &Reading) -> Result<Self> {
        let found = files::in_folder(folder, reading)?;
        let (mut fields, mut faults) = (Vec::new(), found.faults);
        for field in found.fields {
            let path = |what: &str| masks.join(format!("{}_{what}", field.id));
            let [cells, nuclei, labels] = ["cells.png", "nuclei.png", "labels.csv"].map(path);
            if cells.is_file() {
                let nuclei = nuclei.is_file().then_some(nuclei);
                let labels = labels.is_file().then_some(labels);
                fields.push(MaskedField {
                    field,
                    cells,
                    nuclei,
                    labels,
                });
            } else {
                faults.push(Fault::new(
                    field.id,
                    "there is no mask of the field's cells",
                ));
            }
        }
        if fields.is_empty() {
            bail!(
                "no field of {} has a mask: masks are {}",
                folder.display(),
                masks.join("<id>_cells.png").display()
            );
        }
        fields.sort_by(|a, b| a.field.id.cmp(&b.field.id));
        Ok(Self { fields, faults })
    }
}

impl MaskedField {
    /// Reads the field's planes and masks so that the longer side has `size` px.
    ///
    /// # Errors
    /// A [`Fault`] for files that cannot be read, and for a mask of another size than the field's.
    pub fn read(&self, size: usize) -> Result<Truth, Fault> {
        let (planes, [cells, nuclei]) = self.read_with(|field| Planes::reduced(field, size))?;
        let resized = |mask: Mask| mask.resized(planes.width, planes.height);
        Ok(Truth {
            cells: cells.map(resized).unwrap_or_default(),
            nuclei: nuclei.map(resized),
            planes,
        })
    }

    /// Reads the labels of the field's cells, by their numbers; none where there is no table of them.
    ///
    /// # Errors
    /// Those of [`read_cell_labels`].
    pub fn labels(&self) -> Result<Option<BTreeMap<u16, LabelSet>>, Fault> {
        self.labels.as_deref().map(read_cell_labels).transpose()
    }

    /// Reads the field for `use_field`, and the masks at their own size: the cells', which is always there, and the nuclei's.
    ///
    /// # Errors
    /// Those of [`MaskedField::read`].
    pub fn read_with<T>(
        &self,
        use_field: impl FnOnce(&cytolens_field::Field) -> T,
    ) -> Result<(T, [Option<Mask>; 2]), Fault> {
        let field = self.field.read()?;
        let mask = |path: &Path| {
            let mask = read_mask(path)?;
            let sides = [mask.width, mask.height];
            if sides != [field.width() as usize, field.height() as usize] {
                return Err(Fault::new(
                    format!(
                        "{} ({} × {} px, the field {} × {})",
                        path.display(),
                        mask.width,
                        mask.height,
                        field.width(),
                        field.height()
                    ),
                    "the mask does not fit its field",
                ));
            }
            Ok(mask)
        };
        let cells = mask(&self.cells)?;
        let nuclei = self.nuclei.as_deref().map(mask).transpose()?;
        Ok((use_field(&field), [Some(cells), nuclei]))
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma};

    use super::*;

    fn grey(path: &Path, side: u32, of: impl Fn(u32, u32) -> u16) {
        let image = ImageBuffer::from_fn(side, side, |x, y| Luma([of(x, y)]));
        image.save(path).expect("written");
    }

    fn set(folder: &Path, mask_side: u32) -> Result<MaskedSet> {
        let masks = folder.join(MASK_FOLDER);
        std::fs::create_dir_all(&masks).expect("a folder");
        for id in ["a", "b"] {
            grey(&folder.join(format!("{id}_blue.png")), 32, |x, y| {
                (x * 500 + y) as u16
            });
        }
        grey(&masks.join("a_cells.png"), mask_side, |x, _| {
            u16::from(x > 15)
        });
        MaskedSet::open(folder, &Reading::default())
    }

    #[test]
    fn fields_come_with_their_masks_and_others_are_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = set(folder.path(), 32).expect("a set");
        assert_eq!(set.fields.len(), 1);
        assert_eq!(set.faults.len(), 1);
        assert_eq!(set.faults[0].subject, "b");
        let truth = set.fields[0].read(16).expect("a field");
        assert_eq!((truth.planes.width, truth.planes.height), (16, 16));
        assert_eq!(truth.nuclei, None);
        assert_eq!(truth.cells.len(), 256);
        assert_eq!([truth.cells[7], truth.cells[8]], [0, 1]);
        assert_eq!(set.fields[0].labels(), Ok(None));
    }

    #[test]
    fn cells_come_with_their_labels_where_these_are_known() {
        let folder = tempfile::tempdir().expect("a folder");
        set(folder.path(), 32).expect("a set");
        let table = folder.path().join(MASK_FOLDER).join("a_labels.csv");
        std::fs::write(&table, "Id,Target\n1,0 25\n").expect("written");
        let set = MaskedSet::open(folder.path(), &Reading::default()).expect("a set");
        let labels = set.fields[0].labels().expect("a table").expect("labels");
        assert_eq!(labels.len(), 1);
        assert!(labels[&1].contains(25));
    }

    #[test]
    fn a_mask_of_another_size_is_a_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = set(folder.path(), 31).expect("a set");
        let fault = set.fields[0].read(16).expect_err("a fault");
        assert!(fault.reason.contains("does not fit"), "{fault}");
        assert!(fault.subject.contains("31 × 31"), "{fault}");
    }

    #[test]
    fn a_folder_without_masks_is_no_set() {
        let folder = tempfile::tempdir().expect("a folder");
        grey(&folder.path().join("a_blue.png"), 32, |x, _| x as u16);
        let error = MaskedSet::open(folder.path(), &Reading::default()).expect_err("a refusal");
        assert!(
            error.to_string().contains("a_cells.png")
                || error.to_string().contains("<id>_cells.png")
        );
    }
}
