//! `ImageSpec`: the shape and sample type of an image.

use crate::{
    depth::Depth,
    error::{Error, InputError, LimitError, RequestError, Result},
};

/// The size of an image and the type of its samples.
///
/// # Examples
///
/// ```
/// use stridekern::image::{Depth, ImageSpec};
///
/// let spec = ImageSpec::new([1080, 1920, 3], Depth::U16);
/// assert_eq!(spec.shape(), [1080, 1920, 3]);
/// assert_eq!((spec.row_len(), spec.row_bytes()), (5760, 11520));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageSpec {
    /// The number of rows, H.
    pub rows: usize,
    /// The number of columns, W.
    pub columns: usize,
    /// The number of samples in a pixel.
    pub channels: usize,
    /// The type of the samples.
    pub depth: Depth,
}

impl ImageSpec {
    /// This shape, `[rows, columns, channels]`, and sample type.
    pub const fn new([rows, columns, channels]: [usize; 3], depth: Depth) -> Self {
        Self {
            rows,
            columns,
            channels,
            depth,
        }
    }

    /// `[rows, columns, channels]`.
    pub const fn shape(&self) -> [usize; 3] {
        [self.rows, self.columns, self.channels]
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

    /// How many samples there are.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if there are none, [`Error::Limit`](crate::Error::Limit)
    /// if their count overflows.
    pub(crate) fn sample_count(&self) -> Result<usize> {
        if self.shape().contains(&0) {
            let shape = Some(self.shape());
            return Err(InputError::EmptyImage { shape }.into());
        }
        (self.rows.checked_mul(self.columns))
            .and_then(|pixels| pixels.checked_mul(self.channels))
            .ok_or_else(|| self.unaddressable(None))
    }

    /// Checks that it is not empty and that its bytes can be counted.
    ///
    /// # Errors
    ///
    /// As [`sample_count`](Self::sample_count).
    pub(crate) fn check(&self) -> Result<()> {
        match self.sample_count()?.checked_mul(self.depth.bytes()) {
            Some(_) => Ok(()),
            None => Err(self.unaddressable(Some(self.depth))),
        }
    }

    pub(crate) fn unaddressable(&self, depth: Option<Depth>) -> Error {
        LimitError::Address {
            rows: self.rows,
            columns: self.columns,
            channels: self.channels,
            depth,
        }
        .into()
    }

    /// The number of rows that `len` samples of this `depth` make.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if the type differs or the rows are not whole.
    pub(crate) fn rows_in(&self, len: usize, depth: Depth) -> Result<usize> {
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

/// The channels of an image, and what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) count: usize,
    /// Whether the last one is alpha.
    pub(crate) has_alpha: bool,
}

impl Channels {
    /// Those of a picture: the last of two or of four is alpha.
    pub(crate) const fn of_picture(count: usize) -> Self {
        Self {
            count,
            has_alpha: matches!(count, 2 | 4),
        }
    }

    /// How many of them are no alpha.
    pub(crate) const fn colors(self) -> usize {
        self.count - self.has_alpha as usize
    }

    /// Whether there are red, green and blue.
    pub(crate) const fn has_colors(self) -> bool {
        matches!((self.count, self.has_alpha), (3, false) | (4, true))
    }
}
