//! Errors of limits that protect the machine.

use std::{io, time::Duration};

use crate::depth::Depth;

/// A limit that was exceeded, with its value and the value that exceeds it. Sizes are in
/// bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A header claims more pixels than [`Limits`](crate::codec::Limits) allow.
    #[error(
        "the header claims {columns} x {rows} = {} pixels, more than the limit of {limit}",
        u128::from(*columns) * u128::from(*rows)
    )]
    Pixels {
        /// Columns of the picture.
        columns: u64,
        /// Rows of the picture.
        rows: u64,
        /// The maximum number of pixels.
        limit: u64,
    },
    /// A header claims samples of more bytes than the limits allow.
    #[error(
        "the header claims {columns} x {rows} pixels of {channels} channels, {bytes} bytes at {depth}, more than the limit of {limit}"
    )]
    SampleBytes {
        /// Columns of the picture.
        columns: u64,
        /// Rows of the picture.
        rows: u64,
        /// Channels of a pixel.
        channels: u64,
        /// The type of the samples.
        depth: Depth,
        /// The bytes of all samples.
        bytes: u128,
        /// The maximum bytes.
        limit: u64,
    },
    /// A file has more bytes than the limits allow.
    #[error("the file has more bytes than the limit of {limit}")]
    FileBytes {
        /// The maximum bytes.
        limit: u64,
    },
    /// A file that is not read by rows does not fit into the memory that the limits allow.
    #[error("to read the whole file takes more than the memory limit of {} MiB", mebibytes(*limit))]
    WholeFile {
        /// The maximum memory.
        limit: u64,
    },
    /// A decoder needs more memory than the limits allow.
    #[error("reading the {format} file takes more than the memory limit of {} MiB", mebibytes(*limit))]
    Decoding {
        /// The name of the format, as [`Format::name`](crate::codec::Format::name) has it.
        format: &'static str,
        /// The maximum memory.
        limit: u64,
    },
    /// The request needs more memory than the limits allow.
    #[error(
        "this takes {} MiB of memory, more than the limit of {}",
        needed.div_ceil(1 << 20),
        mebibytes(*limit)
    )]
    Memory {
        /// The memory that it needs.
        needed: u64,
        /// The maximum memory.
        limit: u64,
        /// Whether the picture is read and written by rows, so that it would take no less in
        /// other formats.
        by_rows: bool,
    },
    /// A header is longer than any real one.
    #[error(
        "the header of the {format} file has more than {} KiB, more than any real one: get a good copy of it",
        limit >> 10
    )]
    Header {
        /// The name of the format.
        format: &'static str,
        /// The maximum bytes of a header.
        limit: u64,
    },
    /// A header has more attributes than any real one.
    #[error(
        "the header of the {format} file has more than {limit} attributes, more than any real one: get a good copy of it"
    )]
    Attributes {
        /// The name of the format.
        format: &'static str,
        /// The maximum number of attributes.
        limit: usize,
    },
    /// The windows of a filter are too large for any band.
    #[error(
        "windows of {} rows x {} columns need {} MiB for each thread, more than the limit of {}; use a smaller kernel or dilation",
        window[0],
        window[1],
        needed >> 20,
        limit >> 20
    )]
    Windows {
        /// Rows and columns of a window, dilation included.
        window: [usize; 2],
        /// The memory that a thread needs.
        needed: usize,
        /// The maximum memory of a thread.
        limit: usize,
    },
    /// The system has no memory for samples or other elements.
    #[error(
        "no memory for {elements} samples of {size} bytes: use a smaller image or a machine with more memory"
    )]
    Allocation {
        /// The number of elements.
        elements: usize,
        /// The bytes of an element.
        size: usize,
    },
    /// The system has no memory for a file that is not read by rows.
    #[error("no memory for the whole file: use a smaller one or a machine with more memory")]
    FileAllocation,
    /// An image that has more bytes than can be addressed.
    #[error(
        "{rows} rows x {columns} columns x {channels} channels{} are more than this machine can address",
        depth.map_or(String::new(), |depth| format!(" of {depth} samples"))
    )]
    Address {
        /// Rows of the image.
        rows: usize,
        /// Columns of the image.
        columns: usize,
        /// Channels of a pixel.
        channels: usize,
        /// The type of the samples; `None` where even their number is too large.
        depth: Option<Depth>,
    },
    /// The system cannot create another thread.
    #[error(
        "cannot start a thread: {cause}; raise the limits of memory and processes (ulimit -v, -u)"
    )]
    Threads {
        /// The system's message.
        #[source]
        cause: io::Error,
    },
    /// A job exceeded its time limit.
    #[error("it took longer than {} s", limit.as_secs_f64())]
    Time {
        /// The time limit.
        limit: Duration,
    },
}

/// Bytes in MiB, rounded down to a tenth: `64`, `2.8`.
fn mebibytes(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10) >> 20;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}
