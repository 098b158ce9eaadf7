//! Atomic writing of files.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Writes a file atomically: beside `path`, then renamed when all its bytes are on the disk. After an interruption, even of the
/// power, `path` is the file that it was before or the whole new one.
///
/// # Errors
/// If the file cannot be written, on a full disk for example; nothing is left of it then.
pub fn write_whole(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    fill_whole(path, |file| Ok(file.write_all(contents.as_ref())?))
}

/// [`write_whole`] with contents that `fill` writes.
///
/// # Errors
/// Those of `fill`, and where the file cannot be written; nothing is left of it then.
pub fn fill_whole(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let partial = Partial(partial_name(path));
    let write = || -> Result<()> {
        let mut file = BufWriter::new(File::create(&partial.0)?);
        fill(&mut file)?;
        let file = file.into_inner().map_err(|error| error.into_error())?;
        // Without this the new name may reach the disk before the bytes do.
        file.sync_all()?;
        Ok(fs::rename(&partial.0, path)?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The path of the file while it is written: `cells.csv.partial` for `cells.csv`.
fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// A file that is removed on drop, unless it was renamed before.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Best effort: the error of writing is the one to report.
        fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .collect::<Result<_, _>>()
            .expect("Unicode")
    }

    #[test]
    fn a_whole_file_replaces_the_one_before_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        for contents in ["first", "second, and longer"] {
            write_whole(&path, contents).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("a file"), contents);
        }
        assert_eq!(names(folder.path()), ["table.csv"]);
    }

    #[test]
    fn a_file_that_is_not_filled_leaves_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        write_whole(&path, "before").expect("written");
        let error = fill_whole(&path, |file| {
            file.write_all(b"half of what")?;
            bail!("the sun went down")
        });
        let error = format!("{:#}", error.expect_err("a fault"));
        assert!(
            error.contains("table.csv") && error.contains("the sun went down"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&path).expect("a file"), "before");
        assert_eq!(names(folder.path()), ["table.csv"]);
    }

    #[test]
    fn the_error_has_the_file_and_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nowhere").join("table.csv");
        let error = format!("{:#}", write_whole(&path, "").expect_err("a fault"));
        assert!(
            error.contains("table.csv") && error.contains("No such file"),
            "{error}"
        );
    }

    /// Linux has a device that is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        std::os::unix::fs::symlink("/dev/full", partial_name(&path)).expect("a link");
        let error = format!("{:#}", write_whole(&path, "full").expect_err("a fault"));
        assert!(
            error.contains("table.csv") && error.contains("No space left"),
            "{error}"
        );
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
