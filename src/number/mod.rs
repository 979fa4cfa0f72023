//! Number types: of the elements of bands, of sums (lanes, the accumulator types), and of
//! finishing.

mod lane;
mod rational;
mod real;

pub use lane::LaneKind;
pub(crate) use lane::{Element, ElementKind, Lane, MAX_ROUNDINGS, Widen};
pub(crate) use rational::{ROOT_BITS, decimal, fixed_root, rational, root, to_f64};
pub(crate) use real::{Output, Real, fill};
