//! Kernels that are a column times a row.

use super::{EXACT, Factor, Kernel, KernelError, generate};

impl Kernel {
    /// The column times the row, over a divisor.
    ///
    /// Products of decimals, and of fractions over a power of two, are made in integers and are
    /// exact, since 0.1 x 0.1 is not 0.01 in floats. Other products are rounded once to 64-bit
    /// floats.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new)'s and [`with_divisor`](Self::with_divisor)'s.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::Kernel;
    ///
    /// let sobel = Kernel::from_vectors(&[1.0, 2.0, 1.0], &[-1.0, 0.0, 1.0], 1.0)?;
    /// assert_eq!(sobel.as_slice()[3..6], [-2.0, 0.0, 2.0]);
    /// let mean = Kernel::from_vectors(&[0.1, 0.2], &[0.3], 1.0)?;
    /// assert_eq!((mean.as_slice(), mean.divisor()), (&[3.0, 6.0][..], 100.0));
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn from_vectors(column: &[f64], row: &[f64], divisor: f64) -> Result<Self, KernelError> {
        let vector = |numbers: &[f64]| Self::new(1, numbers.len(), numbers.to_vec());
        let (over, right) = (vector(column)?.with_divisor(divisor)?, vector(row)?);
        if let (Some(over), Some(right)) = (over.in_integers(), right.in_integers()) {
            let divisor = over.divisor() * right.divisor();
            let kernel = generate::product(over.as_slice().to_vec(), right.as_slice().to_vec())?;
            if kernel.is_integer() && divisor.abs() <= EXACT {
                let scale = over.scale() * right.scale();
                let written = kernel.written().times(scale);
                return Ok(kernel.over(divisor)?.with_written(written));
            }
        }
        generate::product(column.to_vec(), row.to_vec())?.with_divisor(divisor)
    }

    /// The column and row of which [`from_vectors`](Self::from_vectors) makes this very kernel,
    /// if it was made of such.
    pub(super) fn vectors(&self) -> Option<Factor> {
        let [term] = self.known_terms() else {
            return None;
        };
        let same = Self::from_vectors(&term.column, &term.row, self.divisor()).ok()?;
        let is_same = same.divisor() == self.divisor()
            && [same.rows(), same.columns()] == [self.rows(), self.columns()]
            && same.as_slice() == self.as_slice();
        is_same.then(|| term.clone())
    }
}
