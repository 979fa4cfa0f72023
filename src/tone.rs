//! Responses to samples: map, rounding, saturation, depth.

mod exact;
mod finish;
mod narrow;
mod terms;

pub(crate) use finish::{Range, Tone};

#[cfg(test)]
mod tests;
