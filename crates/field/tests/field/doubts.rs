//! No doubt about fields of cells: the page's samples, and real ones.

use std::collections::BTreeSet;
use std::path::Path;

use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Doubt, Field, Source, decode_field, doubts};
use cytolens_testing::third_party;

fn ids(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|name| Some(name.strip_suffix("_green.png")?.to_owned()))
        .collect()
}

fn read(folder: &Path, id: &str, channels: [Channel; 4]) -> Field {
    let bytes = Channel::ALL
        .map(|channel| std::fs::read(folder.join(format!("{id}_{channel}.png"))).expect("a file"));
    let sources: Vec<Source<'_>> = channels
        .into_iter()
        .zip(&bytes)
        .map(|(channel, bytes)| Source {
            name: id,
            channel: Some(channel),
            bytes,
        })
        .collect();
    decode_field(id, &sources, &ChannelOrder::default()).expect("a field")
}

/// The share of fields with a doubt, when each file is taken for another channel's.
fn doubted(folder: &Path, channels: [Channel; 4], is: impl Fn(&Doubt) -> bool) -> f32 {
    let ids = ids(folder);
    assert!(ids.len() > 10, "{}", folder.display());
    let with = ids.iter().filter(|id| {
        let found = doubts(&read(folder, id, channels));
        if channels == Channel::ALL && !found.is_empty() {
            println!("{id}: {}", found[0]);
        }
        found.iter().any(&is)
    });
    with.count() as f32 / ids.len() as f32
}

#[test]
fn samples_raise_no_doubt() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/samples");
    assert_eq!(doubted(&samples, Channel::ALL, |_| true), 0.0);
}

#[test]
#[ignore = "needs third-party data"]
fn real_fields_raise_no_doubt_unless_their_channels_are_swapped() {
    use Channel::{Blue, Green, Red, Yellow};
    let images = third_party("hpa/images");
    assert_eq!(doubted(&images, Channel::ALL, |_| true), 0.0);
    // Files are read in the order red, green, blue, yellow.
    for swapped in [[Blue, Green, Red, Yellow], [Red, Blue, Green, Yellow]] {
        let found = doubted(&images, swapped, |doubt| matches!(doubt, Doubt::Swapped(_)));
        println!("{swapped:?}: {found}");
        assert!(found > 0.8, "{swapped:?}: {found}");
    }
}
