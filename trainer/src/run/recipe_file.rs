//! Recipes as TOML: found by name or path, changed key by key, and checked.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// The tables of a recipe that a command reads.
pub trait RecipeFile: DeserializeOwned {
    /// The recipes that come with the program: their names and TOML.
    const BUILT_IN: &'static [(&'static str, &'static str)];

    /// Checks every value.
    ///
    /// # Errors
    /// Naming the key, its range and its value.
    fn check(&self) -> Result<()>;

    /// Loads a recipe by its name or from a TOML file, with changes of keys: `table.key=value`, the value as in TOML.
    ///
    /// # Errors
    /// If there is no such recipe, a key is unknown or missing, or a value is out of range.
    fn load(name_or_file: &str, changes: &[String]) -> Result<Self> {
        let text = text_of(name_or_file, Self::BUILT_IN)?;
        let in_recipe = || format!("in the recipe {name_or_file}");
        // Parsed without changes first, because errors in the file then come with their line.
        let mut recipe: Self = toml::from_str(&text).with_context(in_recipe)?;
        if !changes.is_empty() {
            let mut tables: toml::Table = toml::from_str(&text).with_context(in_recipe)?;
            for change in changes {
                apply(&mut tables, change)?;
            }
            recipe = Self::deserialize(tables)
                .with_context(|| format!("with --set {}", changes.join(" --set ")))?;
        }
        recipe.check().with_context(in_recipe)?;
        Ok(recipe)
    }
}

/// The text of a recipe that comes with the program, or of a file.
fn text_of(name_or_file: &str, built_in: &[(&str, &str)]) -> Result<String> {
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

/// Applies `table.key=value`, the value TOML or a word, or a whole `table={key=value, ..}`.
fn apply(tables: &mut toml::Table, change: &str) -> Result<()> {
    const FORM: &str = "--set takes table.key=value or table={key=value, ..}";
    let (path, value) = change
        .split_once('=')
        .with_context(|| format!("{FORM}, not {change}"))?;
    let (path, value) = (path.trim(), value.trim());
    let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let (name, key) = match path.split_once('.') {
        Some((name, key)) => (name, Some(key)),
        None => (path, None),
    };
    let place = tables
        .get_mut(name)
        .with_context(|| format!("--set {change}: recipes have no table [{name}]"))?;
    match (key, place) {
        (Some(key), toml::Value::Table(inner)) => {
            inner.insert(key.to_owned(), parsed);
        }
        (None, place) if parsed.is_table() => *place = parsed,
        _ => bail!("{FORM}, not {change}"),
    }
    Ok(())
}
