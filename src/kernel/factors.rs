//! Low-rank factorization: a kernel as a sum of columns times rows.

use super::{EXACT, Kernel};

/// A rank-1 term: it adds `column[i] * row[j]` to weight `[i, j]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Factor {
    pub(crate) column: Vec<f64>,
    pub(crate) row: Vec<f64>,
}

/// A kernel as a sum of rank-1 terms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Factors {
    pub(crate) terms: Vec<Factor>,
    /// The sum of the absolute differences between the weights and the sum of
    /// the terms.
    pub(crate) residual: f64,
}

impl Factors {
    /// The sum of the absolute weights of all terms: bounds how much the two
    /// passes amplify rounding errors.
    pub(crate) fn abs_sum(&self) -> f64 {
        let sum = |weights: &[f64]| weights.iter().map(|w| w.abs()).sum::<f64>();
        (self.terms.iter())
            .map(|term| sum(&term.column) * sum(&term.row))
            .sum()
    }
}

/// The terms that a generated kernel was made of, empty for other kernels. All are equal: they
/// change nothing that is computed but the time to find them again.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownTerms(pub(super) Vec<Factor>);

impl PartialEq for KnownTerms {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl KnownTerms {
    /// Those of the kernel rotated by 180 degrees.
    pub(super) fn reverse(&mut self) {
        for term in &mut self.0 {
            term.column.reverse();
            term.row.reverse();
        }
    }
}

/// The largest residual allowed, relative to the sum of the absolute weights: a
/// fiftieth of the error allowed for float weights.
const MAX_RESIDUAL: f64 = 2e-7;

impl Kernel {
    /// The kernel as at most `max_rank` terms, or `None` if it has a higher
    /// rank or no weights but zeros.
    ///
    /// Gaussian elimination with complete pivoting: each step subtracts the
    /// product of the column and row of the largest remaining weight, so the
    /// remainder of a kernel of rank r vanishes after r steps.
    pub(crate) fn factors(&self, max_rank: usize) -> Option<Factors> {
        let (rows, columns) = (self.rows(), self.columns());
        let total: f64 = self.abs_sum();
        if let Some(known) = self.known_factors(total, max_rank) {
            return Some(known);
        }
        let mut remainder = self.as_slice().to_vec();
        let mut terms = Vec::new();
        loop {
            let residual: f64 = remainder.iter().map(|w| w.abs()).sum();
            if residual <= MAX_RESIDUAL * total {
                return (!terms.is_empty()).then_some(Factors { terms, residual });
            }
            if terms.len() == max_rank {
                return None;
            }
            let pivot = (0..remainder.len())
                .max_by(|&a, &b| remainder[a].abs().total_cmp(&remainder[b].abs()))?;
            let row = remainder[pivot / columns * columns..][..columns].to_vec();
            let column: Vec<f64> = (0..rows)
                .map(|i| remainder[i * columns + pivot % columns] / remainder[pivot])
                .collect();
            for (at, weight) in remainder.iter_mut().enumerate() {
                *weight -= column[at / columns] * row[at % columns];
            }
            terms.push(Factor { column, row });
        }
    }

    /// The terms that the kernel was made of, if its weights are still those: no elimination is
    /// needed.
    fn known_factors(&self, total: f64, max_rank: usize) -> Option<Factors> {
        if let Some(factor) = self.factor() {
            let terms = vec![factor.clone()];
            let residual = 0.0;
            return (total > 0.0 && max_rank > 0).then_some(Factors { terms, residual });
        }
        let terms = self.known_terms();
        let fits =
            |term: &Factor| [term.column.len(), term.row.len()] == [self.rows(), self.columns()];
        if terms.is_empty() || terms.len() > max_rank || total == 0.0 || !terms.iter().all(fits) {
            return None;
        }
        let mut residual = 0.0;
        for (i, weights) in self.as_slice().chunks(self.columns()).enumerate() {
            for (j, weight) in weights.iter().enumerate() {
                let sum: f64 = terms.iter().map(|term| term.column[i] * term.row[j]).sum();
                residual += (weight - sum).abs();
            }
        }
        let terms = terms.to_vec();
        (residual <= f64::EPSILON * total).then_some(Factors { terms, residual })
    }

    /// The kernel as one integer column times one integer row, exactly, or
    /// `None` if there are none.
    pub(crate) fn integer_factors(&self) -> Option<Factors> {
        if !self.is_integer() || !self.is_separable() {
            return None;
        }
        let mut rows = (0..self.rows()).map(|row| self.weights_of_row(row));
        let row = rows.find(|row| row.iter().any(|&w| w != 0.0))?;
        // Every row is a rational multiple of this one, and so an integer
        // multiple of its primitive vector, whose entries have no common
        // divisor: for [4, -6] that is [2, -3].
        let divisor =
            (row.iter()).fold(0, |d, &w| greatest_common_divisor(d, w.abs() as u64)) as f64;
        let row: Vec<f64> = row.iter().map(|w| w / divisor).collect();
        let lead = row.iter().position(|&w| w != 0.0)?;
        let column = (0..self.rows()).map(|at| self.weight_at([at, lead]));
        let column: Vec<f64> = column.map(|w| w / row[lead]).collect();
        debug_assert!(column.iter().all(|c| c.fract() == 0.0 && c.abs() <= EXACT));
        Some(Factors {
            terms: vec![Factor { column, row }],
            residual: 0.0,
        })
    }
}

/// By Euclid's algorithm; 0 for two zeros.
pub(crate) fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(terms: &[Factor], rows: usize, columns: usize) -> Vec<f64> {
        let weight = |i: usize, j: usize| terms.iter().map(|t| t.column[i] * t.row[j]).sum();
        (0..rows)
            .flat_map(|i| (0..columns).map(move |j| (i, j)))
            .map(|(i, j)| weight(i, j))
            .collect()
    }

    #[test]
    fn integer_kernels_have_integer_factors() {
        let kernel = Kernel::new(3, 2, vec![0.0, 0.0, 4.0, -6.0, -10.0, 15.0]).unwrap();
        let factors = kernel.integer_factors().unwrap();
        assert_eq!(factors.terms[0].row, [2.0, -3.0]);
        assert_eq!(factors.terms[0].column, [0.0, 2.0, -5.0]);
        // The leading column of zeros is no pivot.
        let kernel = Kernel::new(2, 3, vec![0.0, 6.0, 4.0, 0.0, -9.0, -6.0]).unwrap();
        let factors = kernel.integer_factors().unwrap();
        assert_eq!(factors.terms[0].row, [0.0, 3.0, 2.0]);
        assert_eq!(factors.terms[0].column, [2.0, -3.0]);
        for weights in [vec![1.0, 2.0, 2.0, 5.0], vec![0.0; 4], vec![0.5; 4]] {
            let kernel = Kernel::new(2, 2, weights).unwrap();
            assert_eq!(kernel.integer_factors(), None);
        }
    }

    #[test]
    fn a_kernel_is_the_sum_of_as_many_terms_as_its_rank() {
        let (rows, columns) = (7, 9);
        let wave = |rank: usize, i: usize, j: usize| -> f64 {
            (0..rank)
                .map(|r| {
                    ((r + 1) as f64 * (i as f64 + 0.3)).sin() * ((r + 2) as f64 * j as f64).cos()
                })
                .sum()
        };
        for rank in 1..5 {
            let weights: Vec<f64> = (0..rows * columns)
                .map(|at| wave(rank, at / columns, at % columns))
                .collect();
            let kernel = Kernel::new(rows, columns, weights.clone()).unwrap();
            let factors = kernel.factors(6).unwrap();
            assert_eq!(factors.terms.len(), rank);
            for (a, b) in product(&factors.terms, rows, columns).iter().zip(weights) {
                assert!((a - b).abs() < 1e-9, "{a} is not {b}");
            }
            assert!(factors.abs_sum() >= kernel.abs_sum() * (1.0 - 1e-9));
            assert_eq!(kernel.factors(rank - 1), None);
        }
    }
}
