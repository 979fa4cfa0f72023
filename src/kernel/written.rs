//! How a kernel was written, as far as another program goes by it.

/// What weights, divisor and anchor do not tell of how a kernel was written: where another program
/// does something else with it, it cannot be [followed](crate::Filter::like) without this.
///
/// All are equal: this changes nothing that a kernel computes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// Whether the anchor was named; else it is in the middle for want of one.
    pub(crate) anchored: bool,
    /// Whether it stands for several kernels that ImageMagick applies one after the other.
    pub(crate) sequence: bool,
    /// Whether it is one column with a hole before other weights, as ImageMagick goes through it.
    pub(crate) broken_column: bool,
    /// How many times as large its weights are as they were written, and its divisor.
    pub(crate) scale: f64,
}

impl Written {
    /// The same, whose weights and divisor are so many times as large again.
    pub(super) const fn times(self, factor: f64) -> Self {
        Self {
            scale: self.scale * factor,
            ..self
        }
    }
}

impl Default for Written {
    fn default() -> Self {
        Self {
            anchored: false,
            sequence: false,
            broken_column: false,
            scale: 1.0,
        }
    }
}

impl PartialEq for Written {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
