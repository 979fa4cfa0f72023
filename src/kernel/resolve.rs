//! Resolves a user's kernel argument to a bank: a file or a built-in kernel.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use super::{
    KernelBank, KernelError, KernelFormat, KernelSource, PathFault,
    format::{is_in_line, resolve_imagemagick},
    generate,
    library::similar,
    source_text::shorten,
};
use crate::text::printable;

/// The maximum bytes of a kernel file: a million weights of 16 characters each.
const MAX_BYTES: u64 = 16 << 20;

impl KernelBank {
    /// The bank of a kernel file, of the [format](KernelFormat::of) that its bytes and name tell;
    /// its name is the file's stem.
    ///
    /// # Errors
    ///
    /// [`KernelError::Path`] if the file is missing, a directory, larger than
    /// 16 MiB or cannot be read; [`KernelError::File`] if it is not UTF-8; else as
    /// [`from_bytes`](Self::from_bytes)'s.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, KernelError> {
        Self::read_as(path.as_ref(), None)
    }

    fn read_as(path: &Path, format: Option<KernelFormat>) -> Result<Self, KernelError> {
        let origin = printable(&path.to_string_lossy());
        let refuse = |fault| KernelError::Path {
            path: origin.clone(),
            fault,
        };
        let unreadable = |error: io::Error| {
            refuse(PathFault::Unreadable {
                kind: error.kind(),
                reason: error.to_string(),
            })
        };
        if is_missing(path) {
            return Err(refuse(PathFault::Missing));
        }
        // Checked before opening: opening a directory succeeds on some systems.
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Err(refuse(PathFault::Directory));
        }
        let file = fs::File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        // Reads one byte beyond the limit: pipes and devices do not report a length.
        let mut limited = file.take(MAX_BYTES + 1);
        limited.read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(refuse(PathFault::TooLarge { limit: MAX_BYTES }));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let format = format.unwrap_or_else(|| KernelFormat::of(path, &bytes));
        let bank = Self::from_bytes(format, &stem, &origin, &bytes)?;
        let path = path.to_owned();
        Ok(bank.with_source(match format {
            KernelFormat::Toml => KernelSource::File(path),
            format => KernelSource::Foreign { path, format },
        }))
    }

    /// The bank that a user means by `argument`: the kernel file at that path if
    /// there is one, else the built-in kernel of that name, with or without
    /// `.toml`, or the one that a [spec](Self::from_spec) such as `gaussian:sigma=2` describes, else
    /// the weights [in line](Self::in_line),
    /// or after `im:` a kernel of [ImageMagick](Self::parse_imagemagick), `im:@FILE` its file.
    ///
    /// This is how the program reads its option. A relative path starts at the
    /// working directory, so a file there can hide the built-in kernel of its name: use
    /// [`builtin`](Self::builtin) or [`read`](Self::read) if it is known which of the two
    /// is meant.
    ///
    /// A directory with the name of a built-in kernel does not hide the kernel. A
    /// path with a folder in it, such as `my/sobel`, never means a built-in kernel.
    ///
    /// # Errors
    ///
    /// [`KernelError::Unknown`] if there is neither, else as [`read`](Self::read)'s.
    pub fn resolve(argument: impl AsRef<Path>) -> Result<Self, KernelError> {
        let path = argument.as_ref();
        let missing = is_missing(path);
        if !missing && !path.is_dir() {
            return Self::read(path);
        }
        let shown = path.to_string_lossy();
        let name = shown.strip_suffix(".toml").unwrap_or(&shown);
        // No built-in name holds a separator, so a path with a folder finds none.
        if let Ok(bank) = Self::builtin(name) {
            return Ok(bank);
        }
        if !missing {
            return Self::read(path);
        }
        if let Some(text) = shown.strip_prefix("im:") {
            return match text.strip_prefix('@') {
                Some("") => Err(KernelError::Path {
                    path: printable(&shown),
                    fault: PathFault::Unnamed,
                }),
                Some(path) => Self::read_as(path.as_ref(), Some(KernelFormat::ImageMagick)),
                None => resolve_imagemagick(text),
            };
        }
        if generate::is_spec(&shown) {
            return Self::from_spec(&shown);
        }
        if is_in_line(&shown) {
            return Self::in_line(&shown);
        }
        let mut suggestions = Vec::new();
        let mut with_toml = path.as_os_str().to_owned();
        with_toml.push(".toml");
        if !name.is_empty() && Path::new(&with_toml).is_file() {
            suggestions.push(printable(&with_toml.to_string_lossy()));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        suggestions.extend(similar(&stem));
        // No path is longer.
        const LONGEST: usize = 4096;
        let name = match shown.len() > LONGEST {
            true => shorten(&shown),
            false => printable(&shown),
        };
        Err(KernelError::Unknown { name, suggestions })
    }
}

/// Whether nothing exists at the path. An unreadable file exists.
fn is_missing(path: &Path) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    // Weights in line may be longer than any name.
    let is_absent = |kind| matches!(kind, NotFound | NotADirectory | InvalidFilename);
    fs::metadata(path).is_err_and(|error| is_absent(error.kind()))
}

#[cfg(test)]
mod tests;
