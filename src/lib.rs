#![doc = include_str!("../README.md")]

pub mod batch;
pub mod border;
pub mod codec;
pub mod error;
pub mod filter;
pub mod image;
pub mod kernel;
pub mod pipeline;
pub mod report;
pub mod simd;
pub mod text;
pub mod tone;
pub mod view;

mod engine;
mod hash;

pub use border::Border;
pub use engine::{LaneKind, Method};
pub use error::{Error, Result};
pub use filter::{Channel, Extent, Filter, Plan, Tuning};
pub use image::{Depth, Image, ImageView, Samples};
pub use kernel::{Combine, Kernel, KernelBank};
pub use tone::Map;
