//! The writer of rows.

use std::fmt;

use crate::{
    codec::{Format, Metadata, PartFate, metadata::Fitted},
    error::{OutputError, RequestError, Result},
    file::Output,
    image::{ImageSpec, Sample, SampleSlice, Samples, zeroed_vec},
    warning::Warning,
};

use flate2::Crc;

use super::{SharedOutput, chunk_of_rows};

/// The bytes of gray rows that are converted to RGB at a time.
pub(in crate::codec) const GRAY_CHUNK_BYTES: usize = 1 << 20;

/// Writes a file from the rows of an image, from the top down.
///
/// It is made by [`create_rows`](crate::codec::create_rows), or for several frames by
/// [`create_animation`](crate::codec::create_animation). Dropped before
/// [`finish`](Self::finish), it leaves an incomplete file.
pub struct RowWriter<'a> {
    spec: ImageSpec,
    format: Format,
    next: usize,
    /// The pages that were announced, and those that were begun.
    pages: [u64; 2],
    metadata: Metadata,
    /// That of the first page, once another was begun.
    first: Option<Metadata>,
    warnings: Vec<Warning>,
    sink: Box<dyn Sink + 'a>,
    out: SharedOutput<'a>,
    checksum: Option<Crc>,
}

/// A file that was written.
pub(crate) struct Finished<'a> {
    pub(crate) warnings: Vec<Warning>,
    pub(crate) output: Output<'a>,
    /// What became of the metadata that followed the samples.
    pub(crate) late: Vec<PartFate>,
}

/// The encoder of one format. [`RowWriter`] ensures that it gets whole rows of the right type,
/// and as many as the spec announced.
pub(in crate::codec) trait Sink: Send {
    /// Encodes the next rows.
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()>;

    /// Ends the page, with the metadata that became known since it was begun, and begins another
    /// of this spec with this metadata. Called only of formats that
    /// [hold pages](Format::holds_pages).
    fn next_page(&mut self, _late: &Metadata, _spec: ImageSpec, _metadata: Metadata) -> Result<()> {
        Err(OutputError::EndedEarly.into())
    }

    /// Ends the file, with the metadata that became known since it was begun; returns warnings.
    fn finish(self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>>;
}

impl<'a> RowWriter<'a> {
    /// A writer of rows of this spec into `sink`, which writes to `out`. The `sink` has the
    /// `metadata` that its format can carry; `warnings` name the rest.
    pub(in crate::codec) fn new(
        spec: ImageSpec,
        format: Format,
        metadata: Metadata,
        warnings: Vec<Warning>,
        sink: Box<dyn Sink + 'a>,
        out: SharedOutput<'a>,
    ) -> Self {
        Self {
            spec,
            format,
            next: 0,
            pages: [1, 1],
            metadata,
            first: None,
            warnings,
            sink,
            out,
            checksum: None,
        }
    }

    /// Announces this number of pages.
    pub(in crate::codec) const fn with_pages(mut self, pages: u64) -> Self {
        self.pages[0] = pages;
        self
    }

    /// Computes a checksum of the samples that are written.
    pub(crate) fn with_checksum(self) -> Self {
        Self {
            checksum: Some(Crc::new()),
            ..self
        }
    }

    /// The CRC-32 of the samples so far, as in memory; gray is converted to RGB if the format
    /// has no gray.
    pub(crate) fn checksum(&self) -> Option<u32> {
        self.checksum.as_ref().map(Crc::sum)
    }

    /// The announced size of the image and type of its samples.
    pub const fn spec(&self) -> ImageSpec {
        self.spec
    }

    /// Writes the next rows, which must be whole.
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if the samples are of another type, no whole number
    /// of rows or more than were announced, [`Error::Io`](crate::Error::Io) if writing fails,
    /// [`Error::Limit`](crate::Error::Limit) if there is no memory for a file that is encoded whole.
    pub fn write<'b>(&mut self, rows: impl Into<SampleSlice<'b>>) -> Result<()> {
        let samples = rows.into();
        let spec = self.spec;
        let rows = spec.rows_in(samples.len(), samples.depth())?;
        if rows > spec.rows - self.next {
            return Err(RequestError::TooManyRows {
                written: self.next,
                more: rows,
                announced: spec.rows,
            }
            .into());
        }
        if rows == 0 {
            return Ok(());
        }
        let channels = self.format.written_channels(spec.channels);
        let result = if channels == spec.channels {
            self.put(samples)
        } else {
            // In small chunks, to bound the size of the copy.
            let max_rows = (GRAY_CHUNK_BYTES / spec.row_bytes()).max(1);
            (0..rows).step_by(max_rows).try_for_each(|first| {
                let count = max_rows.min(rows - first);
                let part = chunk_of_rows(samples, spec.row_len(), first, count);
                let part = gray_to_rgb(part, spec.channels)?;
                self.put(part.as_slice())
            })
        };
        self.next += rows;
        self.out.explain(result)
    }

    fn put(&mut self, samples: SampleSlice<'_>) -> Result<()> {
        if let Some(checksum) = &mut self.checksum {
            checksum.update(samples.as_bytes());
        }
        self.sink.write(samples)
    }

    /// Ends a page and begins another. `late` is the final metadata of the former, as in
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish)'s, and [`Error::Output`](crate::Error::Output) if the format
    /// holds one page, or not such a picture, which in an animation is one of another size or type.
    pub fn next_page(
        &mut self,
        late: &Metadata,
        spec: ImageSpec,
        metadata: &Metadata,
    ) -> Result<()> {
        self.format.check_pages(2)?;
        if self.format.holds_frames() && spec != self.spec {
            return Err(self.format.unequal_frames());
        }
        spec.check()?;
        self.format.check(spec.depth, spec.channels)?;
        self.format.check_bands(metadata.bands, spec.channels)?;
        self.format.check_size(spec.rows, spec.columns)?;
        let late = self.end_page(late)?;
        let [announced, begun] = &mut self.pages;
        if self.format.holds_frames() && begun == announced {
            let announced = *announced;
            return Err(RequestError::TooManyFrames { announced }.into());
        }
        *begun += 1;
        self.warn_once(late.all_warnings());
        let written = ImageSpec {
            channels: self.format.written_channels(spec.channels),
            ..spec
        };
        let first = self.first.get_or_insert_with(|| self.metadata.clone());
        let fitted = metadata.fitted_to(self.format, written);
        let fitted = fitted.of_later_page(metadata, first, self.format);
        self.warn_once(fitted.all_warnings());
        let begun = (self.sink).next_page(&late.metadata, written, fitted.metadata);
        self.out.explain(begun)?;
        self.metadata = metadata.clone();
        self.spec = spec;
        self.next = 0;
        Ok(())
    }

    /// Adds warnings, each once, however many pages they are about.
    fn warn_once(&mut self, warnings: Vec<Warning>) {
        Warning::add_each_once(&mut self.warnings, warnings);
    }

    /// What became known of the metadata since the page was begun, all of whose rows are written.
    fn end_page(&self, metadata: &Metadata) -> Result<Fitted> {
        if self.next < self.spec.rows {
            return Err(RequestError::MissingRows {
                written: self.next,
                announced: self.spec.rows,
            }
            .into());
        }
        let written = ImageSpec {
            channels: self.format.written_channels(self.spec.channels),
            ..self.spec
        };
        let late = metadata.missing_from(&self.metadata);
        let late = late.fitted_to(self.format, written);
        Ok(late.after_samples(self.format))
    }

    /// Ends the file and returns warnings, one line each, about what the format cannot store.
    ///
    /// `metadata` is the final metadata. What was unknown when the file was created is written
    /// after the samples, if the format allows it.
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if rows are missing, else as [`write`](Self::write)'s.
    pub fn finish(self, metadata: &Metadata) -> Result<Vec<Warning>> {
        self.finish_output(metadata)
            .map(|finished| finished.warnings)
    }

    /// [`finish`](Self::finish), which also returns the output.
    pub(crate) fn finish_output(mut self, metadata: &Metadata) -> Result<Finished<'a>> {
        let late = self.end_page(metadata)?;
        self.warn_once(late.all_warnings());
        let warnings = self.out.explain(self.sink.finish(&late.metadata))?;
        self.out.end()?;
        Warning::add_each_once(&mut self.warnings, warnings);
        Ok(Finished {
            warnings: self.warnings,
            output: self.out.into_output(),
            late: late.fates,
        })
    }
}

impl fmt::Debug for RowWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWriter")
            .field("spec", &self.spec)
            .field("format", &self.format)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// Converts gray to RGB, or gray with alpha to RGBA.
pub(in crate::codec) fn gray_to_rgb(samples: SampleSlice<'_>, channels: usize) -> Result<Samples> {
    fn repeated<T: Sample>(samples: &[T], channels: usize) -> Result<Vec<T>> {
        let mut colors = zeroed_vec(samples.len() / channels * (channels + 2))?;
        let pixels = colors.chunks_exact_mut(channels + 2);
        for (color, pixel) in pixels.zip(samples.chunks_exact(channels)) {
            color[..3].fill(pixel[0]);
            color[3..].copy_from_slice(&pixel[1..]);
        }
        Ok(colors)
    }
    Ok(each_sample!(SampleSlice(samples), samples => repeated(samples, channels)?.into()))
}
