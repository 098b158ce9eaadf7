//! The fields and answers that the page hands to the export.

use std::rc::Rc;

use super::App;
use crate::entry::FieldState;
use crate::export::{Export, Handlers, PictureComing, Row, SavingCells, Selected};

impl App {
    /// Opens the export's menu.
    pub(super) fn open_export(self: &Rc<Self>) {
        let (rows, selected) = (self.clone(), self.clone());
        let (picture, say) = (self.clone(), self.clone());
        let (cells, save, chosen) = (self.clone(), self.clone(), self.clone());
        Export::new(Handlers {
            rows: Box::new(move || rows.rows()),
            chosen: Box::new(move || chosen.session.borrow().chosen().len()),
            selected: Box::new(move || selected.selected()),
            picture: Box::new(move || Box::pin(picture.detail.viewer.png()) as PictureComing),
            cells: Box::new(move || cells.cell_files()),
            save_cells: Box::new(move |what| {
                Box::pin(save.clone().save_cells(what.to_owned())) as SavingCells
            }),
            say: Box::new(move |what| say.desk.announce(what)),
        });
    }

    fn rows(&self) -> Vec<Row> {
        let session = self.session.borrow();
        let is_meant = session.is_meant();
        let meant = session
            .entries()
            .iter()
            .filter(|(field, _)| is_meant(**field));
        let settled = meant.filter_map(|(_, entry)| {
            let outcome = match &entry.state {
                FieldState::Done(answer) => Ok(answer.clone()),
                FieldState::Refused(reason) => Err(reason.clone()),
                _ => return None,
            };
            Some(Row {
                id: entry.id.clone(),
                files: entry.file_names(),
                outcome,
            })
        });
        settled.collect()
    }

    fn selected(&self) -> Option<Selected> {
        let session = self.session.borrow();
        let entry = session.selected_entry()?;
        Some(Selected {
            id: entry.id.clone(),
            files: entry.file_names(),
            answer: entry.answer()?.clone(),
            map: self.detail.viewer.shown_label(),
        })
    }
}
