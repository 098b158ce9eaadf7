//! Image files in folders and zip archives, as fields.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens_core::matching::{Match, matched};
use cytolens_core::plain::plain;
use cytolens_core::table::utf8;
use cytolens_core::{
    ChannelOrder, FieldFiles, MAX_FILE_BYTES, OtherFormat, group, image_name, is_litter,
};
use cytolens_field::{Field, FieldDecoder, FieldError, Source};

use super::archive::{self, Packed};
use super::fault::Fault;
use super::unicode::composed;

pub use super::archive::is_archive;

/// The folders inside a data set that may hold the images.
const IMAGE_FOLDERS: [&str; 2] = ["images", "train"];

/// The number of files, endings or ids of a kind that a message shows.
const SHOWN: usize = 3;

/// The depth below a folder to which images are looked for, in vain, to say where they lie.
const SEARCHED: usize = 4;

/// The choices of reading that the files themselves may leave open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The order of the channels inside TIFF files of several.
    pub order: ChannelOrder,
    /// The bits that 16-bit samples use, from 8 to 16; none for all 16.
    pub bits: Option<u32>,
    /// Whether a field of another scale than the atlas's is brought to it: [`Field::at_atlas_scale`].
    pub to_scale: bool,
}

/// The fields among some files, and the files that belong to no field.
#[derive(Debug)]
pub struct FoundFields {
    /// The fields by folder, then by name, in natural order.
    pub fields: Vec<FieldOnDisk>,
    /// The files that belong to no field, and the folders that cannot be read.
    pub faults: Vec<Fault>,
}

impl FoundFields {
    /// The fields alone whose ids a file lists: the first value of every line, without a table's header. They are
    /// [`matched`]; ids that no image has are faults.
    ///
    /// # Errors
    /// If the file cannot be read or lists no id.
    pub fn listed_in(mut self, path: &Path) -> Result<Self> {
        let listed = listed_ids(path)?;
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let ids: Vec<&str> = self.fields.iter().map(|field| &*field.id).collect();
        let mut is_listed = vec![false; ids.len()];
        for (id, found) in listed.iter().zip(matched(&listed, &ids, composed)) {
            let reason = match found {
                Match::Field(at) => {
                    is_listed[at] = true;
                    continue;
                }
                Match::Again(_) => continue,
                Match::Several => "of several images",
                Match::Missing => "but no image has it",
            };
            let reason = format!("{} lists the id, {reason}", path.display());
            self.faults.push(Fault::new(*id, reason));
        }
        let mut is_listed = is_listed.into_iter();
        self.fields.retain(|_| is_listed.next() == Some(true));
        Ok(self)
    }
}

/// The ids that a file lists: the first value of every line, without a table's header.
fn listed_ids(path: &Path) -> Result<BTreeSet<String>> {
    let cannot_read = || format!("cannot read the list of ids {}", path.display());
    let bytes = std::fs::read(path).with_context(cannot_read)?;
    let text = String::from_utf8(utf8(bytes)).with_context(cannot_read)?;
    let first_values = text
        .split(['\n', '\r'])
        .map(|line| line.split([',', ';', '\t']).next().unwrap_or_default())
        .map(|value| value.trim().trim_matches('"'));
    let ids: BTreeSet<String> = first_values
        .filter(|id| !id.is_empty() && !id.eq_ignore_ascii_case("id"))
        .map(str::to_owned)
        .collect();
    if ids.is_empty() {
        bail!("{} lists no id", path.display());
    }
    Ok(ids)
}

/// A file and its place.
#[derive(Debug, Clone)]
pub(crate) enum FilePlace {
    /// On its own.
    Plain(PathBuf),
    /// Inside an archive.
    Packed(Packed),
}

impl FilePlace {
    fn path(&self) -> Cow<'_, Path> {
        match self {
            Self::Plain(path) => path.into(),
            Self::Packed(packed) => packed.path().into(),
        }
    }

    /// Reads the file; of one too large to be decoded only one byte more than the decoder accepts.
    fn content(&self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain(path) => content(path),
            Self::Packed(packed) => packed.bytes(),
        }
    }
}

/// The files of one field.
#[derive(Debug, Clone)]
pub struct FieldOnDisk {
    /// The field's id.
    pub id: String,
    files: FieldFiles,
    places: Vec<FilePlace>,
    reading: Reading,
}

/// The error of reading a field from disk.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file that the system cannot read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file's path.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Images that cannot be decoded into a field.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::File { path, source } => Self::new(
                path.display().to_string(),
                format!("the file cannot be read ({source})"),
            ),
            ReadError::Field(error) => error.into(),
        }
    }
}

impl FieldOnDisk {
    /// Reads and decodes the field's files.
    ///
    /// # Errors
    /// [`ReadError`] naming the file.
    pub fn read(&self) -> Result<Field, ReadError> {
        let mut decoder = FieldDecoder::new(&self.id, &self.reading.order);
        for (file, place) in self.files.files.iter().zip(&self.places) {
            let bytes = place.content().map_err(|source| ReadError::File {
                path: place.path().into_owned(),
                source,
            })?;
            decoder.add(Source {
                name: &file.name,
                channel: file.channel,
                bytes: &bytes,
            })?;
        }
        let mut field = decoder.finish()?;
        if let Some(bits) = self.reading.bits {
            field = field.stretched(bits)?;
        }
        if self.reading.to_scale {
            field = field.at_atlas_scale()?;
        }
        Ok(field)
    }

    fn folder(&self) -> &str {
        match self.files.folder.as_str() {
            "" => ".",
            folder => folder,
        }
    }
}

/// Reads a file; of one too large to be decoded only one byte more than the decoder accepts.
fn content(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let limit = MAX_FILE_BYTES as u64 + 1;
    let length = file.metadata()?.len().min(limit);
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Finds the fields of a folder: in its folders `images` and `train` where these hold any, else in itself; there, in the folders
/// one level below, and in zip archives among the files, at any depth. An archive may stand in the folder's place.
///
/// Where two folders have a field of the same id, the first folder by name is taken, and the other is a fault.
///
/// # Errors
/// If the folder cannot be read or holds no image of a field: the error says what is there and why none of it serves.
pub fn in_folder(folder: &Path, reading: &Reading) -> Result<FoundFields> {
    if is_archive(folder) {
        let (packed, faults) = archive::open(folder);
        return in_places(folder, packed, faults, reading);
    }
    let mut faults = Vec::new();
    // The error about a missing folder is clearer than that about missing images.
    list(folder)?;
    let mut paths = Vec::new();
    for name in IMAGE_FOLDERS {
        let inside = folder.join(name);
        if inside.is_dir() {
            paths.extend(files_below(&inside, &mut faults)?);
        }
    }
    let mut found = among(paths, reading);
    let mut paths = Vec::new();
    if found.fields.is_empty() {
        paths = files_below(folder, &mut faults)?;
        found = among(paths.clone(), reading);
    }
    found.faults.splice(0..0, faults);
    if found.fields.is_empty() {
        bail!(nothing_found(folder, &paths, &found.faults));
    }
    Ok(found.each_id_once())
}

/// Finds the fields of an archive that was opened, as [`in_folder`].
pub(crate) fn in_places(
    archive: &Path,
    packed: Vec<Packed>,
    faults: Vec<Fault>,
    reading: &Reading,
) -> Result<FoundFields> {
    let paths: Vec<PathBuf> = packed.iter().map(Packed::path).collect();
    let found = among_places(packed.into_iter().map(FilePlace::Packed), faults, reading);
    if found.fields.is_empty() {
        bail!(nothing_found(archive, &paths, &found.faults));
    }
    Ok(found.each_id_once())
}

impl FoundFields {
    fn each_id_once(mut self) -> Self {
        let mut folders: BTreeMap<String, String> = BTreeMap::new();
        let mut faults = Vec::new();
        self.fields.retain(|field| {
            let Some(first) = folders.get(&field.id) else {
                folders.insert(field.id.clone(), field.folder().to_owned());
                return true;
            };
            let subject = format!("{} in {}, taken from {first}", field.id, field.folder());
            faults.push(Fault::new(
                subject,
                "two folders have a field of the same id",
            ));
            false
        });
        self.faults.splice(0..0, faults);
        self
    }
}

/// What is in a folder or an archive without any field, why none of it serves, and what would.
fn nothing_found(folder: &Path, paths: &[PathBuf], faults: &[Fault]) -> String {
    let mut said = format!("no image of a field in {}", folder.display());
    let names: Vec<Cow<'_, str>> = paths
        .iter()
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy()))
        .filter(|name| !is_litter(name))
        .collect();
    if names.is_empty() {
        said += ": it has no files";
    } else {
        let files = if names.len() == 1 { "file" } else { "files" };
        said += &format!(": it has {} {files} ({})", names.len(), endings(&names));
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fault in faults {
        let subject = Path::new(&fault.subject).strip_prefix(folder);
        let subject = subject.ok().and_then(Path::to_str);
        let subject = subject.filter(|inside| !inside.is_empty());
        by_reason
            .entry(&fault.reason)
            .or_default()
            .push(subject.unwrap_or(&fault.subject));
    }
    for (reason, subjects) in by_reason {
        said += &format!("; {reason}: {}", some(&subjects));
    }
    if let Some(inner) = images_below(folder, SEARCHED) {
        said += &format!(
            "; images lie deeper, in {}: name that folder",
            inner.display()
        );
    }
    // Names of files are shown here, and may hold what a terminal would obey.
    plain(&said)
        + ". Fields are PNG, JPEG or TIFF images, one a channel (x_red.png, x_green.png, x_blue.png, x_yellow.png) or one of all \
            channels, beside one another, in images or train, one folder below, or in a zip archive"
}

/// The numbers of names by their ending, the commonest first: `12 .czi, 1 .txt`.
fn endings(names: &[impl AsRef<str>]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        let ending = name.as_ref().rsplit_once('.');
        let ending = ending.map_or_else(
            || "without ending".to_owned(),
            |(_, ending)| format!(".{}", ending.to_ascii_lowercase()),
        );
        *counts.entry(ending).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(ending, count)| format!("{count} {ending}"))
        .collect();
    some(&counts)
}

/// The first few, and the number of the others.
fn some(texts: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = texts.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The first folder below one that holds images of fields, to this depth.
fn images_below(folder: &Path, depth: usize) -> Option<PathBuf> {
    let paths = list(folder).ok()?;
    let (inner, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let names = files.iter().filter_map(|path| path.to_str());
    if !group(names).fields.is_empty() {
        return Some(folder.to_owned());
    }
    let mut visible = inner.iter().filter(|path| !is_hidden(path));
    visible.find_map(|path| images_below(path, depth.checked_sub(1)?))
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name();
    name.is_some_and(|name| is_litter(&name.to_string_lossy()))
}

/// The files of a folder and of the folders in it, but for hidden ones.
///
/// # Errors
/// If the folder cannot be read; a folder in it that cannot be read is a fault.
fn files_below(folder: &Path, faults: &mut Vec<Fault>) -> Result<Vec<PathBuf>> {
    let (inner, mut files): (Vec<_>, Vec<_>) =
        list(folder)?.into_iter().partition(|path| path.is_dir());
    for inner in inner {
        if is_hidden(&inner) {
            continue;
        }
        match list(&inner) {
            Ok(paths) => files.extend(paths.into_iter().filter(|path| !path.is_dir())),
            Err(error) => faults.push(Fault::new(
                inner.display().to_string(),
                format!("the folder cannot be read ({})", error.root_cause()),
            )),
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot_read = || format!("cannot read the folder {}", folder.display());
    let mut paths = std::fs::read_dir(folder)
        .with_context(cannot_read)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(cannot_read)?;
    paths.sort();
    Ok(paths)
}

/// Finds the fields among given files and those in archives among them. Where several folders have fields of the same id, all are
/// given.
pub fn among(paths: Vec<PathBuf>, reading: &Reading) -> FoundFields {
    let mut faults = Vec::new();
    let mut places = Vec::new();
    for path in paths {
        if is_archive(&path) && !is_hidden(&path) {
            let (packed, refused) = archive::open(&path);
            places.extend(packed.into_iter().map(FilePlace::Packed));
            faults.extend(refused);
        } else {
            places.push(FilePlace::Plain(path));
        }
    }
    among_places(places, faults, reading)
}

fn among_places(
    places: impl IntoIterator<Item = FilePlace>,
    mut faults: Vec<Fault>,
    reading: &Reading,
) -> FoundFields {
    let mut named: Vec<(String, FilePlace)> = Vec::new();
    for place in places {
        match place.path().to_str() {
            Some(name) => named.push((name.to_owned(), place.clone())),
            None => faults.push(Fault::new(
                place.path().display().to_string(),
                "the name is not Unicode",
            )),
        }
    }
    without_zarr(&mut named, &mut faults);
    let grouping = group(named.iter().map(|(name, _)| name));
    faults.extend(grouping.faults.into_iter().map(Fault::from));
    let fields = grouping
        .fields
        .into_iter()
        .map(|files| FieldOnDisk {
            id: files.id.clone(),
            places: files
                .files
                .iter()
                .map(|file| named[file.index].1.clone())
                .collect(),
            files,
            reading: reading.clone(),
        })
        .collect();
    FoundFields { fields, faults }
}

/// Takes out the files of OME-Zarr folders and archives, which are many: each such folder or archive is one fault. Images inside stay,
/// for people keep what was exported beside what it was exported from.
fn without_zarr(named: &mut Vec<(String, FilePlace)>, faults: &mut Vec<Fault>) {
    let with_slashes = |name: &str| name.replace('\\', "/");
    let mut formats: BTreeMap<String, OtherFormat> = BTreeMap::new();
    for (name, _) in named.iter() {
        if let Some((folder, format)) = OtherFormat::of_folder(&with_slashes(name)) {
            formats.insert(folder.to_owned(), format);
        }
    }
    if formats.is_empty() {
        return;
    }
    // The outermost of those that a name lies in, for they have folders of the same kind inside.
    let folder_of = |name: &str| {
        let ends = name.match_indices('/').map(|(at, _)| at);
        let mut folders = ends.chain([name.len()]).map(|end| &name[..end]);
        folders.find_map(|folder| formats.get_key_value(folder))
    };
    let mut told: BTreeMap<&str, OtherFormat> = BTreeMap::new();
    named.retain(|(name, _)| {
        let found = folder_of(&with_slashes(name)).filter(|_| image_name(name).is_none());
        told.extend(found.map(|(folder, format)| (folder.as_str(), *format)));
        found.is_none()
    });
    let told = told.into_iter();
    faults.extend(told.map(|(folder, format)| Fault::new(folder, format.to_string())));
}

/// Makes a folder for output, or accepts an empty one.
///
/// # Errors
/// If the folder is not empty, so that nothing is overwritten, or cannot be made.
pub fn claim_folder(out: &Path) -> Result<()> {
    std::fs::create_dir_all(out)
        .with_context(|| format!("cannot make the folder {}", out.display()))?;
    let mut entries = std::fs::read_dir(out)
        .with_context(|| format!("cannot read the folder {}", out.display()))?;
    if entries.next().is_some() {
        bail!(
            "the folder {} is not empty; choose a new one",
            out.display()
        );
    }
    Ok(())
}
