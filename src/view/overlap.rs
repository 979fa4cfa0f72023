//! Whether two indices of a layout address the same element.

use super::{Layout, LayoutError};

/// The number of partial solutions after which the search gives up and reports an overlap.
const MAX_SEARCH_STEPS: usize = 100_000;

impl<const N: usize> Layout<N> {
    /// Whether two indices address the same element, as in windows and repeated axes.
    ///
    /// The answer is exact for every layout made by slicing, permuting, blocks,
    /// windows or broadcasting. For other strides it
    /// is found by a search; if that takes more than 100 000 steps, the answer is `true`,
    /// which is safe.
    pub fn overlaps(&self) -> bool {
        self.overlapping_axes().is_some()
    }

    /// Checks that no two indices address the same element.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Overlap`] with the axes along which two such indices differ.
    pub fn check_disjoint(&self) -> Result<(), LayoutError> {
        match self.overlapping_axes() {
            None => Ok(()),
            Some(axes) => Err(LayoutError::Overlap {
                axes,
                strides: axes.map(|axis| self.strides()[axis]),
            }),
        }
    }

    /// The axes of an overlap. Two indices address the same element if the distances `d[a]`
    /// between them, with `|d[a]| <= shape[a] - 1` and not all zero, satisfy
    /// `sum(d[a] * strides[a]) = 0`.
    fn overlapping_axes(&self) -> Option<[usize; 2]> {
        if self.is_empty() {
            return None;
        }
        let mut axes: Vec<usize> = (0..N).filter(|&axis| self.shape()[axis] > 1).collect();
        axes.sort_by_key(|&axis| self.strides()[axis].unsigned_abs());
        if let Some(&axis) = axes.first().filter(|&&axis| self.strides()[axis] == 0) {
            return Some([axis, axis]);
        }
        let terms: Vec<Term> = (axes.iter())
            .map(|&axis| Term {
                axis,
                stride: self.strides()[axis].unsigned_abs() as i128,
                max_distance: (self.shape()[axis] - 1) as i128,
            })
            .collect();
        // If every stride is longer than all shorter ones can add up to, no such sum is
        // zero.
        let mut max_sum = 0;
        let nested = terms.iter().all(|term| {
            let apart = term.stride > max_sum;
            max_sum += term.stride * term.max_distance;
            apart
        });
        if nested {
            None
        } else {
            Search::new(&terms).run()
        }
    }
}

/// One axis, its stride made positive: the distance may be of either sign.
#[derive(Debug, Clone, Copy)]
struct Term {
    axis: usize,
    stride: i128,
    max_distance: i128,
}

/// A depth-first search from the longest stride down: the remainder of the longer ones must
/// be cancelled by the shorter ones.
struct Search<'a> {
    terms: &'a [Term],
    /// The largest sum of the terms before each.
    max_sums: Vec<i128>,
    /// The greatest common divisor of the strides before each.
    divisors: Vec<i128>,
    distances: Vec<i128>,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(terms: &'a [Term]) -> Self {
        let (mut max_sums, mut divisors) = (vec![0], vec![0]);
        for (i, term) in terms.iter().enumerate() {
            max_sums.push(max_sums[i] + term.stride * term.max_distance);
            divisors.push(gcd(divisors[i], term.stride));
        }
        Self {
            terms,
            max_sums,
            divisors,
            distances: vec![0; terms.len()],
            steps: 0,
        }
    }

    /// The axes of the two longest strides in a solution, if there is one.
    fn run(mut self) -> Option<[usize; 2]> {
        let found = self.find(self.terms.len(), 0, true);
        let axes = |i: usize| self.terms[i].axis;
        if self.steps > MAX_SEARCH_STEPS {
            let last = self.terms.len() - 1;
            return Some([axes(last), axes(last - 1)]);
        }
        let mut taking_part = (0..self.terms.len())
            .rev()
            .filter(|&i| self.distances[i] != 0);
        let first = taking_part.next().filter(|_| found)?;
        Some([axes(first), taking_part.next().map_or(axes(first), axes)])
    }

    /// Whether the first `left` terms can sum to `-rest` with distances that are not all
    /// zero.
    fn find(&mut self, left: usize, rest: i128, all_zero: bool) -> bool {
        self.steps += 1;
        if self.steps > MAX_SEARCH_STEPS {
            return true;
        }
        if left == 0 {
            return rest == 0 && !all_zero;
        }
        let (term, max_sum) = (self.terms[left - 1], self.max_sums[left - 1]);
        let divisor = self.divisors[left];
        if rest % divisor != 0 {
            return false;
        }
        // |rest + d * stride| must not exceed the largest sum of the other terms.
        let low = (-max_sum - rest).div_euclid(term.stride)
            + i128::from((-max_sum - rest).rem_euclid(term.stride) != 0);
        let high = (max_sum - rest).div_euclid(term.stride);
        // Solutions come in pairs of opposite sign: the first distance that is
        // not zero may be taken as positive.
        let low = low.max(if all_zero { 0 } else { -term.max_distance });
        for distance in low..=high.min(term.max_distance) {
            self.distances[left - 1] = distance;
            if self.find(
                left - 1,
                rest + distance * term.stride,
                all_zero && distance == 0,
            ) {
                return true;
            }
        }
        self.distances[left - 1] = 0;
        false
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_that_meet_are_named() {
        let image = Layout::c_order([4, 6], 24).unwrap();
        assert!(!image.overlaps());
        assert!(!image.transpose().flip(0).unwrap().overlaps());
        let windows = image.windows([2, 2]).unwrap();
        assert!(windows.overlaps());
        assert_eq!(
            windows.check_disjoint().unwrap_err().to_string(),
            "indices along axes 3 and 1 (strides 1 and 1) reach the same element, so the view cannot be written through; make a copy with to_vec"
        );
        let blocks = image.blocks([0, 1], [2, 3]).unwrap();
        assert!(!blocks.overlaps());
        let rows = image.repeated(0, 5).unwrap();
        assert_eq!(rows.overlapping_axes(), Some([0, 0]));
        assert!(
            !Layout::<3>::new([5, 0, 4], [0, 0, 0], 0, 1)
                .unwrap()
                .overlaps()
        );
    }
}
