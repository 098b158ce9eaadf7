//! How often a head taught by five examples a class is right: the figures of docs/teaching.md.
//!
//! usage: few_examples PACKAGE SET
//!
//! SET is a labelled set. Of its fields with one label, classes are drawn by chance, five examples of each are taught, and the
//! others of these classes are asked.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use cytolens_data::dataset::Dataset;
use cytolens_data::files::Reading;
use cytolens_data::random::Stream;
use cytolens_kernels::Processor;
use cytolens_package::{Classifier, CpuNetwork, Package};
use cytolens_similar::{Example, Head};

const EXAMPLES: usize = 5;
const DRAWS: usize = 200;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [package, set] = arguments.as_slice() else {
        bail!("usage: few_examples PACKAGE SET");
    };
    let package = Package::read(Path::new(package))?;
    let classifier = Classifier::<CpuNetwork>::new(&package, Processor::best())?;
    let mut of_class: BTreeMap<usize, Vec<Vec<f32>>> = BTreeMap::new();
    for sample in Dataset::open(Path::new(set), &Reading::default())?.samples {
        let classes: Vec<usize> = sample.labels.classes().collect();
        let [class] = classes.as_slice() else {
            continue;
        };
        let field = sample
            .field
            .read()
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let features = classifier.features(&classifier.compose(&field)?);
        let vector = pollster::block_on(classifier.pooled(&features))?;
        of_class.entry(*class).or_default().push(vector);
    }
    of_class.retain(|_, vectors| vectors.len() > EXAMPLES);
    let classes: Vec<&Vec<Vec<f32>>> = of_class.values().collect();
    for count in [2, 4, 8] {
        ensure!(
            classes.len() >= count,
            "{} classes have enough fields",
            classes.len()
        );
        let names: Vec<String> = (0..count).map(|class| class.to_string()).collect();
        let (mut right, mut all) = (0, 0);
        for draw in 0..DRAWS {
            let mut random = Stream::seeded(draw as u64);
            let chosen = drawn(&mut random, classes.len(), count);
            let (mut examples, mut asked) = (Vec::new(), Vec::new());
            for (class, &at) in chosen.iter().enumerate() {
                let order = drawn(&mut random, classes[at].len(), classes[at].len());
                for (place, &field) in order.iter().enumerate() {
                    let features = classes[at][field].as_slice();
                    let example = Example { features, class };
                    if place < EXAMPLES {
                        examples.push(example)
                    } else {
                        asked.push(example)
                    }
                }
            }
            let head = Head::learn(&names, &examples)?.head;
            for Example { features, class } in asked {
                right += usize::from(
                    head.answer(features)
                        .is_some_and(|answer| answer.class == class),
                );
                all += 1;
            }
        }
        println!(
            "{count} classes: {:.3} of {all} answers right, {DRAWS} draws",
            right as f64 / all as f64
        );
    }
    Ok(())
}

/// So many different numbers below `below`, by chance.
fn drawn(random: &mut Stream, below: usize, count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..below).collect();
    random.shuffle(&mut numbers);
    numbers.truncate(count);
    numbers
}
