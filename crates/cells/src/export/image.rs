//! Label images: PNG with the cell's number at each pixel.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// The bytes of a grey PNG of 16 bit with the number of the cell at each pixel, 0 outside.
///
/// # Panics
/// If there are not `width * height` pixels.
pub fn label_png(mask: &[u16], width: usize, height: usize) -> Vec<u8> {
    assert_eq!(mask.len(), width * height, "the pixels of a mask");
    /// The filter that keeps of each byte the difference from the one above: nearly all are 0.
    const UP: u8 = 2;
    let mut lines = Vec::with_capacity((2 * width + 1) * height);
    for (row, line) in mask.chunks_exact(width.max(1)).enumerate() {
        lines.push(UP);
        for (column, &number) in line.iter().enumerate() {
            let above = match row {
                0 => 0,
                _ => mask[(row - 1) * width + column],
            };
            let pairs = number.to_be_bytes().into_iter().zip(above.to_be_bytes());
            lines.extend(pairs.map(|(byte, above)| byte.wrapping_sub(above)));
        }
    }
    let mut header = Vec::new();
    for side in [width, height] {
        header.extend((side as u32).to_be_bytes());
    }
    // 16 bit, grey, and the only kinds of packing, filters and order.
    header.extend([16, 0, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in [
        (b"IHDR", header),
        (b"IDAT", zlib(&lines)),
        (b"IEND", Vec::new()),
    ] {
        file.extend((content.len() as u32).to_be_bytes());
        let mut sum = Crc::new();
        for part in [&kind[..], &content] {
            sum.update(part);
            file.extend(part);
        }
        file.extend(sum.sum().to_be_bytes());
    }
    file
}

/// Bytes packed with zlib.
pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory fails never.
    _ = packed.write_all(bytes);
    packed.finish().unwrap_or_default()
}
