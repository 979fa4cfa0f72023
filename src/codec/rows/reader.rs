//! The reader of rows.

use std::fmt;

use crate::{
    codec::{Decoded, Format, IgnoredContent, Limits, Metadata, errors, input::ReadErrors},
    error::{Error, RequestError, Result},
    image::{Image, ImageSpec, SampleSliceMut, Samples},
    warning::Warning,
};

/// What is known of an image before its rows are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The size of the image and the type of its samples.
    pub spec: ImageSpec,
    /// What the content is, whatever the name says.
    pub format: Format,
    /// What stood before the samples beside them; more may follow in the [`Trailer`].
    pub metadata: Metadata,
    /// What the file holds that is not read.
    pub ignored: Vec<IgnoredContent>,
    /// What the user should know, one line each.
    pub warnings: Vec<Warning>,
}

/// What is known after the last row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trailer {
    /// All that the file carried beside its samples, that of the header included.
    pub metadata: Metadata,
    /// What the user should know beyond the warnings of the header.
    pub warnings: Vec<Warning>,
}

/// Gives the rows of an image, from the top down.
///
/// It is made by [`open_rows`](crate::codec::open_rows),
/// [`rows_from`](crate::codec::rows_from) and
/// [`rows_of_bytes`](crate::codec::rows_of_bytes). After an error nothing more
/// can be read: every further call gives an error too.
pub struct RowReader<'a> {
    header: Header,
    next: usize,
    failed: bool,
    source: Box<dyn Source + 'a>,
    /// The maximum bytes that `source` may take.
    memory_limit: u64,
    read_errors: Option<ReadErrors>,
}

/// The decoder of one format. [`RowReader`] ensures that bands are whole rows of the right
/// type, and never more than there are.
pub(in crate::codec) trait Source: Send {
    /// Fills `out` with the next rows.
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()>;

    /// Reads what follows the last row, which has been read.
    fn end(self: Box<Self>) -> Result<Trailer>;

    /// Whether the image is decoded whole.
    fn holds_image(&self) -> bool {
        false
    }

    /// The image, if it is decoded whole and no row was read.
    fn take_image(&mut self) -> Result<Option<Image>> {
        Ok(None)
    }

    /// See [`RowReader::memory`].
    fn memory(&self) -> usize {
        0
    }
}

/// The bytes of a band in which whole images are read.
const BAND: usize = 1 << 20;

impl<'a> RowReader<'a> {
    pub(in crate::codec) fn new(header: Header, source: impl Source + 'a) -> Self {
        Self {
            header,
            next: 0,
            failed: false,
            source: Box::new(source),
            memory_limit: u64::MAX,
            read_errors: None,
        }
    }

    /// Reports I/O errors that `watch` noted in place of the decoder's.
    pub(in crate::codec) fn with_read_errors(mut self, read_errors: ReadErrors) -> Self {
        self.read_errors = Some(read_errors);
        self
    }

    /// Refuses to decode what takes more than the limit of memory.
    pub(in crate::codec) const fn with_memory_limit(mut self, limits: &Limits) -> Self {
        self.memory_limit = limits.max_memory;
        self
    }

    fn check_memory(&self) -> Result<()> {
        match self.memory() as u64 {
            bytes if bytes > self.memory_limit => {
                Err(errors::too_much_memory(bytes, self.memory_limit))
            }
            _ => Ok(()),
        }
    }

    /// Puts a warning before all others.
    pub(in crate::codec) fn warn_first(&mut self, warning: String) {
        self.header.warnings.insert(0, warning.into());
    }

    /// What is known already.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many rows are still to be read.
    pub const fn rows_left(&self) -> usize {
        self.header.spec.rows - self.next
    }

    /// Whether the image is decoded whole, when its first row is asked for.
    pub fn holds_image(&self) -> bool {
        self.source.holds_image()
    }

    /// The maximum bytes of memory that reading takes beside the rows that are
    /// asked for: a few rows where they are decoded as they come, a strip or a
    /// row of tiles, else all samples and what the decoder needs to get at
    /// them.
    pub fn memory(&self) -> usize {
        self.source.memory()
    }

    /// Reads the next rows into `out`, whose length is a multiple of the
    /// samples of a row, and gives their number: as many as `out` holds, fewer
    /// only where the image ends, 0 after its last row.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if `out` is of another type or no whole number of
    /// rows, [`Error::Input`] if the data are damaged or end early,
    /// [`Error::Limit`] if they are more than the limits allow, [`Error::Io`]
    /// if the system refuses.
    pub fn read<'b>(&mut self, out: impl Into<SampleSliceMut<'b>>) -> Result<usize> {
        let out = out.into();
        let spec = self.header.spec;
        let rows = spec.rows_in(out.len(), out.depth())?.min(self.rows_left());
        if self.failed {
            return Err(RequestError::FailedBefore.into());
        }
        if rows > 0 {
            self.check_memory()?;
            let result = self.source.fill(out.range(0, rows * spec.row_len()));
            self.failed = result.is_err();
            result.map_err(|error| explained(self.read_errors.as_ref(), error))?;
            self.next += rows;
        }
        Ok(rows)
    }

    /// Skips the rows that were not read, and checks that the file is whole to
    /// its end.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read)'s.
    pub fn finish(mut self) -> Result<Trailer> {
        let spec = self.header.spec;
        let rows = (BAND / spec.row_bytes()).clamp(1, self.rows_left().max(1));
        if self.rows_left() > 0 {
            let mut skipped = Samples::zeroed(spec.depth, rows * spec.row_len())?;
            while self.read(&mut skipped)? > 0 {}
        }
        self.check_memory()?;
        let Self {
            source,
            read_errors,
            ..
        } = self;
        source
            .end()
            .map_err(|error| explained(read_errors.as_ref(), error))
    }

    /// Reads the whole image, of which no row has been read.
    pub(crate) fn into_decoded(mut self) -> Result<Decoded> {
        let spec = self.header.spec;
        self.check_memory()?;
        let taken = self.source.take_image();
        let image = match taken.map_err(|error| explained(self.read_errors.as_ref(), error))? {
            Some(image) => {
                self.next = spec.rows;
                image
            }
            None => {
                let total = spec.rows * spec.row_len();
                // The system gives memory for zeros when they are first written
                // to: for the rows that really come. Samples that grow with
                // these would be there twice whenever they are moved.
                let mut samples = Samples::zeroed(spec.depth, total)?;
                let band = (BAND / spec.row_bytes()).max(1) * spec.row_len();
                for start in (0..total).step_by(band) {
                    let end = total.min(start + band);
                    self.read(samples.as_mut_slice().range(start, end))?;
                }
                Image::new(spec.rows, spec.columns, spec.channels, samples)?
            }
        };
        let format = self.header.format;
        let mut warnings = std::mem::take(&mut self.header.warnings);
        let trailer = self.finish()?;
        warnings.extend(trailer.warnings);
        Ok(Decoded {
            image,
            format,
            metadata: trailer.metadata,
            warnings,
        })
    }
}

/// The I/O error of the system, where there was one.
fn explained(read_errors: Option<&ReadErrors>, error: Error) -> Error {
    match read_errors {
        Some(read_errors) => read_errors.real_cause(error),
        None => error,
    }
}

impl Header {
    /// A header without metadata or warnings.
    pub(in crate::codec) fn new(format: Format, spec: ImageSpec) -> Self {
        Self {
            spec,
            format,
            metadata: Metadata::default(),
            ignored: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds parts of the file that are not read, with a warning for each.
    pub(in crate::codec) fn with_ignored(
        mut self,
        ignored: impl IntoIterator<Item = IgnoredContent>,
    ) -> Self {
        for part in ignored {
            let warning = part.warning(self.format);
            self.warnings.extend(warning.map(Warning::from));
            self.ignored.push(part);
        }
        self
    }
}

impl fmt::Debug for RowReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader")
            .field("header", &self.header)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
