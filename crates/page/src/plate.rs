//! The plate: one square a well, coloured by a label.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{
    Element, Event, HtmlButtonElement, HtmlElement, HtmlOptionElement, HtmlSelectElement,
    KeyboardEvent,
};

use super::dom::{
    append, around, attribute, by_id, create, document, emptied, find, find_all, focus,
    has_modifier, on, set_attribute, set_flag, set_hidden, set_style, set_text,
};
use super::session::{Measure, PlateChoice, PlateMap, PlateWell, Session};
use super::text::overview as text;
use cytolens_core::Well;

/// The value of the select of numbers for the mean probability.
const PROBABILITY: &str = "probability";

/// The panel in `index.html`.
pub(super) struct Plate {
    plates: HtmlSelectElement,
    labels: HtmlSelectElement,
    measure: HtmlSelectElement,
    grid: Element,
    /// The plate that is shown.
    shown: Rc<RefCell<Option<PlateMap>>>,
}

impl Plate {
    /// The panel, empty. `choose` is called with what is to be shown, `toggle` with the well that is clicked.
    pub(super) fn new(
        choose: impl Fn(PlateChoice) + 'static,
        toggle: impl Fn(PlateWell) + 'static,
    ) -> Self {
        let plate = Self {
            plates: by_id("plate-name"),
            labels: by_id("plate-label"),
            measure: by_id("plate-measure"),
            grid: by_id("plate-wells"),
            shown: Rc::default(),
        };
        let choose = Rc::new(choose);
        for select in [&plate.plates, &plate.labels, &plate.measure] {
            let choose = choose.clone();
            let [plates, labels, measure] =
                [&plate.plates, &plate.labels, &plate.measure].map(HtmlSelectElement::clone);
            on(select, "change", move |_: Event| {
                choose(PlateChoice {
                    plate: plates.value(),
                    label: labels.value(),
                    measure: match &*measure.value() {
                        PROBABILITY => Measure::Probability,
                        _ => Measure::Share,
                    },
                });
            });
        }
        on(&plate.grid, "click", {
            let shown = plate.shown.clone();
            move |event: Event| {
                let button = around(&event, "[data-well]");
                let Some(name) = button.map(|button| attribute(&button, "data-well")) else {
                    return;
                };
                let well = shown.borrow().as_ref().and_then(|map| {
                    let mut wells = map.wells.keys();
                    Some(PlateWell {
                        plate: map.choice.plate.clone(),
                        well: *wells.find(|well| well.to_string() == name)?,
                    })
                });
                if let Some(well) = well {
                    toggle(well);
                }
            }
        });
        on(&plate.grid, "keydown", {
            let grid = plate.grid.clone();
            move |event: KeyboardEvent| move_on(&grid, &event)
        });
        plate
    }

    /// Shows the plate that is chosen.
    pub(super) fn show(&self, session: &Session) {
        let map = session.plate_map();
        set_hidden(&by_id("plate-none"), map.is_some());
        let former = self.shown.replace(map);
        let shown = self.shown.borrow();
        let Some(map) = shown.as_ref() else {
            emptied(self.grid.clone());
            return;
        };
        let PlateChoice {
            plate,
            label,
            measure,
        } = &map.choice;
        let is_same = former.as_ref().is_some_and(|former| {
            (former.size, &former.choice.plate) == (map.size, plate)
                && former.wells.keys().eq(map.wells.keys())
        });
        let name = |plate: &String| (plate.clone(), text::plate(plate));
        offer(&self.plates, map.plates.iter().map(name), plate);
        let label_options = map
            .labels
            .iter()
            .map(|label| (label.clone(), label.clone()));
        offer(&self.labels, label_options, label);
        self.measure.set_value(match measure {
            Measure::Share => "share",
            Measure::Probability => PROBABILITY,
        });
        let several: Element = find(&by_id("plate"), ".which");
        set_hidden(&several, map.plates.len() < 2);
        if !is_same {
            self.draw(map);
        }
        for button in find_all::<HtmlElement>(&self.grid, "[data-well]") {
            let name = attribute(&button, "data-well");
            let sum = map.wells.iter().find(|(well, _)| well.to_string() == name);
            let Some((well, sum)) = sum else { continue };
            let value = sum.value(*measure);
            let style = button.style();
            set_style(&style, "--value", &value.unwrap_or_default().to_string());
            set_flag(&button, "data-answered", value.is_some());
            set_text(&button, &text::well_value(value));
            let counts = (sum.answered, sum.labelled);
            let mean = value.filter(|_| *measure == Measure::Probability);
            let said = text::well_said(*well, sum.fields, counts, label, mean);
            set_attribute(&button, "title", &said);
            set_attribute(&button, "aria-label", &said);
            let filter = session.filter().well.as_ref();
            let is_on = filter.is_some_and(|it| it.well == *well && it.plate == *plate);
            set_flag(&button, "aria-pressed", is_on);
        }
    }

    /// Draws the wells of a plate, still without their numbers.
    fn draw(&self, map: &PlateMap) {
        let grid = emptied(self.grid.clone());
        let (rows, columns) = map.size;
        let wells = if rows > 8 { "384" } else { "96" };
        set_attribute(&grid, "data-wells", wells);
        let head: Element = create("tr");
        append(&head, &create("td"));
        for column in 1..=columns {
            append(&head, &head_cell("col", &column.to_string()));
        }
        append(&grid, &head);
        let mut is_first = true;
        for row in 0..rows {
            let line: Element = create("tr");
            let letter = Well { row, column: 0 }.row_letter();
            append(&line, &head_cell("row", &letter.to_string()));
            for column in 0..columns {
                let cell: Element = create("td");
                let well = Well { row, column };
                if map.wells.contains_key(&well) {
                    let button: HtmlButtonElement = create("button");
                    button.set_type("button");
                    set_attribute(&button, "data-well", &well.to_string());
                    // All wells are one stop of the tabulator.
                    set_attribute(&button, "tabindex", if is_first { "0" } else { "-1" });
                    is_first = false;
                    append(&cell, &button);
                }
                append(&line, &cell);
            }
            append(&grid, &line);
        }
    }
}

fn head_cell(scope: &str, text: &str) -> Element {
    let cell: Element = create("th");
    set_attribute(&cell, "scope", scope);
    set_text(&cell, text);
    cell
}

/// Offers these values and their texts in a select, and chooses one.
fn offer(
    select: &HtmlSelectElement,
    options: impl Iterator<Item = (String, String)>,
    chosen: &str,
) {
    let options: Vec<(String, String)> = options.collect();
    let there = find_all::<HtmlOptionElement>(select, "option");
    let mut values = options.iter().map(|(value, _)| value);
    let is_same = there.len() == options.len()
        && there
            .iter()
            .all(|option| values.next() == Some(&option.value()));
    // A select that is open would close.
    if !is_same {
        let select = emptied(select.clone().into());
        for (value, text) in &options {
            let option: HtmlOptionElement = create("option");
            option.set_value(value);
            option.set_text(text);
            append(&select, &option);
        }
    }
    select.set_value(chosen);
}

/// Goes from one well to the next in the direction of an arrow.
fn move_on(grid: &Element, event: &KeyboardEvent) {
    let wells: Vec<HtmlElement> = find_all(grid, "[data-well]");
    let active = document().active_element();
    let is_active = |well: &HtmlElement| active.as_ref() == Some(well.as_ref());
    let Some(at) = wells.iter().position(is_active) else {
        return;
    };
    let places: Vec<(i32, i32)> = wells.iter().map(place).collect();
    if let Some(to) = next(&event.key(), at, &places)
        && !has_modifier(event)
    {
        event.prevent_default();
        set_attribute(&wells[at], "tabindex", "-1");
        set_attribute(&wells[to], "tabindex", "0");
        focus(&wells[to]);
    }
}

/// Row and column of a well's button.
fn place(button: &HtmlElement) -> (i32, i32) {
    let name = attribute(button, "data-well");
    let row = name.bytes().next().map_or(0, i32::from);
    let column = name.get(1..).and_then(|digits| digits.parse().ok());
    (row, column.unwrap_or_default())
}

/// The nearest well in the direction of an arrow, of wells with these rows and columns.
fn next(key: &str, at: usize, places: &[(i32, i32)]) -> Option<usize> {
    let (row, column) = places[at];
    // Along the arrow, and beside it.
    let step = |(to_row, to_column): (i32, i32)| match key {
        "ArrowRight" => (to_column - column, to_row - row),
        "ArrowLeft" => (column - to_column, to_row - row),
        "ArrowDown" => (to_row - row, to_column - column),
        "ArrowUp" => (row - to_row, to_column - column),
        _ => (0, 0),
    };
    let steps = places.iter().map(|place| step(*place)).enumerate();
    let ahead = steps.filter(|(_, (along, _))| *along > 0);
    // Those of the same row or column first, however far.
    let nearest = ahead.min_by_key(|(_, (along, beside))| (beside.abs(), *along));
    match key {
        "Home" => Some(0),
        "End" => places.len().checked_sub(1),
        _ => nearest.map(|(to, _)| to),
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn arrows_lead_to_the_nearest_well_that_has_fields() {
        let wells = [(0, 1), (0, 4), (1, 1), (1, 2), (5, 4)];
        assert_eq!(next("ArrowRight", 0, &wells), Some(1));
        assert_eq!(next("ArrowDown", 0, &wells), Some(2));
        assert_eq!(next("ArrowDown", 1, &wells), Some(4));
        assert_eq!(next("ArrowUp", 3, &wells), Some(0));
        assert_eq!(next("ArrowLeft", 0, &wells), None);
        assert_eq!(next("ArrowUp", 0, &wells), None);
        assert_eq!(
            (next("Home", 3, &wells), next("End", 3, &wells)),
            (Some(0), Some(4))
        );
        assert_eq!(next("x", 0, &wells), None);
    }
}
