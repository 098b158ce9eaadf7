//! Recipes: every choice of one training run, as TOML.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use cytolens::model::{Architecture, HeadKind, NetworkConfig};
use cytolens_core::labels;
use cytolens_field::Composition;
use serde::{Deserialize, Serialize};

use super::loss::LossChoice;
use super::optimiser::OptimiserChoice;
use cytolens_data::augmentation::AugmentationChoice;
use cytolens_data::batches::Augmented;
use cytolens_data::repeats::RepeatChoice;
use cytolens_data::split::normalised_shares;

/// The recipes that come with the program, by name.
pub const BUILT_IN: [(&str, &str); 2] = [
    ("default", include_str!("../../recipes/default.toml")),
    ("described", include_str!("../../recipes/described.toml")),
];

/// Every choice of one training run. Each key is needed; an unknown one is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What is trained.
    pub network: NetworkChoice,
    /// Where it starts.
    pub start: StartChoice,
    /// What it sees.
    pub input: InputChoice,
    /// Who sees what.
    pub split: SplitChoice,
    /// How long, and in what order.
    pub training: TrainingChoice,
    /// How samples are changed.
    pub augmentation: AugmentationChoice,
    /// How often samples of rare labels come.
    pub repeats: RepeatChoice,
    /// What is made small.
    pub loss: LossChoice,
    /// How weights are moved.
    pub optimiser: OptimiserChoice,
    /// Which weights predict.
    pub average: AverageChoice,
    /// How probabilities become labels.
    pub thresholds: ThresholdChoice,
    /// How the test part is predicted.
    pub evaluation: EvaluationChoice,
}

/// What is trained: `[network]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkChoice {
    /// The backbone.
    pub architecture: Architecture,
    /// The head.
    pub head: HeadKind,
}

/// Where training starts: `[start]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartChoice {
    /// The backbone's first weights.
    pub weights: StartWeights,
    /// Epochs in which only the head learns.
    pub frozen_epochs: usize,
    /// Whether the head first answers each label's frequency, so that rare labels need not be
    /// unlearnt; else its last layer starts at random.
    pub prior: bool,
}

/// A backbone's first weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartWeights {
    /// Of a file trained on ImageNet.
    Imagenet,
    /// Random ones.
    Random,
}

/// What the network sees: `[input]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputChoice {
    /// How channels become planes.
    pub composition: Composition,
    /// The side in pixels.
    pub size: usize,
    /// By which mean and deviation planes are normalised.
    pub normalisation: Normalisation,
}

/// By which mean and deviation planes are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// Those of the training samples.
    Set,
    /// Those of ImageNet's photographs.
    Imagenet,
}

/// Who sees what: `[split]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitChoice {
    /// Decides the split.
    pub seed: u64,
    /// The shares of the training, validation and test parts; together 1.
    pub shares: [f64; 3],
}

/// How long, and in what order: `[training]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingChoice {
    /// Decides weights that start at random, order, augmentation and dropout.
    pub seed: u64,
    /// How often the training part is shown, repeats beside.
    pub epochs: usize,
    /// Samples that go through the network together.
    pub batch: usize,
    /// Batches a step of the optimiser; several devices share them.
    pub accumulation: usize,
    /// Which places of an epoch are augmented.
    pub augmented: Augmented,
    /// What the best epoch is chosen by, on the validation part.
    pub best_by: BestBy,
}

/// What the best epoch is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BestBy {
    /// The highest macro-F1 over the classes that occur, at thresholds tuned on the same part.
    MacroF1,
    /// The highest share of right decisions at a probability of 0.5.
    Accuracy,
    /// The lowest loss.
    Loss,
}

/// Which weights predict: `[average]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AverageChoice {
    /// What the running average of the weights keeps each step, below 1; with 0 the last weights
    /// predict.
    pub decay: f64,
}

/// How probabilities become labels: `[thresholds]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdChoice {
    /// Classes with fewer positives in the validation part are not tuned.
    pub least_positives: usize,
    /// Their threshold.
    pub otherwise: f32,
}

/// How the test part is predicted: `[evaluation]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationChoice {
    /// The views of each sample whose mean counts: 1, 2, 4 or 8, mirrored and turned.
    pub views: usize,
}

impl Recipe {
    /// The recipe of a name that the program knows, or of a TOML file, with keys set anew:
    /// `table.key=value`, the value as in TOML.
    ///
    /// # Errors
    /// Where there is neither, an unknown or missing key, or a value out of range.
    pub fn load(name_or_file: &str, set: &[String]) -> Result<Self> {
        let text = text_of(name_or_file, &BUILT_IN)?;
        let in_recipe = || format!("in the recipe {name_or_file}");
        // Read whole first: its faults then come with their line.
        let recipe: Self = toml::from_str(&text).with_context(in_recipe)?;
        let mut table: toml::Table = toml::from_str(&text).with_context(in_recipe)?;
        for setting in set {
            overwrite(&mut table, setting)?;
        }
        let recipe = if set.is_empty() {
            recipe
        } else {
            Self::deserialize(table)
                .with_context(|| format!("with --set {}", set.join(" --set ")))?
        };
        recipe.check().with_context(in_recipe)?;
        Ok(recipe)
    }

    /// Checks every value.
    ///
    /// # Errors
    /// Naming the key, what it may be and what it is.
    fn check(&self) -> Result<()> {
        check_size(self.input.size, self.network.architecture)?;
        normalised_shares(&self.split.shares).context("split.shares")?;
        ensure!(
            (1..=100_000).contains(&self.training.epochs),
            "training.epochs must be from 1 to 100000, not {}",
            self.training.epochs
        );
        ensure!(
            (1..=4096).contains(&self.training.batch),
            "training.batch must be from 1 to 4096, not {}",
            self.training.batch
        );
        ensure!(
            (1..=4096).contains(&self.training.accumulation),
            "training.accumulation must be from 1 to 4096, not {}",
            self.training.accumulation
        );
        ensure!(
            self.start.weights == StartWeights::Imagenet || self.start.frozen_epochs == 0,
            "start.frozen_epochs must be 0 for random weights, not {}",
            self.start.frozen_epochs
        );
        self.augmentation.check()?;
        self.repeats.check()?;
        self.loss.check()?;
        self.optimiser.check()?;
        ensure!(
            (0.0..1.0).contains(&self.average.decay),
            "average.decay must be from 0 to below 1, not {}",
            self.average.decay
        );
        ensure!(
            (0.0..=1.0).contains(&self.thresholds.otherwise),
            "thresholds.otherwise must be from 0 to 1, not {}",
            self.thresholds.otherwise
        );
        ensure!(
            [1, 2, 4, 8].contains(&self.evaluation.views),
            "evaluation.views must be 1, 2, 4 or 8, not {}",
            self.evaluation.views
        );
        Ok(())
    }

    /// The shape of the network for the 28 locations.
    pub fn network(&self) -> NetworkConfig {
        let architecture = self.network.architecture;
        NetworkConfig {
            architecture,
            head: self.network.head,
            planes: self.input.composition.planes(),
            size: self.input.size,
            classes: labels::COUNT,
            batch_norm_epsilon: match self.start.weights {
                StartWeights::Imagenet => imagenet_epsilon(architecture),
                StartWeights::Random => architecture.usual_epsilon(),
            },
        }
    }
}

/// The text of a recipe that the program knows by its name, or of a TOML file.
///
/// # Errors
/// Where there is neither, naming those that the program knows.
pub fn text_of(name_or_file: &str, built_in: &[(&str, &str)]) -> Result<String> {
    if let Some((_, text)) = built_in.iter().find(|(name, _)| *name == name_or_file) {
        return Ok((*text).to_owned());
    }
    if Path::new(name_or_file).is_file() {
        return std::fs::read_to_string(name_or_file)
            .with_context(|| format!("cannot read {name_or_file}"));
    }
    let names: Vec<&str> = built_in.iter().map(|(name, _)| *name).collect();
    bail!(
        "no recipe file and no recipe called {name_or_file}; the program knows: {}",
        names.join(", ")
    )
}

/// Checks the key `input.size`.
///
/// # Errors
/// Where it is not a whole number of steps through the network, or leaves it no feature.
pub fn check_size(size: usize, architecture: Architecture) -> Result<()> {
    ensure!(
        (32..=4096).contains(&size) && size.is_multiple_of(32),
        "input.size must be a multiple of 32 from 32 to 4096, not {size}"
    );
    let least = architecture.least_size();
    ensure!(
        size >= least,
        "input.size must be {least} at least for {}, not {size}",
        architecture.title()
    );
    Ok(())
}

/// The batch-norm epsilon with which ImageNet weights were trained: DenseNet's are Keras'.
pub fn imagenet_epsilon(architecture: Architecture) -> f64 {
    match architecture {
        Architecture::DenseNet121 | Architecture::DenseNet201 => 1.001e-5,
        other => other.usual_epsilon(),
    }
}

/// Sets `table.key=value`, the value TOML or a word, or a whole `table={key=value, ..}`.
fn overwrite(table: &mut toml::Table, setting: &str) -> Result<()> {
    const FORM: &str = "--set takes table.key=value or table={key=value, ..}";
    let (path, value) = setting
        .split_once('=')
        .with_context(|| format!("{FORM}, not {setting}"))?;
    let (path, value) = (path.trim(), value.trim());
    let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let (name, key) = match path.split_once('.') {
        Some((name, key)) => (name, Some(key)),
        None => (path, None),
    };
    let place = table
        .get_mut(name)
        .with_context(|| format!("--set {setting}: recipes have no table [{name}]"))?;
    match (key, place) {
        (Some(key), toml::Value::Table(inner)) => {
            inner.insert(key.to_owned(), parsed);
        }
        (None, place) if parsed.is_table() => *place = parsed,
        _ => bail!("{FORM}, not {setting}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(name: &str, set: &[&str]) -> String {
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        format!("{:#}", Recipe::load(name, &set).expect_err("a refusal"))
    }

    #[test]
    fn built_in_recipes_are_valid_and_survive_a_round_trip() {
        for (name, _) in BUILT_IN {
            let recipe = Recipe::load(name, &[]).expect("a valid recipe");
            let written = toml::to_string(&recipe).expect("TOML");
            assert_eq!(toml::from_str::<Recipe>(&written).expect("TOML"), recipe);
        }
    }

    #[test]
    fn keys_are_set_anew() {
        let set = [
            "input.size = 64",
            "network.architecture=all-cnn",
            "start.weights=random",
            "start.frozen_epochs=0",
            "loss={kind = 'focal', gamma = 2.0}",
            "split.shares=[0.5, 0.25, 0.25]",
        ]
        .map(str::to_owned);
        let recipe = Recipe::load("described", &set).expect("valid");
        assert_eq!(recipe.input.size, 64);
        assert_eq!(recipe.network.architecture, Architecture::AllCnn);
        assert_eq!(recipe.loss, LossChoice::Focal { gamma: 2.0 });
        assert_eq!(recipe.split.shares, [0.5, 0.25, 0.25]);
    }

    #[test]
    fn faults_are_named() {
        let error = refuse("nonesuch", &[]);
        assert!(error.contains("nonesuch") && error.contains("default, described"));
        for (setting, expected) in [
            ("training.momentum=1", "momentum"),
            ("input.size=500", "multiple of 32"),
            ("training.epochs=0", "training.epochs must be"),
            ("network.head=tail", "tail"),
            ("optimiser.learning_rate=-1", "optimiser.learning_rate"),
            ("split.shares=[0.5, 0.5, 0.5]", "split.shares"),
            ("evaluation.views=3", "1, 2, 4 or 8"),
            ("weather.wind=3", "no table [weather]"),
            ("epochs=3", "no table [epochs]"),
            ("loss=3", "table.key=value"),
            ("loss.margin", "table.key=value"),
            ("loss={kind = 'cross-entropy', gamma = 2.0}", "gamma"),
        ] {
            let error = refuse("default", &[setting]);
            assert!(error.contains(expected), "{setting}: {error}");
        }
    }

    #[test]
    fn a_file_may_leave_nothing_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("mine.toml");
        let text = BUILT_IN[0].1.replace("epochs = ", "# epochs = ");
        std::fs::write(&path, text).expect("a written file");
        let error = refuse(path.to_str().expect("Unicode"), &[]);
        assert!(
            error.contains("mine.toml") && error.contains("epochs"),
            "{error}"
        );
    }
}
