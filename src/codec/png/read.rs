//! Reading.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ::png::{
    BitDepth, ColorType, Decoder, DecodingError, Info, Limits as PngLimits, PixelDimensions,
    Reader, Transformations, Unit,
};

use crate::{
    codec::rows::{Source, WholeSource},
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, SampleSliceMut},
    warning::Warning,
};

use super::{
    Density, DensityUnit, Format, Header, Limits, Look, Metadata, RowReader, Trailer, Unread,
    data_between, message, packed::Gauge,
};

/// Opens a PNG that begins with `start`: palettes become RGB or RGBA, fewer
/// than 8 bits become 8, transparent colours become alpha. An interlaced one is
/// decoded whole.
pub(in crate::codec) fn open<'a>(
    mut input: impl BufRead + Seek + Send + 'a,
    start: &[u8],
    limits: &Limits,
    look: Look,
) -> Result<RowReader<'a>> {
    check_not_empty(start, limits)?;
    let chunks = Chunks::of(&mut input, look).map_err(|error| message::reading("png", &error))?;
    let at = Arc::default();
    let input = Counted {
        input,
        at: Arc::clone(&at),
    };
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
    let spec = ImageSpec::new([rows, columns, channels], depth);
    let header = Header::new(Format::Png, spec);
    let lines = Lines {
        reader,
        at,
        not_seen: chunks.not_seen,
        most: limits.max_memory,
        rows: rows_in_hand(&header),
    };
    // The decoder passes over a damaged chunk that tells of an animation.
    let frames = frames(lines.reader.info()).max(chunks.frames);
    let frames = (frames > 1).then_some(Unread::Frames(frames));
    let beside = [frames, chunks.within, chunks.behind];
    let mut header = header.without(beside.into_iter().flatten());
    header.metadata = lines.metadata();
    if header.metadata.icc.is_none() && has_profile(start) {
        header.warnings.push(Warning::profile("png", bytes));
    }
    if whole {
        let memory = header.spec.bytes() + rows_in_hand(&header);
        return Ok(WholeSource::reader(header, memory, move || {
            lines.whole(spec)
        }));
    }
    Ok(RowReader::new(header, lines))
}

/// The bytes of the rows that the decoder undoes filters of and widens.
fn rows_in_hand(header: &Header) -> usize {
    header.spec.row_bytes().saturating_mul(4)
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

/// The pictures of an animation: of one picture, the first is a frame, or a
/// stand-in for viewers that show no animations.
fn frames(info: &Info<'_>) -> u64 {
    let stand_in = u64::from(info.frame_control.is_none());
    let animation = info.animation_control.as_ref();
    animation.map_or(1, |animation| u64::from(animation.num_frames) + stand_in)
}

/// The chunk that ends a picture.
const END: [u8; 12] = *b"\0\0\0\0IEND\xaeB\x60\x82";

/// What a look at the chunks of a file tells.
#[derive(Default)]
struct Chunks {
    /// What follows the picture.
    behind: Option<Unread>,
    /// What its compressed data hold beside it, after a thorough look.
    within: Option<Unread>,
    /// The pictures of an animation, by the chunks that begin one.
    frames: u64,
    /// The length of a file that was not gone through: it ends as a picture does.
    not_seen: Option<u64>,
}

impl Chunks {
    /// Those of the file at whose beginning `input` is, and stays. A quick look
    /// takes a file that ends as a picture does for no more than that.
    fn of(input: &mut (impl BufRead + Seek), look: Look) -> io::Result<Self> {
        let mut chunks = Self::default();
        // Streams cannot seek.
        let Ok(length) = input.seek(SeekFrom::End(0)) else {
            return Ok(chunks);
        };
        if look == Look::Quick && length >= END.len() as u64 {
            let mut last = [0; END.len()];
            input.seek(SeekFrom::Start(length - END.len() as u64))?;
            input.read_exact(&mut last)?;
            chunks.not_seen = (last == END).then_some(length);
        }
        if chunks.not_seen.is_none()
            && let Some(end) = chunks.walk(input, length, look)?
        {
            chunks.behind = data_between(input, end, length)?;
        }
        input.rewind()?;
        Ok(chunks)
    }

    /// Goes through the chunks one by one to the one that ends the picture, and
    /// says where that ends.
    fn walk(
        &mut self,
        input: &mut (impl BufRead + Seek),
        length: u64,
        look: Look,
    ) -> io::Result<Option<u64>> {
        /// To seek, a reader drops its buffer, so short chunks are read.
        const SHORT: u64 = 1 << 18;
        let mut gauge = None;
        let mut at = 8;
        input.seek(SeekFrom::Start(at))?;
        while at + END.len() as u64 <= length {
            let mut chunk = [0; 8];
            input.read_exact(&mut chunk)?;
            let [a, b, c, d, name @ ..] = chunk;
            let data = u64::from(u32::from_be_bytes([a, b, c, d]));
            // And their checksum.
            let mut left = data + 4;
            at += 8 + left;
            match &name {
                b"IEND" => {
                    self.within = gauge.and_then(Gauge::unread);
                    return Ok(Some(at));
                }
                b"IHDR" if look == Look::Thorough && data == 13 => {
                    let mut header = [0; 13];
                    input.read_exact(&mut header)?;
                    left -= data;
                    gauge = stored_bytes(&header).map(Gauge::deflate);
                }
                b"fcTL" => self.frames += 1,
                b"IDAT" => {
                    // The first picture is no frame of the animation.
                    self.frames = self.frames.max(1);
                    if let Some(gauge) = &mut gauge {
                        gauge.feed_from(input.by_ref().take(data))?;
                        left -= data;
                    }
                }
                _ => {}
            }
            if left > SHORT {
                input.seek(SeekFrom::Start(at))?;
            } else {
                io::copy(&mut input.by_ref().take(left), &mut io::sink())?;
            }
        }
        Ok(None)
    }
}

/// The bytes that the samples of a picture with this header are compressed from,
/// a row of slack included: in passes if it is interlaced, each row with a byte
/// for its filter.
fn stored_bytes(header: &[u8; 13]) -> Option<u64> {
    /// Where passes begin and how far apart their pixels are, by columns and rows
    /// (PNG, section 8.2).
    const PASSES: [[u64; 4]; 7] = [
        [0, 8, 0, 8],
        [4, 8, 0, 8],
        [0, 4, 4, 8],
        [2, 4, 0, 4],
        [0, 2, 2, 4],
        [1, 2, 0, 2],
        [0, 1, 1, 2],
    ];
    let [w0, w1, w2, w3, h0, h1, h2, h3, bits, color, _, _, interlace] = *header;
    let [columns, rows] =
        [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(|side| u64::from(u32::from_be_bytes(side)));
    let samples = ColorType::from_u8(color)?.samples() as u64;
    let row = |columns: u64| 1 + (columns * samples * u64::from(bits)).div_ceil(8);
    let passes = match interlace {
        0 => &[[0, 1, 0, 1]][..],
        _ => &PASSES,
    };
    let bytes = passes.iter().map(|&[left, across, top, down]| {
        let columns = columns.saturating_sub(left).div_ceil(across);
        let rows = rows.saturating_sub(top).div_ceil(down);
        // Passes without columns have no rows either.
        if columns > 0 {
            rows.saturating_mul(row(columns))
        } else {
            0
        }
    });
    let most = bytes.fold(0, u64::saturating_add);
    Some(most.saturating_add(row(columns) - 1))
}

/// A reader whose bytes are counted as they are taken.
struct Counted<R> {
    input: R,
    at: Arc<AtomicU64>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.at.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.at.fetch_add(count as u64, Ordering::Relaxed);
        self.input.consume(count);
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let at = self.input.seek(position)?;
        self.at.store(at, Ordering::Relaxed);
        Ok(at)
    }
}

struct Lines<R: BufRead + Seek> {
    reader: Reader<Counted<R>>,
    /// How much of the input was taken, and [`Chunks::not_seen`].
    at: Arc<AtomicU64>,
    not_seen: Option<u64>,
    /// The limit of memory.
    most: u64,
    /// The bytes of the rows that it has in hand.
    rows: usize,
}

impl<R: BufRead + Seek> Lines<R> {
    fn whole(mut self, spec: ImageSpec) -> Result<(Image, Trailer)> {
        let ImageSpec {
            rows,
            columns,
            channels,
            depth,
        } = spec;
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
        self.reader
            .finish()
            .map_err(|error| decoding(error, self.most))?;
        let at = self.at.load(Ordering::Relaxed);
        // It ends like this one.
        let another = (self.not_seen.is_some_and(|length| length > at)).then_some(Unread::Pictures);
        let warnings = another.and_then(|another| another.warning(Format::Png));
        Ok(Trailer {
            metadata: self.metadata(),
            warnings: Vec::from_iter(warnings.map(Warning::from)),
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
