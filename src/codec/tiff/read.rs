//! Opens a file: its directories, the layout of its picture, its metadata.

use std::{
    io::{Read, Result as IoResult, Seek, SeekFrom},
    mem,
};

use ::tiff::{
    decoder::{Decoder, Limits as TiffLimits, ifd::Value},
    tags::Tag,
};

use crate::{
    codec::{
        input::InputReader,
        rows::{Header, RowReader},
    },
    error::Result,
    image::ImageSpec,
    warning::Warning,
};

use super::{
    Density, DensityUnit, Directories, Format, Limits, Metadata, ScanDepth, XMP,
    carried_tags::CarriedTags,
    chunks::ChunkSource,
    directories::ignore_truncation,
    error::decode_error,
    errors,
    excess_data::ExcessData,
    extra_content,
    ifd::{self, Directory},
    jpeg_parts::JpegParts,
    layout::{self, Layout},
    patched::Patched,
    tags::unsigned,
};

/// Opens the picture of the file. `held` bytes of the file are in memory.
pub(in crate::codec) fn open<'a>(
    mut input: InputReader<'a>,
    held: usize,
    limits: &Limits,
    scan_depth: ScanDepth,
) -> Result<RowReader<'a>> {
    let reading = |error: std::io::Error| errors::read_error("tiff", &error);
    let length = input.seek(SeekFrom::End(0)).map_err(reading)?;
    let directories = Directories::of(&mut input).map_err(reading)?;
    let directories = directories.ok_or_else(|| errors::truncated("tiff"))?;
    if is_canon_raw(&mut input, &directories).map_err(reading)? {
        return Err(layout::raw());
    }
    let (numbers, start) = (directories.numbers, directories.picture);
    let kept = held + ifd::check(&mut input, numbers, start, length, limits)?;
    let directory = Directory::read(&mut input, numbers, start, &layout::TAGS).map_err(reading)?;
    let mut layout = Layout::of(&mut input, &directory, &directories)?;
    let (rows, columns, channels) = (layout.rows, layout.columns, layout.channels as u64);
    limits.check(rows, columns, channels, layout.depth)?;
    let mut ignored = extra_content::ignored(&mut input, length, &directories).map_err(reading)?;
    ignored.append(&mut layout.ignored);
    let carried = CarriedTags::read(
        &mut input,
        numbers,
        directories.first,
        [length, limits.metadata() as u64],
    )
    .map_err(reading)?;
    let [outer_icc, outer_xmp] =
        outer_metadata(&mut input, &directories, limits).map_err(reading)?;

    let memory = limits.memory();
    let mut tiff_limits = TiffLimits::unlimited();
    tiff_limits.decoding_buffer_size = memory;
    tiff_limits.intermediate_buffer_size = memory;
    tiff_limits.ifd_value_size = memory.min(usize::try_from(length).unwrap_or(usize::MAX));
    let patches = mem::take(&mut layout.patches);
    let input: InputReader<'a> = Box::new(Patched::new(input, patches).map_err(reading)?);
    let mut decoder = Decoder::new(input)
        .map_err(decode_error)?
        .with_limits(tiff_limits);
    let jpeg = match layout.compression {
        layout::JPEG => {
            let (parts, found) = JpegParts::of(&mut decoder, &layout, length, limits)?;
            ignored.extend(found);
            Some(parts)
        }
        _ => None,
    };
    let mut warnings = mem::take(&mut layout.warnings);
    let is_orientation = |value: &u16| (1..=8).contains(value);
    let orientation = unsigned(&mut decoder, Tag::Orientation)?.or(directories.orientation);
    let metadata = Metadata {
        icc: decoder
            .find_tag(Tag::IccProfile)
            .map_err(decode_error)?
            .and_then(|value| value.into_u8_vec().ok())
            .or(outer_icc),
        exif: carried.exif,
        xmp: xmp(&mut decoder, &mut warnings).or(outer_xmp),
        density: density(&mut decoder),
        orientation: orientation
            .and_then(|value| u16::try_from(value).ok())
            .filter(is_orientation),
        premultiplied: layout.premultiplied,
        no_data: no_data(&mut decoder),
        parts: carried.parts,
        ..Metadata::default()
    };
    // As the crate was shown them.
    let bits = decoder.colortype().map_err(decode_error)?.bit_depth();
    let excess = ExcessData::new(&mut decoder, bits)?;
    ignored.extend(excess.plain());
    if scan_depth == ScanDepth::Thorough {
        ignored.extend(excess.compressed(decoder.inner(), length)?);
    }
    let shape = [rows as usize, columns as usize, layout.channels];
    let mut header = Header::new(Format::Tiff, ImageSpec::new(shape, layout.depth));
    header.metadata = metadata;
    header.warnings = warnings;
    let header = header.with_ignored(ignored);
    let chunks = ChunkSource::new(decoder, layout, jpeg, &header, memory, kept)?;
    Ok(RowReader::new(header, chunks))
}

/// Whether it is one of Canon's raw files, whose first picture is a preview.
fn is_canon_raw(input: &mut (impl Read + Seek), directories: &Directories) -> IoResult<bool> {
    const MARK: [u8; 4] = *b"CR\x02\0";
    const FIRST_DIRECTORY: u64 = 16;
    let mut mark = [0; MARK.len()];
    input.seek(SeekFrom::Start(8))?;
    let read = ignore_truncation(input.read_exact(&mut mark))?;
    Ok(read.is_some() && mark == MARK && directories.first == FIRST_DIRECTORY)
}

/// The profile and the XMP data of the first directory, if the picture is in another one.
fn outer_metadata(
    input: &mut (impl Read + Seek),
    directories: &Directories,
    limits: &Limits,
) -> IoResult<[Option<Vec<u8>>; 2]> {
    if directories.picture == directories.first {
        return Ok([None, None]);
    }
    let tags = [Tag::IccProfile, XMP];
    let first = Directory::read(input, directories.numbers, directories.first, &tags)?;
    let limit = limits.metadata();
    Ok([
        first.bytes(input, tags[0], limit)?,
        first.bytes(input, tags[1], limit)?,
    ])
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
