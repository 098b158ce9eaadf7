//! Zip archives on disk: their files are read where they lie.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cytolens_archive::{ArchiveEntry, Listing, list, reasons};
use flate2::read::DeflateDecoder;

use super::fault::Fault;

/// Whether a path is a zip archive's, by its name, and no folder's.
pub fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    cytolens_archive::is_archive(&name.to_string_lossy()) && !path.is_dir()
}

/// A file inside an archive.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    archive: Arc<Path>,
    entry: ArchiveEntry,
}

impl Packed {
    /// The file's path: the archive's, and behind it the entry's.
    pub(crate) fn path(&self) -> PathBuf {
        self.archive.join(&self.entry.name)
    }

    /// The name with the folders inside the archive, separated by `/`.
    pub(crate) fn name(&self) -> &str {
        &self.entry.name
    }

    /// The file's bytes, unpacked.
    ///
    /// # Errors
    /// The system's, or the reason for an entry that does not unpack to the length that its archive says.
    pub(crate) fn bytes(&self) -> io::Result<Vec<u8>> {
        let packed = part(&self.archive, self.entry.bytes.clone())?;
        let Some(length) = self.entry.inflated else {
            return Ok(packed);
        };
        let refused = |reason: &str| io::Error::new(ErrorKind::InvalidData, reason.to_owned());
        let mut bytes = Vec::new();
        DeflateDecoder::new(packed.as_slice())
            .take(length + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| refused(reasons::ENTRY_DAMAGED))?;
        match (bytes.len() as u64).cmp(&length) {
            std::cmp::Ordering::Equal => Ok(bytes),
            std::cmp::Ordering::Greater => Err(refused(reasons::UNPACKS_TO_MORE)),
            std::cmp::Ordering::Less => Err(refused(reasons::UNPACKS_TO_LESS)),
        }
    }
}

/// Opens an archive: its files, and the faults of those that are refused.
pub(crate) fn open(archive: &Path) -> (Vec<Packed>, Vec<Fault>) {
    let fault = |path: PathBuf, reason: String| Fault::new(path.display().to_string(), reason);
    let listed = File::open(archive)
        .and_then(|file| file.metadata())
        .map_err(|error| format!("the file cannot be read ({error})"))
        .and_then(|about| {
            let fetch = async |range: Range<u64>| {
                part(archive, range).map_err(|error| format!("the file cannot be read ({error})"))
            };
            pollster::block_on(list(about.len(), fetch))
        });
    match listed {
        Err(reason) => (Vec::new(), vec![fault(archive.to_owned(), reason)]),
        Ok(Listing { entries, refused }) => {
            let path: Arc<Path> = archive.into();
            let files = entries.into_iter().map(|entry| Packed {
                archive: path.clone(),
                entry,
            });
            let faults = refused.into_iter().map(|(name, reason)| match &*name {
                "" => fault(archive.to_owned(), reason),
                name => fault(archive.join(name), reason),
            });
            (files.collect(), faults.collect())
        }
    }
}

/// Some of a file's bytes.
fn part(path: &Path, range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    // Bounded by the file, whose length the listing has checked.
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
