//! Files that stand under their name only when they are whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Writes a file beside `path` and gives it that name when all its bytes are on the disk: after a
/// break, even of the power, the name stands for what it stood for before or for the whole file.
///
/// # Errors
/// Where the file cannot be written, on a full disk for example; nothing is left then.
pub fn write_whole(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    fill_whole(path, |file| Ok(file.write_all(contents.as_ref())?))
}

/// [`write_whole`] of what `fill` writes.
///
/// # Errors
/// Those of `fill`, and where the file cannot be written; nothing is left then.
pub fn fill_whole(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let partial = Partial(partial_name(path));
    let write = || -> Result<()> {
        let mut file = BufWriter::new(File::create(&partial.0)?);
        fill(&mut file)?;
        let file = file.into_inner().map_err(|error| error.into_error())?;
        // Else the new name may reach the disk before the bytes do.
        file.sync_all()?;
        Ok(fs::rename(&partial.0, path)?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The name of a file that is not yet whole: `cells.csv.partial` of `cells.csv`.
fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// A file that goes when this does; once renamed there is nothing left to go.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Best effort: why the file is not whole is the error to tell.
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
        let told = format!("{:#}", error.expect_err("a fault"));
        assert!(
            told.contains("table.csv") && told.contains("the sun went down"),
            "{told}"
        );
        assert_eq!(fs::read_to_string(&path).expect("a file"), "before");
        assert_eq!(names(folder.path()), ["table.csv"]);
    }

    #[test]
    fn the_file_and_the_reason_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nowhere").join("table.csv");
        let told = format!("{:#}", write_whole(&path, "").expect_err("a fault"));
        assert!(
            told.contains("table.csv") && told.contains("No such file"),
            "{told}"
        );
    }

    /// Linux has a device that is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        std::os::unix::fs::symlink("/dev/full", partial_name(&path)).expect("a link");
        let told = format!("{:#}", write_whole(&path, "full").expect_err("a fault"));
        assert!(
            told.contains("table.csv") && told.contains("No space left"),
            "{told}"
        );
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
