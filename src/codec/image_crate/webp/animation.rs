//! Reads the frames of an animation: each is decoded as a picture of its own and drawn here.
//!
//! The animation reader of the image-webp crate clears too much, or too little, where a frame is
//! disposed of.

use std::{borrow::Cow, io::Cursor, ops::Range};

use image_webp::WebPDecoder;

use crate::{
    codec::{
        Delay, Format, IgnoredContent, Limits, LoopCount, Metadata, errors,
        frames::{self, Blend, Canvas, Chosen, Disposal, Frames, Region},
        image_crate::{self, RowsHeader},
        rows::{RowReader, Trailer},
    },
    error::Result,
    image::{Depth, ImageSpec, zeroed_vec},
};

use super::{Chunk, DECODER_TABLE_BYTES, chunks, sub_chunks};

/// The bytes of a frame before the chunks of its picture.
const FRAME_HEADER: usize = 16;

/// The frames of a file, and what they have in common.
pub(in crate::codec::image_crate) struct Animation {
    /// The data of each.
    frames: Vec<Range<usize>>,
    loops: LoopCount,
    rows: usize,
    columns: usize,
    has_alpha: bool,
    /// The bytes of the largest.
    largest: usize,
}

impl Animation {
    /// `None` if the file has fewer than two frames, or another picture beside them.
    pub(in crate::codec::image_crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut found = Self {
            frames: Vec::new(),
            loops: LoopCount::ONCE,
            rows: 0,
            columns: 0,
            has_alpha: false,
            largest: 0,
        };
        let mut is_cleared = false;
        for chunk in chunks(bytes) {
            let data = chunk.data?;
            match chunk.name {
                b"VP8 " | b"VP8L" => return None,
                b"VP8X" => {
                    found.has_alpha |= data.first()? & 0x10 != 0;
                    [found.columns, found.rows] = [4, 7].map(|at| u24(data, at) + 1);
                }
                b"ANIM" => {
                    let plays = data.get(4..6)?.try_into().ok()?;
                    found.loops = LoopCount::or_forever(u16::from_le_bytes(plays).into());
                }
                b"ANMF" => {
                    let frame = Frame::of(data)?;
                    let covers = (frame.region.top, frame.region.left) == (0, 0)
                        && frame.region.rows == found.rows
                        && frame.region.columns == found.columns;
                    let is_bare = found.frames.is_empty() && !covers;
                    found.has_alpha |= is_cleared || is_bare || frame.has_alpha();
                    is_cleared = frame.disposal == Disposal::Clear;
                    let start = data.as_ptr().addr() - bytes.as_ptr().addr();
                    found.frames.push(start..start + data.len());
                    found.largest = found.largest.max(data.len());
                }
                _ => {}
            }
        }
        (found.frames.len() > 1 && found.rows > 0).then_some(found)
    }

    pub(in crate::codec::image_crate) fn frames(&self) -> u64 {
        self.frames.len() as u64
    }
}

/// Opens the first of the chosen frames.
pub(in crate::codec::image_crate) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    animation: Animation,
    (metadata, ignored): (Metadata, Vec<IgnoredContent>),
    chosen: Chosen,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let channels = if animation.has_alpha { 4 } else { 3 };
    let (rows, columns) = (animation.rows, animation.columns);
    limits.check(rows as u64, columns as u64, channels as u64, Depth::U8)?;
    let spec = ImageSpec::new([rows, columns, channels], Depth::U8);
    let ignored = ignored.into_iter().chain(chosen.ignored());
    let mut header = RowsHeader::new(Format::Webp, spec).with_ignored(ignored);
    header.metadata = metadata;
    // The file, copies of a frame's data, and what a decoder takes for each pixel; the frame,
    // and the canvas.
    let memory = (animation.largest.saturating_mul(4))
        .saturating_add(bytes.len())
        .saturating_add((rows * columns).saturating_mul(8 + 4 + 4))
        .saturating_add(header.metadata.bytes())
        .saturating_add(DECODER_TABLE_BYTES);
    let loops = animation.loops;
    let frames = WebpFrames {
        bytes,
        frames: animation.frames,
        next: 0,
    };
    frames::open(header, frames, (chosen, loops), memory, limits)
}

struct WebpFrames<'a> {
    bytes: Cow<'a, [u8]>,
    frames: Vec<Range<usize>>,
    /// The frame after that at hand.
    next: usize,
}

impl WebpFrames<'_> {
    fn frame(&self) -> Result<Frame<'_>> {
        let range = (self.next.checked_sub(1)).and_then(|at| self.frames.get(at));
        let data = range.and_then(|range| self.bytes.get(range.clone()));
        (data.and_then(Frame::of)).ok_or_else(|| errors::damaged("webp", "it has too few frames"))
    }
}

impl Frames for WebpFrames<'_> {
    fn advance(&mut self) -> Result<Delay> {
        self.next += 1;
        Ok(Delay::thousandths(self.frame()?.milliseconds))
    }

    fn draw(&mut self, canvas: &mut Canvas) -> Result<()> {
        let frame = self.frame()?;
        let spec = canvas.spec();
        let region = frame.region;
        if region.top + region.rows > spec.rows || region.left + region.columns > spec.columns {
            return Err(errors::damaged("webp", "a frame lies beyond the canvas"));
        }
        let failed = |error| {
            image_crate::decoding(
                Format::Webp,
                ::image::ImageError::Decoding(::image::error::DecodingError::new(
                    ::image::error::ImageFormatHint::Exact(::image::ImageFormat::WebP),
                    error,
                )),
            )
        };
        let picture = frame
            .picture()
            .ok_or_else(|| errors::damaged("webp", "a frame has no picture"))?;
        let mut decoder = WebPDecoder::new(Cursor::new(picture)).map_err(failed)?;
        let (columns, rows) = decoder.dimensions();
        if (rows as usize, columns as usize) != (region.rows, region.columns) {
            return Err(errors::damaged(
                "webp",
                "a frame has another size than it says",
            ));
        }
        let channels = if decoder.has_alpha() { 4 } else { 3 };
        let mut pixels = zeroed_vec(region.rows * region.columns * channels)?;
        decoder.read_image(&mut pixels).map_err(failed)?;
        let blend = match channels {
            4 => frame.blend,
            _ => Blend::Source,
        };
        let part = canvas.begin(region, frame.disposal)?;
        let stride = region.columns * channels;
        canvas.draw(part, (&pixels, channels, stride), blend);
        Ok(())
    }

    fn end(&mut self, metadata: Metadata) -> Result<Trailer> {
        Ok(Trailer {
            metadata,
            warnings: Vec::new(),
        })
    }
}

/// A frame (WebP Container Specification, Animation).
struct Frame<'a> {
    region: Region,
    milliseconds: u32,
    disposal: Disposal,
    blend: Blend,
    /// The chunks of its picture.
    picture: &'a [u8],
}

impl<'a> Frame<'a> {
    fn of(data: &'a [u8]) -> Option<Self> {
        let (header, picture) = data.split_at_checked(FRAME_HEADER)?;
        let [left, top, columns, rows, milliseconds] = [0, 3, 6, 9, 12].map(|at| u24(header, at));
        Some(Self {
            region: Region {
                top: 2 * top,
                left: 2 * left,
                rows: rows + 1,
                columns: columns + 1,
            },
            milliseconds: milliseconds as u32,
            disposal: match header[15] & 1 {
                0 => Disposal::Keep,
                _ => Disposal::Clear,
            },
            blend: match header[15] & 2 {
                0 => Blend::Over,
                _ => Blend::Source,
            },
            picture,
        })
    }

    /// Whether its picture has alpha.
    fn has_alpha(&self) -> bool {
        sub_chunks(self.picture).any(|Chunk { name, data, .. }| match name {
            b"ALPH" => true,
            // After sides of 14 bits each.
            b"VP8L" => data.is_some_and(|data| data.get(4).is_some_and(|bits| bits & 0x10 != 0)),
            _ => false,
        })
    }

    /// A file of its picture alone.
    fn picture(&self) -> Option<Vec<u8>> {
        let find = |name: &[u8; 4]| {
            let mut found = sub_chunks(self.picture).filter(|chunk| chunk.name == name);
            found.next()?.data
        };
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        let mut add = |name: &[u8; 4], data: &[u8]| {
            file.extend(name);
            file.extend((data.len() as u32).to_le_bytes());
            file.extend(data);
            file.resize(file.len().next_multiple_of(2), 0);
        };
        match (find(b"VP8L"), find(b"VP8 "), find(b"ALPH")) {
            (Some(lossless), _, _) => add(b"VP8L", lossless),
            (None, Some(lossy), None) => add(b"VP8 ", lossy),
            (None, Some(lossy), Some(alpha)) => {
                let sides = [self.region.columns, self.region.rows];
                let sides = sides.map(|side| (side - 1) as u32).map(u32::to_le_bytes);
                let mut extended = vec![0x10, 0, 0, 0];
                sides.iter().for_each(|side| extended.extend(&side[..3]));
                add(b"VP8X", &extended);
                add(b"ALPH", alpha);
                add(b"VP8 ", lossy);
            }
            (None, None, _) => return None,
        }
        let size = u32::try_from(file.len() - 8).ok()?;
        file[4..8].copy_from_slice(&size.to_le_bytes());
        Some(file)
    }
}

/// The little-endian 24-bit number at byte `at`.
fn u24(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..at + 3) {
        Some(&[low, middle, high]) => u32::from_le_bytes([low, middle, high, 0]) as usize,
        _ => 0,
    }
}
