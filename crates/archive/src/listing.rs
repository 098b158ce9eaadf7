//! The listing of a zip archive, read from its directory and its entries' headers alone.

use std::collections::BTreeSet;
use std::ops::Range;

use rawzip::path::ZipFilePath;
use rawzip::{CompressionMethod, ZipFileHeaderRecord, ZipLocator};

use super::loaded::Loaded;
use crate::reasons;
use cytolens_core::{MAX_FILE_BYTES, is_litter};

/// The most entries an archive may have.
const MAX_ENTRIES: usize = 20_000;

/// The most bytes of a directory of so many entries.
const MAX_DIRECTORY_BYTES: u64 = 16 << 20;

/// An entry that unpacks to more than `.0` bytes and to more than `.1` times its size is a bomb: an
/// empty channel of the largest image unpacks from a thousandth, but to half as much.
const BOMB: (u64, u64) = (64 << 20, 100);

/// The most loads until the directory is found, which is searched for from the end.
const MOST_LOADS: usize = 40;

/// An entry that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// The entry's name, behind its folders, separated by `/`.
    pub name: String,
    /// The range of the entry's bytes within the archive.
    pub bytes: Range<u64>,
    /// The length of deflated bytes once they are unpacked.
    pub inflated: Option<u64>,
}

/// The entries of an archive.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files that can be read.
    pub entries: Vec<ArchiveEntry>,
    /// Names and reasons of those that cannot. An empty name stands for the archive.
    pub refused: Vec<(String, String)>,
}

/// Lists an archive of so many bytes; `fetch` reads some of them.
///
/// # Errors
/// The reason where nothing of it can be used.
pub async fn list(
    length: u64,
    fetch: impl AsyncFn(Range<u64>) -> Result<Vec<u8>, String>,
) -> Result<Listing, String> {
    let loaded = Loaded::of(length);
    let load = async |range: Range<u64>| {
        let bytes = fetch(range.clone()).await?;
        loaded.add(range.start, bytes);
        Ok::<(), String>(())
    };
    load(loaded.tail()).await?;
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let mut loads = 0;
    let archive = loop {
        let located = ZipLocator::new().locate_in_reader(&loaded, &mut buffer, length);
        // A location without what was missing may be a wrong one.
        match (loaded.missing(), located) {
            (Some(missing), _) if loads < MOST_LOADS => load(missing).await?,
            (None, Ok(archive)) => break archive,
            _ => return Err(reasons::NO_ARCHIVE.to_owned()),
        }
        loads += 1;
    };
    let directory = archive.directory_offset()..archive.eocd_offset();
    if directory.end.saturating_sub(directory.start) > MAX_DIRECTORY_BYTES {
        return Err(reasons::too_many_entries(MAX_ENTRIES));
    }
    loaded.clear();
    load(directory).await?;

    let mut listing = Listing::default();
    let mut found = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    let mut count: u64 = 0;
    loop {
        match entries.next_entry() {
            Ok(Some(record)) => {
                count += 1;
                let name = name(&record);
                if record.is_dir() || is_litter(&name) {
                    continue;
                }
                match check(&record, &name) {
                    Ok(inflated) => found.push((name, record.wayfinder(), inflated)),
                    Err(reason) => listing.refused.push((name, reason)),
                }
            }
            Ok(None) if count == archive.entries_hint() => break,
            _ => {
                let damaged = reasons::damaged_directory(count);
                listing.refused.push((String::new(), damaged));
                break;
            }
        }
        if found.len() + listing.refused.len() > MAX_ENTRIES {
            return Err(reasons::too_many_entries(MAX_ENTRIES));
        }
    }

    // In the order of the archive, neighbours' headers come with one load.
    let mut ends = BTreeSet::new();
    for (name, wayfinder, inflated) in found {
        let mut opened = archive.get_entry(wayfinder);
        if let Some(missing) = loaded.missing() {
            loaded.clear();
            load(missing).await?;
            opened = archive.get_entry(wayfinder);
            // A header over the end of what was loaded.
            if let Some(missing) = loaded.missing() {
                load(missing).await?;
                opened = archive.get_entry(wayfinder);
            }
        }
        match opened.map(|entry| entry.compressed_data_range()) {
            Ok((start, end)) if end <= length => {
                ends.insert((start, end));
                listing.entries.push(ArchiveEntry {
                    name,
                    bytes: start..end,
                    inflated,
                });
            }
            Ok(_) => listing.refused.push((name, reasons::ENTRY_CUT.to_owned())),
            Err(_) => listing
                .refused
                .push((name, reasons::ENTRY_DAMAGED.to_owned())),
        }
    }
    let overlap = |((_, end), (next, _)): (&(u64, u64), &(u64, u64))| end > next;
    // The same bytes under two names count as one here, and overlap all the same.
    if ends.len() < listing.entries.len() || ends.iter().zip(ends.iter().skip(1)).any(overlap) {
        return Err(reasons::OVERLAPPING.to_owned());
    }
    Ok(listing)
}

/// The entry's name; letters of an unknown code page are shown as such.
fn name(record: &ZipFileHeaderRecord<'_>) -> String {
    let name = String::from_utf8_lossy(record.file_path().as_bytes()).into_owned();
    ZipFilePath::from_str(&name).as_str().to_owned()
}

/// Checks an entry, and returns the length of a deflated one once it is unpacked.
///
/// # Errors
/// The reason why the entry is not read.
fn check(record: &ZipFileHeaderRecord<'_>, name: &str) -> Result<Option<u64>, String> {
    let (packed, unpacked) = (
        record.compressed_size_hint(),
        record.uncompressed_size_hint(),
    );
    if record.flags().is_encrypted() {
        return Err(reasons::ENCRYPTED.to_owned());
    }
    if crate::is_archive(name) {
        return Err(reasons::NESTED_ARCHIVE.to_owned());
    }
    let inflated = match record.compression_method() {
        CompressionMethod::STORE if packed == unpacked => None,
        CompressionMethod::STORE => return Err(reasons::ENTRY_DAMAGED.to_owned()),
        CompressionMethod::DEFLATE => Some(unpacked),
        _ => return Err(reasons::OTHER_COMPRESSION.to_owned()),
    };
    let is_bomb = unpacked > BOMB.0 && unpacked / BOMB.1 > packed;
    if is_bomb {
        return Err(reasons::bomb(packed, unpacked));
    }
    if unpacked > MAX_FILE_BYTES as u64 {
        return Err(reasons::too_large(unpacked));
    }
    Ok(inflated)
}

#[cfg(test)]
mod tests;
