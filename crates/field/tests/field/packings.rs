//! Packings, depths and arrangements of samples inside TIFF files, and gzip around files.

use std::io::Write;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, FieldError, Samples, Source, decode_field};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, ImageFormat};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use weezl::BitOrder;

use crate::files::{decode_composite, decode_green, encode, grey_8, noise_8, noise_16};
use crate::tiffs::{PLAIN, Packer, Page, Value, tiff};

fn lzw(bytes: Vec<u8>, _: (usize, usize)) -> Vec<u8> {
    weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8)
        .encode(&bytes)
        .expect("packed")
}

fn deflate(bytes: Vec<u8>, _: (usize, usize)) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&bytes).expect("packed");
    encoder.finish().expect("packed")
}

fn pack_bits(bytes: Vec<u8>, _: (usize, usize)) -> Vec<u8> {
    // Runs of equal bytes, and others one by one.
    let runs = bytes
        .chunk_by(|a, b| a == b)
        .flat_map(|run| run.chunks(128));
    runs.flat_map(|run| match run {
        [byte] => vec![0, *byte],
        _ => vec![(257 - run.len()) as u8, run[0]],
    })
    .collect()
}

fn zstd(bytes: Vec<u8>, _: (usize, usize)) -> Vec<u8> {
    compress_to_vec(bytes.as_slice(), CompressionLevel::Fastest)
}

const PACKERS: [(u16, Packer); 6] = [
    PLAIN,
    (5, lzw),
    (8, deflate),
    (32_946, deflate),
    (32_773, pack_bits),
    (50_000, zstd),
];

/// Every channel of the field is the plane of its place.
fn assert_planes(field: &Field, planes: &[Vec<u16>], bits: usize, what: &str) {
    assert_eq!(field.channels().count(), planes.len().min(4), "{what}");
    for (channel, plane) in Channel::ALL.into_iter().zip(planes) {
        let expected = match bits {
            8 => Samples::Eight(plane.iter().map(|&sample| sample as u8).collect()),
            _ => Samples::Sixteen(plane.clone()),
        };
        let read = field.plane(channel).expect("its channel").samples();
        assert!(*read == expected, "{what}, {channel}");
    }
}

fn decode_by(order: &str, bytes: &[u8]) -> Result<Field, FieldError> {
    let source = Source {
        name: "x.tif",
        channel: None,
        bytes,
    };
    decode_field(
        "x",
        &[source],
        &order.parse::<ChannelOrder>().expect("an order"),
    )
}

#[test]
fn every_packing_in_every_arrangement() {
    const WIDTH: usize = 50;
    const AREA: usize = 50 * 40;
    for bits in [8, 16] {
        for is_planar in [false, true] {
            // Tiles of sides that do not divide the image, wide, high, and larger than it.
            for tile in [
                None,
                Some((16, 16)),
                Some((24, 8)),
                Some((8, 48)),
                Some((64, 64)),
                Some((17, 13)),
            ] {
                for is_big_endian in [false, true] {
                    for (position, packing) in PACKERS.into_iter().enumerate() {
                        let planes: Vec<Vec<u16>> = (0..4)
                            .map(|plane| match bits {
                                8 => noise_8(plane, AREA)
                                    .into_iter()
                                    .map(|sample| u16::from(sample) / 32)
                                    .collect(),
                                _ => noise_16(plane, AREA),
                            })
                            .collect();
                        let page = Page {
                            bits,
                            is_planar,
                            tile,
                            is_big_endian,
                            packing,
                            is_predicted: position % 2 == 1,
                            ..Page::sixteen(WIDTH, &planes)
                        };
                        let what = format!(
                            "{bits} bit, planar {is_planar}, tile {tile:?}, packing {}",
                            packing.0
                        );
                        let field = decode_by("auto", &tiff(&[page])).expect(&what);
                        assert_planes(&field, &planes, bits, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn pages_are_read_in_every_packing() {
    for packing in PACKERS {
        let planes: Vec<Vec<u16>> = (0..4).map(|plane| noise_16(plane, 900)).collect();
        let pages: Vec<Page> = planes
            .iter()
            .map(|plane| Page {
                packing,
                ..Page::sixteen(30, std::slice::from_ref(plane))
            })
            .collect();
        let field = decode_by("auto", &tiff(&pages)).expect("readable");
        assert_planes(&field, &planes, 16, &packing.0.to_string());
    }
}

#[test]
fn few_and_odd_bits_are_stretched() {
    for (bits, stretched) in [
        (1, [0, 255, 0, 255]),
        (2, [0, 85, 170, 255]),
        (4, [0, 85, 170, 255]),
        (10, [0, 0x5555, 0xAAAA, 0xFFFF]),
        (12, [0, 0x5555, 0xAAAA, 0xFFFF]),
        (14, [0, 0x5555, 0xAAAA, 0xFFFF]),
    ] {
        let largest = u32::from(u16::MAX >> (16 - bits));
        // Thirds of the range, which every depth but one bit has.
        let levels = [0, largest / 3, largest * 2 / 3, largest].map(|level| level as u16);
        let levels = if bits == 1 { [0, 1, 0, 1] } else { levels };
        for photometric in [0, 1] {
            let samples: Vec<u16> = (0..19 * 21).map(|pixel| levels[pixel % 4]).collect();
            let page = Page {
                bits,
                photometric,
                ..Page::sixteen(19, &[samples])
            };
            let field = decode_green("x_green.tif", &tiff(&[page])).expect("readable");
            let white = if bits < 8 { 255 } else { 0xFFFF };
            let expected: Vec<u16> = (0..19 * 21)
                .map(|pixel| match photometric {
                    0 => white - stretched[pixel % 4],
                    _ => stretched[pixel % 4],
                })
                .collect();
            let plane = field.plane(Channel::Green).expect("green");
            let read: Vec<u16> = match plane.samples() {
                Samples::Eight(values) => values.iter().copied().map(u16::from).collect(),
                Samples::Sixteen(values) => values.clone(),
            };
            assert_eq!(read, expected, "{bits} bit, {photometric}");
        }
    }
}

#[test]
fn strips_without_byte_counts_are_read() {
    let samples = noise_8(1, 400);
    let page = Page {
        strip_rows: 20,
        ..Page::eight(20, std::slice::from_ref(&samples)).with(279, Value::Long(Vec::new()))
    };
    let field = decode_green("x_green.tif", &tiff(&[page])).expect("readable");
    let plane = field.plane(Channel::Green).expect("green");
    assert!(*plane.samples() == Samples::Eight(samples));
}

/// A JPEG of a grey or a colour image.
fn jpeg(bytes: &[u8], (width, height): (usize, usize), colours: ExtendedColorType) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 95)
        .encode(bytes, width as u32, height as u32, colours)
        .expect("packed");
    file
}

fn grey_jpeg(bytes: Vec<u8>, size: (usize, usize)) -> Vec<u8> {
    jpeg(&bytes, size, ExtendedColorType::L8)
}

fn colour_jpeg(bytes: Vec<u8>, size: (usize, usize)) -> Vec<u8> {
    jpeg(&bytes, size, ExtendedColorType::Rgb8)
}

fn smooth(width: usize, height: usize, step: usize) -> Vec<u8> {
    let sample = |pixel: usize| (pixel % width * step + pixel / width * 2) as u8 / 2 + 20;
    (0..width * height).map(sample).collect()
}

fn largest_difference(field: &Field, channel: Channel, expected: &[u8]) -> u8 {
    let Samples::Eight(read) = field.plane(channel).expect("its channel").samples() else {
        panic!("8 bit")
    };
    let differences = read.iter().zip(expected).map(|(&a, &b)| a.abs_diff(b));
    differences.max().expect("samples")
}

#[test]
fn jpeg_inside_is_read_as_a_file_of_its_own() {
    let samples = smooth(48, 48, 3);
    let alone =
        decode_green("x_green.jpg", &grey_jpeg(samples.clone(), (48, 48))).expect("readable");
    for (tile, strip_rows) in [
        (None, 48),
        (None, 16),
        (Some((16, 16)), 0),
        (Some((64, 64)), 0),
    ] {
        let page = Page {
            packing: (7, grey_jpeg),
            tile,
            strip_rows,
            ..Page::eight(48, std::slice::from_ref(&samples))
        };
        let field = decode_green("x_green.tif", &tiff(&[page])).expect("readable");
        assert!(largest_difference(&field, Channel::Green, &samples) <= 4);
        if tile.is_none() && strip_rows == 48 {
            assert!(field.plane(Channel::Green) == alone.plane(Channel::Green));
        }
    }
}

#[test]
fn jpeg_of_colours_inside_is_read() {
    let planes = [1, 2, 4].map(|step| smooth(48, 32, step));
    let interleaved: Vec<u8> = (0..48 * 32)
        .flat_map(|pixel| planes.each_ref().map(|plane| plane[pixel]))
        .collect();
    let alone = decode_composite("x.jpg", &colour_jpeg(interleaved, (48, 32))).expect("readable");
    let page = Page {
        packing: (7, colour_jpeg),
        photometric: 6,
        strip_rows: 32,
        ..Page::eight(48, &planes)
    };
    let field = decode_composite("x.tif", &tiff(std::slice::from_ref(&page))).expect("readable");
    for channel in [Channel::Red, Channel::Green, Channel::Blue] {
        assert!(field.plane(channel) == alone.plane(channel));
    }

    // As TIFF 6.0 has it, by a tag or as the one strip.
    let whole = tiff(std::slice::from_ref(&page));
    let old = Page {
        packing: (6, colour_jpeg),
        ..page.clone()
    };
    let field = decode_composite("x.tif", &tiff(std::slice::from_ref(&old))).expect("readable");
    assert!(field.plane(Channel::Red) == alone.plane(Channel::Red));
    let start = whole
        .windows(3)
        .position(|bytes| bytes == b"\xFF\xD8\xFF")
        .expect("a JPEG");
    let by_tag = old
        .with(513, Value::Long(vec![start as u32]))
        .with(273, Value::Long(vec![0; 2]))
        .with(279, Value::Long(vec![0; 2]));
    let field = decode_composite("x.tif", &tiff(&[by_tag])).expect("readable");
    assert!(field.plane(Channel::Red) == alone.plane(Channel::Red));

    // Components that are declared to be red, green and blue are not converted.
    let as_they_are = Page {
        photometric: 2,
        ..page
    };
    let field = decode_composite("x.tif", &tiff(&[as_they_are])).expect("readable");
    assert!(largest_difference(&field, Channel::Blue, &planes[2]) > 40);
}

#[test]
fn tables_that_strips_share_are_read() {
    // The tables are those segments of the image's that come before its frame.
    let samples = smooth(32, 32, 3);
    let file = grey_jpeg(samples.clone(), (32, 32));
    let (mut tables, mut rest, mut position) = (vec![0xFF, 0xD8], vec![0xFF, 0xD8], 2);
    while file[position + 1] != 0xDA {
        let length = 2 + usize::from(u16::from_be_bytes([file[position + 2], file[position + 3]]));
        let target = match file[position + 1] {
            0xC4 | 0xDB => &mut tables,
            _ => &mut rest,
        };
        target.extend(&file[position..position + length]);
        position += length;
    }
    tables.extend([0xFF, 0xD9]);
    rest.extend(&file[position..]);
    let page = |tables: Option<Vec<u8>>| {
        let page = Page {
            packing: (7, |bytes, _| bytes),
            strip_rows: 32,
            ..Page::eight(32, std::slice::from_ref(&samples))
        };
        // The strip is written by hand behind the file.
        let page = tables.map_or(page.clone(), |tables| page.with(347, Value::Bytes(tables)));
        let length = tiff(&[page.clone().with(279, Value::Long(vec![0]))]).len();
        let page = page
            .with(273, Value::Long(vec![length as u32]))
            .with(279, Value::Long(vec![rest.len() as u32]));
        [tiff(&[page]), rest.clone()].concat()
    };
    let field = decode_green("x_green.tif", &page(Some(tables))).expect("readable");
    assert!(largest_difference(&field, Channel::Green, &samples) <= 4);
    assert!(decode_green("x_green.tif", &page(None)).is_err());
}

#[test]
fn packings_that_are_not_read_are_named() {
    for (number, name) in [
        (4, "a fax's packing (CCITT)"),
        (33_003, "JPEG 2000"),
        (34_887, "LERC"),
        (34_925, "LZMA"),
        (50_001, "WebP"),
        (12_345, "a rare packing, number 12345"),
    ] {
        let page = Page {
            packing: (number, |bytes, _| bytes),
            ..Page::eight(20, &[noise_8(1, 400)])
        };
        assert_eq!(
            decode_green("x_green.tif", &tiff(&[page]))
                .expect_err("a refusal")
                .to_string(),
            format!(
                "the TIFF is packed with {name}, which is not read: save it without packing, or with LZW: x_green.tif"
            )
        );
    }
    let page = Page {
        photometric: 6,
        ..Page::eight(20, &[noise_8(1, 400), noise_8(2, 400), noise_8(3, 400)])
    };
    assert_eq!(
        decode_composite("x.tif", &tiff(&[page]))
            .expect_err("a refusal")
            .to_string(),
        "this variety of image is not read (brightness and chromas (YCbCr) without JPEG): save it as a plain TIFF or PNG: x.tif"
    );
}

#[test]
fn damage_in_any_packing_never_panics() {
    let packers = PACKERS
        .into_iter()
        .chain([(7, grey_jpeg as Packer), (6, grey_jpeg)]);
    for packing in packers {
        let page = Page {
            packing,
            tile: (packing.0 != 6).then_some((16, 16)),
            strip_rows: 32,
            ..Page::eight(32, &[smooth(32, 32, 3)])
        };
        let whole = tiff(&[page]);
        assert!(
            decode_green("x_green.tif", &whole).is_ok(),
            "packing {}",
            packing.0
        );
        for place in 0..whole.len() {
            for pattern in [0x01, 0x80, 0xFF] {
                let mut damaged = whole.clone();
                damaged[place] ^= pattern;
                let _ = decode_green("x_green.tif", &damaged);
            }
        }
    }
}

#[test]
fn tiles_of_a_pixel_are_refused() {
    let page = Page::eight(4000, &[vec![0; 4000 * 300]])
        .with(322, Value::Short(vec![1]))
        .with(323, Value::Short(vec![1]));
    let error = decode_green("x_green.tif", &tiff(&[page])).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "this variety of image is not read (tiles of such a shape): save it as a plain TIFF or PNG: x_green.tif"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

#[test]
fn gzip_that_grows_without_end_is_refused() {
    // An image that is whole, and behind it nothing but zeros.
    let mut file = encode(&grey_8(20, 20, noise_8(1, 400)), ImageFormat::Png);
    file.resize(80 << 20, 0);
    let packed = gzip(&file);
    let error = decode_green("x_green.gz", &packed).expect_err("a refusal");
    let error = error.to_string();
    assert!(
        error.contains("kB to more than")
            && error.contains("MB, as a decompression bomb does")
            && error.ends_with(": x_green.gz"),
        "{error}"
    );
}

#[test]
fn files_inside_gzip_are_read() {
    let image = grey_8(20, 20, noise_8(1, 400));
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let file = encode(&image, format);
        let plain = decode_green("x_green", &file).expect("readable");
        let packed = gzip(&file);
        assert!(decode_green("x_green.gz", &packed).expect("readable") == plain);
        for length in [3, packed.len() / 2, packed.len() - 1] {
            let error = decode_green("x_green.gz", &packed[..length]).expect_err("a refusal");
            assert_eq!(
                error.to_string(),
                "the file ends before its image does, as after a broken download: x_green.gz"
            );
        }
        let mut damaged = packed.clone();
        let end = damaged.len();
        damaged[end - 5] ^= 1;
        let error = decode_green("x_green.gz", &damaged).expect_err("a refusal");
        assert!(
            error.to_string().starts_with("the file is damaged (gzip: "),
            "{error}"
        );
        // Once is enough.
        assert_eq!(
            decode_green("x_green.gz", &gzip(&packed))
                .expect_err("a refusal")
                .to_string(),
            "the content is no PNG, JPEG or TIFF image: x_green.gz"
        );
    }
    let composite = DynamicImage::ImageRgb8(image.to_rgb8());
    let file = gzip(&encode(&composite, ImageFormat::Png));
    assert!(decode_composite("x.png.gz", &file).is_ok());
}

#[test]
fn what_gzip_blows_up_is_not_unpacked_to_its_end() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..64 {
        encoder.write_all(&vec![0; 1 << 20]).expect("packed");
    }
    let bomb = encoder.finish().expect("packed");
    let error = decode_green("x_green.png.gz", &bomb).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the content is no PNG, JPEG or TIFF image: x_green.png.gz"
    );
}
