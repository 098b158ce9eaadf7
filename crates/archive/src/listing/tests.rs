//! Archives as programs write them, and as nobody should.

use std::cell::Cell;

use cytolens_core::MAX_FILE_BYTES;

use super::*;

/// An entry as the tests write it: what headers say is free.
#[derive(Clone)]
struct Written {
    name: &'static str,
    bytes: Vec<u8>,
    method: u16,
    flags: u16,
    inflated: u32,
    /// Set where the directory points to another place than the header's.
    header_at: Option<u32>,
}

fn stored(name: &'static str, bytes: &[u8]) -> Written {
    Written {
        name,
        bytes: bytes.to_vec(),
        method: 0,
        flags: 0,
        inflated: bytes.len() as u32,
        header_at: None,
    }
}

fn deflated(name: &'static str, packed: usize, inflated: u32) -> Written {
    Written {
        method: 8,
        inflated,
        ..stored(name, &vec![0; packed])
    }
}

fn header(entry: &Written) -> Vec<u8> {
    let mut bytes = Vec::new();
    for short in [20, entry.flags, entry.method, 0, 0] {
        bytes.extend(short.to_le_bytes());
    }
    for long in [0, entry.bytes.len() as u32, entry.inflated] {
        bytes.extend(long.to_le_bytes());
    }
    bytes.extend((entry.name.len() as u16).to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// Writes an archive by the format's description (APPNOTE 6.3.10, 4.3).
fn zip(entries: &[Written]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = entry.header_at.unwrap_or(archive.len() as u32);
        archive.extend(b"PK\x03\x04");
        archive.extend(header(entry));
        archive.extend(entry.name.as_bytes());
        archive.extend(&entry.bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(header(entry));
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let start = archive.len() as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        archive.extend((entries.len() as u16).to_le_bytes());
    }
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// The listing, and how many bytes were read for it.
fn listed(archive: &[u8]) -> (Result<Listing, String>, usize) {
    let read = Cell::new(0);
    let fetch = async |range: Range<u64>| {
        let bytes = &archive[range.start as usize..range.end as usize];
        read.set(read.get() + bytes.len());
        Ok(bytes.to_vec())
    };
    let listing = pollster::block_on(list(archive.len() as u64, fetch));
    (listing, read.get())
}

fn reasons(entries: &[Written]) -> Vec<(String, String)> {
    let (listing, _) = listed(&zip(entries));
    listing.expect("the archive is read").refused
}

#[test]
fn entries_are_found_where_they_lie() {
    let archive = zip(&[
        stored("set/a_red.png", b"first"),
        stored("set/", b""),
        stored("__MACOSX/set/._a_red.png", b"x"),
        deflated("set/a_blue.png", 7, 900),
    ]);
    let listing = listed(&archive).0.expect("the archive is read");
    assert_eq!(listing.refused, []);
    let [first, second] = &listing.entries[..] else {
        panic!("two files, not {:?}", listing.entries);
    };
    assert_eq!(first.name, "set/a_red.png");
    assert_eq!(
        &archive[first.bytes.start as usize..first.bytes.end as usize],
        b"first"
    );
    assert_eq!(first.inflated, None);
    assert_eq!(second.inflated, Some(900));
    assert_eq!(second.bytes.end - second.bytes.start, 7);
}

#[test]
fn large_entries_are_not_read() {
    let large = vec![1; 3 << 20];
    let archive = zip(&[
        stored("a.png", &large),
        stored("b.png", &large),
        stored("c.png", &large),
    ]);
    let (listing, read) = listed(&archive);
    assert_eq!(listing.expect("the archive is read").entries.len(), 3);
    assert!(read < 400_000, "{read} bytes were read");
}

#[test]
fn what_is_no_archive_or_cut_is_refused() {
    let whole = zip(&[stored("a.png", &[1; 100_000])]);
    for bytes in [&b""[..], b"no archive at all", &whole[..whole.len() / 2]] {
        assert_eq!(listed(bytes).0, Err(reasons::NO_ARCHIVE.to_owned()));
    }
}

#[test]
fn a_damaged_directory_gives_what_stands_before_the_damage() {
    let mut archive = zip(&[stored("a.png", b"1"), stored("b.png", b"2")]);
    let second = archive
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x01\x02")
        .expect("two records");
    archive[second] = 0;
    let listing = listed(&archive).0.expect("the rest is read");
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(
        listing.refused,
        [(String::new(), reasons::damaged_directory(1))]
    );
}

#[test]
fn a_damaged_header_refuses_its_entry_alone() {
    let mut archive = zip(&[stored("a.png", b"1"), stored("b.png", b"2")]);
    archive[0] = 0;
    let listing = listed(&archive).0.expect("the rest is read");
    assert_eq!(listing.entries.len(), 1);
    let damaged = ("a.png".to_owned(), reasons::ENTRY_DAMAGED.to_owned());
    assert_eq!(listing.refused, [damaged]);
}

#[test]
fn entries_that_cannot_be_read_are_refused() {
    let encrypted = Written {
        flags: 1,
        ..stored("a.png", b"secret")
    };
    let lzma = Written {
        method: 14,
        ..stored("b.png", b"x")
    };
    let nested = stored("more.ZIP", b"PK");
    let refused: Vec<_> = reasons(&[encrypted, lzma, nested, stored("c.png", b"fine")]);
    let texts: Vec<&str> = refused.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(
        texts,
        [
            reasons::ENCRYPTED,
            reasons::OTHER_COMPRESSION,
            reasons::NESTED_ARCHIVE
        ]
    );
}

#[test]
fn bombs_are_refused() {
    let packed = 100_000;
    let bomb = deflated("a.tif", packed, 200 << 20);
    let most = MAX_FILE_BYTES as u32 + 1;
    let large = deflated("b.tif", MAX_FILE_BYTES / 100, most);
    assert_eq!(
        reasons(&[bomb, large, deflated("dark.tif", packed, 60 << 20)]),
        [
            ("a.tif".to_owned(), reasons::bomb(packed as u64, 200 << 20)),
            ("b.tif".to_owned(), reasons::too_large(u64::from(most))),
        ]
    );
}

#[test]
fn overlapping_entries_are_refused() {
    let again = Written {
        header_at: Some(0),
        ..stored("b.png", b"1234")
    };
    let archive = zip(&[stored("a.png", b"1234"), again]);
    assert_eq!(listed(&archive).0, Err(reasons::OVERLAPPING.to_owned()));
}

#[test]
fn too_many_entries_are_refused() {
    let entries = vec![stored("a.png", b""); MAX_ENTRIES + 1];
    assert_eq!(
        listed(&zip(&entries)).0,
        Err(reasons::too_many_entries(MAX_ENTRIES))
    );
}
