//! stub

pub mod border;
pub mod codec;
pub mod error;
pub mod image;
pub mod kernel;
pub mod report;
pub mod tone;
pub mod view;

pub use error::{Error, Result};
