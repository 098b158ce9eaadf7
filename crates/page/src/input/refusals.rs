//! Refusals summed up for visitors: a few for one reason one by one, many as one.

use std::collections::BTreeMap;

use super::source::Refusal;
use crate::text::input as text;

/// The most refusals for one reason that are listed one by one.
const ONE_BY_ONE: usize = 3;

/// Sums refusals up: a name or a title each, and the reason, which names the file or files.
pub(super) fn summed_up(refusals: &[Refusal]) -> Vec<(String, String)> {
    let mut by_reason: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    let mut order = Vec::new();
    for refusal in refusals {
        let same = by_reason.entry(&refusal.reason).or_default();
        if same.is_empty() {
            order.push(refusal.reason.as_str());
        }
        same.push(refusal);
    }
    let mut summed_up = Vec::new();
    for reason in order {
        let same = &by_reason[reason];
        if same.len() <= ONE_BY_ONE {
            let one = |refusal: &&Refusal| {
                let name = refusal.name.clone();
                let reason = text::of_file(reason, &name);
                (name, reason)
            };
            summed_up.extend(same.iter().map(one));
        } else if same.iter().all(|refusal| refusal.is_no_image) {
            let endings = endings(same);
            summed_up.push((
                text::title(same.len()),
                text::no_images(same.len(), &endings),
            ));
        } else {
            let names: Vec<&str> = same.iter().map(|refusal| &*refusal.name).collect();
            summed_up.push((
                text::title(same.len()),
                text::for_one_reason(reason, &names),
            ));
        }
    }
    summed_up
}

/// The commonest endings of the names, the commonest first: one more than are shown, if there are so many.
fn endings<'a>(refusals: &[&'a Refusal]) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for refusal in refusals {
        let name = refusal.name.rsplit('/').next().unwrap_or_default();
        let ending = name.rfind('.').map_or(text::NO_ENDING, |dot| &name[dot..]);
        *counts.entry(ending).or_default() += 1;
    }
    // One by one, for a sort would be larger, and only the first few are shown.
    let mut endings = Vec::new();
    while endings.len() <= text::ENDINGS_SHOWN {
        // Of equals the first by name, which is the last here.
        match counts.iter_mut().rev().max_by_key(|(_, count)| **count) {
            Some((ending, count)) if *count > 0 => {
                *count = 0;
                endings.push(*ending);
            }
            _ => break,
        }
    }
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
        let summed_up = summed_up(&no_images(&["list.txt".to_owned()]));
        let expected = ("list.txt", "only images are read: list.txt");
        assert_eq!(summed_up, [(expected.0.to_owned(), expected.1.to_owned())]);
    }

    #[test]
    fn many_are_one() {
        let mut names: Vec<String> = (0..10).map(|number| format!("a/{number}.txt")).collect();
        names.push("a/LICENSE".to_owned());
        let mut refusals = no_images(&names);
        refusals.insert(5, Refusal::new("x.zip", "it is no archive"));
        let summed_up = summed_up(&refusals);
        assert_eq!(summed_up.len(), 2);
        assert_eq!(summed_up[0].0, "11 files");
        assert!(
            summed_up[0].1.ends_with(".txt, no ending"),
            "{}",
            summed_up[0].1
        );
        assert_eq!(summed_up[1].1, "it is no archive: x.zip");
    }

    #[test]
    fn the_commonest_endings_come_first_and_one_more_than_are_shown() {
        let names = "a.b a.c b.c a.z b.z a.y a.x a.w a.v a.u".split(' ');
        let names: Vec<String> = names.map(str::to_owned).collect();
        let refusals = no_images(&names);
        let found = endings(&refusals.iter().collect::<Vec<_>>());
        assert_eq!(found, [".c", ".z", ".b", ".u", ".v", ".w", ".x"]);
    }
}
