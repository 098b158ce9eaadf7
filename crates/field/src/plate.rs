//! Plates: channels for display, reduced, in 8 bit and stretched to their own white level.

use fast_image_resize::FilterType;

use cytolens_core::Channel;

use super::field::Field;
use super::resize::{Rectangle, resized};

/// The share of a channel's pixels that stay below white.
const BELOW_WHITE: f64 = 0.998;

/// No channel is brightened more than sixteenfold: an empty one stays dark instead of turning its
/// noise into a picture, and a 12-bit camera's samples in a 16-bit file still reach white.
const DARKEST_WHITE: u16 = u16::MAX / 16;

/// One channel of a field for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plate {
    /// The channel.
    pub channel: Channel,
    /// The level shown as white, from 4095 to 65535, see [`white_level`]; of 8-bit files, 255 counts
    /// as 65535.
    pub white: u16,
    /// The pixels, `[height, width]`, from 0 for black to 255 for [`Plate::white`] and above.
    pub samples: Vec<u8>,
}

/// The channels of a field for display, all of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plates {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The field's channels in the order of [`Channel::ALL`].
    pub plates: Vec<Plate>,
}

/// The channels of a field, reduced so that the longer side is at most `longest_side` px, and never enlarged.
///
/// Each channel is brightened on its own, so brightness cannot be compared between fields.
pub fn plates(field: &Field, longest_side: u32) -> Plates {
    let (width, height) = fitted(field.width(), field.height(), longest_side);
    let plate = |channel| {
        let plane = field.plane(channel)?;
        let part = Rectangle::whole(plane);
        let samples = resized(plane, part, width, height, FilterType::Bilinear);
        let white = white_level(samples.iter().copied());
        let level = |sample: u16| {
            let (sample, white) = (u32::from(sample), u32::from(white));
            ((sample * 255 + white / 2) / white).min(255) as u8
        };
        Some(Plate {
            channel,
            white,
            samples: samples.into_iter().map(level).collect(),
        })
    };
    Plates {
        width,
        height,
        plates: Channel::ALL.into_iter().filter_map(plate).collect(),
    }
}

/// A size of the same proportions whose longer side is at most `longest_side`, at least 1 px.
fn fitted(width: u32, height: u32, longest_side: u32) -> (u32, u32) {
    let longest = width.max(height);
    let target = longest_side.min(longest);
    let scaled = |side: u32| {
        (f64::from(side) * f64::from(target) / f64::from(longest))
            .round()
            .max(1.0) as u32
    };
    (scaled(width), scaled(height))
}

/// The white level of samples from 0 to 65535: the brightest but for 0.2 % of them, and at least a sixteenth of 65535.
pub fn white_level(samples: impl IntoIterator<Item = u16>) -> u16 {
    let mut samples: Vec<u16> = samples.into_iter().collect();
    let Some(last) = samples.len().checked_sub(1) else {
        return DARKEST_WHITE;
    };
    let rank = (samples.len() as f64 * BELOW_WHITE) as usize;
    let (_, level, _) = samples.select_nth_unstable(rank.min(last));
    (*level).max(DARKEST_WHITE)
}
