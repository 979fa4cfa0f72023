//! PNG, by the png crate: decoded with all checksums verified to the end of the
//! file, encoded row by row.

use super::{
    Compression, Density, DensityUnit, Format, Limits, Look, Metadata, Unread, message, packed,
    rows::{Destination, Header, RowReader, Sink, Trailer, write_samples},
    unread::data_between,
};

mod read;
mod write;

pub(super) use read::open;
pub(super) use write::{Writer, memory_to_write};
