//! What this crate makes of a header: the axes of the array, and its metadata.

use crate::{
    axes::{Reading, Stack},
    codec::Metadata,
    error::{Error, InputError, Result, shape_text},
    image::Depth,
    warning::Warning,
};

use super::{damaged_header, errors};

use crate::npy_header::Fault;
pub(super) use crate::npy_header::{Header, MAX_HEADER_BYTES, of};

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Truncated => errors::truncated("npy"),
            Fault::Version(major, minor) => {
                errors::unsupported("npy", format_args!("version {major}.{minor}"))
            }
            Fault::Damaged(what) => damaged_header(what),
            Fault::Type { descr, convert } => InputError::ArrayType { descr, convert }.into(),
            Fault::Records => InputError::ArrayOfRecords.into(),
        }
    }
}

impl Header {
    /// The metadata of the array, whose axes are known.
    pub(super) fn metadata(&self, stack: &Stack) -> Metadata {
        Metadata {
            channel_axis: stack.is_picture() && matches!(*self.shape, [_, _, 1]),
            ..Metadata::default()
        }
    }

    /// The array with its axes, and a note on how it was read if another reading is possible.
    pub(super) fn stack(&self, reading: Reading<'_>) -> Result<(Stack, Option<Warning>)> {
        let note = match *self.shape {
            [rows, columns, channels] if reading.tells_channels(channels) => {
                Some(Warning::axes(format!(
                    "an array of shape {} was read as {rows} x {columns} pixels of {channels} channel{} (YXC)",
                    shape_text(&self.shape),
                    if channels == 1 { "" } else { "s" }
                )))
            }
            _ => None,
        };
        let axes = reading.axes(&self.shape)?;
        Ok((Stack::new(axes, &self.shape, self.fortran)?, note))
    }
}

/// NumPy's name of the type: `uint8`, `bool`, `float32`, ...
pub(super) const fn numpy_name(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "uint8",
        Depth::U16 => "uint16",
        Depth::U32 => "uint32",
        Depth::U64 => "uint64",
        Depth::I8 => "int8",
        Depth::I16 => "int16",
        Depth::I32 => "int32",
        Depth::I64 => "int64",
        Depth::Bool => "bool",
        Depth::F16 => "float16",
        Depth::F32 => "float32",
        Depth::F64 => "float64",
    }
}
