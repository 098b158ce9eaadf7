//! The groups of samples whose features are to be alike.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use cytolens_data::dataset::Sample;

use super::choice::MetricChoice;

/// The group of each sample of a training part.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    numbers: Vec<Option<usize>>,
    count: usize,
}

impl Groups {
    /// The groups of samples by a recipe's choice. A sample without a text has none.
    ///
    /// # Errors
    /// If there are not two groups at least, one of them of several samples.
    pub fn new(samples: &[Sample], choice: &MetricChoice) -> Result<Self> {
        let Some(by) = choice.by() else {
            return Ok(Self::of_texts(&vec![None; samples.len()]));
        };
        let text = |sample: &Sample| match choice.column() {
            Some(_) => sample.text.clone(),
            None => Some(sample.labels.to_string()),
        };
        let groups = Self::of_texts(&samples.iter().map(text).collect::<Vec<_>>());
        let grouped = groups.numbers.iter().flatten().count();
        ensure!(
            groups.count >= 2 && groups.count < grouped,
            "metric.by = \"{by}\" makes {} groups of {grouped} of the {} samples to train on: there must be two groups, one of \
             them of several samples",
            groups.count,
            samples.len()
        );
        Ok(groups)
    }

    /// The groups of samples by their texts, numbered in these texts' order. A sample without a text has none.
    pub fn of_texts(texts: &[Option<String>]) -> Self {
        let names: BTreeSet<&String> = texts.iter().flatten().collect();
        let names: Vec<&String> = names.into_iter().collect();
        let number = |text: &Option<String>| names.binary_search(&text.as_ref()?).ok();
        Self {
            numbers: texts.iter().map(number).collect(),
            count: names.len(),
        }
    }

    /// The number of groups.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of samples without a group.
    pub fn without(&self) -> usize {
        self.numbers.iter().filter(|group| group.is_none()).count()
    }

    /// The groups of some samples.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn of(&self, samples: &[usize]) -> Vec<Option<usize>> {
        samples.iter().map(|&sample| self.numbers[sample]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_in_their_order_and_nothing_is_no_group() {
        let texts = [Some("VIM"), None, Some("ACTB"), Some("VIM")];
        let groups = Groups::of_texts(&texts.map(|text| text.map(str::to_owned)));
        assert_eq!((groups.count(), groups.without()), (2, 1));
        assert_eq!(groups.of(&[3, 2, 1, 0]), [Some(1), Some(0), None, Some(1)]);
    }
}
