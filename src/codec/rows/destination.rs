//! Where files are written to.

use std::{
    fmt,
    io::{self, Cursor, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{codec::message, error::Result};

/// What can be written to anywhere: a file, a buffer in memory.
pub trait WriteSeek: Write + Seek + Send {}

impl<W: Write + Seek + Send> WriteSeek for W {}

/// Where rows are written to.
pub enum Output<'a> {
    /// Written to in any order.
    Seekable(Box<dyn WriteSeek + 'a>),
    /// Written to from its start to its end, such as a pipe. Files that are not
    /// written like that, TIFF for instance, are kept in memory until they are
    /// whole.
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

/// A handle of an [`Output`]. The encoder holds one, the [`RowWriter`] another,
/// which ends the file and learns of the first failure even where the encoder
/// swallows or wraps it.
///
/// [`RowWriter`]: super::RowWriter
#[derive(Clone)]
pub(in crate::codec) struct Destination<'a>(Arc<Mutex<Target<'a>>>);

struct Target<'a> {
    out: Output<'a>,
    /// All that was written, if `out` cannot seek and has to.
    file: Option<Cursor<Vec<u8>>>,
    failure: Option<io::Error>,
}

impl<'a> Destination<'a> {
    /// For a file that is written from its start to its end.
    pub(in crate::codec) fn forward(out: Output<'a>) -> Self {
        Self::new(out, false)
    }

    /// For a file that is written in any order.
    pub(in crate::codec) fn seekable(out: Output<'a>) -> Self {
        let kept = matches!(out, Output::Stream(_));
        Self::new(out, kept)
    }

    fn new(out: Output<'a>, kept: bool) -> Self {
        Self(Arc::new(Mutex::new(Target {
            out,
            file: kept.then(Cursor::default),
            failure: None,
        })))
    }

    fn target(&self) -> MutexGuard<'_, Target<'a>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The refusal of the system, if there was one, else `result`.
    pub(in crate::codec) fn explain<T>(&self, result: Result<T>) -> Result<T> {
        match &self.target().failure {
            Some(failure) => Err(message::writing(message::same_again(failure))),
            None => result,
        }
    }

    /// Ends the file, of which everything was written.
    pub(in crate::codec) fn end(&self) -> Result<()> {
        let mut target = self.target();
        let file = target.file.take();
        let result = match file {
            Some(file) => target.write_all(file.get_ref()),
            None => Ok(()),
        };
        result
            .and_then(|()| target.flush())
            .map_err(message::writing)
    }
}

impl Target<'_> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failure
                .get_or_insert_with(|| message::same_again(error));
        }
        result
    }
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match (&mut self.file, &mut self.out) {
            (Some(file), _) => file.write(bytes),
            (None, Output::Seekable(out)) => out.write(bytes),
            (None, Output::Stream(out)) => out.write(bytes),
        };
        self.note(match result {
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            result => result,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match (&mut self.file, &mut self.out) {
            (Some(_), _) => Ok(()),
            (None, Output::Seekable(out)) => out.flush(),
            (None, Output::Stream(out)) => out.flush(),
        };
        self.note(result)
    }
}

impl Write for Destination<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.target().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target().flush()
    }
}

impl Seek for Destination<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let target = &mut *self.target();
        let result = match (&mut target.file, &mut target.out) {
            (Some(file), _) => file.seek(position),
            (None, Output::Seekable(out)) => out.seek(position),
            (None, Output::Stream(_)) => Err(io::ErrorKind::NotSeekable.into()),
        };
        target.note(result)
    }
}
