//! TIFF, by the tiff crate.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::{Compression, Decoded, Format, Limits, Metadata, jpeg, message, raster};

#[cfg(test)]
mod tests;
