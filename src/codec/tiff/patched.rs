//! A file of which some bytes are replaced while it is read.
//!
//! The tiff crate decodes the first directory of a file, and only the sample layouts that it
//! knows. Replacing some numbers shows it another directory as the first, or a layout that it
//! knows; the samples are then interpreted here.

use std::{
    io::{self, BufRead, Read, Result as IoResult, Seek, SeekFrom},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use crate::codec::input::InputReader;

/// Bytes that replace those of the file.
pub(super) struct Patch {
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

/// Bytes that are read from elsewhere: those of another plane in place of the first one's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    pub(super) start: u64,
    pub(super) end: u64,
    /// How far behind those of the range they lie.
    pub(super) by: u64,
}

/// Where an input is put when its [`Patched`] is dropped: whoever owns that may not return it.
#[derive(Clone, Default)]
pub(super) struct Returned<'a>(Arc<Mutex<Option<InputReader<'a>>>>);

impl<'a> Returned<'a> {
    pub(super) fn take(&self) -> Option<InputReader<'a>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The file with its patches, in order of their offsets; they do not overlap.
pub(super) struct Patched<'a> {
    input: InputReader<'a>,
    patches: Vec<Patch>,
    shift: Option<Shift>,
    position: u64,
    /// Whether the bytes of `position` lie elsewhere than behind those before.
    is_elsewhere: bool,
    returned: Returned<'a>,
}

impl<'a> Patched<'a> {
    /// `input`, which is rewound, with these patches. It is given back to `returned`.
    pub(super) fn new(
        mut input: InputReader<'a>,
        mut patches: Vec<Patch>,
        shift: Option<Shift>,
        returned: Returned<'a>,
    ) -> IoResult<Self> {
        input.rewind()?;
        patches.sort_by_key(|patch| patch.at);
        Ok(Self {
            input,
            patches,
            shift,
            position: 0,
            is_elsewhere: shift.is_some_and(|shift| shift.start == 0),
            returned,
        })
    }

    /// The bytes from `position` on up to where the shifted range begins or ends.
    fn up_to_shift(&self) -> usize {
        let ahead = |at: u64| at.checked_sub(self.position).filter(|bytes| *bytes > 0);
        let bytes = match self.shift {
            Some(shift) => ahead(shift.start).or(ahead(shift.end)),
            None => None,
        };
        usize::try_from(bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX)
    }

    /// Goes to where the bytes of `position` are.
    fn find_position(&mut self) -> IoResult<()> {
        if !mem::take(&mut self.is_elsewhere) {
            return Ok(());
        }
        let by = match self.shift {
            Some(shift) if (shift.start..shift.end).contains(&self.position) => shift.by,
            _ => 0,
        };
        let at = SeekFrom::Start(self.position.saturating_add(by));
        self.input.seek(at).map(drop)
    }

    /// Notes that bytes were read, up to [`up_to_shift`](Self::up_to_shift).
    fn advance(&mut self, count: usize) {
        self.position += count as u64;
        let at_edge = |shift: Shift| [shift.start, shift.end].contains(&self.position);
        self.is_elsewhere |= count > 0 && self.shift.is_some_and(at_edge);
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
        self.find_position()?;
        let len = buffer.len().min(self.up_to_shift());
        let count = self.input.read(&mut buffer[..len])?;
        Self::apply(&self.patches, self.position, &mut buffer[..count]);
        self.advance(count);
        Ok(count)
    }
}

impl BufRead for Patched<'_> {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        self.find_position()?;
        let edge = self.up_to_shift();
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
                let limit = limit.unwrap_or(usize::MAX).min(edge);
                Ok(&bytes[..bytes.len().min(limit)])
            }
        }
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.advance(count);
    }
}

impl Drop for Patched<'_> {
    fn drop(&mut self) {
        let input = mem::replace(&mut self.input, Box::new(io::empty()));
        let returned = self.returned.0.lock();
        *returned.unwrap_or_else(PoisonError::into_inner) = Some(input);
    }
}

impl Seek for Patched<'_> {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.position = match (self.shift, to) {
            (None, to) => self.input.seek(to)?,
            (Some(_), SeekFrom::Start(at)) => at,
            (Some(_), SeekFrom::Current(by)) => {
                (self.position.checked_add_signed(by)).ok_or(io::ErrorKind::InvalidInput)?
            }
            (Some(_), SeekFrom::End(_)) => self.input.seek(to)?,
        };
        self.is_elsewhere = self.shift.is_some();
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn patches_are_read_at_every_offset_in_every_way() {
        let shift = Shift {
            start: 10,
            end: 20,
            by: 17,
        };
        for shift in [None, Some(shift)] {
            read_in_every_way(shift);
        }
    }

    fn read_in_every_way(shift: Option<Shift>) {
        let file: Vec<u8> = (0..40).collect();
        let patches = [
            (3, vec![100, 101]),
            (5, vec![102]),
            (38, vec![103, 104, 105]),
        ];
        let mut wanted = file.clone();
        if shift.is_some() {
            wanted.copy_within(27..37, 10);
        }
        for (at, bytes) in &patches {
            for (at, byte) in (*at..40).zip(bytes) {
                wanted[at] = *byte;
            }
        }
        let patches = patches.map(|(at, bytes)| Patch {
            at: at as u64,
            bytes,
        });
        let (input, returned) = (Box::new(Cursor::new(file)), Returned::default());
        let mut patched = Patched::new(input, patches.into(), shift, returned.clone()).unwrap();
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
        assert!(returned.take().is_none());
        drop(patched);
        assert!(returned.take().is_some());
    }
}
