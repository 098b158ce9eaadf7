//! Masks in files: the number of the cell at each pixel.

use std::path::Path;

use image::{DynamicImage, ImageReader};

use crate::fault::Fault;

/// The number of the cell that each pixel belongs to, row by row; 0 outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// The width in pixels.
    pub width: usize,
    /// The height in pixels.
    pub height: usize,
    /// The numbers.
    pub numbers: Vec<u16>,
}

/// Reads a mask from a grey PNG of 8 or 16 bit.
///
/// # Errors
/// A [`Fault`] for a file that cannot be read, and for an image in colour, whose numbers nobody could tell.
pub fn read_mask(path: &Path) -> Result<Mask, Fault> {
    let fault = |reason: String| Fault::new(path.display().to_string(), reason);
    let image = ImageReader::open(path)
        .map_err(|error| fault(format!("the mask cannot be read ({error})")))?
        .decode()
        .map_err(|error| fault(format!("the mask cannot be decoded ({error})")))?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let numbers = match image {
        DynamicImage::ImageLuma8(image) => image.into_raw().into_iter().map(u16::from).collect(),
        DynamicImage::ImageLuma16(image) => image.into_raw(),
        _ => {
            return Err(fault(
                "a mask is a grey image, one number a cell".to_owned(),
            ));
        }
    };
    Ok(Mask {
        width,
        height,
        numbers,
    })
}

impl Mask {
    /// The mask at another size: each pixel has the number at its centre.
    pub fn resized(&self, width: usize, height: usize) -> Vec<u16> {
        let place = |at: usize, to: usize, from: usize| (2 * at + 1) * from / (2 * to);
        let rows = (0..height).map(|y| place(y, height, self.height) * self.width);
        rows.flat_map(|row| {
            (0..width).map(move |x| self.numbers[row + place(x, width, self.width)])
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, Rgb};

    use super::*;

    #[test]
    fn masks_of_both_depths_are_read_and_colour_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let [deep, shallow, colour, none] = ["deep.png", "shallow.png", "colour.png", "none.png"]
            .map(|name| folder.path().join(name));
        let numbers = vec![0, 1, 700, 700, 2, 0];
        let image = ImageBuffer::<Luma<u16>, _>::from_raw(3, 2, numbers.clone());
        image.expect("an image").save(&deep).expect("written");
        let mask = read_mask(&deep).expect("a mask");
        assert_eq!((mask.width, mask.height), (3, 2));
        assert_eq!(mask.numbers, numbers);
        let image = ImageBuffer::<Luma<u8>, _>::from_raw(2, 1, vec![3, 0]);
        image.expect("an image").save(&shallow).expect("written");
        assert_eq!(read_mask(&shallow).expect("a mask").numbers, [3, 0]);
        let image = ImageBuffer::<Rgb<u8>, _>::from_raw(1, 1, vec![3, 0, 1]);
        image.expect("an image").save(&colour).expect("written");
        for (path, reason) in [(colour, "grey"), (none, "cannot be read")] {
            let fault = read_mask(&path).expect_err("a fault");
            assert!(fault.reason.contains(reason), "{fault}");
        }
    }

    #[test]
    fn a_mask_at_another_size_keeps_its_numbers() {
        let mask = Mask {
            width: 4,
            height: 2,
            numbers: vec![1, 1, 2, 2, 0, 0, 3, 3],
        };
        assert_eq!(mask.resized(2, 2), [1, 2, 0, 3]);
        assert_eq!(mask.resized(4, 2), mask.numbers);
        assert_eq!(mask.resized(8, 1)[6], 3);
    }
}
