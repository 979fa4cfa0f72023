//! What is computed: a bank of kernels, an extent, and how responses become
//! samples; and the plan of how it will be run.

mod band;
mod channel;
mod compiled;
mod filter;
mod geometry;
mod lane;
mod luma;
mod method;
mod part;
mod plan;
mod run;
mod shift;
mod sizes;
mod task;

pub use channel::Channel;
pub use filter::{Extent, Filter};
pub use plan::{Plan, Tuning};
pub(crate) use run::Runner;
