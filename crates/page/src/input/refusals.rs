//! Refusals as visitors read them: few one by one, many for one reason as one.

use std::collections::BTreeMap;

use super::source::Refusal;
use crate::text::input as text;

/// From more than so many for one reason, they are told as one.
const ONE_BY_ONE: usize = 3;

/// A name or a title, and the reason, which names the file or files.
pub(super) fn told(refusals: &[Refusal]) -> Vec<(String, String)> {
    let mut by_reason: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    let mut order = Vec::new();
    for refusal in refusals {
        let same = by_reason.entry(&refusal.reason).or_default();
        if same.is_empty() {
            order.push(refusal.reason.as_str());
        }
        same.push(refusal);
    }
    let mut told = Vec::new();
    for reason in order {
        let same = &by_reason[reason];
        if same.len() <= ONE_BY_ONE {
            let one = |refusal: &&Refusal| {
                let name = refusal.name.clone();
                let reason = text::of_file(reason, &name);
                (name, reason)
            };
            told.extend(same.iter().map(one));
        } else if same.iter().all(|refusal| refusal.is_no_image) {
            let endings = endings(same);
            told.push((
                text::files(same.len()),
                text::no_images(same.len(), &endings),
            ));
        } else {
            let names: Vec<&str> = same.iter().map(|refusal| &*refusal.name).collect();
            told.push((
                text::files(same.len()),
                text::for_one_reason(reason, &names),
            ));
        }
    }
    told
}

/// The endings of the names, the commonest first.
fn endings<'a>(refusals: &[&'a Refusal]) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for refusal in refusals {
        let name = refusal.name.rsplit('/').next().unwrap_or_default();
        let ending = name.rfind('.').map_or(text::NO_ENDING, |dot| &name[dot..]);
        *counts.entry(ending).or_default() += 1;
    }
    let mut endings: Vec<&str> = counts.keys().copied().collect();
    endings.sort_by_key(|ending| std::cmp::Reverse(counts[ending]));
    endings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_images(names: &[String]) -> Vec<Refusal> {
        let refusal = |name: &String| Refusal {
            is_no_image: true,
            ..Refusal::new(name, "only images are read")
        };
        names.iter().map(refusal).collect()
    }

    #[test]
    fn a_single_file_is_named() {
        let told = told(&no_images(&["list.txt".to_owned()]));
        let expected = ("list.txt", "only images are read: list.txt");
        assert_eq!(told, [(expected.0.to_owned(), expected.1.to_owned())]);
    }

    #[test]
    fn many_are_one() {
        let mut names: Vec<String> = (0..10).map(|number| format!("a/{number}.txt")).collect();
        names.push("a/LICENSE".to_owned());
        let mut refusals = no_images(&names);
        refusals.insert(5, Refusal::new("x.zip", "it is no archive"));
        let told = told(&refusals);
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].0, "11 files");
        assert!(told[0].1.ends_with(".txt, no ending"), "{}", told[0].1);
        assert_eq!(told[1].1, "it is no archive: x.zip");
    }
}
