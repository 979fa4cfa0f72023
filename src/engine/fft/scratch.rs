//! The buffers of one thread for transforms.

use std::ops::Range;

use super::{
    accuracy::{Contrast, Maxima},
    tile::{Pair, Tile},
};
use crate::number::Lane;

/// Buffers of one thread, reused from call to call.
#[derive(Debug)]
pub(in crate::engine) struct Scratch<T: 'static> {
    pub(super) tile: Vec<T>,
    pub(super) line: Vec<T>,
    /// The same for pairs that are transformed in f64.
    pub(super) wide_tile: Vec<f64>,
    pub(super) wide_line: Vec<f64>,
    /// The sums of a tile for the direct method.
    pub(super) sums: Vec<T>,
    /// The slices of its rows: empty between calls.
    pub(super) slices: Vec<&'static [T]>,
    /// The tiles of a row, channel by channel.
    pub(super) tiles: Vec<Tile>,
    pub(super) contrasts: Vec<Contrast>,
    /// Those that are transformed in the lane.
    pub(super) pairs: Vec<Pair>,
    /// Those that are transformed in f64.
    pub(super) wide_pairs: Vec<Pair>,
    /// Columns of sums of the tiles for the direct method.
    pub(super) refused: Vec<Range<usize>>,
    pub(super) maxima: Maxima<T>,
}

impl<T: Lane> Scratch<T> {
    pub(in crate::engine) fn new() -> Self {
        Self {
            tile: Vec::new(),
            line: Vec::new(),
            wide_tile: Vec::new(),
            wide_line: Vec::new(),
            sums: Vec::new(),
            slices: Vec::new(),
            tiles: Vec::new(),
            contrasts: Vec::new(),
            pairs: Vec::new(),
            wide_pairs: Vec::new(),
            refused: Vec::new(),
            maxima: Maxima::new(),
        }
    }
}
