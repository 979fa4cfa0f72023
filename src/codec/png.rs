//! PNG, by the png crate: decoded with all checksums verified to the end of the
//! file, encoded row by row; at its fastest by stripes of our own, which took a third to two
//! thirds of the time (`crate::deflate`).

use super::{
    Compression, Density, DensityUnit, Format, IgnoredContent, Limits, Metadata, Pages, Part,
    ScanDepth, errors,
    ignored_content::data_between,
    rows::{Header, RowReader, SharedOutput, Sink, Trailer, write_samples},
    stream_length,
};

mod animation;
mod animation_writer;
mod chunk_rules;
mod read;
mod recorder;
mod row_filters;
mod scan;
mod stripes;
mod write;

pub(super) use animation_writer::{AnimationWriter, memory_to_write_frames};
pub(super) use read::open;
pub(super) use stripes::StripeWriter;
pub(super) use write::{create, memory_to_write};
