//! Exact numbers: ratios of integers of any size, what a float or a decimal says exactly, and
//! rounding to the nearest integer or float.

use num_bigint::{BigInt, Sign};

/// A power of two.
pub(super) fn power_of_two(exponent: u64) -> BigInt {
    BigInt::from(1) << exponent
}

/// `mantissa x 2^exponent`, the mantissa odd or zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dyadic {
    pub(super) mantissa: i128,
    pub(super) exponent: i32,
}

impl Dyadic {
    /// The exact value of a finite float, from its bits.
    pub(super) fn of(value: f64) -> Self {
        assert!(value.is_finite(), "{value} is no number");
        let bits = value.to_bits();
        let field = (bits >> 52 & 0x7ff) as i32;
        let fraction = (bits & ((1 << 52) - 1)) as i128;
        let magnitude = if field == 0 {
            fraction
        } else {
            fraction | 1 << 52
        };
        let sign = if value.is_sign_negative() { -1 } else { 1 };
        Self::new(sign * magnitude, field.max(1) - 1075)
    }

    pub(super) fn times(self, factor: i128) -> Self {
        Self::new(self.mantissa * factor, self.exponent)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        match (self.mantissa, other.mantissa) {
            (0, _) => return other,
            (_, 0) => return self,
            _ => {}
        }
        let exponent = self.exponent.min(other.exponent);
        let aligned = |n: Self| {
            let shift = (n.exponent - exponent) as u32;
            let bits = 128 - n.mantissa.unsigned_abs().leading_zeros();
            assert!(bits + shift < 126, "colours of such different sizes");
            n.mantissa << shift
        };
        Self::new(aligned(self) + aligned(other), exponent)
    }

    /// How many units it is, where one is an integer's reciprocal.
    pub(super) fn over(self, unit: &Ratio) -> Self {
        assert_eq!(unit.num, BigInt::from(1));
        self.times(i128::try_from(&unit.den).expect("a small integer"))
    }

    pub(super) fn new(mantissa: i128, exponent: i32) -> Self {
        if mantissa == 0 {
            return Self {
                mantissa: 0,
                exponent: 0,
            };
        }
        let zeros = mantissa.trailing_zeros();
        Self {
            mantissa: mantissa >> zeros,
            exponent: exponent + zeros as i32,
        }
    }
}

/// Numbers as integers times one common power of two.
#[derive(Debug, Clone)]
pub(super) struct Aligned {
    pub(super) integers: Vec<BigInt>,
    /// The same, where all of them are small enough.
    pub(super) small: Option<Vec<i128>>,
    pub(super) exponent: i32,
    /// Bits of the largest absolute integer.
    pub(super) bits: u64,
}

impl Aligned {
    pub(super) fn new(numbers: &[Dyadic]) -> Self {
        let nonzero = numbers.iter().filter(|n| n.mantissa != 0);
        let exponent = nonzero.map(|n| n.exponent).min().unwrap_or(0);
        let shifts = || {
            numbers
                .iter()
                .map(|n| (n.exponent - exponent).max(0) as u32)
        };
        let bits = (numbers.iter().zip(shifts()))
            .map(|(n, shift)| u64::from(128 - n.mantissa.unsigned_abs().leading_zeros() + shift))
            .max()
            .unwrap_or(0);
        let small = (bits < 127).then(|| {
            let shifted = numbers.iter().zip(shifts());
            shifted.map(|(n, shift)| n.mantissa << shift).collect()
        });
        // Needed only where they are not small.
        let integers = if small.is_some() {
            Vec::new()
        } else {
            let shifted = numbers.iter().zip(shifts());
            shifted
                .map(|(n, shift)| BigInt::from(n.mantissa) << shift)
                .collect()
        };
        Self {
            integers,
            small,
            exponent,
            bits,
        }
    }

    pub(super) fn get(&self, at: usize) -> BigInt {
        match &self.small {
            Some(small) => small[at].into(),
            None => self.integers[at].clone(),
        }
    }
}

/// `num / den`, the denominator positive; not in lowest terms.
#[derive(Debug, Clone)]
pub(super) struct Ratio {
    pub(super) num: BigInt,
    pub(super) den: BigInt,
}

impl Ratio {
    pub(super) fn new(num: impl Into<BigInt>, den: impl Into<BigInt>) -> Self {
        let (num, den) = (num.into(), den.into());
        match den.sign() {
            Sign::NoSign => panic!("a denominator of zero"),
            Sign::Minus => Self {
                num: -num,
                den: -den,
            },
            Sign::Plus => Self { num, den },
        }
    }

    /// `2^exponent`.
    pub(super) fn scale(exponent: i32) -> Self {
        let power = power_of_two(exponent.unsigned_abs().into());
        match exponent < 0 {
            true => Self::new(1, power),
            false => Self::new(power, 1),
        }
    }

    pub(super) fn dyadic(number: Dyadic) -> Self {
        let scale = Self::scale(number.exponent);
        Self::new(scale.num * number.mantissa, scale.den)
    }

    /// What a number in a kernel file says: the decimal, if it has up to six places, else the
    /// exact value of the float.
    pub(super) fn written(value: f64) -> Self {
        match decimal(value) {
            Some((digits, places)) => Self::new(digits, 10_i128.pow(places)),
            None => Self::dyadic(Dyadic::of(value)),
        }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self::new(&self.num * &other.num, &self.den * &other.den)
    }

    pub(super) fn over(&self, other: &Self) -> Self {
        Self::new(&self.num * &other.den, &self.den * &other.num)
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self::new(
            &self.num * &other.den + &other.num * &self.den,
            &self.den * &other.den,
        )
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.plus(&Self::new(-&other.num, other.den.clone()))
    }

    /// The nearest integer, ties to even.
    pub(super) fn nearest(&self) -> BigInt {
        let scale = Scale {
            mul: 1.into(),
            add: BigInt::ZERO,
            div: self.den.clone(),
        };
        scale.nearest(&Numerator::Whole(self.num.clone()))
    }

    /// The largest integer that is not above it.
    pub(super) fn floor(&self) -> BigInt {
        divide_floor(&self.num, &self.den).0
    }

    /// Nearly, for sizes of errors.
    pub(super) fn approximate(&self) -> f64 {
        // 100 bits of the quotient.
        let shift = 100 - (self.num.bits() as i64 - self.den.bits() as i64);
        let quotient = match shift < 0 {
            true => &self.num / (&self.den << -shift as u64),
            false => (&self.num << shift as u64) / &self.den,
        };
        let quotient = i128::try_from(quotient).expect("about a hundred bits") as f64;
        let half = (-shift / 2) as i32;
        quotient * 2_f64.powi(half) * 2_f64.powi(-shift as i32 - half)
    }
}

/// The quotient rounded down, and what remains, for a positive divisor.
pub(super) fn divide_floor(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (mut quotient, mut rest) = (a / b, a % b);
    if rest.sign() == Sign::Minus {
        quotient -= 1;
        rest += b;
    }
    (quotient, rest)
}

/// `digits / 10^places` of the shortest decimal that reads as this float, if it has at most six
/// places and its digits are at most 2^53.
pub(super) fn decimal(value: f64) -> Option<(i128, u32)> {
    // Rust writes the shortest decimal that reads back as the same float, without an exponent.
    let text = value.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction}");
    if fraction.len() > 6 || digits.len() > 18 {
        return None;
    }
    let digits: i128 = digits.parse().ok()?;
    (digits.unsigned_abs() <= 1 << 53).then_some((digits, fraction.len() as u32))
}

/// A combined response before it is scaled: an integer, or the root of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Numerator {
    Whole(BigInt),
    Root(BigInt),
}

impl Numerator {
    /// The product with a factor that is not negative, rounded down, and whether it is exact.
    fn times(&self, factor: &BigInt) -> (BigInt, bool) {
        match self {
            Self::Whole(n) => (n * factor, true),
            Self::Root(square) => {
                let square = square * factor * factor;
                let root = square.sqrt();
                let exact = &root * &root == square;
                (root, exact)
            }
        }
    }
}

/// `response = (numerator x mul + add) / div`.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pub(super) mul: BigInt,
    pub(super) add: BigInt,
    pub(super) div: BigInt,
}

/// A binary floating-point format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// Bits of a mantissa.
    pub(super) precision: i64,
    /// The smallest number is `2^smallest`.
    pub(super) smallest: i64,
    pub(super) largest: f64,
}

impl Format {
    pub(super) const F32: Self = Self {
        precision: 24,
        smallest: -149,
        largest: f32::MAX as f64,
    };
    pub(super) const F64: Self = Self {
        precision: 53,
        smallest: -1074,
        largest: f64::MAX,
    };

    /// Half a unit in the last place of numbers in 1..2.
    pub(super) fn unit(self) -> f64 {
        2_f64.powi(-self.precision as i32)
    }
}

impl Scale {
    fn shifted(&self, bits: i64) -> Self {
        let mut scale = self.clone();
        if bits < 0 {
            scale.div <<= -bits as u64;
        } else {
            scale.mul <<= bits as u64;
            scale.add <<= bits as u64;
        }
        scale
    }

    /// The nearest integer to the response, ties to even.
    pub(super) fn nearest(&self, numerator: &Numerator) -> BigInt {
        // Half is added, and the sum rounded down: of `r + m` over `n`, with a real r and
        // integers m and n, that is the floor of r + m over n.
        let (twice, exact) = numerator.times(&(&self.mul << 1));
        let over: BigInt = twice + (&self.add << 1) + &self.div;
        let (nearest, rest) = divide_floor(&over, &(&self.div << 1));
        let tie = exact && rest.sign() == Sign::NoSign;
        if tie && nearest.bit(0) {
            nearest - 1
        } else {
            nearest
        }
    }

    /// The largest integer that is not above the response.
    pub(super) fn floor(&self, numerator: &Numerator) -> BigInt {
        let (product, _) = numerator.times(&self.mul);
        divide_floor(&(product + &self.add), &self.div).0
    }

    /// The smallest integer that is not below the response.
    pub(super) fn ceiling(&self, numerator: &Numerator) -> BigInt {
        let (product, exact) = numerator.times(&self.mul);
        let (floor, rest) = divide_floor(&(product + &self.add), &self.div);
        match exact && rest.sign() == Sign::NoSign {
            true => floor,
            false => floor + 1,
        }
    }

    /// The response within 2^-100 of itself.
    pub(super) fn ratio(&self, numerator: &Numerator) -> Ratio {
        let bits = match numerator {
            Numerator::Whole(_) => 0,
            Numerator::Root(_) => 200 + self.div.bits() as i64,
        };
        let scale = self.shifted(bits);
        let (product, _) = numerator.times(&scale.mul);
        Ratio::new(product + scale.add, &self.div << bits as u64)
    }

    /// The nearest float to the response, ties to even.
    pub(super) fn nearest_float(&self, numerator: &Numerator, format: Format) -> f64 {
        let ratio = self.ratio(numerator);
        if ratio.num.sign() == Sign::NoSign {
            return 0.0;
        }
        let size = Ratio::new(ratio.num.magnitude().clone(), ratio.den.clone());
        // The exponent of the leading bit.
        let mut leading = size.num.bits() as i64 - size.den.bits() as i64;
        let compared = size.over(&Ratio::scale(leading as i32));
        if compared.num < compared.den {
            leading -= 1;
        }
        let last = (leading + 1 - format.precision).max(format.smallest);
        let mantissa = self.shifted(-last).nearest(numerator);
        let mantissa = i128::try_from(mantissa).expect("as many bits as the format has") as f64;
        let half = (last / 2) as i32;
        let value = mantissa * 2_f64.powi(half) * 2_f64.powi(last as i32 - half);
        if value.abs() > format.largest {
            f64::INFINITY.copysign(value)
        } else {
            value
        }
    }
}
