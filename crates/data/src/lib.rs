//! Labelled fields on disk: sets, splits, duplicates, augmentation, repeats and batches; fields with masks of their cells, and fields
//! of which one channel is painted from the others.

pub mod ahead;
mod archive;
pub mod augmentation;
pub mod batches;
pub mod credits;
pub mod dataset;
pub mod duplicates;
pub mod examples;
pub mod fault;
pub mod files;
pub mod flaws;
pub mod masked;
pub mod moments;
pub mod noticed;
pub mod painter;
pub mod png;
pub mod random;
pub mod repeats;
pub mod split;
pub mod table;
pub mod unicode;
pub mod views;
pub mod whole_file;

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::augmentation::AugmentationChoice;
    use super::repeats::RepeatChoice;

    #[test]
    fn the_default_recipe_states_the_defaults() {
        fn table<T: DeserializeOwned>(name: &str) -> T {
            let recipe: toml::Table =
                toml::from_str(include_str!("../../../trainer/recipes/default.toml"))
                    .expect("a recipe");
            recipe[name].clone().try_into().expect("all keys")
        }
        assert_eq!(
            table::<AugmentationChoice>("augmentation"),
            AugmentationChoice::default()
        );
        assert_eq!(table::<RepeatChoice>("repeats"), RepeatChoice::default());
    }
}
