//! The exact finish of a single kernel in integers of 128 bits.

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::BigRational;

use crate::filter::{Rounding, Rule};

/// The bits of the constants of a [`SmallFinish`]: sums that they leave no room for are
/// finished in rational numbers.
const MAX_SMALL_BITS: u64 = 126;

/// The finish of an integer sum s: the sample is `(|s * a + b| + c) / d` halves, where the
/// absolute value is taken if the map does.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallFinish {
    pub(super) factor: i128,
    pub(super) bias: i128,
    pub(super) add: i128,
    pub(super) divisor: i128,
    /// The exponent of the divisor, if that is a power of two: division by it is a shift.
    pub(super) shift: Option<u32>,
    pub(super) abs: bool,
    pub(super) range: [i128; 2],
    /// How responses become integers, if not to nearest.
    pub(super) rule: Option<Rule>,
}

impl SmallFinish {
    /// The finish that takes the sum times the first of `terms`, in halves of samples, and adds the
    /// others: bias, and what is added after the map. `None` if 128 bits do not hold them.
    pub(super) fn new(
        terms: &[BigRational; 3],
        abs: bool,
        range: &[BigInt; 2],
        rule: Option<Rule>,
    ) -> Option<Self> {
        let common = (terms.iter()).fold(BigInt::from(1), |lcm, t| lcm.lcm(t.denom()));
        let mut integers = terms.iter().map(|t| {
            let integer = t.numer() * (&common / t.denom());
            (integer.bits() <= MAX_SMALL_BITS).then(|| i128::try_from(integer).ok())?
        });
        let divisor = i128::try_from(&common).ok()?;
        let exponent = divisor.trailing_zeros();
        Some(Self {
            factor: integers.next()??,
            bias: integers.next()??,
            add: integers.next()??,
            divisor,
            shift: (divisor == 1 << exponent).then_some(exponent),
            abs,
            range: {
                let [low, high] = range.each_ref().map(i128::try_from);
                [low.ok()?, high.ok()?]
            },
            rule,
        })
    }

    /// The sample of a sum `over` a positive number, or `None` if 128 bits do not hold it.
    pub(super) fn sample(&self, sum: i128, over: i128) -> Option<i128> {
        let [bias, add, divisor] = match over {
            1 => [self.bias, self.add, self.divisor],
            _ => [
                self.bias.checked_mul(over)?,
                self.add.checked_mul(over)?,
                self.divisor.checked_mul(over)?,
            ],
        };
        let response = sum.checked_mul(self.factor)?.checked_add(bias)?;
        let response = if self.abs {
            response.checked_abs()?
        } else {
            response
        };
        let halves = response.checked_add(add)?;
        let (whole, rest) = match self.shift {
            Some(shift) if over == 1 => (halves >> shift, halves & (divisor - 1)),
            _ => (halves.div_euclid(divisor), halves.rem_euclid(divisor)),
        };
        if let Some(rule) = self.rule {
            return Some(rule.fit(whole_of(rule, whole, rest == 0), self.range));
        }
        let half_up = whole & 1 == 1 && (rest != 0 || (whole >> 1) & 1 == 1);
        let sample = (whole >> 1) + i128::from(half_up);
        Some(sample.clamp(self.range[0], self.range[1]))
    }
}

/// A number of halves, rounded down to a whole one, as an integer by this rule. If `is_exact`, it
/// was not rounded down.
pub(super) fn whole_of(rule: Rule, halves: i128, is_exact: bool) -> i128 {
    let below = halves >> 1;
    match rule.rounding {
        Rounding::NearestEven => {
            let up = halves & 1 == 1 && (!is_exact || below & 1 == 1);
            below + i128::from(up)
        }
        Rounding::NearestUp => (halves + 1) >> 1,
        // They are shifted.
        Rounding::SixteenBits => below,
        Rounding::TowardZero | Rounding::IntegerDivision => {
            let is_integer = is_exact && halves & 1 == 0;
            let up = halves < 2 * rule.center as i128 && !is_integer;
            below + i128::from(up)
        }
    }
}
