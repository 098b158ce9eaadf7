//! Recipes: every choice of one training run.

use anyhow::{Context, Result, ensure};
use cytolens::model::{Architecture, HeadKind, NetworkConfig};
use cytolens_core::labels;
use cytolens_field::{Composition, MissingChannels};
use serde::{Deserialize, Serialize};

use super::loss::LossChoice;
use super::metric::MetricChoice;
use super::optimiser::OptimiserChoice;
use super::recipe_file::RecipeFile;
use cytolens_data::augmentation::AugmentationChoice;
use cytolens_data::batches::Augmented;
use cytolens_data::flaws::FlawChoice;
use cytolens_data::repeats::RepeatChoice;
use cytolens_data::split::normalised_shares;

/// The recipes that come with the program, by name.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("default", include_str!("../../recipes/default.toml")),
    ("described", include_str!("../../recipes/described.toml")),
    ("drawn", include_str!("../../recipes/drawn.toml")),
    ("hpa-2018", include_str!("../../recipes/hpa-2018.toml")),
];

/// Every choice of one training run. All keys are required, and unknown ones refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The network.
    pub network: NetworkChoice,
    /// The initial weights.
    pub start: StartChoice,
    /// The network's input.
    pub input: InputChoice,
    /// The split of the samples.
    pub split: SplitChoice,
    /// The training's length, order and batches.
    pub training: TrainingChoice,
    /// The augmentation of samples.
    pub augmentation: AugmentationChoice,
    /// The flaws laid over augmented samples.
    pub flaws: FlawChoice,
    /// The repeats of samples with rare labels.
    pub repeats: RepeatChoice,
    /// The loss.
    pub loss: LossChoice,
    /// The metric term beside it.
    pub metric: MetricChoice,
    /// The optimiser.
    pub optimiser: OptimiserChoice,
    /// The running average of the weights.
    pub average: AverageChoice,
    /// The thresholds.
    pub thresholds: RunThresholds,
    /// The prediction of the test part.
    pub evaluation: TestChoice,
}

/// The network: `[network]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkChoice {
    /// The backbone.
    pub architecture: Architecture,
    /// The head.
    pub head: HeadKind,
}

/// The initial weights: `[start]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartChoice {
    /// The backbone's initial weights.
    pub weights: StartWeights,
    /// The number of first epochs in which only the head is trained.
    pub frozen_epochs: usize,
    /// Whether the head at first predicts each label's frequency, so that rare labels need not be
    /// unlearnt; otherwise its last layer is random.
    pub prior: bool,
}

/// The origin of initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartWeights {
    /// A file's, trained on ImageNet.
    Imagenet,
    /// A file's of a whole network of the recipe's shape, with its head: a package's or a run's.
    Network,
    /// Random ones.
    Random,
}

/// The network's input: `[input]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputChoice {
    /// The composition of channels into planes.
    pub composition: Composition,
    /// The treatment of channels that a field lacks.
    pub missing: MissingChannels,
    /// The side in pixels to which a field is resized.
    pub size: usize,
    /// The source of the mean and deviation that normalise planes.
    pub normalisation: Normalisation,
}

/// The source of the mean and deviation that normalise planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// The training samples.
    Set,
    /// ImageNet's photographs.
    Imagenet,
}

/// The split of the samples: `[split]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitChoice {
    /// The random seed of the split.
    pub seed: u64,
    /// The shares of the training, validation and test parts; together 1.
    pub shares: [f64; 3],
}

/// The training's length, order and batches: `[training]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingChoice {
    /// The random seed of initial weights, order, augmentation, flaws and dropout.
    pub seed: u64,
    /// The side in pixels of the part of each field that is shown in training; 0 is the whole. The augmentation's crop decides
    /// its magnification.
    pub part: usize,
    /// The number of times that the training part is shown, without repeats.
    pub epochs: usize,
    /// The number of samples in a batch.
    pub batch: usize,
    /// The number of batches in a step of the optimiser; several devices share them.
    pub accumulation: usize,
    /// The showings in an epoch that are augmented.
    pub augmented: Augmented,
    /// The score on the validation part that chooses the best epoch.
    pub best_by: BestBy,
    /// The label frequencies that the network's answers assume.
    pub frequencies: Frequencies,
}

/// The label frequencies that a network's answers assume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frequencies {
    /// Those shown in training, with repeats and further sets.
    Shown,
    /// Those of the set's training part alone. In training, each logit is compared with the truth after the difference of the
    /// two log-odds is added (Menon et al. 2021), so that what is shown too often is not answered too often.
    Set,
}

/// The score that chooses the best epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BestBy {
    /// The highest macro-F1 over the classes that occur, at thresholds tuned on the same part.
    MacroF1,
    /// The highest share of correct decisions at a threshold of 0.5.
    Accuracy,
    /// The lowest loss.
    Loss,
    /// The highest label-ranking average precision.
    Ranking,
}

/// The running average of the weights, which predicts: `[average]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AverageChoice {
    /// The share of the average that each step keeps, below 1; with 0 the last weights predict.
    pub decay: f64,
}

/// The thresholds of a run: `[thresholds]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunThresholds {
    /// How many times the odds of its frequency a label's odds must be for it to count as present; 0 tunes thresholds by F1
    /// instead, as drawn fields cannot for real ones.
    pub odds: f64,
    /// The positives that a class needs for its threshold to be tuned.
    pub least_positives: usize,
    /// The threshold of classes with fewer.
    pub otherwise: f32,
}

/// The tuning of thresholds: `[thresholds]` of a probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdChoice {
    /// The positives that a class needs for its threshold to be tuned.
    pub least_positives: usize,
    /// The threshold of classes with fewer.
    pub otherwise: f32,
}

/// The prediction of the test part: `[evaluation]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestChoice {
    /// The number of views of each sample that are averaged: 1, 2, 4 or 8, mirrored and turned.
    pub views: usize,
}

impl RecipeFile for Recipe {
    const BUILT_IN: &'static [(&'static str, &'static str)] = &BUILT_IN;

    fn check(&self) -> Result<()> {
        check_size("input.size", self.input.size, self.network.architecture)?;
        if self.training.part > 0 {
            check_size(
                "training.part",
                self.training.part,
                self.network.architecture,
            )?;
            ensure!(
                self.training.augmented == Augmented::All && self.network.head == HeadKind::Pooling,
                "training.part must be 0 unless all showings are augmented and the head is pooling"
            );
        }
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
            self.start.weights != StartWeights::Random || self.start.frozen_epochs == 0,
            "start.frozen_epochs must be 0 for random weights, not {}",
            self.start.frozen_epochs
        );
        ensure!(
            self.start.weights != StartWeights::Network || !self.start.prior,
            "start.prior must be false for a network's weights: its head answers already"
        );
        self.augmentation.check()?;
        self.flaws.check()?;
        self.repeats.check()?;
        self.loss.check()?;
        self.metric.check()?;
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
            (0.0..=1000.0).contains(&self.thresholds.odds),
            "thresholds.odds must be from 0 to 1000, not {}",
            self.thresholds.odds
        );
        ensure!(
            [1, 2, 4, 8].contains(&self.evaluation.views),
            "evaluation.views must be 1, 2, 4 or 8, not {}",
            self.evaluation.views
        );
        Ok(())
    }
}

impl Recipe {
    /// Checks that this many devices can share a step's batches.
    ///
    /// # Errors
    /// If there are fewer batches than devices.
    pub fn check_devices(&self, devices: usize) -> Result<()> {
        ensure!(
            self.training.accumulation >= devices,
            "{devices} devices have nothing to share: training.accumulation is {}, and a step's batches are \
             what devices share",
            self.training.accumulation
        );
        Ok(())
    }

    /// The side in pixels of what the network is shown in training.
    pub fn shown(&self) -> usize {
        match self.training.part {
            0 => self.input.size,
            part => part,
        }
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
                StartWeights::Imagenet | StartWeights::Network => imagenet_epsilon(architecture),
                StartWeights::Random => architecture.usual_epsilon(),
            },
        }
    }
}

/// Checks a key with a side in pixels.
///
/// # Errors
/// If it is not a multiple of the network's stride, or too small for a feature.
pub fn check_size(key: &str, size: usize, architecture: Architecture) -> Result<()> {
    ensure!(
        (32..=4096).contains(&size) && size.is_multiple_of(32),
        "{key} must be a multiple of 32 from 32 to 4096, not {size}"
    );
    let least = architecture.least_size();
    ensure!(
        size >= least,
        "{key} must be {least} at least for {}, not {size}",
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

#[cfg(test)]
mod tests {
    use cytolens_data::random::Stream;
    use cytolens_fuzzing::changed;

    use super::*;

    fn refuse(name: &str, changes: &[&str]) -> String {
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        format!("{:#}", Recipe::load(name, &changes).expect_err("a refusal"))
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
    fn no_damage_breaks_the_reader() {
        let recipes: Vec<Vec<u8>> = BUILT_IN.map(|(_, text)| text.into()).to_vec();
        let mut read = 0;
        for round in 0..20_000 {
            let bytes = changed(&recipes, &mut Stream::seeded(round));
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(recipe) = toml::from_str::<Recipe>(&text) {
                read += 1;
                if recipe.check().is_ok() {
                    let written = toml::to_string(&recipe).expect("TOML");
                    assert_eq!(toml::from_str::<Recipe>(&written).expect("TOML"), recipe);
                }
            }
            // As a change on the command line, too.
            let change = text.lines().nth(round as usize % 7).unwrap_or_default();
            _ = Recipe::load("default", &[change.to_owned()]);
        }
        assert!(read > 100, "{read} recipes are still read");
    }

    /// The defaults of the tables that `trainer augment` reads alone are those of the default recipe.
    #[test]
    fn the_default_recipe_has_the_defaults_of_augmentation_and_repeats() {
        let recipe = Recipe::load("default", &[]).expect("a valid recipe");
        assert_eq!(recipe.augmentation, AugmentationChoice::default());
        assert_eq!(recipe.repeats, RepeatChoice::default());
    }

    #[test]
    fn devices_need_a_batch_each() {
        let changes = ["training.accumulation=2".to_owned()];
        let recipe = Recipe::load("default", &changes).expect("a valid recipe");
        for devices in [1, 2] {
            recipe.check_devices(devices).expect("enough batches");
        }
        let error = recipe.check_devices(3).expect_err("too few batches");
        assert!(
            error
                .to_string()
                .starts_with("3 devices have nothing to share")
        );
    }

    #[test]
    fn keys_are_changed() {
        let changes = [
            "input.size = 64",
            "network.architecture=all-cnn",
            "start.weights=random",
            "start.frozen_epochs=0",
            "loss={kind = 'focal', gamma = 2.0}",
            "split.shares=[0.5, 0.25, 0.25]",
        ]
        .map(str::to_owned);
        let recipe = Recipe::load("described", &changes).expect("valid");
        assert_eq!(recipe.input.size, 64);
        assert_eq!(recipe.network.architecture, Architecture::AllCnn);
        assert_eq!(recipe.loss, LossChoice::Focal { gamma: 2.0 });
        assert_eq!(recipe.split.shares, [0.5, 0.25, 0.25]);
    }

    #[test]
    fn parts_of_fields_are_shown_only_where_nothing_else_is() {
        let parts = ["training.part=256".to_owned()];
        Recipe::load("default", &parts).expect("valid");
        let error = refuse(
            "default",
            &["training.part=256", "training.augmented=repeats"],
        );
        assert!(
            error.contains("unless all showings are augmented"),
            "{error}"
        );
        let error = refuse("default", &["training.part=256", "network.head=described"]);
        assert!(error.contains("the head is pooling"), "{error}");
    }

    #[test]
    fn faults_are_named() {
        let error = refuse("nonesuch", &[]);
        assert!(
            error.contains("nonesuch") && error.contains("default, described, drawn, hpa-2018")
        );
        for (setting, expected) in [
            ("training.momentum=1", "momentum"),
            ("input.size=500", "input.size must be a multiple of 32"),
            (
                "training.part=100",
                "training.part must be a multiple of 32",
            ),
            ("flaws.veil=2", "flaws.veil"),
            ("thresholds.odds=-1", "thresholds.odds"),
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
            ("metric.kind=contrastive", "missing field `by`"),
            (
                "metric={kind = 'arcface', by = 'Gene', weight = 0.1, alone = false, scale = 30, margin = 2}",
                "metric.margin must be from 0 to 1.5, not 2",
            ),
            (
                "metric={kind = 'contrastive', by = 'Gene', weight = 0.1, alone = true, temperature = 0}",
                "metric.temperature must be over 0",
            ),
            (
                "metric={kind = 'contrastive', by = ' ', weight = 0.1, alone = true, temperature = 0.1}",
                "metric.by must be \"label set\" or the name of a column",
            ),
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
