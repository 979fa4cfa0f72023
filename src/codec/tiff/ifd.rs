//! Reads image file directories (IFDs), and checks one before the tiff crate reads it:
//! it allocates what a tag claims, and its memory limit cannot be set until then.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use ::tiff::tags::Tag;

use crate::error::Result;

use super::{INK_SET, Limits, XMP, errors, patched::Patch};

/// The tags of which all values are read.
const READ_TAGS: [Tag; 28] = [
    Tag::ImageWidth,
    Tag::ImageLength,
    Tag::BitsPerSample,
    Tag::Compression,
    Tag::PhotometricInterpretation,
    Tag::StripOffsets,
    Tag::Orientation,
    Tag::SamplesPerPixel,
    Tag::RowsPerStrip,
    Tag::StripByteCounts,
    Tag::PlanarConfiguration,
    Tag::Predictor,
    Tag::TileWidth,
    Tag::TileLength,
    Tag::TileOffsets,
    Tag::TileByteCounts,
    Tag::ColorMap,
    Tag::SubIfd,
    INK_SET,
    Tag::ExtraSamples,
    Tag::SampleFormat,
    Tag::JPEGTables,
    Tag::ChromaSubsampling,
    Tag::IccProfile,
    XMP,
    Tag::XResolution,
    Tag::YResolution,
    Tag::ResolutionUnit,
];

/// The bytes that the tiff crate allocates for a value of any type while reading it.
const DECODE_BYTES: u64 = 32;

/// The bytes kept of a value, by the tiff crate and here.
const KEPT_BYTES: u64 = 16;

/// Checks that the values of tags in the directory at offset `start` are no larger than the
/// file, which has `length` bytes, and that all of them fit the memory limit; returns the bytes
/// that may be kept of them. Other errors in the directory are left to the tiff crate.
pub(super) fn check(
    input: &mut (impl Read + Seek),
    numbers: NumberFormat,
    start: u64,
    length: u64,
    limits: &Limits,
) -> Result<usize> {
    let reading = |error: std::io::Error| errors::read_error("tiff", &error);
    let sizes = match sizes(input, numbers, start) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Vec::new(),
        sizes => sizes.map_err(reading)?,
    };
    let (mut taken, mut kept) = (0_u64, 0_u64);
    for (count, bytes) in sizes {
        if count.saturating_mul(bytes) > length {
            return Err(errors::truncated("tiff"));
        }
        taken = taken.saturating_add(count.saturating_mul(DECODE_BYTES + KEPT_BYTES));
        if taken > limits.max_memory {
            return Err(errors::over_memory("tiff", limits.max_memory));
        }
        // Offsets and lengths of strips or tiles are kept here; byte values are metadata.
        kept += if bytes > 1 { count * KEPT_BYTES } else { 0 };
    }
    Ok(usize::try_from(kept).unwrap_or(usize::MAX))
}

/// For each tag that is read, the number of values and the bytes of each.
fn sizes(
    input: &mut (impl Read + Seek),
    numbers: NumberFormat,
    start: u64,
) -> IoResult<Vec<(u64, u64)>> {
    let mut sizes = Vec::new();
    numbers.directory(input, start, u64::MAX, |entry| {
        if READ_TAGS.contains(&Tag::from_u16_exhaustive(entry.tag)) {
            sizes.push((entry.count, entry.bytes));
        }
    })?;
    Ok(sizes)
}

/// The maximum number of entries in a directory. Classic TIFF counts them in 16 bits;
/// a BigTIFF that claims more in each of many directories would take forever to read.
pub(in crate::codec) const MAX_ENTRIES: u64 = u16::MAX as u64;

/// The width and byte order of the numbers in a file.
#[derive(Clone, Copy)]
pub(in crate::codec) struct NumberFormat {
    big_endian: bool,
    /// Whether it is a BigTIFF.
    is_big_tiff: bool,
}

/// A directory entry.
#[derive(Clone, Copy)]
pub(in crate::codec) struct Entry {
    /// Its file offset.
    pub(super) at: u64,
    pub(in crate::codec) tag: u16,
    /// The type of the values.
    pub(super) kind: u16,
    pub(in crate::codec) count: u64,
    /// The bytes of each value.
    pub(in crate::codec) bytes: u64,
    /// The value, if it is a single number.
    pub(in crate::codec) value: u64,
    /// The file offset of the values: inside the entry if they fit, else elsewhere.
    pub(in crate::codec) offset: u64,
}

impl Entry {
    /// The bytes of all values.
    pub(super) const fn size(&self) -> u64 {
        self.count.saturating_mul(self.bytes)
    }
}

impl NumberFormat {
    /// Reads the file header; returns the layout and the offset of the first directory.
    pub(in crate::codec) fn of(input: &mut (impl Read + Seek)) -> IoResult<Option<(Self, u64)>> {
        let start: [u8; 4] = bytes(input)?;
        let mut numbers = Self {
            big_endian: start.starts_with(b"MM"),
            is_big_tiff: false,
        };
        Ok(match numbers.number(&start[2..]) {
            42 => Some((numbers, numbers.number(&bytes::<4>(input)?))),
            43 => {
                numbers.is_big_tiff = true;
                Some((numbers, numbers.number(&bytes::<12>(input)?[4..])))
            }
            _ => None,
        })
    }

    /// The patch that makes the directory at offset `start` the first.
    pub(super) fn first_directory(self, start: u64) -> Patch {
        let (at, width) = if self.is_big_tiff { (8, 8) } else { (4, 4) };
        Patch {
            at,
            bytes: self.encode(start, width),
        }
    }

    /// The patch that makes the directory at offset `start` the last.
    pub(super) fn last_directory(
        self,
        input: &mut (impl Read + Seek),
        start: u64,
    ) -> IoResult<Patch> {
        input.seek(SeekFrom::Start(start))?;
        let (entries, head, entry, width) = match self.is_big_tiff {
            false => (self.number(&bytes::<2>(input)?), 2, 12, 4),
            true => (self.number(&bytes::<8>(input)?), 8, 20, 8),
        };
        let at = start.saturating_add(head);
        Ok(Patch {
            at: at.saturating_add(entries.saturating_mul(entry)),
            bytes: self.encode(0, width),
        })
    }

    /// The patch that replaces the values of an entry by a single number of 32 bits.
    pub(super) fn replace(self, entry: &Entry, value: u32) -> Patch {
        const LONG: u64 = 4;
        let width = if self.is_big_tiff { 8 } else { 4 };
        let mut bytes = self.encode(LONG, 2);
        bytes.extend(self.encode(1, width));
        bytes.extend(self.encode(value.into(), 4));
        Patch {
            at: entry.at + 2,
            bytes,
        }
    }

    /// The `width` lowest bytes of a number.
    fn encode(self, number: u64, width: usize) -> Vec<u8> {
        let mut bytes = number.to_le_bytes()[..width].to_vec();
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// Whether it is a BigTIFF, whose offsets take 8 bytes.
    pub(in crate::codec) const fn is_big_tiff(self) -> bool {
        self.is_big_tiff
    }

    /// Whether numbers begin with their highest byte.
    pub(super) const fn is_big_endian(self) -> bool {
        self.big_endian
    }

    /// Encodes a number into all of `bytes`.
    pub(in crate::codec) fn put(self, bytes: &mut [u8], number: u64) {
        let little = number.to_le_bytes();
        let put = |(byte, value): (&mut u8, u8)| *byte = value;
        match self.big_endian {
            false => bytes.iter_mut().zip(little).for_each(put),
            true => bytes.iter_mut().rev().zip(little).for_each(put),
        }
    }

    /// Decodes a number from all of `bytes`.
    pub(in crate::codec) fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.big_endian {
            true => bytes.iter().fold(0, join),
            false => bytes.iter().rev().fold(0, join),
        }
    }

    /// Reads a count or a file offset: 4 bytes, or 8 in a BigTIFF.
    fn word(self, input: &mut impl Read) -> IoResult<u64> {
        Ok(match self.is_big_tiff {
            false => self.number(&bytes::<4>(input)?),
            true => self.number(&bytes::<8>(input)?),
        })
    }

    /// Calls `each` for every entry of the directory at offset `start`; returns the
    /// offset of the next directory, 0 if there is none. A directory with more than
    /// `max_entries` entries counts as damaged.
    pub(in crate::codec) fn directory(
        self,
        input: &mut (impl Read + Seek),
        start: u64,
        max_entries: u64,
        mut each: impl FnMut(Entry),
    ) -> IoResult<u64> {
        if start == 0 {
            return Ok(0);
        }
        input.seek(SeekFrom::Start(start))?;
        let entries = match self.is_big_tiff {
            false => self.number(&bytes::<2>(input)?),
            true => self.number(&bytes::<8>(input)?),
        };
        if entries > max_entries {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let width: usize = if self.is_big_tiff { 8 } else { 4 };
        // Tag, type, count and value.
        let head = 4 + width as u64;
        let mut offset = start + if self.is_big_tiff { 8 } else { 2 } + head;
        // A false entry count ends at the end of the file.
        for _ in 0..entries {
            let tag = self.number(&bytes::<2>(input)?) as u16;
            let kind = self.number(&bytes::<2>(input)?) as u16;
            let size = match kind {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                _ => 8,
            };
            let count = self.word(input)?;
            // The value itself, or where it is.
            let mut value = [0; 8];
            input.read_exact(&mut value[..width])?;
            each(Entry {
                at: offset - head,
                tag,
                kind,
                count,
                bytes: size,
                value: self.number(&value[..width.min(size as usize)]),
                offset: match count.saturating_mul(size) > width as u64 {
                    true => self.number(&value[..width]),
                    false => offset,
                },
            });
            offset = offset.saturating_add(head + width as u64);
        }
        self.word(input)
    }

    /// Reads all values of a numeric entry.
    pub(super) fn values(
        self,
        input: &mut (impl Read + Seek),
        entry: &Entry,
    ) -> IoResult<Vec<u64>> {
        input.seek(SeekFrom::Start(entry.offset))?;
        let mut all = Vec::new();
        let len = entry.size();
        input.take(len).read_to_end(&mut all)?;
        if all.len() as u64 != len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let values = all.chunks_exact(entry.bytes as usize);
        Ok(values.map(|value| self.number(value)).collect())
    }
}

/// Some entries of a directory.
pub(super) struct Directory {
    pub(super) numbers: NumberFormat,
    entries: BTreeMap<u16, Entry>,
}

impl Directory {
    /// Reads the entries of these tags in the directory at offset `start`. Of a tag that stands
    /// there twice the last entry counts, as in the tiff crate.
    pub(super) fn read(
        input: &mut (impl Read + Seek),
        numbers: NumberFormat,
        start: u64,
        tags: &[Tag],
    ) -> IoResult<Self> {
        let mut entries = BTreeMap::new();
        numbers.directory(input, start, MAX_ENTRIES, |entry| {
            if tags.contains(&Tag::from_u16_exhaustive(entry.tag)) {
                entries.insert(entry.tag, entry);
            }
        })?;
        Ok(Self { numbers, entries })
    }

    pub(super) fn entry(&self, tag: Tag) -> Option<Entry> {
        self.entries.get(&tag.to_u16()).copied()
    }

    /// The values of a tag; none if it is absent.
    pub(super) fn list(&self, input: &mut (impl Read + Seek), tag: Tag) -> IoResult<Vec<u64>> {
        match self.entry(tag) {
            Some(entry) => self.numbers.values(input, &entry),
            None => Ok(Vec::new()),
        }
    }

    /// The values of a tag as bytes, if they are no more than `limit`.
    pub(super) fn bytes(
        &self,
        input: &mut (impl Read + Seek),
        tag: Tag,
        limit: usize,
    ) -> IoResult<Option<Vec<u8>>> {
        let entry = self.entry(tag);
        let Some(entry) = entry.filter(|entry| entry.size() <= limit as u64) else {
            return Ok(None);
        };
        input.seek(SeekFrom::Start(entry.offset))?;
        let mut bytes = Vec::new();
        input.take(entry.size()).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 == entry.size()).then_some(bytes))
    }

    /// The first value of a tag.
    pub(super) fn first(&self, input: &mut (impl Read + Seek), tag: Tag) -> IoResult<Option<u64>> {
        match self.entry(tag) {
            Some(entry) if entry.count > 0 => {
                let values = self.numbers.values(input, &Entry { count: 1, ..entry })?;
                Ok(values.first().copied())
            }
            _ => Ok(None),
        }
    }
}

fn bytes<const N: usize>(input: &mut impl Read) -> IoResult<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
