#![doc = include_str!("guide.md")]

mod add_axes;
mod axis_iter;
mod cast;
mod contract;
mod error;
mod insert_axis;
mod iter;
mod iter_mut;
mod layout;
mod remove_axis;
mod view_ops;
mod view_ops_mut;
// Tests have it always, so that they need no build of the library with the feature.
mod layout_ops;
#[cfg(any(test, feature = "ndarray"))]
mod ndarray;
mod overlap;
mod parallel;
mod raw;
mod report;
mod show;
mod split;
mod view;
mod view_mut;
mod walk;
mod windows;

pub use add_axes::AddAxes;
pub use axis_iter::{AxisChunksIter, AxisIter};
pub use error::{CastFault, LayoutError};
pub use insert_axis::InsertAxis;
pub use iter::{Iter, ParIter};
pub use iter_mut::IterMut;
pub use layout::Layout;
pub use layout_ops::Slice;
pub use parallel::Parallel;
pub use remove_axis::RemoveAxis;
pub use view::StridedView;
pub use view_mut::StridedViewMut;
pub use windows::{Spacing, dilated_len};
