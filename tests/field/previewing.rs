//! Pictures of fields for the eye.

use cytolens::field::{Channel, Field, Plane, Preview, Samples, preview, white_level};

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

fn colour(preview: &Preview) -> [u8; 4] {
    preview.rgba.first_chunk().copied().expect("a pixel")
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
            preview.rgba.len(),
            expected.0 as usize * expected.1 as usize * 4
        );
        assert!(
            preview
                .rgba
                .iter()
                .skip(3)
                .step_by(4)
                .all(|&alpha| alpha == 255)
        );
    }
}

#[test]
fn channels_have_their_colours() {
    let seen = |channel| colour(&preview(&even_field(&[(channel, 200)]), 8));
    assert_eq!(seen(Channel::Red), [255, 0, 0, 255]);
    assert_eq!(seen(Channel::Green), [0, 255, 0, 255]);
    assert_eq!(seen(Channel::Blue), [0, 0, 255, 255]);
    assert_eq!(seen(Channel::Yellow), [128, 128, 0, 255]);
}

#[test]
fn sums_saturate() {
    let field = even_field(&[(Channel::Red, 200), (Channel::Yellow, 200)]);
    assert_eq!(colour(&preview(&field, 8)), [255, 128, 0, 255]);
}

#[test]
fn dark_channels_are_brightened_but_empty_ones_stay_dark() {
    // An eighth of full brightness becomes white.
    assert_eq!(
        colour(&preview(&even_field(&[(Channel::Green, 32)]), 8))[1],
        255
    );
    // The noise of a camera in the dark becomes no picture.
    let [_, green, _, _] = colour(&preview(&even_field(&[(Channel::Green, 2)]), 8));
    assert!((1..64).contains(&green), "{green}");
    assert_eq!(
        colour(&preview(&even_field(&[(Channel::Green, 0)]), 8)),
        [0, 0, 0, 255]
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
            .rgba
            .iter()
            .skip(2)
            .step_by(4)
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
