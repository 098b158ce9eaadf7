//! Predictions and faults as CSV.

use std::io::Write;

use anyhow::Result;
use cytolens_core::Channel;

use super::log::FieldRow;
use cytolens_data::fault::Fault;

/// The column that names the channel which was painted.
pub(super) const PAINTED: &str = "Painted";

/// The class numbers of a row, separated by spaces.
fn numbers(row: &FieldRow) -> String {
    let present: Vec<String> = row.present.iter().map(ToString::to_string).collect();
    present.join(" ")
}

/// Writes `Id`, `Predicted` and the probability of each class under its label, and with `painted` the channel that was painted.
/// Probabilities have the fewest digits that read back as the same 32-bit number.
///
/// # Errors
/// If a row cannot be read or the file not written.
pub fn write_csv(
    file: impl Write,
    labels: &[String],
    painted: bool,
    rows: impl Iterator<Item = Result<FieldRow>>,
) -> Result<()> {
    let mut table = csv::Writer::from_writer(file);
    let columns = ["Id", "Predicted"].into_iter();
    let columns = columns.chain(labels.iter().map(String::as_str));
    table.write_record(columns.chain(painted.then_some(PAINTED)))?;
    for row in rows {
        let row = row?;
        table.write_field(&row.id)?;
        table.write_field(numbers(&row))?;
        for probability in &row.probabilities {
            table.write_field(probability.to_string())?;
        }
        if painted {
            table.write_field(row.painted.map_or("", Channel::name))?;
        }
        // This ends the row.
        table.write_record(None::<&[u8]>)?;
    }
    Ok(table.flush()?)
}

/// Writes `Id` and `Predicted`: the form in which the Human Protein Atlas challenge takes answers
/// (<https://www.kaggle.com/c/human-protein-atlas-image-classification>).
///
/// # Errors
/// If a row cannot be read or the file not written.
pub fn write_submission(
    file: impl Write,
    rows: impl Iterator<Item = Result<FieldRow>>,
) -> Result<()> {
    let mut table = csv::Writer::from_writer(file);
    table.write_record(["Id", "Predicted"])?;
    for row in rows {
        let row = row?;
        table.write_record([&row.id, &numbers(&row)])?;
    }
    Ok(table.flush()?)
}

/// Writes the faults: `Id` (none for files that are of no field), `Subject` and `Reason`.
///
/// # Errors
/// If a fault cannot be read or the file not written.
pub fn write_faults(
    file: impl Write,
    faults: impl Iterator<Item = Result<(String, Fault)>>,
) -> Result<()> {
    let mut table = csv::Writer::from_writer(file);
    table.write_record(["Id", "Subject", "Reason"])?;
    for fault in faults {
        let (id, Fault { subject, reason }) = fault?;
        table.write_record([id, subject, reason])?;
    }
    Ok(table.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> impl Iterator<Item = Result<FieldRow>> {
        let row = |id: &str, present: &[usize], probabilities: &[f32]| {
            Ok(FieldRow {
                features: Vec::new(),
                id: id.to_owned(),
                present: present.to_vec(),
                probabilities: probabilities.to_vec(),
                painted: (id == "a").then_some(Channel::Yellow),
            })
        };
        [
            row("a", &[0, 1], &[0.75, 0.5]),
            row("b, c", &[], &[1.0 / 3.0, 1e-9]),
        ]
        .into_iter()
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("Unicode")
    }

    #[test]
    fn tables_have_their_columns() {
        let labels = ["Nucleoplasm", "Rods & rings"].map(str::to_owned);
        let mut file = Vec::new();
        write_csv(&mut file, &labels, false, rows()).expect("written");
        assert_eq!(
            text(file),
            "Id,Predicted,Nucleoplasm,Rods & rings\na,0 1,0.75,0.5\n\"b, c\",,0.33333334,0.000000001\n"
        );
        let mut file = Vec::new();
        write_csv(&mut file, &labels, true, rows()).expect("written");
        assert_eq!(
            text(file),
            "Id,Predicted,Nucleoplasm,Rods & rings,Painted\na,0 1,0.75,0.5,yellow\n\"b, c\",,0.33333334,0.000000001,\n"
        );
        let mut file = Vec::new();
        write_submission(&mut file, rows()).expect("written");
        assert_eq!(text(file), "Id,Predicted\na,0 1\n\"b, c\",\n");
    }

    #[test]
    fn faults_are_listed() {
        let fault = Fault::new("a_green.png", "no image");
        let mut file = Vec::new();
        write_faults(&mut file, [Ok(("a".to_owned(), fault))].into_iter()).expect("written");
        assert_eq!(text(file), "Id,Subject,Reason\na,a_green.png,no image\n");
    }
}
