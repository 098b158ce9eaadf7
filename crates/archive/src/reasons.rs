//! The reasons to refuse archives and entries, in words for people.

/// The reason for an archive without its end.
pub const NO_ARCHIVE: &str =
    "this is no zip archive, or its end is missing, as after a broken download";
/// The reason for an archive whose entries share bytes.
pub const OVERLAPPING: &str =
    "entries of the archive overlap, as in a zip bomb; nothing of it is read";
/// The reason for an entry that runs over the archive's end.
pub const ENTRY_CUT: &str = "the archive ends before this entry does";
/// The reason for an entry whose header contradicts the directory.
pub const ENTRY_DAMAGED: &str = "the archive is damaged at this entry";
/// The reason for an encrypted entry.
pub const ENCRYPTED: &str = "the entry is encrypted: unpack the archive and bring its files";
/// The reason for an archive in an archive.
pub const NESTED_ARCHIVE: &str = "an archive inside an archive is not opened: unpack the outer one";
/// The reason for an entry in a rare compression.
pub const OTHER_COMPRESSION: &str =
    "its compression is not read here: unpack the archive and bring its files";
/// The reason for an entry that unpacks to more than its archive says.
pub const UNPACKS_TO_MORE: &str =
    "the entry unpacks to more than its archive says, as a zip bomb does";
/// The reason for an entry that unpacks to less than its archive says.
pub const UNPACKS_TO_LESS: &str =
    "the entry unpacks to less than its archive says: the archive is damaged";

/// A megabyte, in bytes, as file managers count.
const MEGABYTE: u64 = 1_000_000;

/// The reason for an archive of more entries than are read.
pub fn too_many_entries(limit: usize) -> String {
    format!("the archive holds more than {limit} entries, the most that are read")
}

/// The reason for an archive whose directory breaks off.
pub fn damaged_directory(read: u64) -> String {
    format!("the archive's table of contents is damaged after {read} entries; these are read")
}

/// The reason for an entry that would unpack to far more than it is; sizes in bytes.
pub fn bomb(packed: u64, unpacked: u64) -> String {
    format!(
        "the entry would grow from {} kB to {} MB, as a zip bomb does",
        packed.div_ceil(1000),
        unpacked / MEGABYTE
    )
}

/// The reason for an entry that is too large, in bytes.
pub fn too_large(unpacked: u64) -> String {
    format!(
        "the entry unpacks to {} MB, more than is read of one file",
        unpacked / MEGABYTE
    )
}
