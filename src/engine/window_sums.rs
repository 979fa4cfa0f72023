//! Sums of single windows: in f64, and exactly.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::{Band, ExactLimbs, PlacedKernel};
use crate::{
    number::{Element, rational},
    simd::{Body, Isa, Simd},
};

/// A window of a band's result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) channel: usize,
}

/// The exact sum of a window.
pub(crate) enum ExactSum {
    /// Over [`WindowKernel::denominator`].
    Small(i128),
    Large(BigRational),
}

/// A kernel for the sums of single windows.
#[derive(Debug)]
pub(crate) struct WindowKernel {
    shape: [usize; 2],
    /// Rows from one row of taps to the next.
    row_distance: usize,
    /// Samples from one tap of a row to the next.
    tap_distance: usize,
    origin: [usize; 2],
    /// Rows of weights for consecutive samples: where taps are near each other, with zeros
    /// between them.
    weights: Vec<f64>,
    /// Samples from one of `weights` to the next in its row.
    weight_distance: usize,
    /// The weights as they are written, times `denominator`.
    numerators: Numerators,
    denominator: BigInt,
}

/// Weights as integers.
#[derive(Debug)]
enum Numerators {
    /// Sums stay in `i128`.
    Small(Vec<i128>),
    Large(Vec<BigInt>),
}

/// The bits of integer samples. Those that are summed have at most 53; alpha that is copied
/// passes here as well.
const SAMPLE_BITS: u64 = 64;

/// The bits of sums in `i128`.
const SMALL_BITS: u64 = 126;

/// Taps that are at most this many samples apart are summed with zeros between them.
const MAX_SPREAD: usize = 4;

impl WindowKernel {
    /// A kernel whose sums in f64 take the weights of `kernel`, and whose exact ones those as
    /// they are `written`. A pixel of the band has `channels` samples.
    pub(crate) fn new(kernel: PlacedKernel<'_>, written: &[f64], channels: usize) -> Self {
        let written: Vec<_> = written.iter().copied().map(rational).collect();
        // Powers of two: the largest is a multiple of all others.
        let denominator = written.iter().map(|w| w.denom().clone()).max();
        let denominator = denominator.unwrap_or_else(|| 1.into());
        let numerator = |w: &BigRational| w.numer() * (&denominator / w.denom());
        let numerators: Vec<BigInt> = written.iter().map(numerator).collect();
        let largest: BigInt = numerators
            .iter()
            .map(|n| BigInt::from(n.magnitude().clone()))
            .sum();
        let small = || numerators.iter().map(|n| i128::try_from(n).ok()).collect();
        let small = match largest.bits() + SAMPLE_BITS <= SMALL_BITS {
            true => small(),
            false => None,
        };
        Self {
            numerators: small.map_or(Numerators::Large(numerators), Numerators::Small),
            denominator,
            ..Self::in_f64(kernel, channels)
        }
    }

    /// A kernel without exact sums.
    pub(super) fn in_f64(kernel: PlacedKernel<'_>, channels: usize) -> Self {
        let tap_distance = kernel.dilation[1] * channels;
        let spread = tap_distance <= MAX_SPREAD;
        let weights = match spread {
            true => (kernel.weights.chunks_exact(kernel.shape[1]))
                .flat_map(|row| spread_row(row, tap_distance))
                .collect(),
            false => kernel.weights.to_vec(),
        };
        Self {
            shape: kernel.shape,
            row_distance: kernel.dilation[0],
            tap_distance,
            origin: kernel.origin,
            weights,
            weight_distance: if spread { 1 } else { tap_distance },
            numerators: Numerators::Small(Vec::new()),
            denominator: BigInt::from(1),
        }
    }

    /// The exact kernel in limbs, for samples of up to `largest`, if it has few.
    pub(crate) fn limbs(
        &self,
        kernel: PlacedKernel<'_>,
        largest: f64,
        channels: usize,
    ) -> Option<ExactLimbs> {
        match &self.numerators {
            Numerators::Small(numerators) => ExactLimbs::new(kernel, numerators, largest, channels),
            Numerators::Large(_) => None,
        }
    }

    /// What exact sums are over: a power of two.
    pub(crate) const fn denominator(&self) -> &BigInt {
        &self.denominator
    }

    /// The rows of the window, from its first tap to its last.
    fn rows<'b, E>(
        &self,
        band: &'b Band<'_, E>,
        window: Window,
    ) -> impl Iterator<Item = &'b [E]> + Clone {
        let channels = band.channels();
        let top = window.y * band.step[0] + self.origin[0];
        let left = window.x * band.step[1] + self.origin[1];
        let first = left * channels + window.channel;
        let len = (self.shape[1] - 1) * self.tap_distance + 1;
        let rows = band.rows[top..].iter().step_by(self.row_distance);
        rows.take(self.shape[0])
            .map(move |row| &row[first..first + len])
    }

    /// The sum of a window in f64.
    pub(crate) fn sum<E: Element>(&self, simd: Simd, band: &Band<'_, E>, window: Window) -> f64 {
        let weights = self.weights.len() / self.shape[0];
        let rows = self.rows(band, window);
        if self.weight_distance == 1 {
            return simd.run(Dot {
                rows: rows.zip(self.weights.chunks_exact(weights)),
            });
        }
        let mut sum = 0.0;
        for (row, weights) in rows.zip(self.weights.chunks_exact(weights)) {
            for (sample, weight) in row.iter().step_by(self.weight_distance).zip(weights) {
                sum += sample.to_f64() * weight;
            }
        }
        sum
    }

    /// The exact sum of a window of integers.
    pub(crate) fn exact_sum<E: Element>(&self, band: &Band<'_, E>, window: Window) -> ExactSum {
        let taps = (self.samples(band, window)).map(|sample| sample.to_f64() as i64);
        match &self.numerators {
            Numerators::Small(weights) => {
                let products = taps.zip(weights).map(|(sample, w)| i128::from(sample) * w);
                ExactSum::Small(products.sum())
            }
            Numerators::Large(weights) => {
                let sum = taps.zip(weights).map(|(sample, w)| w * sample).sum();
                ExactSum::Large(BigRational::new(sum, self.denominator.clone()))
            }
        }
    }

    /// The samples under the taps, row by row.
    pub(crate) fn samples<E: Element>(
        &self,
        band: &Band<'_, E>,
        window: Window,
    ) -> impl Iterator<Item = E> + Clone {
        let rows = self.rows(band, window);
        rows.flat_map(|row| row.iter().step_by(self.tap_distance).copied())
    }

    /// Whether the samples under the taps are the first of `samples`. If so, returns the rest.
    pub(crate) fn strip<'s, E: Element>(
        &self,
        band: &Band<'_, E>,
        window: Window,
        samples: &'s [E],
    ) -> Option<&'s [E]> {
        let (own, rest) = samples.split_at_checked(self.shape[0] * self.shape[1])?;
        let mut rows = self.rows(band, window).zip(own.chunks_exact(self.shape[1]));
        let is_same = match self.tap_distance {
            1 => rows.all(|(row, own)| row == own),
            distance => rows.all(|(row, own)| row.iter().step_by(distance).eq(own)),
        };
        is_same.then_some(rest)
    }

    /// Whether all samples under the taps are this one.
    pub(crate) fn is_flat<E: Element>(&self, band: &Band<'_, E>, window: Window, value: E) -> bool {
        self.rows(band, window).all(|row| {
            row.iter()
                .step_by(self.tap_distance)
                .all(|&sample| sample == value)
        })
    }

    /// The samples from the first window of a row to its last, one row of taps after the other.
    pub(crate) fn row_samples<'b, E>(
        &self,
        band: &'b Band<'_, E>,
        y: usize,
    ) -> impl Iterator<Item = &'b [E]> + Clone {
        let top = y * band.step[0] + self.origin[0];
        let left = self.origin[1] * band.channels();
        let len = band.dense_len() + (self.shape[1] - 1) * self.tap_distance;
        let rows = band.rows[top..].iter().step_by(self.row_distance);
        rows.take(self.shape[0])
            .map(move |row| &row[left..left + len])
    }

    /// Whether all samples from the first window of a row to its last are this one.
    pub(crate) fn row_is_flat<E: Element>(&self, band: &Band<'_, E>, y: usize, value: E) -> bool {
        let mut rows = self.row_samples(band, y);
        rows.all(|row| row.iter().all(|&s| s == value))
    }

    /// Whether windows of neighbouring samples differ by one column.
    pub(crate) fn is_dense<E>(&self, band: &Band<'_, E>) -> bool {
        self.tap_distance == 1 && band.step[1] == 1
    }

    /// Whether the last samples of the window's rows are this one.
    pub(crate) fn ends_with<E: Element>(
        &self,
        band: &Band<'_, E>,
        window: Window,
        value: E,
    ) -> bool {
        self.rows(band, window)
            .all(|row| row.last() == Some(&value))
    }

    /// The sample under the first tap.
    pub(crate) fn first_sample<E: Element>(&self, band: &Band<'_, E>, window: Window) -> Option<E> {
        self.rows(band, window).next()?.first().copied()
    }
}

impl ExactSum {
    /// The sum as a rational number.
    pub(crate) fn into_rational(self, kernel: &WindowKernel) -> BigRational {
        match self {
            Self::Small(sum) => BigRational::new(sum.into(), kernel.denominator.clone()),
            Self::Large(sum) => sum,
        }
    }
}

/// The weights of a row, with zeros between them for the samples between its taps.
fn spread_row(row: &[f64], distance: usize) -> impl Iterator<Item = f64> {
    let len = (row.len() - 1) * distance + 1;
    (0..len).map(move |at| {
        if at % distance == 0 {
            row[at / distance]
        } else {
            0.0
        }
    })
}

/// The dot product of rows of samples and weights.
struct Dot<R> {
    rows: R,
}

/// Partial sums: as many as an AVX-512 vector holds.
const PARTS: usize = 8;

impl<'a, E: Element, R: Iterator<Item = (&'a [E], &'a [f64])>> Body for Dot<R> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> f64 {
        let (mut parts, mut rest) = ([0.0; PARTS], 0.0);
        for (samples, weights) in self.rows {
            let (samples, last_samples) = samples.as_chunks::<PARTS>();
            let (weights, last_weights) = weights.as_chunks::<PARTS>();
            for (samples, weights) in samples.iter().zip(weights) {
                for ((part, sample), weight) in parts.iter_mut().zip(samples).zip(weights) {
                    *part += sample.to_f64() * weight;
                }
            }
            for (sample, weight) in last_samples.iter().zip(last_weights) {
                rest += sample.to_f64() * weight;
            }
        }
        parts.iter().sum::<f64>() + rest
    }
}
