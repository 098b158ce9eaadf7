//! Channels stored as pictures in their own colour, as in the Human Protein Atlas's downloads: the file of the red channel is red
//! on black, that of the yellow one has equal red and green.

use image::{ImageBuffer, Pixel, Rgb};

use cytolens_core::Channel;

/// The most foreign light, as a share of all light, in a picture of one colour.
///
/// JPEG's chroma is coarse and leaks. Of 80 fields of the Atlas, each channel coloured and packed by
/// libjpeg at qualities 75 to 95 with 4:2:0 and 4:4:4 chroma, the worst had a share of 0.31 (a channel
/// of a mean of 1.6 of 255, most of it noise; others stay below 0.25); of the channels in a wrong
/// colour the best had 0.52.
const FOREIGN_SHARE: f64 = 0.4;

/// A brightness of 8 or 16 bit.
pub(super) trait Light: Copy {
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

/// The samples of a channel from a picture in its own colour or in grey.
///
/// A red, green or blue channel is that component of the picture. The yellow channel is the mean of red and green, which deviates
/// less from the original than the brighter of the two, because JPEG moves them apart.
///
/// # Errors
/// A name of the picture's colours where they are others.
pub(super) fn channel_samples<T>(
    picture: &ImageBuffer<Rgb<T>, Vec<T>>,
    channel: Channel,
) -> Result<Vec<T>, &'static str>
where
    T: Light,
    Rgb<T>: Pixel<Subpixel = T>,
{
    let (pixels, _) = picture.as_raw().as_chunks::<3>();
    if foreign_share(pixels, channel) > FOREIGN_SHARE {
        let fitting = Channel::ALL
            .into_iter()
            .find(|&other| foreign_share(pixels, other) <= FOREIGN_SHARE);
        return Err(match fitting {
            Some(Channel::Red) => "red on black",
            Some(Channel::Green) => "green on black",
            Some(Channel::Blue) => "blue on black",
            Some(Channel::Yellow) => "yellow on black",
            None => "of several colours",
        });
    }
    Ok(pixels
        .iter()
        .map(|&[red, green, blue]| match channel {
            Channel::Red => red,
            Channel::Green => green,
            Channel::Blue => blue,
            Channel::Yellow => red.mean(green),
        })
        .collect())
}

/// The share of the light that is neither of the channel's colour nor grey, from 0.
///
/// Grey is no foreign light: with coarse chroma, a pixel brighter than its surroundings gains as much in each of red, green and
/// blue. A mixture of grey and the channel's colour never has a difference between the components outside the colour, nor one of
/// them brighter than the colour itself.
fn foreign_share<T: Light>(pixels: &[[T; 3]], channel: Channel) -> f64 {
    let (mut foreign, mut all) = (0_i64, 0_i64);
    for pixel in pixels {
        let [red, green, blue] = pixel.map(Light::level);
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
