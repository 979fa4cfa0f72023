//! Reading: strips and tiles, planes together or apart.

use std::io::Cursor;

use ::tiff::{
    ColorType, TiffError,
    decoder::{ChunkType, Decoder, DecodingSampleType, Limits as TiffLimits},
    tags::Tag,
};
use half::f16;

use crate::{
    error::{Error, Result},
    image::{Depth, Image, Samples, zeroed_vec},
};

use super::{Decoded, Format, Limits, Metadata, jpeg, message, raster};

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// What is to be read, after the header was judged.
struct Picture {
    rows: usize,
    columns: usize,
    channels: usize,
    bits: u8,
    /// Whether the channels follow each other instead of being interleaved.
    planar: bool,
}

impl Picture {
    const fn len(&self) -> usize {
        self.rows * self.columns * self.channels
    }
}

/// Reads the first picture of the file.
pub(in crate::codec) fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    let memory = limits.max_memory();
    let mut tiff_limits = TiffLimits::unlimited();
    tiff_limits.decoding_buffer_size = memory;
    tiff_limits.intermediate_buffer_size = memory;
    tiff_limits.ifd_value_size = memory.min(bytes.len());
    let mut decoder = Decoder::new(Cursor::new(bytes))
        .map_err(decoding)?
        .with_limits(tiff_limits);

    let mut warnings = Vec::new();
    let channels = channels(&mut decoder, &mut warnings)?;
    let (columns, rows) = decoder.dimensions().map_err(decoding)?;
    limits.check(rows.into(), columns.into(), channels as u64, Depth::U8)?;
    if unsigned(&mut decoder, Tag::Compression)? == Some(7) {
        check_jpeg_parts(&mut decoder, bytes)?;
    }
    let layout = decoder.image_buffer_layout().map_err(decoding)?;
    let picture = Picture {
        rows: rows as usize,
        columns: columns as usize,
        channels,
        bits: decoder.colortype().map_err(decoding)?.bit_depth(),
        planar: layout.planes > 1,
    };
    check_tiles(&decoder, &picture)?;
    let samples = samples(
        &mut decoder,
        &picture,
        layout.sample_type,
        limits,
        &mut warnings,
    )?;
    let metadata = Metadata {
        icc: decoder
            .find_tag(Tag::IccProfile)
            .map_err(decoding)?
            .and_then(|value| value.into_u8_vec().ok()),
        exif: None,
        orientation: unsigned(&mut decoder, Tag::Orientation)?
            .and_then(|value| u16::try_from(value).ok())
            .filter(|value| (1..=8).contains(value)),
        premultiplied: extra_samples(&mut decoder)?.first() == Some(&1),
    };
    if decoder.more_images() {
        warnings.push("the tiff file has several pictures: only the first was read".to_owned());
    }
    Ok(Decoded {
        image: Image::new(picture.rows, picture.columns, channels, samples)?,
        format: Format::Tiff,
        metadata,
        warnings,
    })
}

/// How many channels will be read, if they mean something that is supported.
fn channels(decoder: &mut Reader<'_>, warnings: &mut Vec<String>) -> Result<usize> {
    let what = match unsigned(decoder, Tag::PhotometricInterpretation)? {
        Some(3) => Some("a palette"),
        Some(4) => Some("a transparency mask"),
        Some(5) => Some("CMYK colour"),
        Some(6) => Some("YCbCr colour"),
        Some(8..=10) => Some("Lab colour"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(message::unsupported("tiff", what));
    }
    let channels = match decoder.colortype().map_err(decoding)? {
        ColorType::Gray(_) => 1,
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        ColorType::Multiband { num_samples, .. } => {
            if num_samples > 2 {
                warnings.push(format!(
                    "the tiff file has {num_samples} samples of gray in a pixel: they were read as so many channels"
                ));
            }
            usize::from(num_samples)
        }
        other => return Err(message::unsupported("tiff", format!("{other:?}"))),
    };
    let stored = unsigned(decoder, Tag::SamplesPerPixel)?.unwrap_or(1) as usize;
    if stored > channels {
        // The tiff crate takes the extra samples out before it undoes the
        // predictor, which mixes up the rest.
        if unsigned(decoder, Tag::Predictor)?.unwrap_or(1) != 1 {
            return Err(message::unsupported(
                "tiff",
                "extra samples together with a predictor",
            ));
        }
        warnings.push(format!(
            "the tiff file has {stored} samples in a pixel: only the {channels} of its colour were read"
        ));
    }
    Ok(channels)
}

fn samples(
    decoder: &mut Reader<'_>,
    picture: &Picture,
    kind: Option<DecodingSampleType>,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Samples> {
    use DecodingSampleType as Kind;
    let Picture {
        rows,
        columns,
        channels,
        bits,
        planar,
    } = *picture;
    let depth = match (kind, bits) {
        (Some(Kind::U8), 1 | 2 | 4) if !planar => Depth::U8,
        (Some(Kind::U8), 8) => Depth::U8,
        (Some(Kind::U16), 16) => Depth::U16,
        (Some(Kind::F16 | Kind::F32 | Kind::F64), _) => Depth::F32,
        (Some(Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64), _) => {
            return Err(message::unsupported(
                "tiff",
                format_args!("a signed {bits}-bit sample"),
            ));
        }
        _ => {
            return Err(message::unsupported(
                "tiff",
                format_args!("a {bits}-bit sample"),
            ));
        }
    };
    let mut samples = limits.allocate(rows, columns, channels, depth)?;
    let read = |decoder: &mut Reader<'_>, buffer: &mut [u8]| {
        decoder.read_image_bytes(buffer).map_err(decoding)
    };
    match (&mut samples, kind) {
        (Samples::U8(samples), _) if bits < 8 => {
            let row_bytes = (columns * channels * usize::from(bits)).div_ceil(8);
            let mut packed = zeroed_vec::<u8>(row_bytes * rows)?;
            read(decoder, &mut packed)?;
            let lines = samples.chunks_exact_mut(columns * channels);
            for (line, packed) in lines.zip(packed.chunks_exact(row_bytes)) {
                unpack(line, packed, bits);
            }
        }
        (Samples::F32(samples), Some(Kind::F16)) => {
            let mut halves = zeroed_vec::<u16>(picture.len())?;
            read(decoder, bytemuck::cast_slice_mut(&mut halves))?;
            for (sample, half) in samples.iter_mut().zip(halves) {
                *sample = f16::from_bits(half).to_f32();
            }
        }
        (Samples::F32(samples), Some(Kind::F64)) => {
            let mut doubles = zeroed_vec::<f64>(picture.len())?;
            read(decoder, bytemuck::cast_slice_mut(&mut doubles))?;
            let mut exact = true;
            for (sample, double) in samples.iter_mut().zip(doubles) {
                *sample = double as f32;
                exact &= f64::from(*sample) == double || double.is_nan();
            }
            if !exact {
                warnings.push(
                    "the tiff file's 64-bit floats were rounded to 32 bits: not all of them fit"
                        .to_owned(),
                );
            }
        }
        (samples, _) => read(decoder, raster::bytes_of_mut(samples))?,
    }
    Ok(match planar {
        false => samples,
        true => match samples {
            Samples::U8(s) => Samples::U8(interleaved(&s, channels)?),
            Samples::U16(s) => Samples::U16(interleaved(&s, channels)?),
            Samples::F32(s) => Samples::F32(interleaved(&s, channels)?),
        },
    })
}

/// Samples of 1, 2 or 4 bits, spread to 0 to 255.
fn unpack(line: &mut [u8], packed: &[u8], bits: u8) {
    let each = usize::from(8 / bits);
    let most = (1_u8 << bits) - 1;
    for (samples, byte) in line.chunks_mut(each).zip(packed) {
        for (place, sample) in samples.iter_mut().enumerate() {
            let shift = 8 - bits * (place as u8 + 1);
            *sample = (byte >> shift & most) * (255 / most);
        }
    }
}

fn interleaved<T: bytemuck::Pod>(planes: &[T], channels: usize) -> Result<Vec<T>> {
    let mut samples = zeroed_vec(planes.len())?;
    let planes = planes.chunks_exact(planes.len() / channels);
    for (channel, plane) in planes.enumerate() {
        let places = samples.iter_mut().skip(channel).step_by(channels);
        for (sample, value) in places.zip(plane) {
            *sample = *value;
        }
    }
    Ok(samples)
}

/// The tiff crate takes the tiles at the edges of all planes but the first for
/// whole ones, and panics.
fn check_tiles(decoder: &Reader<'_>, picture: &Picture) -> Result<()> {
    let (wide, high) = decoder.chunk_dimensions();
    let whole =
        picture.columns.is_multiple_of(wide as usize) && picture.rows.is_multiple_of(high as usize);
    if picture.planar && decoder.get_chunk_type() == ChunkType::Tile && !whole {
        return Err(message::unsupported(
            "tiff",
            "a plane for each channel, in tiles,",
        ));
    }
    Ok(())
}

/// The decoder of the JPEGs inside is lenient and fills what is missing.
fn check_jpeg_parts(decoder: &mut Reader<'_>, bytes: &[u8]) -> Result<()> {
    for (offsets, lengths) in [
        (Tag::StripOffsets, Tag::StripByteCounts),
        (Tag::TileOffsets, Tag::TileByteCounts),
    ] {
        let mut numbers = |tag| -> Result<Vec<usize>> {
            let numbers = decoder.find_tag_unsigned_vec(tag).map_err(decoding)?;
            Ok(numbers.unwrap_or_default())
        };
        for (offset, length) in numbers(offsets)?.into_iter().zip(numbers(lengths)?) {
            let part = bytes.get(offset..offset.saturating_add(length));
            if !part.is_some_and(jpeg::is_complete) {
                return Err(message::truncated("tiff"));
            }
        }
    }
    Ok(())
}

fn extra_samples(decoder: &mut Reader<'_>) -> Result<Vec<u16>> {
    let extra = decoder
        .find_tag_unsigned_vec(Tag::ExtraSamples)
        .map_err(decoding)?;
    Ok(extra.unwrap_or_default())
}

fn unsigned(decoder: &mut Reader<'_>, tag: Tag) -> Result<Option<u64>> {
    decoder.find_tag_unsigned(tag).map_err(decoding)
}

fn decoding(error: TiffError) -> Error {
    match error {
        TiffError::IoError(error) => message::reading("tiff", &error),
        TiffError::UnsupportedError(error) => message::unsupported_kind("tiff", error),
        TiffError::LimitsExceeded | TiffError::IntSizeError => Error::limit(
            "reading the tiff file takes more memory than the limit allows: check the file, or cut the picture into parts",
        ),
        error => message::damaged("tiff", error),
    }
}
