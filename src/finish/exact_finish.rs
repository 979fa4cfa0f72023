//! The finish in rational numbers, for samples that no rounded sum decides.

use num_bigint::{BigInt, Sign};
use num_integer::Integer as _;
use num_rational::BigRational;

use super::{
    Finish,
    finish::write_integers,
    limb_finish::{LimbFinish, LimbShape},
    scale::FinalScale,
    small_finish::{SmallFinish, whole_of},
};
use crate::{
    combine::Combine,
    filter::{Overflow, Rule},
    image::{Depth, SampleSliceMut},
    kernel::Kernel,
    map::Map,
    number::{ROOT_BITS, decimal, fixed_root, rational, root},
    simd::Simd,
};

/// The finish in rational numbers.
#[derive(Debug, Clone)]
pub(crate) struct ExactFinish {
    /// The divisor of every kernel.
    divisors: Vec<BigRational>,
    /// The bias of every kernel, in samples.
    biases: Vec<BigRational>,
    combine: Option<Combine>,
    /// What combined responses are multiplied by; of magnitudes, their squares.
    combine_scale: BigRational,
    abs: bool,
    /// Added to the mapped response.
    add: BigRational,
    /// The ratio of the full scales of result and image.
    rescale: BigRational,
    /// The smallest and the largest sample.
    range: [BigInt; 2],
    /// How responses become integers, if not to nearest.
    rule: Option<Rule>,
    /// The same of one kernel in `i128`, if that holds all of it.
    small: Option<SmallFinish>,
    /// The shape of sums in limbs, where the only kernel has these.
    shape: Option<LimbShape>,
    /// The same of rows of sums in limbs.
    of_limbs: Option<LimbFinish>,
    /// What the sums of the first kernel are over.
    denominator: BigInt,
    /// The map, where it depends on extrema.
    map: Option<Map>,
    /// The finish of magnitudes for known extrema.
    roots: Option<RootFinish>,
}

impl ExactFinish {
    /// The exact finish of `kernels`, whose decimals are integers over a larger divisor. The
    /// sums of the first are over `denominator`.
    pub(crate) fn new(finish: &Finish, kernels: &[Kernel], denominator: &BigInt) -> Self {
        let FinalScale { add, mul, div } = FinalScale::new(
            finish.map,
            1.0,
            [finish.from, finish.to],
            finish.is_scaled(),
        );
        let [above, below] = finish.combine_scale.terms().map(BigInt::from);
        let ratio = BigRational::new(above, below);
        let is_magnitude = finish.combine == Some(Combine::Magnitude);
        let added = finish.rule.map_or([0.0, 1.0], |rule| rule.added);
        let added = rational(added[0]) / rational(added[1]);
        let mut exact = Self {
            divisors: kernels.iter().map(|k| rational(k.divisor())).collect(),
            biases: (kernels.iter())
                .map(|k| bias_in_samples(k, finish.from) + &added)
                .collect(),
            combine: finish.combine,
            // A root is a factor of magnitudes only.
            combine_scale: match is_magnitude && !finish.combine_scale.is_root() {
                true => &ratio * &ratio,
                false => ratio,
            },
            abs: finish.map == Map::Abs,
            add: rational(add),
            rescale: rational(mul) / rational(div),
            range: finish.to.ends().map(BigInt::from),
            rule: finish.rule,
            small: None,
            shape: None,
            of_limbs: None,
            denominator: denominator.clone(),
            map: finish.needs_range().then_some(finish.map),
            roots: None,
        };
        exact.shift();
        exact.find_small();
        exact
    }

    /// Adds what the rule adds to values.
    fn shift(&mut self) {
        let shift = self.rule.and_then(Rule::shift);
        if let Some([shift, over]) =
            shift.filter(|_| self.rescale != BigRational::from(BigInt::ZERO))
        {
            self.add += rational(shift) / rational(over) / &self.rescale;
        }
    }

    /// A copy for an image with these extrema: see [`Extrema::Exact`](super::Extrema::Exact).
    pub(crate) fn with_extrema(&self, ends: &[BigRational; 2]) -> Self {
        let mut exact = self.clone();
        let [low, high] = match self.combine {
            Some(Combine::Magnitude) => ends.each_ref().map(root),
            _ => ends.clone(),
        };
        let [lowest, highest] = self
            .range
            .each_ref()
            .map(|end| BigRational::from(end.clone()));
        let zero = BigRational::from(BigInt::ZERO);
        let largest = absolute(low.clone()).max(absolute(high.clone()));
        // A sample is (response + add) * rescale.
        [exact.add, exact.rescale] = match self.map {
            Some(Map::Stretch) if high > low => {
                let rescale = (&highest - &lowest) / (&high - &low);
                [lowest / &rescale - low, rescale]
            }
            Some(Map::Symmetric) if lowest < zero && largest > zero => [zero, highest / largest],
            Some(Map::Symmetric) if largest > zero => {
                let rescale = highest / (&largest * rational(2.0));
                [largest, rescale]
            }
            Some(Map::Symmetric) if lowest >= zero => [rational(1.0), highest / rational(2.0)],
            _ => [zero.clone(), zero],
        };
        exact.shift();
        exact.find_small();
        let is_magnitude = self.combine == Some(Combine::Magnitude);
        exact.roots = is_magnitude.then(|| RootFinish::new(&exact.add, &exact.rescale));
        exact
    }

    /// The same for rows of sums in limbs, if they are.
    pub(crate) fn with_limbs(mut self, shape: Option<LimbShape>) -> Self {
        self.shape = shape;
        self.find_small();
        self
    }

    /// Finds the faster finishes of these constants.
    fn find_small(&mut self) {
        self.small = self.small();
        let small = self.small.as_ref().zip(self.shape);
        let small = small.filter(|_| self.rule.is_none());
        self.of_limbs = small.and_then(|(small, shape)| LimbFinish::new(small, shape));
    }

    fn small(&self) -> Option<SmallFinish> {
        let ([divisor], [bias]) = (&*self.divisors, &*self.biases) else {
            return None;
        };
        if self.combine == Some(Combine::Magnitude) {
            return None;
        }
        // Halves: 2 (|s / (denominator divisor) + bias| + add) rescale.
        let halves = &self.rescale * rational(2.0);
        let factor = &halves / divisor / BigRational::from_integer(self.denominator.clone());
        let terms = [factor, bias * &halves, &self.add * &halves];
        SmallFinish::new(&terms, self.abs, &self.range, self.rule)
    }

    /// Whether [`finish_limbs`](Self::finish_limbs) gives samples.
    pub(crate) const fn takes_limbs(&self) -> bool {
        self.of_limbs.is_some()
    }

    /// Writes the samples of a row of sums of the only kernel, limb by limb in rows of `stride`;
    /// uses these as scratch.
    pub(crate) fn finish_limbs(
        &self,
        simd: Simd,
        sums: &mut [f64],
        stride: usize,
        out: SampleSliceMut<'_>,
    ) {
        if let Some(finish) = &self.of_limbs {
            let len = out.len();
            finish.apply(simd, sums, stride, len);
            write_integers(simd, &mut sums[..len], out);
        }
    }

    /// Whether [`sample_of_small`](Self::sample_of_small) gives samples.
    pub(crate) const fn is_small(&self) -> bool {
        self.small.is_some()
    }

    /// The sample of an integer sum of the only kernel, `over` a positive number, or `None` if
    /// `i128` does not hold it.
    pub(crate) fn sample_of_small(&self, sum: i128, over: i128) -> Option<i128> {
        self.small.as_ref()?.sample(sum, over)
    }

    /// The sample of these sums, one of every kernel: an integer.
    pub(crate) fn sample(&self, sums: impl Iterator<Item = BigRational>) -> i128 {
        let response = self.response(sums);
        if self.combine == Some(Combine::Magnitude) {
            return self.magnitude(&response);
        }
        let twice = (response + &self.add) * &self.rescale * rational(2.0);
        self.rounded(&twice)
    }

    /// The response of these sums, one of every kernel, mapped but for its scale; of a magnitude
    /// its square.
    pub(crate) fn response(&self, sums: impl Iterator<Item = BigRational>) -> BigRational {
        let terms = self.divisors.iter().zip(&self.biases);
        let responses = sums
            .zip(terms)
            .map(|(sum, (divisor, bias))| sum / divisor + bias);
        let response = match self.combine {
            None => responses.sum::<BigRational>(),
            Some(Combine::Sum | Combine::Mean) => {
                responses.sum::<BigRational>() * &self.combine_scale
            }
            Some(Combine::AbsSum) => {
                responses.map(absolute).sum::<BigRational>() * &self.combine_scale
            }
            Some(Combine::Max) => {
                responses.reduce(BigRational::max).unwrap_or_default() * &self.combine_scale
            }
            Some(Combine::AbsMax) => {
                let largest = responses.map(absolute).reduce(BigRational::max);
                largest.unwrap_or_default() * &self.combine_scale
            }
            Some(Combine::Magnitude) => {
                return responses.map(|r| &r * &r).sum::<BigRational>() * &self.combine_scale;
            }
            Some(Combine::ArgMax) => {
                let mut responses = responses.enumerate();
                let first = responses.next().unwrap_or_default();
                let (index, _) =
                    responses.fold(first, |largest, response| match response.1 > largest.1 {
                        true => response,
                        false => largest,
                    });
                BigRational::from(BigInt::from(index))
            }
            Some(Combine::Direction | Combine::DirectionDegrees | Combine::DirectionRadians) => {
                unreachable!("a direction is not rounded exactly")
            }
        };
        match self.abs {
            true => absolute(response),
            false => response,
        }
    }

    /// The sample of the root of these squares: `(root + add) * rescale`, rounded.
    fn magnitude(&self, squares: &BigRational) -> i128 {
        let twice = &self.rescale * rational(2.0);
        if let Some(roots) = &self.roots {
            return self.of_halves(roots.halves(squares));
        }
        let squares = squares * &twice * &twice;
        let add = &self.add * &twice;
        // The root rounded down plus `add` rounded down is the sum rounded down, or 1 below it.
        let mut halves = squares.floor().to_integer().sqrt() + add.floor().to_integer();
        let square_to = |halves: &BigInt| {
            let root = BigRational::from_integer(halves.clone()) - &add;
            &root * &root
        };
        let above = &halves + BigInt::from(1);
        if square_to(&above) <= squares {
            halves = above;
        }
        let is_exact = square_to(&halves) == squares;
        self.of_halves((halves, is_exact))
    }

    /// A number of halves, rounded to a sample.
    fn rounded(&self, halves: &BigRational) -> i128 {
        self.of_halves((halves.floor().to_integer(), halves.is_integer()))
    }

    /// The sample of a number of halves that was rounded down, unless it is exact.
    fn of_halves(&self, (halves, is_exact): (BigInt, bool)) -> i128 {
        let Some(rule) = self.rule else {
            let [low, high] = self.range.clone();
            let sample = nearest(halves, is_exact);
            return i128::try_from(sample.clamp(low, high)).unwrap_or_default();
        };
        // Any that are far beyond the type stand for others of the same sample.
        let bits: BigInt = BigInt::from(1) << 100;
        let halves = match rule.overflow {
            Overflow::Saturate => halves.clamp(-bits.clone(), bits),
            Overflow::Wrap if halves.bits() > 100 => {
                // The side of the center decides how it is rounded.
                let rest = halves.mod_floor(&bits);
                match halves.sign() {
                    Sign::Minus => rest - bits,
                    _ => rest + bits,
                }
            }
            Overflow::Wrap => halves,
        };
        let halves = i128::try_from(halves).unwrap_or_default();
        let ends = (self.range.each_ref()).map(|end| i128::try_from(end).unwrap_or_default());
        rule.fit(whole_of(rule, halves, is_exact), ends)
    }
}

fn absolute(number: BigRational) -> BigRational {
    match number.numer().sign() {
        Sign::Minus => -number,
        _ => number,
    }
}

/// The finish of a root: the sample is `(root + add) * factor / divisor` halves, where root and
/// `add` have 256 bits behind the point.
#[derive(Debug, Clone)]
struct RootFinish {
    add: BigInt,
    factor: BigInt,
    divisor: BigInt,
}

impl RootFinish {
    fn new(add: &BigRational, rescale: &BigRational) -> Self {
        let one = BigInt::from(1) << ROOT_BITS;
        Self {
            add: (add.numer() * &one).div_floor(add.denom()),
            factor: rescale.numer() * 2,
            divisor: rescale.denom() * one,
        }
    }

    /// The halves, rounded down, and whether they are exact.
    fn halves(&self, squares: &BigRational) -> (BigInt, bool) {
        let dividend = (fixed_root(squares) + &self.add) * &self.factor;
        let (halves, rest) = dividend.div_mod_floor(&self.divisor);
        // The constants are roots as well: what is that near to a tie is one.
        let slack = &self.divisor >> (ROOT_BITS / 2);
        if &self.divisor - &rest <= slack {
            return (halves + 1, true);
        }
        let is_exact = rest <= slack;
        (halves, is_exact)
    }
}

/// The bias of a kernel on integer samples, in samples: a whole number, halves up. Of 64 bits
/// it may have more digits than f64.
fn bias_in_samples(kernel: &Kernel, depth: Depth) -> BigRational {
    if !depth.is_64_bit_integer() {
        return rational(kernel.bias_in_samples(depth));
    }
    let [_, white] = depth.ends();
    let bias = decimal(kernel.bias()) * BigRational::from_integer(white.into());
    (bias + decimal(kernel.offset()) + rational(0.5)).floor()
}

/// A number of halves, rounded down to a whole one, to the nearest integer. If `is_tie`, it was
/// not rounded down: ties go to even.
fn nearest(halves: BigInt, is_tie: bool) -> BigInt {
    let whole: BigInt = &halves >> 1;
    let above_half = halves.bit(0);
    let up = above_half && (!is_tie || whole.bit(0));
    whole + BigInt::from(u8::from(up))
}
