//! Number types: what samples are read as, what sums are made in, what responses
//! are finished in.

mod lane;
mod real;

pub use lane::LaneKind;
pub(crate) use lane::{Element, ElementKind, Lane, MAX_ROUNDINGS, Widen};
pub(crate) use real::{Output, Real};
