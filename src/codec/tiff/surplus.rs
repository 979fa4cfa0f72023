//! What strips and tiles hold beyond the rows of the picture.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::{
    decoder::{ChunkType, Decoder},
    tags::Tag,
};

use crate::error::Result;

use super::{
    Unread,
    error::decoding,
    message,
    packed::Gauge,
    tags::{unsigned, unsigned_list},
};

/// The parts of a picture and what they ought to hold.
pub(super) struct Surplus {
    compression: u64,
    kind: ChunkType,
    /// Where parts lie and how long they are.
    parts: Vec<[u64; 2]>,
    /// The bytes of a row of a part before compression, and the rows of a part.
    row_bytes: u64,
    rows: u64,
    /// The bytes of the whole picture.
    picture: u64,
}

impl Surplus {
    /// Of a picture whose samples have so many bits.
    pub(super) fn new(decoder: &mut Decoder<impl Read + Seek>, bits: u8) -> Result<Self> {
        let kind = decoder.get_chunk_type();
        let (columns, rows) = decoder.dimensions().map_err(decoding)?;
        let (wide, high) = decoder.chunk_dimensions();
        let samples = unsigned(decoder, Tag::SamplesPerPixel)?.unwrap_or(1);
        let planar = unsigned(decoder, Tag::PlanarConfiguration)? == Some(2);
        let row_bytes = |columns: u32, samples: u64| {
            (u64::from(columns) * samples * u64::from(bits)).div_ceil(8)
        };
        // Planes are parts of their own.
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
            row_bytes: row_bytes(wide, samples),
            rows: match kind {
                ChunkType::Strip => high.min(rows).into(),
                ChunkType::Tile => high.into(),
            },
            picture: u64::from(rows) * row_bytes(columns, samples) * planes,
        })
    }

    /// What plain strips have beyond the picture, if that may be more than padding.
    pub(super) fn plain(&self) -> Option<Unread> {
        if self.compression != 1 || self.kind != ChunkType::Strip {
            return None;
        }
        let lengths = self.parts.iter().map(|[_, len]| *len);
        let surplus = lengths
            .fold(0, u64::saturating_add)
            .saturating_sub(self.picture);
        (surplus > self.picture / 2).then_some(Unread::Hole(surplus))
    }

    /// The same of compressed parts, which are decoded for it: samples beyond the
    /// last row, and whatever follows a stream. The input has this `length`.
    pub(super) fn compressed(
        mut self,
        input: &mut (impl Read + Seek),
        length: u64,
    ) -> Result<Option<Unread>> {
        // Less than a row is a rounding of its encoder.
        let most = (self.row_bytes.saturating_mul(self.rows)).saturating_add(self.row_bytes - 1);
        // Blank parts may be stored once for all.
        self.parts.sort_unstable();
        self.parts.dedup();
        let lengths = self.parts.iter().map(|[_, len]| *len);
        if lengths.fold(0, u64::saturating_add) > length {
            return Ok(Some(Unread::Cut));
        }
        for [at, len] in self.parts {
            let mut gauge = match self.compression {
                5 => Gauge::tiff_lzw(most),
                // By its old and its new number.
                8 | 32946 => Gauge::deflate(most),
                32773 => Gauge::pack_bits(most),
                _ => return Ok(None),
            };
            (input.seek(SeekFrom::Start(at)))
                .and_then(|_| gauge.feed_from(input.take(len)))
                .map_err(|error| message::reading("tiff", &error))?;
            if let Some(found) = gauge.unread() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
