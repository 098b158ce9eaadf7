//! Composition of fields into a network's input planes.

use cytolens_core::Channel;
use cytolens_field::{Composition, Field, MissingChannels, Plane, Samples};

use crate::files::{noise, noise_8, noise_16, noise_field};

/// A field with the same plane as its red, green and blue channels.
fn grey_field(width: u32, height: u32, samples: &Samples) -> Field {
    let plane = Plane::new(width, height, samples.clone()).expect("right count");
    let planes =
        [Channel::Red, Channel::Green, Channel::Blue].map(|channel| (channel, plane.clone()));
    Field::new("cell", planes).expect("equal planes")
}

fn first_plane(field: &Field, size: u32) -> Vec<f32> {
    let mut planes = Composition::Rgb
        .compose(field, MissingChannels::Refused, size)
        .expect("all channels");
    planes.values.truncate((size * size) as usize);
    planes.values
}

#[test]
fn at_its_own_size_a_field_is_only_scaled() {
    let eight = noise_8(1, 512 * 512);
    let composed = first_plane(&grey_field(512, 512, &Samples::Eight(eight.clone())), 512);
    assert!(
        composed
            .iter()
            .zip(eight)
            .all(|(&value, sample)| value == f32::from(sample) / 255.0)
    );

    let sixteen = noise_16(1, 64 * 64);
    let composed = first_plane(&grey_field(64, 64, &Samples::Sixteen(sixteen.clone())), 64);
    assert!(
        composed
            .iter()
            .zip(sixteen)
            .all(|(&value, sample)| value == f32::from(sample) / 65535.0)
    );
}

/// A plane of one level a channel, of the channels red, green, blue and yellow.
fn flat_field(levels: [u8; 4]) -> Field {
    let planes = Channel::ALL
        .into_iter()
        .zip(levels)
        .map(|(channel, level)| {
            let samples = Samples::Eight(vec![level; 32 * 32]);
            (channel, Plane::new(32, 32, samples).expect("right count"))
        });
    Field::new("cell", planes).expect("equal planes")
}

#[test]
fn compositions_are_their_formulas() {
    // Red, green, blue and yellow of 0.2, 0.6, 0.4 and 0.8; then so bright that a sum passes white.
    let [dark, bright] = [[51, 153, 102, 204], [255, 153, 204, 0]].map(flat_field);
    for (composition, of_dark, of_bright) in [
        (Composition::Rgb, vec![0.2, 0.6, 0.4], vec![1.0, 0.6, 0.8]),
        (
            Composition::Rgby,
            vec![0.2, 0.6, 0.4, 0.8],
            vec![1.0, 0.6, 0.8, 0.0],
        ),
        (
            Composition::GrayGreen,
            vec![0.3, 0.9, 0.3],
            vec![0.9, 1.0, 0.9],
        ),
        (
            Composition::Dimmed,
            vec![0.1, 0.6, 0.2],
            vec![0.5, 0.6, 0.4],
        ),
        (
            Composition::GreenBoost,
            vec![0.4, 0.6, 0.5],
            vec![0.8, 0.6, 0.7],
        ),
    ] {
        for (field, expected) in [(&dark, of_dark), (&bright, of_bright)] {
            let planes = composition
                .compose(field, MissingChannels::Refused, 32)
                .expect("all channels");
            assert_eq!((planes.planes, planes.size), (composition.planes(), 32));
            assert_eq!(planes.values.len(), expected.len() * 32 * 32);
            for (values, expected) in planes.values.chunks(32 * 32).zip(expected) {
                assert!(
                    values.iter().all(|value| (value - expected).abs() < 1e-6),
                    "{composition}: {} for {expected}",
                    values[0]
                );
            }
        }
    }
}

#[test]
fn bytes_compose_as_fractions_do() {
    let field = noise_field(64, 64, &Channel::ALL);
    for composition in Composition::ALL {
        let bytes: Vec<Vec<u8>> = composition
            .channels()
            .iter()
            .map(|&channel| match field.plane(channel).map(Plane::samples) {
                Some(Samples::Eight(samples)) => samples.clone(),
                _ => panic!("8 bit"),
            })
            .collect();
        let mixed = composition.mix(&bytes);
        let composed = composition
            .compose(&field, MissingChannels::Refused, 64)
            .expect("all channels");
        assert_eq!(mixed.len(), composed.values.len());
        for (byte, value) in mixed.into_iter().zip(composed.values) {
            // Half a step by rounding a mean, as much again where it is added to.
            assert!(
                (f32::from(byte) / 255.0 - value).abs() <= 1.0 / 255.0,
                "{composition}: {byte} for {value}"
            );
        }
    }
}

/// The Catmull-Rom filter, widened when it shrinks, along one row; plain and in double precision.
fn resample_row(row: &[f64], size: usize) -> Vec<f64> {
    let kernel = |distance: f64| match distance.abs() {
        x if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        x if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    };
    let scale = row.len() as f64 / size as f64;
    let widening = scale.max(1.0);
    let pixel = |target: usize| {
        let centre = (target as f64 + 0.5) * scale;
        let weight = |source: usize| kernel((source as f64 + 0.5 - centre) / widening);
        let total: f64 = (0..row.len()).map(weight).sum();
        row.iter()
            .enumerate()
            .map(|(source, value)| value * weight(source))
            .sum::<f64>()
            / total
    };
    (0..size).map(pixel).collect()
}

fn transpose(values: &[f64], width: usize) -> Vec<f64> {
    (0..width)
        .flat_map(|column| values.iter().skip(column).step_by(width).copied())
        .collect()
}

fn resample(values: &[f64], side: usize, size: usize) -> Vec<f64> {
    let rows: Vec<f64> = values
        .chunks(side)
        .flat_map(|row| resample_row(row, size))
        .collect();
    let columns: Vec<f64> = transpose(&rows, size)
        .chunks(side)
        .flat_map(|row| resample_row(row, size))
        .collect();
    transpose(&columns, size)
}

#[test]
fn resizing_agrees_with_the_filter_written_out() {
    for (side, size) in [(64, 32), (100, 33), (40, 64), (128, 16), (48, 47)] {
        // Away from black and white nothing is clipped, neither in the end nor between the passes.
        let eight: Vec<u8> = noise(9)
            .map(|value| (value >> 9) as u8 + 64)
            .take(side * side)
            .collect();
        let sixteen: Vec<u16> = noise(9)
            .map(|value| value / 2 + 16384)
            .take(side * side)
            .collect();
        let cases = [
            (
                Samples::Eight(eight.clone()),
                eight
                    .iter()
                    .map(|&value| f64::from(value) / 255.0)
                    .collect::<Vec<_>>(),
            ),
            (
                Samples::Sixteen(sixteen.clone()),
                sixteen
                    .iter()
                    .map(|&value| f64::from(value) / 65535.0)
                    .collect(),
            ),
        ];
        for (samples, values) in cases {
            let composed =
                first_plane(&grey_field(side as u32, side as u32, &samples), size as u32);
            let expected = resample(&values, side, size);
            let worst = composed
                .iter()
                .zip(expected)
                .map(|(&a, b)| (f64::from(a) - b).abs())
                .fold(0.0, f64::max);
            // Two passes round to 16 bit, each by at most half a step, which the filter may swell.
            assert!(
                worst < 2.0 / 65535.0,
                "{side} to {size} px, {} bit: {worst}",
                samples.bits()
            );
        }
    }
}

#[test]
fn values_stay_between_zero_and_one() {
    // Black beside white makes the filter overshoot.
    let samples = (0..100 * 100)
        .map(|index| if index % 100 / 20 % 2 == 0 { 0 } else { 255 })
        .collect();
    let field = grey_field(100, 100, &Samples::Eight(samples));
    for size in [30, 160] {
        let composed = first_plane(&field, size);
        assert!(composed.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(composed.contains(&0.0) && composed.contains(&1.0));
    }
}

#[test]
fn fine_structure_does_not_alias() {
    // Lines one pixel wide are grey from afar. Sampling every fourth pixel would see only black.
    let samples = Samples::Eight(
        (0..2048 * 2048)
            .map(|index| if index % 2 == 0 { 0 } else { 255 })
            .collect(),
    );
    let composed = first_plane(&grey_field(2048, 2048, &samples), 512);
    // But for the borders, where the filter is cut.
    let inside = composed.chunks(512).flat_map(|row| &row[2..510]);
    assert!(inside.into_iter().all(|value| (value - 0.5).abs() < 0.01));
}

#[test]
fn eight_bit_fields_are_averaged_in_finer_steps() {
    // A quarter of the pixels at level 1: rounding to 8 bit on the way would make this black.
    let samples = Samples::Eight((0..64 * 64).map(|index| u8::from(index % 4 == 0)).collect());
    let composed = first_plane(&grey_field(64, 64, &samples), 16);
    let mean = composed.iter().sum::<f32>() / 256.0;
    assert!((mean - 0.25 / 255.0).abs() < 0.02 / 255.0, "{mean}");
}

#[test]
fn the_central_square_of_an_oblong_field_is_taken() {
    let square = noise_8(3, 32 * 32);
    let wide: Vec<u8> = square
        .chunks(32)
        .flat_map(|row| [&[255; 8], row, &[255; 9]].concat())
        .collect();
    let tall: Vec<u8> = [vec![255; 32 * 5], square.clone(), vec![255; 32 * 5]].concat();
    for size in [32, 20] {
        let expected = first_plane(&grey_field(32, 32, &Samples::Eight(square.clone())), size);
        assert_eq!(
            first_plane(&grey_field(49, 32, &Samples::Eight(wide.clone())), size),
            expected
        );
        assert_eq!(
            first_plane(&grey_field(32, 42, &Samples::Eight(tall.clone())), size),
            expected
        );
    }
}

#[test]
fn a_missing_channel_is_named() {
    let field = noise_field(16, 16, &[Channel::Red, Channel::Green, Channel::Blue]);
    assert!(
        Composition::Rgb
            .check(&field, MissingChannels::Refused)
            .is_ok()
    );
    let error = Composition::Rgby
        .check(&field, MissingChannels::Refused)
        .expect_err("no yellow");
    assert_eq!(
        error.to_string(),
        "missing: yellow (endoplasmic reticulum), which the model needs; field cell has only red, green, blue"
    );
    assert_eq!(
        Composition::Rgby.compose(&field, MissingChannels::Refused, 16),
        Err(error)
    );
}

#[test]
fn missing_channels_may_be_black_but_never_green() {
    let field = noise_field(16, 16, &[Channel::Red, Channel::Green]);
    let planes = Composition::Rgby
        .compose(&field, MissingChannels::Black, 16)
        .expect("green is there");
    let [red, green, blue, yellow] = [0, 1, 2, 3].map(|plane| &planes.values[plane * 256..][..256]);
    assert!(blue.iter().chain(yellow).all(|value| *value == 0.0));
    assert!(red.iter().chain(green).any(|value| *value > 0.0));
    let field = noise_field(16, 16, &[Channel::Red, Channel::Blue]);
    let error = Composition::Rgb
        .check(&field, MissingChannels::Black)
        .expect_err("no green");
    assert!(
        error
            .to_string()
            .starts_with("missing: green (the protein)"),
        "{error}"
    );
}

#[test]
fn composition_names_round_trip() {
    for composition in Composition::ALL {
        assert_eq!(composition.to_string().parse(), Ok(composition));
        let json = serde_json::to_string(&composition).expect("serializable");
        assert_eq!(json, format!("\"{composition}\""));
        assert_eq!(
            serde_json::from_str::<Composition>(&json).expect("its own text"),
            composition
        );
    }
    let error = "RGB"
        .parse::<Composition>()
        .expect_err("names are small letters");
    assert_eq!(
        error.to_string(),
        r#"compositions are rgb, rgby, gray-green, dimmed and green-boost, not "RGB""#
    );
}
