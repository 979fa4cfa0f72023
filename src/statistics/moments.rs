//! Mean and sum of squared deviations of floats, merged in an order that depends on the image
//! alone.

/// The exponent of blocks whose squares could leave the range of `f64`: they are computed on
/// samples times two to its power.
pub(super) const FAR: i32 = 540;

/// Count, mean and sum of squared deviations from it of some finite samples, in units of two
/// to the power of `exponent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) count: u64,
    /// The mean rounded, and the rest: without it, deviations from a mean that is far larger
    /// would lose digits.
    pub(super) mean: [f64; 2],
    pub(super) squares: f64,
    pub(super) exponent: i32,
}

impl Moments {
    /// Of no samples.
    pub(super) const EMPTY: Self = Self {
        count: 0,
        mean: [0.0; 2],
        squares: 0.0,
        exponent: -FAR,
    };

    /// The moments of both, by Chan, Golub & LeVeque, "Updating Formulae and a Pairwise
    /// Algorithm for Computing Sample Variances" (1979).
    pub(super) fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let exponent = self.exponent.max(other.exponent);
        let [a, b] = [self, other].map(|moments| moments.in_units_of(exponent));
        let [of_a, of_b, of_all] = [a.count, b.count, count].map(|count| count as f64);
        let difference = (b.mean[0] - a.mean[0]) + (b.mean[1] - a.mean[1]);
        let share = of_b / of_all;
        Self {
            count,
            mean: sum(a.mean, difference * share),
            squares: a.squares + b.squares + difference * difference * of_a * share,
            exponent,
        }
    }

    fn in_units_of(self, exponent: i32) -> Self {
        let shift = self.exponent - exponent;
        Self {
            mean: self.mean.map(|part| libm::ldexp(part, shift)),
            squares: libm::ldexp(self.squares, 2 * shift),
            exponent,
            ..self
        }
    }

    /// Mean and population standard deviation, of at least one sample.
    pub(super) fn mean_and_deviation(self) -> [f64; 2] {
        let deviation = (self.squares / self.count as f64).sqrt();
        [self.mean[0], deviation].map(|value| libm::ldexp(value, self.exponent))
    }
}

/// A number in two parts plus another one.
pub(super) fn sum([upper, lower]: [f64; 2], other: f64) -> [f64; 2] {
    let [rounded, rest] = two_sum(upper, other);
    two_sum(rounded, rest + lower)
}

/// The rounded sum, and what is left of the exact one (Knuth, "The Art of Computer
/// Programming", volume 2, 4.2.2).
fn two_sum(a: f64, b: f64) -> [f64; 2] {
    let sum = a + b;
    let of_b = sum - a;
    [sum, (a - (sum - of_b)) + (b - of_b)]
}

/// Moments merged pairwise: neighbouring blocks first, then pairs of blocks, and so on, as in
/// the cited paper. The error of the result grows with the logarithm of the number of blocks.
#[derive(Debug, Default)]
pub(super) struct Pairwise {
    /// Those of the largest powers of two of blocks, as in the binary digits of their number.
    merged: Vec<Moments>,
    blocks: u64,
}

impl Pairwise {
    /// Adds the next block.
    pub(super) fn push(&mut self, block: Moments) {
        let pairs = self.blocks.trailing_ones() as usize;
        self.blocks += 1;
        let rest = self.merged.len() - pairs;
        let merged = (self.merged.drain(rest..).rev()).fold(block, |last, first| first.merge(last));
        self.merged.push(merged);
    }

    /// The moments of all blocks.
    pub(super) fn total(&self) -> Moments {
        let all = self.merged.iter().rev().copied();
        all.fold(Moments::EMPTY, |last, first| first.merge(last))
    }
}
