//! The record in TensorBoard's format.
//!
//! A file of TFRecords, each an `Event` message. The fields and their numbers are those of
//! TensorFlow's `tensorflow/core/util/event.proto` and `tensorflow/core/framework/summary.proto`;
//! the framing is that of `tensorflow/core/lib/io/record_writer.h`.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use prost::Message;

/// The part of a file's name by which TensorBoard knows it.
const NAME: &str = "events.out.tfevents";
/// The version of the format; from 2 on a session's start drops later steps of earlier files.
const VERSION: &str = "brain.Event:2";

/// `tensorflow.Event`; at most one of its optional fields is there.
#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

/// `tensorflow.Summary`.
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

/// `tensorflow.Summary.Value` of a number.
#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    // Optional, since it is one of several in the original: zero has to be written too.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// `tensorflow.SessionLog`.
#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(enumeration = "SessionStatus", tag = "1")]
    status: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum SessionStatus {
    Unspecified = 0,
    Start = 1,
}

/// A file of events that grows.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// Creates a file beside those of earlier sessions, which makes TensorBoard drop their events of
    /// `first_step` and later.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(folder: &Path, first_step: usize) -> Result<Self> {
        // TensorBoard reads the files in the order of their names: by time, and by count within a
        // second.
        let before = fs::read_dir(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(NAME))
            .count();
        let path = folder.join(format!("{NAME}.{:010}.{before:04}", wall_time() as u64));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let mut events = Self { path, file };
        events.write(Event {
            file_version: Some(VERSION.to_owned()),
            ..Event::default()
        })?;
        events.write(Event {
            step: first_step as i64,
            session_log: Some(SessionLog {
                status: SessionStatus::Start.into(),
            }),
            ..Event::default()
        })?;
        Ok(events)
    }

    /// Adds the numbers after `step` steps under their tags.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn scalars(&mut self, step: usize, values: &[(&str, f64)]) -> Result<()> {
        let value = |&(tag, value): &(&str, f64)| Value {
            tag: tag.to_owned(),
            simple_value: Some(value as f32),
        };
        self.write(Event {
            step: step as i64,
            summary: Some(Summary {
                value: values.iter().map(value).collect(),
            }),
            ..Event::default()
        })
    }

    fn write(&mut self, event: Event) -> Result<()> {
        let event = Event {
            wall_time: wall_time(),
            ..event
        };
        self.file
            .write_all(&framed(&event.encode_to_vec()))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn wall_time() -> f64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0.0, |since| since.as_secs_f64())
}

/// A TFRecord: the data's length and the data, each followed by its masked checksum.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked_checksum(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_checksum(data).to_le_bytes());
    record
}

/// The CRC-32C, rotated and shifted so that the checksum of data with checksums in it stays sound.
fn masked_checksum(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of all files of a folder, in TensorBoard's order.
    fn events(folder: &Path) -> Vec<Event> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        let mut events = Vec::new();
        for path in paths {
            let bytes = fs::read(path).expect("a file");
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (length, after) = rest.split_at(8);
                let (length_checksum, after) = after.split_at(4);
                let size = u64::from_le_bytes(length.try_into().expect("8 bytes")) as usize;
                let (data, after) = after.split_at(size);
                let (data_checksum, after) = after.split_at(4);
                assert_eq!(length_checksum, masked_checksum(length).to_le_bytes());
                assert_eq!(data_checksum, masked_checksum(data).to_le_bytes());
                events.push(Event::decode(data).expect("an event"));
                rest = after;
            }
        }
        events
    }

    #[test]
    fn numbers_come_back_with_their_steps_and_tags() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = EventFile::create(folder.path(), 1).expect("a file");
        file.scalars(3, &[("loss/step", 0.25), ("zero", 0.0)])
            .expect("written");
        drop(file);
        let mut file = EventFile::create(folder.path(), 3).expect("a second file");
        file.scalars(3, &[("loss/step", 0.5)]).expect("written");

        let events = events(folder.path());
        assert_eq!(events.len(), 6);
        assert_eq!(events[0].file_version.as_deref(), Some(VERSION));
        let scalars = |event: &Event| -> Vec<(String, Option<f32>)> {
            let summary = event.summary.clone().expect("a summary");
            let values = summary.value.into_iter();
            values
                .map(|value| (value.tag, value.simple_value))
                .collect()
        };
        assert_eq!(events[2].step, 3);
        assert_eq!(
            scalars(&events[2]),
            [
                ("loss/step".to_owned(), Some(0.25)),
                ("zero".to_owned(), Some(0.0))
            ]
        );
        // The second session drops what the first said of step 3.
        let start = events[4].session_log.as_ref().expect("a session");
        assert_eq!(
            (events[4].step, start.status()),
            (3, SessionStatus::Start),
            "{:?}",
            events[4]
        );
        assert_eq!(scalars(&events[5]), [("loss/step".to_owned(), Some(0.5))]);
    }

    /// TensorFlow's files all begin alike: a version event of 24 bytes, of which these twelve say the
    /// length.
    #[test]
    fn the_framing_is_tensorflows() {
        let version = Event {
            wall_time: 1.5e9,
            file_version: Some(VERSION.to_owned()),
            ..Event::default()
        };
        let record = framed(&version.encode_to_vec());
        assert_eq!(record[..12], *b"\x18\0\0\0\0\0\0\0\xa3\x7fK\"");
        assert_eq!(record[12], 0x09, "the time, a double, comes first");
        assert_eq!(record[21..36], *b"\x1a\x0dbrain.Event:2");
    }
}
