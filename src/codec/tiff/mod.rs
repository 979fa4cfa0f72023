//! TIFF: decoded by the tiff crate one strip or one row of tiles at a time, encoded
//! in strips that are compressed in parallel.

mod beside;
mod chunks;
mod directory;
mod error;
mod read;
mod surplus;
mod tags;
mod tiles;
mod write;

pub(super) use read::open;
pub(super) use write::{create, strip_rows};

use ::tiff::tags::Tag;

use super::{
    Compression, Density, DensityUnit, Format, Limits, Look, Metadata, Unread, jpeg, message,
    packed,
};

/// The tag of XMP data, which the tiff crate has no name for.
const XMP: Tag = Tag::Unknown(700);

#[cfg(test)]
mod tests;
