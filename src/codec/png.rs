//! PNG: read by the png crate, which looks at every checksum to the end of the
//! file; written through it, with filters and compression of our own that work
//! on stretches of rows in parallel.

use super::{
    Compression, Decoded, Format, Limits, Metadata, message,
    rows::{Destination, Header, RowReader, Shape, Sink, Trailer},
};

mod deflate;
mod filter;
mod huffman;
mod read;
mod write;

pub(super) use read::open;
pub(super) use write::Writer;
