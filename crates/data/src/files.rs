//! Image files in folders, as fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens_core::{ChannelOrder, FieldFiles, MAX_FILE_BYTES, group};
use cytolens_field::{Field, FieldError, Source, decode_field};

use super::fault::Fault;

/// The folders inside a data set that may hold the images.
const IMAGE_FOLDERS: [&str; 2] = ["images", "train"];

/// The choices of reading that the files themselves may leave open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The order of the channels inside TIFF files of several.
    pub order: ChannelOrder,
    /// The bits that 16-bit samples use, from 8 to 16; none for all 16.
    pub bits: Option<u32>,
}

/// The fields among some files, and the files that belong to no field.
#[derive(Debug)]
pub struct FoundFields {
    /// The fields by folder, then by name, in natural order.
    pub fields: Vec<FieldOnDisk>,
    /// The files that belong to no field, and the folders that cannot be read.
    pub faults: Vec<Fault>,
}

impl FoundFields {
    /// The fields alone whose ids a file lists: the first value of every line, without a table's header. Ids that no image has
    /// are faults.
    ///
    /// # Errors
    /// If the file cannot be read or lists no id.
    pub fn listed_in(mut self, path: &Path) -> Result<Self> {
        let mut listed = listed_ids(path)?;
        self.fields.retain(|field| listed.remove(&field.id));
        let reason = format!("{} lists the id, but no image has it", path.display());
        let faults = listed.into_iter().map(|id| Fault::new(id, reason.as_str()));
        self.faults.extend(faults);
        Ok(self)
    }
}

/// The ids that a file lists: the first value of every line, without a table's header.
fn listed_ids(path: &Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the list of ids {}", path.display()))?;
    let first_values = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.split(',').next().unwrap_or_default())
        .map(|value| value.trim().trim_matches('"'));
    let ids: BTreeSet<String> = first_values
        .filter(|id| !id.is_empty() && !id.eq_ignore_ascii_case("id"))
        .map(str::to_owned)
        .collect();
    if ids.is_empty() {
        bail!("{} lists no id", path.display());
    }
    Ok(ids)
}

/// The files of one field.
#[derive(Debug, Clone)]
pub struct FieldOnDisk {
    /// The field's id.
    pub id: String,
    files: FieldFiles,
    paths: Vec<PathBuf>,
    reading: Reading,
}

/// The error of reading a field from disk.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file that the system cannot read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file's path.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Images that cannot be decoded into a field.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::File { path, source } => Self::new(
                path.display().to_string(),
                format!("the file cannot be read ({source})"),
            ),
            ReadError::Field(error) => error.into(),
        }
    }
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
                content(path).map_err(|source| ReadError::File {
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
        let field = decode_field(&self.id, &sources, &self.reading.order)?;
        Ok(match self.reading.bits {
            Some(bits) => field.stretched(bits)?,
            None => field,
        })
    }

    fn folder(&self) -> &str {
        match self.files.folder.as_str() {
            "" => ".",
            folder => folder,
        }
    }
}

/// Reads a file; of one too large to be decoded only one byte more than the decoder accepts.
fn content(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let limit = MAX_FILE_BYTES as u64 + 1;
    let length = file.metadata()?.len().min(limit);
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Finds the fields of a folder: in its folders `images` and `train` where these hold any, else in itself; there, and in the
/// folders one level below.
///
/// Where two folders have a field of the same id, the first folder by name is taken, and the other is a fault.
///
/// # Errors
/// If the folder cannot be read or holds no image of a field.
pub fn in_folder(folder: &Path, reading: &Reading) -> Result<FoundFields> {
    let mut faults = Vec::new();
    // The error about a missing folder is clearer than that about missing images.
    list(folder)?;
    let mut paths = Vec::new();
    for name in IMAGE_FOLDERS {
        let inside = folder.join(name);
        if inside.is_dir() {
            paths.extend(files_below(&inside, &mut faults)?);
        }
    }
    let mut found = among(paths, reading);
    if found.fields.is_empty() {
        found = among(files_below(folder, &mut faults)?, reading);
    }
    if found.fields.is_empty() {
        bail!("no image of a field in {}", folder.display());
    }
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    found.fields.retain(|field| {
        let Some(first) = folders.get(&field.id) else {
            folders.insert(field.id.clone(), field.folder().to_owned());
            return true;
        };
        let subject = format!("{} in {}, taken from {first}", field.id, field.folder());
        faults.push(Fault::new(
            subject,
            "two folders have a field of the same id",
        ));
        false
    });
    found.faults.splice(0..0, faults);
    Ok(found)
}

/// The files of a folder and of the folders in it, but for hidden ones.
///
/// # Errors
/// If the folder cannot be read; a folder in it that cannot be read is a fault.
fn files_below(folder: &Path, faults: &mut Vec<Fault>) -> Result<Vec<PathBuf>> {
    let (inner, mut files): (Vec<_>, Vec<_>) =
        list(folder)?.into_iter().partition(|path| path.is_dir());
    for inner in inner {
        let is_hidden = inner
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden {
            continue;
        }
        match list(&inner) {
            Ok(paths) => files.extend(paths.into_iter().filter(|path| !path.is_dir())),
            Err(error) => faults.push(Fault::new(
                inner.display().to_string(),
                format!("the folder cannot be read ({})", error.root_cause()),
            )),
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot_read = || format!("cannot read the folder {}", folder.display());
    let mut paths = std::fs::read_dir(folder)
        .with_context(cannot_read)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(cannot_read)?;
    paths.sort();
    Ok(paths)
}

/// Finds the fields among given files. Where several folders have fields of the same id, all are given.
pub fn among(paths: Vec<PathBuf>, reading: &Reading) -> FoundFields {
    let mut faults = Vec::new();
    let mut named: Vec<(String, PathBuf)> = Vec::new();
    for path in paths {
        match path.to_str() {
            Some(name) => named.push((name.to_owned(), path)),
            None => faults.push(Fault::new(
                path.display().to_string(),
                "the name is not Unicode",
            )),
        }
    }
    let grouping = group(named.iter().map(|(name, _)| name));
    faults.extend(grouping.faults.into_iter().map(Fault::from));
    let fields = grouping
        .fields
        .into_iter()
        .map(|files| FieldOnDisk {
            id: files.id.clone(),
            paths: files
                .files
                .iter()
                .map(|file| named[file.index].1.clone())
                .collect(),
            files,
            reading: reading.clone(),
        })
        .collect();
    FoundFields { fields, faults }
}

/// Makes a folder for output, or accepts an empty one.
///
/// # Errors
/// If the folder is not empty, so that nothing is overwritten, or cannot be made.
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
