//! The painter that comes with the page, as its manifest tells of it.

use super::node::Node;
use cytolens_core::Channel;

/// What is to be known of a painter before anybody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PainterFacts {
    /// The channel that it paints.
    pub(crate) paints: Channel,
    /// Whether it was better than a linear mix of the channels that it reads, wherever that was measured.
    pub(crate) is_better: bool,
}

impl PainterFacts {
    /// Reads a manifest's text; none where it is no painter's.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::read(&Node::parse(text).ok()?)
    }

    fn read(manifest: &Node) -> Option<Self> {
        let paints = manifest.get("channels")?.get("paint")?.text()?;
        let scores = manifest.get("metrics")?.members().iter();
        let verdicts = scores.filter_map(|(_, scores)| scores.get("beats_linear_mix"));
        let verdicts = verdicts.map(|verdict| *verdict == Node::Truth(true));
        Some(Self {
            paints: paints.parse().ok()?,
            is_better: verdicts.reduce(|all, one| all && one) == Some(true),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(manifest: Value) -> Option<PainterFacts> {
        PainterFacts::read(&manifest.into())
    }

    #[test]
    fn a_painter_is_better_where_all_of_its_scores_say_so() {
        let verdict = |metrics: Value| {
            let channels = json!({"from": ["red", "green", "blue"], "paint": "yellow"});
            let facts = read(json!({"channels": channels, "metrics": metrics}));
            let facts = facts.expect("a painter's manifest");
            assert_eq!(facts.paints, Channel::Yellow);
            facts.is_better
        };
        let (better, worse) = (
            json!({"beats_linear_mix": true}),
            json!({"beats_linear_mix": false}),
        );
        assert!(verdict(
            json!({"validation": {"pearson": 0.9}, "real": better})
        ));
        assert!(!verdict(json!({"drawn": better, "real": worse})));
        for silent in [
            json!({}),
            Value::Null,
            json!({"validation": {"pearson": 0.9}}),
        ] {
            assert!(!verdict(silent));
        }
    }

    #[test]
    fn what_is_no_painters_manifest_is_none() {
        let metrics = json!({"real": {"beats_linear_mix": true}});
        for manifest in [
            json!("<!doctype html>"),
            json!({"metrics": metrics}),
            json!({"channels": {"paint": "purple"}, "metrics": metrics}),
        ] {
            assert_eq!(read(manifest), None);
        }
    }
}
