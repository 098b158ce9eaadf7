//! The labels of single cells in files: a table for each field, beside its masks.

use std::collections::BTreeMap;
use std::path::Path;

use cytolens_core::labels::LabelSet;

use crate::fault::Fault;
use crate::table::read_table;

/// Reads the labels of a field's cells, by their numbers in its mask, from a table of labels whose ids are these numbers.
///
/// # Errors
/// A [`Fault`] for a file that cannot be read, and for the first row that is wrong: what a cell shows must not be guessed.
pub fn read_cell_labels(path: &Path) -> Result<BTreeMap<u16, LabelSet>, Fault> {
    let table = read_table(path)
        .map_err(|error| Fault::new(path.display().to_string(), format!("{error:#}")))?;
    if let Some(fault) = table.faults.into_iter().next() {
        return Err(fault);
    }
    let numbered = table.rows.into_iter().map(|(id, labels)| {
        let number = id.parse::<u16>().ok().filter(|number| *number > 0);
        let numbered = number.map(|number| (number, labels));
        numbered.ok_or_else(|| {
            Fault::new(
                format!("{id:?} in {}", path.display()),
                "the number of a cell is from 1 to 65,535",
            )
        })
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_labels_of_their_row_and_wrong_rows_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a_labels.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("written");
            read_cell_labels(&path)
        };
        let labels = read("Id,Target\n1,0 25\n3,\n700,17\n").expect("a table");
        let of = |text: &str| text.parse::<LabelSet>().expect("classes");
        let expected = [(1, of("0 25")), (3, of("")), (700, of("17"))];
        assert_eq!(labels, BTreeMap::from(expected));
        assert_eq!(read("Id,Target\n"), Ok(BTreeMap::new()));
        for (text, reason) in [
            ("Id,Target\n0,1\n", "from 1"),
            ("Id,Target\nx,1\n", "from 1"),
            ("Id,Target\n70000,1\n", "from 1"),
            ("Id,Target\n1,99\n", "99"),
            ("Id,Target\n1,0\n1,2\n", "twice"),
            ("cell,label\n1,0\n", "columns"),
        ] {
            let fault = read(text).expect_err("a fault");
            assert!(fault.reason.contains(reason), "{text:?}: {fault}");
        }
        std::fs::remove_file(&path).expect("removed");
        assert!(read_cell_labels(&path).is_err());
    }
}
