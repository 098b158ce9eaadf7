//! Images that are what they should be.

use std::io::Cursor;

use anyhow::{Context, Result};
use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{
    FieldError, ImageFault, Plane, Samples, Source, decode_field, square, square_bytes,
};
use image::{DynamicImage, ImageBuffer, ImageFormat};

/// A channel's image, decoded from its first byte to its last.
#[derive(Debug)]
pub struct Image {
    plane: Plane,
}

/// The reason for which bytes are no image of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The reason, in words for users.
    pub reason: String,
    /// Whether the bytes look like a part of an image, so that another attempt may bring the whole.
    pub is_broken: bool,
}

impl Image {
    /// Decodes a channel's image.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn decode(bytes: &[u8], channel: Channel) -> Result<Self, Unfit> {
        let source = Source {
            name: channel.name(),
            channel: Some(channel),
            bytes,
        };
        let field = decode_field("", &[source], &ChannelOrder::default()).map_err(unfit)?;
        let plane = field.plane(channel).expect("the one channel of the field");
        Ok(Self {
            plane: plane.clone(),
        })
    }

    /// Size and depth, which all channels of a field share.
    pub fn shape(&self) -> String {
        let bits = self.plane.samples().bits();
        format!(
            "{} × {} px, {bits} bit",
            self.plane.width(),
            self.plane.height()
        )
    }

    /// The image's central square, resized to `size` × `size` px, as a grey PNG.
    ///
    /// # Errors
    /// If PNG cannot hold it.
    pub fn resized(&self, size: u32) -> Result<Vec<u8>> {
        let picture = match self.plane.samples() {
            Samples::Eight(_) => {
                let bytes = square_bytes(&self.plane, size);
                ImageBuffer::from_raw(size, size, bytes).map(DynamicImage::ImageLuma8)
            }
            Samples::Sixteen(_) => {
                let samples = square(&self.plane, size);
                ImageBuffer::from_raw(size, size, samples).map(DynamicImage::ImageLuma16)
            }
        };
        let mut file = Cursor::new(Vec::new());
        picture
            .context("the resized image has another size")?
            .write_to(&mut file, ImageFormat::Png)?;
        Ok(file.into_inner())
    }
}

fn unfit(error: FieldError) -> Unfit {
    let FieldError::File { fault, .. } = error else {
        return Unfit {
            reason: error.to_string(),
            is_broken: false,
        };
    };
    Unfit {
        is_broken: matches!(
            fault,
            ImageFault::Empty | ImageFault::Truncated | ImageFault::Damaged { .. }
        ),
        reason: fault.to_string(),
    }
}
