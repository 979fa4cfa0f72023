//! Two passes, and the finish, without a row of sums in memory.
//!
//! The sums of columns are stored in phases, see [`Phases`](crate::simd::Phases); those of rows
//! become samples while they are in registers.

mod samples;
mod steps;
mod sums;

use std::{marker::PhantomData, mem};

pub(super) use samples::{Constants, InPhases, PhasedSamples, is_one_step};
use steps::PhasedRow;
pub(super) use steps::TermRows;
use sums::row_sums;

use super::{
    Band, CompiledKernel, RegisterKernel, RowsMut, Scratch, Told,
    finished_block::{FinishedBlock, for_each_block},
    packed_taps::MAX_BLOCK_ROWS,
    recycled_slices::recycled,
    register_blocks::{self, Blocks, Vector},
    two_passes::TwoPasses,
};
use crate::{
    error::Result,
    finish::{RegisterFinish, ScaleFinish},
    number::Lane,
    simd::{Body, Isa, LINE, Level, Simd, Vectors, aligned, padded_row_len, store_phases},
};

/// Two passes over bands of `S`, whose sums become samples of that type.
#[derive(Debug)]
pub(super) struct Phased<S, T, const P: usize> {
    passes: TwoPasses<T>,
    row: PhasedRow<T>,
    /// The sample of the last tap of a row.
    span: usize,
    /// The samples in the widest part of a row.
    widest: usize,
    /// The distance of vectors of sums of columns: one for each phase of each row of each term.
    pitch: usize,
    samples: PhantomData<S>,
}

/// The vectors in a block of a row, at most: of H groups. Twice as many, and in blocks of columns,
/// fit into 32 registers with what they are made of.
const BLOCK_VECTORS: usize = 8;

/// Their samples.
const fn max_block<T>() -> usize {
    BLOCK_VECTORS * LINE / size_of::<T>()
}

/// The bytes of the sums of columns for a block of rows: with source and output they stay in an L1
/// of 32 KiB.
const PART_BYTES: usize = 16 << 10;

/// A part of a row is at least this many times as wide as what two parts share.
pub(super) const MIN_PART_SPANS: usize = 8;

/// The samples in the widest part of a row, of which two parts share `span`.
const fn widest_part<T>(terms: usize, span: usize) -> usize {
    let block = max_block::<T>();
    let in_cache = PART_BYTES / (MAX_BLOCK_ROWS * terms * size_of::<T>());
    let least = MIN_PART_SPANS * span;
    let widest = if in_cache > least { in_cache } else { least };
    // At least a block.
    if widest > block {
        widest / block * block
    } else {
        block
    }
}

/// The width of parts that a row of `len` samples is cut into, a multiple of every block; the last
/// one is shifted back to end where the row ends.
fn part_width<T>(len: usize, widest: usize) -> usize {
    let block = max_block::<T>();
    let parts = len.div_ceil(widest.min(len / block * block));
    len.div_ceil(parts).next_multiple_of(block)
}

impl<S, T: Lane, const P: usize> Phased<S, T, P> {
    /// The first tap of the rows is `left` samples right of the output.
    pub(super) fn new(passes: TwoPasses<T>, rows: TermRows<'_>, left: usize) -> Self {
        let span = left + (rows.columns - 1) * rows.spacing;
        let widest = widest_part::<T>(passes.columns().len(), span);
        // Columns are computed in blocks.
        let pitch = padded_row_len::<T>((widest + span).next_multiple_of(max_block::<T>()) / P);
        let place = |term, phase| (term * MAX_BLOCK_ROWS * P + phase) * pitch;
        Self {
            row: PhasedRow::new(rows, left, P, place),
            passes,
            span,
            widest,
            pitch,
            samples: PhantomData,
        }
    }
}

impl<S: PhasedSamples<T, P>, T: PhasedLane, const P: usize> CompiledKernel for Phased<S, T, P> {
    type Element = S;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, S>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        (self.passes).contract(simd, band, first, out, stride, scratch)
    }

    fn in_registers(&self) -> Option<&dyn RegisterKernel<S, T>> {
        Some(self)
    }
}

impl<S: PhasedSamples<T, P>, T: PhasedLane, const P: usize> RegisterKernel<S, T>
    for Phased<S, T, P>
{
    fn finishes(&self, simd: Simd, finish: &RegisterFinish) -> bool {
        // 128-bit vectors cross few cache lines, and without fused multiply-add, 16 registers hold
        // too little: Gaussians of sigma 2 take 1.3 to 1.8 times as long in phases.
        simd.level() != Level::Portable
            && (finish.scale())
                .is_some_and(|finish| S::ELEMENT.depth() == Some(finish.to) && is_one_step(finish))
    }

    fn min_len(&self) -> usize {
        max_block::<T>()
    }

    fn finish(
        &self,
        simd: Simd,
        (band, first): (&Band<'_, S>, usize),
        finish: &RegisterFinish,
        out: RowsMut<'_>,
        scratch: &mut Scratch<T>,
        told: &mut Told,
    ) -> Result<()> {
        let at_once = register_blocks::rows_at_once(T::KIND, simd.level());
        let columns = self.passes.columns();
        let width = part_width::<T>(band.dense_len(), self.widest);
        let Scratch {
            rows: vectors,
            sources: slices,
            ..
        } = scratch;
        let count = columns.len() * MAX_BLOCK_ROWS * P;
        let vectors = aligned(vectors, count * self.pitch)?;
        let mut in_order = recycled(mem::take(slices));
        let neighbours = band.step[0] == 1 && columns[0].dilation[0] == 1;
        let rows = [columns[0].rows_read(), if neighbours { at_once } else { 1 }];
        let finish = finish.scale().expect("it makes samples of no other finish");
        for_each_block((band, first), rows, out, told, |block| {
            simd.run(Block {
                finish,
                kernel: self,
                in_order: &mut in_order,
                width,
                vectors,
                block,
            });
        });
        *slices = recycled(in_order);
        Ok(())
    }
}

/// The operands of a block of output rows.
pub(crate) struct Block<'a, 'b, S, T, const P: usize> {
    finish: &'a ScaleFinish,
    kernel: &'a Phased<S, T, P>,
    /// A buffer for the source rows in the order of the taps.
    in_order: &'a mut Vec<&'b [S]>,
    /// Samples of a part of an output row.
    width: usize,
    /// Sums of columns.
    vectors: &'a mut [T],
    block: FinishedBlock<'a, 'b, S>,
}

/// A lane that two passes run in with their samples in phases. The block sizes at each level are
/// const generics, so each lane names its own instances.
pub(crate) trait PhasedLane: Blocks {
    fn run<I: Isa, S: PhasedSamples<Self, P>, const P: usize>(
        isa: I,
        block: Block<'_, '_, S, Self, P>,
    );
}

macro_rules! lanes {
    ($($lane:ty)*) => { $(
        impl PhasedLane for $lane {
            #[inline(always)]
            fn run<I: Isa, S: PhasedSamples<Self, P>, const P: usize>(
                isa: I,
                block: Block<'_, '_, S, Self, P>,
            ) {
                match (I::REGISTERS, P) {
                    (32, 4) => block.parts::<I, 4, 4, 4, 2>(isa),
                    (32, _) => block.parts::<I, 4, 4, 8, 4>(isa),
                    (_, 4) => block.parts::<I, 2, 4, 2, 1>(isa),
                    _ => block.parts::<I, 4, 2, 4, 2>(isa),
                }
            }
        }
    )* };
}
lanes!(f32 f64);

impl<S: PhasedSamples<T, P>, T: PhasedLane, const P: usize> Body for Block<'_, '_, S, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // See `finishes`: not compiled for the portable level.
        if const { I::FMA } {
            T::run(isa, self);
        }
    }
}

impl<S: PhasedSamples<T, P>, T: Lane, const P: usize> Block<'_, '_, S, T, P> {
    /// Computes the columns of R rows x N vectors at once, and G or H groups of P vectors of a row.
    #[inline(always)]
    fn parts<
        V: Isa + Vectors<T>,
        const R: usize,
        const N: usize,
        const G: usize,
        const H: usize,
    >(
        mut self,
        v: V,
    ) {
        let constants = Constants::new::<T, V>(v, self.finish);
        let mut start = 0;
        loop {
            let mut row = 0;
            while row < self.block.rows {
                if self.block.rows - row >= R {
                    self.columns::<V, R, N>(v, start, row);
                    row += R;
                } else {
                    self.columns::<V, 1, N>(v, start, row);
                    row += 1;
                }
            }
            self.block.prefetch_rows = &[];
            for row in 0..self.block.rows {
                self.row::<V, G, H>(v, &constants, start, row);
            }
            if start + self.width >= self.block.len {
                break;
            }
            start = (start + self.width).min(self.block.len - self.width);
        }
    }

    /// The sums of the columns of output rows `first..first + R` under a part.
    #[inline(always)]
    fn columns<V: Isa + Vectors<T>, const R: usize, const N: usize>(
        &mut self,
        v: V,
        start: usize,
        first: usize,
    ) {
        let columns = N * <V as Vectors<T>>::LANES;
        for (term, taps) in self.kernel.passes.columns().iter().enumerate() {
            self.in_order.clear();
            let sources = &self.block.sources[first..][..taps.rows_read() + R - 1];
            taps.in_order(sources, self.in_order);
            // A column has one group of taps, or none if all are dropped.
            let group = taps.groups::<R>().first().map_or(&[][..], |group| group);
            let mut x = 0;
            while x < self.width + self.kernel.span {
                if term == 0 {
                    self.block.prefetch(start + x, columns);
                }
                let sums = register_blocks::block::<V, S, T, InPhases<P>, R, N>(
                    v,
                    self.in_order,
                    group,
                    start + x,
                );
                let vector = (term * MAX_BLOCK_ROWS + first) * P;
                let to = &mut self.vectors[vector * self.kernel.pitch + x / P..];
                store_phases::<V, T, P, R, N>(v, sums, to, self.kernel.pitch);
                x += columns;
            }
        }
    }

    /// The samples of one output row of a part, in blocks of G groups of vectors, and of H where
    /// fewer are left.
    #[inline(always)]
    fn row<V: Isa + Vectors<T>, const G: usize, const H: usize>(
        &mut self,
        v: V,
        constants: &Constants<Vector<V, T>>,
        start: usize,
        row: usize,
    ) {
        let mut check = v.splat(T::ZERO);
        let samples = P * <V as Vectors<T>>::LANES;
        let mut x = 0;
        while x + G * samples <= self.width {
            self.samples::<V, G>(v, constants, &mut check, start, [row, x]);
            x += G * samples;
        }
        while x < self.width {
            self.samples::<V, H>(v, constants, &mut check, start, [row, x]);
            x += H * samples;
        }
        self.block.tell::<V, T>(v, check, row);
    }

    /// The samples of a block of this output row and place in a part.
    #[inline(always)]
    fn samples<V: Isa + Vectors<T>, const G: usize>(
        &mut self,
        v: V,
        constants: &Constants<Vector<V, T>>,
        check: &mut Vector<V, T>,
        start: usize,
        [row, x]: [usize; 2],
    ) {
        let vectors = &self.vectors[row * P * self.kernel.pitch + x / P..];
        let sums = row_sums::<V, T, P, G>(v, &self.kernel.row.groups, vectors);
        (self.block).put::<V, T, P, G>(v, &sums, constants, check, [row, start + x]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_row() {
        for (len, terms, span) in [(128, 1, 16), (300, 1, 2), (6000, 1, 16), (18_000, 4, 240)] {
            let widest = widest_part::<f32>(terms, span);
            let width = part_width::<f32>(len, widest);
            assert!(width <= widest);
            assert!(width.is_multiple_of(max_block::<f32>()) && (128..=len).contains(&width));
            assert!(len.div_ceil(width) * width < len + width.max(512));
        }
        assert_eq!(
            [widest_part::<f32>(1, 16), widest_part::<f32>(4, 240)],
            [1024, 1920]
        );
        assert_eq!(
            [300, 6000].map(|len| part_width::<f32>(len, 1024)),
            [256, 1024]
        );
    }
}
