//! The parts of a picture, strips or tiles, as rows.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::{
    decoder::{ChunkType, Decoder},
    tags::{ByteOrder, Tag},
};
use half::f16;

use crate::{
    codec::rows::{Header, Source, Trailer, swap_bytes},
    error::Result,
    image::{Depth, SampleSliceMut, zeroed_vec},
    warning::Warning,
};

use super::{
    Metadata,
    error::{decoding, decoding_part},
    message,
    tiles::LzwTiles,
};

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1, 2 or 4 bits; a row ends with its byte.
    Bits(u8),
    U8,
    U16,
    F16,
    F32,
    F64,
}

impl Kind {
    /// What they become.
    pub(super) const fn depth(self) -> Depth {
        match self {
            Self::Bits(_) | Self::U8 => Depth::U8,
            Self::U16 => Depth::U16,
            Self::F16 | Self::F32 | Self::F64 => Depth::F32,
        }
    }

    pub(super) const fn bits(self) -> usize {
        match self {
            Self::Bits(bits) => bits as usize,
            Self::U8 => 8,
            Self::U16 | Self::F16 => 16,
            Self::F32 => 32,
            Self::F64 => 64,
        }
    }

    /// Whether the samples stay as they are stored.
    const fn is_same(self) -> bool {
        matches!(self, Self::U8 | Self::U16 | Self::F32)
    }

    /// Makes samples of stored rows of so many bytes, and says whether all of
    /// them fit.
    pub(super) fn convert(self, stored: &[u8], row_bytes: usize, out: SampleSliceMut<'_>) -> bool {
        let mut exact = true;
        match (self, out) {
            (Self::Bits(bits), SampleSliceMut::U8(out)) => {
                let rows = stored.len() / row_bytes;
                let row_len = out.len() / rows;
                let lines = out.chunks_exact_mut(row_len);
                for (line, packed) in lines.zip(stored.chunks_exact(row_bytes)) {
                    unpack(line, packed, bits);
                }
            }
            (Self::F16, SampleSliceMut::F32(out)) => {
                for (sample, bytes) in out.iter_mut().zip(stored.as_chunks().0) {
                    *sample = f16::from_ne_bytes(*bytes).to_f32();
                }
            }
            (Self::F64, SampleSliceMut::F32(out)) => {
                for (sample, bytes) in out.iter_mut().zip(stored.as_chunks().0) {
                    let value = f64::from_ne_bytes(*bytes);
                    *sample = value as f32;
                    exact &= f64::from(*sample) == value || value.is_nan();
                }
            }
            (_, out) => out.into_bytes().copy_from_slice(stored),
        }
        exact
    }
}

/// Samples of 1, 2 or 4 bits, spread to 0 to 255.
fn unpack(line: &mut [u8], packed: &[u8], bits: u8) {
    let each = usize::from(8 / bits);
    let most = (1_u8 << bits) - 1;
    for (samples, byte) in line.chunks_mut(each).zip(packed) {
        for (place, sample) in samples.iter_mut().enumerate() {
            let shift = 8 - bits * (place as u8 + 1);
            *sample = (byte >> shift & most) * (255 / most);
        }
    }
}

/// What is told after the last row.
pub(super) fn last_warnings(exact: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !exact {
        warnings.push(
            "the tiff file's 64-bit floats were rounded to 32 bits: not all of them fit".into(),
        );
    }
    warnings
}

/// The bytes of plain strips that are read at a time.
const PLAIN: usize = 1 << 18;

/// Decodes strips, or all tiles that lie beside each other, as rows are asked
/// for.
pub(super) struct Parts<R: Read + Seek> {
    decoder: Decoder<R>,
    kind: Kind,
    rows: usize,
    row_len: usize,
    /// Bytes of a stored row.
    row_bytes: usize,
    /// Bytes of a row of a part, but for the last one across.
    part_bytes: usize,
    /// How many parts lie beside each other, and the rows of each.
    across: usize,
    high: usize,
    next: usize,
    /// The rows of the parts `loaded`, or of a band of plain ones.
    stored: Vec<u8>,
    loaded: Option<usize>,
    /// Where strips begin whose samples lie there as they are, so that any row
    /// can be taken from them.
    plain: Option<Vec<u64>>,
    one_part: Vec<u8>,
    /// LZW tiles, the last of which across has columns beyond the picture.
    lzw: Option<LzwTiles>,
    metadata: Metadata,
    exact: bool,
    /// The bytes that decoding a part may take.
    most: usize,
    /// The bytes that are kept of the file.
    kept: usize,
}

impl<R: Read + Seek> Parts<R> {
    pub(super) fn new(
        decoder: Decoder<R>,
        kind: Kind,
        header: &Header,
        most: usize,
        kept: usize,
    ) -> Result<Self> {
        let spec = header.spec;
        let (wide, high) = decoder.chunk_dimensions();
        let (wide, high) = (wide as usize, high as usize);
        let across = match decoder.get_chunk_type() {
            ChunkType::Strip => 1,
            ChunkType::Tile => spec.columns.div_ceil(wide),
        };
        let bytes = |columns: usize| (columns * spec.channels * kind.bits()).div_ceil(8);
        let mut parts = Self {
            kind,
            rows: spec.rows,
            row_len: spec.row_len(),
            row_bytes: bytes(spec.columns),
            part_bytes: bytes(wide.min(spec.columns)),
            across,
            high,
            next: 0,
            stored: Vec::new(),
            plain: None,
            loaded: None,
            one_part: Vec::new(),
            lzw: None,
            metadata: header.metadata.clone(),
            exact: true,
            most,
            kept,
            decoder,
        };
        parts.plain = parts.plain_strips(spec.channels)?;
        parts.lzw = LzwTiles::of(&mut parts.decoder, [spec.rows, spec.columns])?;
        Ok(parts)
    }

    /// Where the strips begin, if they are of bytes that need no decoding but
    /// for their order. Many programs write a picture as one such strip.
    fn plain_strips(&mut self, channels: usize) -> Result<Option<Vec<u64>>> {
        let decoder = &mut self.decoder;
        let mut tag = |tag, default| -> Result<u64> {
            let value = decoder.find_tag_unsigned(tag).map_err(decoding)?;
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
            let numbers = decoder.find_tag_unsigned_vec(tag).map_err(decoding)?;
            Ok(numbers.unwrap_or_default())
        };
        let (offsets, lengths) = (numbers(Tag::StripOffsets)?, numbers(Tag::StripByteCounts)?);
        let strips = self.rows.div_ceil(self.high);
        let wanted = |strip: usize| {
            let rows = self.high.min(self.rows - strip * self.high);
            (rows * self.row_bytes) as u64
        };
        let whole = offsets.len() >= strips
            && lengths.len() >= strips
            && (0..strips).all(|strip| lengths[strip] == wanted(strip));
        Ok(whole.then_some(offsets))
    }

    /// Reads rows of a strip that begins at this byte, from its row `first` on.
    fn read_plain(&mut self, start: u64, first: usize, count: usize) -> Result<()> {
        self.reserve(count * self.row_bytes)?;
        let stored = &mut self.stored[..count * self.row_bytes];
        let input = self.decoder.inner();
        input
            .seek(SeekFrom::Start(
                start.saturating_add((first * self.row_bytes) as u64),
            ))
            .and_then(|_| input.read_exact(stored))
            .map_err(|error| message::reading("tiff", &error))?;
        let big = self.decoder.byte_order() == ByteOrder::BigEndian;
        if big != cfg!(target_endian = "big") {
            swap_bytes(stored, self.kind.bits() / 8);
        }
        Ok(())
    }

    /// The rows of plain strips that are read at a time.
    fn plain_rows(&self) -> usize {
        (PLAIN / self.row_bytes).clamp(1, self.rows)
    }

    fn reserve(&mut self, bytes: usize) -> Result<()> {
        if self.stored.len() < bytes {
            self.stored = zeroed_vec(bytes)?;
        }
        Ok(())
    }

    /// Decodes the parts of a row of parts, of so many rows each.
    fn load(&mut self, parts: usize, rows: usize) -> Result<()> {
        if self.loaded == Some(parts) {
            return Ok(());
        }
        self.loaded = None;
        self.reserve(rows * self.row_bytes)?;
        for across in 0..self.across {
            let start = across * self.part_bytes;
            let bytes = self.part_bytes.min(self.row_bytes - start);
            let index = parts * self.across + across;
            let is_alone = self.across == 1;
            if !is_alone && self.one_part.len() < bytes * rows {
                self.one_part = zeroed_vec(bytes * rows)?;
            }
            let part = match is_alone {
                true => &mut self.stored[..bytes * rows],
                false => &mut self.one_part[..bytes * rows],
            };
            match &self.lzw {
                Some(tiles) if across + 1 == self.across => {
                    tiles.read(self.decoder.inner(), index, rows, part, bytes, self.most)?;
                }
                _ => self
                    .decoder
                    .read_chunk_bytes(index as u32, part)
                    .map_err(|error| decoding_part(error, self.most))?,
            }
            if !is_alone {
                let lines = self.stored.chunks_exact_mut(self.row_bytes);
                for (line, part) in lines.zip(self.one_part.chunks_exact(bytes)) {
                    line[start..start + bytes].copy_from_slice(part);
                }
            }
        }
        self.loaded = Some(parts);
        Ok(())
    }
}

impl<R: Read + Seek + Send> Source for Parts<R> {
    fn fill(&mut self, mut out: SampleSliceMut<'_>) -> Result<()> {
        let rows = out.len() / self.row_len;
        let mut done = 0;
        while done < rows {
            let parts = self.next / self.high;
            let first = parts * self.high;
            let high = self.high.min(self.rows - first);
            let mut count = (rows - done).min(first + high - self.next);
            if self.plain.is_some() {
                count = count.min(self.plain_rows());
            }
            let range = (done * self.row_len, (done + count) * self.row_len);
            let out = out.reborrow().range(range.0, range.1);
            let mut from = self.next - first;
            done += count;
            self.next += count;
            if let Some(start) = self.plain.as_ref().map(|starts| starts[parts]) {
                self.read_plain(start, from, count)?;
                from = 0;
            } else if self.kind.is_same() && self.across == 1 && count == high && self.lzw.is_none()
            {
                // A whole strip needs no copy.
                self.decoder
                    .read_chunk_bytes(parts as u32, out.into_bytes())
                    .map_err(|error| decoding_part(error, self.most))?;
                continue;
            } else {
                self.load(parts, high)?;
            }
            let stored = &self.stored[from * self.row_bytes..(from + count) * self.row_bytes];
            self.exact &= self.kind.convert(stored, self.row_bytes, out);
        }
        Ok(())
    }

    /// A row of parts, one of them as it is decoded, and what that takes, but for
    /// those that are plain, of which any rows are read.
    fn memory(&self) -> usize {
        let rows = match self.plain {
            Some(_) => self.plain_rows() * self.row_bytes,
            None => {
                let high = self.high.min(self.rows);
                high.saturating_mul(self.row_bytes + 2 * self.part_bytes)
            }
        };
        let tiles = self.lzw.as_ref().map_or(0, LzwTiles::memory);
        rows.saturating_add(self.kept).saturating_add(tiles)
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(Trailer {
            warnings: last_warnings(self.exact),
            metadata: self.metadata,
        })
    }
}
