//! The formats that the image crate decodes and encodes. Its memory use and the content
//! that it ignores are checked before, in one file per format.

mod bmp;
pub(super) mod exr;
pub(super) mod hdr;
mod qoi;
mod tga;
mod webp;

use std::{
    borrow::Cow,
    io::{Cursor, Seek, Write},
};

use ::image::{
    ColorType, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError, ImageResult,
    codecs::{
        bmp::{BmpDecoder, BmpEncoder},
        hdr::{HdrDecoder, HdrEncoder},
        qoi::{QoiDecoder, QoiEncoder},
        tga::TgaDecoder,
        webp::WebPDecoder,
    },
    error::UnsupportedErrorKind,
};

use crate::{
    error::{Error, OutputError, Result},
    image::{Depth, Image, ImageSpec, Samples},
    warning::Warning,
};

use super::{
    Coding, Density, Format, IgnoredContent, Limits, Metadata, Pages, Part, errors,
    frames::Chosen,
    ignored_content::data_after,
    rows::{Header as RowsHeader, RowReader, Trailer, WholeSource},
};

/// Opens BMP, EXR, HDR, QOI, TGA or WebP; of an animation the first of these pages, of an EXR the
/// layer or channels of this name.
pub(super) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    format: Format,
    limits: &Limits,
    (pages, layer): (Option<Pages>, exr::Wanted<'_>),
) -> Result<RowReader<'a>> {
    let failed = |error| decoding(format, error);
    let picture = Picture {
        format,
        limits: *limits,
        file_bytes: bytes.len(),
        decoder_bytes: 0,
        sample_copies: 0,
        extra_pixel_bytes: 0,
        kept_channels: None,
        premultiplied: false,
        ignored: Vec::new(),
        parts: Vec::new(),
        density: None,
        coding: None,
        stored: None,
    };
    match format {
        Format::Bmp => {
            let size = size(&BmpDecoder::new(borrowed(&bytes)).map_err(failed)?);
            let ignored = bmp::ignored(&bytes, size);
            let density = bmp::density(&bytes);
            let (bits, stored) = bmp::stored(&bytes);
            let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            let gray = decoder
                .get_palette()
                .is_some_and(|palette| palette.iter().all(|[r, g, b]| r == g && g == b));
            // Gray is written as 8-bit indices of gray as well.
            let is_palette = bits < 8 || (bits == 8 && !gray);
            let coding = is_palette.then_some(Coding::Palette);
            Picture {
                kept_channels: gray.then_some(1),
                coding,
                stored,
                // One channel of three.
                extra_pixel_bytes: usize::from(gray),
                ignored,
                density,
                ..picture
            }
            .open(decoder)
        }
        Format::Exr => exr::open(bytes, limits, layer),
        Format::Hdr => {
            let decoder_bytes = hdr::decoder_bytes(&bytes, limits)?;
            // Strict reading accepts only one of the two signatures.
            let strict = bytes.starts_with(b"#?RADIANCE");
            let header = HdrDecoder::with_strictness(borrowed(&bytes), strict);
            let size = size(&header.map_err(failed)?);
            let ignored = Vec::from_iter(data_after(&bytes, hdr::end(&bytes, size)));
            let parts = hdr::lines(&bytes);
            let decoder = HdrDecoder::with_strictness(Cursor::new(bytes), strict);
            Picture {
                decoder_bytes,
                parts,
                ignored,
                ..picture
            }
            .open(decoder.map_err(failed)?)
        }
        Format::Qoi => {
            if !qoi::may_be_whole(&bytes) {
                return Err(errors::truncated("qoi"));
            }
            let [rows, columns] = size(&QoiDecoder::new(borrowed(&bytes)).map_err(failed)?);
            let end = qoi::end(&bytes, rows.saturating_mul(columns));
            let ignored = Vec::from_iter(data_after(&bytes, end));
            let decoder = QoiDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            Picture { ignored, ..picture }.open(decoder)
        }
        Format::Tga => {
            let size = size(&TgaDecoder::new(borrowed(&bytes)).map_err(failed)?);
            let mut ignored = tga::ignored(&bytes, size);
            let tga::Carried {
                parts,
                density,
                alpha,
            } = tga::carried(&bytes, size);
            let (coding, stored) = tga::stored(&bytes);
            let decoder = TgaDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            let channels = decoder.color_type().channel_count().into();
            let has_alpha = matches!(channels, 2 | 4);
            let is_undefined = has_alpha && alpha == tga::Alpha::Undefined;
            ignored.extend(is_undefined.then_some(IgnoredContent::UndefinedAlpha));
            Picture {
                coding,
                stored,
                kept_channels: is_undefined.then(|| channels - 1),
                premultiplied: has_alpha && alpha == tga::Alpha::Premultiplied,
                // The palette indices.
                sample_copies: 1,
                // A copy of what is kept.
                extra_pixel_bytes: if is_undefined { channels - 1 } else { 0 },
                ignored,
                parts,
                density,
                ..picture
            }
            .open(decoder)
        }
        _ => {
            let end = webp::end(&bytes).ok_or_else(|| errors::truncated("webp"))?;
            webp::check(&bytes, limits)?;
            let mut ignored = webp::ignored(&bytes[..end])
                .ok_or_else(|| errors::damaged("webp", "a chunk is longer than the file"))?;
            ignored.extend(data_after(&bytes, Some(end)));
            let coding = webp::is_lossy(&bytes[..end]).then_some(Coding::LossyWebp);
            if let (Some(_), Some(animation)) =
                (pages, webp::animation::Animation::of(&bytes[..end]))
            {
                let chosen = Chosen::new(pages, animation.frames())?;
                ignored.retain(|ignored| !matches!(ignored, IgnoredContent::Frames(_)));
                let mut decoder = WebPDecoder::new(borrowed(&bytes)).map_err(failed)?;
                let metadata = metadata(&mut decoder).map_err(failed)?;
                let found = (metadata, ignored);
                return webp::animation::open(bytes, animation, found, chosen, limits);
            }
            pages.unwrap_or_default().count_of(1)?;
            let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(failed)?;
            // The data of lossy pictures are copied twice. Lossy pictures are decoded to
            // planes of Y, U and V, whose sides are multiples of 16, lossless ones and alpha
            // to RGBA. An animation has a canvas as well.
            let extra_pixel_bytes = if decoder.has_animation() { 16 } else { 8 };
            Picture {
                ignored,
                coding,
                decoder_bytes: 2 * picture.file_bytes + webp::DECODER_TABLE_BYTES,
                extra_pixel_bytes,
                ..picture
            }
            .open(decoder)
        }
    }
}

/// The metadata that a decoder gives.
fn metadata(decoder: &mut impl ImageDecoder) -> ImageResult<Metadata> {
    Ok(Metadata {
        icc: decoder.icc_profile()?,
        exif: decoder.exif_metadata()?,
        xmp: decoder.xmp_metadata()?,
        ..Metadata::default()
    })
}

/// A reader that borrows the bytes, of the same type as the one that owns them: so each
/// decoder is compiled once.
fn borrowed(bytes: &[u8]) -> Cursor<Cow<'_, [u8]>> {
    Cursor::new(Cow::Borrowed(bytes))
}

/// Rows and columns of the image, from a decoder that has read its header.
fn size(decoder: &impl ImageDecoder) -> [usize; 2] {
    let (columns, rows) = decoder.dimensions();
    [rows, columns].map(|side| side as usize)
}

/// Of how many bits samples are: `of 1 bit`.
pub(super) fn of_bits(bits: u32) -> String {
    match bits {
        1 => "of 1 bit".to_owned(),
        bits => format!("of {bits} bits"),
    }
}

/// The little-endian 16-bit number at byte `at`.
fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

/// The little-endian 32-bit number at byte `at`.
fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

/// Checks that the file and the bytes that the decoder keeps of it fit into memory; returns the
/// latter.
fn check_memory(name: &'static str, kept: usize, bytes: &[u8], limits: &Limits) -> Result<usize> {
    match bytes.len().saturating_add(kept) > limits.memory() {
        true => Err(errors::over_memory(name, limits.max_memory)),
        false => Ok(kept),
    }
}

/// The bytes of a decoder's row buffers, per column.
const ROW_BUFFER_BYTES_PER_COLUMN: usize = 64;

/// The properties of a picture that its decoder does not report.
struct Picture {
    format: Format,
    limits: Limits,
    file_bytes: usize,
    /// The bytes that the decoder keeps beside the file and the samples.
    decoder_bytes: usize,
    /// The copies of the samples that the decoder makes.
    sample_copies: usize,
    /// Further bytes that the decoder keeps for each pixel.
    extra_pixel_bytes: usize,
    /// The channels that are kept, the first ones, if not all are: the others are equal to them,
    /// or mean nothing.
    kept_channels: Option<usize>,
    /// Whether the colours are multiplied by alpha.
    premultiplied: bool,
    /// The content that the decoder ignores.
    ignored: Vec<IgnoredContent>,
    /// Metadata that the decoder does not give.
    parts: Vec<Part>,
    density: Option<Density>,
    coding: Option<Coding>,
    /// Samples that the decoder scales to 8 bits: `of 5 bits`.
    stored: Option<String>,
}

impl Picture {
    fn open<'a>(self, mut decoder: impl ImageDecoder + Send + 'a) -> Result<RowReader<'a>> {
        let format = self.format;
        let memory = self.limits.max_memory;
        let failed = move |error| match error {
            ImageError::Limits(_) => errors::over_memory(format.name(), memory),
            error => decoding(format, error),
        };
        let (columns, rows) = decoder.dimensions();
        let (rows, columns) = (rows as usize, columns as usize);
        let (depth, channels) = layout(decoder.color_type())
            .ok_or_else(|| errors::unsupported(format.name(), "this kind of samples"))?;
        let stored = [rows, columns, channels];
        self.limits
            .check(rows as u64, columns as u64, channels as u64, depth)?;
        let mut limits = ::image::Limits::no_limits();
        limits.max_alloc = Some(memory);
        decoder.set_limits(limits).map_err(failed)?;
        let metadata = Metadata {
            parts: self.parts,
            density: self.density,
            premultiplied: self.premultiplied,
            ..metadata(&mut decoder).map_err(failed)?
        };
        let kept_channels = self.kept_channels.unwrap_or(channels);
        let spec = ImageSpec::new([rows, columns, kept_channels], depth);
        let mut header = RowsHeader::new(format, spec).with_ignored(self.ignored);
        header.metadata = metadata.clone();
        header.coding = self.coding;
        let scaled = self
            .stored
            .map(|stored| Warning::scaled(format, stored, depth));
        header.warnings.extend(scaled);
        let samples = rows * columns * channels * depth.bytes();
        let memory = (samples.saturating_mul(1 + self.sample_copies))
            .saturating_add((rows * columns).saturating_mul(self.extra_pixel_bytes))
            .saturating_add(metadata.bytes())
            // One or two stored rows.
            .saturating_add(columns * ROW_BUFFER_BYTES_PER_COLUMN)
            .saturating_add(self.decoder_bytes)
            .saturating_add(self.file_bytes);
        Ok(WholeSource::reader(header, memory, move || {
            let [rows, columns, channels] = stored;
            let mut image = Image::zeroed(rows, columns, channels, depth)?;
            let samples = image.samples_mut();
            decoder.read_image(samples.into_bytes()).map_err(failed)?;
            let image = match self.kept_channels {
                Some(kept) => first_channels(image, kept)?,
                None => image,
            };
            let warnings = Vec::new();
            Ok((image, Trailer { metadata, warnings }))
        }))
    }
}

/// Writes BMP, EXR, HDR, QOI, TGA or WebP. Gray was converted to RGB if the format has no
/// gray.
pub(super) fn write(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    out: &mut (impl Write + Seek),
) -> Result<()> {
    let bytes = image.samples().as_slice().as_bytes();
    let (rows, columns) = sides(image)?;
    let color = color(image);
    let result = match format {
        Format::Bmp => {
            let written = BmpEncoder::new(&mut *out).write_image(bytes, columns, rows, color);
            return written
                .map_err(|error| encoding(format, error))
                .and_then(|()| bmp::write_density(metadata.density, out));
        }
        Format::Exr => return exr::write(image, metadata, out),
        Format::Hdr => HdrEncoder::new(hdr::WithLines::new(out, &metadata.parts))
            .write_image(bytes, columns, rows, color),
        Format::Qoi => QoiEncoder::new(out).write_image(bytes, columns, rows, color),
        Format::Tga => return tga::write(bytes, [rows, columns], color, metadata, out),
        _ => return webp::write(bytes, [rows, columns], image.channels(), metadata, out),
    };
    result.map_err(|error| encoding(format, error))
}

/// Rows and columns, as the image crate counts them.
pub(super) fn sides(image: &Image) -> Result<(u32, u32)> {
    match (u32::try_from(image.rows()), u32::try_from(image.columns())) {
        (Ok(rows), Ok(columns)) => Ok((rows, columns)),
        _ => Err(OutputError::Sides.into()),
    }
}

/// The image crate's name for depth and channels.
pub(super) fn color(image: &Image) -> ExtendedColorType {
    use ExtendedColorType as E;
    match (image.depth(), image.channels()) {
        (Depth::U8, 1) => E::L8,
        (Depth::U8, 2) => E::La8,
        (Depth::U8, 3) => E::Rgb8,
        (Depth::U8, _) => E::Rgba8,
        (Depth::U16, 1) => E::L16,
        (Depth::U16, 2) => E::La16,
        (Depth::U16, 3) => E::Rgb16,
        (Depth::U16, _) => E::Rgba16,
        // Of the other types these formats hold 32-bit floats only.
        (_, 3) => E::Rgb32F,
        _ => E::Rgba32F,
    }
}

pub(super) const fn layout(color: ColorType) -> Option<(Depth, usize)> {
    Some(match color {
        ColorType::L8 => (Depth::U8, 1),
        ColorType::La8 => (Depth::U8, 2),
        ColorType::Rgb8 => (Depth::U8, 3),
        ColorType::Rgba8 => (Depth::U8, 4),
        ColorType::L16 => (Depth::U16, 1),
        ColorType::La16 => (Depth::U16, 2),
        ColorType::Rgb16 => (Depth::U16, 3),
        ColorType::Rgba16 => (Depth::U16, 4),
        ColorType::Rgb32F => (Depth::F32, 3),
        ColorType::Rgba32F => (Depth::F32, 4),
        _ => return None,
    })
}

/// The image of the first channels of one of 8 bits.
fn first_channels(image: Image, kept: usize) -> Result<Image> {
    let [rows, columns, channels] = image.shape();
    match image.into_samples() {
        Samples::U8(samples) => {
            let mut samples = samples.into_vec();
            for index in 0..rows * columns {
                for channel in 0..kept {
                    samples[kept * index + channel] = samples[channels * index + channel];
                }
            }
            samples.truncate(rows * columns * kept);
            samples.shrink_to_fit();
            Image::new(rows, columns, kept, samples.into())
        }
        other => Image::new(rows, columns, channels, other),
    }
}

/// Converts a decoder's error.
pub(super) fn decoding(format: Format, error: ImageError) -> Error {
    let name = format.name();
    match error {
        ImageError::IoError(error) => errors::read_error(name, &error),
        ImageError::Unsupported(error) => {
            use ExtendedColorType::Unknown;
            // The message of the whole error is a sentence of its own.
            let what = match error.kind() {
                UnsupportedErrorKind::GenericFeature(feature) => feature.clone(),
                UnsupportedErrorKind::Color(Unknown(bits)) => format!("a colour of {bits} bits"),
                UnsupportedErrorKind::Color(color) => format!("the colour type {color:?}"),
                _ => return errors::unsupported_kind(name, error),
            };
            errors::unsupported(name, what)
        }
        // No limit was set yet.
        ImageError::Limits(error) => errors::damaged(name, error),
        error => {
            let text = errors::one_line(&error);
            if let Some((_, what)) = text.split_once("not supported: ") {
                return errors::unsupported(name, what);
            }
            if is_early_end(&text) {
                errors::truncated(name)
            } else if KINDS.iter().any(|kind| text.contains(kind)) {
                errors::unsupported_kind(name, text)
            } else {
                errors::damaged(name, text)
            }
        }
    }
}

/// What decoders say of files that are sound, but of a kind that they do not know: of bitmaps with
/// JPEG or PNG data inside, for example, or of 64 bits, and of PAM files of other tuples.
const KINDS: [&str; 3] = [
    "Unknown image compression type",
    "Invalid channel bit count",
    "Tuple type not recognized",
];

/// Whether a decoder's message is about an early end, which some wrap in an error of their own.
pub(super) fn is_early_end(text: &str) -> bool {
    let text = text.to_lowercase();
    let ends = [
        "unexpected end",
        "failed to fill",
        "unexpected eof",
        "not enough data",
        "reference to missing bytes",
    ];
    ends.iter().any(|end| text.contains(end))
}

/// Converts an encoder's error.
pub(super) fn encoding(format: Format, error: ImageError) -> Error {
    match error {
        ImageError::IoError(error) => errors::writing(error),
        error => errors::encoder_refused(format.name(), error, "png, tiff or npy"),
    }
}
