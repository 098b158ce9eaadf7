//! Files of a few kilobytes that unpack to hundreds of megabytes, one for each codec: each is refused, or read without its rest.

use std::io::Write;

use cytolens_cells::CellsManifest;
use cytolens_core::{Channel, ChannelOrder};
use cytolens_field::{Source, decode_field};
use cytolens_package::{Manifest, Weights};
use cytolens_similar::{Head, Index};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::seeds::{self, Page};

/// What a bomb unpacks to, in bytes: more than any image within the limits.
const UNPACKED: usize = 300 << 20;

/// Zeros, deflated: a thousandth of [`UNPACKED`].
fn deflated() -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..UNPACKED / zeros.len() {
        packer.write_all(&zeros).expect("packed");
    }
    packer.finish().expect("packed")
}

/// Zeros in ZSTD (RFC 8878, 3.1.1): blocks of 128 KB, four bytes each.
fn zstd() -> Vec<u8> {
    const BLOCK: usize = 1 << 17;
    const REPEATED: u32 = 1;
    // No size of the content, no checksum, a window of one block.
    let mut file = vec![0x28, 0xB5, 0x2F, 0xFD, 0, 7 << 3];
    let count = UNPACKED / BLOCK;
    for block in 0..count {
        let is_last = u32::from(block + 1 == count);
        let header = (BLOCK as u32) << 3 | REPEATED << 1 | is_last;
        file.extend(&header.to_le_bytes()[..3]);
        file.push(0);
    }
    file
}

/// Reads a file as a channel's and as a field's. Says what is refused; a field that is read is no larger than its seed.
fn read(bytes: &[u8]) -> Vec<String> {
    let read = |channel| {
        let source = Source {
            name: "bomb",
            channel,
            bytes,
        };
        match decode_field("bomb", &[source], &ChannelOrder::default()) {
            Ok(field) => {
                assert_eq!((field.width(), field.height()), (16, 16));
                String::new()
            }
            Err(error) => error.to_string(),
        }
    };
    vec![read(Some(Channel::Green)), read(None)]
}

/// A chunk of PNG.
fn chunk(kind: &[u8], bytes: &[u8]) -> Vec<u8> {
    let body = [kind, bytes].concat();
    let length = (bytes.len() as u32).to_be_bytes();
    [&length[..], &body, &seeds::crc(&body).to_be_bytes()].concat()
}

/// The seed's PNG with these chunks after its header, and its samples in place of `samples`.
fn png(chunks: &[u8], samples: Option<&[u8]>) -> Vec<u8> {
    const HEADER: usize = 8 + 25;
    let whole = &seeds::images()[0];
    assert!(whole.starts_with(b"\x89PNG"));
    let (header, rest) = whole.split_at(HEADER);
    let rest = match samples {
        Some(samples) => [chunk(b"IDAT", samples), chunk(b"IEND", b"")].concat(),
        None => rest.to_vec(),
    };
    [header, chunks, &rest].concat()
}

#[test]
fn png_of_more_samples_than_its_size() {
    // The rest is never asked for; a decoder that minds it may refuse.
    for reason in read(&png(b"", Some(&deflated()))) {
        assert!(!reason.contains("panic"), "{reason}");
    }
}

#[test]
fn png_whose_texts_and_profile_unpack_without_end() {
    let text = chunk(b"zTXt", &[b"x\0\0", &deflated()[..]].concat());
    let profile = chunk(b"iCCP", &[b"x\0\0", &deflated()[..]].concat());
    let international = chunk(b"iTXt", &[b"x\0\x01\0\0\0", &deflated()[..]].concat());
    for chunks in [text, profile, international] {
        let [channel, _] = &read(&png(&chunks, None))[..] else {
            unreachable!("two readings");
        };
        // What is written beside the samples is passed over.
        assert_eq!(channel, "");
    }
}

#[test]
fn tiff_strips_that_unpack_to_more_than_their_rows() {
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
        .encode(&vec![0; UNPACKED])
        .expect("packed");
    let pack_bits = [0x81, 0].repeat(UNPACKED / 128 / 8);
    for (compression, bytes) in [
        (8, deflated()),
        (5, lzw),
        (0x8005, pack_bits),
        (50_000, zstd()),
    ] {
        let page = Page {
            packed: Some((compression, bytes)),
            ..Page::default()
        };
        let [channel, _] = &read(&seeds::written(&[page]))[..] else {
            unreachable!("two readings");
        };
        assert!(!channel.contains("panic"), "{compression}: {channel}");
    }
}

#[test]
fn gzip_around_an_image_that_unpacks_without_end() {
    let mut file = seeds::images()[0].clone();
    file.resize(UNPACKED, 0);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&file).expect("packed");
    for reason in read(&packer.finish().expect("packed")) {
        assert!(reason.contains("decompression bomb"), "{reason}");
    }
}

#[test]
fn xml_that_grows_by_its_entities_or_nests_without_end() {
    let mut entities = "<!ENTITY a0 \"aaaaaaaaaa\">".to_owned();
    for level in 1..30 {
        let before = format!("&a{};", level - 1).repeat(10);
        entities += &format!("<!ENTITY a{level} \"{before}\">");
    }
    let laughs = format!("<!DOCTYPE OME [{entities}]><OME><Image Name=\"&a29;\"/></OME>");
    let nested = "<OME>".repeat(200_000);
    let wide = format!("<OME>{}</OME>", "<Image/>".repeat(200_000));
    for text in [laughs, nested, wide] {
        let reasons = read(&seeds::described(text.as_bytes()));
        assert!(reasons[1].contains("OME-XML"), "{reasons:?}");
    }
}

#[test]
fn pages_without_end_of_the_same_samples() {
    let pages = vec![Page::default(); 500];
    assert!(read(&seeds::written(&pages))[1].contains("more than 64 pages"));
}

#[test]
fn json_that_nests_without_end() {
    let [manifest, ..] = &seeds::manifests()[..] else {
        unreachable!("a seed");
    };
    let manifest = String::from_utf8(manifest.clone()).expect("text");
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
        let changed = manifest.replace("\"drawn\"", &deep);
        let error = Manifest::read(&changed).expect_err("a refusal");
        assert!(error.to_string().contains("recursion"), "{error}");
        let [cells, ..] = &seeds::cells_manifests()[..] else {
            unreachable!("a seed");
        };
        let cells = String::from_utf8_lossy(cells).replace("\"drawn\"", &deep);
        let error = CellsManifest::read(&cells).expect_err("a refusal");
        assert!(error.to_string().contains("recursion"), "{error}");
        assert!(Index::read(&format!("{{\"format\":1,\"about\":{deep}}}"), &[]).is_err());
        let head = format!("{{\"format\":1,\"kind\":\"cytolens-head\",\"classes\":{deep}}}");
        assert!(Head::read(&head).is_err());
    }
}

#[test]
fn weights_that_claim_more_than_the_file_has() {
    let claims = |header: &str| {
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes()].concat()
    };
    for bytes in [
        u64::MAX.to_le_bytes().to_vec(),
        (1_u64 << 40).to_le_bytes().to_vec(),
        claims(r#"{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}"#),
        claims(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#),
        claims(&"[".repeat(1_000_000)),
    ] {
        assert!(Weights::read(&bytes).is_err(), "{}", bytes.len());
    }
}
