//! Encoding: strips, deflated in parallel, then the directory.
//!
//! The tiff crate's image encoder deflates one strip after the other and borrows the
//! file until the image ends. Its directory encoder does not, so it is used here with
//! a separate deflate encoder.

use std::io::{Seek, Write};

use ::tiff::{
    Directory, TiffError, TiffResult,
    encoder::{
        DeflateLevel, DirectoryEncoder, Rational, TiffEncoder, TiffKind, TiffKindBig,
        TiffKindStandard,
        compression::{CompressionAlgorithm, Deflate},
    },
    tags::{
        CompressionMethod, PhotometricInterpretation, Predictor, ResolutionUnit, SampleFormat, Tag,
        Type,
    },
};

use crate::{
    codec::{
        Format, Part,
        metadata::{
            exif_block::{ExifBlock, Value},
            photoshop,
            tag::{
                EXIF_DIRECTORY, GPS_DIRECTORY, INTEROPERABILITY_DIRECTORY, IPTC, PHOTOSHOP, kinds,
                swapped, tag_name,
            },
        },
        rows::{SharedOutput, Sink, StripEncoder, StripFile},
    },
    error::{Error, Result},
    image::{Depth, ImageSpec, no_memory},
    warning::{LeftOut, Warning},
};

use super::{Compression, DensityUnit, Metadata, PageSet, XMP, errors};

/// Above this many bytes of samples, offsets may exceed 32 bits and a BigTIFF is
/// written. Deflate expands incompressible data by at most a thousandth.
const MAX_CLASSIC_BYTES: u64 = 4_200_000_000;

/// The bytes of a directory beside its metadata, roughly.
const DIRECTORY_BYTES: u64 = 512;

/// The approximate bytes of a strip before compression.
const STRIP_BYTES: usize = 1 << 19;

/// Begins a file of samples of any type but booleans, with up to 65535 channels.
pub(in crate::codec) fn create<'a>(
    spec: ImageSpec,
    metadata: Metadata,
    compression: Compression,
    pages: PageSet,
    out: SharedOutput<'a>,
) -> Result<Box<dyn Sink + 'a>> {
    let bytes = spec.rows as f64 * spec.row_bytes() as f64 * pages.size;
    let extra = DIRECTORY_BYTES.saturating_add(metadata.bytes() as u64);
    let extra = extra.saturating_mul(pages.count) as f64;
    if bytes + extra > MAX_CLASSIC_BYTES as f64 {
        create_as::<TiffKindBig>(spec, metadata, compression, out)
    } else {
        create_as::<TiffKindStandard>(spec, metadata, compression, out)
    }
}

/// The rows of a strip.
pub(in crate::codec) fn strip_rows(spec: ImageSpec) -> usize {
    (STRIP_BYTES / spec.row_bytes()).clamp(1, spec.rows)
}

/// Begins a file with 32-bit or 64-bit offsets, as `K` says.
pub(super) fn create_as<'a, K: TiffKind + Send + Sync + 'static>(
    spec: ImageSpec,
    metadata: Metadata,
    compression: Compression,
    out: SharedOutput<'a>,
) -> Result<Box<dyn Sink + 'a>> {
    let file = File::<K> {
        encoder: TiffEncoder::new_generic(out).map_err(encode_error)?,
        spec,
        metadata,
        deflate: Deflate::with_level(match compression {
            Compression::Fast => DeflateLevel::Fast,
            Compression::Balanced => DeflateLevel::Balanced,
            Compression::Best => DeflateLevel::Best,
        }),
        strip_rows: strip_rows(spec),
        offsets: Vec::new(),
        lengths: Vec::new(),
        warnings: Vec::new(),
    };
    let strip = file.strip_rows * spec.row_bytes();
    Ok(Box::new(StripEncoder::new(file, strip, spec.bytes())))
}

struct File<'a, K: TiffKind> {
    encoder: TiffEncoder<SharedOutput<'a>, K>,
    spec: ImageSpec,
    metadata: Metadata,
    deflate: Deflate,
    strip_rows: usize,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
    warnings: Vec<Warning>,
}

impl<K: TiffKind + Send + Sync> StripFile for File<'_, K> {
    fn encode(&self, _: usize, rows: &mut [u8]) -> Result<Vec<u8>> {
        for row in rows.chunks_exact_mut(self.spec.row_bytes()) {
            apply_predictor(row, self.spec);
        }
        let mut strip = Vec::new();
        // Deflate expands incompressible data by at most a thousandth.
        let max_bytes = rows.len() + rows.len() / 512 + 64;
        (strip.try_reserve_exact(max_bytes)).map_err(|_| no_memory::<u8>(max_bytes))?;
        let mut deflate = self.deflate;
        deflate
            .write_to(&mut strip, rows)
            .map_err(|error| encode_error(error.into()))?;
        Ok(strip)
    }

    fn append(&mut self, _: usize, strip: Vec<u8>) -> Result<()> {
        let mut writer = self.encoder.extra_directory().map_err(encode_error)?;
        let offset = writer.write_data(&strip[..]);
        // Forget the encoder: its `drop` would write a directory after every strip.
        std::mem::forget(writer);
        self.offsets.push(offset.map_err(encode_error)?);
        self.lengths.push(strip.len() as u64);
        Ok(())
    }

    fn next_page(&mut self, late: &Metadata, spec: ImageSpec, metadata: Metadata) -> Result<usize> {
        self.end_page(late)?;
        self.offsets.clear();
        self.lengths.clear();
        self.spec = spec;
        self.metadata = metadata;
        self.strip_rows = strip_rows(spec);
        Ok(self.strip_rows * spec.row_bytes())
    }

    fn finish(mut self, late: &Metadata) -> Result<Vec<Warning>> {
        self.end_page(late)?;
        Ok(self.warnings)
    }
}

impl<K: TiffKind> File<'_, K> {
    /// Writes the directory of the page; the encoder chains it to that of the page before.
    fn end_page(&mut self, late: &Metadata) -> Result<()> {
        self.metadata = self.metadata.merged_with(late);
        let left_out = self.metadata.place_record(Format::Tiff);
        let mut warnings = self.write_directory().map_err(encode_error)?;
        warnings.extend(left_out);
        Warning::add_each_once(&mut self.warnings, warnings);
        Ok(())
    }

    /// Writes the directory of the picture, after those that it refers to; returns warnings.
    fn write_directory(&mut self) -> TiffResult<Vec<Warning>> {
        let ImageSpec {
            rows,
            columns,
            channels,
            depth,
        } = self.spec;
        // Of more channels nothing is known but their number.
        let are_bands = channels > 4 || (channels > 1 && self.metadata.bands);
        let photometric = match channels {
            3 | 4 if !are_bands => PhotometricInterpretation::RGB,
            _ => PhotometricInterpretation::BlackIsZero,
        };
        let predictor = match uses_predictor(depth) {
            true => Predictor::Horizontal,
            false => Predictor::None,
        };
        let format = match depth {
            depth if depth.is_float() => SampleFormat::IEEEFP,
            depth if depth.is_signed() => SampleFormat::Int,
            _ => SampleFormat::Uint,
        };
        let offsets = |values: &[u64]| -> TiffResult<Vec<K::OffsetType>> {
            values.iter().map(|v| K::convert_offset(*v)).collect()
        };
        let (starts, lengths) = (offsets(&self.offsets)?, offsets(&self.lengths)?);
        // The resolution is mandatory in baseline TIFF.
        let (density, unit) =
            (self.metadata.density).map_or(([[1, 1]; 2], DensityUnit::None), |d| d.parts());
        let density = density.map(|[n, d]| Rational { n, d });
        let unit = match unit {
            DensityUnit::None => ResolutionUnit::None,
            DensityUnit::Inch => ResolutionUnit::Inch,
            DensityUnit::Centimetre => ResolutionUnit::Centimeter,
        };

        let carried = CarriedTags::new(&self.metadata);
        let pointers = self.write_sub_directories(&carried)?;
        let mut tags = self.encoder.image_directory()?;
        tags.write_tag(Tag::ImageWidth, columns as u32)?;
        tags.write_tag(Tag::ImageLength, rows as u32)?;
        tags.write_tag(
            Tag::BitsPerSample,
            &vec![8 * depth.bytes() as u16; channels][..],
        )?;
        tags.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
        tags.write_tag(Tag::PhotometricInterpretation, photometric.to_u16())?;
        tags.write_tag(Tag::StripOffsets, K::convert_slice(&starts))?;
        tags.write_tag(Tag::SamplesPerPixel, channels as u16)?;
        tags.write_tag(Tag::RowsPerStrip, self.strip_rows as u32)?;
        tags.write_tag(Tag::StripByteCounts, K::convert_slice(&lengths))?;
        let [horizontal, vertical] = density;
        tags.write_tag(Tag::XResolution, horizontal)?;
        tags.write_tag(Tag::YResolution, vertical)?;
        tags.write_tag(Tag::ResolutionUnit, unit.to_u16())?;
        tags.write_tag(Tag::Predictor, predictor.to_u16())?;
        tags.write_tag(Tag::SampleFormat, &vec![format.to_u16(); channels][..])?;
        if are_bands {
            tags.write_tag(Tag::ExtraSamples, &vec![0_u16; channels - 1][..])?;
        } else if matches!(channels, 2 | 4) {
            let alpha: u16 = if self.metadata.premultiplied { 1 } else { 2 };
            tags.write_tag(Tag::ExtraSamples, alpha)?;
        }
        if let Some(orientation) = self.metadata.orientation {
            tags.write_tag(Tag::Orientation, orientation)?;
        }
        if let Some(icc) = &self.metadata.icc {
            // An ICC profile has the type UNDEFINED, not BYTE.
            let entry = tags.write_entry_bytes(Type::UNDEFINED, icc)?;
            tags.extend_from(&[(Tag::IccProfile, entry)].into_iter().collect());
        }
        if let Some(xmp) = &self.metadata.xmp {
            tags.write_tag(XMP, &xmp[..])?;
        }
        if let Some(no_data) = &self.metadata.no_data {
            tags.write_tag(Tag::GdalNodata, no_data.as_str())?;
        }
        write_values(&mut tags, &carried.picture)?;
        tags.extend_from(&pointers);
        tags.finish()?;
        Ok(Vec::from_iter(Warning::left_out(carried.left_out)))
    }

    /// Writes the directories of EXIF, GPS and interoperability; returns the entries that refer to
    /// them.
    fn write_sub_directories(&mut self, carried: &CarriedTags) -> TiffResult<Directory> {
        let mut pointers = Directory::empty();
        let Some(exif) = &carried.exif else {
            return Ok(pointers);
        };
        let mut in_exif = Directory::empty();
        self.write_sub_directory(
            &exif.interoperability,
            INTEROPERABILITY_DIRECTORY,
            &Directory::empty(),
            &mut in_exif,
        )?;
        self.write_sub_directory(&exif.exif, EXIF_DIRECTORY, &in_exif, &mut pointers)?;
        let none = Directory::empty();
        self.write_sub_directory(&exif.gps, GPS_DIRECTORY, &none, &mut pointers)?;
        Ok(pointers)
    }

    /// Writes a directory of these values and entries, if there are any, and adds an entry that
    /// refers to it.
    fn write_sub_directory(
        &mut self,
        values: &[Value],
        code: u16,
        entries: &Directory,
        pointers: &mut Directory,
    ) -> TiffResult<()> {
        if values.is_empty() && entries.is_empty() {
            return Ok(());
        }
        let mut tags = self.encoder.extra_directory()?;
        write_values(&mut tags, values)?;
        tags.extend_from(entries);
        let place = tags.finish_with_offsets()?.pointer.0;
        // BigTIFF has a type of its own for offsets that do not fit.
        let mut tags = self.encoder.extra_directory()?;
        let entry = match u32::try_from(place) {
            Ok(place) => tags.write_entry(place),
            Err(_) => tags.write_entry_bytes(Type::IFD8, &place.to_ne_bytes()),
        };
        // Forget the encoder: its `drop` would write a directory.
        std::mem::forget(tags);
        pointers.extend([(Tag::from_u16_exhaustive(code), entry?)]);
        Ok(())
    }
}

/// What the directories have beside the picture, in the byte order of this machine.
struct CarriedTags {
    picture: Vec<Value>,
    exif: Option<ExifBlock>,
    left_out: LeftOut,
}

impl CarriedTags {
    fn new(metadata: &Metadata) -> Self {
        let exif = metadata.exif.as_deref().and_then(ExifBlock::of);
        let mut carried = Self {
            picture: Vec::new(),
            exif: exif.map(|block| block.in_order(cfg!(target_endian = "big"))),
            left_out: LeftOut::default(),
        };
        let has_iptc = metadata
            .parts
            .iter()
            .any(|part| matches!(part, Part::Iptc(_)));
        for part in &metadata.parts {
            match part {
                Part::Tag(tag) => carried.add(tag.code, tag.kind, &tag.data),
                Part::Iptc(data) => carried.add(IPTC, kinds::UNDEFINED, data),
                Part::Photoshop(data) => {
                    carried.add(PHOTOSHOP, kinds::BYTE, data);
                    // Many programs look for IPTC data in their own tag only.
                    if let Some(iptc) = photoshop::iptc(data).filter(|_| !has_iptc) {
                        carried.add(IPTC, kinds::UNDEFINED, iptc);
                    }
                }
                _ => {}
            }
        }
        carried
    }

    /// Adds little-endian values, if there are none of this code yet. Two can come together
    /// if one of them follows the samples of the input.
    fn add(&mut self, code: u16, kind: u16, data: &[u8]) {
        if self.picture.iter().any(|value| value.code == code) {
            let name = format!("a second {}", tag_name(code));
            self.left_out.add(&name, "one is there");
            return;
        }
        let data = match cfg!(target_endian = "big") {
            true => swapped(kind, data),
            false => data.to_vec(),
        };
        self.picture.push(Value { code, kind, data });
    }
}

/// Adds values to a directory.
fn write_values<W: Write + Seek, K: TiffKind>(
    tags: &mut DirectoryEncoder<'_, W, K>,
    values: &[Value],
) -> TiffResult<()> {
    for value in values {
        // What is left is UTF-8, which readers of TIFF do not know.
        let kind = Type::from_u16(value.kind).unwrap_or(Type::ASCII);
        let entry = tags.write_entry_bytes(kind, &value.data)?;
        tags.extend_from(
            &[(Tag::from_u16_exhaustive(value.code), entry)]
                .into_iter()
                .collect(),
        );
    }
    Ok(())
}

/// Whether the horizontal predictor is used: it helps to compress integers, but not
/// floats.
const fn uses_predictor(depth: Depth) -> bool {
    !depth.is_float()
}

/// Samples that the predictor takes at a time.
const PREDICTOR_BLOCK: usize = 64;

/// Applies the horizontal predictor: replaces each sample by its difference from the
/// previous sample of its channel. [5, 7, 4] becomes [5, 2, -3], modulo 2^bits.
fn apply_predictor(row: &mut [u8], spec: ImageSpec) {
    macro_rules! differences {
        ($unsigned:ty) => {{
            let samples = row.as_chunks_mut::<{ size_of::<$unsigned>() }>().0;
            let [mut now, mut before] = [[[0; size_of::<$unsigned>()]; PREDICTOR_BLOCK]; 2];
            let first = spec.channels.min(samples.len());
            // From the last block on, in copies, which vectors take.
            for start in (first..samples.len()).step_by(PREDICTOR_BLOCK).rev() {
                let len = PREDICTOR_BLOCK.min(samples.len() - start);
                now[..len].copy_from_slice(&samples[start..][..len]);
                before[..len].copy_from_slice(&samples[start - first..][..len]);
                for (now, before) in now.iter_mut().zip(before) {
                    let [sample, before] = [*now, before].map(<$unsigned>::from_ne_bytes);
                    *now = sample.wrapping_sub(before).to_ne_bytes();
                }
                samples[start..][..len].copy_from_slice(&now[..len]);
            }
        }};
    }
    if !uses_predictor(spec.depth) {
        return;
    }
    match spec.depth.bytes() {
        1 => differences!(u8),
        2 => differences!(u16),
        4 => differences!(u32),
        _ => differences!(u64),
    }
}

fn encode_error(error: TiffError) -> Error {
    match error {
        TiffError::IoError(error) => errors::writing(error),
        error => errors::encoder_refused("tiff", error, "png or npy"),
    }
}
