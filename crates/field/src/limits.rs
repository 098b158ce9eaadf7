//! The limits of decoding.

use cytolens_core::{MAX_SIDE, MIN_SIDE};

use super::error::ImageFault;

/// The most bytes that a decoder may allocate: the largest image, and as much again as working memory.
pub(super) const MAX_DECODER_BYTES: u64 = 256 << 20;

/// Checks that both sides of an image, in pixels, are within [`MIN_SIDE`] and [`MAX_SIDE`].
pub(super) fn check_size(width: u64, height: u64) -> Result<(), ImageFault> {
    let allowed = u64::from(MIN_SIDE)..=u64::from(MAX_SIDE);
    if allowed.contains(&width) && allowed.contains(&height) {
        return Ok(());
    }
    let side = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    Err(ImageFault::Size {
        min: MIN_SIDE,
        max: MAX_SIDE,
        width: side(width),
        height: side(height),
    })
}
