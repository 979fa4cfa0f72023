//! How a filter will be run: the engine with the cheapest offer, and the sizes of tiles
//! and bands.

mod association;
mod choice;
mod convolution;
mod memory;
mod normalisation;
mod plan;
mod reasons;
mod tuning;
mod weighing;

pub(crate) use association::Premultiply;
pub(crate) use convolution::Convolution;
pub(crate) use normalisation::{Normalisation, ROWS_AGAIN, SumOfPlane, Totals};
#[cfg(test)]
pub(crate) use plan::Input;
pub use plan::Plan;
pub use reasons::Answer;
pub use tuning::Tuning;
pub(crate) use weighing::{AlphaFinish, Alphas, Weighing};
