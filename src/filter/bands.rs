//! Bands of a part to finished rows.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    band::{Frame, Framing, Tile},
    part::Part,
};
use crate::{
    engine::{self, Kernels, Wide},
    error::Result,
    image::try_resize,
    number::{Element, Lane, Output, Widen},
    plan::Plan,
    simd,
    tone::{self, Tone},
    view::StridedView,
};

/// Buffers of one thread, kept from band to band.
struct Scratch<E, T> {
    frame: Frame<E>,
    /// The engine's own.
    engine: engine::Scratch<T>,
    /// Sums of every kernel, one after the other.
    sums: Vec<T>,
    /// How many there are.
    len: usize,
    /// Those of one row in f64.
    wide: Vec<f64>,
}

/// One row of sums for every kernel.
#[derive(Clone, Copy)]
enum Sums<'a, T> {
    Lane(&'a [&'a [T]]),
    /// Of a row that f32 does not hold.
    Wide(&'a [&'a [f64]]),
}

impl<E, T: Lane> Scratch<E, T> {
    /// With memory for the sums.
    fn ready(&mut self) -> Result<&mut Self> {
        if self.sums.len() < self.len {
            try_resize(&mut self.sums, self.len, T::ZERO)?;
        }
        Ok(self)
    }
}

/// The bands of a part, ready to be computed in any order.
pub(super) struct Bands<'a, S, E, T> {
    plan: &'a Plan,
    framing: Framing<'a, S, E>,
    source: StridedView<'a, S, 3>,
    /// The row of the image that the source begins with.
    first: usize,
    kernels: &'a Kernels<E, T>,
    wide: Option<&'a Wide>,
    /// Elements from one row of sums to the next.
    stride: usize,
}

impl<'a, S: Widen, E: Element, T: Lane> Bands<'a, S, E, T> {
    pub(super) fn new(part: &Part<'a>, kernels: &'a Kernels<E, T>, wide: Option<&'a Wide>) -> Self {
        let (plan, first) = (part.plan, part.first);
        let source = S::of_view(&part.source).expect("kernels are compiled for the plan's depth");
        let geometry = &plan.geometry;
        let block = T::MAX_BLOCK.max(E::MAX_BLOCK);
        Self {
            plan,
            kernels,
            wide,
            framing: Framing::new(geometry, source, first, plan.offer().simd),
            source,
            first,
            stride: (geometry.positions(1, plan.tile_width()) * source.shape()[2]).max(block),
        }
    }

    pub(super) fn fill<O: Output>(&self, part: &Part<'_>, out: &mut [O]) -> Result<()> {
        let Part { plan, tone, .. } = *part;
        let channels = self.source.shape()[2];
        let row_len = plan.geometry.output[1] * channels;
        let finish = |y: usize, columns: &Range<usize>, sums: Sums<'_, T>, out: &mut [O]| {
            match sums {
                Sums::Lane(sums) => tone.finish(plan.offer().simd, sums, out),
                Sums::Wide(sums) => tone.finish(plan.offer().simd, sums, out),
            }
            if plan.copies_alpha() {
                self.copy_alpha(tone, y, columns.start, out);
            }
        };
        let streams = plan.streams(size_of_val(out));
        let scratch = || (self.scratch(), Vec::new());
        let bands = out.par_chunks_mut(part.band_rows * row_len).enumerate();
        bands.try_for_each_init(scratch, |(scratch, finished), (band, samples)| {
            let scratch = scratch.ready()?;
            let rows = part.band(band);
            simd::streaming(|stream| -> Result<()> {
                for tile in self.tiles(rows.clone()) {
                    let len = tile.columns.len() * channels;
                    try_resize(finished, len, O::from_real(0.0))?;
                    self.each_row(&tile, scratch, |y, sums| {
                        let at = (y - rows.start) * row_len + tile.columns.start * channels;
                        let out = &mut samples[at..][..finished.len()];
                        if streams {
                            finish(y, &tile.columns, sums, finished);
                            stream.copy(finished, out);
                        } else {
                            finish(y, &tile.columns, sums, out);
                        }
                    })?;
                }
                Ok(())
            })?;
            (part.progress)(rows.len());
            Ok(())
        })
    }

    /// The range of the numerators of the part.
    pub(super) fn range(&self, part: &Part<'_>) -> Result<tone::Range> {
        let Part { plan, tone, .. } = *part;
        let channels = self.source.shape()[2];
        (0..part.rows.len().div_ceil(part.band_rows))
            .into_par_iter()
            .map_init(
                || self.scratch(),
                |scratch, band| {
                    let scratch = scratch.ready()?;
                    let mut range = tone::Range::EMPTY;
                    for tile in self.tiles(part.band(band)) {
                        self.each_row(&tile, scratch, |_, sums| {
                            let skip_alpha = plan.copies_alpha();
                            range = range.join(match sums {
                                Sums::Lane(sums) => tone.range(sums, channels, skip_alpha),
                                Sums::Wide(sums) => tone.range(sums, channels, skip_alpha),
                            });
                        })?;
                    }
                    Ok(range)
                },
            )
            .try_reduce(|| tone::Range::EMPTY, |a, b| Ok(a.join(b)))
    }

    fn scratch(&self) -> Scratch<E, T> {
        Scratch {
            frame: Frame::new(),
            engine: engine::Scratch::new(),
            sums: Vec::new(),
            len: self.kernels.len() * self.plan.rows_at_once() * self.stride,
            wide: Vec::new(),
        }
    }

    /// The tiles of these output rows, from left to right.
    fn tiles(&self, rows: Range<usize>) -> impl Iterator<Item = Tile> + use<'a, S, E, T> {
        let tile = move |columns| Tile {
            rows: rows.clone(),
            columns,
        };
        self.plan.tile_columns().map(tile)
    }

    /// Computes the output rows of a tile and hands `each` the sums of every
    /// kernel.
    fn each_row(
        &self,
        tile: &Tile,
        scratch: &mut Scratch<E, T>,
        mut each: impl FnMut(usize, Sums<'_, T>),
    ) -> Result<()> {
        let Self { plan, stride, .. } = *self;
        let Scratch {
            frame,
            engine,
            sums,
            wide: wide_sums,
            ..
        } = scratch;
        let band = self.framing.band(tile, frame)?;
        let row_len = tile.columns.len() * self.source.shape()[2];
        let kernel_len = self.plan.rows_at_once() * stride;
        for first in (0..tile.rows.len()).step_by(self.plan.rows_at_once()) {
            let rows = self.plan.rows_at_once().min(tile.rows.len() - first);
            for (kernel, sums) in self.kernels.iter().zip(sums.chunks_exact_mut(kernel_len)) {
                let sums = &mut sums[..rows * stride];
                kernel.run(plan.offer().simd, &band, first, sums, stride, engine)?;
            }
            let of_row = |row| {
                let of_kernels = sums.chunks_exact(kernel_len);
                of_kernels.map(move |sums| &sums[row * stride..][..row_len])
            };
            let row_sums: Vec<&[T]> = (0..rows).flat_map(of_row).collect();
            for (row, sums) in row_sums.chunks(self.kernels.len()).enumerate() {
                let (y, row) = (tile.rows.start + first + row, first + row);
                match self.wide {
                    Some(wide) if wide.doubts(plan.offer().simd, &band, row, as_f32(sums)) => {
                        try_resize(wide_sums, sums.len() * stride, 0.0)?;
                        wide.contract(plan.offer().simd, &band, row, wide_sums, stride);
                        let rows = wide_sums.chunks_exact(stride);
                        let rows: Vec<&[f64]> = rows.map(|sums| &sums[..row_len]).collect();
                        each(y, Sums::Wide(&rows));
                    }
                    _ => each(y, Sums::Lane(sums)),
                }
            }
        }
        Ok(())
    }

    /// Puts the image's alpha into a finished row that begins at column `first`.
    fn copy_alpha<O: Output>(&self, tone: &Tone, y: usize, first: usize, out: &mut [O]) {
        let channels = self.source.shape()[2];
        let geometry = &self.plan.geometry;
        let row = geometry.under(0, y) - self.first;
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let alpha = self
                .source
                .at([row, geometry.under(1, first + x), channels - 1]);
            pixel[channels - 1] = tone.sample(alpha.to_f64());
        }
    }
}

/// Sums in the lane f32 as what they are.
fn as_f32<'a, T: Lane>(sums: &[&'a [T]]) -> impl Iterator<Item = &'a [f32]> + Clone {
    sums.iter().map(|sums| bytemuck::cast_slice(sums))
}
