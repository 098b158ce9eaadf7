//! Where the names of lit parts stand beside the drawn cell.

/// The drawing's width, in its own units, as in `cell.svg`.
const WIDTH: f64 = 640.0;
/// The drawing's upper edge, in its own units.
const TOP: f64 = 28.0;
/// The drawing's height, in its own units.
const HEIGHT: f64 = 452.0;
/// How far behind a name's outer edge its line ends.
const INSET: f64 = 30.0;
/// The large cell's middle: what lies left of it is named on the left.
const MIDDLE: f64 = 270.0;
/// Where the drawing leaves room for names on its left: above and below the cell.
const LEFT: [f64; 2] = [50.0, 458.0];
/// Where it leaves room on its right: between the dividing cells and below them.
const RIGHT: [f64; 2] = [196.0, 458.0];
/// How far names keep from each other.
const GAP: f64 = 44.0;

/// Where the line from a part to its name begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Anchor {
    /// The part's class.
    pub(super) class: usize,
    /// From the left.
    pub(super) x: f64,
    /// From above.
    pub(super) y: f64,
    /// Of the name's middle, from above.
    pub(super) name_y: f64,
}

impl Anchor {
    /// An anchor as `data-at` writes it: `x y`.
    pub(super) fn parse(class: usize, text: &str) -> Option<Self> {
        let (x, y) = text.split_once(' ')?;
        let (x, y) = (x.parse().ok()?, y.parse().ok()?);
        let [upper, lower] = if x < MIDDLE { LEFT } else { RIGHT };
        let is_upper = y < f64::midpoint(upper, lower);
        Some(Self {
            class,
            x,
            y,
            name_y: if is_upper { upper } else { lower },
        })
    }

    /// How far down the name stands, from 0 to 1.
    pub(super) fn height(&self) -> f64 {
        (self.name_y - TOP) / HEIGHT
    }

    /// The line from the part to its name, as SVG.
    pub(super) fn line(&self) -> String {
        let edge = if self.is_left() { INSET } else { WIDTH - INSET };
        let (x, y, name_y) = (self.x, self.y, self.name_y);
        format!(r#"<path d="M{x} {y}L{edge} {name_y}"/><circle cx="{x}" cy="{y}" r="4"/>"#)
    }

    /// Whether the name stands on the left.
    pub(super) fn is_left(&self) -> bool {
        self.x < MIDDLE
    }
}

/// Moves the names of either side apart, and back into the drawing.
pub(super) fn spread(anchors: &mut [Anchor]) {
    anchors.sort_by(|a, b| a.y.total_cmp(&b.y));
    for left in [true, false] {
        let mut side: Vec<&mut Anchor> = anchors
            .iter_mut()
            .filter(|anchor| anchor.is_left() == left)
            .collect();
        let (first, last) = (LEFT[0], LEFT[1]);
        let gap = GAP.min((last - first) / side.len().saturating_sub(1).max(1) as f64);
        let mut least = first;
        for anchor in &mut side {
            anchor.name_y = anchor.name_y.max(least);
            least = anchor.name_y + gap;
        }
        let mut most = last;
        for anchor in side.iter_mut().rev() {
            anchor.name_y = anchor.name_y.min(most);
            most = anchor.name_y - gap;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchors(at: &[&str]) -> Vec<Anchor> {
        at.iter()
            .map(|at| Anchor::parse(0, at).expect("two numbers are an anchor"))
            .collect()
    }

    fn heights(anchors: &[Anchor], left: bool) -> Vec<f64> {
        let side = anchors.iter().filter(|anchor| anchor.is_left() == left);
        side.map(|anchor| anchor.name_y).collect()
    }

    #[test]
    fn names_stand_where_the_drawing_leaves_room() {
        let mut anchors = anchors(&["100 120", "400 110", "90 400"]);
        spread(&mut anchors);
        assert_eq!(heights(&anchors, true), LEFT);
        assert_eq!(heights(&anchors, false), [RIGHT[0]]);
    }

    #[test]
    fn names_keep_apart_in_the_order_of_their_parts() {
        let mut anchors = anchors(&["1 450", "2 400", "3 470", "4 20", "5 60"]);
        spread(&mut anchors);
        let order: Vec<f64> = anchors.iter().map(|anchor| anchor.x).collect();
        assert_eq!(order, [4.0, 5.0, 2.0, 1.0, 3.0]);
        let [upper, lower] = LEFT;
        let expected = [upper, upper + GAP, lower - 2.0 * GAP, lower - GAP, lower];
        assert_eq!(heights(&anchors, true), expected);
    }

    #[test]
    fn many_names_share_the_height() {
        let mut anchors = anchors(&["1 200"; 28]);
        spread(&mut anchors);
        let heights = heights(&anchors, true);
        assert!((heights[0] - LEFT[0]).abs() < 1e-6);
        assert!((heights[27] - LEFT[1]).abs() < 1e-6);
        assert!(heights.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn anything_else_is_no_anchor() {
        assert_eq!(Anchor::parse(0, "12"), None);
        assert_eq!(Anchor::parse(0, "12 high"), None);
    }
}
