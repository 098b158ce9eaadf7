//! Files from the visitor: picked, or dropped anywhere on the page, folders included.

use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, DataTransfer, DragEvent, Element, Event, FileList, FileSystemDirectoryEntry,
    FileSystemEntry, FileSystemFileEntry, HtmlInputElement,
};

use crate::page::dom::{body, by_id, on, window};

/// A file and its name, with folders where a folder was dropped.
pub(crate) type NamedFile = (String, Blob);

/// Listens for files. `accept` gets each lot that is picked or dropped together.
pub(crate) fn listen(accept: impl Fn(Vec<NamedFile>) + 'static) {
    let accept = Rc::new(accept);
    let input: HtmlInputElement = by_id("files");
    on(&input.clone(), "change", {
        let accept = accept.clone();
        move |_: Event| {
            accept(input.files().map(listed).unwrap_or_default());
            // Else picking the same files again would be no change.
            input.set_value("");
        }
    });

    let zone: Element = by_id("drop");
    // Entering a child comes before leaving its parent: count both.
    let depth = Rc::new(std::cell::Cell::new(0_i32));
    let mark = move |depth: i32| {
        let is_over = depth > 0;
        zone.class_list()
            .toggle_with_force("over", is_over)
            .unwrap_or_default();
        body()
            .class_list()
            .toggle_with_force("dragging", is_over)
            .unwrap_or_default();
    };
    let window = window();
    for (event, step) in [("dragenter", 1), ("dragleave", -1)] {
        let (depth, mark) = (depth.clone(), mark.clone());
        on(&window, event, move |event: DragEvent| {
            if holds_files(&event) {
                event.prevent_default();
                depth.set((depth.get() + step).max(0));
                mark(depth.get());
            }
        });
    }
    on(&window, "dragover", |event: DragEvent| {
        if holds_files(&event) {
            event.prevent_default();
        }
    });
    on(&window, "drop", move |event: DragEvent| {
        depth.set(0);
        mark(0);
        let Some(data) = event.data_transfer().filter(|_| holds_files(&event)) else {
            return;
        };
        event.prevent_default();
        // Once the event is over, its items are gone: take them now.
        let (files, folders) = take(&data);
        let accept = accept.clone();
        spawn_local(async move {
            let mut files = files;
            files.extend(walk(folders).await);
            accept(files);
        });
    });
}

fn holds_files(event: &DragEvent) -> bool {
    event
        .data_transfer()
        .is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

fn listed(files: FileList) -> Vec<NamedFile> {
    (0..files.length())
        .filter_map(|at| files.get(at))
        .map(|file| (file.name(), file.into()))
        .collect()
}

/// The files and the folders of a drop.
fn take(data: &DataTransfer) -> (Vec<NamedFile>, VecDeque<FileSystemEntry>) {
    let (mut files, mut folders) = (Vec::new(), VecDeque::new());
    let items = data.items();
    for item in (0..items.length()).filter_map(|at| items.get(at)) {
        match item.webkit_get_as_entry() {
            Ok(Some(entry)) if entry.is_directory() => folders.push_back(entry),
            _ => files.extend(
                item.get_as_file()
                    .ok()
                    .flatten()
                    .map(|file| (file.name(), file.into())),
            ),
        }
    }
    if files.is_empty() && folders.is_empty() {
        files = data.files().map(listed).unwrap_or_default();
    }
    (files, folders)
}

/// All files in the folders, at any depth. What the browser refuses to read is left out.
async fn walk(mut entries: VecDeque<FileSystemEntry>) -> Vec<NamedFile> {
    let mut files = Vec::new();
    while let Some(entry) = entries.pop_front() {
        if entry.is_directory() {
            entries.extend(children(entry.unchecked_ref()).await);
        } else if let Ok(file) = call(|done, failed| {
            entry
                .unchecked_ref::<FileSystemFileEntry>()
                .file_with_callback_and_callback(done, failed);
        })
        .await
        {
            files.push((
                entry.full_path().trim_start_matches('/').to_owned(),
                file.unchecked_into(),
            ));
        }
    }
    files
}

async fn children(folder: &FileSystemDirectoryEntry) -> Vec<FileSystemEntry> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    // A reader gives some entries at a time, and none at the end.
    loop {
        let some = call(|done, failed| {
            reader
                .read_entries_with_callback_and_callback(done, failed)
                .unwrap_or_default();
        });
        match some.await.map(|some| {
            Array::from(&some)
                .iter()
                .map(JsCast::unchecked_into)
                .collect::<Vec<_>>()
        }) {
            Ok(some) if !some.is_empty() => all.extend(some),
            _ => return all,
        }
    }
}

/// A call that answers by one of two callbacks, as a future.
async fn call(mut start: impl FnMut(&Function, &Function)) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::new(&mut |done, failed| start(&done, &failed))).await
}
