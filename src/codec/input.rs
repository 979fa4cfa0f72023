//! Inputs: files, streams and memory, and a record of I/O errors while reading.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, PoisonError},
};

use crate::error::{Error, IoAction, LimitError, Result};

use super::{Limits, errors};

/// The number of leading bytes that are needed to detect the format.
const START: usize = 1024;

/// The size of the read buffer in bytes.
const BUFFER: usize = 1 << 18;

/// An input at its beginning.
pub(super) enum Input<'a> {
    Memory(&'a [u8]),
    /// A regular file, which can seek.
    File(BufReader<RecordingReader<File>>),
    Stream(Box<dyn BufRead + Send + 'a>),
}

/// Bytes of any input. Readers of rows take this one type, so that each decoder is
/// compiled once.
pub(super) type InputReader<'a> = Box<dyn SeekRead + 'a>;

/// What an [`InputReader`] can do.
pub(super) trait SeekRead: BufRead + Seek + Send {}

impl<R: BufRead + Seek + Send> SeekRead for R {}

impl<'a> Input<'a> {
    /// A regular file, or anything else that has a path.
    pub(super) fn of_file(file: File, limits: &Limits, read_errors: &ReadErrors) -> Result<Self> {
        let metadata = file.metadata().map_err(|e| Error::io(IoAction::Read, e))?;
        if !metadata.is_file() {
            return Ok(Self::of_stream(file, read_errors));
        }
        if metadata.len() > limits.max_bytes {
            return Err(too_large(limits));
        }
        let file = RecordingReader::new(file, read_errors);
        Ok(Self::File(BufReader::with_capacity(BUFFER, file)))
    }

    pub(super) fn of_stream(stream: impl Read + Send + 'a, read_errors: &ReadErrors) -> Self {
        let stream = RecordingReader {
            counted: true,
            ..RecordingReader::new(stream, read_errors)
        };
        Self::Stream(Box::new(BufReader::with_capacity(BUFFER, stream)))
    }

    /// The first [`START`] bytes, or all if there are fewer. The input stays at its
    /// beginning.
    pub(super) fn start(self) -> Result<(Vec<u8>, Self)> {
        let failed = |error| Error::io(IoAction::Read, error);
        let mut start = Vec::new();
        let input = match self {
            Self::Memory(bytes) => {
                start.extend_from_slice(&bytes[..bytes.len().min(START)]);
                Self::Memory(bytes)
            }
            Self::File(mut file) => {
                let mut first = file.by_ref().take(START as u64);
                first.read_to_end(&mut start).map_err(failed)?;
                // Within the buffer, so that it need not be filled again.
                file.seek_relative(-(start.len() as i64)).map_err(failed)?;
                Self::File(file)
            }
            Self::Stream(mut stream) => {
                let mut first = stream.by_ref().take(START as u64);
                first.read_to_end(&mut start).map_err(failed)?;
                Self::Stream(Box::new(Cursor::new(start.clone()).chain(stream)))
            }
        };
        Ok((start, input))
    }

    /// For decoders that read from start to end: seeking in a stream is an error.
    pub(super) fn into_reader(self) -> InputReader<'a> {
        match self {
            Self::Memory(bytes) => Box::new(Cursor::new(bytes)),
            Self::File(file) => Box::new(file),
            Self::Stream(stream) => Box::new(ForwardOnly(stream)),
        }
    }

    /// For decoders that seek: a stream is read into memory. Also returns the bytes of that
    /// memory.
    pub(super) fn into_seekable(self, limits: &Limits) -> Result<(InputReader<'a>, usize)> {
        match self {
            Self::Stream(stream) => {
                let bytes = read_all(stream, limits)?;
                let held = bytes.capacity();
                Ok((Box::new(Cursor::new(bytes)), held))
            }
            input => Ok((input.into_reader(), 0)),
        }
    }

    /// All bytes, borrowed if they are in memory.
    pub(super) fn into_bytes(self, limits: &Limits) -> Result<std::borrow::Cow<'a, [u8]>> {
        match self {
            Self::Memory(bytes) => Ok(bytes.into()),
            Self::File(file) => {
                // A file longer than its reported size is detected.
                let len = file.get_ref().inner().metadata().map_or(0, |m| m.len());
                read_about(file, len, limits).map(Into::into)
            }
            Self::Stream(stream) => read_all(stream, limits).map(Into::into),
        }
    }
}

/// The minimum growth of a stream's buffer in bytes.
const GROWTH: usize = 1 << 16;

/// Reads all of `reader`, for formats that are not read by rows.
pub(super) fn read_all(reader: impl Read, limits: &Limits) -> Result<Vec<u8>> {
    read_about(reader, 0, limits)
}

/// Reads all of `reader`. `len` is the expected size, which is allocated at once. A longer
/// input makes the buffer grow by half; the old and the new buffer exist together while it
/// is copied.
fn read_about(mut reader: impl Read, len: u64, limits: &Limits) -> Result<Vec<u8>> {
    let failed = |error| Error::io(IoAction::Read, error);
    let mut bytes = Vec::new();
    let mut more = usize::try_from(len).unwrap_or(usize::MAX);
    let mut next = None;
    loop {
        // Grow by less than a half if that does not fit.
        let left = limits.memory().checked_sub(2 * bytes.len());
        more = match left {
            Some(left) if bytes.is_empty() && more <= left => more,
            Some(left) if !bytes.is_empty() && left >= GROWTH => more.min(left),
            _ => return Err(too_large_for_memory(limits)),
        };
        (bytes.try_reserve_exact(more)).map_err(|_| LimitError::FileAllocation)?;
        bytes.extend(next);
        let room = bytes.capacity() - bytes.len();
        let mut part = reader.by_ref().take(room as u64);
        if part.read_to_end(&mut bytes).map_err(failed)? < room {
            return Ok(bytes);
        }
        // Only a further read shows whether this is the end.
        let mut one = Vec::new();
        (reader.by_ref().take(1).read_to_end(&mut one)).map_err(failed)?;
        next = one.pop();
        if next.is_none() {
            return Ok(bytes);
        }
        more = (bytes.len() / 2).max(GROWTH);
    }
}

/// The error of a file that must be read whole and exceeds the memory limit.
fn too_large_for_memory(limits: &Limits) -> Error {
    let limit = limits.max_memory;
    LimitError::WholeFile { limit }.into()
}

/// The error of a file that exceeds the size limit.
pub(super) fn too_large(limits: &Limits) -> Error {
    let limit = limits.max_bytes;
    LimitError::FileBytes { limit }.into()
}

/// Records what decoders wrap or swallow while reading an input: an I/O error, or that
/// the input exceeds the limits.
#[derive(Debug, Clone)]
pub(super) struct ReadErrors(Arc<Mutex<ReadErrorState>>);

#[derive(Debug)]
struct ReadErrorState {
    limits: Limits,
    /// The bytes that may still be read.
    left: u64,
    exceeded: bool,
    failure: Option<io::Error>,
}

impl ReadErrors {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(ReadErrorState {
            limits: *limits,
            left: limits.max_bytes,
            exceeded: false,
            failure: None,
        })))
    }

    /// The recorded I/O error or exceeded limit that caused `error`, else `error` itself.
    pub(super) fn real_cause(&self, error: Error) -> Error {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.failure {
            _ if state.exceeded => too_large(&state.limits),
            Some(failure) => Error::io(IoAction::Read, errors::clone_io_error(failure)),
            None => error,
        }
    }
}

/// A reader that records its errors.
pub(super) struct RecordingReader<R> {
    inner: R,
    read_errors: ReadErrors,
    /// Whether bytes are counted: not for files, whose length is known and whose bytes may
    /// be read twice.
    counted: bool,
}

impl<R> RecordingReader<R> {
    /// The reader itself.
    pub(super) const fn inner(&self) -> &R {
        &self.inner
    }

    fn record<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            let mut state = self
                .read_errors
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            state
                .failure
                .get_or_insert_with(|| errors::clone_io_error(error));
        }
        result
    }
}

impl<R: Read> RecordingReader<R> {
    fn new(inner: R, read_errors: &ReadErrors) -> Self {
        Self {
            inner,
            read_errors: read_errors.clone(),
            counted: false,
        }
    }
}

impl<R: Read> Read for RecordingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        let count = self.record(result)?;
        if self.counted {
            let mut state = self
                .read_errors
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            match state.left.checked_sub(count as u64) {
                Some(left) => state.left = left,
                None => {
                    state.exceeded = true;
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
            }
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for RecordingReader<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let result = self.inner.seek(position);
        self.record(result)
    }
}

/// A stream for a library that requires `Seek` but never seeks.
struct ForwardOnly<R>(R);

impl<R: Read> Read for ForwardOnly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: BufRead> BufRead for ForwardOnly<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl<R> Seek for ForwardOnly<R> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::NotSeekable.into())
    }
}
