//! Doubts: what speaks against a field being a fluorescence image of cells, measured on its samples.
//!
//! A network answers anything. The limits stand well outside of what 80 fields of the Human Protein Atlas have (each limit's line
//! says what they have), and none of these fields raises a doubt.

use std::fmt;

use cytolens_core::Channel;

use super::field::{Field, Plane, Samples};
use super::scale::ATLAS_WIDTH;

/// The samples that are looked at, a side: a grid over the field.
const GRID: usize = 512;
/// The side of a block of samples by whose means fine structure is told from coarse.
const BLOCK: usize = 8;
/// Levels of brightness that are told apart.
const LEVELS: usize = 4096;

/// From black to the brightest thousandth, as a share of white: under it a channel is as good as black (atlas: 0.06).
const LEAST_RANGE: f32 = 0.015;
/// The share of samples at the highest value: over it a channel is overexposed (atlas: 0.06).
const MOST_SATURATED: f32 = 0.1;
/// The level of the darkest samples: over it black is not black (atlas: 0.10).
const MOST_OFFSET: f32 = 0.15;
/// The level of the middle sample: over it most of a channel is bright (atlas: 0.24).
const MOST_BACKGROUND: f32 = 0.4;
/// The correlation of two channels: over it they show the same (atlas: 0.88; red and blue 0.51). A protein may well lie where
/// another channel's structure does, but red and blue are never nearly the same, unless it is a photograph.
const MOST_ALIKE: f32 = 0.995;
const MOST_ALIKE_RED_BLUE: f32 = 0.8;
/// By so much another channel than blue must be coarser and better parted into dark and bright to look like nuclei (atlas: less than
/// 0.04 and 0.09, and never both at once).
const COARSER: f32 = 0.05;
const BETTER_PARTED: f32 = 0.02;

/// The coarseness of the finest channel: over it the field is blurred (atlas: 0.75; out of focus by 4 px of 512: 0.86 and more).
const MOST_BLURRED: f32 = 0.8;
/// The coarseness of blue: over it nuclei are too large, under it too small (atlas: 0.64 to 0.89; four times enlarged 0.95 and more in
/// three of four fields, four times reduced 0.59 at most).
const COARSEST_NUCLEI: f32 = 0.92;
const FINEST_NUCLEI: f32 = 0.61;

/// A doubt about a field, with a sentence for people.
#[derive(Debug, Clone, PartialEq)]
pub enum Doubt {
    /// All samples of the channel are equal.
    Empty(Channel),
    /// The channel is as good as black. Holds its brightest level as a share of white.
    Dark(Channel, f32),
    /// Much of the channel is at the highest value. Holds the share of samples.
    Saturated(Channel, f32),
    /// Nothing in the channel is black. Holds its darkest level as a share of white.
    Offset(Channel, f32),
    /// Most of the channel is bright.
    BrightBackground(Channel),
    /// Two channels show the same picture.
    Alike(Channel, Channel),
    /// This channel looks more like nuclei than blue does.
    Swapped(Channel),
    /// Cells look more than twice as large or as small as in training. Holds the width in micrometres of what the network sees.
    OtherScale(f64),
    /// No channel has fine structure.
    Blurred,
    /// The nuclei are much larger than the atlas's.
    Enlarged,
    /// The nuclei are much smaller than the atlas's.
    Reduced,
    /// There is no other channel.
    Alone(Channel),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f32| format!("{:.0} %", (share * 100.0).max(1.0));
        match self {
            Self::Empty(Channel::Green) => {
                f.write_str("the green channel is empty, so there is no protein to be found in it")
            }
            Self::Empty(channel) => write!(f, "the {channel} channel is empty"),
            Self::Dark(channel, level) => write!(
                f,
                "the {channel} channel is nearly black: its brightest parts reach less than {} of white",
                percent(*level)
            ),
            Self::Saturated(channel, share) => write!(
                f,
                "the {channel} channel is overexposed: {} of it is at the highest value",
                percent(*share)
            ),
            Self::Offset(channel, level) => write!(
                f,
                "the {channel} channel has no black: its darkest parts are at {} of white",
                percent(*level)
            ),
            Self::BrightBackground(channel) => write!(
                f,
                "most of the {channel} channel is bright, which fluorescence images are not"
            ),
            Self::Alike(first, second) => write!(
                f,
                "{first} and {second} show the same picture: is it a photograph, or one channel twice?"
            ),
            Self::Swapped(channel) => write!(
                f,
                "{channel} looks more like nuclei than blue does: are the channels swapped?"
            ),
            Self::OtherScale(width) => {
                let (factor, how) = match width / ATLAS_WIDTH {
                    wider if wider > 1.0 => (wider, "smaller"),
                    narrower => (1.0 / narrower, "larger"),
                };
                write!(
                    f,
                    "by its pixel size the field is {width:.0} µm wide, and the model's training {ATLAS_WIDTH:.0} µm: cells look {factor:.1} times {how} than it knows them"
                )
            }
            Self::Blurred => f.write_str(
                "nothing in the picture is sharp: is it out of focus, or was it enlarged?",
            ),
            Self::Enlarged => f.write_str(
                "what should be nuclei is larger than nuclei are at the atlas's magnification: was the picture cut or enlarged?",
            ),
            Self::Reduced => f.write_str(
                "what should be nuclei is smaller than nuclei are at the atlas's magnification: is it another objective?",
            ),
            Self::Alone(channel) => write!(
                f,
                "{channel} is the only channel, so the model cannot see where nuclei and cells are"
            ),
        }
    }
}

/// Finds what is doubtful about a field, channel by channel.
pub fn doubts(field: &Field) -> Vec<Doubt> {
    let looks: Vec<(Channel, Look)> = Channel::ALL
        .into_iter()
        .filter_map(|channel| Some((channel, Look::new(field.plane(channel)?))))
        .collect();
    let mut doubts: Vec<Doubt> = looks
        .iter()
        .flat_map(|(channel, look)| look.doubts(*channel))
        .collect();
    let seen: Vec<&(Channel, Look)> = looks.iter().filter(|(_, look)| look.shows()).collect();
    for (index, (first, one)) in seen.iter().enumerate() {
        for (second, other) in &seen[index + 1..] {
            let red_and_blue = (*first, *second) == (Channel::Red, Channel::Blue);
            let most = if red_and_blue {
                MOST_ALIKE_RED_BLUE
            } else {
                MOST_ALIKE
            };
            if one.correlation(other) > most {
                doubts.push(Doubt::Alike(*first, *second));
            }
        }
    }
    let is_alike = doubts.iter().any(|doubt| matches!(doubt, Doubt::Alike(..)));
    let blue = seen.iter().find(|(channel, _)| *channel == Channel::Blue);
    if let Some((_, blue)) = blue
        && !is_alike
    {
        let coarsest = seen
            .iter()
            .filter(|(_, look)| {
                look.coarseness - blue.coarseness > COARSER
                    && look.parted - blue.parted > BETTER_PARTED
            })
            .max_by(|(_, a), (_, b)| a.coarseness.total_cmp(&b.coarseness));
        doubts.extend(coarsest.map(|(channel, _)| Doubt::Swapped(*channel)));
    }
    let width = field.seen_width().filter(|_| field.is_of_other_scale());
    doubts.extend(width.map(Doubt::OtherScale));
    if doubts.is_empty() {
        doubts.extend(scale_doubt(&seen));
    }
    if let [(channel, look)] = looks.as_slice()
        && look.shows()
    {
        doubts.push(Doubt::Alone(*channel));
    }
    doubts
}

/// What is doubtful about sharpness and magnification of a field whose channels are as they should be. They are known of fields of
/// [`GRID`] and more pixels a side.
fn scale_doubt(seen: &[&(Channel, Look)]) -> Option<Doubt> {
    let finest = seen
        .iter()
        .map(|(_, look)| look.coarseness)
        .reduce(f32::min)?;
    let blue = seen.iter().find(|(channel, _)| *channel == Channel::Blue);
    let blue = blue.map(|(_, look)| look.coarseness);
    if seen
        .iter()
        .any(|(_, look)| look.samples.len() < GRID * GRID)
    {
        None
    } else if seen.len() > 1 && finest > MOST_BLURRED {
        Some(Doubt::Blurred)
    } else if blue? > COARSEST_NUCLEI {
        Some(Doubt::Enlarged)
    } else {
        (blue? < FINEST_NUCLEI).then_some(Doubt::Reduced)
    }
}

/// Measures of one channel.
struct Look {
    /// Samples from 0 to 1, on a grid over the field.
    samples: Vec<f32>,
    mean: f32,
    variance: f32,
    /// The levels under which a two-hundredth, half, and all but a thousandth of the samples lie.
    dark: f32,
    middle: f32,
    bright: f32,
    /// The share of samples at the highest value of the depth.
    saturated: f32,
    /// The share of the samples' variance that is left in the means of blocks: nuclei are coarse, filaments fine.
    coarseness: f32,
    /// The share of the variance that one level explains, which parts dark samples from bright ones (Otsu 1979).
    parted: f32,
}

impl Look {
    fn new(plane: &Plane) -> Self {
        let (samples, [columns, rows]) = on_grid(plane);
        let count = samples.len() as f32;
        let mut levels = vec![0_u32; LEVELS];
        for sample in &samples {
            levels[(sample * (LEVELS - 1) as f32) as usize] += 1;
        }
        let level_under = |share: f32| {
            let mut left = share * count;
            let level = levels.iter().position(|&at| {
                left -= at as f32;
                left <= 0.0
            });
            level.unwrap_or(LEVELS - 1) as f32 / (LEVELS - 1) as f32
        };
        let (mean, variance) = spread(&samples);
        let means = block_means(&samples, columns, rows);
        let share = |part: f32| if variance > 0.0 { part / variance } else { 0.0 };
        Self {
            dark: level_under(0.005),
            middle: level_under(0.5),
            bright: level_under(0.999),
            saturated: samples.iter().filter(|&&sample| sample >= 1.0).count() as f32 / count,
            // Blocks of a field of a few pixels say nothing.
            coarseness: if means.len() >= 256 {
                share(spread(&means).1)
            } else {
                0.0
            },
            parted: share(parted(&levels)),
            mean,
            variance,
            samples,
        }
    }

    /// Whether there is anything to be seen.
    fn shows(&self) -> bool {
        self.bright - self.dark >= LEAST_RANGE
    }

    fn doubts(&self, channel: Channel) -> Option<Doubt> {
        let first = self.samples[0];
        if self.samples.iter().all(|&sample| sample == first) {
            return Some(Doubt::Empty(channel));
        }
        if self.bright < LEAST_RANGE {
            return Some(Doubt::Dark(channel, self.bright));
        }
        if self.middle > MOST_BACKGROUND {
            return Some(Doubt::BrightBackground(channel));
        }
        if self.saturated > MOST_SATURATED {
            return Some(Doubt::Saturated(channel, self.saturated));
        }
        (self.dark > MOST_OFFSET).then_some(Doubt::Offset(channel, self.dark))
    }

    /// Pearson's correlation with another channel of the field.
    fn correlation(&self, other: &Self) -> f32 {
        let products = self.samples.iter().zip(&other.samples);
        let covariance: f32 = products
            .map(|(a, b)| (a - self.mean) * (b - other.mean))
            .sum();
        let spread = (self.variance * other.variance).sqrt();
        covariance / (spread * self.samples.len() as f32)
    }
}

/// The plane's samples from 0 to 1 at the places of a grid, and the grid's columns and rows.
fn on_grid(plane: &Plane) -> (Vec<f32>, [usize; 2]) {
    let (width, height) = (plane.width() as usize, plane.height() as usize);
    let (columns, rows) = (width.min(GRID), height.min(GRID));
    let places = (0..rows).flat_map(|row| {
        let row = row * height / rows;
        (0..columns).map(move |column| row * width + column * width / columns)
    });
    let samples = match plane.samples() {
        Samples::Eight(values) => places.map(|at| f32::from(values[at]) / 255.0).collect(),
        Samples::Sixteen(values) => places.map(|at| f32::from(values[at]) / 65535.0).collect(),
    };
    (samples, [columns, rows])
}

/// The mean and the variance.
fn spread(values: &[f32]) -> (f32, f32) {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (mean, squares.sum::<f32>() / count)
}

/// The means of whole blocks.
fn block_means(samples: &[f32], columns: usize, rows: usize) -> Vec<f32> {
    let blocks =
        (0..rows / BLOCK).flat_map(|row| (0..columns / BLOCK).map(move |column| [row, column]));
    blocks
        .map(|[row, column]| {
            let lines = (row * BLOCK..(row + 1) * BLOCK).map(|row| {
                let start = row * columns + column * BLOCK;
                samples[start..start + BLOCK].iter().sum::<f32>()
            });
            lines.sum::<f32>() / (BLOCK * BLOCK) as f32
        })
        .collect()
}

/// The largest variance between the dark and the bright of any two classes of levels.
fn parted(levels: &[u32]) -> f32 {
    let scale = (LEVELS - 1) as f64;
    let count: f64 = levels.iter().map(|&at| f64::from(at)).sum();
    let level_sum = |levels: &[u32]| {
        let levels = levels.iter().enumerate();
        levels
            .map(|(level, &at)| level as f64 * f64::from(at))
            .sum::<f64>()
            / scale
    };
    let sum = level_sum(levels);
    let (mut under, mut sum_under, mut best) = (0.0, 0.0, 0.0_f64);
    for (level, &at) in levels.iter().enumerate() {
        under += f64::from(at);
        sum_under += level as f64 * f64::from(at) / scale;
        let over = count - under;
        if under > 0.0 && over > 0.0 {
            let difference = sum_under / under - (sum - sum_under) / over;
            best = best.max(under * over / (count * count) * difference * difference);
        }
    }
    best as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 256;

    fn plane(value: impl Fn(usize, usize) -> f32) -> Plane {
        let places = (0..SIDE * SIDE).map(|at| value(at / SIDE, at % SIDE));
        let samples = places.map(|value| (value * 255.0) as u8).collect();
        Plane::new(SIDE as u32, SIDE as u32, Samples::Eight(samples)).expect("a plane")
    }

    /// Discs, like nuclei.
    fn nuclei(row: usize, column: usize) -> f32 {
        let distance = |place: usize| (place % 64) as f32 - 32.0;
        let inside = distance(row).hypot(distance(column)) < 16.0;
        0.02 + if inside { 0.6 } else { 0.0 }
    }

    /// Lines, like filaments.
    fn filaments(row: usize, column: usize) -> f32 {
        let brightness = 0.2 + 0.1 * (row / 9 % 5) as f32;
        if (row * 2 + column) % 11 < 2 {
            brightness
        } else {
            0.02
        }
    }

    /// Dots, like bodies in the cytoplasm.
    fn dots(row: usize, column: usize) -> f32 {
        if row % 21 < 2 && column % 17 < 2 {
            0.9
        } else {
            0.01
        }
    }

    fn found(planes: [Plane; 3]) -> Vec<Doubt> {
        let channels = [Channel::Red, Channel::Green, Channel::Blue];
        doubts(&Field::new("a", channels.into_iter().zip(planes)).expect("a field"))
    }

    #[test]
    fn a_field_of_another_scale_is_doubted_by_its_pixel_size() {
        let said = |pixel: f64| {
            let planes = [plane(filaments), plane(dots), plane(nuclei)];
            let channels = [Channel::Red, Channel::Green, Channel::Blue];
            let field = Field::new("a", channels.into_iter().zip(planes)).expect("a field");
            let doubts = doubts(&field.with(Some(pixel), Vec::new()));
            doubts.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(said(0.64).is_empty());
        let wide = &said(2.56)[0];
        assert!(
            wide.contains("655 µm") && wide.contains("4.0 times smaller"),
            "{wide}"
        );
        let narrow = &said(0.16)[0];
        assert!(
            narrow.contains("41 µm") && narrow.contains("4.0 times larger"),
            "{narrow}"
        );
    }

    #[test]
    fn cells_raise_no_doubt() {
        assert_eq!(found([plane(filaments), plane(dots), plane(nuclei)]), []);
    }

    #[test]
    fn each_doubt_is_found_and_alone() {
        use Channel::{Blue, Green, Red};
        let black = |_, _| 0.0;
        let dim = |row, column| dots(row, column) * 0.008;
        let over = |row, column| if column < 40 { 1.0 } else { dots(row, column) };
        let lifted = |row, column| 0.2 + dots(row, column) * 0.5;
        let bright = |row, column| 0.8 - 0.5 * dots(row, column);
        let is = |doubts: Vec<Doubt>, expected: &dyn Fn(&Doubt) -> bool| {
            assert!(doubts.len() == 1 && expected(&doubts[0]), "{doubts:?}");
        };
        let with = |green| found([plane(filaments), green, plane(nuclei)]);
        is(with(plane(black)), &|doubt| *doubt == Doubt::Empty(Green));
        is(with(plane(dim)), &|doubt| {
            matches!(doubt, Doubt::Dark(Green, _))
        });
        is(
            with(plane(over)),
            &|doubt| matches!(doubt, Doubt::Saturated(Green, share) if *share > 0.15),
        );
        is(
            with(plane(lifted)),
            &|doubt| matches!(doubt, Doubt::Offset(Green, level) if (0.19..0.22).contains(level)),
        );
        is(with(plane(bright)), &|doubt| {
            *doubt == Doubt::BrightBackground(Green)
        });
        is(
            found([plane(nuclei), plane(dots), plane(nuclei)]),
            &|doubt| *doubt == Doubt::Alike(Red, Blue),
        );
        is(
            found([plane(nuclei), plane(dots), plane(filaments)]),
            &|doubt| *doubt == Doubt::Swapped(Red),
        );
    }

    #[test]
    fn sharpness_and_magnification_are_judged_by_the_atlas() {
        const SIDE: usize = GRID;
        let field = |scale: f32, blur: usize| {
            let plane = |value: fn(usize, usize) -> f32| {
                let at = |row: usize, column: usize| {
                    value(
                        (row as f32 * scale) as usize,
                        (column as f32 * scale) as usize,
                    )
                };
                let sharp: Vec<f32> = (0..SIDE * SIDE)
                    .map(|place| at(place / SIDE, place % SIDE))
                    .collect();
                let mean = |row: usize, column: usize| {
                    let rows = row.saturating_sub(blur)..(row + blur + 1).min(SIDE);
                    let columns = || column.saturating_sub(blur)..(column + blur + 1).min(SIDE);
                    let count = (rows.len() * columns().len()) as f32;
                    let sum: f32 = rows
                        .flat_map(|row| columns().map(move |column| row * SIDE + column))
                        .map(|place| sharp[place])
                        .sum();
                    sum / count
                };
                let values =
                    (0..SIDE * SIDE).map(|place| (mean(place / SIDE, place % SIDE) * 255.0) as u8);
                Plane::new(SIDE as u32, SIDE as u32, Samples::Eight(values.collect()))
                    .expect("a plane")
            };
            // Structures of every size, as in cells, in nuclei a fifth of the light.
            fn grainy(row: usize, column: usize) -> f32 {
                nuclei(row, column) * (0.6 + 0.4 * ((row * 7 + column * 13) % 3) as f32 / 2.0)
            }
            let channels = [Channel::Red, Channel::Blue];
            let planes = [plane(filaments), plane(grainy)];
            doubts(&Field::new("a", channels.into_iter().zip(planes)).expect("a field"))
        };
        assert_eq!(field(1.0, 0), []);
        assert_eq!(field(1.0, 8), [Doubt::Blurred]);
        assert_eq!(field(4.0, 0), [Doubt::Reduced]);
    }

    #[test]
    fn a_channel_alone_is_told() {
        let field = Field::new("a", [(Channel::Green, plane(dots))]).expect("a field");
        assert_eq!(doubts(&field), [Doubt::Alone(Channel::Green)]);
    }

    #[test]
    fn one_pixel_is_looked_at_too() {
        let plane = Plane::new(1, 1, Samples::Sixteen(vec![300])).expect("a plane");
        let field = Field::new("a", [(Channel::Green, plane)]).expect("a field");
        assert_eq!(doubts(&field), [Doubt::Empty(Channel::Green)]);
    }

    #[test]
    fn the_depth_does_not_matter() {
        let wide = |row, column| match plane(dots).samples() {
            Samples::Eight(values) => f32::from(values[row * SIDE + column]) / 255.0,
            Samples::Sixteen(_) => unreachable!("it is of 8 bit"),
        };
        let narrow = Look::new(&plane(wide));
        let values: Vec<u16> = match plane(dots).samples() {
            Samples::Eight(values) => values.iter().map(|&value| u16::from(value) * 257).collect(),
            Samples::Sixteen(_) => unreachable!("it is of 8 bit"),
        };
        let wide = Plane::new(SIDE as u32, SIDE as u32, Samples::Sixteen(values)).expect("a plane");
        let wide = Look::new(&wide);
        assert!((narrow.parted - wide.parted).abs() < 1e-5);
        assert_eq!((narrow.dark, narrow.bright), (wide.dark, wide.bright));
    }
}
