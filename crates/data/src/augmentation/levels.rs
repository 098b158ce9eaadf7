//! Changes of light, as tables: 256 levels in, 256 levels out.

use cytolens_core::Channel;

use super::Draw;

/// What becomes of each level of a channel: `gain * level^gamma + offset` of levels between 0 and
/// 1, cut off at black and white.
pub(super) fn table(draw: &Draw, channel: Channel) -> [u8; 256] {
    let gain = draw.gain * draw.channel_gains[channel as usize];
    std::array::from_fn(|level| {
        let brightness = gain * (level as f64 / 255.0).powf(draw.gamma) + draw.offset;
        // Casting cuts off what is under 0 or over 255.
        (brightness * 255.0).round() as u8
    })
}
