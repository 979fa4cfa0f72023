//! TIFF: read by the tiff crate a strip or a row of tiles at a time, written in
//! strips that are compressed in parallel.

mod directory;
mod parts;
mod read;
mod write;

pub(super) use read::open;
pub(super) use write::{create, strip_rows};

use super::{Compression, Format, Limits, Metadata, jpeg, message};

#[cfg(test)]
mod tests;
