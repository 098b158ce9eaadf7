//! Pictures of fields for the eye.

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{
    Field, Plane, Preview, Samples, Source, decode_field, plates, preview, white_level,
};

use crate::files::noise_field;

fn even_field(levels: &[(Channel, u8)]) -> Field {
    let planes = levels.iter().map(|&(channel, level)| {
        (
            channel,
            Plane::new(20, 20, Samples::Eight(vec![level; 400])).expect("right count"),
        )
    });
    Field::new("cell", planes).expect("equal planes")
}

fn colour(preview: &Preview) -> [u8; 3] {
    preview.rgb.first_chunk().copied().expect("a pixel")
}

#[test]
fn proportions_are_kept_and_nothing_is_enlarged() {
    for (size, longest_side, expected) in [
        ((64, 64), 16, (16, 16)),
        ((64, 32), 16, (16, 8)),
        ((30, 60), 20, (10, 20)),
        ((20, 40), 512, (20, 40)),
        ((200, 16), 10, (10, 1)),
        ((20, 20), 0, (1, 1)),
    ] {
        let preview = preview(&noise_field(size.0, size.1, &Channel::ALL), longest_side);
        assert_eq!((preview.width, preview.height), expected);
        assert_eq!(
            preview.rgb.len(),
            expected.0 as usize * expected.1 as usize * 3
        );
    }
}

#[test]
fn channels_have_their_colours() {
    let seen = |channel| colour(&preview(&even_field(&[(channel, 200)]), 8));
    assert_eq!(seen(Channel::Red), [255, 0, 0]);
    assert_eq!(seen(Channel::Green), [0, 255, 0]);
    assert_eq!(seen(Channel::Blue), [0, 0, 255]);
    assert_eq!(seen(Channel::Yellow), [128, 128, 0]);
}

#[test]
fn sums_saturate() {
    let field = even_field(&[(Channel::Red, 200), (Channel::Yellow, 200)]);
    assert_eq!(colour(&preview(&field, 8)), [255, 128, 0]);
}

#[test]
fn dark_channels_are_brightened_but_empty_ones_stay_dark() {
    // An eighth of full brightness becomes white.
    assert_eq!(
        colour(&preview(&even_field(&[(Channel::Green, 32)]), 8))[1],
        255
    );
    // The noise of a camera in the dark becomes no picture.
    let [_, green, _] = colour(&preview(&even_field(&[(Channel::Green, 2)]), 8));
    assert!((1..64).contains(&green), "{green}");
    assert_eq!(
        colour(&preview(&even_field(&[(Channel::Green, 0)]), 8)),
        [0, 0, 0]
    );
}

#[test]
fn a_few_bright_pixels_do_not_darken_the_rest() {
    let mut samples = vec![6_000_u16; 100 * 100];
    samples[..10].fill(u16::MAX);
    let plane = Plane::new(100, 100, Samples::Sixteen(samples)).expect("right count");
    let preview = preview(
        &Field::new("cell", [(Channel::Blue, plane)]).expect("one plane"),
        100,
    );
    assert!(
        preview
            .rgb
            .iter()
            .skip(2)
            .step_by(3)
            .all(|&blue| blue == 255)
    );
}

#[test]
fn white_is_the_brightest_level_but_for_two_in_a_thousand() {
    let levels = |bright: usize| {
        let mut levels = vec![20_000; 1_000];
        levels[..bright].fill(60_000);
        levels
    };
    assert_eq!(white_level(levels(1)), 20_000);
    assert_eq!(white_level(levels(2)), 60_000);
    assert_eq!(white_level(levels(1_000)), 60_000);
    // Neither darkness nor nothing becomes a picture.
    assert_eq!(white_level(vec![3; 1_000]), u16::MAX / 16);
    assert_eq!(white_level([]), u16::MAX / 16);
}

/// The same picture in 8 bit, in 16 bit, and in the 12 bit that a camera leaves in a file of 16: a
/// step of black, half and white, every sample of it exact.
#[test]
fn plates_stretch_every_depth_to_its_own_white() {
    let step = |half: u16, white: u16| -> Vec<u16> {
        (0..30 * 20)
            .map(|place| [0, half, white][place % 30 / 10])
            .collect()
    };
    let narrow = |samples: Vec<u16>| samples.into_iter().map(|sample| sample as u8).collect();
    for (samples, white) in [
        (Samples::Eight(narrow(step(64, 128))), 128 * 257),
        (Samples::Sixteen(step(16_000, 32_000)), 32_000),
        (Samples::Sixteen(step(2_048, 4_095)), 4_095),
    ] {
        let plane = Plane::new(30, 20, samples).expect("right count");
        let field = Field::new("cell", [(Channel::Yellow, plane)]).expect("one plane");
        let seen = plates(&field, 1_000);
        assert_eq!((seen.width, seen.height), (30, 20));
        let [plate] = seen.plates.as_slice() else {
            panic!("{} plates of one channel", seen.plates.len());
        };
        assert_eq!((plate.channel, plate.white), (Channel::Yellow, white));
        for (place, &sample) in plate.samples.iter().enumerate() {
            assert_eq!(sample, [0, 128, 255][place % 30 / 10]);
        }
    }
}

#[test]
fn plates_come_in_the_order_of_the_channels_and_no_larger_than_asked() {
    let seen = plates(&noise_field(64, 32, &[Channel::Blue, Channel::Red]), 16);
    assert_eq!((seen.width, seen.height), (16, 8));
    let channels: Vec<_> = seen.plates.iter().map(|plate| plate.channel).collect();
    assert_eq!(channels, [Channel::Red, Channel::Blue]);
    assert!(seen.plates.iter().all(|plate| plate.samples.len() == 128));
}

#[test]
fn a_preview_is_a_jpeg_of_its_size_and_colours() {
    let field = even_field(&[(Channel::Green, 200)]);
    let file = preview(&field, 16).to_jpeg().expect("a small picture");
    let source = Source {
        name: "cell_green.jpg",
        channel: Some(Channel::Green),
        bytes: &file,
    };
    let read = decode_field("cell", &[source], &ChannelOrder::default()).expect("a JPEG");
    assert_eq!((read.width(), read.height()), (16, 16));
    let Some(Samples::Eight(samples)) = read.plane(Channel::Green).map(Plane::samples) else {
        panic!("JPEGs have 8 bit");
    };
    assert!(samples.iter().all(|&sample| sample > 250), "{samples:?}");
}
