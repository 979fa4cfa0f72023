//! Views, engines and filters, in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod alpha;
mod axis_borders;
mod bias;
mod boxes;
mod constants;
mod doubles;
mod engines;
mod extrema;
mod f64_results;
mod float_range;
mod golden;
mod interop;
mod large_tiles;
mod like;
mod missing;
mod opencv_types;
mod oracle;
mod peers;
mod plan;
mod runners;
mod scipy_types;
mod specs;
mod turned;
mod types;
mod unrounded_luma;
mod view;
mod view_any;
mod view_mut;
mod view_numpy;
mod view_ops;
