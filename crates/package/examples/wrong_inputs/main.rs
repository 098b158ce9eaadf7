//! How many wrong inputs a package tells from fields of cells, kind by kind: the table of docs/similar.md.
//!
//! usage: wrong_inputs PACKAGE FIELDS [FEATURES]
//!
//! FIELDS is a folder of fields that are as they should be and that the model did not learn from. Wrong inputs are drawn, or made from
//! these. FEATURES is a file to which every vector is written, 32-bit numbers, with the kinds beside it in FEATURES.txt.

mod wrong;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cytolens_data::files::{self, Reading};
use cytolens_field::{Field, doubts};
use cytolens_kernels::Processor;
use cytolens_package::{Classifier, CpuNetwork, Package};

/// What was found of the fields of one kind.
#[derive(Debug, Default)]
struct Found {
    fields: usize,
    unlike: usize,
    doubtful: usize,
    either: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [package, folder, rest @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: wrong_inputs PACKAGE FIELDS [FEATURES]");
    };
    let package = Package::read(Path::new(package))?;
    let classifier = Classifier::<CpuNetwork>::new(&package, Processor::best())?;
    let fields = files::in_folder(Path::new(folder), &Reading::default())?.fields;
    ensure!(!fields.is_empty(), "no field in {folder}");
    let mut features = match rest.first() {
        Some(path) => Some((
            BufWriter::new(File::create(path)?),
            BufWriter::new(File::create(format!("{path}.txt"))?),
        )),
        None => None,
    };
    let mut table: Vec<(&str, Found)> = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let read = field.read().map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let mut all = vec![("as it is", read.clone())];
        all.extend(wrong::fields(&read, number as u64));
        for (kind, field) in &all {
            let (vector, is_unlike) = look(&classifier, field)?;
            let is_doubtful = !doubts(field).is_empty();
            if let Some((numbers, kinds)) = &mut features {
                vector
                    .iter()
                    .try_for_each(|value| numbers.write_all(&value.to_le_bytes()))?;
                writeln!(kinds, "{kind}\t{}\t{is_doubtful}", fields[number].id)?;
            }
            let place = table.iter().position(|(known, _)| known == kind);
            let place = place.unwrap_or_else(|| {
                table.push((kind, Found::default()));
                table.len() - 1
            });
            let found = &mut table[place].1;
            found.fields += 1;
            found.unlike += usize::from(is_unlike);
            found.doubtful += usize::from(is_doubtful);
            found.either += usize::from(is_unlike || is_doubtful);
        }
    }
    println!(
        "| input | fields | unlike, by features | doubts, by samples | either |\n|---|---|---|---|---|"
    );
    for (kind, found) in &table {
        let share = |count: usize| format!("{:.0} %", 100.0 * count as f64 / found.fields as f64);
        println!(
            "| {kind} | {} | {} | {} | {} |",
            found.fields,
            share(found.unlike),
            share(found.doubtful),
            share(found.either)
        );
    }
    Ok(())
}

/// A field's features, and whether the package finds them unlike.
fn look(classifier: &Classifier<CpuNetwork>, field: &Field) -> Result<(Vec<f32>, bool)> {
    let planes = classifier.compose(field).context("a field without green")?;
    let features = classifier.features(&planes);
    let vector = pollster::block_on(classifier.pooled(&features))?;
    let is_unlike = classifier.unlike(&vector).is_some();
    Ok((vector, is_unlike))
}
