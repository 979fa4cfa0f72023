//! GIF, by the gif crate: gray palettes stay gray.

mod blocks;
mod read;
mod write;

use super::{Format, IgnoredContent, Limits, Metadata, ScanDepth, errors};

pub(super) use read::open;
pub(super) use write::Writer;
