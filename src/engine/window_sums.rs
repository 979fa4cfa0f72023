//! Sums of single windows: in f64, and exactly.

use std::{ops::Range, sync::OnceLock};

use num_bigint::BigInt;
use num_rational::BigRational;

use super::{Band, ExactLimbs, PlacedKernel, product_sums::Product};
use crate::{
    kernel::{Factor, Kernel},
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
    weights: Weights,
    /// Samples from one of `weights` to the next in its row.
    weight_distance: usize,
    /// The column and the row that the weights are the products of, if they are.
    product: Option<Product>,
    /// Rows with weights that are not 0, and which of its weights lie between the first and the
    /// last of them.
    filled: Vec<(usize, Range<usize>)>,
    /// The taps that are not 0, if they are few in each row: a loop over few takes as long to begin
    /// and to end.
    taps: Option<Vec<Tap>>,
    /// The weights as they are written, times `denominator`.
    numerators: Numerators,
    /// A power of two.
    denominator: BigInt,
}

/// Rows of weights for consecutive samples: where taps are near each other, with zeros
/// between them.
#[derive(Debug)]
enum Weights {
    /// Row by row.
    Dense(Vec<f64>),
    /// Each weight of a row times that of the column, rounded, which is made when it is needed.
    Product { column: Vec<f64>, row: Vec<f64> },
}

impl Weights {
    /// Some columns of one of so many rows.
    fn row(&self, [rows, at]: [usize; 2], columns: Range<usize>) -> Row<'_> {
        match self {
            Self::Dense(weights) => Row {
                weights: &weights[at * (weights.len() / rows)..][columns],
                times: 1.0,
            },
            Self::Product { column, row } => Row {
                weights: &row[columns],
                times: column[at],
            },
        }
    }
}

/// A tap of a window.
#[derive(Debug, Clone, Copy)]
struct Tap {
    /// The row of the band, from the first of the window on.
    row: usize,
    /// The sample of that row, from the first of the window on.
    sample: usize,
    weight: f64,
}

/// Rows have few taps if they have fewer than this, on average.
const FEW_TAPS: usize = 8;

/// Weights times a number.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    weights: &'a [f64],
    times: f64,
}

/// Weights as integers.
#[derive(Debug)]
enum Numerators {
    /// Sums stay in `i128`.
    Small(Vec<i128>),
    /// Made when they are first needed, which they seldom are.
    Large {
        written: Kernel,
        numerators: OnceLock<Vec<BigInt>>,
    },
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
    /// they are `written`; `factor` is the column and the row that the weights of `kernel` are the
    /// products of, if they are. A pixel of the band has `channels` samples.
    pub(crate) fn new(
        kernel: PlacedKernel<'_>,
        written: &Kernel,
        factor: Option<&Factor>,
        channels: usize,
    ) -> Self {
        let lowest_bits = written.each_weight().filter_map(lowest_bit);
        let shift = lowest_bits.min().unwrap_or(0).min(0).unsigned_abs();
        let denominator = BigInt::from(1) << shift;
        let abs_sum: f64 = written.each_weight().map(f64::abs).sum();
        let bits = match abs_sum > 0.0 {
            true => abs_sum.log2() + f64::from(shift),
            false => 0.0,
        };
        let numerators = match bits < (SMALL_BITS - SAMPLE_BITS) as f64 {
            true => {
                let factor = 2_f64.powi(shift as i32);
                Numerators::Small(
                    written
                        .each_weight()
                        .map(|w| (w * factor) as i128)
                        .collect(),
                )
            }
            false => Numerators::Large {
                written: written.clone(),
                numerators: OnceLock::new(),
            },
        };
        Self {
            numerators,
            denominator,
            ..Self::of_weights(kernel, factor, channels)
        }
    }

    /// A kernel without exact sums.
    pub(super) fn in_f64(kernel: PlacedKernel<'_>, channels: usize) -> Self {
        Self::of_weights(kernel, None, channels)
    }

    fn of_weights(kernel: PlacedKernel<'_>, factor: Option<&Factor>, channels: usize) -> Self {
        let tap_distance = kernel.dilation[1] * channels;
        let spread = tap_distance <= MAX_SPREAD;
        let spread_row = |row| spread_row(row, if spread { tap_distance } else { 1 });
        let (weights, filled) = match factor {
            Some(Factor { column, row }) => {
                let row = Vec::from_iter(spread_row(row));
                let columns = filled_columns(&row);
                let rows = column.iter().enumerate();
                let rows = rows.filter(|(_, weight)| **weight != 0.0);
                let filled = rows.filter_map(|(at, _)| Some((at, columns.clone()?)));
                let filled = filled.collect();
                let column = column.clone();
                (Weights::Product { column, row }, filled)
            }
            None => {
                let rows = kernel.weights.chunks_exact(kernel.shape[1]);
                let weights: Vec<f64> = rows.flat_map(spread_row).collect();
                let filled = filled_rows(&weights, weights.len() / kernel.shape[0]);
                (Weights::Dense(weights), filled)
            }
        };
        let weight_distance = if spread { 1 } else { tap_distance };
        let count: usize = filled.iter().map(|(_, columns)| columns.len()).sum();
        let taps = match &weights {
            Weights::Dense(weights) if count < FEW_TAPS * filled.len() => {
                let width = weights.len() / kernel.shape[0];
                let of_row = |(row, columns): &(usize, Range<usize>)| {
                    let row = *row;
                    columns.clone().map(move |column| Tap {
                        row: row * kernel.dilation[0],
                        sample: column * weight_distance,
                        weight: weights[row * width + column],
                    })
                };
                let taps = filled.iter().flat_map(of_row);
                Some(taps.filter(|tap| tap.weight != 0.0).collect())
            }
            _ => None,
        };
        Self {
            shape: kernel.shape,
            row_distance: kernel.dilation[0],
            tap_distance,
            origin: kernel.origin,
            filled,
            taps,
            weights,
            weight_distance,
            product: factor.map(|factor| Product::new(factor, tap_distance)),
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
            Numerators::Large { .. } => None,
        }
    }

    /// The number of products that are added to a sum, one after the other.
    pub(crate) fn summands(&self) -> usize {
        match self.product {
            Some(_) => self.shape[0] + self.shape[1],
            None => self.filled.iter().map(|(_, columns)| columns.len()).sum(),
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

    /// The samples of a window that are finite, and the weights, of rows of taps: from the first to
    /// the last weight that is not 0.
    fn filled<'b, E>(
        &'b self,
        band: &'b Band<'_, E>,
        window: Window,
    ) -> impl Iterator<Item = (&'b [E], Row<'b>)> {
        let top = window.y * band.step[0] + self.origin[0];
        let left = window.x * band.step[1] + self.origin[1];
        let first = left * band.channels() + window.channel;
        self.filled.iter().map(move |(row, columns)| {
            let samples = &band.rows[top + row * self.row_distance][first..];
            let last = (columns.end - 1) * self.weight_distance;
            let samples = &samples[columns.start * self.weight_distance..=last];
            let row = self.weights.row([self.shape[0], *row], columns.clone());
            (samples, row)
        })
    }

    /// The sum of a window of finite samples in f64.
    pub(crate) fn sum<E: Element>(&self, simd: Simd, band: &Band<'_, E>, window: Window) -> f64 {
        if let Some(product) = &self.product {
            return product.sum(simd, self.rows(band, window));
        }
        if let Some(taps) = &self.taps {
            return self.sum_of_taps(taps, band, window);
        }
        // Not of a product.
        let rows = (self.filled(band, window)).map(|(samples, row)| (samples, row.weights));
        if self.weight_distance == 1 {
            return simd.run(Dot { rows });
        }
        let mut sum = 0.0;
        for (row, weights) in rows {
            for (sample, weight) in row.iter().step_by(self.weight_distance).zip(weights) {
                sum += sample.to_f64() * weight;
            }
        }
        sum
    }

    /// The same, tap by tap.
    fn sum_of_taps<E: Element>(&self, taps: &[Tap], band: &Band<'_, E>, window: Window) -> f64 {
        let rows = &band.rows[window.y * band.step[0] + self.origin[0]..];
        let left = window.x * band.step[1] + self.origin[1];
        let first = left * band.channels() + window.channel;
        let product = |tap: &Tap| rows[tap.row][first + tap.sample].to_f64() * tap.weight;
        let (fours, rest) = taps.as_chunks::<4>();
        let mut sums = [0.0; 4];
        for four in fours {
            for (sum, tap) in sums.iter_mut().zip(four) {
                *sum += product(tap);
            }
        }
        for (sum, tap) in sums.iter_mut().zip(rest) {
            *sum += product(tap);
        }
        sums.iter().sum()
    }

    /// The sum of a window of finite samples in f64, as if it was summed with twice the digits and
    /// then rounded.
    ///
    /// After Ogita, Rump, Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005),
    /// algorithm 5.3: the error of n products is at most `u |sum| + (n u)^2` of the sum of the
    /// absolute products, for n u below a thousandth.
    pub(crate) fn compensated_sum<E: Element>(
        &self,
        simd: Simd,
        band: &Band<'_, E>,
        window: Window,
    ) -> f64 {
        simd.run(CompensatedDot {
            rows: self.filled(band, window),
            distance: self.weight_distance,
        })
    }

    /// The exact sum of a window of integers.
    pub(crate) fn exact_sum<E: Element>(&self, band: &Band<'_, E>, window: Window) -> ExactSum {
        let taps = (self.samples(band, window)).map(|sample| sample.to_f64() as i64);
        match &self.numerators {
            Numerators::Small(weights) => {
                let products = taps.zip(weights).map(|(sample, w)| i128::from(sample) * w);
                ExactSum::Small(products.sum())
            }
            Numerators::Large {
                written,
                numerators,
            } => {
                let numerator = |w: f64| {
                    let weight = rational(w);
                    weight.numer() * (&self.denominator / weight.denom())
                };
                let make = || written.each_weight().map(numerator).collect();
                let weights = numerators.get_or_init(make);
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

/// The rows of `width` weights that are not all 0, and what of each lies between zeros.
fn filled_rows(weights: &[f64], width: usize) -> Vec<(usize, Range<usize>)> {
    let rows = weights.chunks_exact(width).enumerate();
    rows.filter_map(|(at, row)| Some((at, filled_columns(row)?)))
        .collect()
}

/// What of a row lies between zeros, if not all are.
fn filled_columns(row: &[f64]) -> Option<Range<usize>> {
    let first = row.iter().position(|&weight| weight != 0.0)?;
    let last = row.iter().rposition(|&weight| weight != 0.0)?;
    Some(first..last + 1)
}

/// The dot product of rows of samples and weights.
struct Dot<R> {
    rows: R,
}

/// The same with the rounding errors of all operations added at the end.
struct CompensatedDot<R> {
    rows: R,
    /// Samples from one weight to the next.
    distance: usize,
}

impl<'a, E: Element, R: Iterator<Item = (&'a [E], Row<'a>)>> Body for CompensatedDot<R> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> f64 {
        let [mut sums, mut errors] = [[0.0; PARTS]; 2];
        for (samples, Row { weights, times }) in self.rows {
            if self.distance == 1 {
                let (samples, last_samples) = samples.as_chunks::<PARTS>();
                let (weights, last_weights) = weights.as_chunks::<PARTS>();
                for (samples, weights) in samples.iter().zip(weights) {
                    for part in 0..PARTS {
                        let product = (samples[part].to_f64(), weights[part] * times);
                        add_product::<I>(&mut sums[part], &mut errors[part], product);
                    }
                }
                for (part, (sample, &weight)) in last_samples.iter().zip(last_weights).enumerate() {
                    let product = (sample.to_f64(), weight * times);
                    add_product::<I>(&mut sums[part], &mut errors[part], product);
                }
            } else {
                let samples = samples.iter().step_by(self.distance);
                for (sample, &weight) in samples.zip(weights) {
                    let product = (sample.to_f64(), weight * times);
                    add_product::<I>(&mut sums[0], &mut errors[0], product);
                }
            }
        }
        let (mut sum, mut error) = (0.0, 0.0);
        for part in 0..PARTS {
            let lost;
            (sum, lost) = exact_sum(sum, sums[part]);
            error += lost + errors[part];
        }
        sum + error
    }
}

/// Adds `a * b` to a sum, and what both roundings lose to its error.
#[inline(always)]
fn add_product<I: Isa>(sum: &mut f64, error: &mut f64, (a, b): (f64, f64)) {
    let product = a * b;
    let of_product = match I::FMA {
        true => a.mul_add(b, -product),
        false => libm::fma(a, b, -product),
    };
    let of_sum;
    (*sum, of_sum) = exact_sum(*sum, product);
    *error += of_product + of_sum;
}

/// `a + b` rounded, and what the rounding lost (Knuth).
#[inline(always)]
fn exact_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// The exponent of the lowest bit of a number, if it has any.
fn lowest_bit(number: f64) -> Option<i32> {
    let bits = number.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    (mantissa != 0).then(|| exponent + mantissa.trailing_zeros() as i32)
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

#[cfg(test)]
mod tests;
