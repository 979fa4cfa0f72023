//! What is wrong with an output.

use std::path::PathBuf;

use crate::depth::Depth;

/// Why a result cannot be written, or not where it was to be. Formats go by their names, as
/// [`Format::name`](crate::codec::Format::name) has them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A format that is only read.
    #[error("pbm holds 1 bit per sample and is only read; choose pgm")]
    OneBit,
    /// A format without samples of this depth.
    #[error("{format} holds no {depth} samples; choose {others}")]
    Depth {
        /// The format.
        format: &'static str,
        /// The depth of the image.
        depth: Depth,
        /// The depths that the format holds.
        depths: Vec<Depth>,
        /// Formats that hold the image.
        others: String,
    },
    /// A format without such channels.
    #[error("{format} holds no {lack}; choose {others}")]
    Channels {
        /// The format.
        format: &'static str,
        /// What it holds none of: `alpha`.
        lack: String,
        /// Formats that hold the image.
        others: String,
    },
    /// A side that is longer than the format can tell.
    #[error(
        "{format} holds pictures up to {limit} x {limit}, this one is {columns} x {rows}; choose png, tiff or npy, or cut it into parts"
    )]
    Side {
        /// The format.
        format: &'static str,
        /// The longest side.
        limit: u64,
        /// Columns of the image.
        columns: usize,
        /// Rows of the image.
        rows: usize,
    },
    /// More pixels than the format can tell.
    #[error(
        "{format} holds pictures up to {limit} pixels, this one has {pixels}; choose png, tiff or npy, or cut it into parts"
    )]
    Pixels {
        /// The format.
        format: &'static str,
        /// The most pixels.
        limit: u64,
        /// Pixels of the image.
        pixels: u64,
    },
    /// More rows or columns than any format but `.npy` can tell.
    #[error("the picture has more than 4294967295 rows or columns; choose npy")]
    Sides,
    /// An encoder's refusal.
    #[error("{format} cannot hold this picture ({reason}); choose {others}")]
    Encoder {
        /// The format.
        format: &'static str,
        /// The encoder's words.
        reason: String,
        /// Formats that hold the image.
        others: &'static str,
    },
    /// A folder in the place of the output.
    #[error("the output is a folder: name a file in it")]
    Folder,
    /// A symbolic link to nowhere in the place of the output.
    #[error(
        "the output is a symbolic link that leads to no file: remove it, or choose another place for the output"
    )]
    DeadLink,
    /// A file in the place of the output that may not be written to.
    #[error(
        "the output exists already and is write-protected: change its permissions, or choose another place for the output"
    )]
    Protected,
    /// A folder in which the system makes no files.
    #[error("the system makes no files in this folder: choose another place for the output")]
    NoFiles,
    /// A pipe, a socket or a device that was to be replaced.
    #[error("it is {kind}, which cannot be replaced")]
    Special {
        /// What it is: `a device`.
        kind: &'static str,
    },
    /// A file that is no longer what its result was made of.
    #[error(
        "it was changed while its result was made, and stays as it is now: run again for a result of that"
    )]
    Changed,
    /// Something in the place of a backup that is none.
    #[error(
        "the place of its backup {0} is taken by what is no backup: move {0} away",
        backup.display()
    )]
    BackupTaken {
        /// The place.
        backup: PathBuf,
    },
    /// The thread that makes the result ended without a word.
    #[error("the result ended early")]
    EndedEarly,
    /// What was written is not what it should be.
    #[error(
        "{what}: this is a fault of the program, please report it; what was there before stays"
    )]
    Fault {
        /// What is wrong with it.
        what: String,
    },
}
