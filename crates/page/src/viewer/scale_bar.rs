//! The scale bar: a round length in the picture's lower right corner.

use web_sys::CanvasRenderingContext2d;

use super::geometry::Point;
use crate::text::viewer as text;

/// The longest bar, in pixels of a page that is not zoomed.
const LONGEST: f64 = 120.0;
/// The shortest unit of a bar, in micrometres: far below what light shows.
const SHORTEST: f64 = 1e-4;
/// The longest unit, in micrometres: a metre.
const LONGEST_UNIT: f64 = 1e6;
/// The distance of the bar from the picture's edges.
const MARGIN: f64 = 12.0;

/// Draws the bar for a picture in which a micrometre is so many pixels of the canvas; lengths of the page are `pen` px of it.
pub(super) fn draw(context: &CanvasRenderingContext2d, micrometre: f64, corner: Point, pen: f64) {
    let length = round_length(LONGEST * pen / micrometre);
    let width = length * micrometre;
    let (right, bottom) = (corner.0 - MARGIN * pen, corner.1 - MARGIN * pen);
    let height = 3.0 * pen;
    context.save();
    // A dark rim, so that the bar is also seen on what is bright.
    for (colour, rim) in [("rgb(0 0 0 / 70%)", pen), ("white", 0.0)] {
        context.set_fill_style_str(colour);
        context.fill_rect(
            right - width - rim,
            bottom - height - rim,
            width + 2.0 * rim,
            height + 2.0 * rim,
        );
    }
    context.set_font(&format!("600 {}px system-ui, sans-serif", 12.0 * pen));
    context.set_text_align("center");
    context.set_line_join("round");
    context.set_line_width(3.0 * pen);
    context.set_stroke_style_str("rgb(0 0 0 / 70%)");
    let label = text::length(length);
    let (x, y) = (right - width / 2.0, bottom - height - 5.0 * pen);
    // Both fail only where a number is no number.
    _ = context.stroke_text(&label, x, y);
    _ = context.fill_text(&label, x, y);
    context.restore();
}

/// The largest of 1, 2, 5, 10, 20 and so on, also 0.5, 0.2, 0.1 and so on, that is not over `most`.
fn round_length(most: f64) -> f64 {
    // By multiplication: logarithm and power would weigh more than all of the bar.
    let mut unit = 1.0;
    while unit * 10.0 <= most && unit < LONGEST_UNIT {
        unit *= 10.0;
    }
    while unit > most && unit > SHORTEST {
        unit /= 10.0;
    }
    let round = [5.0, 2.0].into_iter().find(|round| round * unit <= most);
    round.unwrap_or(1.0) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_round_and_fit() {
        for (most, expected) in [
            (37.2, 20.0),
            (50.0, 50.0),
            (9.99, 5.0),
            (1.5, 1.0),
            (0.23, 0.2),
            (0.07, 0.05),
            (1234.0, 1000.0),
        ] {
            let length = round_length(most);
            assert!((length / expected - 1.0).abs() < 1e-9, "{most}: {length}");
        }
        // Of a picture that is drawn at no size at all.
        for most in [f64::INFINITY, f64::NAN, 0.0] {
            assert!(round_length(most).is_finite(), "{most}");
        }
    }
}
