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
        rows::{Header, NextPage, RowReader},
    },
    error::{Error, InputError, Result},
    image::ImageSpec,
    warning::Warning,
};

use super::{
    Density, DensityUnit, Directories, Format, IgnoredContent, Limits, Metadata, Pages, ScanDepth,
    XMP,
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
    patched::{Patched, Returned, Shift},
    tags::unsigned,
};

/// Opens the picture of the file, or the first of these pages; without `pages`, a warning tells
/// of pages beside the first. `held` bytes of the file are in memory.
pub(in crate::codec) fn open<'a>(
    mut input: InputReader<'a>,
    held: usize,
    limits: &Limits,
    (scan_depth, pages): (ScanDepth, Option<Pages>),
) -> Result<RowReader<'a>> {
    let length = input.seek(SeekFrom::End(0)).map_err(reading)?;
    let read = pages.unwrap_or(Pages::FIRST);
    let directories = Directories::of(&mut input, length, read).map_err(reading)?;
    let directories = directories.ok_or_else(|| errors::truncated("tiff"))?;
    if is_canon_raw(&mut input, &directories).map_err(reading)? {
        return Err(layout::raw());
    }
    // Before any list of it is read.
    let (numbers, start) = (directories.numbers, directories.picture);
    ifd::check(&mut input, numbers, start, length, limits)?;
    let mut pager = Pager {
        directories,
        plane: 0,
        planes: None,
        page: 1,
        count: 1,
        left: 1,
        length,
        held,
        limits: *limits,
        scan_depth,
    };
    pager.find_planes(&mut input)?;
    pager.count = match read {
        // The planes are not where they would have to be.
        Pages::All if pager.lacks_planes() => 1,
        _ if pager.lacks_planes() => read.count_of(1)?,
        _ => read.count_of(pager.directories.pages())?,
    };
    pager.left = pager.count;
    let asked = matches!(pages, Some(Pages::Range { .. }));
    let (directories, count) = (&pager.directories, pager.count);
    let ignored = extra_content::ignored(&mut input, length, directories, count, asked);
    let ignored = ignored.map_err(reading)?;
    for _ in 1..read.first() {
        pager.advance(&mut input)?;
    }
    pager.open(input, ignored)
}

fn reading(error: std::io::Error) -> Error {
    errors::read_error("tiff", &error)
}

/// Reads pages, one after another.
struct Pager {
    /// Those of the file, `picture` of the page that is to be opened.
    directories: Directories,
    /// The plane in the directory.
    plane: u64,
    /// Where the planes lie, if they are the pages.
    planes: Option<Planes>,
    /// The number of the page.
    page: u64,
    /// How many are read in all, and still.
    count: u64,
    left: u64,
    /// The bytes of the file, and those that are in memory.
    length: u64,
    held: usize,
    limits: Limits,
    scan_depth: ScanDepth,
}

/// Planes that follow one another without gaps.
#[derive(Clone, Copy)]
struct Planes {
    /// The bytes of the first.
    start: u64,
    end: u64,
}

impl Pager {
    /// Whether the file tells of planes that it does not have, or not in an order that is known.
    fn lacks_planes(&self) -> bool {
        self.planes.is_none() && self.directories.has_planes()
    }

    /// Goes on to the next page.
    fn advance(&mut self, input: &mut (impl Read + Seek)) -> Result<()> {
        self.page += 1;
        match self.planes {
            Some(_) => self.plane += 1,
            None => self.directories.advance(input).map_err(reading)?,
        }
        Ok(())
    }

    /// Finds the planes of a stack that has no directories for them, all uncompressed and one
    /// after another.
    fn find_planes(&mut self, input: &mut (impl Read + Seek)) -> Result<()> {
        let directories = &self.directories;
        if !directories.has_planes() {
            return Ok(());
        }
        let (numbers, start) = (directories.numbers, directories.picture);
        ifd::check(input, numbers, start, self.length, &self.limits)?;
        let directory = Directory::read(input, numbers, start, &layout::TAGS).map_err(reading)?;
        let layout = Layout::of(input, &directory, directories)?;
        let mut list = |tag| directory.list(input, tag).map_err(reading);
        let offsets = list(Tag::StripOffsets)?;
        let lengths = list(Tag::StripByteCounts)?;
        let (Some(first), 1) = (offsets.first().copied(), layout.compression) else {
            return Ok(());
        };
        let row_bits = (layout.columns)
            .saturating_mul(layout.samples as u64)
            .saturating_mul(layout.bits as u64);
        let bytes = row_bits.div_ceil(8).saturating_mul(layout.rows);
        let all = bytes.saturating_mul(directories.pages());
        let mut end = first;
        for (offset, length) in offsets.iter().zip(&lengths) {
            if *offset != end {
                return Ok(());
            }
            end = end.saturating_add(*length);
        }
        // A single strip may be said to have the bytes of all planes.
        let is_whole = end - first == bytes || (offsets.len() == 1 && end - first == all);
        if bytes > 0 && is_whole && first.saturating_add(all) <= self.length {
            self.planes = Some(Planes {
                start: first,
                end: first + bytes,
            });
        }
        Ok(())
    }

    /// The samples of all pages, in multiples of those of the page in `layout`.
    fn size(&self, layout: &Layout) -> f64 {
        let first = (layout.rows as f64) * (layout.columns as f64) * (layout.samples as f64);
        match (self.count, self.planes) {
            (1, _) => 1.0,
            (count, Some(_)) => count as f64,
            (_, None) => (self.directories.samples as f64 / first).max(1.0),
        }
    }

    /// Opens the page.
    fn open<'a>(
        mut self,
        input: InputReader<'a>,
        ignored: Vec<IgnoredContent>,
    ) -> Result<RowReader<'a>> {
        let returned = Returned::default();
        let shift = self.planes.map(|planes| Shift {
            start: planes.start,
            end: planes.end,
            by: self.plane * (planes.end - planes.start),
        });
        let reader = open_page(&self, input, (shift, returned.clone()), ignored)?;
        self.left -= 1;
        let is_last = self.left == 0;
        let next: NextPage<'a> = Box::new(move || {
            let mut input = returned.take().ok_or(InputError::EndedEarly)?;
            self.advance(&mut input)?;
            self.open(input, Vec::new())
        });
        Ok(reader.with_next_page((!is_last).then_some(next)))
    }
}

/// Opens the page of `pager`.
fn open_page<'a>(
    pager: &Pager,
    mut input: InputReader<'a>,
    (shift, returned): (Option<Shift>, Returned<'a>),
    mut ignored: Vec<IgnoredContent>,
) -> Result<RowReader<'a>> {
    let Pager {
        directories,
        length,
        limits,
        scan_depth,
        ..
    } = pager;
    let (length, scan_depth) = (*length, *scan_depth);
    let (numbers, start) = (directories.numbers, directories.picture);
    let kept = pager.held + ifd::check(&mut input, numbers, start, length, limits)?;
    let directory = Directory::read(&mut input, numbers, start, &layout::TAGS).map_err(reading)?;
    let mut layout = Layout::of(&mut input, &directory, directories)?;
    let (rows, columns, channels) = (layout.rows, layout.columns, layout.channels as u64);
    limits.check(rows, columns, channels, layout.depth)?;
    ignored.append(&mut layout.ignored);
    let starts = match pager.page {
        1 => [start, directories.first],
        // Of a later page only its own.
        _ => [start; 2],
    };
    let carried = carried_tags(&mut input, numbers, starts, length, limits).map_err(reading)?;
    let [outer_icc, outer_xmp] =
        outer_metadata(&mut input, directories, limits).map_err(reading)?;
    let size = pager.size(&layout);

    let memory = limits.memory();
    let mut tiff_limits = TiffLimits::unlimited();
    tiff_limits.decoding_buffer_size = memory;
    tiff_limits.intermediate_buffer_size = memory;
    tiff_limits.ifd_value_size = memory.min(usize::try_from(length).unwrap_or(usize::MAX));
    let mut patches = mem::take(&mut layout.patches);
    // The crate refuses chains that lead back.
    let last = numbers.last_directory(&mut input, start);
    patches.push(last.map_err(reading)?);
    let input: InputReader<'a> =
        Box::new(Patched::new(input, patches, shift, returned).map_err(reading)?);
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
    let coding = layout.coding();
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
        bands: !layout.names_channels && layout.channels > 1,
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
    (header.page, header.pages, header.pages_size) = (pager.page, pager.count, size);
    header.names_channels = layout.names_channels;
    header.warnings = warnings;
    header.coding = coding;
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

/// The tags that results may carry, of the directories at these offsets: that of the picture, and
/// another one.
fn carried_tags(
    input: &mut (impl Read + Seek),
    numbers: ifd::NumberFormat,
    [picture, other]: [u64; 2],
    length: u64,
    limits: &Limits,
) -> IoResult<CarriedTags> {
    let room = limits.metadata() as u64;
    let mut tags = CarriedTags::default();
    tags.merge(
        CarriedTags::read(input, numbers, picture, [length, room])?,
        true,
    );
    if other != picture {
        let room = room.saturating_sub(tags.bytes());
        tags.merge(
            CarriedTags::read(input, numbers, other, [length, room])?,
            false,
        );
    }
    Ok(tags)
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
