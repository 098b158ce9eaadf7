//! The parts of an archive that are in memory.

use std::cell::{Cell, RefCell};
use std::io;
use std::ops::Range;

use rawzip::ReaderAt;

/// The number of bytes that are loaded at once, where fewer are asked for.
const LOADED_AT_ONCE: u64 = 1 << 16;

/// Parts of a file. Reading a part that is missing fails, and notes its range.
pub(super) struct Loaded {
    length: u64,
    parts: RefCell<Vec<(u64, Vec<u8>)>>,
    missing: Cell<Option<Range<u64>>>,
}

impl Loaded {
    /// A file of so many bytes, of which no part is loaded.
    pub(super) fn of(length: u64) -> Self {
        Self {
            length,
            parts: RefCell::default(),
            missing: Cell::default(),
        }
    }

    /// Adds the bytes that start here.
    pub(super) fn add(&self, start: u64, bytes: Vec<u8>) {
        self.parts.borrow_mut().push((start, bytes));
    }

    /// Forgets all bytes.
    pub(super) fn clear(&self) {
        self.parts.borrow_mut().clear();
    }

    /// The range that a reader lacked since this was last asked.
    pub(super) fn missing(&self) -> Option<Range<u64>> {
        self.missing.take()
    }

    /// The last bytes of the file.
    pub(super) fn tail(&self) -> Range<u64> {
        self.length.saturating_sub(LOADED_AT_ONCE)..self.length
    }
}

impl ReaderAt for Loaded {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        for (start, bytes) in self.parts.borrow().iter() {
            let rest = offset
                .checked_sub(*start)
                .and_then(|skipped| bytes.get(usize::try_from(skipped).ok()?..));
            if let Some(rest @ [_, ..]) = rest {
                let count = rest.len().min(buffer.len());
                buffer[..count].copy_from_slice(&rest[..count]);
                return Ok(count);
            }
        }
        let wanted = LOADED_AT_ONCE.max(buffer.len() as u64);
        let end = offset.saturating_add(wanted).min(self.length);
        self.missing.set(Some(offset..end));
        Err(io::ErrorKind::WouldBlock.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_and_then_read() {
        let loaded = Loaded::of(200_000);
        let mut buffer = [0; 4];
        assert!(loaded.read_at(&mut buffer, 150_000).is_err());
        assert_eq!(loaded.missing(), Some(150_000..200_000));
        assert_eq!(loaded.missing(), None);
        loaded.add(150_000, vec![7; 50_000]);
        assert_eq!(loaded.read_at(&mut buffer, 199_998).ok(), Some(2));
        assert_eq!(buffer, [7, 7, 0, 0]);
        assert_eq!(loaded.read_at(&mut buffer, 200_000).ok(), Some(0));
    }
}
