//! The names of tensors in files: torchvision's where torchvision has the network, timm's for
//! Inception-ResNet-v2.

use crate::architecture::Architecture;

/// The names in files of the tensors of a network or of its backbone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// None for a module whose paths are its names.
    architecture: Option<Architecture>,
    /// The module's path in a network.
    prefix: &'static str,
}

impl Names {
    /// The names of a whole network.
    pub fn network(architecture: Architecture) -> Self {
        Self {
            architecture: Some(architecture),
            prefix: "",
        }
    }

    /// The names of a backbone alone.
    pub fn backbone(architecture: Architecture) -> Self {
        Self {
            architecture: Some(architecture),
            prefix: "backbone.",
        }
    }

    /// The paths of a module as they are, with PyTorch's names of a norm's weight and bias.
    pub fn plain() -> Self {
        Self {
            architecture: None,
            prefix: "",
        }
    }

    /// The name of the last layer, which gives the logits.
    pub fn classifier(self) -> &'static str {
        match self.architecture {
            Some(Architecture::ResNet50) => "fc",
            Some(Architecture::InceptionResNetV2) => "classif",
            _ => "classifier",
        }
    }

    /// Whether a tensor is one of the head's, by its current name in files.
    pub(crate) fn is_of_head(self, name: &str) -> bool {
        let (layer, _) = name.rsplit_once('.').unwrap_or_default();
        layer == self.classifier() || name.starts_with("head.")
    }

    /// The name in files of the tensor at a path of the module.
    pub fn in_files(self, path: &str) -> String {
        let Some(architecture) = self.architecture else {
            return pytorch_parts(path).join(".");
        };
        let path = format!("{}{path}", self.prefix);
        if let Some(rest) = path.strip_prefix("head.classifier.") {
            return format!("{}.{rest}", self.classifier());
        }
        let Some(path) = path.strip_prefix("backbone.") else {
            return path;
        };
        let parts = pytorch_parts(path);
        match architecture {
            Architecture::DenseNet121 | Architecture::DenseNet201 => densenet(&parts),
            Architecture::ResNet50 => resnet(&parts),
            Architecture::AllCnn => format!("features.{}", parts.join(".")),
            Architecture::InceptionResNetV2 => inception_resnet(&parts),
        }
    }
}

/// The parts of a path, with PyTorch's names of a norm's weight and bias in place of burn's.
fn pytorch_parts(path: &str) -> Vec<&str> {
    let part = |part| match part {
        "gamma" => "weight",
        "beta" => "bias",
        part => part,
    };
    path.split('.').map(part).collect()
}

/// `blocks.0.layers.1.norm1.weight` is `features.denseblock1.denselayer2.norm1.weight`.
fn densenet(parts: &[&str]) -> String {
    let mut named = vec!["features".to_owned()];
    let mut list = None;
    for part in parts {
        match (list.take(), *part, part.parse::<usize>()) {
            (Some(name), _, Ok(index)) => named.push(format!("{name}{}", index + 1)),
            (_, "blocks", _) => list = Some("denseblock"),
            (_, "layers", _) => list = Some("denselayer"),
            (_, "transitions", _) => list = Some("transition"),
            (_, part, _) => named.push(part.to_owned()),
        }
    }
    named.join(".")
}

/// `layer1.0.conv1.bn.weight` is `layer1.0.bn1.weight`; the parts of a shortcut are numbered.
fn resnet(parts: &[&str]) -> String {
    let (outer, [unit, kind, last]) = parts.split_at(parts.len() - 3) else {
        return parts.join(".");
    };
    let unit = match (*unit, *kind) {
        ("downsample", "conv") => "downsample.0".to_owned(),
        ("downsample", _) => "downsample.1".to_owned(),
        (unit, "bn") => unit.replace("conv", "bn"),
        (unit, _) => unit.to_owned(),
    };
    let outer: String = outer.iter().map(|part| format!("{part}.")).collect();
    format!("{outer}{unit}.{last}")
}

/// `repeat.0.mixed.branches.1.0.conv.weight` is `repeat.0.branch1.0.conv.weight`; a branch of one
/// convolution has no number in it, and the pooling in front of one counts.
fn inception_resnet(parts: &[&str]) -> String {
    let mut named = Vec::new();
    let mut rest = parts.iter();
    while let Some(&part) = rest.next() {
        match part {
            "mixed" => {}
            "branches" => {
                let (branch, step) = (rest.next().copied(), rest.next().copied());
                let (branch, step) = (branch.unwrap_or_default(), step.unwrap_or_default());
                named.push(match (parts[0], branch) {
                    ("mixed_5b", "3") => "branch3.1".to_owned(),
                    ("mixed_7a", _) => format!("branch{branch}.{step}"),
                    (_, "0") => "branch0".to_owned(),
                    _ => format!("branch{branch}.{step}"),
                });
            }
            part => named.push(part.to_owned()),
        }
    }
    named.join(".")
}

/// The current torchvision name of a tensor: files up to 2017 call `norm1` `norm.1`, and models
/// trained on several GPUs prefix every name with `module.`.
pub fn current_name(name: &str) -> String {
    let name = name.strip_prefix("module.").unwrap_or(name);
    if !name.contains(".denselayer") {
        return name.to_owned();
    }
    ["norm.1", "norm.2", "conv.1", "conv.2"]
        .iter()
        .fold(name.to_owned(), |name, legacy| {
            name.replace(
                &format!(".{legacy}."),
                &format!(".{}.", legacy.replace('.', "")),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_the_names_that_files_have() {
        for (architecture, path, name) in [
            (
                Architecture::DenseNet121,
                "backbone.conv0.weight",
                "features.conv0.weight",
            ),
            (
                Architecture::DenseNet121,
                "backbone.blocks.0.layers.0.norm1.gamma",
                "features.denseblock1.denselayer1.norm1.weight",
            ),
            (
                Architecture::DenseNet201,
                "backbone.blocks.2.layers.23.conv2.weight",
                "features.denseblock3.denselayer24.conv2.weight",
            ),
            (
                Architecture::DenseNet121,
                "backbone.transitions.1.norm.running_var",
                "features.transition2.norm.running_var",
            ),
            (
                Architecture::DenseNet121,
                "head.classifier.bias",
                "classifier.bias",
            ),
            (
                Architecture::DenseNet121,
                "head.reduce.weight",
                "head.reduce.weight",
            ),
            (
                Architecture::ResNet50,
                "backbone.conv1.conv.weight",
                "conv1.weight",
            ),
            (
                Architecture::ResNet50,
                "backbone.layer3.5.conv2.bn.beta",
                "layer3.5.bn2.bias",
            ),
            (
                Architecture::ResNet50,
                "backbone.layer2.0.downsample.bn.running_mean",
                "layer2.0.downsample.1.running_mean",
            ),
            (
                Architecture::ResNet50,
                "head.classifier.weight",
                "fc.weight",
            ),
            (
                Architecture::InceptionResNetV2,
                "backbone.conv2d_1a.bn.gamma",
                "conv2d_1a.bn.weight",
            ),
            (
                Architecture::InceptionResNetV2,
                "backbone.repeat_1.19.mixed.branches.1.2.conv.weight",
                "repeat_1.19.branch1.2.conv.weight",
            ),
            (
                Architecture::InceptionResNetV2,
                "backbone.mixed_5b.branches.0.0.bn.running_var",
                "mixed_5b.branch0.bn.running_var",
            ),
            (
                Architecture::InceptionResNetV2,
                "backbone.block8.conv2d.bias",
                "block8.conv2d.bias",
            ),
        ] {
            let names = Names::network(architecture);
            assert_eq!(names.in_files(path), name);
            assert_eq!(names.is_of_head(name), path.starts_with("head."), "{name}");
        }
    }

    #[test]
    fn legacy_names_become_todays() {
        assert_eq!(
            current_name("module.features.denseblock1.denselayer1.norm.1.weight"),
            "features.denseblock1.denselayer1.norm1.weight"
        );
        assert_eq!(
            current_name("features.transition1.norm.weight"),
            "features.transition1.norm.weight"
        );
    }
}
