//! An output that is shared by an encoder and the row writer.

use std::{
    io::{self, Cursor, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{codec::errors, error::Result, file::Output};

/// A shared [`Output`]. Encoders own their output and some never return it, so the encoder has
/// one handle and the [`RowWriter`] another. The latter ends the file, knows the first failure
/// even if the encoder swallows or wraps it, and recovers the output.
///
/// [`RowWriter`]: super::RowWriter
#[derive(Clone)]
pub(in crate::codec) struct SharedOutput<'a>(Arc<Mutex<Target<'a>>>);

struct Target<'a> {
    out: Output<'a>,
    /// The whole file, if its format needs to seek and `out` cannot.
    file: Option<Cursor<Vec<u8>>>,
    failure: Option<io::Error>,
}

impl<'a> SharedOutput<'a> {
    /// For a format that is written from start to end.
    pub(in crate::codec) fn forward(out: Output<'a>) -> Self {
        Self::new(out, false)
    }

    /// For a format that needs to seek.
    pub(in crate::codec) fn seekable(out: Output<'a>) -> Self {
        let kept = !out.can_seek();
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

    /// The first I/O error, if there was one, else `result`.
    pub(in crate::codec) fn explain<T>(&self, result: Result<T>) -> Result<T> {
        let target = self.target();
        let result = match &target.failure {
            Some(failure) => Err(errors::writing(errors::clone_io_error(failure))),
            None => result,
        };
        result.map_err(|error| target.out.explain(error))
    }

    /// Writes the file, if it was kept in memory, and flushes the output.
    pub(in crate::codec) fn end(&self) -> Result<()> {
        let mut target = self.target();
        let file = target.file.take();
        let result = match file {
            Some(file) => target.write_all(file.get_ref()),
            None => Ok(()),
        };
        result
            .and_then(|()| target.flush())
            .map_err(|error| target.out.explain(errors::writing(error)))
    }

    /// The output, once the encoder was dropped.
    pub(in crate::codec) fn into_output(self) -> Output<'a> {
        let target = Arc::into_inner(self.0).expect("the encoder has ended");
        let target = target.into_inner().unwrap_or_else(PoisonError::into_inner);
        target.out
    }
}

impl Target<'_> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failure
                .get_or_insert_with(|| errors::clone_io_error(error));
        }
        result
    }
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.file {
            Some(file) => file.write(bytes),
            None => self.out.write(bytes),
        };
        self.note(match result {
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            result => result,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.file {
            Some(_) => Ok(()),
            None => self.out.flush(),
        };
        self.note(result)
    }
}

impl Write for SharedOutput<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.target().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target().flush()
    }
}

impl Seek for SharedOutput<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let target = &mut *self.target();
        let result = match &mut target.file {
            Some(file) => file.seek(position),
            None => target.out.seek(position),
        };
        target.note(result)
    }
}
