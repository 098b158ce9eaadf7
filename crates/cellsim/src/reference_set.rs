//! The references of a painted set: the fields of a folder that the protein can be painted on, and the choice among them.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use cytolens_core::labels::LabelSet;
use cytolens_data::credits::Credits;
use cytolens_data::fault::Fault;
use cytolens_data::files::{FieldOnDisk, FoundFields, Reading, in_folder};
use rayon::prelude::*;

use crate::hash::fnv1a;
use crate::names::{ATTRIBUTION, ID_PREFIX};
use crate::painting::has_cells_for;
use crate::random::{FieldPurpose, FieldSeed};
use crate::reference::{Channels, Reference};

/// The length of borders between cells that a reference needs for junctions to show, in micrometres.
const LEAST_CONTACT: f32 = 40.0;

/// The locations that not every reference can show: bridge, spindle and junctions.
const DEMANDING: [usize; 3] = [16, 17, 22];

/// The references of a set, found once; their pixels are read again where they are painted on.
#[derive(Debug, Clone)]
pub struct References {
    /// The fields, files and listed ids that are left out.
    pub faults: Vec<Fault>,
    fields: Vec<ReferenceField>,
    credits: Credits,
    size: usize,
}

/// One reference, and what it can show.
#[derive(Debug, Clone)]
struct ReferenceField {
    field: FieldOnDisk,
    /// The hash of its channels' pixels.
    hash: u64,
    has_yellow: bool,
    /// Which of the locations [`DEMANDING`] it can show.
    shows: [bool; DEMANDING.len()],
}

impl References {
    /// Finds the references in a folder: the fields with red, blue and several nuclei, for painted fields of `size` pixels on a
    /// side. With `only`, a file with an id on each line or at the beginning of each row of a table, no others are taken. Calls
    /// `begin` with the number of fields, then `looked_at` after each.
    ///
    /// # Errors
    /// If the folder, its credits or the file cannot be read, or no field can be painted on.
    pub fn find(
        folder: &Path,
        only: Option<&Path>,
        size: usize,
        begin: impl FnOnce(usize),
        looked_at: impl Fn() + Sync,
    ) -> Result<Self> {
        let found = in_folder(folder, &Reading::default())?;
        let FoundFields { fields, mut faults } = match only {
            Some(path) => found.listed_in(path)?,
            None => found,
        };
        begin(fields.len());
        let looked_at_all: Vec<Result<ReferenceField, Fault>> = fields
            .into_par_iter()
            .map(|field| {
                let reference = ReferenceField::of(field, size);
                looked_at();
                reference
            })
            .collect();
        let mut fields = Vec::new();
        for reference in looked_at_all {
            match reference {
                Ok(reference) => fields.push(reference),
                Err(fault) => faults.push(fault),
            }
        }
        if fields.is_empty() {
            let example = faults
                .last()
                .map_or_else(String::new, |fault| format!("; for example, {fault}"));
            bail!(
                "no field in {} can be painted on{example}",
                folder.display()
            );
        }
        Ok(Self {
            credits: credits(Credits::read(folder)?, &fields),
            faults,
            fields,
            size,
        })
    }

    /// The number of references.
    pub fn count(&self) -> usize {
        self.fields.len()
    }

    /// The id of a reference.
    pub(crate) fn id(&self, reference: usize) -> &str {
        &self.fields[reference].field.id
    }

    pub(crate) fn has_yellow(&self, reference: usize) -> bool {
        self.fields[reference].has_yellow
    }

    /// The credits of what is painted on the references.
    pub(crate) fn credits(&self) -> &Credits {
        &self.credits
    }

    /// The FNV-1a hash of the references' ids and pixels.
    pub(crate) fn hash(&self) -> u64 {
        let bytes = self.fields.iter().flat_map(|reference| {
            let id = reference.field.id.bytes().chain([b'\n']);
            id.chain(reference.hash.to_le_bytes())
        });
        fnv1a(bytes)
    }

    /// The reference of each field of a set, by its labels: all in turn, in an order drawn anew for each turn. A field whose
    /// labels the next reference cannot show takes the one after it.
    ///
    /// # Errors
    /// If no reference can show a field's labels.
    pub(crate) fn assign(&self, label_sets: &[LabelSet], seed: u64) -> Result<Vec<usize>> {
        let mut chosen = Vec::with_capacity(label_sets.len());
        for (turn, label_sets) in label_sets.chunks(self.fields.len()).enumerate() {
            let order = self.order(seed, turn as u64);
            for (place, labels) in label_sets.iter().enumerate() {
                let mut following = order[place..].iter().chain(&order[..place]);
                let fits = |reference: &&usize| self.fields[**reference].can_show(*labels);
                let Some(reference) = following.find(fits) else {
                    bail!(
                        "no reference has the cells that the labels {labels} need: two that touch for 16 and 22, one well \
                         inside the field for 17; give more references or other labels"
                    );
                };
                chosen.push(*reference);
            }
        }
        Ok(chosen)
    }

    /// The references in the order of one turn.
    fn order(&self, seed: u64, turn: u64) -> Vec<usize> {
        let seed = FieldSeed { seed, index: turn };
        let mut stream = seed.stream(FieldPurpose::Painting, usize::MAX);
        let mut order: Vec<usize> = (0..self.fields.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, stream.count(0, last));
        }
        order
    }

    /// Reads a reference and finds its cells.
    ///
    /// # Errors
    /// If its files have changed since they were found.
    pub(crate) fn read(&self, reference: usize) -> Result<Reference> {
        let ReferenceField { field, hash, .. } = &self.fields[reference];
        let channels = read_channels(field, self.size).map_err(|fault| anyhow!("{fault}"))?;
        if fnv1a(channels.bytes()) != *hash {
            bail!("the reference {} has changed meanwhile", field.id);
        }
        Reference::find(channels).map_err(|reason| anyhow!("{reason}: {}", field.id))
    }
}

impl ReferenceField {
    /// Looks at a field.
    ///
    /// # Errors
    /// The fault for which it is left out.
    fn of(field: FieldOnDisk, size: usize) -> Result<Self, Fault> {
        let channels = read_channels(&field, size)?;
        let (hash, has_yellow) = (fnv1a(channels.bytes()), channels.yellow.is_some());
        let reference =
            Reference::find(channels).map_err(|reason| Fault::new(field.id.as_str(), reason))?;
        let shows = DEMANDING.map(|class| {
            let labels = LabelSet::from_classes([class]).expect("a class below 28");
            has_cells_for(&reference, labels)
                && (class != 22 || reference.contact() > LEAST_CONTACT)
        });
        Ok(Self {
            field,
            hash,
            has_yellow,
            shows,
        })
    }

    fn can_show(&self, labels: LabelSet) -> bool {
        let mut demands = DEMANDING.iter().zip(self.shows);
        demands.all(|(class, shows)| shows || !labels.contains(*class))
    }
}

fn read_channels(field: &FieldOnDisk, size: usize) -> Result<Channels, Fault> {
    let decoded = field.read().map_err(Fault::from)?;
    Channels::of(&decoded, size)
}

/// The credits of painted fields: their references', with the simulator beside them. Of references without an attribution nothing
/// is known, also once the protein is painted on them.
fn credits(references: Credits, fields: &[ReferenceField]) -> Credits {
    let are_simulated = fields
        .iter()
        .all(|reference| reference.field.id.starts_with(ID_PREFIX));
    let attribution = if are_simulated {
        Some(ATTRIBUTION.to_owned())
    } else {
        references.attribution.map(|names| {
            format!(
                "{}; the protein in them {ATTRIBUTION}",
                names.trim_end_matches('.')
            )
        })
    };
    Credits {
        attribution,
        licence: references.licence,
    }
}
