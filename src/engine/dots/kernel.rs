//! Kernels of dot products: blocks of 4 output rows, whose sums are stored, or become samples
//! while they are in registers.

use std::marker::PhantomData;

use super::{
    super::{
        Band, CompiledKernel, PlacedKernel, RegisterKernel, RowsMut, Scratch, Told,
        finished_block::{FinishedBlock, for_each_block},
        packed_taps::Taps,
        phased::{Constants, PhasedSamples, is_one_step},
        register_blocks::Vector,
    },
    tap_groups::{TapGroups, spacing},
};
use crate::{
    error::Result,
    finish::{RegisterFinish, WordVectors},
    image::Depth,
    number::Lane,
    simd::{Body, ByteDots, Dots, Isa, LINE, QuadBody, Simd, Spaced, Vectors, WideDots, prefetch},
    view::Layout,
};

/// Output rows in a block: their sums take half the registers.
pub(super) const ROWS: usize = 4;

/// A kernel of weights from -128 to 127, for bands of bytes and sums of `T`.
#[derive(Debug)]
pub(super) struct DotProducts<T, const TAPS: usize> {
    taps: Taps<i16>,
    /// For blocks of one output row.
    single: Vec<TapGroups<TAPS>>,
    /// For blocks of [`ROWS`].
    several: Vec<TapGroups<TAPS>>,
    /// Samples from one tap of a group to the next.
    spacing: usize,
    sums: PhantomData<T>,
}

impl<T: DotLane<TAPS>, const TAPS: usize> DotProducts<T, TAPS> {
    /// For bands whose rows have this layout of `(columns, channels)`.
    pub(super) fn new(kernel: PlacedKernel<'_>, row: &Layout<2>) -> Self {
        let taps = Taps::new(kernel, row, true);
        let distance = kernel.dilation[1] * row.shape()[1];
        let spacing = match T::MAY_BE_SPACED {
            true => spacing::<TAPS>(kernel.weights.chunks(kernel.shape[1]), distance),
            false => 1,
        };
        let groups = |rows, runs: &[Vec<_>]| {
            let runs = runs.iter().flatten();
            runs.flat_map(|run| TapGroups::of_run(run, rows, spacing))
                .collect()
        };
        Self {
            spacing,
            single: groups(1, taps.groups::<1>()),
            several: groups(ROWS, taps.groups::<ROWS>()),
            taps,
            sums: PhantomData,
        }
    }

    /// The output rows in a block, where so many are left.
    fn rows_at_once(&self, band: &Band<'_, u8>) -> usize {
        let neighbours = band.step[0] == 1 && self.taps.dilation[0] == 1;
        match neighbours && self.taps.max_block_rows >= ROWS {
            true => ROWS,
            false => 1,
        }
    }

    fn groups(&self, rows: usize) -> &[TapGroups<TAPS>] {
        match rows {
            ROWS => &self.several,
            _ => &self.single,
        }
    }
}

impl<T: DotLane<TAPS>, const TAPS: usize> CompiledKernel for DotProducts<T, TAPS> {
    type Element = u8;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, u8>,
        first: usize,
        out: &mut [T],
        stride: usize,
        _: &mut Scratch<T>,
    ) -> Result<()> {
        let at_once = self.rows_at_once(band);
        let mut at = 0;
        while at * stride < out.len() {
            let out = &mut out[at * stride..];
            let rows = match out.len() >= at_once * stride {
                true => at_once,
                false => 1,
            };
            let block = Block {
                sources: band.source_rows(self.taps.rows_read(), first + at, rows),
                prefetch_rows: band.rows_to_prefetch(self.taps.rows_read(), first + at, rows),
                groups: self.groups(rows),
                spacing: self.spacing,
                len: band.dense_len(),
                rows,
            };
            let out = &mut SumRows {
                out: &mut out[..rows * stride],
                stride,
            };
            T::store(simd, ToSums { block, out });
            at += rows;
        }
        Ok(())
    }

    fn in_registers(&self) -> Option<&dyn RegisterKernel<u8, T>> {
        Some(self)
    }
}

impl<T: DotLane<TAPS>, const TAPS: usize> RegisterKernel<u8, T> for DotProducts<T, TAPS> {
    fn finishes(&self, simd: Simd, finish: &RegisterFinish) -> bool {
        T::finishes(simd, finish)
    }

    fn min_len(&self) -> usize {
        LINE
    }

    fn finish(
        &self,
        simd: Simd,
        (band, first): (&Band<'_, u8>, usize),
        finish: &RegisterFinish,
        out: RowsMut<'_>,
        _: &mut Scratch<T>,
        told: &mut Told,
    ) -> Result<()> {
        let rows = [self.taps.rows_read(), self.rows_at_once(band)];
        for_each_block((band, first), rows, out, told, |out| {
            let block = Block {
                sources: out.sources,
                prefetch_rows: out.prefetch_rows,
                groups: self.groups(out.rows),
                spacing: self.spacing,
                len: out.len,
                rows: out.rows,
            };
            T::finish(simd, ToSamples { block, out, finish });
        });
        Ok(())
    }
}

/// The operands of one block of output rows.
#[derive(Clone, Copy)]
pub(super) struct Block<'a, const TAPS: usize> {
    sources: &'a [&'a [u8]],
    /// Rows of the next block, prefetched meanwhile.
    prefetch_rows: &'a [&'a [u8]],
    groups: &'a [TapGroups<TAPS>],
    spacing: usize,
    /// Columns x channels of sums to compute in a row.
    len: usize,
    /// 1 or [`ROWS`].
    rows: usize,
}

/// A block whose sums are stored.
pub(super) struct ToSums<'a, T, const TAPS: usize> {
    block: Block<'a, TAPS>,
    out: &'a mut SumRows<'a, T>,
}

/// A block whose sums become samples.
pub(super) struct ToSamples<'a, 'b, 'c, const TAPS: usize> {
    block: Block<'a, TAPS>,
    out: FinishedBlock<'a, 'b, u8>,
    finish: &'c RegisterFinish,
}

/// See [`DotLane::finishes`].
const OTHER_FINISH: &str = "the plan asks for no other finish";

/// A type of sums, of so many taps in a dot product.
pub(super) trait DotLane<const TAPS: usize>: Lane {
    /// Whether the taps of a group may be apart.
    const MAY_BE_SPACED: bool;

    /// Computes the sums of a block.
    fn store(simd: Simd, block: ToSums<'_, Self, TAPS>);
    /// Whether it makes samples of this finish.
    fn finishes(simd: Simd, finish: &RegisterFinish) -> bool;
    /// Computes the samples of a block.
    fn finish(simd: Simd, block: ToSamples<'_, '_, '_, TAPS>);
}

impl DotLane<2> for i16 {
    const MAY_BE_SPACED: bool = true;

    fn store(simd: Simd, block: ToSums<'_, Self, 2>) {
        simd.run(block);
    }

    fn finishes(_: Simd, finish: &RegisterFinish) -> bool {
        finish.words().is_some()
    }

    fn finish(simd: Simd, block: ToSamples<'_, '_, '_, 2>) {
        simd.run(block);
    }
}

impl DotLane<4> for i16 {
    const MAY_BE_SPACED: bool = true;

    fn store(simd: Simd, block: ToSums<'_, Self, 4>) {
        simd.run_quads(block);
    }

    fn finishes(_: Simd, finish: &RegisterFinish) -> bool {
        finish.words().is_some()
    }

    fn finish(simd: Simd, block: ToSamples<'_, '_, '_, 4>) {
        simd.run_quads(block);
    }
}

impl DotLane<4> for f32 {
    const MAY_BE_SPACED: bool = false;

    fn store(simd: Simd, block: ToSums<'_, Self, 4>) {
        simd.run_quads(block);
    }

    fn finishes(_: Simd, finish: &RegisterFinish) -> bool {
        (finish.scale()).is_some_and(|finish| finish.to == Depth::U8 && is_one_step(finish))
    }

    fn finish(simd: Simd, block: ToSamples<'_, '_, '_, 4>) {
        simd.run_quads(block);
    }
}

impl Body for ToSums<'_, i16, 2> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match self.block.spacing {
            1 => self.block.run(isa, self.out),
            spacing => self.block.run(Spaced::new::<2>(isa, spacing), self.out),
        }
    }
}

impl QuadBody for ToSums<'_, i16, 4> {
    #[inline(always)]
    fn run(self, dots: Dots) {
        match self.block.spacing {
            1 => self.block.run(dots, self.out),
            spacing => self.block.run(Spaced::new::<4>(dots, spacing), self.out),
        }
    }
}

impl QuadBody for ToSums<'_, f32, 4> {
    #[inline(always)]
    fn run(self, dots: Dots) {
        self.block.run(dots, self.out);
    }
}

impl Body for ToSamples<'_, '_, '_, 2> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match self.block.spacing {
            1 => self.words(isa),
            spacing => self.words(Spaced::new::<2>(isa, spacing)),
        }
    }
}

impl QuadBody for ToSamples<'_, '_, '_, 4> {
    #[inline(always)]
    fn run(self, dots: Dots) {
        match (self.finish, self.block.spacing) {
            (RegisterFinish::Words(_), 1) => self.words(dots),
            (RegisterFinish::Words(_), spacing) => self.words(Spaced::new::<4>(dots, spacing)),
            (RegisterFinish::Scale(_), _) => self.scaled(dots),
        }
    }
}

impl<const TAPS: usize> ToSamples<'_, '_, '_, TAPS> {
    /// Finishes 16-bit sums.
    #[inline(always)]
    fn words<D: ByteDots<TAPS>>(self, dots: D) {
        let finish = self.finish.words().expect(OTHER_FINISH);
        let isa = dots.isa();
        let mut to = ToWords {
            vectors: finish.vectors(isa),
            out: self.out,
        };
        self.block.run(dots, &mut to);
        let counted = to.vectors.counted(isa);
        for (all, counted) in to.out.told.clipped.iter_mut().zip(counted) {
            *all += counted;
        }
    }

    /// Finishes sums as floats.
    #[inline(always)]
    fn scaled<D: WideDots<TAPS>>(self, dots: D)
    where
        u8: PhasedSamples<f32, TAPS>,
    {
        let finish = self.finish.scale().expect(OTHER_FINISH);
        let isa = dots.isa();
        let mut to = ToFloats {
            constants: Constants::new::<f32, D::Isa>(isa, finish),
            out: self.out,
        };
        self.block.run(dots, &mut to);
    }
}

/// What takes the sums of a part of a block.
trait Sink<D: ByteDots<TAPS>, const TAPS: usize> {
    /// Takes R rows of sums at column `x`; those before the column `new` were there before.
    fn put<const R: usize>(&mut self, dots: D, sums: [[D::Sums; TAPS]; R], x: usize, new: usize);
}

/// Rows of sums, a stride apart.
pub(super) struct SumRows<'a, T> {
    out: &'a mut [T],
    stride: usize,
}

/// A type that sums are stored as. The plan guarantees that they fit.
trait Stored<D: ByteDots<TAPS>, const TAPS: usize>: Lane {
    fn store(dots: D, sums: [D::Sums; TAPS], to: &mut [Self]);
}

impl<D: ByteDots<TAPS>, const TAPS: usize> Stored<D, TAPS> for i16 {
    #[inline(always)]
    fn store(dots: D, sums: [D::Sums; TAPS], to: &mut [Self]) {
        dots.store_words(dots.words(sums), to);
    }
}

impl<D: WideDots<TAPS>, const TAPS: usize> Stored<D, TAPS> for f32 {
    #[inline(always)]
    fn store(dots: D, sums: [D::Sums; TAPS], to: &mut [Self]) {
        dots.store_floats(sums, to);
    }
}

impl<T: Stored<D, TAPS>, D: ByteDots<TAPS>, const TAPS: usize> Sink<D, TAPS> for SumRows<'_, T> {
    #[inline(always)]
    fn put<const R: usize>(&mut self, dots: D, sums: [[D::Sums; TAPS]; R], x: usize, _: usize) {
        for (row, &sums) in sums.iter().enumerate() {
            T::store(dots, sums, &mut self.out[row * self.stride + x..]);
        }
    }
}

/// The finish of 16-bit sums.
struct ToWords<'a, 'b, V> {
    vectors: WordVectors<V>,
    out: FinishedBlock<'a, 'b, u8>,
}

impl<D: ByteDots<TAPS>, const TAPS: usize> Sink<D, TAPS>
    for ToWords<'_, '_, <D::Isa as Vectors<i16>>::Vector>
{
    #[inline(always)]
    fn put<const R: usize>(&mut self, dots: D, sums: [[D::Sums; TAPS]; R], x: usize, new: usize) {
        let isa = dots.isa();
        // Even ones and odd ones apart: arrays of `2 * R` are none of stable Rust.
        let mut words = [[isa.splat(0_i16); R]; 2];
        for row in 0..R {
            [words[0][row], words[1][row]] = dots.words(sums[row]);
        }
        if new <= x {
            self.vectors.count(isa, &words[0]);
            self.vectors.count(isa, &words[1]);
        } else {
            for (&even, &odd) in words[0].iter().zip(&words[1]) {
                let mut stored = [0; LINE];
                dots.store_words([even, odd], &mut stored);
                self.vectors.count_from(&stored[..D::LANES], new - x);
            }
        }
        let even = self.vectors.samples(isa, words[0]);
        let odd = self.vectors.samples(isa, words[1]);
        let mut bytes = [dots.bytes([even[0], odd[0]]); R];
        for row in 1..R {
            bytes[row] = dots.bytes([even[row], odd[row]]);
        }
        self.out.put_rows_of_bytes(isa, bytes, x);
    }
}

/// The finish of sums as floats.
struct ToFloats<'a, 'b, V> {
    constants: Constants<V>,
    out: FinishedBlock<'a, 'b, u8>,
}

impl<D: WideDots<TAPS>, const TAPS: usize> Sink<D, TAPS> for ToFloats<'_, '_, Vector<D::Isa, f32>>
where
    u8: PhasedSamples<f32, TAPS>,
{
    #[inline(always)]
    fn put<const R: usize>(&mut self, dots: D, sums: [[D::Sums; TAPS]; R], x: usize, _: usize) {
        // Integers are not checked.
        let mut check = Vectors::<f32>::splat(dots.isa(), 0.0);
        for (row, &sums) in sums.iter().enumerate() {
            let sums = [dots.floats(sums)];
            let (check, at) = (&mut check, [row, x]);
            (self.out).put::<_, _, TAPS, 1>(dots.isa(), &sums, &self.constants, check, at);
        }
    }
}

impl<const TAPS: usize> Block<'_, TAPS> {
    #[inline(always)]
    fn run<D: ByteDots<TAPS>>(self, dots: D, to: &mut impl Sink<D, TAPS>) {
        if self.rows == ROWS {
            self.columns::<D, ROWS>(dots, to);
        } else {
            self.columns::<D, 1>(dots, to);
        }
    }

    /// Cuts the row into blocks; the last is shifted back to end where the row
    /// ends. A row shorter than a block is computed past its end, where the
    /// sums have room for it.
    #[inline(always)]
    fn columns<D: ByteDots<TAPS>, const R: usize>(self, dots: D, to: &mut impl Sink<D, TAPS>) {
        let last = self.len.saturating_sub(D::LANES);
        let [mut x, mut new] = [0; 2];
        loop {
            for row in self.prefetch_rows {
                prefetch(&row[x..]);
            }
            to.put(dots, self.sums::<D, R>(dots, x), x, new);
            if x == last {
                break;
            }
            new = x + D::LANES;
            x = new.min(last);
        }
    }

    /// The sums of R rows at column `x`.
    #[inline(always)]
    fn sums<D: ByteDots<TAPS>, const R: usize>(&self, dots: D, x: usize) -> [[D::Sums; TAPS]; R] {
        let mut sums = [[dots.zero(); TAPS]; R];
        for source in self.groups {
            let samples = &self.sources[source.row][x..];
            macro_rules! rows {
                ($($rows:literal)*) => {
                    // Octal digits: one jump, where a pair would take two.
                    match source.first * 8 + source.end {
                        $($rows if const { $rows % 8 <= R } => {
                            add_row::<D, TAPS, R, { $rows / 8 }, { $rows % 8 }>(
                                dots, &mut sums, samples, source,
                            );
                        })*
                        _ => unreachable!("a block has at most 4 rows"),
                    }
                };
            }
            rows!(0o04 0o01 0o02 0o03 0o12 0o13 0o14 0o23 0o24 0o34);
        }
        sums
    }
}

/// Adds every tap of one source row to the sums of rows `A..B`.
#[inline(always)]
fn add_row<D: ByteDots<TAPS>, const TAPS: usize, const R: usize, const A: usize, const B: usize>(
    dots: D,
    sums: &mut [[D::Sums; TAPS]; R],
    samples: &[u8],
    source: &TapGroups<TAPS>,
) {
    for (&offset, weights) in source.offsets.iter().zip(source.weights.as_chunks::<R>().0) {
        let padded;
        let read = match samples.get(offset..offset + D::READ) {
            Some(read) => read,
            None => {
                padded = padded_at_end(samples, offset);
                &padded[..D::READ]
            }
        };
        let mut vectors = [dots.samples(read, 0); TAPS];
        for (at, vector) in vectors.iter_mut().enumerate().skip(1) {
            *vector = dots.samples(read, at);
        }
        for r in A..B {
            let weights = dots.weights(weights[r]);
            for at in 0..TAPS {
                sums[r][at] = dots.add(sums[r][at], vectors[at], weights);
            }
        }
    }
}

/// The most samples that a group reads.
const MAX_READ: usize = 2 * LINE;

/// The last samples of a row, padded with zeros: groups may extend past the last
/// tap, and blocks past the end of a short row.
#[cold]
#[inline(never)]
fn padded_at_end(samples: &[u8], offset: usize) -> [u8; MAX_READ] {
    let mut padded = [0; MAX_READ];
    let left = samples.get(offset..).unwrap_or_default();
    let len = left.len().min(MAX_READ);
    padded[..len].copy_from_slice(&left[..len]);
    padded
}
