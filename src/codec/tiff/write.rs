//! Writing: strips, deflated, which every reader of the last decades knows.

use std::{
    io::{Seek, Write},
    marker::PhantomData,
};

use ::tiff::{
    TiffError, TiffResult,
    encoder::{
        Compression as TiffCompression, DeflateLevel, TiffEncoder, TiffKind, TiffValue,
        colortype::ColorType,
    },
    tags::{PhotometricInterpretation, Predictor, SampleFormat, Tag},
};

use crate::{
    error::{Error, Result},
    image::{Image, Sample, Samples},
};

use super::{Compression, Metadata, message, raster};

/// Above so many bytes, offsets may pass 32 bits: BigTIFF is written. Deflate
/// adds at most a thousandth to what it cannot compress.
const CLASSIC_BYTES: usize = 4_200_000_000;

/// Writes 8 bits, 16 bits or floats, one to four channels.
pub(in crate::codec) fn write(
    image: &Image,
    metadata: &Metadata,
    compression: Compression,
    out: &mut (impl Write + Seek),
) -> Result<()> {
    let extra = metadata.icc.as_ref().map_or(0, Vec::len);
    let big = raster::bytes_of(image.samples()).len() + extra > CLASSIC_BYTES;
    write_as(image, metadata, compression, big, out)
}

/// Writes BigTIFF, with offsets of 64 bits, if `big`.
pub(super) fn write_as(
    image: &Image,
    metadata: &Metadata,
    compression: Compression,
    big: bool,
    out: &mut (impl Write + Seek),
) -> Result<()> {
    let level = match compression {
        Compression::Fast => DeflateLevel::Fast,
        Compression::Balanced => DeflateLevel::Balanced,
        Compression::Best => DeflateLevel::Best,
    };
    // Differences of floats do not compress, and integers' do.
    let predictor = match image.samples() {
        Samples::F32(_) => Predictor::None,
        _ => Predictor::Horizontal,
    };
    let compression = TiffCompression::Deflate(level);
    if big {
        let encoder = TiffEncoder::new_big(out).map_err(encoding)?;
        let encoder = encoder
            .with_compression(compression)
            .with_predictor(predictor);
        write_any(encoder, image, metadata)
    } else {
        let encoder = TiffEncoder::new(out).map_err(encoding)?;
        let encoder = encoder
            .with_compression(compression)
            .with_predictor(predictor);
        write_any(encoder, image, metadata)
    }
}

fn write_any<W: Write + Seek, K: TiffKind>(
    mut encoder: TiffEncoder<W, K>,
    image: &Image,
    metadata: &Metadata,
) -> Result<()> {
    let encoder = &mut encoder;
    match image.samples() {
        Samples::U8(samples) => write_channels(encoder, image, samples, metadata),
        Samples::U16(samples) => write_channels(encoder, image, samples, metadata),
        Samples::F32(samples) => write_channels(encoder, image, samples, metadata),
    }
}

fn write_channels<W: Write + Seek, K: TiffKind, T: Number>(
    encoder: &mut TiffEncoder<W, K>,
    image: &Image,
    samples: &[T],
    metadata: &Metadata,
) -> Result<()>
where
    [T]: TiffValue,
{
    let (rows, columns) = raster::sides(image)?;
    let size = (columns, rows);
    match image.channels() {
        1 => write_samples::<W, K, T, 1>(encoder, size, samples, metadata),
        2 => write_samples::<W, K, T, 2>(encoder, size, samples, metadata),
        3 => write_samples::<W, K, T, 3>(encoder, size, samples, metadata),
        _ => write_samples::<W, K, T, 4>(encoder, size, samples, metadata),
    }
    .map_err(encoding)
}

fn write_samples<W: Write + Seek, K: TiffKind, T: Number, const N: usize>(
    encoder: &mut TiffEncoder<W, K>,
    (columns, rows): (u32, u32),
    samples: &[T],
    metadata: &Metadata,
) -> TiffResult<()>
where
    [T]: TiffValue,
{
    let mut image = encoder.new_image::<Pixel<T, N>>(columns, rows)?;
    let tags = image.encoder();
    if matches!(N, 2 | 4) {
        let alpha: u16 = if metadata.premultiplied { 1 } else { 2 };
        tags.write_tag(Tag::ExtraSamples, alpha)?;
    }
    if let Some(icc) = &metadata.icc {
        // The type of a profile is UNDEFINED, not BYTE.
        let entry = tags.write_entry_bytes(::tiff::tags::Type::UNDEFINED, icc)?;
        tags.extend_from(&[(Tag::IccProfile, entry)].into_iter().collect());
    }
    if let Some(orientation) = metadata.orientation {
        tags.write_tag(Tag::Orientation, orientation)?;
    }
    image.write_data(samples)
}

/// A sample that TIFF holds.
trait Number: Sample + TiffValue {
    const FORMAT: SampleFormat;
    fn minus(self, other: Self) -> Self;
}

impl Number for u8 {
    const FORMAT: SampleFormat = SampleFormat::Uint;
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl Number for u16 {
    const FORMAT: SampleFormat = SampleFormat::Uint;
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl Number for f32 {
    const FORMAT: SampleFormat = SampleFormat::IEEEFP;
    // Floats are written without a predictor.
    fn minus(self, _: Self) -> Self {
        self
    }
}

/// A pixel of `N` samples. The crate's own types have no gray with alpha, and
/// its extra samples do not get along with a predictor.
struct Pixel<T, const N: usize>(PhantomData<T>);

impl<T: Number, const N: usize> ColorType for Pixel<T, N> {
    type Inner = T;
    const TIFF_VALUE: PhotometricInterpretation = match N {
        1 | 2 => PhotometricInterpretation::BlackIsZero,
        _ => PhotometricInterpretation::RGB,
    };
    const BITS_PER_SAMPLE: &'static [u16] = &[8 * size_of::<T>() as u16; N];
    const SAMPLE_FORMAT: &'static [SampleFormat] = &[T::FORMAT; N];

    fn horizontal_predict(row: &[T], result: &mut Vec<T>) {
        result.extend_from_slice(&row[..N]);
        let differences = row
            .iter()
            .zip(&row[N..])
            .map(|(left, right)| right.minus(*left));
        result.extend(differences);
    }
}

fn encoding(error: TiffError) -> Error {
    match error {
        TiffError::IoError(error) => message::writing(error),
        error => Error::output(format_args!(
            "tiff cannot hold this picture ({}); choose png or npy",
            message::one_line(error)
        )),
    }
}
