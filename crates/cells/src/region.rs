//! Pixels that belong together.

/// The four pixels beside one, as far as the image reaches.
pub(crate) fn beside(at: usize, width: usize, length: usize) -> impl Iterator<Item = usize> {
    let column = at % width;
    [
        (column > 0).then(|| at - 1),
        (column + 1 < width).then(|| at + 1),
        at.checked_sub(width),
        (at + width < length).then(|| at + width),
    ]
    .into_iter()
    .flatten()
}

/// Fills holes of at most so many pixels: pieces of what is outside that reach the image's border nowhere.
pub(crate) fn fill_holes(inside: &mut [bool], width: usize, largest: usize) {
    let length = inside.len();
    let on_border = |at: usize| {
        let column = at % width;
        column == 0 || column + 1 == width || at < width || at + width >= length
    };
    let mut seen = inside.to_vec();
    for start in 0..length {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let (mut hole, mut next) = (vec![start], 0);
        while let Some(&at) = hole.get(next) {
            next += 1;
            for beside in beside(at, width, length) {
                if !seen[beside] {
                    seen[beside] = true;
                    hole.push(beside);
                }
            }
        }
        if hole.len() <= largest && !hole.iter().any(|&at| on_border(at)) {
            hole.into_iter().for_each(|at| inside[at] = true);
        }
    }
}

/// The number of the connected piece at each pixel, from 1 by rows; 0 outside.
#[cfg(test)]
pub(crate) fn pieces(inside: &[bool], width: usize) -> Vec<u32> {
    let mut numbers = vec![0; inside.len()];
    let mut last = 0;
    for start in 0..inside.len() {
        if !inside[start] || numbers[start] > 0 {
            continue;
        }
        last += 1;
        numbers[start] = last;
        let mut waiting = vec![start];
        while let Some(at) = waiting.pop() {
            for next in beside(at, width, inside.len()) {
                if inside[next] && numbers[next] == 0 {
                    numbers[next] = last;
                    waiting.push(next);
                }
            }
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[&str]) -> (Vec<bool>, usize) {
        let pixels = rows.iter().flat_map(|row| row.bytes());
        (pixels.map(|pixel| pixel == b'#').collect(), rows[0].len())
    }

    #[test]
    fn holes_are_filled_and_bays_are_not() {
        let (mut inside, width) = drawn(&[".####", ".#..#", ".####", ".#..#"]);
        let drawn_inside = inside.clone();
        fill_holes(&mut inside, width, 1);
        assert_eq!(inside, drawn_inside, "the hole is larger");
        fill_holes(&mut inside, width, 2);
        let (expected, _) = drawn(&[".####", ".####", ".####", ".#..#"]);
        assert_eq!(inside, expected);
    }

    #[test]
    fn pieces_touch_by_sides() {
        let (inside, width) = drawn(&["##.#", "..#.", "#.##"]);
        let expected = [1, 1, 0, 2, 0, 0, 3, 0, 4, 0, 3, 3];
        assert_eq!(pieces(&inside, width), expected);
    }
}
