//! Encoding: strips, deflated in parallel, then the directory.
//!
//! The tiff crate's image encoder deflates one strip after the other and borrows the
//! file until the image ends. Its directory encoder does not, so it is used here with
//! a separate deflate encoder.

use ::tiff::{
    TiffError, TiffResult,
    encoder::{
        DeflateLevel, Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard,
        compression::{CompressionAlgorithm, Deflate},
    },
    tags::{
        CompressionMethod, PhotometricInterpretation, Predictor, ResolutionUnit, SampleFormat, Tag,
        Type,
    },
};

use crate::{
    codec::rows::{SharedOutput, Sink, StripEncoder, StripFile},
    error::{Error, Result},
    image::{Depth, ImageSpec, no_memory},
    warning::Warning,
};

use super::{Compression, DensityUnit, Metadata, XMP, errors};

/// Above this many bytes of samples, offsets may exceed 32 bits and a BigTIFF is
/// written. Deflate expands incompressible data by at most a thousandth.
const MAX_CLASSIC_BYTES: u64 = 4_200_000_000;

/// The approximate bytes of a strip before compression.
const STRIP_BYTES: usize = 1 << 19;

/// Begins a file of samples of any type but booleans, with up to 65535 channels.
pub(in crate::codec) fn create<'a>(
    spec: ImageSpec,
    metadata: Metadata,
    compression: Compression,
    out: SharedOutput<'a>,
) -> Result<Box<dyn Sink + 'a>> {
    let bytes = spec.rows as u64 * spec.row_bytes() as u64;
    let kept = [&metadata.icc, &metadata.xmp].into_iter().flatten();
    let extra = kept.map(Vec::len).sum::<usize>() as u64;
    if bytes.saturating_add(extra) > MAX_CLASSIC_BYTES {
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

    fn finish(mut self, late: &Metadata) -> Result<Vec<Warning>> {
        self.metadata = self.metadata.merged_with(late);
        self.write_directory().map_err(encode_error)?;
        Ok(Vec::new())
    }
}

impl<K: TiffKind> File<'_, K> {
    fn write_directory(&mut self) -> TiffResult<()> {
        let ImageSpec {
            rows,
            columns,
            channels,
            depth,
        } = self.spec;
        // Of more channels nothing is known but their number.
        let photometric = match channels {
            3 | 4 => PhotometricInterpretation::RGB,
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
        if matches!(channels, 2 | 4) {
            let alpha: u16 = if self.metadata.premultiplied { 1 } else { 2 };
            tags.write_tag(Tag::ExtraSamples, alpha)?;
        } else if channels > 4 {
            tags.write_tag(Tag::ExtraSamples, &vec![0_u16; channels - 1][..])?;
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
        tags.finish()
    }
}

/// Whether the horizontal predictor is used: it helps to compress integers, but not
/// floats.
const fn uses_predictor(depth: Depth) -> bool {
    !depth.is_float()
}

/// Applies the horizontal predictor: replaces each sample by its difference from the
/// previous sample of its channel. [5, 7, 4] becomes [5, 2, -3], modulo 2^bits.
fn apply_predictor(row: &mut [u8], spec: ImageSpec) {
    macro_rules! differences {
        ($unsigned:ty) => {{
            let samples = row.as_chunks_mut::<{ size_of::<$unsigned>() }>().0;
            for at in (spec.channels..samples.len()).rev() {
                let [sample, before] =
                    [samples[at], samples[at - spec.channels]].map(<$unsigned>::from_ne_bytes);
                samples[at] = sample.wrapping_sub(before).to_ne_bytes();
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
