//! NumPy's `.npy`: one array, its header a Python dictionary.
//!
//! Source: `numpy.lib.format`, versions 1.0, 2.0 and 3.0.

use std::io::Write;

use crate::{
    error::{Error, Result},
    image::{ImageSpec, SampleSlice},
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

/// A warning for an array whose last axis is too long for colours: it may be a stack, whose first
/// axis counts planes or channels.
pub(super) fn order_warning([rows, columns, channels]: [usize; 3]) -> Option<Warning> {
    (channels > 4).then(|| format!(
        "the array was read as {rows} rows, {columns} columns and {channels} channels: if its first axis counts planes or channels, save np.moveaxis(a, 0, -1)"
    ).into())
}

/// Writes C order, little-endian: 3 axes, or 2 for one channel without a channel axis.
pub(super) struct Writer<'a>(SharedOutput<'a>);

impl<'a> Writer<'a> {
    pub(super) fn new(
        spec: ImageSpec,
        metadata: &Metadata,
        mut out: SharedOutput<'a>,
    ) -> Result<Self> {
        let axes = spec.shape();
        let axes = match axes {
            [.., 1] if !metadata.channel_axis => &axes[..2],
            _ => &axes[..],
        };
        let header = header::of(axes, spec.depth);
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
