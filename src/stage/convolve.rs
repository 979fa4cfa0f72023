//! The convolution: source rows to sums, sums to finished rows.

mod in_registers;

use std::{
    fmt, mem,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    RowStage, Rows, RowsMut, Run,
    near_ties::{ExtremaSearch, Finishes, NearTieScratch, NearTies},
    padding::{BandBuilder, PaddedRows, Tile},
    parallel,
    point::{CopyAlpha, KeepFrame, PointStage, SourcePixels},
    residency::is_resident,
    scratch::PoolGuard,
};
use crate::{
    engine::{self, Band, Bank, F64Fallback, Kernels, OrderedKernel, Place, Told, recycled},
    error::Result,
    finish::{Extrema, RegisterFinish, ResponseRange, Tally, Tallying},
    image::{Depth, ImageSpec, ImageView, SampleSlice, SampleSliceMut, Samples, try_resize},
    number::{Element, Lane, LaneKind},
    plan::Convolution,
    simd,
    stop::Stop,
};

/// The convolution of samples in bands of `E`, with sums in `T`.
pub(super) struct Convolve<E, T> {
    convolution: Arc<Convolution>,
    kernels: Kernels<E, T>,
    /// The same in f64, for rows of float samples whose sums overflow in f32.
    f64_fallback: Option<F64Fallback>,
    /// Rounds samples near to a tie, if there may be any.
    near_ties: Option<NearTies>,
    /// Of images whose extrema are not known or needed.
    finishes: Finishes,
    /// The sums of another program, which decide where it matters how they are rounded.
    ordered: Option<OrderedKernel>,
    /// Run on every finished row while it is in cache.
    points: Vec<Box<dyn PointStage>>,
    /// Whether sums are samples as they are, and the kernel can write them to the result.
    keeps_sums: bool,
    /// The finish, if the only kernel can do it while sums are in registers.
    in_registers: Option<RegisterFinish>,
}

impl<E: Element, T: Lane> fmt::Debug for Convolve<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Convolve")
            .field("convolution", &self.convolution)
            .field("points", &self.points)
            .finish_non_exhaustive()
    }
}

impl<E: Element, T: Lane> RowStage for Convolve<E, T> {
    fn output(&self) -> ImageSpec {
        self.convolution.output()
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.convolution.geometry.rows.source_range(rows)
    }

    fn rows_at_once(&self) -> usize {
        self.convolution.rows_at_once()
    }

    fn needs_extrema(&self) -> bool {
        self.convolution.finish.needs_range()
    }

    fn extrema(&self, source: Rows<'_>, run: &Run<'_>) -> Result<Extrema> {
        self.pass(source).extrema(run)
    }

    fn finishes(&self, extrema: &Extrema) -> Option<Finishes> {
        Some(self.finishes.with_extrema(extrema))
    }

    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        self.pass(source).fill(rows, out, run)
    }
}

impl<E: Element, T: Lane> Convolve<E, T> {
    /// With these kernels, which are compiled from `bank`.
    pub(super) fn new(
        convolution: &Arc<Convolution>,
        bank: &Bank<'_>,
        kernels: Kernels<E, T>,
    ) -> Self {
        let unbounded = bank.depth.is_float() && convolution.lane() == LaneKind::F32;
        let fallback = || {
            let kernels = bank.kernels.iter().copied();
            F64Fallback::new(kernels, convolution.finish.accurate_range())
        };
        let mut points: Vec<Box<dyn PointStage>> = Vec::new();
        if convolution.copies_alpha {
            points.push(Box::new(CopyAlpha::new(convolution)));
        }
        if convolution.keeps_frame {
            points.push(Box::new(KeepFrame::new(convolution)));
        }
        let ordered = (convolution.program_sums.as_ref()).map(|sums| {
            let Convolution {
                geometry,
                channels,
                orientation,
                ..
            } = &**convolution;
            let to = (convolution.finish.rule(), convolution.output().depth);
            OrderedKernel::new(sums, geometry, *channels, *orientation, to)
        });
        let near_ties = NearTies::new(convolution, bank);
        let can_write_samples = T::KIND == LaneKind::F64
            && kernels.iter().all(|k| k.writes_only_sums())
            && convolution.geometry.step()[1] == 1
            && ordered.is_none();
        let in_registers =
            in_registers::finish(convolution, bank, &kernels).filter(|_| ordered.is_none());
        Self {
            in_registers,
            kernels,
            keeps_sums: can_write_samples && convolution.finish.keeps_sums(),
            f64_fallback: unbounded.then(fallback),
            finishes: Finishes::new(convolution, near_ties.as_ref()),
            near_ties,
            ordered,
            points,
            convolution: Arc::clone(convolution),
        }
    }

    fn pass<'a>(&'a self, rows: Rows<'a>) -> Pass<'a, E, T> {
        let convolution = &*self.convolution;
        let contiguous = each_sample!(ImageView(&rows.view), view => view.flat_row(0).is_some());
        let block = T::MAX_BLOCK.max(E::MAX_BLOCK);
        let columns = (convolution.geometry.columns).positions(convolution.tile_width());
        Pass {
            stage: self,
            convolution,
            reads_in_place: convolution.reads_in_place(contiguous),
            bands: BandBuilder::new(convolution, rows),
            rows,
            stride: (columns * convolution.channels).max(block),
        }
    }
}

/// Buffers of one thread, reused from band to band.
struct Scratch<E: 'static, T: 'static> {
    sums: SumsScratch<E, T>,
    /// A finished row of a tile, which non-temporal stores copy to the output.
    finished: Samples,
    near_ties: NearTieScratch,
}

impl<E, T: Lane> Scratch<E, T> {
    fn new(output: Depth) -> Self {
        Self {
            sums: SumsScratch::new(),
            finished: Samples::empty(output),
            near_ties: NearTieScratch::default(),
        }
    }
}

/// Buffers for the computation of rows of sums.
struct SumsScratch<E: 'static, T: 'static> {
    padded_rows: PaddedRows<E>,
    /// The engine's buffers.
    engine: engine::Scratch<T>,
    /// Sums of every kernel, one after the other.
    sums: Vec<T>,
    /// Sums of one row in f64.
    f64_sums: Vec<f64>,
    /// What a kernel tells of rows that it finished; empty between bands.
    told: Told,
    // Slices of a band's rows and of rows of sums: empty between bands.
    band_slices: Vec<&'static [E]>,
    sum_slices: Vec<&'static [T]>,
    f64_slices: Vec<&'static [f64]>,
}

impl<E, T: Lane> SumsScratch<E, T> {
    fn new() -> Self {
        Self {
            padded_rows: PaddedRows::new(),
            engine: engine::Scratch::new(),
            sums: Vec::new(),
            f64_sums: Vec::new(),
            told: Told::default(),
            band_slices: Vec::new(),
            sum_slices: Vec::new(),
            f64_slices: Vec::new(),
        }
    }
}

/// One row of sums for every kernel.
#[derive(Clone, Copy)]
enum Sums<'a, T> {
    Lane(&'a [&'a [T]]),
    /// Computed again in f64, as sums of the row overflow in f32.
    F64(&'a [&'a [f64]]),
}

/// The sums of one row of a tile, and the band whose windows they are of.
struct SummedRow<'a, E, T> {
    /// The row of the result.
    y: usize,
    sums: Sums<'a, T>,
    band: &'a Band<'a, E>,
    /// The row of the band's result.
    y_in_band: usize,
    /// The largest absolute sample of the band, where it is far from that of the type.
    largest: Option<f64>,
}

/// How rows of sums become rows of the output.
struct Finishing<'a> {
    finishes: &'a Finishes,
    /// Whether rows are written by non-temporal stores.
    non_temporal: bool,
    /// Samples from one row of the output to the next.
    stride: usize,
    /// The columns of the output to compute.
    columns: &'a Range<usize>,
    /// Where to note what the responses are.
    tally: Option<&'a Mutex<Tally>>,
    /// How, if so.
    tallying: Option<Tallying<'a>>,
    stop: Option<&'a Stop>,
}

/// One run of the stage over source rows.
struct Pass<'a, E, T> {
    stage: &'a Convolve<E, T>,
    convolution: &'a Convolution,
    bands: BandBuilder<'a, E>,
    rows: Rows<'a>,
    /// Whether windows inside the image read the source in place.
    reads_in_place: bool,
    /// Elements from one row of sums to the next.
    stride: usize,
}

impl<E: Element, T: Lane> Pass<'_, E, T> {
    /// Fills `out` with these rows of the result; the threads share the bands.
    fn fill(&self, rows: Range<usize>, mut out: RowsMut<'_>, run: &Run<'_>) -> Result<()> {
        let convolution = self.convolution;
        let memory = out.samples.reborrow().into_bytes();
        let finishes = run.finishes.unwrap_or(&self.stage.finishes);
        let tallying = || {
            let Convolution {
                channels,
                copies_alpha,
                ..
            } = *convolution;
            finishes.of_sums.tallying(channels, copies_alpha)
        };
        let finishing = Finishing {
            finishes,
            non_temporal: convolution.uses_non_temporal_stores(memory.len()) && is_resident(memory),
            stride: out.stride,
            columns: &run.columns,
            tally: run.tally,
            tallying: run.tally.map(|_| tallying()),
            stop: run.stop,
        };
        let band_rows = self.band_rows(rows.len());
        let threads = match rows.len() <= band_rows {
            true => 1,
            false => run.threads,
        };
        let len = band_rows * out.stride;
        parallel::for_each_chunk(out.samples, len, 1, threads, &|band, out| {
            run.check()?;
            let first = rows.start + band * band_rows;
            let rows = first..(first + band_rows).min(rows.end);
            run.note_transparent(convolution, self.rows, &rows)?;
            self.fill_band(rows.clone(), out, &finishing, &mut self.scratch(run))?;
            (run.progress)(rows.len());
            Ok(())
        })
    }

    /// Buffers for one band.
    fn scratch<'r>(&self, run: &Run<'r>) -> PoolGuard<'r, Scratch<E, T>> {
        let output = self.convolution.output().depth;
        run.pool.take(|| Scratch::new(output))
    }

    /// Fills `out` with the rows of a band, tile by tile.
    fn fill_band(
        &self,
        rows: Range<usize>,
        mut out: SampleSliceMut<'_>,
        finishing: &Finishing<'_>,
        Scratch {
            sums,
            finished,
            near_ties,
        }: &mut Scratch<E, T>,
    ) -> Result<()> {
        let channels = self.convolution.channels;
        let mut tally = Tally::EMPTY;
        simd::streaming(|stream| -> Result<()> {
            for tile in self.tiles(rows.clone(), finishing.columns) {
                let len = tile.columns.len() * channels;
                if self.writes_sums(len, finishing) {
                    let at = tile.columns.start * channels;
                    let end = (tile.rows.len() - 1) * finishing.stride + at + len;
                    let out = out.reborrow().range(at, end);
                    self.fill_with_sums(&tile, out, finishing.stride, sums)?;
                    continue;
                }
                if let Some(kernel) = self.in_registers(len, finishing) {
                    let at = tile.columns.start * channels;
                    let end = (tile.rows.len() - 1) * finishing.stride + at + len;
                    let out = engine::RowsMut {
                        samples: out.reborrow().range(at, end),
                        stride: finishing.stride,
                        stream: finishing.non_temporal.then_some(&mut *stream),
                    };
                    tally
                        .join(self.fill_finished(&kernel, &tile, out, finishing, sums, near_ties)?);
                    continue;
                }
                if finishing.non_temporal && finished.len() < len {
                    finished.resize(len)?;
                }
                self.each_row(&tile, sums, &mut |row| {
                    // Rows of the sums of another program may take long.
                    finishing.stop.map_or(Ok(()), Stop::check)?;
                    let at =
                        (row.y - rows.start) * finishing.stride + tile.columns.start * channels;
                    let out = out.reborrow().range(at, at + len);
                    let left = tile.columns.start;
                    if finishing.non_temporal {
                        let mut finished = finished.as_mut_slice().range(0, len);
                        let to = finished.reborrow();
                        tally.join(self.finish_row(finishing, row, left, to, near_ties)?);
                        stream.copy(finished.into_bytes(), out.into_bytes());
                    } else {
                        tally.join(self.finish_row(finishing, row, left, out, near_ties)?);
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        if let Some(all) = finishing.tally {
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.join(tally);
        }
        Ok(())
    }

    /// Whether the sums of rows of `len` samples are written to the result: what is not to stay
    /// in cache is not.
    fn writes_sums(&self, len: usize, finishing: &Finishing<'_>) -> bool {
        let is_plain = !finishing.non_temporal && finishing.tally.is_none();
        self.stage.keeps_sums && is_plain && len >= T::MAX_BLOCK
    }

    /// Fills `out`, whose rows begin `stride` samples apart, with the sums of a tile.
    fn fill_with_sums(
        &self,
        tile: &Tile,
        mut out: SampleSliceMut<'_>,
        stride: usize,
        scratch: &mut SumsScratch<E, T>,
    ) -> Result<()> {
        let convolution = self.convolution;
        let SumsScratch {
            padded_rows,
            engine,
            band_slices,
            ..
        } = scratch;
        let row_len = tile.columns.len() * convolution.channels;
        let band = (self.bands).band(tile, padded_rows, mem::take(band_slices))?;
        let rows_at_once = convolution.rows_at_once();
        for first in (0..tile.rows.len()).step_by(rows_at_once) {
            let rows = first..tile.rows.len().min(first + rows_at_once);
            let end = (rows.end - 1) * stride + row_len;
            let block = out.reborrow().range(first * stride, end);
            let sums = bytemuck::cast_slice_mut(block.into_bytes());
            let simd = convolution.offer().simd;
            for kernel in &self.stage.kernels {
                kernel.run(simd, &band, first, sums, stride, engine)?;
            }
            for row in rows {
                let out = out.reborrow().range(row * stride, row * stride + row_len);
                self.run_point_stages([tile.rows.start + row, tile.columns.start], out);
            }
        }
        *band_slices = recycled(band.into_rows());
        Ok(())
    }

    /// Changes the pixels of a row of the result from this row and column on.
    fn run_point_stages(&self, at: [usize; 2], mut out: SampleSliceMut<'_>) {
        for point in &self.stage.points {
            point.run(
                out.reborrow(),
                &SourcePixels::new(&self.convolution.geometry, self.rows, at),
            );
        }
    }

    /// Converts sums to the samples of a row that begins with this column. Returns what is to be
    /// noted of them.
    fn finish_row(
        &self,
        finishing: &Finishing<'_>,
        row: &SummedRow<'_, E, T>,
        left: usize,
        mut out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<Tally> {
        let simd = self.convolution.offer().simd;
        let near_ties = &mut scratch.near_ties;
        let Finishes {
            of_sums: finish,
            of_windows,
        } = finishing.finishes;
        let of_samples = row.largest.map(|largest| finish.of_samples_up_to(largest));
        let finish = of_samples.as_ref().unwrap_or(finish);
        match row.sums {
            Sums::Lane(sums) => finish.apply(simd, sums, out.reborrow(), near_ties),
            Sums::F64(sums) => finish.apply(simd, sums, out.reborrow(), near_ties),
        }
        let at = (row.band, row.y_in_band);
        if let Some(ordered) = &self.stage.ordered {
            let first = Place {
                row: row.y,
                column: left,
            };
            match self.convolution.depths.iter().any(|depth| depth.is_float()) {
                true => ordered.fill_row(at, first, out.reborrow()),
                false => ordered.fill_at(at, first, &*near_ties, out.reborrow()),
            }
            near_ties.clear();
        } else if let (Some(near_ties), Some(finishes)) = (&self.stage.near_ties, of_windows) {
            near_ties.round(simd, at, row.largest, finishes, out.reborrow(), scratch)?;
        }
        let tally = (finishing.tallying.as_ref()).map_or(Tally::EMPTY, |tallying| {
            self.tally_row(tallying, row.sums, out.as_slice())
        });
        self.run_point_stages([row.y, left], out);
        Ok(tally)
    }

    /// The extrema of the responses of the whole image.
    fn extrema(&self, run: &Run<'_>) -> Result<Extrema> {
        let rows = self.convolution.geometry.rows.output;
        let band_rows = self.band_rows(rows);
        // A band begins with what those before it found, so that little is left to find.
        let found = Mutex::new(ExtremaSearch::new());
        let lock = || found.lock().unwrap_or_else(PoisonError::into_inner);
        let range = parallel::joined_range(rows.div_ceil(band_rows), run.threads, &|band| {
            run.check()?;
            let first = band * band_rows;
            let rows = first..(first + band_rows).min(rows);
            let mut search = lock().clone();
            let range = self.range_of_band(rows, run, &mut self.scratch(run).sums, &mut search)?;
            lock().join(search);
            Ok(range)
        })?;
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(match self.stage.near_ties {
            Some(_) => found.into_extrema(),
            None => Extrema::Computed(range),
        })
    }

    /// The range of the numerators of a band, or else the search for exact extrema in it.
    fn range_of_band(
        &self,
        rows: Range<usize>,
        run: &Run<'_>,
        scratch: &mut SumsScratch<E, T>,
        search: &mut ExtremaSearch<E>,
    ) -> Result<ResponseRange> {
        let simd = self.convolution.offer().simd;
        let finishes = &self.stage.finishes;
        let mut range = ResponseRange::EMPTY;
        for tile in self.tiles(rows, &run.columns) {
            self.each_row(&tile, scratch, &mut |row| {
                match (&self.stage.near_ties, row.sums) {
                    (Some(near_ties), Sums::Lane(sums)) => {
                        let at = (row.band, row.y_in_band);
                        near_ties.search(simd, finishes, at, (sums, row.largest), search);
                    }
                    (_, sums) => range = range.join(self.range_of_row(sums)),
                }
                Ok(())
            })?;
        }
        Ok(range)
    }

    /// What is to be noted of one row, which became these samples.
    fn tally_row(
        &self,
        tallying: &Tallying<'_>,
        sums: Sums<'_, T>,
        samples: SampleSlice<'_>,
    ) -> Tally {
        let simd = self.convolution.offer().simd;
        match sums {
            Sums::Lane(sums) => tallying.row(simd, sums, Some(samples)),
            Sums::F64(sums) => tallying.row(simd, sums, Some(samples)),
        }
    }

    /// The range of the numerators of one row, alpha aside.
    fn range_of_row(&self, sums: Sums<'_, T>) -> ResponseRange {
        let Convolution {
            finish,
            channels,
            copies_alpha,
            ..
        } = self.convolution;
        let simd = self.convolution.offer().simd;
        match sums {
            Sums::Lane(sums) => finish.range(simd, sums, *channels, *copies_alpha),
            Sums::F64(sums) => finish.range(simd, sums, *channels, *copies_alpha),
        }
    }

    /// Output rows in a band of a run over `rows` rows: a part of a result is split over
    /// all threads.
    fn band_rows(&self, rows: usize) -> usize {
        let convolution = self.convolution;
        let max_rows = convolution.band_rows(self.reads_in_place);
        if rows == convolution.geometry.rows.output {
            return max_rows;
        }
        let share = rows.div_ceil(convolution.threads);
        share
            .next_multiple_of(convolution.rows_at_once())
            .min(max_rows)
    }

    /// The tiles of these output rows that contain any of the
    /// columns.
    fn tiles(
        &self,
        rows: Range<usize>,
        columns: &Range<usize>,
    ) -> impl Iterator<Item = Tile> + use<E, T> {
        let columns = columns.clone();
        let on_grid = self.convolution.offer().on_grid;
        let tiles = self.convolution.tile_columns(self.reads_in_place);
        tiles.filter_map(move |tile| {
            let wanted = tile.start.max(columns.start)..tile.end.min(columns.end);
            (!wanted.is_empty()).then(|| Tile {
                rows: rows.clone(),
                columns: if on_grid { tile } else { wanted },
            })
        })
    }

    /// Computes the output rows of a tile and calls `each` with the sums of every
    /// kernel, row by row, and with the row of the band's result that they are of.
    fn each_row(
        &self,
        tile: &Tile,
        scratch: &mut SumsScratch<E, T>,
        each: &mut dyn FnMut(&SummedRow<'_, E, T>) -> Result<()>,
    ) -> Result<()> {
        let stride = self.stride;
        let simd = self.convolution.offer().simd;
        let SumsScratch {
            padded_rows,
            engine,
            sums,
            f64_sums,
            told: _,
            band_slices,
            sum_slices,
            f64_slices,
        } = scratch;
        let kernels = &self.stage.kernels;
        let rows_at_once = self.convolution.rows_at_once();
        let kernel_len = rows_at_once * stride;
        if sums.len() < kernels.len() * kernel_len {
            try_resize(sums, kernels.len() * kernel_len, T::ZERO)?;
        }
        let band = (self.bands).band(tile, padded_rows, mem::take(band_slices))?;
        let row_len = tile.columns.len() * self.convolution.channels;
        // Samples of 64 bits are rarely that large.
        let largest = self.convolution.sample_limit.map(|_| band.largest());
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
            let mut row_sums = recycled(mem::take(sum_slices));
            row_sums.extend((0..rows).flat_map(of_row));
            for (row, sums) in row_sums.chunks(kernels.len()).enumerate() {
                let y_in_band = first + row;
                let row = |sums| SummedRow {
                    y: tile.rows.start + y_in_band,
                    sums,
                    band: &band,
                    y_in_band,
                    largest,
                };
                match &self.stage.f64_fallback {
                    Some(fallback) if fallback.is_needed(simd, &band, y_in_band, as_f32(sums)) => {
                        let len = sums.len() * stride;
                        if f64_sums.len() < len {
                            try_resize(f64_sums, len, 0.0)?;
                        }
                        let f64_sums = &mut f64_sums[..len];
                        let kernels = fallback.kernels();
                        kernels.contract(
                            simd,
                            &band,
                            y_in_band,
                            f64_sums,
                            stride,
                            &mut Vec::new(),
                        )?;
                        let mut rows = recycled(mem::take(f64_slices));
                        rows.extend(f64_sums.chunks_exact(stride).map(|sums| &sums[..row_len]));
                        each(&row(Sums::F64(&rows)))?;
                        *f64_slices = recycled(rows);
                    }
                    _ => each(&row(Sums::Lane(sums)))?,
                }
            }
            *sum_slices = recycled(row_sums);
        }
        *band_slices = recycled(band.into_rows());
        Ok(())
    }
}

/// Sums in the lane f32, as such: only these have a fallback.
fn as_f32<'a, T: Lane>(sums: &[&'a [T]]) -> impl Iterator<Item = &'a [f32]> + Clone {
    sums.iter().map(|sums| bytemuck::cast_slice(sums))
}
