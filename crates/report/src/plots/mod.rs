//! Plots as SVG: lines, rows of bars or dots, and heat maps.
//!
//! They are drawn by hand in place of a plotting library because a page shows them in light and in
//! dark: every part has a class, and the colours are the style sheet's. What a colour tells, a dash,
//! a shape or a text tells too. Values stand in `<title>` elements, which browsers show on hover.

mod heat_map;
mod line_chart;
mod rows;
mod scale;

pub use heat_map::{Cell, HeatMap};
pub use line_chart::{Axis, LineChart, Series};
pub use rows::{Form, Mark, Row, Rows};
pub use scale::{Scale, count, hundredths, number, percent};

use maud::{Markup, html};

/// The style of every plot, which a page includes once.
pub const STYLE: &str = include_str!("plots.css");

/// The classes of the first and the second set that a plot compares.
const SERIES: [&str; 2] = ["one", "two"];

/// A drawn plot.
#[derive(Debug, Clone)]
pub struct Plot {
    /// The name of its file, without the extension.
    pub name: String,
    /// Its `<svg>` element, styled by [`STYLE`].
    pub svg: Markup,
}

impl Plot {
    /// The plot as an SVG file of its own.
    pub fn file(&self) -> String {
        let svg = &self.svg.0;
        let (head, rest) = svg.split_once('>').unwrap_or((svg, ""));
        format!("{head}><style>:root{{background:var(--sheet)}}\n{STYLE}</style>{rest}\n")
    }
}

/// An `<svg>` element of this size in its own pixels; `description` is for those who do not see it.
fn canvas(width: f64, height: f64, description: &str, content: &Markup) -> Markup {
    html! {
        svg.plot xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width} {height}"))
            width=(width) height=(height) role="img" aria-label=(description) {
            (content)
        }
    }
}

/// The names of two compared sets with their marks, ending at `right`; nothing for one set.
fn legend(
    names: &[String],
    right: f64,
    baseline: f64,
    mark: impl Fn(usize, f64, f64) -> Markup,
) -> Markup {
    /// About the width of a letter of the legend in pixels: there is no font here to measure by.
    const LETTER: f64 = 7.0;
    const MARK: f64 = 30.0;
    if names.len() < 2 {
        return html! {};
    }
    let mut left = right;
    let mut items = Vec::new();
    for (index, name) in names.iter().enumerate().rev() {
        let name = shortened(name);
        left -= name.chars().count() as f64 * LETTER + MARK + 10.0;
        items.push((index, left, name));
    }
    html! {
        @for (index, left, name) in items.into_iter().rev() {
            (mark(index, left, baseline - 4.5))
            text.legend x=(pixels(left + MARK)) y=(pixels(baseline)) { (name) }
        }
    }
}

/// A disc for the first set, a hollow square for the second.
fn dot(set: usize, x: f64, y: f64) -> Markup {
    html! {
        @if set == 0 {
            circle.dot.one cx=(pixels(x)) cy=(pixels(y)) r="4.5" {}
        } @else {
            rect.dot.two x=(pixels(x - 4.0)) y=(pixels(y - 4.0)) width="8" height="8" {}
        }
    }
}

/// A name that fits into a legend.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 18;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// A coordinate in tenths of a pixel, which the eye cannot tell from more.
fn pixels(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
