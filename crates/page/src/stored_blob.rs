//! Blobs in IndexedDB. A browser keeps them as they are; where it refuses to, as WebKit does in private sessions, it keeps
//! their bytes.
//!
//! Blobs are tried first: to keep one costs the page no memory, and its bytes twice their number, for as long as they are
//! copied, on the thread that paints.

use idb::{Database, TransactionMode};
use js_sys::{Array, ArrayBuffer, Object, Reflect};
use serde::de::Error;
use serde::{Deserializer, Serializer};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::storage_error::{StorageError, commit};

/// Writes a blob as it is; for serde's `with`.
pub(super) fn serialize<S: Serializer>(blob: &Blob, serializer: S) -> Result<S::Ok, S::Error> {
    preserve::serialize(blob, serializer)
}

/// Reads a blob, or the bytes of one; for serde's `with`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
    let kept: JsValue = preserve::deserialize(deserializer)?;
    blob(&kept).ok_or_else(|| D::Error::custom("neither a blob nor bytes"))
}

/// The blob that was kept, as it was or as its bytes.
pub(super) fn blob(kept: &JsValue) -> Option<Blob> {
    if kept.is_instance_of::<ArrayBuffer>() {
        return Blob::new_with_buffer_source_sequence(&Array::of1(kept)).ok();
    }
    kept.dyn_ref().cloned()
}

/// Puts a record under a key. Its blobs become bytes in the record itself where the browser does not keep them.
///
/// # Errors
/// The reason why the browser does not keep the record.
pub(super) async fn put(
    database: &Database,
    store: &str,
    key: &JsValue,
    record: &JsValue,
) -> Result<(), StorageError> {
    match put_as_it_is(database, store, key, record).await {
        Err(refusal) if refusal != StorageError::NoRoom => {
            match replace_by_bytes(record).await {
                Ok(true) => put_as_it_is(database, store, key, record).await,
                Ok(false) => Err(refusal),
                // The files are gone, and not the store.
                Err(error) => Err(StorageError::Unreadable(
                    StorageError::from(error).to_string(),
                )),
            }
        }
        result => result,
    }
}

async fn put_as_it_is(
    database: &Database,
    store: &str,
    key: &JsValue,
    record: &JsValue,
) -> Result<(), StorageError> {
    let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
    let objects = transaction.object_store(store)?;
    objects.put(record, Some(key))?.await?;
    commit(transaction).await
}

/// Replaces the blobs in a record, at any depth, by their bytes. Returns whether there was any.
async fn replace_by_bytes(record: &JsValue) -> Result<bool, JsValue> {
    let mut has_blobs = false;
    let mut inner: Vec<Object> = record.dyn_ref().cloned().into_iter().collect();
    while let Some(object) = inner.pop() {
        for key in Object::keys(&object).iter() {
            let value = Reflect::get(&object, &key)?;
            if let Some(blob) = value.dyn_ref::<Blob>() {
                let bytes = JsFuture::from(blob.array_buffer()).await?;
                Reflect::set(&object, &key, &bytes)?;
                has_blobs = true;
            } else if !ArrayBuffer::is_view(&value) {
                inner.extend(value.dyn_into());
            }
        }
    }
    Ok(has_blobs)
}
