//! One job: an image is read once, filtered for every result, and each result is written
//! while its rows are computed.

mod budget;
mod chunk;
mod control;
mod dataflow;
mod execute;
mod input;
mod job;
mod ledger;
mod loss;
mod memory;
mod mode;
mod opened_job;
mod output;
mod precheck;
mod preview;
mod producer;
mod reader;
mod report;
mod row_buffer;
mod sync;
mod threads;
mod verify;
mod writer;

pub use crate::file::special;
pub use crate::stop::Stop;
pub use execute::run;
pub use input::Input;
pub use job::{Done, Existing, Job, MayLose, Options, Outcome, Place, Request};
pub use memory::memory_needed;
pub use mode::Mode;
pub use preview::{Preview, Prospect, preview};
pub use report::{Event, Report, Silent};

pub(crate) use budget::Budget;
pub(crate) use control::Control;
pub(crate) use execute::run_within;
