use super::*;

const SIZE: usize = 48;

/// A nucleus on a cell on black, and a protein in the cell's rim: red, green, blue, yellow.
fn field() -> Vec<Vec<u8>> {
    let disc = |radius: f64, light: u8, hollow: f64| -> Vec<u8> {
        (0..SIZE * SIZE)
            .map(|index| {
                let off = |position: usize| position as f64 + 0.5 - SIZE as f64 / 2.0;
                let distance = off(index % SIZE).hypot(off(index / SIZE));
                if (hollow..radius).contains(&distance) {
                    light
                } else {
                    0
                }
            })
            .collect()
    };
    vec![
        disc(18.0, 80, 0.0),
        disc(18.0, 120, 15.0),
        disc(8.0, 90, 0.0),
        disc(18.0, 60, 0.0),
    ]
}

const NOTHING: Flaws = Flaws {
    veil: None,
    stretched: false,
    sharpness: None,
    noise: 0.0,
    noise_seed: 1,
    jpeg: None,
    missing: &[],
};

fn with(flaws: &Flaws) -> Vec<Vec<u8>> {
    let mut planes = field();
    flaws.apply(&mut planes, &Channel::ALL, SIZE);
    planes
}

fn middle(plane: &[u8]) -> u8 {
    plane[SIZE / 2 * SIZE + SIZE / 2]
}

#[test]
fn without_flaws_nothing_changes() {
    assert_eq!(with(&NOTHING), field());
    let drawn = FlawChoice::NONE.draw(1, 2, 3, 4);
    assert_eq!(with(&drawn), field());
}

#[test]
fn a_veil_brightens_green_in_nucleus_and_cytoplasm_alone() {
    let flaws = Flaws {
        veil: Some([0.2, 0.1]),
        ..NOTHING
    };
    let planes = with(&flaws);
    let before = field();
    for other in [0, 2, 3] {
        assert_eq!(planes[other], before[other]);
    }
    let cytoplasm = SIZE / 2 * SIZE + SIZE / 2 + 12;
    assert!(middle(&planes[1]) > planes[1][cytoplasm] && planes[1][cytoplasm] > 5);
    assert_eq!(planes[1][0], 0, "none outside the cell");
}

#[test]
fn stretched_channels_reach_white() {
    let planes = with(&Flaws {
        stretched: true,
        ..NOTHING
    });
    for plane in &planes {
        assert_eq!(plane.iter().max(), Some(&255));
    }
    let mut empty = vec![vec![3; SIZE * SIZE]];
    let stretched = Flaws {
        stretched: true,
        ..NOTHING
    };
    stretched.apply(&mut empty, &[Channel::Green], SIZE);
    assert!(empty[0][0] < 64, "an empty channel stays dark");
}

/// The sum of the differences of neighbours.
fn roughness(plane: &[u8]) -> u32 {
    plane
        .windows(2)
        .map(|pair| u32::from(pair[0].abs_diff(pair[1])))
        .sum()
}

#[test]
fn sharpness_goes_both_ways() {
    let slope = |sharpness| {
        // Noise has edges everywhere.
        let mut planes = with(&Flaws {
            noise: 0.1,
            ..NOTHING
        });
        let flaws = Flaws {
            sharpness: Some(sharpness),
            ..NOTHING
        };
        flaws.apply(&mut planes, &Channel::ALL, SIZE);
        roughness(&planes[0])
    };
    assert!(slope(-1.0) < slope(0.0) && slope(0.0) < slope(1.0));
}

#[test]
fn noise_has_its_deviation_and_comes_from_its_seed() {
    let noisy = |seed| {
        let mut planes = vec![vec![100; 200 * 200]];
        let flaws = Flaws {
            noise: 0.04,
            noise_seed: seed,
            ..NOTHING
        };
        flaws.apply(&mut planes, &[Channel::Green], 200);
        planes.remove(0)
    };
    let plane = noisy(1);
    assert_eq!(plane, noisy(1));
    assert_ne!(plane, noisy(2));
    let off = plane
        .iter()
        .map(|&level| (f64::from(level) - 100.0).powi(2));
    let deviation = (off.sum::<f64>() / plane.len() as f64).sqrt();
    let expected = 255.0 * 0.04 * (0.3 + 0.7 * (100.0_f64 / 255.0).sqrt());
    assert!(
        (deviation / expected - 1.0).abs() < 0.03,
        "{deviation} for {expected}"
    );
}

#[test]
fn missing_channels_are_black_and_the_others_stay() {
    let planes = with(&Flaws {
        missing: &[Channel::Red, Channel::Yellow],
        ..NOTHING
    });
    let before = field();
    assert!(planes[0].iter().chain(&planes[3]).all(|&level| level == 0));
    assert_eq!((&planes[1], &planes[2]), (&before[1], &before[2]));
}

#[test]
fn colour_is_compressed_only_where_there_are_three_channels() {
    let jpeg = |form, channels: &[Channel]| {
        let mut planes: Vec<Vec<u8>> = channels
            .iter()
            .map(|&channel| field()[channel as usize].clone())
            .collect();
        let flaws = Flaws {
            jpeg: Some((50, form)),
            ..NOTHING
        };
        flaws.apply(&mut planes, channels, SIZE);
        planes
    };
    let green = [Channel::Green];
    assert_eq!(
        jpeg(JpegForm::Halved, &green),
        jpeg(JpegForm::Channels, &green)
    );
    let (coloured, alone) = (
        jpeg(JpegForm::Coloured, &Channel::ALL),
        jpeg(JpegForm::Channels, &Channel::ALL),
    );
    assert_ne!(coloured[..3], alone[..3]);
    assert_eq!(coloured[3], alone[3], "yellow is no colour of a screen");
}

#[test]
fn flaws_come_as_often_as_chosen_and_are_decided_by_the_showing() {
    let choice = FlawChoice {
        veil: 0.5,
        stretch: 0.3,
        sharpness: 0.4,
        noise: 0.1,
        jpeg: 0.2,
        jpeg_quality: [60.0, 95.0],
        without_yellow: 0.3,
        without_red: 0.1,
        green_alone: 0.2,
    };
    choice.check().expect("valid");
    let drawn: Vec<Flaws> = (0..4000)
        .map(|sample| choice.draw(1, 1, sample, 0))
        .collect();
    let count = |is: &dyn Fn(&Flaws) -> bool| drawn.iter().filter(|flaws| is(flaws)).count();
    // The deviation is 32 at most.
    for (found, expected) in [
        (count(&|flaws| flaws.veil.is_some()), 2000),
        (count(&|flaws| flaws.stretched), 1200),
        (count(&|flaws| flaws.sharpness.is_some()), 1600),
        (count(&|flaws| flaws.jpeg.is_some()), 800),
        (count(&|flaws| flaws.missing.len() == 1), 1200),
        (count(&|flaws| flaws.missing.len() == 2), 400),
        (count(&|flaws| flaws.missing.len() == 3), 800),
    ] {
        assert!(found.abs_diff(expected) < 130, "{found} for {expected}");
    }
    for flaws in &drawn {
        assert!((0.0..=0.1).contains(&flaws.noise));
        assert!(
            flaws
                .jpeg
                .is_none_or(|(quality, _)| (60..=95).contains(&quality))
        );
        assert!(!flaws.missing.contains(&Channel::Green));
    }
    assert_eq!(choice.draw(1, 1, 5, 0), drawn[5]);
    let calm = FlawChoice {
        stretch: 0.0,
        ..choice.clone()
    };
    let expected = Flaws {
        stretched: false,
        ..drawn[5].clone()
    };
    assert_eq!(
        calm.draw(1, 1, 5, 0),
        expected,
        "other flaws stay as they are"
    );
}

#[test]
fn faults_are_named() {
    for (choice, expected) in [
        (
            FlawChoice {
                veil: 1.5,
                ..FlawChoice::NONE
            },
            "flaws.veil must be from 0 to 1, not 1.5",
        ),
        (
            FlawChoice {
                noise: f64::NAN,
                ..FlawChoice::NONE
            },
            "flaws.noise",
        ),
        (
            FlawChoice {
                jpeg_quality: [90.0, 60.0],
                ..FlawChoice::NONE
            },
            "flaws.jpeg_quality",
        ),
        (
            FlawChoice {
                without_yellow: 0.6,
                green_alone: 0.6,
                ..FlawChoice::NONE
            },
            "together",
        ),
    ] {
        let error = choice.check().expect_err("out of range").to_string();
        assert!(error.contains(expected), "{error}");
    }
}
