//! The factor of combined responses: a ratio, or the root of one.

use std::fmt;

/// A positive factor of combined responses: a ratio of whole numbers, or the square root of one.
///
/// It is written as a decimal (`0.25`), a ratio (`1/3`), or with a root (`1/sqrt(2)`,
/// `sqrt(2/3)`), and is exactly that number.
///
/// # Examples
///
/// ```
/// use stridekern::CombineScale;
///
/// let scale = CombineScale::parse("1/sqrt(2)").unwrap();
/// assert_eq!(scale, CombineScale::parse("sqrt(0.5)").unwrap());
/// assert_eq!(scale.value(), std::f64::consts::FRAC_1_SQRT_2);
/// assert_eq!(scale.to_string(), "sqrt(1/2)");
/// assert_eq!(CombineScale::parse("-1"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CombineScale {
    /// In lowest terms; both from 1 to [`LARGEST`].
    numerator: u64,
    denominator: u64,
    is_root: bool,
}

/// Numbers of up to 15 digits, which 64-bit floats hold.
const LARGEST: u128 = 1_000_000_000_000_000;

impl CombineScale {
    /// The factor 1.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
        is_root: false,
    };

    /// A ratio; `None` unless both numbers are from 1 to 10^15 in lowest terms.
    pub const fn ratio(numerator: u64, denominator: u64) -> Option<Self> {
        Self::new(numerator as u128, denominator as u128, false)
    }

    /// The square root of a ratio; `None` as of [`ratio`](Self::ratio).
    pub const fn root(numerator: u64, denominator: u64) -> Option<Self> {
        Self::new(numerator as u128, denominator as u128, true)
    }

    const fn new(numerator: u128, denominator: u128, is_root: bool) -> Option<Self> {
        let (mut divisor, mut rest) = (numerator, denominator);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        if numerator == 0 || denominator == 0 {
            return None;
        }
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        if numerator > LARGEST || denominator > LARGEST {
            return None;
        }
        if is_root {
            let roots = [numerator.isqrt(), denominator.isqrt()];
            if roots[0] * roots[0] == numerator && roots[1] * roots[1] == denominator {
                return Self::new(roots[0], roots[1], false);
            }
        }
        Some(Self {
            numerator: numerator as u64,
            denominator: denominator as u64,
            is_root,
        })
    }

    /// What the text says; `None` if that is no such number.
    pub fn parse(text: &str) -> Option<Self> {
        let under_root = |text: &str| ratio(text.trim().strip_prefix("sqrt(")?.strip_suffix(')')?);
        if let Some([numerator, denominator]) = under_root(text) {
            return Self::new(numerator, denominator, true);
        }
        if let Some((factor, root)) = text.split_once('/')
            && let Some([numerator, denominator]) = under_root(root)
        {
            let [times, over] = decimal(factor)?;
            let squares = [times, over].map(|number| number.checked_mul(number));
            return Self::new(
                squares[0]?.checked_mul(denominator)?,
                squares[1]?.checked_mul(numerator)?,
                true,
            );
        }
        let [numerator, denominator] = ratio(text)?;
        Self::new(numerator, denominator, false)
    }

    /// The nearest 64-bit float, or one next to it.
    pub fn value(self) -> f64 {
        let ratio = self.numerator as f64 / self.denominator as f64;
        match self.is_root {
            true => ratio.sqrt(),
            false => ratio,
        }
    }

    /// Whether it is the square root of a ratio and no ratio.
    pub const fn is_root(self) -> bool {
        self.is_root
    }

    /// Numerator and denominator of the ratio that it is, or is the root of.
    pub(crate) const fn terms(self) -> [u64; 2] {
        [self.numerator, self.denominator]
    }

    /// This over a whole number of kernels; 1 if that is beyond all bounds.
    pub(super) fn over(self, number: u64) -> Self {
        let number = match self.is_root {
            true => u128::from(number) * u128::from(number),
            false => number.into(),
        };
        let denominator = u128::from(self.denominator).saturating_mul(number);
        Self::new(self.numerator.into(), denominator, self.is_root).unwrap_or(Self::ONE)
    }
}

/// `number` or `number/number`.
fn ratio(text: &str) -> Option<[u128; 2]> {
    match text.split_once('/') {
        Some((above, below)) => {
            let ([a, b], [c, d]) = (decimal(above)?, decimal(below)?);
            Some([a.checked_mul(d)?, b.checked_mul(c)?])
        }
        None => decimal(text),
    }
}

/// A decimal of up to 15 digits as whole numbers, the second a power of ten.
fn decimal(text: &str) -> Option<[u128; 2]> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let is_decimal = digits.bytes().all(|digit| digit.is_ascii_digit());
    let is_short = (1..=15).contains(&digits.len());
    (is_decimal && is_short)
        .then(|| digits.parse().ok())?
        .map(|number| [number, 10_u128.pow(fraction.len() as u32)])
}

impl fmt::Display for CombineScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            numerator,
            denominator,
            is_root,
        } = self;
        let ratio = match denominator {
            1 => numerator.to_string(),
            _ => format!("{numerator}/{denominator}"),
        };
        match is_root {
            true => f.pad(&format!("sqrt({ratio})")),
            false => f.pad(&ratio),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_exactly_what_they_say() {
        for (text, shown, value) in [
            ("1", "1", 1.0),
            ("0.25", "1/4", 0.25),
            (" 1 / 3 ", "1/3", 1.0 / 3.0),
            ("0.5/0.25", "2", 2.0),
            ("1/sqrt(2)", "sqrt(1/2)", 0.5_f64.sqrt()),
            ("3/sqrt(2)", "sqrt(9/2)", 4.5_f64.sqrt()),
            ("sqrt(2/3)", "sqrt(2/3)", (2.0_f64 / 3.0).sqrt()),
            ("1/sqrt(4)", "1/2", 0.5),
            (".5", "1/2", 0.5),
        ] {
            let scale = CombineScale::parse(text).unwrap();
            assert_eq!((scale.to_string().as_str(), scale.value()), (shown, value));
            assert_eq!(CombineScale::parse(shown), Some(scale), "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "1/0",
            "0/1",
            "nan",
            "inf",
            "1e3",
            "1/2/3",
            "sqrt(2",
            "sqrt()",
            "sqrt(-1)",
            "sqrt(2)/2",
            "1/sqrt(0)",
            "1234567890123456",
            "0x10",
            "1/",
            "/2",
            ".",
            "1,5",
        ] {
            assert_eq!(CombineScale::parse(text), None, "{text}");
        }
        let endless = "9".repeat(1 << 20);
        assert_eq!(CombineScale::parse(&endless), None);
    }
}
