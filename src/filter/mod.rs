//! What is computed: a bank of kernels, an extent, and how responses become
//! samples; and how it is run.

mod band;
mod bands;
mod channel;
mod compiled;
mod filter;
mod luma;
mod part;
mod run;

pub use channel::Channel;
pub use filter::{Extent, Filter};
pub(crate) use run::Runner;

pub use crate::plan::{Answer, Plan, Tuning};
