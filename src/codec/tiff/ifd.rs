//! Checks the image file directories (IFDs) before the tiff crate reads the first:
//! it allocates what a tag claims, and its memory limit cannot be set until then.

use std::io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

use ::tiff::tags::Tag;

use crate::error::Result;

use super::{Limits, XMP, errors};

/// The tags of which all values are read.
const READ_TAGS: [Tag; 26] = [
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
    Tag::SubIfd,
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

/// Checks that the values of tags are no larger than the file, which has `length`
/// bytes, and that all of them fit the memory limit; returns the bytes that may be
/// kept of them. Rewinds the input. Other errors in the directory are left to the
/// tiff crate.
pub(super) fn check(input: &mut (impl Read + Seek), length: u64, limits: &Limits) -> Result<usize> {
    let reading = |error: std::io::Error| errors::read_error("tiff", &error);
    let sizes = match sizes(input) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Vec::new(),
        sizes => sizes.map_err(reading)?,
    };
    input.rewind().map_err(reading)?;
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

/// A feature of the first directory that the tiff crate would silently ignore, if any:
/// reversed bit order, which changes the samples, and volumes, of which it decodes one
/// plane. Rewinds the input.
pub(super) fn unsupported_tag(input: &mut (impl Read + Seek)) -> IoResult<Option<String>> {
    const FILL_ORDER: u16 = 266;
    const DEPTH: u16 = 32997;
    let mut found = None;
    let mut look = || -> IoResult<()> {
        let Some((numbers, first)) = NumberFormat::of(input)? else {
            return Ok(());
        };
        numbers.directory(input, first, MAX_ENTRIES, |entry| {
            match (entry.tag, entry.value) {
                (FILL_ORDER, 2) => {
                    found = Some("the order of bits from the lowest (FillOrder 2)".to_owned());
                }
                (DEPTH, planes @ 2..) => found = Some(format!("a volume of {planes} planes")),
                _ => {}
            }
        })?;
        Ok(())
    };
    match look() {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
        _ => input.rewind()?,
    }
    Ok(found)
}

/// For each tag that is read, the number of values and the bytes of each.
fn sizes(input: &mut (impl Read + Seek)) -> IoResult<Vec<(u64, u64)>> {
    let mut sizes = Vec::new();
    let Some((numbers, first)) = NumberFormat::of(input)? else {
        return Ok(sizes);
    };
    numbers.directory(input, first, u64::MAX, |entry| {
        if READ_TAGS.contains(&Tag::from_u16_exhaustive(entry.tag)) {
            sizes.push((entry.count, entry.bytes));
        }
    })?;
    Ok(sizes)
}

/// The maximum number of entries in a directory. Classic TIFF counts them in 16 bits;
/// a BigTIFF that claims more in each of many directories would take forever to read.
pub(super) const MAX_ENTRIES: u64 = u16::MAX as u64;

/// The width and byte order of the numbers in a file.
#[derive(Clone, Copy)]
pub(super) struct NumberFormat {
    big_endian: bool,
    /// Whether it is a BigTIFF.
    is_big_tiff: bool,
}

/// A directory entry.
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) count: u64,
    /// The bytes of each value.
    pub(super) bytes: u64,
    /// The value, if it is a single number.
    pub(super) value: u64,
    /// The file offset of the values: inside the entry if they fit, else elsewhere.
    pub(super) offset: u64,
}

impl Entry {
    /// The bytes of all values.
    pub(super) const fn size(&self) -> u64 {
        self.count.saturating_mul(self.bytes)
    }
}

impl NumberFormat {
    /// Reads the file header; returns the layout and the offset of the first directory.
    pub(super) fn of(input: &mut (impl Read + Seek)) -> IoResult<Option<(Self, u64)>> {
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

    /// Decodes a number from all of `bytes`.
    fn number(self, bytes: &[u8]) -> u64 {
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
    pub(super) fn directory(
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
            let size = match self.number(&bytes::<2>(input)?) {
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
                tag,
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

fn bytes<const N: usize>(input: &mut impl Read) -> IoResult<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
