//! The fields of a set: work on each of them, and which of them are learnt from.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::write_whole;

/// Calls a function with each field on several threads; parts results and faults.
pub fn each<F: Sync, R: Send>(
    fields: &[F],
    workers: usize,
    compare: impl Fn(&F) -> Result<R, Fault> + Send + Sync,
    done: impl Fn() + Sync,
) -> (Vec<R>, Vec<Fault>) {
    let threads = Threads {
        workers,
        ahead: workers,
    };
    let (mut results, mut faults) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        for result in Ahead::scoped(scope, fields.len(), threads, |index| {
            compare(&fields[index])
        }) {
            match result {
                Ok(result) => results.push(result),
                Err(fault) => faults.push(fault),
            }
            done();
        }
    });
    (results, faults)
}

/// Writes into a run's folder which fields are in which part of its training, or checks that they are still the same: a run that
/// goes on with other fields would end otherwise, and nobody would know. `parts` are names and ids.
///
/// # Errors
/// If they are others, or the file cannot be read or written.
pub fn keep_fields(run: &Path, parts: &[(&str, Vec<&str>)]) -> Result<()> {
    let path = run.join("fields.txt");
    let lines = parts
        .iter()
        .flat_map(|(part, ids)| ids.iter().map(move |id| format!("{part} {id}\n")));
    let text: String = lines.collect();
    if !path.exists() {
        return write_whole(&path, &text);
    }
    let kept = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(
        kept == text,
        "the run in {} has other fields, see fields.txt in it; choose another --out",
        run.display()
    );
    Ok(())
}

/// Parts a set: `validation` fields evenly out of the whole, and the others.
///
/// # Errors
/// If there are not enough fields.
pub fn parted<F>(fields: Vec<F>, validation: usize) -> Result<(Vec<F>, Vec<F>)> {
    let count = fields.len();
    ensure!(
        count > validation,
        "{count} fields are too few where training.validation is {validation}"
    );
    let is_validation =
        |index: usize| (index + 1) * validation / count > index * validation / count;
    let (mut train, mut held) = (Vec::new(), Vec::new());
    for (index, field) in fields.into_iter().enumerate() {
        if is_validation(index) {
            held.push(field);
        } else {
            train.push(field);
        }
    }
    Ok((train, held))
}
