//! Reduction of a channel for a stage smaller than the field: each pixel is the mean of those it stands
//! for. Browsers take samples between pixels instead, and fine structure flickers, or halve a whole canvas
//! each time it changes, which takes too long where no GPU does it.

/// The number of times to halve a picture that is drawn at this scale: the most that leave a pixel of it
/// for each of the screen.
pub(super) fn halvings(scale: f64) -> u32 {
    // Six make a picture of 2048 px one of 32.
    (0..6)
        .take_while(|done| scale * f64::from(2 << done) <= 1.0)
        .count() as u32
}

/// The length of a side after so many halvings, in pixels.
pub(super) fn reduced_side(side: u32, halvings: u32) -> u32 {
    side.div_ceil(1 << halvings)
}

/// Rows of `width` samples, halved this often. At the right and lower edge a block may be a part of one.
pub(super) fn reduced(samples: &[u8], width: u32, halvings: u32) -> Vec<u8> {
    let block = 1_usize << halvings;
    let width = width as usize;
    let mut means = Vec::with_capacity(samples.len() >> (2 * halvings));
    let mut sums = vec![0_u32; width.div_ceil(block)];
    for rows in samples.chunks(width * block) {
        sums.fill(0);
        for row in rows.chunks_exact(width) {
            for (sum, part) in sums.iter_mut().zip(row.chunks(block)) {
                *sum += part.iter().map(|sample| u32::from(*sample)).sum::<u32>();
            }
        }
        let height = rows.len() / width;
        means.extend(sums.iter().enumerate().map(|(place, sum)| {
            let count = (block.min(width - place * block) * height) as u32;
            ((sum + count / 2) / count) as u8
        }));
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_a_pixel_for_each_of_the_screen() {
        assert_eq!(halvings(3.0), 0);
        assert_eq!(halvings(0.51), 0);
        assert_eq!(halvings(0.5), 1);
        assert_eq!(halvings(0.34), 1);
        assert_eq!(halvings(0.25), 2);
        assert_eq!(halvings(0.0), 6);
    }

    #[test]
    fn pixels_are_means_of_blocks_and_of_parts_of_blocks() {
        let samples = [
            [10, 20, 200], //
            [30, 41, 100],
            [90, 70, 5],
        ];
        // The mean of 25.25 is 25; of 80 and of the rest as they are.
        assert_eq!(reduced(samples.as_flattened(), 3, 1), [25, 150, 80, 5]);
        assert_eq!(
            reduced(samples.as_flattened(), 3, 0),
            samples.as_flattened()
        );
        assert_eq!(reduced_side(3, 1), 2);
    }
}
