//! The cells in the page: the switch, the answer of a cell, the crops, the table and the tools.

use web_sys::{
    Element, Event, HtmlCanvasElement, HtmlElement, HtmlInputElement, HtmlSelectElement,
    KeyboardEvent,
};

use super::shown::{Column, Filter, Shown, Wishes};
use crate::dom::{
    append, around, attribute, by_id, closest, create, document, emptied, find, find_all, focus,
    from_template, moved, on, remove_attribute, set_attribute, set_boolean, set_flag, set_hidden,
    set_line, set_text, write,
};
use crate::text::{self, cells as words};

/// The most crops that are shown.
const CROPS: usize = 24;
/// The side of a crop in pixels.
const CROP_SIDE: u32 = 112;

/// What the visitor does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    /// Switches cells on or off.
    Switch,
    /// Points at a cell, or at none.
    Point(Option<u16>),
    /// Chooses a cell, or takes the choice back.
    Choose(u16),
    /// Deletes the chosen cells.
    Delete,
    /// Merges the chosen cells.
    Merge,
    /// Takes the last correction back.
    Undo,
    /// Sorts the table by a column, or the other way round.
    Sort(Column),
    /// Takes the settings of the controls.
    Wish {
        filter: Filter,
        whole_only: bool,
        smallest: f32,
    },
}

/// `#cells` and its switch in `index.html`.
pub(super) struct Panel {
    root: Element,
    switch: Element,
}

impl Panel {
    /// The panel, hidden. `handle` is called for what the visitor does.
    pub(super) fn new(handle: impl Fn(Deed) + Clone + 'static) -> Self {
        let panel = Self {
            root: by_id("cells"),
            switch: by_id("cells-switch"),
        };
        panel.listen(handle);
        panel
    }

    fn listen(&self, handle: impl Fn(Deed) + Clone + 'static) {
        on(&self.switch, "click", {
            let handle = handle.clone();
            move |_: Event| handle(Deed::Switch)
        });
        on(&self.root, "click", {
            let handle = handle.clone();
            move |event: Event| {
                if let Some(deed) = clicked(&event) {
                    handle(deed);
                }
            }
        });
        for (event, is_on) in [
            ("pointerover", true),
            ("focusin", true),
            ("pointerout", false),
            ("focusout", false),
        ] {
            let handle = handle.clone();
            on(&self.root, event, move |event: Event| {
                if let Some(cell) = around(&event, "[data-cell]") {
                    handle(Deed::Point(cell_of(&cell).filter(|_| is_on)));
                }
            });
        }
        on(&self.root, "keydown", {
            let root = self.root.clone();
            move |event: KeyboardEvent| {
                if let Some(crop) = around(&event, ".crops [data-cell]") {
                    move_focus(&root, &crop, &event);
                }
            }
        });
        let root = self.root.clone();
        on(&self.root, "change", move |event: Event| {
            // The summary of the table is no control.
            if around(&event, ".tools").is_some() {
                let filter: HtmlSelectElement = find(&root, ".filter");
                let whole: HtmlInputElement = find(&root, ".whole-only");
                let smallest: HtmlInputElement = find(&root, ".smallest");
                let smallest = smallest.value_as_number() as f32;
                handle(Deed::Wish {
                    filter: match &*filter.value() {
                        "with" => Filter::With,
                        "without" => Filter::Without,
                        _ => Filter::All,
                    },
                    whole_only: whole.checked(),
                    smallest: if smallest.is_finite() { smallest } else { 0.0 },
                });
            }
        });
    }

    /// Shows whether cells are switched on.
    pub(super) fn press(&self, is_on: bool) {
        set_flag(&self.switch, "aria-pressed", is_on);
        set_hidden(&self.root, !is_on);
    }

    /// Shows a status and no cells.
    pub(super) fn wait(&self, status: &str) {
        set_text(&self.part(".status"), status);
        set_hidden(&self.part(".found"), true);
        // Crops hold memory.
        emptied(self.part(".crops"));
        emptied(self.part("tbody"));
    }

    /// Shows why the network is not used.
    pub(super) fn note(&self, note: &str) {
        set_line(&self.part(".without-network"), note);
    }

    /// Shows cells.
    pub(super) fn show(&self, shown: &Shown, wishes: &Wishes, corrections: usize) {
        let count = shown.cells.list().len();
        let label = shown.class.map(|class| shown.answer.label(class));
        let status = match (count, corrections) {
            (0, 0) if wishes.smallest <= 0.0 && !wishes.whole_only => words::NONE.to_owned(),
            (0, _) => words::NONE_LEFT.to_owned(),
            _ => words::found(count, label, corrections),
        };
        set_text(&self.part(".status"), &status);
        set_hidden(&self.part(".found"), false);
        for part in [".crops-title", ".crops", ".table", ".pointed"] {
            set_hidden(&self.part(part), count == 0);
        }
        set_boolean(&self.part("[data-tool=undo]"), "disabled", corrections == 0);
        self.show_crops(shown);
        self.show_table(shown, wishes);
        self.mark(shown);
    }

    /// Marks the cells that are pointed at and chosen, and shows the answer of the former.
    pub(super) fn mark(&self, shown: &Shown) {
        for cell in find_all::<Element>(&self.root, "[data-cell]") {
            let number = cell_of(&cell);
            let is_chosen = number.is_some_and(|number| shown.chosen.contains(&number));
            set_boolean(&cell, "data-pointed", number == shown.pointed);
            set_boolean(&cell, "data-chosen", is_chosen);
        }
        for button in find_all::<Element>(&self.root, "[data-cell] button") {
            let cell = around_element(&button);
            let is_chosen = cell.is_some_and(|number| shown.chosen.contains(&number));
            set_flag(&button, "aria-pressed", is_chosen);
        }
        let chosen = shown.chosen.len();
        set_boolean(&self.part("[data-tool=delete]"), "disabled", chosen == 0);
        set_boolean(&self.part("[data-tool=merge]"), "disabled", chosen < 2);
        let pointed = shown.pointed.and_then(|number| shown.cells.cell(number));
        let line = pointed.map_or(words::POINT.to_owned(), |cell| {
            let labels: Vec<(&str, f32)> = shown
                .columns()
                .into_iter()
                .filter_map(|class| {
                    let probability = shown.probability(cell.number, class)?;
                    Some((shown.answer.label(class), probability))
                })
                .collect();
            words::answer(cell.number, shown.area(cell), cell.on_border, &labels)
        });
        set_text(&self.part(".pointed"), &line);
    }

    /// The crops that are to be drawn: each canvas and its cell.
    pub(super) fn crops(&self) -> Vec<(HtmlCanvasElement, u16)> {
        let crops = find_all::<Element>(&self.root, ".crops [data-cell]");
        let crops = crops.iter();
        crops
            .filter_map(|crop| Some((find(crop, "canvas"), cell_of(crop)?)))
            .collect()
    }

    fn show_crops(&self, shown: &Shown) {
        let list = emptied(self.part(".crops"));
        let surest = shown.surest();
        let title = self.part(".crops-title");
        let Some(class) = shown.class.filter(|_| !surest.is_empty()) else {
            return set_hidden(&title, true);
        };
        let label = shown.answer.label(class);
        let count = surest.len().min(CROPS);
        set_text(&title, &words::crops(count, surest.len(), label));
        for (place, &number) in surest.iter().take(CROPS).enumerate() {
            let item = from_template("crop-template");
            set_attribute(&item, "data-cell", &number.to_string());
            let probability = shown.probability(number, class).unwrap_or_default();
            let button: Element = find(&item, "button");
            set_attribute(
                &button,
                "aria-label",
                &words::crop(number, label, probability),
            );
            // The arrow keys go from one crop to the next: one stop for the tabulator is enough.
            set_attribute(&button, "tabindex", if place == 0 { "0" } else { "-1" });
            write(&item, ".probability", &text::percent(probability));
            let canvas: HtmlCanvasElement = find(&item, "canvas");
            canvas.set_width(CROP_SIDE);
            canvas.set_height(CROP_SIDE);
            append(&list, &item);
        }
    }

    fn show_table(&self, shown: &Shown, wishes: &Wishes) {
        let active = document().active_element();
        let focused = active.and_then(|active| active.get_attribute("data-column"));
        let head = emptied(self.part("thead tr"));
        let classes = shown.columns();
        let by_label = shown.class.map(Column::Class);
        let sorted = wishes.column.or(by_label).unwrap_or(Column::Number);
        let mut columns = vec![
            (Column::Number, words::CELL.to_owned()),
            (Column::Area, words::AREA.to_owned()),
        ];
        columns.extend(classes.iter().map(|&class| {
            let label = shown.answer.label(class).to_owned();
            (Column::Class(class), label)
        }));
        for (column, name) in columns {
            let cell = from_template("cells-column-template");
            let button: HtmlElement = find(&cell, "button");
            set_text(&button, &name);
            set_attribute(&button, "data-column", &column_name(column));
            if column == sorted {
                let order = if wishes.is_rising {
                    "ascending"
                } else {
                    "descending"
                };
                set_attribute(&cell, "aria-sort", order);
            } else {
                remove_attribute(&cell, "aria-sort");
            }
            append(&head, &cell);
            if focused.as_ref() == Some(&column_name(column)) {
                focus(&button);
            }
        }
        let body = emptied(self.part("tbody"));
        for cell in shown.rows(wishes) {
            let row = from_template("cells-row-template");
            set_attribute(&row, "data-cell", &cell.number.to_string());
            let button: Element = find(&row, "button");
            set_text(&button, &cell.number.to_string());
            set_attribute(&button, "aria-label", &words::cell(cell.number));
            let mark = if cell.on_border { words::ON_BORDER } else { "" };
            write(&row, ".at-border", mark);
            write(&row, ".area", &format!("{:.0}", shown.area(cell)));
            for &class in &classes {
                let data: Element = create("td");
                let probability = shown.probability(cell.number, class);
                let line = probability.map_or("–".to_owned(), text::percent);
                set_text(&data, &line);
                set_boolean(&data, "data-over", shown.shows(cell.number, class));
                append(&row, &data);
            }
            append(&body, &row);
        }
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}

/// What a click asks for.
fn clicked(event: &Event) -> Option<Deed> {
    if let Some(column) = around(event, "[data-column]") {
        return Some(Deed::Sort(column_of(&attribute(&column, "data-column"))?));
    }
    if let Some(tool) = around(event, "[data-tool]") {
        return match &*attribute(&tool, "data-tool") {
            "delete" => Some(Deed::Delete),
            "merge" => Some(Deed::Merge),
            "undo" => Some(Deed::Undo),
            _ => None,
        };
    }
    let cell = around(event, "[data-cell]")?;
    cell_of(&cell).map(Deed::Choose)
}

/// Moves the focus among the crops.
fn move_focus(root: &Element, crop: &Element, event: &KeyboardEvent) {
    let crops = find_all::<Element>(root, ".crops [data-cell]");
    let Some(at) = crops.iter().position(|other| other == crop) else {
        return;
    };
    if let Some(to) = moved(&event.key(), at, crops.len(), 1) {
        event.prevent_default();
        let button = |place: usize| find::<HtmlElement>(&crops[place], "button");
        set_attribute(&button(at), "tabindex", "-1");
        set_attribute(&button(to), "tabindex", "0");
        focus(&button(to));
    }
}

/// The number of the cell that an element stands for.
fn cell_of(element: &Element) -> Option<u16> {
    attribute(element, "data-cell").parse().ok()
}

/// The number of the cell in whose element another is.
fn around_element(element: &Element) -> Option<u16> {
    cell_of(&closest(element, "[data-cell]")?)
}

fn column_name(column: Column) -> String {
    match column {
        Column::Number => "number".to_owned(),
        Column::Area => "area".to_owned(),
        Column::Class(class) => class.to_string(),
    }
}

fn column_of(name: &str) -> Option<Column> {
    Some(match name {
        "number" => Column::Number,
        "area" => Column::Area,
        class => Column::Class(class.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_from_their_names() {
        for column in [Column::Number, Column::Area, Column::Class(27)] {
            assert_eq!(column_of(&column_name(column)), Some(column));
        }
        assert_eq!(column_of(""), None);
    }
}
