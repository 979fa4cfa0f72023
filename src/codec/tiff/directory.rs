//! The directories, looked at before the tiff crate reads the first: it takes
//! memory on the word of a tag, with a limit of its own that cannot be set
//! before.

use std::io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

use ::tiff::tags::Tag;

use crate::error::Result;

use super::{Limits, XMP, message};

/// The tags whose values are read, all that they have.
const READ: [Tag; 26] = [
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

/// What the tiff crate takes for a value, of whatever type, while it reads it.
const VALUE: u64 = 32;

/// What is kept of it, here and there.
const KEPT: u64 = 16;

/// Checks that the values of tags lie within the `length` of the file, and that
/// all of them fit into memory; gives the bytes that may be kept of them. The
/// input is left at its beginning. What else is wrong with the directory is left
/// to be found by the tiff crate.
pub(super) fn check(input: &mut (impl Read + Seek), length: u64, limits: &Limits) -> Result<usize> {
    let reading = |error: std::io::Error| message::reading("tiff", &error);
    let sizes = match sizes(input) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Vec::new(),
        sizes => sizes.map_err(reading)?,
    };
    input.rewind().map_err(reading)?;
    let (mut taken, mut kept) = (0_u64, 0_u64);
    for (count, bytes) in sizes {
        if count.saturating_mul(bytes) > length {
            return Err(message::truncated("tiff"));
        }
        taken = taken.saturating_add(count.saturating_mul(VALUE + KEPT));
        if taken > limits.max_memory {
            return Err(message::over_memory("tiff", limits.max_memory));
        }
        // Where parts begin and how long they are; bytes are metadata.
        kept += if bytes > 1 { count * KEPT } else { 0 };
    }
    Ok(usize::try_from(kept).unwrap_or(usize::MAX))
}

/// What the tiff crate would pass over in the first directory, if anything: bits in
/// the other order, which give other samples, and volumes, of which it gives a plane.
/// The input is left at its beginning.
pub(super) fn passed_over(input: &mut (impl Read + Seek)) -> IoResult<Option<String>> {
    const FILL_ORDER: u16 = 266;
    const DEPTH: u16 = 32997;
    let mut found = None;
    let mut look = || -> IoResult<()> {
        let Some((layout, first)) = Layout::of(input)? else {
            return Ok(());
        };
        layout.directory(input, first, MOST_ENTRIES, |entry| {
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

/// How many values the tags have that are read, and the bytes of each.
fn sizes(input: &mut (impl Read + Seek)) -> IoResult<Vec<(u64, u64)>> {
    let mut sizes = Vec::new();
    let Some((layout, first)) = Layout::of(input)? else {
        return Ok(sizes);
    };
    layout.directory(input, first, u64::MAX, |entry| {
        if READ.contains(&Tag::from_u16_exhaustive(entry.tag)) {
            sizes.push((entry.count, entry.bytes));
        }
    })?;
    Ok(sizes)
}

/// What a directory has of entries, as TIFF counts them in 16 bits: a file that
/// claims more in each of many would be read for ever.
pub(super) const MOST_ENTRIES: u64 = u16::MAX as u64;

/// The widths and the order of the numbers in a file.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    big_endian: bool,
    /// Whether it is a BigTIFF.
    wide: bool,
}

/// What a directory says of a tag.
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) count: u64,
    /// The bytes of each value.
    pub(super) bytes: u64,
    /// The value, if there is one and it is a number.
    pub(super) value: u64,
    /// Where the values are, in the directory or elsewhere.
    pub(super) place: u64,
}

impl Entry {
    /// The bytes of all values.
    pub(super) const fn size(&self) -> u64 {
        self.count.saturating_mul(self.bytes)
    }
}

impl Layout {
    /// That of the file at whose beginning `input` is, and where its first
    /// directory begins.
    pub(super) fn of(input: &mut (impl Read + Seek)) -> IoResult<Option<(Self, u64)>> {
        let start: [u8; 4] = bytes(input)?;
        let mut layout = Self {
            big_endian: start.starts_with(b"MM"),
            wide: false,
        };
        Ok(match layout.number(&start[2..]) {
            42 => Some((layout, layout.number(&bytes::<4>(input)?))),
            43 => {
                layout.wide = true;
                Some((layout, layout.number(&bytes::<12>(input)?[4..])))
            }
            _ => None,
        })
    }

    /// A number of so many bytes.
    fn number(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.big_endian {
            true => bytes.iter().fold(0, join),
            false => bytes.iter().rev().fold(0, join),
        }
    }

    /// A count, or a place in the file.
    fn word(self, input: &mut impl Read) -> IoResult<u64> {
        Ok(match self.wide {
            false => self.number(&bytes::<4>(input)?),
            true => self.number(&bytes::<8>(input)?),
        })
    }

    /// Shows the entries of the directory that begins at byte `start`, and says
    /// where the next one does: 0 if there is none. One with more than `most`
    /// entries is taken for damaged.
    pub(super) fn directory(
        self,
        input: &mut (impl Read + Seek),
        start: u64,
        most: u64,
        mut each: impl FnMut(Entry),
    ) -> IoResult<u64> {
        if start == 0 {
            return Ok(0);
        }
        input.seek(SeekFrom::Start(start))?;
        let entries = match self.wide {
            false => self.number(&bytes::<2>(input)?),
            true => self.number(&bytes::<8>(input)?),
        };
        if entries > most {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let width: usize = if self.wide { 8 } else { 4 };
        // Tag, type, count and value.
        let head = 4 + width as u64;
        let mut place = start + if self.wide { 8 } else { 2 } + head;
        // A directory without an end is met by the end of the file.
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
                place: match count.saturating_mul(size) > width as u64 {
                    true => self.number(&value[..width]),
                    false => place,
                },
            });
            place = place.saturating_add(head + width as u64);
        }
        self.word(input)
    }

    /// The values of an entry, which are numbers.
    pub(super) fn values(
        self,
        input: &mut (impl Read + Seek),
        entry: &Entry,
    ) -> IoResult<Vec<u64>> {
        input.seek(SeekFrom::Start(entry.place))?;
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
