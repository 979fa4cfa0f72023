//! A file of which some bytes are replaced while it is read.
//!
//! The tiff crate decodes the first directory of a file, and only the sample layouts that it
//! knows. Replacing some numbers shows it another directory as the first, or a layout that it
//! knows; the samples are then interpreted here.

use std::io::{BufRead, Read, Result as IoResult, Seek, SeekFrom};

use crate::codec::input::InputReader;

/// Bytes that replace those of the file.
pub(super) struct Patch {
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

/// The file with its patches, in order of their offsets; they do not overlap.
pub(super) struct Patched<'a> {
    input: InputReader<'a>,
    patches: Vec<Patch>,
    position: u64,
}

impl<'a> Patched<'a> {
    /// `input`, which is rewound, with these patches.
    pub(super) fn new(mut input: InputReader<'a>, mut patches: Vec<Patch>) -> IoResult<Self> {
        input.rewind()?;
        patches.sort_by_key(|patch| patch.at);
        Ok(Self {
            input,
            patches,
            position: 0,
        })
    }

    /// Replaces bytes that were read from `start` on.
    fn apply(patches: &[Patch], start: u64, bytes: &mut [u8]) {
        let end = start.saturating_add(bytes.len() as u64);
        for patch in patches {
            for (at, byte) in (patch.at..).zip(&patch.bytes) {
                if (start..end).contains(&at) {
                    bytes[(at - start) as usize] = *byte;
                }
            }
        }
    }

    /// The bytes from `position` on up to the next patch; `None` if none follows.
    fn up_to_patch(&self) -> Option<usize> {
        let is_ahead = |patch: &&Patch| patch.at + patch.bytes.len() as u64 > self.position;
        let patch = self.patches.iter().find(is_ahead)?;
        Some(usize::try_from(patch.at.saturating_sub(self.position)).unwrap_or(usize::MAX))
    }
}

impl Read for Patched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let count = self.input.read(buffer)?;
        Self::apply(&self.patches, self.position, &mut buffer[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl BufRead for Patched<'_> {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        match self.up_to_patch() {
            // One byte of a patch at a time: patches are short.
            Some(0) => {
                let (position, patches) = (self.position, &self.patches);
                let is_end = self.input.fill_buf()?.is_empty();
                let byte = patches.iter().find_map(|patch| {
                    let at = usize::try_from(position.checked_sub(patch.at)?).ok()?;
                    patch.bytes.get(at..=at)
                });
                Ok(byte.filter(|_| !is_end).unwrap_or_default())
            }
            limit => {
                let bytes = self.input.fill_buf()?;
                Ok(&bytes[..bytes.len().min(limit.unwrap_or(usize::MAX))])
            }
        }
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.position += count as u64;
    }
}

impl Seek for Patched<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.position = self.input.seek(to)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn patches_are_read_at_every_offset_in_every_way() {
        let file: Vec<u8> = (0..40).collect();
        let patches = [
            (3, vec![100, 101]),
            (5, vec![102]),
            (38, vec![103, 104, 105]),
        ];
        let mut wanted = file.clone();
        for (at, bytes) in &patches {
            for (at, byte) in (*at..40).zip(bytes) {
                wanted[at] = *byte;
            }
        }
        let patches = patches.map(|(at, bytes)| Patch {
            at: at as u64,
            bytes,
        });
        let mut patched = Patched::new(Box::new(Cursor::new(file)), patches.into()).unwrap();
        for start in 0..40 {
            for len in 0..=40 - start {
                patched.seek(SeekFrom::Start(start as u64)).unwrap();
                let mut read = vec![0; len];
                patched.read_exact(&mut read).unwrap();
                assert_eq!(read, wanted[start..start + len], "{start} {len}");
            }
            patched.seek(SeekFrom::Start(start as u64)).unwrap();
            let mut read = Vec::new();
            loop {
                let bytes = patched.fill_buf().unwrap();
                if bytes.is_empty() {
                    break;
                }
                let count = bytes.len().min(3);
                read.extend_from_slice(&bytes[..count]);
                patched.consume(count);
            }
            assert_eq!(read, wanted[start..], "{start}");
        }
    }
}
