//! Every tap on a block of output, and the finish, without a row of sums in memory.

use std::marker::PhantomData;

use super::{
    Band, CompiledKernel, RegisterKernel, RowsMut, Scratch, Told,
    finished_block::{FinishedBlock, for_each_block},
    packed_taps::Taps,
    phased::{Constants, InPhases, PhasedSamples, is_one_step},
    register_blocks::{self, Blocks, Vector, block, contract},
};
use crate::{
    error::Result,
    finish::{RegisterFinish, ScaleFinish},
    number::{Lane, LaneKind},
    simd::{Body, Isa, LINE, Level, Simd, Vectors},
};

/// A kernel over bands of `S` in `P` phases, whose sums become samples of that type.
#[derive(Debug)]
pub(super) struct Direct<S, T, const P: usize> {
    taps: Taps<T>,
    samples: PhantomData<S>,
}

impl<S, T, const P: usize> Direct<S, T, P> {
    pub(super) const fn new(taps: Taps<T>) -> Self {
        Self {
            taps,
            samples: PhantomData,
        }
    }
}

impl<S: PhasedSamples<T, P>, T: DirectLane, const P: usize> CompiledKernel for Direct<S, T, P> {
    type Element = S;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, S>,
        first: usize,
        out: &mut [T],
        stride: usize,
        _: &mut Scratch<T>,
    ) -> Result<()> {
        contract(simd, band, &self.taps, first, out, stride);
        Ok(())
    }

    fn writes_only_sums(&self) -> bool {
        // Others are finished anyway.
        T::KIND == LaneKind::F64
    }

    fn in_registers(&self) -> Option<&dyn RegisterKernel<S, T>> {
        Some(self)
    }
}

/// The vectors of a block of a row, at most.
const BLOCK_VECTORS: usize = 8;

/// Those of a block of several rows, at most, and of a row that is shorter than the block above.
const SHORT_BLOCK_VECTORS: usize = 4;

impl<S: PhasedSamples<T, P>, T: DirectLane, const P: usize> RegisterKernel<S, T>
    for Direct<S, T, P>
{
    fn finishes(&self, simd: Simd, finish: &RegisterFinish) -> bool {
        // 128-bit vectors cross few cache lines, and gain little.
        simd.level() != Level::Portable
            && (finish.scale())
                .is_some_and(|finish| S::ELEMENT.depth() == Some(finish.to) && is_one_step(finish))
            && self.taps.is_upright()
    }

    fn min_len(&self) -> usize {
        SHORT_BLOCK_VECTORS * LINE / size_of::<T>()
    }

    fn finish(
        &self,
        simd: Simd,
        (band, first): (&Band<'_, S>, usize),
        finish: &RegisterFinish,
        out: RowsMut<'_>,
        _: &mut Scratch<T>,
        told: &mut Told,
    ) -> Result<()> {
        let at_once = register_blocks::rows_at_once(T::KIND, simd.level());
        let neighbours = band.step[0] == 1 && self.taps.dilation[0] == 1;
        let rows = match neighbours && self.taps.max_block_rows >= at_once {
            true => at_once,
            false => 1,
        };
        let rows = [self.taps.rows_read(), rows];
        let finish = finish.scale().expect("it makes samples of no other finish");
        for_each_block((band, first), rows, out, told, |block| {
            simd.run(Block {
                finish,
                taps: &self.taps,
                block,
            });
        });
        Ok(())
    }
}

/// The operands of a block of output rows.
pub(crate) struct Block<'a, 'b, S, T, const P: usize> {
    finish: &'a ScaleFinish,
    taps: &'a Taps<T>,
    block: FinishedBlock<'a, 'b, S>,
}

/// A lane of this engine. The block sizes at each level are const generics, so each lane names its
/// own instances.
pub(crate) trait DirectLane: Blocks {
    fn run<I: Isa, S: PhasedSamples<Self, P>, const P: usize>(
        isa: I,
        block: Block<'_, '_, S, Self, P>,
    );
}

macro_rules! lanes {
    ($($lane:ty)*) => { $(
        impl DirectLane for $lane {
            #[inline(always)]
            fn run<I: Isa, S: PhasedSamples<Self, P>, const P: usize>(
                isa: I,
                block: Block<'_, '_, S, Self, P>,
            ) {
                match (I::REGISTERS, P) {
                    (32, _) => block.blocks::<I, 4, 4>(isa),
                    (_, 4) => block.blocks::<I, 2, 4>(isa),
                    _ => block.blocks::<I, 4, 3>(isa),
                }
            }
        }
    )* };
}
lanes!(f32 f64);

impl<S: PhasedSamples<T, P>, T: DirectLane, const P: usize> Body for Block<'_, '_, S, T, P> {
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
    /// Computes blocks of R rows x N vectors, and one row by 8 vectors.
    #[inline(always)]
    fn blocks<V: Isa + Vectors<T>, const R: usize, const N: usize>(mut self, v: V) {
        let constants = Constants::new::<T, V>(v, self.finish);
        let mut row = 0;
        while row < self.block.rows {
            if self.block.rows - row >= R {
                self.rows_of_block::<V, R, N>(v, &constants, row);
                row += R;
            } else {
                match self.block.len >= BLOCK_VECTORS * <V as Vectors<T>>::LANES {
                    true => self.rows_of_block::<V, 1, BLOCK_VECTORS>(v, &constants, row),
                    false => self.rows_of_block::<V, 1, N>(v, &constants, row),
                }
                row += 1;
            }
            self.block.prefetch_rows = &[];
        }
    }

    /// Computes R rows from `row` on; the last block is shifted back to end where the rows end.
    #[inline(always)]
    fn rows_of_block<V: Isa + Vectors<T>, const R: usize, const N: usize>(
        &mut self,
        v: V,
        constants: &Constants<Vector<V, T>>,
        row: usize,
    ) {
        let groups = self.taps.groups::<R>();
        let sources = &self.block.sources[row..];
        let columns = N * <V as Vectors<T>>::LANES;
        let last = self.block.len - columns;
        let mut checks = [v.splat(T::ZERO); R];
        let mut x = 0;
        loop {
            self.block.prefetch(x, columns);
            let mut sums = match groups.first() {
                Some(group) => block::<V, S, T, InPhases<P>, R, N>(v, sources, group, x),
                None => [[v.splat(T::ZERO); N]; R],
            };
            for group in groups.iter().skip(1) {
                let others = block::<V, S, T, InPhases<P>, R, N>(v, sources, group, x);
                for r in 0..R {
                    for n in 0..N {
                        sums[r][n] = Vectors::<T>::add(v, sums[r][n], others[r][n]);
                    }
                }
            }
            for r in 0..R {
                let sums = sums[r].as_chunks::<P>().0;
                let check = &mut checks[r];
                (self.block).put::<V, T, P, N>(v, sums, constants, check, [row + r, x]);
            }
            if x == last {
                break;
            }
            x = (x + columns).min(last);
        }
        for (r, check) in checks.into_iter().enumerate() {
            self.block.tell::<V, T>(v, check, row + r);
        }
    }
}
