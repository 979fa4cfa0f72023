//! The error type, by cause: request, input, output, limit, I/O.

mod input;
mod io;
mod limit;
mod loss;
mod output;
mod request;

use std::path::PathBuf;

pub use self::{
    input::InputError,
    io::IoAction,
    limit::LimitError,
    loss::{Loss, Losses, UnsupportedContent},
    output::OutputError,
    request::RequestError,
};

#[cfg(feature = "codecs")]
pub(crate) use input::shape_text;

pub use crate::unknown_name::{NameOf, UnknownName};
use crate::{kernel::KernelError, view::LayoutError};

/// Any failure of this crate.
///
/// Each kind has the values at fault as fields. Its message is one line in lower case that
/// names them, and says what to do if that is the same for every caller. It names neither
/// options or arguments of the caller nor the path of the file being processed.
///
/// # Examples
///
/// ```
/// use std::{io::ErrorKind, path::Path};
/// use stridekern::{Error, codec::{self, Limits}, error::LimitError};
///
/// match codec::read(Path::new("no such.png"), &Limits::default()) {
///     Err(Error::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => {}
///     Err(Error::Limit(LimitError::Pixels { limit, .. })) => println!("above {limit}"),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The requested shape, strides or offset do not fit the buffer.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The kernel, or the file that describes it.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The request contradicts itself or does not fit the image.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The input is damaged, or not what its format says.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The output format cannot hold the result, or the output cannot be written there.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The input would be replaced by a result that holds less than it.
    #[error("{0}")]
    Loss(Losses),
    /// The output exists already, and may not be replaced.
    #[error("the output exists already")]
    Exists,
    /// The input was to be replaced and kept as a backup, which exists: most likely the original
    /// from before an earlier run.
    #[error(
        "its backup {0} exists already, so it may have been filtered before: move {0} back over it to filter the original again",
        backup.display()
    )]
    BackupExists {
        /// The path of the backup.
        backup: PathBuf,
    },
    /// An error of a page after the first.
    #[error("page {page}: {cause}")]
    Page {
        /// The number of the page in the file, counted from 1.
        page: u64,
        /// What is wrong with it, or with its result; it is part of this one's message.
        cause: Box<Error>,
    },
    /// A limit that protects the machine was reached.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The work was cancelled.
    #[error("stopped before it was done")]
    Stopped,
    /// An error of the operating system.
    #[error("{}", io::sentence(*action, cause))]
    Io {
        /// The action that failed.
        action: IoAction,
        /// The system's error, whose message is part of this one's.
        #[source]
        cause: std::io::Error,
    },
}

/// [`std::result::Result`] with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<UnknownName> for Error {
    fn from(unknown: UnknownName) -> Self {
        RequestError::from(unknown).into()
    }
}

impl Error {
    /// An error of the operating system.
    pub const fn io(action: IoAction, cause: std::io::Error) -> Self {
        Self::Io { action, cause }
    }

    /// The error, with the number of the page if that is not the first.
    #[cfg(feature = "codecs")]
    pub(crate) fn at_page(self, page: u64) -> Self {
        match self {
            Self::Stopped | Self::Exists | Self::BackupExists { .. } | Self::Page { .. } => self,
            error if page <= 1 => error,
            error => Self::Page {
                page,
                cause: Box::new(error),
            },
        }
    }
}
