//! The packings of strips and tiles inside TIFF files, unpacked as they are read.

use std::io::{Error, ErrorKind, Read, Result};

use flate2::bufread::ZlibDecoder;
use ruzstd::decoding::StreamingDecoder;
use weezl::decode::{Configuration, Decoder};
use weezl::{BitOrder, LzwStatus};

/// The most bytes that ZSTD may look back, as much as its own programs allow without being told.
const ZSTD_WINDOW: u64 = 128 << 20;

/// How a strip's or a tile's bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
    /// A JPEG image.
    Jpeg,
    /// A JPEG image as TIFF 6.0 has it.
    OldJpeg,
}

impl Packing {
    /// The packing of a number.
    ///
    /// # Errors
    /// A name of one that is not read.
    pub(super) fn of(number: u64) -> std::result::Result<Self, String> {
        Ok(match number {
            1 => Self::None,
            5 => Self::Lzw,
            6 => Self::OldJpeg,
            7 => Self::Jpeg,
            8 | 32_946 => Self::Deflate,
            32_773 => Self::PackBits,
            50_000 => Self::Zstd,
            2..=4 | 32_771 => return Err("a fax's packing (CCITT)".to_owned()),
            33_003 | 33_004 | 33_005 | 34_712 => return Err("JPEG 2000".to_owned()),
            34_887 => return Err("LERC".to_owned()),
            34_925 => return Err("LZMA".to_owned()),
            50_001 | 34_927 => return Err("WebP".to_owned()),
            50_002 | 52_546 => return Err("JPEG XL".to_owned()),
            other => return Err(format!("a rare packing, number {other}")),
        })
    }

    /// Its name, for errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "no packing",
            Self::Lzw => "LZW",
            Self::Deflate => "deflate",
            Self::PackBits => "PackBits",
            Self::Zstd => "ZSTD",
            Self::Jpeg | Self::OldJpeg => "JPEG",
        }
    }
}

/// A reader of the unpacked bytes of a strip or tile; JPEG images are not read by rows.
///
/// # Errors
/// If the first bytes are none of the packing.
pub(super) fn reader<'a>(packing: Packing, bytes: &'a [u8]) -> Result<Box<dyn Read + 'a>> {
    Ok(match packing {
        Packing::Lzw => Box::new(Lzw {
            decoder: Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
                .with_yield_on_full_buffer(true)
                .build(),
            bytes,
        }),
        Packing::Deflate => Box::new(ZlibDecoder::new(bytes)),
        Packing::PackBits => Box::new(PackBits {
            bytes,
            run: Run::Copied(0),
        }),
        Packing::Zstd => Box::new(
            StreamingDecoder::new_with_max_window_size(bytes, ZSTD_WINDOW)
                .map_err(|_| Error::from(ErrorKind::InvalidData))?,
        ),
        Packing::None | Packing::Jpeg | Packing::OldJpeg => Box::new(bytes),
    })
}

struct Lzw<'a> {
    decoder: Decoder,
    bytes: &'a [u8],
}

impl Read for Lzw<'_> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        loop {
            let step = self.decoder.decode_bytes(self.bytes, target);
            self.bytes = &self.bytes[step.consumed_in..];
            let status = step.status.map_err(|_| ErrorKind::InvalidData)?;
            if step.consumed_out > 0 || !matches!(status, LzwStatus::Ok) {
                return Ok(step.consumed_out);
            }
        }
    }
}

/// Runs of bytes, either copied or repeated. Layout: TIFF 6.0, section 9.
struct PackBits<'a> {
    bytes: &'a [u8],
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    /// So many bytes to come.
    Copied(usize),
    /// The byte to come so many times.
    Repeated(usize),
}

impl Read for PackBits<'_> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        while matches!(self.run, Run::Copied(0) | Run::Repeated(0)) {
            let Some((&head, rest)) = self.bytes.split_first() else {
                return Ok(0);
            };
            self.bytes = rest;
            self.run = match head {
                0..=127 => Run::Copied(usize::from(head) + 1),
                128 => continue,
                129..=255 => Run::Repeated(257 - usize::from(head)),
            };
        }
        match &mut self.run {
            Run::Copied(left) => {
                let length = (*left).min(target.len()).min(self.bytes.len());
                let (copied, rest) = self.bytes.split_at(length);
                target[..length].copy_from_slice(copied);
                self.bytes = rest;
                *left -= length;
                Ok(length)
            }
            Run::Repeated(left) => {
                let Some((&byte, rest)) = self.bytes.split_first() else {
                    return Ok(0);
                };
                let length = (*left).min(target.len());
                target[..length].fill(byte);
                *left -= length;
                if *left == 0 {
                    self.bytes = rest;
                }
                Ok(length)
            }
        }
    }
}
