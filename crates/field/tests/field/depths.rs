//! The bits that samples really use.

use cytolens_core::Channel;
use cytolens_field::{Field, FieldError, Plane, Samples};

use crate::files::noise_field;

fn field(samples: Vec<u16>) -> Field {
    let side = samples.len() as u32;
    let dark = Samples::Sixteen(vec![1; samples.len()]);
    let planes = [
        (Channel::Red, dark),
        (Channel::Green, Samples::Sixteen(samples)),
    ]
    .map(|(channel, samples)| (channel, Plane::new(side, 1, samples).expect("right count")));
    Field::new("cell", planes).expect("equal planes")
}

fn green(field: &Field) -> &Samples {
    field.plane(Channel::Green).expect("green").samples()
}

#[test]
fn the_brightest_sample_of_all_channels_tells_the_bits() {
    for (brightest, bits) in [
        (1, 1),
        (255, 8),
        (256, 9),
        (4095, 12),
        (4096, 13),
        (65535, 16),
    ] {
        assert_eq!(field(vec![0, brightest]).bits_used(), bits);
    }
    let black = Plane::new(1, 1, Samples::Eight(vec![0])).expect("right count");
    let black = Field::new("cell", [(Channel::Red, black)]).expect("one plane");
    assert_eq!(black.bits_used(), 0);
    assert_eq!(noise_field(64, 64, &Channel::ALL).bits_used(), 8);
}

#[test]
fn stretching_fills_sixteen_bits_and_keeps_black() {
    for (bits, samples, expected) in [
        (
            12,
            vec![0, 1, 0x800, 0xABC, 0xFFF],
            vec![0, 16, 0x8008, 0xABCA, 0xFFFF],
        ),
        (8, vec![0, 1, 0x80, 0xFF], vec![0, 0x101, 0x8080, 0xFFFF]),
        (14, vec![0, 1, 0x2000, 0x3FFF], vec![0, 4, 0x8002, 0xFFFF]),
        (16, vec![0, 1, 0x8000, 0xFFFF], vec![0, 1, 0x8000, 0xFFFF]),
    ] {
        let stretched = field(samples).stretched(bits).expect("so many bits");
        assert!(
            green(&stretched) == &Samples::Sixteen(expected),
            "{bits} bits"
        );
        assert_eq!((stretched.bits(), stretched.id()), (16, "cell"));
    }
}

#[test]
fn stretching_keeps_the_order_of_all_levels() {
    let all: Vec<u16> = (0..4096).collect();
    let stretched = field(all).stretched(12).expect("12 bits");
    let Samples::Sixteen(values) = green(&stretched) else {
        panic!("16 bit")
    };
    assert!(values.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn a_sample_beyond_the_bits_is_an_error() {
    let error = field(vec![4096, 7]).stretched(12).expect_err("13 bits");
    assert_eq!(
        error.to_string(),
        "samples of 12 bits reach 4095 at most, but the brightest is 4096: cell"
    );
    for bits in [0, 7, 17, 32] {
        let error = field(vec![0]).stretched(bits).expect_err("no such depth");
        assert_eq!(error, FieldError::NoSuchBits { bits });
    }
}

#[test]
fn fields_of_8_bit_stay_as_they_are() {
    let field = noise_field(16, 16, &Channel::ALL);
    assert!(field.clone().stretched(12) == Ok(field));
}
