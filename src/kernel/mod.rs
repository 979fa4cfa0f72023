//! Kernels: validated weights, and banks of several that are combined.

mod bank;
mod kernel;

pub use bank::{Combine, KernelBank};
pub use kernel::{Kernel, KernelError};
