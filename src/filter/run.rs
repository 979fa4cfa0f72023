//! Runs a plan: bands over threads, windows to sums, sums to samples.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Filter, Plan,
    band::{Frame, Framing, Tile},
    luma, shift,
};
use crate::{
    engine::{self, Contraction, Grid, Lane, LaneKind, Widen},
    error::{Error, Result},
    image::{Depth, Image, ImageView},
    tone::{self, Output, Tone},
    view::StridedView,
};

/// Hears of finished output rows.
pub(crate) type Progress<'a> = dyn Fn(usize) + Sync + 'a;

/// Fills `output`; the types of samples, lane and result are picked here, once.
pub(super) fn run(
    filter: &Filter,
    plan: &Plan,
    image: ImageView<'_>,
    output: &mut Image,
    progress: &Progress<'_>,
) -> Result<()> {
    let gray;
    let (source, channels) = match filter.channel.stored(image.shape()[2])? {
        Some(stored) => (image, stored),
        None => {
            gray = luma::luma(plan.simd, &image)?;
            ((&gray).into(), 0..1)
        }
    };
    let job = Job { plan, progress };
    match source {
        ImageView::U8(view) => job.with_source(view.slice(2, channels)?, output),
        ImageView::U16(view) => job.with_source(view.slice(2, channels)?, output),
        ImageView::F32(view) => job.with_source(view.slice(2, channels)?, output),
    }
}

#[derive(Clone, Copy)]
struct Job<'a> {
    plan: &'a Plan,
    progress: &'a Progress<'a>,
}

/// Buffers of one thread, kept from band to band.
struct Scratch<T> {
    frame: Frame<T>,
    /// The engine's own.
    engine: engine::Scratch<T>,
    /// Sums of every kernel, one after the other.
    sums: Vec<T>,
}

impl Job<'_> {
    fn with_source<S: Widen + Output>(
        self,
        source: StridedView<'_, S, 3>,
        output: &mut Image,
    ) -> Result<()> {
        if let (Some(tap), Some(out)) = (self.plan.shift, S::of_mut(output)) {
            shift::copy(&self.plan.geometry, source, tap, out, self.progress);
            return Ok(());
        }
        match self.plan.lane() {
            LaneKind::I16 => self.with_lane::<S, i16>(source, output),
            LaneKind::F32 => self.with_lane::<S, f32>(source, output),
            LaneKind::F64 => self.with_lane::<S, f64>(source, output),
        }
    }

    fn with_lane<S: Widen, T: Lane>(
        self,
        source: StridedView<'_, S, 3>,
        output: &mut Image,
    ) -> Result<()> {
        match output.depth() {
            Depth::U8 => self.bands::<S, T, u8>(source, output),
            Depth::U16 => self.bands::<S, T, u16>(source, output),
            Depth::F32 => self.bands::<S, T, f32>(source, output),
        }
    }

    fn bands<S: Widen, T: Lane, O: Output>(
        self,
        source: StridedView<'_, S, 3>,
        output: &mut Image,
    ) -> Result<()> {
        let Self { plan, .. } = self;
        let channels = source.shape()[2];
        let bands = Bands::<S, T>::new(self, source);
        let mut tone = plan.tone.clone();
        if tone.needs_range() {
            tone.set_range(bands.range(&tone));
        }
        let row_len = plan.geometry.output[1] * channels;
        let band_len = plan.band_rows() * row_len;
        let samples = O::of_mut(output)
            .ok_or_else(|| Error::request("the output is of another depth than its plan"))?;
        let scratch = || bands.scratch();
        samples.par_chunks_mut(band_len).enumerate().for_each_init(
            scratch,
            |scratch, (band, samples)| {
                let first = band * plan.band_rows();
                let rows = first..first + samples.len() / row_len;
                for tile in bands.tiles(rows.clone()) {
                    bands.each_row(&tile, scratch, |y, sums| {
                        let at = (y - first) * row_len + tile.columns.start * channels;
                        let out = &mut samples[at..][..tile.columns.len() * channels];
                        tone.finish(plan.simd, sums, out);
                        if plan.copies_alpha() {
                            bands.copy_alpha(&tone, y, tile.columns.start, out);
                        }
                    });
                }
                (self.progress)(rows.len());
            },
        );
        Ok(())
    }
}

/// One image's bands, ready to be computed in any order.
struct Bands<'a, S, T> {
    plan: &'a Plan,
    framing: Framing<'a, S, T>,
    source: StridedView<'a, S, 3>,
    contractions: Vec<Contraction<T>>,
    /// Elements from one row of sums to the next.
    stride: usize,
}

impl<'a, S: Widen, T: Lane> Bands<'a, S, T> {
    fn new(job: Job<'a>, source: StridedView<'a, S, 3>) -> Self {
        let Job { plan, .. } = job;
        let geometry = &plan.geometry;
        let channels = source.shape()[2];
        let drop_zeros = S::DEPTH != Depth::F32;
        let framing = Framing::new(geometry, source, plan.simd);
        let row = framing.window_row();
        let contractions = (plan.kernels.iter().zip(&geometry.origins).enumerate())
            .map(|(at, (kernel, &origin))| {
                let weights: Vec<f64> = kernel.weights().iter().copied().collect();
                let grid = Grid {
                    weights: &weights,
                    shape: [kernel.rows(), kernel.columns()],
                    dilation: geometry.dilation,
                    origin,
                };
                let recipe = plan.choice.recipe(at, kernel, S::DEPTH);
                Contraction::new(recipe, plan.simd, grid, &row, drop_zeros)
            })
            .collect();
        Self {
            plan,
            contractions,
            framing,
            source,
            stride: (geometry.positions(1, plan.tile_width) * channels).max(T::MAX_BLOCK),
        }
    }

    fn scratch(&self) -> Scratch<T> {
        Scratch {
            frame: Frame::new(),
            engine: engine::Scratch::new(),
            sums: vec![T::ZERO; self.contractions.len() * self.plan.rows_at_once * self.stride],
        }
    }

    /// The tiles of these output rows, from left to right.
    fn tiles(&self, rows: Range<usize>) -> impl Iterator<Item = Tile> + use<'a, S, T> {
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
        scratch: &mut Scratch<T>,
        mut each: impl FnMut(usize, &[&[T]]),
    ) {
        let Self { plan, stride, .. } = *self;
        let Scratch {
            frame,
            engine,
            sums,
        } = scratch;
        let band = self.framing.band(tile, frame);
        let row_len = tile.columns.len() * self.source.shape()[2];
        let kernel_len = self.plan.rows_at_once * stride;
        for first in (0..tile.rows.len()).step_by(self.plan.rows_at_once) {
            let rows = self.plan.rows_at_once.min(tile.rows.len() - first);
            let kernels = self.contractions.iter();
            for (kernel, sums) in kernels.zip(sums.chunks_exact_mut(kernel_len)) {
                let sums = &mut sums[..rows * stride];
                kernel.run(plan.simd, &band, first, sums, stride, engine);
            }
            let of_row = |row| {
                let of_kernels = sums.chunks_exact(kernel_len);
                of_kernels.map(move |sums| &sums[row * stride..][..row_len])
            };
            let row_sums: Vec<&[T]> = (0..rows).flat_map(of_row).collect();
            for (row, sums) in row_sums.chunks(self.contractions.len()).enumerate() {
                each(tile.rows.start + first + row, sums);
            }
        }
    }

    /// The range of the numerators of the whole image.
    fn range(&self, tone: &Tone) -> tone::Range {
        let Self { plan, .. } = self;
        let [rows, ..] = plan.output_shape();
        let channels = self.source.shape()[2];
        (0..rows.div_ceil(plan.band_rows()))
            .into_par_iter()
            .map_init(
                || self.scratch(),
                |scratch, band| {
                    let first = band * plan.band_rows();
                    let mut range = tone::Range::EMPTY;
                    for tile in self.tiles(first..(first + plan.band_rows()).min(rows)) {
                        self.each_row(&tile, scratch, |_, sums| {
                            range = range.join(tone.range(sums, channels, plan.copies_alpha()));
                        });
                    }
                    range
                },
            )
            .reduce(|| tone::Range::EMPTY, tone::Range::join)
    }

    /// Puts the image's alpha into a finished row that begins at column `first`.
    fn copy_alpha<O: Output>(&self, tone: &Tone, y: usize, first: usize, out: &mut [O]) {
        let channels = self.source.shape()[2];
        let geometry = &self.plan.geometry;
        let row = geometry.under(0, y);
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let alpha = self
                .source
                .at([row, geometry.under(1, first + x), channels - 1]);
            pixel[channels - 1] = tone.sample(alpha.to_f64());
        }
    }
}
