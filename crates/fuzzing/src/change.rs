//! Changes of seeds, as damage and malice make them.

use cytolens_data::random::Stream;

/// The most changes of one seed.
const MOST_CHANGES: usize = 8;

/// The longest part that is doubled, removed or taken from another seed, in bytes.
const LONGEST_PART: usize = 64;

/// Bytes and numbers at which readers go wrong: limits of their types, and lengths that nothing has.
const LIMITS: [&[u8]; 12] = [
    &[0],
    &[0xff],
    &[0x7f],
    &[0x80],
    &[0, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0x80, 0, 0, 0],
    &[0xff; 8],
    b"-1",
    b"99999999999999999999",
    b"\xf0\x9f\xa7\xac",
];

/// One of the seeds after a few changes, drawn from the stream.
pub fn changed(seeds: &[Vec<u8>], stream: &mut Stream) -> Vec<u8> {
    let mut bytes = seeds[stream.below(seeds.len())].clone();
    for _ in 0..=stream.below(MOST_CHANGES) {
        let at = stream.below(bytes.len() + 1);
        let part = at..(at + 1 + stream.below(LONGEST_PART)).min(bytes.len());
        match stream.below(7) {
            0 => bytes.truncate(at),
            1 => {
                bytes.drain(part);
            }
            2 => {
                let doubled = bytes[part].to_vec();
                bytes.splice(at..at, doubled);
            }
            3 => {
                let limit = LIMITS[stream.below(LIMITS.len())];
                let end = (at + limit.len()).min(bytes.len());
                bytes.splice(at..end, limit.iter().copied());
            }
            4 => {
                let other = &seeds[stream.below(seeds.len())];
                let from = stream.below(other.len() + 1);
                let to = (from + 1 + stream.below(LONGEST_PART)).min(other.len());
                bytes.splice(part, other[from..to].iter().copied());
            }
            5 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << stream.below(8);
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = stream.bits() as u8;
                }
            }
        }
    }
    bytes
}
