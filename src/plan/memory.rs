//! The memory that a plan takes: bounds from sizes alone.

use super::{Convolution, Plan};

/// The most elements of a block: it is computed past the end of a short row.
const MAX_BLOCK: usize = 512;

/// The most bytes of a tap: its weight as it was read and as the plan has it,
/// and its weights and offsets for blocks of one, two and four output rows.
const TAP: usize = 256;

/// The same of a tap that stands alone, with a line of its own for each block.
const LONE_TAP: usize = 1 << 10;

impl Plan {
    /// The most bytes that all threads keep while rows are made, samples of
    /// the image and of the result aside.
    pub(crate) fn memory(&self) -> usize {
        let Convolution {
            geometry, channels, ..
        } = &*self.convolution;
        let element = self.lane().bytes();
        let tile_width = self.convolution.tile_width();
        let kernels = self.convolution.kernels.len();
        let framed = |rows| {
            self.convolution
                .row_bytes
                .saturating_mul(geometry.rows.padded_len(rows))
        };
        let frame = match self.zero_copy() {
            true => 0,
            false => framed(self.band_rows()),
        };
        // Where the columns of the border are taken from, on both sides.
        let columns = size_of::<Option<usize>>() * 2 * geometry.columns.window;
        // A slice for each row of a band.
        let rows = size_of::<&[u8]>() * geometry.rows.padded_len(self.band_rows());
        // A row of sums has those of the columns that a step leaves out.
        let dense = geometry.columns.positions(tile_width) * channels + MAX_BLOCK;
        let sums = (kernels * self.rows_at_once()).saturating_mul(dense * element);
        let finished = tile_width * channels * self.output_depth().bytes();
        let engine = self.offer().scratch;
        let thread = [frame, columns, rows, sums, finished, engine];
        (thread.into_iter().fold(0, usize::saturating_add))
            .saturating_mul(self.threads())
            .saturating_add(self.kernel_memory())
    }

    /// The most bytes of the kernels as they are compiled, and of their
    /// copies.
    fn kernel_memory(&self) -> usize {
        let taps = self
            .convolution
            .kernels
            .iter()
            .map(|k| k.rows() * k.columns());
        let taps: usize = taps.sum();
        let tap = match self.convolution.geometry.dilation() {
            [1, 1] => TAP,
            _ => LONE_TAP,
        };
        taps.saturating_mul(tap).saturating_add(self.offer().tables)
    }
}
