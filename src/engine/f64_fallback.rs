//! The fallback to f64 for rows of float samples whose sums overflow or underflow in
//! f32.
//!
//! A plan does not know the magnitude of float samples, and f64 is half as fast as f32. So
//! every row is summed in f32, its sums are checked while they are in cache, and the row
//! is computed again in f64 if necessary. The decision depends on the row's own windows
//! alone, so results do not depend on bands or threads.

use super::{Band, PlacedKernel, compiled_kernel::keep_stepped_columns};
use crate::{
    error::Result,
    image::try_resize,
    kernel::Factor,
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
    weights: Weights,
    shape: [usize; 2],
    dilation: [usize; 2],
    origin: [usize; 2],
}

/// How a kernel is summed.
#[derive(Debug)]
enum Weights {
    TapByTap(Vec<f64>),
    /// Down its column, then along its row.
    TwoPasses(Factor),
}

impl F64Kernels {
    /// Without factors.
    pub(super) fn tap_by_tap<'a>(kernels: impl Iterator<Item = PlacedKernel<'a>>) -> Self {
        Self::new(kernels.map(|kernel| (kernel, None)))
    }

    /// Those with a factor are summed in two passes.
    pub(crate) fn new<'a>(
        kernels: impl Iterator<Item = (PlacedKernel<'a>, Option<&'a Factor>)>,
    ) -> Self {
        let kernel = |(kernel, factor): (PlacedKernel<'_>, Option<&Factor>)| Kernel {
            weights: match factor {
                Some(factor) => Weights::TwoPasses(factor.clone()),
                None => Weights::TapByTap(kernel.weights.to_vec()),
            },
            shape: kernel.shape,
            dilation: kernel.dilation,
            origin: kernel.origin,
        };
        Self(kernels.map(kernel).collect())
    }

    /// The sums of output row `y`, kernel by kernel in rows of `stride`; `of_columns` is a
    /// buffer. It fails if an allocation does.
    pub(crate) fn contract<E: Element>(
        &self,
        simd: Simd,
        band: &Band<'_, E>,
        y: usize,
        out: &mut [f64],
        stride: usize,
        of_columns: &mut Vec<f64>,
    ) -> Result<()> {
        let channels = band.channels();
        let drops_zeros = !band.may_be_non_finite;
        for (kernel, out) in self.0.iter().zip(out.chunks_exact_mut(stride)) {
            let sums = &mut out[..band.dense_len()];
            let distance = kernel.dilation[1] * channels;
            match &kernel.weights {
                Weights::TwoPasses(Factor { column, row }) => {
                    let len = sums.len() + (row.len() - 1) * distance;
                    if of_columns.len() < len {
                        try_resize(of_columns, len, 0.0)?;
                    }
                    let of_columns = &mut of_columns[..len];
                    simd.run(Row {
                        sources: kernel.sources(band, y),
                        weights: column,
                        columns: 1,
                        distance,
                        drops_zeros,
                        out: of_columns,
                    });
                    simd.run(Row {
                        sources: std::iter::once(&*of_columns),
                        weights: row,
                        columns: row.len(),
                        distance,
                        drops_zeros,
                        out: sums,
                    });
                }
                Weights::TapByTap(weights) => simd.run(Row {
                    sources: kernel.sources(band, y),
                    weights,
                    columns: kernel.shape[1],
                    distance,
                    drops_zeros,
                    out: sums,
                }),
            }
            if band.step[1] > 1 {
                keep_stepped_columns(out, band);
            }
        }
        Ok(())
    }
}

impl F64Fallback {
    /// For the range of `accurate` sums, see [`Finish::accurate_range`](crate::finish::Finish::accurate_range).
    pub(crate) fn new<'a>(
        kernels: impl Iterator<Item = PlacedKernel<'a>>,
        accurate: [f32; 2],
    ) -> Self {
        Self {
            // Tap by tap, as infinities and NaN are to come from samples alone.
            kernels: F64Kernels::tap_by_tap(kernels),
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
    fn sources<'b, E>(
        &self,
        band: &'b Band<'_, E>,
        y: usize,
    ) -> impl Iterator<Item = &'b [E]> + Clone + use<'b, E> {
        let channels = band.channels();
        let [rows, columns] = self.shape;
        let [down, across] = self.dilation;
        let first = y * band.step[0] + self.origin[0];
        let left = self.origin[1] * channels;
        let len = band.dense_len() + (columns - 1) * across * channels;
        (0..rows).map(move |row| &band.rows[first + row * down][left..][..len])
    }

    fn may_overflow<E: Element>(&self, simd: Simd, band: &Band<'_, E>, y: usize) -> bool {
        let abs_sum = |weights: &[f64]| weights.iter().map(|w| w.abs()).sum::<f64>();
        let gain = match &self.weights {
            Weights::TapByTap(weights) => abs_sum(weights),
            Weights::TwoPasses(Factor { column, row }) => abs_sum(column) * abs_sum(row),
        };
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
struct Row<'a, R> {
    /// The rows of samples that it reads, one for each row of weights.
    sources: R,
    weights: &'a [f64],
    /// Weights in a row.
    columns: usize,
    /// Samples from one tap to the next.
    distance: usize,
    /// Whether weights of 0 are passed over: not where samples may be infinite, as 0 * infinity is
    /// NaN.
    drops_zeros: bool,
    out: &'a mut [f64],
}

impl<'b, E: Element, R: Iterator<Item = &'b [E]> + Clone> Body for Row<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            sources,
            weights,
            columns,
            distance,
            drops_zeros,
            out,
        } = self;
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        let in_blocks = blocks.len() * BLOCK;
        for (x, block) in (0..).step_by(BLOCK).zip(blocks) {
            // Sums that stay in registers for all taps.
            let mut sums = [0.0; BLOCK];
            for (source, weights) in sources.clone().zip(weights.chunks_exact(columns)) {
                for (column, &weight) in weights.iter().enumerate() {
                    if weight == 0.0 && drops_zeros {
                        continue;
                    }
                    let samples = &source[x + column * distance..][..BLOCK];
                    for (sum, sample) in sums.iter_mut().zip(samples) {
                        *sum += weight * sample.to_f64();
                    }
                }
            }
            *block = sums;
        }
        rest.fill(0.0);
        for (source, weights) in sources.zip(weights.chunks_exact(columns)) {
            for (column, &weight) in weights.iter().enumerate() {
                let samples = &source[in_blocks + column * distance..];
                for (sum, sample) in rest.iter_mut().zip(samples) {
                    *sum += weight * sample.to_f64();
                }
            }
        }
    }
}
