//! How large tiles and bands are.

use super::Geometry;
use crate::error::{LimitError, Result};

/// Samples in a row of a tile, where the image is wider. Whole rows are read
/// from memory faster than parts of them, which outweighs that the sums of a
/// few rows leave the first cache: 24 megapixels through 3x3 took 5.8 ms in
/// tiles of 1024 and 5.0 in rows of 6000 (bytes), 14.5 and 12.2 (floats).
const TILE_SAMPLES: usize = 8192;

/// Framed source rows of one tile: small enough for the second cache of any
/// processor of the last ten years beside the output rows.
const BAND_BYTES: usize = 256 << 10;

/// Output rows in a band that is framed at the borders alone.
const DIRECT_ROWS: usize = 64;

/// Threads that end early take bands of those that are slow.
const BANDS_PER_THREAD: usize = 4;

/// The most that the source rows of one block of output rows may take.
const BLOCK_BYTES: usize = 512 << 20;

/// Refuses windows that are too large for any band.
pub(crate) fn check_size(geometry: &Geometry, row_bytes: usize, rows_at_once: usize) -> Result<()> {
    let halo_bytes = geometry
        .columns
        .window
        .saturating_mul(size_of::<Option<usize>>());
    let least = row_bytes
        .saturating_mul(geometry.rows.padded_len(rows_at_once))
        .max(halo_bytes);
    if least > BLOCK_BYTES {
        return Err(LimitError::Windows {
            window: geometry.window(),
            needed: least,
            limit: BLOCK_BYTES,
        }
        .into());
    }
    Ok(())
}

/// Columns of the result in a tile: all tiles are about as wide, at least
/// [`TILE_SAMPLES`] before the step, and wider than what they share with their
/// neighbours.
pub(crate) fn tile_width(geometry: &Geometry, channels: usize) -> usize {
    let columns = (TILE_SAMPLES / channels).max(2 * (geometry.columns.window - 1));
    let least = columns.div_ceil(geometry.columns.step).max(1);
    let tiles = (geometry.columns.output / least).max(1);
    geometry.columns.output.div_ceil(tiles)
}

/// Output rows whose source rows suit the cache and whose number gives every
/// thread several bands. The halo is framed again for every band, so it should
/// be the smaller part.
pub(crate) fn band_rows(
    geometry: &Geometry,
    row_bytes: usize,
    direct: bool,
    threads: usize,
) -> usize {
    let halo = geometry.rows.window - 1;
    let step = geometry.rows.step;
    let fitting = match direct {
        true => DIRECT_ROWS,
        false => (BAND_BYTES / row_bytes).saturating_sub(halo) / step,
    };
    let share = geometry.rows.output.div_ceil(BANDS_PER_THREAD * threads);
    let rows = fitting.min(share).max(2 * halo / step).max(8);
    // A window far larger than the cache leaves no room for more of them.
    let bytes = |rows| row_bytes.saturating_mul(geometry.rows.padded_len(rows));
    if bytes(rows) > BLOCK_BYTES { 1 } else { rows }
}
