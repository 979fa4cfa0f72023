//! LZW tiles that extend beyond the image.
//!
//! The tiff crate (0.11) decodes such a tile row by row, and its LZW decoder loses
//! its position in the padding at the end of a row: valid files seem to be truncated
//! (its issue 395). Here a tile's LZW codes are decoded at once, and the crate
//! receives the tile as an uncompressed image of its own, so that it still handles
//! predictors, byte order and extra samples.

use std::io::{Cursor, Read, Seek, SeekFrom};

use ::tiff::{
    decoder::{ChunkType, Decoder, Limits as TiffLimits},
    tags::{ByteOrder, Tag},
};
use weezl::{BitOrder, decode::Decoder as Lzw};

use super::{
    error::{chunk_error, decode_error},
    errors,
    tags::{unsigned, unsigned_list},
};
use crate::{
    codec::input::InputReader,
    error::Result,
    image::{no_memory, zeroed_vec},
};

/// The tags that describe samples, copied from the image to the tile, and their defaults.
const SAMPLES: [(Tag, u64); 5] = [
    (Tag::BitsPerSample, 1),
    (Tag::SamplesPerPixel, 1),
    (Tag::PhotometricInterpretation, 1),
    (Tag::Predictor, 1),
    (Tag::SampleFormat, 1),
];

/// The LZW tiles of an image that needs this workaround.
pub(super) struct LzwTiles {
    /// The offset and length of each tile.
    places: Vec<[u64; 2]>,
    order: ByteOrder,
    /// The size of a tile in pixels; its rows are clamped to those of the image.
    height: usize,
    width: usize,
    /// The bytes of a stored tile row.
    stored_row: usize,
    /// The directory fields that describe the samples.
    samples: Vec<(Tag, u64)>,
}

impl LzwTiles {
    /// `None` if the image has no LZW tiles, or no tile extends beyond its columns.
    pub(super) fn of(decoder: &mut Decoder<impl Read + Seek>) -> Result<Option<Self>> {
        let (width, height) = decoder.chunk_dimensions();
        let (columns, rows) = decoder.dimensions().map_err(decode_error)?;
        let is_cut = !columns.is_multiple_of(width);
        if decoder.get_chunk_type() != ChunkType::Tile
            || !is_cut
            || unsigned(decoder, Tag::Compression)? != Some(5)
        {
            return Ok(None);
        }
        let offsets = unsigned_list(decoder, Tag::TileOffsets)?;
        let lengths = unsigned_list(decoder, Tag::TileByteCounts)?;
        let mut samples = Vec::new();
        for (tag, default) in SAMPLES {
            // All samples are alike.
            let value = unsigned_list(decoder, tag)?.first().copied();
            samples.push((tag, value.unwrap_or(default)));
        }
        let [(_, bits), (_, count), ..] = &mut samples[..] else {
            return Ok(None);
        };
        if unsigned(decoder, Tag::PlanarConfiguration)? == Some(2) {
            *count = 1;
        }
        let bits = *bits * *count;
        Ok(Some(Self {
            places: (offsets.into_iter().zip(lengths))
                .map(|(at, len)| [at, len])
                .collect(),
            order: decoder.byte_order(),
            height: rows.min(height) as usize,
            width: width as usize,
            stored_row: (u64::from(width) * bits).div_ceil(8) as usize,
            samples,
        }))
    }

    /// The bytes of memory to read a tile: compressed, decoded, and as samples.
    pub(super) fn memory(&self) -> usize {
        let longest = self.places.iter().map(|[_, len]| *len).max();
        let tile = self.stored_row.saturating_mul(self.height);
        (tile.saturating_mul(2)).saturating_add(longest.unwrap_or(0) as usize)
    }

    /// Reads `rows` rows of a tile into `out`, whose rows have `row_bytes` bytes, at most
    /// those of the tile. Decoding may take `memory_limit` bytes of memory.
    pub(super) fn read(
        &self,
        input: &mut (impl Read + Seek),
        tile: usize,
        rows: usize,
        out: &mut [u8],
        row_bytes: usize,
        memory_limit: usize,
    ) -> Result<()> {
        let Some(&[at, len]) = self.places.get(tile) else {
            return Err(errors::damaged("tiff", "a tile is missing"));
        };
        if len > memory_limit as u64 {
            return Err(errors::over_memory("tiff", memory_limit as u64));
        }
        let mut stored = Vec::new();
        (input.seek(SeekFrom::Start(at)))
            .and_then(|_| input.take(len).read_to_end(&mut stored))
            .map_err(|error| errors::read_error("tiff", &error))?;
        let mut file = self.head(rows);
        let (head, len) = (file.len(), rows * self.stored_row);
        (file.try_reserve_exact(len)).map_err(|_| no_memory::<u8>(len))?;
        file.resize(head + len, 0);
        unpack(&stored, &mut file[head..])?;
        drop(stored);
        let mut limits = TiffLimits::unlimited();
        limits.decoding_buffer_size = memory_limit;
        limits.intermediate_buffer_size = memory_limit;
        let input: InputReader<'_> = Box::new(Cursor::new(file));
        let mut decoder = Decoder::new(input)
            .map_err(decode_error)?
            .with_limits(limits);
        let layout = decoder.image_buffer_layout().map_err(decode_error)?;
        let mut samples = zeroed_vec(layout.len)?;
        decoder
            .read_chunk_bytes(0, &mut samples)
            .map_err(|error| chunk_error(error, memory_limit))?;
        let lines = samples.chunks_exact(layout.len / rows);
        for (out, line) in out.chunks_exact_mut(row_bytes).zip(lines) {
            out.copy_from_slice(&line[..row_bytes]);
        }
        Ok(())
    }

    /// The headers of a TIFF file with one strip of `rows` rows.
    fn head(&self, rows: usize) -> Vec<u8> {
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        let bytes = (rows * self.stored_row) as u64;
        let mut fields: Vec<(Tag, u16, u64)> = vec![
            (Tag::ImageWidth, LONG, self.width as u64),
            (Tag::ImageLength, LONG, rows as u64),
            (Tag::Compression, SHORT, 1),
            (Tag::StripOffsets, LONG, 0),
            (Tag::RowsPerStrip, LONG, rows as u64),
            (Tag::StripByteCounts, LONG, bytes),
        ];
        let samples = self.samples.iter();
        fields.extend(samples.map(|(tag, value)| (*tag, SHORT, *value)));
        fields.sort_unstable_by_key(|(tag, ..)| tag.to_u16());
        // The header and the directory.
        let start = 8 + 2 + 12 * fields.len() + 4;
        let is_big = self.order == ByteOrder::BigEndian;
        let short = |value: u16| match is_big {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let long = |value: u32| match is_big {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let mark = if is_big { b"MM" } else { b"II" };
        let mut file = [&mark[..], &short(42), &long(8), &short(fields.len() as u16)].concat();
        for (tag, kind, value) in fields {
            let value = match tag {
                Tag::StripOffsets => start as u64,
                _ => value,
            };
            file.extend([short(tag.to_u16()), short(kind)].concat());
            file.extend(long(1));
            match kind {
                SHORT => file.extend([short(value as u16), [0; 2]].concat()),
                _ => file.extend(long(value as u32)),
            }
        }
        file.extend([0; 4]);
        file
    }
}

/// Decodes LZW codes until `out` is full.
fn unpack(mut codes: &[u8], mut out: &mut [u8]) -> Result<()> {
    let mut lzw = Lzw::with_tiff_size_switch(BitOrder::Msb, 8);
    while !out.is_empty() {
        let result = lzw.decode_bytes(codes, out);
        codes = &codes[result.consumed_in..];
        out = &mut out[result.consumed_out..];
        if let Err(error) = result.status {
            return Err(errors::damaged("tiff", error));
        }
        if result.consumed_in == 0 && result.consumed_out == 0 {
            return Err(errors::truncated("tiff"));
        }
    }
    Ok(())
}
