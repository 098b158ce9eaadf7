//! Line charts.

use maud::{Markup, html};

use super::scale::Scale;
use super::svg::{Plot, SERIES, canvas, dot, legend, pixels};

const WIDTH: f64 = 480.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 16.0;
/// The height of the plotting area in pixels.
const SPAN: f64 = 212.0;
/// The space for the title at the top, in pixels; a legend takes more below it.
const TITLE: f64 = 38.0;
const LEGEND: f64 = 22.0;
/// The space for ticks and title of the axis at the bottom, in pixels.
const FOOT: f64 = 50.0;

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// The quantity and its unit.
    pub title: String,
    /// The scale of the values.
    pub scale: Scale,
}

/// A curve.
#[derive(Debug, Clone)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// The points, x rising; a single point is drawn as a dot.
    pub points: Vec<(f64, f64)>,
}

/// One or two curves: the first solid, the second dashed.
#[derive(Debug)]
pub struct LineChart<'a> {
    /// The name of the plot's file.
    pub name: String,
    /// The title above the plot.
    pub title: String,
    /// The style sheet's class of the spot before the title, such as a channel's name.
    pub spot: &'a str,
    /// The description for screen readers.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves, at most two.
    pub series: &'a [Series],
    /// Whether the area under the first curve is tinted, as for a distribution.
    pub filled: bool,
}

impl LineChart<'_> {
    /// Draws the plot.
    pub fn draw(&self) -> Plot {
        let names: Vec<String> = self
            .series
            .iter()
            .map(|series| series.name.clone())
            .collect();
        let sample = |index: usize, left: f64, middle: f64| {
            html! {
                @if self.series[index].points.len() == 1 {
                    (dot(index, left + 14.0, middle))
                } @else {
                    line.curve.(SERIES[index]) x1=(pixels(left)) x2=(pixels(left + 24.0)) y1=(pixels(middle)) y2=(pixels(middle)) {}
                }
            }
        };
        let content = html! {
            (self.axes())
            @for (index, (series, class)) in self.series.iter().zip(SERIES).enumerate() {
                @if let [(x, y)] = series.points.as_slice() {
                    (dot(index, self.place_across(*x), self.place_up(*y)))
                }
                @let path = self.path(&series.points);
                @if self.filled && class == SERIES[0] && let (Some(first), Some(last)) = (series.points.first(), series.points.last()) {
                    path.area.(class) d=(format!("{path}L{},{bottom}L{},{bottom}Z", self.across(last.0), self.across(first.0), bottom = self.bottom())) {}
                }
                path.curve.(class) d=(path) {}
            }
            circle.spot.(self.spot) cx=(LEFT + 6.0) cy="17.5" r="5" {}
            text.title x=(LEFT + 18.0) y="22" { (self.title) }
            (legend(&names, RIGHT + 8.0, 22.0 + LEGEND, sample))
        };
        Plot {
            name: self.name.clone(),
            svg: canvas(WIDTH, self.bottom() + FOOT, &self.description, &content),
        }
    }

    fn top(&self) -> f64 {
        if self.series.len() > 1 {
            TITLE + LEGEND
        } else {
            TITLE
        }
    }

    fn bottom(&self) -> f64 {
        self.top() + SPAN
    }

    fn axes(&self) -> Markup {
        let (top, bottom) = (self.top(), self.bottom());
        html! {
            @for (value, text) in self.x.scale.ticks() {
                @let x = self.across(value);
                line.grid x1=(x) x2=(x) y1=(top) y2=(bottom) {}
                text.tick x=(x) y=(bottom + 18.0) text-anchor="middle" { (text) }
            }
            @for (value, text) in self.y.scale.ticks() {
                @let y = self.up(value);
                line.grid x1=(LEFT) x2=(RIGHT) y1=(y) y2=(y) {}
                text.tick x=(LEFT - 7.0) y=(y) dy="0.35em" text-anchor="end" { (text) }
            }
            line.axis x1=(LEFT) x2=(RIGHT) y1=(bottom) y2=(bottom) {}
            text.axis-title x=((LEFT + RIGHT) / 2.0) y=(bottom + 40.0) text-anchor="middle" { (self.x.title) }
            text.axis-title transform=(format!("translate(14 {}) rotate(-90)", (top + bottom) / 2.0)) text-anchor="middle" { (self.y.title) }
        }
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            path.push(if index == 0 { 'M' } else { 'L' });
            path += &format!("{},{}", self.across(*x), self.up(*y));
        }
        path
    }

    fn place_across(&self, value: f64) -> f64 {
        LEFT + self.x.scale.place(value) * (RIGHT - LEFT)
    }

    fn place_up(&self, value: f64) -> f64 {
        self.bottom() - self.y.scale.place(value) * SPAN
    }

    fn across(&self, value: f64) -> String {
        pixels(self.place_across(value))
    }

    fn up(&self, value: f64) -> String {
        pixels(self.place_up(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(series: &[Series]) -> String {
        let axis = |title: &str| Axis {
            title: title.to_owned(),
            scale: Scale::Linear {
                low: 0.0,
                high: 1.0,
            },
        };
        LineChart {
            name: "test".to_owned(),
            title: "Green & more".to_owned(),
            spot: "green",
            description: "A <test>".to_owned(),
            x: axis("x"),
            y: axis("y"),
            series,
            filled: false,
        }
        .draw()
        .file()
    }

    #[test]
    fn the_corners_of_the_data_are_the_corners_of_the_axes() {
        let series = [Series {
            name: "one".to_owned(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        }];
        let file = chart(&series);
        assert!(file.contains("M62,250L464,38"), "{file}");
        assert!(!file.contains("legend\""), "one curve needs no legend");
    }

    #[test]
    fn one_point_is_a_dot_in_its_place() {
        let series = [vec![(0.0, 0.0), (1.0, 1.0)], vec![(0.5, 1.0)]].map(|points| Series {
            name: "a".to_owned(),
            points,
        });
        let file = chart(&series);
        // The middle of 62 and 464, and the top under title and legend; a square of 8 px.
        assert!(
            file.contains("<rect class=\"dot two\" x=\"259\" y=\"56\""),
            "{file}"
        );
    }

    #[test]
    fn a_file_stands_alone_and_texts_are_escaped() {
        let series = ["a", "<b>"].map(|name| Series {
            name: name.to_owned(),
            points: vec![(0.0, 0.5)],
        });
        let file = chart(&series);
        assert!(
            file.starts_with("<svg") && file.contains("<style>"),
            "{file}"
        );
        assert!(file.contains("Green &amp; more") && file.contains("&lt;b&gt;"));
        assert!(!file.contains("<b>"));
    }
}
