//! The fallback to f64 for rows of float samples whose sums overflow or underflow in
//! f32.
//!
//! A plan does not know the magnitude of float samples, and f64 is half as fast as f32. So
//! every row is summed in f32, its sums are checked while they are in cache, and the row
//! is computed again in f64 if necessary. The decision depends on the row's own windows
//! alone, so results do not depend on bands or threads.

use super::{Band, PlacedKernel, compiled_kernel::keep_stepped_columns};
use crate::{
    number::Element,
    simd::{Body, Isa, Simd},
};

/// The sums of a row that are computed together: as many as registers hold.
const BLOCK: usize = 32;

/// If the largest sample times the sum of absolute weights is below this, neither the
/// sums nor the terms of a separable kernel overflow in f32.
const NO_OVERFLOW: f64 = (1_u64 << 60) as f64;

/// The kernels of a bank in f64, for rows of float samples.
#[derive(Debug)]
pub(crate) struct F64Fallback {
    kernels: F64Kernels,
    /// The bits of the smallest and the largest accurate absolute sum, except zero. The
    /// smallest is 0 if no sum is too small.
    accurate: [u32; 2],
}

/// The kernels of a bank in f64.
#[derive(Debug)]
pub(crate) struct F64Kernels(Vec<Kernel>);

#[derive(Debug)]
struct Kernel {
    weights: Vec<f64>,
    shape: [usize; 2],
    dilation: [usize; 2],
    origin: [usize; 2],
}

impl F64Kernels {
    pub(crate) fn new<'a>(kernels: impl Iterator<Item = PlacedKernel<'a>>) -> Self {
        let kernel = |kernel: PlacedKernel<'_>| Kernel {
            weights: kernel.weights.to_vec(),
            shape: kernel.shape,
            dilation: kernel.dilation,
            origin: kernel.origin,
        };
        Self(kernels.map(kernel).collect())
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
        for (kernel, out) in self.0.iter().zip(out.chunks_exact_mut(stride)) {
            simd.run(Row {
                kernel,
                band,
                y,
                out: &mut out[..band.dense_len()],
            });
            if band.step[1] > 1 {
                keep_stepped_columns(out, band);
            }
        }
    }
}

impl F64Fallback {
    /// For the range of `accurate` sums, see [`Finish::accurate_range`](crate::finish::Finish::accurate_range).
    pub(crate) fn new<'a>(
        kernels: impl Iterator<Item = PlacedKernel<'a>>,
        accurate: [f32; 2],
    ) -> Self {
        Self {
            kernels: F64Kernels::new(kernels),
            accurate: accurate.map(f32::to_bits),
        }
    }

    /// Whether the sums of output row `y` must be computed again in f64.
    pub(crate) fn is_needed<'s, E: Element>(
        &self,
        simd: Simd,
        band: &Band<'_, E>,
        y: usize,
        mut sums: impl Iterator<Item = &'s [f32]> + Clone,
    ) -> bool {
        let accurate = self.accurate;
        if (sums.clone()).all(|sums| simd.run(AllAccurate { sums, accurate })) {
            return false;
        }
        let inaccurate = |sum: &f32| {
            let bits = sum.abs().to_bits();
            sum.is_finite() && bits != 0 && !(accurate[0]..=accurate[1]).contains(&bits)
        };
        // Infinite sums and NaN may also come from infinite or NaN samples.
        sums.any(|sums| sums.iter().any(inaccurate))
            || self.kernels.0.iter().any(|k| k.may_overflow(simd, band, y))
    }

    /// The kernels, which sum rows of any elements.
    pub(crate) const fn kernels(&self) -> &F64Kernels {
        &self.kernels
    }
}

impl Kernel {
    /// The source row of each row of taps, from the first sample that output row `y`
    /// reads to the last.
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
        largest * gain.max(1.0) >= NO_OVERFLOW
    }
}

/// Whether every sum is zero or in the accurate range.
struct AllAccurate<'a> {
    sums: &'a [f32],
    accurate: [u32; 2],
}

impl Body for AllAccurate<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        let [low, high] = self.accurate;
        let bits = self.sums.iter().map(|sum| sum.abs().to_bits());
        // Minimum and maximum vectorise; an early exit or a boolean fold does not.
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
        let tap_distance = kernel.dilation[1] * band.channels();
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        let in_blocks = blocks.len() * BLOCK;
        for (x, block) in (0..).step_by(BLOCK).zip(blocks) {
            // Sums that stay in registers for all taps.
            let mut sums = [0.0; BLOCK];
            let weights = kernel.weights.chunks_exact(columns);
            for (source, weights) in kernel.sources(band, y).zip(weights) {
                for (column, &weight) in weights.iter().enumerate() {
                    let samples = &source[x + column * tap_distance..][..BLOCK];
                    for (sum, sample) in sums.iter_mut().zip(samples) {
                        *sum += weight * sample.to_f64();
                    }
                }
            }
            *block = sums;
        }
        rest.fill(0.0);
        let weights = kernel.weights.chunks_exact(columns);
        for (source, weights) in kernel.sources(band, y).zip(weights) {
            for (column, &weight) in weights.iter().enumerate() {
                let samples = &source[in_blocks + column * tap_distance..];
                for (sum, sample) in rest.iter_mut().zip(samples) {
                    *sum += weight * sample.to_f64();
                }
            }
        }
    }
}
