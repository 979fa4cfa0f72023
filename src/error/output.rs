//! Errors of outputs.

use std::path::PathBuf;

use crate::depth::Depth;

/// Why a result cannot be written, or not at its path. Formats go by their names, as
/// [`Format::name`](crate::codec::Format::name) has them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A format that can only be read.
    #[error("pbm holds 1 bit per sample and is only read; choose pgm")]
    OneBit,
    /// A format that does not support the depth of the image.
    #[error("{format} holds no {depth} samples; choose {others}")]
    Depth {
        /// The format.
        format: &'static str,
        /// The depth of the image.
        depth: Depth,
        /// The depths that the format supports.
        depths: Vec<Depth>,
        /// Formats that support the image.
        others: String,
    },
    /// A format that does not support the channels of the image.
    #[error("{format} holds no {lack}; choose {others}")]
    Channels {
        /// The format.
        format: &'static str,
        /// What it does not support: `alpha`.
        lack: String,
        /// Formats that support the image.
        others: String,
    },
    /// Channels none of which is alpha, where the format takes the last for that.
    #[error(
        "{format} takes the last of {channels} channels for alpha, and none of these is; choose {others}"
    )]
    Bands {
        /// The format.
        format: &'static str,
        /// The number of channels.
        channels: usize,
        /// Formats that hold them.
        others: String,
    },
    /// A stack of planes, of which the format takes one.
    #[error("a {format} file is written with one plane, the result has {planes}; choose npy")]
    Planes {
        /// The format.
        format: &'static str,
        /// The number of planes.
        planes: usize,
    },
    /// Several pages, of which a file of the format is written with one.
    #[error(
        "a {format} file is written with one picture, the result has {pages} pages; choose {others}"
    )]
    Pages {
        /// The format.
        format: &'static str,
        /// The number of pages.
        pages: u64,
        /// Formats that hold pages.
        others: String,
    },
    /// Pages of several sizes or types, where they have to be frames of one animation.
    #[error(
        "the pages of the result differ in size or type, and the frames of a {format} file do not; choose tiff"
    )]
    UnequalFrames {
        /// The format.
        format: &'static str,
    },
    /// A side that is longer than the format can store.
    #[error(
        "{format} holds pictures up to {limit} x {limit}, this one is {columns} x {rows}; choose png, tiff or npy, or cut it into parts"
    )]
    Side {
        /// The format.
        format: &'static str,
        /// The maximum length of a side.
        limit: u64,
        /// Columns of the image.
        columns: usize,
        /// Rows of the image.
        rows: usize,
    },
    /// More pixels than the format can store.
    #[error(
        "{format} holds pictures up to {limit} pixels, this one has {pixels}; choose png, tiff or npy, or cut it into parts"
    )]
    Pixels {
        /// The format.
        format: &'static str,
        /// The maximum number of pixels.
        limit: u64,
        /// Pixels of the image.
        pixels: u64,
    },
    /// More rows or columns than any format but `.npy` can store.
    #[error("the picture has more than 4294967295 rows or columns; choose npy")]
    Sides,
    /// An error of an encoder.
    #[error("{format} cannot hold this picture ({reason}); choose {others}")]
    Encoder {
        /// The format.
        format: &'static str,
        /// The encoder's message.
        reason: String,
        /// Formats that support the image.
        others: &'static str,
    },
    /// The path of the output is a folder.
    #[error("the output is a folder: name a file in it")]
    Folder,
    /// The path of the output is a dangling symbolic link.
    #[error(
        "the output is a symbolic link that leads to no file: remove it, or choose another place for the output"
    )]
    DeadLink,
    /// The path of the output is a file that is not writable.
    #[error(
        "the output exists already and is write-protected: change its permissions, or choose another place for the output"
    )]
    Protected,
    /// A folder in which no file can be created.
    #[error("the system makes no files in this folder: choose another place for the output")]
    NoFiles,
    /// A pipe, a socket or a device, which cannot be replaced.
    #[error("it is {kind}, which cannot be replaced")]
    Special {
        /// What it is: `a device`.
        kind: &'static str,
    },
    /// The file changed after its result was computed from it.
    #[error(
        "it was changed while its result was made, and stays as it is now: run again for a result of that"
    )]
    Changed,
    /// The path of a backup is taken by something that is not a backup.
    #[error(
        "the place of its backup {0} is taken by what is no backup: move {0} away",
        backup.display()
    )]
    BackupTaken {
        /// The path.
        backup: PathBuf,
    },
    /// The thread that computes the result ended without an error.
    #[error("the result ended early")]
    EndedEarly,
    /// The written file does not pass verification.
    #[error(
        "{what}: this is a fault of the program, please report it; what was there before stays"
    )]
    Fault {
        /// What is wrong with it.
        what: String,
    },
}
