//! Progressive files: their scans are passes over all coefficients, so the picture is collected and
//! encoded whole.

use std::io::Write;

use crate::{
    codec::rows::{SharedOutput, Sink},
    error::Result,
    image::{ImageSpec, SampleSlice, no_memory},
    warning::Warning,
};

use super::{
    Metadata, errors,
    write::{Settings, encoded},
};

/// Collects rows and encodes them at the end.
pub(super) struct Progressive<'a> {
    out: SharedOutput<'a>,
    spec: ImageSpec,
    metadata: Metadata,
    settings: Settings,
    samples: Vec<u8>,
}

impl<'a> Progressive<'a> {
    pub(super) const fn new(
        spec: ImageSpec,
        metadata: Metadata,
        settings: Settings,
        out: SharedOutput<'a>,
    ) -> Self {
        Self {
            out,
            spec,
            metadata,
            settings,
            samples: Vec::new(),
        }
    }
}

impl Sink for Progressive<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let left = self.spec.bytes() - self.samples.len();
        (self.samples.try_reserve_exact(left)).map_err(|_| no_memory::<u8>(self.spec.bytes()))?;
        self.samples.extend_from_slice(rows.as_bytes());
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &Metadata) -> Result<Vec<Warning>> {
        let metadata = Some(&self.metadata);
        let file = encoded(
            &self.samples,
            self.spec,
            self.settings,
            metadata,
            |encoder| encoder.progressive(true),
        )?;
        self.out.write_all(&file).map_err(errors::writing)?;
        Ok(Vec::new())
    }
}

/// An upper bound of the memory that writing takes, of any sampling: the samples, and what the
/// encoder makes of them.
pub(in crate::codec) fn memory_to_write(spec: ImageSpec) -> usize {
    // Components have whole units, of at most 32 x 16 pixels.
    let [rows, columns] = [
        spec.rows.next_multiple_of(16),
        spec.columns.next_multiple_of(32),
    ];
    let pixels = rows.saturating_mul(columns);
    let coefficients = pixels.saturating_mul(size_of::<i16>() * spec.channels);
    // Of the largest component: values, differences, magnitudes and signs, with a mask and a
    // length for each block.
    let candidates = pixels.saturating_mul(4 * size_of::<u16>()) + pixels / 4;
    // A buffer of two bytes a pixel, which grows, and that of a scan; noise takes more bytes than
    // its samples. When metadata are inserted into copies of it, all else is free again.
    let files = pixels.saturating_mul(2 * spec.channels + 4);
    // The samples, and planes of them.
    (spec.bytes().saturating_mul(2))
        .saturating_add(coefficients)
        .saturating_add(candidates)
        .saturating_add(files)
}
