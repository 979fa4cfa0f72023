//! A kernel put together from its parts.

use super::{Kernel, KernelError};

/// Builds a [`Kernel`]; its parts are checked together, by [`build`](Self::build).
///
/// ```
/// use stridekern::Kernel;
///
/// let smooth = Kernel::builder(1, 3, vec![1.0, 2.0, 1.0]).divisor(4.0).build()?;
/// assert_eq!(smooth.gain(), 1.0);
/// let shift = Kernel::builder(1, 2, vec![1.0, 0.0]).anchor([0, 1]).build()?;
/// assert_eq!(shift.anchor(), [0, 1]);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "it is no kernel before it is built"]
pub struct KernelBuilder {
    rows: usize,
    columns: usize,
    weights: Vec<f64>,
    divisor: f64,
    bias: f64,
    offset: f64,
    anchor: Option<[usize; 2]>,
}

impl KernelBuilder {
    pub(super) const fn new(rows: usize, columns: usize, weights: Vec<f64>) -> Self {
        Self {
            rows,
            columns,
            weights,
            divisor: 1.0,
            bias: 0.0,
            offset: 0.0,
            anchor: None,
        }
    }

    /// What sums are divided by: 1 unless it is set.
    pub const fn divisor(mut self, divisor: f64) -> Self {
        self.divisor = divisor;
        self
    }

    /// What is added to responses, in units of full scale: 0 unless it is set.
    pub const fn bias(mut self, bias: f64) -> Self {
        self.bias = bias;
        self
    }

    /// What is added to responses, in units of samples: another spelling of
    /// [`bias`](Self::bias), for example 128 for 0.5 on 8 bits. 0 unless it is set.
    pub const fn offset(mut self, offset: f64) -> Self {
        self.offset = offset;
        self
    }

    /// The `[row, column]` of the weight that lies on the output pixel, counted from 0:
    /// `[rows / 2, columns / 2]` unless it is set.
    pub const fn anchor(mut self, anchor: [usize; 2]) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// The kernel.
    ///
    /// # Errors
    ///
    /// As [`Kernel::new`], [`Kernel::with_divisor`], [`Kernel::with_bias`],
    /// [`Kernel::with_offset`] and [`Kernel::with_anchor`]; the first that applies. With both a
    /// bias and an offset, [`KernelError::BiasAndOffset`].
    pub fn build(self) -> Result<Kernel, KernelError> {
        let kernel = Kernel::new(self.rows, self.columns, self.weights)?
            .with_divisor(self.divisor)?
            .with_bias(self.bias)?;
        let kernel = match (self.bias != 0.0, self.offset != 0.0) {
            (true, true) => return Err(KernelError::BiasAndOffset),
            (false, true) => kernel.with_offset(self.offset)?,
            _ => kernel,
        };
        match self.anchor {
            Some(anchor) => kernel.with_anchor(anchor),
            None => Ok(kernel),
        }
    }
}
