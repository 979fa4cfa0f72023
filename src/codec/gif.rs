//! GIF, by the gif crate: gray palettes stay gray.

use std::{
    borrow::Cow,
    io::{Cursor, Read, Write},
    num::NonZeroU64,
};

use ::gif::{
    AnyExtension, ColorOutput, DecodeOptions, Decoder, DecodingError, Encoder, EncodingError,
    Frame, MemoryLimit,
};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, Samples, zeroed_vec},
    warning::Warning,
};

use super::{
    Format, IgnoredContent, Limits, Metadata, Omission, Part, ScanDepth, errors,
    ignored_content::data_after,
    image_crate,
    metadata::PartList,
    rows::{Header, RowReader, Trailer, WholeSource},
    stream_length::StreamLength,
};

/// The identifiers of the application extensions that the decoder keeps.
const PROFILE: &[u8] = b"ICCRGBG1012";
const XMP: &[u8] = b"XMP DataXMP";

/// Opens the first frame: gray if its palette is gray, with alpha if a colour is
/// transparent or the frame does not cover the logical screen.
pub(super) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    limits: &Limits,
    scan_depth: ScanDepth,
) -> Result<RowReader<'a>> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // The limit of a profile and XMP data; image sizes are checked here before anything is
    // allocated for them.
    let metadata = NonZeroU64::new(limits.metadata() as u64).unwrap_or(NonZeroU64::MIN);
    options.set_memory_limit(MemoryLimit::Bytes(metadata));
    let memory_limit = limits.max_memory;
    let decoding = move |error| decoding(error, memory_limit);
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
    let ignored = ignored(&bytes, &blocks, scan_depth);
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(decoding)?;
    let (rows, columns) = (usize::from(decoder.height()), usize::from(decoder.width()));
    limits.check(rows as u64, columns as u64, 4, Depth::U8)?;
    let Some(frame) = decoder.next_frame_info().map_err(decoding)?.cloned() else {
        return Err(errors::damaged("gif", "it holds no picture"));
    };
    let (top, left) = (usize::from(frame.top), usize::from(frame.left));
    let (height, width) = (usize::from(frame.height), usize::from(frame.width));
    limits.check(height as u64, width as u64, 1, Depth::U8)?;
    let palette: Vec<[u8; 3]> = decoder.palette().map_err(decoding)?.as_chunks().0.to_vec();
    let gray = palette.iter().all(|[r, g, b]| r == g && g == b);
    let uncovered = top > 0 || left > 0 || top + height < rows || left + width < columns;
    let alpha = frame.transparent.is_some() || uncovered;
    let channels = if gray { 1 } else { 3 } + usize::from(alpha);
    let spec = ImageSpec::new([rows, columns, channels], Depth::U8);
    let header = Header::new(Format::Gif, spec);
    let outside = top + height > rows || left + width > columns;
    let outside = outside.then_some(IgnoredContent::Overscan);
    let mut header = header.with_ignored(ignored.into_iter().chain(outside));
    header.metadata = Metadata {
        icc: decoder.icc_profile().map(<[u8]>::to_vec),
        xmp: decoder.xmp_metadata().map(<[u8]>::to_vec),
        parts: blocks.comments.into_vec(),
        ..Metadata::default()
    };
    let picture = Picture {
        frame,
        palette,
        spec,
        gray,
    };
    let memory = kept + height * width + header.spec.bytes();
    let metadata = header.metadata.clone();
    Ok(WholeSource::reader(header, memory, move || {
        let image = picture.read(&mut decoder, memory_limit)?;
        // The data up to the next frame, at least, must be valid.
        decoder.next_frame_info().map_err(decoding)?;
        let warnings = Vec::new();
        Ok((image, Trailer { metadata, warnings }))
    }))
}

/// Finds the frames after the first and data after the last, by walking the blocks up
/// to the first damaged one. A thorough scan also decodes the first frame to find
/// excess data in it.
fn ignored(bytes: &[u8], blocks: &Blocks, scan_depth: ScanDepth) -> Vec<IgnoredContent> {
    let trailing = data_after(bytes, blocks.end);
    let frames = (blocks.frames > 1).then_some(IgnoredContent::Frames(blocks.frames));
    let first = blocks.first.filter(|_| scan_depth == ScanDepth::Thorough);
    let excess = first.and_then(|start| excess_data(&bytes[start..]));
    frames.into_iter().chain(trailing).chain(excess).collect()
}

/// Excess data in the compressed data of a frame, whose bytes from its descriptor on are
/// `frame`.
fn excess_data(frame: &[u8]) -> Option<IgnoredContent> {
    let &[_, _, _, _, _, w0, w1, h0, h1, flags] = frame.first_chunk()?;
    let [width, height] = [[w0, w1], [h0, h1]].map(|side| u64::from(u16::from_le_bytes(side)));
    let (bits, data) = frame.get(10 + palette(flags)..)?.split_first()?;
    // Encoders may pad by less than a row.
    let mut length = StreamLength::gif_lzw(*bits, (width * height + width).saturating_sub(1))?;
    SubBlocks(data).for_each(|part| length.feed(part));
    length.ignored()
}

/// The bytes of the palette with these flags.
const fn palette(flags: u8) -> usize {
    match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    }
}

/// What a comment begins with: an extension of the code 254.
const COMMENT: [u8; 2] = [0x21, 0xfe];

/// Longer comments are not carried over.
const MAX_COMMENT: usize = 1 << 20;

/// A comment of these sub-blocks.
fn comment<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Part {
    let (mut text, mut bytes) = (Vec::new(), 0);
    for part in parts {
        bytes += part.len();
        if bytes <= MAX_COMMENT {
            text.extend_from_slice(part);
        }
    }
    match bytes {
        ..=MAX_COMMENT => Part::Comment(text.into()),
        _ => Part::Other {
            name: "comment".to_owned(),
            bytes,
            why: Omission::Unknown("it is larger than a mebibyte"),
        },
    }
}

/// The result of walking the blocks of a file.
#[derive(Default)]
struct Blocks {
    frames: u64,
    /// The byte offset of the first frame's descriptor.
    first: Option<usize>,
    /// The byte offset after the trailer, if there is one.
    end: Option<usize>,
    /// The texts of its comments.
    comments: PartList,
}

impl Blocks {
    fn of(bytes: &[u8]) -> Self {
        let mut blocks = Self::default();
        // The signature, and the logical screen with its flags.
        let mut at = 13 + bytes.get(10).map_or(0, |flags| palette(*flags));
        loop {
            let is_comment = bytes.get(at..at + 2) == Some(&COMMENT);
            at += match bytes.get(at) {
                Some(0x3b) => {
                    blocks.end = Some(at + 1);
                    return blocks;
                }
                Some(0x21) => 2,
                Some(0x2c) => {
                    blocks.frames += 1;
                    blocks.first.get_or_insert(at);
                    // The frame, its palette, and the size of codes.
                    11 + bytes.get(at + 9).map_or(0, |flags| palette(*flags))
                }
                _ => return blocks,
            };
            let mut data = SubBlocks(bytes.get(at..).unwrap_or_default());
            // To their end, beyond which other blocks follow.
            match is_comment {
                true => blocks.comments.push(comment(data.by_ref())),
                false => data.by_ref().for_each(drop),
            }
            at = bytes.len() - data.0.len();
        }
    }
}

/// Iterates over data sub-blocks up to the empty one that ends them; the field is what
/// follows.
struct SubBlocks<'a>(&'a [u8]);

impl<'a> Iterator for SubBlocks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first()?;
        let (part, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        self.0 = rest;
        (!part.is_empty()).then_some(part)
    }
}

/// The first frame, and the shape and colours that it is decoded to.
struct Picture {
    /// The frame without its indices, which are still to be read.
    frame: Frame<'static>,
    palette: Vec<[u8; 3]>,
    spec: ImageSpec,
    gray: bool,
}

impl Picture {
    fn read(&self, decoder: &mut Decoder<impl Read>, memory_limit: u64) -> Result<Image> {
        let (top, left) = (usize::from(self.frame.top), usize::from(self.frame.left));
        let (height, width) = (
            usize::from(self.frame.height),
            usize::from(self.frame.width),
        );
        let mut indices = zeroed_vec::<u8>(height * width)?;
        (decoder.read_into_buffer(&mut indices)).map_err(|error| decoding(error, memory_limit))?;
        let [rows, columns, channels] = self.spec.shape();
        let mut samples = zeroed_vec::<u8>(rows * columns * channels)?;
        let lines = samples.chunks_exact_mut(columns * channels).skip(top);
        for (line, indices) in lines.zip(indices.chunks_exact(width)) {
            let pixels = line.chunks_exact_mut(channels).skip(left);
            for (pixel, index) in pixels.zip(indices) {
                let Some(color) = self.palette.get(usize::from(*index)) else {
                    return Err(errors::damaged("gif", "a colour is not in its palette"));
                };
                let (colors, rest) = pixel.split_at_mut(if self.gray { 1 } else { 3 });
                colors.copy_from_slice(&color[..colors.len()]);
                if let [alpha] = rest {
                    let is_transparent = self.frame.transparent == Some(*index);
                    *alpha = if is_transparent { 0 } else { 255 };
                }
            }
        }
        Image::new(rows, columns, channels, Samples::U8(samples.into()))
    }
}

/// Writes one picture: gray exactly, anything else with 256 colours and a warning if that is
/// not exact.
pub(super) fn write(
    image: &Image,
    metadata: &Metadata,
    out: &mut impl Write,
) -> Result<Vec<Warning>> {
    let (rows, columns) = image_crate::sides(image)?;
    let (height, width) = (rows as u16, columns as u16);
    let bytes = image.samples().as_slice().as_bytes();
    let mut warnings = Vec::new();
    // A gray palette is written as the global one: some readers recognise gray pictures
    // only by that.
    let mut global = Vec::new();
    let frame = if image.channels() == 1 {
        global = (0..=255).flat_map(|gray| [gray; 3]).collect();
        Frame {
            width,
            height,
            buffer: bytes.into(),
            ..Frame::default()
        }
    } else {
        let mut quantised = zeroed_vec(image.rows() * image.columns())?;
        for (out, pixel) in quantised.iter_mut().zip(colors(image)) {
            *out = pixel;
        }
        // 10 is the gif crate's compromise between speed and fidelity.
        let frame = Frame::from_rgba_speed(width, height, quantised.as_flattened_mut(), 10);
        drop(quantised);
        if !is_exact(colors(image), &frame) {
            warnings.push(
                "gif holds 256 colours, each opaque or not at all: the picture was reduced to that"
                    .into(),
            );
        }
        frame
    };
    let mut encoder = Encoder::new(out, width, height, &global).map_err(encoding)?;
    for part in &metadata.parts {
        if let Part::Comment(text) = part {
            // A sub-block holds 255 bytes.
            let blocks = Vec::from_iter(text.chunks(255));
            let comment = AnyExtension(COMMENT[1]);
            encoder
                .write_raw_extension(comment, &blocks)
                .map_err(encoding)?;
        }
    }
    encoder.write_frame(&frame).map_err(encoding)?;
    // Writes the trailer byte.
    encoder.into_inner().map_err(encoding)?;
    Ok(warnings)
}

/// The pixels as RGBA.
fn colors(image: &Image) -> impl Iterator<Item = [u8; 4]> {
    let bytes = image.samples().as_slice().as_bytes();
    bytes
        .chunks_exact(image.channels())
        .map(|pixel| match *pixel {
            [gray, alpha] => [gray, gray, gray, alpha],
            [r, g, b] => [r, g, b, 255],
            [r, g, b, a] => [r, g, b, a],
            _ => [0; 4],
        })
}

fn is_exact(mut pixels: impl Iterator<Item = [u8; 4]>, frame: &Frame<'_>) -> bool {
    let palette = frame
        .palette
        .as_deref()
        .unwrap_or_default()
        .as_chunks::<3>()
        .0;
    let mut indices = frame.buffer.iter();
    pixels.all(|[r, g, b, a]| {
        indices.next().is_some_and(|index| {
            let alpha = if frame.transparent == Some(*index) {
                0
            } else {
                255
            };
            palette.get(usize::from(*index)) == Some(&[r, g, b]) && a == alpha
        })
    })
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

fn encoding(error: EncodingError) -> Error {
    match error {
        EncodingError::Io(error) => errors::writing(error),
        error => errors::encoder_refused("gif", error, "png"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_as_far_as_the_blocks_are_whole() {
        let mut file = Vec::new();
        let palette: Vec<u8> = (0..24).collect();
        let mut encoder = Encoder::new(&mut file, 5, 4, &palette).unwrap();
        encoder.set_repeat(::gif::Repeat::Infinite).unwrap();
        for number in 0..3 {
            let mut frame = Frame::from_indexed_pixels(5, 4, vec![number; 20], Some(1));
            frame.delay = 7;
            // With a palette of its own.
            frame.palette = (number == 1).then(|| palette.clone());
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        let whole = Blocks::of(&file);
        assert_eq!((whole.frames, whole.end), (3, Some(file.len())));
        let mut counts: Vec<u64> = (0..file.len())
            .map(|length| {
                let blocks = Blocks::of(&file[..length]);
                assert_eq!(blocks.end, None, "{length}");
                blocks.frames
            })
            .collect();
        assert!(counts.is_sorted(), "{counts:?}");
        counts.dedup();
        assert_eq!(counts, [0, 1, 2, 3]);
        assert_eq!(
            {
                let bytes = [&file[..], b"more"].concat();
                ignored(&bytes, &Blocks::of(&bytes), ScanDepth::Thorough)
            },
            [IgnoredContent::Frames(3), IgnoredContent::TrailingData(4)]
        );
    }

    #[test]
    fn what_follows_a_comment_is_not_taken_for_a_part_of_it() {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 5, 4, &[0; 24]).unwrap();
        let comment = |text: &str| Part::Comment(text.as_bytes().into());
        for text in ["first", "next", "last"] {
            let extension = AnyExtension(COMMENT[1]);
            (encoder.write_raw_extension(extension, &[text.as_bytes()])).unwrap();
            let frame = Frame::from_indexed_pixels(5, 4, vec![0; 20], None);
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        let blocks = Blocks::of(&file);
        assert_eq!((blocks.frames, blocks.end), (3, Some(file.len())));
        assert_eq!(
            blocks.comments.into_vec(),
            [comment("first"), comment("next"), comment("last")]
        );
    }
}
