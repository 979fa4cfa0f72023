//! What is computed: a bank of kernels, an extent, and how responses become
//! samples; and how it is run.

mod channel;
mod filter;

pub use channel::Channel;
pub use filter::{Extent, Filter};
