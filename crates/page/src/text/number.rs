//! Numbers, in the browser's language. Files have others: those that every program reads.

use crate::numerals::{Form, written};

/// Has the browser make what writes the numbers of answers, before there is one: that takes longer than to write them.
pub(crate) fn prepare() {
    drop([percent(0.0), decimal(0.0, 2), decimal(0.0, 1)]);
}

/// A whole number.
pub(crate) fn whole(number: usize) -> String {
    decimal(number as f64, 0)
}

/// A number with so many digits behind the decimal sign.
pub(crate) fn decimal(number: f64, digits: usize) -> String {
    let form = Form {
        least: digits,
        most: digits,
        is_percent: false,
    };
    written(number, form)
}

/// A number with so many digits behind the decimal sign at most.
pub(crate) fn short(number: f64, digits: usize) -> String {
    let form = Form {
        least: 0,
        most: digits,
        is_percent: false,
    };
    written(number, form)
}

/// A share from 0 to 1, in percent.
pub(crate) fn percent(share: f64) -> String {
    let form = Form {
        least: 0,
        most: 0,
        is_percent: true,
    };
    written(share, form)
}

/// A count of things: `1 field`, `1,200 fields`.
pub(crate) fn counted(count: usize, one: &str, more: &str) -> String {
    let thing = if count == 1 { one } else { more };
    [&whole(count), " ", thing].concat()
}

/// A count of fields.
pub(crate) fn fields(count: usize) -> String {
    counted(count, "field", "fields")
}

/// A count of files.
pub(crate) fn files(count: usize) -> String {
    counted(count, "file", "files")
}
