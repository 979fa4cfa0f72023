//! The sizes of tiles and bands, chosen for the caches and the threads.

use super::Geometry;
use crate::error::{LimitError, Result};

/// The minimum number of samples in a row of a tile, if the image is wider. Long rows are
/// read from memory faster, which outweighs that the sums of a few rows exceed L1: 24
/// megapixels through 3x3 took 5.8 ms in tiles of 1024 and 5.0 in rows of 6000 (bytes),
/// 14.5 and 12.2 (floats).
pub(crate) const TILE_SAMPLES: usize = 8192;

/// The bytes of a tile's padded source rows: with the output rows they fit into the L2
/// of any processor of the last ten years.
const BAND_BYTES: usize = 256 << 10;

/// Output rows in a band that is read in place, and padded only at the image's borders.
const IN_PLACE_BAND_ROWS: usize = 64;

/// Output rows in a band for each row of the halo, where rows go on from the sums of the row above:
/// for the first one, the halo is summed.
const ROWS_PER_HALO_ROW: usize = 8;

/// Bands for each thread, so that threads that finish early can steal work.
const BANDS_PER_THREAD: usize = 4;

/// The maximum bytes of the source rows of one block of output rows.
const BLOCK_BYTES: usize = 512 << 20;

/// Refuses windows that are too large for any band.
pub(crate) fn check_size(geometry: &Geometry, row_bytes: usize, rows_at_once: usize) -> Result<()> {
    // The source index of each padding column, on the left or on the right.
    let border_index_bytes = geometry
        .columns
        .window
        .saturating_mul(size_of::<Option<usize>>());
    let needed = row_bytes
        .saturating_mul(geometry.rows.padded_len(rows_at_once))
        .max(border_index_bytes);
    if needed > BLOCK_BYTES {
        return Err(LimitError::Windows {
            window: geometry.window(),
            needed,
            limit: BLOCK_BYTES,
        }
        .into());
    }
    Ok(())
}

/// Columns of the result in a tile. Tiles are of about equal width, at least `samples`
/// before the step, and wider than their overlap.
pub(crate) fn tile_width(geometry: &Geometry, channels: usize, samples: usize) -> usize {
    let columns = (samples / channels).max(2 * (geometry.columns.window - 1));
    let min_width = columns.div_ceil(geometry.columns.step).max(1);
    let tiles = (geometry.columns.output / min_width).max(1);
    geometry.columns.output.div_ceil(tiles)
}

/// Output rows in a band: so few that its source rows fit into L2 and every thread has
/// several bands, but at least twice the halo, which is padded again for every band. Those that are
/// read in place and `carry` sums from row to row are higher.
pub(crate) fn band_rows(
    geometry: &Geometry,
    row_bytes: usize,
    [in_place, carry]: [bool; 2],
    threads: usize,
) -> usize {
    let halo = geometry.rows.window - 1;
    let step = geometry.rows.step;
    let rows_in_cache = match in_place {
        true if carry => IN_PLACE_BAND_ROWS.max(halo.saturating_mul(ROWS_PER_HALO_ROW) / step),
        true => IN_PLACE_BAND_ROWS,
        false => (BAND_BYTES / row_bytes).saturating_sub(halo) / step,
    };
    let rows_per_thread = geometry.rows.output.div_ceil(BANDS_PER_THREAD * threads);
    let rows = rows_in_cache
        .min(rows_per_thread)
        .max(2 * halo / step)
        .max(8);
    // The source rows of a window much larger than the cache exceed the limit.
    let bytes = |rows| row_bytes.saturating_mul(geometry.rows.padded_len(rows));
    if bytes(rows) > BLOCK_BYTES { 1 } else { rows }
}
