//! SVG elements that several plots share.

use maud::{Markup, html};

/// The style sheet of all plots, which a page includes once.
pub(crate) const STYLE: &str = include_str!("plots.css");

/// The classes of the first and the second set that a plot compares.
pub(super) const SERIES: [&str; 2] = ["one", "two"];

/// A drawn plot.
#[derive(Debug, Clone)]
pub struct Plot {
    /// The name of the plot's file, without the extension.
    pub name: String,
    /// The `<svg>` element, styled by `plots.css`.
    pub svg: Markup,
}

impl Plot {
    /// Renders the plot as an SVG file with its style.
    pub fn file(&self) -> String {
        let svg = &self.svg.0;
        let (head, rest) = svg.split_once('>').unwrap_or((svg, ""));
        format!("{head}><style>:root{{background:var(--sheet)}}\n{STYLE}</style>{rest}\n")
    }
}

/// An `<svg>` element of this size in pixels; `description` is for screen readers.
pub(super) fn canvas(width: f64, height: f64, description: &str, content: &Markup) -> Markup {
    html! {
        svg.plot xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width} {height}"))
            width=(width) height=(height) role="img" aria-label=(description) {
            (content)
        }
    }
}

/// The names of two compared sets with their marks, ending at `right`; nothing for one set.
pub(super) fn legend(
    names: &[String],
    right: f64,
    baseline: f64,
    mark: impl Fn(usize, f64, f64) -> Markup,
) -> Markup {
    /// The approximate width of a letter of the legend in pixels: there is no font here to measure by.
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
pub(super) fn dot(set: usize, x: f64, y: f64) -> Markup {
    html! {
        @if set == 0 {
            circle.dot.one cx=(pixels(x)) cy=(pixels(y)) r="4.5" {}
        } @else {
            rect.dot.two x=(pixels(x - 4.0)) y=(pixels(y - 4.0)) width="8" height="8" {}
        }
    }
}

/// A name shortened to fit into a legend.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 18;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// A coordinate to a tenth of a pixel; finer steps cannot be seen.
pub(super) fn pixels(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
