//! Sorting of files that were brought together into fields, packages and refusals.

use std::collections::BTreeSet;

use super::breath::breathe;
use super::field_input::{Content, FieldInput, FieldSource};
use super::grouping::grouped;
use super::naming::{self, Fate};
use super::source::{Refusal, SourceFile, SourceFiles};
use super::{Look, package, refusals, remembered};
use crate::text::input as text;
use cytolens_core::{Channel, ChannelOrder, FaultKind, FieldFiles, FileFault};
use cytolens_protocol::Picture;

/// The files that a visitor brings at once, sorted.
#[derive(Debug, Default)]
pub(crate) struct Lot {
    /// The fields, by folder, then by id.
    pub(crate) fields: Vec<FieldInput>,
    /// Files that are no field's: a file's name or a title, and the reason, which names the file or files.
    pub(crate) refused: Vec<(String, String)>,
    /// Model packages.
    pub(crate) packages: Vec<PackageFiles>,
    /// Tables, perhaps of labels, and the names of their files.
    pub(crate) tables: Vec<(String, Content)>,
}

/// The files of a model package, not yet looked at.
#[derive(Debug, Clone)]
pub(crate) struct PackageFiles {
    /// The name of its folder or archive; empty where its two files came alone.
    pub(crate) name: String,
    /// `manifest.json`.
    pub(crate) manifest: Content,
    /// `weights.safetensors`.
    pub(crate) weights: Content,
}

/// Sorts files. Asks the visitor where names do not end in a channel's.
pub(super) async fn sort(sources: SourceFiles, look: Option<&Look>) -> Lot {
    let SourceFiles { files, mut refused } = sources;
    breathe().await;
    let packages = package::find(files.iter().map(|file| &*file.name));
    let mut names: Vec<Option<String>> = Vec::with_capacity(files.len());
    for (file, is_taken) in files.iter().zip(&packages.is_taken) {
        names.push((!is_taken).then(|| file.name.clone()));
    }
    let look = |index: usize, show: Box<dyn FnOnce(Picture)>| {
        if let Some(look) = look {
            look(alone(&files[index]), show);
        }
    };
    let mut tables = Vec::new();
    for (file, name) in files.iter().zip(&mut names) {
        if name.as_deref().is_some_and(is_table) {
            tables.push((file.name.clone(), file.content.clone()));
            *name = None;
        }
    }
    for (index, fate) in naming::fates(&names, &look).await {
        names[index] = match fate {
            Fate::Renamed(name) => Some(name),
            Fate::LeftOut => None,
            Fate::Refused => {
                refused.push(Refusal::new(&files[index].name, text::NOT_ANSWERED));
                None
            }
        };
    }
    let (found, faults) = grouped(&names).await;
    for fault in faults {
        refused.push(refusal(fault, &files, &names));
    }
    breathe().await;
    let mut lot = Lot {
        fields: inputs(found, &files).await,
        tables,
        ..Lot::default()
    };
    for found in packages.found {
        lot.packages.push(PackageFiles {
            name: found.name,
            manifest: files[found.manifest].content.clone(),
            weights: files[found.weights].content.clone(),
        });
    }
    for index in packages.lone_weights {
        refused.push(Refusal::new(&files[index].name, text::NO_MANIFEST));
    }
    if lot.fields.is_empty() && lot.packages.is_empty() {
        for index in packages.lone_manifests {
            refused.push(Refusal::new(&files[index].name, text::NO_WEIGHTS));
        }
    }
    lot.refused = refusals::summed_up(&refused);
    let has_nothing = lot.fields.is_empty() && lot.packages.is_empty() && lot.tables.is_empty();
    if has_nothing && lot.refused.is_empty() {
        let nothing = (text::NOTHING_FOUND.to_owned(), text::NO_IMAGES.to_owned());
        lot.refused.push(nothing);
    }
    lot
}

/// A file as the only channel of a field.
fn alone(file: &SourceFile) -> FieldInput {
    FieldInput {
        id: file.name.clone(),
        files: vec![FieldSource {
            name: file.name.clone(),
            channel: Some(Channel::Green),
            content: file.content.clone(),
        }],
        order: ChannelOrder::default().to_string(),
        orders_colours: false,
        bits: None,
        to_scale: false,
    }
}

/// Whether a file's name is a table's.
fn is_table(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["csv", "tsv"]
        .iter()
        .any(|table| ending.eq_ignore_ascii_case(table))
}

/// The refusal for a fault of a name, by the name that the visitor knows.
fn refusal(fault: FileFault, files: &[SourceFile], names: &[Option<String>]) -> Refusal {
    let is_no_image = fault.kind == FaultKind::UnknownExtension;
    let known_as = &files[fault.index].name;
    let kind = match fault.kind {
        // The other file was renamed, too.
        FaultKind::Repeated { kept } if fault.name != *known_as => {
            let other = names.iter().position(|name| name.as_ref() == Some(&kept));
            let kept = other.map_or(kept, |index| files[index].name.clone());
            FaultKind::Repeated { kept }
        }
        kind => kind,
    };
    Refusal {
        is_no_image,
        ..Refusal::new(known_as, kind.to_string())
    }
}

/// The fields, ready to be sent. Where several folders hold the same id, it has its folder before it.
async fn inputs(found: Vec<FieldFiles>, files: &[SourceFile]) -> Vec<FieldInput> {
    let order = remembered::order().to_string();
    let bits = remembered::bits();
    let (mut ids, mut several) = (BTreeSet::new(), BTreeSet::new());
    for field in &found {
        if !ids.insert(field.id.clone()) {
            several.insert(field.id.clone());
        }
    }
    let mut fields = Vec::with_capacity(found.len());
    for field in found {
        breathe().await;
        let id = if several.contains(&field.id) && !field.folder.is_empty() {
            format!("{}/{}", field.folder, field.id)
        } else {
            field.id
        };
        let sources = field.files.into_iter().map(|file| FieldSource {
            name: files[file.index].name.clone(),
            channel: file.channel,
            content: files[file.index].content.clone(),
        });
        fields.push(FieldInput {
            id,
            files: sources.collect(),
            order: order.clone(),
            orders_colours: false,
            bits,
            to_scale: false,
        });
    }
    fields
}
