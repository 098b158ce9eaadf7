//! The browser's reasons for not storing something in IndexedDB.

use std::fmt;

use idb::{Transaction, TransactionResult};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DomException, IdbTransaction};

use super::dom::error_text;

/// The name of the exception of a browser that gives no more room.
const QUOTA_EXCEEDED: &str = "QuotaExceededError";

/// A reason of the browser not to store something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StorageError {
    /// The room that it gives to the page is used up.
    NoRoom,
    /// What is to be stored cannot be read any more: the visitor's file was moved or changed. The browser's own words.
    Unreadable(String),
    /// Any other reason, in its own words.
    Other(String),
}

impl StorageError {
    /// The reason that an exception of this name and message gives.
    fn of_exception(name: &str, message: &str) -> Self {
        match (name, message) {
            (QUOTA_EXCEEDED, _) => Self::NoRoom,
            (name, "") => Self::Other(name.to_owned()),
            (name, message) => Self::Other(format!("{name}: {message}")),
        }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom => f.write_str(QUOTA_EXCEEDED),
            Self::Unreadable(reason) | Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl From<&DomException> for StorageError {
    fn from(exception: &DomException) -> Self {
        Self::of_exception(&exception.name(), &exception.message())
    }
}

impl From<JsValue> for StorageError {
    fn from(error: JsValue) -> Self {
        match error.dyn_ref::<DomException>() {
            Some(exception) => exception.into(),
            None => Self::Other(error_text(&error)),
        }
    }
}

impl From<idb::Error> for StorageError {
    fn from(error: idb::Error) -> Self {
        match error {
            idb::Error::DomException(exception) => (&exception).into(),
            error => Self::Other(error.to_string()),
        }
    }
}

impl From<serde_wasm_bindgen::Error> for StorageError {
    fn from(error: serde_wasm_bindgen::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// Ends a transaction. A browser without room may say so only here.
///
/// # Errors
/// The reason why the browser does not keep what was written.
pub(super) async fn commit(transaction: Transaction) -> Result<(), StorageError> {
    // The transaction knows the reason, and the future that `idb` makes of it keeps it to itself.
    let transaction = IdbTransaction::from(transaction);
    match Transaction::from(transaction.clone()).commit()?.await? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(match transaction.error() {
            Some(exception) => (&exception).into(),
            None => StorageError::Other("the browser took the write back".to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn only_an_exceeded_quota_is_a_lack_of_room() {
        // Chromium ends a transaction with this name and no message.
        for message in ["", "Maximum size exceeded"] {
            let error = StorageError::of_exception("QuotaExceededError", message);
            assert_eq!(error, StorageError::NoRoom);
        }
        for (name, message, shown) in [
            ("UnknownError", "", "UnknownError"),
            (
                "NotReadableError",
                "The file was moved.",
                "NotReadableError: The file was moved.",
            ),
        ] {
            let error = StorageError::of_exception(name, message);
            assert_eq!(error, StorageError::Other(shown.to_owned()));
        }
    }

    #[test]
    fn visitors_read_the_reason() {
        let other = StorageError::Other("NotReadableError: The file was moved.".to_owned());
        for (no_room, reason) in [
            (
                text::images_not_kept(1, &StorageError::NoRoom),
                text::images_not_kept(1, &other),
            ),
            (
                text::results_not_kept(&StorageError::NoRoom),
                text::results_not_kept(&other),
            ),
            (
                text::models::not_kept("A", 1e6, &StorageError::NoRoom),
                text::models::not_kept("A", 1e6, &other),
            ),
        ] {
            assert!(no_room.contains("room"), "{no_room}");
            assert!(!reason.contains("room"), "{reason}");
            assert!(reason.contains("The file was moved."), "{reason}");
        }
    }

    #[test]
    fn a_notice_says_how_many_fields_it_is_about() {
        let gone = StorageError::Unreadable("NotFoundError".to_owned());
        for (fields, error, expected) in [
            (
                1,
                &gone,
                "The images of one field could not be kept: the files seem",
            ),
            (
                12,
                &gone,
                "The images of 12 fields could not be kept: the files seem",
            ),
            (
                3,
                &StorageError::Other("UnknownError".to_owned()),
                "does not keep the images of 3 fields (UnknownError)",
            ),
        ] {
            let notice = text::images_not_kept(fields, error);
            assert!(notice.contains(expected), "{notice}");
            assert!(notice.contains("Results are still kept"), "{notice}");
        }
    }
}
