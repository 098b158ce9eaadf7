//! Heat maps: matrices of shares, in deeper colour for larger shares.

use maud::{Markup, html};

use super::scale::percent;
use super::svg::{Plot, canvas, pixels};

const CELL: f64 = 24.0;
const NAMES: f64 = 206.0;
const LEGEND: f64 = 62.0;

/// A cell of the matrix.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// The share from 0 to 1; none where it is undefined.
    pub share: Option<f64>,
    /// The text shown on hover.
    pub title: String,
}

/// A matrix whose rows and columns have the same names.
#[derive(Debug)]
pub(crate) struct HeatMap<'a> {
    /// The name of the plot's file.
    pub name: &'a str,
    /// The description for screen readers.
    pub description: String,
    /// The names of rows and columns.
    pub names: &'a [&'a str],
    /// The title, which says what the shares are of.
    pub title: &'a str,
    /// The cells, row by row.
    pub cells: &'a [Vec<Cell>],
}

impl HeatMap<'_> {
    /// Draws the plot. Shares of 5 % and more are written in their cells.
    pub fn draw(&self) -> Plot {
        let side = CELL * self.names.len() as f64;
        let content = html! {
            @for (index, name) in self.names.iter().enumerate() {
                @let middle = NAMES + CELL * (index as f64 + 0.5);
                text.name x=(NAMES - 7.0) y=(pixels(middle)) dy="0.35em" text-anchor="end" { (name) }
                text.name transform=(format!("translate({} {}) rotate(-90)", pixels(middle + 4.5), NAMES - 7.0)) { (name) }
            }
            @for (row, cells) in self.cells.iter().enumerate() {
                @for (column, cell) in cells.iter().enumerate() {
                    (drawn(cell, row, column))
                }
            }
            (self.legend(NAMES + side + 22.0))
        };
        Plot {
            name: self.name.to_owned(),
            svg: canvas(
                NAMES + side + 14.0,
                NAMES + side + LEGEND,
                &self.description,
                &content,
            ),
        }
    }

    fn legend(&self, top: f64) -> Markup {
        html! {
            @for step in 0..=10_u8 {
                @let share = f64::from(step) / 10.0;
                @let left = NAMES + CELL * f64::from(step);
                rect.empty-cell x=(left) y=(top) width=(CELL) height="12" {}
                rect.heat x=(left) y=(top) width=(CELL) height="12" fill-opacity=(opacity(share)) {}
                @if step % 5 == 0 {
                    text.tick x=(left + CELL / 2.0) y=(top + 27.0) text-anchor="middle" { (percent(share)) }
                }
            }
            text.axis-title x=(NAMES + CELL * 11.0 + 14.0) y=(top + 11.0) { (self.title) }
        }
    }
}

fn drawn(cell: &Cell, row: usize, column: usize) -> Markup {
    let (left, top) = (NAMES + CELL * column as f64, NAMES + CELL * row as f64);
    html! {
        g {
            title { (cell.title) }
            @if row == column {
                rect.diagonal x=(left) y=(top) width=(CELL) height=(CELL) {}
            } @else if let Some(share) = cell.share {
                rect.empty-cell x=(left) y=(top) width=(CELL) height=(CELL) {}
                @if share > 0.0 {
                    rect.heat x=(left) y=(top) width=(CELL) height=(CELL) fill-opacity=(opacity(share)) {}
                }
                @if share >= 0.05 {
                    text.cell.deep[share >= 0.45] x=(left + CELL / 2.0) y=(top + CELL / 2.0) dy="0.35em" text-anchor="middle" {
                        (format!("{:.0}", share * 100.0))
                    }
                }
            } @else {
                rect.empty-cell x=(left) y=(top) width=(CELL) height=(CELL) {}
                text.cell x=(left + CELL / 2.0) y=(top + CELL / 2.0) dy="0.35em" text-anchor="middle" { "·" }
            }
        }
    }
}

/// The opacity of a share. It rises fast at first: most shares are small, and a hundredth should differ from none.
fn opacity(share: f64) -> String {
    format!("{:.2}", share.clamp(0.0, 1.0).powf(0.6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_tell_their_numbers_on_hover() {
        let cell = |share| Cell {
            share,
            title: format!("share {share:?}"),
        };
        let svg = HeatMap {
            name: "test",
            description: String::new(),
            names: &["a", "b"],
            title: "share",
            cells: &[
                vec![cell(Some(1.0)), cell(Some(0.25))],
                vec![cell(None), cell(None)],
            ],
        }
        .draw()
        .svg
        .into_string();
        assert!(svg.contains("<title>share Some(0.25)</title>"));
        assert!(svg.contains(">25</text>"));
        assert_eq!(svg.matches("class=\"diagonal\"").count(), 2);
    }
}
