//! Colour tables: channels in the colours of the Human Protein Atlas, evidence in one that none of them
//! has.

use cytolens_core::Channel;

/// A colour for each of 256 levels: red, green, blue and opacity.
pub(super) type ColourTable = [[u8; 4]; 256];

/// The light of red, green and blue for a whole white, each from 0 to 1.
pub(super) type Light = [f32; 3];

/// The light of grey.
pub(super) const GREY: Light = [1.0; 3];

/// The colour of a channel shown alone: yellow has nothing to hide then.
pub(super) fn tint_alone(channel: Channel) -> Light {
    match channel {
        Channel::Yellow => [1.0, 1.0, 0.0],
        other => other.tint(),
    }
}

/// The opaque colours of the levels of a channel, made brighter by `gain`, whose levels up to a share of white are black.
pub(super) fn table(light: Light, gain: f32, black: f32) -> ColourTable {
    std::array::from_fn(|level| {
        let above = (level as f32 - 255.0 * black).max(0.0) / (1.0 - black);
        let level = (above * gain).min(255.0);
        let [red, green, blue] = light.map(|share| (level * share + 0.5) as u8);
        [red, green, blue, u8::MAX]
    })
}

/// The colours of evidence between which the others lie: a level from 0 to 1 and red, green, blue and opacity, each
/// from 0 to 255.
///
/// They go from nothing over violet and magenta to near white. No channel is magenta, with microtubules and
/// nuclei it never mixes to it at full strength, and people who confuse red and green tell it from both;
/// lightness rises all the way, so that it also reads in grey. The first steps are see-through, or weak
/// evidence would veil the picture.
const EVIDENCE: [(f32, [f32; 4]); 5] = [
    (0.0, [96.0, 24.0, 140.0, 0.0]),
    (0.25, [138.0, 30.0, 168.0, 90.0]),
    (0.5, [205.0, 48.0, 190.0, 200.0]),
    (0.75, [248.0, 140.0, 214.0, 240.0]),
    (1.0, [255.0, 244.0, 252.0, 255.0]),
];

/// The colours of evidence, from none to a map's maximum.
pub(super) fn evidence_table() -> ColourTable {
    std::array::from_fn(|level| evidence(level as f32 / 255.0))
}

fn evidence(level: f32) -> [u8; 4] {
    let end = EVIDENCE
        .iter()
        .position(|(at, _)| level <= *at)
        .unwrap_or(EVIDENCE.len() - 1)
        .max(1);
    let ((from, start), (to, stop)) = (EVIDENCE[end - 1], EVIDENCE[end]);
    let share = (level - from) / (to - from);
    std::array::from_fn(|part| (start[part] + (stop[part] - start[part]) * share + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_goes_from_black_to_its_colour() {
        let green = table(Channel::Green.tint(), 1.0, 0.0);
        assert_eq!(green[0], [0, 0, 0, 255]);
        assert_eq!(green[100], [0, 100, 0, 255]);
        assert_eq!(green[255], [0, 255, 0, 255]);
    }

    #[test]
    fn brightness_saturates_and_darkens() {
        assert_eq!(table(GREY, 4.0, 0.0)[100], [255, 255, 255, 255]);
        assert_eq!(table(GREY, 0.25, 0.0)[100], [25, 25, 25, 255]);
        let darkened = table(GREY, 1.0, 0.2);
        assert_eq!(
            (darkened[51][0], darkened[153][0], darkened[255][0]),
            (0, 128, 255)
        );
    }

    #[test]
    fn yellow_is_dimmer_beside_others_than_alone() {
        assert_eq!(
            table(Channel::Yellow.tint(), 1.0, 0.0)[255],
            [128, 128, 0, 255]
        );
        assert_eq!(
            table(tint_alone(Channel::Yellow), 1.0, 0.0)[255],
            [255, 255, 0, 255]
        );
        assert_eq!(tint_alone(Channel::Blue), Channel::Blue.tint());
    }

    #[test]
    fn evidence_begins_unseen_and_grows_lighter_all_the_way() {
        let table = evidence_table();
        assert_eq!(table[0][3], 0);
        assert_eq!(table[255], [255, 244, 252, 255]);
        // The light that reaches the eye over black: Rec. 709 weights over sRGB's curve, roughly.
        let lightness = table.map(|[red, green, blue, opacity]| {
            let linear = |part: u8| (f64::from(part) * f64::from(opacity) / 65025.0).powf(2.2);
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        });
        assert!(lightness.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
