//! Sums of single windows in f64 under one column times one row: the sums of the columns of the
//! window first.

use crate::{
    kernel::Factor,
    number::Element,
    simd::{Body, Isa, Simd},
};

/// One column times one row of weights.
#[derive(Debug, Clone)]
pub(super) struct Product {
    column: Vec<f64>,
    /// The row in blocks of [`COLUMNS`] weights, or all of a shorter one, with the sample that each
    /// begins with. There are zeros between the taps, and where a block before has the weight.
    blocks: Vec<(usize, Vec<f64>)>,
}

/// Columns that are summed together.
const COLUMNS: usize = 32;

impl Product {
    /// The taps of a row are `distance` samples apart.
    pub(super) fn new(Factor { column, row }: &Factor, distance: usize) -> Self {
        let mut spread = vec![0.0; (row.len() - 1) * distance + 1];
        for (to, weight) in spread.iter_mut().step_by(distance).zip(row) {
            *to = *weight;
        }
        let width = COLUMNS.min(spread.len());
        let block = |first: usize| {
            // The last one ends where the row does.
            let start = first.min(spread.len() - width);
            let mut weights = spread[start..][..width].to_vec();
            weights[..first - start].fill(0.0);
            (start, weights)
        };
        Self {
            column: column.clone(),
            blocks: (0..spread.len()).step_by(width).map(block).collect(),
        }
    }

    /// The sum of a window of these rows.
    pub(super) fn sum<'b, E: Element>(
        &self,
        simd: Simd,
        rows: impl Iterator<Item = &'b [E]> + Clone,
    ) -> f64 {
        simd.run(Sum {
            rows,
            product: self,
        })
    }
}

/// `a * b + c`, rounded once where that is one instruction.
#[inline(always)]
fn fused<I: Isa>(a: f64, b: f64, c: f64) -> f64 {
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

struct Sum<'a, R> {
    rows: R,
    product: &'a Product,
}

impl<'b, E: Element, R: Iterator<Item = &'b [E]> + Clone> Body for Sum<'_, R> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> f64 {
        let mut parts = [0.0; COLUMNS];
        for (first, weights) in &self.product.blocks {
            match weights.first_chunk::<COLUMNS>() {
                // Vectors, since the number of weights is known.
                Some(weights) => self.add::<I>(&mut parts, *first, weights),
                None => self.add::<I>(&mut parts, *first, weights),
            }
        }
        // Halves are added, in vectors.
        let mut left = COLUMNS / 2;
        while left > 0 {
            let (low, high) = parts.split_at_mut(left);
            for (low, high) in low.iter_mut().zip(high) {
                *low += *high;
            }
            left /= 2;
        }
        parts[0]
    }
}

impl<'b, E: Element, R: Iterator<Item = &'b [E]> + Clone> Sum<'_, R> {
    /// Adds the sums of the columns from `first` on, times these weights of theirs.
    #[inline(always)]
    fn add<I: Isa>(&self, parts: &mut [f64; COLUMNS], first: usize, weights: &[f64]) {
        let mut sums = [0.0; COLUMNS];
        let sums = &mut sums[..weights.len()];
        for (samples, weight) in self.rows.clone().zip(&self.product.column) {
            let samples = &samples[first..][..weights.len()];
            for (sum, sample) in sums.iter_mut().zip(samples) {
                *sum = fused::<I>(sample.to_f64(), *weight, *sum);
            }
        }
        for ((part, sum), weight) in parts.iter_mut().zip(sums).zip(weights) {
            *part += *sum * weight;
        }
    }
}
