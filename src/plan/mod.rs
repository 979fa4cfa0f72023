//! How a filter will be run: the engine whose offer is the cheapest, and the sizes
//! of tiles and bands.

mod choice;
mod convolution;
mod frame;
mod geometry;
mod lane;
mod memory;
mod plan;
mod reasons;
mod run;
mod sizes;
mod task;
mod tuning;

pub(crate) use convolution::Convolution;
pub(crate) use frame::{framed_columns, holds_block, window_row};
pub(crate) use geometry::Geometry;
pub(crate) use lane::{LaneReason, LaneRefusal, lane};
pub(crate) use plan::Input;
pub use plan::Plan;
pub use reasons::Answer;
pub use run::Runner;
pub(crate) use task::{Task, is_exact};
pub use tuning::Tuning;
