//! PNG, by the png crate: every checksum is looked at, to the end of the file.

use std::io::{Cursor, Write};

use ::png::{BitDepth, ColorType, Decoder, DecodingError, Encoder, EncodingError, Transformations};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, Samples},
};

use super::{Compression, Decoded, Format, Limits, Metadata, message, raster};

/// Reads a PNG: palettes become RGB or RGBA, fewer than 8 bits become 8,
/// transparent colours become alpha.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    check_not_empty(bytes, limits)?;
    let memory = ::png::Limits {
        bytes: limits.max_memory(),
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), memory);
    decoder.ignore_checksums(false);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(decoding)?;
    // At least: whether a palette has alpha is known only further on.
    let least = header.color_type.samples() as u64;
    limits.check(header.height.into(), header.width.into(), least, Depth::U8)?;

    let mut reader = decoder.read_info().map_err(decoding)?;
    let (color, bits) = reader.output_color_type();
    let depth = match bits {
        BitDepth::Sixteen => Depth::U16,
        _ => Depth::U8,
    };
    let (rows, columns) = (reader.info().height as usize, reader.info().width as usize);
    let channels = color.samples();
    let mut samples = limits.allocate(rows, columns, channels, depth)?;
    reader
        .next_frame(raster::bytes_of_mut(&mut samples))
        .map_err(decoding)?;
    if let Samples::U16(samples) = &mut samples {
        for sample in samples {
            *sample = u16::from_be(*sample);
        }
    }
    let animated = reader.info().animation_control.is_some();
    // Chunks may follow the picture, and a file without its end was cut off.
    reader.finish().map_err(decoding)?;
    let owned = |bytes: &Option<std::borrow::Cow<'_, [u8]>>| bytes.as_ref().map(|b| b.to_vec());
    let info = reader.info();
    let metadata = Metadata {
        icc: owned(&info.icc_profile),
        exif: owned(&info.exif_metadata),
        ..Metadata::default()
    };
    let mut warnings = Vec::new();
    if animated {
        warnings.push("the png file is an animation: only its first picture was read".to_owned());
    }
    Ok(Decoded {
        image: Image::new(rows, columns, channels, samples)?,
        format: Format::Png,
        metadata,
        warnings,
    })
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

/// Writes 8 or 16 bits, one to four channels.
pub(super) fn write(
    image: &Image,
    metadata: &Metadata,
    compression: Compression,
    out: &mut impl Write,
) -> Result<()> {
    let (rows, columns) = raster::sides(image)?;
    let mut info = ::png::Info::with_size(columns, rows);
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    info.exif_metadata = metadata.exif.as_deref().map(Into::into);
    let mut encoder = Encoder::with_info(out, info).map_err(encoding)?;
    encoder.set_color(match image.channels() {
        1 => ColorType::Grayscale,
        2 => ColorType::GrayscaleAlpha,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    });
    encoder.set_compression(match compression {
        Compression::Fast => ::png::Compression::Fast,
        Compression::Balanced => ::png::Compression::Balanced,
        Compression::Best => ::png::Compression::High,
    });
    let swapped: Vec<u8>;
    let bytes = match image.samples() {
        Samples::U16(samples) => {
            encoder.set_depth(BitDepth::Sixteen);
            swapped = samples.iter().flat_map(|s| s.to_be_bytes()).collect();
            &swapped
        }
        samples => {
            encoder.set_depth(BitDepth::Eight);
            raster::bytes_of(samples)
        }
    };
    let mut writer = encoder.write_header().map_err(encoding)?;
    writer.write_image_data(bytes).map_err(encoding)?;
    writer.finish().map_err(encoding)
}

fn decoding(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) => message::reading("png", &error),
        DecodingError::LimitsExceeded => Error::limit(
            "reading the png file takes more memory than the limit allows: check the file, or cut the picture into parts",
        ),
        error => {
            let text = error.to_string();
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

fn encoding(error: EncodingError) -> Error {
    match error {
        EncodingError::IoError(error) => message::writing(error),
        error => Error::output(format_args!(
            "png cannot hold this picture ({}); choose tiff or npy",
            message::one_line(error)
        )),
    }
}
