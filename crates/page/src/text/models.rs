//! The texts of the choice of models and of the model card.

use super::number as written;
use crate::storage_error::StorageError;

/// The page's own model, before its manifest is there.
pub(crate) const SHIPPED: &str = "The model of this page";
/// The text of a value of `null` or of an empty text.
pub(crate) const NOT_STATED: &str = "not stated";
/// The text of `true`.
pub(crate) const YES: &str = "yes";
/// The text of `false`.
pub(crate) const NO: &str = "no";
/// The text in place of provenance or metrics that a package lacks.
pub(crate) const SAYS_NOTHING: &str = "The package does not say.";
/// The text in place of limits that a package lacks.
pub(crate) const NO_LIMITS: &str =
    "The package does not name its limits. That does not mean that it has none.";
/// The reason for JSON that is not a manifest.
pub(crate) const NO_MANIFEST: &str = "manifest.json is not the manifest of a model package";
/// The reason for a manifest too long to be one.
pub(crate) const LONG_MANIFEST: &str = "manifest.json is larger than 4 MB, too long for a manifest";
/// The reason for a name or a label that would spoil what stands beside it.
pub(crate) const NO_NAME: &str = "a name or a label in manifest.json is longer than 4,096 letters or changes the direction of writing";
/// The name of tables of scores.
pub(crate) const SCORES: &str = "Scores";
/// The head of the table of classes.
pub(crate) const CLASS: &str = "Location";
/// The head of its second column.
pub(crate) const THRESHOLD: &str = "Threshold";
/// The fact in the section on files.
pub(crate) const WEIGHTS: &str = "Weights";
/// The fact in the section on files.
pub(crate) const CHECKSUM: &str = "SHA-256";
/// The fact in the section on files.
pub(crate) const KNOWN_ANSWERS: &str = "Known answers";
/// The fact in the section on the network.
pub(crate) const ARCHITECTURE: &str = "Network";
/// The fact in the section on the network.
pub(crate) const HEAD: &str = "Head";
/// The fact in the section on the network.
pub(crate) const INPUT: &str = "Input";
/// The fact in the section on the network.
pub(crate) const COMPOSITION: &str = "Composition";
/// The fact in the section on the network.
pub(crate) const NORMALISED: &str = "Normalised by";

/// The reason for a text that is no JSON.
pub(crate) fn no_json(cause: &str) -> String {
    format!("manifest.json is not JSON: {cause}")
}

/// The reason for a package of another version of the format.
pub(crate) fn other_format(found: f64, known: f64) -> String {
    format!("the package has format {found}, but this page reads format {known}")
}

/// The reason for a manifest without a field that it must have.
pub(crate) fn no_field(name: &str) -> String {
    format!("manifest.json has no {name} that this page understands")
}

/// The reason for weights that were cut, or are another network's.
pub(crate) fn other_length(found: f64, expected: f64) -> String {
    format!(
        "weights.safetensors has {} bytes, but the manifest says {}",
        whole(found),
        whole(expected)
    )
}

/// The reason for weights too large for a browser.
pub(crate) fn too_large(bytes: f64, most: f64) -> String {
    format!(
        "its weights are {}, and this page takes {} at most",
        size(bytes),
        size(most)
    )
}

/// A package by its folder's or archive's name.
fn package_in(name: &str) -> String {
    if name.is_empty() {
        "The package".to_owned()
    } else {
        format!("The package {name}")
    }
}

/// The reason for a file that the browser cannot read any more.
pub(crate) fn unreadable(file: &str, cause: &str) -> String {
    format!("{file} could not be read: {cause}")
}

/// The message about a package that was not taken.
pub(crate) fn refused(name: &str, reason: &str) -> String {
    format!("{} is not used: {reason}.", package_in(name))
}

/// The message about a package that did not open.
pub(crate) fn fell_back(name: &str, reason: &str, other: &str) -> String {
    format!("“{name}” could not be opened, so “{other}” stays in use. The reason: {reason}")
}

/// The message about a package that did not open in place of one of the same name and weights.
pub(crate) fn former_goes_on(name: &str, reason: &str) -> String {
    format!(
        "The new “{name}” could not be opened, so the earlier one stays in use. The reason: {reason}"
    )
}

/// The message about a package that was taken already.
pub(crate) fn known(name: &str) -> String {
    format!("“{name}” was here already and is in use now.")
}

/// The message about a package that will be here after a reload.
pub(crate) fn kept(name: &str) -> String {
    format!("“{name}” is kept in this browser.")
}

/// The message about a package that the browser does not keep.
pub(crate) fn not_kept(name: &str, bytes: f64, error: &StorageError) -> String {
    let why = match error {
        StorageError::NoRoom => format!("has no room for its {}", size(bytes)),
        StorageError::Unreadable(reason) | StorageError::Other(reason) => {
            format!("did not keep it ({reason})")
        }
    };
    format!("“{name}” can be used until the page is closed or reloaded: this browser {why}.")
}

/// The message about a package that is removed.
pub(crate) fn removed(name: &str) -> String {
    format!("“{name}” was removed from this browser.")
}

/// The question before a package is removed.
pub(crate) fn asks_to_remove(name: &str) -> String {
    format!("Remove “{name}” from this browser? Its files on your disk stay where they are.")
}

/// A model among others of its name.
pub(crate) fn among_others(name: &str, sha256: &str) -> String {
    let start: String = sha256.chars().take(8).collect();
    format!("{name} ({start})")
}

/// The line under a card's title.
pub(crate) fn summary(architecture: &str, classes: usize, size: f64, planes: f64) -> String {
    let (architecture, input) = (self::architecture(architecture), input(size, planes));
    format!("{architecture}, {}, {input}", locations(classes))
}

/// The line under the title of an ensemble's card.
pub(crate) fn summary_of_several(is_stack: bool, networks: usize, classes: usize) -> String {
    let kind = if is_stack { "Stack" } else { "Ensemble" };
    let networks = written::counted(networks, "network", "networks");
    format!("{kind} of {networks}, {}", locations(classes))
}

/// How the networks of an ensemble answer together.
pub(crate) fn together(is_stack: bool) -> &'static str {
    if is_stack {
        "Several networks look one after the other, and one head reads the features of all: what each adds to the log-odds of a location is summed up, and so is the evidence. Similar fields are found by the first."
    } else {
        "Several networks answer one after the other. A probability is the mean of theirs, and so is the evidence; each counts as much as is said here. Similar fields are found by the first."
    }
}

/// A network of an ensemble, beside its name; with its share, where its answer counts by one.
pub(crate) fn member(
    share: Option<f64>,
    architecture: &str,
    composition: &str,
    side: f64,
) -> String {
    let counts = share.map_or_else(String::new, |share| {
        ["counts ", &self::share(share), ": "].concat()
    });
    let architecture = self::architecture(architecture);
    format!("{counts}{architecture}, {composition}, {side} × {side} px")
}

/// The network's input.
pub(crate) fn input(size: f64, planes: f64) -> String {
    format!("{size} × {size} px in {planes} planes")
}

/// An architecture as papers write it.
pub(crate) fn architecture(name: &str) -> &str {
    match name {
        "densenet-121" => "DenseNet-121",
        "densenet-201" => "DenseNet-201",
        "resnet-50" => "ResNet-50",
        "all-cnn" => "All-CNN",
        "inception-resnet-v2" => "Inception-ResNet-v2",
        other => other,
    }
}

/// The meaning of a head's name.
pub(crate) fn head(name: &str) -> &str {
    match name {
        "pooling" => {
            "pooling: the mean of each feature over the field, then one linear layer, so that activation maps are exact"
        }
        "described" => {
            "described: a 1 × 1 convolution to 128 maps, then 512 units, then one for each location"
        }
        other => other,
    }
}

/// The meaning of a composition's name.
pub(crate) fn composition(name: &str) -> String {
    let meaning = match name {
        "rgb" => {
            "microtubules, protein and nucleus, each in a plane of its own. The endoplasmic reticulum is not used."
        }
        "rgby" => {
            "microtubules, protein, nucleus and endoplasmic reticulum, each in a plane of its own."
        }
        "gray-green" => {
            "microtubules and nucleus together in grey, and the protein in green over them."
        }
        "dimmed" => "the protein at full brightness, microtubules and nucleus at half.",
        "green-boost" => {
            "the protein by itself, and mixed half and half with the microtubules and with the nucleus."
        }
        _ => return name.to_owned(),
    };
    format!("{name}: {meaning}")
}

/// The mean and the deviation by which each plane is normalised.
pub(crate) fn normalised(mean: &[f64], std: &[f64]) -> String {
    let list = |values: &[f64]| {
        let values: Vec<String> = values.iter().map(|value| share(*value)).collect();
        values.join("; ")
    };
    format!("mean {}. Standard deviation {}", list(mean), list(std))
}

/// The title of the table of classes, which opens it.
pub(crate) fn classes(count: usize) -> String {
    format!(
        "{} and the probability from which each counts as present",
        locations(count)
    )
}

/// The length of weights.
pub(crate) fn weights(bytes: f64) -> String {
    format!("{} ({} bytes)", size(bytes), whole(bytes))
}

/// The check of the engine by known answers.
pub(crate) fn known_answers(sides: &[f64]) -> String {
    let sides: Vec<String> = sides.iter().map(|side| format!("{side} px")).collect();
    format!(
        "for generated inputs of {}. Every start checks the first; a GPU has to pass them all.",
        sides.join(" and ")
    )
}

/// The footer's line on the model in use.
pub(crate) fn credits(name: &str, attribution: &[String], licence: &str) -> String {
    let mut credits = format!("Model “{name}”. ");
    for line in attribution {
        credits += line.trim_end_matches('.');
        credits += ". ";
    }
    credits + "Licence: " + licence.trim_end_matches('.') + "."
}

/// The end of a list that is cut.
pub(crate) fn and_more(count: usize) -> String {
    format!("and {} more", written::whole(count))
}

/// A value and the interval that it lies in.
pub(crate) fn interval(value: f64, low: f64, high: f64) -> String {
    format!("{} ({} to {})", number(value), number(low), number(high))
}

/// A title of something inside a part.
pub(crate) fn of_part(title: &str, part: &str) -> String {
    format!("{title} ({})", part.to_lowercase())
}

/// A name in a manifest as words.
pub(crate) fn words(name: &str) -> String {
    let known = match name {
        "f1" => "F1",
        "macro_f1" => "Macro F1",
        "macro_f1_present" => "Macro F1 of the locations present",
        "micro_f1" => "Micro F1",
        "first_nine" => "Macro F1 of the first nine locations",
        "exact_match" => "Exact match",
        "label_ranking" => "Label ranking average precision",
        "label_ranking_of_frequencies" => "The same by the labels' frequencies alone",
        "samples" => "Fields",
        "classes_present" => "Locations present",
        "cross_validated" => "Cross-validated",
        "epoch" => "Best epoch",
        "shown" => "Fields shown in training",
        "seconds" => "Seconds of training",
        "test_views" => "Test, several views",
        "fields" => "Fields in all",
        "trained_on" => "Fields trained on",
        "held_back" => "Fields held back",
        "initial_weights" => "Weights it began with",
        _ => {
            let name = name.replace(['_', '-'], " ");
            let mut letters = name.chars();
            let first = letters.next().map(char::to_uppercase);
            return first.into_iter().flatten().chain(letters).collect();
        }
    };
    known.to_owned()
}

/// A number as people write it: whole ones whole, others to some three digits.
pub(crate) fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return whole(number);
    }
    let decimals = match number.abs() {
        size if size >= 100.0 => 1,
        size if size >= 0.1 => 3,
        size if size >= 0.001 => 5,
        _ => 10,
    };
    written::short(number, decimals)
}

/// A score from 0 to 1.
pub(crate) fn share(share: f64) -> String {
    written::decimal(share, 3)
}

/// A whole number.
fn whole(number: f64) -> String {
    written::decimal(number, 0)
}

/// A count of locations.
fn locations(count: usize) -> String {
    written::counted(count, "location", "locations")
}

fn size(bytes: f64) -> String {
    let digits = if bytes >= 1e8 { 0 } else { 1 };
    [&written::decimal(bytes / 1e6, digits), " MB"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let found = [
            512.0,
            14_534_792.0,
            -1234.0,
            0.05000000074505806,
            9.99999993922529e-9,
            0.3029,
            277.124,
            1.00001e-3,
        ]
        .map(number);
        let expected = [
            "512",
            "14,534,792",
            "-1,234",
            "0.05",
            "0.00000001",
            "0.303",
            "277.1",
            "0.001",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("macro_f1"), "Macro F1");
        assert_eq!(words("weight_decay"), "Weight decay");
        assert_eq!(words("élan"), "Élan");
        assert_eq!(words(""), "");
    }

    #[test]
    fn credits_end_each_line_once() {
        let found = credits("A", &["One.".to_owned(), "Two".to_owned()], "MIT");
        assert_eq!(found, "Model “A”. One. Two. Licence: MIT.");
    }

    #[test]
    fn a_stack_is_no_mean_and_its_networks_have_no_shares() {
        let of = |share| member(share, "resnet-50", "rgb", 512.0);
        assert_eq!(of(Some(0.25)), "counts 0.250: ResNet-50, rgb, 512 × 512 px");
        assert_eq!(of(None), "ResNet-50, rgb, 512 × 512 px");
        let summary = |is_stack| summary_of_several(is_stack, 2, 28);
        assert!(summary(true).starts_with("Stack of 2 networks, 28"));
        assert!(summary(false).starts_with("Ensemble of 2 networks, 28"));
        assert!(together(false).contains("mean") && !together(true).contains("mean"));
    }

    #[test]
    fn unknown_names_stay() {
        assert_eq!(composition("new"), "new");
        assert_eq!(architecture("vit"), "vit");
        assert_eq!(head("new"), "new");
    }
}
