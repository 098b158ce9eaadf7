//! What is noticed of fields as they are read: people are told once of each kind, with an example, and not field by field.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cytolens_core::Channel;
use cytolens_field::{Doubt, Field, Notice, Plane, Samples};

/// What was noticed of the fields that were looked at. Threads may share it.
#[derive(Debug, Default)]
pub struct Noticed(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// The number of fields that seem to be of a camera of fewer bits than their files have, by these bits: a network sees them dark.
    dark: BTreeMap<u32, usize>,
    /// The number of fields of each other kind, and the example that comes first.
    others: BTreeMap<Kind, (usize, String)>,
}

/// A kind of notice, in the order in which people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Names,
    Cut,
    Reduced,
    Framed,
    Painted,
    OtherScale,
    Empty(Channel),
}

impl Noticed {
    /// Looks at a field, as it was read.
    pub fn look_at(&self, field: &Field) {
        let noticed = noticed(field);
        let bits = field.camera_bits();
        if noticed.is_empty() && bits.is_none() {
            return;
        }
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bits) = bits {
            *found.dark.entry(bits).or_default() += 1;
        }
        for (kind, said) in noticed {
            let (count, example) = found
                .others
                .entry(kind)
                .or_insert_with(|| (0, said.clone()));
            *count += 1;
            // Threads read in any order, and the same is told each time.
            if said < *example {
                *example = said;
            }
        }
    }

    /// A warning for each kind, with the way out where there is one.
    pub fn warnings(&self) -> Vec<String> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let dark = |(bits, fields): (&u32, &usize)| {
            let fields = match fields {
                1 => "1 field of 16 bit uses".to_owned(),
                fields => format!("{fields} fields of 16 bit use"),
            };
            format!(
                "{fields} only the lower {bits}, as cameras of {bits} bit record, and a network sees them dark: --bits {bits} \
                 stretches them"
            )
        };
        let mut warnings: Vec<String> = found.dark.iter().map(dark).collect();
        warnings.extend(found.others(|_| true));
        warnings
    }

    /// The warnings of what was decided in reading and of scales, without those of brightness, which a report measures by itself.
    pub fn but_for_brightness(&self) -> Vec<String> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.others(|kind| !matches!(kind, Kind::Empty(_)))
    }
}

impl Found {
    /// The warnings of the wanted kinds but for dark fields.
    fn others(&self, is_wanted: impl Fn(Kind) -> bool) -> Vec<String> {
        let warning = |(kind, (count, example)): (&Kind, &(usize, String))| {
            let more = match count - 1 {
                0 => String::new(),
                1 => ", and another field".to_owned(),
                more => format!(", and {more} other fields"),
            };
            let way_out = match kind {
                Kind::Names => "; --channels says which they are",
                Kind::OtherScale => {
                    "; predict --to-scale answers their middle, or lays them on black, at its scale"
                }
                Kind::Cut | Kind::Reduced | Kind::Framed | Kind::Painted | Kind::Empty(_) => "",
            };
            format!("{example}{more}{way_out}")
        };
        let wanted = self.others.iter().filter(|(kind, _)| is_wanted(**kind));
        wanted.map(warning).collect()
    }
}

/// What is noticed of a field but for its bits, each kind once, with the file's name or the field's.
fn noticed(field: &Field) -> BTreeMap<Kind, String> {
    let mut noticed = BTreeMap::new();
    for notice in field.notices() {
        let (kind, said) = match notice {
            Notice::CameraBits { .. } => continue,
            Notice::NamesPassedOver { .. } => (Kind::Names, notice.to_string()),
            Notice::Cut { .. } => (Kind::Cut, notice.to_string()),
            Notice::Reduced { .. } => (Kind::Reduced, format!("{notice}: {}", field.id())),
            Notice::Framed { .. } => (Kind::Framed, format!("{notice}: {}", field.id())),
            Notice::Painted { .. } => (Kind::Painted, format!("{notice}: {}", field.id())),
        };
        noticed.entry(kind).or_insert(said);
    }
    if let Some(width) = field.seen_width().filter(|_| field.is_of_other_scale()) {
        let said = format!("{}: {}", Doubt::OtherScale(width), field.id());
        noticed.insert(Kind::OtherScale, said);
    }
    for channel in field.channels() {
        if field.plane(channel).is_some_and(is_empty) {
            let said = format!("{}: {}", Doubt::Empty(channel), field.id());
            noticed.insert(Kind::Empty(channel), said);
        }
    }
    noticed
}

/// Whether all samples are equal.
fn is_empty(plane: &Plane) -> bool {
    fn are_equal<T: PartialEq>(samples: &[T]) -> bool {
        samples
            .split_first()
            .is_none_or(|(first, rest)| rest.iter().all(|sample| sample == first))
    }
    match plane.samples() {
        Samples::Eight(samples) => are_equal(samples),
        Samples::Sixteen(samples) => are_equal(samples),
    }
}

#[cfg(test)]
mod tests {
    use cytolens_core::ChannelOrder;
    use cytolens_field::{Source, decode_field};
    use image::{DynamicImage, GrayImage, ImageFormat, Luma};

    use super::*;

    #[test]
    fn fields_of_cameras_are_counted_and_others_are_not() {
        let noticed = Noticed::default();
        let plane = |samples| Plane::new(2, 1, samples).expect("a plane");
        let field = |samples| Field::new("x", [(Channel::Green, plane(samples))]).expect("a field");
        for brightest in [4095, 3000, 65535] {
            noticed.look_at(&field(Samples::Sixteen(vec![0, brightest])));
        }
        noticed.look_at(&field(Samples::Eight(vec![0, 255])));
        let stretched = field(Samples::Sixteen(vec![0, 4095])).stretched(12);
        noticed.look_at(&stretched.expect("12 bits"));
        let [warning] = &noticed.warnings()[..] else {
            panic!("one warning, not {:?}", noticed.warnings());
        };
        assert!(
            warning.starts_with("2 fields of 16 bit use only the lower 12")
                && warning.contains("--bits 12 "),
            "{warning}"
        );
        noticed.look_at(&field(Samples::Sixteen(vec![0, 0])));
        let warnings = noticed.warnings();
        assert_eq!(
            warnings[1..],
            ["the green channel is empty, so there is no protein to be found in it: x"]
        );
        assert!(noticed.but_for_brightness().is_empty());
    }

    /// A field whose second channel has a row more than its first, and whose PNG says how large a pixel is, where it does.
    fn field(id: &str, pixels_a_metre: Option<u32>) -> Field {
        let file = |height: u32| {
            let mut file = std::io::Cursor::new(Vec::new());
            DynamicImage::ImageLuma8(GrayImage::from_fn(64, height, |x, _| Luma([x as u8])))
                .write_to(&mut file, ImageFormat::Png)
                .expect("written");
            let mut bytes = file.into_inner();
            if let Some(density) = pixels_a_metre {
                let side = density.to_be_bytes();
                let body = [&b"pHYs"[..], &side, &side, &[1]].concat();
                let mut sum = flate2::Crc::new();
                sum.update(&body);
                let length = (body.len() as u32 - 4).to_be_bytes();
                let chunk = [&length[..], &body, &sum.sum().to_be_bytes()].concat();
                // Behind the header.
                bytes.splice(33..33, chunk);
            }
            bytes
        };
        let files = [file(64), file(65)];
        let names = ["red", "green"].map(|channel| format!("{id}_{channel}.png"));
        let sources = [Channel::Red, Channel::Green];
        let sources = sources.into_iter().zip(&names).zip(&files);
        let sources: Vec<Source<'_>> = sources
            .map(|((channel, name), bytes)| Source {
                name,
                channel: Some(channel),
                bytes,
            })
            .collect();
        decode_field(id, &sources, &ChannelOrder::default()).expect("a field")
    }

    #[test]
    fn each_kind_is_told_once_with_its_first_example_and_the_way_out() {
        let noticed = Noticed::default();
        noticed.look_at(&field("b", None));
        noticed.look_at(&field("a", None));
        // 64 px of a micrometre each.
        noticed.look_at(&field("c", Some(1_000_000)));
        let warnings = noticed.warnings();
        let [cut, scale] = &warnings[..] else {
            panic!("two warnings, not {warnings:?}");
        };
        assert!(
            cut.contains("cut to 64 × 64 px") && cut.ends_with("a_green.png, and 2 other fields"),
            "{cut}"
        );
        assert!(
            scale.contains("64 µm wide") && scale.contains(": c; predict --to-scale"),
            "{scale}"
        );
        let framed = field("c", Some(1_000_000)).at_atlas_scale();
        let noticed = Noticed::default();
        noticed.look_at(&framed.expect("a field"));
        let warnings = noticed.warnings();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[1].contains("164 µm of black") && warnings[1].ends_with(": c"),
            "{warnings:?}"
        );
    }
}
