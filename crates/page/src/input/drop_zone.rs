//! Files from the visitor: picked, pasted, or dropped anywhere on the page, folders included.

use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::Array;
use web_sys::{
    ClipboardEvent, DataTransfer, DragEvent, Element, Event, FileSystemEntry, HtmlInputElement,
};

use super::folder::Brought;
use crate::dom::{body, by_id, on, report, window};

/// Listens for files. `bring` is called with each lot that is picked, pasted or dropped together.
pub(super) fn listen(bring: impl Fn(Brought) + 'static) {
    let bring = Rc::new(bring);
    for input in [by_id("files"), by_id("folder")] {
        let input: HtmlInputElement = input;
        let bring = bring.clone();
        let picked = input.clone();
        let take = move || {
            // A copy: the list itself is emptied with the input.
            let files = picked.files().map(|files| Array::from(&files));
            bring(Brought {
                files: files.unwrap_or_default(),
                ..Brought::default()
            });
            // Else picking the same files again would be no change.
            picked.set_value("");
        };
        // Files may have been picked while this program was downloaded.
        if input.files().is_some_and(|files| files.length() > 0) {
            take();
        }
        on(&input, "change", move |_: Event| take());
    }

    let window = window();
    for event in ["dragenter", "dragover"] {
        on(&window, event, |event: DragEvent| {
            if holds_files(event.data_transfer().as_ref()) {
                event.prevent_default();
                mark(true);
            }
        });
    }
    on(&window, "dragleave", |event: DragEvent| {
        // Else only from one element of the page to another.
        if event.related_target().is_none() {
            mark(false);
        }
    });
    on(&window, "drop", {
        let bring = bring.clone();
        move |event: DragEvent| {
            mark(false);
            let data = event.data_transfer();
            if let Some(data) = data.filter(|data| holds_files(Some(data))) {
                event.prevent_default();
                bring(taken(&data));
            }
        }
    });
    on(&window, "paste", move |event: ClipboardEvent| {
        let data = event.clipboard_data();
        if let Some(data) = data.filter(|data| holds_files(Some(data))) {
            event.prevent_default();
            bring(Brought {
                is_pasted: true,
                ..taken(&data)
            });
        }
    });
}

/// Marks the page while files are dragged over it.
fn mark(is_over: bool) {
    let elements: [Element; 2] = [body().into(), by_id("drop")];
    for (element, class) in elements.iter().zip(["dragging", "over"]) {
        report(element.class_list().toggle_with_force(class, is_over));
    }
}

fn holds_files(data: Option<&DataTransfer>) -> bool {
    data.is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// The files and folders of a drop or of the clipboard. Once the event is over they are gone: so all are
/// taken at once.
fn taken(data: &DataTransfer) -> Brought {
    let (files, mut folders) = (Array::new(), VecDeque::<FileSystemEntry>::new());
    let items = data.items();
    for item in (0..items.length()).filter_map(|at| items.get(at)) {
        match item.webkit_get_as_entry() {
            Ok(Some(entry)) if entry.is_directory() => folders.push_back(entry),
            _ => {
                if let Ok(Some(file)) = item.get_as_file() {
                    files.push(&file);
                }
            }
        }
    }
    Brought {
        files,
        folders,
        is_pasted: false,
    }
}
