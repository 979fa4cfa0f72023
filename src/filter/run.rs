//! Runs a plan: bands over threads, windows to sums, sums to samples.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Filter, Plan,
    band::{Frame, Framing, Tile},
    luma,
    method::Way,
    shift,
};
use crate::{
    engine::{
        self, Contract, Contraction, DotProducts, DotSum, Element, Grid, Lane, LaneKind, Widen,
    },
    error::{Error, Result},
    image::{Depth, Image, ImageView},
    kernel::Kernel,
    simd,
    tone::{self, Output, Tone},
    view::{Layout, StridedView},
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
        ImageView::U8(view) if plan.choice.way == Way::Dots => {
            job.with_dots(view.slice(2, channels)?, output)
        }
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
struct Scratch<E, T> {
    frame: Frame<E>,
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
        self.with_kernels(source, output, |at, kernel, grid, row| {
            let recipe = self.plan.choice.recipe(at, kernel, S::DEPTH);
            let drop_zeros = S::DEPTH != Depth::F32;
            Contraction::<T>::new(recipe, self.plan.simd, grid, row, drop_zeros)
        })
    }

    fn with_dots(self, source: StridedView<'_, u8, 3>, output: &mut Image) -> Result<()> {
        match self.plan.lane() {
            LaneKind::I16 => self.with_dots_in::<i16>(source, output),
            _ => self.with_dots_in::<f32>(source, output),
        }
    }

    fn with_dots_in<T: DotSum>(
        self,
        source: StridedView<'_, u8, 3>,
        output: &mut Image,
    ) -> Result<()> {
        self.with_kernels(source, output, |_, _, grid, row| {
            DotProducts::<T>::new(grid, row)
        })
    }

    fn with_kernels<S: Widen, C: Contract>(
        self,
        source: StridedView<'_, S, 3>,
        output: &mut Image,
        compile: impl Fn(usize, &Kernel, Grid<'_>, &Layout<2>) -> C,
    ) -> Result<()> {
        let bands = Bands::new(self.plan, source, compile);
        match output.depth() {
            Depth::U8 => self.filter::<S, C, u8>(&bands, output),
            Depth::U16 => self.filter::<S, C, u16>(&bands, output),
            Depth::F32 => self.filter::<S, C, f32>(&bands, output),
        }
    }

    fn filter<S: Widen, C: Contract, O: Output>(
        self,
        bands: &Bands<'_, S, C>,
        output: &mut Image,
    ) -> Result<()> {
        let Self { plan, .. } = self;
        let channels = bands.source.shape()[2];
        let mut tone = plan.tone.clone();
        if tone.needs_range() {
            tone.set_range(bands.range(&tone));
        }
        let row_len = plan.geometry.output[1] * channels;
        let band_len = plan.band_rows() * row_len;
        let samples = O::of_mut(output)
            .ok_or_else(|| Error::request("the output is of another depth than its plan"))?;
        let finish = |y: usize, columns: &Range<usize>, sums: &[&[C::Sum]], out: &mut [O]| {
            tone.finish(plan.simd, sums, out);
            if plan.copies_alpha() {
                bands.copy_alpha(&tone, y, columns.start, out);
            }
        };
        let streams = plan.streams();
        let scratch = || (bands.scratch(), Vec::new());
        samples.par_chunks_mut(band_len).enumerate().for_each_init(
            scratch,
            |(scratch, finished), (band, samples)| {
                let first = band * plan.band_rows();
                let rows = first..first + samples.len() / row_len;
                simd::streaming(|stream| {
                    for tile in bands.tiles(rows.clone()) {
                        finished.resize(tile.columns.len() * channels, O::from_real(0.0));
                        bands.each_row(&tile, scratch, |y, sums| {
                            let at = (y - first) * row_len + tile.columns.start * channels;
                            let out = &mut samples[at..][..finished.len()];
                            if streams {
                                finish(y, &tile.columns, sums, finished);
                                stream.copy(finished, out);
                            } else {
                                finish(y, &tile.columns, sums, out);
                            }
                        });
                    }
                });
                (self.progress)(rows.len());
            },
        );
        Ok(())
    }
}

/// One image's bands, ready to be computed in any order.
struct Bands<'a, S, C: Contract> {
    plan: &'a Plan,
    framing: Framing<'a, S, C::Element>,
    source: StridedView<'a, S, 3>,
    kernels: Vec<C>,
    /// Elements from one row of sums to the next.
    stride: usize,
}

impl<'a, S: Widen, C: Contract> Bands<'a, S, C> {
    fn new(
        plan: &'a Plan,
        source: StridedView<'a, S, 3>,
        compile: impl Fn(usize, &Kernel, Grid<'_>, &Layout<2>) -> C,
    ) -> Self {
        let geometry = &plan.geometry;
        let channels = source.shape()[2];
        let framing = Framing::new(geometry, source, plan.simd);
        let row = framing.window_row();
        let kernels = (plan.kernels.iter().zip(&geometry.origins).enumerate())
            .map(|(at, (kernel, &origin))| {
                let weights: Vec<f64> = kernel.weights().iter().copied().collect();
                let grid = Grid {
                    weights: &weights,
                    shape: [kernel.rows(), kernel.columns()],
                    dilation: geometry.dilation,
                    origin,
                };
                compile(at, kernel, grid, &row)
            })
            .collect();
        let block = C::Sum::MAX_BLOCK.max(C::Element::MAX_BLOCK);
        Self {
            plan,
            kernels,
            framing,
            source,
            stride: (geometry.positions(1, plan.tile_width) * channels).max(block),
        }
    }

    fn scratch(&self) -> Scratch<C::Element, C::Sum> {
        Scratch {
            frame: Frame::new(),
            engine: engine::Scratch::new(),
            sums: vec![C::Sum::ZERO; self.kernels.len() * self.plan.rows_at_once * self.stride],
        }
    }

    /// The tiles of these output rows, from left to right.
    fn tiles(&self, rows: Range<usize>) -> impl Iterator<Item = Tile> + use<'a, S, C> {
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
        scratch: &mut Scratch<C::Element, C::Sum>,
        mut each: impl FnMut(usize, &[&[C::Sum]]),
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
            let kernels = self.kernels.iter();
            for (kernel, sums) in kernels.zip(sums.chunks_exact_mut(kernel_len)) {
                let sums = &mut sums[..rows * stride];
                kernel.run(plan.simd, &band, first, sums, stride, engine);
            }
            let of_row = |row| {
                let of_kernels = sums.chunks_exact(kernel_len);
                of_kernels.map(move |sums| &sums[row * stride..][..row_len])
            };
            let row_sums: Vec<&[C::Sum]> = (0..rows).flat_map(of_row).collect();
            for (row, sums) in row_sums.chunks(self.kernels.len()).enumerate() {
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
