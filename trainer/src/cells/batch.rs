//! Cells of many fields, several at a time, in order.

use anyhow::Result;
use cytolens::package::{Classifier, CpuNetwork};
use cytolens_cells::export::{
    ChallengeClass, FieldCells, challenge_classes, geojson, label_png, submission_row,
    table_header, table_rows,
};
use cytolens_cells::{Answers, Calibration, Cells, CellsNetwork, Options};
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_data::noticed::Noticed;
use cytolens_field::Field;

use super::answering::{answers_of, cells_of};
use super::outputs::{FoundCells, OutputFolder};
use super::overview::overview;
use crate::predict::log::LogEntry;

/// The fields that a worker may be ahead of the one to be recorded next.
const AHEAD: usize = 4;

/// What is found in each field, and what is written of it.
#[derive(Debug)]
pub struct CellsBatch<'a> {
    /// The network that finds cells.
    pub network: &'a CellsNetwork,
    /// What counts as a cell.
    pub options: &'a Options,
    /// What answers for each cell, if anything.
    pub classifier: Option<&'a Classifier<CpuNetwork>>,
    /// Whether a picture of each field is drawn.
    pub overviews: bool,
    /// Whether the challenge's rows are made.
    pub submission: bool,
    /// What is noticed of fields as they are read.
    pub noticed: &'a Noticed,
    /// The output folder.
    pub out: &'a OutputFolder,
}

impl CellsBatch<'_> {
    /// The labels of the answers.
    fn labels(&self) -> &[String] {
        self.classifier
            .map_or(&[], |classifier| &classifier.manifest().labels)
    }

    /// The header of the table.
    pub fn header(&self) -> Vec<String> {
        table_header(self.labels())
    }

    /// Finds the cells of fields on several threads, and gives their entries to `done` in order.
    ///
    /// # Errors
    /// If a file cannot be written. Fields that cannot be read are entries, and the others go on.
    pub fn run(
        &self,
        fields: &[FieldOnDisk],
        workers: usize,
        mut done: impl FnMut(&[LogEntry<FoundCells>]) -> Result<()>,
    ) -> Result<()> {
        let threads = Threads {
            workers,
            ahead: AHEAD * workers,
        };
        let classes = challenge_classes(self.labels());
        std::thread::scope(|scope| {
            let entry = |index: usize| self.entry(&fields[index], &classes);
            Ahead::scoped(scope, fields.len(), threads, entry).try_for_each(|entry| done(&[entry?]))
        })
    }

    fn entry(
        &self,
        field: &FieldOnDisk,
        classes: &[ChallengeClass],
    ) -> Result<LogEntry<FoundCells>> {
        let id = field.id.clone();
        match self.cells(field) {
            Ok((field, cells, answers)) => {
                let found = self.write(&id, &field, &cells, answers.as_ref(), classes)?;
                Ok(LogEntry::Row(found))
            }
            Err(fault) => Ok(LogEntry::Fault { id, fault }),
        }
    }

    /// The cells of a field, and their answers where something answers.
    fn cells(&self, field: &FieldOnDisk) -> Result<(Field, Cells, Option<Answers>), Fault> {
        let field = field.read()?;
        self.noticed.look_at(&field);
        let cells = cells_of(self.network, &field, self.options)?;
        let answers = match self.classifier {
            None => None,
            Some(classifier) => {
                let (_, answers) = answers_of(classifier, &field, &cells, &Calibration::SHIPPED)?;
                Some(answers)
            }
        };
        Ok((field, cells, answers))
    }

    /// Writes the files of a field.
    fn write(
        &self,
        id: &str,
        field: &Field,
        cells: &Cells,
        answers: Option<&Answers>,
        classes: &[ChallengeClass],
    ) -> Result<FoundCells> {
        let (width, height) = (field.width() as usize, field.height() as usize);
        let [mask, nuclei] = cells.scaled(width, height);
        for (ending, mask) in [("_cells.png", &mask), ("_nuclei.png", &nuclei)] {
            let bytes = label_png(mask, width, height);
            self.out.write("masks", id, ending, &bytes)?;
        }
        let thresholds = self
            .classifier
            .map_or(&[][..], |classifier| &classifier.manifest().thresholds);
        let of_field = FieldCells {
            id,
            width,
            height,
            cells,
            answers,
            labels: self.labels(),
            thresholds,
        };
        let outlines = geojson(&of_field);
        self.out
            .write("outlines", id, ".geojson", outlines.as_bytes())?;
        if self.overviews {
            let picture = overview(field, cells)?;
            self.out.write("overviews", id, ".png", &picture)?;
        }
        let submission = self.submission.then(|| {
            let numbers = cells.list().iter().map(|cell| cell.number);
            let answered = numbers.filter_map(|number| Some((number, answers?.of(number)?)));
            submission_row(id, &mask, [width, height], classes, answered)
        });
        Ok(FoundCells {
            id: id.to_owned(),
            rows: table_rows(&of_field),
            submission,
        })
    }
}
