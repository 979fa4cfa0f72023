//! Encoding images to files.

use std::{
    borrow::Cow,
    io::{Seek, Write},
    path::Path,
};

use crate::{
    axes::Stack,
    error::Result,
    file::{Output, Overwrite},
    image::{Depth, Image, ImageSpec},
    warning::Warning,
};

use super::{
    Format, JpegQuality, Metadata, PageSet, RowWriter, Sampling, gif, image_crate, jpeg, npy, png,
    pnm,
    rows::{self, SharedOutput, Sink, WholeSink, gray_to_rgb},
    tiff,
};

/// The compression level of PNG and TIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// The fastest.
    Fast,
    /// A compromise between speed and size.
    #[default]
    Balanced,
    /// The smallest files.
    Best,
}

/// The options of encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncodeOptions {
    /// The quality of a JPEG, 1 to 100. Default: that of the input if it is a JPEG, and at least
    /// [`DEFAULT_QUALITY`](Self::DEFAULT_QUALITY).
    pub quality: Option<u8>,
    /// Default: balanced.
    pub compression: Compression,
    /// The chroma sampling of a JPEG. Default: that of the input if it is a JPEG, else 4:4:4.
    pub sampling: Option<Sampling>,
    /// Whether a JPEG is progressive: a picture is seen before all of it has come. It is collected
    /// whole before it is written.
    pub progressive: bool,
}

impl EncodeOptions {
    /// The least quality of a JPEG if none is given.
    pub const DEFAULT_QUALITY: u8 = 90;

    /// The quality that a JPEG is written in, made of a JPEG of that quality.
    pub fn jpeg_quality(&self, input: Option<JpegQuality>) -> u8 {
        let of_input = input.map_or(0, JpegQuality::number);
        let quality = self.quality.unwrap_or(Self::DEFAULT_QUALITY.max(of_input));
        quality.clamp(1, 100)
    }

    /// How a JPEG is encoded, made of a file of these metadata.
    fn jpeg_settings(&self, input: &Metadata) -> jpeg::Settings {
        jpeg::Settings {
            quality: self.jpeg_quality(input.quality),
            sampling: self.sampling.unwrap_or(input.sampling),
            is_progressive: self.progressive,
        }
    }
}

/// Writes `image` to `out` and returns warnings, one line each, about what the format cannot
/// store.
///
/// # Errors
///
/// [`Error::Output`](crate::Error::Output), before anything is written, if the
/// format cannot hold the image (see [`Format::check_image`]);
/// [`Error::Io`](crate::Error::Io) if writing fails.
pub fn encode<W: Write + Seek + Send>(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    out: &mut W,
) -> Result<Vec<Warning>> {
    encode_to(image, format, metadata, options, Output::seekable(out)).map(|(warnings, _)| warnings)
}

/// [`encode`] to any output, which is returned.
fn encode_to<'a>(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    out: Output<'a>,
) -> Result<(Vec<Warning>, Output<'a>)> {
    if has_own_encoder(format) {
        let mut writer = create_rows(image.spec(), format, metadata, options, out)?;
        writer.write(image.samples())?;
        let finished = writer.finish_output(metadata)?;
        return Ok((finished.warnings, finished.output));
    }
    format.check_image(image)?;
    format.check_bands(metadata.bands, image.channels())?;
    let channels = format.written_channels(image.channels());
    let [rows, columns, _] = image.shape();
    let spec = ImageSpec::new([rows, columns, channels], image.depth());
    let fitted = metadata.fitted_to(format, spec);
    let mut warnings = fitted.all_warnings();
    let metadata = fitted.metadata;
    let image = match channels == image.channels() {
        true => Cow::Borrowed(image),
        false => {
            let samples = gray_to_rgb(image.samples().as_slice(), image.channels())?;
            Cow::Owned(Image::new(rows, columns, channels, samples)?)
        }
    };
    let mut out = SharedOutput::seekable(out);
    let result = encode_whole(&image, format, metadata, &mut out);
    warnings.extend(out.explain(result)?);
    out.end()?;
    Ok((warnings, out.into_output()))
}

/// Begins a file to be written by rows: an image of this spec, in this format, with the
/// `metadata` known so far. [`RowWriter::finish`] returns warnings about what the format
/// cannot store.
///
/// PNG, JPEG that is not progressive, TIFF, Netpbm and `.npy` are encoded as the rows come; other
/// formats, and the frames of animations, at the end.
///
/// # Errors
///
/// Before anything is written, [`Error::Input`](crate::Error::Input) if the
/// image is empty, [`Error::Limit`](crate::Error::Limit) if it is beyond this
/// machine, [`Error::Output`](crate::Error::Output) if the format cannot hold
/// such an image; [`Error::Io`](crate::Error::Io) if writing fails.
pub fn create_rows<'a>(
    spec: ImageSpec,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    out: Output<'a>,
) -> Result<RowWriter<'a>> {
    create_pages(spec, format, metadata, options, PageSet::ONE, out)
}

/// [`create_rows`] of an animation of this number of frames, of which `metadata` are those of the
/// first; [`RowWriter::next_page`] begins the others. [`Metadata::delay`] says how long each is
/// shown, [`Metadata::loops`] how often all are.
///
/// # Errors
///
/// As [`create_rows`]'s, and [`Error::Output`](crate::Error::Output) if the format holds one
/// picture.
pub fn create_animation<'a>(
    spec: ImageSpec,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    frames: u64,
    out: Output<'a>,
) -> Result<RowWriter<'a>> {
    let pages = PageSet {
        count: frames,
        size: frames as f64,
    };
    create_pages(spec, format, metadata, options, pages, out)
}

/// [`create_rows`] of a file of several pages, of which `spec` and `metadata` are those of the
/// first; [`RowWriter::next_page`] begins the others.
pub(crate) fn create_pages<'a>(
    spec: ImageSpec,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    pages: PageSet,
    out: Output<'a>,
) -> Result<RowWriter<'a>> {
    format.check_pages(pages.count)?;
    spec.check()?;
    format.check(spec.depth, spec.channels)?;
    format.check_bands(metadata.bands, spec.channels)?;
    format.check_size(spec.rows, spec.columns)?;
    let written = ImageSpec {
        channels: format.written_channels(spec.channels),
        ..spec
    };
    let mut fitted = metadata.fitted_to(format, written);
    let mut warnings = fitted.all_warnings();
    if has_own_encoder(format) && format != Format::Tiff {
        warnings.extend(fitted.metadata.place_record(format));
    }
    let out = match format {
        _ if has_own_encoder(format) && format != Format::Tiff => SharedOutput::forward(out),
        _ => SharedOutput::seekable(out),
    };
    let sink = sink(
        written,
        format,
        fitted.metadata,
        options,
        pages,
        out.clone(),
    );
    let sink = out.explain(sink)?;
    let metadata = metadata.clone();
    let writer = RowWriter::new(spec, format, metadata, warnings, sink, out);
    Ok(writer.with_pages(pages.count))
}

/// Begins a `.npy` file to be written by rows: this array of samples of this type, whose rows are
/// those of [`Stack::folded`].
///
/// # Errors
///
/// As [`create_rows`].
pub(crate) fn create_array<'a>(
    array: &Stack,
    depth: Depth,
    out: Output<'a>,
) -> Result<RowWriter<'a>> {
    let spec = ImageSpec::new(array.folded(), depth);
    spec.check()?;
    let out = SharedOutput::forward(out);
    let sink = npy::Writer::of_shape(array.shape(), depth, out.clone());
    let sink = Box::new(out.explain(sink)?);
    let metadata = Metadata::default();
    Ok(RowWriter::new(
        spec,
        Format::Npy,
        metadata,
        Vec::new(),
        sink,
        out,
    ))
}

/// Begins a PNG at its fastest, encoded in stripes of about this many bytes. For fuzzing, which
/// writes small images in several stripes.
///
/// # Errors
///
/// As [`create_rows`].
#[doc(hidden)]
pub fn create_striped_png(
    spec: ImageSpec,
    stripe_bytes: usize,
    out: Output<'_>,
) -> Result<RowWriter<'_>> {
    spec.check()?;
    Format::Png.check(spec.depth, spec.channels)?;
    Format::Png.check_size(spec.rows, spec.columns)?;
    let (out, metadata) = (SharedOutput::forward(out), Metadata::default());
    let sink = png::StripeWriter::new(spec, &metadata, stripe_bytes, out.clone());
    let sink = Box::new(out.explain(sink)?);
    let warnings = Vec::new();
    Ok(RowWriter::new(
        spec,
        Format::Png,
        metadata,
        warnings,
        sink,
        out,
    ))
}

/// Whether rows go to an encoder of the format's own, that of GIF frame by frame.
const fn has_own_encoder(format: Format) -> bool {
    format.is_written_by_rows() || matches!(format, Format::Gif)
}

/// An upper bound of the memory that writing an image takes, to a pipe or not: a strip per
/// thread for formats that are encoded by strips, else all samples and their encoded form.
///
/// A pipe gets the pages of a file together.
pub(crate) fn memory_to_write(
    given: ImageSpec,
    format: Format,
    pages: PageSet,
    options: &EncodeOptions,
    piped: bool,
) -> usize {
    let spec = ImageSpec {
        channels: format.written_channels(given.channels),
        ..given
    };
    let all = spec.bytes();
    let pixels = spec.rows.saturating_mul(spec.columns);
    let threads = rayon::current_num_threads();
    // The strips of all threads are collected before they are encoded.
    let strips = |rows: usize, copies: usize| {
        let strip = rows.min(spec.rows).saturating_mul(spec.row_bytes());
        strip.saturating_mul((1 + copies) * threads)
    };
    let encoding = match format {
        Format::Png if pages.count > 1 => png::memory_to_write_frames(spec),
        Format::Png => png::memory_to_write(spec, options.compression),
        // The encoded strip, and the compressor's state.
        Format::Tiff => {
            strips(tiff::strip_rows(spec), 2).saturating_add(threads * DEFLATE_STATE_BYTES)
        }
        // The encoded strip while its buffer grows and is copied: at the best quality,
        // noise takes more bytes than its samples.
        Format::Jpeg if options.progressive => jpeg::memory_to_write_progressive(spec),
        Format::Jpeg => {
            // Of the coarsest sampling, whose strips are the largest.
            strips(jpeg::strip_rows(spec, Sampling::S420), 5)
                .saturating_add(threads * JPEG_ENCODER_BYTES)
        }
        // The palette indices, the RGBA they are made from, and codes of up to 12 bits.
        Format::Gif => {
            let codes = growing_buffer_bytes(pixels.saturating_add(pixels / 2));
            let made = match spec.channels {
                1 => codes,
                _ => pixels.saturating_add(codes.max(pixels.saturating_mul(4))),
            };
            all.saturating_add(made)
        }
        _ if has_own_encoder(format) => 0,
        // The samples, a copy as RGBA, and the growing buffer of codes.
        Format::Webp => (all.saturating_mul(2))
            .saturating_add(pixels.saturating_mul(4))
            .saturating_add(growing_buffer_bytes(all)),
        // Incompressible pixels take an additional byte each.
        Format::Qoi => all.saturating_mul(2).saturating_add(pixels),
        // A copy with reordered channels.
        Format::Tga => all.saturating_mul(2),
        // A copy with clamped samples, and a row of each component.
        Format::Hdr => all.saturating_mul(2).saturating_add(16 * spec.columns),
        // Blocks that the exr crate's own threads compress.
        Format::Exr => all.saturating_add(image_crate::exr::blocks_to_write(spec)),
        _ => all.saturating_add(16 * spec.columns),
    };
    // Formats that seek while writing are buffered until the file is complete.
    let kept = match format {
        _ if !piped || (has_own_encoder(format) && format != Format::Tiff) => 0,
        _ => growing_buffer_bytes((all as f64 * pages.size) as usize),
    };
    // A chunk of rows, converted to the format's channels.
    let repeated = match spec.channels == given.channels {
        true => 0,
        false => rows::GRAY_CHUNK_BYTES
            .max(spec.row_bytes())
            .saturating_mul(3),
    };
    encoding.saturating_add(kept).saturating_add(repeated)
}

/// The bytes of a deflate compressor's state.
const DEFLATE_STATE_BYTES: usize = 512 << 10;

/// The bytes of a JPEG encoder's tables and block row.
const JPEG_ENCODER_BYTES: usize = 256 << 10;

/// An upper bound of the memory of a buffer that grows by doubling to `bytes`, plus 1/16 for
/// incompressible data: the old and the new buffer exist together while one is copied.
const fn growing_buffer_bytes(bytes: usize) -> usize {
    bytes.saturating_add(bytes / 16).saturating_mul(3)
}

fn sink<'a>(
    spec: ImageSpec,
    format: Format,
    metadata: Metadata,
    options: &EncodeOptions,
    pages: PageSet,
    out: SharedOutput<'a>,
) -> Result<Box<dyn Sink + 'a>> {
    let compression = options.compression;
    Ok(match format {
        Format::Png if pages.count > 1 => {
            let how = (compression, pages.count);
            Box::new(png::AnimationWriter::new(spec, &metadata, how, out)?)
        }
        Format::Png => png::create(spec, &metadata, compression, out)?,
        Format::Gif => Box::new(gif::Writer::new(spec, &metadata, pages.count, out)?),
        Format::Jpeg => {
            let settings = options.jpeg_settings(&metadata);
            jpeg::create(spec, metadata, settings, out)
        }
        Format::Tiff => tiff::create(spec, metadata, compression, pages, out)?,
        Format::Npy => Box::new(npy::Writer::new(spec, &metadata, out)?),
        _ if format.is_netpbm() => Box::new(pnm::Writer::new(spec, format, &metadata, out)?),
        _ => Box::new(WholeSink::new(spec, format, metadata, out)?),
    })
}

/// Writes a format that is encoded whole.
pub(super) fn encode_whole(
    image: &Image,
    format: Format,
    mut metadata: Metadata,
    out: &mut SharedOutput<'_>,
) -> Result<Vec<Warning>> {
    let left_out = metadata.place_record(format);
    let (image, mut warnings) = match format {
        Format::Hdr => image_crate::hdr::fitted(image)?,
        _ => (Cow::Borrowed(image), Vec::new()),
    };
    image_crate::write(&image, format, &metadata, out)?;
    warnings.extend(left_out);
    Ok(warnings)
}

/// Writes `image` to the file at `path`, atomically, or to the device or pipe at `path`.
///
/// # Errors
///
/// As [`AtomicFile`](super::AtomicFile)'s and [`encode`]'s.
pub fn write(
    path: &Path,
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    overwrite: Overwrite,
) -> Result<Vec<Warning>> {
    format.check_image(image)?;
    let out = Output::create(path, overwrite)?;
    let (mut warnings, out) = encode_to(image, format, metadata, options, out)?;
    warnings.extend(out.commit()?);
    Ok(warnings)
}
