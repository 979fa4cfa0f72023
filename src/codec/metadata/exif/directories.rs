//! The directories of EXIF data, read with bounds.

use std::{io::Cursor, ops::Range};

use crate::codec::tiff::{MAX_ENTRIES, NumberFormat};

/// The bytes of an entry.
pub(super) const ENTRY: usize = 12;

/// An entry of a directory.
#[derive(Debug)]
pub(super) struct Field {
    /// Where the entry is.
    pub(super) at: usize,
    pub(super) tag: u16,
    /// The type, 1 to 13; others are unknown, and so is the size of their values.
    pub(super) kind: u16,
    pub(super) count: u64,
    /// The bytes of each value.
    pub(super) width: usize,
    /// The value, if it is a single number.
    pub(super) value: u64,
    /// The bytes of the values that lie in the block.
    pub(super) data: Range<usize>,
}

impl Field {
    /// Whether the values are in the entry itself.
    pub(super) const fn is_inline(&self) -> bool {
        self.data.start == self.at + 8
    }

    /// The bytes of the values, unless they are in the entry.
    pub(super) fn data_elsewhere(&self) -> Range<usize> {
        match self.is_inline() {
            true => 0..0,
            false => self.data.clone(),
        }
    }
}

/// A directory.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) start: usize,
    pub(super) fields: Vec<Field>,
}

impl Directory {
    /// The bytes of the count and the entries.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + 2 + ENTRY * self.fields.len()
    }
}

/// A block of EXIF data, which begins with a TIFF header.
pub(super) struct Block {
    /// The bytes, with 4 zeros after them: some programs omit the offset of the next
    /// directory from the last.
    padded: Vec<u8>,
    pub(super) numbers: NumberFormat,
    /// The offset of the first directory.
    first: u64,
    /// The bytes that entries and lists may still take: more than all means that some
    /// overlap.
    left: usize,
    /// Whether something lies past the end. A longer block would give it a meaning.
    pub(super) dangles: bool,
}

impl Block {
    /// Reads the header. `None` unless it is one of a classic TIFF.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let padded = [bytes, &[0; 4]].concat();
        if !(bytes.starts_with(b"II") || bytes.starts_with(b"MM")) {
            return None;
        }
        let (numbers, first) = NumberFormat::of(&mut Cursor::new(&padded)).ok()??;
        (!numbers.is_big_tiff()).then_some(Self {
            left: padded.len(),
            padded,
            numbers,
            first,
            dangles: false,
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.padded.len() - 4
    }

    /// The first directory and the offset of the next. `None` if it is damaged.
    pub(super) fn first(&mut self) -> Option<(Directory, u64)> {
        self.directory(self.first)
    }

    /// The directory at an offset and the offset of the next. `None` if it is damaged,
    /// or if directories overlap.
    pub(super) fn directory(&mut self, start: u64) -> Option<(Directory, u64)> {
        if start < 8 {
            return None;
        }
        let (numbers, len) = (self.numbers, self.len());
        let mut entries = Vec::new();
        let mut input = Cursor::new(&self.padded);
        let next = numbers.directory(&mut input, start, MAX_ENTRIES, |entry| entries.push(entry));
        let next = next.ok()?;
        let start = usize::try_from(start).ok()?;
        let places = (start + 2..).step_by(ENTRY);
        let mut dangles = false;
        let fields = places.zip(entries).map(|(at, entry)| {
            let kind = numbers.number(&self.padded[at + 2..at + 4]) as u16;
            let width = entry.bytes as usize;
            let size = entry.count.saturating_mul(entry.bytes);
            let data = match size {
                _ if !(1..=13).contains(&kind) => at + 8..at + 8,
                0..=4 => at + 8..at + 8 + size as usize,
                _ => {
                    dangles |= entry.offset.saturating_add(size) > len as u64;
                    let inside = |at: u64| usize::try_from(at).map_or(len, |at| at.min(len));
                    inside(entry.offset)..inside(entry.offset.saturating_add(size))
                }
            };
            Field {
                at,
                tag: entry.tag,
                kind,
                count: entry.count,
                width,
                value: entry.value,
                data,
            }
        });
        let directory = Directory {
            start,
            fields: fields.collect(),
        };
        self.dangles |= dangles;
        self.spend(directory.range().len())?;
        Some((directory, next))
    }

    /// The numbers of an entry, as far as they lie in the block.
    pub(super) fn list(&mut self, field: &Field) -> Option<Vec<u64>> {
        self.spend(field.data_elsewhere().len())?;
        let values = self.padded[field.data.clone()].chunks_exact(field.width);
        Some(values.map(|value| self.numbers.number(value)).collect())
    }

    /// The numbers of all entries with a tag.
    pub(super) fn lists(&mut self, directory: &Directory, tag: u16) -> Option<Vec<u64>> {
        let mut all = Vec::new();
        for field in directory.fields.iter().filter(|field| field.tag == tag) {
            all.extend(self.list(field)?);
        }
        Some(all)
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }
}
