//! Kernels: validated weights, and banks of several that are combined.

mod bank;
mod error;
mod kernel;

pub use bank::{Combine, KernelBank, Summary};
pub use error::KernelError;
pub use kernel::Kernel;
