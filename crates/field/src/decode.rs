//! Decoding of image files into fields.
//!
//! A file that is not understood for certain is refused, with its name and the reason: a field read wrongly is worse than one not
//! read.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use cytolens_core::{Channel, ChannelOrder, MAX_FILE_BYTES, OtherFormat};

use super::canvas::Picture;
use super::directory::{self, Pages};
use super::error::{FieldError, ImageFault};
use super::field::{Field, Plane};
use super::limits::{MAX_DIFFERENCE, most_unpacked};
use super::notice::Notice;
use super::picture::Image;
use super::{description, jpeg, page, pixel_size, png, stack};

/// One file of a field.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name, for errors; its extension is not trusted.
    pub name: &'a str,
    /// The channel in the file; none for a file of several channels, an RGB composite or a TIFF.
    pub channel: Option<Channel>,
    /// The file's content.
    pub bytes: &'a [u8],
}

/// Decodes a field from one file a channel, or from one file of several channels: an RGB composite, whose planes become the red,
/// green and blue channels, or a TIFF with one image a channel.
///
/// The format, PNG, JPEG or TIFF, is recognised by content, also inside gzip. The file of one channel is grey, or an image in the
/// channel's own colour, as the Human Protein Atlas publishes them (yellow: equal red and green).
/// Samples of fewer than 8 bits are widened to 8, those of 10, 12 and 14 bits of a TIFF to 16. A palette is read where it runs
/// from black to white or to the channel's colour; opacity where every pixel is opaque, or black. Other palettes, other
/// colours in a channel's file, CMYK, animations and samples other than whole numbers of at most 16
/// bit are refused. Colour profiles and orientation tags are not applied: samples are measurements.
///
/// A TIFF of several channels has one grey page a channel, or more samples a pixel than a colour image; smaller images of its pages
/// are passed over. `order` assigns the channels; without one, the names in the file do, or the colours there, and else they are
/// red, green, blue, yellow. Stacks in depth and series in time are refused. The colours of an RGB composite are the channels whatever
/// the order, but with [`FieldDecoder::ordering_colours`].
///
/// Images of more than [`cytolens_core::MAX_SIDE`] px a side are reduced by a whole factor, each sample the mean of a square.
/// Channels that differ in size by one or two pixels are cut. Of both, and of names passed over, [`Field::notices`] tells.
///
/// # Errors
/// Any [`FieldError`] but [`FieldError::MissingChannels`], [`FieldError::SampleCount`] and those of
/// [`Field::stretched`].
pub fn decode_field(
    id: &str,
    sources: &[Source<'_>],
    order: &ChannelOrder,
) -> Result<Field, FieldError> {
    let mut decoder = FieldDecoder::new(id, order);
    for source in sources {
        decoder.add(*source)?;
    }
    decoder.finish()
}

/// [`decode_field`], one file after the other, so that only one need be in memory.
#[derive(Debug)]
pub struct FieldDecoder<'a> {
    id: &'a str,
    order: &'a ChannelOrder,
    channels: Vec<Decoded>,
    /// Whether the order holds for the colours of a composite, too.
    orders_colours: bool,
    /// The name of a file of several channels, which stands alone.
    composite: Option<String>,
    notices: Vec<Notice>,
}

/// One channel of a field.
#[derive(Debug)]
struct Decoded {
    channel: Channel,
    picture: Picture,
    /// A name of its file, for errors.
    name: String,
}

impl<'a> FieldDecoder<'a> {
    /// A field of this id, without a file yet.
    pub fn new(id: &'a str, order: &'a ChannelOrder) -> Self {
        Self {
            id,
            order,
            orders_colours: false,
            channels: Vec::new(),
            composite: None,
            notices: Vec::new(),
        }
    }

    /// Has the order, where one is given, hold for the red, green and blue of an RGB composite, too: one was given for this file, and
    /// not for any stack.
    pub fn ordering_colours(mut self) -> Self {
        self.orders_colours = true;
        self
    }

    /// Decodes a file.
    ///
    /// # Errors
    /// As [`decode_field`].
    pub fn add(&mut self, source: Source<'_>) -> Result<(), FieldError> {
        let is_first = self.channels.is_empty();
        let composite = match (&self.composite, source.channel) {
            (None, None) if !is_first => Some(source.name.to_owned()),
            (other, _) => other.clone(),
        };
        if let Some(file) = composite {
            return Err(FieldError::CompositeNotAlone {
                id: self.id.to_owned(),
                file,
            });
        }
        let in_file = |fault| FieldError::File {
            file: source.name.to_owned(),
            fault,
        };
        let bytes = unpacked(source.bytes).map_err(in_file)?;
        match source.channel {
            Some(channel) => {
                let picture = read_channel(&bytes, channel).map_err(in_file)?;
                self.channels.push(Decoded {
                    channel,
                    picture,
                    name: source.name.to_owned(),
                });
            }
            None => {
                self.composite = Some(source.name.to_owned());
                self.add_several(source.name, &bytes).map_err(in_file)?;
            }
        }
        Ok(())
    }

    /// Decodes a file of several channels.
    fn add_several(&mut self, file: &str, bytes: &[u8]) -> Result<(), ImageFault> {
        if format(bytes)? == Format::Tiff {
            let pages = pages(bytes)?;
            if stack::holds_channels(&pages.pages, self.order) {
                return self.add_stack(file, bytes, &pages);
            }
        }
        let mut picture = read(bytes)?.into_rgb()?;
        let planes = std::mem::take(&mut picture.planes);
        let by_position = Channel::ALL.map(Some);
        let given = self.order.given().filter(|_| self.orders_colours);
        let channels: &[Option<Channel>] = match given {
            Some(given) if given.len() != planes.len() => {
                return Err(ImageFault::OrderDiffers {
                    order: self.order.clone(),
                    found: planes.len(),
                });
            }
            Some(given) => given,
            None => &by_position,
        };
        for (channel, plane) in channels.iter().zip(planes) {
            let Some(channel) = *channel else { continue };
            self.channels.push(Decoded {
                channel,
                picture: Picture {
                    planes: vec![plane],
                    ..picture
                },
                name: file.to_owned(),
            });
        }
        Ok(())
    }

    fn add_stack(&mut self, file: &str, bytes: &[u8], pages: &Pages) -> Result<(), ImageFault> {
        let stack = stack::read(bytes, pages, self.order)?;
        let pixel_size = tiff_pixel_size(pages);
        for layer in stack.layers {
            self.channels.push(Decoded {
                channel: layer.channel,
                picture: Picture {
                    pixel_size,
                    ..layer.picture
                },
                name: format!("page {} of {file}", layer.page),
            });
        }
        self.notices.extend(
            stack
                .passed_over
                .map(|passed_over| Notice::NamesPassedOver {
                    file: file.to_owned(),
                    names: passed_over.names,
                    taken: passed_over.taken,
                }),
        );
        Ok(())
    }

    /// The field of all files.
    ///
    /// # Errors
    /// As [`decode_field`].
    pub fn finish(mut self) -> Result<Field, FieldError> {
        let reduced = self.channels.first().map(|first| {
            let Picture { width, height, .. } = first.picture;
            (
                first.picture.full_size,
                (width, height),
                first.picture.reduction,
            )
        });
        let mut sizes = self.channels.iter().map(|one| &one.picture);
        let pixel_size = sizes.find_map(|picture| {
            picture
                .pixel_size
                .map(|side| side * f64::from(picture.reduction))
        });
        self.cut();
        if let Some((from, to, factor)) = reduced.filter(|(_, _, factor)| *factor > 1) {
            self.notices.push(Notice::Reduced { from, to, factor });
        }
        let mut planes = Vec::with_capacity(self.channels.len());
        for Decoded {
            channel,
            picture,
            name,
        } in self.channels
        {
            let Picture { width, height, .. } = picture;
            for samples in picture.planes {
                planes.push((channel, Plane::new(width, height, samples)?, name.clone()));
            }
        }
        let field = Field::from_named(self.id.to_owned(), planes)?;
        let mut notices = self.notices;
        notices.extend(field.camera_bits().map(|bits| Notice::CameraBits {
            bits,
            brightest: field.brightest(),
        }));
        Ok(field.with(pixel_size, notices))
    }

    /// Cuts channels that differ by a pixel or two to their common size; what differs by more is refused later.
    fn cut(&mut self) {
        let sides = |side: fn(&Picture) -> u32| {
            let mut sides = self.channels.iter().map(|one| side(&one.picture));
            let first = sides.next().unwrap_or(0);
            sides.fold((first, first), |(least, most), side| {
                (least.min(side), most.max(side))
            })
        };
        let (width, widest) = sides(|picture| picture.width);
        let (height, highest) = sides(|picture| picture.height);
        let is_alike = widest - width <= MAX_DIFFERENCE && highest - height <= MAX_DIFFERENCE;
        if !is_alike {
            return;
        }
        for Decoded { picture, name, .. } in &mut self.channels {
            let from = (picture.width, picture.height);
            if from == (width, height) {
                continue;
            }
            for plane in &mut picture.planes {
                plane.cut(picture.width, width, height);
            }
            (picture.width, picture.height) = (width, height);
            self.notices.push(Notice::Cut {
                file: name.clone(),
                from,
                to: (width, height),
            });
        }
    }
}

/// The formats that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Jpeg,
    Tiff,
}

/// The content of a file, without gzip around it.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ImageFault> {
    let too_many = ImageFault::TooManyBytes {
        limit: MAX_FILE_BYTES,
    };
    if bytes.len() > MAX_FILE_BYTES {
        return Err(too_many);
    }
    let limit = most_unpacked(bytes.len());
    if !bytes.starts_with(b"\x1F\x8B") {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut content = Vec::new();
    let mut unpacker = MultiGzDecoder::new(bytes).take(limit as u64 + 1);
    // What is no image is not unpacked to its end.
    let mut read = |limit: u64, content: &mut Vec<u8>| match unpacker
        .by_ref()
        .take(limit)
        .read_to_end(content)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(ImageFault::Truncated),
        Err(error) => Err(ImageFault::Damaged {
            detail: format!("gzip: {error}"),
        }),
    };
    read(1024, &mut content)?;
    format(&content)?;
    read(u64::MAX, &mut content)?;
    if content.len() > limit {
        return Err(match limit {
            MAX_FILE_BYTES => too_many,
            _ => ImageFault::Bomb {
                packed: bytes.len().div_ceil(1000),
                unpacked: limit / 1_000_000,
            },
        });
    }
    Ok(Cow::Owned(content))
}

/// Recognises the format of a file by its content.
fn format(bytes: &[u8]) -> Result<Format, ImageFault> {
    if bytes.is_empty() {
        return Err(ImageFault::Empty);
    }
    let begins = |signature: &[u8]| bytes.starts_with(signature);
    if begins(b"\x89PNG\r\n\x1A\n") {
        Ok(Format::Png)
    } else if begins(b"\xFF\xD8\xFF") {
        Ok(Format::Jpeg)
    } else if begins(b"II\x2A\0") || begins(b"MM\0\x2A") || directory::is_big_tiff(bytes) {
        Ok(Format::Tiff)
    } else {
        Err(match OtherFormat::by_content(bytes) {
            Some(format) => ImageFault::OtherFormat { format },
            None => ImageFault::NotAnImage,
        })
    }
}

fn read_channel(bytes: &[u8], channel: Channel) -> Result<Picture, ImageFault> {
    read(bytes)?.into_channel(channel)
}

/// Reads a file of one image.
fn read(bytes: &[u8]) -> Result<Image, ImageFault> {
    match format(bytes)? {
        Format::Png => png::read(bytes),
        Format::Jpeg => jpeg::read(bytes),
        Format::Tiff => {
            let pages = pages(bytes)?;
            match pages.pages.as_slice() {
                [] => Err(ImageFault::Damaged {
                    detail: "a TIFF without a page".to_owned(),
                }),
                [page] => {
                    let mut image = page::read(bytes, page, bytes.starts_with(b"II"))?;
                    image.picture.pixel_size = tiff_pixel_size(&pages);
                    Ok(image)
                }
                _ => Err(ImageFault::SeveralImages),
            }
        }
    }
}

fn pages(bytes: &[u8]) -> Result<Pages, ImageFault> {
    directory::pages(bytes).ok_or(ImageFault::Truncated)
}

/// The side of a pixel in micrometres, by a TIFF's description or else by its tags.
fn tiff_pixel_size(pages: &Pages) -> Option<f64> {
    let page = pages.pages.first()?;
    let by_text = pages.description.as_deref();
    let by_text = by_text.and_then(|text| description::pixel_size(text, page.resolution));
    by_text.or_else(|| {
        let unit = match page.resolution_unit {
            2 => 25_400.0,
            3 => 10_000.0,
            _ => return None,
        };
        pixel_size::plausible(unit / page.resolution?)
    })
}
