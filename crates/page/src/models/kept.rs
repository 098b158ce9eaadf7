//! Visitors' packages, kept in the browser's IndexedDB from one visit to the next, and the choice among
//! them.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::dom::{remember, remembered};
use crate::storage_error::StorageError;
use crate::stored_blob;

const DATABASE: &str = "cytolens-models";
const STORE: &str = "packages";
/// The name of the choice in the browser's local storage.
const CHOICE: &str = "cytolens-model";

/// A package as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptPackage {
    /// The text of the manifest.
    pub(super) manifest: String,
    /// The weights' bytes.
    #[serde(with = "stored_blob")]
    pub(super) weights: Blob,
}

/// All packages that are kept; none where the browser keeps nothing.
pub(super) async fn all() -> Vec<KeptPackage> {
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

/// Keeps a package, in place of the one of this id, and returns the weights as they are kept: they stay
/// readable when the visitor's file is moved.
///
/// # Errors
/// The browser's reason to refuse.
pub(super) async fn keep(id: &str, package: &KeptPackage) -> Result<Blob, StorageError> {
    // The bytes, and not the visitor's file: in a private window a browser may keep no more of a file
    // than where it lies.
    let bytes = JsFuture::from(package.weights.array_buffer()).await?;
    let copy = KeptPackage {
        manifest: package.manifest.clone(),
        weights: Blob::new_with_buffer_source_sequence(&Array::of1(&bytes))?,
    };
    let value = serde_wasm_bindgen::to_value(&copy)?;
    let id = JsValue::from(id);
    let database = open().await?;
    stored_blob::put(&database, STORE, &id, &value).await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let written = transaction.object_store(STORE)?.get(id)?.await?;
    let kept: KeptPackage = serde_wasm_bindgen::from_value(written.unwrap_or_default())?;
    Ok(kept.weights)
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
    let _: Result<_, Error> = delete.await;
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            // If this fails, so does every transaction.
            _ = database.create_object_store(STORE, ObjectStoreParams::new());
        }
    });
    request.await
}

/// The id of the model that was chosen last, unless it was the page's own.
pub(super) fn choice() -> Option<String> {
    Some(remembered(CHOICE)).filter(|id| !id.is_empty())
}

/// Remembers the choice.
pub(super) fn choose(id: Option<&str>) {
    remember(CHOICE, id.unwrap_or_default());
}
