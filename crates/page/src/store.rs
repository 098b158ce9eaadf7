//! The store of the page in IndexedDB: fields, answers, images, activation maps and corrected cells outlive a reload.
//!
//! Writes go one after the other in the background. The page works without a store: then, and where
//! the browser gives no more room, fields last as long as the page, and the visitor gets a notice.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use idb::{Database, Factory, ObjectStoreParams, Query, TransactionMode};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Blob;

use super::dom::{property, window};
use super::input::FieldInput;
use super::storage_error::{StorageError, commit};
use super::{stored_blob, text};
use cytolens_core::Channel;
use cytolens_protocol::{Maps, ModelSummary, TimedPrediction};

/// The name of the database, and of the lock of the tab that writes it.
const NAME: &str = "cytolens";
/// The version of the list of stores. What an older one lacks is added.
const VERSION: u32 = 2;

const FIELDS: &str = "fields";
const INPUTS: &str = "inputs";
const MAPS: &str = "maps";
const CELLS: &str = "cells";
const STORES: [&str; 4] = [FIELDS, INPUTS, MAPS, CELLS];

/// The record of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FieldRecord {
    pub(super) id: String,
    pub(super) source: String,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub(super) thumbnail: JsValue,
    /// The channel that the files lack; none in records of earlier versions.
    #[serde(default)]
    pub(super) missing: Option<Channel>,
    /// Whether it is to be painted.
    #[serde(default)]
    pub(super) paint: bool,
    pub(super) outcome: KeptState,
}

/// The progress of a field in its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeptState {
    /// The field is still to be classified.
    Waiting {},
    /// The visitor gave the field up.
    Cancelled {},
    /// The field could not be classified.
    Refused { reason: String },
    /// The field has its answer.
    Done(#[serde(with = "one_object")] KeptAnswer),
}

/// The answer of a field in its record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeptAnswer {
    pub(super) source: AnswerSource,
    pub(super) prediction: TimedPrediction,
}

/// The source of an answer in its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AnswerSource {
    pub(super) model: Box<ModelSummary>,
    pub(super) device: String,
}

/// The form of a [`KeptAnswer`], which every version of the page has written: one object with the
/// properties of both its parts. (serde's `flatten` does the same, but makes the program 1.6 % larger.)
mod one_object {
    use js_sys::Object;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserializer, Serializer};
    use serde_wasm_bindgen::{from_value, preserve, to_value};
    use wasm_bindgen::JsCast;

    use super::KeptAnswer;

    pub(super) fn serialize<S: Serializer>(
        answer: &KeptAnswer,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let object: Object = to_value(&answer.source)
            .map_err(S::Error::custom)?
            .unchecked_into();
        let prediction = to_value(&answer.prediction).map_err(S::Error::custom)?;
        let object = Object::assign(&object, prediction.unchecked_ref());
        preserve::serialize(&object, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<KeptAnswer, D::Error> {
        let object: Object = preserve::deserialize(deserializer)?;
        Ok(KeptAnswer {
            source: from_value(object.clone().into()).map_err(D::Error::custom)?,
            prediction: from_value(object.into()).map_err(D::Error::custom)?,
        })
    }
}

/// The record of a field's corrected cells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CellsRecord {
    /// The width and the height of the masks.
    pub(super) sides: [u32; 2],
    /// Those of the field.
    pub(super) full: [u32; 2],
    /// How many bytes the masks have before each correction and after the last one.
    pub(super) lengths: Vec<u32>,
    /// These bytes, one mask after the other.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub(super) runs: Uint8Array,
}

impl FieldRecord {
    /// The encoded picture for the gallery, if there is one.
    pub(super) fn thumbnail(&self) -> Option<Blob> {
        stored_blob::blob(&self.thumbnail)
    }
}

/// A write that waits.
enum PendingWrite {
    Put {
        store: &'static str,
        field: u32,
        value: JsValue,
    },
    Remove(u32),
    Clear,
}

/// The store of this tab, or none.
pub(super) struct Store {
    database: RefCell<Option<Rc<Database>>>,
    writes: RefCell<VecDeque<PendingWrite>>,
    is_writing: Cell<bool>,
    /// The number of fields whose images are not kept.
    without_images: Cell<usize>,
    /// Whether the browser has no room for an image: further ones are not tried.
    is_full: Cell<bool>,
    warn: Box<dyn Fn(&str)>,
}

impl Store {
    /// A store that is not open yet; `warn` hears what is not kept and why.
    pub(super) fn new(warn: impl Fn(&str) + 'static) -> Rc<Self> {
        Rc::new(Self {
            database: RefCell::default(),
            writes: RefCell::default(),
            is_writing: Cell::default(),
            without_images: Cell::default(),
            is_full: Cell::default(),
            warn: Box::new(warn),
        })
    }

    /// Opens the store and returns its records by their numbers, oldest first.
    pub(super) async fn open(self: &Rc<Self>) -> Vec<(u32, FieldRecord)> {
        if !is_first_tab().await {
            (self.warn)(text::OTHER_TAB);
            return Vec::new();
        }
        match open().await {
            Ok(database) => *self.database.borrow_mut() = Some(Rc::new(database)),
            Err(error) => {
                (self.warn)(&text::nothing_kept(&error.to_string()));
                return Vec::new();
            }
        }
        // Fields that were added before the store was open.
        self.write_on();
        self.all().await.unwrap_or_else(|error| {
            (self.warn)(&text::not_read_back(&error));
            Vec::new()
        })
    }

    /// Whether the store keeps fields.
    pub(super) fn is_open(&self) -> bool {
        self.database.borrow().is_some()
    }

    /// Writes the record of a field.
    pub(super) fn keep(self: &Rc<Self>, field: u32, record: &FieldRecord) {
        self.put(FIELDS, field, record);
    }

    /// Writes a field's files.
    pub(super) fn keep_input(self: &Rc<Self>, field: u32, input: &FieldInput) {
        if !self.is_full.get() {
            self.put(INPUTS, field, input);
        }
    }

    /// Writes a field's activation maps.
    pub(super) fn keep_maps(self: &Rc<Self>, field: u32, maps: &Maps) {
        self.put(MAPS, field, maps);
    }

    /// Writes a field's corrected cells, or that they are so no longer.
    pub(super) fn keep_cells(self: &Rc<Self>, field: u32, cells: Option<&CellsRecord>) {
        self.put(CELLS, field, &cells);
    }

    /// A field's corrected cells, where they are kept.
    pub(super) async fn cells(&self, field: u32) -> Option<CellsRecord> {
        self.get(CELLS, field).await
    }

    /// A field's files, where they are kept.
    pub(super) async fn input(&self, field: u32) -> Option<FieldInput> {
        self.get(INPUTS, field).await
    }

    /// A field's activation maps, where they are kept.
    pub(super) async fn maps(&self, field: u32) -> Option<Maps> {
        self.get(MAPS, field).await
    }

    /// Whether all that was to be written or removed is.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_writing.get()
    }

    /// Removes a field with its files, maps and cells.
    pub(super) fn remove(self: &Rc<Self>, field: u32) {
        self.write(PendingWrite::Remove(field));
    }

    /// Removes everything.
    pub(super) fn clear(self: &Rc<Self>) {
        self.writes.borrow_mut().clear();
        self.without_images.set(0);
        self.is_full.set(false);
        self.write(PendingWrite::Clear);
    }

    fn put(self: &Rc<Self>, store: &'static str, field: u32, value: &impl Serialize) {
        match serde_wasm_bindgen::to_value(value) {
            Ok(value) => self.write(PendingWrite::Put {
                store,
                field,
                value,
            }),
            Err(error) => (self.warn)(&text::nothing_kept(&error.to_string())),
        }
    }

    fn write(self: &Rc<Self>, write: PendingWrite) {
        self.writes.borrow_mut().push_back(write);
        self.write_on();
    }

    /// Carries out the waiting writes, unless that goes on already.
    fn write_on(self: &Rc<Self>) {
        let Some(database) = self.database.borrow().clone() else {
            return;
        };
        if self.is_writing.replace(true) {
            return;
        }
        let store = self.clone();
        spawn_local(async move {
            loop {
                let Some(write) = store.writes.borrow_mut().pop_front() else {
                    break;
                };
                if let Err(error) = carry_out(&database, &write).await {
                    store.failed(&write, &error);
                }
            }
            store.is_writing.set(false);
        });
    }

    /// Warns of a write that failed. Where a field's images are refused, its results and other fields' images are
    /// still kept; where results are refused, the store is given up, and what comes lasts as long as the page.
    fn failed(&self, write: &PendingWrite, error: &StorageError) {
        if matches!(write, PendingWrite::Put { store, .. } if *store == INPUTS) {
            self.without_images.set(self.without_images.get() + 1);
            // Of those that waited already, none is told of again.
            if !self.is_full.get() {
                self.is_full.set(*error == StorageError::NoRoom);
                (self.warn)(&text::images_not_kept(self.without_images.get(), error));
            }
        } else if self.database.take().is_some() {
            self.writes.borrow_mut().clear();
            (self.warn)(&text::results_not_kept(error));
        }
    }

    async fn get<T: DeserializeOwned>(&self, store: &str, field: u32) -> Option<T> {
        let database = self.database.borrow().clone()?;
        let transaction = database
            .transaction(&[store], TransactionMode::ReadOnly)
            .ok()?;
        let request = transaction
            .object_store(store)
            .ok()?
            .get(Query::from(JsValue::from(field)))
            .ok()?;
        let value = request.await.ok()??;
        serde_wasm_bindgen::from_value(value).ok()
    }

    async fn all(&self) -> Result<Vec<(u32, FieldRecord)>, String> {
        let Some(database) = self.database.borrow().clone() else {
            return Ok(Vec::new());
        };
        let (keys, values) = both(&database).await.map_err(|error| error.to_string())?;
        let fields = keys.into_iter().zip(values).filter_map(|(key, value)| {
            // Keys are our own whole numbers.
            let field = key.as_f64()? as u32;
            Some((field, serde_wasm_bindgen::from_value(value).ok()?))
        });
        Ok(fields.collect())
    }
}

/// The keys and the records of all fields, in the same order.
async fn both(database: &Database) -> Result<(Vec<JsValue>, Vec<JsValue>), idb::Error> {
    let transaction = database.transaction(&[FIELDS], TransactionMode::ReadOnly)?;
    let fields = transaction.object_store(FIELDS)?;
    let keys = fields.get_all_keys(None, None)?.await?;
    let values = fields.get_all(None, None)?.await?;
    Ok((keys, values))
}

async fn open() -> Result<Database, idb::Error> {
    let mut request = Factory::new()?.open(NAME, Some(VERSION))?;
    request.on_upgrade_needed(|event| {
        let Ok(database) = idb::event::DatabaseEvent::database(&event) else {
            return;
        };
        let there = database.store_names();
        let is_missing = |store: &&str| !there.iter().any(|name| name.as_str() == *store);
        for store in STORES.into_iter().filter(is_missing) {
            // Without it every later transaction fails, which the visitor gets to know.
            database
                .create_object_store(store, ObjectStoreParams::new())
                .map(drop)
                .unwrap_or_default();
        }
    });
    request.await
}

async fn carry_out(database: &Database, write: &PendingWrite) -> Result<(), StorageError> {
    let removed = match write {
        PendingWrite::Put {
            store,
            field,
            value,
        } => return stored_blob::put(database, store, &JsValue::from(*field), value).await,
        PendingWrite::Remove(field) => Some(JsValue::from(*field)),
        PendingWrite::Clear => None,
    };
    let transaction = database.transaction(&STORES, TransactionMode::ReadWrite)?;
    for store in STORES {
        let objects = transaction.object_store(store)?;
        match &removed {
            Some(field) => objects.delete(Query::from(field.clone()))?.await?,
            None => objects.clear()?.await?,
        }
    }
    commit(transaction).await
}

/// Whether this tab is the one that keeps fields, the first that is open: two tabs would overwrite each
/// other's fields. Without the browser's locks a tab takes itself for the first.
async fn is_first_tab() -> bool {
    let locks = property(&window().navigator(), "locks");
    let Ok(request) = property(&locks, "request").dyn_into::<Function>() else {
        return true;
    };
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &true.into()).unwrap_or_default();
    let answer = Promise::new(&mut |resolve, _| {
        let holder = Closure::once_into_js(move |lock: JsValue| {
            let is_ours = lock.is_object();
            resolve
                .call1(&JsValue::UNDEFINED, &is_ours.into())
                .map(drop)
                .unwrap_or_default();
            // Held for as long as the page lives.
            is_ours.then(|| Promise::new(&mut |_, _| {}))
        });
        request
            .call3(&locks, &NAME.into(), &options, &holder)
            .map(drop)
            .unwrap_or_default();
    });
    JsFuture::from(answer)
        .await
        .is_ok_and(|answer| answer.is_truthy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_answer_are_read_from_one_object() {
        // As the first version of the page wrote it.
        let written = r#"{
            "model":{"name":"two","limits":"","labels":["Nucleoli","Cytosol"],"thresholds":[0.5,0.5],"size":64,
                "composition":"rgb","architecture":"DenseNet-121","licence":"","weights_sha256":""},
            "device":"CPU","probabilities":[0.75,0.25],"present":[0],
            "decode_ms":12.5,"network_ms":1400,"map_ms":1.5}"#;
        let source: AnswerSource = serde_json::from_str(written).expect("a source");
        assert_eq!((source.model.labels.len(), &*source.device), (2, "CPU"));
        let prediction: TimedPrediction = serde_json::from_str(written).expect("a prediction");
        assert_eq!(
            prediction,
            TimedPrediction {
                probabilities: vec![0.75, 0.25],
                present: vec![0],
                remarks: Vec::new(),
                pixel_size: None,
                painted: None,
                features: Vec::new(),
                decode_ms: 12.5,
                network_ms: 1400.0,
                map_ms: 1.5,
                member_ms: Vec::new(),
            }
        );
    }

    #[test]
    fn the_other_states_have_the_form_of_the_first_version() {
        let reason = "no green channel".to_owned();
        for (state, form) in [
            (KeptState::Waiting {}, r#"{"waiting":{}}"#),
            (KeptState::Cancelled {}, r#"{"cancelled":{}}"#),
            (
                KeptState::Refused { reason },
                r#"{"refused":{"reason":"no green channel"}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&state).expect("written"), form);
            let read: KeptState = serde_json::from_str(form).expect("read");
            assert_eq!(read, state);
        }
    }
}
