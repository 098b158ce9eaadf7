//! Images beyond 4096 px a side, reduced as they are decoded.

use std::io::Write;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, Notice, Samples, Source, decode_field};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::{DynamicImage, ImageFormat};

use crate::colours::jpeg;
use crate::files::{
    decode_composite, decode_green, encode, grey_8, grey_16, noise_8, noise_16, png_of,
};
use crate::tiffs::{Page, Value, tiff};

/// The mean of each square of `factor` a side, rounded to the nearest.
fn area_means(samples: &[u16], width: usize, factor: usize) -> Vec<u16> {
    let (columns, rows) = (width / factor, samples.len() / width / factor);
    let mean = |column: usize, row: usize| {
        let line = |y: usize| &samples[(row * factor + y) * width + column * factor..][..factor];
        let sum: usize = (0..factor)
            .flat_map(line)
            .map(|&sample| usize::from(sample))
            .sum();
        let area = factor * factor;
        ((sum + area / 2) / area) as u16
    };
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| mean(column, row)))
        .collect()
}

fn samples(field: &Field, channel: Channel) -> Vec<u16> {
    match field.plane(channel).expect("its channel").samples() {
        Samples::Eight(values) => values.iter().copied().map(u16::from).collect(),
        Samples::Sixteen(values) => values.clone(),
    }
}

fn wide(samples: &[u8]) -> Vec<u16> {
    samples.iter().copied().map(u16::from).collect()
}

/// Widths and heights, with the factors that they are reduced by. In the first, rows and columns are left over.
const SIZES: [(usize, usize, usize); 4] =
    [(4201, 45, 2), (9001, 50, 3), (16_384, 64, 4), (45, 4201, 2)];

#[test]
fn reduction_in_decoding_equals_reduction_afterwards() {
    for (width, height, factor) in SIZES {
        let eight = noise_8(1, width * height);
        let sixteen = noise_16(2, width * height);
        let (size, what) = ((width as u32, height as u32), format!("{width} × {height}"));
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            let file = encode(&grey_8(size.0, size.1, eight.clone()), format);
            let field = decode_green("x_green", &file).expect("readable");
            assert!(
                samples(&field, Channel::Green) == area_means(&wide(&eight), width, factor),
                "{what}"
            );
            assert_eq!(field.bits(), 8);
            let to = ((width / factor) as u32, (height / factor) as u32);
            assert_eq!((field.width(), field.height()), to);
            let notice = Notice::Reduced {
                from: size,
                to,
                factor: factor as u32,
            };
            assert_eq!(field.notices(), [notice]);

            let file = encode(&grey_16(size.0, size.1, sixteen.clone()), format);
            let field = decode_green("x_green", &file).expect("readable");
            assert!(
                samples(&field, Channel::Green) == area_means(&sixteen, width, factor),
                "{what}"
            );
        }
    }
}

#[test]
fn composites_and_tiles_are_reduced_alike() {
    for (width, height, factor) in SIZES {
        let planes: Vec<Vec<u16>> = (0..4)
            .map(|plane| noise_16(plane, width * height))
            .collect();
        for is_planar in [false, true] {
            for tile in [None, Some((256, 16)), Some((32, 24)), Some((17, 13))] {
                let page = Page {
                    is_planar,
                    tile,
                    strip_rows: 7,
                    ..Page::sixteen(width, &planes)
                };
                let source = Source {
                    name: "x.tif",
                    channel: None,
                    bytes: &tiff(&[page]),
                };
                let field =
                    decode_field("x", &[source], &ChannelOrder::default()).expect("readable");
                for (channel, plane) in Channel::ALL.into_iter().zip(&planes) {
                    let expected = area_means(plane, width, factor);
                    assert!(
                        samples(&field, channel) == expected,
                        "{width}, {is_planar}, {tile:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn jpegs_and_interlaced_images_are_reduced_alike() {
    let (width, height) = (4200, 64);
    let rgb =
        image::RgbImage::from_raw(width, height, noise_8(5, 4200 * 64 * 3)).expect("right count");
    let file = jpeg(&DynamicImage::ImageRgb8(rgb), 90);
    // What the decoder gives for the whole of it.
    let whole = image::load_from_memory_with_format(&file, ImageFormat::Jpeg)
        .expect("readable")
        .to_rgb8();
    let field = decode_composite("x.jpg", &file).expect("readable");
    for (position, channel) in [Channel::Red, Channel::Green, Channel::Blue]
        .into_iter()
        .enumerate()
    {
        let plane: Vec<u8> = whole.pixels().map(|pixel| pixel[position]).collect();
        assert!(samples(&field, channel) == area_means(&wide(&plane), 4200, 2));
    }

    // Adam7: the passes one after the other, each by its first column and row and its steps.
    let values = noise_8(6, 4200 * 64);
    let passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let mut rows = Vec::new();
    for (left, top, across, down) in passes {
        for y in (top..64).step_by(down) {
            rows.push(0);
            rows.extend((left..4200).step_by(across).map(|x| values[y * 4200 + x]));
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&rows).expect("packed");
    let file = png_of(
        [8, 0, 0, 0, 1],
        (width, height),
        &[],
        &packed.finish().expect("packed"),
    );
    let field = decode_green("x_green.png", &file).expect("readable");
    assert!(samples(&field, Channel::Green) == area_means(&wide(&values), 4200, 2));
}

#[test]
fn sizes_at_the_limit_of_reduction() {
    for (width, height, reduced) in [
        (4096, 16, (4096, 16)),
        // A pixel or two beyond are kept, so that channels that differ by so many are reduced alike.
        (4098, 16, (4098, 16)),
        (4099, 32, (2049, 16)),
        (16_384, 64, (4096, 16)),
        // Never below 16 px.
        (16_384, 40, (8192, 20)),
        (16_384, 16, (16_384, 16)),
    ] {
        let file = encode(
            &grey_8(width, height, vec![7; (width * height) as usize]),
            ImageFormat::Png,
        );
        let field = decode_green("x_green.png", &file).expect("readable");
        assert_eq!((field.width(), field.height()), reduced);
    }
}

#[test]
fn a_pixel_grows_with_the_reduction() {
    let page = Page::eight(4200, &[vec![9; 4200 * 40]])
        .with(282, Value::Fraction(200_000, 1))
        .with(296, Value::Short(vec![3]));
    let field = decode_green("x_green.tif", &tiff(&[page])).expect("readable");
    let side = field.pixel_size().expect("a size");
    assert!((side - 0.1).abs() < 1e-9, "{side}");
}
