//! Plots of one row for each name, with a bar or a dot for each set.

use maud::{Markup, html};

use super::line_chart::Axis;
use super::svg::{Plot, SERIES, canvas, dot, legend, pixels};

const WIDTH: f64 = 860.0;
const NAMES: f64 = 212.0;
/// The space at the right for the note of the longest bar, in pixels.
const NOTE: f64 = 130.0;
/// The space at the top for the legend of two sets, in pixels.
const LEGEND: f64 = 34.0;
const FOOT: f64 = 48.0;

/// The form of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Bars from the axis's start.
    Bars,
    /// Dots, each on a line of its spread.
    Dots,
}

/// A value of a row.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// The position on the axis.
    pub value: f64,
    /// The ends of the spread around the value; drawn for dots.
    pub spread: Option<[f64; 2]>,
    /// The value in words: beside a bar, at the end of a dot's row where there is one set, and on hover.
    pub note: String,
}

/// A name and its value in each set.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The name at the left.
    pub name: String,
    /// The value for each set; none where the set has no value.
    pub marks: Vec<Option<Mark>>,
}

/// A plot of rows.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    /// The name of the plot's file.
    pub name: &'a str,
    /// The description for screen readers.
    pub description: String,
    /// The horizontal axis.
    pub axis: Axis,
    /// The names of the sets, one or two.
    pub sets: &'a [String],
    /// The rows from top to bottom.
    pub rows: &'a [Row],
    /// The form of the values.
    pub form: Form,
}

impl Rows<'_> {
    /// Draws the plot.
    pub fn draw(&self) -> Plot {
        let lane = match (self.form, self.sets.len()) {
            (Form::Bars, 1) | (Form::Dots, _) => 23.0,
            (Form::Bars, _) => 35.0,
        };
        let top = if self.sets.len() > 1 { LEGEND } else { 6.0 };
        let bottom = top + lane * self.rows.len() as f64 + 4.0;
        let sample = |index: usize, left: f64, middle: f64| match self.form {
            Form::Bars => {
                html! { rect.bar.(SERIES[index]) x=(pixels(left)) y=(pixels(middle - 5.0)) width="24" height="10" rx="1.5" {} }
            }
            Form::Dots => dot(index, left + 14.0, middle),
        };
        let content = html! {
            @for (value, text) in self.axis.scale.ticks() {
                @let x = pixels(self.across(value));
                line.grid x1=(x) x2=(x) y1=(top) y2=(bottom) {}
                text.tick x=(x) y=(bottom + 18.0) text-anchor="middle" { (text) }
            }
            line.axis x1=(NAMES) x2=(NAMES) y1=(top) y2=(bottom) {}
            @for (index, row) in self.rows.iter().enumerate() {
                @let middle = top + lane * (index as f64 + 0.5) + 2.0;
                text.name x=(NAMES - 8.0) y=(pixels(middle)) dy="0.35em" text-anchor="end" { (row.name) }
                @if self.form == Form::Dots {
                    line.grid x1=(NAMES) x2=(WIDTH - NOTE) y1=(pixels(middle)) y2=(pixels(middle)) {}
                }
                @for (set, mark) in row.marks.iter().enumerate() {
                    @match (mark, self.form) {
                        (Some(mark), Form::Bars) => (self.bar(set, mark, row, middle)),
                        (Some(mark), Form::Dots) => (self.spot(set, mark, row, middle)),
                        (None, _) => {}
                    }
                }
            }
            text.axis-title x=((NAMES + WIDTH - NOTE) / 2.0) y=(bottom + 40.0) text-anchor="middle" { (self.axis.title) }
            (legend(self.sets, WIDTH, 20.0, sample))
        };
        Plot {
            name: self.name.to_owned(),
            svg: canvas(WIDTH, bottom + FOOT, &self.description, &content),
        }
    }

    fn across(&self, value: f64) -> f64 {
        NAMES + self.axis.scale.place(value) * (WIDTH - NOTE - NAMES)
    }

    fn bar(&self, set: usize, mark: &Mark, row: &Row, middle: f64) -> Markup {
        let (height, top) = match self.sets.len() {
            1 => (15.0, middle - 7.5),
            _ => (12.0, middle - 14.0 + 15.0 * set as f64),
        };
        let end = self.across(mark.value);
        html! {
            rect.bar.(SERIES[set]) x=(NAMES) y=(pixels(top)) width=(pixels(end - NAMES)) height=(height) rx="1.5" {
                title { (self.said(set, mark, row)) }
            }
            text.note x=(pixels(end + 6.0)) y=(pixels(top + height / 2.0)) dy="0.35em" { (mark.note) }
        }
    }

    fn spot(&self, set: usize, mark: &Mark, row: &Row, middle: f64) -> Markup {
        let middle = match self.sets.len() {
            1 => middle,
            _ => middle - 4.5 + 9.0 * set as f64,
        };
        let [left, right] = mark
            .spread
            .unwrap_or([mark.value; 2])
            .map(|end| self.across(end));
        html! {
            g {
                title { (self.said(set, mark, row)) }
                line.whisker.(SERIES[set]) x1=(pixels(left)) x2=(pixels(right)) y1=(pixels(middle)) y2=(pixels(middle)) {}
                (dot(set, self.across(mark.value), middle))
            }
            // The notes of two sets would overlap.
            @if self.sets.len() == 1 {
                text.note x=(WIDTH - NOTE + 12.0) y=(pixels(middle)) dy="0.35em" { (mark.note) }
            }
        }
    }

    fn said(&self, set: usize, mark: &Mark, row: &Row) -> String {
        match self.sets {
            [_] => format!("{}: {}", row.name, mark.note),
            sets => format!("{}, {}: {}", row.name, sets[set], mark.note),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scale::Scale;
    use super::*;

    fn plot(form: Form, sets: &[String]) -> String {
        let rows = [Row {
            name: "Golgi apparatus".to_owned(),
            marks: sets
                .iter()
                .map(|_| {
                    Some(Mark {
                        value: 0.5,
                        spread: Some([0.4, 0.6]),
                        note: "12 fields".to_owned(),
                    })
                })
                .collect(),
        }];
        Rows {
            name: "test",
            description: String::new(),
            axis: Axis {
                title: "share".to_owned(),
                scale: Scale::Linear {
                    low: 0.0,
                    high: 1.0,
                },
            },
            sets,
            rows: &rows,
            form,
        }
        .draw()
        .svg
        .into_string()
    }

    #[test]
    fn a_bar_is_as_long_as_its_value_and_says_it() {
        let svg = plot(Form::Bars, &["here".to_owned()]);
        assert!(svg.contains("width=\"259\""), "half of 518 px: {svg}");
        assert!(svg.contains("Golgi apparatus: 12 fields"));
    }

    #[test]
    fn two_sets_differ_in_shape() {
        let svg = plot(Form::Dots, &["here".to_owned(), "there".to_owned()]);
        assert!(
            svg.contains("<circle class=\"dot one\"") && svg.contains("<rect class=\"dot two\"")
        );
        assert!(svg.contains("Golgi apparatus, there: 12 fields"));
    }
}
