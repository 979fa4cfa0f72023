//! Strided views: shape, strides and offset over a borrowed buffer.
//!
//! This room knows nothing of images. Every stride is counted in elements and
//! may be negative or zero; all arithmetic and the one bounds check are in
//! [`Layout`].

mod layout;
mod view;
mod windows;

pub use layout::{Layout, LayoutError};
pub use view::{Iter, StridedView};
pub use windows::{Spacing, reach};
