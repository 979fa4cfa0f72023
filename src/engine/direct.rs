//! Every tap on a block of R output rows x N vectors, its sums in registers.
//!
//! The inner loop knows neither borders nor channels: a row is one flat slice,
//! a tap is an offset into it, and each source row and tap carries R packed
//! weights. The body is plain Rust that the compiler vectorises; see
//! [`crate::simd`] for how it is compiled once per level.

use super::{Band, Lane, LaneKind, Taps, taps::SourceRow};
use crate::simd::{Body, Isa, Level, Simd};

/// See [`super::Contraction::run`].
pub(super) fn contract<T: Lane>(
    simd: Simd,
    band: &Band<'_, T>,
    taps: &Taps<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
) {
    let at_once = rows_at_once(T::KIND, simd.level());
    // Output rows share source rows only where they are neighbours.
    let neighbours = band.step[0] == 1 && taps.dilation[0] == 1;
    let rows = if neighbours && taps.most_rows >= at_once {
        at_once
    } else {
        1
    };
    let mut sources = Vec::new();
    let mut at = 0;
    while at * stride < out.len() {
        let out = &mut out[at * stride..];
        let rows = if out.len() >= rows * stride { rows } else { 1 };
        let seen = taps.rows_seen() + rows - 1;
        collect_rows(band, (first + at) * band.step[0], seen, &mut sources);
        Rows {
            sources: &sources,
            taps,
            len: band.dense_len(),
            rows,
            out: &mut out[..rows * stride],
            stride,
        }
        .run(simd);
        at += rows;
    }
}

/// `count` rows of the band from `first` on, as slices.
pub(super) fn collect_rows<'a, T>(
    band: &Band<'a, T>,
    first: usize,
    count: usize,
    rows: &mut Vec<&'a [T]>,
) {
    rows.clear();
    rows.extend((first..first + count).map_while(|row| band.view.flat_row(row)));
}

/// One block of output rows, and all it is computed from.
pub(crate) struct Rows<'a, T> {
    pub(super) sources: &'a [&'a [T]],
    pub(super) taps: &'a Taps<T>,
    /// Columns x channels of sums to compute in a row.
    pub(super) len: usize,
    /// Output rows, either 1 or as many as the level computes at once.
    pub(super) rows: usize,
    pub(super) out: &'a mut [T],
    pub(super) stride: usize,
}

impl<T: Lane> Rows<'_, T> {
    pub(super) fn run(self, simd: Simd) {
        T::direct(simd, self);
    }

    /// In blocks of R rows x N vectors of W columns: R x N sums hide the latency
    /// of multiply-add, and they and N samples and a weight fill the registers.
    #[inline(always)]
    fn contract<I: Isa, const R: usize, const N: usize, const W: usize>(self) {
        if self.rows == R {
            self.blocks::<I, R, N, W>();
        } else {
            self.blocks::<I, 1, N, W>();
        }
    }

    /// Cuts the row into blocks; the last is shifted back to end where the row
    /// ends. A row shorter than a block is computed past its end: the band and
    /// the sums have room for it.
    #[inline(always)]
    fn blocks<I: Isa, const R: usize, const N: usize, const W: usize>(self) {
        let groups = self.taps.groups::<R>();
        let Some((first, others)) = groups.split_first() else {
            self.out.fill(T::ZERO);
            return;
        };
        let last = self.len.saturating_sub(N * W);
        let mut x = 0;
        loop {
            let sums = block::<I, T, R, N, W>(self.sources, first, x);
            for (row, sums) in self.out.chunks_mut(self.stride).zip(&sums) {
                row[x..x + N * W].copy_from_slice(sums.as_flattened());
            }
            for group in others {
                let sums = block::<I, T, R, N, W>(self.sources, group, x);
                for (row, sums) in self.out.chunks_mut(self.stride).zip(&sums) {
                    for (total, &sum) in row[x..x + N * W].iter_mut().zip(sums.as_flattened()) {
                        *total = total.plus(sum);
                    }
                }
            }
            if x == last {
                break;
            }
            x = (x + N * W).min(last);
        }
    }
}

/// The sums of R rows x N vectors of W columns, at column `x`.
///
/// A vector is an array of the size of a register: the compiler keeps it in
/// one. Longer arrays it would unroll before it vectorises them, and then not
/// vectorise them: some shapes of block were 20 times slower so.
#[inline(always)]
fn block<I: Isa, T: Lane, const R: usize, const N: usize, const W: usize>(
    sources: &[&[T]],
    group: &[SourceRow<T>],
    x: usize,
) -> [[[T; W]; N]; R] {
    let mut sums = [[[T::ZERO; W]; N]; R];
    for source in group {
        let samples = &sources[source.row][x..];
        // A source row that only some output rows see is given to those alone.
        macro_rules! rows {
            ($(($first:literal, $end:literal)),*) => {
                match (source.first, source.end) {
                    $(($first, $end) if $end <= R => {
                        add_row::<I, T, R, N, W, $first, $end>(&mut sums, samples, source);
                    })*
                    _ => unreachable!("a block has at most 4 rows"),
                }
            };
        }
        rows!(
            (0, 4),
            (0, 1),
            (0, 2),
            (0, 3),
            (1, 2),
            (1, 3),
            (1, 4),
            (2, 3),
            (2, 4),
            (3, 4)
        );
    }
    sums
}

/// Adds every tap of one source row to the sums of rows `A..B`.
#[inline(always)]
fn add_row<
    I: Isa,
    T: Lane,
    const R: usize,
    const N: usize,
    const W: usize,
    const A: usize,
    const B: usize,
>(
    sums: &mut [[[T; W]; N]; R],
    samples: &[T],
    source: &SourceRow<T>,
) {
    for (&offset, weights) in source.offsets.iter().zip(source.weights.as_chunks::<R>().0) {
        let window = samples[offset..].as_chunks::<W>().0;
        let window: &[[T; W]; N] = window
            .first_chunk()
            .expect("a band's rows are as long as its windows");
        for r in A..B {
            for (sum, samples) in sums[r].iter_mut().zip(window) {
                *sum = mul_add::<I, T, W>(samples, weights[r], sum);
            }
        }
    }
}

#[inline(always)]
fn mul_add<I: Isa, T: Lane, const W: usize>(samples: &[T; W], weight: T, sums: &[T; W]) -> [T; W] {
    std::array::from_fn(|i| {
        if I::FMA {
            samples[i].mul_add::<true>(weight, sums[i])
        } else {
            samples[i].mul_add::<false>(weight, sums[i])
        }
    })
}

/// Output rows of a block: the R of the instances below.
pub(super) const fn rows_at_once(lane: LaneKind, level: Level) -> usize {
    match (lane, level) {
        (_, Level::Avx512 | Level::Neon) => 4,
        (LaneKind::F32 | LaneKind::F64, Level::Avx2) => 4,
        _ => 2,
    }
}

/// Multiplying and adding are two instructions here, and their result takes a
/// register more.
pub(super) struct I16<'a>(pub(super) Rows<'a, i16>);
pub(super) struct F32<'a>(pub(super) Rows<'a, f32>);
pub(super) struct F64<'a>(pub(super) Rows<'a, f64>);

impl Body for I16<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 4, 32>(),
            (32, _) => self.0.contract::<I, 2, 4, 16>(),
            (_, 32) => self.0.contract::<I, 4, 4, 8>(),
            _ => self.0.contract::<I, 2, 4, 8>(),
        }
    }
}

impl Body for F32<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 4, 16>(),
            (32, _) => self.0.contract::<I, 4, 3, 8>(),
            (_, 32) => self.0.contract::<I, 4, 4, 4>(),
            _ => self.0.contract::<I, 2, 4, 4>(),
        }
    }
}

impl Body for F64<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 4, 8>(),
            (32, _) => self.0.contract::<I, 4, 3, 4>(),
            (_, 32) => self.0.contract::<I, 4, 4, 2>(),
            _ => self.0.contract::<I, 2, 4, 2>(),
        }
    }
}
