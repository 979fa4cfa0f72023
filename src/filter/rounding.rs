//! How responses become integers: where they lie between two, and where they are beyond their
//! type.

use std::fmt;

use crate::depth::Depth;

/// How a mapped response between two integers becomes one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Rounding {
    /// The nearest; of two that are equally near the even one: 0.5 is 0, and 1.5 is 2.
    #[default]
    NearestEven,
    /// The nearest; of two that are equally near the larger one: 0.5 is 1, and -0.5 is 0.
    NearestUp,
    /// The one towards zero, as C converts floats: 1.9 is 1, and -1.9 is -1.
    TowardZero,
    /// The one that the division of C's integers gives, to whose dividend half of the divisor
    /// was added: of a sum s and an integer divisor d `(s + d / 2) / d`, both quotients rounded
    /// toward zero, and then the bias is added. So 3 / 2 is 2, but -2 / 2 is 0.
    IntegerDivision,
    /// By way of 16 bits, where the result has 8: the nearest multiple of 1/257, of two the larger one,
    /// and of that the integer below, so that 0.9 is 0 and 0.999 is 1. Others as
    /// [`NearestUp`](Self::NearestUp).
    SixteenBits,
}

impl Rounding {
    /// Every rule.
    pub const ALL: [Self; 5] = [
        Self::NearestEven,
        Self::NearestUp,
        Self::TowardZero,
        Self::IntegerDivision,
        Self::SixteenBits,
    ];

    /// `nearest-even`, `nearest-up`, `toward-zero`, `integer-division` or `sixteen-bits`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NearestEven => "nearest-even",
            Self::NearestUp => "nearest-up",
            Self::TowardZero => "toward-zero",
            Self::IntegerDivision => "integer-division",
            Self::SixteenBits => "sixteen-bits",
        }
    }

    /// What it is for results of this type.
    pub(crate) const fn of_depth(self, depth: Depth) -> Self {
        match (self, depth) {
            (Self::SixteenBits, Depth::U8) => Self::SixteenBits,
            (Self::SixteenBits, _) => Self::NearestUp,
            (rounding, _) => rounding,
        }
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NearestEven => "rounded to the nearest integer, ties to even",
            Self::NearestUp => "rounded to the nearest integer, ties up",
            Self::TowardZero => "truncated toward zero",
            Self::SixteenBits => "rounded to 16 bits, and these down to 8",
            Self::IntegerDivision => {
                "divided as integers: half of the divisor is added, and the quotient truncated toward zero"
            }
        })
    }
}

/// What a rounded response beyond the type of the result becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The end of the type: 256 is 255 in 8 bits, and -1 is 0.
    #[default]
    Saturate,
    /// What its lowest bits are: 256 is 0 in 8 bits, and -1 is 255.
    Wrap,
}

impl Overflow {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Saturate, Self::Wrap];

    /// `saturate` or `wrap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Saturate => "saturate",
            Self::Wrap => "wrap",
        }
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Saturate => "saturated",
            Self::Wrap => "wrapped around",
        })
    }
}

/// Half of 1/257: by this less than an integer rounds to it by way of 16 bits.
const SIXTEENTH: f64 = 1.0 / 514.0;

/// How responses become integers, with all that follows from kernel and types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rule {
    pub(crate) rounding: Rounding,
    pub(crate) overflow: Overflow,
    /// What [`Rounding::TowardZero`] and [`Rounding::IntegerDivision`] truncate toward: 0, or
    /// the bias, which is added to the quotient. An integer.
    pub(crate) center: f64,
    /// What is added to responses before they are rounded: a quotient of two integers.
    pub(crate) added: [f64; 2],
    /// A bound of how far the sums of another program are from exact ones, in samples, where
    /// theirs decide.
    pub(crate) error: f64,
}

impl Rule {
    /// The integer of a value.
    #[inline(always)]
    pub(crate) fn round(self, value: f64) -> f64 {
        match self.rounding {
            Rounding::NearestEven => value.round_ties_even(),
            Rounding::NearestUp => {
                // Not floor(x + 0.5): that sum may round up.
                let below = value.floor();
                below + f64::from(u8::from(value - below >= 0.5))
            }
            Rounding::SixteenBits => (value + SIXTEENTH).floor(),
            Rounding::TowardZero | Rounding::IntegerDivision => match value >= self.center {
                true => value.floor(),
                false => value.ceil(),
            },
        }
    }

    /// What is added to values of which the integer below is taken, if that is so: a quotient.
    pub(crate) const fn shift(self) -> Option<[f64; 2]> {
        match self.rounding {
            Rounding::SixteenBits => Some([1.0, 514.0]),
            _ => None,
        }
    }

    /// The responses that are beyond the ends of an integer type: those below the first, and
    /// from the second on.
    pub(crate) fn limits(self, [low, high]: [f64; 2]) -> [f64; 2] {
        match self.rounding {
            Rounding::NearestEven | Rounding::NearestUp => [low - 0.5, high + 0.5],
            Rounding::SixteenBits => [low - SIXTEENTH, high + 1.0 - SIXTEENTH],
            Rounding::TowardZero | Rounding::IntegerDivision => [
                match self.center < low {
                    true => low,
                    false => (low - 1.0).next_up(),
                },
                match self.center > high {
                    true => high.next_up(),
                    false => high + 1.0,
                },
            ],
        }
    }

    /// An integer beyond the type, as one of it.
    pub(crate) fn fit(self, integer: i128, [low, high]: [i128; 2]) -> i128 {
        match self.overflow {
            Overflow::Saturate => integer.clamp(low, high),
            Overflow::Wrap => low + (integer - low).rem_euclid(high - low + 1),
        }
    }

    /// An integer in f64, as one of this type: what is not a number is 0.
    #[inline(always)]
    pub(crate) fn fit_f64(self, integer: f64, depth: Depth) -> i128 {
        // Up to here it is a conversion of one instruction.
        const SMALL: f64 = (1_u64 << 62) as f64;
        let ends = depth.ends();
        if self.overflow == Overflow::Saturate {
            return (integer as i128).clamp(ends[0], ends[1]);
        }
        let whole = match integer.abs() < SMALL {
            true => i128::from(integer as i64),
            // No type has more than 64 bits.
            false => (integer % (1_u128 << 64) as f64) as i128,
        };
        self.fit(whole, ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(rounding: Rounding, center: f64) -> Rule {
        Rule {
            rounding,
            overflow: Overflow::Wrap,
            center,
            added: [0.0, 1.0],
            error: 0.0,
        }
    }

    #[test]
    fn values_between_two_integers_become_one_of_them() {
        let values = [-2.5, -1.5, -1.2, -1.0, -0.5, 0.5, 1.0, 1.5, 1.9, 2.5];
        let rounded = |rounding, center| values.map(|v| rule(rounding, center).round(v) as i32);
        assert_eq!(
            rounded(Rounding::NearestEven, 0.0),
            [-2, -2, -1, -1, 0, 0, 1, 2, 2, 2]
        );
        assert_eq!(
            rounded(Rounding::NearestUp, 0.0),
            [-2, -1, -1, -1, 0, 1, 1, 2, 2, 3]
        );
        assert_eq!(
            rounded(Rounding::TowardZero, 0.0),
            [-2, -1, -1, -1, 0, 0, 1, 1, 1, 2]
        );
        assert_eq!(
            rounded(Rounding::SixteenBits, 0.0),
            [-3, -2, -2, -1, -1, 0, 1, 1, 1, 2]
        );
        let sixteen = rule(Rounding::SixteenBits, 0.0);
        assert_eq!(
            [0.998, 0.9981, 254.9].map(|v| sixteen.round(v)),
            [0.0, 1.0, 254.0]
        );
        // Toward 1.
        assert_eq!(
            rounded(Rounding::IntegerDivision, 1.0),
            [-2, -1, -1, -1, 0, 1, 1, 1, 1, 2]
        );
    }

    #[test]
    fn limits_are_the_first_values_beyond_a_type() {
        for rounding in Rounding::ALL {
            if rounding == Rounding::SixteenBits {
                continue;
            }
            for center in [-3.0, 0.0, 100.0, 300.0] {
                let rule = rule(rounding, center);
                let [least, limit] = rule.limits([0.0, 255.0]);
                assert!(rule.round(least) >= 0.0 && rule.round(least.next_down()) < 0.0);
                assert!(rule.round(limit) > 255.0 && rule.round(limit.next_down()) <= 255.0);
            }
        }
    }

    #[test]
    fn integers_wrap_around_as_casts_do() {
        let rule = rule(Rounding::TowardZero, 0.0);
        for value in [
            -1e9, -300.0, -129.0, -1.0, 0.0, 127.0, 128.0, 255.0, 256.0, 70000.0, 1e15,
        ] {
            let whole = value as i64;
            assert_eq!(rule.fit_f64(value, Depth::U8), i128::from(whole as u8));
            assert_eq!(rule.fit_f64(value, Depth::I8), i128::from(whole as i8));
            assert_eq!(rule.fit_f64(value, Depth::U16), i128::from(whole as u16));
            assert_eq!(rule.fit_f64(value, Depth::I32), i128::from(whole as i32));
            assert_eq!(rule.fit_f64(value, Depth::I64), i128::from(whole));
        }
        assert_eq!(
            rule.fit_f64(2_f64.powi(65) + 2_f64.powi(60), Depth::U64),
            1 << 60
        );
        assert_eq!(rule.fit_f64(f64::NAN, Depth::U8), 0);
    }
}
