#![doc = include_str!("../README.md")]

pub mod batch;
pub mod border;
pub mod codec;
pub mod error;
pub mod filter;
pub mod image;
pub mod kernel;
pub mod run;
pub mod simd;
pub mod text;
pub mod view;

mod combine;
mod depth;
mod engine;
mod file;
mod geometry;
mod hash;
mod map;
mod name;
mod number;
mod plan;
mod runner;
mod stage;
mod stop;
mod tone;
mod warning;

pub use border::Border;
pub use combine::Combine;
pub use engine::Method;
pub use error::{Error, Result};
pub use filter::{Channel, Extent, Filter};
pub use image::{Depth, Image, ImageSpec, ImageView, ImageViewMut, Samples};
pub use kernel::{Kernel, KernelBank};
pub use map::Map;
pub use number::LaneKind;
pub use plan::{Answer, Plan, Tuning};
pub use runner::Runner;
pub use stop::Stop;
pub use warning::{Warning, WarningKind};
