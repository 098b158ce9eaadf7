//! Seeds: small files of every format that is read, so that changes of them reach every part of a reader.

use std::io::Cursor;

use cytolens_similar::{About, Entry, Example, Familiar, Head, Index};
use image::{DynamicImage, ImageFormat};
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};

/// The side of the seeds' images in pixels, the least that is read.
const SIDE: u32 = 16;

/// The names of the tensors in the seeds.
pub(crate) const TENSORS: [&str; 4] = [
    "features.conv0.weight",
    "features.norm0.bias",
    "classifier.weight",
    "half",
];

/// Images of one page in every format and depth.
pub(crate) fn images() -> Vec<Vec<u8>> {
    let grey = DynamicImage::new_luma8(SIDE, SIDE);
    let mut rgb = DynamicImage::new_rgb8(SIDE, SIDE).into_rgb8();
    for (x, y, pixel) in rgb.enumerate_pixels_mut() {
        // Green light alone, so that it is read as a channel's, too.
        pixel.0 = [0, (x * 16 + y) as u8, 0];
    }
    let rgb = DynamicImage::ImageRgb8(rgb);
    let all = [
        grey.clone(),
        DynamicImage::ImageLuma16(rgb.to_luma16()),
        DynamicImage::ImageRgb16(rgb.to_rgb16()),
        DynamicImage::ImageRgba8(rgb.to_rgba8()),
        rgb.clone(),
    ];
    let mut files: Vec<Vec<u8>> = [ImageFormat::Png, ImageFormat::Tiff]
        .into_iter()
        .flat_map(|format| all.iter().filter_map(move |image| encoded(image, format)))
        .collect();
    files.extend(
        [&grey, &rgb]
            .into_iter()
            .filter_map(|image| encoded(image, ImageFormat::Jpeg)),
    );
    files.extend(tiffs().into_iter().map(|tiff| tiff[1..].to_vec()));
    files
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Option<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).ok()?;
    Some(file.into_inner())
}

/// TIFF of several channels: as pages, as samples of a pixel, as planes, described and not. The first byte is for the target.
pub(crate) fn tiffs() -> Vec<Vec<u8>> {
    let pages = |count: usize, bits: u16, description: &[u8]| {
        let page = Page {
            bits,
            ..Page::default()
        };
        let mut pages = vec![page; count];
        pages[0].description = description.to_vec();
        pages
    };
    let samples = |samples: u16, is_planar: bool| {
        vec![Page {
            samples,
            is_planar,
            ..Page::default()
        }]
    };
    let tiled = |is_planar| {
        vec![Page {
            samples: 4,
            is_planar,
            is_tiled: true,
            ..Page::default()
        }]
    };
    let files = [
        pages(3, 8, b""),
        pages(4, 16, b""),
        pages(4, 8, OME.as_bytes()),
        pages(4, 16, IMAGE_J.as_bytes()),
        samples(3, false),
        samples(4, false),
        samples(4, true),
        tiled(false),
        tiled(true),
    ];
    files
        .iter()
        .enumerate()
        .map(|(choice, pages)| [vec![choice as u8 % 4], written(pages)].concat())
        .collect()
}

/// A TIFF of four pages with this description.
pub(crate) fn described(description: &[u8]) -> Vec<u8> {
    let mut pages = vec![Page::default(); 4];
    pages[0].description = description.to_vec();
    written(&pages)
}

/// A page of a TIFF, all of it black.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) bits: u16,
    pub(crate) samples: u16,
    pub(crate) is_planar: bool,
    pub(crate) is_tiled: bool,
    pub(crate) description: Vec<u8>,
    /// The number of the compression, and the bytes of each plane in it; none for plain ones.
    pub(crate) packed: Option<(u16, Vec<u8>)>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            bits: 8,
            samples: 1,
            is_planar: false,
            is_tiled: false,
            description: Vec::new(),
            packed: None,
        }
    }
}

/// Writes a TIFF by TIFF 6.0, sections 2 and 8, the smaller number first.
pub(crate) fn written(pages: &[Page]) -> Vec<u8> {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    let mut file = b"II\x2a\0\0\0\0\0".to_vec();
    // The place of the number that points to the next page.
    let mut link = 4;
    for page in pages {
        let samples = page.samples as usize;
        let planes = if page.is_planar { samples } else { 1 };
        let plane = (SIDE * SIDE) as usize * samples * usize::from(page.bits / 8) / planes;
        let places = |file: &mut Vec<u8>, numbers: &[u32]| {
            let place = file.len() as u32;
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            match numbers {
                [number] => *number,
                _ => place,
            }
        };
        let start = file.len();
        let (compression, bytes) = page.packed.clone().unwrap_or((1, vec![0; plane]));
        let plane = bytes.len();
        file.extend(bytes.repeat(planes));
        let starts: Vec<u32> = (0..planes).map(|at| (start + at * plane) as u32).collect();
        let offsets = places(&mut file, &starts);
        let lengths = places(&mut file, &vec![plane as u32; planes]);
        let depths = file.len() as u32;
        file.extend(page.bits.to_le_bytes().repeat(samples));
        let text = file.len() as u32;
        file.extend(&page.description);
        file.push(0);
        let depth = if samples < 3 {
            (u32::from(page.bits), samples)
        } else {
            (depths, samples)
        };
        let photometric = if samples < 3 { 1 } else { 2 };
        let count = planes as u32;
        let mut tags = vec![
            (256, LONG, 1, SIDE),
            (257, LONG, 1, SIDE),
            (258, SHORT, depth.1 as u32, depth.0),
            (259, SHORT, 1, u32::from(compression)),
            (262, SHORT, 1, photometric),
            (277, SHORT, 1, samples as u32),
            (284, SHORT, 1, if page.is_planar { 2 } else { 1 }),
        ];
        if page.is_tiled {
            tags.extend([(322, LONG, 1, SIDE), (323, LONG, 1, SIDE)]);
            tags.extend([(324, LONG, count, offsets), (325, LONG, count, lengths)]);
        } else {
            tags.extend([(273, LONG, count, offsets), (278, LONG, 1, SIDE)]);
            tags.push((279, LONG, count, lengths));
        }
        if samples == 4 {
            tags.push((338, SHORT, 1, 0));
        }
        if !page.description.is_empty() {
            // A text of up to four bytes would lie in the tag itself.
            let length = page.description.len() as u32 + 1;
            tags.push((270, 2, length, text));
        }
        tags.sort_unstable();
        file.resize(file.len().next_multiple_of(2), 0);
        let directory = file.len() as u32;
        file[link..link + 4].copy_from_slice(&directory.to_le_bytes());
        file.extend((tags.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in tags {
            let (tag, kind): (u16, u16) = (tag, kind);
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        link = file.len();
        file.extend([0; 4]);
    }
    file
}

const OME: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels DimensionOrder="XYCZT" ID="Pixels:0"
SizeC="4" SizeT="1" SizeX="16" SizeY="16" SizeZ="1" Type="uint8" PhysicalSizeX="0.08" PhysicalSizeXUnit="µm">
<Channel ID="Channel:0:0" Name="DAPI" Color="65535" SamplesPerPixel="1"/><Channel ID="Channel:0:1" Name="Microtubules"/>
<Channel ID="Channel:0:2" Name="protein"/><Channel ID="Channel:0:3" Name="ER" Color="-65281"/>
<TiffData FirstC="0" IFD="0" PlaneCount="1"><UUID FileName="a.tif">urn:uuid:0</UUID></TiffData><TiffData IFD="1" FirstC="1"/>
</Pixels></Image></OME>"##;

const IMAGE_J: &str = "ImageJ=1.53t\nimages=4\nchannels=4\nslices=1\nframes=1\nhyperstack=true\nmode=grayscale\nunit=micron\n\
    min=0.0\nmax=255.0\n";

/// Descriptions of TIFF.
pub(crate) fn descriptions() -> Vec<Vec<u8>> {
    let texts = [
        OME.to_owned(),
        IMAGE_J.to_owned(),
        IMAGE_J.replace("slices=1", "slices=4"),
        OME.replace("SizeZ=\"1\"", "SizeZ=\"4\""),
        OME.replace(
            "<OME ",
            "<!DOCTYPE OME [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><OME x=\"&b;\" ",
        ),
        "{\"shape\": [4, 16, 16]}".to_owned(),
        format!("{}OME{}", "<OME>".repeat(400), "</OME>".repeat(400)),
    ];
    texts.map(String::into_bytes).to_vec()
}

/// A manifest, one whose provenance is deep, a stack's, and an ensemble's.
pub(crate) fn manifests() -> Vec<Vec<u8>> {
    let manifest = r#"{"format":1,"name":"Two","limits":"None.","licence":"CC0-1.0","attribution":["Nobody"],
"network":{"architecture":"densenet-121","head":"pooling","planes":3,"size":64,"classes":2,"batch_norm_epsilon":1e-5},
"labels":["Nucleoli","Cytosol"],"thresholds":[0.5,0.25],"composition":"rgb","missing":"refused","mean":[0.1,0.2,0.3],
"std":[0.5,1.0,2.0],"weights":{"sha256":"00","bytes":8},"goldens":[{"size":64,"logits":[0.5,-1.5]}],
"provenance":{"data":"drawn","seed":5},"metrics":{"samples":40,"score":0.6}}"#;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let other = manifest.replace("\"rgb\"", "\"dimmed\"");
    let ensemble = format!(
        r#"{{"kind":"ensemble","format":1,"name":"Both","limits":"None.","licence":"CC0-1.0","attribution":["Nobody"],
"labels":["Nucleoli","Cytosol"],"thresholds":[0.5,0.25],"members":[{{"share":0.75,"manifest":{manifest}}},
{{"share":0.25,"manifest":{other}}}],"weights":{{"sha256":"00","bytes":200}},"provenance":{{}},"metrics":{{}}}}"#
    );
    let stack = ensemble
        .replace(
            "\"members\"",
            "\"combination\":\"sum-of-logits\",\"members\"",
        )
        .replace("\"share\":0.75", "\"share\":0.5")
        .replace("\"share\":0.25", "\"share\":0.5");
    vec![
        manifest.into(),
        manifest.replace("\"drawn\"", &deep).into(),
        manifest.replace("\"rgb\"", "\"gray-green\"").into(),
        stack.into(),
        manifest
            .replace("\"provenance\"", &format!("{}\"provenance\"", familiar()))
            .into(),
        ensemble.into(),
    ]
}

/// The part of a manifest that sums up the fields that its model learnt from.
fn familiar() -> String {
    let vector = |at: u16| -> Vec<f32> {
        (0..1024)
            .map(|feature| f32::from((feature * (at + 3)) % 7))
            .collect()
    };
    let vectors: Vec<Vec<f32>> = (0..6).map(vector).collect();
    let familiar = Familiar::fit(&vectors[..3], &vectors[3..], 1);
    let written = familiar.and_then(|familiar| serde_json::to_string(&familiar).ok());
    written.map_or(String::new(), |written| format!("\"familiar\":{written},"))
}

/// Manifests of cells packages.
pub(crate) fn cells_manifests() -> Vec<Vec<u8>> {
    let logits = ["0.5"; 48].join(",");
    let manifest = format!(
        r#"{{"kind":"cells","format":1,"name":"Cells","limits":"None.","licence":"CC0-1.0","attribution":["Nobody"],
"network":{{"planes":4,"outputs":3,"levels":4,"width":16,"size":256,"batch_norm_epsilon":1e-5}},"composition":"rgby",
"outputs":["nucleus","cell","edge"],"weights":{{"sha256":"00","bytes":8}},"goldens":[{{"size":64,"logits":[{logits}]}}],
"provenance":{{"data":"drawn","seed":5}},"metrics":{{"samples":40,"score":0.6}}}}"#
    );
    vec![
        manifest.clone().into(),
        manifest.replace("\"levels\":4", "\"levels\":9").into(),
        manifest.replace("cells", "\\u202e").into(),
    ]
}

/// Manifests of painters.
pub(crate) fn painter_manifests() -> Vec<Vec<u8>> {
    let logits = ["0.5"; 16].join(",");
    let manifest = format!(
        r#"{{"kind":"painter","format":1,"name":"Painter","limits":"None.","licence":"CC0-1.0","attribution":["Nobody"],
"channels":{{"from":["red","green","blue"],"paint":"yellow"}},
"network":{{"planes":3,"outputs":1,"levels":4,"width":16,"size":384,"batch_norm_epsilon":1e-5}},"levels":[0.02,0.5],
"baselines":{{"mean":0.2,"weights":[0.5,0.25,-0.125],"intercept":0.1}},
"weights":{{"sha256":"00","bytes":8}},"goldens":[{{"size":64,"logits":[{logits}]}}],
"provenance":{{"data":"drawn","seed":5}},"metrics":{{"real":{{"beats_linear_mix":true}}}}}}"#
    );
    vec![
        manifest.clone().into(),
        manifest.replace("\"levels\":4", "\"levels\":9").into(),
        manifest
            .replace("\"paint\":\"yellow\"", "\"paint\":\"red\"")
            .into(),
    ]
}

/// Safetensors files of a few numbers each.
pub(crate) fn weights() -> Vec<Vec<u8>> {
    let bytes = [0x3c_u8; 32];
    let kinds = [
        (TENSORS[0], Dtype::F32, vec![2, 2, 1, 2]),
        (TENSORS[1], Dtype::F64, vec![4]),
        (TENSORS[2], Dtype::BF16, vec![4, 4]),
        (TENSORS[3], Dtype::F16, vec![16]),
        ("norm.num_batches_tracked", Dtype::I64, vec![4]),
    ];
    let file = |count: usize| {
        let views = kinds[..count].iter().filter_map(|(name, kind, shape)| {
            let view = TensorView::new(*kind, shape.clone(), &bytes).ok()?;
            Some((*name, view))
        });
        serialize(views, None).unwrap_or_default()
    };
    vec![file(0), file(1), file(kinds.len())]
}

/// A pickle of one tensor of four numbers.
const PICKLE: &[u8] = b"\x80\x02}q\0X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
    X\x01\0\0\x000X\x03\0\0\0cpuK\x04tQK\0K\x04\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs.";

/// A pickle that has whoever unpickles it run a command.
pub(crate) const CODE: &[u8] = b"cos\nsystem\n(S'echo taken'\ntR.";

/// Checkpoints of PyTorch: archives of a pickle and its numbers, and bare pickles.
pub(crate) fn checkpoints() -> Vec<Vec<u8>> {
    let archive = |pickle: &[u8]| {
        zip(&[
            ("w/data.pkl", pickle),
            ("w/byteorder", b"little"),
            ("w/data/0", &[0x3f; 16]),
            ("w/version", b"3\n"),
        ])
    };
    vec![
        archive(PICKLE),
        archive(CODE),
        CODE.to_vec(),
        PICKLE.to_vec(),
    ]
}

/// Writes a zip archive whose entries are stored, by APPNOTE 6.3.10, 4.3.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let at = archive.len() as u32;
        let length = (bytes.len() as u32).to_le_bytes();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc(bytes).to_le_bytes());
        common.extend([length, length].concat());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(*bytes);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, length) = (archive.len() as u32, directory.len() as u32);
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    let count = (entries.len() as u16).to_le_bytes();
    archive.extend([count, count].concat());
    archive.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0, 0]);
    archive
}

/// Archives as people bring them: stored, deflated, inside folders, one inside another, with none, and with something before them.
pub(crate) fn archives() -> Vec<Vec<u8>> {
    let stored = zip(&[
        ("set/a_red.png", b"red"),
        ("set/a_green.png", b"green"),
        ("__MACOSX/._a", b""),
    ]);
    // The empty block of a deflated file, under that method in both headers.
    let mut deflated = zip(&[("a_green.png", &[3, 0])]);
    let directory = deflated
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap_or_default();
    for method in [8, directory + 10] {
        deflated[method] = 8;
    }
    let nested = zip(&[("inside.zip", &stored)]);
    let behind = [b"MZ, a program that unpacks itself", stored.as_slice()].concat();
    vec![stored, deflated, nested, behind, zip(&[])]
}

/// The check sum of zip archives, CRC-32.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

/// Tables of labels in the forms that people have.
pub(crate) fn tables() -> Vec<Vec<u8>> {
    let texts = [
        "Id,Target\na,0 25\nb,\n\"c, d\",16\n",
        "\u{feff}ID,Label\r\na,0|16\r\nb,18\r\n\r\nc,17\r\n",
        "Id;Target\na;0 25\n",
        "Id\tTarget\na\t0\n",
        "Id,Target\ra,0\rb,1",
        ",Id,Target,more\n0,a,0,\"x\"\"y\n\"\n",
    ];
    let mut files: Vec<Vec<u8>> = texts.map(|text| text.as_bytes().to_vec()).to_vec();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    files.push(wide("\u{feff}Id\tTarget\r\na\t0 1\r\n"));
    files
}

/// Lists of files' names.
pub(crate) fn names() -> Vec<Vec<u8>> {
    let lists = [
        "a_red.png\na_green.png\na_blue.png\na_yellow.png",
        "set/b-Green.TIF\nset/b-green (1).tif\nset/b_GREEN.tiff\n../b_green.png",
        "1_blue_red_green.jpg\nfield.ome.tif\nb.jpeg\n.hidden_red.png\n_red.png\nred.png",
        "r02c03f05p01\nPlate_B02_T0001F005L01\na--U02--V01--X01--Y00\nPlate-P5-B02_s3_w1.tif.gz\n24_H11_5_red.png",
        "zelle_größe 2_red.png\nzelle_große 10_red.png\n\u{202e}gnp.der_a\nc:\\d\\e_red.png",
    ];
    lists.map(|list| list.as_bytes().to_vec()).to_vec()
}

/// Indices of three fields, with pictures and without.
pub(crate) fn indices() -> Vec<Vec<u8>> {
    let about = |side: u32| About {
        name: "three".to_owned(),
        licence: "CC0-1.0".to_owned(),
        attribution: vec!["Nobody".to_owned()],
        model: "a model".to_owned(),
        weights_sha256: "01".to_owned(),
        labels: vec!["left".to_owned(), "right".to_owned()],
        side,
        columns: side / 24,
    };
    let entry = |at: u16| {
        let entry = Entry {
            id: format!("field {at}"),
            labels: vec![at % 2],
        };
        (entry, vec![f32::from(at), 0.5, f32::from(at % 2), 2.0])
    };
    [0, 48]
        .into_iter()
        .filter_map(|side| {
            let index = Index::new(about(side), (0..3).map(entry).collect(), 2).ok()?;
            let (description, vectors) = index.write().ok()?;
            Some([description.as_bytes(), b"\n", &vectors].concat())
        })
        .collect()
}

/// A head of two classes.
pub(crate) fn heads() -> Vec<Vec<u8>> {
    let classes = ["left", "right"].map(str::to_owned);
    let vectors = [[1.0, 0.0], [0.0, 1.0]];
    let examples = [0, 1].map(|class| Example {
        features: &vectors[class],
        class,
    });
    let taught = Head::learn(&classes, &examples);
    let text = taught.and_then(|taught| taught.head.write());
    text.into_iter().map(String::into_bytes).collect()
}

/// Splits, as the program, people and spreadsheets write them.
pub(crate) fn splits() -> Vec<Vec<u8>> {
    let texts = [
        "Id,Part,Group,Source,Seed,Duplicates\na,train,a,set SHA-256 0123,5,near\nb,test,b,set SHA-256 0123,5,near\n",
        "\u{feff}Part;Id\r\nfold-1;a\r\nfold-0;\"b; c\"\r\n",
        "Id\tPart\na\tvalidation\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// What sets say of their licences.
pub(crate) fn credits() -> Vec<Vec<u8>> {
    let texts = [
        "# The people.\nattribution = \"Fields by A. Nobody\"\nlicence = \"CC-BY-4.0\"\n",
        "licence = '''\nCC0-1.0'''",
        "[a.b]\nc = [[1, {d = 1979-05-27}], \"\\u202e\"]\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Orders of channels, compositions and labels, a line each.
pub(crate) fn choices() -> Vec<Vec<u8>> {
    let texts = [
        "auto\nblue,red,-,green\n-,-,yellow\nred,red",
        "rgb\nrgby\ngray-green\ndimmed\ngreen-boost",
        "0 25\n1|2;3,4\n27\n28\n-1",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Masks of four by three pixels: one cell with a nucleus, and none.
pub(crate) fn masks() -> Vec<Vec<u8>> {
    let sides = [4, 0, 3, 0];
    let cell = [3, 0, 2, 2, 2, 3, 5, 0];
    let none = [12, 0];
    [&cell[..], &none]
        .map(|runs| [&sides[..], runs].concat())
        .to_vec()
}
