//! The inner loop of most engines (a "micro-kernel" in matrix multiplication): every tap on
//! a block of R output rows x N vectors, whose sums stay in registers.
//!
//! The loop knows neither borders nor channels: a row is one flat slice, a tap is an
//! offset into it, and each source row and tap carries R packed weights. The body is
//! compiled once per level; see [`crate::simd`].

use std::ops::Range;

use super::{
    band::Band,
    packed_taps::{Group, TapRun, Taps},
    problem::Problem,
};
use crate::{
    number::{Element, Lane, LaneKind},
    simd::{Body, Isa, LINE, Level, LoadWide, Simd, Vectors, prefetch},
};

/// See [`CompiledKernel::run`](super::CompiledKernel::run).
pub(super) fn contract<S: Element + Samples<T>, T: Blocks>(
    simd: Simd,
    band: &Band<'_, S>,
    taps: &Taps<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
) {
    let at_once = rows_at_once(T::KIND, simd.level());
    // Output rows share source rows only where they are neighbours.
    let neighbours = band.step[0] == 1 && taps.dilation[0] == 1;
    let rows = if neighbours && taps.max_block_rows >= at_once {
        at_once
    } else {
        1
    };
    let len = band.dense_len();
    let mut at = 0;
    while at * stride < out.len() {
        let out = &mut out[at * stride..];
        // The last row may end with its sums.
        let rows = if out.len() > (rows - 1) * stride {
            rows
        } else {
            1
        };
        let end = out.len().min(rows * stride);
        Rows {
            sources: band.source_rows(taps.rows_read(), first + at, rows),
            prefetch_rows: band.rows_to_prefetch(taps.rows_read(), first + at, rows),
            taps,
            from: 0,
            len,
            rows,
            out: &mut out[..end],
            stride,
        }
        .run(simd);
        at += rows;
    }
}

/// The operands of one block of output rows: samples of `S`, and sums in `T`.
pub(crate) struct Rows<'a, S, T> {
    pub(super) sources: &'a [&'a [S]],
    /// Rows of the next block, prefetched meanwhile.
    pub(super) prefetch_rows: &'a [&'a [S]],
    pub(super) taps: &'a Taps<T>,
    /// The sample of the source rows that the first sum's window begins with.
    pub(super) from: usize,
    /// Columns x channels of sums to compute in a row.
    pub(super) len: usize,
    /// Output rows: 1, or the block height of the SIMD level.
    pub(super) rows: usize,
    pub(super) out: &'a mut [T],
    pub(super) stride: usize,
}

impl<S: Samples<T>, T: Blocks> Rows<'_, S, T> {
    pub(super) fn run(self, simd: Simd) {
        T::contract(simd, self);
    }
}

impl<S: Samples<T>, T: Lane> Rows<'_, S, T> {
    /// Computes blocks of R rows x N vectors: enough independent sums to hide the
    /// latency of multiply-add, and with N samples and a weight they fill the
    /// registers.
    #[inline(always)]
    fn contract<V: Isa + Vectors<T>, const R: usize, const N: usize>(mut self, v: V) {
        if self.rows != R {
            self.blocks::<V, 1, ONE_ROW>(v);
            return;
        }
        let shifts = self.taps.shifts::<R>();
        let lean = shifts.into_iter().max().unwrap_or(0);
        if lean == 0 {
            self.blocks::<V, R, N>(v);
        } else if self.len >= N * <V as Vectors<T>>::LANES + lean {
            let end = self.blocks::<V, R, N>(v);
            for (r, shift) in shifts.into_iter().enumerate() {
                self.beside::<V>(v, r, 0..shift);
                self.beside::<V>(v, r, end + shift..self.len);
            }
        } else {
            for (r, out) in self.out.chunks_mut(self.stride).enumerate() {
                let mut row = Rows {
                    sources: &self.sources[r..],
                    prefetch_rows: &[],
                    rows: 1,
                    out,
                    ..self
                };
                row.blocks::<V, 1, ONE_ROW>(v);
            }
        }
    }

    /// Cuts the row into blocks; the last is shifted back to end where the row
    /// ends. A row shorter than a block is computed past its end: the band and
    /// the sums have room for it. Returns the end of what is not beside blocks that lean: how far
    /// the row that begins where they do is computed.
    #[inline(always)]
    fn blocks<V: Isa + Vectors<T>, const R: usize, const N: usize>(&mut self, v: V) -> usize {
        let groups = self.taps.groups::<R>();
        let shifts = self.taps.shifts::<R>();
        let lean = shifts.into_iter().max().unwrap_or(0);
        let columns = N * <V as Vectors<T>>::LANES;
        let last = self.len.saturating_sub(columns + lean);
        let mut x = 0;
        loop {
            for row in self.prefetch_rows {
                for column in (0..columns).step_by(LINE / size_of::<S>()) {
                    prefetch(&row[self.from + x + column..]);
                }
            }
            let out = (&mut *self.out, self.stride);
            let from = (self.sources, self.from);
            store_sums::<V, S, T, R, N>(v, from, groups, x, out, shifts);
            if x == last {
                break;
            }
            x = (x + columns).min(last);
        }
        last + columns
    }

    /// Computes these columns of row `r`, and some that were computed.
    #[inline(always)]
    fn beside<V: Isa + Vectors<T>>(&mut self, v: V, r: usize, columns: Range<usize>) {
        const N: usize = 2;
        let last = self.len - N * <V as Vectors<T>>::LANES;
        let groups = self.taps.groups::<1>();
        let mut x = columns.start;
        while x < columns.end {
            let out = (&mut self.out[r * self.stride..], self.stride);
            let from = (&self.sources[r..], self.from);
            store_sums::<V, S, T, 1, N>(v, from, groups, x.min(last), out, [0]);
            x += N * <V as Vectors<T>>::LANES;
        }
    }
}

/// Stores the sums of R rows x N vectors: of each row, those that begin its shift right of `x`. The
/// rows of sums are one stride apart.
#[inline(always)]
fn store_sums<V: Isa + Vectors<T>, S: Samples<T>, T: Lane, const R: usize, const N: usize>(
    v: V,
    (sources, from): (&[&[S]], usize),
    groups: &[Group<T>],
    x: usize,
    (out, stride): (&mut [T], usize),
    shifts: [usize; R],
) {
    let columns = N * <V as Vectors<T>>::LANES;
    let Some((first, others)) = groups.split_first() else {
        for (row, shift) in out.chunks_mut(stride).zip(shifts) {
            row[x + shift..][..columns].fill(T::ZERO);
        }
        return;
    };
    let sums = block::<V, S, T, InOrder, R, N>(v, sources, first, from + x);
    for ((row, sums), shift) in out.chunks_mut(stride).zip(sums).zip(shifts) {
        let row = &mut row[x + shift..][..columns];
        for (n, sum) in sums.into_iter().enumerate() {
            // Sums in f64 may be samples as they are: the -0 of an underflow becomes 0.
            let sum = match const { T::KIND } {
                LaneKind::F64 => Vectors::<T>::add(v, sum, v.splat(T::ZERO)),
                _ => sum,
            };
            v.store(sum, &mut row[n * <V as Vectors<T>>::LANES..]);
        }
    }
    for group in others {
        let sums = block::<V, S, T, InOrder, R, N>(v, sources, group, from + x);
        for ((row, sums), shift) in out.chunks_mut(stride).zip(sums).zip(shifts) {
            let row = &mut row[x + shift..][..columns];
            for (n, sum) in sums.into_iter().enumerate() {
                let to = &mut row[n * <V as Vectors<T>>::LANES..];
                v.store(Vectors::<T>::add(v, v.load(to), sum), to);
            }
        }
    }
}

/// The sums of R rows x N vectors, at column `x`.
#[inline(always)]
pub(super) fn block<
    V: Isa + Vectors<T>,
    S: Copy,
    T: Lane,
    O: Order<S, T>,
    const R: usize,
    const N: usize,
>(
    v: V,
    sources: &[&[S]],
    group: &[TapRun<T>],
    x: usize,
) -> [[Vector<V, T>; N]; R] {
    let mut sums = [[v.splat(T::ZERO); N]; R];
    for run in group {
        // A source row is added only to the output rows whose windows contain it.
        macro_rules! rows {
            ($($rows:literal)*) => {
                // Octal digits: one jump, where a pair would take two.
                match run.first * 8 + run.end {
                    // A constant, so that the others are not compiled.
                    $($rows if const { $rows % 8 <= R } => {
                        add_run::<V, S, T, O, R, N, { $rows / 8 }, { $rows % 8 }>(
                            v, &mut sums, sources, run, x,
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

/// Adds every tap of a run to the sums of rows `A..B`.
#[inline(always)]
fn add_run<
    V: Isa + Vectors<T>,
    S: Copy,
    T: Lane,
    O: Order<S, T>,
    const R: usize,
    const N: usize,
    const A: usize,
    const B: usize,
>(
    v: V,
    sums: &mut [[Vector<V, T>; N]; R],
    sources: &[&[S]],
    run: &TapRun<T>,
    x: usize,
) {
    let weights = run.weights.as_chunks::<R>().0;
    if !run.tap_rows.is_empty() {
        for ((&row, &offset), weights) in run.tap_rows.iter().zip(&run.offsets).zip(weights) {
            add_tap::<V, S, T, O, R, N, A, B>(v, sums, &sources[row][x + offset..], weights);
        }
    } else if let [offset] = run.offsets[..] {
        for (source, weights) in sources[run.rows.clone()].iter().zip(weights) {
            add_tap::<V, S, T, O, R, N, A, B>(v, sums, &source[x + offset..], weights);
        }
    } else if run.are_neighbours {
        let samples = &sources[run.rows.start][x + run.offsets[0]..];
        O::add_neighbours::<V, R, N, A, B>(v, sums, samples, weights);
    } else {
        let samples = &sources[run.rows.start][x..];
        for (&offset, weights) in run.offsets.iter().zip(weights) {
            add_tap::<V, S, T, O, R, N, A, B>(v, sums, &samples[offset..], weights);
        }
    }
}

/// Adds one tap to the sums of rows `A..B`.
#[inline(always)]
fn add_tap<
    V: Isa + Vectors<T>,
    S: Copy,
    T: Lane,
    O: Order<S, T>,
    const R: usize,
    const N: usize,
    const A: usize,
    const B: usize,
>(
    v: V,
    sums: &mut [[Vector<V, T>; N]; R],
    samples: &[S],
    weights: &[T; R],
) {
    let vectors = O::load::<V, N>(v, samples);
    for r in A..B {
        let weight = v.splat(weights[r]);
        for n in 0..N {
            sums[r][n] = Vectors::<T>::mul_add(v, vectors[n], weight, sums[r][n]);
        }
    }
}

/// Vectors in a block of one row, at every level: enough sums to hide the latency
/// of multiply-add. Each sample is used once, so none is kept in a register.
const ONE_ROW: usize = 8;

/// Output rows that are computed together: one by one at a row step, where
/// consecutive output rows share fewer source rows.
pub(super) fn block_rows(problem: &Problem<'_>, lane: LaneKind) -> usize {
    match problem.geometry.rows.step {
        1 => rows_at_once(lane, problem.simd.level()),
        _ => 1,
    }
}

/// Output rows of a block: the R of the instances below.
pub(super) const fn rows_at_once(lane: LaneKind, level: Level) -> usize {
    match (lane, level) {
        (_, Level::Avx512 | Level::Avx512Vnni | Level::Neon) => 4,
        (LaneKind::F32 | LaneKind::F64, Level::Avx2) => 4,
        _ => 2,
    }
}

/// A register of numbers of `T`.
pub(super) type Vector<V, T> = <V as Vectors<T>>::Vector;

/// The order of samples in the vectors of a block.
pub(super) trait Order<S: Copy, T: Lane>: Sized {
    /// The first samples of `from`: of a block's columns in N vectors.
    fn load<V: Isa + Vectors<T>, const N: usize>(v: V, from: &[S]) -> [Vector<V, T>; N];

    /// Adds taps side by side to the sums of rows `A..B`; the first is that of `samples`.
    #[inline(always)]
    fn add_neighbours<
        V: Isa + Vectors<T>,
        const R: usize,
        const N: usize,
        const A: usize,
        const B: usize,
    >(
        v: V,
        sums: &mut [[Vector<V, T>; N]; R],
        samples: &[S],
        weights: &[[T; R]],
    ) {
        add_one_by_one::<V, S, T, Self, R, N, A, B>(v, sums, samples, weights);
    }
}

/// Adds taps side by side to the sums of rows `A..B`, each with its own vectors.
#[inline(always)]
pub(super) fn add_one_by_one<
    V: Isa + Vectors<T>,
    S: Copy,
    T: Lane,
    O: Order<S, T>,
    const R: usize,
    const N: usize,
    const A: usize,
    const B: usize,
>(
    v: V,
    sums: &mut [[Vector<V, T>; N]; R],
    samples: &[S],
    weights: &[[T; R]],
) {
    for (tap, weights) in weights.iter().enumerate() {
        add_tap::<V, S, T, O, R, N, A, B>(v, sums, &samples[tap..], weights);
    }
}

/// One after the other.
pub(super) struct InOrder;

impl<S: Samples<T>, T: Lane> Order<S, T> for InOrder {
    #[inline(always)]
    fn load<V: Isa + Vectors<T>, const N: usize>(v: V, from: &[S]) -> [Vector<V, T>; N] {
        let from = &from[..N * <V as Vectors<T>>::LANES];
        let mut vectors = [v.splat(T::ZERO); N];
        for (n, vector) in vectors.iter_mut().enumerate() {
            *vector = S::load(v, &from[n * <V as Vectors<T>>::LANES..]);
        }
        vectors
    }
}

/// Samples that the loop reads as they are, and sums in `T`.
pub(crate) trait Samples<T>: Copy {
    /// The first of them, one in every lane.
    fn load<V: Isa + Vectors<T>>(v: V, from: &[Self]) -> Vector<V, T>;
}

macro_rules! samples {
    ($($sample:ty => $number:ty: $load:expr;)*) => { $(
        impl Samples<$number> for $sample {
            #[inline(always)]
            fn load<V: Isa + Vectors<$number>>(
                v: V,
                from: &[Self],
            ) -> Vector<V, $number> {
                $load(v, from)
            }
        }
    )* };
}

samples! {
    i16 => i16: Vectors::<i16>::load;
    f32 => f32: Vectors::<f32>::load;
    f64 => f64: Vectors::<f64>::load;
    u8 => f32: LoadWide::<u8, f32>::load_wide;
    u16 => f64: LoadWide::<u16, f64>::load_wide;
}

/// i16 has no fused multiply-add: the product takes one more register, so the
/// blocks are smaller.
struct I16<'a, S>(Rows<'a, S, i16>);
struct F32<'a, S>(Rows<'a, S, f32>);
struct F64<'a, S>(Rows<'a, S, f64>);

/// A lane that the direct loop runs in. The block size at each level is a pair of
/// const generics, so each lane names its own instances.
pub(crate) trait Blocks: Lane + Samples<Self> {
    fn contract<S: Samples<Self>>(simd: Simd, rows: Rows<'_, S, Self>);
}

impl Blocks for i16 {
    fn contract<S: Samples<Self>>(simd: Simd, rows: Rows<'_, S, Self>) {
        simd.run(I16(rows));
    }
}

impl Blocks for f32 {
    fn contract<S: Samples<Self>>(simd: Simd, rows: Rows<'_, S, Self>) {
        simd.run(F32(rows));
    }
}

impl Blocks for f64 {
    fn contract<S: Samples<Self>>(simd: Simd, rows: Rows<'_, S, Self>) {
        simd.run(F64(rows));
    }
}

impl<S: Samples<i16>> Body for I16<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 4>(isa),
            (32, _) => self.0.contract::<I, 2, 4>(isa),
            (_, 32) => self.0.contract::<I, 4, 4>(isa),
            _ => self.0.contract::<I, 2, 4>(isa),
        }
    }
}

impl<S: Samples<f32>> Body for F32<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 4>(isa),
            (32, _) => self.0.contract::<I, 4, 3>(isa),
            (_, 32) => self.0.contract::<I, 4, 4>(isa),
            _ => self.0.contract::<I, 2, 4>(isa),
        }
    }
}

impl<S: Samples<f64>> Body for F64<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 4>(isa),
            (32, _) => self.0.contract::<I, 4, 3>(isa),
            (_, 32) => self.0.contract::<I, 4, 4>(isa),
            _ => self.0.contract::<I, 2, 4>(isa),
        }
    }
}
