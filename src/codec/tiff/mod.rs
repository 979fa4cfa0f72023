//! TIFF: decoded by the tiff crate one strip or one row of tiles at a time, encoded
//! in strips that are compressed in parallel.

mod carried_tags;
mod chunks;
mod color;
mod directories;
mod error;
mod excess_data;
mod extra_content;
mod ifd;
mod jpeg_parts;
mod layout;
mod lzw_tiles;
mod patched;
mod read;
mod tags;
mod write;

use directories::Directories;
pub(super) use ifd::{MAX_ENTRIES, NumberFormat};
pub(super) use read::open;
pub(super) use write::{create, strip_rows};

use ::tiff::tags::Tag;

use super::{
    Compression, Density, DensityUnit, Format, IgnoredContent, Limits, Metadata, PageSet, Pages,
    ScanDepth, errors, stream_length,
};

/// The tag of XMP data, which the tiff crate has no name for.
const XMP: Tag = Tag::Unknown(700);
/// The tag of `InkSet`, likewise.
const INK_SET: Tag = Tag::Unknown(332);

#[cfg(test)]
mod tests;
