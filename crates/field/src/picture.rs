//! Decoded images of any colours, and the channels in them.

use cytolens_core::Channel;

use super::canvas::Picture;
use super::colour::{self, OneColour};
use super::error::ImageFault;
use super::field::Samples;

/// The meaning of an image's planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// Grey, perhaps with opacity.
    Grey,
    /// Red, green and blue, perhaps with opacity.
    Rgb,
    /// The same, from a palette; no planes where the palette cannot be applied.
    Palette,
    /// One plane, shown in a channel's colour by a palette that runs from black to that colour.
    Tinted(Channel),
    /// Four inks; no planes.
    Cmyk,
    /// More planes than colours.
    Several,
}

/// A decoded image.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) colours: Colours,
    pub(super) picture: Picture,
}

impl Image {
    /// An image of colours that are not read.
    pub(super) fn without_samples(colours: Colours) -> Self {
        let picture = Picture {
            width: 0,
            height: 0,
            full_size: (0, 0),
            reduction: 1,
            planes: Vec::new(),
            pixel_size: None,
        };
        Self { colours, picture }
    }

    /// The one plane of a channel's image.
    ///
    /// # Errors
    /// If the image is neither grey nor in the channel's colour, or is transparent anywhere but in black.
    pub(super) fn into_channel(mut self, channel: Channel) -> Result<Picture, ImageFault> {
        let wrong_kind = |found| ImageFault::ChannelNotGrey { found };
        let wrong_colour = |found| ImageFault::OtherColour { channel, found };
        let name = self.name();
        if !self.drop_opacity() {
            return Err(wrong_kind(name));
        }
        let planes = std::mem::take(&mut self.picture.planes);
        let plane = match (self.colours, <[Samples; 3]>::try_from(planes)) {
            (Colours::Rgb, Ok(planes)) => {
                colour::channel_samples(planes, channel).map_err(wrong_colour)?
            }
            (Colours::Palette, Ok([red, green, blue])) => {
                match colour::one_colour([&red, &green, &blue]) {
                    None => return Err(wrong_kind(name)),
                    Some(OneColour::Of(other)) if other != channel => {
                        return Err(wrong_colour(colour::on_black(other)));
                    }
                    // Where the colour is yellow, red and green are equal.
                    Some(_) => match channel {
                        Channel::Red | Channel::Yellow => red,
                        Channel::Green => green,
                        Channel::Blue => blue,
                    },
                }
            }
            (Colours::Tinted(other), _) if other != channel => {
                return Err(wrong_colour(colour::on_black(other)));
            }
            (Colours::Grey | Colours::Tinted(_), Err(mut planes)) if planes.len() == 1 => {
                planes.remove(0)
            }
            _ => return Err(wrong_kind(name)),
        };
        self.picture.planes = vec![plane];
        Ok(self.picture)
    }

    /// The red, green and blue planes of a composite.
    ///
    /// # Errors
    /// If the image is of other colours, or is transparent anywhere but in black.
    pub(super) fn into_rgb(mut self) -> Result<Picture, ImageFault> {
        if self.colours == Colours::Rgb && !self.drop_opacity() {
            return Err(ImageFault::Transparent);
        }
        if self.colours != Colours::Rgb || self.picture.planes.len() != 3 {
            return Err(ImageFault::CompositeNotRgb { found: self.name() });
        }
        Ok(self.picture)
    }

    /// Removes the plane of opacity; false where a pixel is transparent and not black.
    fn drop_opacity(&mut self) -> bool {
        let colours = match self.colours {
            Colours::Grey => 1,
            Colours::Rgb | Colours::Palette => 3,
            _ => return true,
        };
        let planes = &mut self.picture.planes;
        if planes.len() != colours + 1 {
            return true;
        }
        let Some(opacity) = planes.pop() else {
            return true;
        };
        match opacity {
            Samples::Eight(opacity) => is_opaque(&opacity, u8::MAX, planes),
            Samples::Sixteen(opacity) => is_opaque(&opacity, u16::MAX, planes),
        }
    }

    /// A name of the colours, for errors.
    fn name(&self) -> &'static str {
        match (self.colours, self.picture.planes.len()) {
            (Colours::Grey, 1) => "a grey image",
            (Colours::Grey, 2) => "a grey image with transparency",
            (Colours::Rgb, 3) => "an RGB image",
            (Colours::Rgb, 4) => "an RGB image with transparency",
            (Colours::Palette, _) => "an image with a palette",
            (Colours::Tinted(channel), _) => colour::on_black(channel),
            (Colours::Cmyk, _) => "a CMYK image",
            _ => "an image of several channels",
        }
    }
}

/// Whether every pixel is opaque, or black where it is wholly transparent.
fn is_opaque<T: Copy + PartialEq + Default>(opacity: &[T], opaque: T, planes: &[Samples]) -> bool {
    opacity.iter().enumerate().all(|(pixel, &level)| {
        level == opaque
            || (level == T::default() && planes.iter().all(|plane| plane.is_black(pixel)))
    })
}
