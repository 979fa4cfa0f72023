//! Images by rows, from the top down: read and written a chunk of rows at a time.
//!
//! A chunk is any number of whole rows: interleaved samples of the image's own depth,
//! `columns * channels` of them in a row. Formats that allow it are decoded and encoded row by
//! row, in memory that does not grow with the number of rows; the others are decoded whole
//! when the first row is requested, or encoded whole after the last one, behind the same
//! types.
//!
//! ```
//! use std::io::Cursor;
//! use stridekern::codec::{self, EncodeOptions, Format, Limits, Metadata, Output};
//! use stridekern::image::{Depth, ImageSpec};
//!
//! let spec = ImageSpec { rows: 3, columns: 2, channels: 1, depth: Depth::U8 };
//! let mut file = Cursor::new(Vec::new());
//! let mut writer = codec::create_rows(
//!     spec,
//!     Format::Png,
//!     &Metadata::default(),
//!     &EncodeOptions::default(),
//!     Output::seekable(&mut file),
//! )?;
//! writer.write(&[1_u8, 2][..])?;
//! writer.write(&[3_u8, 4, 5, 6][..])?;
//! assert_eq!(writer.finish(&Metadata::default())?, [""; 0]);
//!
//! let bytes = file.into_inner();
//! let mut reader = codec::rows_of_bytes(&bytes, None, &Limits::default())?;
//! assert_eq!(reader.header().spec, spec);
//! let mut chunk = [0_u8; 4];
//! assert_eq!(reader.read(&mut chunk[..])?, 2);
//! assert_eq!(chunk, [1, 2, 3, 4]);
//! assert_eq!(reader.read(&mut chunk[..])?, 1);
//! assert_eq!(chunk[..2], [5, 6]);
//! assert_eq!(reader.read(&mut chunk[..])?, 0);
//! reader.finish()?;
//! # Ok::<(), stridekern::Error>(())
//! ```

mod reader;
mod shared_output;
mod strip_encoder;
mod whole;
mod writer;

pub use reader::{Header, RowReader, Trailer};
pub(crate) use writer::Finished;
pub use writer::RowWriter;

pub(super) use reader::{NextPage, Source};
pub(super) use shared_output::SharedOutput;
pub(super) use strip_encoder::{StripEncoder, StripFile};
pub(super) use whole::{WholeSink, WholeSource};
pub(super) use writer::{GRAY_CHUNK_BYTES, Sink, gray_to_rgb};

use std::io::{self, Write};

use crate::image::SampleSlice;

/// `count` rows of `row_len` samples, from row `first` on.
fn chunk_of_rows(
    samples: SampleSlice<'_>,
    row_len: usize,
    first: usize,
    count: usize,
) -> SampleSlice<'_> {
    samples.range(first * row_len, (first + count) * row_len)
}

/// Writes samples in big-endian or little-endian order.
pub(super) fn write_samples(
    samples: SampleSlice<'_>,
    big_endian: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let (bytes, size) = (samples.as_bytes(), samples.depth().bytes());
    if size == 1 || big_endian == cfg!(target_endian = "big") {
        return out.write_all(bytes);
    }
    // A chunk at a time, so that the copy stays small.
    let mut chunk = Vec::new();
    bytes.chunks(1 << 16).try_for_each(|part| {
        chunk.clear();
        chunk.extend_from_slice(part);
        swap_bytes(&mut chunk, size);
        out.write_all(&chunk)
    })
}

/// Reverses the bytes of each sample of `size` bytes.
pub(super) fn swap_bytes(samples: &mut [u8], size: usize) {
    // With a constant size, the loop is vectorised.
    fn each<const N: usize>(samples: &mut [u8]) {
        for sample in samples.as_chunks_mut::<N>().0 {
            sample.reverse();
        }
    }
    match size {
        2 => each::<2>(samples),
        4 => each::<4>(samples),
        8 => each::<8>(samples),
        _ => {}
    }
}
