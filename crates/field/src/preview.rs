//! A picture of a field for the eye.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageError};

use super::Field;
use super::plate::plates;

/// JPEG's quality, from 1 to 100: what fluorescence loses by it at the size of a thumbnail is noise.
const QUALITY: u8 = 85;

/// A colour picture, of no meaning to the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// `[height, width, 3]`: red, green, blue.
    pub rgb: Vec<u8>,
}

/// Draws a field so that its longer side is at most `longest_side` px, and never larger than it is.
///
/// Each channel is brightened on its own, so brightness cannot be compared between fields.
pub fn preview(field: &Field, longest_side: u32) -> Preview {
    let plates = plates(field, longest_side);
    let mut rgb = vec![0_u8; plates.width as usize * plates.height as usize * 3];
    for plate in &plates.plates {
        let tint = plate.channel.tint();
        for (pixel, &sample) in rgb.chunks_exact_mut(3).zip(&plate.samples) {
            for (light, strength) in pixel.iter_mut().zip(tint) {
                *light = light.saturating_add((f32::from(sample) * strength + 0.5) as u8);
            }
        }
    }
    Preview {
        width: plates.width,
        height: plates.height,
        rgb,
    }
}

impl Preview {
    /// The picture as a JPEG file.
    ///
    /// # Errors
    /// Where a side exceeds JPEG's 65535 px.
    pub fn to_jpeg(&self) -> Result<Vec<u8>, ImageError> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, QUALITY).encode(
            &self.rgb,
            self.width,
            self.height,
            ExtendedColorType::Rgb8,
        )?;
        Ok(file)
    }
}
