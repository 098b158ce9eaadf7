//! The fields that are most like the selected one: in an index, and on the desk.

mod desk_rows;
mod field;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::JSON;
use serde_wasm_bindgen::from_value;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Element, Event, File, HtmlElement, HtmlInputElement, Url};

use self::desk_rows::DeskRows;
use super::answer::Answer;
use super::dom::{
    append, around, attribute, by_id, emptied, error_text, find, from_template, on, set_attribute,
    set_hidden, set_line, set_style, set_text, target, write,
};
use super::download;
use super::text::input::{of_file, too_large_file};
use super::text::similar as text;
use cytolens_core::plain::reason;
use cytolens_similar::{INDEX, Index, Neighbour, THUMBNAILS, VECTORS, Version, direction};

pub(crate) use self::field::{ToolField, ToolHost, features};

/// The folder of the page's own index.
const FOLDER: &str = "similar";
/// The fields that are shown of each kind.
const SHOWN: usize = 6;
/// The largest file of an index that is read, in bytes: a hundred times that of the page's own.
const LARGEST: u64 = 64_000_000;

/// An index and the address of its pictures.
struct Loaded {
    index: Index,
    pictures: String,
}

/// The panel in `index.html`.
pub(crate) struct Similar {
    root: Element,
    host: Rc<ToolHost>,
    index: RefCell<Option<Rc<Loaded>>>,
    /// Whether the page's own index was asked for.
    is_asked: Cell<bool>,
    /// Why the page's own index is not there; empty where it is, or is on its way.
    fault: RefCell<String>,
    rows: RefCell<DeskRows>,
    /// What the desk's vectors are of: the weights of the network and the name of the index.
    rows_of: RefCell<(String, String)>,
    addresses: RefCell<Vec<String>>,
    /// What is shown: it is not written again, for the focus may be in it.
    shown: RefCell<Option<Shown>>,
}

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    field: u32,
    answer: *const Answer,
    index: *const Loaded,
    near: Vec<(u32, f32)>,
}

impl Similar {
    /// The panel, hidden.
    pub(crate) fn new(host: Rc<ToolHost>) -> Rc<Self> {
        let similar = Rc::new(Self {
            root: by_id("similar"),
            host,
            index: RefCell::default(),
            is_asked: Cell::default(),
            fault: RefCell::default(),
            rows: RefCell::default(),
            rows_of: RefCell::default(),
            addresses: RefCell::default(),
            shown: RefCell::default(),
        });
        on(&similar.root, "click", {
            let similar = similar.clone();
            move |event: Event| {
                let tile = around(&event, "[data-near]");
                if let Some(field) =
                    tile.and_then(|tile| attribute(&tile, "data-near").parse().ok())
                {
                    (similar.host.select)(field);
                }
            }
        });
        on(&by_id::<Element>("similar-files"), "change", {
            let similar = similar.clone();
            move |event: Event| {
                let Some(input) = target::<HtmlInputElement>(&event) else {
                    return;
                };
                let files = input.files();
                let files: Vec<File> = files
                    .iter()
                    .flat_map(|files| (0..files.length()).filter_map(move |at| files.get(at)))
                    .collect();
                spawn_local(similar.clone().take(files));
                input.set_value("");
            }
        });
        similar
    }

    /// Shows what is like the selected field, which has this answer, if any.
    pub(crate) fn show(self: &Rc<Self>, field: u32, answer: Option<&Rc<Answer>>) {
        let vector = answer.and_then(|answer| features(answer));
        let Some((answer, vector)) = answer.zip(vector) else {
            self.shown.take();
            return set_hidden(&self.root, true);
        };
        if !self.is_asked.replace(true) {
            spawn_local(self.clone().fetch());
        }
        let loaded = self.index.borrow().clone();
        let fitting = loaded.as_deref().filter(|Loaded { index, .. }| {
            let is_of_it = index.check_network(answer.model.features_sha256()).is_ok();
            is_of_it && index.features() == vector.len()
        });
        let place = |vector: &[f32]| match fitting {
            Some(loaded) => loaded.index.place(vector),
            None => Some(direction(vector)),
        };
        let Some(placed) = place(&vector) else {
            self.shown.take();
            return set_hidden(&self.root, true);
        };
        let fields = (self.host.fields)();
        let near = self.near(field, answer, &fields, &placed, fitting, place);
        let shown = Shown {
            field,
            answer: Rc::as_ptr(answer),
            index: loaded.as_ref().map_or(std::ptr::null(), Rc::as_ptr),
            near,
        };
        if self.shown.borrow().as_ref() == Some(&shown) {
            return;
        }
        for address in self.addresses.take() {
            // It was made here.
            _ = Url::revoke_object_url(&address);
        }
        let known = fitting.map(|loaded| loaded.index.nearest(&placed, SHOWN));
        self.show_index(loaded.as_deref(), answer, known);
        self.show_near(&fields, &shown.near);
        *self.shown.borrow_mut() = Some(shown);
        set_hidden(&self.root, false);
    }

    fn show_index(&self, loaded: Option<&Loaded>, answer: &Answer, found: Option<Vec<Neighbour>>) {
        let list = emptied(find(&self.root, ".from-index"));
        let note: Element = find(&self.root, ".index-note");
        let Some(loaded) = loaded else {
            return set_line(&note, &self.fault.borrow());
        };
        let about = loaded.index.about();
        let Some(found) = found else {
            let reason = loaded.index.check_network(answer.model.features_sha256());
            let reason = reason
                .err()
                .map_or(text::OTHER_LENGTH.to_owned(), |error| error.to_string());
            return set_line(&note, &text::sentence(&reason));
        };
        set_line(
            &note,
            &text::index(&about.name, loaded.index.entries().len(), &about.licence),
        );
        for Neighbour { row, closeness } in found {
            let entry = &loaded.index.entries()[row];
            let item = from_template("known-template");
            let labels: Vec<&str> = entry
                .labels
                .iter()
                .filter_map(|label| about.labels.get(usize::from(*label)))
                .map(String::as_str)
                .collect();
            fill(&item, &entry.id, &text::labels(&labels), closeness);
            if about.side > 0 && !loaded.pictures.is_empty() {
                let picture: HtmlElement = find(&item, ".likeness");
                let (column, line) = (row as u32 % about.columns, row as u32 / about.columns);
                let style = picture.style();
                set_style(
                    &style,
                    "background-image",
                    &format!("url(\"{}\")", loaded.pictures),
                );
                // In units of a square, so that a picture of any size shows one.
                let lines = loaded
                    .index
                    .entries()
                    .len()
                    .div_ceil(about.columns as usize);
                set_style(&style, "--lines", &lines.to_string());
                set_style(&style, "--columns", &about.columns.to_string());
                set_style(&style, "--column", &column.to_string());
                set_style(&style, "--line-number", &line.to_string());
            }
            append(&list, &item);
        }
    }

    /// The fields of the desk nearest to the selected one.
    fn near(
        &self,
        field: u32,
        answer: &Answer,
        fields: &[ToolField],
        placed: &[f32],
        fitting: Option<&Loaded>,
        place: impl Fn(&[f32]) -> Option<Vec<f32>>,
    ) -> Vec<(u32, f32)> {
        let network = answer.model.features_sha256();
        let name = fitting.map_or("", |loaded| &loaded.index.about().name);
        let of = (network.to_owned(), name.to_owned());
        let mut rows = self.rows.borrow_mut();
        if *self.rows_of.borrow() != of {
            *rows = DeskRows::new(placed.len());
            *self.rows_of.borrow_mut() = of;
        }
        let answered = fields
            .iter()
            .filter_map(|it| Some((it.field, it.answer.as_ref()?)));
        let same = answered.filter(|(_, other)| other.model.features_sha256() == network);
        rows.take(same, |vector| {
            place(vector).filter(|it| it.len() == placed.len())
        });
        let near = rows.nearest(field, placed, SHOWN);
        if rows.is_mostly_old() {
            *rows = DeskRows::new(placed.len());
        }
        near
    }

    fn show_near(&self, fields: &[ToolField], near: &[(u32, f32)]) {
        let list = emptied(find(&self.root, ".from-desk"));
        set_hidden(&find::<Element>(&self.root, ".desk-part"), near.is_empty());
        for (number, closeness) in near {
            // Fields come in rising order.
            let Ok(at) = fields.binary_search_by_key(number, |it| it.field) else {
                continue;
            };
            let near = &fields[at];
            let item = from_template("similar-template");
            let labels = near.answer.as_ref().map(|answer| {
                let present = answer.present_ranked().into_iter();
                text::labels(&present.map(|class| answer.label(class)).collect::<Vec<_>>())
            });
            fill(&item, &near.id, &labels.unwrap_or_default(), *closeness);
            let button: Element = find(&item, "button");
            set_attribute(&button, "data-near", &number.to_string());
            let picture = near.thumbnail.as_ref();
            if let Some(address) = picture.and_then(|it| Url::create_object_url_with_blob(it).ok())
            {
                let picture: HtmlElement = find(&item, ".likeness");
                set_style(
                    &picture.style(),
                    "background-image",
                    &format!("url(\"{address}\")"),
                );
                self.addresses.borrow_mut().push(address);
            }
            append(&list, &item);
        }
    }

    /// Fetches the page's own index, and says where it is not there.
    async fn fetch(self: Rc<Self>) {
        let found = fetched().await;
        let has_another = self.index.borrow().is_some();
        if has_another {
            return;
        }
        match found {
            Ok(index) => self.open(index, format!("{FOLDER}/{THUMBNAILS}")),
            Err(reason) => {
                *self.fault.borrow_mut() = text::not_available(&reason);
                self.shown.take();
                self.show_selected();
            }
        }
    }

    /// Takes an index that the visitor brings: its files.
    async fn take(self: Rc<Self>, files: Vec<File>) {
        let outcome = read(&files).await;
        let said = match outcome {
            Ok((index, pictures)) => {
                let said = text::opened(&index.about().name, index.entries().len());
                self.open(index, pictures);
                said
            }
            Err(reason) => text::sentence(&reason),
        };
        set_text(&by_id("similar-said"), &said);
    }

    fn open(self: &Rc<Self>, index: Index, pictures: String) {
        let before = self
            .index
            .replace(Some(Rc::new(Loaded { index, pictures })));
        if let Some(before) = before {
            _ = Url::revoke_object_url(&before.pictures);
        }
        // Another index may have the same name.
        self.rows_of.take();
        self.show_selected();
    }

    fn show_selected(self: &Rc<Self>) {
        if let Some(field) = (self.host.selected)() {
            let fields = (self.host.fields)();
            let answer = fields.iter().find(|it| it.field == field);
            self.show(field, answer.and_then(|it| it.answer.as_ref()));
        }
    }
}

/// The page's own index.
async fn fetched() -> Result<Index, String> {
    let address = |name: &str| format!("{FOLDER}/{name}");
    let description = download::text(&address(INDEX)).await;
    let description = description.map_err(|error| error.to_string())?;
    let vectors = download::blob(&address(VECTORS)).await;
    let vectors = vectors.map_err(|error| error.to_string())?;
    parsed(&description, &bytes(&vectors).await?)
}

/// Reads an index's files; its pictures may be missing.
async fn read(files: &[File]) -> Result<(Index, String), String> {
    let named = |name: &str| files.iter().find(|file| file.name() == name);
    let (description, vectors) = named(INDEX).zip(named(VECTORS)).ok_or(text::NO_INDEX)?;
    for file in [description, vectors] {
        if file.size() > LARGEST as f64 {
            return Err(of_file(&too_large_file(LARGEST), &file.name()));
        }
    }
    let description = JsFuture::from(description.text()).await;
    let description = description.map_err(|error| error_text(&error))?;
    let vectors = bytes(vectors).await?;
    let index = parsed(&description.as_string().unwrap_or_default(), &vectors)?;
    let pictures = named(THUMBNAILS).and_then(|file| Url::create_object_url_with_blob(file).ok());
    Ok((index, pictures.unwrap_or_default()))
}

/// The index of these files. The browser reads the JSON: a reader of our own would make the program a good deal larger.
fn parsed(description: &str, vectors: &[u8]) -> Result<Index, String> {
    let value = JSON::parse(description).map_err(|error| error_text(&error))?;
    let unlike = |error: serde_wasm_bindgen::Error| reason(&error.to_string());
    let version: Version = from_value(value.clone()).map_err(unlike)?;
    version.check().map_err(|error| error.to_string())?;
    let description = from_value(value).map_err(unlike)?;
    Index::of(description, vectors).map_err(|error| error.to_string())
}

/// The bytes of a file.
async fn bytes(blob: &Blob) -> Result<Vec<u8>, String> {
    let buffer = JsFuture::from(blob.array_buffer()).await;
    let buffer = buffer.map_err(|error| error_text(&error))?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

fn fill(item: &Element, id: &str, labels: &str, closeness: f32) {
    write(item, ".id", id);
    write(item, ".labels", labels);
    write(item, ".closeness", &text::closeness(closeness));
}
