//! The controls of the view, the order and the filter of the fields, and the count of each label.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{
    Element, Event, HtmlDetailsElement, HtmlElement, HtmlOptionElement, HtmlSelectElement,
    KeyboardEvent,
};

use super::dom::{
    append, around, attribute, by_id, closest, create, document, emptied, find, find_all, focus,
    from_template, on, set_attribute, set_flag, set_hidden, set_line, set_text, write,
};
use super::session::{Column, Labelled, Session, Sort, View};
use super::text;

/// The values of the filter's select beside labels.
const ALL: &str = "all";
const UNLABELLED: &str = "unlabelled";
const UNANSWERED: &str = "unanswered";
/// The prefix of a label in the select's values.
const LABEL: &str = "label:";

/// The values of the order's select and what they stand for.
const SORTS: [(&str, Column, bool); 4] = [
    ("added", Column::Added, false),
    ("confident", Column::Probability, true),
    ("doubtful", Column::Probability, false),
    ("name", Column::Name, false),
];
/// The value of the order's select for an order that only the table gives.
const OTHER: &str = "table";

/// A wish of the visitor.
pub(super) enum Wish {
    View(View),
    Sort(Sort),
    Labelled(Labelled),
    /// Show a label's fields, or all again.
    ToggleLabel(Labelled),
    Text(String),
    ShowAll,
}

/// The controls in `index.html`.
pub(super) struct Sieve {
    root: HtmlElement,
    filter: HtmlSelectElement,
    sort: HtmlSelectElement,
    /// Text that can be edited.
    text: HtmlElement,
    counts: Element,
    /// The labels that are counted, in their order.
    counted: RefCell<Vec<String>>,
}

impl Sieve {
    /// The controls; `wish` is called with what the visitor wishes.
    pub(super) fn new(wish: impl Fn(Wish) + 'static) -> Self {
        let sieve = Self {
            root: by_id("gallery"),
            filter: by_id("filter"),
            sort: by_id("sort"),
            text: by_id("filter-text"),
            counts: by_id("counts"),
            counted: RefCell::default(),
        };
        let wish = Rc::new(wish);
        on(&sieve.filter, "change", {
            let (wish, filter) = (wish.clone(), sieve.filter.clone());
            move |_: Event| wish(Wish::Labelled(labelled_of(&filter.value())))
        });
        on(&sieve.sort, "change", {
            let (wish, sort) = (wish.clone(), sieve.sort.clone());
            move |_: Event| wish(Wish::Sort(sort_of(&sort.value())))
        });
        on(&sieve.text, "input", {
            let (wish, text) = (wish.clone(), sieve.text.clone());
            move |_: Event| {
                let wanted = text.text_content().unwrap_or_default();
                // Pasted text may have a form, and browsers leave a line break where all is deleted.
                if text.first_element_child().is_some() {
                    set_text(&text, &wanted);
                }
                wish(Wish::Text(wanted));
            }
        });
        on(&sieve.text, "keydown", |event: KeyboardEvent| {
            if event.key() == "Enter" {
                event.prevent_default();
            }
        });
        on(&sieve.counts, "click", {
            let wish = wish.clone();
            move |event: Event| {
                if let Some(count) = around(&event, "[data-labelled]") {
                    let labelled = labelled_of(&attribute(&count, "data-labelled"));
                    wish(Wish::ToggleLabel(labelled));
                }
            }
        });
        for all in [by_id("show-all"), by_id("sifted-all")] {
            let all: Element = all;
            let wish = wish.clone();
            on(&all, "click", move |_: Event| wish(Wish::ShowAll));
        }
        on(&by_id::<Element>("views"), "click", move |event: Event| {
            if let Some(button) = around(&event, "[data-view]") {
                wish(Wish::View(match &*attribute(&button, "data-view") {
                    "table" => View::Table,
                    "plate" => View::Plate,
                    _ => View::Gallery,
                }));
            }
        });
        sieve.offer_labels(&Session::default());
        sieve
    }

    /// The order that the select shows at first: a browser that reloads the page may have kept the visitor's.
    pub(super) fn chosen_sort(&self) -> Sort {
        sort_of(&self.sort.value())
    }

    /// Shows the view.
    pub(super) fn show_view(&self, view: View) {
        let name = match view {
            View::Gallery => "gallery",
            View::Table => "table",
            View::Plate => "plate",
        };
        set_attribute(&self.root, "data-view", name);
        for button in find_all::<Element>(&by_id("views"), "button") {
            set_flag(
                &button,
                "aria-pressed",
                attribute(&button, "data-view") == name,
            );
        }
        for (panel, of) in [
            (by_id("fields"), View::Gallery),
            (by_id("results"), View::Table),
            (by_id("plate"), View::Plate),
        ] {
            let panel: Element = panel;
            set_hidden(&panel, view != of);
        }
        // Beside the pictures there is little room for it.
        let sift: HtmlDetailsElement = find(&self.root, ".sift");
        sift.set_open(view != View::Gallery);
    }

    /// Shows order and filter.
    pub(super) fn show_order(&self, session: &Session) {
        let (sort, filter) = (session.sort(), session.filter());
        let known = SORTS
            .iter()
            .find(|(_, by, is_falling)| (*by, *is_falling) == (sort.by, sort.is_falling));
        self.sort.set_value(known.map_or(OTHER, |(name, ..)| name));
        self.filter.set_value(&value_of(&filter.labelled));
        // Not while it is typed: the session keeps it without the spaces at its ends.
        if self.text.text_content().unwrap_or_default().trim() != filter.text {
            set_text(&self.text, &filter.text);
        }
        let well = filter.well.as_ref();
        let said = well.map_or_else(String::new, text::overview::only_well);
        set_line(&by_id("sifted"), &said);
        set_hidden(&by_id("sifted-all"), said.is_empty());
        self.press(session);
    }

    /// Shows how many fields are chosen, and what can be done with them.
    pub(super) fn show_chosen(&self, session: &Session) {
        let chosen = session.chosen().len();
        set_text(&by_id("chosen-count"), &text::overview::chosen(chosen));
        set_hidden(&by_id("chosen"), chosen == 0);
    }

    /// Says so where no field is shown.
    pub(super) fn show_none(&self, session: &Session) {
        set_hidden(&by_id("none-shown"), !session.shown().is_empty());
    }

    /// Offers to filter by the labels that fields have.
    pub(super) fn offer_labels(&self, session: &Session) {
        self.filter.set_text_content(None);
        for (value, text) in [
            (ALL, text::FILTER_ALL),
            (UNLABELLED, text::FILTER_UNLABELLED),
            (UNANSWERED, text::FILTER_UNANSWERED),
        ] {
            self.offer(value, text);
        }
        for label in session.labels() {
            self.offer(&[LABEL, label].concat(), label);
        }
        self.filter.set_value(&value_of(&session.filter().labelled));
    }

    /// Shows the number of fields that have each label.
    pub(super) fn count(&self, session: &Session) {
        let counts = session.label_counts();
        let tally = session.tally();
        let labels = counts.iter().map(|(label, _)| [LABEL, label].concat());
        let beside = [
            (UNLABELLED, tally.unlabelled),
            (UNANSWERED, tally.all - tally.done),
        ];
        let beside = beside.into_iter().filter(|(_, count)| *count > 0);
        let values: Vec<String> = labels
            .chain(beside.clone().map(|(value, _)| value.to_owned()))
            .collect();
        let numbers = counts.iter().map(|(_, count)| *count);
        let numbers = numbers.chain(beside.map(|(_, count)| count));
        if *self.counted.borrow() != values {
            let focused = document().active_element();
            let focused = focused.and_then(|it| closest(&it, "[data-labelled]"));
            let focused = focused.map(|it| attribute(&it, "data-labelled"));
            let list = emptied(self.counts.clone());
            for value in &values {
                let item = from_template("count-template");
                let button: HtmlElement = find(&item, "button");
                set_attribute(&button, "data-labelled", value);
                write(
                    &button,
                    ".name",
                    text::overview::counted(value.strip_prefix(LABEL), value == UNLABELLED),
                );
                append(&list, &item);
                if focused.as_ref() == Some(value) {
                    focus(&button);
                }
            }
            *self.counted.borrow_mut() = values;
            self.press(session);
        }
        let buttons = find_all::<Element>(&self.counts, ".count");
        for (button, number) in buttons.iter().zip(numbers) {
            set_text(button, &text::number::whole(number));
        }
        let plate: Element = find(&by_id("views"), "[data-view=plate]");
        set_hidden(
            &plate,
            !session.has_plate() && session.view() != View::Plate,
        );
    }

    fn press(&self, session: &Session) {
        let pressed = value_of(&session.filter().labelled);
        for button in find_all::<Element>(&self.counts, "[data-labelled]") {
            set_flag(
                &button,
                "aria-pressed",
                attribute(&button, "data-labelled") == pressed,
            );
        }
    }

    fn offer(&self, value: &str, text: &str) {
        let option: HtmlOptionElement = create("option");
        option.set_value(value);
        option.set_text(text);
        append(&self.filter, &option);
    }
}

/// The order of a value of its select.
fn sort_of(value: &str) -> Sort {
    let found = SORTS.iter().find(|(name, ..)| *name == value);
    let (_, by, is_falling) = found.unwrap_or(&SORTS[0]);
    Sort {
        by: *by,
        is_falling: *is_falling,
    }
}

/// The labels of a value of the filter's select.
fn labelled_of(value: &str) -> Labelled {
    match value {
        UNLABELLED => Labelled::Unlabelled,
        UNANSWERED => Labelled::Unanswered,
        value => value
            .strip_prefix(LABEL)
            .map_or(Labelled::Any, |label| Labelled::Label(label.to_owned())),
    }
}

fn value_of(labelled: &Labelled) -> String {
    match labelled {
        Labelled::Any => ALL.to_owned(),
        Labelled::Unlabelled => UNLABELLED.to_owned(),
        Labelled::Unanswered => UNANSWERED.to_owned(),
        Labelled::Label(label) => [LABEL, label].concat(),
    }
}
