//! Overview pictures: a field in colour with the outlines of its cells.

use anyhow::Result;
use cytolens_cells::Cells;
use cytolens_field::{Field, preview};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// The longer side in pixels of a picture at most.
const LONGEST_SIDE: u32 = 1024;
/// The colours of outlines: of cells, of those on the border, and of nuclei.
const CELL: [u8; 3] = [255, 255, 255];
const ON_BORDER: [u8; 3] = [150, 150, 150];
const NUCLEUS: [u8; 3] = [255, 210, 60];

/// The picture of a field as the bytes of a PNG file.
///
/// # Errors
/// If it cannot be encoded.
pub fn overview(field: &Field, cells: &Cells) -> Result<Vec<u8>> {
    let mut picture = preview(field, LONGEST_SIDE);
    let (width, height) = (picture.width as usize, picture.height as usize);
    let [mask, nuclei] = cells.scaled(width, height);
    for (mask, is_nuclei) in [(&nuclei, true), (&mask, false)] {
        for (at, &own) in mask.iter().enumerate() {
            let beside = (at % width + 1 < width).then_some(at + 1);
            let around = [beside, Some(at + width)].into_iter().flatten();
            let mut others = around.filter_map(|other| mask.get(other).copied());
            // Of two cells that touch, and of a cell and what is outside, the outline is the pixel above or on the left.
            let Some(other) = others.find(|other| *other != own) else {
                continue;
            };
            let number = own.max(other);
            let colour = if is_nuclei {
                NUCLEUS
            } else if cells.cell(number).is_some_and(|cell| cell.on_border) {
                ON_BORDER
            } else {
                CELL
            };
            picture.rgb[3 * at..3 * at + 3].copy_from_slice(&colour);
        }
    }
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(
        &picture.rgb,
        picture.width,
        picture.height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(file)
}
