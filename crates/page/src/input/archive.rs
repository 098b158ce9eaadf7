//! Zip archives of a field set or a model package. Only the parts that are needed are read.

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::field_input::Content;
use super::source::SourceFile;
use crate::dom::error_text;
use crate::text::input as text;
use cytolens_archive::list;

pub(super) use cytolens_archive::is_archive;

/// Opens an archive: its files, behind its own name as folder, and names and reasons of those that are
/// refused.
pub(super) async fn open(name: &str, archive: &Blob) -> (Vec<SourceFile>, Vec<(String, String)>) {
    let slice = |start: u64, end: u64| {
        archive
            .slice_with_f64_and_f64(start as f64, end as f64)
            .map_err(|error| text::unreadable(&error_text(&error)))
    };
    let fetch = async |range: std::ops::Range<u64>| {
        let bytes = JsFuture::from(slice(range.start, range.end)?.array_buffer()).await;
        bytes
            .map(|bytes| Uint8Array::new(&bytes).to_vec())
            .map_err(|error| text::unreadable(&error_text(&error)))
    };
    let listing = match list(archive.size() as u64, fetch).await {
        Ok(listing) => listing,
        Err(reason) => return (Vec::new(), vec![(name.to_owned(), reason)]),
    };
    let mut refused: Vec<_> = listing.refused;
    for (entry, _) in &mut refused {
        *entry = if entry.is_empty() {
            name.to_owned()
        } else {
            format!("{name}/{entry}")
        };
    }
    let mut files = Vec::new();
    for entry in listing.entries {
        let path = format!("{name}/{}", entry.name);
        match slice(entry.bytes.start, entry.bytes.end) {
            Ok(blob) => files.push(SourceFile {
                name: path,
                content: Content {
                    blob,
                    inflated_bytes: entry.inflated.map(|bytes| bytes as f64),
                },
            }),
            Err(reason) => refused.push((path, reason)),
        }
    }
    (files, refused)
}
