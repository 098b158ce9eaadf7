//! Fields of the Human Protein Atlas, which are not part of the project.

use std::fs;
use std::path::Path;

use cytolens_core::{Channel, ChannelOrder, FieldFiles, group};
use cytolens_field::{Composition, Field, MissingChannels, Samples, Source, decode_field, preview};

use crate::colours::{in_colour, jpeg};
use cytolens_testing::third_party;

fn fields_in(folder: &Path) -> Vec<FieldFiles> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let names = entries.map(|entry| {
        entry
            .expect("a readable entry")
            .file_name()
            .into_string()
            .expect("UTF-8")
    });
    let grouping = group(names);
    assert!(grouping.faults.is_empty(), "{:?}", grouping.faults);
    grouping.fields
}

fn decode(folder: &Path, files: &FieldFiles) -> Field {
    let read = |name: &str| fs::read(folder.join(name)).expect("a readable file");
    let contents: Vec<_> = files
        .files
        .iter()
        .map(|file| (file, read(&file.name)))
        .collect();
    let sources: Vec<_> = contents
        .iter()
        .map(|(file, bytes)| Source {
            name: &file.name,
            channel: file.channel,
            bytes,
        })
        .collect();
    decode_field(&files.id, &sources, &ChannelOrder::default()).expect("a good field")
}

#[test]
#[ignore = "needs the third-party data"]
fn fields_of_the_challenge_are_read() {
    let folder = third_party("hpa/images");
    let fields = fields_in(&folder);
    assert_eq!(fields.len(), 80);
    // The others are of the same kind; a debug build takes a while for each.
    for files in fields.iter().take(8) {
        let field = decode(&folder, files);
        assert_eq!(
            field.describe(),
            "512 × 512 px, 8 bit, red green blue yellow"
        );
        let planes = Composition::Rgby
            .compose(&field, MissingChannels::Refused, 512)
            .expect("four channels");
        for plane in planes.values.chunks(512 * 512) {
            let mean = plane.iter().sum::<f32>() / plane.len() as f32;
            assert!((0.001..0.6).contains(&mean), "{}: {mean}", files.id);
        }
    }
}

#[test]
#[ignore = "needs the third-party data"]
fn channels_of_the_challenge_are_read_as_jpegs_in_their_colour_alone() {
    let folder = third_party("hpa/images");
    for files in fields_in(&folder).iter().take(8) {
        let field = decode(&folder, files);
        for shown in Channel::ALL {
            let plane = field.plane(shown).expect("four channels");
            let Samples::Eight(values) = plane.samples() else {
                panic!("8 bit")
            };
            for quality in [75, 95] {
                let bytes = jpeg(&in_colour(shown, plane.width(), values), quality);
                for channel in Channel::ALL {
                    let source = Source {
                        name: &files.id,
                        channel: Some(channel),
                        bytes: &bytes,
                    };
                    let read = decode_field(&files.id, &[source], &ChannelOrder::default());
                    assert_eq!(
                        read.is_ok(),
                        channel == shown,
                        "{}, {shown} as {channel} at {quality}",
                        files.id
                    );
                }
            }
        }
    }
}

#[test]
#[ignore = "needs the third-party data"]
fn a_field_of_full_resolution_is_read() {
    let folder = third_party("hpa/highres");
    let fields = fields_in(&folder);
    let field = decode(&folder, &fields[0]);
    assert_eq!(
        field.describe(),
        "2048 × 2048 px, 8 bit, red green blue yellow"
    );

    let full = Composition::Rgby
        .compose(&field, MissingChannels::Refused, 2048)
        .expect("four channels");
    let small = Composition::Rgby
        .compose(&field, MissingChannels::Refused, 512)
        .expect("four channels");
    let mean = |values: &[f32]| {
        values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64
    };
    for (full, small) in full
        .values
        .chunks(2048 * 2048)
        .zip(small.values.chunks(512 * 512))
    {
        // Shrinking keeps the light, but for what the filter's overshoots lose at black.
        assert!(
            (mean(full) / mean(small) - 1.0).abs() < 0.01,
            "{} {}",
            mean(full),
            mean(small)
        );
    }

    let picture = preview(&field, 600);
    assert_eq!((picture.width, picture.height), (600, 600));
    // Every light is used: the picture is neither black nor burnt out.
    for light in 0..3 {
        let values: Vec<_> = picture.rgb.iter().skip(light).step_by(3).collect();
        let bright = values.iter().filter(|&&&value| value == 255).count();
        assert!(
            (1..values.len() / 5).contains(&bright),
            "light {light}: {bright}"
        );
    }
}
