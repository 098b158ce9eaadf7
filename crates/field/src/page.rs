//! The samples of one page of a TIFF file: strips or tiles, unpacked row by row.

use std::io::{Cursor, ErrorKind, Read};
use std::ops::{Not, Range};

use cytolens_core::Channel;

use super::canvas::{Canvas, Picture, Row};
use super::directory::{Page, photometric};
use super::error::ImageFault;
use super::field::widened;
use super::jpeg::{self, Conversion};
use super::limits::{check_memory, check_size, reduction};
use super::picture::{Colours, Image};
use super::unpack::{Packing, reader};

/// The bits of a sample that are read.
const BITS: [u64; 8] = [1, 2, 4, 8, 10, 12, 14, 16];

/// The most strips or tiles of a page: more are no image but a trap, since each has a reader of its own.
const MAX_CHUNKS: u64 = 1 << 20;

/// The most bytes of a row of a strip or a tile.
const MAX_ROW_BYTES: u64 = 16 << 20;

/// The bytes that are unpacked at once, where a row is shorter.
const BLOCK_BYTES: usize = 64 << 10;

/// The image of one page.
///
/// # Errors
/// If the page's samples or packing are not read, or damaged.
pub(super) fn read(file: &[u8], page: &Page, is_little_endian: bool) -> Result<Image, ImageFault> {
    let colours = match page.photometric {
        photometric::CMYK => return Ok(Image::without_samples(Colours::Cmyk)),
        photometric::PALETTE => match palette(page) {
            Some(colours) => colours,
            None => return Ok(Image::without_samples(Colours::Palette)),
        },
        _ => match (page.is_grey(), page.samples) {
            (true, 1 | 2) => Colours::Grey,
            (false, 3 | 4) => Colours::Rgb,
            _ => Colours::Several,
        },
    };
    Ok(Image {
        colours,
        picture: planes(file, page, is_little_endian)?,
    })
}

/// The planes of a page, one a sample of each pixel. Grey levels whose zero is white are turned round, and samples of other than
/// 8 or 16 bit are stretched to these.
///
/// # Errors
/// See [`read`].
pub(super) fn planes(
    file: &[u8],
    page: &Page,
    is_little_endian: bool,
) -> Result<Picture, ImageFault> {
    let layout = Layout::of(page)?;
    let planes_apart = if page.is_planar { page.samples } else { 1 };
    let bits = if page.bits <= 8 { 8 } else { 16 };
    let count = (page.samples / planes_apart) as usize;
    let mut picture: Option<Picture> = None;
    for plane in 0..planes_apart as usize {
        let mut canvas = Canvas::new(page.width, page.height, count, bits)?;
        let chunks = &page.chunks[plane * layout.chunks()..][..layout.chunks()];
        let mut unpacking = Unpacking {
            file,
            page,
            layout: &layout,
            is_little_endian,
            is_inverted: page.photometric == photometric::WHITE_IS_ZERO,
            wide: Vec::new(),
            narrow: Vec::new(),
        };
        unpacking.read(chunks, &mut canvas)?;
        let mut read = canvas.finished();
        match &mut picture {
            None => picture = Some(read),
            Some(picture) => picture.planes.append(&mut read.planes),
        }
    }
    picture.ok_or_else(|| damaged("a page has no samples"))
}

/// The arrangement of a page's samples.
struct Layout {
    packing: Packing,
    /// The size of a strip or tile in pixels.
    width: usize,
    height: usize,
    /// The number of strips or tiles from left to right, and from top to bottom.
    across: usize,
    down: usize,
    /// The samples of a pixel in one of them, and the bytes of a row.
    samples: usize,
    row_bytes: usize,
}

impl Layout {
    fn of(page: &Page) -> Result<Self, ImageFault> {
        if let Some(found) = page.odd_samples(&BITS) {
            return Err(ImageFault::SampleKind { found });
        }
        check_size(page.width, page.height)?;
        let unread = |what: String| Err(ImageFault::Unsupported { what });
        let packing = match Packing::of(page.compression) {
            Ok(packing) => packing,
            Err(name) => return Err(ImageFault::Packing { name }),
        };
        let is_jpeg = matches!(packing, Packing::Jpeg | Packing::OldJpeg);
        match page.photometric {
            0..=3 => {}
            photometric::YCBCR if is_jpeg => {}
            photometric::YCBCR => {
                return unread("brightness and chromas (YCbCr) without JPEG".to_owned());
            }
            8..=10 => return unread("colours by CIE L*a*b*".to_owned()),
            32_803 => return unread("a camera's raw image".to_owned()),
            other => return unread(format!("colours of kind {other}")),
        }
        if page.fill_order == 2 {
            return unread("bits in reverse".to_owned());
        }
        match page.predictor {
            1 => {}
            2 if matches!(page.bits, 8 | 16) => {}
            _ => return unread("a rare predictor".to_owned()),
        }
        if is_jpeg && page.bits != 8 {
            return unread(format!("JPEG of {} bit", page.bits));
        }
        let (width, height) = match (page.tile, packing) {
            // One image for all of the page.
            (_, Packing::OldJpeg) => (page.width, page.height),
            (Some(tile), _) => tile,
            (None, _) => (page.width, page.strip_rows.min(page.height)),
        };
        if width == 0 || height == 0 || page.samples == 0 {
            return Err(damaged("a page says that its tiles are empty"));
        }
        let (across, down) = (page.width.div_ceil(width), page.height.div_ceil(height));
        let planes_apart = if page.is_planar { page.samples } else { 1 };
        let samples = page.samples / planes_apart;
        let row_bits = width
            .checked_mul(samples)
            .and_then(|all| all.checked_mul(page.bits));
        let row_bytes = row_bits.map_or(u64::MAX, |bits| bits.div_ceil(8));
        let chunks = across.saturating_mul(down).saturating_mul(planes_apart);
        if chunks > MAX_CHUNKS || row_bytes > MAX_ROW_BYTES {
            return unread("tiles of such a shape".to_owned());
        }
        let factor = u64::from(reduction(page.width as u32, page.height as u32));
        let area = (page.width / factor) * (page.height / factor);
        check_memory(
            area.saturating_mul(page.samples)
                .saturating_mul(page.bits.div_ceil(8)),
        )?;
        if packing != Packing::OldJpeg && (page.chunks.len() as u64) < chunks {
            return Err(damaged("a page says less of its samples than it needs"));
        }
        Ok(Self {
            packing,
            width: width as usize,
            height: height as usize,
            across: across as usize,
            down: down as usize,
            samples: samples as usize,
            row_bytes: row_bytes as usize,
        })
    }

    /// The number of strips or tiles of a plane.
    fn chunks(&self) -> usize {
        match self.packing {
            Packing::OldJpeg => 0,
            _ => self.across * self.down,
        }
    }
}

/// The reading of the strips or tiles of a plane, or of all planes that are interleaved.
struct Unpacking<'a> {
    file: &'a [u8],
    page: &'a Page,
    layout: &'a Layout,
    is_little_endian: bool,
    is_inverted: bool,
    /// The samples of a row, where they are not its bytes.
    wide: Vec<u16>,
    narrow: Vec<u8>,
}

impl Unpacking<'_> {
    fn read(&mut self, chunks: &[Range<usize>], canvas: &mut Canvas) -> Result<(), ImageFault> {
        let layout = self.layout;
        if layout.packing == Packing::OldJpeg {
            return self.read_old_jpeg(canvas);
        }
        let height = self.page.height as usize;
        for (line, chunks) in chunks.chunks(layout.across).enumerate() {
            let top = line * layout.height;
            let rows = layout.height.min(height - top);
            for (column, place) in chunks.iter().enumerate() {
                let left = column * layout.width;
                let bytes = &self.file[place.clone()];
                if layout.packing == Packing::Jpeg {
                    let decoded = self.jpeg(bytes, rows)?;
                    self.read_rows(&mut Cursor::new(decoded), left, top, rows, canvas)?;
                } else {
                    let mut reader =
                        reader(layout.packing, bytes).map_err(|error| self.fault(&error))?;
                    self.read_rows(&mut *reader, left, top, rows, canvas)?;
                }
            }
            canvas.complete(top + rows);
        }
        Ok(())
    }

    /// Reads rows of a strip or tile, some at once, since many are short.
    fn read_rows(
        &mut self,
        reader: &mut dyn Read,
        left: usize,
        top: usize,
        rows: usize,
        canvas: &mut Canvas,
    ) -> Result<(), ImageFault> {
        let row_bytes = self.layout.row_bytes;
        let at_once = (BLOCK_BYTES / row_bytes).clamp(1, rows);
        let mut block = vec![0; at_once * row_bytes];
        let mut row = 0;
        while row < rows {
            let bytes = &mut block[..at_once.min(rows - row) * row_bytes];
            reader
                .read_exact(bytes)
                .map_err(|error| self.fault(&error))?;
            for bytes in bytes.chunks_exact_mut(row_bytes) {
                canvas.write(left, top + row, self.samples(bytes));
                row += 1;
                if self.layout.across == 1 {
                    canvas.complete(top + row);
                }
            }
        }
        Ok(())
    }

    /// The samples in the bytes of a row.
    fn samples<'a>(&'a mut self, bytes: &'a mut [u8]) -> Row<'a> {
        let distance = self.layout.samples;
        let predicted = (self.page.predictor == 2).then_some(distance);
        match self.page.bits {
            8 => {
                restore(bytes, predicted, self.is_inverted, u8::wrapping_add);
                Row::Eight(bytes)
            }
            16 => {
                let (pairs, _) = bytes.as_chunks::<2>();
                let number = match self.is_little_endian {
                    true => u16::from_le_bytes,
                    false => u16::from_be_bytes,
                };
                let wide = &mut self.wide;
                wide.clear();
                wide.extend(pairs.iter().map(|&pair| number(pair)));
                restore(wide, predicted, self.is_inverted, u16::wrapping_add);
                Row::Sixteen(wide)
            }
            bits => {
                let bits = bits as usize;
                let count = self.layout.width * distance;
                let flipped = if self.is_inverted {
                    u16::MAX >> (16 - bits)
                } else {
                    0
                };
                let values = (0..count).map(|sample| packed(bytes, sample * bits, bits) ^ flipped);
                if bits < 8 {
                    let factor = u8::MAX / (u8::MAX >> (8 - bits));
                    self.narrow.clear();
                    self.narrow.extend(values.map(|value| value as u8 * factor));
                    Row::Eight(&self.narrow)
                } else {
                    self.wide.clear();
                    self.wide
                        .extend(values.map(|value| widened(value, bits as u32)));
                    Row::Sixteen(&self.wide)
                }
            }
        }
    }

    /// The samples of a JPEG that is a strip or a tile, at least so many rows.
    fn jpeg(&self, bytes: &[u8], rows: usize) -> Result<Vec<u8>, ImageFault> {
        let Some(tables) = &self.page.jpeg_tables else {
            return self.decode(bytes, rows);
        };
        // Both begin with a mark of two bytes and end with one: the tables come between the image's first mark and its rest.
        let tables = self.file[tables.clone()].get(2..).unwrap_or_default();
        let tables = tables.strip_suffix(b"\xFF\xD9").unwrap_or(tables);
        let (mark, rest) = bytes.split_at(bytes.len().min(2));
        self.decode(&[mark, tables, rest].concat(), rows)
    }

    fn decode(&self, bytes: &[u8], rows: usize) -> Result<Vec<u8>, ImageFault> {
        let frame = jpeg::check_structure(bytes)?;
        let is_fitting = usize::from(frame.width) == self.layout.width
            && usize::from(frame.height) >= rows
            && usize::from(frame.height) <= self.layout.height.next_multiple_of(16)
            && usize::from(frame.components) == self.layout.samples;
        if !is_fitting {
            return Err(damaged(
                "a JPEG inside is of another size than the page says",
            ));
        }
        let conversion = match self.page.photometric {
            photometric::YCBCR => Conversion::ToRgb,
            _ => Conversion::None,
        };
        let decoded = jpeg::decode(bytes, &frame, conversion)?;
        if decoded.components != self.layout.samples {
            return Err(damaged(
                "a JPEG inside has other colours than the page says",
            ));
        }
        Ok(decoded.samples)
    }

    /// Reads the one JPEG of an old file, which stands by itself or is the only strip.
    fn read_old_jpeg(&mut self, canvas: &mut Canvas) -> Result<(), ImageFault> {
        let strip = match self.page.chunks.as_slice() {
            [strip] => Some(strip),
            _ => None,
        };
        let places = [self.page.jpeg_stream.as_ref(), strip];
        let whole = places.into_iter().flatten().find_map(|place| {
            let bytes = &self.file[place.clone()];
            let is_image = bytes.starts_with(b"\xFF\xD8") && jpeg::check_structure(bytes).is_ok();
            is_image.then_some(bytes)
        });
        let Some(bytes) = whole else {
            return Err(ImageFault::Packing {
                name: "JPEG in pieces, as in the nineties".to_owned(),
            });
        };
        let rows = self.layout.height;
        let decoded = self.decode(bytes, rows)?;
        self.read_rows(&mut Cursor::new(decoded), 0, 0, rows, canvas)
    }

    fn fault(&self, error: &std::io::Error) -> ImageFault {
        match error.kind() {
            ErrorKind::UnexpectedEof => ImageFault::Truncated,
            _ => damaged(&format!(
                "its samples are no good {}",
                self.layout.packing.name()
            )),
        }
    }
}

/// Makes levels of differences, where each sample is kept as that from the one so many before it, and turns levels round.
fn restore<T: Copy + Not<Output = T>>(
    samples: &mut [T],
    predicted: Option<usize>,
    is_inverted: bool,
    add: impl Fn(T, T) -> T,
) {
    if let Some(distance) = predicted {
        for position in distance..samples.len() {
            samples[position] = add(samples[position], samples[position - distance]);
        }
    }
    if is_inverted {
        samples.iter_mut().for_each(|sample| *sample = !*sample);
    }
}

/// The sample of so many bits that begins at a bit.
fn packed(bytes: &[u8], first: usize, bits: usize) -> u16 {
    let byte = |position: usize| u32::from(bytes.get(position).copied().unwrap_or(0));
    let at = first / 8;
    let window = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    (window << (8 + first % 8) >> (32 - bits)) as u16
}

fn damaged(detail: &str) -> ImageFault {
    ImageFault::Damaged {
        detail: detail.to_owned(),
    }
}

/// The colours that a page's palette shows, where it runs evenly from black to one colour or white, so that the samples
/// themselves are the brightness.
fn palette(page: &Page) -> Option<Colours> {
    let levels = 1_usize.checked_shl(page.bits as u32)?;
    if page.samples != 1 || page.colour_map.len() != 3 * levels || page.bits > 8 {
        return None;
    }
    // Some write levels of 8 bit.
    let is_narrow = page.colour_map.iter().all(|&level| level < 256);
    let brightness = |level: &u64| if is_narrow { *level } else { level >> 8 } as i64;
    let is_dark = |levels: &[u64]| levels.iter().all(|level| brightness(level) == 0);
    let is_even = |ramp: &[u64]| {
        ramp.iter().enumerate().all(|(position, level)| {
            let even = (position * 255 / (levels - 1)) as i64;
            (brightness(level) - even).abs() <= 1
        })
    };
    let ramps: Vec<&[u64]> = page.colour_map.chunks_exact(levels).collect();
    let kinds = [is_even(ramps[0]), is_even(ramps[1]), is_even(ramps[2])];
    let others_are_dark = ramps
        .iter()
        .zip(kinds)
        .all(|(ramp, even)| even || is_dark(ramp));
    match kinds {
        [true, true, true] => Some(Colours::Grey),
        _ if !others_are_dark => None,
        [true, false, false] => Some(Colours::Tinted(Channel::Red)),
        [false, true, false] => Some(Colours::Tinted(Channel::Green)),
        [false, false, true] => Some(Colours::Tinted(Channel::Blue)),
        [true, true, false] => Some(Colours::Tinted(Channel::Yellow)),
        _ => None,
    }
}

/// The channel whose colour a page's palette shows.
pub(super) fn tint(page: &Page) -> Option<Channel> {
    match palette(page).filter(|_| page.photometric == photometric::PALETTE)? {
        Colours::Tinted(channel) => Some(channel),
        _ => None,
    }
}

/// Whether a page is one plane of brightness: grey, or shown by an even palette.
pub(super) fn is_one_plane(page: &Page) -> bool {
    let is_bright =
        page.is_grey() || (page.photometric == photometric::PALETTE && palette(page).is_some());
    is_bright && page.samples == 1
}
