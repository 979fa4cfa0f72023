//! WebP: a RIFF file of chunks.
//!
//! Checks before the image crate decodes it: the memory of metadata, and ignored chunks.

pub(super) mod animation;

use std::{io::Write, iter};

use image_webp::{ColorType, EncodingError, WebPEncoder};

use crate::{
    codec::{IgnoredContent, Limits, Metadata, errors, ignored_content::unknown_data},
    error::Result,
};

/// Writes 8-bit samples without loss, with profile, EXIF and XMP data.
pub(super) fn write(
    samples: &[u8],
    [rows, columns]: [u32; 2],
    channels: usize,
    metadata: &Metadata,
    out: &mut impl Write,
) -> Result<()> {
    let color = match channels {
        4 => ColorType::Rgba8,
        // Gray was converted.
        _ => ColorType::Rgb8,
    };
    let mut encoder = WebPEncoder::new(out);
    if let Some(icc) = &metadata.icc {
        encoder.set_icc_profile(icc.clone());
    }
    if let Some(exif) = &metadata.exif {
        encoder.set_exif_metadata(exif.clone());
    }
    if let Some(xmp) = &metadata.xmp {
        encoder.set_xmp_metadata(xmp.clone());
    }
    match encoder.encode(samples, columns, rows, color) {
        Ok(()) => Ok(()),
        Err(EncodingError::IoError(error)) => Err(errors::writing(error)),
        Err(error) => Err(errors::encoder_refused("webp", error, "png, tiff or npy")),
    }
}

/// A chunk of the file: its name, its size, and its data if they are complete.
struct Chunk<'a> {
    name: &'a [u8; 4],
    size: usize,
    data: Option<&'a [u8]>,
}

/// Iterates over the chunks of the file.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    sub_chunks(bytes.get(12..).unwrap_or_default())
}

/// Iterates over chunks that follow one another.
fn sub_chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    iter::from_fn(move || {
        let (name, after) = rest.split_first_chunk()?;
        let (size, after) = after.split_first_chunk()?;
        let size = u32::from_le_bytes(*size) as usize;
        // A chunk of an odd size has a byte of padding, which may be missing at the end.
        rest = after.get(size.next_multiple_of(2)..).unwrap_or_default();
        let data = after.get(..size);
        Some(Chunk { name, size, data })
    })
}

/// Refuses a WebP whose profile, EXIF or XMP data exceed the limit: the decoder allocates what
/// their chunks claim.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<()> {
    let is_kept = |chunk: &Chunk<'_>| matches!(chunk.name, b"ICCP" | b"EXIF" | b"XMP ");
    if (chunks(bytes).filter(is_kept)).any(|chunk| chunk.size > limits.metadata()) {
        return Err(errors::over_memory("webp", limits.max_memory));
    }
    Ok(())
}

/// The end of the file by its RIFF header; `None` if that is beyond its bytes.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let size = bytes.get(4..8)?.try_into().ok()?;
    let end = (u32::from_le_bytes(size) as usize).checked_add(8)?;
    (end <= bytes.len()).then_some(end)
}

/// Whether a picture, or a frame of an animation, is coded with losses; alpha never is.
pub(super) fn is_lossy(bytes: &[u8]) -> bool {
    chunks(bytes).any(|chunk| match chunk.name {
        b"VP8 " => true,
        // After the place, the size and the duration of a frame.
        b"ANMF" => {
            let frame = chunk.data.and_then(|data| data.get(16..20));
            frame.is_some_and(|name| matches!(name, b"VP8 " | b"ALPH"))
        }
        _ => false,
    })
}

/// Content of the chunks beside the one picture that is read; `None` if a chunk is longer
/// than the file.
pub(super) fn ignored(bytes: &[u8]) -> Option<Vec<IgnoredContent>> {
    let (mut stills, mut frames, mut others) = (0_u64, 0_u64, 0_u64);
    for chunk in chunks(bytes) {
        let data = chunk.data?;
        match chunk.name {
            b"VP8 " | b"VP8L" => stills += 1,
            b"ANMF" => frames += 1,
            b"VP8X" | b"ANIM" | b"ALPH" | b"ICCP" | b"EXIF" | b"XMP " => {}
            _ => others += unknown_data(data).map_or(0, |_| chunk.size as u64),
        }
    }
    let several = (stills > 1 || (stills > 0 && frames > 0)).then_some(IgnoredContent::Pictures);
    let frames = (stills == 0 && frames > 1).then_some(IgnoredContent::Frames(frames));
    let others = (others > 0).then_some(IgnoredContent::DataBetween(others));
    Some([several, frames, others].into_iter().flatten().collect())
}

/// The bytes of the decoder's Huffman tables, and of the first rows.
pub(super) const DECODER_TABLE_BYTES: usize = 1 << 20;
