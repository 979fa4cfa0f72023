//! JPEG: read by zune-jpeg in its strict mode, written by libjpeg-turbo-rs.
//!
//! zune-jpeg decodes whole images only, not row by row. A large image of one scan
//! is therefore split into strips, each decoded as an image of its own; other
//! images are decoded whole.

mod frame;
mod huffman;
mod interleaved;
mod markers;
mod mcu_rows;
mod progressive;
mod quality;
mod sampling;
mod scan_data;
mod segments;
mod strip_headers;
mod strips;
#[cfg(test)]
mod tests;
mod write;

pub(super) use frame::unsupported as unsupported_frame;
pub(super) use markers::{ignored, is_complete, is_subsampled};
pub(super) use progressive::memory_to_write as memory_to_write_progressive;
pub use quality::JpegQuality;
pub use sampling::Sampling;
pub(super) use strips::SplitSettings;
pub(super) use write::{Settings, create, strip_rows};

use std::borrow::Cow;

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, errors::DecodeErrors};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, Samples, no_memory, zeroed_vec},
};

use frame::{has_all_scans, missing_components};
use markers::{END, Extent, GUARD, guarded, guarded_len, misplaced_restarts};
use strips::Strips;

use super::{
    Coding, Density, DensityUnit, Format, IgnoredContent, Limits, Metadata, Part, errors,
    rows::{Header, RowReader, Trailer, WholeSource},
};

/// Smaller images have at most 6 MB of samples: no more than two strips with
/// overlap.
const SPLIT: SplitSettings = SplitSettings {
    pixels: 2_000_000,
    bytes: 1 << 20,
};

/// Opens a JPEG: gray stays gray, everything else becomes RGB.
pub(super) fn open<'a>(bytes: Cow<'a, [u8]>, limits: &Limits) -> Result<RowReader<'a>> {
    open_split(bytes, limits, SPLIT)
}

pub(super) fn open_split<'a>(
    bytes: Cow<'a, [u8]>,
    limits: &Limits,
    settings: SplitSettings,
) -> Result<RowReader<'a>> {
    let extent = Extent::of(&bytes);
    if let Some(what) = unsupported_frame(&bytes) {
        return Err(errors::unsupported_until(NAME, what.what, what.remedy));
    }
    if !extent.is_upsampled_correctly {
        return Err(errors::unsupported(
            "jpeg",
            "a component that is sampled finer than the first, or by thirds,",
        ));
    }
    // The metadata segments are kept in memory beside the file.
    if bytes.len().saturating_add(extent.metadata_bytes()) > limits.memory() {
        return Err(errors::over_memory("jpeg", limits.max_memory));
    }
    let (bytes, is_closed) = closed(bytes)?;
    if let Some(what) = missing_components(&bytes) {
        return Err(errors::damaged("jpeg", what));
    }
    let options = options();
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*bytes), options);
    decoder
        .decode_headers()
        .map_err(|error| decode_error(NAME, error))?;
    let (Some(info), Some(space)) = (decoder.info(), decoder.input_colorspace()) else {
        return Err(errors::damaged("jpeg", "no size in its header"));
    };
    if info.components == 2 {
        return Err(errors::unsupported("jpeg", "a picture of two components"));
    }
    let (rows, columns) = (usize::from(info.height), usize::from(info.width));
    let (target, channels) = match space {
        ColorSpace::Luma => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    limits.check(rows as u64, columns as u64, channels as u64, Depth::U8)?;
    // The decoder calls three components CMYK, too, where Adobe's segment says that they are no
    // YCbCr.
    let is_cmyk = info.components == 4 && matches!(space, ColorSpace::CMYK | ColorSpace::YCCK);
    let cmyk = is_cmyk.then_some(IgnoredContent::Cmyk);
    let spec = ImageSpec::new([rows, columns, channels], Depth::U8);
    let header = Header::new(Format::Jpeg, spec);
    let content = ignored(&bytes)
        .into_iter()
        .chain(misplaced_restarts(&bytes));
    let mut header = header.with_ignored(cmyk.into_iter().chain(content));
    header.coding = frame::is_progressive(&bytes).then_some(Coding::ProgressiveJpeg);
    header.metadata = Metadata {
        icc: decoder.icc_profile(),
        exif: decoder.exif().cloned(),
        xmp: (decoder.xmp().cloned()).or_else(|| segments::renamed_xmp(&bytes)),
        density: density(&bytes),
        sampling: Sampling::of(&extent),
        quality: JpegQuality::of(&bytes),
        parts: segments::parts(&bytes),
        ..Metadata::default()
    };
    let samples = header.spec.bytes();
    let mut trailer = Trailer {
        metadata: header.metadata.clone(),
        warnings: Vec::new(),
    };
    let options = options.jpeg_set_out_colorspace(target);
    if interleaved::has_several_scans(&bytes) {
        let [memory, result] = interleaved::memory(&bytes);
        let guards = GUARD.len() + result;
        let mut extent = extent;
        extent.keeps_coefficients = false;
        let decoding = decoder_bytes(&extent, [rows, columns], info.components);
        let memory = (samples + bytes.len() + guards)
            .saturating_add(memory)
            .saturating_add(decoding);
        return Ok(WholeSource::reader(header, memory, move || {
            let joined = interleaved::interleaved(&bytes)?;
            drop(bytes);
            let guarded = guarded(&joined, GUARD)?;
            drop(joined);
            let pixels = decode(&guarded, samples, options)?;
            if !is_closed {
                trailer.warnings.push(UNCLOSED.into());
            }
            let image = Image::new(rows, columns, channels, Samples::U8(pixels.into()))?;
            Ok((image, trailer))
        }));
    }
    if !is_closed {
        let memory = (2 * samples + 2 * bytes.len() + guarded_len(&bytes).unwrap_or(0))
            .saturating_add(decoder_bytes(&extent, [rows, columns], info.components));
        return Ok(WholeSource::reader(header, memory, move || {
            let pixels = decode_unclosed(&bytes, samples, options)?;
            trailer.warnings.push(UNCLOSED.into());
            let image = Image::new(rows, columns, channels, Samples::U8(pixels.into()))?;
            Ok((image, trailer))
        }));
    }
    let bytes = match Strips::new(bytes, header.spec, options, trailer.clone(), settings) {
        Ok(strips) => return Ok(RowReader::new(header, strips)),
        Err(bytes) => bytes,
    };
    // The samples, the file with and without guards, and the decoder's buffers.
    let memory = (samples + bytes.len() + guarded_len(&bytes).unwrap_or(0))
        .saturating_add(decoder_bytes(&extent, [rows, columns], info.components));
    Ok(WholeSource::reader(header, memory, move || {
        let guarded = guarded(&bytes, GUARD)?;
        drop(bytes);
        let pixels = decode(&guarded, samples, options)?;
        let image = Image::new(rows, columns, channels, Samples::U8(pixels.into()))?;
        Ok((image, trailer))
    }))
}

const NAME: &str = "jpeg";

const UNCLOSED: &str = "the jpeg file lacks its end mark: its picture is whole";

fn options() -> DecoderOptions {
    DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
}

/// Decodes a whole file to this number of samples.
fn decode(bytes: &[u8], samples: usize, options: DecoderOptions) -> Result<Vec<u8>> {
    let mut pixels = zeroed_vec(samples)?;
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
        .decode_into(&mut pixels)
        .map_err(|error| decode_error(NAME, error))?;
    Ok(pixels)
}

/// Adds the EOI marker if it is missing after the data of all scans. Also returns whether it was
/// there. Files that end earlier are left to the decoder.
fn closed(bytes: Cow<'_, [u8]>) -> Result<(Cow<'_, [u8]>, bool)> {
    if bytes.ends_with(&[0xff, END]) || is_complete(&bytes) || !has_all_scans(&bytes) {
        return Ok((bytes, true));
    }
    let mut owned = bytes.into_owned();
    (owned.try_reserve_exact(2)).map_err(|_| no_memory::<u8>(2))?;
    owned.extend([0xff, END]);
    Ok((owned.into(), false))
}

/// Decodes a file whose EOI marker was added; an error if the data end within a scan.
///
/// In most scans, the decoder meets an invalid code where the data end. Bits that refine
/// coefficients have no codes: then it takes any bits, and the samples depend on those that
/// follow the data.
fn decode_unclosed(bytes: &[u8], samples: usize, options: DecoderOptions) -> Result<Vec<u8>> {
    let pixels = |guard| {
        decode(&guarded(bytes, guard)?, samples, options).map_err(|error| match error {
            Error::Input(_) => errors::truncated(NAME),
            error => error,
        })
    };
    let ones = pixels(GUARD)?;
    match ones == pixels([0; GUARD.len()])? {
        true => Ok(ones),
        false => Err(errors::truncated(NAME)),
    }
}

/// The size of JPEG data that are a part of a picture in another file.
pub(super) struct PartShape {
    /// The rows that are needed, and those that there may be.
    pub(super) least_rows: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) samples: usize,
}

/// Decodes JPEG data in a TIFF file: YCbCr to RGB, other colours as they are.
pub(super) fn decode_part(bytes: Vec<u8>, shape: &PartShape, is_ycbcr: bool) -> Result<Vec<u8>> {
    const OUTER: &str = "tiff";
    let failed = |error| decode_error(OUTER, error);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes.as_slice()), options());
    decoder.decode_headers().map_err(failed)?;
    let (Some(info), Some(space)) = (decoder.info(), decoder.input_colorspace()) else {
        return Err(errors::damaged(
            OUTER,
            "no size in the header of its JPEG data",
        ));
    };
    let (rows, columns) = (usize::from(info.height), usize::from(info.width));
    if !(shape.least_rows..=shape.rows).contains(&rows)
        || columns != shape.columns
        || usize::from(info.components) != shape.samples
    {
        let what = "its JPEG data are of another size than its parts";
        return Err(errors::damaged(OUTER, what));
    }
    if space == ColorSpace::YCCK {
        return Err(errors::unsupported(OUTER, "YCCK colour in a JPEG"));
    }
    let target = if is_ycbcr { ColorSpace::RGB } else { space };
    let options = options().jpeg_set_out_colorspace(target);
    if let Some(what) = missing_components(&bytes) {
        return Err(errors::damaged(OUTER, what));
    }
    let bytes = match interleaved::has_several_scans(&bytes) {
        true => interleaved::interleaved(&bytes)?,
        false => bytes,
    };
    let guarded = guarded(&bytes, GUARD)?;
    drop(bytes);
    let mut samples = zeroed_vec(rows * columns * shape.samples)?;
    JpegDecoder::new_with_options(ZCursor::new(guarded.as_slice()), options)
        .decode_into(&mut samples)
        .map_err(failed)?;
    Ok(samples)
}

/// The bytes of the decoder's buffers for a part of this size, which it may keep the
/// coefficients of.
pub(super) const fn part_buffers([rows, columns]: [usize; 2], samples: usize) -> usize {
    // Components are stored in whole MCUs, of at most 32 x 32 pixels.
    let [rows, columns] = [rows.next_multiple_of(32), columns.next_multiple_of(32)];
    let coefficients = size_of::<i16>() * samples;
    (rows.saturating_mul(columns).saturating_mul(coefficients))
        .saturating_add(row_buffers(columns, samples, 4))
}

/// The bytes that the decoder allocates to decode a whole file whose headers it
/// has accepted.
fn decoder_bytes(extent: &Extent, size: [usize; 2], components: u8) -> usize {
    let [horizontal, vertical] = extent.factors;
    // Components are stored in whole MCUs.
    let [rows, columns] = [(size[0], vertical), (size[1], horizontal)]
        .map(|(side, factor)| side.next_multiple_of(8 * factor));
    let coefficients = match extent.keeps_coefficients {
        true => size_of::<i16>() * rows * columns * usize::from(components),
        false => 0,
    };
    let rows = row_buffers(columns, usize::from(components), vertical);
    coefficients + rows + extent.metadata_bytes()
}

/// The bytes of the decoder's buffers for a row of MCUs: coefficients, samples, and upsampled
/// samples, each for `vertical` (the vertical sampling factor) rows of blocks and for the
/// neighbouring rows that upsampling reads.
pub(super) const fn row_buffers(columns: usize, components: usize, vertical: usize) -> usize {
    const COPIES: usize = 6;
    COPIES * size_of::<i16>() * columns * components * 8 * vertical + (64 << 10)
}

/// The pixel density in the JFIF segment, which is the first segment if present.
fn density(bytes: &[u8]) -> Option<Density> {
    let jfif = bytes.strip_prefix(b"\xff\xd8\xff\xe0")?.get(2..)?;
    let &[_, _, unit, x1, x0, y1, y0, ..] = jfif.strip_prefix(b"JFIF\0")? else {
        return None;
    };
    let unit = match unit {
        0 => DensityUnit::None,
        1 => DensityUnit::Inch,
        2 => DensityUnit::Centimetre,
        _ => return None,
    };
    let pixels = [[x1, x0], [y1, y0]].map(|n| [u16::from_be_bytes(n).into(), 1]);
    Density::new(pixels, unit)
}

/// Converts the decoder's error about JPEG data in a file of this format.
fn decode_error(format: &'static str, error: DecodeErrors) -> Error {
    let text = match &error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => {
            return errors::truncated(format);
        }
        DecodeErrors::Format(text) => text.as_str(),
        DecodeErrors::FormatStatic(text) => text,
        DecodeErrors::Unsupported(scheme) => {
            return errors::unsupported_kind(format, format_args!("{scheme:?}"));
        }
        error => return errors::damaged(format, error),
    };
    if text.contains("remature") {
        errors::truncated(format)
    } else if is_sampling(text) {
        errors::unsupported(format, "such a sampling of its components")
    } else {
        errors::damaged(format, text)
    }
}

/// Whether this is an error of the decoder for intact files with unusual sampling factors.
fn is_sampling(text: &str) -> bool {
    text.contains("component dimensions")
        || text.contains("not a power of two")
        || text == "Missing samples"
}
