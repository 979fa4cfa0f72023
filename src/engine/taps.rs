//! A kernel compiled for the inner loop.

use super::Lane;
use crate::{kernel::Kernel, view::Layout};

/// The largest number of output rows in one block.
const MAX_ROWS: usize = 4;

/// The weights of one kernel, laid out for the engines.
#[derive(Debug, Clone)]
pub(crate) struct Taps<T> {
    /// Rows and columns of the kernel.
    pub(crate) shape: [usize; 2],
    /// Rows and columns between taps.
    pub(crate) dilation: [usize; 2],
    /// Where the first tap stands in the band's window: not zero only in a
    /// bank of kernels of several sizes or anchors.
    pub(crate) origin: [usize; 2],
    /// Row-major weights.
    pub(crate) weights: Vec<T>,
    /// The source rows of blocks of 1, 2 and 4 output rows.
    blocks: [Vec<SourceRow<T>>; 3],
}

/// What one source row gives to a block of R output rows.
#[derive(Debug, Clone)]
pub(crate) struct SourceRow<T> {
    /// The row, counted from the first that the block sees.
    pub(crate) row: usize,
    /// How many samples right of the output sample every tap stands.
    pub(crate) offsets: Vec<usize>,
    /// R weights for every tap, one for every output row.
    pub(crate) weights: Vec<T>,
}

impl<T: Lane> Taps<T> {
    /// The taps of `kernel` over bands whose rows have this layout of
    /// `(columns, channels)`.
    ///
    /// `drop_zeros` leaves out taps of weight zero, which is right only where
    /// no sample can be infinite or NaN.
    pub(crate) fn new(
        kernel: &Kernel,
        dilation: [usize; 2],
        origin: [usize; 2],
        row: &Layout<2>,
        drop_zeros: bool,
    ) -> Self {
        let weights = kernel.weights();
        let taps = Self {
            shape: weights.shape(),
            dilation,
            origin,
            weights: weights.iter().map(|&w| T::from_weight(w)).collect(),
            blocks: [Vec::new(), Vec::new(), Vec::new()],
        };
        let blocks = [1, 2, 4].map(|rows| taps.source_rows(rows, row, drop_zeros));
        Self { blocks, ..taps }
    }

    /// How many rows of the band one output row reaches down to.
    pub(super) const fn rows_seen(&self) -> usize {
        self.origin[0] + (self.shape[0] - 1) * self.dilation[0] + 1
    }

    /// The source rows of a block of `R` output rows.
    pub(crate) fn block<const R: usize>(&self) -> &[SourceRow<T>] {
        const {
            assert!(
                matches!(R, 1 | 2 | MAX_ROWS),
                "blocks of 1, 2 or 4 rows are packed"
            );
        };
        &self.blocks[R.ilog2() as usize]
    }

    fn source_rows(&self, rows: usize, layout: &Layout<2>, drop_zeros: bool) -> Vec<SourceRow<T>> {
        let [kernel_rows, kernel_columns] = self.shape;
        let reach = (kernel_rows - 1) * self.dilation[0] + 1;
        let mut source_rows = Vec::new();
        for row in 0..reach + rows - 1 {
            let mut source = SourceRow {
                row: row + self.origin[0],
                offsets: Vec::new(),
                weights: Vec::new(),
            };
            for column in 0..kernel_columns {
                // The tap that this source row is to output row r, if any.
                let weight = |r: usize| {
                    let distance = row.checked_sub(r).filter(|d| d % self.dilation[0] == 0)?;
                    let tap_row = distance / self.dilation[0];
                    (tap_row < kernel_rows).then(|| self.weights[tap_row * kernel_columns + column])
                };
                let is_tap =
                    |w: T| !drop_zeros || bytemuck::bytes_of(&w) != bytemuck::bytes_of(&T::ZERO);
                if (0..rows).any(|r| weight(r).is_some_and(is_tap)) {
                    let x = self.origin[1] + column * self.dilation[1];
                    let offset = layout.position([x, 0]);
                    source
                        .offsets
                        .push(offset.expect("a band's row holds its windows"));
                    source
                        .weights
                        .extend((0..rows).map(|r| weight(r).unwrap_or(T::ZERO)));
                }
            }
            if !source.offsets.is_empty() {
                source_rows.push(source);
            }
        }
        source_rows
    }
}
