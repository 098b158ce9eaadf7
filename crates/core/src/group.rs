//! Grouping of file names into fields.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::channel::Channel;
use super::format::OtherFormat;
use super::litter::is_litter;

/// One file of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFile {
    /// The position among the names given to [`group`].
    pub index: usize,
    /// The name, as given.
    pub name: String,
    /// The channel in the file; none for a file of several channels, an RGB composite or a TIFF.
    pub channel: Option<Channel>,
}

/// The files of one field: one a channel, in the order of [`Channel::ALL`], or one of several channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFiles {
    /// The field's id, unique within its folder.
    pub id: String,
    /// The folder, with `/` as separator; empty for names without a folder.
    pub folder: String,
    /// At least one file. A field may lack channels: compositions check for those that they need.
    pub files: Vec<FieldFile>,
}

/// A file that belongs to no field, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {name}")]
pub struct FileFault {
    /// The position among the names given to [`group`].
    pub index: usize,
    /// The name, as given.
    pub name: String,
    /// The reason.
    pub kind: FaultKind,
}

/// A reason for which a file belongs to no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// A name without an image's extension.
    #[error("only .png, .jpg, .jpeg, .tif and .tiff files are read")]
    UnknownExtension,
    /// An ending of a format that is known and not read.
    #[error("{0}")]
    OtherFormat(OtherFormat),
    /// A name without an id before the channel, as in `_red.png`.
    #[error("the name holds no id of a field")]
    EmptyId,
    /// A copy by its name, as a browser's second download of a file gets, of a file that is not there.
    #[error(
        "the name is a copy's or a second download's, and its first file is not there; take what was added out of the name and it is read"
    )]
    LoneCopy,
    /// A composite of channels other than red, green and blue.
    #[error("{}", composite_of(.0))]
    Composite(Vec<Channel>),
    /// A channel or a whole field that another file has already.
    #[error("{kept} is taken in its place")]
    Repeated {
        /// The name of that other file.
        kept: String,
    },
}

fn composite_of(channels: &[Channel]) -> String {
    let names: Vec<&str> = channels.iter().map(|channel| channel.name()).collect();
    let names = names.join(", ");
    if channels.contains(&Channel::Yellow) {
        format!("a composite of {names} cannot be parted: yellow light is red and green light too")
    } else {
        format!("a composite must be of red, green and blue, not only of {names}")
    }
}

/// The result of [`group`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grouping {
    /// The fields by folder, then by id, in natural order: `x2` before `x10`.
    pub fields: Vec<FieldFiles>,
    /// Files that belong to no field, in the order given.
    pub faults: Vec<FileFault>,
    /// The names, in the order given, of files that are no images of their own: hidden ones, tables, JSON and TOML files, masks
    /// of cells, and composites of channels whose own files are there.
    pub ignored: Vec<String>,
}

/// Groups file names, with or without folders, into fields.
///
/// `<id>_<channel>.<extension>` is one channel of the field `<id>`. Where several channels end the
/// name, as in the Human Protein Atlas's `<id>_blue_red_green.jpg`, it is a composite of that field:
/// of red, green and blue. Any other image is of several channels, too, and its id is its name
/// without the extension, which may be `.ome.tif`. Channel and extension may be in capitals, and PNG and TIFF may be packed: `.tif.gz`.
///
/// Where several files hold the same channel, the first of a lossless format is taken, else the
/// first by name; where a field has channels, a file of several with the same id is left out. Copies,
/// such as `<id>_<channel> (1).<extension>`, are never taken: a second file of the same name may be of
/// another field. The result does not depend on the order of the names, but for the indices.
pub fn group(names: impl IntoIterator<Item = impl AsRef<str>>) -> Grouping {
    let mut grouping = Grouping::default();
    let mut candidates = Vec::new();
    // With their positions, to bring them back into the order given.
    let mut ignored = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let name = name.as_ref().to_owned();
        match read_name(&name) {
            Name::Ignored => ignored.push((index, name)),
            Name::Faulty(kind) => grouping.faults.push(FileFault { index, name, kind }),
            Name::Image {
                folder,
                id,
                channels,
                is_lossy,
                is_copy,
            } => candidates.push(Candidate {
                folder,
                id,
                is_lossy,
                is_copy,
                file: FieldFile {
                    index,
                    name,
                    channel: match channels.as_slice() {
                        [channel] => Some(*channel),
                        _ => None,
                    },
                },
                channels,
            }),
        }
    }
    read_longer_ids(&mut candidates);
    candidates.sort_by(Candidate::order);
    for same_field in candidates.chunk_by(|a, b| (&a.folder, &a.id) == (&b.folder, &b.id)) {
        let mut files: Vec<FieldFile> = Vec::new();
        for candidate in same_field {
            let Candidate { file, channels, .. } = candidate;
            let is_shown = |channel: &Channel| {
                let mut kept = files.iter();
                kept.any(|kept| kept.channel == Some(*channel))
            };
            if channels.len() > 1 && channels.iter().all(is_shown) {
                ignored.push((file.index, file.name.clone()));
                continue;
            }
            let taken = files
                .iter()
                .find(|kept| kept.channel == file.channel || file.channel.is_none());
            let kind = match taken {
                Some(kept) => FaultKind::Repeated {
                    kept: kept.name.clone(),
                },
                None if candidate.is_copy => FaultKind::LoneCopy,
                None if channels.len() > 1 && !is_separable(channels) => {
                    FaultKind::Composite(channels.clone())
                }
                None => {
                    files.push(file.clone());
                    continue;
                }
            };
            grouping.faults.push(FileFault {
                index: file.index,
                name: file.name.clone(),
                kind,
            });
        }
        if files.is_empty() {
            continue;
        }
        let Candidate { id, folder, .. } = &same_field[0];
        grouping.fields.push(FieldFiles {
            id: id.clone(),
            folder: folder.clone(),
            files,
        });
    }
    grouping.faults.sort_by_key(|fault| fault.index);
    ignored.sort();
    grouping.ignored = ignored.into_iter().map(|(_, name)| name).collect();
    grouping
}

/// Takes the first channels of a name for its id's where another file says so: `HEK_green_green.png` can only be of a field
/// `HEK_green`, so `HEK_green_red.png` beside it is its red channel and no composite.
fn read_longer_ids(candidates: &mut [Candidate]) {
    let key = |folder: &str, id: &str| (folder.to_owned(), id.to_ascii_lowercase());
    let longer: BTreeMap<(String, String), String> = candidates
        .iter()
        .filter(|candidate| candidate.channels.len() == 1)
        .filter(|candidate| !split_channels(&candidate.id).1.is_empty())
        .map(|Candidate { folder, id, .. }| (key(folder, id), id.clone()))
        .collect();
    for candidate in candidates {
        let [first @ .., last] = candidate.channels.as_slice() else {
            continue;
        };
        let names = first.iter().map(|channel| format!("_{channel}"));
        let id = candidate.id.clone() + &names.collect::<String>();
        if let Some(id) = longer.get(&key(&candidate.folder, &id))
            && !first.is_empty()
        {
            candidate.id.clone_from(id);
            candidate.file.channel = Some(*last);
            candidate.channels = vec![*last];
        }
    }
}

/// Whether a composite of these channels is an RGB image with each channel in its own component.
fn is_separable(channels: &[Channel]) -> bool {
    channels.len() == 3 && !channels.contains(&Channel::Yellow)
}

/// An image that its field may take or leave.
struct Candidate {
    folder: String,
    id: String,
    is_lossy: bool,
    is_copy: bool,
    file: FieldFile,
    /// The channels at the end of its name.
    channels: Vec<Channel>,
}

impl Candidate {
    /// Compares fields in natural order and the files of one field by preference.
    fn order(&self, other: &Self) -> Ordering {
        natural_order(&self.folder, &other.folder)
            .then_with(|| natural_order(&self.id, &other.id))
            .then_with(|| self.preference().cmp(&other.preference()))
    }

    fn preference(&self) -> impl Ord + '_ {
        (
            self.is_copy,
            self.file.channel.is_none(),
            self.file.channel,
            self.channels.len() > 1 && !is_separable(&self.channels),
            self.is_lossy,
            &self.file.name,
        )
    }
}

enum Name {
    Image {
        folder: String,
        id: String,
        /// The channels at its end, in that order.
        channels: Vec<Channel>,
        is_lossy: bool,
        is_copy: bool,
    },
    Ignored,
    Faulty(FaultKind),
}

/// The endings of the names of masks in a folder `masks`, after the field's id.
const MASKS: [&str; 2] = ["_cells", "_nuclei"];

fn read_name(path: &str) -> Name {
    let path = path.replace('\\', "/");
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let (_, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let extension = extension.to_ascii_lowercase();

    // Files that systems and spreadsheets leave beside images are no mistake of the user's.
    if is_litter(name) || ["csv", "tsv", "json", "toml"].contains(&&*extension) {
        return Name::Ignored;
    }
    let Some(image) = image_name(name) else {
        let other = OtherFormat::by_ending(name).map(FaultKind::OtherFormat);
        return Name::Faulty(other.unwrap_or(FaultKind::UnknownExtension));
    };
    let (id, channels) = image.split();
    if id.trim().is_empty() {
        return Name::Faulty(FaultKind::EmptyId);
    }
    // The simulator writes masks of cells and nuclei beside a set's images.
    let is_mask = folder.rsplit('/').next() == Some("masks")
        && MASKS.iter().any(|ending| id.ends_with(ending));
    if is_mask {
        return Name::Ignored;
    }
    Name::Image {
        folder: folder.to_owned(),
        id: id.to_owned(),
        channels,
        is_lossy: image.is_lossy,
        is_copy: image.is_copy,
    }
}

/// An image's name in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageName<'a> {
    /// The name without the extension, without `.ome` before it and without the mark of a copy.
    pub stem: &'a str,
    /// The extension as it stands there, without the dot; of a packed image both: `tif.gz`.
    pub extension: &'a str,
    /// Whether the format may have lost something.
    pub is_lossy: bool,
    /// Whether the name is a copy's or a second download's.
    pub is_copy: bool,
}

/// Reads the name of an image that is read, with or without folders; none where its extension is of another kind.
pub fn image_name(name: &str) -> Option<ImageName<'_>> {
    let (mut stem, mut extension) = name.rsplit_once('.')?;
    let mut kind = extension;
    let is_packed = extension.eq_ignore_ascii_case("gz");
    if is_packed {
        (stem, kind) = stem.rsplit_once('.')?;
        extension = &name[stem.len() + 1..];
    }
    let is = |wanted: &str| kind.eq_ignore_ascii_case(wanted);
    let is_tiff = is("tif") || is("tiff");
    let is_lossy = is("jpg") || is("jpeg");
    // JPEG is packed already, and nobody packs it again.
    if !(is_tiff || is("png") || is_lossy && !is_packed) {
        return None;
    }
    if let Some((shorter, ome)) = stem.rsplit_once('.')
        && is_tiff
        && ome.eq_ignore_ascii_case("ome")
    {
        stem = shorter;
    }
    let original = without_copy_mark(stem);
    Some(ImageName {
        stem: original,
        extension,
        is_lossy,
        is_copy: original.len() < stem.len(),
    })
}

impl<'a> ImageName<'a> {
    /// The id, and the different channels at the end of the name: both of `a_blue_red`, the last two of `blue_blue_red`, since
    /// no composite has one channel twice.
    fn split(self) -> (&'a str, Vec<Channel>) {
        split_channels(self.stem)
    }

    /// The name without any channel at its end: the same for all files of one field.
    pub fn root(self) -> &'a str {
        let mut root = self.stem;
        while let Some((shorter, word)) = root.rsplit_once('_')
            && word.parse::<Channel>().is_ok()
        {
            root = shorter;
        }
        root
    }

    /// Whether the name ends in a channel's.
    pub fn has_channel(self) -> bool {
        self.root().len() < self.stem.len()
    }
}

/// Words that file managers add to the names of copies.
const COPY_WORDS: [&str; 4] = ["copy", "kopie", "copie", "copia"];

/// The stem of a channel's file without what browsers add to the name of a second download, and file managers to a copy's:
/// `x_green` of `x_green (1)` and of `x_green - Copy (2)`. Other names stay as they are: a photograph's `image (2)` is its own.
fn without_copy_mark(stem: &str) -> &str {
    let before = stem.rfind('_').map_or(0, |at| at + 1);
    let word = &stem.as_bytes()[before..];
    let letters = word
        .iter()
        .take_while(|letter| letter.is_ascii_alphabetic());
    let end = before + letters.count();
    let (original, mark) = stem.split_at(end);
    let mark = mark.as_bytes();
    let digits = mark.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_number = mark.ends_with(b")")
        && (1..=2).contains(&digits)
        && mark.iter().all(|byte| b" ()0123456789".contains(byte));
    let is_copy = |word: &[u8]| {
        let mut known = COPY_WORDS.iter();
        known.any(|known| known.as_bytes().eq_ignore_ascii_case(word))
    };
    let mut words = mark.split(|letter| !letter.is_ascii_alphabetic());
    let is_channel = before > 0 && original[before..].parse::<Channel>().is_ok();
    if is_channel && (is_number || words.any(is_copy)) {
        original
    } else {
        stem
    }
}

/// The name behind the folders.
pub(crate) fn last_of_path(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A name without the extension of an image; others stay as they are.
pub(crate) fn without_image_extension(name: &str) -> &str {
    image_name(name).map_or(name, |image| image.stem)
}

/// A name without the channels at its end.
pub(crate) fn without_channels(stem: &str) -> &str {
    match split_channels(stem).0 {
        "" => stem,
        id => id,
    }
}

/// The id, and the different channels at the end of a name: both of `a_blue_red`, the last two of `blue_blue_red`, since no
/// composite has one channel twice.
fn split_channels(stem: &str) -> (&str, Vec<Channel>) {
    let (mut id, mut channels) = (stem, Vec::new());
    while let Some((shorter, word)) = id.rsplit_once('_')
        && let Ok(channel) = word.parse()
        && !channels.contains(&channel)
    {
        id = shorter;
        channels.insert(0, channel);
    }
    (id, channels)
}

/// Compares texts in natural order: runs of digits by value.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    // Texts that differ only in leading zeros are not equal.
    runs(a).cmp(runs(b)).then_with(|| a.cmp(b))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run<'a> {
    /// A number of any length, as its digits without leading zeros, the longer number being the larger.
    Digits(usize, &'a [u8]),
    Other(&'a [u8]),
}

fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    text.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .map(|run| {
            if run[0].is_ascii_digit() {
                let zeros = run.iter().take_while(|&&digit| digit == b'0').count();
                Run::Digits(run.len() - zeros, &run[zeros..])
            } else {
                Run::Other(run)
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_read() {
        let image = |name| image_name(name).expect("an image");
        for (name, root, extension) in [
            ("a/x_red.PNG", "a/x", "PNG"),
            ("a/x_blue_red_green.jpg", "a/x", "jpg"),
            ("x_green_green.png", "x", "png"),
            ("a/x_green (1).png", "a/x", "png"),
            ("x.ome.tif", "x", "tif"),
            ("x_green.ome.tif.gz", "x", "tif.gz"),
            ("x_w1.TIF.GZ", "x_w1", "TIF.GZ"),
            ("a.b_red.png.gz", "a.b", "png.gz"),
            ("IMG (1).png", "IMG (1)", "png"),
        ] {
            let found = image(name);
            assert_eq!((found.root(), found.extension), (root, extension), "{name}");
        }
        assert!(image("a/x_Yellow.tif.gz").has_channel() && !image("x.ome.tif").has_channel());
        assert!(image("x_red (1).png").is_copy && image("x.JPG").is_lossy);
        for other in [
            "notes.txt",
            "png",
            "x.gz",
            "x.jpg.gz",
            "x.tar.gz",
            ".gz",
            "",
        ] {
            assert_eq!(image_name(other), None, "{other}");
        }
    }

    #[test]
    fn marks_of_copies_are_known_behind_a_channel_alone() {
        for mark in [
            " (1)",
            "(2)",
            " (12)",
            " - Copy",
            " - Copy (2)",
            " copy",
            " copy 3",
            " (copy)",
            " (another copy)",
            " (3rd copy)",
            " - Kopie",
            " - Copie (2)",
        ] {
            assert_eq!(
                without_copy_mark(&format!("a_Green{mark}")),
                "a_Green",
                "{mark}"
            );
        }
        for own in [
            "a_green",
            "a_green (488)",
            "a_green 1",
            "a (1)",
            "copy",
            "a_copy",
            "a_greenish copy",
            "a_green_2",
            "a (1)_green",
        ] {
            assert_eq!(without_copy_mark(own), own);
        }
    }

    #[test]
    fn copies_are_told_and_never_taken() {
        let names = [
            "x_red.png",
            "x_green - Copy.png",
            "x_red (1).png",
            "x_green.png",
            "x_blue (1).png",
            "x (1).png",
            "x_blue_red_green (1).jpg",
        ];
        let grouping = group(names);
        let [field, photograph] = &grouping.fields[..] else {
            panic!("two fields, not {:?}", grouping.fields);
        };
        let taken: Vec<&str> = field.files.iter().map(|file| &*file.name).collect();
        assert_eq!(taken, ["x_red.png", "x_green.png"]);
        assert_eq!(photograph.id, "x (1)");
        let faults: Vec<String> = grouping.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert_eq!(
            faults[0],
            "x_green.png is taken in its place: x_green - Copy.png"
        );
        assert_eq!(faults[1], "x_red.png is taken in its place: x_red (1).png");
        assert!(
            faults[2].ends_with("and it is read: x_blue (1).png"),
            "{faults:?}"
        );
        assert!(group(["x_red (1).png"]).fields.is_empty());
    }

    #[test]
    fn numbers_order_by_value() {
        let mut names = [
            "x10",
            "x2",
            "x",
            "2x",
            "x02",
            "10x",
            "x99999999999999999999999",
            "x2a",
        ];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            [
                "2x",
                "10x",
                "x",
                "x02",
                "x2",
                "x2a",
                "x10",
                "x99999999999999999999999"
            ]
        );
    }
}
