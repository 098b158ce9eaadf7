//! The eight views of a square image: its rotations by quarter turns and their mirror images.
//!
//! A microscope's stage has no up or down, so all eight are equally likely pictures of the field.

use cytolens_field::Planes;

/// The number of views of a field.
pub const VIEWS: usize = 8;

/// View `index` (0 to 7) of square planes: bit 0 mirrors left and right, bit 1 mirrors up and down, bit 2 swaps rows and columns.
/// View 0 is the image itself.
pub fn view(planes: &Planes, index: usize) -> Planes {
    Planes {
        values: turned(&planes.values, planes.size as usize, index),
        ..*planes
    }
}

/// [`view`] of square planes of `side` pixels a side, one after the other.
pub fn turned<T: Copy>(planes: &[T], side: usize, index: usize) -> Vec<T> {
    let mirror = |position: usize, bit: usize| {
        if index & bit == 0 {
            position
        } else {
            side - 1 - position
        }
    };
    planes
        .chunks_exact(side * side)
        .flat_map(|plane| {
            (0..side * side).map(move |position| {
                let (y, x) = (mirror(position / side, 2), mirror(position % side, 1));
                if index & 4 == 0 {
                    plane[y * side + x]
                } else {
                    plane[x * side + y]
                }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_views_differ_and_keep_every_value() {
        let planes = Planes {
            planes: 1,
            size: 3,
            values: (0..9).map(|value| value as f32).collect(),
        };
        let views: Vec<Vec<f32>> = (0..VIEWS)
            .map(|index| view(&planes, index).values)
            .collect();
        assert_eq!(views[0], planes.values);
        assert_eq!(views[1], [2.0, 1.0, 0.0, 5.0, 4.0, 3.0, 8.0, 7.0, 6.0]);
        assert_eq!(views[4], [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 8.0]);
        for (index, values) in views.iter().enumerate() {
            assert!(
                !views[..index].contains(values),
                "view {index} repeats another"
            );
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            assert_eq!(sorted, planes.values);
        }
    }
}
