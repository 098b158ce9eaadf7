//! Grouping of many names without a long pause of the page: in shares, each with whole fields.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::breath::breathe;
use cytolens_core::{FieldFiles, FileFault, ImageName, group, image_name, natural_order};

/// The number of names that are grouped at a stretch.
const NAMES_AT_ONCE: usize = 400;

/// Groups all names as [`group`] does; positions are among all. Names that are none are passed over.
pub(super) async fn grouped(names: &[Option<String>]) -> (Vec<FieldFiles>, Vec<FileFault>) {
    let mut fields = Vec::new();
    // In the order of the names without a sort, which the library would add to the program once more: a name
    // has one fault at most.
    let mut faults: Vec<Option<FileFault>> = vec![None; names.len()];
    for share in shares(names) {
        breathe().await;
        let texts = share.iter().filter_map(|&index| names[index].as_ref());
        let mut grouping = group(texts);
        let files = grouping
            .fields
            .iter_mut()
            .flat_map(|field| &mut field.files);
        for index in files
            .map(|file| &mut file.index)
            .chain(grouping.faults.iter_mut().map(|fault| &mut fault.index))
        {
            *index = share[*index];
        }
        fields.append(&mut grouping.fields);
        for fault in grouping.faults {
            let place = fault.index;
            faults[place] = Some(fault);
        }
    }
    breathe().await;
    // Quick: each share is in order already.
    fields.sort_by(|a, b| {
        natural_order(&a.folder, &b.folder).then_with(|| natural_order(&a.id, &b.id))
    });
    (fields, faults.into_iter().flatten().collect())
}

/// Positions of names, those of one field together.
fn shares(names: &[Option<String>]) -> Vec<Vec<usize>> {
    let mut shares = vec![Vec::new(); names.len() / NAMES_AT_ONCE + 1];
    let count = shares.len();
    for (index, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        let mut hasher = DefaultHasher::new();
        image_name(name)
            .map_or(name.as_str(), ImageName::root)
            .hash(&mut hasher);
        if let Some(share) = shares.get_mut(hasher.finish() as usize % count) {
            share.push(index);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_field_are_of_one_share() {
        let names: Vec<Option<String>> = (0..4000)
            .map(|number| {
                let channel = ["red", "green", "Blue", "blue_red"][number % 4];
                Some(format!("a/field{}_{channel}.png", number / 4))
            })
            .collect();
        let shares = shares(&names);
        assert_eq!(shares.iter().map(Vec::len).sum::<usize>(), names.len());
        assert!(shares.iter().all(|share| share.len() < 2 * NAMES_AT_ONCE));
        for share in shares {
            assert!(
                share
                    .chunk_by(|a, b| a / 4 == b / 4)
                    .all(|field| field.len() == 4)
            );
        }
    }
}
