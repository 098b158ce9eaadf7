//! The limits of decoding.

use cytolens_core::{MAX_FILE_BYTES, MAX_FILE_SIDE, MAX_SIDE, MIN_SIDE};

use super::error::ImageFault;

/// The most bytes that a decoder may take for samples: in a browser a colour image of the largest side, natively one of 16 bit.
pub(super) const MAX_DECODER_BYTES: u64 = if cfg!(target_arch = "wasm32") {
    256 << 20
} else {
    1 << 30
};

/// The most pixels by which the sides of a field's channels may differ; the larger are cut.
pub(super) const MAX_DIFFERENCE: u32 = 2;

/// The most bytes to which so many bytes of gzip may unpack: as for entries of archives, 64 MB or a hundred times as many.
pub(super) fn most_unpacked(packed: usize) -> usize {
    packed.saturating_mul(100).clamp(64 << 20, MAX_FILE_BYTES)
}

/// Checks that both sides of an image, in pixels, are within [`MIN_SIDE`] and [`MAX_FILE_SIDE`].
pub(super) fn check_size(width: u64, height: u64) -> Result<(), ImageFault> {
    let allowed = u64::from(MIN_SIDE)..=u64::from(MAX_FILE_SIDE);
    if allowed.contains(&width) && allowed.contains(&height) {
        return Ok(());
    }
    let side = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
    Err(ImageFault::Size {
        min: MIN_SIDE,
        max: MAX_FILE_SIDE,
        width: side(width),
        height: side(height),
    })
}

/// Checks that so many bytes may be taken for samples.
pub(super) fn check_memory(bytes: u64) -> Result<(), ImageFault> {
    if bytes > MAX_DECODER_BYTES {
        return Err(ImageFault::TooMuchMemory {
            limit: MAX_DECODER_BYTES >> 20,
        });
    }
    Ok(())
}

/// The factor by which an image is reduced, so that its longer side is at most [`MAX_SIDE`], but for the few pixels by which
/// channels may differ, and its shorter at least [`MIN_SIDE`].
pub(super) fn reduction(width: u32, height: u32) -> u32 {
    let (shorter, longer) = (width.min(height), width.max(height));
    let wanted = longer.saturating_sub(MAX_DIFFERENCE).div_ceil(MAX_SIDE);
    wanted.min(shorter / MIN_SIDE).max(1)
}
