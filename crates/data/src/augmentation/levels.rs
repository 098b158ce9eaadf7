//! Changes of brightness as tables of 256 levels.

/// The new level of each level: `gain * level^gamma + offset` of levels from 0 to 1, clipped at black and white.
pub(super) fn table(gain: f64, gamma: f64, offset: f64) -> [u8; 256] {
    std::array::from_fn(|level| {
        let brightness = gain * (level as f64 / 255.0).powf(gamma) + offset;
        // The cast clips.
        (brightness * 255.0).round() as u8
    })
}
