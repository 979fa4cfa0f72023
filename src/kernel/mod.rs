//! Kernels: validated weights, banks of several that are combined, the files
//! that describe them, and those that are built in.

mod bank;
mod builder;
mod changes;
mod error;
mod factors;
mod file;
mod format;
pub mod generate;
mod kernel;
mod library;
mod made_name;
mod nearest;
mod resolve;
mod source_text;
mod vectors;
mod weights;
mod written;

pub use bank::{KernelBank, KernelSource, Summary};
pub use builder::KernelBuilder;
pub use changes::KernelChanges;
pub use error::{KernelError, PathFault};
pub(crate) use factors::{Factor, Factors, greatest_common_divisor};
pub use format::KernelFormat;
pub use kernel::Kernel;
pub(crate) use kernel::{EXACT, count_column_taps};
pub use library::Builtin;
pub(crate) use made_name::is_made_name;
pub(crate) use written::Written;
