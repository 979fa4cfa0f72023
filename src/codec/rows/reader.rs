//! The reader of rows.

use std::fmt;

use crate::{
    axes::Stack,
    codec::{Coding, Decoded, Format, IgnoredContent, Limits, Metadata, errors, input::ReadErrors},
    error::{Error, RequestError, Result},
    image::{Image, ImageSpec, SampleSliceMut, Samples},
    orientation::Orientation,
    warning::Warning,
};

/// The properties of an image that are known before its rows are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The size of the image and the type of its samples.
    pub spec: ImageSpec,
    /// The format of the content, whatever the file's name says.
    pub format: Format,
    /// The metadata before the samples; more may follow in the [`Trailer`].
    pub metadata: Metadata,
    /// The content of the file that is not read.
    pub ignored: Vec<IgnoredContent>,
    /// Warnings for the user, one line each.
    pub warnings: Vec<Warning>,
    /// How its samples are coded, if a result may be coded otherwise.
    pub coding: Option<Coding>,
    /// How many pages are read of the file, which may be fewer than it has.
    pub pages: u64,
    /// The number of this page in the file, counted from 1.
    pub page: u64,
    /// The samples of all pages that are read, in multiples of those of this one.
    pub(crate) pages_size: f64,
    /// The array that is read, if it is no single image: the rows are those of
    /// [`Stack::folded`].
    pub(crate) stack: Option<Stack>,
    /// Whether its channels have a meaning: those of an array do if its axes were named.
    pub(crate) names_channels: bool,
}

/// The properties of an image that are known after its last row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trailer {
    /// All metadata of the file, those of the header included.
    pub metadata: Metadata,
    /// Further warnings for the user, beyond those of the header.
    pub warnings: Vec<Warning>,
}

/// Reads the rows of an image, from the top down.
///
/// It is made by [`open_rows`](crate::codec::open_rows),
/// [`rows_from`](crate::codec::rows_from) and
/// [`rows_of_bytes`](crate::codec::rows_of_bytes). After an error nothing more can be read:
/// every further call fails too.
pub struct RowReader<'a> {
    header: Header,
    orientation: Orientation,
    next: usize,
    failed: bool,
    source: Box<dyn Source + 'a>,
    /// The maximum bytes of memory that `source` may take.
    memory_limit: u64,
    read_errors: Option<ReadErrors>,
    next_page: Option<NextPage<'a>>,
}

/// Opens the page after this one, whose source is gone.
pub(in crate::codec) type NextPage<'a> = Box<dyn FnOnce() -> Result<RowReader<'a>> + Send + 'a>;

/// The decoder of one format. [`RowReader`] ensures that buffers are whole rows of the right
/// type, and never more than remain.
pub(in crate::codec) trait Source: Send {
    /// Fills `out` with the next rows.
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()>;

    /// Reads what follows the last row, which has been read.
    fn end(self: Box<Self>) -> Result<Trailer>;

    /// Gives back what opens the next page, without reading the rows that are left.
    fn skip(self: Box<Self>) {}

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

/// The bytes of samples that are read at a time when an image is read whole or skipped.
const CHUNK_BYTES: usize = 1 << 20;

impl<'a> RowReader<'a> {
    pub(in crate::codec) fn new(mut header: Header, source: impl Source + 'a) -> Self {
        header.metadata.take_record();
        let orientation = match header.format.is_shown_turned() {
            true => header.metadata.named_orientation(),
            false => Orientation::Normal,
        };
        Self {
            header,
            orientation,
            next: 0,
            failed: false,
            source: Box::new(source),
            memory_limit: u64::MAX,
            read_errors: None,
            next_page: None,
        }
    }

    /// Has [`finish_page`](Self::finish_page) open another page.
    pub(in crate::codec) fn with_next_page(self, next_page: Option<NextPage<'a>>) -> Self {
        Self { next_page, ..self }
    }

    /// Reports recorded I/O errors in place of the decoder's.
    pub(in crate::codec) fn with_read_errors(mut self, read_errors: ReadErrors) -> Self {
        self.read_errors = Some(read_errors);
        self
    }

    /// Refuses to decode if that takes more memory than the limit.
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

    /// Adds a warning before all others.
    pub(in crate::codec) fn warn_first(&mut self, warning: String) {
        self.header.warnings.insert(0, warning.into());
    }

    /// Adds a warning after all others.
    pub(in crate::codec) fn warn(&mut self, warning: String) {
        self.header.warnings.push(warning.into());
    }

    /// The properties that are known before the rows are read.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How the stored rows and columns are turned to be seen: what the file names, if
    /// [viewers heed it](Format::is_shown_turned).
    pub const fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// With the picture seen as it is stored, whatever orientation the file names.
    pub(crate) fn disregarding_orientation(self) -> Self {
        Self {
            orientation: Orientation::Normal,
            ..self
        }
    }

    /// The number of rows still to be read.
    pub const fn rows_left(&self) -> usize {
        self.header.spec.rows - self.next
    }

    /// Whether the image is decoded whole when its first row is requested.
    pub fn holds_image(&self) -> bool {
        self.source.holds_image()
    }

    /// An upper bound of the memory that reading takes beside the caller's buffer: some rows, a
    /// strip or a row of tiles if they are decoded as requested, else all samples and the
    /// decoder's buffers.
    pub fn memory(&self) -> usize {
        self.source.memory()
    }

    /// Reads the next rows into `out`, whose length is a multiple of the samples of a row, and
    /// returns their number: as many as `out` holds, fewer at the end of the image, 0 after
    /// its last row.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if `out` is of another type or no whole number of
    /// rows, [`Error::Input`] if the data are damaged or end early,
    /// [`Error::Limit`] if they exceed the limits, [`Error::Io`] if reading fails.
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

    /// Skips the rows that were not read, and checks that the file is complete.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read)'s.
    pub fn finish(self) -> Result<Trailer> {
        self.end().map(|(trailer, _)| trailer)
    }

    /// [`finish`](Self::finish), which also opens the next page if one is to be read.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read)'s, and those of opening the page.
    pub fn finish_page(self) -> Result<(Trailer, Option<Self>)> {
        let (read_errors, memory_limit) = (self.read_errors.clone(), self.memory_limit);
        let (trailer, next_page) = self.end()?;
        let next = next_page.map(|open| open()).transpose();
        let next = next.map_err(|error| explained(read_errors.as_ref(), error))?;
        let next = next.map(|reader| Self {
            memory_limit,
            read_errors,
            ..reader
        });
        Ok((trailer, next))
    }

    /// Opens the next page, if one is to be read, without reading the rows of this one.
    pub(crate) fn skip_page(self) -> Result<Option<Self>> {
        let Self {
            source,
            memory_limit,
            read_errors,
            next_page,
            ..
        } = self;
        let Some(open) = next_page else {
            return Ok(None);
        };
        source.skip();
        let next = open().map_err(|error| explained(read_errors.as_ref(), error))?;
        Ok(Some(Self {
            memory_limit,
            read_errors,
            ..next
        }))
    }

    /// Ends the page; what opens the next one.
    fn end(mut self) -> Result<(Trailer, Option<NextPage<'a>>)> {
        let spec = self.header.spec;
        let rows = (CHUNK_BYTES / spec.row_bytes()).clamp(1, self.rows_left().max(1));
        if self.rows_left() > 0 {
            let mut skipped = Samples::zeroed(spec.depth, rows * spec.row_len())?;
            while self.read(&mut skipped)? > 0 {}
        }
        self.check_memory()?;
        let Self {
            source,
            read_errors,
            next_page,
            ..
        } = self;
        let trailer = source.end();
        let mut trailer = trailer.map_err(|error| explained(read_errors.as_ref(), error))?;
        trailer.metadata.take_record();
        Ok((trailer, next_page))
    }

    /// Reads the whole image, of which no row has been read.
    pub(crate) fn into_decoded(self) -> Result<Decoded> {
        self.into_decoded_page().map(|(decoded, _)| decoded)
    }

    /// Reads the whole page, of which no row has been read, and opens the next one if that is to be
    /// read.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read)'s, those of opening the page, and [`Error::Limit`] if the memory for its
    /// samples cannot be allocated.
    pub fn into_decoded_page(mut self) -> Result<(Decoded, Option<Self>)> {
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
                // Zeroed pages are committed only when they are written, so a truncated
                // file takes memory only for the rows that it has. A growing buffer would
                // be copied, and exist twice meanwhile.
                let mut samples = Samples::zeroed(spec.depth, total)?;
                let chunk = (CHUNK_BYTES / spec.row_bytes()).max(1) * spec.row_len();
                for start in (0..total).step_by(chunk) {
                    let end = total.min(start + chunk);
                    self.read(samples.as_mut_slice().range(start, end))?;
                }
                Image::new(spec.rows, spec.columns, spec.channels, samples)?
            }
        };
        let format = self.header.format;
        let mut warnings = std::mem::take(&mut self.header.warnings);
        let (trailer, next) = self.finish_page()?;
        warnings.extend(trailer.warnings);
        let decoded = Decoded {
            image,
            format,
            metadata: trailer.metadata,
            warnings,
        };
        Ok((decoded, next))
    }
}

/// The recorded I/O error, if there was one.
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
            coding: None,
            pages: 1,
            page: 1,
            pages_size: 1.0,
            stack: None,
            names_channels: true,
        }
    }

    /// Adds ignored content of the file, with a warning for each.
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
