//! Channels stored as pictures in their own colour, as in the Human Protein Atlas's downloads: the file of the red channel is red
//! on black, that of the yellow one has equal red and green.

use cytolens_core::Channel;

use super::field::Samples;

/// The most foreign light, as a share of all light, in a picture of one colour.
///
/// JPEG's chroma is coarse and leaks. Of 80 fields of the Atlas, each channel coloured and packed by
/// libjpeg at qualities 75 to 95 with 4:2:0 and 4:4:4 chroma, the worst had a share of 0.31 (a channel
/// of a mean of 1.6 of 255, most of it noise; others stay below 0.25); of the channels in a wrong
/// colour the best had 0.52.
const FOREIGN_SHARE: f64 = 0.4;

/// A brightness of 8 or 16 bit.
trait Light: Copy {
    fn level(self) -> i32;
    fn mean(self, other: Self) -> Self;
}

impl Light for u8 {
    fn level(self) -> i32 {
        i32::from(self)
    }

    fn mean(self, other: Self) -> Self {
        (u16::from(self) + u16::from(other)).div_ceil(2) as Self
    }
}

impl Light for u16 {
    fn level(self) -> i32 {
        i32::from(self)
    }

    fn mean(self, other: Self) -> Self {
        (u32::from(self) + u32::from(other)).div_ceil(2) as Self
    }
}

/// The samples of a channel from a picture in its own colour or in grey: red, green and blue planes of one depth.
///
/// A red, green or blue channel is that component of the picture. The yellow channel is the mean of red and green, which deviates
/// less from the original than the brighter of the two, because JPEG moves them apart.
///
/// # Errors
/// A name of the picture's colours where they are others.
pub(super) fn channel_samples(
    [red, green, blue]: [Samples; 3],
    channel: Channel,
) -> Result<Samples, &'static str> {
    let foreign = |channel| match (&red, &green, &blue) {
        (Samples::Eight(red), Samples::Eight(green), Samples::Eight(blue)) => {
            foreign_share([red, green, blue], channel)
        }
        (Samples::Sixteen(red), Samples::Sixteen(green), Samples::Sixteen(blue)) => {
            foreign_share([red, green, blue], channel)
        }
        _ => 1.0,
    };
    if foreign(channel) > FOREIGN_SHARE {
        let mut others = Channel::ALL.into_iter();
        let fitting = others.find(|&other| foreign(other) <= FOREIGN_SHARE);
        return Err(fitting.map_or("of several colours", on_black));
    }
    Ok(match channel {
        Channel::Red => red,
        Channel::Green => green,
        Channel::Blue => blue,
        Channel::Yellow => match (red, green) {
            (Samples::Eight(red), Samples::Eight(green)) => Samples::Eight(means(&red, &green)),
            (Samples::Sixteen(red), Samples::Sixteen(green)) => {
                Samples::Sixteen(means(&red, &green))
            }
            (red, _) => red,
        },
    })
}

fn means<T: Light>(red: &[T], green: &[T]) -> Vec<T> {
    red.iter()
        .zip(green)
        .map(|(&red, &green)| red.mean(green))
        .collect()
}

/// The name of a picture in a channel's colour.
pub(super) fn on_black(channel: Channel) -> &'static str {
    match channel {
        Channel::Red => "red on black",
        Channel::Green => "green on black",
        Channel::Blue => "blue on black",
        Channel::Yellow => "yellow on black",
    }
}

/// The one colour of a picture whose palette has been applied.
pub(super) enum OneColour {
    Grey,
    Of(Channel),
}

/// The one colour of all pixels from black to its brightest, exactly; none where there are several.
pub(super) fn one_colour([red, green, blue]: [&Samples; 3]) -> Option<OneColour> {
    let is_dark = |plane: &Samples| match plane {
        Samples::Eight(values) => values.iter().all(|&value| value == 0),
        Samples::Sixteen(values) => values.iter().all(|&value| value == 0),
    };
    if red == green && green == blue {
        return Some(OneColour::Grey);
    }
    match [red, green, blue].map(is_dark) {
        [false, true, true] => Some(OneColour::Of(Channel::Red)),
        [true, false, true] => Some(OneColour::Of(Channel::Green)),
        [true, true, false] => Some(OneColour::Of(Channel::Blue)),
        [false, false, true] if red == green => Some(OneColour::Of(Channel::Yellow)),
        _ => None,
    }
}

/// The share of the light that is neither of the channel's colour nor grey, from 0.
///
/// Grey is no foreign light: with coarse chroma, a pixel brighter than its surroundings gains as much in each of red, green and
/// blue. A mixture of grey and the channel's colour never has a difference between the components outside the colour, nor one of
/// them brighter than the colour itself.
fn foreign_share<T: Light>([reds, greens, blues]: [&[T]; 3], channel: Channel) -> f64 {
    let (mut foreign, mut all) = (0_i64, 0_i64);
    for ((red, green), blue) in reds.iter().zip(greens).zip(blues) {
        let [red, green, blue] = [red, green, blue].map(|light| light.level());
        let excess = match channel {
            Channel::Red => (green.max(blue) - red).max((green - blue).abs()),
            Channel::Green => (red.max(blue) - green).max((red - blue).abs()),
            Channel::Blue => (red.max(green) - blue).max((red - green).abs()),
            Channel::Yellow => (blue - red.min(green)).max((red - green).abs()),
        };
        foreign += i64::from(excess.max(0));
        all += i64::from(red.max(green).max(blue));
    }
    foreign as f64 / all.max(1) as f64
}
