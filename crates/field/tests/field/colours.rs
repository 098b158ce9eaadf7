//! Channels as pictures in their own colour, as the Human Protein Atlas gives them away.

use cytolens_core::Channel;
use cytolens_field::{Field, FieldDecoder, FieldError, Samples, Source, decode_field};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageBuffer, ImageFormat, RgbImage};

use crate::files::{encode, noise, noise_8};

/// The components of a colour picture that show a channel.
fn lights(channel: Channel) -> [bool; 3] {
    match channel {
        Channel::Red => [true, false, false],
        Channel::Green => [false, true, false],
        Channel::Blue => [false, false, true],
        Channel::Yellow => [true, true, false],
    }
}

/// A channel's samples as a picture in its colour.
pub(crate) fn in_colour(channel: Channel, width: u32, samples: &[u8]) -> DynamicImage {
    let pixels = samples
        .iter()
        .flat_map(|&sample| lights(channel).map(|light| if light { sample } else { 0 }))
        .collect();
    let height = samples.len() as u32 / width;
    RgbImage::from_raw(width, height, pixels)
        .expect("right count")
        .into()
}

pub(crate) fn jpeg(image: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
        .expect("an image that can be written");
    bytes
}

fn decode(channel: Channel, bytes: &[u8]) -> Result<Field, FieldError> {
    let source = Source {
        name: "19661_221_G2_1.jpg",
        channel: Some(channel),
        bytes,
    };
    decode_field("19661_221_G2_1", &[source], &Default::default())
}

fn samples(channel: Channel, bytes: &[u8]) -> Vec<u8> {
    let field = decode(channel, bytes).expect("readable");
    match field.plane(channel).expect("its channel").samples() {
        Samples::Eight(values) => values.clone(),
        Samples::Sixteen(_) => panic!("8 bit"),
    }
}

/// Bright spots with soft borders on a dim ground with some noise, 64 px a side.
fn spots(seed: u64) -> Vec<u8> {
    let centres: Vec<_> = noise(seed)
        .take(12)
        .map(|value| f64::from(value % 64))
        .collect();
    let grain = noise_8(seed + 1, 64 * 64);
    (0..64 * 64)
        .map(|pixel| {
            let (x, y) = (f64::from(pixel % 64), f64::from(pixel / 64));
            let light: f64 = centres
                .chunks_exact(2)
                .map(|centre| {
                    let distance = (x - centre[0]).powi(2) + (y - centre[1]).powi(2);
                    200.0 * (-distance / 40.0).exp()
                })
                .sum();
            light.min(235.0) as u8 + grain[pixel as usize] / 16
        })
        .collect()
}

#[test]
fn lossless_pictures_in_the_channels_colour_keep_every_sample() {
    for channel in Channel::ALL {
        let expected = noise_8(channel as u64, 32 * 32);
        let picture = in_colour(channel, 32, &expected);
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            assert_eq!(samples(channel, &encode(&picture, format)), expected);
        }
    }
}

#[test]
fn sixteen_bits_and_grey_are_read_too() {
    let values: Vec<u16> = noise(3).take(32 * 32).collect();
    let three = |lights: [bool; 3]| -> DynamicImage {
        let pixels = values
            .iter()
            .flat_map(|&value| lights.map(|light| if light { value } else { 0 }))
            .collect();
        let image = ImageBuffer::from_raw(32, 32, pixels).expect("right count");
        DynamicImage::ImageRgb16(image)
    };
    for channel in Channel::ALL {
        for lights in [lights(channel), [true; 3]] {
            let bytes = encode(&three(lights), ImageFormat::Png);
            let field = decode(channel, &bytes).expect("readable");
            let plane = field.plane(channel).expect("its channel");
            assert!(plane.samples() == &Samples::Sixteen(values.clone()));
        }
    }
}

#[test]
fn jpegs_in_the_channels_colour_are_read_nearly() {
    let original = spots(5);
    for channel in Channel::ALL {
        for quality in [75, 85, 95] {
            let read = samples(channel, &jpeg(&in_colour(channel, 64, &original), quality));
            let squares = read.iter().zip(&original).map(|(&a, &b)| {
                let difference = f64::from(a) - f64::from(b);
                difference * difference
            });
            let deviation = (squares.sum::<f64>() / read.len() as f64).sqrt();
            // A dim light carries little of a picture's brightness and is rounded all the coarser.
            assert!(deviation < 12.0, "{channel} at {quality}: {deviation}");
        }
    }
}

#[test]
fn grey_jpegs_of_three_lights_are_read() {
    let original = spots(6);
    let image = image::GrayImage::from_raw(64, 64, original).expect("right count");
    let image = DynamicImage::ImageLuma8(image);
    let coloured = DynamicImage::ImageRgb8(image.to_rgb8());
    for channel in Channel::ALL {
        let expected = samples(channel, &jpeg(&image, 90));
        let read = samples(channel, &jpeg(&coloured, 90));
        let worst = read.iter().zip(expected).map(|(&a, b)| a.abs_diff(b)).max();
        assert!(worst <= Some(2), "{channel}: {worst:?}");
    }
}

#[test]
fn a_black_picture_is_any_channel() {
    for channel in Channel::ALL {
        let black = in_colour(channel, 16, &[0; 256]);
        assert_eq!(samples(channel, &jpeg(&black, 90)), [0; 256]);
    }
}

#[test]
fn other_colours_are_refused_by_name() {
    let original = spots(7);
    for shown in Channel::ALL {
        for quality in [75, 95] {
            let bytes = jpeg(&in_colour(shown, 64, &original), quality);
            for channel in Channel::ALL.into_iter().filter(|&channel| channel != shown) {
                let error = decode(channel, &bytes).expect_err("a refusal");
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the file of the {channel} channel must be grey, or {channel} on black, not {shown} on black: 19661_221_G2_1.jpg"
                    )
                );
            }
        }
    }
}

#[test]
fn composites_are_no_channel() {
    let [red, green, blue] = [11, 12, 13].map(spots);
    let pixels = (0..64 * 64)
        .flat_map(|pixel| [red[pixel], green[pixel], blue[pixel]])
        .collect();
    let image = RgbImage::from_raw(64, 64, pixels).expect("right count");
    let bytes = jpeg(&DynamicImage::ImageRgb8(image), 90);
    for channel in Channel::ALL {
        let error = decode(channel, &bytes).expect_err("a refusal");
        assert_eq!(
            error.to_string(),
            format!(
                "the file of the {channel} channel must be grey, or {channel} on black, not of several colours: 19661_221_G2_1.jpg"
            )
        );
    }
}

#[test]
fn an_order_holds_for_the_colours_of_a_composite_where_it_was_given_for_it() {
    let pixels = (0..256).flat_map(|_| [10, 20, 30]).collect();
    let image = RgbImage::from_raw(16, 16, pixels).expect("right count");
    let bytes = encode(&DynamicImage::ImageRgb8(image), ImageFormat::Png);
    let read = |order: &str, is_its_own: bool| {
        let order = order.parse().expect("an order");
        let decoder = FieldDecoder::new("x", &order);
        let mut decoder = match is_its_own {
            true => decoder.ordering_colours(),
            false => decoder,
        };
        decoder.add(Source {
            name: "x.png",
            channel: None,
            bytes: &bytes,
        })?;
        let field = decoder.finish()?;
        let first = |channel| match field.plane(channel)?.samples() {
            Samples::Eight(values) => values.first().copied(),
            Samples::Sixteen(_) => None,
        };
        Ok::<_, FieldError>(Channel::ALL.map(first))
    };
    let [red, green, blue] = [10, 20, 30].map(Some);
    let as_it_is = [red, green, blue, None];
    assert_eq!(read("auto", true), Ok(as_it_is));
    assert_eq!(read("blue,red,green", false), Ok(as_it_is));
    let ordered = read("blue,red,green", true);
    assert_eq!(ordered, Ok([green, blue, red, None]));
    assert_eq!(read("-,green,yellow", true), Ok([None, green, None, blue]));
    let error = read("green,red", true).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "the order green,red does not fit the 3 images that the file holds: x.png"
    );
}
