//! JPEG: read by zune-jpeg in its strict mode, written by libjpeg-turbo-rs.
//!
//! zune-jpeg decodes whole images only, not row by row. A large image of one scan
//! is therefore split into strips, each decoded as an image of its own; other
//! images are decoded whole.

mod huffman;
mod markers;
mod mcu_rows;
mod sampling;
mod scan_data;
mod segments;
mod strip_headers;
mod strips;
#[cfg(test)]
mod tests;
mod write;

pub(super) use markers::{ignored, is_complete, is_subsampled};
pub use sampling::Sampling;
pub(super) use strips::SplitSettings;
pub(super) use write::{create, strip_rows};

use std::borrow::Cow;

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{
    JpegDecoder,
    errors::{DecodeErrors, UnsupportedSchemes},
};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, Samples, zeroed_vec},
};

use markers::{Extent, guarded, guarded_len};
use strips::Strips;

use super::{
    Density, DensityUnit, Format, IgnoredContent, Limits, Metadata, Part, errors,
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
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*bytes), options);
    decoder.decode_headers().map_err(decode_error)?;
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
    let cmyk = matches!(space, ColorSpace::CMYK | ColorSpace::YCCK).then_some(IgnoredContent::Cmyk);
    let spec = ImageSpec::new([rows, columns, channels], Depth::U8);
    let header = Header::new(Format::Jpeg, spec);
    let mut header = header.with_ignored(cmyk.into_iter().chain(ignored(&bytes)));
    header.metadata = Metadata {
        icc: decoder.icc_profile(),
        exif: decoder.exif().cloned(),
        xmp: (decoder.xmp().cloned()).or_else(|| segments::renamed_xmp(&bytes)),
        density: density(&bytes),
        sampling: Sampling::of(&extent),
        parts: segments::parts(&bytes),
        ..Metadata::default()
    };
    let samples = header.spec.bytes();
    let trailer = Trailer {
        metadata: header.metadata.clone(),
        warnings: Vec::new(),
    };
    let options = options.jpeg_set_out_colorspace(target);
    let bytes = match Strips::new(bytes, header.spec, options, trailer.clone(), settings) {
        Ok(strips) => return Ok(RowReader::new(header, strips)),
        Err(bytes) => bytes,
    };
    // The samples, the file with and without guards, and the decoder's buffers.
    let memory = (samples + bytes.len() + guarded_len(&bytes).unwrap_or(0))
        .saturating_add(decoder_bytes(&extent, [rows, columns], info.components));
    Ok(WholeSource::reader(header, memory, move || {
        let guarded = guarded(&bytes)?;
        drop(bytes);
        let mut pixels = zeroed_vec(samples)?;
        JpegDecoder::new_with_options(ZCursor::new(guarded.as_slice()), options)
            .decode_into(&mut pixels)
            .map_err(decode_error)?;
        let image = Image::new(rows, columns, channels, Samples::U8(pixels.into()))?;
        Ok((image, trailer))
    }))
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

fn decode_error(error: DecodeErrors) -> Error {
    match error {
        DecodeErrors::Unsupported(scheme) => {
            use UnsupportedSchemes as Scheme;
            let coding = match scheme {
                Scheme::LosslessHuffman | Scheme::LosslessArithmetic => "lossless coding",
                Scheme::ExtendedSequentialHuffman => "extended sequential coding",
                Scheme::ExtendedSequentialDctArithmetic | Scheme::ProgressiveDctArithmetic => {
                    "arithmetic coding"
                }
            };
            errors::unsupported("jpeg", coding)
        }
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => errors::truncated("jpeg"),
        DecodeErrors::Format(text) => damaged(&text),
        DecodeErrors::FormatStatic(text) => damaged(text),
        error => errors::damaged("jpeg", error),
    }
}

fn damaged(text: &str) -> Error {
    if text.contains("remature") {
        errors::truncated("jpeg")
    } else if text.contains("component dimensions") || text == "Missing samples" {
        // The decoder's errors for intact files with unusual sampling factors.
        errors::unsupported("jpeg", "such a sampling of its components")
    } else {
        errors::damaged("jpeg", text)
    }
}
