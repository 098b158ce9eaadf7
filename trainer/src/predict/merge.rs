//! The shares of a prediction, joined into one table once all of them are there.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cytolens::package::sha256;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{ListAccessor, Row, RowAccessor};

use super::log::FieldRow;
use super::parquet::key;
use super::provenance::Provenance;
use super::shard::Shard;

/// The table of one share, as [`write_parquet`](super::parquet::write_parquet) wrote it.
#[derive(Debug)]
struct Share {
    path: PathBuf,
    shard: Shard,
    provenance: Provenance,
    labels: Vec<String>,
    rows: usize,
}

/// The tables of all shares of one prediction, in order.
#[derive(Debug)]
pub struct Shares(Vec<Share>);

impl Shares {
    /// Looks into the tables, given in any order, and checks that they are all the shares of one prediction.
    ///
    /// # Errors
    /// If a table cannot be read, is of another prediction or of a share that another table is of, or a share is missing.
    pub fn open(paths: &[PathBuf]) -> Result<Self> {
        let shares: Result<Vec<Share>> = paths.iter().map(|path| Share::open(path)).collect();
        let mut shares = shares?;
        shares.sort_by_key(|share| share.shard.number());
        let Some((first, others)) = shares.split_first() else {
            bail!("there is no table to join");
        };
        for share in others {
            share.check_same_prediction(first)?;
        }
        if let Some(pair) = shares
            .windows(2)
            .find(|pair| pair[0].shard.number() == pair[1].shard.number())
        {
            bail!(
                "share {} is there twice: {} and {}",
                pair[0].shard,
                pair[0].path.display(),
                pair[1].path.display()
            );
        }
        let missing = first.shard.all().filter(|shard| {
            let is_there = |share: &Share| share.shard == *shard;
            !shares.iter().any(is_there)
        });
        let missing: Vec<String> = missing.map(|shard| shard.to_string()).collect();
        if !missing.is_empty() {
            bail!(
                "of {} shares, these are missing: {}",
                first.shard.count(),
                missing.join(", ")
            );
        }
        let shares = Self(shares);
        for share in &shares.0 {
            let (found, all) = (share.provenance.fields, shares.fields());
            let expected = share.shard.range(all).len();
            ensure!(
                found == expected,
                "{} holds {found} fields, and share {} of {all} is {expected}: the machines had different lists of files",
                share.path.display(),
                share.shard
            );
        }
        Ok(shares)
    }

    /// The labels, in the order of every row's probabilities.
    pub fn labels(&self) -> &[String] {
        &self.0[0].labels
    }

    /// The number of fields in the prediction, those that were left out among them.
    pub fn fields(&self) -> usize {
        self.0.iter().map(|share| share.provenance.fields).sum()
    }

    /// The number of fields that were left out.
    pub fn left_out(&self) -> usize {
        let rows: usize = self.0.iter().map(|share| share.rows).sum();
        self.fields().saturating_sub(rows)
    }

    /// The provenance of the whole. In place of the ids' checksum it has that of the shares' checksums, one after the other.
    pub fn provenance(&self) -> Provenance {
        let sums = self.0.iter().map(|share| &*share.provenance.ids_sha256);
        Provenance {
            shard: Shard::WHOLE.to_string(),
            fields: self.fields(),
            ids_sha256: sha256(sums.collect::<String>().as_bytes()),
            ..self.0[0].provenance.clone()
        }
    }

    /// The rows of all shares, in order, read one by one.
    ///
    /// # Errors
    /// For a row that cannot be read, or whose field another row is of, too.
    pub fn rows(&self) -> impl Iterator<Item = Result<FieldRow>> {
        let mut ids = HashSet::new();
        self.0.iter().flat_map(Share::rows).map(move |row| {
            let row = row?;
            ensure!(
                ids.insert(row.id.clone()),
                "two shares have the field {}",
                row.id
            );
            Ok(row)
        })
    }
}

impl Share {
    fn open(path: &Path) -> Result<Self> {
        let foreign = || {
            format!(
                "{} is no Parquet table of trainer predict, which keeps what a share is of",
                path.display()
            )
        };
        let reader = reader(path).with_context(foreign)?;
        let metadata = reader.metadata().file_metadata();
        let notes = metadata.key_value_metadata().with_context(foreign)?;
        let key = key("provenance");
        let note = notes.iter().find(|note| note.key == key);
        let provenance = note.and_then(|note| note.value.as_ref());
        let provenance: Provenance =
            serde_json::from_str(provenance.with_context(foreign)?).with_context(foreign)?;
        let columns = metadata.schema().get_fields();
        // The painted channel and the features come last.
        let others = usize::from(provenance.painter.is_some()) + usize::from(provenance.features);
        let labels = columns.len().saturating_sub(2 + others);
        Ok(Self {
            path: path.to_owned(),
            shard: provenance.shard.parse().with_context(foreign)?,
            provenance,
            labels: columns
                .iter()
                .skip(2)
                .take(labels)
                .map(|column| column.name().to_owned())
                .collect(),
            rows: usize::try_from(metadata.num_rows())?,
        })
    }

    fn check_same_prediction(&self, first: &Self) -> Result<()> {
        let as_first = Provenance {
            shard: first.provenance.shard.clone(),
            fields: first.provenance.fields,
            ids_sha256: first.provenance.ids_sha256.clone(),
            ..self.provenance.clone()
        };
        let both = || {
            format!(
                "{} and {} are not of one prediction",
                first.path.display(),
                self.path.display()
            )
        };
        as_first
            .check(&serde_json::to_string(&first.provenance)?)
            .with_context(both)?;
        ensure!(
            self.shard.count() == first.shard.count(),
            "{}: share {} and share {}",
            both(),
            first.shard,
            self.shard
        );
        Ok(())
    }

    fn rows(&self) -> Box<dyn Iterator<Item = Result<FieldRow>> + '_> {
        let unreadable = || format!("cannot read {}", self.path.display());
        match reader(&self.path) {
            Err(error) => Box::new(std::iter::once(Err(error.context(unreadable())))),
            Ok(reader) => Box::new(reader.into_iter().map(move |row| {
                let row = row.map_err(Into::into);
                row.and_then(|row| field_row(&row, self.labels.len(), &self.provenance))
                    .with_context(unreadable)
            })),
        }
    }
}

fn reader(path: &Path) -> Result<SerializedFileReader<File>> {
    Ok(SerializedFileReader::new(File::open(path)?)?)
}

fn field_row(row: &Row, classes: usize, provenance: &Provenance) -> Result<FieldRow> {
    let list = row.get_list(1)?;
    let present = (0..list.len()).map(|at| Ok(usize::try_from(list.get_int(at)?)?));
    let probabilities = (0..classes).map(|class| Ok(row.get_float(2 + class)?));
    let mut next = 2 + classes;
    let mut painted = None;
    if provenance.painter.is_some() {
        let name = row.get_string(next)?.as_str();
        painted = match name {
            "" => None,
            name => Some(name.parse()?),
        };
        next += 1;
    }
    let mut features = Vec::new();
    if provenance.features {
        let list = row.get_list(next)?;
        for at in 0..list.len() {
            features.push(list.get_float(at)?);
        }
    }
    Ok(FieldRow {
        id: row.get_string(0)?.clone(),
        present: present.collect::<Result<_>>()?,
        probabilities: probabilities.collect::<Result<_>>()?,
        features,
        painted,
    })
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;
    use tempfile::TempDir;

    use super::*;
    use crate::predict::log::{LogEntry, tests};
    use crate::predict::outputs::write_table;
    use crate::predict::parquet::write_parquet;

    const FIELDS: usize = 43;

    fn labels() -> Vec<String> {
        ["A", "B", "C", "D"].map(str::to_owned).to_vec()
    }

    fn rows(entries: &[LogEntry]) -> Vec<FieldRow> {
        let row = |entry: &LogEntry| match entry {
            LogEntry::Row(row) => Some(row.clone()),
            LogEntry::Fault { .. } => None,
        };
        entries.iter().filter_map(row).collect()
    }

    /// Writes the table of a share as its machine would; `change` is what went wrong there.
    fn share(folder: &Path, shard: &str, change: impl Fn(&mut Provenance)) -> PathBuf {
        let range = shard.parse::<Shard>().expect("a share").range(FIELDS);
        let mut provenance = Provenance {
            shard: shard.to_owned(),
            fields: range.len(),
            ids_sha256: shard.to_owned(),
            ..tests::provenance()
        };
        change(&mut provenance);
        let rows = rows(&tests::entries(FIELDS)[range]);
        let path = folder
            .join(shard.replace('/', "-"))
            .with_extension("parquet");
        let file = File::create(&path).expect("a file");
        let rows = rows.into_iter().map(Ok);
        write_parquet(file, &labels(), &provenance, rows).expect("written");
        path
    }

    #[test]
    fn shares_in_any_order_are_the_table_of_one_machine() {
        let folder = TempDir::new().expect("a folder");
        let paths = ["3/4", "1/4", "4/4", "2/4"].map(|shard| share(folder.path(), shard, |_| ()));
        let shares = Shares::open(&paths).expect("shares");
        let all = rows(&tests::entries(FIELDS));
        assert_eq!((shares.fields(), shares.labels()), (FIELDS, &*labels()));
        assert_eq!(shares.left_out(), FIELDS - all.len());
        let provenance = shares.provenance();
        assert_eq!((&*provenance.shard, provenance.fields), ("1/1", FIELDS));
        let found: Vec<FieldRow> = shares.rows().map(|row| row.expect("a row")).collect();
        assert_eq!(found, all);

        let tables = ["joined.csv", "whole.csv"].map(|name| folder.path().join(name));
        write_table(&tables[0], &labels(), &provenance, shares.rows()).expect("written");
        write_table(&tables[1], &labels(), &provenance, all.into_iter().map(Ok)).expect("written");
        let [joined, whole] = tables.map(|path| std::fs::read(path).expect("a table"));
        assert_eq!(joined, whole);
    }

    #[test]
    fn features_and_painted_channels_are_joined_as_they_were_written() {
        let folder = TempDir::new().expect("a folder");
        let write = |shard: &str, number: u8| {
            let provenance = Provenance {
                shard: shard.to_owned(),
                fields: 1,
                features: true,
                painter: Some("cdef".to_owned()),
                ..tests::provenance()
            };
            let row = FieldRow {
                id: shard.to_owned(),
                present: vec![2],
                probabilities: vec![0.25; 4],
                features: (0..5).map(|at| f32::from(at * number) / 3.0).collect(),
                painted: (number == 2).then_some(Channel::Yellow),
            };
            let path = folder.path().join(shard.replace('/', "-"));
            let file = File::create(&path).expect("a file");
            let rows = std::iter::once(Ok(row.clone()));
            write_parquet(file, &labels(), &provenance, rows).expect("written");
            (path, row)
        };
        let (second, second_row) = write("2/2", 2);
        let (first, first_row) = write("1/2", 1);
        let shares = Shares::open(&[second, first]).expect("shares");
        assert_eq!(shares.labels(), labels());
        let found: Vec<FieldRow> = shares.rows().map(|row| row.expect("a row")).collect();
        assert_eq!(found, [first_row, second_row]);
        assert!(shares.provenance().features);
    }

    #[test]
    fn what_is_no_whole_prediction_is_refused() {
        let folder = TempDir::new().expect("a folder");
        let at = |shard, change: fn(&mut Provenance)| share(folder.path(), shard, change);
        let [first, second, third] = ["1/3", "2/3", "3/3"].map(|shard| at(shard, |_| ()));
        let others = TempDir::new().expect("a folder");
        let again = share(others.path(), "2/3", |_| ());
        let other_device = share(others.path(), "3/3", |it| it.device = "vulkan".to_owned());
        let other_count = share(others.path(), "2/4", |_| ());
        let other_list = {
            let folder = others.path().join("list");
            std::fs::create_dir(&folder).expect("a folder");
            share(&folder, "3/3", |it| it.fields += 2)
        };
        let text = others.path().join("text.csv");
        std::fs::write(&text, "Id,Predicted\n").expect("written");
        for (paths, expected) in [
            (vec![&first, &third], "of 3 shares, these are missing: 2/3"),
            (vec![&second], "of 3 shares, these are missing: 1/3, 3/3"),
            (
                vec![&first, &second, &again, &third],
                "share 2/3 is there twice",
            ),
            (
                vec![&first, &second, &other_device],
                "device was \"flex\" and is \"vulkan\"",
            ),
            (vec![&first, &other_count], "share 1/3 and share 2/4"),
            (
                vec![&first, &second, &other_list],
                "different lists of files",
            ),
            (
                vec![&first, &text],
                "text.csv is no Parquet table of trainer predict",
            ),
            (vec![], "no table"),
        ] {
            let paths: Vec<PathBuf> = paths.into_iter().cloned().collect();
            let error = Shares::open(&paths).expect_err("a refusal");
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }

    #[test]
    fn a_field_in_two_shares_is_refused() {
        let folder = TempDir::new().expect("a folder");
        let write = |shard: &str| {
            let provenance = Provenance {
                shard: shard.to_owned(),
                fields: 1,
                ..tests::provenance()
            };
            let path = folder.path().join(shard.replace('/', "-"));
            let file = File::create(&path).expect("a file");
            let rows = rows(&tests::entries(1)).into_iter().map(Ok);
            write_parquet(file, &labels(), &provenance, rows).expect("written");
            path
        };
        let shares = Shares::open(&["1/2", "2/2"].map(write)).expect("shares");
        let error = shares.rows().find_map(Result::err).expect("a refusal");
        assert!(
            error.to_string().contains("two shares have the field"),
            "{error}"
        );
    }
}
