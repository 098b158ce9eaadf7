//! What a network that finds cells is to say of each pixel.

/// The maps that a network gives: inside a nucleus, inside a cell, on a cell's border.
pub const OUTPUTS: usize = 3;

/// Makes targets and weights of masks. Every pixel beside another cell or the outside is a border, so that a border has two
/// pixels. Where two nuclei touch, the pixels between them are outside both, and they and the borders weigh `1 + border`; all
/// others weigh 1. Where nuclei are not known, theirs weigh nothing.
pub(super) fn targets(
    cells: &[u16],
    nuclei: Option<&[u16]>,
    width: usize,
    border: f32,
) -> (Vec<f32>, Vec<f32>) {
    let pixels = cells.len();
    let mut targets = vec![0.0; OUTPUTS * pixels];
    let mut weights = vec![1.0; OUTPUTS * pixels];
    if nuclei.is_none() {
        weights[..pixels].fill(0.0);
    }
    for (at, &own) in cells.iter().enumerate() {
        targets[pixels + at] = f32::from(u8::from(own > 0));
        if around(at, width, pixels).any(|other| cells[other] != own) {
            targets[2 * pixels + at] = 1.0;
            weights[pixels + at] += border;
            weights[2 * pixels + at] += border;
        }
        let Some(nuclei) = nuclei else {
            continue;
        };
        let own = nuclei[at];
        if own == 0 {
            continue;
        }
        let touches =
            around(at, width, pixels).any(|other| nuclei[other] > 0 && nuclei[other] != own);
        if touches {
            weights[at] += border;
        } else {
            targets[at] = 1.0;
        }
    }
    (targets, weights)
}

/// The pixels beside one, above, below, left and right.
fn around(at: usize, width: usize, pixels: usize) -> impl Iterator<Item = usize> {
    let x = at % width;
    let places = [
        at.checked_sub(width),
        (at + width < pixels).then_some(at + width),
        (x > 0).then(|| at - 1),
        (x + 1 < width).then_some(at + 1),
    ];
    places.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_part_cells_and_touching_nuclei() {
        // Two cells in a row of eight pixels, whose nuclei touch.
        let cells = [0, 1, 1, 1, 2, 2, 2, 2];
        let nuclei = [0, 0, 1, 1, 2, 2, 0, 0];
        let (targets, weights) = targets(&cells, Some(&nuclei), 8, 4.0);
        assert_eq!(targets[..8], [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(targets[8..16], [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(targets[16..], [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(weights[..8], [1.0, 1.0, 1.0, 5.0, 5.0, 1.0, 1.0, 1.0]);
        assert_eq!(weights[16..], [5.0, 5.0, 1.0, 5.0, 5.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn unknown_nuclei_teach_nothing() {
        let (targets, weights) = targets(&[1, 1, 1, 0], None, 2, 1.0);
        assert_eq!(targets[..4], [0.0; 4]);
        assert_eq!(weights[..4], [0.0; 4]);
        assert_eq!(targets[8..], [0.0, 1.0, 1.0, 1.0]);
    }
}
