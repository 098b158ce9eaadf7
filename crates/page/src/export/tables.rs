//! Answers and faults as CSV, in the columns of `trainer predict`.

use super::Row;
use crate::answer::Answer;
use crate::text::export as text;
use cytolens_core::labels::LOCATIONS;
use cytolens_protocol::ModelSummary;

/// The column of the channel that was painted. Tables have it where one of their answers has such a channel.
pub(crate) const PAINTED: &str = "Painted";

/// Answered fields that can share a table, because their models' labels are the same.
pub(super) struct PredictionTable<'a> {
    /// The model of its rows, or of the first where several share their labels.
    pub(super) model: &'a ModelSummary,
    /// Ids and answers.
    pub(super) rows: Vec<(&'a str, &'a Answer)>,
}

/// The answered fields as one table, or as one a model where the models' labels differ.
pub(super) fn tables(rows: &[Row]) -> Vec<PredictionTable<'_>> {
    let answered = || {
        rows.iter()
            .filter_map(|row| Some((row.id.as_str(), row.outcome.as_deref().ok()?)))
    };
    let mut models = answered().map(|(_, answer)| &*answer.model);
    let can_share = models
        .next()
        .is_none_or(|first| models.all(|model| model.labels == first.labels));
    let mut tables: Vec<PredictionTable<'_>> = Vec::new();
    for (id, answer) in answered() {
        let table = tables
            .iter_mut()
            .find(|table| can_share || *table.model == *answer.model);
        match table {
            Some(table) => table.rows.push((id, answer)),
            None => tables.push(PredictionTable {
                model: &answer.model,
                rows: vec![(id, answer)],
            }),
        }
    }
    tables
}

/// A table with the columns `Id`, `Predicted` and the probability of each class under its label, with the
/// fewest digits that read back as the same 32-bit number, and [`PAINTED`].
///
/// # Errors
/// An answer that has not one probability per label.
pub(super) fn predictions(table: &PredictionTable<'_>, dialect: Dialect) -> Result<String, String> {
    let labels = table.model.labels.iter().map(String::as_str);
    let fits =
        |(_, answer): &(&str, &Answer)| answer.prediction.probabilities.len() == labels.len();
    if let Some((id, _)) = table.rows.iter().find(|row| !fits(row)) {
        return Err(text::not_a_probability_each(id));
    }
    let mut answers = table.rows.iter().map(|(_, answer)| *answer);
    let is_marked = answers.any(|answer| !answer.painted().is_empty());
    let rows = table.rows.iter().map(|(id, answer)| {
        let probabilities = answer
            .prediction
            .probabilities
            .iter()
            .map(ToString::to_string);
        let begin = [(*id).to_owned(), numbers(answer)];
        let mark = is_marked.then(|| answer.painted().to_owned());
        begin.into_iter().chain(probabilities).chain(mark).collect()
    });
    let columns = ["Id", "Predicted"].into_iter().chain(labels);
    let columns = columns.chain(is_marked.then_some(PAINTED));
    Ok(write(columns, rows, dialect))
}

/// A table with the columns `Id` and `Predicted`: the form in which the Human Protein Atlas challenge takes answers
/// (<https://www.kaggle.com/c/human-protein-atlas-image-classification>).
pub(super) fn submission(rows: &[Row]) -> String {
    let rows = submitted(rows).map(|(id, answer)| vec![id.to_owned(), numbers(answer)]);
    // The challenge reads no other form.
    write(["Id", "Predicted"].into_iter(), rows, Dialect::default())
}

/// The answers that a submission can hold: those of models with the challenge's classes, by no painted channel, for which it has no
/// mark.
pub(super) fn submitted(rows: &[Row]) -> impl Iterator<Item = (&str, &Answer)> {
    rows.iter().filter_map(|row| {
        let answer = row.outcome.as_deref().ok()?;
        let is_held = answer.model.labels == LOCATIONS && answer.painted().is_empty();
        is_held.then_some((row.id.as_str(), answer))
    })
}

/// A table with the columns `Id`, `Subject` and `Reason` of the fields and files that were left out.
pub(super) fn faults(rows: &[Row], dialect: Dialect) -> String {
    let rows = rows.iter().filter_map(|row| {
        let reason = row.outcome.as_ref().err()?;
        Some(vec![row.id.clone(), row.files.clone(), reason.clone()])
    });
    write(["Id", "Subject", "Reason"].into_iter(), rows, dialect)
}

/// The class numbers over threshold, parted by spaces.
fn numbers(answer: &Answer) -> String {
    let present: Vec<String> = answer.present().iter().map(ToString::to_string).collect();
    present.join(" ")
}

/// The form of a table. Numbers are the same in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The sign between columns.
    pub(crate) separator: char,
    /// Whether the file is for Excel: it begins with a byte-order mark, without which Excel takes letters beyond ASCII for others,
    /// and words that Excel would compute have an apostrophe before them.
    pub(crate) is_for_excel: bool,
}

impl Default for Dialect {
    /// The form that every program reads.
    fn default() -> Self {
        Self {
            separator: ',',
            is_for_excel: false,
        }
    }
}

impl Dialect {
    /// The form that Excel reads by a double click: where numbers have a comma, it parts columns by semicolons.
    pub(super) fn excel(has_decimal_comma: bool) -> Self {
        Self {
            separator: if has_decimal_comma { ';' } else { ',' },
            is_for_excel: true,
        }
    }
}

/// A table with these columns, quoted as the `csv` crate does where a reader would need it. (The crate
/// itself weighs more than the rest of the export together.)
pub(crate) fn write<'a>(
    columns: impl Iterator<Item = &'a str>,
    rows: impl Iterator<Item = Vec<String>>,
    Dialect {
        separator,
        is_for_excel,
    }: Dialect,
) -> String {
    let mut table = String::from(if is_for_excel { "\u{feff}" } else { "" });
    let mut row = |fields: Vec<String>| {
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                table.push(separator);
            }
            let mark = if is_for_excel && is_computed(field) {
                "'"
            } else {
                ""
            };
            if field.contains([separator, '"', '\n', '\r']) {
                let doubled = field.replace('"', "\"\"");
                table.extend(["\"", mark, &doubled, "\""]);
            } else {
                table.extend([mark, field]);
            }
        }
        table.push('\n');
    };
    row(columns.map(str::to_owned).collect());
    rows.for_each(row);
    table
}

/// Whether a spreadsheet would take a cell for a formula, which may run programs and ask servers: ids are names of files, and labels a
/// package's. Numbers are none.
fn is_computed(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::super::tests::{answered, model, refused};
    use super::*;
    use cytolens_core::Channel;

    #[test]
    fn predictions_are_written_as_the_trainer_writes_them() {
        // The rows and the text of the test of `trainer predict`'s own table.
        let model = model("first", &["Nucleoplasm", "Rods & rings"]);
        let rows = [
            answered("a", &model, &[0, 1], &[0.75, 0.5]),
            answered("b, c", &model, &[], &[1.0 / 3.0, 1e-9]),
        ];
        let tables = tables(&rows);
        assert_eq!(tables.len(), 1);
        assert_eq!(
            predictions(&tables[0], Dialect::default()).expect("written"),
            "Id,Predicted,Nucleoplasm,Rods & rings\na,0 1,0.75,0.5\n\"b, c\",,0.33333334,0.000000001\n"
        );
    }

    #[test]
    fn painted_channels_have_a_column_as_in_the_trainers_table_and_no_submission() {
        let model = model("all", &LOCATIONS);
        let probabilities = [0.0; LOCATIONS.len()];
        let mut rows = [
            answered("a", &model, &[0], &probabilities),
            answered("b", &model, &[], &probabilities),
        ];
        let answer = rows[0].outcome.as_mut().expect("an answer");
        Rc::make_mut(answer).prediction.painted = Some(Channel::Yellow);
        let tables = tables(&rows);
        let written = predictions(&tables[0], Dialect::default()).expect("written");
        let ends = written.lines().map(|line| line.rsplit(',').next());
        let ends: Vec<&str> = ends.flatten().collect();
        assert_eq!(ends, ["Painted", "yellow", ""]);
        assert_eq!(submission(&rows), "Id,Predicted\nb,\n");
    }

    #[test]
    fn models_with_the_same_labels_share_a_table() {
        let rows = [
            answered("a", &model("first", &["x"]), &[0], &[0.9]),
            refused("b", "b_green.png", "no image"),
            answered("c", &model("second", &["x"]), &[], &[0.1]),
        ];
        let tables = tables(&rows);
        assert_eq!(tables.len(), 1);
        assert_eq!(
            predictions(&tables[0], Dialect::default()).expect("written"),
            "Id,Predicted,x\na,0,0.9\nc,,0.1\n"
        );
    }

    #[test]
    fn models_with_other_labels_have_a_table_each() {
        let (first, second) = (model("first", &["x"]), model("second", &["y", "z"]));
        let rows = [
            answered("a", &first, &[0], &[0.9]),
            answered("b", &second, &[1], &[0.1, 0.8]),
            answered("c", &first, &[], &[0.2]),
        ];
        let tables: Vec<String> = tables(&rows)
            .iter()
            .map(|table| predictions(table, Dialect::default()).expect("written"))
            .collect();
        assert_eq!(
            tables,
            [
                "Id,Predicted,x\na,0,0.9\nc,,0.2\n",
                "Id,Predicted,y,z\nb,1,0.1,0.8\n"
            ]
        );
    }

    #[test]
    fn an_answer_with_too_few_probabilities_is_an_error() {
        let model = model("first", &["x", "y"]);
        let rows = [answered("a", &model, &[], &[0.9])];
        assert!(predictions(&tables(&rows)[0], Dialect::default()).is_err());
    }

    #[test]
    fn quotes_are_those_of_the_csv_crate() {
        let fields = [
            "plain",
            "",
            "a, b",
            "say \"so\"",
            "two\nlines",
            "two\r\nlines",
            " space ",
            "µm",
        ];
        let fields = fields.map(str::to_owned);
        let mut reference = csv::Writer::from_writer(Vec::new());
        reference.write_record(["x, y", "z"]).expect("written");
        let mut reference_rows = Vec::new();
        for pair in fields.chunks(2) {
            reference.write_record(pair).expect("written");
            reference_rows.push(pair.to_vec());
        }
        let reference = String::from_utf8(reference.into_inner().expect("whole")).expect("text");
        let written = write(
            ["x, y", "z"].into_iter(),
            reference_rows.into_iter(),
            Dialect::default(),
        );
        assert_eq!(written, reference);
    }

    #[test]
    fn excel_has_its_separator_and_a_mark_and_the_same_numbers() {
        let model = model("first", &["Nucleoplasm"]);
        let rows = [
            answered("a, b", &model, &[0], &[0.75]),
            answered("c;d", &model, &[], &[0.5]),
        ];
        let written = |has_decimal_comma| {
            let dialect = Dialect::excel(has_decimal_comma);
            predictions(&tables(&rows)[0], dialect).expect("written")
        };
        assert_eq!(
            written(true),
            "\u{feff}Id;Predicted;Nucleoplasm\na, b;0;0.75\n\"c;d\";;0.5\n"
        );
        assert!(written(false).starts_with("\u{feff}Id,Predicted,Nucleoplasm\n\"a, b\",0,0.75\n"));
    }

    #[test]
    fn excel_computes_nothing_that_files_say() {
        let model = model("first", &["=cmd|' /C calc'!A0"]);
        let rows = [
            answered("=1+1", &model, &[], &[0.5]),
            answered("@SUM(A1)", &model, &[], &[-1e-9]),
            refused("+b", "-b_red.png, \tx", "-2"),
        ];
        let dialect = Dialect::excel(false);
        assert_eq!(
            predictions(&tables(&rows)[0], dialect).expect("written"),
            "\u{feff}Id,Predicted,'=cmd|' /C calc'!A0\n'=1+1,,0.5\n'@SUM(A1),,-0.000000001\n"
        );
        assert_eq!(
            faults(&rows, dialect),
            "\u{feff}Id,Subject,Reason\n'+b,\"'-b_red.png, \tx\",-2\n"
        );
        // For other programs ids stay what they are.
        let plain = predictions(&tables(&rows)[0], Dialect::default()).expect("written");
        assert!(plain.contains("\n=1+1,,0.5\n"), "{plain}");
    }

    #[test]
    fn submissions_hold_only_the_challenges_classes() {
        let probabilities = [0.0; LOCATIONS.len()];
        let rows = [
            answered("a", &model("all", &LOCATIONS), &[0, 25], &probabilities),
            answered("b", &model("other", &["x"]), &[0], &[0.9]),
            answered("c, d", &model("all", &LOCATIONS), &[], &probabilities),
        ];
        assert_eq!(submission(&rows), "Id,Predicted\na,0 25\n\"c, d\",\n");
    }

    #[test]
    fn faults_are_listed_with_their_files() {
        let rows = [
            answered("a", &model("first", &["x"]), &[0], &[0.9]),
            refused("b", "b_red.png, b_blue.png", "no channel \"green\""),
        ];
        assert_eq!(
            faults(&rows, Dialect::default()),
            "Id,Subject,Reason\nb,\"b_red.png, b_blue.png\",\"no channel \"\"green\"\"\"\n"
        );
    }
}
