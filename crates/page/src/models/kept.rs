//! Visitors' packages, kept in the browser's IndexedDB from one visit to the next, and the choice among
//! them.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::Array;
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::dom::storage;

const DATABASE: &str = "cytolens-models";
const STORE: &str = "packages";
/// The name of the choice in the browser's local storage.
const CHOICE: &str = "cytolens-model";

/// A package as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The text of the manifest.
    pub(super) manifest: String,
    /// The weights' bytes.
    #[serde(with = "preserve")]
    pub(super) weights: Blob,
}

/// All that is kept; nothing, where the browser keeps nothing.
pub(super) async fn all() -> Vec<Kept> {
    let read = async {
        let transaction = open()
            .await?
            .transaction(&[STORE], TransactionMode::ReadOnly)?;
        transaction.object_store(STORE)?.get_all(None, None)?.await
    };
    let values: Result<Vec<JsValue>, Error> = read.await;
    let values = values.unwrap_or_default().into_iter();
    values
        .filter_map(|value| serde_wasm_bindgen::from_value(value).ok())
        .collect()
}

/// Keeps a package, in place of the one of this id. Gives the weights as they are kept, which stay
/// readable when the visitor's file is moved; none, where the browser refuses.
pub(super) async fn keep(id: &str, package: &Kept) -> Option<Blob> {
    // The bytes, and not the visitor's file: in a private window a browser may keep no more of a file
    // than where it lies.
    let bytes = JsFuture::from(package.weights.array_buffer()).await.ok()?;
    let copy = Kept {
        manifest: package.manifest.clone(),
        weights: Blob::new_with_buffer_source_sequence(&Array::of1(&bytes)).ok()?,
    };
    let value = copy
        .serialize(&serde_wasm_bindgen::Serializer::new())
        .ok()?;
    let id = JsValue::from(id);
    let write = async {
        let database = open().await?;
        let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
        transaction
            .object_store(STORE)?
            .put(&value, Some(&id))?
            .await?;
        // Where there is no room, some browsers say so only here.
        if transaction.commit()?.await?.is_aborted() {
            return Ok(None);
        }
        let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
        transaction.object_store(STORE)?.get(id.clone())?.await
    };
    let written: Result<Option<JsValue>, Error> = write.await;
    let kept: Kept = serde_wasm_bindgen::from_value(written.ok()??).ok()?;
    Some(kept.weights)
}

/// Forgets a package.
pub(super) async fn forget(id: &str) {
    let delete = async {
        let transaction = open()
            .await?
            .transaction(&[STORE], TransactionMode::ReadWrite)?;
        transaction
            .object_store(STORE)?
            .delete(JsValue::from(id))?
            .await?;
        transaction.commit()?.await
    };
    // A browser that refuses kept nothing either.
    delete.await.map(drop).unwrap_or_default();
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            // Where this fails, so does every transaction.
            database
                .create_object_store(STORE, ObjectStoreParams::new())
                .map(drop)
                .unwrap_or_default();
        }
    });
    request.await
}

/// The id of the model that was chosen last, unless it was the page's own.
pub(super) fn choice() -> Option<String> {
    let choice = storage()?.get_item(CHOICE).ok().flatten();
    choice.filter(|id| !id.is_empty())
}

/// Remembers the choice.
pub(super) fn choose(id: Option<&str>) {
    if let Some(storage) = storage() {
        // A full or forbidden storage forgets the choice, no more.
        storage
            .set_item(CHOICE, id.unwrap_or_default())
            .unwrap_or_default();
    }
}
