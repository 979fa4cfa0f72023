//! Writing.

use std::{
    fmt,
    io::{self, Cursor, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    codec::{Format, Metadata, message},
    error::{Error, Result},
    image::{Sample, SampleSlice, Samples, zeroed_vec},
};

use super::{Shape, band};

/// What can be written to anywhere: a file, a buffer in memory.
pub trait WriteSeek: Write + Seek + Send {}

impl<W: Write + Seek + Send> WriteSeek for W {}

/// Where rows are written to.
pub enum Output<'a> {
    /// Written to in any order.
    Seekable(Box<dyn WriteSeek + 'a>),
    /// Written to from its start to its end, such as a pipe. TIFF, which needs
    /// more, is kept in memory until it is whole.
    Stream(Box<dyn Write + Send + 'a>),
}

impl<'a> Output<'a> {
    /// A file, or a buffer in memory, at its beginning.
    pub fn seekable(out: impl WriteSeek + 'a) -> Self {
        Self::Seekable(Box::new(out))
    }

    /// A pipe, standard output for instance.
    pub fn stream(out: impl Write + Send + 'a) -> Self {
        Self::Stream(Box::new(out))
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seekable(_) => "Seekable",
            Self::Stream(_) => "Stream",
        })
    }
}

/// Takes the rows of an image, from the top down, and writes a file of them.
///
/// It is made by [`create_rows`](crate::codec::create_rows). Dropped before
/// [`finish`](Self::finish), it leaves a part of a file.
pub struct RowWriter<'a> {
    shape: Shape,
    format: Format,
    next: usize,
    metadata: Metadata,
    warnings: Vec<String>,
    sink: Box<dyn Sink + 'a>,
    failure: Failure,
}

/// The file of one format. [`RowWriter`] sees to it that bands are whole rows
/// of the right type, and as many as were announced.
pub(in crate::codec) trait Sink: Send {
    /// Takes the next rows.
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()>;

    /// Ends the file, with the metadata that came to be known since it was
    /// begun, and gives warnings.
    fn finish(self: Box<Self>, late: &Metadata) -> Result<Vec<String>>;
}

impl<'a> RowWriter<'a> {
    /// A writer of rows of this shape, for a file that holds `metadata`
    /// already, so far as its format can, and has told so in `warnings`.
    pub(in crate::codec) fn new(
        shape: Shape,
        format: Format,
        metadata: Metadata,
        warnings: Vec<String>,
        failure: Failure,
        sink: Box<dyn Sink + 'a>,
    ) -> Self {
        Self {
            shape,
            format,
            next: 0,
            metadata,
            warnings,
            sink,
            failure,
        }
    }

    /// The shape that was announced.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Writes the next rows: as many samples as they have, and no part of a row.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the samples are of another type, no whole number
    /// of rows or more than were announced, [`Error::Io`] if writing fails,
    /// [`Error::Limit`] if there is no memory for a file that is encoded whole.
    pub fn write<'b>(&mut self, rows: impl Into<SampleSlice<'b>>) -> Result<()> {
        let samples = rows.into();
        let shape = self.shape;
        let rows = shape.rows_in(samples.len(), samples.depth())?;
        if rows > shape.rows - self.next {
            return Err(Error::request(format_args!(
                "{} rows were written and {rows} more come, but {} were announced; announce them all",
                self.next, shape.rows
            )));
        }
        if rows == 0 {
            return Ok(());
        }
        let channels = self.format.written_channels(shape.channels);
        let result = if channels == shape.channels {
            self.sink.write(samples)
        } else {
            // A band at a time, so that the copy stays small.
            let most = ((1 << 20) / shape.row_bytes()).max(1);
            (0..rows).step_by(most).try_for_each(|first| {
                let count = most.min(rows - first);
                let part = band(samples, shape.row_len(), first, count);
                let part = gray_repeated(part, shape.channels)?;
                self.sink.write(part.as_slice())
            })
        };
        self.next += rows;
        result.map_err(|error| self.failure.explain(error))
    }

    /// Ends the file and gives warnings, one line each, of what the format
    /// could not carry.
    ///
    /// `metadata` are those known by now. What was not given when the file was
    /// begun goes behind the samples, where the format has a place for it there.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if rows are missing, else as [`write`](Self::write)'s.
    pub fn finish(mut self, metadata: &Metadata) -> Result<Vec<String>> {
        if self.next < self.shape.rows {
            return Err(Error::request(format_args!(
                "{} rows were written of {} that were announced; write them all",
                self.next, self.shape.rows
            )));
        }
        let channels = self.format.written_channels(self.shape.channels);
        let late = metadata.beyond(&self.metadata);
        let (late, warnings) = late.fitted(self.format, channels);
        self.warnings.extend(warnings);
        let warnings = self
            .sink
            .finish(&late)
            .map_err(|error| self.failure.explain(error))?;
        self.warnings.extend(warnings);
        Ok(self.warnings)
    }
}

impl fmt::Debug for RowWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWriter")
            .field("shape", &self.shape)
            .field("format", &self.format)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// RGB of gray, or RGBA of gray and alpha.
pub(in crate::codec) fn gray_repeated(
    samples: SampleSlice<'_>,
    channels: usize,
) -> Result<Samples> {
    fn repeated<T: Sample>(samples: &[T], channels: usize) -> Result<Vec<T>> {
        let mut wide = zeroed_vec(samples.len() / channels * (channels + 2))?;
        let pixels = wide.chunks_exact_mut(channels + 2);
        for (wide, pixel) in pixels.zip(samples.chunks_exact(channels)) {
            wide[..3].fill(pixel[0]);
            wide[3..].copy_from_slice(&pixel[1..]);
        }
        Ok(wide)
    }
    Ok(match samples {
        SampleSlice::U8(s) => Samples::U8(repeated(s, channels)?),
        SampleSlice::U16(s) => Samples::U16(repeated(s, channels)?),
        SampleSlice::F32(s) => Samples::F32(repeated(s, channels)?),
    })
}

/// The first refusal of the system, even where an encoder swallows or wraps it.
#[derive(Debug, Clone, Default)]
pub(in crate::codec) struct Failure(Arc<Mutex<Option<io::Error>>>);

impl Failure {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| message::same_again(error));
        }
        result
    }

    /// `error` in the system's words, if it refused.
    pub(in crate::codec) fn explain(&self, error: Error) -> Error {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => message::writing(message::same_again(failure)),
            None => error,
        }
    }
}

/// An [`Output`] that remembers its first failure.
pub(in crate::codec) struct Destination<'a> {
    out: Output<'a>,
    failure: Failure,
}

impl<'a> Destination<'a> {
    pub(in crate::codec) fn new(out: Output<'a>) -> Self {
        Self {
            out,
            failure: Failure::default(),
        }
    }

    /// What it remembers.
    pub(in crate::codec) fn failure(&self) -> Failure {
        self.failure.clone()
    }

    /// Has `write` write to something that can seek, be it memory first, and
    /// flushes.
    pub(in crate::codec) fn buffered<T>(
        &mut self,
        write: impl FnOnce(&mut dyn WriteSeek) -> Result<T>,
    ) -> Result<T> {
        let result = match self.out {
            Output::Seekable(_) => write(self)?,
            Output::Stream(_) => {
                let mut bytes = Cursor::new(Vec::new());
                let result = write(&mut bytes)?;
                self.write_all(bytes.get_ref()).map_err(message::writing)?;
                result
            }
        };
        self.flush().map_err(message::writing)?;
        Ok(result)
    }

    /// Whether it can be written to in any order.
    pub(in crate::codec) const fn can_seek(&self) -> bool {
        matches!(self.out, Output::Seekable(_))
    }
}

impl Write for Destination<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.out {
            Output::Seekable(out) => out.write(bytes),
            Output::Stream(out) => out.write(bytes),
        };
        self.failure.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.out {
            Output::Seekable(out) => out.flush(),
            Output::Stream(out) => out.flush(),
        };
        self.failure.note(result)
    }
}

impl Seek for Destination<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let result = match &mut self.out {
            Output::Seekable(out) => out.seek(position),
            Output::Stream(_) => Err(io::ErrorKind::NotSeekable.into()),
        };
        self.failure.note(result)
    }
}
