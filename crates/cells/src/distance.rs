//! Exact distances to the outside (Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", Theory of
//! Computing 2012, <https://doi.org/10.4086/toc.2012.v008a019>).

/// The distance in pixels of each pixel inside to the nearest one outside; 0 outside. Beyond the image nothing is outside; where
/// all is inside, every distance is infinite.
pub(crate) fn depths(inside: &[bool], width: usize) -> Vec<f32> {
    let height = inside.len() / width;
    let mut squares: Vec<f32> = inside
        .iter()
        .map(|&inside| if inside { f32::INFINITY } else { 0.0 })
        .collect();
    let mut line = Line::default();
    for row in squares.chunks_exact_mut(width) {
        line.load(row.iter().copied());
        row.copy_from_slice(line.lowest());
    }
    for column in 0..width {
        line.load((0..height).map(|row| squares[row * width + column]));
        for (row, square) in line.lowest().iter().enumerate() {
            squares[row * width + column] = *square;
        }
    }
    squares.into_iter().map(f32::sqrt).collect()
}

/// One dimension, and the memory that it works in.
#[derive(Debug, Default)]
struct Line {
    heights: Vec<f32>,
    /// The places of the parabolas that are lowest somewhere, and from where on.
    parabolas: Vec<(usize, f32)>,
    out: Vec<f32>,
}

impl Line {
    fn load(&mut self, heights: impl Iterator<Item = f32>) {
        self.heights.clear();
        self.heights.extend(heights);
    }

    /// At each place, the lowest of the parabolas that stand on the heights.
    fn lowest(&mut self) -> &[f32] {
        let Self {
            heights,
            parabolas,
            out,
        } = self;
        parabolas.clear();
        for (place, &height) in heights.iter().enumerate() {
            if height.is_infinite() {
                continue;
            }
            let mut from = f32::NEG_INFINITY;
            while let Some(&(other, start)) = parabolas.last() {
                let (a, b) = (place as f32, other as f32);
                from = ((height + a * a) - (heights[other] + b * b)) / (2.0 * (a - b));
                if from > start {
                    break;
                }
                parabolas.pop();
                from = f32::NEG_INFINITY;
            }
            parabolas.push((place, from));
        }
        out.clear();
        let mut current = 0;
        for place in 0..heights.len() {
            while parabolas
                .get(current + 1)
                .is_some_and(|&(_, from)| from < place as f32)
            {
                current += 1;
            }
            out.push(match parabolas.get(current) {
                Some(&(other, _)) => (place as f32 - other as f32).powi(2) + heights[other],
                None => f32::INFINITY,
            });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_every_pair() {
        let (width, height) = (17, 13);
        let inside: Vec<bool> = (0..width * height)
            .map(|at| (at * 7919) % 11 != 3 && at % 17 != 9)
            .collect();
        let found = depths(&inside, width);
        for (at, &found) in found.iter().enumerate() {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            let others = (0..inside.len()).filter(|&other| !inside[other]);
            let expected = others
                .map(|other| (x - (other % width) as f32).hypot(y - (other / width) as f32))
                .fold(f32::INFINITY, f32::min);
            assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
        }
        assert!(
            depths(&[true; 4], 2)
                .iter()
                .all(|depth| depth.is_infinite())
        );
    }
}
