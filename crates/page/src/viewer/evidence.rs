//! An activation map made smooth: its levels on a fine raster, and the line around its strongest half.

/// The side of the fine raster, in pixels. A network's own map has some 8 to 32.
pub(super) const RASTER: usize = 256;

/// The highest value of a map, in logits; none where no value is positive: then there is no evidence.
pub(super) fn maximum(values: &[f32]) -> Option<f32> {
    let highest = values.iter().copied().fold(0.0, f32::max);
    (highest > 0.0).then_some(highest)
}

/// The levels of a map on the fine raster, `[RASTER, RASTER]`: from 0 for none and for evidence against, to
/// 1 for `maximum`.
///
/// Between the values of `[side, side]` the cubic of Catmull and Rom, which goes through each; beyond
/// the outermost, half a cell from the edge, their own.
pub(super) fn levels(values: &[f32], side: usize, maximum: f32) -> Vec<f32> {
    if side == 0 || values.len() != side * side {
        return vec![0.0; RASTER * RASTER];
    }
    // Rows first: `[side, RASTER]`.
    let wide: Vec<f32> = values
        .chunks_exact(side)
        .flat_map(|row| (0..RASTER).map(|x| between(x, side, |cell| row[cell])))
        .collect();
    (0..RASTER * RASTER)
        .map(|at| {
            let (y, x) = (at / RASTER, at % RASTER);
            let value = between(y, side, |cell| wide[cell * RASTER + x]);
            // The cubic may swing past its values.
            (value / maximum).clamp(0.0, 1.0)
        })
        .collect()
}

/// The value at a pixel of the raster, from those of a line of `side` cells.
fn between(pixel: usize, side: usize, value: impl Fn(usize) -> f32) -> f32 {
    let position = (pixel as f32 + 0.5) * side as f32 / RASTER as f32 - 0.5;
    let first = position.floor();
    let share = position - first;
    let cell = |offset: i32| value((first as i32 + offset).clamp(0, side as i32 - 1) as usize);
    let [before, start, end, after] = [cell(-1), cell(0), cell(1), cell(2)];
    let slope = end - before;
    let bend = 2.0 * before - 5.0 * start + 4.0 * end - after;
    let twist = 3.0 * (start - end) + after - before;
    start + 0.5 * share * (slope + share * (bend + share * twist))
}

/// A piece of a line: from x, y to x, y, in pixels of the raster.
pub(super) type Segment = [f64; 4];

/// The line between levels over and under `level` (marching squares), piece by piece.
pub(super) fn contour(levels: &[f32], level: f32) -> Vec<Segment> {
    let mut segments = Vec::new();
    let at = |x: usize, y: usize| f64::from(levels[y * RASTER + x] - level);
    for y in 0..RASTER - 1 {
        for x in 0..RASTER - 1 {
            // Clockwise from the top left, as are the edges between them.
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
            let heights = corners.map(|(right, down)| at(x + right, y + down));
            let mut start = None;
            for edge in 0..4 {
                let (from, to) = (heights[edge], heights[(edge + 1) % 4]);
                if (from > 0.0) == (to > 0.0) {
                    continue;
                }
                let share = from / (from - to);
                let ((right, down), (next_right, next_down)) =
                    (corners[edge], corners[(edge + 1) % 4]);
                let along =
                    |from: usize, to: usize| from as f64 + (to as f64 - from as f64) * share;
                let crossing = (
                    (x as f64) + 0.5 + along(right, next_right),
                    (y as f64) + 0.5 + along(down, next_down),
                );
                // Two crossings make a piece, and the four of a saddle two.
                match start.take() {
                    None => start = Some(crossing),
                    Some((left, top)) => segments.push([left, top, crossing.0, crossing.1]),
                }
            }
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_values_are_evidence() {
        assert_eq!(maximum(&[-3.0, -0.5]), None);
        assert_eq!(maximum(&[0.0]), None);
        assert_eq!(maximum(&[f32::NAN]), None);
        assert_eq!(maximum(&[-3.0, 2.0, 1.0]), Some(2.0));
    }

    #[test]
    fn the_raster_goes_through_the_values_and_never_outside_the_scale() {
        let values = [4.0, -4.0, 0.0, 2.0];
        let levels = levels(&values, 2, 4.0);
        let at = |x: usize, y: usize| levels[y * RASTER + x];
        // The middle of a cell is a quarter of the raster from its edge.
        assert!(at(64, 64) > 0.95);
        assert_eq!(at(192, 64), 0.0);
        assert!((at(192, 192) - 0.5).abs() < 0.05);
        assert!(at(0, 0) > 0.95, "the edge has the value of the cell at it");
        assert!(levels.iter().all(|level| (0.0..=1.0).contains(level)));
    }

    #[test]
    fn an_even_map_is_even_and_has_no_line() {
        let even = levels(&[1.5; 9], 3, 1.5);
        assert!(even.iter().all(|level| (level - 1.0).abs() < 1e-6));
        assert!(contour(&even, 0.5).is_empty());
    }

    #[test]
    fn a_map_of_another_size_than_it_says_shows_nothing() {
        assert!(levels(&[1.0; 8], 3, 1.0).iter().all(|level| *level == 0.0));
    }

    #[test]
    fn the_line_lies_where_the_level_is() {
        let middle = RASTER as f64 / 2.0;
        let distance = |x: f64, y: f64| (x - middle).hypot(y - middle);
        let hill: Vec<f32> = (0..RASTER * RASTER)
            .map(|at| {
                let (x, y) = ((at % RASTER) as f64 + 0.5, (at / RASTER) as f64 + 0.5);
                (1.0 - distance(x, y) / 100.0).max(0.0) as f32
            })
            .collect();
        let line = contour(&hill, 0.5);
        // A circle of a radius of 50 px.
        let length: f64 = line
            .iter()
            .map(|[x, y, to_x, to_y]| (to_x - x).hypot(to_y - y))
            .sum();
        assert!(
            (length - 100.0 * std::f64::consts::PI).abs() < 2.0,
            "{length}"
        );
        for [x, y, to_x, to_y] in line {
            assert!((distance(x, y) - 50.0).abs() < 0.1);
            assert!((distance(to_x, to_y) - 50.0).abs() < 0.1);
        }
    }
}
