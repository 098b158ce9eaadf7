//! The model's answers against a table of labels that the visitor brings.

mod tally;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Element, Event, File, HtmlDetailsElement, HtmlInputElement};

use self::tally::Scored;
use super::dom::{
    append, around, attribute, by_id, create, emptied, error_text, find, from_template, on,
    remember, remembered, set_attribute, set_hidden, set_text, target,
};
use super::export::save::{CSV, save_text};
use super::export::tables::{Dialect, write as csv};
use super::quiz::truth;
use super::similar::{ToolField, ToolHost};
use super::text::input::{of_file, too_large_file};
use super::text::scores as text;
use cytolens_core::labels::{LOCATIONS, LabelSet};
use cytolens_core::table::LabelTable;

pub(crate) use self::tally::Tally;

/// The name under which the browser keeps the table.
const KEY: &str = "cytolens-labels";
/// The largest table that is read, in bytes: it stands in memory several times, and folders hold tables of every kind.
const LARGEST: u64 = 64_000_000;
/// The longest table that is kept for the next visit, in letters.
const LONGEST_KEPT: usize = 1_000_000;
/// The most mistakes and pairs that are listed.
const LISTED: usize = 24;

/// A table of labels and the name of its file.
struct Named {
    name: String,
    table: LabelTable,
}

/// The panel in `index.html`.
pub(crate) struct ScorePanel {
    root: HtmlDetailsElement,
    host: Rc<ToolHost>,
    table: RefCell<Option<Named>>,
    scored: RefCell<Vec<Scored>>,
}

impl ScorePanel {
    /// The panel with the table of the last visit.
    pub(crate) fn new(host: Rc<ToolHost>) -> Rc<Self> {
        let panel = Rc::new(Self {
            root: by_id("score"),
            host,
            table: RefCell::default(),
            scored: RefCell::default(),
        });
        if let Some((name, content)) = remembered(KEY).split_once('\n') {
            _ = panel.read(name, content.as_bytes().to_vec());
        }
        let this = panel.clone();
        on(
            &by_id::<Element>("score-file"),
            "change",
            move |event: Event| {
                if let Some(input) = target::<HtmlInputElement>(&event)
                    && let Some(file) = input.files().and_then(|files| files.get(0))
                {
                    let this = this.clone();
                    spawn_local(async move { this.take_file(&file).await });
                    input.set_value("");
                }
            },
        );
        let this = panel.clone();
        on(&panel.root, "click", move |event: Event| {
            if let Some(row) = around(&event, "[data-go]") {
                if let Ok(field) = attribute(&row, "data-go").parse() {
                    (this.host.select)(field);
                }
            } else if around(&event, "[data-score]").is_some() {
                this.save();
            }
        });
        let this = panel.clone();
        on(&panel.root, "toggle", move |_: Event| this.refresh());
        panel
    }

    /// Whether the panel is open, so that it is to follow the desk.
    pub(crate) fn is_open(&self) -> bool {
        self.root.open()
    }

    async fn take_file(&self, file: &File) {
        if let Err(reason) = self.take(&file.name(), file).await {
            set_text(&by_id("score-about"), &reason);
        }
    }

    /// Takes a table of labels, in place of the one before, and shows the panel.
    ///
    /// # Errors
    /// The reason why it is none, with its name.
    pub(crate) async fn take(&self, name: &str, content: &Blob) -> Result<(), String> {
        if content.size() > LARGEST as f64 {
            return Err(of_file(&too_large_file(LARGEST), name));
        }
        let bytes = JsFuture::from(content.array_buffer()).await;
        let bytes = bytes.map_err(|error| error_text(&error))?;
        self.read(name, Uint8Array::new(&bytes).to_vec())?;
        self.root.set_open(true);
        self.refresh();
        Ok(())
    }

    fn read(&self, name: &str, bytes: Vec<u8>) -> Result<(), String> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let table = truth::read(name, bytes)?;
        // A longer one is not kept, and the one before neither: it is not what was scored last.
        let kept = (text.len() <= LONGEST_KEPT).then(|| format!("{name}\n{text}"));
        remember(KEY, &kept.unwrap_or_default());
        *self.table.borrow_mut() = Some(Named {
            name: name.to_owned(),
            table,
        });
        Ok(())
    }

    /// Scores the desk as it is.
    pub(crate) fn refresh(&self) {
        if !self.is_open() {
            return;
        }
        let named = self.table.borrow();
        set_hidden(&by_id("score-result"), named.is_none());
        let Some(Named { name, table }) = &*named else {
            return set_text(&by_id("score-about"), text::NO_TABLE);
        };
        let fields = (self.host.fields)();
        let ids: Vec<&str> = fields.iter().map(|it| &*it.id).collect();
        let composed = |id: &str| String::from(JsString::from(id).normalize("NFC"));
        let labelled = truth::labelled(&ids, table, composed);
        let (labelled, compared) = match labelled {
            Ok(labelled) => (labelled, String::new()),
            Err(compared) => (Vec::new(), compared),
        };
        let scored = scored(&fields, &labelled);
        let unknown = table.rows.len() - labelled.len();
        set_text(
            &by_id("score-about"),
            &text::about(
                name,
                scored.len(),
                labelled.len(),
                unknown,
                table.faults.len(),
                &compared,
            ),
        );
        set_hidden(&by_id("score-result"), scored.is_empty());
        show(&scored, &Tally::new(&scored));
        *self.scored.borrow_mut() = scored;
    }

    fn save(&self) {
        let tally = Tally::new(&self.scored.borrow());
        let rows = tally.classes.iter().map(|(class, scores)| {
            let mut row = vec![
                LOCATIONS[*class].to_owned(),
                scores.positives.to_string(),
                scores.predicted.to_string(),
            ];
            row.extend([scores.precision, scores.recall, scores.f1].map(|it| it.to_string()));
            row
        });
        let columns = ["Location", "Labelled", "Given", "Precision", "Recall", "F1"];
        let content = csv(columns.into_iter(), rows, Dialect::default());
        let saved = save_text("cytolens-scores.csv", &content, CSV);
        (self.host.say)(&saved.err().unwrap_or_else(|| text::SAVED.to_owned()));
    }
}

/// The answered fields among those that the table labels, of models with the 28 locations.
fn scored(fields: &[ToolField], labelled: &[(String, LabelSet)]) -> Vec<Scored> {
    // Of several with one id the first, which is what the table was matched with.
    let mut known: BTreeMap<&str, &ToolField> = BTreeMap::new();
    for it in fields {
        known.entry(&it.id).or_insert(it);
    }
    let mut scored = Vec::new();
    for (id, truth) in labelled {
        let Some(it) = known.get(id.as_str()) else {
            continue;
        };
        let Some(answer) = it
            .answer
            .as_ref()
            .filter(|answer| answer.model.labels == LOCATIONS)
        else {
            continue;
        };
        scored.push(Scored {
            field: it.field,
            id: id.clone(),
            truth: *truth,
            given: LabelSet::from_classes(answer.present().iter().copied()).unwrap_or_default(),
            probabilities: answer.prediction.probabilities.clone(),
        });
    }
    scored
}

fn show(scored: &[Scored], tally: &Tally) {
    set_text(&by_id("score-all"), &text::all(tally));
    let rows = emptied(by_id("score-classes"));
    for (class, scores) in &tally.classes {
        let row: Element = create("tr");
        let name: Element = create("th");
        set_attribute(&name, "scope", "row");
        set_text(&name, LOCATIONS[*class]);
        append(&row, &name);
        let counts = [scores.positives, scores.predicted].map(|count| count.to_string());
        let shares = [scores.precision, scores.recall, scores.f1].map(text::share);
        for value in counts.into_iter().chain(shares) {
            let cell: Element = create("td");
            set_text(&cell, &value);
            append(&row, &cell);
        }
        append(&rows, &row);
    }
    let pairs = emptied(by_id("score-pairs"));
    for pair in tally.pairs.iter().take(LISTED) {
        let item: Element = create("li");
        set_text(
            &item,
            &text::pair(LOCATIONS[pair.missed], LOCATIONS[pair.given], pair.samples),
        );
        append(&pairs, &item);
    }
    let worst = emptied(by_id("score-worst"));
    for &at in tally.worst.iter().take(LISTED) {
        let it = &scored[at];
        let names =
            |set: LabelSet| -> Vec<&str> { set.classes().map(|class| LOCATIONS[class]).collect() };
        let item = from_template("line-template");
        let button: Element = find(&item, "button");
        set_attribute(&button, "data-go", &it.field.to_string());
        set_text(
            &button,
            &text::mistake(&it.id, &names(it.truth), &names(it.given)),
        );
        append(&worst, &item);
    }
    set_hidden(&by_id("score-no-pairs"), !tally.pairs.is_empty());
    set_hidden(&by_id("score-no-mistakes"), !tally.worst.is_empty());
}
