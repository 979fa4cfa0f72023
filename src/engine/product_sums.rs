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
    /// One weight for every sample, with zeros between the taps.
    row: Vec<f64>,
    /// The last weights of the row, or all, for the last samples: those that whole blocks before
    /// have are zeros.
    last: Vec<f64>,
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
        let in_blocks = spread.len() / COLUMNS * COLUMNS;
        let mut last = spread[spread.len().saturating_sub(COLUMNS)..].to_vec();
        let counted = last.len() - (spread.len() - in_blocks);
        last[..counted].fill(0.0);
        Self {
            column: column.clone(),
            row: spread,
            last,
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
        let Product { column, row, last } = self.product;
        let mut parts = [0.0; COLUMNS];
        let (blocks, rest) = row.as_chunks::<COLUMNS>();
        let last_block = (!rest.is_empty()).then(|| last.first_chunk()).flatten();
        let starts = (0..).step_by(COLUMNS).zip(blocks);
        let starts = starts.chain(last_block.map(|last| (row.len() - COLUMNS, last)));
        for (first, weights) in starts {
            let mut sums = [0.0; COLUMNS];
            for (samples, weight) in self.rows.clone().zip(column) {
                let samples = &samples[first..][..COLUMNS];
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum = fused::<I>(sample.to_f64(), *weight, *sum);
                }
            }
            for ((part, sum), weight) in parts.iter_mut().zip(sums).zip(weights) {
                *part += sum * weight;
            }
        }
        if !rest.is_empty() && last_block.is_none() {
            let mut sums = [0.0; COLUMNS];
            for (samples, weight) in self.rows.zip(column) {
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum = fused::<I>(sample.to_f64(), *weight, *sum);
                }
            }
            for ((part, sum), weight) in parts.iter_mut().zip(sums).zip(rest) {
                *part += sum * weight;
            }
        }
        parts.iter().sum()
    }
}
