//! Outlines of masks.

use crate::cells::Bounds;

/// A column and a row; the first pixel goes from 0 to 1.
pub type Point = [f32; 2];

/// A closed outline, clockwise as one sees it; the last point is not the first again.
pub type Ring = Vec<Point>;

/// Right, down, left, up.
const STEPS: [[i64; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// The outer outlines of a number's parts, along the sides of its pixels. Pixels that touch by a corner are parts.
pub(crate) fn rings(mask: &[u16], width: usize, number: u16, bounds: Bounds) -> Vec<Ring> {
    // A number at the pixel right below a corner, relative to the bounds.
    let within = |x: i64, y: i64| {
        (0..bounds.width as i64).contains(&x)
            && (0..bounds.height as i64).contains(&y)
            && mask[(bounds.top + y as usize) * width + bounds.left + x as usize] == number
    };
    let mut seen = vec![false; bounds.width * bounds.height];
    let mut rings = Vec::new();
    for y in 0..bounds.height as i64 {
        for x in 0..bounds.width as i64 {
            let place = y as usize * bounds.width + x as usize;
            if seen[place] || !within(x, y) || within(x, y - 1) {
                continue;
            }
            // The mask is always to the right of the way.
            let (mut at, mut direction) = ([x, y], 0);
            let mut ring = Ring::new();
            loop {
                if direction == 0 {
                    seen[at[1] as usize * bounds.width + at[0] as usize] = true;
                }
                let step = STEPS[direction];
                at = [at[0] + step[0], at[1] + step[1]];
                // The pixels ahead, of which a corner is `at`.
                let (right, left) = match direction {
                    0 => ([at[0], at[1]], [at[0], at[1] - 1]),
                    1 => ([at[0] - 1, at[1]], [at[0], at[1]]),
                    2 => ([at[0] - 1, at[1] - 1], [at[0] - 1, at[1]]),
                    _ => ([at[0], at[1] - 1], [at[0] - 1, at[1] - 1]),
                };
                let turn = match (within(right[0], right[1]), within(left[0], left[1])) {
                    (false, _) => 1,
                    (true, false) => 0,
                    (true, true) => 3,
                };
                if turn > 0 {
                    let [x, y] = at;
                    ring.push([
                        (bounds.left as i64 + x) as f32,
                        (bounds.top as i64 + y) as f32,
                    ]);
                }
                direction = (direction + turn) % 4;
                if at == [x, y] && direction == 0 {
                    break;
                }
            }
            // The way around a hole goes the other way.
            if area(&ring) > 0.0 {
                rings.push(ring);
            }
        }
    }
    rings
}

/// The area within an outline; negative for one that goes the other way round.
pub(crate) fn area(ring: &[Point]) -> f32 {
    let next = ring.iter().cycle().skip(1);
    let sum: f32 = ring
        .iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum();
    sum / 2.0
}

/// An outline along pixels as a smooth one: its steps become slopes, and points that add less than a quarter of a pixel go.
pub fn simplified(ring: &[Point]) -> Ring {
    // The middles of all sides of pixels.
    let next = ring.iter().cycle().skip(1);
    let mut middles = Ring::new();
    for (from, to) in ring.iter().zip(next) {
        let length = (to[0] - from[0]).abs() + (to[1] - from[1]).abs();
        for step in 0..length as usize {
            let share = (step as f32 + 0.5) / length;
            middles.push([0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share));
        }
    }
    let count = middles.len();
    if count < 8 {
        return ring.to_vec();
    }
    let smooth: Ring = (0..count)
        .map(|place| {
            let around = [count - 1, 0, 1].map(|step| middles[(place + step) % count]);
            [0, 1].map(|axis| around.iter().map(|point| point[axis]).sum::<f32>() / 3.0)
        })
        .collect();
    // From the point that is farthest from the first, so that both halves have ends that stay.
    let far = (0..count)
        .max_by(|&a, &b| {
            let from = |place: usize| distance(smooth[place], smooth[0]);
            from(a).total_cmp(&from(b))
        })
        .unwrap_or(0);
    let mut kept = vec![false; count];
    (kept[0], kept[far]) = (true, true);
    for (first, last) in [(0, far), (far, count)] {
        keep_corners(&smooth, first, last, &mut kept);
    }
    let points = smooth.into_iter().zip(kept);
    points
        .filter_map(|(point, kept)| kept.then_some(point))
        .collect()
}

/// Keeps the points between two that lie off the line between them (Douglas and Peucker); the last may be the ring's first.
fn keep_corners(ring: &[Point], first: usize, last: usize, kept: &mut [bool]) {
    const TOLERANCE: f32 = 0.25;
    let mut waiting = vec![(first, last)];
    while let Some((first, last)) = waiting.pop() {
        let (a, b) = (ring[first], ring[last % ring.len()]);
        let length = distance(a, b);
        let off = |place: usize| {
            let p = ring[place];
            if length == 0.0 {
                return distance(a, p);
            }
            ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])).abs() / length
        };
        let farthest = (first + 1..last).max_by(|&a, &b| off(a).total_cmp(&off(b)));
        if let Some(place) = farthest.filter(|&place| off(place) > TOLERANCE) {
            kept[place] = true;
            waiting.extend([(first, place), (place, last)]);
        }
    }
}

fn distance(a: Point, b: Point) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::tests::drawn;

    #[test]
    fn outlines_go_around_pixels() {
        let cells = drawn(&["....", ".11.", ".1..", "...."]);
        let expected = [
            [3.0, 1.0],
            [3.0, 2.0],
            [2.0, 2.0],
            [2.0, 3.0],
            [1.0, 3.0],
            [1.0, 1.0],
        ];
        assert_eq!(cells.outlines(1), [expected.to_vec()]);
        assert_eq!(cells.outlines(2), Vec::<Ring>::new());
    }

    #[test]
    fn holes_are_left_out_and_parts_that_touch_by_a_corner_stand_alone() {
        let cells = drawn(&["111.", "1.1.", "1111", "...."]);
        let [ring] = &cells.outlines(1)[..] else {
            panic!("one outline")
        };
        assert_eq!(area(ring), 10.0, "the hole counts as inside");
        let cells = drawn(&["11..", "11..", "..11", "..1."]);
        let areas: Vec<f32> = cells.outlines(1).iter().map(|ring| area(ring)).collect();
        assert_eq!(areas, [4.0, 3.0]);
    }

    #[test]
    fn every_pixel_is_within_the_outlines() {
        // Any shapes: the areas within the outlines are the pixels and the holes.
        let (width, height) = (31, 23);
        let mask: Vec<u16> = (0..width * height)
            .map(|at| u16::from(((at * 2_654_435) >> 7) % 3 > 0))
            .collect();
        let pixels = mask.iter().filter(|&&number| number > 0).count();
        let cells = crate::Cells::of_numbers(width, height, mask.clone(), vec![0; mask.len()]);
        let rings = cells.outlines(1);
        let inside: Vec<bool> = mask.iter().map(|&number| number > 0).collect();
        let parts = crate::region::pieces(&inside, width).into_iter().max();
        assert_eq!(Some(rings.len() as u32), parts);
        let within: f32 = rings.iter().map(|ring| area(ring)).sum();
        assert!(within >= pixels as f32, "{within} of {pixels}");
    }

    #[test]
    fn a_smooth_outline_has_nearly_the_same_area_and_fewer_points() {
        let (width, height) = (60, 60);
        let mask: Vec<u16> = (0..width * height)
            .map(|at| {
                let (x, y) = ((at % width) as f32 - 30.0, (at / width) as f32 - 28.0);
                u16::from((x / 1.3).hypot(y) < 17.5)
            })
            .collect();
        let cells = crate::Cells::of_numbers(width, height, mask.clone(), vec![0; mask.len()]);
        let [ring] = &cells.outlines(1)[..] else {
            panic!("one outline")
        };
        let smooth = simplified(ring);
        assert!(smooth.len() < ring.len() / 2, "{} points", smooth.len());
        let share = area(&smooth) / area(ring);
        assert!((0.98..1.01).contains(&share), "{share}");
    }
}
