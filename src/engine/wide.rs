//! Rows of float samples whose sums f32 does not hold: once more in f64.
//!
//! The plan knows nothing of the magnitude of float samples, and f64 is half as
//! fast. So every row is summed in f32, and the sums are looked at while they are
//! in the cache. What happens to a row depends on its own windows alone, so that
//! neither bands nor threads show.

use super::{Band, Grid, contract::take_steps};
use crate::{
    number::Element,
    simd::{Body, Isa, Simd},
};

/// Samples below this, times the weights, cannot overflow in f32, nor can the
/// terms of a separable kernel.
const SMALL: f64 = (1_u64 << 60) as f64;

/// A bank's kernels in f64.
#[derive(Debug)]
pub(crate) struct Wide {
    kernels: Vec<Kernel>,
    /// The bits of the smallest and the largest absolute sum but zero that can be
    /// finished as it is; no bits where none is too small.
    trusted: [u32; 2],
}

#[derive(Debug)]
struct Kernel {
    weights: Vec<f64>,
    shape: [usize; 2],
    dilation: [usize; 2],
    origin: [usize; 2],
}

impl Wide {
    /// For `trusted` sums, all finite, see [`Finish::accurate_range`](crate::finish::Finish::accurate_range).
    pub(crate) fn new<'a>(grids: impl Iterator<Item = Grid<'a>>, trusted: [f32; 2]) -> Self {
        let kernel = |grid: Grid<'_>| Kernel {
            weights: grid.weights.to_vec(),
            shape: grid.shape,
            dilation: grid.dilation,
            origin: grid.origin,
        };
        Self {
            kernels: grids.map(kernel).collect(),
            trusted: trusted.map(f32::to_bits),
        }
    }

    /// Whether the sums of output row `y` of every kernel must be made again.
    pub(crate) fn doubts<'s, E: Element>(
        &self,
        simd: Simd,
        band: &Band<'_, E>,
        y: usize,
        mut sums: impl Iterator<Item = &'s [f32]> + Clone,
    ) -> bool {
        let trusted = self.trusted;
        if (sums.clone()).all(|sums| simd.run(Trusted { sums, trusted })) {
            return false;
        }
        let untrusted = |sum: &f32| {
            let bits = sum.abs().to_bits();
            sum.is_finite() && bits != 0 && !(trusted[0]..=trusted[1]).contains(&bits)
        };
        // An infinite sample or NaN makes such sums, too.
        sums.any(|sums| sums.iter().any(untrusted))
            || self.kernels.iter().any(|k| k.may_overflow(simd, band, y))
    }

    /// The sums of output row `y`, kernel by kernel in rows of `stride`.
    pub(crate) fn contract<E: Element>(
        &self,
        simd: Simd,
        band: &Band<'_, E>,
        y: usize,
        out: &mut [f64],
        stride: usize,
    ) {
        for (kernel, out) in self.kernels.iter().zip(out.chunks_exact_mut(stride)) {
            simd.run(Row {
                kernel,
                band,
                y,
                out: &mut out[..band.dense_len()],
            });
            if band.step[1] > 1 {
                take_steps(out, band);
            }
        }
    }
}

impl Kernel {
    /// The source row of each row of taps, from the first sample that output row
    /// `y` sees to the last.
    fn sources<'b, E>(&self, band: &'b Band<'_, E>, y: usize) -> impl Iterator<Item = &'b [E]> {
        let channels = band.channels();
        let [rows, columns] = self.shape;
        let [down, across] = self.dilation;
        let first = y * band.step[0] + self.origin[0];
        let left = self.origin[1] * channels;
        let len = band.dense_len() + (columns - 1) * across * channels;
        (0..rows).map(move |row| &band.rows[first + row * down][left..][..len])
    }

    fn may_overflow<E: Element>(&self, simd: Simd, band: &Band<'_, E>, y: usize) -> bool {
        let gain: f64 = self.weights.iter().map(|w| w.abs()).sum();
        let largest = |samples| simd.run(LargestFinite(samples));
        let largest = self.sources(band, y).map(largest).fold(0.0, f64::max);
        largest * gain.max(1.0) >= SMALL
    }
}

/// Whether every sum is zero or within the trusted ones.
struct Trusted<'a> {
    sums: &'a [f32],
    trusted: [u32; 2],
}

impl Body for Trusted<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        let [low, high] = self.trusted;
        let bits = self.sums.iter().map(|sum| sum.abs().to_bits());
        // Extremes vectorise where an early exit, or a truth, would not.
        let largest = bits.clone().fold(0, u32::max);
        // Zero wraps to the largest number.
        let smallest = || bits.map(|b| b.wrapping_sub(1)).fold(u32::MAX, u32::min);
        largest <= high && (low == 0 || smallest() >= low - 1)
    }
}

/// The largest absolute sample that is finite.
struct LargestFinite<'a, E>(&'a [E]);

impl<E: Element> Body for LargestFinite<'_, E> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> f64 {
        self.0.iter().fold(0.0, |largest, sample| {
            let size = sample.to_f64().abs();
            // Neither infinity nor NaN is below infinity.
            if size < f64::INFINITY && size > largest {
                size
            } else {
                largest
            }
        })
    }
}

/// One row of one kernel.
struct Row<'a, 'b, E> {
    kernel: &'a Kernel,
    band: &'a Band<'b, E>,
    y: usize,
    out: &'a mut [f64],
}

impl<E: Element> Body for Row<'_, '_, E> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            kernel,
            band,
            y,
            out,
        } = self;
        let [_, columns] = kernel.shape;
        let apart = kernel.dilation[1] * band.channels();
        out.fill(0.0);
        let weights = kernel.weights.chunks_exact(columns);
        for (source, weights) in kernel.sources(band, y).zip(weights) {
            for (column, &weight) in weights.iter().enumerate() {
                for (sum, sample) in out.iter_mut().zip(&source[column * apart..]) {
                    *sum += weight * sample.to_f64();
                }
            }
        }
    }
}
