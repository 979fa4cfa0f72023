//! Puts the attributes of a header in the order of their names: the exr crate has them in a hash
//! map, whose order differs from run to run.

use std::io::{self, Seek, SeekFrom, Write};

use super::text;

/// Magic number and version.
const START: usize = 8;

/// Collects the header of a file of one part, and writes it sorted.
pub(super) struct SortedHeader<W> {
    out: W,
    /// What was written of the header, until it is complete.
    header: Vec<u8>,
    /// The end of the last complete attribute.
    end: usize,
    is_written: bool,
}

impl<W: Write> SortedHeader<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            out,
            header: Vec::new(),
            end: START,
            is_written: false,
        }
    }

    /// Whether the header is complete: an empty name follows its last attribute.
    fn is_complete(&mut self) -> bool {
        while let Some(bytes) = self.header.get(self.end..).and_then(attribute) {
            self.end += bytes;
        }
        self.header.get(self.end) == Some(&0)
    }

    /// Writes what was collected, sorted as far as it is complete.
    fn write_header(&mut self) -> io::Result<()> {
        self.is_written = true;
        let (attributes, rest) = self.header.split_at(self.end.min(self.header.len()));
        let (start, mut left) = attributes.split_at(START.min(attributes.len()));
        let mut sorted = Vec::new();
        while let Some((one, after)) =
            attribute(left).and_then(|bytes| left.split_at_checked(bytes))
        {
            sorted.push(one);
            left = after;
        }
        sorted.sort_unstable();
        self.out.write_all(start)?;
        for one in sorted {
            self.out.write_all(one)?;
        }
        self.out.write_all(left)?;
        self.out.write_all(rest)?;
        self.header = Vec::new();
        Ok(())
    }
}

/// The bytes of the complete attribute that these begin with: name, type, size and value.
fn attribute(bytes: &[u8]) -> Option<usize> {
    let (name, rest) = text(bytes)?;
    if name.is_empty() {
        return None;
    }
    let (_, rest) = text(rest)?;
    let (size, rest) = rest.split_first_chunk()?;
    let size = usize::try_from(i32::from_le_bytes(*size)).ok()?;
    let value = rest.get(size..)?;
    Some(bytes.len() - value.len())
}

impl<W: Write> Write for SortedHeader<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_written {
            return self.out.write(bytes);
        }
        self.header.extend_from_slice(bytes);
        if self.is_complete() {
            self.write_header()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write + Seek> Seek for SortedHeader<W> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        if !self.is_written {
            if position == SeekFrom::Current(0) {
                return Ok(self.header.len() as u64);
            }
            self.write_header()?;
        }
        self.out.seek(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_sorted_however_they_are_written() {
        let one = |name: &str| [name.as_bytes(), b"\0int\0\x04\0\0\0abcd"].concat();
        let file = |names: &[&str]| {
            let all = Vec::from_iter(names.iter().map(|name| one(name))).concat();
            [&b"12345678"[..], &all, b"\0pixels\0"].concat()
        };
        let (given, sorted) = (file(&["b", "a", "cc", "c"]), file(&["a", "b", "c", "cc"]));
        for size in 1..given.len() {
            let mut out = Vec::new();
            let mut writer = SortedHeader::new(&mut out);
            given
                .chunks(size)
                .for_each(|part| writer.write_all(part).unwrap());
            assert_eq!(out, sorted, "{size}");
        }
    }
}
