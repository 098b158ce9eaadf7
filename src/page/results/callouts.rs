//! Where the names of lit parts stand beside the drawn cell.

/// The drawing's width, in its own units, as in `cell.svg`.
const WIDTH: f64 = 640.0;
/// The drawing's upper edge, in its own units.
const TOP: f64 = 28.0;
/// The drawing's height, in its own units.
const HEIGHT: f64 = 452.0;
/// The large cell's middle: what lies left of it is named on the left.
const MIDDLE: f64 = 270.0;
/// How far names keep from the drawing's upper and lower edge.
const MARGIN: f64 = 24.0;
/// How far names keep from each other: two lines, on a narrow screen.
const GAP: f64 = 60.0;

/// Where a part's line ends, and where its name would like to stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Anchor {
    /// The part's class.
    pub(super) class: usize,
    /// In the part, from the left.
    pub(super) x: f64,
    /// In the part, from above.
    pub(super) y: f64,
    /// Of the name's middle, from above.
    pub(super) name_y: f64,
}

impl Anchor {
    /// An anchor as `data-at` writes it: `x y`, or `x y name_y`.
    pub(super) fn parse(class: usize, text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map_while(|number| number.parse().ok());
        let (x, y) = (numbers.next()?, numbers.next()?);
        let name_y = numbers.next().unwrap_or(y);
        Some(Self {
            class,
            x,
            y,
            name_y,
        })
    }

    /// How far down the name stands, from 0 to 1.
    pub(super) fn height(&self) -> f64 {
        (self.name_y - TOP) / HEIGHT
    }

    /// The line from the part to its name, as SVG.
    pub(super) fn line(&self) -> String {
        let edge = if self.is_left() { 0.0 } else { WIDTH };
        let (x, y, name_y) = (self.x, self.y, self.name_y);
        format!(r#"<path d="M{x} {y}L{edge} {name_y}"/><circle cx="{x}" cy="{y}" r="4"/>"#)
    }

    /// Whether the name stands on the left.
    pub(super) fn is_left(&self) -> bool {
        self.x < MIDDLE
    }
}

/// Moves the names of either side apart, and back between the edges.
pub(super) fn spread(anchors: &mut [Anchor]) {
    anchors.sort_by(|a, b| a.name_y.total_cmp(&b.name_y));
    for left in [true, false] {
        let mut side: Vec<&mut Anchor> = anchors
            .iter_mut()
            .filter(|anchor| anchor.is_left() == left)
            .collect();
        let (first, last) = (TOP + MARGIN, TOP + HEIGHT - MARGIN);
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

    fn anchor(x: f64, name_y: f64) -> Anchor {
        Anchor {
            class: 0,
            x,
            y: name_y,
            name_y,
        }
    }

    fn heights(anchors: &[Anchor], left: bool) -> Vec<f64> {
        let side = anchors.iter().filter(|anchor| anchor.is_left() == left);
        side.map(|anchor| anchor.name_y).collect()
    }

    #[test]
    fn anchors_are_read_as_the_drawing_writes_them() {
        assert_eq!(Anchor::parse(0, "12 34"), Some(anchor(12.0, 34.0)));
        let spindle = Anchor::parse(0, "556 104 190").expect("three numbers are an anchor");
        assert_eq!((spindle.y, spindle.name_y), (104.0, 190.0));
        assert_eq!(Anchor::parse(0, "12"), None);
    }

    #[test]
    fn names_far_apart_or_on_different_sides_stay() {
        let mut anchors = [
            anchor(100.0, 100.0),
            anchor(400.0, 110.0),
            anchor(90.0, 300.0),
        ];
        spread(&mut anchors);
        assert_eq!(heights(&anchors, true), [100.0, 300.0]);
        assert_eq!(heights(&anchors, false), [110.0]);
    }

    #[test]
    fn names_keep_apart_and_inside() {
        let mut anchors = [anchor(1.0, 460.0), anchor(1.0, 470.0), anchor(1.0, 455.0)];
        spread(&mut anchors);
        let last = TOP + HEIGHT - MARGIN;
        assert_eq!(
            heights(&anchors, true),
            [last - 2.0 * GAP, last - GAP, last]
        );
    }

    #[test]
    fn many_names_share_the_height() {
        let mut anchors = [anchor(1.0, 200.0); 28];
        spread(&mut anchors);
        let heights = heights(&anchors, true);
        assert!((heights[0] - (TOP + MARGIN)).abs() < 1e-6);
        assert!((heights[27] - (TOP + HEIGHT - MARGIN)).abs() < 1e-6);
        assert!(heights.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
