//! The readers, each as a function that takes whatever bytes there are.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Range;

use cytolens_archive::{is_archive, list};
use cytolens_cells::painter::PainterManifest;
use cytolens_cells::{CellsManifest, Packed};
use cytolens_core::labels::LabelSet;
use cytolens_core::plain::is_name;
use cytolens_core::table::{LabelTable, utf8};
use cytolens_core::{Channel, ChannelOrder, PlatePosition, group, natural_order};
use cytolens_data::credits::Credits;
use cytolens_data::split::file::parse_split;
use cytolens_field::{Composition, MissingChannels, Source, decode_field, preview};
use cytolens_kernels::Tensors;
use cytolens_package::{ModelManifest, Weights};
use cytolens_similar::{Head, Index};
use pytorch_reader::PytorchReader;
use serde_json::Value;

use crate::seeds;

/// A reader of foreign bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name by which it is called.
    pub name: &'static str,
    /// Reads the bytes. It panics where the reader does, or where what it has read contradicts itself.
    pub read: fn(&[u8]),
    /// Small files of the reader's format.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "image",
        read: image,
        seeds: seeds::images,
    },
    Target {
        name: "tiff",
        read: tiff,
        seeds: seeds::tiffs,
    },
    Target {
        name: "description",
        read: description,
        seeds: seeds::descriptions,
    },
    Target {
        name: "manifest",
        read: manifest,
        seeds: seeds::manifests,
    },
    Target {
        name: "cells",
        read: cells,
        seeds: seeds::cells_manifests,
    },
    Target {
        name: "painter",
        read: painter,
        seeds: seeds::painter_manifests,
    },
    Target {
        name: "weights",
        read: weights,
        seeds: seeds::weights,
    },
    Target {
        name: "pth",
        read: pth,
        seeds: seeds::checkpoints,
    },
    Target {
        name: "table",
        read: table,
        seeds: seeds::tables,
    },
    Target {
        name: "zip",
        read: zip,
        seeds: seeds::archives,
    },
    Target {
        name: "index",
        read: index,
        seeds: seeds::indices,
    },
    Target {
        name: "head",
        read: head,
        seeds: seeds::heads,
    },
    Target {
        name: "names",
        read: names,
        seeds: seeds::names,
    },
    Target {
        name: "split",
        read: split,
        seeds: seeds::splits,
    },
    Target {
        name: "credits",
        read: credits,
        seeds: seeds::credits,
    },
    Target {
        name: "choices",
        read: choices,
        seeds: seeds::choices,
    },
    Target {
        name: "masks",
        read: masks,
        seeds: seeds::masks,
    },
];

/// The longest side of a picture, in pixels: what is made of a field matters here, and not how long it takes.
const SIDE: u32 = 32;

/// Decodes a file as a channel's or a field's, and makes of the field all that the programs make of it.
fn field(bytes: &[u8], channel: Option<Channel>, order: &ChannelOrder) {
    let name = "field.tif";
    let source = Source {
        name,
        channel,
        bytes,
    };
    match decode_field("field", &[source], order) {
        Ok(field) => {
            preview(&field, SIDE);
            for composition in [Composition::Rgb, Composition::Rgby, Composition::Dimmed] {
                for missing in [MissingChannels::Refused, MissingChannels::Black] {
                    let planes = composition.compose(&field, missing, SIDE);
                    assert!(planes.is_ok() || channel.is_some() || composition.planes() == 4);
                }
            }
        }
        Err(error) => assert!(error.to_string().contains(name), "{error} names no file"),
    }
}

/// A file of any format, as a channel's and as a composite.
fn image(bytes: &[u8]) {
    for channel in [Some(Channel::Green), Some(Channel::Yellow), None] {
        field(bytes, channel, &ChannelOrder::default());
    }
}

/// A TIFF of a field, whose first byte chooses the order of its channels.
fn tiff(bytes: &[u8]) {
    const ORDERS: [&str; 4] = [
        "auto",
        "blue,red,green",
        "-,green,-,red,blue",
        "yellow,blue,green,red",
    ];
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let order = ORDERS[usize::from(*choice) % ORDERS.len()];
    if let Ok(order) = order.parse() {
        field(bytes, None, &order);
    }
}

/// The description inside a TIFF of four pages: OME-XML, ImageJ's lines, or anything else.
fn description(bytes: &[u8]) {
    field(&seeds::described(bytes), None, &ChannelOrder::default());
}

/// A package's manifest, of one network or an ensemble. What is taken is written, and read as the same.
fn manifest(bytes: &[u8]) {
    let Ok(manifest) = ModelManifest::read(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    for member in 0..manifest.members().len() {
        let place = manifest.place(member);
        assert!(place.start <= place.end && place.end <= manifest.weights().bytes);
    }
    assert_read_back(serde_json::to_value(&manifest).ok(), |text| {
        serde_json::to_value(ModelManifest::read(text).ok()?).ok()
    });
}

/// A cells package's manifest. What is taken is written, and read as the same.
fn cells(bytes: &[u8]) {
    let Ok(manifest) = CellsManifest::read(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    assert!(manifest.network.unit() <= manifest.network.size);
    assert_read_back(serde_json::to_value(&manifest).ok(), |text| {
        serde_json::to_value(CellsManifest::read(text).ok()?).ok()
    });
}

/// A painter's manifest. What is taken is written, and read as the same.
fn painter(bytes: &[u8]) {
    let Ok(manifest) = PainterManifest::read(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    assert!(manifest.network.unit() <= manifest.network.size);
    assert!(!manifest.channels.from.contains(&manifest.channels.paint));
    _ = manifest.beats_mix();
    assert_read_back(serde_json::to_value(&manifest).ok(), |text| {
        serde_json::to_value(PainterManifest::read(text).ok()?).ok()
    });
}

/// Asserts that a manifest is read as it was written.
fn assert_read_back(written: Option<Value>, read: impl Fn(&str) -> Option<Value>) {
    if let Some(written) = written {
        let again = read(&written.to_string());
        assert!(
            again.is_some_and(|again| is_same(&again, &written)),
            "a manifest is read otherwise than it was written: {written}"
        );
    }
}

/// Whether two values of JSON are the same but for the last bit of numbers, which `serde_json` does not keep.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, a)| other.get(name).is_some_and(|b| is_same(a, b));
            one.len() == other.len() && one.iter().all(same)
        }
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= f64::EPSILON * a.abs(),
            _ => one == other,
        },
        _ => one == other,
    }
}

/// The weights of a package.
fn weights(bytes: &[u8]) {
    let Ok(weights) = Weights::read(bytes) else {
        return;
    };
    for name in seeds::TENSORS {
        if let Some(tensor) = weights.tensor(name) {
            assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len());
        }
    }
    // An error here says which tensors nobody took.
    _ = weights.all_taken().map_err(|error| error.to_string());
}

/// A checkpoint of PyTorch, whose reader takes a file.
fn pth(bytes: &[u8]) {
    let read = || -> anyhow::Result<()> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let reader = PytorchReader::new(file.path())?;
        for tensor in reader.tensors().values() {
            tensor.read()?;
        }
        Ok(())
    };
    _ = read();
}

/// A table of labels.
fn table(bytes: &[u8]) {
    let text = utf8(bytes.to_vec());
    let Ok(table) = LabelTable::read(&text) else {
        return;
    };
    for (id, _) in &table.rows {
        assert!(!id.is_empty(), "a row without an id");
    }
}

/// An archive. What is listed lies inside of it, entry by entry, and no byte is in two.
fn zip(bytes: &[u8]) {
    let fetch = async |range: Range<u64>| {
        let part = bytes.get(range.start as usize..range.end as usize);
        part.map(<[u8]>::to_vec)
            .ok_or_else(|| format!("{range:?} is asked for of {} bytes", bytes.len()))
    };
    let Ok(listing) = pollster::block_on(list(bytes.len() as u64, fetch)) else {
        return;
    };
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for entry in listing.entries {
        assert!(!is_archive(&entry.name), "an archive inside is listed");
        ranges.push(entry.bytes);
    }
    for (name, reason) in listing.refused {
        assert!(!reason.is_empty(), "{name} is refused without a reason");
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    let ends = ranges.iter().map(|range| range.end);
    assert!(ends.max().unwrap_or(0) <= bytes.len() as u64);
    for pair in ranges.windows(2) {
        assert!(pair[0].end <= pair[1].start, "{pair:?} share bytes");
    }
}

/// An index of fields: its description, a line's end, and its vectors.
fn index(bytes: &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (description, vectors) = bytes.split_at(end.unwrap_or(bytes.len()));
    let vectors = vectors.get(1..).unwrap_or_default();
    let Ok(index) = Index::read(&String::from_utf8_lossy(description), vectors) else {
        return;
    };
    // All that is shown beside words of our own.
    let about = index.about();
    let words = [&about.name, &about.licence, &about.model].into_iter();
    let words = words.chain(&about.attribution).chain(&about.labels);
    let mut words = words.chain(index.entries().iter().map(|entry| &entry.id));
    assert!(words.all(|word| is_name(word)), "a word that misleads");
    if let Some(place) = index.place(&vec![0.5; index.features()]) {
        let found = index.nearest(&place, 10);
        assert_eq!(found.len(), index.entries().len().min(10));
    }
    let written = index.write().ok();
    let again = written.map(|(description, vectors)| Index::read(&description, &vectors));
    assert!(
        again.is_some_and(|again| again.is_ok()),
        "an index is not read as it was written"
    );
}

/// A head with classes of one's own.
fn head(bytes: &[u8]) {
    if let Ok(head) = Head::read(&String::from_utf8_lossy(bytes)) {
        let mut words = head.classes.iter().chain([&head.model]);
        assert!(words.all(|word| is_name(word)), "a word that misleads");
        let answer = head.answer(&vec![0.5; head.features()]);
        assert!(answer.is_some_and(|answer| answer.class < head.classes.len()));
    }
}

/// Names of files, one a line. Each is in one field, has one fault, or is passed over.
fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let names: Vec<&str> = text.lines().collect();
    let grouping = group(&names);
    let mut seen = vec![false; names.len()];
    let files = grouping.fields.iter().flat_map(|field| &field.files);
    let indices = files.map(|file| file.index);
    for index in indices.chain(grouping.faults.iter().map(|fault| fault.index)) {
        assert!(!seen[index], "{:?} counts twice", names[index]);
        seen[index] = true;
    }
    let seen = seen.iter().filter(|seen| **seen).count();
    let ignored = grouping.ignored.len();
    assert_eq!(seen + ignored, names.len(), "a name is lost: {names:?}");
    for name in &names {
        if let Some(position) = PlatePosition::of(name) {
            assert!(
                name.starts_with(&position.plate),
                "{position:?} of {name:?}"
            );
        }
    }
    for pair in names.windows(2) {
        let (there, back) = (
            natural_order(pair[0], pair[1]),
            natural_order(pair[1], pair[0]),
        );
        assert_eq!(there, back.reverse());
    }
}

/// A split. Each id has one row, and what is wrong names the file.
fn split(bytes: &[u8]) {
    match parse_split(bytes.to_vec(), &"split.csv") {
        Ok(split) => {
            let ids: BTreeSet<&str> = split.rows.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(ids.len(), split.rows.len(), "an id comes twice");
        }
        Err(error) => assert!(
            format!("{error:#}").contains("split.csv"),
            "{error:#} names no file"
        ),
    }
}

/// What a set says of its licence.
fn credits(bytes: &[u8]) {
    if let Ok(credits) = Credits::parse(&String::from_utf8_lossy(bytes)) {
        let texts = [credits.attribution, credits.licence];
        assert!(texts.iter().flatten().all(|text| !text.trim().is_empty()));
    }
}

/// What people choose, a line each: orders of channels, compositions, labels. What is taken is written, and read as the same.
fn choices(bytes: &[u8]) {
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Ok(order) = line.parse::<ChannelOrder>() {
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        if let Ok(composition) = line.parse::<Composition>() {
            assert_eq!(composition.to_string(), line);
        }
        if let Ok(labels) = line.parse::<LabelSet>() {
            assert_eq!(labels.to_string().parse(), Ok(labels));
        }
    }
}

/// Masks of cells as the browser keeps them: the width and the height, 16 bit each, and the runs.
fn masks(bytes: &[u8]) {
    let Some((sides, runs)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let [a, b, c, d] = *sides;
    let sides = [[a, b], [c, d]].map(|side| u32::from(u16::from_le_bytes(side)));
    let packed = Packed::of_parts(sides, runs.to_vec());
    if let Ok(cells) = packed.cells() {
        let again = Packed::new(&cells);
        assert_eq!(again.cells().as_ref(), Ok(&cells));
    }
}
