//! The convolution: source rows to sums, sums to finished rows.

use std::{borrow::Cow, fmt, marker::PhantomData, mem, ops::Range, sync::Arc};

use rayon::prelude::*;

use super::{
    RowStage, Rows, RowsMut, Run,
    copy::Copy,
    framing::{Frame, Framing, Tile},
    point::{CopyAlpha, PointStage, Under},
};
use crate::{
    engine::{self, Bank, Grid, Kernels, Program, Wide, recycled},
    error::Result,
    image::{Depth, ImageSpec, SampleSliceMut, try_resize},
    kernel::Kernel,
    number::{Element, Lane, LaneKind, Output, Widen},
    plan::{self, Convolution},
    simd,
    tone::{self, Tone},
};

/// Compiles a convolution. The types of samples and lane are picked here, once.
///
/// # Errors
///
/// If memory cannot be had.
pub(super) fn convolve(convolution: &Arc<Convolution>) -> Result<Box<dyn RowStage>> {
    let Convolution {
        kernels, geometry, ..
    } = &**convolution;
    let weights = |kernel: &Kernel| kernel.weights().iter().copied().collect();
    let weights: Vec<Vec<f64>> = kernels.iter().map(weights).collect();
    let grids = (kernels.iter().zip(&weights).zip(&geometry.origins)).map(
        |((kernel, weights), &origin)| Grid {
            weights,
            shape: [kernel.rows(), kernel.columns()],
            dilation: geometry.dilation,
            origin,
        },
    );
    let row = plan::window_row(geometry, convolution.channels);
    let offer = convolution.offer();
    let bank = Bank::new(grids.collect(), row, convolution.depths[0], offer);
    Ok(match offer.recipe.compile(&bank)? {
        Program::I16(kernels) => of_samples(convolution, &bank, kernels),
        Program::F32(kernels) => of_samples(convolution, &bank, kernels),
        Program::F64(kernels) => of_samples(convolution, &bank, kernels),
        Program::BytesI16(kernels) => boxed::<u8, _, _>(convolution, &bank, kernels),
        Program::BytesF32(kernels) => boxed::<u8, _, _>(convolution, &bank, kernels),
        Program::Copy(tap) => Box::new(Copy::new(convolution, tap)),
    })
}

fn of_samples<T: Lane>(
    convolution: &Arc<Convolution>,
    bank: &Bank<'_>,
    kernels: Kernels<T, T>,
) -> Box<dyn RowStage> {
    match convolution.depths[0] {
        Depth::U8 => boxed::<u8, _, _>(convolution, bank, kernels),
        Depth::U16 => boxed::<u16, _, _>(convolution, bank, kernels),
        Depth::F32 => boxed::<f32, _, _>(convolution, bank, kernels),
    }
}

fn boxed<S: Widen, E: Element, T: Lane>(
    convolution: &Arc<Convolution>,
    bank: &Bank<'_>,
    kernels: Kernels<E, T>,
) -> Box<dyn RowStage> {
    let unbounded = S::DEPTH == Depth::F32 && convolution.lane() == LaneKind::F32;
    let grids = bank.grids.iter().copied();
    let alpha = (convolution.copies_alpha).then(|| CopyAlpha::new(&convolution.tone));
    Box::new(Convolve::<S, E, T> {
        kernels,
        wide: unbounded.then(|| Wide::new(grids, convolution.tone.trusted())),
        point: alpha.map(|alpha| Box::new(alpha) as Box<dyn PointStage>),
        convolution: Arc::clone(convolution),
        samples: PhantomData,
    })
}

/// The convolution of samples of type `S`, framed as `E`, with sums in `T`.
struct Convolve<S, E, T> {
    convolution: Arc<Convolution>,
    kernels: Kernels<E, T>,
    /// The same in f64, for rows of float samples whose sums overflow in f32.
    wide: Option<Wide>,
    /// Runs on every row that is finished, while it is in the cache.
    point: Option<Box<dyn PointStage>>,
    samples: PhantomData<fn() -> S>,
}

impl<S: Widen, E: Element, T: Lane> fmt::Debug for Convolve<S, E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Convolve")
            .field("convolution", &self.convolution)
            .field("point", &self.point)
            .finish_non_exhaustive()
    }
}

impl<S: Widen, E: Element, T: Lane> RowStage for Convolve<S, E, T> {
    fn output(&self) -> ImageSpec {
        self.convolution.output()
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.convolution.geometry.source_rows(rows)
    }

    fn rows_at_once(&self) -> usize {
        self.convolution.rows_at_once()
    }

    fn needs_range(&self) -> bool {
        self.convolution.tone.needs_range()
    }

    fn range(&self, source: Rows<'_>, run: &Run<'_>) -> Result<tone::Range> {
        self.pass(source).range(run)
    }

    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        let pass = self.pass(source);
        let stride = out.stride;
        match out.samples {
            SampleSliceMut::U8(out) => pass.fill(rows, out, stride, run),
            SampleSliceMut::U16(out) => pass.fill(rows, out, stride, run),
            SampleSliceMut::F32(out) => pass.fill(rows, out, stride, run),
        }
    }
}

impl<S: Widen, E: Element, T: Lane> Convolve<S, E, T> {
    fn pass<'a>(&'a self, rows: Rows<'a>) -> Pass<'a, S, E, T> {
        let convolution = &*self.convolution;
        let source = S::of_view(&rows.view).expect("kernels are compiled for the plan's depth");
        let contiguous = source.flat_row(0).is_some();
        let block = T::MAX_BLOCK.max(E::MAX_BLOCK);
        let columns = (convolution.geometry).positions(1, convolution.tile_width());
        Pass {
            stage: self,
            convolution,
            direct: convolution.is_direct(contiguous),
            framing: Framing::new(
                &convolution.geometry,
                source,
                rows.first,
                convolution.offer().simd,
            ),
            rows,
            stride: (columns * convolution.channels).max(block),
        }
    }
}

/// Buffers of one thread, kept from band to band.
struct Scratch<E: 'static, T: 'static> {
    frame: Frame<E>,
    /// The engine's own.
    engine: engine::Scratch<T>,
    /// Sums of every kernel, one after the other.
    sums: Vec<T>,
    /// Those of one row in f64.
    wide: Vec<f64>,
    // The slices of a band's rows, and of rows of sums: empty between bands.
    rows: Vec<&'static [E]>,
    row_sums: Vec<&'static [T]>,
    wide_sums: Vec<&'static [f64]>,
}

impl<E, T: Lane> Scratch<E, T> {
    fn new() -> Self {
        Self {
            frame: Frame::new(),
            engine: engine::Scratch::new(),
            sums: Vec::new(),
            wide: Vec::new(),
            rows: Vec::new(),
            row_sums: Vec::new(),
            wide_sums: Vec::new(),
        }
    }
}

/// One row of sums for every kernel.
#[derive(Clone, Copy)]
enum Sums<'a, T> {
    Lane(&'a [&'a [T]]),
    /// Of a row whose sums overflow in f32.
    Wide(&'a [&'a [f64]]),
}

/// Source rows that are about to be convolved.
struct Pass<'a, S, E, T> {
    stage: &'a Convolve<S, E, T>,
    convolution: &'a Convolution,
    framing: Framing<'a, S, E>,
    rows: Rows<'a>,
    /// Whether windows inside the image look at the source itself.
    direct: bool,
    /// Elements from one row of sums to the next.
    stride: usize,
}

impl<S: Widen, E: Element, T: Lane> Pass<'_, S, E, T> {
    /// Fills `out` with these rows of the result, bands over threads.
    fn fill<O: Output>(
        &self,
        rows: Range<usize>,
        out: &mut [O],
        out_stride: usize,
        run: &Run<'_>,
    ) -> Result<()> {
        let convolution = self.convolution;
        let tone = match run.range {
            None => Cow::Borrowed(&convolution.tone),
            Some(range) => Cow::Owned(convolution.tone.with_range(range)),
        };
        let streams = convolution.streams(size_of_val(out));
        let band_rows = self.band_rows(rows.len());
        let band =
            |scratch: &mut (Scratch<E, T>, Vec<O>), band: usize, out: &mut [O]| -> Result<()> {
                run.check()?;
                let first = rows.start + band * band_rows;
                let rows = first..(first + band_rows).min(rows.end);
                self.fill_band(rows.clone(), out, out_stride, &tone, streams, scratch)?;
                (run.progress)(rows.len());
                Ok(())
            };
        let scratch = || run.pool.take(|| (Scratch::new(), Vec::new()));
        let len = band_rows * out_stride;
        if run.threads == 1 || rows.len() <= band_rows {
            let scratch = &mut *scratch();
            return (out.chunks_mut(len).enumerate())
                .try_for_each(|(at, out)| band(scratch, at, out));
        }
        (out.par_chunks_mut(len).enumerate())
            .try_for_each_init(scratch, |scratch, (at, out)| band(scratch, at, out))
    }

    /// Fills `out` with the rows of a band, tile by tile.
    fn fill_band<O: Output>(
        &self,
        rows: Range<usize>,
        out: &mut [O],
        out_stride: usize,
        tone: &Tone,
        streams: bool,
        (scratch, finished): &mut (Scratch<E, T>, Vec<O>),
    ) -> Result<()> {
        let simd = self.convolution.offer().simd;
        let channels = self.convolution.channels;
        let finish = |y: usize, columns: &Range<usize>, sums: Sums<'_, T>, out: &mut [O]| {
            match sums {
                Sums::Lane(sums) => tone.finish(simd, sums, out),
                Sums::Wide(sums) => tone.finish(simd, sums, out),
            }
            if let Some(point) = &self.stage.point {
                let under = Under::new(&self.convolution.geometry, self.rows, [y, columns.start]);
                point.run(O::slice_mut(out), &under);
            }
        };
        simd::streaming(|stream| -> Result<()> {
            for tile in self.tiles(rows.clone()) {
                let len = tile.columns.len() * channels;
                if streams {
                    try_resize(finished, len, O::from_real(0.0))?;
                }
                self.each_row(&tile, scratch, |y, sums| {
                    let at = (y - rows.start) * out_stride + tile.columns.start * channels;
                    let out = &mut out[at..][..len];
                    if streams {
                        finish(y, &tile.columns, sums, finished);
                        stream.copy(finished, out);
                    } else {
                        finish(y, &tile.columns, sums, out);
                    }
                })?;
            }
            Ok(())
        })
    }

    /// The range of the numerators of the whole result.
    fn range(&self, run: &Run<'_>) -> Result<tone::Range> {
        let convolution = self.convolution;
        let Convolution { tone, channels, .. } = convolution;
        let rows = convolution.geometry.output[0];
        let band_rows = self.band_rows(rows);
        (0..rows.div_ceil(band_rows))
            .into_par_iter()
            .map_init(
                || run.pool.take(|| (Scratch::new(), Vec::<f32>::new())),
                |scratch, band| {
                    let (scratch, _) = &mut **scratch;
                    run.check()?;
                    let mut range = tone::Range::EMPTY;
                    let first = band * band_rows;
                    for tile in self.tiles(first..(first + band_rows).min(rows)) {
                        self.each_row(&tile, scratch, |_, sums| {
                            let skip_alpha = convolution.copies_alpha;
                            range = range.join(match sums {
                                Sums::Lane(sums) => tone.range(sums, *channels, skip_alpha),
                                Sums::Wide(sums) => tone.range(sums, *channels, skip_alpha),
                            });
                        })?;
                    }
                    Ok(range)
                },
            )
            .try_reduce(|| tone::Range::EMPTY, |a, b| Ok(a.join(b)))
    }

    /// Rows of a band where so many rows of the result are made: a part of it is
    /// split for all threads.
    fn band_rows(&self, rows: usize) -> usize {
        let convolution = self.convolution;
        let most = convolution.band_rows(self.direct);
        if rows == convolution.geometry.output[0] {
            return most;
        }
        let share = rows.div_ceil(convolution.threads);
        share.next_multiple_of(convolution.rows_at_once()).min(most)
    }

    /// The tiles of these output rows, from left to right.
    fn tiles(&self, rows: Range<usize>) -> impl Iterator<Item = Tile> + use<S, E, T> {
        let tile = move |columns| Tile {
            rows: rows.clone(),
            columns,
        };
        self.convolution.tile_columns(self.direct).map(tile)
    }

    /// Computes the output rows of a tile and calls `each` with the sums of every
    /// kernel, row by row.
    fn each_row(
        &self,
        tile: &Tile,
        scratch: &mut Scratch<E, T>,
        mut each: impl FnMut(usize, Sums<'_, T>),
    ) -> Result<()> {
        let stride = self.stride;
        let simd = self.convolution.offer().simd;
        let Scratch {
            frame,
            engine,
            sums,
            wide: wide_sums,
            rows: band_slices,
            row_sums: slices,
            wide_sums: wide_slices,
        } = scratch;
        let kernels = &self.stage.kernels;
        let rows_at_once = self.convolution.rows_at_once();
        let kernel_len = rows_at_once * stride;
        if sums.len() < kernels.len() * kernel_len {
            try_resize(sums, kernels.len() * kernel_len, T::ZERO)?;
        }
        let band = (self.framing).band(tile, frame, mem::take(band_slices))?;
        let row_len = tile.columns.len() * self.convolution.channels;
        for first in (0..tile.rows.len()).step_by(rows_at_once) {
            let rows = rows_at_once.min(tile.rows.len() - first);
            for (kernel, sums) in kernels.iter().zip(sums.chunks_exact_mut(kernel_len)) {
                let sums = &mut sums[..rows * stride];
                kernel.run(simd, &band, first, sums, stride, engine)?;
            }
            let of_row = |row| {
                let of_kernels = sums.chunks_exact(kernel_len).take(kernels.len());
                of_kernels.map(move |sums| &sums[row * stride..][..row_len])
            };
            let mut row_sums = recycled(mem::take(slices));
            row_sums.extend((0..rows).flat_map(of_row));
            for (row, sums) in row_sums.chunks(kernels.len()).enumerate() {
                let (y, row) = (tile.rows.start + first + row, first + row);
                match &self.stage.wide {
                    Some(wide) if wide.doubts(simd, &band, row, as_f32(sums)) => {
                        let len = sums.len() * stride;
                        if wide_sums.len() < len {
                            try_resize(wide_sums, len, 0.0)?;
                        }
                        let wide_sums = &mut wide_sums[..len];
                        wide.contract(simd, &band, row, wide_sums, stride);
                        let mut rows = recycled(mem::take(wide_slices));
                        rows.extend(wide_sums.chunks_exact(stride).map(|sums| &sums[..row_len]));
                        each(y, Sums::Wide(&rows));
                        *wide_slices = recycled(rows);
                    }
                    _ => each(y, Sums::Lane(sums)),
                }
            }
            *slices = recycled(row_sums);
        }
        *band_slices = recycled(band.into_rows());
        Ok(())
    }
}

/// Sums in the lane f32 as what they are.
fn as_f32<'a, T: Lane>(sums: &[&'a [T]]) -> impl Iterator<Item = &'a [f32]> + Clone {
    sums.iter().map(|sums| bytemuck::cast_slice(sums))
}
