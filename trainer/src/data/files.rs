//! Image files in folders, as fields.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens::field::{Field, FieldError, FieldFiles, FileFault, Source, decode_field, group};

/// The folders inside a data set that may hold the images.
const IMAGE_FOLDERS: [&str; 2] = ["images", "train"];

/// Fields found among files, and the files that are of no field.
#[derive(Debug)]
pub struct Found {
    /// By name, in natural order.
    pub fields: Vec<FieldOnDisk>,
    /// Files that look like images but cannot be of a field.
    pub faults: Vec<FileFault>,
}

/// The files of one field.
#[derive(Debug, Clone)]
pub struct FieldOnDisk {
    /// The field's id.
    pub id: String,
    files: FieldFiles,
    paths: Vec<PathBuf>,
}

/// Why a field on disk could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system refuses.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The images are not a field.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl FieldOnDisk {
    /// Reads and decodes the field's files.
    ///
    /// # Errors
    /// [`ReadError`] naming the file.
    pub fn read(&self) -> Result<Field, ReadError> {
        let contents = self
            .paths
            .iter()
            .map(|path| {
                std::fs::read(path).map_err(|source| ReadError::File {
                    path: path.clone(),
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let sources: Vec<Source<'_>> = self
            .files
            .files
            .iter()
            .zip(&contents)
            .map(|(file, bytes)| Source {
                name: &file.name,
                channel: file.channel,
                bytes,
            })
            .collect();
        Ok(decode_field(&self.id, &sources)?)
    }
}

/// The fields of a folder: in its `images` or `train` folder where it has one, else in itself.
///
/// # Errors
/// Where the folder cannot be read or holds no image file.
pub fn in_folder(folder: &Path) -> Result<Found> {
    let images = IMAGE_FOLDERS
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_dir());
    let images = images.as_deref().unwrap_or(folder);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(images)
        .with_context(|| format!("cannot read the folder {}", images.display()))?
    {
        let path = entry
            .with_context(|| format!("cannot read the folder {}", images.display()))?
            .path();
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let found = among(paths)?;
    if found.fields.is_empty() {
        bail!("no image of a field in {}", images.display());
    }
    Ok(found)
}

/// The fields among given files.
///
/// # Errors
/// Where a path is not text.
pub fn among(paths: Vec<PathBuf>) -> Result<Found> {
    let names = paths
        .iter()
        .map(|path| {
            path.to_str()
                .with_context(|| format!("the name is not Unicode: {}", path.display()))
        })
        .collect::<Result<Vec<_>>>()?;
    let grouping = group(&names);
    let fields = grouping
        .fields
        .into_iter()
        .map(|files| FieldOnDisk {
            id: files.id.clone(),
            paths: files
                .files
                .iter()
                .map(|file| paths[file.index].clone())
                .collect(),
            files,
        })
        .collect();
    Ok(Found {
        fields,
        faults: grouping.faults,
    })
}

/// Makes a folder for output, or accepts it if it is empty.
///
/// # Errors
/// Where it holds something, so that nothing is overwritten, or cannot be made.
pub fn claim_folder(out: &Path) -> Result<()> {
    std::fs::create_dir_all(out)
        .with_context(|| format!("cannot make the folder {}", out.display()))?;
    let mut entries = std::fs::read_dir(out)
        .with_context(|| format!("cannot read the folder {}", out.display()))?;
    if entries.next().is_some() {
        bail!(
            "the folder {} is not empty; choose a new one",
            out.display()
        );
    }
    Ok(())
}
