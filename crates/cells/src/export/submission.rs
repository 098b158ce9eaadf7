//! The submission to the Human Protein Atlas's single-cell challenge of 2021
//! (<https://www.kaggle.com/c/hpa-single-cell-image-classification/overview/evaluation>): a row a field with, for each cell and
//! class, the class's number, a confidence, and the cell's mask, run-length encoded as in COCO, packed with zlib and written in
//! base64.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::image::zlib;

/// The header of the table.
pub const SUBMISSION_HEADER: &str = "ID,ImageWidth,ImageHeight,PredictionString";

/// The challenge's last class: none of the others.
const NEGATIVE: u8 = 18;

/// A class of the challenge, and which of a package's labels it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeClass {
    /// Its number in the challenge.
    pub number: u8,
    /// The places of the labels that belong to it, of which the most probable counts; none for the class that is the lack of all
    /// others.
    pub labels: Vec<usize>,
}

/// The classes of the challenge that a package's labels can answer. The challenge joins several of the 28 locations, and leaves
/// out the cytokinetic bridge and rods and rings.
pub fn challenge_classes(labels: &[String]) -> Vec<ChallengeClass> {
    let number = |label: &str| -> Option<u8> {
        Some(match label.to_lowercase().as_str() {
            "nucleoplasm" => 0,
            "nuclear membrane" => 1,
            "nucleoli" => 2,
            "nucleoli fibrillar center" => 3,
            "nuclear speckles" => 4,
            "nuclear bodies" => 5,
            "endoplasmic reticulum" => 6,
            "golgi apparatus" => 7,
            "intermediate filaments" => 8,
            "actin filaments" | "focal adhesion sites" => 9,
            "microtubules" | "microtubule ends" => 10,
            "mitotic spindle" => 11,
            "microtubule organizing center" | "centrosome" => 12,
            "plasma membrane" | "cell junctions" => 13,
            "mitochondria" => 14,
            "aggresome" => 15,
            "cytosol" => 16,
            "peroxisomes" | "endosomes" | "lysosomes" | "lipid droplets" | "cytoplasmic bodies" => {
                17
            }
            _ => return None,
        })
    };
    let mut classes: Vec<ChallengeClass> = (0..=NEGATIVE)
        .map(|class| ChallengeClass {
            number: class,
            labels: (0..labels.len())
                .filter(|&label| number(&labels[label]) == Some(class))
                .collect(),
        })
        .collect();
    let answered = classes.iter().any(|class| !class.labels.is_empty());
    classes.retain(|class| !class.labels.is_empty() || (answered && class.number == NEGATIVE));
    classes
}

/// The confidence of each class for a cell with these probabilities of the package's labels, to the four decimals that are written:
/// that of the most probable label, and for the lack of all others what is left to the most probable of them.
pub fn challenge_confidences(classes: &[ChallengeClass], answer: &[f32]) -> Vec<f32> {
    let sure = |label: &usize| answer.get(*label).copied().unwrap_or(0.0);
    let most = |class: &ChallengeClass| class.labels.iter().map(sure).fold(0.0, f32::max);
    let any = classes.iter().map(most).fold(0.0, f32::max);
    let confidences = classes.iter().map(|class| match class.number {
        NEGATIVE => 1.0 - any,
        _ => most(class),
    });
    confidences
        .map(|confidence| (confidence * 1e4).round() / 1e4)
        .collect()
}

/// A field's row. `cells` are numbers in the mask with the probabilities of the package's labels.
///
/// # Panics
/// If there are not `width * height` pixels.
pub fn submission_row<'a>(
    id: &str,
    mask: &[u16],
    [width, height]: [usize; 2],
    classes: &[ChallengeClass],
    cells: impl IntoIterator<Item = (u16, &'a [f32])>,
) -> String {
    let masks = encoded_masks(mask, [width, height]);
    let mut row = format!("{},{width},{height},", quoted(id));
    let mut first = true;
    for (number, answer) in cells {
        let Some(encoded) = masks.get(&number) else {
            continue;
        };
        for (class, confidence) in classes.iter().zip(challenge_confidences(classes, answer)) {
            let space = if first { "" } else { " " };
            first = false;
            _ = write!(row, "{space}{} {confidence:.4} {encoded}", class.number);
        }
    }
    row
}

/// An id as a cell of a table: in quotes where a reader would take it for several cells or rows.
fn quoted(id: &str) -> Cow<'_, str> {
    match id.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", id.replace('"', "\"\"")).into(),
        false => id.into(),
    }
}

/// The mask of each number: COCO's run lengths in their ASCII form, packed with zlib, in base64.
///
/// # Panics
/// If there are not `width * height` pixels.
pub fn encoded_masks(mask: &[u16], [width, height]: [usize; 2]) -> BTreeMap<u16, String> {
    let runs = runs(mask, [width, height]).into_iter();
    runs.map(|(number, runs)| (number, base64(&zlib(coco(&runs).as_bytes()))))
        .collect()
}

/// Of each number the lengths of the runs outside and inside in turn, column by column, beginning outside.
fn runs(mask: &[u16], [width, height]: [usize; 2]) -> BTreeMap<u16, Vec<i64>> {
    assert_eq!(mask.len(), width * height, "the pixels of a mask");
    /// The runs so far, and the place up to which they go.
    type Runs = (Vec<i64>, usize);
    let mut all: BTreeMap<u16, Runs> = BTreeMap::new();
    for x in 0..width {
        let mut y = 0;
        while y < height {
            let number = mask[y * width + x];
            let start = y;
            while y < height && mask[y * width + x] == number {
                y += 1;
            }
            if number == 0 {
                continue;
            }
            let (start, end) = (x * height + start, x * height + y);
            let (runs, reached) = all.entry(number).or_default();
            match runs.last_mut() {
                Some(last) if *reached == start => *last += (end - start) as i64,
                _ => runs.extend([(start - *reached) as i64, (end - start) as i64]),
            }
            *reached = end;
        }
    }
    let whole = width * height;
    let finished = all.into_iter().map(|(number, (mut runs, reached))| {
        if reached < whole {
            runs.push((whole - reached) as i64);
        }
        (number, runs)
    });
    finished.collect()
}

/// Runs as COCO writes them (`rleToString` of <https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c>): from the
/// fourth on the difference from the last but one, five bits a letter, the lowest first.
fn coco(runs: &[i64]) -> String {
    let mut text = String::new();
    for (place, &run) in runs.iter().enumerate() {
        let mut value = match place {
            0..=2 => run,
            _ => run - runs[place - 2],
        };
        loop {
            let bits = (value & 0x1F) as u8;
            value >>= 5;
            let done = match bits & 0x10 {
                0 => value == 0,
                _ => value == -1,
            };
            text.push(char::from(48 + bits + if done { 0 } else { 0x20 }));
            if done {
                break;
            }
        }
    }
    text
}

/// Bytes in base64, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 0x3F];
            text.push(match place <= three.len() {
                true => char::from(letter),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_its_standard() {
        // The examples of RFC 4648.
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn every_location_but_two_is_in_the_challenge() {
        let labels: Vec<String> = [
            "Nucleoplasm",
            "Peroxisomes",
            "Endosomes",
            "Rods & rings",
            "Cytokinetic bridge",
            "Cytosol",
        ]
        .map(str::to_owned)
        .to_vec();
        let classes = challenge_classes(&labels);
        let found: Vec<(u8, &[usize])> = classes
            .iter()
            .map(|class| (class.number, &class.labels[..]))
            .collect();
        assert_eq!(found, [(0, &[0][..]), (16, &[5]), (17, &[1, 2]), (18, &[])]);
        assert_eq!(challenge_classes(&["Something".to_owned()]), []);
    }
}
