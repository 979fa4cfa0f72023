//! Decodes strips or tiles, together called chunks, and delivers them as rows.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::{
    decoder::{ChunkType, Decoder},
    tags::{ByteOrder, Tag},
};

use crate::{
    codec::{
        input::InputReader,
        rows::{Header, Source, Trailer, swap_bytes},
    },
    error::Result,
    image::{Depth, SampleSliceMut, zeroed_vec},
};

use super::{
    Metadata,
    error::{chunk_error, decode_error},
    errors,
    lzw_tiles::LzwTiles,
};

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1, 2 or 4 bits; rows are padded to whole bytes.
    Bits(u8),
    /// As in memory.
    Samples(Depth),
}

impl Kind {
    /// The sample type that they are converted to.
    pub(super) const fn depth(self) -> Depth {
        match self {
            Self::Bits(_) => Depth::U8,
            Self::Samples(depth) => depth,
        }
    }

    pub(super) const fn bits(self) -> usize {
        match self {
            Self::Bits(bits) => bits as usize,
            Self::Samples(depth) => 8 * depth.bytes(),
        }
    }

    /// Whether stored samples need no conversion.
    const fn needs_no_conversion(self) -> bool {
        matches!(self, Self::Samples(_))
    }

    /// Converts stored rows of `row_bytes` bytes each to samples.
    pub(super) fn convert(self, stored: &[u8], row_bytes: usize, out: SampleSliceMut<'_>) {
        let out = out.into_bytes();
        match self {
            Self::Bits(bits) => {
                let rows = stored.len() / row_bytes;
                let row_len = out.len() / rows;
                let lines = out.chunks_exact_mut(row_len);
                for (line, packed) in lines.zip(stored.chunks_exact(row_bytes)) {
                    unpack(line, packed, bits);
                }
            }
            Self::Samples(_) => out.copy_from_slice(stored),
        }
    }
}

/// Unpacks samples of 1, 2 or 4 bits and scales them to 0..=255: with 2 bits, 1
/// becomes 85.
fn unpack(line: &mut [u8], packed: &[u8], bits: u8) {
    let each = usize::from(8 / bits);
    let max_value = (1_u8 << bits) - 1;
    for (samples, byte) in line.chunks_mut(each).zip(packed) {
        for (place, sample) in samples.iter_mut().enumerate() {
            let shift = 8 - bits * (place as u8 + 1);
            *sample = (byte >> shift & max_value) * (255 / max_value);
        }
    }
}

/// The approximate bytes of uncompressed strips that are read at a time.
const PLAIN_READ_BYTES: usize = 1 << 18;

/// Decodes strips, or rows of tiles, as rows are requested.
pub(super) struct ChunkSource<'a> {
    decoder: Decoder<InputReader<'a>>,
    kind: Kind,
    rows: usize,
    row_len: usize,
    /// The bytes of a stored row of the image.
    row_bytes: usize,
    /// The bytes of a row of a chunk; the last chunk of a row may have fewer.
    chunk_row_bytes: usize,
    /// The number of chunks side by side, and the rows of each.
    chunks_across: usize,
    chunk_rows: usize,
    next: usize,
    /// The stored rows of the chunk row `loaded`, or some rows of an uncompressed strip.
    stored: Vec<u8>,
    loaded: Option<usize>,
    /// The offsets of uncompressed strips, of which any row can be read directly.
    plain: Option<Vec<u64>>,
    chunk_buffer: Vec<u8>,
    /// Set for LZW tiles of which the last in a row extends beyond the image.
    lzw: Option<LzwTiles>,
    metadata: Metadata,
    /// The bytes of memory that decoding a chunk may take.
    memory_limit: usize,
    /// The bytes kept of the directory.
    directory_bytes: usize,
}

impl<'a> ChunkSource<'a> {
    pub(super) fn new(
        decoder: Decoder<InputReader<'a>>,
        kind: Kind,
        header: &Header,
        memory_limit: usize,
        directory_bytes: usize,
    ) -> Result<Self> {
        let spec = header.spec;
        let (chunk_columns, chunk_rows) = decoder.chunk_dimensions();
        let (chunk_columns, chunk_rows) = (chunk_columns as usize, chunk_rows as usize);
        let chunks_across = match decoder.get_chunk_type() {
            ChunkType::Strip => 1,
            ChunkType::Tile => spec.columns.div_ceil(chunk_columns),
        };
        let bytes = |columns: usize| (columns * spec.channels * kind.bits()).div_ceil(8);
        let mut source = Self {
            kind,
            rows: spec.rows,
            row_len: spec.row_len(),
            row_bytes: bytes(spec.columns),
            chunk_row_bytes: bytes(chunk_columns.min(spec.columns)),
            chunks_across,
            chunk_rows,
            next: 0,
            stored: Vec::new(),
            plain: None,
            loaded: None,
            chunk_buffer: Vec::new(),
            lzw: None,
            metadata: header.metadata.clone(),
            memory_limit,
            directory_bytes,
            decoder,
        };
        source.plain = source.plain_strips(spec.channels)?;
        source.lzw = LzwTiles::of(&mut source.decoder, [spec.rows, spec.columns])?;
        Ok(source)
    }

    /// The offsets of the strips, if they are uncompressed and need at most a byte
    /// swap. Many programs write an image as one such strip.
    fn plain_strips(&mut self, channels: usize) -> Result<Option<Vec<u64>>> {
        let decoder = &mut self.decoder;
        let mut tag = |tag, default| -> Result<u64> {
            let value = decoder.find_tag_unsigned(tag).map_err(decode_error)?;
            Ok(value.unwrap_or(default))
        };
        let plain = tag(Tag::Compression, 1)? == 1
            && tag(Tag::Predictor, 1)? == 1
            && tag(Tag::PhotometricInterpretation, 0)? != 0
            && tag(Tag::SamplesPerPixel, 1)? == channels as u64
            && !matches!(self.kind, Kind::Bits(_))
            && decoder.get_chunk_type() == ChunkType::Strip;
        if !plain {
            return Ok(None);
        }
        let mut numbers = |tag| -> Result<Vec<u64>> {
            let numbers = decoder.find_tag_unsigned_vec(tag).map_err(decode_error)?;
            Ok(numbers.unwrap_or_default())
        };
        let (offsets, lengths) = (numbers(Tag::StripOffsets)?, numbers(Tag::StripByteCounts)?);
        let strips = self.rows.div_ceil(self.chunk_rows);
        let wanted = |strip: usize| {
            let rows = self.chunk_rows.min(self.rows - strip * self.chunk_rows);
            (rows * self.row_bytes) as u64
        };
        let whole = offsets.len() >= strips
            && lengths.len() >= strips
            && (0..strips).all(|strip| lengths[strip] == wanted(strip));
        Ok(whole.then_some(offsets))
    }

    /// Reads `count` rows from row `first` of the strip at byte offset `start`.
    fn read_plain(&mut self, start: u64, first: usize, count: usize) -> Result<()> {
        self.reserve(count * self.row_bytes)?;
        let stored = &mut self.stored[..count * self.row_bytes];
        let input = self.decoder.inner();
        input
            .seek(SeekFrom::Start(
                start.saturating_add((first * self.row_bytes) as u64),
            ))
            .and_then(|_| input.read_exact(stored))
            .map_err(|error| errors::read_error("tiff", &error))?;
        let big = self.decoder.byte_order() == ByteOrder::BigEndian;
        if big != cfg!(target_endian = "big") {
            swap_bytes(stored, self.kind.bits() / 8);
        }
        Ok(())
    }

    /// The number of rows of uncompressed strips that are read at a time.
    fn plain_batch_rows(&self) -> usize {
        (PLAIN_READ_BYTES / self.row_bytes).clamp(1, self.rows)
    }

    fn reserve(&mut self, bytes: usize) -> Result<()> {
        if self.stored.len() < bytes {
            self.stored = zeroed_vec(bytes)?;
        }
        Ok(())
    }

    /// Decodes the row of chunks `chunk_row`, which has `rows` rows of pixels.
    fn load(&mut self, chunk_row: usize, rows: usize) -> Result<()> {
        if self.loaded == Some(chunk_row) {
            return Ok(());
        }
        self.loaded = None;
        self.reserve(rows * self.row_bytes)?;
        for column in 0..self.chunks_across {
            let start = column * self.chunk_row_bytes;
            let bytes = self.chunk_row_bytes.min(self.row_bytes - start);
            let index = chunk_row * self.chunks_across + column;
            let is_alone = self.chunks_across == 1;
            if !is_alone && self.chunk_buffer.len() < bytes * rows {
                self.chunk_buffer = zeroed_vec(bytes * rows)?;
            }
            let part = match is_alone {
                true => &mut self.stored[..bytes * rows],
                false => &mut self.chunk_buffer[..bytes * rows],
            };
            match &self.lzw {
                Some(tiles) if column + 1 == self.chunks_across => {
                    tiles.read(
                        self.decoder.inner(),
                        index,
                        rows,
                        part,
                        bytes,
                        self.memory_limit,
                    )?;
                }
                _ => self
                    .decoder
                    .read_chunk_bytes(index as u32, part)
                    .map_err(|error| chunk_error(error, self.memory_limit))?,
            }
            if !is_alone {
                let lines = self.stored.chunks_exact_mut(self.row_bytes);
                for (line, part) in lines.zip(self.chunk_buffer.chunks_exact(bytes)) {
                    line[start..start + bytes].copy_from_slice(part);
                }
            }
        }
        self.loaded = Some(chunk_row);
        Ok(())
    }
}

impl Source for ChunkSource<'_> {
    fn fill(&mut self, mut out: SampleSliceMut<'_>) -> Result<()> {
        let rows = out.len() / self.row_len;
        let mut done = 0;
        while done < rows {
            let chunk_row = self.next / self.chunk_rows;
            let first = chunk_row * self.chunk_rows;
            let chunk_rows = self.chunk_rows.min(self.rows - first);
            let mut count = (rows - done).min(first + chunk_rows - self.next);
            if self.plain.is_some() {
                count = count.min(self.plain_batch_rows());
            }
            let range = (done * self.row_len, (done + count) * self.row_len);
            let out = out.reborrow().range(range.0, range.1);
            let mut from = self.next - first;
            done += count;
            self.next += count;
            if let Some(start) = self.plain.as_ref().map(|starts| starts[chunk_row]) {
                self.read_plain(start, from, count)?;
                from = 0;
            } else if self.kind.needs_no_conversion()
                && self.chunks_across == 1
                && count == chunk_rows
                && self.lzw.is_none()
            {
                // Decode a whole strip directly into the output.
                self.decoder
                    .read_chunk_bytes(chunk_row as u32, out.into_bytes())
                    .map_err(|error| chunk_error(error, self.memory_limit))?;
                continue;
            } else {
                self.load(chunk_row, chunk_rows)?;
            }
            let stored = &self.stored[from * self.row_bytes..(from + count) * self.row_bytes];
            self.kind.convert(stored, self.row_bytes, out);
        }
        Ok(())
    }

    /// A chunk row, one decoded chunk, and the decoder's buffers; for uncompressed
    /// strips, the rows that are read at a time.
    fn memory(&self) -> usize {
        let rows = match self.plain {
            Some(_) => self.plain_batch_rows() * self.row_bytes,
            None => {
                let chunk_rows = self.chunk_rows.min(self.rows);
                chunk_rows.saturating_mul(self.row_bytes + 2 * self.chunk_row_bytes)
            }
        };
        let tiles = self.lzw.as_ref().map_or(0, LzwTiles::memory);
        rows.saturating_add(self.directory_bytes)
            .saturating_add(tiles)
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(Trailer {
            warnings: Vec::new(),
            metadata: self.metadata,
        })
    }
}
