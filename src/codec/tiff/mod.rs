//! TIFF: read by the tiff crate a strip or a row of tiles at a time, written in
//! strips that are compressed in parallel.

mod beside;
mod directory;
mod error;
mod parts;
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

/// XMP data, which the crate has no name for.
const XMP: Tag = Tag::Unknown(700);

#[cfg(test)]
mod tests;
