//! The convolution: source rows to sums, sums to finished rows.

use std::{fmt, marker::PhantomData, mem, ops::Range, sync::Arc};

use rayon::prelude::*;

use super::{
    RowStage, Rows, RowsMut, Run,
    framing::{Frame, Framing, Tile},
    point::{CopyAlpha, PointStage, Under},
};
use crate::{
    engine::{self, Bank, F64Fallback, Kernels, recycled},
    error::Result,
    finish::{Finish, ResponseRange},
    image::{Depth, ImageSpec, SampleSliceMut, try_resize},
    number::{Element, Lane, LaneKind, Output, Widen},
    plan::Convolution,
    simd,
};

/// The convolution of samples of type `S`, framed as `E`, with sums in `T`.
pub(super) struct Convolve<S, E, T> {
    convolution: Arc<Convolution>,
    kernels: Kernels<E, T>,
    /// The same in f64, for rows of float samples whose sums overflow in f32.
    wide: Option<F64Fallback>,
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
        self.convolution.geometry.rows.source_range(rows)
    }

    fn rows_at_once(&self) -> usize {
        self.convolution.rows_at_once()
    }

    fn needs_range(&self) -> bool {
        self.convolution.finish.needs_range()
    }

    fn range(&self, source: Rows<'_>, run: &Run<'_>) -> Result<ResponseRange> {
        let pass = self.pass(source);
        // Of the type that the rows are filled in, whose buffers they share.
        match self.convolution.depths[1] {
            Depth::U8 => pass.range::<u8>(run),
            Depth::U16 => pass.range::<u16>(run),
            Depth::F32 => pass.range::<f32>(run),
        }
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
    /// With these kernels, which are compiled from `bank`.
    pub(super) fn new(
        convolution: &Arc<Convolution>,
        bank: &Bank<'_>,
        kernels: Kernels<E, T>,
    ) -> Self {
        let unbounded = S::DEPTH == Depth::F32 && convolution.lane() == LaneKind::F32;
        let fallback = || {
            let grids = bank.grids.iter().copied();
            F64Fallback::new(grids, convolution.finish.accurate_range())
        };
        let alpha = || Box::new(CopyAlpha::new(&convolution.finish)) as Box<dyn PointStage>;
        Self {
            kernels,
            wide: unbounded.then(fallback),
            point: convolution.copies_alpha.then(alpha),
            convolution: Arc::clone(convolution),
            samples: PhantomData,
        }
    }

    fn pass<'a>(&'a self, rows: Rows<'a>) -> Pass<'a, S, E, T> {
        let convolution = &*self.convolution;
        let source = S::of_view(&rows.view).expect("kernels are compiled for the plan's depth");
        let contiguous = source.flat_row(0).is_some();
        let block = T::MAX_BLOCK.max(E::MAX_BLOCK);
        let columns = (convolution.geometry.columns).positions(convolution.tile_width());
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

/// How rows of sums become rows of the output.
struct Finishing<'a> {
    finish: Finish,
    /// Whether rows are written by non-temporal stores.
    streams: bool,
    /// Samples from one row of the output to the next.
    stride: usize,
    /// Those that are wanted.
    columns: &'a Range<usize>,
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
        let finishing = Finishing {
            finish: match run.range {
                None => convolution.finish.clone(),
                Some(range) => convolution.finish.with_range(range),
            },
            streams: convolution.streams(size_of_val(out)),
            stride: out_stride,
            columns: &run.columns,
        };
        let band_rows = self.band_rows(rows.len());
        let band =
            |scratch: &mut (Scratch<E, T>, Vec<O>), band: usize, out: &mut [O]| -> Result<()> {
                run.check()?;
                let first = rows.start + band * band_rows;
                let rows = first..(first + band_rows).min(rows.end);
                self.fill_band(rows.clone(), out, &finishing, scratch)?;
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
        finishing: &Finishing<'_>,
        (scratch, finished): &mut (Scratch<E, T>, Vec<O>),
    ) -> Result<()> {
        let Finishing {
            finish, streams, ..
        } = finishing;
        let simd = self.convolution.offer().simd;
        let channels = self.convolution.channels;
        let finish_row = |y: usize, columns: &Range<usize>, sums: Sums<'_, T>, out: &mut [O]| {
            match sums {
                Sums::Lane(sums) => finish.apply(simd, sums, out),
                Sums::Wide(sums) => finish.apply(simd, sums, out),
            }
            if let Some(point) = &self.stage.point {
                let under = Under::new(&self.convolution.geometry, self.rows, [y, columns.start]);
                point.run(O::slice_mut(out), &under);
            }
        };
        simd::streaming(|stream| -> Result<()> {
            for tile in self.tiles(rows.clone(), finishing.columns) {
                let len = tile.columns.len() * channels;
                if *streams {
                    try_resize(finished, len, O::from_real(0.0))?;
                }
                self.each_row(&tile, scratch, |y, sums| {
                    let at = (y - rows.start) * finishing.stride + tile.columns.start * channels;
                    let out = &mut out[at..][..len];
                    if *streams {
                        finish_row(y, &tile.columns, sums, finished);
                        stream.copy(finished, out);
                    } else {
                        finish_row(y, &tile.columns, sums, out);
                    }
                })?;
            }
            Ok(())
        })
    }

    /// The range of the numerators of the whole result, which is finished in `O`.
    fn range<O: Output>(&self, run: &Run<'_>) -> Result<ResponseRange> {
        let rows = self.convolution.geometry.rows.output;
        let band_rows = self.band_rows(rows);
        let bands = 0..rows.div_ceil(band_rows);
        let scratch = || run.pool.take(|| (Scratch::new(), Vec::<O>::new()));
        let band = |(scratch, _): &mut (Scratch<E, T>, Vec<O>), band: usize| {
            run.check()?;
            let first = band * band_rows;
            self.range_of_band(first..(first + band_rows).min(rows), run, scratch)
        };
        let join = |a: ResponseRange, b: ResponseRange| Ok(a.join(b));
        if run.threads == 1 {
            let scratch = &mut *scratch();
            return { bands }.try_fold(ResponseRange::EMPTY, |all, at| {
                join(all, band(scratch, at)?)
            });
        }
        (bands.into_par_iter())
            .map_init(scratch, |scratch, at| band(scratch, at))
            .try_reduce(|| ResponseRange::EMPTY, join)
    }

    fn range_of_band(
        &self,
        rows: Range<usize>,
        run: &Run<'_>,
        scratch: &mut Scratch<E, T>,
    ) -> Result<ResponseRange> {
        let Convolution {
            finish,
            channels,
            copies_alpha,
            ..
        } = self.convolution;
        let mut range = ResponseRange::EMPTY;
        for tile in self.tiles(rows, &run.columns) {
            self.each_row(&tile, scratch, |_, sums| {
                range = range.join(match sums {
                    Sums::Lane(sums) => finish.range(sums, *channels, *copies_alpha),
                    Sums::Wide(sums) => finish.range(sums, *channels, *copies_alpha),
                });
            })?;
        }
        Ok(range)
    }

    /// Rows of a band where so many rows of the result are made: a part of it is
    /// split for all threads.
    fn band_rows(&self, rows: usize) -> usize {
        let convolution = self.convolution;
        let most = convolution.band_rows(self.direct);
        if rows == convolution.geometry.rows.output {
            return most;
        }
        let share = rows.div_ceil(convolution.threads);
        share.next_multiple_of(convolution.rows_at_once()).min(most)
    }

    /// The tiles of these output rows, from left to right, that have some of the
    /// columns.
    fn tiles(
        &self,
        rows: Range<usize>,
        columns: &Range<usize>,
    ) -> impl Iterator<Item = Tile> + use<S, E, T> {
        let columns = columns.clone();
        let on_grid = self.convolution.offer().on_grid;
        let tiles = self.convolution.tile_columns(self.direct);
        tiles.filter_map(move |tile| {
            let wanted = tile.start.max(columns.start)..tile.end.min(columns.end);
            (!wanted.is_empty()).then(|| Tile {
                rows: rows.clone(),
                columns: if on_grid { tile } else { wanted },
            })
        })
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
                    Some(wide) if wide.is_needed(simd, &band, row, as_f32(sums)) => {
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
