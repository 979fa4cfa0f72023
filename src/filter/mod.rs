//! What is computed: a bank of kernels, an extent, the channels, and how responses become
//! samples.

mod alpha;
mod channel;
mod extent;
mod filter;
mod luma;
mod missing;
mod program;
mod program_sums;
mod rounding;
mod selection;

pub use alpha::Alpha;
pub use channel::Channel;
pub use extent::Extent;
pub use filter::Filter;
pub(crate) use luma::{LUMA_WEIGHT_SUM, LUMA_WEIGHTS, UnroundedLuma};
pub(crate) use missing::MissingValue;
pub use missing::{Mask, Missing};
pub use program::Program;
pub(crate) use program_sums::{ProgramSums, SumKind};
pub(crate) use rounding::Rule;
pub use rounding::{Overflow, Rounding};
pub(crate) use selection::Selection;
