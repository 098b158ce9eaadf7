//! Files of cells, read by other readers than ours: what PNG, zlib, base64 and COCO's run lengths say is written here a second
//! time, from their specifications.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::*;
use crate::answers::Evidence;
use crate::cells::tests::drawn;

/// The bytes of a text in base64 (RFC 4648).
fn of_base64(text: &str) -> Vec<u8> {
    let digit = |letter: u8| -> u32 {
        u32::from(match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            other => panic!("{other} is no letter of base64"),
        })
    };
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let letters: Vec<u8> = four
            .iter()
            .copied()
            .filter(|letter| *letter != b'=')
            .collect();
        let bits = letters
            .iter()
            .fold(0, |bits, letter| bits << 6 | digit(*letter));
        let bits = bits << (6 * (4 - letters.len()));
        bytes.extend(
            bits.to_be_bytes()
                .into_iter()
                .skip(1)
                .take(letters.len() - 1),
        );
    }
    bytes
}

fn of_zlib(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut decoder = ZlibDecoder::new(bytes);
    decoder.read_to_end(&mut plain).expect("zlib");
    plain
}

/// The run lengths of COCO's text, as pycocotools' `rleFrString` reads it: five bits a letter above '0', the sixth says that more
/// follow, the fifth of the last one is the sign; from the fourth number on the last but one is added.
fn of_coco(text: &[u8]) -> Vec<i64> {
    let mut counts: Vec<i64> = Vec::new();
    let mut letters = text.iter();
    while let Some(mut letter) = letters.next() {
        let (mut value, mut shift) = (0_i64, 0);
        loop {
            let bits = i64::from(letter - 48);
            value |= (bits & 0x1F) << shift;
            shift += 5;
            if bits & 0x20 == 0 {
                if bits & 0x10 != 0 {
                    value |= -1 << shift;
                }
                break;
            }
            letter = letters.next().expect("a letter after one that says so");
        }
        if counts.len() > 2 {
            value += counts[counts.len() - 2];
        }
        counts.push(value);
    }
    counts
}

/// The pixels of a mask from its run lengths, which go column by column.
fn mask_of(counts: &[i64], [width, height]: [usize; 2]) -> Vec<bool> {
    let mut columns = Vec::new();
    for (place, count) in counts.iter().enumerate() {
        assert!(*count >= 0, "{counts:?}");
        columns.extend(vec![place % 2 == 1; *count as usize]);
    }
    assert_eq!(columns.len(), width * height, "{counts:?}");
    (0..width * height)
        .map(|at| columns[at % width * height + at / width])
        .collect()
}

#[test]
fn masks_of_the_submission_come_back() {
    let (width, height) = (61, 47);
    // Blobs, stripes, single pixels, the first and the last pixel.
    let mask: Vec<u16> = (0..width * height)
        .map(|at| {
            let (x, y) = (at % width, at / width);
            match (x, y) {
                (0, 0) => 9,
                _ if at + 1 == width * height => 8,
                _ if (x as f32 - 20.0).hypot(y as f32 - 20.0) < 13.0 => 1,
                _ if x % 7 == 0 => 2,
                (40..=59, 3..=40) if (x * y) % 5 > 1 => 3,
                _ => 0,
            }
        })
        .collect();
    let encoded = encoded_masks(&mask, [width, height]);
    assert_eq!(encoded.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 8, 9]);
    for (number, text) in encoded {
        let counts = of_coco(&of_zlib(&of_base64(&text)));
        let expected: Vec<bool> = mask.iter().map(|other| *other == number).collect();
        assert!(
            mask_of(&counts, [width, height]) == expected,
            "the mask of {number}: {counts:?}"
        );
    }
}

#[test]
fn run_lengths_are_those_that_pycocotools_writes() {
    // pycocotools.mask.encode of a 3x3 mask whose middle column is set gives the counts "333": runs of 3, 3 and 3.
    let mask = [0, 1, 0, 0, 1, 0, 0, 1, 0];
    let encoded = encoded_masks(&mask, [3, 3]);
    assert_eq!(of_zlib(&of_base64(&encoded[&1])), b"333");
    // All set: a run of none outside, then nine inside.
    let encoded = encoded_masks(&[1; 9], [3, 3]);
    assert_eq!(of_zlib(&of_base64(&encoded[&1])), b"09");
}

fn labels() -> Vec<String> {
    ["Nucleoplasm", "Cytosol", "Rods & \"rings\""]
        .map(str::to_owned)
        .to_vec()
}

/// Three cells, of which the third has two parts, and their answers.
fn with_field(check: impl FnOnce(&FieldCells<'_>)) {
    let cells = drawn(&[
        "1111.222", "1aa1.2bb", "1aa1.222", "1111....", "........", "33...333", "33...3c3",
        "33...333",
    ]);
    let maps: Vec<f32> = (0..3 * 16).map(|at| (at % 7) as f32 - 3.0).collect();
    let evidence = Evidence {
        probabilities: &[0.9, 0.6, 0.01],
        side: 4,
        maps: &maps,
    };
    let answers = crate::Answers::new(&cells, &evidence);
    check(&FieldCells {
        id: "a \"field\"",
        width: 80,
        height: 80,
        cells: &cells,
        answers: Some(&answers),
        labels: &labels(),
        thresholds: &[0.5, 0.5, 0.5],
    });
}

#[test]
fn a_row_of_the_submission_has_every_cell_and_class() {
    with_field(|field| {
        let [mask, _] = field.cells.scaled(80, 80);
        let classes = challenge_classes(field.labels);
        let numbers = [1, 2, 3];
        let cells = numbers.map(|number| (number, field.answer(number).expect("an answer")));
        let row = submission_row("x", &mask, [80, 80], &classes, cells);
        let text = row.strip_prefix("x,80,80,").expect("the field's columns");
        let words: Vec<&str> = text.split(' ').collect();
        // Nucleoplasm, Cytosol and Negative for each of three cells.
        assert_eq!(words.len(), 3 * 3 * 3);
        for (place, three) in words.chunks(3).enumerate() {
            assert_eq!(three[0], ["0", "16", "18"][place % 3]);
            let confidence: f32 = three[1].parse().expect("a number");
            assert!((0.0..=1.0).contains(&confidence));
            let counts = of_coco(&of_zlib(&of_base64(three[2])));
            let found = mask_of(&counts, [80, 80]);
            let number = numbers[place / 3];
            assert!(found.iter().zip(&mask).all(|(a, b)| *a == (*b == number)));
        }
        assert!(challenge_classes(&["Cranes".to_owned()]).is_empty());
        for (id, written) in [
            ("=1+1", "=1+1,80,80,"),
            ("a,b", "\"a,b\",80,80,"),
            ("a \"b\"\n", "\"a \"\"b\"\"\n\",80,80,"),
        ] {
            let row = submission_row(id, &mask, [80, 80], &classes, cells);
            assert!(row.starts_with(written), "{row:.60}");
        }
    });
}

#[test]
fn the_table_has_the_fields_pixels() {
    with_field(|field| {
        let header = table_header(field.labels);
        assert_eq!(header[7..], labels());
        let rows = table_rows(field);
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.len() == header.len()));
        // A pixel of the mask is a hundred of the field.
        assert_eq!(
            rows[0][..7],
            ["a \"field\"", "1", "20", "20", "1600", "400", "yes"]
        );
        let without = FieldCells {
            answers: None,
            ..*field
        };
        assert_eq!(table_rows(&without)[0][7..], ["", "", ""]);
    });
}

#[test]
#[cfg(feature = "network")]
fn outlines_are_features_as_qupath_reads_them() {
    use serde_json::Value;

    with_field(|field| {
        let text = geojson(field);
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["type"], "FeatureCollection");
        let features = document["features"].as_array().expect("features");
        assert_eq!(features.len(), 3);
        for feature in features {
            assert_eq!(feature["type"], "Feature");
            let properties = &feature["properties"];
            assert_eq!(properties["objectType"], "cell");
            let measurements = properties["measurements"]
                .as_object()
                .expect("measurements");
            assert!(measurements.values().all(Value::is_number));
            assert!(measurements.contains_key("Rods & \"rings\""));
            for geometry in [&feature["geometry"], &feature["nucleusGeometry"]] {
                let coordinates = geometry["coordinates"].as_array().expect("coordinates");
                let polygons = match geometry["type"].as_str() {
                    Some("Polygon") => vec![coordinates],
                    Some("MultiPolygon") => {
                        coordinates.iter().filter_map(Value::as_array).collect()
                    }
                    other => panic!("a geometry of {other:?}"),
                };
                for ring in polygons.into_iter().flatten() {
                    let ring = ring.as_array().expect("a ring");
                    assert!(ring.len() >= 4);
                    assert_eq!(ring.first(), ring.last(), "a ring is closed");
                    for point in ring {
                        let inside = |at: usize| {
                            point[at]
                                .as_f64()
                                .is_some_and(|at| (0.0..=80.0).contains(&at))
                        };
                        assert!(inside(0) && inside(1), "{point}");
                    }
                }
            }
        }
        assert_eq!(features[0]["properties"]["name"], "a \"field\" 1");
        assert_eq!(features[0]["geometry"]["type"], "Polygon");
        assert_eq!(features[2]["geometry"]["type"], "MultiPolygon");
        let classes: Vec<&Value> = features
            .iter()
            .map(|feature| &feature["properties"]["classification"]["name"])
            .collect();
        assert!(
            classes.iter().any(|class| **class == "Nucleoplasm"),
            "{classes:?}"
        );
    });
}

/// Ids are names of files, and labels a package's: both are foreign.
#[test]
#[cfg(feature = "network")]
fn hostile_ids_and_labels_stay_words_in_outlines() {
    use serde_json::Value;

    with_field(|field| {
        for word in [
            "\",\"properties\":{\"x\":1},\"y\":\"",
            "</script><script>x()</script>",
            "\\u0022\\",
            "\0\u{1b}\u{7f}\n\r\t\u{2028}\u{202e}\u{fffe}",
            "'; DROP TABLE cells; --",
        ] {
            let labels = [word, "Cytosol", "cell"].map(str::to_owned);
            let hostile = FieldCells {
                id: word,
                labels: &labels,
                ..*field
            };
            let document: Value = serde_json::from_str(&geojson(&hostile)).expect("JSON");
            let features = document["features"].as_array().expect("features");
            assert_eq!(features.len(), 3);
            for (number, feature) in (1..).zip(features) {
                let names: Vec<&String> = feature.as_object().expect("a feature").keys().collect();
                let all = ["geometry", "nucleusGeometry", "properties", "type"];
                assert!(names.iter().all(|name| all.contains(&name.as_str())));
                let properties = &feature["properties"];
                assert_eq!(properties["name"], format!("{word} {number}"));
                assert!(properties["measurements"][word].is_number());
            }
        }
    });
}

#[test]
#[cfg(feature = "network")]
fn label_images_are_read_by_another_reader() {
    let (width, height) = (37, 21);
    let mask: Vec<u16> = (0..width * height)
        .map(|at| if at % 5 == 0 { 0 } else { (at * 83) as u16 })
        .collect();
    let file = label_png(&mask, width, height);
    let image = ::image::load_from_memory(&file).expect("a PNG");
    assert!(matches!(image, ::image::DynamicImage::ImageLuma16(_)));
    let image = image.into_luma16();
    assert_eq!(image.dimensions(), (width as u32, height as u32));
    assert_eq!(image.into_raw(), mask);
    let large = vec![7; 2048 * 2048];
    let bytes = label_png(&large, 2048, 2048).len();
    assert!(bytes < 40_000, "{bytes} bytes for one cell");
}
