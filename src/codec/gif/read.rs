//! Reads frames.

use std::{borrow::Cow, io::Cursor, num::NonZeroU64};

use ::gif::{
    ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, Frame, MemoryLimit,
};

use crate::{
    codec::{
        Delay, Pages,
        frames::{self, Canvas, Chosen, Disposal, Frames, Region},
        ignored_content::data_after,
        rows::{Header, RowReader, Trailer},
    },
    error::{Error, Result},
    image::{Depth, ImageSpec, no_memory},
};

use super::{
    Format, IgnoredContent, Limits, Metadata, ScanDepth,
    blocks::{Blocks, Look},
    errors,
};

/// The identifiers of the application extensions that the decoder keeps.
const PROFILE: &[u8] = b"ICCRGBG1012";
const XMP: &[u8] = b"XMP DataXMP";

/// Opens the first of these frames: gray if all palettes are gray, with alpha if a colour of the
/// first frame is transparent, it does not cover the logical screen, or a frame is cleared. What
/// is not read has no part in that.
pub(in crate::codec) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    limits: &Limits,
    (scan_depth, pages): (ScanDepth, Option<Pages>),
) -> Result<RowReader<'a>> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // The limit of a profile and XMP data; image sizes are checked here before anything is
    // allocated for them.
    let metadata = NonZeroU64::new(limits.metadata() as u64).unwrap_or(NonZeroU64::MIN);
    options.set_memory_limit(MemoryLimit::Bytes(metadata));
    let memory_limit = limits.max_memory;
    let decoding = |error| decoding(error, memory_limit);
    // Profile and XMP data are collected in growing buffers: old and new exist together
    // while one is copied. A match inside image data only raises the bound.
    let metadata_bytes = match bytes
        .windows(PROFILE.len())
        .any(|part| part == PROFILE || part == XMP)
    {
        true => 3 * bytes.len().min(2 * limits.metadata()),
        false => 0,
    };
    let kept = bytes.len() + metadata_bytes;
    let blocks = Blocks::of(&bytes);
    let chosen = Chosen::new(pages, blocks.frames)?;
    let side = |at: usize| match bytes.get(at..at + 2) {
        Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
        _ => 0,
    };
    let look = Look::of(&bytes, chosen.last(), [side(8), side(6)], scan_depth);
    let trailing = data_after(&bytes, blocks.end);
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(decoding)?;
    let (rows, columns) = (usize::from(decoder.height()), usize::from(decoder.width()));
    limits.check(rows as u64, columns as u64, 4, Depth::U8)?;
    let Some(frame) = decoder.next_frame_info().map_err(decoding)?.cloned() else {
        return Err(errors::damaged("gif", "it holds no picture"));
    };
    let (height, width) = (usize::from(frame.height), usize::from(frame.width));
    limits.check(height as u64, width as u64, 1, Depth::U8)?;
    let channels = if look.gray { 1 } else { 3 } + usize::from(look.alpha);
    let spec = ImageSpec::new([rows, columns, channels], Depth::U8);
    let overscan = look.overscan.then_some(IgnoredContent::Overscan);
    let ignored = [chosen.ignored(), trailing, look.excess, overscan];
    let mut header = Header::new(Format::Gif, spec).with_ignored(ignored.into_iter().flatten());
    header.metadata = Metadata {
        icc: decoder.icc_profile().map(<[u8]>::to_vec),
        xmp: decoder.xmp_metadata().map(<[u8]>::to_vec),
        parts: blocks.comments.into_vec(),
        ..Metadata::default()
    };
    let saved = if look.restores { spec.bytes() } else { 0 };
    let memory = kept + look.pixels.max(height * width) + spec.bytes() + saved;
    let frames = Decoded {
        decoder,
        next: Some(frame.clone()),
        frame,
        is_still: blocks.frames == 1,
        gray: look.gray,
        indices: Vec::new(),
        limits: *limits,
    };
    frames::open(header, frames, (chosen, blocks.loops), memory, limits)
}

/// The frames of a decoder.
struct Decoded<'a> {
    decoder: Decoder<Cursor<Cow<'a, [u8]>>>,
    /// The first frame, before it is asked for.
    next: Option<Frame<'static>>,
    /// The frame at hand, without its indices.
    frame: Frame<'static>,
    is_still: bool,
    gray: bool,
    indices: Vec<u8>,
    limits: Limits,
}

impl Decoded<'_> {
    fn next_frame(&mut self) -> Result<Option<Frame<'static>>> {
        let frame = self.decoder.next_frame_info();
        let frame = frame.map_err(|error| decoding(error, self.limits.max_memory))?;
        Ok(frame.cloned())
    }
}

impl Frames for Decoded<'_> {
    fn advance(&mut self) -> Result<Delay> {
        let next = match self.next.take() {
            Some(first) => Some(first),
            None => self.next_frame()?,
        };
        self.frame = next.ok_or_else(|| errors::damaged("gif", "it has too few frames"))?;
        let sides = [self.frame.height, self.frame.width].map(u64::from);
        self.limits.check(sides[0], sides[1], 1, Depth::U8)?;
        Ok(Delay::hundredths(self.frame.delay.into()))
    }

    fn draw(&mut self, canvas: &mut Canvas) -> Result<()> {
        let frame = &self.frame;
        let [top, left, rows, columns] =
            [frame.top, frame.left, frame.height, frame.width].map(usize::from);
        let region = Region {
            top,
            left,
            rows,
            columns,
        };
        let disposal = match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
        };
        let decoding = |error| decoding(error, self.limits.max_memory);
        let pixels = rows * columns;
        self.indices.clear();
        (self.indices.try_reserve_exact(pixels)).map_err(|_| no_memory::<u8>(pixels))?;
        self.indices.resize(pixels, 0);
        let part = canvas.begin(region, disposal)?;
        self.decoder
            .read_into_buffer(&mut self.indices)
            .map_err(decoding)?;
        let palette = self.decoder.palette().map_err(decoding)?.as_chunks::<3>().0;
        let channels = canvas.spec().channels;
        let colors = if self.gray { 1 } else { 3 };
        for (line, indices) in canvas.lines(part).zip(self.indices.chunks_exact(columns)) {
            for (pixel, index) in line.chunks_exact_mut(channels).zip(indices) {
                let is_transparent = frame.transparent == Some(*index);
                // The canvas stays; a picture alone has colours that are not seen.
                if is_transparent && !self.is_still {
                    continue;
                }
                let Some(color) = palette.get(usize::from(*index)) else {
                    return Err(errors::damaged("gif", "a colour is not in its palette"));
                };
                let (pixel, rest) = pixel.split_at_mut(colors);
                pixel.copy_from_slice(&color[..colors]);
                if let [alpha] = rest {
                    *alpha = if is_transparent { 0 } else { 255 };
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, metadata: Metadata) -> Result<Trailer> {
        // The data up to the next frame, at least, must be valid.
        self.next_frame()?;
        Ok(Trailer {
            metadata,
            warnings: Vec::new(),
        })
    }
}

/// Converts a decoder's error; `memory_limit` is the memory limit in bytes.
fn decoding(error: DecodingError, memory_limit: u64) -> Error {
    match error {
        DecodingError::MemoryLimit => errors::over_memory("gif", memory_limit),
        DecodingError::Io(error) => errors::read_error("gif", &error),
        DecodingError::UnexpectedEof => errors::truncated("gif"),
        error => errors::damaged("gif", error),
    }
}
