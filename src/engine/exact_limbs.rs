//! Exact sums of many windows: weights in parts so short that the sums of each are exact in f64,
//! and so in vectors.

use super::{Band, F64Kernels, PlacedKernel, Window, WindowKernel};
use crate::{
    finish::{LimbShape, MAX_LIMBS},
    number::Element,
    simd::Simd,
};

/// The bits of a mantissa of f64.
const MANTISSA_BITS: u32 = 53;

/// A kernel of integers `limb 0 + limb 1 x 2^bits + limb 2 x 2^(2 bits)`.
#[derive(Debug)]
pub(crate) struct ExactLimbs {
    windows: Vec<WindowKernel>,
    rows: F64Kernels,
    shape: LimbShape,
}

impl ExactLimbs {
    /// `None` if there are too many limbs for samples of up to `largest`. The weights of `kernel`
    /// times some common denominator are `numerators`.
    pub(super) fn new(
        kernel: PlacedKernel<'_>,
        numerators: &[i128],
        largest: f64,
        channels: usize,
    ) -> Option<Self> {
        // Sums of one bit of every weight.
        let sum_bits = (largest * numerators.len() as f64).log2().floor() as u32 + 1;
        let max_bits = MANTISSA_BITS
            .checked_sub(sum_bits)
            .filter(|&bits| bits > 0)?;
        let weight_bits = |weight: &i128| i128::BITS - weight.unsigned_abs().leading_zeros();
        let most_bits = numerators.iter().map(weight_bits).max().unwrap_or(0).max(1);
        let count = most_bits.div_ceil(max_bits) as usize;
        if count > MAX_LIMBS {
            return None;
        }
        // As short as possible: the finish multiplies them.
        let bits = most_bits.div_ceil(count as u32);
        let mut rest = numerators.to_vec();
        let mut next = |_| -> Vec<f64> {
            // Of the sign of its weight, and exact in f64.
            let limb = |weight: &mut i128| {
                let base = 1 << bits;
                let limb = *weight % base;
                *weight /= base;
                limb as f64
            };
            rest.iter_mut().map(limb).collect()
        };
        let limbs: Vec<_> = (0..count).map(&mut next).collect();
        let placed = limbs
            .iter()
            .map(|weights| PlacedKernel { weights, ..kernel });
        let windows = placed.clone();
        Some(Self {
            windows: windows
                .map(|limb| WindowKernel::in_f64(limb, channels))
                .collect(),
            rows: F64Kernels::tap_by_tap(placed),
            shape: LimbShape {
                count,
                bits,
                largest: largest * numerators.len() as f64 * f64::from(bits).exp2(),
            },
        })
    }

    /// The shape of their sums.
    pub(crate) const fn shape(&self) -> LimbShape {
        self.shape
    }

    /// The sum of a window, over the denominator.
    pub(crate) fn sum<E: Element>(&self, simd: Simd, band: &Band<'_, E>, window: Window) -> i128 {
        self.total(self.windows.iter().map(|limb| limb.sum(simd, band, window)))
    }

    /// The kernels whose sums of a row [`total`](Self::total) takes.
    pub(crate) const fn rows(&self) -> &F64Kernels {
        &self.rows
    }

    /// The sum of the sums of each limb.
    pub(crate) fn total(&self, sums: impl Iterator<Item = f64>) -> i128 {
        let sums = sums.zip((0..).step_by(self.shape.bits as usize));
        sums.map(|(sum, shift)| i128::from(sum as i64) << shift)
            .sum()
    }
}
