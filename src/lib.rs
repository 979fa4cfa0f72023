#![doc = include_str!("../docs/library.md")]
#![cfg_attr(
    not(feature = "codecs"),
    allow(dead_code, unused_imports, reason = "files and jobs use it")
)]

// First, for its macros.
#[macro_use]
mod depth;

#[cfg(feature = "codecs")]
mod axes;
#[cfg(feature = "codecs")]
pub mod batch;
pub mod border;
#[cfg(feature = "codecs")]
pub mod codec;
pub mod error;
pub mod filter;
pub mod image;
pub mod kernel;
pub mod plot;
#[cfg(feature = "codecs")]
pub mod run;
pub mod simd;
pub mod statistics;
pub mod text;
pub mod view;

mod combine;
#[cfg(feature = "codecs")]
mod deflate;
mod engine;
#[cfg(feature = "codecs")]
mod file;
mod finish;
mod geometry;
mod hash;
mod map;
mod npy_header;
mod number;
mod orientation;
mod plan;
mod runner;
mod stage;
mod stop;
mod unknown_name;
#[cfg(feature = "codecs")]
mod warning;

#[cfg(feature = "codecs")]
pub use axes::Axes;
pub use border::Border;
pub use combine::{Combine, CombineScale};
pub use engine::Method;
pub use error::{Error, Result};
pub use filter::{Alpha, Channel, Extent, Filter, Mask, Missing, Overflow, Rounding};
pub use image::{Depth, Image, ImageSpec, ImageView, ImageViewMut, Samples};
pub use kernel::{Kernel, KernelBank};
pub use map::Map;
pub use number::LaneKind;
pub use orientation::Orientation;
pub use plan::{Answer, Plan, Tuning};
pub use runner::Runner;
#[cfg(feature = "codecs")]
pub use stage::Notes;
pub use stop::Stop;
#[cfg(feature = "codecs")]
pub use warning::{ClipCause, Warning, WarningKind};

/// The code of the README, tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
