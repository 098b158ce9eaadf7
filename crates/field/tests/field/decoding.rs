//! Files that are read, and what they become.

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, Plane, Samples, Source, decode_field};
use image::{DynamicImage, ImageFormat};

use crate::files::{
    Packing, Tiff, decode_composite, decode_green, encode, grey_8, grey_16, noise_8, noise_16,
    noise_field, png,
};

fn green(field: &Field) -> &Samples {
    field
        .plane(Channel::Green)
        .expect("a green channel")
        .samples()
}

#[test]
fn lossless_files_keep_every_sample() {
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        for side in [16, 512, 2048] {
            let count = (side * side) as usize;
            let eight = noise_8(1, count);
            let field = decode_green(
                "a_green",
                &encode(&grey_8(side, side, eight.clone()), format),
            )
            .expect("readable");
            assert!(green(&field) == &Samples::Eight(eight), "{format:?} {side}");

            let sixteen = noise_16(2, count);
            let field = decode_green(
                "a_green",
                &encode(&grey_16(side, side, sixteen.clone()), format),
            )
            .expect("readable");
            assert!(
                green(&field) == &Samples::Sixteen(sixteen),
                "{format:?} {side}"
            );
            assert_eq!(
                (field.width(), field.height(), field.bits()),
                (side, side, 16)
            );
        }
    }
}

#[test]
fn a_jpeg_keeps_a_smooth_image_nearly() {
    let smooth: Vec<u8> = (0..512 * 512)
        .map(|index| (index % 512 / 4 + index / 512 / 4) as u8)
        .collect();
    let field = decode_green(
        "a_green.jpg",
        &encode(&grey_8(512, 512, smooth.clone()), ImageFormat::Jpeg),
    );
    let field = field.expect("readable");
    let Samples::Eight(read) = green(&field) else {
        panic!("JPEG is of 8 bit")
    };
    let worst = read.iter().zip(&smooth).map(|(&a, &b)| a.abs_diff(b)).max();
    // The encoder's default quality of 75 loses a few levels.
    assert!(worst <= Some(6), "{worst:?}");
}

#[test]
fn the_content_and_not_the_extension_tells_the_format() {
    let bytes = encode(&grey_8(16, 16, noise_8(1, 256)), ImageFormat::Tiff);
    assert!(decode_green("a_green.png", &bytes).is_ok());
}

#[test]
fn a_composite_becomes_red_green_and_blue() {
    let values = noise_8(3, 20 * 30 * 3);
    let image = image::RgbImage::from_raw(20, 30, values.clone()).expect("right count");
    let field = decode_composite(
        "a.png",
        &encode(&DynamicImage::ImageRgb8(image), ImageFormat::Png),
    );
    let field = field.expect("readable");
    assert_eq!(field.describe(), "20 × 30 px, 8 bit, red green blue");
    for (position, channel) in [Channel::Red, Channel::Green, Channel::Blue]
        .into_iter()
        .enumerate()
    {
        let expected = values.iter().skip(position).step_by(3).copied().collect();
        assert_eq!(
            field.plane(channel),
            Some(&Plane::new(20, 30, Samples::Eight(expected)).expect("right count"))
        );
    }
    assert!(field.plane(Channel::Yellow).is_none());
}

#[test]
fn an_opaque_composite_of_four_samples_is_read() {
    let rgb = image::ImageBuffer::from_raw(16, 16, noise_16(4, 16 * 16 * 3)).expect("right count");
    let rgb = DynamicImage::ImageRgb16(rgb);
    let rgba = DynamicImage::ImageRgba16(rgb.to_rgba16());
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let three = decode_composite("a", &encode(&rgb, format)).expect("readable");
        let four = decode_composite("a", &encode(&rgba, format)).expect("readable");
        assert_eq!(three.bits(), 16);
        assert!(three == four);
    }
}

#[test]
fn few_bits_of_grey_are_widened() {
    // Each row: no filter, then 16 samples packed from the left.
    let cases: [(u8, &[u8], [u8; 4]); 3] = [
        (1, &[0b0100_0000, 0], [0, 255, 0, 0]),
        (2, &[0b0001_1011, 0, 0, 0], [0, 85, 170, 255]),
        (4, &[0x01, 0x7F, 0, 0, 0, 0, 0, 0], [0, 17, 119, 255]),
    ];
    for (bits, row, expected) in cases {
        let rows = [&[0], row].concat().repeat(16);
        let field =
            decode_green("a_green.png", &png((16, 16), bits, 0, &[], &rows)).expect("readable");
        let Samples::Eight(samples) = green(&field) else {
            panic!("widened to 8 bit")
        };
        assert_eq!(samples[..4], expected, "{bits} bit");
    }
}

#[test]
fn packed_tiff_files_are_read() {
    let plain = decode_green("a_green.tif", &Tiff::GREY.bytes()).expect("readable");
    for packing in [Packing::Deflate, Packing::PackBits] {
        let packed = decode_green(
            "a_green.tif",
            &Tiff {
                packing,
                ..Tiff::GREY
            }
            .bytes(),
        );
        assert!(packed.expect("readable") == plain);
    }
}

#[test]
fn tiff_files_of_one_bit_and_of_inverted_grey_are_read() {
    let read = |tiff: Tiff| {
        let field = decode_green("a_green.tif", &tiff.bytes()).expect("readable");
        let Samples::Eight(samples) = green(&field) else {
            panic!("8 bit")
        };
        samples.clone()
    };
    let plain = read(Tiff::GREY);
    assert!(plain == noise_8(7, 32 * 32));
    let inverted = read(Tiff {
        photometric: 0,
        ..Tiff::GREY
    });
    assert!(inverted.iter().zip(&plain).all(|(&a, &b)| a == 255 - b));

    let bits = noise_8(7, 32 * 32 / 8);
    let expected: Vec<u8> = (0..32 * 32)
        .map(|i| {
            if bits[i / 8] & (0x80 >> (i % 8)) == 0 {
                0
            } else {
                255
            }
        })
        .collect();
    assert!(
        read(Tiff {
            bits: 1,
            ..Tiff::GREY
        }) == expected
    );
    let inverted = read(Tiff {
        bits: 1,
        photometric: 0,
        ..Tiff::GREY
    });
    assert!(inverted.iter().zip(&expected).all(|(&a, &b)| a == 255 - b));
}

#[test]
fn formats_may_differ_between_channels() {
    let red = encode(&grey_8(32, 24, noise_8(1, 768)), ImageFormat::Png);
    let yellow = encode(&grey_8(32, 24, noise_8(2, 768)), ImageFormat::Tiff);
    let sources = [
        Source {
            name: "a_yellow.tif",
            channel: Some(Channel::Yellow),
            bytes: &yellow,
        },
        Source {
            name: "a_red.png",
            channel: Some(Channel::Red),
            bytes: &red,
        },
    ];
    let field = decode_field("a", &sources, &ChannelOrder::default()).expect("readable");
    assert_eq!(field.id(), "a");
    assert_eq!(field.describe(), "32 × 24 px, 8 bit, red yellow");
}

#[test]
fn a_field_describes_itself() {
    assert_eq!(
        noise_field(40, 20, &Channel::ALL).describe(),
        "40 × 20 px, 8 bit, red green blue yellow"
    );
}

#[test]
fn channel_names_round_trip() {
    for channel in Channel::ALL {
        assert_eq!(channel.to_string().parse(), Ok(channel));
    }
    let error = "purple".parse::<Channel>().expect_err("no channel");
    assert_eq!(
        error.to_string(),
        r#"channels are red, green, blue and yellow, not "purple""#
    );
}
