//! Plots as SVG: lines, rows of bars or dots, and heat maps.
//!
//! They are drawn without a plotting library because a page shows them in light and in dark: every part has a class, and the colours
//! are the style sheet's. No meaning is in a colour alone: a dash, a shape or a text has it too. Values are in `<title>` elements,
//! which browsers show on hover.

mod heat_map;
mod line_chart;
mod rows;
mod scale;
mod svg;

pub use line_chart::{Axis, LineChart, Series};
pub use scale::{Scale, number};
pub use svg::Plot;

pub(crate) use heat_map::{Cell, HeatMap};
pub(crate) use rows::{Form, Mark, Row, Rows};
pub(crate) use scale::{count, hundredths, percent};
pub(crate) use svg::STYLE;
