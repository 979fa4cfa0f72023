#![doc = include_str!("guide.md")]

mod cast;
mod contract;
mod derived;
mod error;
mod interop;
mod iter;
mod layout;
mod ops;
mod overlap;
mod report;
mod show;
mod view;
mod view_mut;
mod walk;
mod windows;

pub use error::{CastFault, LayoutError};
pub use iter::{Iter, ParIter};
pub use layout::Layout;
pub use ops::Slice;
pub use view::StridedView;
pub use view_mut::StridedViewMut;
pub use windows::{Spacing, reach};
