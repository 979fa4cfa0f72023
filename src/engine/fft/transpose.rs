//! Transposition of squares of W x W: lanes become cells and cells become lanes.

use super::transform::{Cell, Float};
use crate::simd::Isa;

/// `to[i][j] = from[j][i]`, for real and for imaginary parts.
#[inline(always)]
pub(super) fn transpose<I: Isa, T: Float, const W: usize>(
    from: &[Cell<T, W>],
    to: &mut [Cell<T, W>],
) {
    let squares = from.as_chunks::<W>().0.iter();
    for (from, to) in squares.zip(to.as_chunks_mut::<W>().0) {
        // Interleaving takes half the time of blocks where a register holds 16
        // lanes, or 4 of 8; with shorter vectors twice as long.
        if I::VECTOR >= 4 * W {
            by_interleaving(from, to);
        } else {
            by_blocks(from, to);
        }
    }
}

/// Interleaving the halves of a sequence, a perfect shuffle, rotates the bits of every
/// index by one. After log2 W of them the index bits `(cell, part, lane)` of a square
/// have become `(part, lane, cell)`: real and imaginary part, each transposed.
#[inline(always)]
fn by_interleaving<T: Float, const W: usize>(from: &[Cell<T, W>; W], to: &mut [Cell<T, W>; W]) {
    let mut square = [[[T::ZERO; W]; 2]; W];
    let mut interleaved = *from;
    for _ in 0..W.ilog2() {
        interleave(
            interleaved.as_flattened().as_flattened(),
            square.as_flattened_mut().as_flattened_mut(),
        );
        (square, interleaved) = (interleaved, square);
    }
    let (re, im) = interleaved.as_flattened().split_at(W);
    for ((cell, re), im) in to.iter_mut().zip(re).zip(im) {
        *cell = [*re, *im];
    }
}

#[inline(always)]
fn interleave<T: Float>(from: &[T], to: &mut [T]) {
    let (first, second) = from.split_at(from.len() / 2);
    let pairs = to.as_chunks_mut::<2>().0.iter_mut();
    for ((pair, &a), &b) in pairs.zip(first).zip(second) {
        *pair = [a, b];
    }
}

/// Blocks of 4 x 4, small enough for any set of registers.
#[inline(always)]
fn by_blocks<T: Float, const W: usize>(from: &[Cell<T, W>; W], to: &mut [Cell<T, W>; W]) {
    for part in 0..2 {
        for i in 0..W / 4 {
            for (j, from) in from.as_chunks::<4>().0.iter().enumerate() {
                let block = [0, 1, 2, 3].map(|r| from[r][part].as_chunks::<4>().0[i]);
                for c in 0..4 {
                    to[4 * i + c][part].as_chunks_mut::<4>().0[j] = block.map(|row| row[c]);
                }
            }
        }
    }
}
