//! A package's manifest as the page needs it: to refuse early what cannot be a package, and to show
//! the rest. Whether a package is sound in every number is for the engine to judge.

use super::node::Node;
use crate::text::models as text;
use cytolens_core::plain::is_name;

/// The combination of an ensemble whose networks share one head, as packages name it.
const SUM_OF_LOGITS: &str = "sum-of-logits";

/// The version of the package format that the page shows, as JSON has it.
pub(super) const FORMAT: f64 = cytolens_core::package::FORMAT as f64;

/// The largest weights that the page takes, in bytes: in the engine's memory, which cannot pass 4 GB,
/// they lie as read and as numbers of 32 bit, on the CPU in two layouts.
pub(super) const MOST_WEIGHTS: f64 = 512e6;

/// The content of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) limits: String,
    pub(super) licence: String,
    pub(super) attribution: Vec<String>,
    /// The network, for example `densenet-121`.
    pub(super) architecture: String,
    /// The head: `pooling` or `described`.
    pub(super) head: String,
    pub(super) planes: f64,
    /// The side of the input in pixels.
    pub(super) size: f64,
    /// The composition, for example `gray-green`.
    pub(super) composition: String,
    pub(super) labels: Vec<String>,
    pub(super) thresholds: Vec<f64>,
    pub(super) mean: Vec<f64>,
    pub(super) std: Vec<f64>,
    /// The weights' SHA-256, in lower-case hexadecimal.
    pub(super) sha256: String,
    /// The weights' length.
    pub(super) bytes: f64,
    /// The sides of the inputs whose answers are known, in pixels.
    pub(super) goldens: Vec<f64>,
    /// The networks of an ensemble, of which the first's facts are above; none where the model is one network.
    pub(super) members: Vec<Member>,
    /// Whether the logits of the networks are added, in place of a mean of their probabilities.
    pub(super) is_stack: bool,
    pub(super) provenance: Node,
    pub(super) metrics: Node,
}

/// A network of an ensemble.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    /// How much its answer counts, from 0 to 1.
    pub(super) share: f64,
    pub(super) architecture: String,
    pub(super) composition: String,
    pub(super) size: f64,
}

impl Member {
    fn read(node: &Node) -> Result<Self, String> {
        let manifest = part(node, "manifest")?;
        let network = part(manifest, "network")?;
        Ok(Self {
            name: string(manifest, "name")?,
            share: number(node, "share")?,
            architecture: string(network, "architecture")?,
            composition: string(manifest, "composition")?,
            size: number(network, "size")?,
        })
    }
}

impl Manifest {
    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// A sentence for visitors, where it is no manifest of this format.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Self::read(&Node::parse(text).map_err(|cause| text::no_json(&cause))?)
    }

    fn read(root: &Node) -> Result<Self, String> {
        let Some(format) = root.get("format").and_then(Node::number) else {
            return Err(text::NO_MANIFEST.to_owned());
        };
        if format != FORMAT {
            return Err(text::other_format(format, FORMAT));
        }
        let members = root.get("members").and_then(Node::items);
        let members = members.unwrap_or_default();
        let first = match members.first() {
            Some(member) => part(member, "manifest")?,
            None => root,
        };
        let network = part(first, "network")?;
        let weights = part(root, "weights")?;
        let manifest = Self {
            name: string(root, "name")?,
            limits: string(root, "limits")?,
            licence: string(root, "licence")?,
            attribution: list(root, "attribution", |item| item.text().map(str::to_owned))?,
            architecture: string(network, "architecture")?,
            head: string(network, "head")?,
            planes: number(network, "planes")?,
            size: number(network, "size")?,
            composition: string(first, "composition")?,
            labels: list(root, "labels", |item| item.text().map(str::to_owned))?,
            thresholds: list(root, "thresholds", Node::number)?,
            mean: list(first, "mean", Node::number)?,
            std: list(first, "std", Node::number)?,
            sha256: string(weights, "sha256")?,
            bytes: number(weights, "bytes")?,
            goldens: list(first, "goldens", |golden| golden.get("size")?.number())?,
            members: members.iter().map(Member::read).collect::<Result<_, _>>()?,
            is_stack: root.get("combination").and_then(Node::text) == Some(SUM_OF_LOGITS),
            provenance: part(root, "provenance")?.clone(),
            metrics: part(root, "metrics")?.clone(),
        };
        let is_hexadecimal = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if manifest.sha256.len() != 64 || !manifest.sha256.bytes().all(is_hexadecimal) {
            return Err(text::no_field("weights.sha256"));
        }
        let members = manifest.members.iter().map(|member| &member.name);
        let mut names = manifest.labels.iter().chain(members);
        if is_name(&manifest.name) && names.all(|name| is_name(name)) {
            Ok(manifest)
        } else {
            Err(text::NO_NAME.to_owned())
        }
    }

    /// Checks that weights of this length can be the manifest's, and are not more than the page takes.
    ///
    /// # Errors
    /// A sentence for visitors, where they are not.
    pub(super) fn check_weights(&self, found: f64) -> Result<(), String> {
        if self.bytes > MOST_WEIGHTS || found > MOST_WEIGHTS {
            Err(text::too_large(self.bytes.max(found), MOST_WEIGHTS))
        } else if found != self.bytes {
            Err(text::other_length(found, self.bytes))
        } else {
            Ok(())
        }
    }

    /// The package's identity: the same weights under the same name are the same
    /// package, perhaps with other thresholds.
    pub(super) fn id(&self) -> String {
        format!("{} {}", self.sha256, self.name)
    }
}

fn part<'a>(section: &'a Node, name: &str) -> Result<&'a Node, String> {
    section.get(name).ok_or_else(|| text::no_field(name))
}

fn string(section: &Node, name: &str) -> Result<String, String> {
    let found = part(section, name)?.text().map(str::to_owned);
    found.ok_or_else(|| text::no_field(name))
}

fn number(section: &Node, name: &str) -> Result<f64, String> {
    let found = part(section, name)?.number();
    found.ok_or_else(|| text::no_field(name))
}

fn list<T>(
    section: &Node,
    name: &str,
    item: impl Fn(&Node) -> Option<T>,
) -> Result<Vec<T>, String> {
    let items = part(section, name)?.items();
    let items = items.and_then(|items| items.iter().map(item).collect());
    items.ok_or_else(|| text::no_field(name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn example() -> Value {
        json!({
            "format": 1,
            "name": "Example",
            "limits": "None known.",
            "licence": "CC0-1.0",
            "attribution": ["Nobody"],
            "network": {
                "architecture": "resnet-50", "head": "pooling", "planes": 4, "size": 64, "classes": 2,
                "batch_norm_epsilon": 1e-5
            },
            "labels": ["Here", "There"],
            "thresholds": [0.5, 0.25],
            "composition": "rgby",
            "mean": [0, 0, 0, 0],
            "std": [1, 1, 1, 1],
            "weights": {"sha256": "0a".repeat(32), "bytes": 1000},
            "goldens": [{"size": 64, "logits": [1, 2]}],
            "provenance": null,
            "metrics": null
        })
    }

    fn read(value: Value) -> Result<Manifest, String> {
        Manifest::read(&value.into())
    }

    #[test]
    fn a_manifest_is_read() {
        let manifest = read(example()).expect("a whole manifest");
        assert_eq!(manifest.labels, ["Here", "There"]);
        assert_eq!(manifest.thresholds, [0.5, 0.25]);
        assert_eq!(manifest.goldens, [64.0]);
        assert_eq!(manifest.provenance, Node::Nothing);
        assert!(manifest.id().ends_with("0a Example"));
    }

    #[test]
    fn an_ensemble_is_read_with_its_members() {
        let (mut whole, mut second) = (example(), example());
        second["name"] = "Second".into();
        second["composition"] = "rgb".into();
        let members = json!([
            {"share": 0.75, "manifest": example()}, {"share": 0.25, "manifest": second}
        ]);
        let root = whole.as_object_mut().expect("a section");
        for of_members in ["network", "composition", "mean", "std", "goldens"] {
            root.remove(of_members);
        }
        whole["kind"] = "ensemble".into();
        whole["members"] = members;
        let manifest = read(whole.clone()).expect("a whole manifest");
        assert_eq!(
            (&*manifest.architecture, manifest.size),
            ("resnet-50", 64.0)
        );
        let [first, second] = &manifest.members[..] else {
            panic!("{:?}", manifest.members);
        };
        assert_eq!((&*first.name, first.share), ("Example", 0.75));
        assert_eq!((&*second.name, &*second.composition), ("Second", "rgb"));
        assert!(!manifest.is_stack);
        let mut stack = whole.clone();
        stack["combination"] = SUM_OF_LOGITS.into();
        assert!(read(stack).expect("a stack").is_stack);
        let mut less = whole.clone();
        less["members"][1]["share"] = Value::Null;
        assert!(read(less).expect_err("no share").contains("share"));
        whole["members"][1]["manifest"]["name"] = "Sound\u{202e}5.0".into();
        assert_eq!(read(whole), Err(text::NO_NAME.to_owned()));
        assert!(read(example()).expect("one network").members.is_empty());
    }

    #[test]
    fn other_formats_and_other_json_are_distinguished() {
        let mut other = example();
        other["format"] = 9999.into();
        assert!(read(other).expect_err("another format").contains("9999"));
        assert_eq!(read(json!([1, 2])), Err(text::NO_MANIFEST.to_owned()));
        assert_eq!(
            read(json!({"samples": []})),
            Err(text::NO_MANIFEST.to_owned())
        );
    }

    #[test]
    fn whatever_is_missing_or_unfit_is_named() {
        let whole = example();
        for name in whole.as_object().expect("a section").keys() {
            if name != "format" {
                let mut less = whole.clone();
                less.as_object_mut().expect("a section").remove(name);
                let reason = read(less).expect_err(name);
                assert!(reason.contains(name), "{name}: {reason}");
            }
        }
        for (name, unfit) in [("thresholds", json!(["high"])), ("labels", json!("Here"))] {
            let mut changed = whole.clone();
            changed[name] = unfit;
            assert!(read(changed).expect_err(name).contains(name));
        }
        let mut changed = whole;
        changed["weights"]["sha256"] = "../../".into();
        assert!(read(changed).expect_err("no checksum").contains("sha256"));
    }

    #[test]
    fn names_that_would_mislead_are_refused() {
        for (name, value) in [
            ("name", json!("Sound\u{202e}5.0")),
            ("labels", json!(["Here", "There\n"])),
            ("labels", json!(["Here", "W".repeat(5000)])),
        ] {
            let mut changed = example();
            changed[name] = value;
            assert_eq!(read(changed), Err(text::NO_NAME.to_owned()), "{name}");
        }
        // Shown as words, they do no harm.
        let mut changed = example();
        changed["name"] = json!("<svg onload=\"x()\">");
        changed["limits"] = json!("\u{202e}");
        read(changed).expect("a manifest");
    }

    #[test]
    fn weights_must_have_the_length_in_the_manifest() {
        let mut value = example();
        let manifest = read(value.clone()).expect("a manifest");
        assert_eq!(manifest.check_weights(1000.0), Ok(()));
        let reason = manifest.check_weights(999.0).expect_err("too short");
        assert!(
            reason.contains("999") && reason.contains("1,000"),
            "{reason}"
        );
        value["weights"]["bytes"] = 600_000_000.into();
        let reason = read(value).expect("a manifest").check_weights(6e8);
        assert!(reason.expect_err("too large").contains("512"));
    }
}
