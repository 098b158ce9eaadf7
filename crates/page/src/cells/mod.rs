//! The cells of the selected field: found by the engine when they are asked for, and shown with an answer each.
//!
//! [`kept`] holds what was found, packed; [`shown`] is the selected field's, with their answers; [`panel`] writes them into the
//! page. What belongs to the rest of the page stands in `app/cells.rs` and `app/cell_files.rs`.

mod kept;
mod panel;
mod shown;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use cytolens_cells::{Cells, Packed, simplified};
use js_sys::Function;
use wasm_bindgen::JsValue;
use web_sys::HtmlCanvasElement;

pub(super) use self::panel::Deed;

use self::kept::{Found, Kept};
use self::panel::Panel;
use self::shown::{Shown, Wishes};
use super::answer::Answer;
use super::download::PackageBytes;
use super::text::cells as text;
use super::viewer::CellOutline;
use cytolens_protocol::CellMasks;

/// The network that finds cells, as far as the page has it.
#[derive(Debug, Clone, Default)]
pub(super) enum Network {
    /// Nobody has asked for it.
    #[default]
    Unasked,
    /// It is on its way.
    Coming,
    /// It is here, and every worker is handed it.
    Here(PackageBytes),
    /// It cannot be used, for this reason.
    Unfit(String),
}

/// A field's cells as the page hands them out.
#[derive(Debug, Clone)]
pub(super) struct FieldCells {
    /// The cells.
    pub(super) cells: Cells,
    /// The field's width and height in pixels.
    pub(super) full: [u32; 2],
    /// The number of corrections by hand.
    pub(super) corrections: usize,
}

/// The cells of all fields, and those that are shown.
pub(super) struct CellsDesk {
    panel: Panel,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    is_on: bool,
    network: Network,
    kept: Kept,
    wishes: Wishes,
    /// The field whose cells are shown.
    shown: Option<(u32, Shown)>,
    /// The cell of the picture under the pointer.
    hovered: Option<u16>,
    /// The field and the answer whose cells are shown or on their way.
    begun: Option<(u32, Rc<Answer>)>,
    /// The fields whose cells are asked for, and who is told when they are there.
    waiting: Vec<(u32, Function)>,
    /// The fields whose corrections of an earlier visit are read or hold no longer.
    read: BTreeSet<u32>,
}

impl CellsDesk {
    /// No cells yet. `handle` is called for what the visitor does.
    pub(super) fn new(handle: impl Fn(Deed) + Clone + 'static) -> Self {
        Self {
            panel: Panel::new(handle),
            state: RefCell::default(),
        }
    }

    /// Whether cells are switched on.
    pub(super) fn is_on(&self) -> bool {
        self.state.borrow().is_on
    }

    /// Switches cells on or off.
    pub(super) fn switch(&self) {
        let is_on = !self.is_on();
        self.state.borrow_mut().is_on = is_on;
        self.panel.press(is_on);
        self.close();
    }

    /// The network as far as it is here.
    pub(super) fn network(&self) -> Network {
        self.state.borrow().network.clone()
    }

    /// Takes note of how far the network is.
    pub(super) fn set_network(&self, network: Network) {
        if let Network::Unfit(reason) = &network {
            self.panel.note(&text::without_network(reason));
        }
        self.state.borrow_mut().network = network;
    }

    /// Shows a status and no cells.
    pub(super) fn wait(&self, status: &str) {
        self.state.borrow_mut().shown = None;
        self.panel.wait(status);
    }

    /// No field is selected, or another one: nothing is shown or on its way.
    pub(super) fn close(&self) {
        self.state.borrow_mut().begun = None;
        self.wait("");
    }

    /// Whoever waits for a field's cells is told by calling this function.
    pub(super) fn await_field(&self, field: u32, resolve: Function) {
        self.state.borrow_mut().waiting.push((field, resolve));
    }

    /// Keeps a field's cells, and tells whoever waits for them.
    pub(super) fn found(&self, field: u32, masks: &CellMasks) {
        let cells = Cells::of_masks(
            masks.width as usize,
            masks.height as usize,
            masks.cells.to_vec(),
            masks.nuclei.to_vec(),
        );
        match cells {
            Ok(cells) => {
                let found = Found {
                    now: Packed::new(&cells),
                    before: Vec::new(),
                    full: [masks.full_width, masks.full_height],
                };
                {
                    // Corrections of an earlier visit may have been read meanwhile.
                    let mut state = self.state.borrow_mut();
                    if !state.kept.is_corrected(field) {
                        state.kept.put(field, found);
                    }
                }
                self.tell(field, &JsValue::UNDEFINED);
            }
            Err(error) => self.not_found(field, &error.to_string()),
        }
    }

    /// Tells whoever waits for a field's cells why there are none.
    pub(super) fn not_found(&self, field: u32, reason: &str) {
        self.tell(field, &JsValue::from_str(reason));
    }

    fn tell(&self, field: u32, outcome: &JsValue) {
        let waiting = std::mem::take(&mut self.state.borrow_mut().waiting);
        let (told, others): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(other, _)| *other == field);
        self.state.borrow_mut().waiting = others;
        for (_, resolve) in told {
            // A promise's function does not fail.
            _ = resolve.call1(&JsValue::UNDEFINED, outcome);
        }
    }

    /// Forgets fields, and tells whoever waits for their cells.
    pub(super) fn forget(&self, fields: &[u32]) {
        {
            let mut state = self.state.borrow_mut();
            state.kept.forget(fields);
            state.read.extend(fields);
        }
        fields
            .iter()
            .for_each(|field| self.not_found(*field, text::GONE));
    }

    /// Tells whoever waits for the cells of fields that are gone.
    pub(super) fn drop_waiting(&self, is_there: impl Fn(u32) -> bool) {
        let fields = self
            .state
            .borrow()
            .waiting
            .iter()
            .map(|(field, _)| *field)
            .collect::<Vec<_>>();
        for field in fields {
            if !is_there(field) {
                self.not_found(field, text::GONE);
            }
        }
    }

    /// A field's cells, where they are kept.
    pub(super) fn kept(&self, field: u32) -> Option<FieldCells> {
        let state = self.state.borrow();
        let found = state.kept.get(field)?;
        Some(FieldCells {
            // What was packed here is whole.
            cells: found.now.cells().ok()?,
            full: found.full,
            corrections: found.before.len(),
        })
    }

    /// Whether a field's corrections of an earlier visit are still to be read. They are then taken as read.
    pub(super) fn begin_reading(&self, field: u32) -> bool {
        self.state.borrow_mut().read.insert(field)
    }

    /// Takes the corrections of an earlier visit: the masks before each and after the last one.
    pub(super) fn restore(&self, field: u32, history: Vec<Packed>, full: [u32; 2]) {
        let mut state = self.state.borrow_mut();
        if !state.kept.is_corrected(field)
            && let Some(found) = Found::of_history(history, full)
        {
            state.kept.put(field, found);
        }
    }

    /// A field's masks before each correction and after the last one, and the field's width and height; none where nobody corrected
    /// its cells.
    pub(super) fn history(&self, field: u32) -> Option<(Vec<Packed>, [u32; 2])> {
        let state = self.state.borrow();
        let found = state.kept.get(field)?;
        Some((found.history()?, found.full))
    }

    /// Cells as the visitor wants them in files: without those that are left out.
    pub(super) fn wished(
        &self,
        field: FieldCells,
        answer: Rc<Answer>,
        maps: Option<(usize, &[f32])>,
    ) -> WishedCells {
        let wishes = self.state.borrow().wishes;
        let shown = Shown::new(field.cells, field.full, answer, maps, &wishes);
        WishedCells {
            cells: shown.cells,
            full: shown.full,
            answers: shown.answers,
        }
    }

    /// Shows a field's cells, coloured by the chosen class.
    pub(super) fn show(
        &self,
        field: u32,
        cells: FieldCells,
        answer: Rc<Answer>,
        maps: Option<(usize, &[f32])>,
        class: Option<usize>,
    ) {
        let mut state = self.state.borrow_mut();
        let mut shown = Shown::new(cells.cells, cells.full, answer, maps, &state.wishes);
        shown.colour_by(class);
        self.panel.show(&shown, &state.wishes, cells.corrections);
        state.shown = Some((field, shown));
    }

    /// Colours the cells that are shown by another class.
    pub(super) fn colour_by(&self, class: Option<usize>) {
        self.rewrite(|_, shown| shown.colour_by(class));
    }

    /// The field whose cells are shown.
    pub(super) fn shown_field(&self) -> Option<u32> {
        self.state.borrow().shown.as_ref().map(|(field, _)| *field)
    }

    /// Takes note that the cells of a field with this answer are to be shown. Returns whether that is new.
    pub(super) fn begin(&self, field: u32, answer: &Rc<Answer>) -> bool {
        let mut state = self.state.borrow_mut();
        let begun = state.begun.as_ref();
        let is_new =
            begun.is_none_or(|(other, begun)| *other != field || !Rc::ptr_eq(begun, answer));
        state.begun = Some((field, answer.clone()));
        is_new
    }

    /// In how many cells each class is, by class; nothing while no cells are shown.
    pub(super) fn counts(&self) -> Vec<String> {
        let state = self.state.borrow();
        let Some((_, shown)) = &state.shown else {
            return Vec::new();
        };
        (0..shown.answers.classes())
            .map(|class| match shown.count(class) {
                (_, 0) => String::new(),
                (count, all) => text::in_cells(count, all),
            })
            .collect()
    }

    /// The outlines of the cells that are shown.
    pub(super) fn outlines(&self) -> Vec<CellOutline> {
        let state = self.state.borrow();
        let Some((_, shown)) = &state.shown else {
            return Vec::new();
        };
        let rows = shown.rows(&state.wishes);
        let sides = [shown.cells.width() as f32, shown.cells.height() as f32];
        rows.into_iter()
            .map(|cell| {
                let rings = shown.cells.outlines(cell.number).into_iter().map(|ring| {
                    let share = |[x, y]: [f32; 2]| [x / sides[0], y / sides[1]];
                    simplified(&ring).into_iter().map(share).collect()
                });
                let class = shown.class;
                CellOutline {
                    number: cell.number,
                    rings: rings.collect(),
                    level: class.and_then(|class| shown.probability(cell.number, class)),
                    is_over: class.is_some_and(|class| shown.shows(cell.number, class)),
                }
            })
            .collect()
    }

    /// The cell that is pointed at and those that are chosen.
    pub(super) fn marks(&self) -> (Option<u16>, Vec<u16>) {
        let state = self.state.borrow();
        let shown = state.shown.as_ref().map(|(_, shown)| shown);
        shown.map_or_else(Default::default, |shown| {
            (shown.pointed, shown.chosen.iter().copied().collect())
        })
    }

    /// The cell at a place of the field, whose sides go from 0 to 1.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<u16> {
        self.state.borrow().shown.as_ref()?.1.at(x, y)
    }

    /// The pointer is over a cell of the picture, or over none. Returns whether that is new: a pointer that rests takes nothing from
    /// who points by keys.
    pub(super) fn hover(&self, number: Option<u16>) -> bool {
        let mut state = self.state.borrow_mut();
        std::mem::replace(&mut state.hovered, number) != number
    }

    /// Points at a cell or at none. Returns whether that is new.
    pub(super) fn point(&self, number: Option<u16>) -> bool {
        // A crop or a row that has the focus and is replaced loses it while the state is changed.
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return false;
        };
        let Some((_, shown)) = &mut state.shown else {
            return false;
        };
        let is_new = shown.pointed != number;
        shown.pointed = number;
        if is_new {
            self.panel.mark(shown);
        }
        is_new
    }

    /// Chooses a cell, or takes the choice back.
    pub(super) fn choose(&self, number: u16) {
        if let Some((_, shown)) = &mut self.state.borrow_mut().shown {
            shown.toggle(number);
            self.panel.mark(shown);
        }
    }

    /// Takes the visitor's wish for order, filter and size. Returns whether other cells are left out now.
    pub(super) fn wish(&self, deed: &Deed) -> bool {
        let mut leaves_out = false;
        {
            let mut state = self.state.borrow_mut();
            let by_label = state.shown.as_ref().and_then(|(_, shown)| shown.class);
            let wishes = &mut state.wishes;
            match *deed {
                Deed::Sort(column) => {
                    let current = wishes.column.or(by_label.map(shown::Column::Class));
                    wishes.is_rising = match current == Some(column) {
                        true => !wishes.is_rising,
                        false => column == shown::Column::Number,
                    };
                    wishes.column = Some(column);
                }
                Deed::Wish {
                    filter,
                    whole_only,
                    smallest,
                } => {
                    let former = (wishes.whole_only, wishes.smallest);
                    (wishes.filter, wishes.whole_only, wishes.smallest) =
                        (filter, whole_only, smallest);
                    leaves_out = former != (whole_only, smallest);
                }
                _ => {}
            }
        }
        if !leaves_out {
            self.rewrite(|_, _| {});
        }
        leaves_out
    }

    /// Corrects the shown field's cells, and returns what to announce; nothing where nothing was corrected.
    pub(super) fn correct(&self, deed: &Deed) -> Option<String> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let (field, shown) = state.shown.as_ref()?;
        let found = state.kept.get_mut(*field)?;
        if *deed == Deed::Undo {
            return found.undo().then(|| text::UNDONE.to_owned());
        }
        let mut cells = found.now.cells().ok()?;
        let chosen: Vec<u16> = shown.chosen.iter().copied().collect();
        let (first, others) = chosen.split_first()?;
        let said = match deed {
            Deed::Delete => {
                cells.keep(|cell| !chosen.contains(&cell.number));
                text::deleted(chosen.len())
            }
            Deed::Merge if !others.is_empty() => {
                for other in others {
                    cells.merge(*first, *other)?;
                }
                text::merged(chosen.len(), *first)
            }
            _ => return None,
        };
        found.correct(&cells);
        Some(said)
    }

    /// The crops that are to be drawn: each canvas, and the middle and the side of its part of the field.
    pub(super) fn crops(&self) -> Vec<Crop> {
        let state = self.state.borrow();
        let Some((_, shown)) = &state.shown else {
            return Vec::new();
        };
        let (width, height) = (shown.cells.width() as f64, shown.cells.height() as f64);
        let crop = |(canvas, number)| {
            let bounds = shown.cells.cell(number)?.bounds;
            let middle = (
                (bounds.left as f64 + bounds.width as f64 / 2.0) / width,
                (bounds.top as f64 + bounds.height as f64 / 2.0) / height,
            );
            // With a little around it.
            let side = 1.15 * bounds.width.max(bounds.height) as f64 / width.max(height);
            Some(Crop {
                canvas,
                middle,
                side,
            })
        };
        self.panel.crops().into_iter().filter_map(crop).collect()
    }

    /// Changes what is shown and writes it anew.
    fn rewrite(&self, change: impl FnOnce(u32, &mut Shown)) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        if let Some((field, shown)) = &mut state.shown {
            change(*field, shown);
            let found = state.kept.get(*field);
            let corrections = found.map_or(0, |found| found.before.len());
            self.panel.show(shown, &state.wishes, corrections);
        }
    }
}

/// A crop that is to be drawn.
pub(super) struct Crop {
    /// Its canvas.
    pub(super) canvas: HtmlCanvasElement,
    /// The middle of its part of the field, in shares of the field's sides.
    pub(super) middle: (f64, f64),
    /// The side of its part, in shares of the longer side.
    pub(super) side: f64,
}

/// A field's cells for a file.
pub(super) struct WishedCells {
    /// The cells.
    pub(super) cells: Cells,
    /// The field's width and height in pixels.
    pub(super) full: [u32; 2],
    /// The cells' answers.
    pub(super) answers: cytolens_cells::Answers,
}
