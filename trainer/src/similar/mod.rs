//! Indices of fields: the features and pictures of a labelled set, written as one folder, and how well it retrieves.

mod answers;
mod embedder;
mod gathered;
mod retrieval;
mod sheet;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cytolens_core::labels::LOCATIONS;
use cytolens_data::whole_file::write_whole;
use cytolens_similar::{About, Entry, INDEX, Index, THUMBNAILS, VECTORS};

pub use answers::{Answers, Way};
pub use embedder::Embedder;
pub use gathered::{Gathered, gathered};
pub use retrieval::retrieval;

/// What an index says of itself.
#[derive(Debug, Clone)]
pub struct IndexStatements {
    /// Its name.
    pub name: String,
    /// The licence of its pictures.
    pub licence: String,
    /// The people and projects to name.
    pub attribution: Vec<String>,
    /// The name of the model.
    pub model: String,
    /// The SHA-256 of the model's weights.
    pub weights_sha256: String,
}

/// Makes an index of fields, whose vectors are compared by so many of their principal components.
///
/// # Errors
/// If there is no field.
pub fn index(
    fields: &[Gathered],
    statements: IndexStatements,
    side: u32,
    components: usize,
) -> Result<Index> {
    let entries = fields.iter().map(|field| {
        let labels = field.labels.classes().map(|class| class as u16).collect();
        let id = field.id.clone();
        (Entry { id, labels }, field.features.clone())
    });
    let about = About {
        name: statements.name,
        licence: statements.licence,
        attribution: statements.attribution,
        model: statements.model,
        weights_sha256: statements.weights_sha256,
        labels: LOCATIONS.map(str::to_owned).to_vec(),
        side,
        columns: if side == 0 {
            0
        } else {
            sheet::columns(fields.len())
        },
    };
    Ok(Index::new(about, entries.collect(), components)?)
}

/// Writes an index and its pictures into a folder.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, index: &Index, fields: &[Gathered], quality: u8) -> Result<()> {
    let (description, vectors) = index.write()?;
    let side = index.about().side;
    if side > 0 {
        let pictures = sheet::sheet(
            fields.iter().map(|field| field.picture.as_slice()),
            side,
            index.about().columns,
            quality,
        )?;
        write_whole(&folder.join(THUMBNAILS), pictures)?;
    }
    write_whole(&folder.join(VECTORS), vectors)?;
    // Last: with it the index is whole.
    write_whole(&folder.join(INDEX), description)
}

/// Reads the index in a folder.
///
/// # Errors
/// If a file cannot be read, or they are no index.
pub fn read(folder: &Path) -> Result<Index> {
    let bytes = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let description = String::from_utf8_lossy(&bytes(INDEX)?).into_owned();
    Index::read(&description, &bytes(VECTORS)?).with_context(|| format!("in {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::retrieval::Retrieval;
    use super::*;
    use cytolens_core::labels::LabelSet;

    /// Fields of two labels, whose features lie apart.
    fn fields() -> Vec<Gathered> {
        (0..20)
            .map(|at| Gathered {
                id: format!("field {at}"),
                labels: LabelSet::from_classes([at % 2]).expect("a label"),
                features: vec![(at % 2) as f32, 0.01 * ((at * 7) % 5) as f32, 1.0],
                picture: vec![(at * 10) as u8; 16 * 16 * 3],
            })
            .collect()
    }

    #[test]
    fn an_index_is_written_and_read_and_finds_fields_of_the_same_labels() {
        let statements = IndexStatements {
            name: "two".to_owned(),
            licence: "CC0-1.0".to_owned(),
            attribution: Vec::new(),
            model: "a model".to_owned(),
            weights_sha256: "01".to_owned(),
        };
        let fields = fields();
        let made = index(&fields, statements, 16, 8).expect("an index");
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), &made, &fields, 60).expect("written");
        let read = read(folder.path()).expect("the same");
        assert_eq!(read.entries().len(), 20);
        let pictures = image::open(folder.path().join(THUMBNAILS)).expect("a picture");
        assert_eq!((pictures.width(), pictures.height()), (5 * 16, 4 * 16));
        let Retrieval {
            precision,
            random,
            queries,
        } = retrieval(&read, &fields);
        assert_eq!(queries, 20);
        assert!(
            precision > 0.99 && (0.1..0.5).contains(&random),
            "{precision}, {random}"
        );
        assert!(
            index(
                &[],
                IndexStatements {
                    name: String::new(),
                    licence: String::new(),
                    attribution: Vec::new(),
                    model: String::new(),
                    weights_sha256: String::new(),
                },
                16,
                8
            )
            .is_err()
        );
    }
}
