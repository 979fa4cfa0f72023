//! NumPy's `.npy`: one array, its header a Python dictionary.
//!
//! Source: `numpy.lib.format`, versions 1.0, 2.0 and 3.0.

use std::io::Write;

use crate::{
    error::{Error, Result},
    image::{Depth, ImageSpec, SampleSlice},
    warning::Warning,
};

use super::{
    Metadata, errors,
    rows::{SharedOutput, Sink, write_samples},
};

mod header;
mod mapped;
mod read;

pub use mapped::{NpyElement, NpyFile};
pub(super) use read::open;

/// Writes C order, little-endian.
pub(super) struct Writer<'a>(SharedOutput<'a>);

impl<'a> Writer<'a> {
    /// An image: 3 axes, or 2 for one channel without a channel axis.
    pub(super) fn new(spec: ImageSpec, metadata: &Metadata, out: SharedOutput<'a>) -> Result<Self> {
        let shape = spec.shape();
        match shape {
            [.., 1] if !metadata.channel_axis => Self::of_shape(&shape[..2], spec.depth, out),
            _ => Self::of_shape(&shape, spec.depth, out),
        }
    }

    /// An array of any number of axes.
    pub(super) fn of_shape(
        shape: &[usize],
        depth: Depth,
        mut out: SharedOutput<'a>,
    ) -> Result<Self> {
        let header = header::of(shape, depth);
        out.write_all(&header).map_err(errors::writing)?;
        Ok(Self(out))
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        write_samples(rows, false, &mut self.0).map_err(errors::writing)
    }

    fn finish(self: Box<Self>, _: &Metadata) -> Result<Vec<Warning>> {
        Ok(Vec::new())
    }
}

fn damaged_header(what: impl std::fmt::Display) -> Error {
    errors::damaged("npy", format_args!("its header {what}"))
}

#[cfg(test)]
mod tests;
