//! The output of one result: encoded, verified, and put in its place.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    job::{Options, Place},
    verify::{Expected, Verify},
};
use crate::{
    codec::{self, AtomicFile, Attributes, Format, Metadata, Output, RowWriter},
    error::{Error, IoAction, Result},
    image::{ImageSpec, Samples},
    stop::Stop,
    warning::Warning,
};

/// Encodes the rows of a result. Dropped before it is finished, it leaves no file.
pub(super) struct OutputWriter {
    writer: RowWriter<'static>,
    target: Target,
    /// What reading the file back must give.
    expected: Expected,
    verify: Verify,
    /// Whether the colour profile of the input does not apply to the result, which is gray.
    drops_profile: bool,
    /// The time spent encoding and writing.
    busy: Duration,
    stop: Stop,
}

/// A complete output that is not yet in its place. Dropped, it leaves no file.
pub(super) struct FinishedOutput {
    target: Target,
    bytes: u64,
    warnings: Vec<Warning>,
    busy: Duration,
}

/// An output that is in its place.
pub(super) struct WrittenOutput {
    pub(super) bytes: u64,
    pub(super) warnings: Vec<Warning>,
    pub(super) busy: Duration,
}

impl OutputWriter {
    /// Begins an output of this `spec`, made of an image with these `channels` and `metadata`.
    pub(super) fn begin(
        place: &Place,
        spec: ImageSpec,
        format: Format,
        (channels, metadata): (usize, &Metadata),
        options: &Options,
    ) -> Result<Self> {
        let start = Instant::now();
        let drops_profile = spec.channels < 3 && channels >= 3;
        let metadata = carried(metadata, drops_profile);
        let target = Target::create(place, options)?;
        let output = target.output();
        let writer = codec::create_rows(spec, format, &metadata, &options.encode, output)
            .map_err(|error| target.explain(error))?;
        let (writer, verify) = match options.verify {
            true => (writer.with_checksum(), Verify::Whole),
            false => (writer, Verify::Nothing),
        };
        Ok(Self {
            writer,
            target,
            expected: Expected::new(format, spec),
            verify,
            drops_profile,
            busy: start.elapsed(),
            stop: Stop::default(),
        })
    }

    /// Copies the attributes of the input at this path to the file.
    pub(super) fn take_after(&self, path: &Path, input: &fs::Metadata) {
        if let Target::File(file) = &self.target {
            file.with(|file| file.take_after(Attributes::of(path, input)));
        }
    }

    /// Copies the modification time of the input to the file.
    pub(super) fn keep_time(&self, input: &fs::Metadata) -> Result<()> {
        if let Target::File(file) = &self.target {
            let modified = input.modified();
            let modified = modified.map_err(|e| Error::io(IoAction::ReadTime, e))?;
            file.with(|file| file.set_modified(modified));
        }
        Ok(())
    }

    /// Makes it replace the input only, and only if that is unchanged. With a `suffix`, the
    /// input is kept as a backup.
    pub(super) fn replace_only(&mut self, input: &fs::Metadata, suffix: Option<&OsStr>) {
        if let Target::File(file) = &self.target {
            file.with(|file| file.replace_only(input, suffix));
        }
        self.verify = self.verify.max(Verify::Header);
    }

    /// Makes verifying stop when `stop` is set.
    pub(super) fn until(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// Encodes whole rows.
    pub(super) fn write(&mut self, rows: &Samples) -> Result<()> {
        let start = Instant::now();
        let result = self.writer.write(rows);
        self.busy += start.elapsed();
        result.map_err(|error| self.target.explain(error))
    }

    /// Completes and verifies the output. `metadata` are those known after the last row.
    pub(super) fn finish(self, metadata: &Metadata) -> Result<FinishedOutput> {
        let start = Instant::now();
        let checksum = self.writer.checksum();
        let finished = self.writer.finish(&carried(metadata, self.drops_profile));
        let mut warnings = finished.map_err(|error| self.target.explain(error))?;
        if self.verify > Verify::Nothing {
            self.stop.check()?;
            match self.target.written()? {
                Some(file) => (self.expected).check(file, self.verify, checksum, &self.stop)?,
                None if self.verify == Verify::Whole => warnings
                    .push("it is no file that could be read back: it was not verified".into()),
                None => {}
            }
        }
        let bytes = self.target.finish()?;
        Ok(FinishedOutput {
            target: self.target,
            bytes,
            warnings,
            busy: self.busy + start.elapsed(),
        })
    }
}

impl FinishedOutput {
    /// Puts the output in its place, which takes next to no time.
    pub(super) fn commit(self) -> Result<WrittenOutput> {
        let start = Instant::now();
        let Self {
            target,
            bytes,
            mut warnings,
            busy,
        } = self;
        warnings.extend(target.commit()?);
        Ok(WrittenOutput {
            bytes,
            warnings,
            busy: busy + start.elapsed(),
        })
    }
}

/// The metadata of the input that the output has.
fn carried(metadata: &Metadata, drops_profile: bool) -> Metadata {
    let mut metadata = metadata.clone();
    if drops_profile {
        metadata.icc = None;
    }
    metadata
}

/// Where bytes go, shared with the writer that makes them.
enum Target {
    File(Shared<AtomicFile>),
    Device(Shared<Stream>),
    Standard(Shared<Stream>),
}

impl Target {
    fn create(place: &Place, options: &Options) -> Result<Self> {
        let path = match place {
            Place::File(path) => path,
            Place::Standard => {
                let out = standard_output().map_err(codec::writing)?;
                return Ok(Self::Standard(Stream::new(out)));
            }
        };
        if let (true, Some(folder)) = (options.make_folders, path.parent()) {
            fs::create_dir_all(folder).map_err(|e| Error::io(IoAction::MakeFolder, e))?;
        }
        if let Some(device) = codec::open_device(path)? {
            return Ok(Self::Device(Stream::new(device)));
        }
        let file = AtomicFile::create(path, options.existing.overwrite())?;
        Ok(Self::File(Shared::new(file)))
    }

    fn output(&self) -> Output<'static> {
        match self {
            Self::File(file) => Output::seekable(file.clone()),
            Self::Device(stream) | Self::Standard(stream) => Output::stream(stream.clone()),
        }
    }

    /// The file as it was written, if it is one.
    fn written(&self) -> Result<Option<File>> {
        let Self::File(file) = self else {
            return Ok(None);
        };
        file.with(AtomicFile::written).map_err(codec::writing)
    }

    /// The error, with the name of what could not be written to.
    fn explain(&self, error: Error) -> Error {
        match (self, error) {
            (Self::Standard(_), Error::Io { cause, .. }) => {
                Error::io(IoAction::WriteStandardOutput, cause)
            }
            (_, error) => error,
        }
    }

    /// Hands on the last bytes, and counts all.
    fn finish(&self) -> Result<u64> {
        let bytes = match self {
            Self::File(file) => {
                file.with(AtomicFile::finish)?;
                file.with(|file| file.seek(SeekFrom::End(0)))
            }
            Self::Device(stream) | Self::Standard(stream) => stream.with(|stream| {
                stream.out.flush()?;
                Ok(stream.bytes)
            }),
        };
        bytes.map_err(|e| self.explain(codec::writing(e)))
    }

    /// Puts what was written in its place, and gives warnings of what it could not keep.
    fn commit(self) -> Result<Vec<Warning>> {
        let Self::File(file) = self else {
            return Ok(Vec::new());
        };
        let file = Arc::into_inner(file.0).expect("the writer has ended");
        let file = file.into_inner().unwrap_or_else(PoisonError::into_inner);
        file.commit()
    }
}

/// Standard output as it is: the library's handle takes bytes for written that a
/// descriptor for reading refuses, and looks for ends of lines.
fn standard_output() -> io::Result<File> {
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned();
    own.map(File::from)
}

/// What a writer writes to while another holds it.
struct Shared<W>(Arc<Mutex<W>>);

impl<W> Shared<W> {
    fn new(out: W) -> Self {
        Self(Arc::new(Mutex::new(out)))
    }

    fn with<T>(&self, act: impl FnOnce(&mut W) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.with(Write::flush)
    }
}

impl<W: Seek> Seek for Shared<W> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.with(|out| out.seek(position))
    }
}

/// Something without a size, whose bytes are counted.
struct Stream {
    out: BufWriter<Box<dyn Write + Send>>,
    bytes: u64,
}

impl Stream {
    fn new(out: impl Write + Send + 'static) -> Shared<Self> {
        Shared::new(Self {
            out: BufWriter::with_capacity(1 << 16, Box::new(out)),
            bytes: 0,
        })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
