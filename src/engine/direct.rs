//! Every tap on a block of R output rows x L columns, its sums in registers.
//!
//! The inner loop knows neither borders nor channels: a row is one flat slice,
//! a tap is an offset into it, and each source row and tap carries R packed
//! weights. The body is plain Rust that the compiler vectorises; see
//! [`crate::simd`] for how it is compiled once per level.

use super::{Band, Lane, LaneKind, Taps};
use crate::simd::{Body, Isa, Level, Simd};

/// See [`super::contract`].
pub(super) fn contract<T: Lane>(
    simd: Simd,
    band: &Band<'_, T>,
    taps: &Taps<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
) {
    let at_once = rows_at_once(T::KIND, simd.level());
    let mut sources = Vec::new();
    for (block, out) in out.chunks_mut(at_once * stride).enumerate() {
        let y = first + block * at_once;
        // Output rows share source rows only where they are neighbours.
        let together = out.len() == at_once * stride && band.step[0] == 1 && taps.dilation[0] == 1;
        let rows = if together { at_once } else { 1 };
        for (i, out) in out.chunks_mut(rows * stride).enumerate() {
            let seen = taps.rows_seen() + rows - 1;
            collect_rows(band, (y + i) * band.step[0], seen, &mut sources);
            run(simd, &sources, taps, band.dense_len(), rows, out, stride);
            // Where a sample is not finite, the zeros that pad the weights of
            // a block carry it into rows whose window does not see it.
            if rows > 1 && band.may_be_non_finite && !T::all_finite(out) {
                for (r, out) in out.chunks_mut(stride).enumerate() {
                    run(simd, &sources[r..], taps, band.dense_len(), 1, out, stride);
                }
            }
        }
    }
    if band.step[1] > 1 {
        for row in out.chunks_mut(stride) {
            take_steps(row, band);
        }
    }
}

/// `count` rows of the band from `first` on, as slices.
fn collect_rows<'a, T>(band: &Band<'a, T>, first: usize, count: usize, rows: &mut Vec<&'a [T]>) {
    rows.clear();
    rows.extend((first..first + count).map_while(|row| band.view.flat_row(row)));
}

fn run<T: Lane>(
    simd: Simd,
    sources: &[&[T]],
    taps: &Taps<T>,
    len: usize,
    rows: usize,
    out: &mut [T],
    stride: usize,
) {
    T::direct(
        simd,
        Rows {
            sources,
            taps,
            len,
            rows,
            out,
            stride,
        },
    );
}

/// Moves the sums at every `step`-th pixel to the front of the row.
fn take_steps<T: Lane>(row: &mut [T], band: &Band<'_, T>) {
    let channels = band.view.shape()[2];
    let step = band.step[1] * channels;
    for (x, from) in (0..band.dense_len()).step_by(step).enumerate() {
        row.copy_within(from..from + channels, x * channels);
    }
}

/// One block of output rows, and all it is computed from.
pub(crate) struct Rows<'a, T> {
    sources: &'a [&'a [T]],
    taps: &'a Taps<T>,
    /// Columns x channels of sums to compute in a row.
    len: usize,
    /// Output rows, either 1 or as many as the level computes at once.
    rows: usize,
    out: &'a mut [T],
    stride: usize,
}

impl<T: Lane> Rows<'_, T> {
    #[inline(always)]
    fn contract<I: Isa, const R: usize, const L: usize>(self) {
        if self.rows == R {
            self.blocks::<I, R, L>();
        } else {
            self.blocks::<I, 1, L>();
        }
    }

    /// Cuts the row into blocks; the last is shifted back to end where the row
    /// ends. A row shorter than a block is computed past its end: the band and
    /// the sums have room for it.
    #[inline(always)]
    fn blocks<I: Isa, const R: usize, const L: usize>(self) {
        let last = self.len.saturating_sub(L);
        let mut x = 0;
        loop {
            let sums = block::<I, T, R, L>(self.sources, self.taps, x);
            for (row, sums) in self.out.chunks_mut(self.stride).zip(&sums) {
                row[x..x + L].copy_from_slice(sums);
            }
            if x == last {
                break;
            }
            x = (x + L).min(last);
        }
    }
}

/// The sums of R rows x L columns at column `x`.
#[inline(always)]
fn block<I: Isa, T: Lane, const R: usize, const L: usize>(
    sources: &[&[T]],
    taps: &Taps<T>,
    x: usize,
) -> [[T; L]; R] {
    let mut sums = [[T::ZERO; L]; R];
    for source in taps.block::<R>() {
        let samples = &sources[source.row][x..];
        for (&offset, weights) in source.offsets.iter().zip(source.weights.as_chunks::<R>().0) {
            let window: &[T; L] = samples[offset..]
                .first_chunk()
                .expect("a band's rows are as long as its windows");
            for (sums, &weight) in sums.iter_mut().zip(weights) {
                for (sum, &sample) in sums.iter_mut().zip(window) {
                    *sum = if I::FMA {
                        sample.mul_add::<true>(weight, *sum)
                    } else {
                        sample.mul_add::<false>(weight, *sum)
                    };
                }
            }
        }
    }
    sums
}

/// Output rows of a block: the R of the instances below.
pub(super) const fn rows_at_once(lane: LaneKind, level: Level) -> usize {
    match (lane, level) {
        (LaneKind::F32, Level::Avx512 | Level::Neon) => 4,
        _ => 2,
    }
}

/// A block has about four vectors of columns in every row: enough independent
/// sums to hide the latency of multiply-add, and few enough for the registers.
/// Columns below a certain number are unrolled by the compiler before they are
/// vectorised, and then are not: 32 columns of i16 took 17 times as long on
/// the portable level as 64, 32 of f64 three times as long on AVX-512.
pub(super) struct I16<'a>(pub(super) Rows<'a, i16>);
pub(super) struct F32<'a>(pub(super) Rows<'a, f32>);
pub(super) struct F64<'a>(pub(super) Rows<'a, f64>);

impl Body for I16<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match I::VECTOR {
            64 => self.0.contract::<I, 2, 128>(),
            _ => self.0.contract::<I, 2, 64>(),
        }
    }
}

impl Body for F32<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match (I::VECTOR, I::REGISTERS) {
            (64, _) => self.0.contract::<I, 4, 64>(),
            (32, _) => self.0.contract::<I, 2, 32>(),
            (_, 32) => self.0.contract::<I, 4, 16>(),
            _ => self.0.contract::<I, 2, 16>(),
        }
    }
}

impl Body for F64<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match I::VECTOR {
            64 => self.0.contract::<I, 2, 64>(),
            32 => self.0.contract::<I, 2, 16>(),
            _ => self.0.contract::<I, 2, 8>(),
        }
    }
}
