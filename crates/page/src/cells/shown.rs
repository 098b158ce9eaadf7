//! The cells of the selected field as the page shows them: their answers, their order, and what is chosen.

use std::collections::BTreeSet;
use std::rc::Rc;

use cytolens_cells::{Answers, Cell, Cells, Evidence};

use crate::answer::Answer;

/// What the table is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// The cells' numbers.
    Number,
    /// Their areas.
    Area,
    /// Their probabilities of a class.
    Class(usize),
}

/// Which cells are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Filter {
    /// All of them.
    #[default]
    All,
    /// Those that show the label by which they are coloured.
    With,
    /// Those that do not show it.
    Without,
}

/// How the visitor wants cells to be shown, whatever the field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wishes {
    /// What the table is sorted by; by the label that colours the cells where it is none.
    pub(super) column: Option<Column>,
    /// Whether the smallest come first.
    pub(super) is_rising: bool,
    /// Which cells are shown.
    pub(super) filter: Filter,
    /// Whether cells on the field's border are left out.
    pub(super) whole_only: bool,
    /// The fewest pixels of the field that a cell has.
    pub(super) smallest: f32,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            column: None,
            is_rising: false,
            filter: Filter::All,
            whole_only: false,
            smallest: 0.0,
        }
    }
}

/// The cells of a field with their answers.
#[derive(Debug)]
pub(super) struct Shown {
    /// The cells that the wishes leave.
    pub(super) cells: Cells,
    /// The field's width and height in pixels.
    pub(super) full: [u32; 2],
    /// The field's answer.
    pub(super) answer: Rc<Answer>,
    /// The cells' answers.
    pub(super) answers: Answers,
    /// The class by which they are coloured.
    pub(super) class: Option<usize>,
    /// The cells that are to be merged or deleted.
    pub(super) chosen: BTreeSet<u16>,
    /// The cell that is pointed at.
    pub(super) pointed: Option<u16>,
}

impl Shown {
    /// Takes cells and the field's answer with its activation maps, if these were kept.
    pub(super) fn new(
        mut cells: Cells,
        full: [u32; 2],
        answer: Rc<Answer>,
        maps: Option<(usize, &[f32])>,
        wishes: &Wishes,
    ) -> Self {
        let pixel =
            full[0] as f32 * full[1] as f32 / (cells.width() * cells.height()).max(1) as f32;
        cells.keep(|cell| {
            cell.area as f32 * pixel >= wishes.smallest && !(wishes.whole_only && cell.on_border)
        });
        let (side, maps) = maps.unwrap_or_default();
        let evidence = Evidence {
            probabilities: &answer.prediction.probabilities,
            side,
            maps,
        };
        let answers = Answers::new(&cells, &evidence);
        Self {
            cells,
            full,
            answer,
            answers,
            class: None,
            chosen: BTreeSet::new(),
            pointed: None,
        }
    }

    /// Colours the cells by a class, or where none is chosen by the field's surest one.
    pub(super) fn colour_by(&mut self, chosen: Option<usize>) {
        let present = self.answer.present_ranked();
        let surest = || present.first().copied();
        let likeliest = || self.answer.ranked().first().copied();
        self.class = chosen.or_else(surest).or_else(likeliest);
    }

    /// The classes that have a column: those that the field shows, and the one by which cells are coloured.
    pub(super) fn columns(&self) -> Vec<usize> {
        let mut classes = self.answer.present_ranked();
        if let Some(class) = self.class.filter(|class| !classes.contains(class)) {
            classes.insert(0, class);
        }
        classes
    }

    /// A cell's probability of a class.
    pub(super) fn probability(&self, number: u16, class: usize) -> Option<f32> {
        self.answers.of(number)?.get(class).copied()
    }

    /// Whether a cell shows a class.
    pub(super) fn shows(&self, number: u16, class: usize) -> bool {
        let threshold = self.answer.threshold(class);
        self.answers.shows(number, class, threshold)
    }

    /// The number of cells that show a class, of those that have answers.
    pub(super) fn count(&self, class: usize) -> (usize, usize) {
        let shown = self.answers.count(class, self.answer.threshold(class));
        (shown, self.answers.answered())
    }

    /// A cell's area in pixels of the field.
    pub(super) fn area(&self, cell: &Cell) -> f32 {
        let [width, height] = self.full.map(|side| side as f32);
        let pixels = (self.cells.width() * self.cells.height()).max(1) as f32;
        cell.area as f32 * width * height / pixels
    }

    /// The cells that the filter leaves, in the table's order.
    pub(super) fn rows(&self, wishes: &Wishes) -> Vec<&Cell> {
        let shows = |cell: &&Cell| {
            self.class
                .is_some_and(|class| self.shows(cell.number, class))
        };
        let mut rows: Vec<&Cell> = self.cells.list().iter().collect();
        match wishes.filter {
            Filter::All => {}
            Filter::With => rows.retain(|cell| shows(cell)),
            Filter::Without => rows.retain(|cell| !shows(cell)),
        }
        let by_label = self.class.map(Column::Class);
        let column = wishes.column.or(by_label).unwrap_or(Column::Number);
        let value = |cell: &Cell| match column {
            Column::Number => f32::from(cell.number),
            Column::Area => cell.area as f32,
            // Cells without an answer come last.
            Column::Class(class) => self.probability(cell.number, class).unwrap_or(-1.0),
        };
        rows.sort_by(|a, b| {
            let order = value(a).total_cmp(&value(b));
            if wishes.is_rising {
                order
            } else {
                order.reverse()
            }
        });
        rows
    }

    /// The cells with answers by falling probability of the class that colours them.
    pub(super) fn surest(&self) -> Vec<u16> {
        let Some(class) = self.class else {
            return Vec::new();
        };
        let numbers = self.cells.list().iter().map(|cell| cell.number);
        let mut cells: Vec<(u16, f32)> = numbers
            .filter_map(|number| Some((number, self.probability(number, class)?)))
            .collect();
        cells.sort_by(|a, b| b.1.total_cmp(&a.1));
        cells.into_iter().map(|(number, _)| number).collect()
    }

    /// Chooses a cell, or takes the choice back.
    pub(super) fn toggle(&mut self, number: u16) {
        if self.cells.cell(number).is_some() && !self.chosen.remove(&number) {
            self.chosen.insert(number);
        }
    }

    /// The cell at a place of the field, whose sides go from 0 to 1.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<u16> {
        let place = |share: f64, side: usize| (share * side as f64) as usize;
        let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        let (width, height) = (self.cells.width(), self.cells.height());
        inside.then(|| self.cells.at(place(x, width), place(y, height)))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples;

    /// Three cells in a row; the third is at the border.
    fn shown(wishes: &Wishes) -> Shown {
        let (width, height) = (12, 4);
        let number = |x: usize, y: usize| match (x, y) {
            (1..=3, 1..=2) => 1,
            (5..=6, 1..=2) => 2,
            (8..=11, 0..=3) => 3,
            _ => 0,
        };
        let mask: Vec<u16> = (0..width * height)
            .map(|at| number(at % width, at / width))
            .collect();
        let cells = Cells::of_masks(width, height, mask.clone(), mask).expect("masks");
        // The maps cover the four columns in the middle: cell 2, and a column of cell 1 is outside them.
        let maps = [1.0, 1.0, 1.0, 1.0, -3.0, 3.0, -3.0, 3.0];
        let answer = examples::answer(&[0.9, 0.6]);
        let mut shown = Shown::new(cells, [120, 40], answer, Some((2, &maps)), wishes);
        shown.colour_by(None);
        shown
    }

    fn numbers(shown: &Shown, wishes: &Wishes) -> Vec<u16> {
        shown.rows(wishes).iter().map(|cell| cell.number).collect()
    }

    #[test]
    fn cells_without_an_answer_come_last_and_are_not_counted() {
        let wishes = Wishes::default();
        let shown = shown(&wishes);
        assert_eq!(shown.class, Some(0));
        assert_eq!(shown.columns(), [0, 1]);
        assert_eq!(numbers(&shown, &wishes)[0], 2);
        assert_eq!(shown.count(0), (1, 1));
        assert_eq!(shown.surest(), [2]);
        assert_eq!(shown.probability(1, 0), None);
    }

    #[test]
    fn rows_are_sorted_and_filtered() {
        let by_area = Wishes {
            column: Some(Column::Area),
            ..Wishes::default()
        };
        let shown = shown(&by_area);
        assert_eq!(numbers(&shown, &by_area), [3, 1, 2]);
        let rising = Wishes {
            is_rising: true,
            ..by_area
        };
        assert_eq!(numbers(&shown, &rising), [2, 1, 3]);
        let with = Wishes {
            filter: Filter::With,
            ..by_area
        };
        assert_eq!(numbers(&shown, &with), [2]);
        let without = Wishes {
            filter: Filter::Without,
            ..by_area
        };
        assert_eq!(numbers(&shown, &without), [3, 1]);
        let by_number = Wishes {
            column: Some(Column::Number),
            is_rising: true,
            ..Wishes::default()
        };
        assert_eq!(numbers(&shown, &by_number), [1, 2, 3]);
    }

    #[test]
    fn small_cells_and_those_on_the_border_are_left_out() {
        let whole = Wishes {
            whole_only: true,
            ..Wishes::default()
        };
        assert_eq!(shown(&whole).cells.list().len(), 2);
        let large = Wishes {
            smallest: 500.0,
            ..Wishes::default()
        };
        // A pixel of the masks is a hundred of the field.
        let shown = shown(&large);
        assert_eq!(shown.cells.list().len(), 2);
        let areas: Vec<f32> = shown
            .cells
            .list()
            .iter()
            .map(|cell| shown.area(cell))
            .collect();
        assert_eq!(areas, [600.0, 1600.0]);
    }

    #[test]
    fn places_lead_to_cells_and_cells_are_chosen_twice_in_vain() {
        let mut shown = shown(&Wishes::default());
        assert_eq!(shown.at(0.5, 0.5), Some(2));
        assert_eq!(shown.at(0.01, 0.5), None);
        assert_eq!(shown.at(1.0, 0.5), None);
        assert_eq!(shown.at(-0.1, 0.5), None);
        shown.toggle(2);
        shown.toggle(9);
        assert_eq!(shown.chosen.iter().copied().collect::<Vec<_>>(), [2]);
        shown.toggle(2);
        assert!(shown.chosen.is_empty());
    }
}
