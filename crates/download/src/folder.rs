//! The folder of a download.
//!
//! `images/` holds whole fields. What was fetched of others waits in `incomplete/`, where no training looks. Files appear under
//! their names only when all their bytes are on the disk, so that a name stands for a whole file, whatever broke off.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cytolens_core::Channel;
use cytolens_data::credits::{CREDITS_FILE, Credits};
use cytolens_data::files::claim_folder;
use cytolens_data::whole_file::write_whole;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::settings::Settings;

/// The file by which a folder is known as a download's, with the choices that hold for all its runs.
const DOWNLOAD_FILE: &str = "download.toml";

/// What lies in a folder: the channels, a bit each, by the key of the field's id.
pub type Found = HashMap<Key, u8>;

/// A digest of an id. Of a table of ten million rows, these fit into memory.
pub type Key = [u8; 16];

/// The key of an id.
pub fn key(id: &str) -> Key {
    let digest = Sha256::digest(id);
    std::array::from_fn(|position| digest[position])
}

/// The choices that hold for all runs into one folder.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    /// The side in pixels to which images are resized.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    channels: Vec<Channel>,
}

/// The folder of a download. No other process writes to it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    images: PathBuf,
    incomplete: PathBuf,
    choices: Choices,
    // Holds the lock.
    _file: File,
}

impl Folder {
    /// Makes a folder, or opens that of an earlier download.
    ///
    /// # Errors
    /// If there is another folder, or a download of other choices, or one that runs.
    pub fn open(settings: &Settings) -> Result<Self> {
        let root = settings.out.clone();
        let file = root.join(DOWNLOAD_FILE);
        let mut channels = settings.channels.clone();
        channels.sort();
        let choices = Choices {
            size: settings.size,
            channels,
        };
        if !file.exists() {
            claim_folder(&root)?;
            let text = format!(
                "# What `trainer download` fetches into this folder. Without this file it takes the folder for another's.\n{}",
                toml::to_string(&choices)?
            );
            write_whole(&file, text)?;
        }
        let (earlier, lock) =
            read(&file).with_context(|| format!("cannot go on with {}", root.display()))?;
        ensure!(
            earlier == choices,
            "the folder {} was begun with {}, and not with {}; choose a new one",
            root.display(),
            earlier.describe(),
            choices.describe()
        );
        let folder = Self {
            images: root.join("images"),
            incomplete: root.join("incomplete"),
            root,
            choices,
            _file: lock,
        };
        for inside in [&folder.images, &folder.incomplete] {
            fs::create_dir_all(inside)
                .with_context(|| format!("cannot make the folder {}", inside.display()))?;
        }
        Ok(folder)
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The side in pixels to which images are resized.
    pub fn size(&self) -> Option<u32> {
        self.choices.size
    }

    /// Writes the credits of the images, unless there are some: a person may have written them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn give_credit(&self, credits: &Credits) -> Result<()> {
        let path = self.root.join(CREDITS_FILE);
        if path.exists() {
            return Ok(());
        }
        write_whole(&path, toml::to_string(credits)?)
    }

    /// Lists the images.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn find(&self) -> Result<Found> {
        let cannot_read = || format!("cannot read the folder {}", self.images.display());
        let mut found = Found::new();
        for entry in fs::read_dir(&self.images).with_context(cannot_read)? {
            let name = entry.with_context(cannot_read)?.file_name();
            let channel = name
                .to_str()
                .and_then(|name| name.strip_suffix(self.extension()))
                .and_then(|stem| stem.rsplit_once('_'))
                .and_then(|(id, channel)| Some((id, channel.parse::<Channel>().ok()?)));
            if let Some((id, channel)) = channel {
                *found.entry(key(id)).or_default() |= 1 << channel as u8;
            }
        }
        Ok(found)
    }

    /// Whether a field's images are all there.
    pub fn is_whole(&self, found: u8) -> bool {
        let mut channels = self.choices.channels.iter();
        channels.all(|&channel| found & (1 << channel as u8) != 0)
    }

    /// Reads the image of a channel as the host sent it, where a field that is not whole yet has it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn original(&self, id: &str, channel: Channel) -> Result<Option<Vec<u8>>> {
        for path in self.originals(id, channel) {
            match fs::read(&path) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot read {}", path.display()));
                }
            }
        }
        Ok(None)
    }

    /// Keeps the image of a channel as the host sent it.
    ///
    /// # Errors
    /// If it cannot be written, on a full disk for example.
    pub fn keep_original(&self, id: &str, channel: Channel, bytes: &[u8]) -> Result<()> {
        write_whole(&self.waiting(id, channel), bytes)
    }

    /// Removes what a field has, as it does not fit together.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn discard(&self, id: &str) -> Result<()> {
        for &channel in &self.choices.channels {
            for path in self.originals(id, channel) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Puts a field that is whole among the images, as it is.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn complete(&self, id: &str) -> Result<()> {
        for &channel in &self.choices.channels {
            let (from, to) = (self.waiting(id, channel), self.image(id, channel));
            match fs::rename(&from, &to) {
                // An earlier run was interrupted between two channels.
                Err(error) if error.kind() == ErrorKind::NotFound && to.exists() => {}
                moved => moved.with_context(|| {
                    format!("cannot move {} to {}", from.display(), to.display())
                })?,
            }
        }
        Ok(())
    }

    /// Puts a field that is whole among the images, resized. The originals go when all of it is there: an interrupted run needs
    /// them again.
    ///
    /// # Errors
    /// If a file cannot be written or removed.
    pub fn complete_resized(&self, id: &str, files: &[(Channel, Vec<u8>)]) -> Result<()> {
        for (channel, bytes) in files {
            write_whole(&self.image(id, *channel), bytes)?;
        }
        for &channel in &self.choices.channels {
            remove(&self.waiting(id, channel))?;
        }
        Ok(())
    }

    /// Removes the folder of what is incomplete, where there is no such thing.
    pub fn tidy(&self) {
        // Best effort: a folder that is not empty stays.
        fs::remove_dir(&self.incomplete).ok();
    }

    /// Where the image of a channel may lie as the host sent it.
    fn originals(&self, id: &str, channel: Channel) -> impl Iterator<Item = PathBuf> {
        let among_images = self.size().is_none().then(|| self.image(id, channel));
        std::iter::once(self.waiting(id, channel)).chain(among_images)
    }

    fn image(&self, id: &str, channel: Channel) -> PathBuf {
        self.images
            .join(format!("{id}_{channel}{}", self.extension()))
    }

    fn waiting(&self, id: &str, channel: Channel) -> PathBuf {
        self.incomplete.join(format!("{id}_{channel}.jpg"))
    }

    fn extension(&self) -> &'static str {
        match self.size() {
            Some(_) => ".png",
            None => ".jpg",
        }
    }
}

impl Choices {
    fn describe(&self) -> String {
        let channels: Vec<&str> = self.channels.iter().map(|channel| channel.name()).collect();
        let size = match self.size {
            Some(size) => format!("images of {size} px"),
            None => "images as they are".to_owned(),
        };
        format!("{size}, {}", channels.join(", "))
    }
}

/// Reads the choices of an earlier run, and takes the folder for this process.
fn read(path: &Path) -> Result<(Choices, File)> {
    let mut file = File::open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => bail!("another process downloads into it"),
        // Some network file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(anyhow::Error::from)
        .and_then(|_| Ok(toml::from_str(&text)?))
        .with_context(|| format!("cannot read {}", path.display()))
        .map(|choices| (choices, file))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.with_context(|| format!("cannot remove {}", path.display())),
    }
}
