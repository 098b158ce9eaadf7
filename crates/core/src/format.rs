//! Files that are recognised and not read, and the way out of each.

use std::fmt;

/// A kind of file that is recognised, by its ending or its first bytes, and not read. As text, its name and what to do with it:
/// `Zeiss CZI: export it as OME-TIFF, from ZEN or with Fiji (Bio-Formats)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherFormat {
    name: &'static str,
    endings: &'static [&'static str],
    /// The position of the signature, and its bytes; empty where the ending alone tells.
    signature: (usize, &'static [u8]),
    way_out: WayOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayOut {
    /// A microscope's own format, and the program that exports it.
    Export(&'static str),
    /// What Fiji imports by a menu of its own.
    Import,
    /// A picture that any program saves anew.
    Save,
    /// What holds other files.
    Unpack,
    /// No image, whatever the name says.
    Fetch,
}

const fn microscope(
    name: &'static str,
    endings: &'static [&'static str],
    signature: (usize, &'static [u8]),
    program: &'static str,
) -> OtherFormat {
    OtherFormat {
        name,
        endings,
        signature,
        way_out: WayOut::Export(program),
    }
}

const fn picture(
    name: &'static str,
    endings: &'static [&'static str],
    signature: (usize, &'static [u8]),
) -> OtherFormat {
    OtherFormat {
        name,
        endings,
        signature,
        way_out: WayOut::Save,
    }
}

const fn other(
    name: &'static str,
    endings: &'static [&'static str],
    signature: (usize, &'static [u8]),
    way_out: WayOut,
) -> OtherFormat {
    OtherFormat {
        name,
        endings,
        signature,
        way_out,
    }
}

/// An ending alone tells.
const NO_SIGNATURE: (usize, &[u8]) = (0, b"");

/// A folder of many small files, or such a one in a zip archive.
const ZARR: OtherFormat = other("OME-Zarr", &["zarr", "ozx"], NO_SIGNATURE, WayOut::Import);

/// In the order in which contents are compared.
const FORMATS: [OtherFormat; 36] = [
    microscope("Zeiss CZI", &["czi"], (0, b"ZISRAWFILE"), "ZEN"),
    microscope(
        "Nikon ND2",
        &["nd2"],
        (0, b"\xDA\xCE\xBE\x0A"),
        "NIS-Elements",
    ),
    microscope(
        "Leica LIF",
        &["lif", "xlif", "lof"],
        (0, b"\x70\0\0\0"),
        "LAS X",
    ),
    microscope("DICOM", &["dcm", "dicom"], (128, b"DICM"), ""),
    microscope("Imaris", &["ims"], NO_SIGNATURE, "Imaris"),
    microscope(
        "HDF5",
        &["h5", "hdf5", "hdf"],
        (0, b"\x89HDF\r\n\x1a\n"),
        "",
    ),
    microscope("Olympus VSI", &["vsi", "ets"], NO_SIGNATURE, "cellSens"),
    microscope("Olympus OIB", &["oib", "oif"], NO_SIGNATURE, "cellSens"),
    microscope(
        "Olympus OIR",
        &["oir"],
        (0, b"OLYMPUSRAWFORMAT"),
        "cellSens",
    ),
    microscope("Zeiss ZVI", &["zvi"], NO_SIGNATURE, "ZEN"),
    microscope("Zeiss LSM", &["lsm"], NO_SIGNATURE, "ZEN"),
    microscope("Aperio SVS", &["svs"], NO_SIGNATURE, ""),
    microscope("Hamamatsu NDPI", &["ndpi"], NO_SIGNATURE, "NDP.view"),
    microscope("MIRAX", &["mrxs"], NO_SIGNATURE, "CaseViewer"),
    microscope("Leica SCN", &["scn"], NO_SIGNATURE, ""),
    microscope("DeltaVision", &["dv", "r3d"], NO_SIGNATURE, "softWoRx"),
    microscope("SlideBook", &["sld", "sldy"], NO_SIGNATURE, "SlideBook"),
    microscope("MetaMorph STK", &["stk"], NO_SIGNATURE, "MetaMorph"),
    ZARR,
    microscope(
        "an old microscope's file",
        &[],
        (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
        "",
    ),
    picture("WebP", &["webp"], (8, b"WEBP")),
    picture("BMP", &["bmp", "dib"], (0, b"BM")),
    picture("GIF", &["gif"], (0, b"GIF8")),
    picture("HEIC", &["heic", "heif"], (4, b"ftyphei")),
    picture("HEIC", &[], (4, b"ftypmif1")),
    picture("AVIF", &["avif"], (4, b"ftypavi")),
    picture("JPEG XL", &["jxl"], (0, b"\0\0\0\x0CJXL ")),
    picture("JPEG 2000", &["jp2", "j2k", "jpx"], (0, b"\0\0\0\x0CjP  ")),
    picture("Photoshop PSD", &["psd", "psb"], (0, b"8BPS")),
    picture("PDF", &["pdf"], (0, b"%PDF")),
    other("a zip archive", &[], (0, b"PK\x03\x04"), WayOut::Unpack),
    other(
        "a 7z archive",
        &["7z"],
        (0, b"7z\xBC\xAF\x27\x1C"),
        WayOut::Unpack,
    ),
    other("a RAR archive", &["rar"], (0, b"Rar!"), WayOut::Unpack),
    other(
        "a tar archive",
        &["tar", "tgz"],
        (257, b"ustar"),
        WayOut::Unpack,
    ),
    other(
        "a Git LFS pointer",
        &[],
        (0, b"version https://git-lfs"),
        WayOut::Fetch,
    ),
    other("a web page", &["html", "htm"], (0, b"<!"), WayOut::Fetch),
];

impl OtherFormat {
    /// The format of a file of this name; none where the ending says nothing.
    pub fn by_ending(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        let is_its = |known: &&str| known.eq_ignore_ascii_case(ending);
        let mut formats = FORMATS.into_iter();
        formats.find(|format| format.endings.iter().any(is_its))
    }

    /// The format of a file that begins with these bytes; none where they say nothing.
    pub fn by_content(bytes: &[u8]) -> Option<Self> {
        FORMATS.into_iter().find(|format| {
            let (position, signature) = format.signature;
            let there = bytes.get(position..).unwrap_or_default();
            !signature.is_empty() && there.starts_with(signature)
        })
    }

    /// The folder or archive to which a file belongs that is OME-Zarr as a whole, by the names in its path, and the format:
    /// `set/x.ome.zarr` of `set/x.ome.zarr/0/c/1/0`. None where the names say nothing.
    pub fn of_folder(path: &str) -> Option<(&str, Self)> {
        let mut end = 0;
        for name in path.split('/') {
            let start = end;
            end += name.len();
            if end == path.len() {
                let is_about = ["zarr.json", ".zattrs", ".zgroup", ".zarray"].contains(&name);
                let folder = path[..start].strip_suffix('/');
                return is_about.then_some((folder.unwrap_or(path), ZARR));
            }
            let lower = name.to_ascii_lowercase();
            if [".zarr", ".zarr.zip", ".ozx"]
                .iter()
                .any(|ending| lower.ends_with(ending))
            {
                return Some((&path[..end], ZARR));
            }
            end += 1;
        }
        None
    }

    /// Its name, such as `Zeiss CZI`.
    pub fn name(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for OtherFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match self.way_out {
            WayOut::Export("") => f.write_str("export it as OME-TIFF with Fiji (Bio-Formats)"),
            WayOut::Export(program) => {
                write!(
                    f,
                    "export it as OME-TIFF, from {program} or with Fiji (Bio-Formats)"
                )
            }
            WayOut::Import => f.write_str(
                "open it in Fiji (File > Import > HDF5/N5/Zarr/OME-NGFF) and save it as TIFF",
            ),
            WayOut::Save => f.write_str("save it as PNG or TIFF"),
            WayOut::Unpack => f.write_str("unpack it first"),
            WayOut::Fetch => f.write_str("download the image itself again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_zarr_belong_to_its_folder() {
        let folder = |path| OtherFormat::of_folder(path).map(|(folder, _)| folder);
        for (path, expected) in [
            ("set/x.ome.zarr/0/c/1/0", Some("set/x.ome.zarr")),
            ("X.ZARR.ZIP/0/0", Some("X.ZARR.ZIP")),
            ("set/plain/zarr.json", Some("set/plain")),
            ("set/plain/0/.zarray", Some("set/plain/0")),
            ("zarr.json", Some("zarr.json")),
            ("x.zarr", None),
            ("set.zarr.old/a_red.png", None),
            ("", None),
        ] {
            assert_eq!(folder(path), expected, "{path}");
        }
    }

    #[test]
    fn endings_and_contents_tell_the_format() {
        for (name, text) in [
            (
                "a/b.CZI",
                "Zeiss CZI: export it as OME-TIFF, from ZEN or with Fiji (Bio-Formats)",
            ),
            (
                "x.ome.zarr",
                "OME-Zarr: open it in Fiji (File > Import > HDF5/N5/Zarr/OME-NGFF) and save it as TIFF",
            ),
            ("x.heic", "HEIC: save it as PNG or TIFF"),
            ("x.7z", "a 7z archive: unpack it first"),
        ] {
            let format = OtherFormat::by_ending(name).expect(name);
            assert_eq!(format.to_string(), text);
        }
        for name in ["x.png", "notes.txt", "czi", ""] {
            assert_eq!(OtherFormat::by_ending(name), None, "{name}");
        }
        let dicom = [vec![0; 128], b"DICM".to_vec()].concat();
        for (bytes, name) in [
            (b"ZISRAWFILE\0\0".as_slice(), "Zeiss CZI"),
            (b"RIFF\x10\0\0\0WEBPVP8L", "WebP"),
            (
                b"version https://git-lfs.github.com/spec/v1",
                "a Git LFS pointer",
            ),
            (&dicom, "DICOM"),
        ] {
            assert_eq!(
                OtherFormat::by_content(bytes).map(OtherFormat::name),
                Some(name)
            );
        }
        assert_eq!(OtherFormat::by_content(b""), None);
        assert_eq!(OtherFormat::by_content(b"Id,Target\n"), None);
    }
}
