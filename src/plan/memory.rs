//! An upper bound of the memory that a plan takes, from sizes alone.

use super::{Convolution, Plan};

/// The maximum elements of a block: it is computed past the end of a short row.
const MAX_BLOCK: usize = 512;

/// The maximum bytes of a tap: its weight in the filter and in the plan, and its weights
/// and offsets for blocks of one, two and four output rows.
const TAP_BYTES: usize = 256;

/// The same for a dilated kernel, whose taps are not contiguous: each has its own run of
/// taps in every block.
const DILATED_TAP_BYTES: usize = 1 << 10;

impl Plan {
    /// The maximum bytes that all threads take while rows are computed, apart from the
    /// samples of the image and of the result.
    pub(crate) fn memory(&self) -> usize {
        let Convolution {
            geometry, channels, ..
        } = &*self.convolution;
        let element = self.lane().bytes();
        let tile_width = self.convolution.tile_width();
        let kernels = self.convolution.kernels.len();
        let band_source_rows = geometry.rows.padded_len(self.band_rows());
        let padded_rows = match self.zero_copy() {
            true => 0,
            false => (self.convolution.row_bytes).saturating_mul(band_source_rows),
        };
        // The source index of each padding column, on both sides.
        let border_columns = size_of::<Option<usize>>() * 2 * geometry.columns.window;
        // A slice for each row of a band.
        let slices = size_of::<&[u8]>() * band_source_rows;
        // A row of sums also has the columns that a step skips.
        let sum_row_len = geometry.columns.positions(tile_width) * channels + MAX_BLOCK;
        let sums = (kernels * self.rows_at_once()).saturating_mul(sum_row_len * element);
        let finished = tile_width * channels * self.output_depth().bytes();
        let engine = self.offer().scratch;
        let thread = [padded_rows, border_columns, slices, sums, finished, engine];
        (thread.into_iter().fold(0, usize::saturating_add))
            .saturating_mul(self.threads())
            .saturating_add(self.kernel_memory())
    }

    /// The maximum bytes of the compiled kernels and of the copies of their weights.
    fn kernel_memory(&self) -> usize {
        let taps = self
            .convolution
            .kernels
            .iter()
            .map(|k| k.rows() * k.columns());
        let taps: usize = taps.sum();
        let tap = match self.convolution.geometry.dilation() {
            [1, 1] => TAP_BYTES,
            _ => DILATED_TAP_BYTES,
        };
        taps.saturating_mul(tap).saturating_add(self.offer().tables)
    }
}
