//! Wrong inputs, drawn or made from a field of cells.

use cytolens_core::Channel;
use cytolens_field::{Field, Plane, Samples};

/// Uniform numbers from 0 to 1 (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.roll()
    }
}

/// A grey picture `[side, side]` of values from 0 to 1.
type Grey = Vec<f32>;

fn drawn(side: usize, mut value: impl FnMut(f32, f32) -> f32) -> Grey {
    let at = |pixel: usize| pixel as f32 / side as f32;
    (0..side * side)
        .map(|pixel| value(at(pixel % side), at(pixel / side)).clamp(0.0, 1.0))
        .collect()
}

/// Fractal noise from 0 to 1: bilinear noise of falling strength at rising frequency.
fn clouds(side: usize, coarsest: usize, dice: &mut Dice) -> Grey {
    let mut out = vec![0.0; side * side];
    let (mut cells, mut strength) = (coarsest, 0.5);
    while cells < side {
        let grid: Vec<f32> = (0..(cells + 1) * (cells + 1))
            .map(|_| dice.roll())
            .collect();
        for (pixel, out) in out.iter_mut().enumerate() {
            let (x, y) = (pixel % side * cells, pixel / side * cells);
            let (column, row) = (x / side, y / side);
            let (u, v) = (
                (x % side) as f32 / side as f32,
                (y % side) as f32 / side as f32,
            );
            let at = |dx: usize, dy: usize| grid[(row + dy) * (cells + 1) + column + dx];
            *out += strength
                * ((at(0, 0) * (1.0 - u) + at(1, 0) * u) * (1.0 - v)
                    + (at(0, 1) * (1.0 - u) + at(1, 1) * u) * v);
        }
        cells *= 2;
        strength /= 2.0;
    }
    out
}

fn blurred(grey: &[f32], side: usize, sigma: f32) -> Grey {
    let reach = (3.0 * sigma) as isize;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|d| (-((d * d) as f32) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum: f32 = weights.iter().sum();
    let pass = |from: &[f32], step: usize, across: usize| {
        let mut out = vec![0.0; side * side];
        for line in 0..side {
            for place in 0..side {
                let total: f32 = weights
                    .iter()
                    .zip(-reach..=reach)
                    .map(|(weight, d)| {
                        let at = (place as isize + d).clamp(0, side as isize - 1) as usize;
                        weight * from[line * across + at * step]
                    })
                    .sum();
                out[line * across + place * step] = total / sum;
            }
        }
        out
    };
    pass(&pass(grey, 1, side), side, 1)
}

/// Bilinear values of a square picture under a map of places.
fn warped(grey: &[f32], side: usize, place: impl Fn(f32) -> f32) -> Grey {
    drawn(side, |x, y| {
        let (x, y) = (place(x) * (side - 1) as f32, place(y) * (side - 1) as f32);
        let (column, row) = ((x as usize).min(side - 2), (y as usize).min(side - 2));
        let (u, v) = (x - column as f32, y - row as f32);
        let at = |dx: usize, dy: usize| grey[(row + dy) * side + column + dx];
        (at(0, 0) * (1.0 - u) + at(1, 0) * u) * (1.0 - v)
            + (at(0, 1) * (1.0 - u) + at(1, 1) * u) * v
    })
}

fn plane(side: usize, grey: &[f32]) -> Plane {
    let samples = grey
        .iter()
        .map(|value| (value * 255.0 + 0.5) as u8)
        .collect();
    Plane::new(side as u32, side as u32, Samples::Eight(samples)).expect("a square")
}

/// A field of the channels red, green, blue and yellow that are given.
fn field_of(side: usize, channels: &[Option<&Grey>]) -> Field {
    let planes = Channel::ALL.into_iter().zip(channels);
    let planes = planes.filter_map(|(channel, grey)| Some((channel, plane(side, grey.as_ref()?))));
    Field::new("wrong", planes.collect::<Vec<_>>()).expect("a field")
}

/// A picture in colour, which has no yellow channel.
fn coloured(side: usize, [red, green, blue]: [Grey; 3]) -> Field {
    field_of(side, &[Some(&red), Some(&green), Some(&blue), None])
}

/// A grey picture, which is read as red, green and blue alike.
fn grey(side: usize, grey: Grey) -> Field {
    field_of(side, &[Some(&grey), Some(&grey), Some(&grey), None])
}

/// A landscape: sky, hills and trees in colour.
fn photo(side: usize, dice: &mut Dice) -> Field {
    let (haze, leaves) = (clouds(side, 3, dice), clouds(side, 24, dice));
    let (horizon, hills, phase) = (
        dice.between(0.3, 0.6),
        dice.between(0.02, 0.1),
        dice.between(0.0, 6.0),
    );
    let layer =
        |x: f32, y: f32| y > horizon + hills * (9.0 * x + phase).sin() + hills * (3.0 * x).cos();
    let pixel = |x: f32, y: f32| {
        ((y * side as f32) as usize * side + (x * side as f32) as usize).min(side * side - 1)
    };
    let channel = |sky: f32, ground: f32| {
        drawn(side, |x, y| {
            let at = pixel(x, y);
            if layer(x, y) {
                ground * (0.3 + 1.4 * leaves[at] * (1.3 - y))
            } else {
                sky * (0.6 + 0.5 * haze[at])
            }
        })
    };
    coloured(
        side,
        [channel(0.55, 0.45), channel(0.7, 0.55), channel(0.95, 0.25)],
    )
}

/// A printed page.
fn text(side: usize, dice: &mut Dice) -> Field {
    let mut page = vec![0.95; side * side];
    let (line, size) = (side / 28, side / 56);
    let mut y = line;
    while y + line < side {
        let mut x = side / 14;
        while x + side / 14 < side {
            if dice.roll() < 0.15 {
                x += size;
            }
            for _ in 0..3 {
                let (dx, dy) = (dice.roll() * size as f32 * 0.8, dice.roll() * size as f32);
                let upright = dice.roll() < 0.6;
                for step in 0..size {
                    let (px, py) = if upright {
                        (dx as usize, step)
                    } else {
                        (step * 4 / 5, dy as usize)
                    };
                    for thick in 0..2 {
                        let at = (y + py) * side + (x + px + thick).min(side - 1);
                        page[at] = 0.05;
                    }
                }
            }
            x += size;
        }
        y += line;
    }
    grey(side, page)
}

/// A chart of bars and a curve on white.
fn chart(side: usize, dice: &mut Dice) -> Field {
    let bars: Vec<f32> = (0..8).map(|_| dice.between(0.1, 0.8)).collect();
    let phase = dice.between(0.0, 6.0);
    let make = |bar: f32, curve: f32| {
        drawn(side, |x, y| {
            let at = (x * 8.0) as usize;
            let inside = x * 8.0 - at as f32;
            if (x - 0.06).abs() < 0.003 || (y - 0.94).abs() < 0.003 {
                return 0.0;
            }
            if (y - 0.5 - 0.3 * (7.0 * x + phase).sin()).abs() < 0.008 {
                return curve;
            }
            if inside > 0.2 && inside < 0.8 && y > 0.94 - bars[at.min(7)] && y < 0.94 {
                bar
            } else {
                1.0
            }
        })
    };
    coloured(side, [make(0.2, 0.9), make(0.45, 0.2), make(0.75, 0.1)])
}

/// A chest in X-rays: grey, with ribs and lungs.
fn xray(side: usize, dice: &mut Dice) -> Field {
    let (tilt, ribs, haze) = (
        dice.between(-0.05, 0.05),
        dice.between(14.0, 20.0),
        clouds(side, 6, dice),
    );
    let mut at = 0;
    grey(
        side,
        drawn(side, |x, y| {
            let lung = |centre: f32| {
                (-((x - centre - tilt) / 0.16).powi(4) - ((y - 0.5) / 0.33).powi(4)).exp()
            };
            let dark = 0.75 * (lung(0.3) + lung(0.7)).min(1.0);
            let rib = 0.12 * ((ribs * (y + 0.4 * (x - 0.5).powi(2))).sin()).max(0.0);
            let spine = 0.25 * (-((x - 0.5 - tilt) / 0.05).powi(2)).exp();
            at += 1;
            0.62 - dark * 0.7 + rib + spine + 0.2 * (haze[at - 1] - 0.5)
        }),
    )
}

/// Cells in transmitted light: grey, with bright rims.
fn brightfield(side: usize, dice: &mut Dice) -> Field {
    let cells: Vec<[f32; 3]> = (0..30)
        .map(|_| [dice.roll(), dice.roll(), dice.between(0.03, 0.07)])
        .collect();
    let haze = clouds(side, 8, dice);
    let mut at = 0;
    grey(
        side,
        drawn(side, |x, y| {
            let rims: f32 = cells
                .iter()
                .map(|[cx, cy, r]| {
                    let d = ((x - cx).powi(2) + (y - cy).powi(2)).sqrt() / r;
                    0.3 * (-((d - 1.0) / 0.12).powi(2)).exp()
                        - 0.2 * (-((d - 0.8) / 0.12).powi(2)).exp()
                })
                .sum();
            at += 1;
            0.5 + rims + 0.15 * (haze[at - 1] - 0.5)
        }),
    )
}

/// A stained section: pink, with violet nuclei.
fn section(side: usize, dice: &mut Dice) -> Field {
    let nuclei: Vec<[f32; 3]> = (0..160)
        .map(|_| [dice.roll(), dice.roll(), dice.between(0.008, 0.016)])
        .collect();
    let haze = clouds(side, 10, dice);
    let nucleus = drawn(side, |x, y| {
        if nuclei
            .iter()
            .any(|[cx, cy, r]| (x - cx).powi(2) + (y - cy).powi(2) < r * r)
        {
            1.0
        } else {
            0.0
        }
    });
    let channel = |pink: f32, violet: f32| {
        (0..side * side)
            .map(|at| {
                (pink + (violet - pink) * nucleus[at] + 0.25 * (haze[at] - 0.5)).clamp(0.0, 1.0)
            })
            .collect()
    };
    coloured(
        side,
        [channel(0.9, 0.45), channel(0.65, 0.25), channel(0.78, 0.6)],
    )
}

/// Wrong inputs: what no microscope took, and what was done to a field of cells.
pub(super) fn fields(field: &Field, number: u64) -> Vec<(&'static str, Field)> {
    let side = field.width().min(field.height()) as usize;
    let mut dice = Dice(number);
    let [red, green, blue, yellow] = Channel::ALL.map(|channel| {
        field.plane(channel).map_or_else(
            || vec![0.0; side * side],
            |plane| {
                let width = plane.width() as usize;
                let value = |at: usize| match plane.samples() {
                    Samples::Eight(values) => f32::from(values[at]) / 255.0,
                    Samples::Sixteen(values) => f32::from(values[at]) / 65535.0,
                };
                (0..side * side)
                    .map(|at| value(at / side * width + at % side))
                    .collect()
            },
        )
    });
    let all = |change: &mut dyn FnMut(&Grey) -> Grey| {
        let [r, g, b, y] = [change(&red), change(&green), change(&blue), change(&yellow)];
        field_of(side, &[Some(&r), Some(&g), Some(&b), Some(&y)])
    };
    let noise = |dice: &mut Dice| drawn(side, |_, _| dice.roll());
    let faint = |dice: &mut Dice| drawn(side, |_, _| 0.01 * dice.roll());
    vec![
        ("photograph", photo(side, &mut dice)),
        ("printed page", text(side, &mut dice)),
        ("chart", chart(side, &mut dice)),
        ("X-ray", xray(side, &mut dice)),
        ("transmitted light", brightfield(side, &mut dice)),
        ("stained section", section(side, &mut dice)),
        ("black", all(&mut |_| faint(&mut dice))),
        ("noise", all(&mut |_| noise(&mut dice))),
        (
            "overexposed, 8 times",
            all(&mut |grey| grey.iter().map(|x| (8.0 * x).min(1.0)).collect()),
        ),
        (
            "inverted",
            all(&mut |grey| grey.iter().map(|x| 1.0 - x).collect()),
        ),
        (
            "green and blue swapped",
            field_of(
                side,
                &[Some(&red), Some(&blue), Some(&green), Some(&yellow)],
            ),
        ),
        (
            "red and blue swapped",
            field_of(
                side,
                &[Some(&blue), Some(&green), Some(&red), Some(&yellow)],
            ),
        ),
        (
            "blue and yellow swapped",
            field_of(
                side,
                &[Some(&red), Some(&green), Some(&yellow), Some(&blue)],
            ),
        ),
        (
            "green alone",
            field_of(side, &[None, Some(&green), None, None]),
        ),
        (
            "green in every channel",
            field_of(
                side,
                &[Some(&green), Some(&green), Some(&green), Some(&green)],
            ),
        ),
        (
            "out of focus, sigma 8 px",
            all(&mut |grey| blurred(grey, side, 8.0)),
        ),
        (
            "out of focus, sigma 4 px",
            all(&mut |grey| blurred(grey, side, 4.0)),
        ),
        (
            "4 times too large",
            all(&mut |grey| warped(grey, side, |x| 0.375 + x / 4.0)),
        ),
        (
            "4 times too small",
            all(&mut |grey| {
                let small = blurred(grey, side, 2.0);
                warped(&small, side, |x| {
                    let t = (x * 4.0).rem_euclid(2.0);
                    (if t > 1.0 { 2.0 - t } else { t }).min(1.0)
                })
            }),
        ),
    ]
}
