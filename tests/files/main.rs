//! Files: what is read of them, what is written, and what is not read.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "cli")]
mod attributes;
mod background;
mod broken;
mod carried;
mod errors;
mod formats;
mod frames;
mod ignored_content;
mod interrupt;
mod jpeg;
mod kinds;
mod mapped;
mod odd;
mod pages;
mod places;
mod readback;
mod records;
mod rows;
mod scans;
mod streamed;
mod tags;
mod tga_areas;
mod unsupported;
