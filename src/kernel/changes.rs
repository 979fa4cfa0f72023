//! Divisor, bias and anchor of all kernels of a bank, given beside it.

use std::fmt;

use super::{EXACT, Kernel, KernelBank, KernelError};
use crate::combine::Combine;

/// What was changed of all kernels of a bank: by [`normalized`](KernelBank::normalized),
/// [`with_divisor`](KernelBank::with_divisor), [`with_bias`](KernelBank::with_bias) and
/// [`with_anchor`](KernelBank::with_anchor). What was the same before is not named. Its `Display`
/// is `normalized, bias 0.5`.
///
/// All are equal: the kernels themselves tell what is computed.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct KernelChanges {
    /// Whether the divisor is the sum of the weights.
    pub normalized: bool,
    /// The divisor.
    pub divisor: Option<f64>,
    /// The bias, in units of full scale.
    pub bias: Option<f64>,
    /// The anchor, as `[row, column]`.
    pub anchor: Option<[usize; 2]>,
}

impl PartialEq for KernelChanges {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl KernelChanges {
    /// Whether nothing was changed.
    pub const fn is_empty(&self) -> bool {
        let Self {
            normalized,
            divisor,
            bias,
            anchor,
        } = self;
        !*normalized && divisor.is_none() && bias.is_none() && anchor.is_none()
    }
}

impl fmt::Display for KernelChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.normalized.then(|| "normalized".to_owned()),
            self.divisor.map(|divisor| format!("divisor {divisor}")),
            self.bias.map(|bias| format!("bias {bias}")),
            self.anchor
                .map(|[row, column]| format!("anchor {row},{column}")),
        ];
        let parts = Vec::from_iter(parts.into_iter().flatten());
        f.write_str(&parts.join(", "))
    }
}

impl KernelBank {
    /// The bank with every kernel [`normalized`](Kernel::normalized), each by itself.
    ///
    /// # Errors
    ///
    /// [`KernelError::ZeroSum`] or [`KernelError::NearlyZeroSum`] if the weights of one of them
    /// sum to 0, or nearly so.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// let mean = KernelBank::in_line("1 1 1")?.normalized()?;
    /// assert_eq!(mean.kernels()[0].divisor(), 3.0);
    /// let error = KernelBank::builtin("sobel_x")?.normalized().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the weights sum to 0, which no divisor makes 1; the positive ones sum to 4"
    /// );
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn normalized(self) -> Result<Self, KernelError> {
        self.changed(Kernel::normalized, |changes| {
            changes.divisor = None;
            changes.normalized = true;
        })
    }

    /// The bank with this divisor for [every kernel](Kernel::with_divisor).
    ///
    /// # Errors
    ///
    /// [`KernelError::Divisor`] if it is zero or not finite.
    pub fn with_divisor(self, divisor: f64) -> Result<Self, KernelError> {
        let change = |kernel: &Kernel| kernel.clone().with_divisor(divisor);
        self.changed(change, |changes| {
            changes.normalized = false;
            changes.divisor = Some(divisor);
        })
    }

    /// The bank with this bias for [every kernel](Kernel::with_bias), in units of full scale,
    /// instead of its bias or offset.
    ///
    /// # Errors
    ///
    /// [`KernelError::Bias`] if it is not finite, [`KernelError::BiasOfDirection`] if only the
    /// [direction](Combine::is_direction) of the responses counts.
    pub fn with_bias(self, bias: f64) -> Result<Self, KernelError> {
        let is_angle = self.combine().is_some_and(Combine::is_direction);
        if is_angle && bias != 0.0 {
            return Err(KernelError::BiasOfDirection);
        }
        let change = |kernel: &Kernel| kernel.clone().with_bias(bias);
        self.changed(change, |changes| changes.bias = Some(bias))
    }

    /// The bank with this anchor for [every kernel](Kernel::with_anchor), as a kernel file
    /// has it: of a kernel that is turned to [convolve](Kernel::convolving), the row and column
    /// before it is turned.
    ///
    /// # Errors
    ///
    /// [`KernelError::Anchor`] if it lies outside one of them.
    pub fn with_anchor(self, anchor: [usize; 2]) -> Result<Self, KernelError> {
        let change = |kernel: &Kernel| kernel.with_written_anchor(anchor);
        self.changed(change, |changes| changes.anchor = Some(anchor))
    }

    /// Every kernel changed, and that it was where that makes a difference.
    fn changed(
        mut self,
        change: impl Fn(&Kernel) -> Result<Kernel, KernelError>,
        note: impl FnOnce(&mut KernelChanges),
    ) -> Result<Self, KernelError> {
        let kernels = self.kernels.iter().map(change);
        let kernels = kernels.collect::<Result<Vec<_>, _>>()?;
        if kernels != self.kernels {
            note(&mut self.changes);
        }
        self.kernels = kernels;
        Ok(self)
    }
}

impl Kernel {
    /// The same kernel divided by the sum of its weights instead of its divisor, so that flat
    /// areas keep their level but for a bias.
    ///
    /// Decimals, and fractions over a power of two, are summed exactly; where a float cannot hold
    /// such a sum, the weights become whole numbers. The sum of other weights is rounded to a
    /// 64-bit float. A negative sum is a divisor like any other.
    ///
    /// # Errors
    ///
    /// [`KernelError::ZeroSum`] if the weights sum to 0, but for rounding errors;
    /// [`KernelError::NearlyZeroSum`] if those of more digits than decimals have sum to less than
    /// a hundredth of their absolute sum, as derivatives do whose tails were cut off.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::Kernel;
    ///
    /// let kernel = Kernel::new(1, 3, vec![0.1, 0.2, 0.1])?.normalized()?;
    /// assert_eq!(kernel.divisor(), 0.4);
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn normalized(&self) -> Result<Self, KernelError> {
        let positive = |kernel: &Self| {
            let weights = kernel.as_slice().iter().copied();
            compensated_sum(&Vec::from_iter(weights.filter(|&weight| weight > 0.0)))
        };
        let plain = self.clone().with_divisor(1.0)?;
        if let Some(whole) = plain.in_integers().filter(|k| k.abs_sum() <= EXACT) {
            // Whole numbers, so this is exact.
            let sum = whole.sum();
            if sum == 0.0 {
                return Err(KernelError::ZeroSum {
                    positive: positive(&whole) / whole.divisor(),
                });
            }
            let as_written = plain.with_divisor(sum / whole.divisor())?;
            let exact = whole.over(sum)?.in_integers();
            return Ok(match exact {
                Some(exact) if as_written.in_integers().as_ref() != Some(&exact) => exact,
                _ => as_written,
            });
        }
        let sum = compensated_sum(self.as_slice());
        // Of weights that were computed, a sum so small is a rounding error.
        let positive = six_digits(positive(&plain));
        if sum.abs() <= 1e-12 * self.abs_sum() {
            return Err(KernelError::ZeroSum { positive });
        }
        // And this is what the radius cuts off of a second derivative.
        if sum.abs() <= 1e-2 * self.abs_sum() {
            return Err(KernelError::NearlyZeroSum { sum, positive });
        }
        plain.over(sum)
    }

    /// The kernel with its anchor at `[row, column]` of the weights as they are written, before
    /// it was turned to convolve.
    pub(super) fn with_written_anchor(&self, anchor: [usize; 2]) -> Result<Self, KernelError> {
        match self.is_convolving() {
            false => self.clone().with_anchor(anchor),
            true => {
                let turned = self.flipped().with_anchor(anchor)?.flipped();
                Ok(turned)
            }
        }
    }
}

/// The number to six digits, which decimals have at most.
fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// Neumaier's sum: what each addition loses is summed as well.
fn compensated_sum(numbers: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for &number in numbers {
        let next = sum + number;
        lost += match sum.abs() >= number.abs() {
            true => (sum - next) + number,
            false => (number - next) + sum,
        };
        sum = next;
    }
    sum + lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_divided_by_their_exact_sum() {
        let row = |weights: &[f64]| Kernel::new(1, weights.len(), weights.to_vec()).unwrap();
        let normalized = |weights: &[f64]| row(weights).with_divisor(7.0)?.normalized();
        for (weights, divisor) in [
            (&[1.0, 2.0, 1.0][..], 4.0),
            (&[-1.0, 0.0], -1.0),
            // In floats, one after the other, 0.30000000000000004 and 0.7999999999999999.
            (&[0.1, 0.2], 0.3),
            (&[0.1; 8], 0.8),
            (&[0.25, 0.5, 0.125], 0.875),
            (&[2e-300, 2e-300], 4e-300),
            (&[std::f64::consts::PI, 1.0], std::f64::consts::PI + 1.0),
        ] {
            let kernel = normalized(weights).unwrap();
            assert_eq!(kernel.divisor(), divisor, "{weights:?}");
            assert_eq!(kernel.as_slice(), weights);
            assert!((kernel.gain() - 1.0).abs() < 1e-15);
        }
        // No short decimal is 3 x 2^-40, so the weights are scaled.
        let tiny = 2_f64.powi(-40);
        let kernel = normalized(&[tiny, 2.0 * tiny]).unwrap();
        let [first, second] = kernel.as_slice() else {
            unreachable!()
        };
        assert_eq!((second / first, kernel.divisor() / first), (2.0, 3.0));
        for weights in [&[-1.0, 1.0][..], &[0.1, 0.2, -0.3], &[0.0]] {
            let error = normalized(weights).unwrap_err();
            assert!(
                matches!(error, KernelError::ZeroSum { .. }),
                "{weights:?}: {error}"
            );
        }
        let wave = (0..360).map(|degrees| libm::sin(f64::from(degrees).to_radians()));
        normalized(&Vec::from_iter(wave)).unwrap_err();
    }

    #[test]
    fn sums_that_are_left_of_0_are_refused() {
        let told = |spec: &str| {
            let bank = KernelBank::from_spec(spec).unwrap();
            bank.normalized().unwrap_err().to_string()
        };
        for (spec, sum) in [
            ("log:sigma=2", "-1.7e-4"),
            ("gaussian:sigma=1,order=2", "e-9"),
        ] {
            let error = told(spec);
            let begins = error.starts_with("the weights sum to ");
            assert!(begins && error.contains(sum), "{spec}: {error}");
            assert!(
                error.contains(", and no divisor makes 1"),
                "{spec}: {error}"
            );
        }
        assert!(told("gaussian:sigma=1,order=1").starts_with("the weights sum to 0, "));
        // Whole numbers and decimals are what was written.
        let written = KernelBank::in_line("-99 100").unwrap();
        assert_eq!(written.normalized().unwrap().kernels()[0].divisor(), 1.0);
        let error = KernelBank::in_line("0.1 0.2 -0.3").unwrap().normalized();
        assert_eq!(
            error.unwrap_err().to_string(),
            "the weights sum to 0, which no divisor makes 1; the positive ones sum to 0.3"
        );
    }

    #[test]
    fn a_direction_has_no_bias() {
        let bank = KernelBank::builtin("sobel_direction").unwrap();
        assert_eq!(bank.clone().with_bias(0.0), Ok(bank.clone()));
        assert_eq!(bank.with_bias(0.5), Err(KernelError::BiasOfDirection));
    }

    #[test]
    fn changes_are_named_where_they_make_a_difference() {
        let bank = KernelBank::builtin("box3").unwrap();
        let changed = |bank: KernelBank| bank.changes().to_string();
        assert_eq!(changed(bank.clone().normalized().unwrap()), "");
        assert_eq!(changed(bank.clone().with_divisor(9.0).unwrap()), "");
        let other = bank.with_divisor(8.0).unwrap().with_bias(0.5).unwrap();
        let other = other.with_anchor([0, 2]).unwrap();
        assert_eq!(changed(other.clone()), "divisor 8, bias 0.5, anchor 0,2");
        assert_eq!(
            changed(other.normalized().unwrap()),
            "normalized, bias 0.5, anchor 0,2"
        );
    }

    #[test]
    fn an_anchor_is_that_of_the_weights_as_written() {
        let bank = KernelBank::in_line("1 2 3; 4 5 6").unwrap().convolving();
        let bank = bank.with_anchor([0, 2]).unwrap();
        let kernel = &bank.kernels()[0];
        let at = kernel.anchor();
        assert_eq!(kernel.as_slice()[at[0] * 3 + at[1]], 3.0);
        assert!(bank.to_toml().contains("anchor = [0, 2]"));
        assert_eq!(bank, bank.convolving());
        bank.with_anchor([2, 0]).unwrap_err();
    }
}
