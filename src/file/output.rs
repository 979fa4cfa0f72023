//! The handle of an output of any kind: a file, a device, a stream or a buffer.

use std::{
    fmt,
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::Path,
};

use super::{
    atomic::AtomicFile,
    device::{open_device, standard_output},
    output_path::Overwrite,
    writing,
};
use crate::{
    error::{Error, IoAction, Result},
    warning::Warning,
};

/// An output that can seek: a file or a buffer in memory.
pub trait WriteSeek: Write + Seek + Send {}

impl<W: Write + Seek + Send> WriteSeek for W {}

/// Where an image is written to.
pub struct Output<'a>(Target<'a>);

/// The kinds of outputs. Files, devices and standard output are opened here; the others are
/// borrowed from the caller.
enum Target<'a> {
    /// A file that is put in its place by [`Output::commit`].
    File(AtomicFile),
    /// A device or a pipe, or a borrowed writer.
    Stream(Stream<'a>),
    StandardOutput(Stream<'a>),
    Seekable(Box<dyn WriteSeek + 'a>),
}

/// An output that is written from start to end. It has no position, so bytes are counted.
struct Stream<'a> {
    out: Box<dyn Write + Send + 'a>,
    bytes: u64,
}

impl<'a> Output<'a> {
    /// A file or a buffer in memory, at its beginning: can be written in any order.
    pub fn seekable(out: impl WriteSeek + 'a) -> Self {
        Self(Target::Seekable(Box::new(out)))
    }

    /// A pipe, for example standard output: written from start to end. Formats that need to
    /// seek, such as TIFF, are kept in memory until they are complete.
    pub fn stream(out: impl Write + Send + 'a) -> Self {
        Self(Target::Stream(Stream::new(out)))
    }

    /// The file that is to be at `path`, or the device or pipe that is there.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::create`]'s, and if a device cannot be opened.
    pub(crate) fn create(path: &Path, overwrite: Overwrite) -> Result<Self> {
        if let Some(device) = open_device(path)? {
            return Ok(Self(Target::Stream(Stream::buffered(device))));
        }
        let file = AtomicFile::create(path, overwrite)?;
        Ok(Self(Target::File(file)))
    }

    /// Standard output.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it is closed.
    pub(crate) fn standard() -> Result<Self> {
        let out = standard_output().map_err(writing)?;
        Ok(Self(Target::StandardOutput(Stream::buffered(out))))
    }

    /// The file under construction, if the output is a file.
    pub(crate) fn as_file(&mut self) -> Option<&mut AtomicFile> {
        match &mut self.0 {
            Target::File(file) => Some(file),
            _ => None,
        }
    }

    /// Whether it can be written in any order.
    pub(crate) const fn can_seek(&self) -> bool {
        matches!(self.0, Target::File(_) | Target::Seekable(_))
    }

    /// `error`, which says so if it is standard output that could not be written.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match (&self.0, error) {
            (Target::StandardOutput(_), Error::Io { cause, .. }) => {
                Error::io(IoAction::WriteStandardOutput, cause)
            }
            (_, error) => error,
        }
    }

    /// Flushes the buffer, syncs to the disk where needed, and returns the number of all bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if they cannot be written.
    pub(crate) fn finish(&mut self) -> Result<u64> {
        let bytes = match &mut self.0 {
            Target::File(file) => {
                file.finish()?;
                file.seek(SeekFrom::End(0))
            }
            Target::Seekable(out) => (out.flush()).and_then(|()| out.seek(SeekFrom::End(0))),
            Target::Stream(out) | Target::StandardOutput(out) => {
                out.out.flush().map(|()| out.bytes)
            }
        };
        bytes.map_err(|error| self.explain(writing(error)))
    }

    /// Renames a file into place; returns warnings about attributes of the replaced file that
    /// could not be kept. Does nothing for other outputs.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::commit`]'s.
    pub(crate) fn commit(self) -> Result<Vec<Warning>> {
        match self.0 {
            Target::File(file) => file.commit(),
            _ => Ok(Vec::new()),
        }
    }

    /// The written bytes for reading back, if the output is a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if its last bytes cannot be written.
    pub(crate) fn written(&mut self) -> Result<Option<File>> {
        let file = self.as_file().map(AtomicFile::written);
        file.transpose().map_err(writing)
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Target::File(file) => file.write(bytes),
            Target::Seekable(out) => out.write(bytes),
            Target::Stream(out) | Target::StandardOutput(out) => {
                let count = out.out.write(bytes)?;
                out.bytes += count as u64;
                Ok(count)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Target::File(file) => file.flush(),
            Target::Seekable(out) => out.flush(),
            Target::Stream(out) | Target::StandardOutput(out) => out.out.flush(),
        }
    }
}

impl Seek for Output<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Target::File(file) => file.seek(position),
            Target::Seekable(out) => out.seek(position),
            Target::Stream(_) | Target::StandardOutput(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}

impl<'a> Stream<'a> {
    fn new(out: impl Write + Send + 'a) -> Self {
        let (out, bytes) = (Box::new(out), 0);
        Self { out, bytes }
    }

    fn buffered(out: File) -> Self {
        Self::new(BufWriter::with_capacity(1 << 16, out))
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Target::File(_) => "File",
            Target::Stream(_) => "Stream",
            Target::StandardOutput(_) => "StandardOutput",
            Target::Seekable(_) => "Seekable",
        })
    }
}
