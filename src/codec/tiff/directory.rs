//! The first directory, looked at before the tiff crate reads it: it takes
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

/// How many values the tags have that are read, and the bytes of each.
fn sizes(input: &mut (impl Read + Seek)) -> IoResult<Vec<(u64, u64)>> {
    let mut sizes = Vec::new();
    let start: [u8; 4] = bytes(input)?;
    let big_endian = start.starts_with(b"MM");
    // A number of so many bytes.
    let number = |bytes: &[u8]| {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match big_endian {
            true => bytes.iter().fold(0, join),
            false => bytes.iter().rev().fold(0, join),
        }
    };
    let (start, entries, wide) = match number(&start[2..]) {
        42 => {
            let start = number(&bytes::<4>(input)?);
            input.seek(SeekFrom::Start(start))?;
            (start, number(&bytes::<2>(input)?), 4)
        }
        43 => {
            let start = number(&bytes::<12>(input)?[4..]);
            input.seek(SeekFrom::Start(start))?;
            (start, number(&bytes::<8>(input)?), 8)
        }
        _ => return Ok(sizes),
    };
    // A directory without an end is met by the end of the file.
    for _ in 0..if start == 0 { 0 } else { entries } {
        let tag = number(&bytes::<2>(input)?) as u16;
        let each = match number(&bytes::<2>(input)?) {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            _ => 8,
        };
        let count = match wide {
            4 => number(&bytes::<4>(input)?),
            _ => number(&bytes::<8>(input)?),
        };
        // The value itself, or where it is.
        match wide {
            4 => bytes::<4>(input).map(drop)?,
            _ => bytes::<8>(input).map(drop)?,
        }
        if READ.contains(&Tag::from_u16_exhaustive(tag)) {
            sizes.push((count, each));
        }
    }
    Ok(sizes)
}

fn bytes<const N: usize>(input: &mut impl Read) -> IoResult<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
