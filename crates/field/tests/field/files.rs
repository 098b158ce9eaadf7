//! Makes the files that the tests read.

use std::io::Cursor;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, FieldError, Plane, Samples, Source, decode_field};
use image::{DynamicImage, ImageFormat};

/// A reproducible sequence of noise (Knuth's multiplier for linear congruences).
pub(crate) fn noise(seed: u64) -> impl Iterator<Item = u16> {
    std::iter::successors(Some(seed.wrapping_add(0x9E37_79B9)), |state| {
        Some(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    })
    .skip(1)
    .map(|state| (state >> 48) as u16)
}

pub(crate) fn noise_8(seed: u64, count: usize) -> Vec<u8> {
    noise(seed)
        .map(|value| (value >> 8) as u8)
        .take(count)
        .collect()
}

pub(crate) fn noise_16(seed: u64, count: usize) -> Vec<u16> {
    noise(seed).take(count).collect()
}

pub(crate) fn grey_8(width: u32, height: u32, samples: Vec<u8>) -> DynamicImage {
    DynamicImage::ImageLuma8(
        image::GrayImage::from_raw(width, height, samples).expect("right count"),
    )
}

pub(crate) fn grey_16(width: u32, height: u32, samples: Vec<u16>) -> DynamicImage {
    DynamicImage::ImageLuma16(
        image::ImageBuffer::from_raw(width, height, samples).expect("right count"),
    )
}

pub(crate) fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, format)
        .expect("an image that can be written");
    bytes.into_inner()
}

/// Decodes one channel's file as the green channel.
pub(crate) fn decode_green(name: &str, bytes: &[u8]) -> Result<Field, FieldError> {
    decode_field(
        "cell",
        &[Source {
            name,
            channel: Some(Channel::Green),
            bytes,
        }],
        &ChannelOrder::default(),
    )
}

/// Decodes one RGB composite.
pub(crate) fn decode_composite(name: &str, bytes: &[u8]) -> Result<Field, FieldError> {
    decode_field(
        "cell",
        &[Source {
            name,
            channel: None,
            bytes,
        }],
        &ChannelOrder::default(),
    )
}

/// A field whose channels hold different noise.
pub(crate) fn noise_field(width: u32, height: u32, channels: &[Channel]) -> Field {
    let count = width as usize * height as usize;
    let planes = channels.iter().map(|&channel| {
        let samples = Samples::Eight(noise_8(channel as u64, count));
        (
            channel,
            Plane::new(width, height, samples).expect("right count"),
        )
    });
    Field::new("cell", planes).expect("equal planes")
}

/// A PNG file written by hand, for what the encoder does not write: `rows` are its packed rows,
/// each after its filter byte, and `chunks` come between the header and the data.
pub(crate) fn png(
    size: (u32, u32),
    bits: u8,
    colour_type: u8,
    chunks: &[(&[u8; 4], &[u8])],
    rows: &[u8],
) -> Vec<u8> {
    png_of([bits, colour_type, 0, 0, 0], size, chunks, &zlib(rows))
}

/// The same with the last bytes of the header, of which the last is 1 for an interlaced image, and data that are packed.
pub(crate) fn png_of(
    kind: [u8; 5],
    size: (u32, u32),
    chunks: &[(&[u8; 4], &[u8])],
    data: &[u8],
) -> Vec<u8> {
    let mut header = [size.0.to_be_bytes(), size.1.to_be_bytes()].concat();
    header.extend(kind);
    let first: [(&[u8; 4], &[u8]); 1] = [(b"IHDR", &header)];
    let last: [(&[u8; 4], &[u8]); 2] = [(b"IDAT", data), (b"IEND", &[])];
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in first.iter().chain(chunks).chain(&last) {
        let body = [kind.as_slice(), content].concat();
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(&body);
        file.extend(crc_32(&body).to_be_bytes());
    }
    file
}

/// One uncompressed block in zlib's wrapping (RFC 1950, RFC 1951).
fn zlib(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("small test images");
    let (low, high) = content.iter().fold((1_u32, 0_u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65521;
        (low, (high + low) % 65521)
    });
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(content);
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn crc_32(content: &[u8]) -> u32 {
    !content.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// The compression of a handmade TIFF file.
#[derive(Clone, Copy)]
pub(crate) enum Packing {
    Plain = 1,
    Deflate = 8,
    PackBits = 32773,
}

/// A TIFF file written by hand: every page is the same grey image of 32 × 32 px, its tags before
/// its samples, so that a cut file still has its tags.
pub(crate) struct Tiff {
    pub(crate) pages: usize,
    pub(crate) bits: u16,
    /// 1: whole numbers, 2: signed, 3: floating-point.
    pub(crate) sample_format: u16,
    /// 0: grey, where zero is white; 1: grey; 3: palette.
    pub(crate) photometric: u16,
    pub(crate) packing: Packing,
}

impl Tiff {
    pub(crate) const GREY: Self = Self {
        pages: 1,
        bits: 8,
        sample_format: 1,
        photometric: 1,
        packing: Packing::Plain,
    };

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let plain = noise_8(7, 32 * 32 * usize::from(self.bits) / 8);
        let data = match self.packing {
            Packing::Plain => plain,
            Packing::Deflate => zlib(&plain),
            // A count less one, then as many bytes as they are.
            Packing::PackBits => plain
                .chunks(128)
                .flat_map(|run| [&[run.len() as u8 - 1], run].concat())
                .collect(),
        };
        let mut file = b"II\x2a\0\x08\0\0\0".to_vec();
        for page in 0..self.pages {
            let tags = 10;
            let data_start = (file.len() + 2 + 12 * tags + 4) as u32;
            let next_page = if page + 1 < self.pages {
                data_start + data.len() as u32
            } else {
                0
            };
            let entries: [(u16, u32); 10] = [
                (256, 32),
                (257, 32),
                (258, self.bits.into()),
                (259, self.packing as u32),
                (262, self.photometric.into()),
                (273, data_start),
                (277, 1),
                (278, 32),
                (279, data.len() as u32),
                (339, self.sample_format.into()),
            ];
            file.extend((tags as u16).to_le_bytes());
            for (tag, value) in entries {
                // 3 is a value of 16 bit, 4 one of 32 bit; offsets and byte counts are the latter.
                let kind: u16 = if matches!(tag, 273 | 279) { 4 } else { 3 };
                file.extend(tag.to_le_bytes());
                file.extend(kind.to_le_bytes());
                file.extend(1_u32.to_le_bytes());
                file.extend(value.to_le_bytes());
            }
            file.extend(next_page.to_le_bytes());
            file.extend(&data);
        }
        file
    }
}
