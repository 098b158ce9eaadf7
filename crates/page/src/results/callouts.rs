//! The places of the names of lit parts beside the drawn cell.

/// The drawing's width, in its own units, as in `cell.svg`.
const WIDTH: usize = 640;
/// The drawing's upper edge, in its own units.
const TOP: usize = 28;
/// The distance of a line's end from its name's outer edge.
const INSET: usize = 30;
/// The large cell's middle: parts left of it have their names on the left.
const MIDDLE: usize = 270;
/// The heights at which the drawing leaves room for names on its left: above and below the cell.
const LEFT: [usize; 2] = [50, 458];
/// The heights at which it leaves room on its right: between the dividing cells and below them.
const RIGHT: [usize; 2] = [196, 458];
/// The distance that names keep from each other.
const GAP: usize = 44;

/// The start of the line from a part to its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Anchor {
    /// The part's class.
    pub(super) class: usize,
    /// The distance from the left, in the drawing's units.
    pub(super) x: usize,
    /// The distance from above.
    pub(super) y: usize,
    /// The distance of the name's middle from above.
    pub(super) name_y: usize,
}

impl Anchor {
    /// Reads an anchor as `data-at` writes it: `x y`.
    pub(super) fn parse(class: usize, text: &str) -> Option<Self> {
        let (x, y) = text.split_once(' ')?;
        let (x, y) = (x.parse().ok()?, y.parse().ok()?);
        let [upper, lower] = if x < MIDDLE { LEFT } else { RIGHT };
        let is_upper = y < usize::midpoint(upper, lower);
        Some(Self {
            class,
            x,
            y,
            name_y: if is_upper { upper } else { lower },
        })
    }

    /// The distance of the name from the drawing's upper edge.
    pub(super) fn height(&self) -> usize {
        self.name_y - TOP
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

/// Puts an anchor among the others, from above to below. (By hand: a sort of the library's makes the
/// program larger by kilobytes.)
pub(super) fn insert(anchors: &mut Vec<Anchor>, anchor: Anchor) {
    let at = anchors.iter().position(|other| other.y > anchor.y);
    anchors.insert(at.unwrap_or(anchors.len()), anchor);
}

/// Moves the names of either side apart, and back into the drawing.
pub(super) fn spread(anchors: &mut [Anchor]) {
    for left in [true, false] {
        let mut side: Vec<&mut Anchor> = anchors
            .iter_mut()
            .filter(|anchor| anchor.is_left() == left)
            .collect();
        let (first, last) = (LEFT[0], LEFT[1]);
        let gap = GAP.min((last - first) / side.len().saturating_sub(1).max(1));
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
        let mut anchors = Vec::new();
        for at in at {
            let anchor = Anchor::parse(0, at).expect("two numbers are an anchor");
            insert(&mut anchors, anchor);
        }
        anchors
    }

    fn heights(anchors: &[Anchor], left: bool) -> Vec<usize> {
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
        let order: Vec<usize> = anchors.iter().map(|anchor| anchor.x).collect();
        assert_eq!(order, [4, 5, 2, 1, 3]);
        let [upper, lower] = LEFT;
        let expected = [upper, upper + GAP, lower - 2 * GAP, lower - GAP, lower];
        assert_eq!(heights(&anchors, true), expected);
    }

    #[test]
    fn many_names_share_the_height() {
        let mut anchors = anchors(&["1 200"; 28]);
        spread(&mut anchors);
        let heights = heights(&anchors, true);
        assert!(heights[0] >= LEFT[0] && heights[27] <= LEFT[1]);
        assert!(heights.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn anything_else_is_no_anchor() {
        assert_eq!(Anchor::parse(0, "12"), None);
        assert_eq!(Anchor::parse(0, "12 high"), None);
    }
}
