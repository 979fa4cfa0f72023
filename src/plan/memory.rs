//! An upper bound of the memory that a plan takes, from sizes alone.

use std::sync::Arc;

use super::{
    Convolution, Plan, Weighing,
    normalisation::{KernelSums, Normalisation, ROWS_AGAIN},
};
use crate::{engine::Method, geometry};

/// The maximum elements of a block: it is computed past the end of a short row.
const MAX_BLOCK: usize = 512;

/// The maximum bytes of a tap: its weight in the filter and in the plan, and its weights
/// and offsets for blocks of one, two and four output rows.
const TAP_BYTES: usize = 256;

/// The same for a dilated kernel, whose taps are not contiguous: each has its own run of
/// taps in every block.
const DILATED_TAP_BYTES: usize = 1 << 10;

/// The maximum bytes of a band of a stage that sums the planes of another.
fn of_stage(stage: &Convolution) -> usize {
    let in_place = stage.reads_in_place(true);
    stage.band_memory(stage.band_rows(in_place), in_place)
}

impl Plan {
    /// The maximum bytes that all threads take while rows are computed, apart from the
    /// samples of the image and of the result.
    pub(crate) fn memory(&self) -> usize {
        let Convolution {
            normalisation,
            weighing,
            ..
        } = &*self.convolution;
        let thread = match (normalisation, weighing) {
            (Some(normalisation), _) => self.normalised_band_memory(normalisation),
            (_, Some(weighing)) => self.weighted_band_memory(weighing),
            _ => (self.convolution).band_memory(self.band_rows(), self.zero_copy()),
        };
        thread
            .saturating_mul(self.threads())
            .saturating_add(self.kernel_memory())
    }

    /// The maximum bytes of a band where samples may be missing.
    fn normalised_band_memory(&self, normalisation: &Normalisation) -> usize {
        let sums = |sums: &KernelSums| if sums.absolute.is_some() { 4 } else { 2 };
        let sums_of_kernels = normalisation.sums.iter().map(sums).sum();
        let of_planes = || normalisation.sums.iter().flat_map(KernelSums::of_planes);
        // Of numbers and of presence; the responses of a row, and its marks.
        let rows = normalisation.sums.len() + 1;
        let stages = of_planes().map(|sum| &sum.convolution);
        let planes = self.summed_band_memory(2, sums_of_kernels, rows, stages);
        let again = of_planes().filter_map(|sum| sum.tap_by_tap.as_deref());
        // The sums of a few rows, and a mark for each.
        let Convolution {
            geometry, channels, ..
        } = &*self.convolution;
        let row_bytes = geometry.columns.output * channels * size_of::<f64>();
        let again = again.map(|stage| of_stage(stage).saturating_add(2 * ROWS_AGAIN * row_bytes));
        planes.saturating_add(again.max().unwrap_or(0))
    }

    /// The maximum bytes of a band whose colours are weighted by alpha, and of one of opaque
    /// pixels.
    fn weighted_band_memory(&self, weighing: &Weighing) -> usize {
        let kernels = weighing.sums.len();
        // Of the padded samples, a copy and their products; the responses of a row, its alphas
        // and its source pixels.
        let rows = 3 * kernels + 4;
        let plain = weighing.opaque.as_ref().map_or(0, |plain| of_stage(plain));
        self.summed_band_memory(3, kernels, rows, weighing.sums.iter())
            .saturating_add(plain)
    }

    /// The maximum bytes of a band's planes, of the sums over them, of further rows, and of what
    /// the stages take that sum.
    fn summed_band_memory<'a>(
        &self,
        planes: usize,
        sums: usize,
        further_rows: usize,
        stages: impl Iterator<Item = &'a Arc<Convolution>>,
    ) -> usize {
        let Convolution {
            geometry, channels, ..
        } = &*self.convolution;
        let number = channels * size_of::<f64>();
        let rows = self.band_rows();
        let padded = (geometry.rows.padded_len(rows))
            .saturating_mul(geometry.columns.padded_len(geometry.columns.output));
        let planes = padded.saturating_mul(planes * number);
        let rows_of_sums = sums.saturating_mul(rows).saturating_add(further_rows);
        let sums = rows_of_sums.saturating_mul(geometry.columns.output * number);
        // The marks of a row of the image, and its luma.
        let source = self.image().columns.saturating_mul(2 * number);
        let stages = stages.map(|stage| of_stage(stage)).max().unwrap_or(0);
        let parts = [planes, sums, source, stages];
        parts.into_iter().fold(0, usize::saturating_add)
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
        let copies = match (&*self.convolution, self.method()) {
            // Of samples and presence, by weights and their absolute values; and tap by tap.
            (
                Convolution {
                    normalisation: Some(_),
                    ..
                },
                Method::Fft,
            ) => 8,
            // Without those; or of products, of opaque pixels, and as they are written.
            (
                Convolution {
                    normalisation: Some(_),
                    ..
                }
                | Convolution {
                    weighing: Some(_), ..
                },
                _,
            ) => 4,
            _ => 1,
        };
        taps.saturating_mul(tap * copies)
            .saturating_add(self.offer().tables)
    }
}

impl Convolution {
    /// The maximum bytes of a band of this many output rows, which reads the image in place or
    /// copies it, and of what is computed from it.
    fn band_memory(&self, band_rows: usize, in_place: bool) -> usize {
        let Self {
            geometry, channels, ..
        } = self;
        let element = self.lane().bytes();
        let tile_width = self.tile_width();
        let kernels = self.kernels.len();
        let band_source_rows = geometry.rows.padded_len(band_rows);
        let padded_rows = match in_place {
            true if self.offer().carries_sums => self.border_memory(band_source_rows),
            true => 0,
            false => (self.sizes.row_bytes).saturating_mul(band_source_rows),
        };
        // The source index of each padding column, on both sides.
        let border_columns = size_of::<Option<usize>>() * 2 * geometry.columns.window;
        // A slice for each row of a band.
        let slices = size_of::<&[u8]>() * band_source_rows;
        // A row of sums also has the columns that a step skips.
        let sum_row_len = geometry.columns.positions(tile_width) * channels + MAX_BLOCK;
        let sums = (kernels * self.rows_at_once()).saturating_mul(sum_row_len * element);
        let finished = tile_width * channels * self.depths[1].bytes();
        let engine = self.offer().scratch;
        let parts = [padded_rows, border_columns, slices, sums, finished, engine];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    /// The maximum bytes of what is padded of a high band that is read in place: of so many source
    /// rows, those columns whose windows leave the image at one side, or all of those few rows.
    fn border_memory(&self, band_source_rows: usize) -> usize {
        let Self {
            geometry, channels, ..
        } = self;
        let side = MAX_BLOCK.div_ceil(*channels) + geometry.columns.window;
        let side_bytes =
            geometry::padded_row_bytes(geometry, side, *channels, self.offer().element);
        let rows = geometry.rows.padded_len(geometry.rows.window);
        (side_bytes.saturating_mul(band_source_rows)).max(self.sizes.row_bytes.saturating_mul(rows))
    }
}
