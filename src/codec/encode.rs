//! Images to files.

use std::{
    borrow::Cow,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use crate::{
    error::Result,
    image::{Image, Sample, Samples, zeroed_vec},
};

use super::{
    AtomicFile, Format, Metadata, Overwrite, gif, jpeg, message, npy, png, pnm, raster, tiff,
};

/// How hard to compress, for the formats that leave a choice: PNG and TIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Quickly.
    Fast,
    /// A compromise.
    #[default]
    Balanced,
    /// As small as it gets.
    Best,
}

/// How to write, beside the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The quality of a JPEG, 1 to 100. Default: 90.
    pub quality: u8,
    /// Default: balanced.
    pub compression: Compression,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            quality: 90,
            compression: Compression::default(),
        }
    }
}

/// Writes `image` to `out` and gives warnings, one line each, of what the
/// format could not carry.
///
/// # Errors
///
/// [`Error::Output`](crate::Error::Output), before anything is written, if the
/// format cannot hold the image (see [`Format::check_image`]);
/// [`Error::Io`](crate::Error::Io) if writing fails.
pub fn encode<W: Write + Seek>(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    out: &mut W,
) -> Result<Vec<String>> {
    format.check_image(image)?;
    let channels = format.written_channels(image.channels());
    let (metadata, mut warnings) = metadata.fitted(format, channels);
    let image = match channels == image.channels() {
        true => Cow::Borrowed(image),
        false => Cow::Owned(gray_repeated(image)?),
    };
    let mut watched = Watched { out, failure: None };
    let result = write_as(&image, format, &metadata, options, &mut watched);
    // The system's own words, even where an encoder swallowed or wrapped them.
    if let Some(failure) = watched.failure {
        return Err(message::writing(failure));
    }
    warnings.extend(result?);
    Ok(warnings)
}

fn write_as(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    out: &mut (impl Write + Seek),
) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    match format {
        Format::Png => png::write(image, metadata, options.compression, out)?,
        Format::Jpeg => jpeg::write(image, metadata, options.quality, out)?,
        Format::Tiff => tiff::write(image, metadata, options.compression, out)?,
        Format::Gif => warnings.extend(gif::write(image, out)?),
        Format::Npy => npy::write(image, out)?,
        Format::Pbm | Format::Pgm | Format::Ppm | Format::Pnm | Format::Pam => {
            pnm::write(image, format, out)?;
        }
        _ => {
            if format == Format::Hdr && has_negative(image) {
                warnings.push("hdr holds no negative values: they became 0".to_owned());
            }
            raster::write(image, format, metadata, out)?;
        }
    }
    out.flush().map_err(message::writing)?;
    Ok(warnings)
}

/// Writes `image` to the file at `path`, which is there only when it is whole.
///
/// # Errors
///
/// As [`AtomicFile`]'s and [`encode`]'s.
pub fn write(
    path: &Path,
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
    overwrite: Overwrite,
) -> Result<Vec<String>> {
    format.check_image(image)?;
    let mut file = AtomicFile::create(path, overwrite)?;
    let warnings = encode(image, format, metadata, options, &mut file)?;
    file.commit()?;
    Ok(warnings)
}

/// Remembers the first failure of the writer below.
struct Watched<'a, W> {
    out: &'a mut W,
    failure: Option<io::Error>,
}

impl<W> Watched<'_, W> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
            && self.failure.is_none()
        {
            self.failure = Some(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            });
        }
        result
    }
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.note(result)
    }
}

impl<W: Seek> Seek for Watched<'_, W> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let result = self.out.seek(position);
        self.note(result)
    }
}

fn has_negative(image: &Image) -> bool {
    matches!(image.samples(), Samples::F32(samples) if samples.iter().any(|s| *s < 0.0))
}

/// RGB of gray, or RGBA of gray and alpha.
fn gray_repeated(image: &Image) -> Result<Image> {
    fn repeated<T: Sample>(samples: &[T], channels: usize) -> Result<Vec<T>> {
        let mut wide = zeroed_vec(samples.len() / channels * (channels + 2))?;
        let pixels = wide.chunks_exact_mut(channels + 2);
        for (wide, pixel) in pixels.zip(samples.chunks_exact(channels)) {
            wide[..3].fill(pixel[0]);
            wide[3..].copy_from_slice(&pixel[1..]);
        }
        Ok(wide)
    }
    let [rows, columns, channels] = image.shape();
    let samples = match image.samples() {
        Samples::U8(s) => Samples::U8(repeated(s, channels)?),
        Samples::U16(s) => Samples::U16(repeated(s, channels)?),
        Samples::F32(s) => Samples::F32(repeated(s, channels)?),
    };
    Image::new(rows, columns, channels + 2, samples)
}
