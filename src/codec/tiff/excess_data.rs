//! Finds data in strips and tiles beyond the rows of the image.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::{
    decoder::{ChunkType, Decoder},
    tags::Tag,
};

use crate::error::Result;

use super::{
    IgnoredContent,
    error::decode_error,
    errors,
    stream_length::StreamLength,
    tags::{unsigned, unsigned_list},
};

/// The strips or tiles of an image, and the expected size of their data.
pub(super) struct ExcessData {
    compression: u64,
    kind: ChunkType,
    /// The offset and length of each strip or tile.
    parts: Vec<[u64; 2]>,
    /// The uncompressed bytes of a row of a strip or tile, and its rows.
    row_bytes: u64,
    rows: u64,
    /// The uncompressed bytes of the whole image.
    picture: u64,
}

impl ExcessData {
    /// For an image whose samples have this many bits.
    pub(super) fn new(decoder: &mut Decoder<impl Read + Seek>, bits: u8) -> Result<Self> {
        let kind = decoder.get_chunk_type();
        let (columns, rows) = decoder.dimensions().map_err(decode_error)?;
        let (width, height) = decoder.chunk_dimensions();
        let samples = unsigned(decoder, Tag::SamplesPerPixel)?.unwrap_or(1);
        let planar = unsigned(decoder, Tag::PlanarConfiguration)? == Some(2);
        let row_bytes = |columns: u32, samples: u64| {
            (u64::from(columns) * samples * u64::from(bits)).div_ceil(8)
        };
        // With planar configuration 2 each channel has its own strips or tiles.
        let (samples, planes) = if planar { (1, samples) } else { (samples, 1) };
        let mut list = |tag| unsigned_list(decoder, tag);
        let [offsets, lengths] = match kind {
            ChunkType::Strip => [list(Tag::StripOffsets)?, list(Tag::StripByteCounts)?],
            ChunkType::Tile => [list(Tag::TileOffsets)?, list(Tag::TileByteCounts)?],
        };
        let parts = offsets.into_iter().zip(lengths).map(|(at, len)| [at, len]);
        Ok(Self {
            compression: unsigned(decoder, Tag::Compression)?.unwrap_or(1),
            kind,
            parts: parts.collect(),
            row_bytes: row_bytes(width, samples),
            rows: match kind {
                ChunkType::Strip => height.min(rows).into(),
                ChunkType::Tile => height.into(),
            },
            picture: u64::from(rows) * row_bytes(columns, samples) * planes,
        })
    }

    /// The excess data of uncompressed strips, if they may be more than padding.
    pub(super) fn plain(&self) -> Option<IgnoredContent> {
        if self.compression != 1 || self.kind != ChunkType::Strip {
            return None;
        }
        let lengths = self.parts.iter().map(|[_, len]| *len);
        let excess = lengths
            .fold(0, u64::saturating_add)
            .saturating_sub(self.picture);
        (excess > self.picture / 2).then_some(IgnoredContent::DataBetween(excess))
    }

    /// The excess data of compressed strips or tiles, found by decoding them: samples
    /// beyond the last row, and data after the compressed stream. The input has
    /// `length` bytes.
    pub(super) fn compressed(
        mut self,
        input: &mut (impl Read + Seek),
        length: u64,
    ) -> Result<Option<IgnoredContent>> {
        // Encoders may pad by less than a row.
        let max_bytes =
            (self.row_bytes.saturating_mul(self.rows)).saturating_add(self.row_bytes - 1);
        // Identical strips or tiles, such as blank ones, may share their data.
        self.parts.sort_unstable();
        self.parts.dedup();
        let lengths = self.parts.iter().map(|[_, len]| *len);
        if lengths.fold(0, u64::saturating_add) > length {
            return Ok(Some(IgnoredContent::TruncatedDirectory));
        }
        for [at, len] in self.parts {
            let mut stream = match self.compression {
                5 => StreamLength::tiff_lzw(max_bytes),
                // Deflate has two numbers: Adobe's and the older one.
                8 | 32946 => StreamLength::deflate(max_bytes),
                32773 => StreamLength::pack_bits(max_bytes),
                _ => return Ok(None),
            };
            (input.seek(SeekFrom::Start(at)))
                .and_then(|_| stream.feed_from(input.take(len)))
                .map_err(|error| errors::read_error("tiff", &error))?;
            if let Some(found) = stream.ignored() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
