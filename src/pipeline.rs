//! One image: read once, filtered for every result while its rows come by, each
//! result written as its rows are made.

mod blocks;
mod branch;
mod budget;
mod check;
mod chunk;
mod control;
mod execute;
mod flow;
mod input;
mod job;
mod ledger;
mod loss;
mod making;
mod memory;
mod output;
mod precheck;
mod preview;
mod report;
mod special;
mod stages;
mod sync;
mod threads;
mod window;

pub use execute::run;
pub use flow::Flow;
pub use input::Input;
pub use job::{Done, Existing, Job, MayLose, Options, Outcome, Place, Request};
pub use memory::needed as memory_needed;
pub use preview::{Preview, Prospect, preview};
pub use report::{Event, Report, Silent};
pub use special::special;

pub use crate::stop::Stop;

pub(crate) use budget::Budget;
pub(crate) use control::Control;
pub(crate) use execute::run_within;
