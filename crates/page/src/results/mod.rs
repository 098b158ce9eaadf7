//! The answer of the selected field: its labels, a drawn cell, the meaning of a label, and a bar for
//! every label. Any of them can be chosen: then the evidence for it is shown in the picture.

mod atlas;
mod bars;
mod callouts;
mod cell;

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event};

use self::atlas::Atlas;
use self::bars::Bars;
use self::cell::DrawnCell;
use crate::answer::Answer;
use crate::dom::{
    append, around, by_id, closest, create, emptied, find, find_all, from_template, on,
    set_attribute, set_flag, set_hidden, set_line, show_in_turn, write,
};
use crate::text;

/// The panel in `index.html`.
pub(super) struct Results {
    panel: Rc<ResultsPanel>,
}

struct ResultsPanel {
    root: Element,
    cell: DrawnCell,
    bars: Bars,
    on_label: Box<dyn Fn(Option<usize>)>,
    state: RefCell<ResultsState>,
}

#[derive(Default)]
struct ResultsState {
    /// Empty until it is downloaded.
    atlas: Rc<Atlas>,
    answer: Option<Answer>,
    /// The class that the visitor chose and its label, which may be another class of the next field's
    /// model.
    wished: Option<(usize, String)>,
    /// In how many cells each class is; empty while nobody counts.
    in_cells: Vec<String>,
}

impl ResultsState {
    /// The chosen class, whose evidence lies over the picture.
    fn chosen(&self) -> Option<usize> {
        let labels = &self.answer.as_ref()?.model.labels;
        let (class, label) = self.wished.as_ref()?;
        // Two classes may share a name: cranes are birds and machines.
        if labels.get(*class) == Some(label) {
            return Some(*class);
        }
        labels.iter().position(|other| other == label)
    }
}

impl Results {
    /// The panel, empty. `on_label` is called with the class whose evidence is to be shown.
    pub(super) fn new(on_label: impl Fn(Option<usize>) + 'static) -> Self {
        let root: Element = by_id("answer");
        let panel = Rc::new(ResultsPanel {
            cell: DrawnCell::new(&root),
            bars: Bars::new(&root),
            root,
            on_label: Box::new(on_label),
            state: RefCell::default(),
        });
        on(&panel.root, "click", {
            let panel = panel.clone();
            move |event: Event| {
                if let Some(class) = around(&event, LABELLED).as_ref().and_then(class_of) {
                    panel.toggle(class);
                }
            }
        });
        on(&find::<Element>(&panel.root, ".bar-order"), "change", {
            let panel = panel.clone();
            move |_: Event| {
                panel.bars.remember();
                panel.refresh();
            }
        });
        spawn_local({
            let panel = panel.clone();
            async move {
                panel.cell.download().await;
                panel.refresh();
                let atlas = Rc::new(Atlas::download().await);
                panel.state.borrow_mut().atlas = atlas;
                panel.refresh();
            }
        });
        Self { panel }
    }

    /// Shows no answer, and no evidence.
    pub(super) fn clear(&self) {
        let (former, _) = self.panel.take(None);
        if former.is_some() {
            (self.panel.on_label)(None);
        }
        set_hidden(&self.panel.root, true);
    }

    /// Says beside each label of the verdict in how many cells it is, by class; nothing where there is no line.
    pub(super) fn show_counts(&self, in_cells: Vec<String>) {
        self.panel.state.borrow_mut().in_cells = in_cells;
        self.panel.show_counts();
    }

    /// The class that the visitor has chosen.
    pub(super) fn chosen(&self) -> Option<usize> {
        self.panel.state.borrow().chosen()
    }

    /// Shows an answer. A label that is chosen stays so, and its evidence is asked for again.
    pub(super) fn show(&self, answer: &Answer) {
        let (_, chosen) = self.panel.take(Some(answer.clone()));
        self.panel.refresh();
        show_in_turn(&self.panel.root);
        if chosen.is_some() {
            (self.panel.on_label)(chosen);
        }
    }
}

impl ResultsPanel {
    /// Takes an answer in place of another, and returns the class chosen before and after.
    fn take(&self, answer: Option<Answer>) -> (Option<usize>, Option<usize>) {
        let mut state = self.state.borrow_mut();
        let former = state.chosen();
        state.answer = answer;
        (former, state.chosen())
    }

    /// Chooses a label, or takes back the choice of the same one.
    fn toggle(&self, class: usize) {
        let chosen = {
            let mut state = self.state.borrow_mut();
            let wished = state
                .answer
                .as_ref()
                .filter(|_| state.chosen() != Some(class))
                .map(|answer| (class, answer.label(class).to_owned()));
            state.wished = wished;
            state.chosen()
        };
        self.mark();
        (self.on_label)(chosen);
    }

    /// Writes all of the answer.
    fn refresh(&self) {
        {
            let state = self.state.borrow();
            let Some(answer) = &state.answer else { return };
            self.show_remarks(answer);
            self.show_verdict(answer);
            self.cell.show(answer);
            self.bars.show(answer, &state.atlas);
            write(&self.root, ".took", &text::results::took(answer));
        }
        self.show_counts();
        self.mark();
    }

    fn show_counts(&self) {
        let state = self.state.borrow();
        for part in find_all::<Element>(&self.root, ".chips .in-cells") {
            let class = closest(&part, LABELLED).as_ref().and_then(class_of);
            let line = class.and_then(|class| state.in_cells.get(class));
            set_line(&part, line.map_or("", String::as_str));
        }
    }

    fn show_remarks(&self, answer: &Answer) {
        let list = emptied(self.part(".remarks"));
        let remarks = &answer.prediction.remarks;
        for remark in remarks {
            let item: Element = create("li");
            item.set_text_content(Some(remark));
            append(&list, &item);
        }
        set_hidden(&list, remarks.is_empty());
    }

    fn show_verdict(&self, answer: &Answer) {
        let chips = self.part(".chips");
        chips.set_text_content(None);
        let present = answer.present_ranked();
        for &class in &present {
            append(&chips, &chip(class, "chip", answer));
        }
        let note = self.part(".none-present");
        note.set_text_content(Some(text::results::NONE_PRESENT));
        set_hidden(&note, !present.is_empty());
        if present.is_empty() {
            for best in answer.ranked().into_iter().take(1) {
                append(&chips, &chip(best, "guess", answer));
            }
        }
    }

    /// Marks the chosen label wherever it stands, and shows its meaning; where none is chosen, that of the
    /// likeliest.
    fn mark(&self) {
        let state = self.state.borrow();
        let Some(answer) = &state.answer else { return };
        self.press("[aria-pressed='true']", false);
        let chosen = state.chosen();
        if let Some(class) = chosen {
            self.press(&format!("[data-class='{class}']"), true);
        }
        self.cell.name(answer, chosen);

        let likeliest = || answer.present_ranked().first().copied();
        let class = chosen.or_else(likeliest);
        let class = class.or_else(|| answer.ranked().first().copied());
        let label = class.map_or("", |class| answer.label(class));
        let location = state.atlas.location(label);
        set_hidden(&self.part(".meaning"), location.is_none());
        if let Some(location) = location {
            write(&self.root, ".meaning .name", &location.name);
            write(&self.root, ".sentence", &location.meaning);
            write(&self.root, ".look", &text::results::look(&location.look));
            let address = location.address();
            set_hidden(&self.part(".more"), address.is_none());
            if let Some(address) = address {
                set_attribute(&self.part(".more a"), "href", &address);
                let said = text::results::atlas(&location.name);
                write(&self.root, ".more a", &said);
            }
        }
    }

    /// Marks buttons as pressed or not.
    fn press(&self, selector: &str, is_pressed: bool) {
        for button in find_all::<Element>(&self.root, selector) {
            set_flag(&button, "aria-pressed", is_pressed);
        }
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}

/// A label of the verdict.
fn chip(class: usize, kind: &str, answer: &Answer) -> Element {
    let item = from_template("chip-template");
    let chip: Element = find(&item, ".chip");
    chip.set_class_name(kind);
    set_attribute(&chip, "data-class", &class.to_string());
    write(&chip, ".name", answer.label(class));
    let percent = text::percent(answer.probability(class));
    write(&chip, ".probability", &percent);
    item
}

/// The selector of chips, bars and parts of the drawn cell.
const LABELLED: &str = "[data-class]";

/// The class that an element stands for.
fn class_of(element: &impl AsRef<Element>) -> Option<usize> {
    element.as_ref().get_attribute("data-class")?.parse().ok()
}
