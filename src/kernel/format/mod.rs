//! The ways other programs write kernels, each in a file of its own: text or bytes to a bank.

mod imagemagick;
mod in_line;
mod numpy;
mod opencv;
mod others;
mod photoshop;
mod rows;
mod table;
mod toml;
mod vips;
mod write;

use std::{path::Path, str};

pub(super) use self::{
    imagemagick::{is_word as is_imagemagick_word, resolve as resolve_imagemagick},
    in_line::is_in_line,
};
use super::{Kernel, KernelBank, KernelError, file::MAX_WEIGHTS, source_text::SourceText};
use crate::npy_header;

/// How a kernel file is written.
///
/// # Examples
///
/// ```
/// use stridekern::kernel::{KernelBank, KernelFormat};
///
/// let blur = KernelBank::from_bytes(KernelFormat::Vips, "blur", "blur.mat", b"3 1 4\n1 2 1\n")?;
/// assert_eq!(blur.to_toml(), "weights = [[1, 2, 1]]\ndivisor = 4\n");
/// # Ok::<(), stridekern::kernel::KernelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelFormat {
    /// This crate's own: see [`KernelBank::parse`].
    Toml,
    /// Rows of numbers, between commas, semicolons, tabs or spaces; `#` begins a comment.
    Table,
    /// A matrix of libvips: a line `width height [scale [offset]]`, then rows. The offset is in
    /// units of samples.
    Vips,
    /// Kernels of ImageMagick: see [`KernelBank::parse_imagemagick`].
    ImageMagick,
    /// Photoshop's `.acf` file of its filter Custom: 5 x 5 weights, scale and offset. The offset
    /// is in steps of 8 bits, and so a bias.
    Photoshop,
    /// A FileStorage of OpenCV in YAML, JSON or XML: each `opencv-matrix` of one channel is a
    /// kernel, several are combined by their maximum.
    OpenCv,
    /// NumPy's `.npy`: an array of two axes is a kernel, of three a bank that is combined by the
    /// maximum.
    Npy,
}

impl KernelFormat {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Toml,
        Self::Table,
        Self::Vips,
        Self::ImageMagick,
        Self::Photoshop,
        Self::OpenCv,
        Self::Npy,
    ];

    /// The format of a file of this name that begins with these bytes: by its first bytes where
    /// these tell, else by the ending of its name, else TOML unless all its first line is
    /// numbers.
    pub fn of(path: impl AsRef<Path>, bytes: &[u8]) -> Self {
        let ending = path.as_ref().extension().unwrap_or_default();
        let ending = ending.to_string_lossy().to_ascii_lowercase();
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
        let start = start.trim_start_matches('\u{feff}').trim_start();
        match &*ending {
            _ if bytes.starts_with(npy_header::MAGIC) => Self::Npy,
            _ if opencv::is_storage(start) => Self::OpenCv,
            "toml" => Self::Toml,
            "mat" => Self::Vips,
            "acf" => Self::Photoshop,
            "csv" | "tsv" => Self::Table,
            "npy" => Self::Npy,
            "yml" | "yaml" | "json" | "xml" => Self::OpenCv,
            _ if imagemagick::is_kernel(start) => Self::ImageMagick,
            _ if rows::is_numbers(start.lines().next().unwrap_or_default()) => Self::Table,
            _ => Self::Toml,
        }
    }
}

impl KernelBank {
    /// The bank `name` that a file of this format describes. Error messages name `origin` as
    /// the file.
    ///
    /// # Errors
    ///
    /// With line and column, [`KernelError::File`] if the bytes are not of that format or
    /// describe no valid bank; of TOML as [`parse`](Self::parse)'s.
    pub fn from_bytes(
        format: KernelFormat,
        name: &str,
        origin: &str,
        bytes: &[u8],
    ) -> Result<Self, KernelError> {
        let one = |kernel: Result<Kernel, _>| kernel.map(|kernel| Self::from_kernel(name, kernel));
        let text = || {
            let text = decode_utf8(format, origin, bytes)?;
            Ok(SourceText { origin, text })
        };
        match format {
            KernelFormat::Toml => Self::parse(name, origin, text()?.text),
            KernelFormat::Table => one(table::parse(text()?)),
            KernelFormat::Vips => one(vips::parse(text()?)),
            KernelFormat::ImageMagick => Self::parse_imagemagick(name, origin, text()?.text),
            KernelFormat::Photoshop => one(photoshop::parse(origin, bytes)),
            KernelFormat::OpenCv => opencv::parse(name, text()?),
            KernelFormat::Npy => numpy::parse(name, origin, bytes),
        }
    }
}

/// The bytes as UTF-8 text; the error points at the first invalid byte.
fn decode_utf8<'b>(
    format: KernelFormat,
    origin: &str,
    bytes: &'b [u8],
) -> Result<&'b str, KernelError> {
    if let Some((message, help)) = others::told(bytes) {
        let text = "";
        return Err(SourceText { origin, text }.error(0..0, message, help));
    }
    let help = match format {
        KernelFormat::Toml => "a kernel file is TOML, saved as UTF-8",
        _ => "save the kernel file as UTF-8",
    };
    str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let text = str::from_utf8(&bytes[..at]).unwrap_or_default();
        let source = SourceText { origin, text };
        let mut located = source.error(at..at, &format!("not UTF-8 text at byte {at}"), help);
        if let KernelError::File { text, .. } = &mut located {
            *text = bytes[at..]
                .iter()
                .take(4)
                .map(|byte| format!("\\x{byte:02x}"))
                .collect();
        }
        located
    })
}

#[cfg(test)]
mod tests;
