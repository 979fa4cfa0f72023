//! TIFF: decoded by the tiff crate one strip or one row of tiles at a time, encoded
//! in strips that are compressed in parallel.

mod chunks;
mod error;
mod excess_data;
mod extra_content;
mod ifd;
mod lzw_tiles;
mod read;
mod tags;
mod write;

pub(super) use read::open;
pub(super) use write::{create, strip_rows};

use ::tiff::tags::Tag;

use super::{
    Compression, Density, DensityUnit, Format, IgnoredContent, Limits, Metadata, ScanDepth, errors,
    jpeg, stream_length,
};

/// The tag of XMP data, which the tiff crate has no name for.
const XMP: Tag = Tag::Unknown(700);

#[cfg(test)]
mod tests;
