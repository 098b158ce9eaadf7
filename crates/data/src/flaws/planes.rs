//! Measures and means of one plane.

/// The level that a share of the pixels does not exceed.
pub(super) fn percentile(plane: &[u8], share: f64) -> u8 {
    let mut counts = [0_usize; 256];
    for level in plane {
        counts[usize::from(*level)] += 1;
    }
    let wanted = (share * plane.len() as f64).ceil() as usize;
    let mut seen = 0;
    let level = counts.iter().position(|count| {
        seen += count;
        seen >= wanted
    });
    level.map_or(255, |level| level as u8)
}

/// The mean of the pixels up to `radius` to each side, of those that there are.
pub(super) fn box_mean(plane: &[u8], size: usize, radius: usize) -> Vec<f32> {
    let across: Vec<f32> = plane
        .chunks_exact(size)
        .flat_map(|row| {
            (0..size).map(|x| {
                let near = &row[x.saturating_sub(radius)..size.min(x + radius + 1)];
                near.iter().map(|level| f32::from(*level)).sum::<f32>() / near.len() as f32
            })
        })
        .collect();
    let mut mean = Vec::with_capacity(across.len());
    for y in 0..size {
        let rows = y.saturating_sub(radius)..size.min(y + radius + 1);
        let share = (rows.len() as f32).recip();
        mean.extend((0..size).map(|x| {
            let column = rows.clone().map(|row| across[row * size + x]);
            column.sum::<f32>() * share
        }));
    }
    mean
}
