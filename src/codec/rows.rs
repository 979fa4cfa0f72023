//! Images by rows, from the top down: what is read and written a band at a time.
//!
//! A band is any number of whole rows: interleaved samples of the image's own
//! depth, `columns * channels` of them in a row. Formats that can are decoded
//! and encoded as the rows come by, in memory that does not grow with the
//! number of rows; the others are decoded whole when the first row is asked for, or
//! encoded whole after the last one, behind the same types.
//!
//! ```
//! use std::io::Cursor;
//! use stridekern::codec::{self, EncodeOptions, Format, Limits, Metadata, Output, Shape};
//! use stridekern::image::Depth;
//!
//! let shape = Shape { rows: 3, columns: 2, channels: 1, depth: Depth::U8 };
//! let mut file = Cursor::new(Vec::new());
//! let mut writer = codec::create_rows(
//!     shape,
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
//! assert_eq!(reader.header().shape, shape);
//! let mut band = [0_u8; 4];
//! assert_eq!(reader.read(&mut band[..])?, 2);
//! assert_eq!(band, [1, 2, 3, 4]);
//! assert_eq!(reader.read(&mut band[..])?, 1);
//! assert_eq!(band[..2], [5, 6]);
//! assert_eq!(reader.read(&mut band[..])?, 0);
//! reader.finish()?;
//! # Ok::<(), stridekern::Error>(())
//! ```

mod destination;
mod reader;
mod strips;
mod whole;
mod writer;

pub use destination::{Output, WriteSeek};
pub use reader::{Header, RowReader, Trailer};
pub use writer::RowWriter;

pub(super) use destination::Destination;
pub(super) use reader::Source;
pub(super) use strips::{StripFile, Strips};
pub(super) use whole::{WholeSink, WholeSource};
pub(super) use writer::{REPEATED, Sink, gray_repeated};

use std::io::{self, Write};

use crate::{
    error::{LimitError, RequestError, Result},
    image::{Depth, Image, SampleSlice, sample_count},
};

/// The size of an image and the type of its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The number of samples in a pixel.
    pub channels: usize,
    /// The type of the samples.
    pub depth: Depth,
}

impl Shape {
    /// The shape of `image`.
    pub const fn of(image: &Image) -> Self {
        let [rows, columns, channels] = image.shape();
        Self {
            rows,
            columns,
            channels,
            depth: image.depth(),
        }
    }

    /// The samples of a row.
    pub const fn row_len(&self) -> usize {
        self.columns * self.channels
    }

    /// The bytes of a row in memory.
    pub const fn row_bytes(&self) -> usize {
        self.row_len() * self.depth.bytes()
    }

    /// The bytes of all samples in memory.
    pub const fn bytes(&self) -> usize {
        self.rows.saturating_mul(self.row_bytes())
    }

    /// Checks that it is of an image, and one that can be counted in bytes.
    pub(super) fn check(&self) -> Result<()> {
        let samples = sample_count(self.rows, self.columns, self.channels)?;
        match samples.checked_mul(self.depth.bytes()) {
            Some(_) => Ok(()),
            None => Err(LimitError::Address {
                rows: self.rows,
                columns: self.columns,
                channels: self.channels,
                depth: Some(self.depth),
            }
            .into()),
        }
    }

    /// How many rows `len` samples of this `depth` are.
    fn rows_in(&self, len: usize, depth: Depth) -> Result<usize> {
        if depth != self.depth {
            let (rows, band) = (self.depth, depth);
            return Err(RequestError::BandDepth { rows, band }.into());
        }
        if !len.is_multiple_of(self.row_len()) {
            let (samples, row) = (len, self.row_len());
            return Err(RequestError::BandLength { samples, row }.into());
        }
        Ok(len / self.row_len())
    }
}

/// `rows` of the samples of a row each, `count` of them from the `first` on.
fn band(samples: SampleSlice<'_>, row_len: usize, first: usize, count: usize) -> SampleSlice<'_> {
    samples.range(first * row_len, (first + count) * row_len)
}

/// Writes samples with the high byte first, or the low one.
pub(super) fn write_samples(
    samples: SampleSlice<'_>,
    big_endian: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let (bytes, size) = (samples.as_bytes(), samples.depth().bytes());
    if size == 1 || big_endian == cfg!(target_endian = "big") {
        return out.write_all(bytes);
    }
    // A stretch at a time, so that the copy stays small.
    let mut stretch = Vec::new();
    bytes.chunks(1 << 16).try_for_each(|part| {
        stretch.clear();
        stretch.extend_from_slice(part);
        swap_bytes(&mut stretch, size);
        out.write_all(&stretch)
    })
}

/// Turns the order of the bytes in each sample of so many.
pub(super) fn swap_bytes(samples: &mut [u8], size: usize) {
    // Of a known size, they are turned many at once.
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
