//! What is computed: a bank of kernels, an extent, the channels, and how responses become
//! samples.

mod alpha;
mod channel;
mod extent;
mod filter;
mod luma;
mod missing;
mod selection;

pub use alpha::Alpha;
pub use channel::Channel;
pub use extent::Extent;
pub use filter::Filter;
pub(crate) use luma::{LUMA_WEIGHT_SUM, LUMA_WEIGHTS, UnroundedLuma};
pub(crate) use missing::MissingValue;
pub use missing::{Mask, Missing};
pub(crate) use selection::Selection;
