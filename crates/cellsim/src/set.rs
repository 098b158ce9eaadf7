//! A set of simulated fields as a folder in the challenge's form: `<id>_<channel>.png` and `train.csv`.
//!
//! The set's parameters come first and its table last. An interrupted set therefore has the one without the other, and goes
//! on when the same command is given again; every field depends on its number alone, so the end is the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens_core::labels::LabelSet;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::field::{SIMULATOR_VERSION, SimulatedField, simulate_field};
use crate::png::{Packing, Pixels, write_png};
use crate::settings::Settings;
use cytolens_data::dataset::TABLE_FILE;
use cytolens_data::files::claim_folder;
use cytolens_data::whole_file::{fill_whole, write_whole};

/// The beginning of every simulated field's id.
pub const ID_PREFIX: &str = "simulated-";

/// The parameters of a set, inside its folder.
const PARAMETERS_FILE: &str = "simulation.json";

/// The folder of the masks inside a set: beside the fields they would be read as fields.
const MASK_FOLDER: &str = "masks";

/// The plan of a set: all that its files depend on.
#[derive(Debug, Clone)]
pub struct SetPlan {
    /// Pixels on a side, one of [`SIZES`](crate::SIZES).
    pub size: usize,
    /// The labels of each field.
    pub label_sets: Vec<LabelSet>,
    /// The random seed; field number `index` has the id `simulated-<seed>-<index>`.
    pub seed: u64,
    /// Whether to write `masks/<id>_cells.png` and `masks/<id>_nuclei.png`, 16 bits: the number of the cell that each pixel, or each
    /// nucleus's pixel, belongs to.
    pub masks: bool,
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
        }
    }

    fn id(&self, index: usize) -> String {
        format!("{ID_PREFIX}{}-{index:06}", self.seed)
    }
}

/// The 64-bit FNV-1a hash of bytes.
pub(crate) fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The folder of a set, and the fields that it still lacks.
#[derive(Debug)]
pub struct SetFolder<'a> {
    out: &'a Path,
    plan: &'a SetPlan,
    missing: Vec<usize>,
}

impl<'a> SetFolder<'a> {
    /// Begins a set in a new or empty folder, or takes up one that the same plan began.
    ///
    /// # Errors
    /// If the folder holds anything else, a finished set or one begun with other parameters, or cannot be written.
    pub fn open(out: &'a Path, plan: &'a SetPlan) -> Result<Self> {
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
        if plan.masks {
            let masks = out.join(MASK_FOLDER);
            fs::create_dir_all(&masks)
                .with_context(|| format!("cannot make the folder {}", masks.display()))?;
        }
        let is_whole = |index: usize| {
            let id = plan.id(index);
            let channels = channel_names(&id).map(|name| out.join(name));
            channels.iter().all(|file| file.is_file())
                && (!plan.masks || mask_paths(out, &id).iter().all(|file| file.is_file()))
        };
        let missing = (0..plan.label_sets.len())
            .filter(|index| !is_whole(*index))
            .collect();
        Ok(Self { out, plan, missing })
    }

    /// The number of fields that are there already.
    pub fn done(&self) -> usize {
        self.plan.label_sets.len() - self.missing.len()
    }

    /// Simulates the missing fields, then writes the table; calls `written` after each field.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, written: impl Fn() + Sync) -> Result<()> {
        let plan = self.plan;
        let settings = Settings::of_size(plan.size);
        self.missing.par_iter().try_for_each(|&index| {
            let labels = plan.label_sets[index];
            let field = simulate_field(&settings, labels, plan.seed, index as u64);
            let id = plan.id(index);
            write_channels(self.out, &id, &field, Packing::Fast)?;
            if plan.masks {
                let masks = [&field.cells, &field.nuclei];
                for (path, mask) in mask_paths(self.out, &id).iter().zip(masks) {
                    write_png(path, Pixels::Deep(mask), field.size, Packing::Fast)?;
                }
            }
            written();
            anyhow::Ok(())
        })?;
        fill_whole(&self.out.join(TABLE_FILE), |file| {
            let mut table = csv::Writer::from_writer(file);
            table.write_record(["Id", "Target"])?;
            for (index, labels) in plan.label_sets.iter().enumerate() {
                table.write_record([plan.id(index), labels.to_string()])?;
            }
            Ok(table.flush()?)
        })
    }
}

/// Writes a field's channels and returns their file names.
pub(crate) fn write_channels(
    out: &Path,
    id: &str,
    field: &SimulatedField,
    packing: Packing,
) -> Result<[String; 4]> {
    let names = channel_names(id);
    let channels = [&field.red, &field.green, &field.blue, &field.yellow];
    for (name, pixels) in names.iter().zip(channels) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
        ] {
            fs::remove_file(out.join(gone)).expect("a file of the set");
        }
        let half = out.join("simulated-20-000001_blue.png.partial");
        fs::write(half, b"half a").expect("a writable folder");
        let plan = plan();
        let set = SetFolder::open(out, &plan).expect("a set to go on with");
        assert_eq!(set.done(), 2);
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
