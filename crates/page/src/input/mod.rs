//! Input: from files to fields that can be sent to the engine.
//!
//! The [`drop_zone`] takes files, [`folder`] reads folders and archives to the last file, and [`lot`] sorts
//! all into fields, model packages and refusals. Where names do not end in a channel's, [`naming`] finds
//! the part of them that seems to stand for it and the [`mapper`] asks, once.

mod archive;
mod breath;
mod channels_dialog;
mod drop_zone;
mod field_input;
mod folder;
mod grouping;
mod joining;
mod lot;
mod mapper;
mod naming;
mod package;
mod refusals;
mod remembered;
mod scheme;
mod source;
mod stain;
mod unpacking;

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element};

use self::source::{SourceFile, SourceFiles};
use super::dom::by_id;
use cytolens_protocol::Picture;

pub(super) use self::breath::breathe;
pub(super) use self::channels_dialog::read_order;
pub(super) use self::field_input::{Content, FieldInput};
pub(super) use self::joining::{Joining, join};
pub(super) use self::lot::{Lot, PackageFiles};
pub(super) use self::remembered::keep_bits;

/// Asks for the picture of a field, and hands it over once it is there.
pub(super) type Look = Rc<dyn Fn(FieldInput, Box<dyn FnOnce(Picture)>)>;

/// A file and its name, with folders where it lies in one.
pub(super) type NamedFile = (String, Blob);

/// Listens for files, for as long as the page lives. `accept` is called with each lot that is picked,
/// pasted or dropped together.
/// `look` gives the picture of a file by itself, before it is known of which channel it is.
pub(super) fn listen(accept: impl Fn(Lot) + 'static, look: Look) {
    channels_dialog::listen();
    mapper::listen();
    let accept = Rc::new(accept);
    drop_zone::listen(move |brought| {
        if brought.is_empty() {
            return;
        }
        let (accept, look) = (accept.clone(), look.clone());
        spawn_local(async move {
            let progress: Element = by_id("reading");
            let sources = folder::read(brought, |text| progress.set_text_content(Some(text))).await;
            progress.set_text_content(None);
            let sources = sources.plainly_named().without_zarr();
            accept(lot::sort(sources, Some(&look)).await);
        });
    });
}

/// Sorts files whose names are known to be right.
pub(super) async fn lot(files: Vec<NamedFile>) -> Lot {
    let source = |(name, blob): NamedFile| SourceFile {
        name,
        content: blob.into(),
    };
    let files = files.into_iter().map(source).collect();
    let sources = SourceFiles {
        files,
        refused: Vec::new(),
    };
    lot::sort(sources, None).await
}
