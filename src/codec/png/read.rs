//! Reading.

use std::io::{BufRead, Seek};

use ::png::{
    BitDepth, ColorType, Decoder, DecodingError, Info, Limits as PngLimits, PixelDimensions,
    Reader, Transformations, Unit,
};

use crate::{
    codec::rows::{Source, WholeSource},
    error::{Error, Result},
    image::{Depth, Image, SampleSliceMut},
};

use super::{Density, DensityUnit, Format, Header, Limits, Metadata, RowReader, Trailer, message};

/// Opens a PNG that begins with `start`: palettes become RGB or RGBA, fewer
/// than 8 bits become 8, transparent colours become alpha. An interlaced one is
/// decoded whole.
pub(in crate::codec) fn open<'a>(
    input: impl BufRead + Seek + Send + 'a,
    start: &[u8],
    limits: &Limits,
) -> Result<RowReader<'a>> {
    check_not_empty(start, limits)?;
    let bytes = limits.metadata();
    let failed = |error| decoding(error, limits.max_memory);
    let mut decoder = Decoder::new_with_limits(input, PngLimits { bytes });
    decoder.ignore_checksums(false);
    // Nobody asks for it, and there may be any amount of it.
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(failed)?;
    // At least: whether a palette has alpha is known only further on.
    let least = header.color_type.samples() as u64;
    limits.check(header.height.into(), header.width.into(), least, Depth::U8)?;

    // And a row of at most four channels of 16 bits.
    let bytes = bytes.saturating_add(8 * header.width as usize);
    let bytes = limits.memory().min(bytes);
    decoder.set_limits(PngLimits { bytes });
    let reader = decoder.read_info().map_err(failed)?;
    let info = reader.info();
    check_palette(info)?;
    let (color, bits) = reader.output_color_type();
    let depth = match bits {
        BitDepth::Sixteen => Depth::U16,
        _ => Depth::U8,
    };
    let (rows, columns) = (info.height as usize, info.width as usize);
    let channels = color.samples();
    limits.check(rows as u64, columns as u64, channels as u64, depth)?;
    // The first picture of an animation may claim a size of its own.
    let odd_frame = info
        .frame_control
        .as_ref()
        .is_some_and(|frame| (frame.width, frame.height) != info.size());
    let whole = info.interlaced || odd_frame;
    let mut header = Header::new(Format::Png, [rows, columns, channels], depth);
    let lines = Lines {
        reader,
        most: limits.max_memory,
        rows: rows_in_hand(&header),
    };
    header.metadata = lines.metadata();
    if header.metadata.icc.is_none() && has_profile(start) {
        header.warnings.push(format!(
            "the ICC profile of the png file is damaged or takes more than {} MiB: it was dropped; a --memory-limit of 64 times its size keeps a sound one",
            bytes >> 20
        ));
    }
    if whole {
        let memory = header.shape.bytes() + rows_in_hand(&header);
        return Ok(WholeSource::reader(header, memory, move || {
            lines.whole([rows, columns, channels], depth)
        }));
    }
    Ok(RowReader::new(header, lines))
}

/// The bytes of the rows that the decoder undoes filters of and widens.
fn rows_in_hand(header: &Header) -> usize {
    header.shape.row_bytes().saturating_mul(4)
}

/// Whether one of the chunks before the samples, as far as they are seen, is an
/// ICC profile. The decoder says nothing of one that it could not read.
fn has_profile(start: &[u8]) -> bool {
    let mut rest = start.get(8..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk() {
        if after.starts_with(b"iCCP") {
            return true;
        }
        // Name, data and checksum.
        let length = u32::from_be_bytes(*length) as usize;
        rest = after.get(length.saturating_add(8)..).unwrap_or_default();
    }
    false
}

struct Lines<R: BufRead + Seek> {
    reader: Reader<R>,
    /// The limit of memory.
    most: u64,
    /// The bytes of the rows that it has in hand.
    rows: usize,
}

impl<R: BufRead + Seek> Lines<R> {
    fn whole(mut self, shape: [usize; 3], depth: Depth) -> Result<(Image, Trailer)> {
        let [rows, columns, channels] = shape;
        let mut image = Image::zeroed(rows, columns, channels, depth)?;
        let mut samples = image.samples_mut();
        let bytes = samples.reborrow().into_bytes();
        self.reader
            .next_frame(bytes)
            .map_err(|error| decoding(error, self.most))?;
        from_big_endian(samples);
        Ok((image, self.rest()?))
    }

    fn metadata(&self) -> Metadata {
        let info = self.reader.info();
        Metadata {
            icc: info.icc_profile.as_ref().map(|bytes| bytes.to_vec()),
            exif: info.exif_metadata.as_ref().map(|bytes| bytes.to_vec()),
            density: info.pixel_dims.and_then(density),
            ..Metadata::default()
        }
    }

    /// Chunks may follow the picture, and a file without its end was cut off.
    fn rest(&mut self) -> Result<Trailer> {
        let animated = self.reader.info().animation_control.is_some();
        self.reader
            .finish()
            .map_err(|error| decoding(error, self.most))?;
        let mut warnings = Vec::new();
        if animated {
            warnings
                .push("the png file is an animation: only its first picture was read".to_owned());
        }
        Ok(Trailer {
            metadata: self.metadata(),
            warnings,
        })
    }
}

impl<R: BufRead + Seek + Send> Source for Lines<R> {
    fn fill(&mut self, mut out: SampleSliceMut<'_>) -> Result<()> {
        let columns = self.reader.info().width;
        let line = self.reader.output_line_size(columns).unwrap_or(usize::MAX);
        for row in out.reborrow().into_bytes().chunks_exact_mut(line) {
            self.reader
                .read_row(row)
                .map_err(|error| decoding(error, self.most))?;
        }
        from_big_endian(out);
        Ok(())
    }

    fn memory(&self) -> usize {
        self.rows
    }

    fn end(mut self: Box<Self>) -> Result<Trailer> {
        // Past the last row: what is left of the compressed data is checked.
        self.reader
            .read_row(&mut [])
            .map_err(|error| decoding(error, self.most))?;
        self.rest()
    }
}

fn density(pixels: PixelDimensions) -> Option<Density> {
    let PixelDimensions { xppu, yppu, unit } = pixels;
    match unit {
        Unit::Meter => Density::per_metre([xppu, yppu]),
        Unit::Unspecified => Density::new([[xppu, 1], [yppu, 1]], DensityUnit::None),
    }
}

fn from_big_endian(samples: SampleSliceMut<'_>) {
    if let SampleSliceMut::U16(samples) = samples {
        for sample in samples {
            *sample = u16::from_be(*sample);
        }
    }
}

/// The decoder calls a picture without rows or columns damaged.
fn check_not_empty(bytes: &[u8], limits: &Limits) -> Result<()> {
    let Some(&[w0, w1, w2, w3, h0, h1, h2, h3, _, color]) = bytes.get(16..26) else {
        return Ok(());
    };
    let [columns, rows] = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    if bytes.get(12..16) != Some(b"IHDR") || (rows > 0 && columns > 0) {
        return Ok(());
    }
    let channels = ColorType::from_u8(color).map_or(1, ColorType::samples);
    limits.check(rows.into(), columns.into(), channels as u64, Depth::U8)
}

/// The decoder panics over colours that are not whole.
fn check_palette(info: &Info<'_>) -> Result<()> {
    match info.palette.as_deref() {
        Some(palette) if info.color_type == ColorType::Indexed && palette.len() % 3 > 0 => {
            Err(message::damaged("png", "its palette ends within a colour"))
        }
        _ => Ok(()),
    }
}

/// A decoder has failed, where the limit of memory is this.
fn decoding(error: DecodingError, most: u64) -> Error {
    match error {
        DecodingError::IoError(error) => message::reading("png", &error),
        DecodingError::LimitsExceeded => message::over_memory("png", most),
        error => {
            let text = error.to_string();
            if text.contains("not have enough data") || text.contains("InsufficientInput") {
                return message::truncated("png");
            }
            match checksum(&text) {
                Some(chunk) => message::damaged(
                    "png",
                    format_args!("the checksum of its {chunk} chunk is wrong"),
                ),
                None => message::damaged("png", text),
            }
        }
    }
}

/// The chunk with the wrong checksum, which the decoder's message shows the way
/// programmers print it: `ChunkType { type: IDAT, critical: true, ... }`.
fn checksum(text: &str) -> Option<&str> {
    let (_, after) = text.strip_prefix("CRC error")?.split_once("type: ")?;
    after.get(..4)
}
