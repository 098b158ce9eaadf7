//! What a field says beside its samples: the size of a pixel, the camera's bits, and what was cut.

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Field, Notice, Plane, Samples, Source, decode_field};
use image::ImageFormat;

use crate::files::{decode_green, encode, grey_8, noise_8, noise_16, png};
use crate::tiffs::{Page, Value, tiff};

const DESCRIPTION: u16 = 270;
const RESOLUTION: u16 = 282;
const UNIT: u16 = 296;

fn pixel_size(tags: &[(u16, Value)]) -> Option<f64> {
    let page = Page {
        tags: tags.to_vec(),
        ..Page::eight(20, &[noise_8(1, 400)])
    };
    let field = decode_green("x_green.tif", &tiff(&[page])).expect("readable");
    field.pixel_size()
}

fn assert_size(tags: &[(u16, Value)], expected: Option<f64>) {
    let read = pixel_size(tags);
    let is_equal = match (read, expected) {
        (Some(read), Some(expected)) => (read / expected - 1.0).abs() < 1e-6,
        (read, expected) => read == expected,
    };
    assert!(is_equal, "{read:?} instead of {expected:?}");
}

#[test]
fn pixel_sizes_of_ome() {
    let text = |attributes: &'static str| [(DESCRIPTION, Value::Text(attributes))];
    assert_size(
        &text(r#"<OME><Image><Pixels PhysicalSizeX="0.08" PhysicalSizeY="0.08"/></Image></OME>"#),
        Some(0.08),
    );
    assert_size(
        &text(r#"<OME><Image><Pixels PhysicalSizeX="160" PhysicalSizeXUnit="nm"/></Image></OME>"#),
        Some(0.16),
    );
    assert_size(
        &text(
            r#"<OME><Image><Pixels PhysicalSizeX="0.00032" PhysicalSizeXUnit="mm"/></Image></OME>"#,
        ),
        Some(0.32),
    );
    for nothing in [
        r#"<OME><Image><Pixels PhysicalSizeX="1" PhysicalSizeXUnit="pixel"/></Image></OME>"#,
        r#"<OME><Image><Pixels PhysicalSizeX="many"/></Image></OME>"#,
        r#"<OME><Image><Pixels PhysicalSizeX="350"/></Image></OME>"#,
        r#"<OME><Image><Pixels/></Image></OME>"#,
        r#"<OME><Image><Pixels PhysicalSizeX="0.1""#,
    ] {
        assert_size(&text(nothing), None);
    }
}

#[test]
fn pixel_sizes_of_image_j_and_of_tags() {
    // ImageJ writes pixels a unit, and no unit that TIFF knows.
    for (unit, above, below, expected) in [
        (
            "ImageJ=1.54f\nunit=micron\n",
            10_000_000,
            1_000_000,
            Some(0.1),
        ),
        ("ImageJ=1.54f\nunit=\\u00B5m\n", 625, 100, Some(0.16)),
        ("ImageJ=1.54f\nunit=um\n", 5, 1, Some(0.2)),
        ("ImageJ=1.54f\nunit=nm\n", 1, 100, Some(0.1)),
        ("ImageJ=1.54f\nunit=cm\n", 100_000, 1, Some(0.1)),
        ("ImageJ=1.54f\nunit=pixel\n", 1, 1, None),
        ("ImageJ=1.54f\n", 10, 1, None),
    ] {
        let tags = [
            (DESCRIPTION, Value::Text(unit)),
            (RESOLUTION, Value::Fraction(above, below)),
            (UNIT, Value::Short(vec![1])),
        ];
        assert_size(&tags, expected);
    }
    for (unit, above, below, expected) in [
        (3, 100_000, 1, Some(0.1)),
        (2, 254_000, 1, Some(0.1)),
        (2, 72, 1, None),
        (2, 300, 1, None),
        (3, 0, 0, None),
        (1, 10, 1, None),
    ] {
        let tags = [
            (RESOLUTION, Value::Fraction(above, below)),
            (UNIT, Value::Short(vec![unit])),
        ];
        assert_size(&tags, expected);
    }
}

#[test]
fn pixel_sizes_of_png() {
    for (per_metre, unit, expected) in [
        (10_000_000_u32, 1, Some(0.1)),
        (2835, 1, None),
        (10_000_000, 0, None),
    ] {
        let density = [
            &per_metre.to_be_bytes()[..],
            &per_metre.to_be_bytes(),
            &[unit],
        ]
        .concat();
        let file = png((16, 16), 8, 0, &[(b"pHYs", &density)], &[0; 17 * 16]);
        assert_eq!(
            decode_green("x_green.png", &file)
                .expect("readable")
                .pixel_size(),
            expected
        );
    }
}

fn of_channels(brightest: &[u16]) -> Field {
    let planes = Channel::ALL
        .into_iter()
        .zip(brightest)
        .map(|(channel, &brightest)| {
            let samples = vec![0, brightest / 2, brightest, 1];
            (
                channel,
                Plane::new(2, 2, Samples::Sixteen(samples)).expect("right count"),
            )
        });
    Field::new("x", planes).expect("equal planes")
}

#[test]
fn cameras_of_fewer_bits_are_noticed() {
    for (brightest, expected) in [
        (vec![4095, 3000, 900, 2000], Some(12)),
        (vec![2100, 600, 700, 500], Some(12)),
        (vec![1500, 400, 300, 350], Some(12)),
        (vec![1023, 1000, 200, 150], Some(10)),
        (vec![255, 200, 90, 17], Some(8)),
        (vec![16_383, 9000, 2000, 5000], Some(14)),
        // 16 bit, dim: one bright pixel alone, or no pixel of the highest of 14 bits.
        (vec![9000, 800, 900, 700], None),
        (vec![6000, 5000, 5500, 5000], None),
        (vec![20_000, 300, 300, 300], None),
        (vec![65_535; 4], None),
        // Shifted up by four bits, as some cameras do.
        (vec![65_520, 32_000, 16_000, 48_000], None),
        (vec![0; 4], None),
        (vec![100; 4], None),
        (vec![3000], Some(12)),
    ] {
        assert_eq!(
            of_channels(&brightest).camera_bits(),
            expected,
            "{brightest:?}"
        );
    }
    let eight = Plane::new(2, 2, Samples::Eight(vec![9; 4])).expect("right count");
    let eight = Field::new("x", [(Channel::Green, eight)]).expect("one plane");
    assert_eq!(eight.camera_bits(), None);
}

#[test]
fn a_stretched_field_does_not_ask_for_it() {
    let samples: Vec<u16> = noise_16(1, 400)
        .into_iter()
        .map(|sample| sample >> 4)
        .collect();
    let page = Page::sixteen(20, &[samples]);
    let field = decode_green("x_green.tif", &tiff(&[page])).expect("readable");
    let [
        notice @ Notice::CameraBits {
            bits: 12,
            brightest,
        },
    ] = field.notices()
    else {
        panic!("{:?}", field.notices())
    };
    assert_eq!(
        notice.to_string(),
        format!(
            "the samples use 12 of 16 bits (the brightest is {brightest} of 65535), as those of a 12-bit camera do: read as they are they are dark, with 12 bits chosen they are stretched"
        )
    );
    assert_eq!(field.stretched(12).expect("12 bits").notices(), []);
}

fn field_of(sizes: &[(u32, u32)]) -> Result<Field, String> {
    let files: Vec<Vec<u8>> = sizes
        .iter()
        .map(|&(width, height)| {
            let image = grey_8(
                width,
                height,
                (0..width * height)
                    .map(|pixel| (pixel % width) as u8)
                    .collect(),
            );
            encode(&image, ImageFormat::Png)
        })
        .collect();
    let names = ["x_red.png", "x_green.png", "x_blue.png"];
    let sources: Vec<Source<'_>> = Channel::ALL
        .into_iter()
        .zip(names)
        .zip(&files)
        .map(|((channel, name), bytes)| Source {
            name,
            channel: Some(channel),
            bytes,
        })
        .collect();
    decode_field("x", &sources, &ChannelOrder::default()).map_err(|error| error.to_string())
}

#[test]
fn channels_that_differ_by_a_pixel_or_two_are_cut() {
    let field = field_of(&[(30, 40), (32, 39), (31, 41)]).expect("readable");
    assert_eq!((field.width(), field.height()), (30, 39));
    for channel in field.channels() {
        let Samples::Eight(values) = field.plane(channel).expect("its channel").samples() else {
            panic!("8 bit")
        };
        let expected: Vec<u8> = (0..39).flat_map(|_| 0..30).collect();
        assert_eq!(*values, expected);
    }
    let texts: Vec<String> = field.notices().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "the channels differ by a pixel or two; all are cut to 30 × 39 px, from 30 × 40 px: x_red.png",
            "the channels differ by a pixel or two; all are cut to 30 × 39 px, from 32 × 39 px: x_green.png",
            "the channels differ by a pixel or two; all are cut to 30 × 39 px, from 31 × 41 px: x_blue.png",
        ]
    );
    assert_eq!(
        field_of(&[(30, 40), (33, 40)]),
        Err("all channels of a field must have the same size, not 30 × 40 px: x_red.png, and 33 × 40 px: x_green.png".to_owned())
    );
}

#[test]
fn pages_that_differ_by_a_pixel_are_cut_too() {
    let pages = [20, 21, 20].map(|width| Page::eight(width, &[noise_8(1, width * 20)]));
    let source = Source {
        name: "x.tif",
        channel: None,
        bytes: &tiff(&pages),
    };
    let field = decode_field("x", &[source], &ChannelOrder::default()).expect("readable");
    assert_eq!(field.describe(), "20 × 20 px, 8 bit, red green blue");
    assert_eq!(
        field.notices()[0].to_string(),
        "the channels differ by a pixel or two; all are cut to 20 × 20 px, from 21 × 20 px: page 2 of x.tif"
    );
}
