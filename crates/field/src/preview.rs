//! Previews: colour pictures of fields for display.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageError};

use super::field::Field;
use super::plate::plates;

/// The quality of JPEG files, from 1 to 100: at the size of a thumbnail, fluorescence images lose only noise by it.
const QUALITY: u8 = 85;

/// A colour picture of a field for display; networks take other input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The pixels, `[height, width, 3]`: red, green, blue, from 0 to 255.
    pub rgb: Vec<u8>,
}

/// Draws a field in colour, reduced so that the longer side is at most `longest_side` px, and never enlarged.
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
    /// Encodes the picture as a JPEG file.
    ///
    /// # Errors
    /// If a side exceeds JPEG's 65535 px.
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
