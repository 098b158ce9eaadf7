//! The tools that compare the desk's fields: similar ones, classes of one's own, scores, the map.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::dom::pause;
use crate::entry::DeskEntry;
use crate::map::MapPanel;
use crate::scores::ScorePanel;
use crate::session::{Effect, Session};
use crate::similar::{Similar, ToolField, ToolHost};
use crate::teach::Teach;

/// The tools.
pub(super) struct Tools {
    similar: Rc<Similar>,
    pub(super) teach: Rc<Teach>,
    pub(super) scores: Rc<ScorePanel>,
    map: Rc<MapPanel>,
    /// Whether the tools are to be written anew, soon.
    is_due: Cell<bool>,
}

impl Tools {
    /// The tools in `index.html`.
    pub(super) fn new(app: &Weak<App>) -> Self {
        let (fields, selected, select, say) = (app.clone(), app.clone(), app.clone(), app.clone());
        let chosen = app.clone();
        let host = Rc::new(ToolHost {
            fields: Box::new(move || {
                fields
                    .upgrade()
                    .map_or_else(Vec::new, |app| app.tool_fields())
            }),
            selected: Box::new(move || selected.upgrade()?.session.borrow().selected()),
            chosen: Box::new(move || {
                let app = chosen.upgrade();
                app.map_or_else(Vec::new, |app| app.session.borrow().chosen())
            }),
            select: Box::new(move |field| {
                if let Some(app) = select.upgrade() {
                    app.change(|session: &mut Session| session.select(field));
                }
            }),
            say: Box::new(move |what| {
                if let Some(app) = say.upgrade() {
                    app.desk.announce(what);
                }
            }),
        });
        let teach = Teach::new(host.clone());
        Self {
            similar: Similar::new(host.clone()),
            map: MapPanel::new(host.clone(), teach.clone()),
            scores: ScorePanel::new(host),
            teach,
            is_due: Cell::default(),
        }
    }
}

impl App {
    /// Has the tools follow what has changed, once the browser has painted: many changes come at once.
    pub(super) fn refresh_tools(self: &Rc<Self>, effects: &[Effect]) {
        let matters = effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Open(_)
                    | Effect::Close
                    | Effect::Show(_)
                    | Effect::ShowChosen
                    | Effect::Arrange
                    | Effect::Count
            )
        });
        if !matters || self.tools.is_due.replace(true) {
            return;
        }
        let app = self.clone();
        spawn_local(async move {
            pause().await;
            app.tools.is_due.set(false);
            let selected = {
                let session = app.session.borrow();
                let field = session.selected();
                field.map(|field| {
                    (
                        field,
                        session.entry(field).and_then(DeskEntry::answer).cloned(),
                    )
                })
            };
            match selected {
                Some((field, answer)) => app.tools.similar.show(field, answer.as_ref()),
                None => app.tools.similar.show(0, None),
            }
            app.tools.teach.refresh();
            app.tools.scores.refresh();
            app.tools.map.refresh();
        });
    }

    fn tool_fields(&self) -> Vec<ToolField> {
        let session = self.session.borrow();
        let fields = session.entries().iter();
        let fields = fields.filter(|(_, entry)| !entry.is_passed_over());
        fields
            .map(|(field, entry)| ToolField {
                field: *field,
                id: entry.id.clone(),
                answer: entry.answer().cloned(),
                thumbnail: entry.thumbnail.clone(),
            })
            .collect()
    }
}
