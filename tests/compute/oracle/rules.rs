//! Other rules of rounding and overflow, in exact arithmetic.

use num_bigint::BigInt;
use stridekern::{Map, Overflow, Rounding};

use super::{
    cases::{WeightKind, pick},
    exact::{Numerator, Ratio, Scale},
    response::Case,
    samples::{Kind, kind},
};
use crate::common::Random;

/// How responses become integers.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    rounding: Rounding,
    overflow: Overflow,
    /// What is added to the quotient after it is truncated.
    bias: BigInt,
    /// Half of the divisor, rounded down, over the divisor.
    half: Ratio,
}

impl Rules {
    pub(super) fn of(case: &Case) -> Self {
        let mut rules = Self {
            rounding: case.rounding,
            overflow: case.overflow,
            bias: BigInt::ZERO,
            half: Ratio::new(0, 1),
        };
        if case.rounding == Rounding::IntegerDivision {
            let [kernel] = &*case.kernels else {
                panic!("sums of one kernel are divided");
            };
            let divisor = kernel.divisor as i128;
            rules.bias = kernel.exact_bias(kind(case.image.depth())).floor();
            rules.half = Ratio::new(divisor.abs() / 2, divisor.abs());
        }
        rules
    }

    /// The sample of a response, of a type with these ends.
    pub(super) fn sample(&self, scale: &Scale, numerator: &Numerator, ends: [i128; 2]) -> i128 {
        let scale = Scale {
            mul: &scale.mul * &self.half.den,
            add: &scale.add * &self.half.den + &scale.div * &self.half.num,
            div: &scale.div * &self.half.den,
        };
        let [below, above] = [scale.floor(numerator), scale.ceiling(numerator)];
        let whole = match self.rounding {
            Rounding::NearestEven => scale.nearest(numerator),
            Rounding::SixteenBits if ends == [0, 255] => {
                let mut more = scale.clone();
                more.mul *= 514;
                more.add = &scale.add * 514 + &scale.div;
                more.div *= 514;
                more.floor(numerator)
            }
            // The floor of the response and a half.
            Rounding::NearestUp | Rounding::SixteenBits => {
                let mut more = scale.clone();
                more.mul *= 2;
                more.add = &scale.add * 2 + &scale.div;
                more.div *= 2;
                more.floor(numerator)
            }
            // Of a response above the bias both are, or equal.
            _ if below >= self.bias => below,
            _ => above,
        };
        let [low, high] = ends.map(BigInt::from);
        let sample = match self.overflow {
            Overflow::Wrap => {
                let count = &high - &low + 1;
                let rest = (whole - &low) % &count;
                low + (rest + &count) % &count
            }
            _ => whole.clamp(low, high),
        };
        i128::try_from(sample).expect("a sample")
    }
}

/// Other rules for some of the cases from integers to integers.
pub(super) fn choose(random: &mut Random, case: &mut Case, weights: WeightKind) {
    let is_integer = |depth| matches!(kind(depth), Kind::Integer { .. });
    if !is_integer(case.image.depth()) || !is_integer(case.output_depth()) || random.below(3) != 0 {
        return;
    }
    case.overflow = pick(random, &Overflow::ALL);
    case.rounding = pick(random, &Rounding::ALL);
    let is_divided = matches!(&*case.kernels, [kernel] if kernel.divisor.fract() == 0.0)
        && weights == WeightKind::Integers
        && case.map == Map::Clamp
        && case.to.is_none();
    if case.rounding == Rounding::IntegerDivision && !is_divided {
        case.rounding = Rounding::TowardZero;
    }
}
