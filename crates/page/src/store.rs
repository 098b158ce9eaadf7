//! What outlives a reload: fields, their answers, their images and their maps, in IndexedDB.
//!
//! Writes go one after the other in the background. The page works without a store: then, and where
//! the browser gives no more room, things last as long as the page, and the visitor is told.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use idb::{Database, Factory, ObjectStoreParams, Query, TransactionMode, TransactionResult};
use js_sys::{Function, Object, Promise, Reflect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Blob;

use super::dom::{property, window};
use super::input::FieldInput;
use super::text;
use cytolens_protocol::{Maps, ModelSummary};

/// The database, and the lock of the tab that writes it.
const NAME: &str = "cytolens";
/// Raised when the form of what is stored changes: then what an older page stored is dropped.
const VERSION: u32 = 1;

const FIELDS: &str = "fields";
const INPUTS: &str = "inputs";
const MAPS: &str = "maps";
const STORES: [&str; 3] = [FIELDS, INPUTS, MAPS];

/// A field as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) source: String,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub(super) thumbnail: JsValue,
    pub(super) outcome: Outcome,
}

/// How far a kept field is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It has its answer still to come.
    Waiting {},
    /// The visitor gave it up.
    Cancelled {},
    /// It has its fault.
    Refused { reason: String },
    /// It has its answer.
    Done {
        model: ModelSummary,
        device: String,
        probabilities: Vec<f32>,
        present: Vec<usize>,
        decode_ms: f64,
        network_ms: f64,
        map_ms: f64,
    },
}

impl Record {
    /// The encoded picture for the gallery, if there is one.
    pub(super) fn thumbnail(&self) -> Option<Blob> {
        self.thumbnail.clone().dyn_into().ok()
    }
}

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the browser took the write back")]
    Aborted,
    #[error(transparent)]
    Database(#[from] idb::Error),
}

/// One thing to write.
enum Write {
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
    writes: RefCell<VecDeque<Write>>,
    is_writing: Cell<bool>,
    /// Whether the browser has refused an image for want of room: further ones are not tried.
    is_full: Cell<bool>,
    warn: Box<dyn Fn(&str)>,
}

impl Store {
    /// A store that is not open yet; `warn` hears, once each, what is not kept and why.
    pub(super) fn new(warn: impl Fn(&str) + 'static) -> Rc<Self> {
        Rc::new(Self {
            database: RefCell::default(),
            writes: RefCell::default(),
            is_writing: Cell::default(),
            is_full: Cell::default(),
            warn: Box::new(warn),
        })
    }

    /// Opens the store and gives what it holds, oldest first.
    pub(super) async fn open(self: &Rc<Self>) -> Vec<(u32, Record)> {
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
        // What was added before the store was open.
        self.write_on();
        self.all().await.unwrap_or_else(|error| {
            (self.warn)(&text::not_read_back(&error));
            Vec::new()
        })
    }

    /// Whether fields are kept.
    pub(super) fn is_open(&self) -> bool {
        self.database.borrow().is_some()
    }

    /// Keeps a field.
    pub(super) fn keep(self: &Rc<Self>, field: u32, record: &Record) {
        self.put(FIELDS, field, record);
    }

    /// Keeps a field's files.
    pub(super) fn keep_input(self: &Rc<Self>, field: u32, input: &FieldInput) {
        if !self.is_full.get() {
            self.put(INPUTS, field, input);
        }
    }

    /// Keeps a field's activation maps.
    pub(super) fn keep_maps(self: &Rc<Self>, field: u32, maps: &Maps) {
        self.put(MAPS, field, maps);
    }

    /// A field's files, where they are kept.
    pub(super) async fn input(&self, field: u32) -> Option<FieldInput> {
        self.get(INPUTS, field).await
    }

    /// A field's activation maps, where they are kept.
    pub(super) async fn maps(&self, field: u32) -> Option<Maps> {
        self.get(MAPS, field).await
    }

    /// Forgets a field.
    pub(super) fn remove(self: &Rc<Self>, field: u32) {
        self.write(Write::Remove(field));
    }

    /// Forgets everything.
    pub(super) fn clear(self: &Rc<Self>) {
        self.writes.borrow_mut().clear();
        self.is_full.set(false);
        self.write(Write::Clear);
    }

    fn put(self: &Rc<Self>, store: &'static str, field: u32, value: &impl Serialize) {
        match serde_wasm_bindgen::to_value(value) {
            Ok(value) => self.write(Write::Put {
                store,
                field,
                value,
            }),
            Err(error) => (self.warn)(&text::nothing_kept(&error.to_string())),
        }
    }

    fn write(self: &Rc<Self>, write: Write) {
        self.writes.borrow_mut().push_back(write);
        self.write_on();
    }

    /// Writes what waits, unless that goes on already.
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

    /// Tells what a write that failed means, once. Without room for images results are still kept;
    /// without room for these the store is given up, and what comes lasts as long as the page.
    fn failed(&self, write: &Write, error: &WriteError) {
        let error = error.to_string();
        if matches!(write, Write::Put { store, .. } if *store == INPUTS) {
            if !self.is_full.replace(true) {
                (self.warn)(&text::images_not_kept(&error));
            }
        } else if self.database.take().is_some() {
            self.writes.borrow_mut().clear();
            (self.warn)(&text::results_not_kept(&error));
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

    async fn all(&self) -> Result<Vec<(u32, Record)>, String> {
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

/// All keys and values of the fields, in the same order.
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
        for store in STORES {
            // Without it every later transaction fails and is told.
            database
                .create_object_store(store, ObjectStoreParams::new())
                .map(drop)
                .unwrap_or_default();
        }
    });
    request.await
}

async fn carry_out(database: &Database, write: &Write) -> Result<(), WriteError> {
    let stores: &[&str] = match write {
        Write::Put { store, .. } => &[store],
        Write::Remove(_) | Write::Clear => &STORES,
    };
    let transaction = database.transaction(stores, TransactionMode::ReadWrite)?;
    for store in stores {
        let objects = transaction.object_store(store)?;
        match write {
            Write::Put { field, value, .. } => {
                objects.put(value, Some(&JsValue::from(*field)))?.await?;
            }
            Write::Remove(field) => objects.delete(Query::from(JsValue::from(*field)))?.await?,
            Write::Clear => objects.clear()?.await?,
        }
    }
    match transaction.commit()?.await? {
        TransactionResult::Committed => Ok(()),
        // What a browser does when there is no room: it says so by ending the transaction.
        TransactionResult::Aborted => Err(WriteError::Aborted),
    }
}

/// Whether this tab is the one that keeps fields: the first that is open. Two would write each
/// other's numbers. Without the browser's locks nobody can tell, and the tab takes it that it is.
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
