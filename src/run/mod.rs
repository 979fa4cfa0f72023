//! One job: an image is read once, filtered for every result, and each result is written
//! while its rows are computed.

mod budget;
mod carried;
mod chunk_rows;
mod control;
mod dataflow;
mod dry_run;
mod events;
mod execute;
mod input;
mod io_threads;
mod job;
mod loss;
mod mask;
mod memory_estimate;
mod mode;
mod opened_job;
mod outcomes;
mod output;
mod page_kinds;
mod pages;
mod plane_computer;
mod planes;
mod precheck;
mod producer;
mod reader;
mod recorded;
mod row_buffer;
mod survey;
mod sync;
mod verify;
mod writer;

pub use crate::file::special;
pub use crate::finish::Clipped;
pub use crate::stop::Stop;
pub use dry_run::{DryRun, PlannedOutcome, dry_run};
pub use events::{Event, Report, Silent};
pub use execute::run;
pub use input::Input;
pub use job::{ActOn, Done, Existing, Job, MayLose, Options, Outcome, Place, Request};
pub use mask::{masked, read_mask};
pub use memory_estimate::memory_needed;
pub use mode::Mode;
pub use page_kinds::{PageKind, PageKinds};
pub use recorded::{Comparison, Recording, recorded_command};
pub use survey::{Survey, Surveyed, survey_of_plans};

pub(crate) use budget::Budget;
pub(crate) use control::Control;
pub(crate) use execute::run_within;
