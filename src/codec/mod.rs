//! Reading and writing images: formats, limits, metadata, atomic output files.
//!
//! All input is decoded and verified to its end, so that a truncated file is an error and
//! never a partly gray picture. No allocation trusts a header: see [`Limits`]. 16 bits stay 16 bits, and
//! gray with alpha stays two channels.
//!
//! ```
//! use std::io::Cursor;
//! use stridekern::codec::{self, EncodeOptions, Format, Limits, Metadata};
//! use stridekern::image::{Image, Samples};
//!
//! let image = Image::new(1, 2, 1, Samples::U16(vec![1, 65535].into()))?;
//! let mut file = Cursor::new(Vec::new());
//! codec::encode(&image, Format::Png, &Metadata::default(), &EncodeOptions::default(), &mut file)?;
//! let decoded = codec::read_bytes(file.get_ref(), None, &Limits::default())?;
//! assert_eq!(decoded.image, image);
//! # Ok::<(), stridekern::Error>(())
//! ```

mod capability;
mod coding;
mod decode;
mod encode;
mod errors;
mod format;
mod frames;
mod gif;
mod ignored_content;
mod image_crate;
mod input;
mod jpeg;
mod limits;
mod metadata;
mod npy;
mod page_numbers;
mod pages;
mod png;
mod pnm;
mod record_of_file;
mod rows;
mod sniff;
mod stream_length;
mod tiff;

pub use crate::file::{AtomicFile, MappedFile, Output, Overwrite, WriteSeek, remove_temporaries};
pub use coding::Coding;
#[doc(hidden)]
pub use decode::rows_of_split_jpeg;
pub use decode::{
    Decoded, Opened, open, open_layer, open_pages, open_rows, pages_of_bytes, read, read_bytes,
    read_from, rows_from, rows_of_bytes,
};
pub(crate) use decode::{
    Manner, OpenedInput, ScanDepth, open_input, rows_of_stream, rows_of_written,
};
#[doc(hidden)]
pub use encode::create_striped_png;
pub use encode::{Compression, EncodeOptions, create_animation, create_rows, encode, write};
pub(crate) use encode::{create_array, create_pages, memory_to_write};
pub(crate) use errors::too_much_memory;
pub use format::Format;
pub use ignored_content::IgnoredContent;
pub(crate) use image_crate::exr::Wanted;
pub use jpeg::{JpegQuality, Sampling};
pub use limits::Limits;
#[doc(hidden)]
pub use metadata::revised_metadata;
pub use metadata::{
    Attribute, Delay, Density, DensityUnit, Difference, Fate, Field, LoopCount, Metadata,
    MetadataPolicy, Omission, Part, PartFate, PartKind, Record, RecordedCommand, Setting, Tag,
};
pub(crate) use metadata::{
    ForResult, OUTDATED_RECORD, PageFates, ResultFacts, ResultGrid, lost_names,
};
pub use npy::{NpyElement, NpyFile};
pub use page_numbers::PageNumbers;
pub(crate) use pages::PageSet;
pub use pages::Pages;
pub use record_of_file::read_record;
pub(crate) use record_of_file::record_of_file;
pub(crate) use rows::Finished;
pub use rows::{Header, RowReader, RowWriter, Trailer};
