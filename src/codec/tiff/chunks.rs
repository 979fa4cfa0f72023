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
    image::{SampleSliceMut, zeroed_vec},
};

use super::{
    Metadata,
    color::Converter,
    error::{chunk_error, decode_error},
    errors,
    jpeg_parts::JpegParts,
    layout::Layout,
    lzw_tiles::LzwTiles,
    tags::unsigned_list,
};

/// The approximate bytes of uncompressed strips that are read at a time.
const PLAIN_READ_BYTES: usize = 1 << 18;

/// Decodes strips, or rows of tiles, as rows are requested.
pub(super) struct ChunkSource<'a> {
    decoder: Decoder<InputReader<'a>>,
    converter: Converter,
    rows: usize,
    columns: usize,
    row_len: usize,
    /// The planes that are stored one after the other.
    planes: usize,
    /// The bytes of a stored row of a plane, and those of its samples if they have whole bytes.
    row_bytes: usize,
    sample_bytes: Option<usize>,
    /// The bytes of a row of a chunk; the last chunk of a row may have fewer.
    chunk_row_bytes: usize,
    /// The number of chunks side by side, and the rows of each.
    chunks_across: usize,
    chunk_rows: usize,
    is_tiled: bool,
    next: usize,
    /// For each plane, the stored rows of the chunk row `loaded`, or some rows of an uncompressed
    /// strip.
    stored: Vec<u8>,
    loaded: Option<usize>,
    /// The offsets of uncompressed strips, of which any row can be read directly.
    plain: Option<Vec<u64>>,
    chunk_buffer: Vec<u8>,
    /// Set for LZW tiles of which the last in a row extends beyond the image.
    lzw: Option<LzwTiles>,
    jpeg: Option<JpegParts>,
    metadata: Metadata,
    /// The bytes of memory that decoding a chunk may take.
    memory_limit: usize,
    /// The bytes kept of the directory.
    directory_bytes: usize,
}

impl<'a> ChunkSource<'a> {
    pub(super) fn new(
        decoder: Decoder<InputReader<'a>>,
        layout: Layout,
        jpeg: Option<JpegParts>,
        header: &Header,
        memory_limit: usize,
        directory_bytes: usize,
    ) -> Result<Self> {
        let spec = header.spec;
        let (chunk_columns, chunk_rows) = decoder.chunk_dimensions();
        let (stored_columns, chunk_rows) = (chunk_columns as usize, chunk_rows as usize);
        let is_tiled = decoder.get_chunk_type() == ChunkType::Tile;
        let pixel_bits = layout.samples_in_chunk().saturating_mul(layout.bits);
        let bytes = |columns: usize| columns.saturating_mul(pixel_bits).div_ceil(8);
        let row_bytes = bytes(spec.columns);
        // The decoder may have been shown bytes as columns.
        let chunk_row_bytes = match layout.shows_bytes() {
            true => stored_columns,
            false => bytes(stored_columns),
        };
        let mut source = Self {
            rows: spec.rows,
            columns: spec.columns,
            row_len: spec.row_len(),
            planes: layout.planes(),
            row_bytes,
            sample_bytes: (!layout.is_packed()).then_some(layout.bits / 8),
            chunk_row_bytes: chunk_row_bytes.min(row_bytes),
            chunks_across: match is_tiled {
                true => row_bytes.div_ceil(chunk_row_bytes.max(1)),
                false => 1,
            },
            chunk_rows,
            is_tiled,
            next: 0,
            stored: Vec::new(),
            plain: None,
            loaded: None,
            chunk_buffer: Vec::new(),
            lzw: None,
            jpeg,
            metadata: header.metadata.clone(),
            memory_limit,
            directory_bytes,
            decoder,
            converter: Converter::new(
                layout.color,
                [layout.samples, layout.bits],
                layout.is_planar,
                spec.channels,
                spec.depth,
            ),
        };
        source.plain = source.plain_strips()?;
        source.lzw = LzwTiles::of(&mut source.decoder)?;
        Ok(source)
    }

    /// The rows of chunks in a plane.
    const fn chunks_down(&self) -> usize {
        self.rows.div_ceil(self.chunk_rows)
    }

    /// The offsets of the strips, if they are uncompressed and need at most a byte
    /// swap. Many programs write an image as one such strip.
    fn plain_strips(&mut self) -> Result<Option<Vec<u64>>> {
        let decoder = &mut self.decoder;
        let mut tag = |tag| -> Result<u64> {
            let value = decoder.find_tag_unsigned(tag).map_err(decode_error)?;
            Ok(value.unwrap_or(1))
        };
        if self.is_tiled || tag(Tag::Compression)? != 1 || tag(Tag::Predictor)? != 1 {
            return Ok(None);
        }
        let offsets = unsigned_list(decoder, Tag::StripOffsets)?;
        let lengths = unsigned_list(decoder, Tag::StripByteCounts)?;
        let down = self.chunks_down();
        let wanted = |strip: usize| {
            let rows = self
                .chunk_rows
                .min(self.rows - strip % down * self.chunk_rows);
            rows.saturating_mul(self.row_bytes) as u64
        };
        let strips = down.saturating_mul(self.planes);
        let whole = offsets.len() >= strips
            && lengths.len() >= strips
            && (0..strips).all(|strip| lengths[strip] == wanted(strip));
        Ok(whole.then_some(offsets))
    }

    /// Reads `count` rows from row `first` of the strip at byte offset `start`, as the rows of
    /// this plane.
    fn read_plain(&mut self, plane: usize, start: u64, first: usize, count: usize) -> Result<()> {
        let bytes = count * self.row_bytes;
        let stored = &mut self.stored[plane * bytes..][..bytes];
        let input = self.decoder.inner();
        input
            .seek(SeekFrom::Start(
                start.saturating_add((first * self.row_bytes) as u64),
            ))
            .and_then(|_| input.read_exact(stored))
            .map_err(|error| errors::read_error("tiff", &error))?;
        let is_big = self.decoder.byte_order() == ByteOrder::BigEndian;
        if let Some(bytes) = self.sample_bytes
            && is_big != cfg!(target_endian = "big")
        {
            swap_bytes(stored, bytes);
        }
        Ok(())
    }

    /// The number of rows of uncompressed strips that are read at a time.
    fn plain_batch_rows(&self) -> usize {
        let row = self.row_bytes.saturating_mul(self.planes);
        (PLAIN_READ_BYTES / row).clamp(1, self.rows)
    }

    fn reserve(&mut self, rows: usize) -> Result<()> {
        let bytes = rows * self.row_bytes * self.planes;
        if self.stored.len() < bytes {
            self.stored = zeroed_vec(bytes)?;
        }
        Ok(())
    }

    /// Decodes the row of chunks `chunk_row` of all planes, which has `rows` rows of pixels.
    fn load(&mut self, chunk_row: usize, rows: usize) -> Result<()> {
        if self.loaded == Some(chunk_row) {
            return Ok(());
        }
        self.loaded = None;
        self.reserve(rows)?;
        for plane in 0..self.planes {
            let first = (plane * self.chunks_down() + chunk_row) * self.chunks_across;
            for column in 0..self.chunks_across {
                self.load_chunk([plane, column], first + column, rows)?;
            }
        }
        self.loaded = Some(chunk_row);
        Ok(())
    }

    /// Decodes a chunk into its place among the stored rows.
    fn load_chunk(&mut self, [plane, column]: [usize; 2], index: usize, rows: usize) -> Result<()> {
        let start = column * self.chunk_row_bytes;
        let bytes = self.chunk_row_bytes.min(self.row_bytes - start);
        let is_last = column + 1 == self.chunks_across;
        let lzw = self.lzw.as_ref().filter(|_| is_last);
        // In all planes but the first, the crate gives tiles at the lower edge in full height.
        let decoded_rows = match (lzw, &self.jpeg) {
            (None, None) if self.is_tiled && plane > 0 => self.chunk_rows,
            _ => rows,
        };
        let is_direct = self.chunks_across == 1 && decoded_rows == rows;
        if !is_direct && self.chunk_buffer.len() < bytes * decoded_rows {
            self.chunk_buffer = zeroed_vec(bytes * decoded_rows)?;
        }
        let plane = &mut self.stored[plane * rows * self.row_bytes..][..rows * self.row_bytes];
        let part = match is_direct {
            true => &mut *plane,
            false => &mut self.chunk_buffer[..bytes * decoded_rows],
        };
        match (lzw, &self.jpeg) {
            (_, Some(jpeg)) => jpeg.read(self.decoder.inner(), index, rows, part, bytes)?,
            (Some(tiles), _) => tiles.read(
                self.decoder.inner(),
                index,
                rows,
                part,
                bytes,
                self.memory_limit,
            )?,
            _ => self
                .decoder
                .read_chunk_bytes(index as u32, part)
                .map_err(|error| chunk_error(error, self.memory_limit))?,
        }
        if !is_direct {
            let lines = plane.chunks_exact_mut(self.row_bytes);
            for (line, part) in lines.zip(self.chunk_buffer.chunks_exact(bytes)) {
                line[start..start + bytes].copy_from_slice(part);
            }
        }
        Ok(())
    }

    /// Converts stored rows, of which each plane has `held`, from row `first` on.
    fn convert(&mut self, held: usize, first: usize, out: SampleSliceMut<'_>) {
        let line = self.row_len * out.depth().bytes();
        let out = out.into_bytes();
        let (stored, row_bytes) = (&self.stored, self.row_bytes);
        for (row, line) in out.chunks_exact_mut(line).enumerate() {
            let planes = (0..self.planes).map(|plane| {
                let start = (plane * held + first + row) * row_bytes;
                &stored[start..start + row_bytes]
            });
            self.converter.convert(planes, self.columns, line);
        }
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
            let from = self.next - first;
            done += count;
            self.next += count;
            if self.plain.is_some() {
                self.reserve(count)?;
                let down = self.chunks_down();
                for plane in 0..self.planes {
                    let starts = self.plain.as_ref();
                    let start = starts.map_or(0, |starts| starts[plane * down + chunk_row]);
                    self.read_plain(plane, start, from, count)?;
                }
                self.convert(count, 0, out);
            } else if self.converter.is_identity()
                && self.chunks_across == 1
                && count == chunk_rows
                && self.lzw.is_none()
                && self.jpeg.is_none()
            {
                // Decode a whole strip directly into the output.
                self.decoder
                    .read_chunk_bytes(chunk_row as u32, out.into_bytes())
                    .map_err(|error| chunk_error(error, self.memory_limit))?;
            } else {
                self.load(chunk_row, chunk_rows)?;
                self.convert(chunk_rows, from, out);
            }
        }
        Ok(())
    }

    /// A chunk row, one decoded chunk, and the decoder's buffers; for uncompressed
    /// strips, the rows that are read at a time.
    fn memory(&self) -> usize {
        let row = self.row_bytes.saturating_mul(self.planes);
        let rows = match self.plain {
            Some(_) => self.plain_batch_rows().saturating_mul(row),
            None => {
                let chunk_rows = match self.is_tiled && self.planes > 1 {
                    true => self.chunk_rows,
                    false => self.chunk_rows.min(self.rows),
                };
                let chunk = self.chunk_row_bytes.saturating_mul(2);
                chunk_rows.saturating_mul(row.saturating_add(chunk))
            }
        };
        let tiles = self.lzw.as_ref().map_or(0, LzwTiles::memory);
        let jpeg = self.jpeg.as_ref().map_or(0, JpegParts::memory);
        rows.saturating_add(self.directory_bytes)
            .saturating_add(tiles)
            .saturating_add(jpeg)
            .saturating_add(self.converter.memory(self.columns))
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(Trailer {
            warnings: Vec::new(),
            metadata: self.metadata,
        })
    }
}
