//! Files that come for a field that is there already.

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;

use super::field_input::{FieldInput, FieldSource};
use cytolens_core::{Channel, ChannelOrder};

/// What files are for a field of the same id.
#[derive(Debug, Clone)]
pub(crate) enum Joining {
    /// The same files once more.
    Twice,
    /// Channels that the field lacks, or the same in another order: the field with all its files.
    Completed(FieldInput),
    /// Another field's files.
    Other,
}

/// Decides what new files are for a field.
pub(crate) async fn join(there: &FieldInput, new: &FieldInput) -> Joining {
    let mut same = Vec::new();
    for file in &new.files {
        let mut is_same = false;
        for other in &there.files {
            is_same |= other.channel == file.channel && has_same_bytes(other, file).await;
        }
        same.push(is_same);
    }
    decide(&channels(there), &channels(new), &same).map_or(Joining::Other, |added| {
        if added.is_empty() && is_read_anew(there, new) {
            return Joining::Completed(new.clone());
        }
        if added.is_empty() {
            return Joining::Twice;
        }
        let mut input = there.clone();
        let added = added.into_iter().map(|at| new.files[at].clone());
        input.files.extend(added);
        input.files.sort_by_key(|file| file.channel);
        Joining::Completed(input)
    })
}

/// Whether the visitor has chosen meanwhile that the same files are to be read in another way: a file of several channels in
/// another order, or samples that were taken for fewer bits.
fn is_read_anew(there: &FieldInput, new: &FieldInput) -> bool {
    let is_of_several = new.files.iter().any(|file| file.channel.is_none());
    let is_ordered = new.order != ChannelOrder::default().to_string();
    is_of_several && is_ordered && new.order != there.order
        || there.bits.is_some() && new.bits != there.bits
}

fn channels(input: &FieldInput) -> Vec<Option<Channel>> {
    input.files.iter().map(|file| file.channel).collect()
}

/// The positions of the new files that complete a field; none of them where all are there already, and nothing where they
/// are another field's. `same` tells the files that are there already.
fn decide(there: &[Option<Channel>], new: &[Option<Channel>], same: &[bool]) -> Option<Vec<usize>> {
    let mut added = Vec::new();
    for (at, channel) in new.iter().enumerate() {
        if same.get(at) == Some(&true) {
            continue;
        }
        // A file of several channels is a whole field, and a channel that is there with other bytes is another field's.
        if channel.is_none() || there.contains(&None) || there.contains(channel) {
            return None;
        }
        added.push(at);
    }
    Some(added)
}

/// Whether two files hold the same bytes. One that cannot be read is like no other.
async fn has_same_bytes(a: &FieldSource, b: &FieldSource) -> bool {
    let (a, b) = (&a.content, &b.content);
    if a.blob.size() != b.blob.size() || a.inflated_bytes != b.inflated_bytes {
        return false;
    }
    let a = JsFuture::from(a.blob.array_buffer()).await;
    let b = JsFuture::from(b.blob.array_buffer()).await;
    match (a, b) {
        (Ok(a), Ok(b)) => Uint8Array::new(&a).to_vec() == Uint8Array::new(&b).to_vec(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldInput, decide, is_read_anew};
    use cytolens_core::Channel::{Blue, Green, Red};

    #[test]
    fn the_same_files_are_read_anew_where_other_bits_were_chosen() {
        let of = |bits| FieldInput {
            id: "x".to_owned(),
            files: Vec::new(),
            order: "blue,red,green".to_owned(),
            orders_colours: false,
            bits,
            to_scale: false,
        };
        assert!(is_read_anew(&of(Some(12)), &of(None)));
        assert!(!is_read_anew(&of(Some(12)), &of(Some(12))));
        assert!(!is_read_anew(&of(None), &of(Some(12))));
    }

    #[test]
    fn channels_that_a_field_lacks_complete_it() {
        let green = [Some(Green)];
        assert_eq!(
            decide(&green, &[Some(Red), Some(Blue)], &[false; 2]),
            Some(vec![0, 1])
        );
        // Picked once more together with the rest.
        let all = [Some(Red), Some(Green), Some(Blue)];
        assert_eq!(
            decide(&green, &all, &[false, true, false]),
            Some(vec![0, 2])
        );
    }

    #[test]
    fn the_same_files_are_noticed_and_others_are_another_field() {
        let all = [Some(Red), Some(Green)];
        assert_eq!(decide(&all, &all, &[true, true]), Some(Vec::new()));
        assert_eq!(decide(&all, &[Some(Green)], &[true]), Some(Vec::new()));
        assert_eq!(decide(&all, &all, &[true, false]), None);
        assert_eq!(decide(&[None], &[None], &[true]), Some(Vec::new()));
        assert_eq!(decide(&[None], &[Some(Red)], &[false]), None);
        assert_eq!(decide(&all, &[None], &[false]), None);
    }
}
