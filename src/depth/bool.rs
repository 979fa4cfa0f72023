//! `Bool`: a boolean sample.

use bytemuck::{Pod, Zeroable};

/// A boolean sample: 0 or 1 in a byte.
///
/// A `bool` of Rust may not be made from any byte; this type may, so that memory can be cast to
/// it as to every other type of samples. Readers of files refuse bytes above 1; in a filter
/// every byte but 0 counts as 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Bool(pub u8);

impl Bool {
    /// Whether it is not 0.
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Bool {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

impl From<Bool> for bool {
    fn from(value: Bool) -> Self {
        value.get()
    }
}
