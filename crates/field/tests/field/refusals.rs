//! Files that are refused, and the messages.

use cytolens_core::{Channel, ChannelOrder, MAX_FILE_BYTES};
use cytolens_field::{Field, FieldError, ImageFault, Plane, Samples, Source, decode_field};
use image::{DynamicImage, ImageFormat};

use crate::files::{
    Packing, Tiff, decode_composite, decode_green, encode, grey_8, grey_16, noise_8, noise_16, png,
};

const ALL_FORMATS: [ImageFormat; 3] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff];

/// The message about a green channel's file of this content.
fn refusal(bytes: &[u8]) -> String {
    decode_green("a_green.png", bytes)
        .expect_err("a refusal")
        .to_string()
}

fn grey(side: u32) -> DynamicImage {
    grey_8(side, side, noise_8(5, (side * side) as usize))
}

#[test]
fn content_that_is_no_image() {
    assert_eq!(refusal(b""), "the file is empty: a_green.png");
    assert_eq!(
        refusal(b"Id,Target\n"),
        "the content is no PNG, JPEG or TIFF image: a_green.png"
    );
    for (bytes, message) in [
        (
            b"GIF89a\x10\0\x10\0".as_slice(),
            "GIF: save it as PNG or TIFF",
        ),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP: save it as PNG or TIFF"),
        (
            b"ZISRAWFILE\0\0\0\0\0\0",
            "Zeiss CZI: export it as OME-TIFF, from ZEN or with Fiji (Bio-Formats)",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "a Git LFS pointer: download the image itself again",
        ),
    ] {
        assert_eq!(
            refusal(bytes),
            format!("the content is no PNG, JPEG or TIFF image, but {message}: a_green.png")
        );
    }
}

#[test]
fn too_many_bytes() {
    let file = vec![0; MAX_FILE_BYTES + 1];
    assert_eq!(
        refusal(&file),
        "the file is larger than 2164260864 bytes, the most that is read: a_green.png"
    );
}

#[test]
fn a_tiny_file_that_claims_a_huge_image() {
    // Decoding it would take 3.6 GB; the claim alone must suffice.
    let bytes = png((60_000, 60_000), 8, 0, &[], &[0; 64]);
    let message =
        "an image must measure from 16 to 16384 px a side, not 60000 × 60000 px: a_green.png";
    assert_eq!(refusal(&bytes), message);
}

#[test]
fn sizes_beyond_the_limits() {
    for format in ALL_FORMATS {
        for (width, height) in [(15, 16), (16, 15), (16_385, 16), (16, 16_385)] {
            let image = grey_8(width, height, vec![9; (width * height) as usize]);
            let fault = ImageFault::Size {
                min: 16,
                max: 16_384,
                width,
                height,
            };
            let expected = FieldError::File {
                file: "a_green".to_owned(),
                fault,
            };
            assert_eq!(
                decode_green("a_green", &encode(&image, format)),
                Err(expected)
            );
        }
        let largest = grey_8(16_384, 16, vec![9; 16_384 * 16]);
        assert!(decode_green("a_green", &encode(&largest, format)).is_ok());
    }
}

#[test]
fn every_cut_of_every_format() {
    let mut files = ALL_FORMATS.map(|format| encode(&grey(32), format)).to_vec();
    let packings = [Packing::Plain, Packing::Deflate, Packing::PackBits];
    files.extend(packings.map(|packing| {
        Tiff {
            packing,
            ..Tiff::GREY
        }
        .bytes()
    }));
    for (position, file) in files.iter().enumerate() {
        assert!(
            decode_green("a_green", file).is_ok(),
            "file {position} is whole"
        );
        for length in 0..file.len() {
            assert!(
                decode_green("a_green", &file[..length]).is_err(),
                "file {position} cut to {length}"
            );
        }
        // However much of the image remains, the message says that the end is missing.
        let message =
            "the file ends before its image does, as after a broken download: a_green.png";
        assert_eq!(refusal(&file[..file.len() - 1]), message, "file {position}");
    }
}

#[test]
fn a_damaged_png_is_refused_or_unharmed() {
    let whole = encode(&grey(16), ImageFormat::Png);
    let field = decode_green("a_green.png", &whole).expect("readable");
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x10;
        match decode_green("a_green.png", &damaged) {
            Ok(read) => assert!(read == field, "byte {position} changed the image unnoticed"),
            Err(FieldError::File { file, .. }) => assert_eq!(file, "a_green.png"),
            Err(other) => panic!("byte {position}: {other}"),
        }
    }
}

#[test]
fn damage_never_panics() {
    let files = [
        encode(&grey(32), ImageFormat::Jpeg),
        Tiff {
            packing: Packing::Deflate,
            ..Tiff::GREY
        }
        .bytes(),
    ];
    for whole in files {
        for position in 0..whole.len() {
            for pattern in [0x01, 0x80, 0xFF] {
                let mut damaged = whole.clone();
                damaged[position] ^= pattern;
                // JPEG and TIFF carry no checksums, so some damage passes for an image.
                let _ = decode_green("a_green", &damaged);
            }
        }
    }
}

#[test]
fn a_wrong_checksum() {
    let mut bytes = encode(&grey(32), ImageFormat::Png);
    let data = bytes
        .windows(4)
        .position(|kind| kind == b"IDAT")
        .expect("image data");
    bytes[data + 40] ^= 0xFF;
    let message = refusal(&bytes);
    assert!(
        message.starts_with("the file is damaged (") && message.ends_with("): a_green.png"),
        "{message}"
    );
}

#[test]
fn several_images_in_a_file() {
    let message =
        "the file holds several pages or frames, where one image is expected: a_green.png";
    assert_eq!(
        refusal(
            &Tiff {
                pages: 2,
                ..Tiff::GREY
            }
            .bytes()
        ),
        message
    );
    let animation = (b"acTL", [0, 0, 0, 2, 0, 0, 0, 0].as_slice());
    assert_eq!(
        refusal(&png((16, 16), 8, 0, &[animation], &[0; 17 * 16])),
        message
    );
}

#[test]
fn samples_that_are_no_whole_numbers_of_8_or_16_bit() {
    for (bits, sample_format, found) in [
        (32, 3, "floating-point numbers of 32 bit"),
        (64, 3, "floating-point numbers of 64 bit"),
        (16, 2, "signed numbers of 16 bit"),
        (32, 1, "whole numbers of 32 bit"),
    ] {
        let message =
            format!("samples must be whole numbers of 8 or 16 bit, not {found}: a_green.png");
        assert_eq!(
            refusal(
                &Tiff {
                    bits,
                    sample_format,
                    ..Tiff::GREY
                }
                .bytes()
            ),
            message
        );
    }
    let colour = DynamicImage::ImageRgb32F(
        image::ImageBuffer::from_raw(16, 16, vec![0.5; 768]).expect("right count"),
    );
    let message =
        "samples must be whole numbers of 8 or 16 bit, not floating-point numbers of 32 bit: a.tif";
    let error =
        decode_composite("a.tif", &encode(&colour, ImageFormat::Tiff)).expect_err("a refusal");
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_channel_with_transparency() {
    let mut see_through = grey(16).to_rgba8();
    see_through.get_pixel_mut(1, 2)[3] = 9;
    for (image, found) in [
        (
            DynamicImage::ImageRgba8(see_through.clone()),
            "an RGB image with transparency",
        ),
        (
            DynamicImage::ImageLumaA8(
                DynamicImage::ImageRgba8(see_through.clone()).to_luma_alpha8(),
            ),
            "a grey image with transparency",
        ),
    ] {
        let message =
            format!("the file of a channel must be a grey image, not {found}: a_green.png");
        assert_eq!(refusal(&encode(&image, ImageFormat::Png)), message);
    }
}

#[test]
fn palettes_of_several_colours_and_inks() {
    let palette = (b"PLTE", [10, 20, 30].as_slice());
    let coloured = png((16, 16), 8, 3, &[palette], &[0; 17 * 16]);
    let message =
        "the file of a channel must be a grey image, not an image with a palette: a_green.png";
    assert_eq!(refusal(&coloured), message);
    assert_eq!(
        refusal(
            &Tiff {
                photometric: 3,
                ..Tiff::GREY
            }
            .bytes()
        ),
        message
    );

    // A frame of four components, and the end.
    let inks = b"\xFF\xD8\xFF\xC0\0\x14\x08\0\x10\0\x10\x04\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0\xFF\xD9";
    let error = decode_composite("a.jpg", inks).expect_err("a refusal");
    let message = "a file whose name ends in no channel must be an RGB image or a TIFF of all channels, not a CMYK image: a.jpg";
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_composite_that_is_not_opaque_rgb() {
    let error =
        decode_composite("a.png", &encode(&grey(16), ImageFormat::Png)).expect_err("a refusal");
    let message = "a file whose name ends in no channel must be an RGB image or a TIFF of all channels, not a grey image: a.png";
    assert_eq!(error.to_string(), message);

    let mut image = grey(16).to_rgba8();
    image.get_pixel_mut(3, 5)[3] = 254;
    let error = decode_composite(
        "a.png",
        &encode(&DynamicImage::ImageRgba8(image), ImageFormat::Png),
    );
    let message = "a colour picture must be opaque, but parts of this one are transparent: a.png";
    assert_eq!(error.expect_err("a refusal").to_string(), message);
}

#[test]
fn files_that_do_not_belong_together() {
    let small = encode(&grey(32), ImageFormat::Png);
    let large = encode(&grey(64), ImageFormat::Png);
    let deep = encode(&grey_16(32, 32, noise_16(1, 1024)), ImageFormat::Png);
    let refusal = |sources: &[(&str, Option<Channel>, &[u8])]| {
        let sources: Vec<_> = sources
            .iter()
            .map(|&(name, channel, bytes)| Source {
                name,
                channel,
                bytes,
            })
            .collect();
        decode_field("a", &sources, &ChannelOrder::default())
            .expect_err("a refusal")
            .to_string()
    };
    let red = ("a_red.png", Some(Channel::Red), small.as_slice());
    assert_eq!(refusal(&[]), "the field has no channel: a");
    assert_eq!(
        refusal(&[red, ("a_blue.png", Some(Channel::Blue), &large)]),
        "all channels of a field must have the same size, not 32 × 32 px: a_red.png, and 64 × 64 px: a_blue.png"
    );
    assert_eq!(
        refusal(&[red, ("a_blue.png", Some(Channel::Blue), &deep)]),
        "all channels of a field must have the same bit depth, not 8 bit: a_red.png, and 16 bit: a_blue.png"
    );
    assert_eq!(
        refusal(&[red, ("a_red.tif", Some(Channel::Red), &small)]),
        "the field has its red channel already: a_red.tif"
    );
    assert_eq!(
        refusal(&[red, ("a.png", None, &small)]),
        "a file of all channels is a whole field, but field a has other files beside it: a.png"
    );
}

#[test]
fn planes_that_do_not_fill_their_rectangle() {
    let error = Plane::new(3, 2, Samples::Eight(vec![0; 5])).expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "a plane of 3 × 2 px cannot have 5 samples"
    );
    assert!(Plane::new(0, 0, Samples::Sixteen(Vec::new())).is_err());

    let plane = |side: u32| {
        Plane::new(side, side, Samples::Eight(vec![0; (side * side) as usize])).expect("square")
    };
    let error = Field::new("a", [(Channel::Red, plane(2)), (Channel::Blue, plane(3))])
        .expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "all channels of a field must have the same size, not 2 × 2 px: red of a, and 3 × 3 px: blue of a"
    );
}
