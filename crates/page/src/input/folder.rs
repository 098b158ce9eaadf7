//! Reading of files and folders that were dropped or picked, archives included.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use super::archive;
use super::breath::breathe;
use super::source::{Refusal, SourceFile, SourceFiles};
use crate::dom::{error_text, property, report};
use crate::text::input as text;
use cytolens_core::is_litter;

/// The most files of one lot.
const MOST_FILES: usize = 100_000;

/// The number of pictures without a name of their own that were pasted.
static PASTED: AtomicU32 = AtomicU32::new(0);

/// The files and folders that a visitor brings at once.
#[derive(Default)]
pub(super) struct Brought {
    /// The files, each a `File`.
    pub(super) files: Array,
    /// The folders, which only their own readers open.
    pub(super) folders: VecDeque<FileSystemEntry>,
    /// Whether the files were pasted: then an image may have no name of its own.
    pub(super) is_pasted: bool,
}

impl Brought {
    pub(super) fn is_empty(&self) -> bool {
        self.files.length() == 0 && self.folders.is_empty()
    }
}

/// Reads all folders and archives. `progress` is called with lines that say how far it is.
pub(super) async fn read(brought: Brought, progress: impl Fn(&str)) -> SourceFiles {
    let mut sources = SourceFiles::default();
    for file in brought.files.iter() {
        let file: File = file.unchecked_into();
        let mut name = path(&file);
        // Browsers call every image so that is copied out of a program.
        if brought.is_pasted && name == "image.png" {
            name = text::pasted(PASTED.fetch_add(1, Ordering::Relaxed) + 1);
        }
        if !is_litter(&name) {
            add(&mut sources, name, file);
        }
        breathe().await;
    }
    walk(brought.folders, &mut sources, &progress).await;
    open_archives(&mut sources, &progress).await;
    sources
}

fn add(sources: &mut SourceFiles, name: String, file: File) {
    let blob: web_sys::Blob = file.into();
    sources.files.push(SourceFile {
        name,
        content: blob.into(),
    });
}

/// The file's name, behind its folder where a folder was picked.
fn path(file: &File) -> String {
    property(file, "webkitRelativePath")
        .as_string()
        .filter(|path| !path.is_empty())
        .unwrap_or_else(|| file.name())
}

/// Adds all files in the folders, at any depth.
async fn walk(
    mut folders: VecDeque<FileSystemEntry>,
    sources: &mut SourceFiles,
    progress: &impl Fn(&str),
) {
    while let Some(folder) = folders.pop_front() {
        let reader = folder
            .unchecked_ref::<FileSystemDirectoryEntry>()
            .create_reader();
        // A reader gives some entries at a time, and none at the end.
        loop {
            let some = promise(|done, failed| {
                report(reader.read_entries_with_callback_and_callback(done, failed));
            });
            let entries: Vec<FileSystemEntry> = match JsFuture::from(some).await {
                Ok(some) => Array::from(&some)
                    .iter()
                    .map(JsCast::unchecked_into)
                    .collect(),
                Err(error) => {
                    sources.refused.push(unreadable(&folder, &error));
                    break;
                }
            };
            if entries.is_empty() {
                break;
            }
            let (named, nameless): (Vec<_>, Vec<_>) = entries
                .into_iter()
                .filter(|entry| !is_litter(&entry.name()))
                .partition(is_named);
            for _ in nameless {
                let name = format!("{}/{}", full_path(&folder), char::REPLACEMENT_CHARACTER);
                let refusal = Refusal::new(name, text::NO_UNICODE);
                sources.refused.push(refusal);
            }
            let (inner, files): (Vec<_>, Vec<_>) =
                named.into_iter().partition(FileSystemEntry::is_directory);
            folders.extend(inner);
            // All are asked for before the first is awaited: one by one takes far longer.
            let asked: Vec<_> = files.into_iter().map(asked).collect();
            for (entry, file) in asked {
                match file.await {
                    Ok(file) => add(sources, full_path(&entry), file.unchecked_into()),
                    Err(error) => sources.refused.push(unreadable(&entry, &error)),
                }
            }
            progress(&text::reading(sources.files.len()));
            breathe().await;
            if sources.files.len() > MOST_FILES {
                let refusal = Refusal::new(full_path(&folder), text::too_many_files(MOST_FILES));
                sources.refused.push(refusal);
                return;
            }
        }
    }
}

/// Whether the browser could read the entry's name. One whose bytes are no Unicode comes empty in Chromium, and a folder so
/// named reads as the folder that it lies in, without end.
fn is_named(entry: &FileSystemEntry) -> bool {
    !entry.name().is_empty()
}

/// The entry and its file, which comes. A future listens from here on: a promise that fails while others are awaited
/// would count as one that nobody handles.
fn asked(entry: FileSystemEntry) -> (FileSystemEntry, JsFuture) {
    let file = promise(|done, failed| {
        entry
            .unchecked_ref::<FileSystemFileEntry>()
            .file_with_callback_and_callback(done, failed);
    });
    (entry, file.into())
}

fn full_path(entry: &FileSystemEntry) -> String {
    entry.full_path().trim_start_matches('/').to_owned()
}

fn unreadable(entry: &FileSystemEntry, error: &JsValue) -> Refusal {
    Refusal::new(full_path(entry), text::unreadable(&error_text(error)))
}

/// A call that answers by one of two callbacks, as a promise.
fn promise(mut start: impl FnMut(&Function, &Function)) -> Promise {
    Promise::new(&mut |done, failed| start(&done, &failed))
}

/// Replaces archives by their files.
async fn open_archives(sources: &mut SourceFiles, progress: &impl Fn(&str)) {
    let (archives, files): (Vec<_>, Vec<_>) = std::mem::take(&mut sources.files)
        .into_iter()
        .partition(|file| archive::is_archive(&file.name));
    sources.files = files;
    for SourceFile { name, content } in archives {
        progress(&text::opening(&name));
        let (files, refused) = archive::open(&name, &content.blob).await;
        sources.files.extend(files);
        let refused = refused.into_iter();
        sources
            .refused
            .extend(refused.map(|(name, reason)| Refusal::new(name, reason)));
    }
}
