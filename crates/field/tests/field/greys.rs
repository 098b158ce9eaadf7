//! Palettes, opacity and colours that are grey all the same.

use cytolens_core::Channel;
use cytolens_field::{Samples, Source, decode_field};
use image::{DynamicImage, GrayAlphaImage, ImageFormat, RgbaImage};

use crate::files::{decode_composite, decode_green, encode, noise_8, png};
use crate::tiffs::{Page, Value, tiff};

const SIDE: usize = 20;

/// Rows of a PNG of 8 bit without a filter.
fn rows(samples: &[u8]) -> Vec<u8> {
    samples
        .chunks(SIDE)
        .flat_map(|row| [&[0], row].concat())
        .collect()
}

fn palette_png(palette: &[u8], samples: &[u8]) -> Vec<u8> {
    png(
        (SIDE as u32, SIDE as u32),
        8,
        3,
        &[(b"PLTE", palette)],
        &rows(samples),
    )
}

fn palette_tiff(colours: impl Fn(u16) -> [u16; 3], samples: &[u8]) -> Vec<u8> {
    let levels = (0..3).flat_map(|light| (0..256).map(move |level| (light, level)));
    let levels = levels.map(|(light, level)| colours(level)[light]).collect();
    let page = Page {
        photometric: 3,
        ..Page::eight(SIDE, &[samples.to_vec()])
    };
    tiff(&[page.with(320, Value::Short(levels))])
}

fn decode(channel: Channel, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let source = Source {
        name: "x",
        channel: Some(channel),
        bytes,
    };
    let field =
        decode_field("x", &[source], &Default::default()).map_err(|error| error.to_string())?;
    match field.plane(channel).expect("its channel").samples() {
        Samples::Eight(samples) => Ok(samples.clone()),
        Samples::Sixteen(_) => panic!("8 bit"),
    }
}

#[test]
fn palettes_of_grey_give_their_levels() {
    let samples = noise_8(1, SIDE * SIDE);
    let ramp: Vec<u8> = (0..=255).flat_map(|level| [level; 3]).collect();
    // Programs that make files small order a palette as they like.
    let reversed: Vec<u8> = (0..=255).flat_map(|level| [255 - level; 3]).collect();
    let turned: Vec<u8> = samples.iter().map(|sample| 255 - sample).collect();
    for channel in Channel::ALL {
        assert_eq!(
            decode(channel, &palette_png(&ramp, &samples)),
            Ok(samples.clone())
        );
        assert_eq!(
            decode(channel, &palette_png(&reversed, &turned)),
            Ok(samples.clone())
        );
        for scale in [1, 256, 257] {
            let file = palette_tiff(|level| [level * scale; 3], &samples);
            assert_eq!(decode(channel, &file), Ok(samples.clone()));
        }
    }
}

#[test]
fn palettes_of_a_channels_colour_give_its_levels() {
    let samples = noise_8(2, SIDE * SIDE);
    for (channel, lights) in [
        (Channel::Red, [1, 0, 0]),
        (Channel::Green, [0, 1, 0]),
        (Channel::Blue, [0, 0, 1]),
        (Channel::Yellow, [1, 1, 0]),
    ] {
        let ramp: Vec<u8> = (0..=255_u8)
            .flat_map(|level| lights.map(|light| level * light as u8))
            .collect();
        let files = [
            palette_png(&ramp, &samples),
            palette_tiff(|level| lights.map(|light| level * 257 * light), &samples),
        ];
        for file in files {
            assert_eq!(decode(channel, &file), Ok(samples.clone()), "{channel}");
            let other = Channel::ALL
                .into_iter()
                .find(|other| *other != channel)
                .expect("another");
            assert_eq!(
                decode(other, &file),
                Err(format!(
                    "the file of the {other} channel must be grey, or {other} on black, not {channel} on black: x"
                ))
            );
        }
    }
}

#[test]
fn palettes_that_leave_it_open_are_refused() {
    let samples = noise_8(3, SIDE * SIDE);
    let message = "the file of a channel must be a grey image, not an image with a palette: x";
    let hot: Vec<u8> = (0..=255_u8)
        .flat_map(|level| [level.saturating_mul(3), level, 7])
        .collect();
    for file in [
        palette_png(&hot, &samples),
        palette_tiff(|level| [level * 100, level * 257, 0], &samples),
        // Whether the levels or their colours are what was measured cannot be told.
        palette_tiff(|level| [(255 - level) * 257; 3], &samples),
        palette_tiff(|level| [(level * 2).min(255) * 257; 3], &samples),
    ] {
        assert_eq!(decode(Channel::Green, &file), Err(message.to_owned()));
    }
    let ramp: Vec<u8> = (0..=255).flat_map(|level| [level; 3]).collect();
    let error = decode_composite("x.png", &palette_png(&ramp, &samples)).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "a file whose name ends in no channel must be an RGB image or a TIFF of all channels, not an image with a palette: x.png"
    );
}

#[test]
fn opacity_is_left_out_where_it_says_nothing() {
    let samples = noise_8(4, SIDE * SIDE);
    let file = |opacity: &dyn Fn(u8) -> u8, format| {
        let pixels = samples
            .iter()
            .flat_map(|&sample| [sample, opacity(sample)])
            .collect();
        let grey = GrayAlphaImage::from_raw(SIDE as u32, SIDE as u32, pixels).expect("right count");
        let grey = DynamicImage::ImageLumaA8(grey);
        [grey.clone(), DynamicImage::ImageRgba8(grey.to_rgba8())]
            .map(|image| encode(&image, format))
    };
    for bytes in file(&|_| 255, ImageFormat::Png) {
        assert_eq!(decode(Channel::Green, &bytes), Ok(samples.clone()));
    }
    // Black is black, seen or not.
    for bytes in file(
        &|sample| if sample == 0 { 0 } else { 255 },
        ImageFormat::Png,
    ) {
        assert_eq!(decode(Channel::Blue, &bytes), Ok(samples.clone()));
    }
    for (bytes, found) in file(&|sample| 255 - sample / 128, ImageFormat::Png)
        .iter()
        .zip([
            "a grey image with transparency",
            "an RGB image with transparency",
        ])
    {
        let message = format!("the file of a channel must be a grey image, not {found}: x");
        assert_eq!(decode(Channel::Green, bytes), Err(message));
    }
}

#[test]
fn opacity_in_tiff_is_left_out_too() {
    let samples = noise_8(5, SIDE * SIDE);
    let opaque = vec![255; SIDE * SIDE];
    for photometric in [1, 2] {
        let mut planes = vec![samples.clone(); if photometric == 1 { 1 } else { 3 }];
        planes.push(opaque.clone());
        let page = |planes: &[Vec<u8>]| {
            let page = Page {
                photometric,
                ..Page::eight(SIDE, planes)
            };
            tiff(&[page.with(338, Value::Short(vec![2]))])
        };
        assert_eq!(decode(Channel::Red, &page(&planes)), Ok(samples.clone()));
        let last = planes.len() - 1;
        planes[last][7] = 254;
        assert!(decode(Channel::Red, &page(&planes)).is_err());
    }
}

#[test]
fn a_colour_declared_transparent_does_no_harm_where_it_is_black_or_absent() {
    let samples: Vec<u8> = noise_8(6, SIDE * SIDE)
        .into_iter()
        .map(|sample| sample / 2)
        .collect();
    let file = |level: u8| {
        let level = [0, level];
        let transparent = (b"tRNS", level.as_slice());
        png(
            (SIDE as u32, SIDE as u32),
            8,
            0,
            &[transparent],
            &rows(&samples),
        )
    };
    for level in [0, 200] {
        assert_eq!(decode(Channel::Green, &file(level)), Ok(samples.clone()));
    }
    assert_eq!(
        decode(Channel::Green, &file(samples[9])),
        Err(
            "the file of a channel must be a grey image, not a grey image with transparency: x"
                .to_owned()
        )
    );
}

#[test]
fn a_composite_may_be_transparent_where_it_is_black() {
    let mut image = RgbaImage::from_pixel(20, 20, [9, 8, 7, 255].into());
    image.put_pixel(3, 4, [0; 4].into());
    let file = encode(&DynamicImage::ImageRgba8(image.clone()), ImageFormat::Png);
    assert!(decode_composite("x.png", &file).is_ok());
    image.put_pixel(3, 4, [1, 0, 0, 0].into());
    let file = encode(&DynamicImage::ImageRgba8(image), ImageFormat::Png);
    assert!(decode_composite("x.png", &file).is_err());
    assert!(decode_green("x_green.png", &file).is_err());
}
