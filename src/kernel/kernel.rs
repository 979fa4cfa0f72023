//! One kernel: weights that have been checked, with divisor, bias and anchor.

use crate::view::StridedView;

/// What is wrong with a kernel.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// There are no weights.
    #[error("the kernel has no weights; give at least one row with one number")]
    Empty,
    /// The number of weights is not rows x columns.
    #[error("{rows} rows x {columns} columns need {} weights, not {len}", rows * columns)]
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
        /// Weights given.
        len: usize,
    },
    /// A weight is infinite or not a number.
    #[error("weight {value} in row {row}, column {column} is not a finite number")]
    Weight {
        /// Row of the weight, from 0.
        row: usize,
        /// Column of the weight, from 0.
        column: usize,
        /// The weight.
        value: f64,
    },
    /// The divisor is zero, infinite or not a number.
    #[error("divisor {0} must be a finite number other than zero")]
    Divisor(f64),
    /// The bias is infinite or not a number.
    #[error("bias {0} must be a finite number; 0.5 is half of full scale")]
    Bias(f64),
    /// The anchor lies outside the kernel.
    #[error(
        "anchor [{row}, {column}] lies outside the {rows}x{columns} kernel; rows and columns count from 0"
    )]
    Anchor {
        /// Row of the anchor.
        row: usize,
        /// Column of the anchor.
        column: usize,
        /// Rows of the kernel.
        rows: usize,
        /// Columns of the kernel.
        columns: usize,
    },
}

/// Weights of shape `(rows, columns)` with divisor, bias and anchor.
///
/// The response at a pixel is the sum over the window of weight x sample, the
/// anchor lying on the pixel, `/ divisor + bias x full scale`. The weights are
/// laid on the window as written (correlation); see [`flipped`](Self::flipped)
/// for true convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    rows: usize,
    columns: usize,
    weights: Vec<f64>,
    divisor: f64,
    bias: f64,
    anchor: [usize; 2],
}

impl Kernel {
    /// A kernel of `rows x columns` weights in row-major order, with divisor 1,
    /// bias 0 and the anchor at `(rows / 2, columns / 2)` rounded down.
    ///
    /// # Errors
    ///
    /// If there are no weights, another number than `rows * columns`, or one
    /// that is not finite.
    pub fn new(rows: usize, columns: usize, weights: Vec<f64>) -> Result<Self, KernelError> {
        if rows == 0 || columns == 0 {
            return Err(KernelError::Empty);
        }
        if rows.checked_mul(columns) != Some(weights.len()) {
            return Err(KernelError::Shape {
                rows,
                columns,
                len: weights.len(),
            });
        }
        if let Some(at) = weights.iter().position(|w| !w.is_finite()) {
            return Err(KernelError::Weight {
                row: at / columns,
                column: at % columns,
                value: weights[at],
            });
        }
        Ok(Self {
            rows,
            columns,
            weights,
            divisor: 1.0,
            bias: 0.0,
            anchor: [rows / 2, columns / 2],
        })
    }

    /// The same kernel with another divisor.
    ///
    /// # Errors
    ///
    /// If it is zero or not finite.
    pub fn with_divisor(mut self, divisor: f64) -> Result<Self, KernelError> {
        if divisor == 0.0 || !divisor.is_finite() {
            return Err(KernelError::Divisor(divisor));
        }
        self.divisor = divisor;
        Ok(self)
    }

    /// The same kernel with another bias, in units of full scale.
    ///
    /// # Errors
    ///
    /// If it is not finite.
    pub fn with_bias(mut self, bias: f64) -> Result<Self, KernelError> {
        if !bias.is_finite() {
            return Err(KernelError::Bias(bias));
        }
        self.bias = bias;
        Ok(self)
    }

    /// The same kernel with its anchor at `[row, column]`, counted from 0.
    ///
    /// # Errors
    ///
    /// If that lies outside the kernel.
    pub fn with_anchor(mut self, anchor: [usize; 2]) -> Result<Self, KernelError> {
        let [row, column] = anchor;
        if row >= self.rows || column >= self.columns {
            return Err(KernelError::Anchor {
                row,
                column,
                rows: self.rows,
                columns: self.columns,
            });
        }
        self.anchor = anchor;
        Ok(self)
    }

    /// The kernel turned by 180 degrees; the anchor stays on its weight.
    ///
    /// Correlation with the flipped kernel is true convolution.
    #[must_use]
    pub fn flipped(&self) -> Self {
        let mut flipped = self.clone();
        flipped.weights.reverse();
        flipped.anchor = [
            self.rows - 1 - self.anchor[0],
            self.columns - 1 - self.anchor[1],
        ];
        flipped
    }

    /// The number of rows, kh.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns, kw.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The weights as a view of shape `(rows, columns)`.
    pub fn weights(&self) -> StridedView<'_, f64, 2> {
        StridedView::from_slice(&self.weights, [self.rows, self.columns])
            .expect("a kernel's shape fits its weights")
    }

    /// What the sum is divided by.
    pub const fn divisor(&self) -> f64 {
        self.divisor
    }

    /// What is added to the quotient, in units of full scale.
    pub const fn bias(&self) -> f64 {
        self.bias
    }

    /// `[row, column]` of the weight that lies on the output pixel.
    pub const fn anchor(&self) -> [usize; 2] {
        self.anchor
    }

    /// The sum of the weights.
    pub fn sum(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// The sum of the absolute weights.
    pub fn abs_sum(&self) -> f64 {
        self.weights.iter().map(|w| w.abs()).sum()
    }

    /// Whether every weight is an integer that `f64` holds exactly.
    pub fn is_integer(&self) -> bool {
        const EXACT: f64 = (1_u64 << 53) as f64;
        self.weights
            .iter()
            .all(|w| w.fract() == 0.0 && w.abs() <= EXACT)
    }
}
