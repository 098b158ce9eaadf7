//! A map of the desk's fields: those lie close that the network sees alike.

mod chart;
mod picture;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Element, Event, HtmlDetailsElement, HtmlProgressElement, HtmlSelectElement, KeyboardEvent,
    PointerEvent,
};

use self::chart::{Spot, groups, in_square, is_inside, plate};
use super::answer::Answer;
use super::dom::{
    append, around, attribute, by_id, document, emptied, find, find_all, from_template, now_ms, on,
    pause, report, set_attribute, set_boolean, set_hidden, set_text, write,
};
use super::export::save::{CSV, save_text};
use super::export::tables::{Dialect, write as csv};
use super::similar::{ToolField, ToolHost};
use super::teach::Teach;
use super::text::map as text;
use cytolens_similar::{MOST_POINTS, Scatter};

/// The time for which the map is computed before the browser may paint and react, in milliseconds.
const STRETCH_MS: f64 = 12.0;
/// The side of the drawing, in its own units.
const SIDE: f32 = 1000.0;
/// The most rows of the map's table.
const LISTED: usize = 2000;

/// The panel in `index.html`.
pub(crate) struct MapPanel {
    root: HtmlDetailsElement,
    drawing: Element,
    host: Rc<ToolHost>,
    teach: Rc<Teach>,
    spots: RefCell<Vec<Spot>>,
    chosen: RefCell<Vec<u32>>,
    line: RefCell<Vec<[f32; 2]>>,
    /// The fields of the map that is shown or made, and the answers that it is of.
    of: RefCell<Vec<(u32, Rc<Answer>)>>,
    /// The number of the map that is made: an older one is given up.
    turn: Cell<u32>,
}

impl MapPanel {
    /// The panel, closed. Fields are coloured by what `teach` knows, too.
    pub(crate) fn new(host: Rc<ToolHost>, teach: Rc<Teach>) -> Rc<Self> {
        let map = Rc::new(Self {
            root: by_id("scatter"),
            drawing: by_id("scatter-drawing"),
            host,
            teach,
            spots: RefCell::default(),
            chosen: RefCell::default(),
            line: RefCell::default(),
            of: RefCell::default(),
            turn: Cell::default(),
        });
        map.listen();
        map
    }

    fn listen(self: &Rc<Self>) {
        let map = self.clone();
        on(&self.root, "toggle", move |_: Event| map.refresh());
        for id in ["scatter-kind", "scatter-colour"] {
            let map = self.clone();
            let select: Element = match id {
                "scatter-kind" => by_id("scatter-kind"),
                _ => by_id("scatter-colour"),
            };
            let is_kind = id == "scatter-kind";
            on(&select, "change", move |_: Event| {
                if is_kind {
                    map.of.borrow_mut().clear();
                }
                map.refresh();
            });
        }
        let map = self.clone();
        on(&self.root, "click", move |event: Event| {
            if let Some(spot) = around(&event, "[data-spot]") {
                if let Ok(field) = attribute(&spot, "data-spot").parse() {
                    (map.host.select)(field);
                    map.mark();
                }
            } else if let Some(button) = around(&event, "[data-scatter]") {
                map.clicked(
                    &attribute(&button, "data-scatter"),
                    attribute(&button, "data-class").parse().ok(),
                );
            }
        });
        let map = self.clone();
        on(&self.drawing, "keydown", move |event: KeyboardEvent| {
            map.pressed(&event)
        });
        for event in ["pointerdown", "pointermove", "pointerup", "pointercancel"] {
            let map = self.clone();
            on(&self.drawing, event, move |event: PointerEvent| {
                map.pointed(&event)
            });
        }
    }

    /// Whether the panel is open, so that it is to follow the desk.
    pub(crate) fn is_open(&self) -> bool {
        self.root.open()
    }

    /// Makes the map of the desk as it is; where its fields are those of the map, only the colours are new.
    pub(crate) fn refresh(self: &Rc<Self>) {
        if !self.is_open() {
            return;
        }
        let all = (self.host.fields)();
        // Fields of one network alone can be compared: that of the first.
        let first = all
            .iter()
            .find_map(|it| it.features().and(it.answer.clone()));
        let fields: Vec<ToolField> = all
            .into_iter()
            .filter(|it| {
                it.answer
                    .as_ref()
                    .zip(first.as_ref())
                    .is_some_and(|(answer, first)| {
                        answer.model.features_sha256() == first.model.features_sha256()
                            && answer.prediction.features.len() == first.prediction.features.len()
                    })
            })
            .collect();
        let of: Vec<(u32, Rc<Answer>)> = fields
            .iter()
            .filter_map(|it| Some((it.field, it.answer.clone()?)))
            .collect();
        if are_same(&self.of.borrow(), &of) && !of.is_empty() {
            let mut are_new = false;
            for spot in self.spots.borrow_mut().iter_mut() {
                // Fields come in rising order. While a map is made, the spots are those of the one before.
                let Ok(at) = fields.binary_search_by_key(&spot.field, |it| it.field) else {
                    continue;
                };
                let group = self.group(&fields[at]);
                are_new |= group != spot.group;
                spot.group = group;
            }
            return if are_new { self.draw() } else { self.mark() };
        }
        *self.of.borrow_mut() = of;
        self.turn.set(self.turn.get() + 1);
        spawn_local(self.clone().make(fields, self.turn.get()));
    }

    async fn make(self: Rc<Self>, fields: Vec<ToolField>, turn: u32) {
        let kind: HtmlSelectElement = by_id("scatter-kind");
        let by_neighbours = kind.value() == "neighbours";
        let mut begun = now_ms();
        let mut mapped = Vec::with_capacity(fields.len());
        let mut vectors = Vec::with_capacity(fields.len());
        for field in fields {
            if let Some(vector) = field.features() {
                vectors.push(vector);
                mapped.push(field);
            }
            if now_ms() - begun > STRETCH_MS {
                pause().await;
                if self.is_given_up(turn) {
                    return;
                }
                begun = now_ms();
            }
        }
        let is_moved = by_neighbours && vectors.len() <= MOST_POINTS;
        set_text(
            &by_id("scatter-about"),
            &text::about(vectors.len(), by_neighbours && !is_moved),
        );
        let mut scatter = {
            let rows: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
            if is_moved {
                Scatter::new(&rows)
            } else {
                Scatter::by_components(&rows)
            }
        };
        // Those of 10,000 fields are 40 MB.
        drop(vectors);
        let progress: HtmlProgressElement = by_id("scatter-progress");
        set_hidden(&progress, false);
        loop {
            let begun = now_ms();
            let mut goes_on = true;
            while goes_on && now_ms() - begun < STRETCH_MS {
                goes_on = scatter.step();
            }
            progress.set_value(f64::from(scatter.progress()));
            if !goes_on {
                break;
            }
            pause().await;
            if self.is_given_up(turn) {
                return;
            }
        }
        set_hidden(&progress, true);
        self.lay(&mapped, scatter.points());
    }

    /// Whether the map of this number is to be made no further: another one is made, or none is wanted.
    fn is_given_up(&self, turn: u32) -> bool {
        let is_last = self.turn.get() == turn;
        if is_last && !self.is_open() {
            self.of.borrow_mut().clear();
            set_hidden(&by_id("scatter-progress"), true);
        }
        !is_last || !self.is_open()
    }

    fn lay(&self, fields: &[ToolField], places: &[[f32; 2]]) {
        let spots = fields
            .iter()
            .zip(in_square(places))
            .map(|(it, place)| Spot {
                field: it.field,
                id: it.id.clone(),
                place,
                group: self.group(it),
            });
        *self.spots.borrow_mut() = spots.collect();
        self.chosen.borrow_mut().clear();
        self.draw();
    }

    /// What a field is coloured by.
    fn group(&self, field: &ToolField) -> String {
        let colour: HtmlSelectElement = by_id("scatter-colour");
        let group = match &*colour.value() {
            "class" => self.teach.class_of(field),
            "plate" => plate(&field.id).map(str::to_owned),
            _ => field.answer.as_ref().and_then(|answer| {
                let likeliest = answer.present_ranked().first().copied();
                likeliest.map(|class| answer.label(class).to_owned())
            }),
        };
        group.unwrap_or_else(|| text::NO_GROUP.to_owned())
    }

    fn draw(&self) {
        let spots = self.spots.borrow();
        let all = groups(&spots);
        let layer: Element = emptied(by_id("scatter-spots"));
        for spot in spots.iter() {
            let Ok(dot) =
                document().create_element_ns(Some("http://www.w3.org/2000/svg"), "circle")
            else {
                continue;
            };
            let place = all.iter().position(|(name, _)| *name == spot.group);
            set_attribute(&dot, "cx", &(spot.place[0] * SIDE).to_string());
            set_attribute(&dot, "cy", &(spot.place[1] * SIDE).to_string());
            set_attribute(&dot, "r", "9");
            set_attribute(&dot, "fill", picture::colour(place));
            set_attribute(&dot, "data-spot", &spot.field.to_string());
            append(&layer, &dot);
        }
        let legend = emptied(by_id("scatter-legend"));
        for (place, (name, count)) in all.iter().enumerate() {
            let item = from_template("scatter-group-template");
            write(&item, ".name", &text::group(name, *count));
            set_attribute(&find(&item, "circle"), "fill", picture::colour(Some(place)));
            append(&legend, &item);
        }
        let rows = emptied(by_id("scatter-rows"));
        for spot in spots.iter().take(LISTED) {
            let row = from_template("scatter-row-template");
            write(&row, "button", &spot.id);
            set_attribute(&find(&row, "button"), "data-spot", &spot.field.to_string());
            write(&row, ".group", &spot.group);
            write(&row, ".place", &text::place(spot.place));
            append(&rows, &row);
        }
        self.mark();
    }

    /// Marks the selected field and those inside the line, and offers what can be done with these.
    fn mark(&self) {
        let selected = (self.host.selected)();
        let chosen = self.chosen.borrow();
        for dot in find_all::<Element>(&self.drawing, "circle") {
            let field: Option<u32> = attribute(&dot, "data-spot").parse().ok();
            set_boolean(&dot, "data-selected", field.is_some() && field == selected);
            set_boolean(
                &dot,
                "data-chosen",
                field.is_some_and(|field| chosen.contains(&field)),
            );
        }
        set_text(&by_id("scatter-chosen"), &text::chosen(chosen.len()));
        let list = emptied(by_id("scatter-give"));
        if !chosen.is_empty() {
            for (class, name) in self.teach.classes().iter().enumerate() {
                let button = from_template("scatter-give-template");
                set_attribute(&button, "data-class", &class.to_string());
                set_text(&button, &text::give(name));
                append(&list, &button);
            }
        }
        let spots = self.spots.borrow();
        let at = spots.iter().find(|spot| Some(spot.field) == selected);
        let said = at.map(|spot| text::spot(&spot.id, &spot.group));
        set_attribute(
            &self.drawing,
            "aria-label",
            &text::drawing(spots.len(), said.as_deref()),
        );
    }

    fn clicked(self: &Rc<Self>, what: &str, class: Option<usize>) {
        match what {
            "give" => {
                let chosen = self.chosen.borrow().clone();
                self.teach.give(&chosen, class);
                (self.host.say)(&text::given(chosen.len()));
                self.refresh();
            }
            "svg" => self.save("cytolens-map.svg", "image/svg+xml", |spots| {
                picture::svg(spots, &groups(spots), text::TITLE)
            }),
            _ => self.save("cytolens-map.csv", CSV, |spots| {
                let rows = spots.iter().map(|spot| {
                    let [x, y] = spot.place.map(|value| value.to_string());
                    vec![spot.id.clone(), x, y, spot.group.clone()]
                });
                csv(
                    ["Id", "X", "Y", "Group"].into_iter(),
                    rows,
                    Dialect::default(),
                )
            }),
        }
    }

    fn save(&self, name: &str, kind: &str, content: impl Fn(&[Spot]) -> String) {
        let saved = save_text(name, &content(&self.spots.borrow()), kind);
        (self.host.say)(&saved.err().unwrap_or_else(|| text::saved(name)));
    }

    /// The arrow keys go to the next field in their direction.
    fn pressed(&self, event: &KeyboardEvent) {
        let direction: [f32; 2] = match &*event.key() {
            "ArrowRight" => [1.0, 0.0],
            "ArrowLeft" => [-1.0, 0.0],
            "ArrowDown" => [0.0, 1.0],
            "ArrowUp" => [0.0, -1.0],
            _ => return,
        };
        event.prevent_default();
        let next = {
            let spots = self.spots.borrow();
            let selected = (self.host.selected)();
            let from = spots.iter().find(|spot| Some(spot.field) == selected);
            let from = from.map_or([0.5; 2], |spot| spot.place);
            let ahead = spots.iter().filter_map(|spot| {
                let away = [spot.place[0] - from[0], spot.place[1] - from[1]];
                let forward = away[0] * direction[0] + away[1] * direction[1];
                let aside = (away[0] * direction[1]).abs() + (away[1] * direction[0]).abs();
                (Some(spot.field) != selected && forward > 0.0 && aside <= 2.0 * forward)
                    .then_some((spot.field, forward + 2.0 * aside))
            });
            ahead.min_by(|a, b| a.1.total_cmp(&b.1))
        };
        if let Some((field, _)) = next {
            (self.host.select)(field);
            self.mark();
        }
    }

    /// A line drawn around points chooses them; a click selects one.
    fn pointed(&self, event: &PointerEvent) {
        let frame = self.drawing.get_bounding_client_rect();
        let place = [
            ((f64::from(event.client_x()) - frame.left()) / frame.width()) as f32,
            ((f64::from(event.client_y()) - frame.top()) / frame.height()) as f32,
        ];
        match &*event.type_() {
            "pointerdown" if event.button() == 0 => *self.line.borrow_mut() = vec![place],
            "pointermove" if event.buttons() & 1 == 1 && !self.line.borrow().is_empty() => {
                let mut line = self.line.borrow_mut();
                line.push(place);
                if line.len() == 3 {
                    // Not for a click, which is to reach its point.
                    report(self.drawing.set_pointer_capture(event.pointer_id()));
                }
            }
            "pointerup" => {
                let line = self.line.take();
                if line.len() > 5 {
                    let spots = self.spots.borrow();
                    let inside = spots.iter().filter(|spot| is_inside(spot.place, &line));
                    *self.chosen.borrow_mut() = inside.map(|spot| spot.field).collect();
                    self.mark();
                }
            }
            "pointercancel" => self.line.borrow_mut().clear(),
            _ => {}
        }
        let points: Vec<String> = self
            .line
            .borrow()
            .iter()
            .map(|[x, y]| format!("{},{}", x * SIDE, y * SIDE))
            .collect();
        set_attribute(&by_id("scatter-line"), "points", &points.join(" "));
    }
}

/// Whether these are the same fields with the same answers.
fn are_same(some: &[(u32, Rc<Answer>)], others: &[(u32, Rc<Answer>)]) -> bool {
    let mut pairs = some.iter().zip(others);
    some.len() == others.len() && pairs.all(|(a, b)| a.0 == b.0 && Rc::ptr_eq(&a.1, &b.1))
}
