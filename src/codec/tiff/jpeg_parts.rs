//! Strips and tiles of JPEG data.
//!
//! The tiff crate's decoder is lenient and fills in missing data, and its colours are not
//! converted: here they are decoded as JPEG files are.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::{
    decoder::{ChunkType, Decoder},
    tags::Tag,
};

use crate::{
    codec::{Limits, jpeg},
    error::Result,
    image::{no_memory, zeroed_vec},
};

use super::{IgnoredContent, error::decode_error, errors, layout::Layout, tags::unsigned_list};

/// The JPEG data of an image.
pub(super) struct JpegParts {
    /// The tables that all of them share, as a JPEG file without a picture.
    tables: Vec<u8>,
    /// The offset and length of each.
    places: Vec<[u64; 2]>,
    /// The rows and columns of each; the last in a row or column may have fewer.
    size: [usize; 2],
    samples: usize,
    is_ycbcr: bool,
}

impl JpegParts {
    /// Finds the parts, and checks that each is complete and of a kind that is supported; also
    /// returns what they hold beside their pictures. The input has `length` bytes.
    pub(super) fn of(
        decoder: &mut Decoder<impl Read + Seek>,
        layout: &Layout,
        length: u64,
        limits: &Limits,
    ) -> Result<(Self, Option<IgnoredContent>)> {
        let (columns, rows) = decoder.chunk_dimensions();
        let rows = match decoder.get_chunk_type() {
            ChunkType::Strip => u64::from(rows).min(layout.rows),
            ChunkType::Tile => rows.into(),
        };
        let tables = decoder.find_tag(Tag::JPEGTables).map_err(decode_error)?;
        let tables = tables.map(|tables| tables.into_u8_vec().map_err(decode_error));
        let mut parts = Self {
            tables: tables.transpose()?.unwrap_or_default(),
            places: Vec::new(),
            size: [rows as usize, columns as usize],
            samples: layout.samples_in_chunk(),
            is_ycbcr: layout.is_ycbcr,
        };
        for tags in [
            [Tag::StripOffsets, Tag::StripByteCounts],
            [Tag::TileOffsets, Tag::TileByteCounts],
        ] {
            let mut numbers = |tag| unsigned_list(decoder, tag);
            let [offsets, lengths] = [numbers(tags[0])?, numbers(tags[1])?];
            let places = offsets.into_iter().zip(lengths);
            parts.places.extend(places.map(|(at, len)| [at, len]));
        }
        let ignored = parts.check(decoder.inner(), length, limits)?;
        Ok((parts, ignored))
    }

    fn check(
        &self,
        input: &mut (impl Read + Seek),
        length: u64,
        limits: &Limits,
    ) -> Result<Option<IgnoredContent>> {
        // Identical chunks may share their data; but many overlapping ranges of the
        // same bytes would take forever to read.
        let mut places = self.places.clone();
        places.sort_unstable();
        places.dedup();
        let mut all = 0_u64;
        for [offset, part] in &places {
            if offset.saturating_add(*part) > length {
                return Err(errors::truncated("tiff"));
            }
            if *part > limits.max_memory {
                return Err(errors::over_memory("tiff", limits.max_memory));
            }
            all = all.saturating_add(*part);
        }
        if all > length {
            return Err(errors::damaged("tiff", "its parts overlap"));
        }
        let mut ignored = None;
        for place in places {
            let bytes = read(input, place)?;
            if let Some(what) = jpeg::unsupported_frame(&bytes) {
                let what_in = format_args!("JPEG data with {what}");
                return Err(errors::unsupported_until("tiff", what_in, what.remedy));
            }
            if !jpeg::is_complete(&bytes) {
                return Err(errors::truncated("tiff"));
            }
            // Subsampled components are YCbCr, whatever the directory says.
            if !self.is_ycbcr && jpeg::is_subsampled(&bytes) {
                return Err(errors::unsupported(
                    "tiff",
                    "YCbCr colour under another name",
                ));
            }
            ignored = ignored.or(jpeg::ignored(&bytes).map(|found| match found {
                IgnoredContent::TrailingData(bytes) => IgnoredContent::DataBetween(bytes),
                found => found,
            }));
        }
        Ok(ignored)
    }

    /// The bytes of memory to decode a part: its bytes three times, its samples, and the
    /// decoder's buffers.
    pub(super) fn memory(&self) -> usize {
        let longest = self.places.iter().map(|[_, len]| *len).max().unwrap_or(0);
        let stored = usize::try_from(longest).unwrap_or(usize::MAX);
        let [rows, columns] = self.size;
        let samples = rows.saturating_mul(columns).saturating_mul(self.samples);
        (stored.saturating_add(self.tables.len()).saturating_mul(4))
            .saturating_add(samples)
            .saturating_add(jpeg::part_buffers(self.size, self.samples))
    }

    /// Decodes `rows` rows of a part into `out`, whose rows have `row_bytes` bytes, at most
    /// those of the part.
    pub(super) fn read(
        &self,
        input: &mut (impl Read + Seek),
        part: usize,
        rows: usize,
        out: &mut [u8],
        row_bytes: usize,
    ) -> Result<()> {
        let Some(place) = self.places.get(part) else {
            return Err(errors::damaged("tiff", "a part is missing"));
        };
        let mut bytes = read(input, *place)?;
        if let Some((tables, _)) = self.tables.split_last_chunk::<2>() {
            // The tables without their end, and the part without its beginning.
            let part = bytes.get(2..).unwrap_or_default();
            let mut joined = Vec::new();
            let len = tables.len() + part.len();
            (joined.try_reserve_exact(len)).map_err(|_| no_memory::<u8>(len))?;
            joined.extend_from_slice(tables);
            joined.extend_from_slice(part);
            bytes = joined;
        }
        let [_, columns] = self.size;
        let shape = jpeg::PartShape {
            least_rows: rows,
            rows: self.size[0],
            columns,
            samples: self.samples,
        };
        let samples = jpeg::decode_part(bytes, &shape, self.is_ycbcr)?;
        let lines = samples.chunks_exact(columns * self.samples);
        for (out, line) in out.chunks_exact_mut(row_bytes).zip(lines) {
            out.copy_from_slice(&line[..row_bytes]);
        }
        Ok(())
    }
}

fn read(input: &mut (impl Read + Seek), [at, len]: [u64; 2]) -> Result<Vec<u8>> {
    let mut bytes = zeroed_vec(usize::try_from(len).unwrap_or(usize::MAX))?;
    input
        .seek(SeekFrom::Start(at))
        .and_then(|_| input.read_exact(&mut bytes))
        .map_err(|error| errors::read_error("tiff", &error))?;
    Ok(bytes)
}
