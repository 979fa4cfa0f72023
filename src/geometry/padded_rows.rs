//! The length of padded rows, and which windows can read the image in place, without a
//! copy.

use std::ops::Range;

use super::Geometry;
use crate::{
    image::Depth,
    number::{Element, ElementKind, LaneKind},
    simd::padded_row_len,
    view::Layout,
};

/// The columns of a padded row for `columns` of the result. It has room for a whole
/// block, for the quads of dot products, which may extend past the last tap, and for
/// alignment of the next row to a cache line.
pub(crate) fn padded_columns<T: Element>(
    geometry: &Geometry,
    columns: usize,
    channels: usize,
) -> usize {
    let block = T::MAX_BLOCK.div_ceil(channels) + geometry.columns.window - 1;
    padded_row_len::<T>(geometry.columns.padded_len(columns).max(block) + 3)
}

/// The bytes of a padded row.
pub(crate) fn padded_row_bytes(
    geometry: &Geometry,
    columns: usize,
    channels: usize,
    element: ElementKind,
) -> usize {
    let columns = match element {
        ElementKind::Bytes => padded_columns::<u8>(geometry, columns, channels),
        ElementKind::Words => padded_columns::<u16>(geometry, columns, channels),
        ElementKind::Lane(LaneKind::I16) => padded_columns::<i16>(geometry, columns, channels),
        ElementKind::Lane(LaneKind::F32) => padded_columns::<f32>(geometry, columns, channels),
        ElementKind::Lane(LaneKind::F64) => padded_columns::<f64>(geometry, columns, channels),
    };
    columns.saturating_mul(channels.saturating_mul(element.bytes()))
}

/// `(columns, channels)` of the window in a band's row.
pub(crate) fn window_row(geometry: &Geometry, channels: usize) -> Layout<2> {
    let shape = [geometry.columns.window, channels];
    Layout::c_order(shape, shape[0] * shape[1]).expect("a shape fits as many elements as it has")
}

/// Whether windows inside the image can read it in place, without a copy: samples need
/// no conversion, and rows are long enough for a block.
pub(crate) fn can_read_in_place(
    geometry: &Geometry,
    channels: usize,
    sample: Depth,
    element: ElementKind,
) -> bool {
    element.depth() == Some(sample) && holds_block(geometry, geometry.columns.output, channels)
}

/// The columns of the result whose windows lie inside the image, less at least one
/// block at each side where windows cross the image's edge. All columns if fewer than
/// 16 blocks remain: then the blocks at the sides cost more than a copy of the rows (3x3
/// on bytes, 512 x 512: 80 us with them, 57 without).
pub(crate) fn columns_inside(geometry: &Geometry, channels: usize) -> Range<usize> {
    let columns = geometry.columns.output;
    let block =
        (<f32 as Element>::MAX_BLOCK.div_ceil(channels) - 1).div_ceil(geometry.columns.step) + 1;
    let crosses_edge = |column: usize| {
        let padded = geometry.columns.padded(&(column..column + 1));
        geometry.columns.inside(&padded) != padded
    };
    let left = (0..columns).take_while(|&x| crosses_edge(x)).count();
    let right = (left..columns)
        .rev()
        .take_while(|&x| crosses_edge(x))
        .count();
    let side = |crossing: usize| if crossing > 0 { crossing.max(block) } else { 0 };
    let inside = side(left)..columns.saturating_sub(side(right));
    if inside.len() >= 16 * block {
        inside
    } else {
        0..columns
    }
}

/// Whether the windows of `columns` of the result fill a block.
pub(crate) fn holds_block(geometry: &Geometry, columns: usize, channels: usize) -> bool {
    // Only 8-bit, 16-bit, f32 and f64 samples need no conversion.
    const BLOCK: usize = <f32 as Element>::MAX_BLOCK;
    const { assert!(BLOCK >= <u8 as Element>::MAX_BLOCK) };
    const { assert!(BLOCK >= <u16 as Element>::MAX_BLOCK) };
    const { assert!(BLOCK >= <f64 as Element>::MAX_BLOCK) };
    geometry.columns.positions(columns) * channels >= BLOCK
}
