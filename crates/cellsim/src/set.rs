//! A set of simulated or painted fields as a folder in the challenge's form: `<id>_<channel>.png` and `train.csv`.
//!
//! The set's parameters come first and its table last. An interrupted set therefore has the one without the other, and goes
//! on when the same command is given again; every field depends on its number alone, so the end is the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens_core::labels::LabelSet;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::field::{SIMULATOR_VERSION, SimulatedField, simulate_field};
use crate::hash::fnv1a;
use crate::names::{ID_PREFIX, PAINTED_PREFIX};
use crate::painting::paint_field;
use crate::reference_set::References;
use crate::settings::Settings;
use cytolens_data::dataset::TABLE_FILE;
use cytolens_data::files::claim_folder;
use cytolens_data::png::{Packing, Pixels, write_png};
use cytolens_data::whole_file::{fill_whole, write_whole};

/// The parameters of a set, inside its folder.
const PARAMETERS_FILE: &str = "simulation.json";

/// The table of a painted set's references, inside its folder: `Id,Reference`.
const REFERENCE_FILE: &str = "references.csv";

/// The fields of one reference that are painted before it is read again: enough that reading hardly counts, and few enough that
/// all threads have work where references are few.
const PAINTED_AT_ONCE: usize = 24;

/// The folder of the masks inside a set: beside the fields they would be read as fields.
const MASK_FOLDER: &str = "masks";

/// The plan of a set: all that its files depend on.
#[derive(Debug, Clone)]
pub struct SetPlan {
    /// Pixels on a side, one of [`SIZES`](crate::SIZES).
    pub size: usize,
    /// The labels of each field.
    pub label_sets: Vec<LabelSet>,
    /// The random seed; field number `index` has the id `simulated-<seed>-<index>`, or `painted-<seed>-<index>`.
    pub seed: u64,
    /// Whether to write `masks/<id>_cells.png` and `masks/<id>_nuclei.png`, 16 bits: the number of the cell that each pixel, or each
    /// nucleus's pixel, belongs to; and `masks/<id>_labels.csv`, the labels of each cell.
    pub masks: bool,
    /// The fields on which the protein is painted; none to simulate whole fields.
    pub references: Option<References>,
}

/// The contents of `simulation.json`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    simulator: u32,
    size: usize,
    seed: u64,
    count: usize,
    /// The FNV-1a hash of the fields' labels, one text a line.
    labels: String,
    masks: bool,
    /// The hash of the references' ids and pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    references: Option<String>,
}

impl SetPlan {
    fn parameters(&self) -> Parameters {
        let lines = self.label_sets.iter().map(|labels| format!("{labels}\n"));
        let hash = fnv1a(lines.flat_map(String::into_bytes));
        Parameters {
            simulator: SIMULATOR_VERSION,
            size: self.size,
            seed: self.seed,
            count: self.label_sets.len(),
            labels: format!("{hash:016x}"),
            masks: self.masks,
            references: self
                .references
                .as_ref()
                .map(|references| format!("{:016x}", references.hash())),
        }
    }

    fn id(&self, index: usize) -> String {
        let prefix = match self.references {
            Some(_) => PAINTED_PREFIX,
            None => ID_PREFIX,
        };
        format!("{prefix}{}-{index:06}", self.seed)
    }
}

/// The folder of a set, and the fields that it still lacks.
#[derive(Debug)]
pub struct SetFolder<'a> {
    out: &'a Path,
    plan: &'a SetPlan,
    missing: Vec<usize>,
    /// The reference of each field; empty where whole fields are simulated.
    assigned: Vec<usize>,
}

impl<'a> SetFolder<'a> {
    /// Begins a set in a new or empty folder, or takes up one that the same plan began.
    ///
    /// # Errors
    /// If the folder holds anything else, a finished set or one begun with other parameters, or cannot be written; or if no
    /// reference can show a field's labels.
    pub fn open(out: &'a Path, plan: &'a SetPlan) -> Result<Self> {
        let assigned = match &plan.references {
            Some(references) => references.assign(&plan.label_sets, plan.seed)?,
            None => Vec::new(),
        };
        let path = out.join(PARAMETERS_FILE);
        let parameters = plan.parameters();
        if path.is_file() {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let begun: Parameters = serde_json::from_str(&text)
                .with_context(|| format!("cannot read {}", path.display()))?;
            if begun != parameters {
                bail!(
                    "the set in {} was begun with other parameters, see {PARAMETERS_FILE} in it; choose a new folder",
                    out.display()
                );
            }
            if out.join(TABLE_FILE).exists() {
                bail!("the set in {} is finished", out.display());
            }
        } else {
            claim_folder(out)?;
            let mut json = serde_json::to_string_pretty(&parameters)?;
            json.push('\n');
            write_whole(&path, json)?;
        }
        if let Some(references) = &plan.references {
            references.credits().write(out)?;
        }
        if plan.masks {
            let masks = out.join(MASK_FOLDER);
            fs::create_dir_all(&masks)
                .with_context(|| format!("cannot make the folder {}", masks.display()))?;
        }
        let is_whole = |index: usize| {
            let id = plan.id(index);
            let has_yellow = match &plan.references {
                Some(references) => references.has_yellow(assigned[index]),
                None => true,
            };
            let channels = channel_names(&id);
            let written = if has_yellow { 4 } else { 3 };
            channels[..written]
                .iter()
                .all(|name| out.join(name).is_file())
                && (!plan.masks
                    || (mask_paths(out, &id).iter().all(|file| file.is_file())
                        && cell_table(out, &id).is_file()))
        };
        let missing = (0..plan.label_sets.len())
            .filter(|index| !is_whole(*index))
            .collect();
        Ok(Self {
            out,
            plan,
            missing,
            assigned,
        })
    }

    /// The number of fields that are there already.
    pub fn done(&self) -> usize {
        self.plan.label_sets.len() - self.missing.len()
    }

    /// Simulates or paints the missing fields, then writes the table; calls `written` after each field.
    ///
    /// # Errors
    /// If a file cannot be written, or a reference has changed since it was found.
    pub fn write(&self, written: impl Fn() + Sync) -> Result<()> {
        let plan = self.plan;
        let settings = Settings {
            cell_labels: plan.masks,
            ..Settings::of_size(plan.size)
        };
        let whole = |index: usize, field: &SimulatedField| {
            self.write_field(index, field)?;
            written();
            anyhow::Ok(())
        };
        if let Some(references) = &plan.references {
            self.shares().par_iter().try_for_each(|(number, indices)| {
                let reference = references.read(*number)?;
                indices.iter().try_for_each(|&index| {
                    let labels = plan.label_sets[index];
                    let field = paint_field(&settings, &reference, labels, plan.seed, index as u64);
                    whole(index, &field)
                })
            })?;
            self.write_table(REFERENCE_FILE, "Reference", |index| {
                references.id(self.assigned[index]).to_owned()
            })?;
        } else {
            self.missing.par_iter().try_for_each(|&index| {
                let labels = plan.label_sets[index];
                let field = simulate_field(&settings, labels, plan.seed, index as u64);
                whole(index, &field)
            })?;
        }
        self.write_table(TABLE_FILE, "Target", |index| {
            plan.label_sets[index].to_string()
        })
    }

    /// The missing fields by their references, in shares that one thread paints.
    fn shares(&self) -> Vec<(usize, Vec<usize>)> {
        let mut fields: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &index in &self.missing {
            fields.entry(self.assigned[index]).or_default().push(index);
        }
        let shares = fields.into_iter().flat_map(|(reference, indices)| {
            let shares = indices.chunks(PAINTED_AT_ONCE).map(<[usize]>::to_vec);
            let shares: Vec<_> = shares.map(|share| (reference, share)).collect();
            shares
        });
        shares.collect()
    }

    fn write_field(&self, index: usize, field: &SimulatedField) -> Result<()> {
        let id = self.plan.id(index);
        write_channels(self.out, &id, field, Packing::Fast)?;
        if self.plan.masks {
            let masks = [&field.cells, &field.nuclei];
            for (path, mask) in mask_paths(self.out, &id).iter().zip(masks) {
                write_png(path, Pixels::Deep(mask), field.size, Packing::Fast)?;
            }
            write_cell_labels(&cell_table(self.out, &id), field)?;
        }
        Ok(())
    }

    /// Writes a table of the fields' ids and one value each.
    fn write_table(&self, name: &str, column: &str, value: impl Fn(usize) -> String) -> Result<()> {
        fill_whole(&self.out.join(name), |file| {
            let mut table = csv::Writer::from_writer(file);
            table.write_record(["Id", column])?;
            for index in 0..self.plan.label_sets.len() {
                table.write_record([self.plan.id(index), value(index)])?;
            }
            Ok(table.flush()?)
        })
    }
}

/// Writes the labels of each cell that has a pixel in the masks.
fn write_cell_labels(path: &Path, field: &SimulatedField) -> Result<()> {
    let mut has_pixels = vec![false; field.cell_labels.len()];
    for number in field.cells.iter().filter(|number| **number > 0) {
        has_pixels[usize::from(*number) - 1] = true;
    }
    fill_whole(path, |file| {
        let mut table = csv::Writer::from_writer(file);
        table.write_record(["Id", "Target"])?;
        for (place, labels) in field.cell_labels.iter().enumerate() {
            if has_pixels[place] {
                table.write_record([(place + 1).to_string(), labels.to_string()])?;
            }
        }
        Ok(table.flush()?)
    })
}

/// Writes the channels that a field has, and returns the file names of all.
pub(crate) fn write_channels(
    out: &Path,
    id: &str,
    field: &SimulatedField,
    packing: Packing,
) -> Result<[String; 4]> {
    let names = channel_names(id);
    let channels = [&field.red, &field.green, &field.blue, &field.yellow];
    for (name, pixels) in names.iter().zip(channels) {
        if pixels.is_empty() {
            continue;
        }
        write_png(&out.join(name), Pixels::Gray(pixels), field.size, packing)?;
    }
    Ok(names)
}

/// The file names of a field's red, green, blue and yellow channels.
pub(crate) fn channel_names(id: &str) -> [String; 4] {
    ["red", "green", "blue", "yellow"].map(|channel| format!("{id}_{channel}.png"))
}

/// The files of a field's cell and nucleus masks.
fn mask_paths(out: &Path, id: &str) -> [PathBuf; 2] {
    ["cells", "nuclei"].map(|what| out.join(MASK_FOLDER).join(format!("{id}_{what}.png")))
}

/// The table of the labels of a field's cells: each cell's number in the masks as its id, in the form of the set's own table.
fn cell_table(out: &Path, id: &str) -> PathBuf {
    out.join(MASK_FOLDER).join(format!("{id}_labels.csv"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tempfile::TempDir;

    use super::*;
    use cytolens_data::dataset::Dataset;
    use cytolens_data::files::Reading;

    fn plan() -> SetPlan {
        let label_sets = ["0", "2 25", "", "16", "17"].map(|text| text.parse().expect("classes"));
        SetPlan {
            size: 64,
            label_sets: label_sets.to_vec(),
            seed: 20,
            masks: true,
            references: None,
        }
    }

    fn whole(out: &Path) -> &Path {
        let plan = plan();
        let set = SetFolder::open(out, &plan).expect("a new folder");
        set.write(|| ()).expect("a writable folder");
        out
    }

    /// Every file of a set with its bytes.
    fn contents(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = [out.to_owned(), out.join(MASK_FOLDER)]
            .into_iter()
            .flat_map(|folder| fs::read_dir(folder).expect("a folder"))
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.is_file());
        files
            .map(|path| {
                let bytes = fs::read(&path).expect("a file");
                let name = path.strip_prefix(out).expect("a file inside").to_owned();
                (name, bytes)
            })
            .collect()
    }

    fn refusal(out: &Path, plan: &SetPlan) -> String {
        let refused = SetFolder::open(out, plan).expect_err("not to be written into");
        refused.to_string()
    }

    fn folder() -> TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_set_is_read_as_one() {
        let folder = folder();
        let out = whole(folder.path());
        let table = fs::read_to_string(out.join(TABLE_FILE)).expect("a table");
        assert!(
            table.starts_with("Id,Target\nsimulated-20-000000,0\nsimulated-20-000001,2 25\n"),
            "{table}"
        );
        let set = Dataset::open(out, &Reading::default()).expect("a set");
        assert_eq!(set.faults, [], "masks and parameters are no fields");
        assert_eq!(set.samples.len(), 5);
        let field = set.samples[1].field.read().expect("a field");
        assert_eq!(field.id(), "simulated-20-000001");
    }

    #[test]
    fn files_hold_what_was_simulated() {
        let folder = folder();
        let out = whole(folder.path());
        let plan = plan();
        let expected = simulate_field(&Settings::of_size(64), plan.label_sets[1], 20, 1);
        let read = |name: &str| image::open(out.join(name)).expect("an image");
        let green = read("simulated-20-000001_green.png").into_luma8();
        assert_eq!(green.into_raw(), expected.green);
        let cells = read("masks/simulated-20-000001_cells.png").into_luma16();
        assert_eq!(cells.into_raw(), expected.cells);
        let nuclei = read("masks/simulated-20-000001_nuclei.png").into_luma16();
        assert_eq!(nuclei.into_raw(), expected.nuclei);
        assert!(expected.nuclei.iter().any(|cell| *cell > 0));
        let mut both = expected.nuclei.iter().zip(&expected.cells);
        assert!(both.all(|(nucleus, cell)| [0, *cell].contains(nucleus)));
    }

    #[test]
    fn every_cell_of_the_masks_has_its_labels_in_a_table() {
        let folder = folder();
        let out = whole(folder.path());
        let plan = plan();
        for (index, labels) in plan.label_sets.iter().enumerate() {
            let id = plan.id(index);
            let [cells, _] = mask_paths(out, &id);
            let mask = image::open(cells).expect("a mask").into_luma16();
            let numbers: BTreeSet<u16> = mask.into_raw().into_iter().collect();
            let text = fs::read_to_string(cell_table(out, &id)).expect("a table");
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("Id,Target"));
            let mut listed = BTreeSet::<u16>::from([0]);
            for line in lines {
                let (number, target) = line.split_once(',').expect("two columns");
                listed.insert(number.parse().expect("a number"));
                let target: LabelSet = target.parse().expect("classes");
                assert!(target.classes().all(|class| labels.contains(class)));
            }
            // A field may be full of cells to its last pixel.
            assert!(numbers.difference(&listed).next().is_none(), "{text}");
            assert!(listed.difference(&numbers).all(|number| *number == 0));
        }
    }

    #[test]
    fn an_interrupted_set_goes_on_to_the_same_end() {
        let (folder, other) = (folder(), folder());
        let expected = contents(whole(folder.path()));
        let out = whole(other.path());
        for gone in [
            TABLE_FILE,
            "simulated-20-000001_blue.png",
            "simulated-20-000003_red.png",
            "simulated-20-000003_green.png",
            "masks/simulated-20-000004_nuclei.png",
            "masks/simulated-20-000002_labels.csv",
        ] {
            fs::remove_file(out.join(gone)).expect("a file of the set");
        }
        let half = out.join("simulated-20-000001_blue.png.partial");
        fs::write(half, b"half a").expect("a writable folder");
        let plan = plan();
        let set = SetFolder::open(out, &plan).expect("a set to go on with");
        assert_eq!(set.done(), 1);
        set.write(|| ()).expect("a writable folder");
        assert!(contents(out) == expected);
    }

    #[test]
    fn other_sets_are_not_mixed_in() {
        let folder = folder();
        let out = whole(folder.path());
        assert!(refusal(out, &plan()).contains("finished"));
        fs::remove_file(out.join(TABLE_FILE)).expect("a table");
        let mut others = vec![plan(); 5];
        others[0].seed = 21;
        others[1].size = 65;
        others[2].masks = false;
        others[3].label_sets.pop();
        others[4].label_sets.swap(0, 1);
        for other in &others {
            assert!(
                refusal(out, other).contains("other parameters"),
                "{other:?}"
            );
        }
        fs::remove_file(out.join(PARAMETERS_FILE)).expect("parameters");
        assert!(refusal(out, &plan()).contains("not empty"));
    }
}
