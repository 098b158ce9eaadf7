//! Predictions as Parquet (<https://parquet.apache.org/docs/file-format/>).
//!
//! Columns: `Id` (text), `Predicted` (a list of 32-bit class numbers) and the probability of each
//! class under its label (32-bit floating point, as the network gave it); with a painter `Painted`, the channel that it painted,
//! empty where it painted none; with features, at the end `Features`, a list of numbers of the same kind. Not compressed.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use cytolens_core::Channel;
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::log::FieldRow;
use super::provenance::Provenance;
use super::table::PAINTED;

/// The number of rows in a row group, which is held in memory.
const GROUP: usize = 8192;

/// The key of what a table says of itself.
pub(super) fn key(name: &str) -> String {
    format!("cytolens.{name}")
}

/// Writes the rows. The file's metadata have the package's name, its weights' SHA-256, and the whole
/// [`Provenance`] as JSON.
///
/// # Errors
/// If a row cannot be read or the file not written.
pub fn write_parquet(
    file: impl Write + Send,
    labels: &[String],
    provenance: &Provenance,
    rows: impl Iterator<Item = Result<FieldRow>>,
) -> Result<()> {
    let note = |name: &str, value: String| KeyValue::new(key(name), value);
    let properties = WriterProperties::builder()
        // Probabilities hardly ever repeat.
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(vec![
            note("package", provenance.package.clone()),
            note("weights_sha256", provenance.weights_sha256.clone()),
            note("provenance", serde_json::to_string(provenance)?),
        ]))
        .build();
    let schema = schema(labels, provenance)?;
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
    let mut group = Vec::with_capacity(GROUP);
    for row in rows {
        group.push(row?);
        if group.len() == GROUP {
            write_group(&mut writer, labels.len(), provenance, &group)?;
            group.clear();
        }
    }
    if !group.is_empty() {
        write_group(&mut writer, labels.len(), provenance, &group)?;
    }
    writer.close()?;
    Ok(())
}

fn schema(labels: &[String], provenance: &Provenance) -> Result<TypePtr, ParquetError> {
    let mut columns = vec![
        Arc::new(text("Id")?),
        Arc::new(list("Predicted", Physical::INT32)?),
    ];
    for label in labels {
        let probability = Type::primitive_type_builder(label, Physical::FLOAT)
            .with_repetition(Repetition::REQUIRED)
            .build()?;
        columns.push(Arc::new(probability));
    }
    if provenance.painter.is_some() {
        columns.push(Arc::new(text(PAINTED)?));
    }
    if provenance.features {
        columns.push(Arc::new(list("Features", Physical::FLOAT)?));
    }
    let table = Type::group_type_builder("predictions").with_fields(columns);
    Ok(Arc::new(table.build()?))
}

/// A column of texts.
fn text(name: &str) -> Result<Type, ParquetError> {
    Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::String))
        .with_converted_type(ConvertedType::UTF8)
        .build()
}

/// A column of lists. Their three levels are the format's own.
fn list(name: &str, of: Physical) -> Result<Type, ParquetError> {
    let element = Type::primitive_type_builder("element", of)
        .with_repetition(Repetition::REQUIRED)
        .build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(name)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_converted_type(ConvertedType::LIST)
        .with_fields(vec![Arc::new(list)])
        .build()
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    classes: usize,
    provenance: &Provenance,
    rows: &[FieldRow],
) -> Result<()> {
    let mut group = writer.next_row_group()?;
    let ids: Vec<ByteArray> = rows.iter().map(|row| row.id.as_str().into()).collect();
    write_column::<ByteArrayType, _>(&mut group, &ids, None)?;
    let (mut present, mut levels) = (Vec::new(), Levels::default());
    for row in rows {
        levels.add_list(row.present.len());
        for &class in &row.present {
            present.push(i32::try_from(class)?);
        }
    }
    write_column::<Int32Type, _>(&mut group, &present, Some(&levels))?;
    for class in 0..classes {
        let probability = |row: &FieldRow| row.probabilities.get(class).copied();
        let column: Option<Vec<f32>> = rows.iter().map(probability).collect();
        let column = column.context("a row with fewer probabilities than labels")?;
        write_column::<FloatType, _>(&mut group, &column, None)?;
    }
    if provenance.painter.is_some() {
        let name = |row: &FieldRow| row.painted.map_or("", Channel::name).into();
        let names: Vec<ByteArray> = rows.iter().map(name).collect();
        write_column::<ByteArrayType, _>(&mut group, &names, None)?;
    }
    if provenance.features {
        let mut levels = Levels::default();
        rows.iter()
            .for_each(|row| levels.add_list(row.features.len()));
        let column: Vec<f32> = rows.iter().flat_map(|row| &row.features).copied().collect();
        write_column::<FloatType, _>(&mut group, &column, Some(&levels))?;
    }
    group.close()?;
    Ok(())
}

/// The levels that assign the values of a column of lists to rows: see "Nested Encoding" of the format.
#[derive(Debug, Default)]
struct Levels {
    /// The definition levels: 1 for a value, 0 for an empty list.
    definition: Vec<i16>,
    /// The repetition levels: 0 for the first value of a list, 1 for the others.
    repetition: Vec<i16>,
}

impl Levels {
    fn add_list(&mut self, length: usize) {
        for place in 0..length.max(1) {
            self.definition.push(i16::from(length > 0));
            self.repetition.push(i16::from(place > 0));
        }
    }
}

fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    levels: Option<&Levels>,
) -> Result<()> {
    let mut column = group
        .next_column()?
        .context("a column more than the schema")?;
    let (definition, repetition) = levels
        .map(|levels| (levels.definition.as_slice(), levels.repetition.as_slice()))
        .unzip();
    column
        .typed::<T>()
        .write_batch(values, definition, repetition)?;
    column.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{ListAccessor, RowAccessor};

    use super::*;
    use crate::predict::log::{LogEntry, tests};

    #[test]
    fn every_bit_is_read_back() {
        // More than one row group, and the last not full.
        let rows: Vec<FieldRow> = tests::entries(2 * GROUP)
            .into_iter()
            .filter_map(|entry| match entry {
                LogEntry::Row(row) => Some(row),
                LogEntry::Fault { .. } => None,
            })
            .collect();
        let labels = [
            "Nucleoplasm",
            "Nuclear membrane",
            "Nucleoli",
            "Rods & rings",
        ]
        .map(str::to_owned);
        let file = tempfile::NamedTempFile::new().expect("a file");
        let all = rows.iter().cloned().map(Ok);
        write_parquet(file.as_file(), &labels, &tests::provenance(), all).expect("written");

        let reader = SerializedFileReader::new(File::open(file.path()).expect("the file"));
        let reader = reader.expect("Parquet");
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let notes = reader.metadata().file_metadata().key_value_metadata();
        let notes = notes.expect("notes");
        let note = |key: &str| {
            let note = notes.iter().find(|note| note.key == key);
            note.and_then(|note| note.value.clone())
        };
        assert_eq!(note("cytolens.package").as_deref(), Some("a package"));
        assert_eq!(note("cytolens.weights_sha256").as_deref(), Some("4567"));
        let found = reader.get_row_iter(None).expect("rows");
        let mut count = 0;
        for (found, row) in found.zip(&rows) {
            let found = found.expect("a row");
            assert_eq!(found.get_string(0).expect("an id"), &row.id);
            let present = found.get_list(1).expect("a list");
            let present: Vec<usize> = (0..present.len())
                .map(|index| present.get_int(index).expect("a number") as usize)
                .collect();
            assert_eq!(present, row.present);
            for (class, probability) in row.probabilities.iter().enumerate() {
                let found = found.get_float(2 + class).expect("a number");
                assert_eq!(found.to_bits(), probability.to_bits());
            }
            count += 1;
        }
        assert_eq!(count, rows.len());
        let names: Vec<String> = reader
            .metadata()
            .file_metadata()
            .schema()
            .get_fields()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        assert_eq!(names[..2], ["Id", "Predicted"]);
        assert_eq!(names[2..], labels);
    }
}
