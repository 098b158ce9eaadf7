use std::collections::BTreeSet;

use super::*;
use crate::random::Stream;

const SIZE: usize = 64;

/// A picture without any symmetry, of smooth bodies and noise.
fn picture(size: usize, seed: u64) -> Vec<u8> {
    let mut stream = Stream::new(Purpose::Order, &[seed]);
    let bodies: Vec<[f64; 3]> = (0..12)
        .map(|_| {
            let place = [0.0, size as f64];
            [
                stream.between(place),
                stream.between(place),
                stream.between([2.0, 9.0]),
            ]
        })
        .collect();
    (0..size * size)
        .map(|index| {
            let (x, y) = ((index % size) as f64, (index / size) as f64);
            let light: f64 = bodies
                .iter()
                .map(|[left, top, radius]| {
                    (-((x - left).powi(2) + (y - top).powi(2)) / (radius * radius)).exp()
                })
                .sum();
            (light * 150.0 + stream.between([0.0, 40.0])) as u8
        })
        .collect()
}

fn planes(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|plane| picture(SIZE, plane as u64))
        .collect()
}

fn applied(draw: &Draw, planes: &[Vec<u8>]) -> Vec<Vec<u8>> {
    draw.apply(planes, &Channel::ALL[..planes.len()], SIZE, SIZE)
}

/// The picture whose pixel (x, y) is the given one of another.
fn taken(plane: &[u8], from: impl Fn(usize, usize) -> (usize, usize)) -> Vec<u8> {
    (0..SIZE * SIZE)
        .map(|index| {
            let (x, y) = from(index % SIZE, index / SIZE);
            plane[y * SIZE + x]
        })
        .collect()
}

#[test]
fn no_change_and_mirror_images_are_exact() {
    let planes = planes(4);
    assert_eq!(applied(&Draw::NONE, &planes), planes);
    let across = Draw {
        flip_horizontal: true,
        ..Draw::NONE
    };
    let down = Draw {
        flip_vertical: true,
        ..Draw::NONE
    };
    for (plane, (across, down)) in planes.iter().zip(
        applied(&across, &planes)
            .iter()
            .zip(applied(&down, &planes)),
    ) {
        assert!(*across == taken(plane, |x, y| (SIZE - 1 - x, y)));
        assert!(down == taken(plane, |x, y| (x, SIZE - 1 - y)));
    }
}

#[test]
fn quarter_turns_are_exact_and_clockwise() {
    let planes = planes(3);
    for (angle, from) in [
        (
            90.0,
            (|x, y| (y, SIZE - 1 - x)) as fn(usize, usize) -> (usize, usize),
        ),
        (-90.0, |x, y| (SIZE - 1 - y, x)),
        (180.0, |x, y| (SIZE - 1 - x, SIZE - 1 - y)),
    ] {
        let draw = Draw {
            angle,
            ..Draw::NONE
        };
        for (plane, turned) in planes.iter().zip(applied(&draw, &planes)) {
            assert!(turned == taken(plane, from), "{angle} degrees");
        }
    }
    // A mirror image, turned by a quarter: rows and columns swap.
    let transposed = Draw {
        angle: -90.0,
        flip_horizontal: true,
        ..Draw::NONE
    };
    for (plane, turned) in planes.iter().zip(applied(&transposed, &planes)) {
        // Mirrored first, x' = last - x; turned left then.
        let mirrored = taken(plane, |x, y| (SIZE - 1 - x, y));
        assert!(turned == taken(&mirrored, |x, y| (SIZE - 1 - y, x)));
    }
}

#[test]
fn the_centre_stays_at_the_centre() {
    // A bright square around the middle between four pixels, symmetric under every turn.
    let size = SIZE;
    let plane: Vec<u8> = (0..size * size)
        .map(|index| {
            let off = |position: usize| (position as f64 + 0.5 - size as f64 / 2.0).abs();
            let radius = off(index % size).hypot(off(index / size));
            (250.0 - radius * 20.0).max(0.0) as u8
        })
        .collect();
    for angle in [10.0, 33.0, 45.0, 77.0, 123.0, -160.0] {
        for scale in [0.8, 1.0, 1.3] {
            let draw = Draw {
                angle,
                scale,
                flip_vertical: angle > 50.0,
                ..Draw::NONE
            };
            let turned = applied(&draw, std::slice::from_ref(&plane)).remove(0);
            let mut sums = [0.0; 3];
            for (index, &level) in turned.iter().enumerate() {
                let level = f64::from(level);
                sums[0] += level;
                sums[1] += level * ((index % size) as f64 + 0.5);
                sums[2] += level * ((index / size) as f64 + 0.5);
            }
            for sum in &sums[1..] {
                let centre = sum / sums[0];
                // Weights are kept for 1/128 of a pixel.
                assert!(
                    (centre - size as f64 / 2.0).abs() < 0.02,
                    "{angle} {scale}: {centre}"
                );
            }
        }
    }
}

#[test]
fn a_cut_shows_its_part_alone() {
    let planes = planes(1);
    let draw = Draw {
        side: 0.5,
        left: 0.5,
        top: 0.25,
        ..Draw::NONE
    };
    let cut = applied(&draw, &planes).remove(0);
    // Twice as large: four pixels for one, whose mean is near the one's.
    let mut differences = 0.0;
    for y in 4..28 {
        for x in 4..28 {
            let mean: f64 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .iter()
                .map(|(right, below)| f64::from(cut[(2 * y + below) * SIZE + 2 * x + right]))
                .sum::<f64>()
                / 4.0;
            let original = f64::from(planes[0][(y + 16) * SIZE + x + 32]);
            differences += (mean - original).abs();
        }
    }
    let mean_difference = differences / (24.0 * 24.0);
    // A sharpened mean of neighbours differs by some of the noise, whose deviation is 12.
    assert!(mean_difference < 4.0, "{mean_difference}");
}

/// The same picture by floating-point sums over the definition.
fn reference(plane: &[u8], inverse: &Inverse) -> Vec<f64> {
    let kernel = |distance: f64| {
        let t = distance.abs();
        if t < 1.0 {
            (1.5 * t - 2.5) * t * t + 1.0
        } else if t < 2.0 {
            ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
        } else {
            0.0
        }
    };
    let side = SIZE as f64;
    let at = |index: i64| {
        let index = index.rem_euclid(2 * SIZE as i64);
        index.min(2 * SIZE as i64 - 1 - index) as usize
    };
    (0..SIZE * SIZE)
        .map(|index| {
            let place = [index % SIZE, index / SIZE].map(|i| (i as f64 + 0.5) / side - 0.5);
            let [x, y] = [0, 1].map(|axis| {
                let [across, down] = inverse.matrix[axis];
                (inverse.centre[axis] + across * place[0] + down * place[1]) * side - 0.5
            });
            let mut sum = 0.0;
            for row in y.floor() as i64 - 1..=y.floor() as i64 + 2 {
                for column in x.floor() as i64 - 1..=x.floor() as i64 + 2 {
                    sum += kernel(y - row as f64)
                        * kernel(x - column as f64)
                        * f64::from(plane[at(row) * SIZE + at(column)]);
                }
            }
            sum.clamp(0.0, 255.0)
        })
        .collect()
}

#[test]
fn every_map_agrees_with_floating_point() {
    let planes = planes(4);
    let choice = AugmentationChoice {
        crop: [0.25, 1.0],
        scale: [0.5, 2.0],
        gain: [1.0; 2],
        offset: [0.0; 2],
        gamma: [1.0; 2],
        channel_gain: [1.0; 2],
        ..AugmentationChoice::default()
    };
    for sample in 0..40 {
        let draw = choice.draw(5, 0, sample, 0);
        for (plane, warped) in planes.iter().zip(applied(&draw, &planes)) {
            let expected = reference(plane, &draw.inverse());
            let differences = warped
                .iter()
                .zip(&expected)
                .map(|(&level, expected)| (f64::from(level) - expected).abs());
            let (largest, sum) = differences.fold((0.0_f64, 0.0), |(largest, sum), difference| {
                (largest.max(difference), sum + difference)
            });
            // Two roundings are within 1; positions and weights of 1/128 move steep slopes by more.
            assert!(largest < 4.0, "{draw}: {largest}");
            assert!(sum / expected.len() as f64 <= 0.5, "{draw}: {sum}");
        }
    }
}

#[test]
fn the_steepest_pictures_stay_within_black_and_white() {
    // Black and white pixels in turn and at random make sums overshoot most; an overflow would
    // show as a wrong level in a neighbouring channel.
    let mut stream = Stream::new(Purpose::Order, &[9]);
    let mut plane = |kind: usize| -> Vec<u8> {
        (0..SIZE * SIZE)
            .map(|index| {
                let white = match kind {
                    0 => (index % SIZE + index / SIZE).is_multiple_of(2),
                    1 => (index % SIZE / 2 + index / SIZE / 2).is_multiple_of(2),
                    _ => stream.chance(0.5),
                };
                if white { 255 } else { 0 }
            })
            .collect()
    };
    let planes: Vec<Vec<u8>> = (0..4).map(&mut plane).collect();
    for angle in 0..90 {
        let draw = Draw {
            angle: f64::from(angle),
            scale: 1.1,
            ..Draw::NONE
        };
        for (plane, warped) in planes.iter().zip(applied(&draw, &planes)) {
            for (level, expected) in warped.iter().zip(reference(plane, &draw.inverse())) {
                assert!(
                    (f64::from(*level) - expected).abs() < 8.0,
                    "{angle}: {level} for {expected}"
                );
            }
        }
    }
}

#[test]
fn light_is_changed_as_stated() {
    let level = |draw: &Draw, level: u8| {
        applied(draw, &[vec![level; SIZE * SIZE], vec![level; SIZE * SIZE]])
            .iter()
            .map(|plane| plane[0])
            .collect::<Vec<u8>>()
    };
    let brighter = Draw {
        gain: 1.5,
        channel_gains: [1.0, 0.5, 1.0, 1.0],
        ..Draw::NONE
    };
    assert_eq!(level(&brighter, 100), [150, 75]);
    assert_eq!(level(&brighter, 200), [255, 150], "white is the end");
    let darker = Draw {
        offset: -0.2,
        ..Draw::NONE
    };
    assert_eq!(level(&darker, 20), [0, 0], "black is the end");
    assert_eq!(level(&darker, 100), [49, 49]);
    let steeper = Draw {
        gamma: 2.0,
        ..Draw::NONE
    };
    assert_eq!(level(&steeper, 128), [64, 64]);
    assert_eq!(level(&steeper, 255), [255, 255]);
}

#[test]
fn channels_not_composed_have_no_part() {
    // Green is the second of the field's channels, whichever are asked for.
    let draw = Draw {
        channel_gains: [1.0, 0.5, 1.0, 1.0],
        ..Draw::NONE
    };
    let plane = vec![100; SIZE * SIZE];
    let alone = draw.apply(&[plane], &[Channel::Green], SIZE, SIZE);
    assert_eq!(alone[0][0], 50);
}

#[test]
fn draws_are_decided_by_seed_epoch_sample_and_copy() {
    let choice = AugmentationChoice::default();
    let draw = choice.draw(1, 2, 3, 0);
    assert_eq!(draw, choice.draw(1, 2, 3, 0));
    for other in [
        choice.draw(2, 2, 3, 0),
        choice.draw(1, 3, 3, 0),
        choice.draw(1, 2, 4, 0),
        choice.draw(1, 2, 3, 1),
    ] {
        assert_ne!(draw, other);
    }
    let calm = AugmentationChoice {
        rotation: 0.0,
        scale: [1.0; 2],
        ..choice
    };
    let calm = calm.draw(1, 2, 3, 0);
    let expected = Draw {
        angle: 0.0,
        scale: 1.0,
        ..draw
    };
    assert_eq!(calm, expected, "other numbers stay where they are");
}

#[test]
fn draws_keep_to_their_ranges() {
    let choice = AugmentationChoice::default();
    let draws: Vec<Draw> = (0..2_000)
        .map(|sample| choice.draw(1, 1, sample, 0))
        .collect();
    for draw in &draws {
        assert!(draw.angle.abs() <= 180.0);
        assert!((0.8..=1.0).contains(&draw.side));
        assert!(draw.left >= 0.0 && draw.left + draw.side <= 1.0 + 1e-12);
        assert!(draw.top >= 0.0 && draw.top + draw.side <= 1.0 + 1e-12);
        assert!((0.9..=1.15).contains(&draw.scale));
        assert!((0.85..=1.2).contains(&draw.channel_gains[3]));
    }
    let sectors: BTreeSet<i64> = draws
        .iter()
        .map(|draw| (draw.angle / 30.0).floor() as i64)
        .collect();
    assert_eq!(sectors.len(), 12, "every direction");
    let mirrored = draws.iter().filter(|draw| draw.flip_horizontal).count();
    assert!(mirrored.abs_diff(1_000) < 120, "{mirrored}");
}

#[test]
fn a_choice_is_read_as_written_and_faults_are_named() {
    let choice = AugmentationChoice::default();
    choice.check().expect("the default is valid");
    let text = toml::to_string(&choice).expect("a table");
    assert_eq!(
        toml::from_str::<AugmentationChoice>(&text).expect("the same table"),
        choice
    );
    let unknown = toml::from_str::<AugmentationChoice>(&format!("{text}\nshear = 1.0"));
    assert!(
        unknown
            .expect_err("no such key")
            .to_string()
            .contains("shear")
    );
    for (from, to, expected) in [
        (
            "rotation = 180.0",
            "rotation = 270.0",
            "from 0 to 180, not 270",
        ),
        (
            "crop = [0.8, 1.0]",
            "crop = [0.0, 1.0]",
            "augmentation.crop",
        ),
        ("crop = [0.8, 1.0]", "crop = [nan, 1.0]", "not [NaN, 1]"),
        ("scale = [0.9, 1.15]", "scale = [1.2, 1.1]", "rising"),
        ("scale = [0.9, 1.15]", "scale = [0.1, 1.1]", "0.5 to 2"),
        ("flip_vertical = 0.5", "flip_vertical = 2", "flip_vertical"),
        (
            "channel_gain = [0.85, 1.2]",
            "channel_gain = [0, 1]",
            "channel_gain",
        ),
        (
            "gamma = [0.85, 1.2]",
            "gamma = [1, inf]",
            "augmentation.gamma",
        ),
    ] {
        assert!(text.contains(from), "{text}");
        let choice: AugmentationChoice =
            toml::from_str(&text.replace(from, to)).expect("a readable table");
        let error = choice.check().expect_err("out of range").to_string();
        assert!(error.contains(expected), "{error}");
    }
}
