//! Files whose names do not end in one of the four channels' names.

use super::breath::breathe;
use super::mapper;
use super::remembered::{ChannelAnswer, ChannelAnswers};
use super::scheme::{self, LotName, Scheme};
use cytolens_core::image_name;
use cytolens_protocol::Picture;

/// The number of names that are read at a stretch.
const NAMES_AT_ONCE: usize = 1000;

/// The fate of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is read as if it had this name, which ends in a channel's.
    Renamed(String),
    /// The visitor left it out.
    LeftOut,
    /// The visitor did not answer.
    Refused,
}

/// Finds the part of names that stands for the channel, and takes the answer that is remembered for it, or
/// asks; `look` asks for the picture of a file. Returns the positions and fates of the files that change; names that are none
/// are passed over.
pub(super) async fn fates(
    names: &[Option<String>],
    look: &dyn Fn(usize, Box<dyn FnOnce(Picture)>),
) -> Vec<(usize, Fate)> {
    let mut open: Vec<LotName> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if index % NAMES_AT_ONCE == 0 {
            breathe().await;
        }
        let read = name.as_deref().and_then(image_name);
        if let Some(image) = read.filter(|image| !image.has_channel()) {
            open.push(LotName {
                index,
                path: scheme::without_identifier(image.stem).to_owned(),
            });
        }
    }
    let mut fates = Vec::new();
    while let Some(scheme) = find(&open).await {
        let remembered = ChannelAnswers::load().of(&scheme.texts()).cloned();
        let answer = match remembered {
            Some(answer) => Some(answer),
            None => mapper::ask(&scheme, look).await,
        };
        for member in &scheme.members {
            let extension = names[member.index]
                .as_deref()
                .and_then(image_name)
                .map_or("", |image| image.extension);
            let value = &scheme.values[member.value].text;
            if let Some(fate) = fate(answer.as_ref(), value, &member.id, extension) {
                fates.push((member.index, fate));
            }
        }
        let mut members = scheme.members.iter().map(|member| member.index).peekable();
        // Both are in the order given.
        open.retain(|name| members.next_if_eq(&name.index).is_none());
    }
    fates
}

/// The scheme of the most names, the likeliest of several.
async fn find(names: &[LotName]) -> Option<Scheme> {
    let mut best: Option<Scheme> = None;
    if names.len() > 1 {
        for place in scheme::places() {
            breathe().await;
            let scheme = scheme::at(place, names);
            let is_likelier =
                |scheme: &Scheme| best.as_ref().is_none_or(|best| scheme.is_likelier(best));
            best = scheme.filter(is_likelier).or(best);
        }
    }
    best
}

fn fate(answer: Option<&ChannelAnswer>, value: &str, id: &str, extension: &str) -> Option<Fate> {
    match answer {
        None => Some(Fate::Refused),
        Some(ChannelAnswer::Pictures(_)) => None,
        Some(answer) => Some(match answer.channel(value) {
            Some(channel) => Fate::Renamed(format!("{id}_{channel}.{extension}")),
            None => Fate::LeftOut,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cytolens_core::Channel;

    #[test]
    fn an_answer_renames_leaves_out_or_refuses() {
        let answer = ChannelAnswer::Channels(vec![
            ("w1".to_owned(), Some(Channel::Blue)),
            ("w2".to_owned(), None),
        ]);
        let fate = |value| fate(Some(&answer), value, "a/A1", "tif.gz");
        let renamed = Fate::Renamed("a/A1_blue.tif.gz".to_owned());
        assert_eq!(fate("w1"), Some(renamed));
        assert_eq!(fate("w2"), Some(Fate::LeftOut));
        assert_eq!(super::fate(None, "w1", "A1", "tif"), Some(Fate::Refused));
        let pictures = ChannelAnswer::Pictures(vec!["w1".to_owned()]);
        assert_eq!(super::fate(Some(&pictures), "w1", "A1", "tif"), None);
    }
}
