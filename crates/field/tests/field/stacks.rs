//! TIFF files that hold all channels of a field: as pages, as samples, named or not.

use std::io::Cursor;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, FieldError, Samples, Source, decode_field};
use tiff::encoder::compression::DeflateLevel;
use tiff::encoder::{Compression, Predictor, TiffEncoder, TiffKind, colortype};
use tiff::tags::{ExtraSamples, Tag};

use crate::files::{decode_green, noise_8, noise_16};

const SIDE: u32 = 40;
const AREA: usize = 1600;

fn decode_by(order: &str, bytes: &[u8]) -> Result<Field, FieldError> {
    let source = Source {
        name: "cell.ome.tif",
        channel: None,
        bytes,
    };
    let order: ChannelOrder = order.parse().expect("an order");
    decode_field("cell", &[source], &order)
}

fn decode(bytes: &[u8]) -> Result<Field, FieldError> {
    decode_by("auto", bytes)
}

fn refusal(bytes: &[u8]) -> String {
    decode(bytes).expect_err("a refusal").to_string()
}

/// Different noise for each of a file's images, by its number.
fn image_8(number: usize) -> Vec<u8> {
    noise_8(number as u64, AREA)
}

fn image_16(number: usize) -> Vec<u16> {
    noise_16(number as u64, AREA)
}

/// A file of one grey page of 8 bit for each of these, the first with a description.
fn pages(count: usize, description: &str) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).expect("a header");
    for number in 0..count {
        let mut image = encoder
            .new_image::<colortype::Gray8>(SIDE, SIDE)
            .expect("a page");
        if number == 0 && !description.is_empty() {
            let tags = image.encoder();
            tags.write_tag(Tag::ImageDescription, description)
                .expect("a description");
        }
        image.write_data(&image_8(number)).expect("samples");
    }
    bytes.into_inner()
}

fn ome(attributes: &str, inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
          <Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="40"
            SizeY="40" {attributes}>{inside}</Pixels></Image></OME>"#
    )
}

/// OME-XML of so many named channels, one plane each.
fn named(names: &[&str]) -> String {
    let channels: String = names
        .iter()
        .map(|name| format!(r#"<Channel ID="c" Name="{name}" SamplesPerPixel="1"/>"#))
        .collect();
    let sizes = format!(r#"SizeC="{}" SizeZ="1" SizeT="1""#, names.len());
    ome(&sizes, &channels)
}

/// The image of the file in each channel of the field, such as `red 0 green 2`.
fn sources(field: &Field) -> String {
    let parts = field.channels().map(|channel| {
        let samples = field.plane(channel).expect("its channel").samples();
        let number = (0..10).find(|&number| match samples {
            Samples::Eight(values) => *values == image_8(number),
            Samples::Sixteen(values) => *values == image_16(number),
        });
        let number = number.unwrap_or_else(|| panic!("{channel} is no image of the file"));
        format!("{channel} {number}")
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[test]
fn pages_without_names_are_in_the_usual_order() {
    let field = decode(&pages(4, "")).expect("readable");
    assert_eq!(field.describe(), "40 × 40 px, 8 bit, red green blue yellow");
    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
    let field = decode(&pages(3, "taken on a Tuesday")).expect("readable");
    assert_eq!(sources(&field), "red 0 green 1 blue 2");
    // XML of another kind is ignored, and OME-XML may say nothing of the channels.
    for description in [
        "<note>a < b</note>".to_owned(),
        named(&["", "", "", ""]),
        named(&["Channel 0", "Alexa 488", "Cy5", "TRITC"]),
    ] {
        let field = decode(&pages(4, &description)).expect("readable");
        assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
    }
}

#[test]
fn the_caller_may_give_the_order() {
    for (order, count, expected) in [
        ("blue,red,green,yellow", 4, "red 1 green 2 blue 0 yellow 3"),
        ("-,green,-,red,blue", 5, "red 3 green 1 blue 4"),
        ("green,blue", 2, "green 0 blue 1"),
    ] {
        let field = decode_by(order, &pages(count, "")).expect("readable");
        assert_eq!(sources(&field), expected);
    }
    // It knows better than the file.
    let file = pages(3, &named(&["red", "green", "blue"]));
    let field = decode_by("green,red,blue", &file).expect("readable");
    assert_eq!(sources(&field), "red 1 green 0 blue 2");

    let error = decode_by("blue,red,green", &pages(4, "")).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the order blue,red,green does not fit the 4 images that the file holds: cell.ome.tif"
    );
}

#[test]
fn names_in_ome_xml_tell_the_channels() {
    for (names, expected) in [
        (
            vec!["blue", "Green", "RED", "yellow"],
            "red 2 green 1 blue 0 yellow 3",
        ),
        (
            vec!["DAPI", "ER", "Microtubules", "Antibody"],
            "red 2 green 3 blue 0 yellow 1",
        ),
        (
            vec![
                "protein of interest (green)",
                "nucleus, Hoechst 33342",
                "endoplasmic reticulum",
                "anti-tubulin",
            ],
            "red 3 green 0 blue 1 yellow 2",
        ),
        (
            vec!["ch1_red", "Brightfield", "DAPI405", "protein"],
            "red 0 green 3 blue 2",
        ),
    ] {
        let field = decode(&pages(4, &named(&names))).expect("readable");
        assert_eq!(sources(&field), expected, "{names:?}");
    }
}

#[test]
fn names_that_leave_it_open_are_refused() {
    for names in [
        // Two of a kind; one that is missing; words at odds.
        ["red", "red", "green", "blue"],
        ["DAPI", "Alexa 488", "Cy5", "Cy3"],
        ["ER-Tracker Red", "protein", "DAPI", "unknown"],
    ] {
        assert_eq!(
            refusal(&pages(4, &named(&names))),
            format!(
                "red, green and blue cannot be told, once each, from the names of the file's channels ({}): cell.ome.tif",
                names.join(", ")
            )
        );
        assert!(decode_by("red,green,blue,yellow", &pages(4, &named(&names))).is_ok());
    }
}

#[test]
fn colours_in_ome_xml_tell_where_names_do_not() {
    let channels = |colours: [i64; 4]| {
        let channels: String = colours
            .iter()
            .map(|colour| format!(r#"<Channel ID="c" Color="{colour}"/>"#))
            .collect();
        ome(r#"SizeC="4" SizeZ="1" SizeT="1""#, &channels)
    };
    // Blue, green, yellow and red, opaque: as signed numbers and as unsigned ones.
    let signed = [0x0000_FFFF, 0x00FF_00FF, -65281, -16_776_961];
    let unsigned = [0x0000_FFFF, 0x00FF_00FF, 0xFFFF_00FF, 0xFF00_00FF];
    for colours in [signed, unsigned] {
        let field = decode(&pages(4, &channels(colours))).expect("readable");
        assert_eq!(sources(&field), "red 3 green 1 blue 0 yellow 2");
    }
    // All white, as many programs write it.
    let field = decode(&pages(4, &channels([-1; 4]))).expect("readable");
    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
}

#[test]
fn pages_may_be_in_another_order_than_channels() {
    let channels = r#"<Channel Name="red"/><Channel Name="green"/><Channel Name="blue"/>
        <TiffData IFD="0" FirstC="2"/><TiffData IFD="1" FirstC="0" PlaneCount="2">
        <UUID FileName="cell.ome.tif">urn:uuid:1</UUID></TiffData>"#;
    let text = ome(r#"SizeC="3" SizeZ="1" SizeT="1""#, channels);
    let field = decode(&pages(3, &text)).expect("readable");
    assert_eq!(sources(&field), "red 1 green 2 blue 0");
}

#[test]
fn stacks_in_depth_and_in_time_are_refused() {
    for (sizes, found) in [
        (
            r#"SizeC="1" SizeZ="4" SizeT="1""#,
            "4 slices (Z) and 1 time point (T)",
        ),
        (
            r#"SizeC="1" SizeZ="1" SizeT="4""#,
            "1 slice (Z) and 4 time points (T)",
        ),
        (
            r#"SizeC="2" SizeZ="2" SizeT="1""#,
            "2 slices (Z) and 1 time point (T)",
        ),
    ] {
        let file = pages(4, &ome(sizes, r#"<Channel Name="protein"/>"#));
        let message = format!(
            "the file is a stack of {found}, where one image of each channel is expected; if they are the channels, give their order: cell.ome.tif"
        );
        assert_eq!(refusal(&file), message);
        let error = decode_by("red,green,blue", &file).expect_err("a refusal");
        assert_eq!(error.to_string(), message);
        // An order of all images says what they are, whatever axis they lie on.
        let field = decode_by("blue,red,green,yellow", &file).expect("readable");
        assert_eq!(sources(&field), "red 1 green 2 blue 0 yellow 3");
    }
}

#[test]
fn image_j_tells_stacks_from_channels() {
    let text = "ImageJ=1.54f\nimages=4\nchannels=4\nhyperstack=true\nmode=composite\n";
    let field = decode(&pages(4, text)).expect("readable");
    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
    // Images that are put into one stack are slices to it: only the caller knows better.
    let file = pages(4, "ImageJ=1.54f\nimages=4\nslices=4\nloop=false\n");
    assert_eq!(
        refusal(&file),
        "the file is a stack of 4 slices (Z) and 1 time point (T), where one image of each channel is expected; if they are the channels, give their order: cell.ome.tif"
    );
    let field = decode_by("blue,red,green,yellow", &file).expect("readable");
    assert_eq!(sources(&field), "red 1 green 2 blue 0 yellow 3");
}

#[test]
fn descriptions_that_contradict_the_file_are_refused() {
    let two_images =
        r#"<OME><Image><Pixels SizeC="3"/></Image><Image><Pixels SizeC="1"/></Image></OME>"#;
    let files = r#"<Channel Name="red"/><Channel Name="green"/><Channel Name="blue"/>
        <TiffData IFD="0"><UUID FileName="a.tif">urn:uuid:1</UUID></TiffData>
        <TiffData IFD="0"><UUID FileName="b.tif">urn:uuid:2</UUID></TiffData>"#;
    let sizes = r#"SizeC="4" SizeZ="1" SizeT="1""#;
    for (description, message) in [
        (
            named(&["red", "green", "blue"]),
            "by its OME-XML the file has 3 channels, but it holds 4 images",
        ),
        (
            two_images.to_owned(),
            "by its OME-XML the file holds 2 series, where one field is expected",
        ),
        (
            ome(sizes, files),
            "by its OME-XML the channels lie in 2 files, which are not read together",
        ),
        (
            ome(sizes, r#"<TiffData IFD="7"/>"#),
            "the file is damaged (OME-XML: TiffData names pages or channels that are not there)",
        ),
        (
            ome(r#"SizeC="many""#, ""),
            "the file is damaged (OME-XML: SizeC is \"many\")",
        ),
    ] {
        assert_eq!(
            refusal(&pages(4, &description)),
            format!("{message}: cell.ome.tif")
        );
    }
    let cut = &named(&["red", "green", "blue", "yellow"])[..200];
    let message = refusal(&pages(4, cut));
    assert!(
        message.starts_with("the file is damaged (OME-XML: "),
        "{message}"
    );
}

#[test]
fn counts_that_fit_no_field_are_refused() {
    for count in [2, 5, 64] {
        assert_eq!(
            refusal(&pages(count, "")),
            format!(
                "the file holds {count} images, and nothing names their channels: only 3 (red, green, blue) and 4 (and yellow) tell themselves: cell.ome.tif"
            )
        );
    }
    assert_eq!(
        refusal(&pages(65, "")),
        "the file holds more than 64 pages, the most that are looked at: cell.ome.tif"
    );
    assert_eq!(
        refusal(&pages(1, "")),
        "a file whose name ends in no channel must be an RGB image or a TIFF of all channels, not a grey image: cell.ome.tif"
    );
    // The file of a channel holds that channel only.
    let error = decode_green("a_green.tif", &pages(4, "")).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the file holds several pages or frames, where one image is expected: a_green.tif"
    );
    assert!(decode_green("a_green.ome.tif", &pages(1, &named(&["protein"]))).is_ok());
}

#[test]
fn pages_that_do_not_belong_together() {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).expect("a header");
    for side in [32, 32, 64] {
        let samples = noise_8(1, (side * side) as usize);
        encoder
            .write_image::<colortype::Gray8>(side, side, &samples)
            .expect("a page");
    }
    assert_eq!(
        refusal(&bytes.into_inner()),
        "all channels of a field must have the same size, not 32 × 32 px: page 1 of cell.ome.tif, and 64 × 64 px: page 3 of cell.ome.tif"
    );

    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).expect("a header");
    for _ in 0..3 {
        encoder
            .write_image::<colortype::RGB8>(16, 16, &[7; 768])
            .expect("a page");
    }
    assert_eq!(
        refusal(&bytes.into_inner()),
        "each page of a TIFF of several must be a grey image, one channel; page 1 is not: cell.ome.tif"
    );

    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).expect("a header");
    for _ in 0..3 {
        encoder
            .write_image::<colortype::Gray32Float>(16, 16, &[0.5; 256])
            .expect("a page");
    }
    assert_eq!(
        refusal(&bytes.into_inner()),
        "samples must be whole numbers of 8 or 16 bit, not floating-point numbers of 32 bit: cell.ome.tif"
    );

    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).expect("a header");
    for _ in 0..3 {
        encoder
            .write_image::<colortype::Gray8>(15, 20, &[7; 300])
            .expect("a page");
    }
    assert_eq!(
        refusal(&bytes.into_inner()),
        "an image must measure from 16 to 16384 px a side, not 15 × 20 px: cell.ome.tif"
    );
}

/// Four pages of 16 bit.
fn packed<K: TiffKind>(
    encoder: Result<TiffEncoder<&mut Cursor<Vec<u8>>, K>, tiff::TiffError>,
    compression: Compression,
    predictor: Predictor,
) {
    let mut encoder = encoder
        .expect("a header")
        .with_compression(compression)
        .with_predictor(predictor);
    for number in 0..4 {
        let mut image = encoder
            .new_image::<colortype::Gray16>(SIDE, SIDE)
            .expect("a page");
        image.rows_per_strip(7).expect("strips");
        image.write_data(&image_16(number)).expect("samples");
    }
}

#[test]
fn packings_and_long_files_are_read() {
    for compression in [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Deflate(DeflateLevel::Fast),
        Compression::Packbits,
    ] {
        for predictor in [Predictor::None, Predictor::Horizontal] {
            for is_big in [false, true] {
                let mut bytes = Cursor::new(Vec::new());
                if is_big {
                    packed(TiffEncoder::new_big(&mut bytes), compression, predictor);
                } else {
                    packed(TiffEncoder::new(&mut bytes), compression, predictor);
                }
                let field = decode(&bytes.into_inner()).expect("readable");
                assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
                assert_eq!(field.bits(), 16);
            }
        }
    }
}

/// A TIFF file of one page of several samples a pixel, written by hand.
#[derive(Clone, Copy)]
struct Bands {
    count: usize,
    bits: usize,
    is_planar: bool,
    /// The side of a tile; none for strips of so many rows.
    tile: Option<usize>,
    is_big_endian: bool,
    /// 1: no colours, 2: red, green and blue first.
    photometric: u32,
    /// The kind of the samples beyond the colours: 0 for unspecified, 2 for transparency.
    extra: Option<u32>,
}

impl Bands {
    const FOUR: Self = Self {
        count: 4,
        bits: 8,
        is_planar: false,
        tile: None,
        is_big_endian: false,
        photometric: 1,
        extra: None,
    };

    fn bytes(&self) -> Vec<u8> {
        const SIDE: usize = 40;
        const ROWS: usize = 24;
        let (width, height) = self.tile.map_or((SIDE, ROWS), |side| (side, side));
        let images: Vec<Vec<u16>> = (0..self.count)
            .map(|number| match self.bits {
                8 => image_8(number).into_iter().map(u16::from).collect(),
                _ => image_16(number),
            })
            .collect();
        // The samples in each strip or tile: all or one.
        let groups: Vec<Vec<usize>> = if self.is_planar {
            (0..self.count).map(|number| vec![number]).collect()
        } else {
            vec![(0..self.count).collect()]
        };
        let mut chunks = Vec::new();
        for group in &groups {
            for top in (0..SIDE).step_by(height) {
                for left in (0..SIDE).step_by(width) {
                    let mut chunk = Vec::new();
                    // The last strip ends with the image, the last tile does not.
                    let rows = if self.tile.is_some() {
                        height
                    } else {
                        height.min(SIDE - top)
                    };
                    for y in top..top + rows {
                        for x in left..left + width {
                            for &number in group {
                                let is_inside = x < SIDE && y < SIDE;
                                let value = if is_inside {
                                    images[number][y * SIDE + x]
                                } else {
                                    0
                                };
                                chunk.extend(self.sample(value));
                            }
                        }
                    }
                    chunks.push(chunk);
                }
            }
        }
        let mut file = if self.is_big_endian {
            b"MM\0\x2a".to_vec()
        } else {
            b"II\x2a\0".to_vec()
        };
        let mut offsets = Vec::new();
        let start = 8 + chunks.iter().map(Vec::len).sum::<usize>();
        file.extend(self.long(start as u32));
        for chunk in &chunks {
            offsets.push(file.len() as u32);
            file.extend(chunk);
        }
        let counts: Vec<u32> = chunks.iter().map(|chunk| chunk.len() as u32).collect();
        let (offset_tag, count_tag) = if self.tile.is_some() {
            (324, 325)
        } else {
            (273, 279)
        };
        let mut tags: Vec<(u16, Vec<u32>)> = vec![
            (256, vec![SIDE as u32]),
            (257, vec![SIDE as u32]),
            (258, vec![self.bits as u32; self.count]),
            (259, vec![1]),
            (262, vec![self.photometric]),
            (offset_tag, offsets),
            (277, vec![self.count as u32]),
            (count_tag, counts),
            (284, vec![if self.is_planar { 2 } else { 1 }]),
        ];
        match self.tile {
            Some(side) => tags.extend([(322, vec![side as u32]), (323, vec![side as u32])]),
            None => tags.push((278, vec![ROWS as u32])),
        }
        tags.extend(self.extra.map(|extra| (338, vec![extra])));
        tags.sort();
        file.extend(self.short(tags.len() as u16));
        let mut elsewhere = Vec::new();
        let after = file.len() + 12 * tags.len() + 4;
        for (tag, values) in &tags {
            let is_long = matches!(tag, 273 | 279 | 324 | 325);
            file.extend(self.short(*tag));
            file.extend(self.short(if is_long { 4 } else { 3 }));
            file.extend(self.long(values.len() as u32));
            let value: Vec<u8> = values
                .iter()
                .flat_map(|&value| {
                    if is_long {
                        self.long(value).to_vec()
                    } else {
                        self.short(value as u16).to_vec()
                    }
                })
                .collect();
            if value.len() <= 4 {
                file.extend(&value);
                file.extend(vec![0; 4 - value.len()]);
            } else {
                file.extend(self.long((after + elsewhere.len()) as u32));
                elsewhere.extend(value);
            }
        }
        file.extend([0; 4]);
        file.extend(elsewhere);
        file
    }

    fn sample(&self, value: u16) -> Vec<u8> {
        if self.bits == 8 {
            vec![value as u8]
        } else {
            self.short(value).to_vec()
        }
    }

    fn short(&self, value: u16) -> [u8; 2] {
        if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }
}

#[test]
fn samples_of_a_pixel_are_channels() {
    for bits in [8, 16] {
        for is_planar in [false, true] {
            for tile in [None, Some(8), Some(16), Some(48)] {
                for is_big_endian in [false, true] {
                    let four = Bands {
                        bits,
                        is_planar,
                        tile,
                        is_big_endian,
                        ..Bands::FOUR
                    };
                    let what = format!("{bits} bit, planar {is_planar}, tile {tile:?}");
                    let field = decode(&four.bytes()).expect(&what);
                    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3", "{what}");
                    // Three of them, or four of which the decoder would take three for colours.
                    let three = Bands { count: 3, ..four };
                    let field = decode(&three.bytes()).expect(&what);
                    assert_eq!(sources(&field), "red 0 green 1 blue 2", "{what}");
                    let colours = Bands {
                        photometric: 2,
                        extra: Some(0),
                        ..four
                    };
                    let field = decode(&colours.bytes()).expect(&what);
                    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3", "{what}");
                    let field = decode_by("-,red,blue,green", &colours.bytes()).expect(&what);
                    assert_eq!(sources(&field), "red 1 green 3 blue 2", "{what}");
                }
            }
        }
    }
}

#[test]
fn transparency_is_a_channel_only_where_the_caller_says_so() {
    let bands = Bands {
        photometric: 2,
        extra: Some(2),
        ..Bands::FOUR
    };
    assert_eq!(
        refusal(&bands.bytes()),
        "a colour picture must be opaque, but parts of this one are transparent: cell.ome.tif"
    );
    let field = decode_by("red,green,blue,yellow", &bands.bytes()).expect("readable");
    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
}

#[test]
fn colours_and_their_extra_samples_as_the_encoder_writes_them() {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes)
        .expect("a header")
        .with_compression(Compression::Lzw);
    let mut image = encoder
        .new_image::<colortype::RGB8>(SIDE, SIDE)
        .expect("a page");
    image
        .extra_samples(&[ExtraSamples::Unspecified])
        .expect("a fourth sample");
    let images: Vec<_> = (0..4).map(image_8).collect();
    let interleaved: Vec<u8> = (0..AREA)
        .flat_map(|pixel| images.iter().map(move |image| image[pixel]))
        .collect();
    image.write_data(&interleaved).expect("samples");
    let field = decode(&bytes.into_inner()).expect("readable");
    assert_eq!(sources(&field), "red 0 green 1 blue 2 yellow 3");
}

#[test]
fn every_cut_and_any_damage() {
    let files = [
        pages(3, &named(&["red", "green", "blue"])),
        Bands::FOUR.bytes(),
        Bands {
            is_planar: true,
            tile: Some(8),
            photometric: 2,
            extra: Some(0),
            ..Bands::FOUR
        }
        .bytes(),
    ];
    for (position, whole) in files.iter().enumerate() {
        assert!(decode(whole).is_ok(), "file {position} is whole");
        for length in (0..whole.len()).step_by(7) {
            assert!(
                decode(&whole[..length]).is_err(),
                "file {position} cut to {length}"
            );
        }
        assert_eq!(
            refusal(&whole[..whole.len() - 1]),
            "the file ends before its image does, as after a broken download: cell.ome.tif"
        );
        // There are no checksums, so some damage passes; none may panic or take long.
        for place in 0..whole.len() {
            for pattern in [0x01, 0x80, 0xFF] {
                let mut damaged = whole.clone();
                damaged[place] ^= pattern;
                let _ = decode(&damaged);
            }
        }
    }
}

#[test]
fn pages_in_a_circle_have_an_end() {
    let mut bytes = pages(3, "");
    // The header has the position of the first directory, to which the last one is made to link.
    let first = [bytes[4], bytes[5], bytes[6], bytes[7]];
    let at =
        |place: usize| u32::from_le_bytes(bytes[place..place + 4].try_into().expect("4 bytes"));
    let mut directory = at(4) as usize;
    let end = loop {
        let entries = usize::from(u16::from_le_bytes([bytes[directory], bytes[directory + 1]]));
        let next = directory + 2 + 12 * entries;
        match at(next) {
            0 => break next,
            offset => directory = offset as usize,
        }
    };
    bytes[end..end + 4].copy_from_slice(&first);
    assert_eq!(
        refusal(&bytes),
        "the file holds more than 64 pages, the most that are looked at: cell.ome.tif"
    );
}

#[test]
fn orders_round_trip_as_text() {
    for text in ["auto", "red", "blue,red,green,yellow", "-,green,-,red"] {
        let order: ChannelOrder = text.parse().expect("an order");
        assert_eq!(order.to_string(), text);
    }
    let order: ChannelOrder = " Blue , RED ".parse().expect("an order");
    let expected = [Some(Channel::Blue), Some(Channel::Red)];
    assert_eq!(order.given(), Some(expected.as_slice()));
    assert_eq!(" Auto ".parse(), Ok(ChannelOrder::default()));
    for (text, message) in [
        (
            "blue,cyan",
            r#"an order of channels is auto, or names such as blue,red,-,green with - for what is skipped; "cyan" is none of red, green, blue and yellow"#,
        ),
        (
            "",
            r#"an order of channels is auto, or names such as blue,red,-,green with - for what is skipped; "" is none of red, green, blue and yellow"#,
        ),
        (
            "red,-,red",
            "an order of channels has each at most once, but red comes twice",
        ),
        ("-,-", "an order of channels must name one at least"),
    ] {
        let error = text.parse::<ChannelOrder>().expect_err("no order");
        assert_eq!(error.to_string(), message);
    }
}
