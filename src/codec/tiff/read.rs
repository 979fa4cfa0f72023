//! Decoding: strips and tiles, interleaved or planar channels.

use std::io::{Read, Seek, SeekFrom};

use ::tiff::{
    ColorType,
    decoder::{ChunkType, Decoder, DecodingSampleType, Limits as TiffLimits, ifd::Value},
    tags::Tag,
};

use crate::{
    codec::{
        input::InputReader,
        rows::{Header, RowReader, Trailer, WholeSource},
    },
    error::Result,
    image::{Depth, Image, ImageSpec, Samples, zeroed_vec},
    warning::Warning,
};

use super::{
    Density, DensityUnit, Format, IgnoredContent, Limits, Metadata, ScanDepth, XMP,
    chunks::{ChunkSource, Kind},
    error::{chunk_error, decode_error},
    errors,
    excess_data::ExcessData,
    extra_content, ifd, jpeg,
    tags::{unsigned, unsigned_list},
};

/// The layout of the image to decode, after the header was checked.
struct SampleLayout {
    rows: usize,
    columns: usize,
    channels: usize,
    bits: u8,
    /// Whether the channels are stored as separate planes instead of interleaved.
    planar: bool,
    /// The bytes of memory that decoding may take.
    memory: usize,
}

impl SampleLayout {
    /// The bytes of all planes; planar samples have whole bytes.
    const fn stored_bytes(&self, kind: Kind) -> usize {
        self.rows * self.columns * self.channels * kind.bits() / 8
    }
}

/// Opens the first image of the file. Planar images are decoded whole. `held` bytes
/// of the file are in memory.
pub(in crate::codec) fn open<'a>(
    mut input: InputReader<'a>,
    held: usize,
    limits: &Limits,
    scan_depth: ScanDepth,
) -> Result<RowReader<'a>> {
    let reading = |error: std::io::Error| errors::read_error("tiff", &error);
    let length = input.seek(SeekFrom::End(0)).map_err(reading)?;
    input.rewind().map_err(reading)?;
    let kept = held + ifd::check(&mut input, length, limits)?;
    if let Some(what) = ifd::unsupported_tag(&mut input).map_err(reading)? {
        return Err(errors::unsupported("tiff", what));
    }
    let mut ignored = extra_content::ignored(&mut input, length).map_err(reading)?;
    let memory = limits.memory();
    let mut tiff_limits = TiffLimits::unlimited();
    tiff_limits.decoding_buffer_size = memory;
    tiff_limits.intermediate_buffer_size = memory;
    tiff_limits.ifd_value_size = memory.min(usize::try_from(length).unwrap_or(usize::MAX));
    let mut decoder = Decoder::new(input)
        .map_err(decode_error)?
        .with_limits(tiff_limits);

    let mut warnings = Vec::new();
    let channels = channels(&mut decoder, &mut warnings)?;
    ignored.extend(extra_channels(&mut decoder, channels)?);
    if channels == 2 && !matches!(extra_samples(&mut decoder)?.first(), Some(1 | 2)) {
        warnings.push(
            "the tiff file does not say what the second of its samples is: it was taken for alpha"
                .into(),
        );
    }
    let (columns, rows) = decoder.dimensions().map_err(decode_error)?;
    limits.check(rows.into(), columns.into(), channels as u64, Depth::U8)?;
    if unsigned(&mut decoder, Tag::Compression)? == Some(7) {
        if channels == 2 && unsigned(&mut decoder, Tag::PlanarConfiguration)? != Some(2) {
            return Err(errors::unsupported("tiff", "gray with alpha in a JPEG"));
        }
        ignored.extend(check_jpeg_parts(&mut decoder, length, limits)?);
    }
    let layout = decoder.image_buffer_layout().map_err(decode_error)?;
    let picture = SampleLayout {
        rows: rows as usize,
        columns: columns as usize,
        channels,
        bits: decoder.colortype().map_err(decode_error)?.bit_depth(),
        planar: layout.planes > 1,
        memory,
    };
    check_tiles(&decoder, &picture)?;
    let format = unsigned_list(&mut decoder, Tag::SampleFormat)?;
    if format
        .first()
        .is_some_and(|format| COMPLEX.contains(format))
    {
        return Err(errors::unsupported("tiff", "a complex sample"));
    }
    let kind = kind(&picture, layout.sample_type)?;
    let (rows, columns) = (picture.rows, picture.columns);
    limits.check(rows as u64, columns as u64, channels as u64, kind.depth())?;
    let metadata = Metadata {
        icc: decoder
            .find_tag(Tag::IccProfile)
            .map_err(decode_error)?
            .and_then(|value| value.into_u8_vec().ok()),
        exif: None,
        xmp: xmp(&mut decoder, &mut warnings),
        density: density(&mut decoder),
        orientation: unsigned(&mut decoder, Tag::Orientation)?
            .and_then(|value| u16::try_from(value).ok())
            .filter(|value| (1..=8).contains(value)),
        premultiplied: extra_samples(&mut decoder)?.first() == Some(&1),
        no_data: no_data(&mut decoder),
        ..Metadata::default()
    };
    let excess = ExcessData::new(&mut decoder, picture.bits)?;
    ignored.extend(excess.plain());
    if scan_depth == ScanDepth::Thorough {
        ignored.extend(excess.compressed(decoder.inner(), length)?);
    }
    let spec = ImageSpec::new([rows, columns, channels], kind.depth());
    let mut header = Header::new(Format::Tiff, spec);
    header.metadata = metadata;
    header.warnings = warnings;
    let header = header.with_ignored(ignored);
    if picture.planar {
        // Stored planes and converted samples, or the samples twice.
        let samples = header.spec.bytes();
        let taken =
            (samples.saturating_add(samples.max(picture.stored_bytes(kind)))).saturating_add(kept);
        let metadata = header.metadata.clone();
        return Ok(WholeSource::reader(header, taken, move || {
            planes(&mut decoder, &picture, kind, metadata)
        }));
    }
    let parts = ChunkSource::new(decoder, kind, &header, memory, kept)?;
    Ok(RowReader::new(header, parts))
}

/// The number of channels to read, if their meaning is supported.
fn channels(decoder: &mut Decoder<impl Read + Seek>, warnings: &mut Vec<Warning>) -> Result<usize> {
    let what = match unsigned(decoder, Tag::PhotometricInterpretation)? {
        Some(3) => Some("a palette"),
        Some(4) => Some("a transparency mask"),
        Some(5) => Some("CMYK colour"),
        Some(6) => Some("YCbCr colour"),
        Some(8..=10) => Some("Lab colour"),
        _ => None,
    };
    if let Some(what) = what {
        return Err(errors::unsupported("tiff", what));
    }
    let channels = match decoder.colortype().map_err(decode_error)? {
        ColorType::Gray(_) => 1,
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        ColorType::Multiband { num_samples, .. } => {
            if num_samples > 2 {
                warnings.push(format!(
                    "the tiff file has {num_samples} samples of gray in a pixel: they were read as so many channels"
                ).into());
            }
            usize::from(num_samples)
        }
        other => return Err(errors::unsupported("tiff", format!("{other:?}"))),
    };
    Ok(channels)
}

/// The number of samples in a pixel beyond those that are read.
fn extra_channels(
    decoder: &mut Decoder<impl Read + Seek>,
    channels: usize,
) -> Result<Option<IgnoredContent>> {
    let stored = unsigned(decoder, Tag::SamplesPerPixel)?.unwrap_or(1);
    let read = channels as u64;
    if stored <= read {
        return Ok(None);
    }
    // The tiff crate removes extra samples before it undoes the predictor, which
    // corrupts the others.
    if unsigned(decoder, Tag::Predictor)?.unwrap_or(1) != 1 {
        return Err(errors::unsupported(
            "tiff",
            "extra samples together with a predictor",
        ));
    }
    Ok(Some(IgnoredContent::Channels { stored, read }))
}

/// Formats of samples that are two integers or two floats, whose size alone would not tell what is
/// wrong.
const COMPLEX: [u64; 2] = [5, 6];

/// The storage type of the samples, if it is supported.
fn kind(picture: &SampleLayout, kind: Option<DecodingSampleType>) -> Result<Kind> {
    use DecodingSampleType as Stored;
    let bits = picture.bits;
    Ok(match (kind, bits) {
        // The tiff crate supports them for one channel only.
        (Some(Stored::U8), 1 | 2 | 4) if picture.channels == 1 => Kind::Bits(bits),
        (Some(Stored::U8), 8) => Kind::Samples(Depth::U8),
        (Some(Stored::U16), 16) => Kind::Samples(Depth::U16),
        (Some(Stored::U32), 32) => Kind::Samples(Depth::U32),
        (Some(Stored::U64), 64) => Kind::Samples(Depth::U64),
        (Some(Stored::I8), 8) => Kind::Samples(Depth::I8),
        (Some(Stored::I16), 16) => Kind::Samples(Depth::I16),
        (Some(Stored::I32), 32) => Kind::Samples(Depth::I32),
        (Some(Stored::I64), 64) => Kind::Samples(Depth::I64),
        (Some(Stored::F16), 16) => Kind::Samples(Depth::F16),
        (Some(Stored::F32), 32) => Kind::Samples(Depth::F32),
        (Some(Stored::F64), 64) => Kind::Samples(Depth::F64),
        (Some(Stored::I8 | Stored::I16 | Stored::I32 | Stored::I64), _) => {
            return Err(errors::unsupported(
                "tiff",
                format_args!("a signed {bits}-bit sample"),
            ));
        }
        _ => {
            return Err(errors::unsupported(
                "tiff",
                format_args!("a {bits}-bit sample"),
            ));
        }
    })
}

/// Decodes a whole image with planar channels.
fn planes(
    decoder: &mut Decoder<impl Read + Seek>,
    picture: &SampleLayout,
    kind: Kind,
    metadata: Metadata,
) -> Result<(Image, Trailer)> {
    let SampleLayout {
        rows,
        columns,
        channels,
        memory,
        ..
    } = *picture;
    let count = rows * columns * channels;
    let mut stored = zeroed_vec::<u8>(picture.stored_bytes(kind))?;
    decoder
        .read_image_bytes(&mut stored)
        .map_err(|error| chunk_error(error, memory))?;
    let mut samples = Samples::zeroed(kind.depth(), count)?;
    kind.convert(&stored, stored.len(), samples.as_mut_slice());
    drop(stored);
    let samples = each_sample!(Samples(samples), planes => interleaved(&planes, channels)?.into());
    let image = Image::new(rows, columns, channels, samples)?;
    let warnings = Vec::new();
    Ok((image, Trailer { metadata, warnings }))
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

/// Refuses planar images with partial tiles: at the edges of all planes but the
/// first, the tiff crate treats them as full tiles and panics.
fn check_tiles(decoder: &Decoder<impl Read + Seek>, picture: &SampleLayout) -> Result<()> {
    let (width, height) = decoder.chunk_dimensions();
    let whole = picture.columns.is_multiple_of(width as usize)
        && picture.rows.is_multiple_of(height as usize);
    if picture.planar && decoder.get_chunk_type() == ChunkType::Tile && !whole {
        return Err(errors::unsupported(
            "tiff",
            "a plane for each channel, in tiles,",
        ));
    }
    Ok(())
}

/// Checks embedded JPEG data: the tiff crate's decoder is lenient, fills in missing
/// data, and ignores data after the image.
fn check_jpeg_parts(
    decoder: &mut Decoder<impl Read + Seek>,
    length: u64,
    limits: &Limits,
) -> Result<Option<IgnoredContent>> {
    let mut ignored = None;
    for (offsets, lengths) in [
        (Tag::StripOffsets, Tag::StripByteCounts),
        (Tag::TileOffsets, Tag::TileByteCounts),
    ] {
        let mut numbers = |tag| unsigned_list(decoder, tag);
        let mut parts: Vec<_> = numbers(offsets)?
            .into_iter()
            .zip(numbers(lengths)?)
            .collect();
        // Identical chunks may share their data; but many overlapping ranges of the
        // same bytes would take forever to read.
        parts.sort_unstable();
        parts.dedup();
        let mut all = 0_u64;
        for (offset, part) in &parts {
            if offset.saturating_add(*part) > length {
                return Err(errors::truncated("tiff"));
            }
            if *part > limits.max_memory {
                return Err(errors::over_memory("tiff", limits.max_memory));
            }
            all = all.saturating_add(*part);
        }
        if all > length {
            return Err(errors::damaged("tiff", "its parts overlap"));
        }
        for (offset, part) in parts {
            let mut bytes = zeroed_vec(part as usize)?;
            let input = decoder.inner();
            input
                .seek(SeekFrom::Start(offset))
                .and_then(|_| input.read_exact(&mut bytes))
                .map_err(|error| errors::read_error("tiff", &error))?;
            if !jpeg::is_complete(&bytes) {
                return Err(errors::truncated("tiff"));
            }
            // Subsampled components are YCbCr, whatever the directory says.
            if jpeg::is_subsampled(&bytes) {
                return Err(errors::unsupported("tiff", "YCbCr colour"));
            }
            ignored = ignored.or(jpeg::ignored(&bytes).map(|found| match found {
                IgnoredContent::TrailingData(bytes) => IgnoredContent::DataBetween(bytes),
                found => found,
            }));
        }
    }
    Ok(ignored)
}

/// Reads XMP data. Errors are warnings, since the image does not depend on them.
fn xmp(decoder: &mut Decoder<impl Read + Seek>, warnings: &mut Vec<Warning>) -> Option<Vec<u8>> {
    let value = decoder.find_tag(XMP).transpose()?;
    let bytes = value.and_then(Value::into_u8_vec).ok();
    if bytes.is_none() {
        warnings.push("the XMP data of the tiff file are damaged: they were dropped".into());
    }
    bytes
}

/// The text of GDAL's tag, without its end.
fn no_data(decoder: &mut Decoder<impl Read + Seek>) -> Option<String> {
    let value = decoder.find_tag(Tag::GdalNodata).ok()??;
    let text = value.into_string().ok()?;
    Some(text.trim_matches(['\0', ' ']).to_owned())
}

fn density(decoder: &mut Decoder<impl Read + Seek>) -> Option<Density> {
    let mut pixels = |tag| match decoder.find_tag(tag) {
        Ok(Some(Value::Rational(n, d))) => Some([n, d]),
        _ => None,
    };
    let pixels = [pixels(Tag::XResolution)?, pixels(Tag::YResolution)?];
    let unit = match decoder.find_tag_unsigned(Tag::ResolutionUnit).ok()? {
        Some(1_u16) => DensityUnit::None,
        None | Some(2) => DensityUnit::Inch,
        Some(3) => DensityUnit::Centimetre,
        _ => return None,
    };
    Density::new(pixels, unit)
}

fn extra_samples(decoder: &mut Decoder<impl Read + Seek>) -> Result<Vec<u16>> {
    let extra = decoder
        .find_tag_unsigned_vec(Tag::ExtraSamples)
        .map_err(decode_error)?;
    Ok(extra.unwrap_or_default())
}
