//! The buffers of one thread for transforms.

use std::ops::Range;

use super::tile::Pair;
use crate::number::Lane;

/// Buffers of one thread, reused from call to call.
#[derive(Debug)]
pub(in crate::engine) struct Scratch<T: 'static> {
    pub(super) tile: Vec<T>,
    pub(super) line: Vec<T>,
    /// The sums of a tile for the direct method.
    pub(super) sums: Vec<T>,
    /// The slices of its rows: empty between calls.
    pub(super) slices: Vec<&'static [T]>,
    pub(super) pairs: Vec<Pair>,
    /// Columns of sums of the tiles for the direct method.
    pub(super) refused: Vec<Range<usize>>,
    /// The largest sample of each block in a row of blocks of a tile.
    pub(super) maxima: Vec<T>,
}

impl<T: Lane> Scratch<T> {
    pub(in crate::engine) fn new() -> Self {
        Self {
            tile: Vec::new(),
            line: Vec::new(),
            sums: Vec::new(),
            slices: Vec::new(),
            pairs: Vec::new(),
            refused: Vec::new(),
            maxima: Vec::new(),
        }
    }
}
