//! PNG decoding.
//!
//! Since encoding is fast, this sets the pace of a run from PNG to PNG. Of 24 megapixels of a
//! photograph it takes 59 ms of a core for gray of 8 bits, 138 of 16, and 140 for RGB. Of these,
//! fdeflate inflates for 34, 112 and 107 (zlib-rs took 64 for the first, zune-inflate 62,
//! libdeflate 51), and what unfilters them works byte after byte for gray. Another thread could do
//! that: the crate's `StreamingDecoder` gives rows before it to an `UnfilterRegion`, while its
//! `Reader`, which is used here, does both. That was measured, and is not built.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ::png::{
    BitDepth, ColorType, Decoder, DecodingError, Info, Limits as PngLimits, PixelDimensions,
    Reader, Transformations, Unit,
};

use crate::{
    codec::{
        Coding, LoopCount,
        frames::{self, Chosen},
        image_crate,
        input::InputReader,
        rows::{Source, WholeSource},
    },
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, SampleSliceMut},
    warning::Warning,
};

use super::{
    Density, DensityUnit, Format, Header, IgnoredContent, Limits, Metadata, Pages, RowReader,
    ScanDepth, Trailer,
    animation::{self, AnimationFrames, Scan},
    errors,
    recorder::ChunkRecorder,
    scan::Chunks,
};

/// Opens a PNG that begins with `start`: palettes are expanded to RGB or RGBA, fewer
/// than 8 bits to 8, transparent colours to alpha. An interlaced image is decoded
/// whole. Of an animation the first of these pages is opened; without `pages` its first picture
/// is, and a warning tells of others.
pub(in crate::codec) fn open<'a>(
    mut input: InputReader<'a>,
    start: &[u8],
    limits: &Limits,
    (scan_depth, pages): (ScanDepth, Option<Pages>),
) -> Result<RowReader<'a>> {
    check_not_empty(start, limits)?;
    check_not_apple(start)?;
    let bytes = limits.metadata();
    let reading = |error| errors::read_error("png", &error);
    let chunks = Chunks::of(&mut input, scan_depth, bytes).map_err(reading)?;
    let scan = match pages {
        None => None,
        Some(_) => Scan::of(&mut input).map_err(reading)?,
    };
    if (scan.as_ref()).is_some_and(|scan| scan.largest_exif > bytes as u64) {
        return Err(errors::over_memory("png", limits.max_memory));
    }
    // Where the decoder may take more, it gets no profile to inflate.
    let counts_frames = scan.as_ref().is_some_and(|scan| scan.frames.is_some());
    let profile = match counts_frames {
        true => animation::profile(&mut input, bytes).map_err(reading)?,
        false => None,
    };
    let consumed = Consumed(Arc::new(Mutex::new(Progress {
        at: 0,
        recorder: ChunkRecorder::new(bytes),
    })));
    let input = CountingReader {
        input,
        consumed: consumed.clone(),
    };
    let failed = |error| decode_error(error, limits.max_memory);
    let mut decoder = Decoder::new_with_limits(input, PngLimits { bytes });
    decoder.ignore_checksums(false);
    // The recorder has the text, compressed as it is.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(counts_frames);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(failed)?;
    // A lower bound: whether a palette has alpha is known only later.
    let least = header.color_type.samples() as u64;
    limits.check(header.height.into(), header.width.into(), least, Depth::U8)?;

    // Also a row of at most four channels of 16 bits.
    let bytes = bytes.saturating_add(8 * header.width as usize);
    let rows = (scan.as_ref()).map_or(0, |scan| scan.counted_rows(header.width, limits));
    let bytes = limits.memory().min(bytes.saturating_add(rows));
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
    let has_fallback = info.frame_control.is_none();
    let animation = info.animation_control.filter(|animation| {
        // One frame is a picture like any other.
        pages.is_some() && (animation.num_frames > 1 || has_fallback)
    });
    // The first frame of an animation may have a size of its own.
    let odd_frame = info
        .frame_control
        .as_ref()
        .is_some_and(|frame| (frame.width, frame.height) != info.size());
    let whole = info.interlaced || odd_frame;
    let spec = ImageSpec::new([rows, columns, channels], depth);
    let (stored, is_indexed) = (info.bit_depth as u32, info.color_type == ColorType::Indexed);
    let stored = move |mut header: Header| {
        header.coding = is_indexed.then_some(Coding::Palette);
        if stored < 8 && !is_indexed {
            let scaled = Warning::scaled(Format::Png, image_crate::of_bits(stored), depth);
            header.warnings.push(scaled);
        }
        header
    };
    let header = stored(Header::new(Format::Png, spec));
    let decoder_rows = RowDecoder {
        reader,
        consumed,
        profile,
        unscanned_len: chunks.unscanned_len,
        memory_limit: limits.max_memory,
        rows: row_buffer_bytes(&header),
    };
    if let Some(animation) = animation {
        let count = u64::from(animation.num_frames);
        let chosen = Chosen::new(pages, count)?;
        // A picture that is none of the frames is not counted by the chunks of frames.
        let others = (chunks.frames > count + u64::from(has_fallback))
            .then(|| IgnoredContent::OtherPages(chunks.frames - count - u64::from(has_fallback)));
        let fallback = has_fallback.then_some(IgnoredContent::Fallback);
        let is_opaque = matches!(channels, 1 | 3);
        let shows = is_opaque && scan.is_none_or(|scan| scan.shows_canvas);
        let spec = ImageSpec::new([rows, columns, channels + usize::from(shows)], depth);
        limits.check(rows as u64, columns as u64, spec.channels as u64, depth)?;
        let ignored = [
            chosen.ignored(),
            fallback,
            others,
            chunks.excess_data,
            chunks.trailing_data,
        ];
        let mut header =
            stored(Header::new(Format::Png, spec)).with_ignored(ignored.into_iter().flatten());
        header.metadata = decoder_rows.metadata();
        if header.metadata.icc.is_none() && has_profile(start) {
            header.warnings.push(Warning::profile("png", bytes));
        }
        // The canvas, a frame, and what it covers.
        let memory = 3 * spec.bytes() + row_buffer_bytes(&header);
        let loops = LoopCount::or_forever(animation.num_plays);
        let frames = AnimationFrames::new(decoder_rows, count, header.metadata.clone());
        return frames::open(header, frames, (chosen, loops), memory, limits);
    }
    pages.unwrap_or_default().count_of(1)?;
    // The decoder silently ignores a damaged animation chunk.
    let frames = frames(decoder_rows.reader.info()).max(chunks.frames);
    let frames = (frames > 1).then_some(IgnoredContent::Frames(frames));
    let ignored = [frames, chunks.excess_data, chunks.trailing_data];
    let mut header = header.with_ignored(ignored.into_iter().flatten());
    header.metadata = decoder_rows.metadata().merged_with(&chunks.late);
    if header.metadata.icc.is_none() && has_profile(start) {
        header.warnings.push(Warning::profile("png", bytes));
    }
    if whole {
        let memory = header.spec.bytes() + row_buffer_bytes(&header);
        return Ok(WholeSource::reader(header, memory, move || {
            decoder_rows.whole(spec)
        }));
    }
    Ok(RowReader::new(header, decoder_rows))
}

/// The bytes of the decoder's row buffers, for unfiltering and expansion.
fn row_buffer_bytes(header: &Header) -> usize {
    header.spec.row_bytes().saturating_mul(4)
}

/// Whether `start` contains an ICC profile chunk before the samples. The decoder
/// silently ignores one that it cannot read.
fn has_profile(start: &[u8]) -> bool {
    let mut rest = start.get(8..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk() {
        if after.starts_with(b"iCCP") {
            return true;
        }
        // Chunk type, data and checksum.
        let length = u32::from_be_bytes(*length) as usize;
        rest = after.get(length.saturating_add(8)..).unwrap_or_default();
    }
    false
}

/// The number of images in an animation. The first image may be a frame, or a
/// fallback for viewers without support for animations.
fn frames(info: &Info<'_>) -> u64 {
    let fallback_image = u64::from(info.frame_control.is_none());
    let animation = info.animation_control.as_ref();
    animation.map_or(1, |animation| {
        u64::from(animation.num_frames) + fallback_image
    })
}

/// What is known of the bytes that the decoder has consumed.
struct Progress {
    /// Their number.
    at: u64,
    recorder: ChunkRecorder,
}

/// Shared by the reader and the decoder that owns it.
#[derive(Clone)]
struct Consumed(Arc<Mutex<Progress>>);

impl Consumed {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that were consumed.
    fn feed(&self, bytes: &[u8]) {
        let mut progress = self.lock();
        progress.at += bytes.len() as u64;
        progress.recorder.feed(bytes);
    }
}

/// A reader that tells what was consumed.
pub(super) struct CountingReader<'a> {
    input: InputReader<'a>,
    consumed: Consumed,
}

impl Read for CountingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.consumed.feed(&buffer[..count]);
        Ok(count)
    }
}

impl BufRead for CountingReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // The buffer is not empty, so this reads nothing.
        if let Ok(bytes) = self.input.fill_buf() {
            self.consumed.feed(&bytes[..count]);
        }
        self.input.consume(count);
    }
}

/// Asked for by the decoder, which reads forwards only.
impl Seek for CountingReader<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let at = self.input.seek(position)?;
        self.consumed.lock().at = at;
        Ok(at)
    }
}

pub(super) struct RowDecoder<'a> {
    pub(super) reader: Reader<CountingReader<'a>>,
    /// What was consumed, and [`Chunks::unscanned_len`].
    consumed: Consumed,
    unscanned_len: Option<u64>,
    /// The profile, if the decoder does not read it.
    profile: Option<Vec<u8>>,
    /// The memory limit in bytes.
    pub(super) memory_limit: u64,
    /// The bytes of the decoder's row buffers.
    rows: usize,
}

impl RowDecoder<'_> {
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
            .map_err(|error| decode_error(error, self.memory_limit))?;
        from_big_endian(samples);
        Ok((image, self.rest()?))
    }

    fn metadata(&self) -> Metadata {
        let info = self.reader.info();
        Metadata {
            icc: (info.icc_profile.as_ref())
                .map(|bytes| bytes.to_vec())
                .or_else(|| self.profile.clone()),
            exif: info.exif_metadata.as_ref().map(|bytes| bytes.to_vec()),
            density: info.pixel_dims.and_then(density),
            ..self.consumed.lock().recorder.metadata()
        }
    }

    /// How many frames have been announced.
    pub(super) fn frames(&self) -> u64 {
        self.consumed.lock().recorder.frames()
    }

    /// Reads the chunks after the image; a file without IEND is truncated.
    pub(super) fn rest(&mut self) -> Result<Trailer> {
        self.reader
            .finish()
            .map_err(|error| decode_error(error, self.memory_limit))?;
        let at = self.consumed.lock().at;
        // The file continues after IEND and ends with another IEND.
        let another = (self.unscanned_len.is_some_and(|length| length > at))
            .then_some(IgnoredContent::Pictures);
        let warnings = another.and_then(|another| another.warning(Format::Png));
        Ok(Trailer {
            metadata: self.metadata(),
            warnings: Vec::from_iter(warnings.map(Warning::from)),
        })
    }
}

impl Source for RowDecoder<'_> {
    fn fill(&mut self, mut out: SampleSliceMut<'_>) -> Result<()> {
        let columns = self.reader.info().width;
        let line = self.reader.output_line_size(columns).unwrap_or(usize::MAX);
        for row in out.reborrow().into_bytes().chunks_exact_mut(line) {
            self.reader
                .read_row(row)
                .map_err(|error| decode_error(error, self.memory_limit))?;
        }
        from_big_endian(out);
        Ok(())
    }

    fn memory(&self) -> usize {
        self.rows
    }

    fn end(mut self: Box<Self>) -> Result<Trailer> {
        // Reading beyond the last row checks the rest of the compressed data.
        self.reader
            .read_row(&mut [])
            .map_err(|error| decode_error(error, self.memory_limit))?;
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

/// Reports an image without rows or columns, which the decoder would call damaged.
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

/// Refuses the PNG files of Apple's development tools, whose data are not those of PNG.
fn check_not_apple(bytes: &[u8]) -> Result<()> {
    match bytes.get(12..16) {
        Some(b"CgBI") => Err(errors::unsupported_until(
            "png",
            "Apple's own kind of compression (CgBI)",
            "convert it with Apple's pngcrush -revert-iphone-optimizations",
        )),
        _ => Ok(()),
    }
}

/// Refuses a palette with an incomplete colour, on which the decoder panics.
fn check_palette(info: &Info<'_>) -> Result<()> {
    match info.palette.as_deref() {
        Some(palette) if info.color_type == ColorType::Indexed && palette.len() % 3 > 0 => {
            Err(errors::damaged("png", "its palette ends within a colour"))
        }
        _ => Ok(()),
    }
}

/// Converts a decoder's error; `memory_limit` is the memory limit in bytes.
pub(super) fn decode_error(error: DecodingError, memory_limit: u64) -> Error {
    match error {
        DecodingError::IoError(error) => errors::read_error("png", &error),
        DecodingError::LimitsExceeded => errors::over_memory("png", memory_limit),
        error => {
            let text = error.to_string();
            if text.contains("not have enough data") || text.contains("InsufficientInput") {
                return errors::truncated("png");
            }
            match checksum(&text) {
                Some(chunk) => errors::damaged(
                    "png",
                    format_args!("the checksum of its {chunk} chunk is wrong"),
                ),
                None => errors::damaged("png", text),
            }
        }
    }
}

/// The type of the chunk with the wrong checksum, extracted from the debug output in
/// the decoder's message: `ChunkType { type: IDAT, critical: true, ... }`.
fn checksum(text: &str) -> Option<&str> {
    let (_, after) = text.strip_prefix("CRC error")?.split_once("type: ")?;
    after.get(..4)
}
