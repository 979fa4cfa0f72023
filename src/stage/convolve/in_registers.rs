//! Rows that are finished while their sums are in registers.

use std::mem;

use super::{Finishing, NearTieScratch, Pass, SumsScratch, Tile};
use crate::{
    engine::{Bank, Kernels, RegisterKernel, RowsMut, recycled},
    error::Result,
    finish::{Clipped, RegisterFinish, Tally, Tallying},
    number::{Element, Lane},
    plan::Convolution,
};

/// The finish of a convolution, if its only kernel can do it while sums are in registers.
pub(super) fn finish<E: Element, T: Lane>(
    convolution: &Convolution,
    bank: &Bank<'_>,
    kernels: &Kernels<E, T>,
) -> Option<RegisterFinish> {
    let [kernel] = &**kernels else {
        return None;
    };
    let kernel = kernel.in_registers()?;
    let finish = (convolution.finish).in_registers(T::KIND, convolution.copies_alpha)?;
    let takes_all = convolution.geometry.step()[1] == 1 && convolution.sample_limit.is_none();
    (takes_all && kernel.finishes(bank.simd, &finish)).then_some(finish)
}

/// A kernel, and the finish that it does while sums are in registers.
pub(super) struct RegisterPass<'a, E, T: 'static> {
    kernel: &'a dyn RegisterKernel<E, T>,
    finish: RegisterFinish,
    /// Whether sums that are clipped are counted.
    counts: bool,
}

impl<E: Element, T: Lane> Pass<'_, E, T> {
    /// The kernel that makes samples of its sums while they are in registers, if it does that in
    /// rows of `len` samples.
    pub(super) fn in_registers(
        &self,
        len: usize,
        finishing: &Finishing<'_>,
    ) -> Option<RegisterPass<'_, E, T>> {
        let finish = self.stage.in_registers.as_ref()?;
        let kernel = self.stage.kernels.first()?.in_registers()?;
        let tallies = finishing
            .tallying
            .as_ref()
            .is_some_and(Tallying::needs_sums::<T>);
        let is_possible = len >= kernel.min_len() && (!tallies || finish.counts());
        is_possible.then(|| RegisterPass {
            kernel,
            finish: match tallies {
                true => *finish,
                false => finish.uncounted(),
            },
            counts: tallies,
        })
    }

    /// Fills `out`, whose rows begin one stride apart, with the samples of a tile. Returns what is
    /// to be noted of them.
    ///
    /// Of high bands, the rows whose windows leave the image are computed apart, so that all others
    /// are read in place.
    pub(super) fn fill_finished(
        &self,
        pass: &RegisterPass<'_, E, T>,
        tile: &Tile,
        mut out: RowsMut<'_>,
        finishing: &Finishing<'_>,
        scratch: &mut SumsScratch<E, T>,
        near_ties: &mut NearTieScratch,
    ) -> Result<Tally> {
        if !(self.reads_in_place && pass.kernel.carries_sums()) {
            return self.fill_part(pass, tile, out, finishing, scratch, near_ties);
        }
        let axis = &self.convolution.geometry.rows;
        let is_inside = |y: usize| {
            let padded = axis.padded(&(y..y + 1));
            axis.inside(&padded) == padded
        };
        let mut rows = tile.rows.clone();
        let first = rows.find(|&y| is_inside(y)).unwrap_or(tile.rows.end);
        let end = rows.find(|&y| !is_inside(y)).unwrap_or(tile.rows.end);
        let row_len = tile.columns.len() * self.convolution.channels;
        let mut tally = Tally::EMPTY;
        for rows in [tile.rows.start..first, first..end, end..tile.rows.end] {
            if rows.is_empty() {
                continue;
            }
            let at = [rows.start, rows.end - 1].map(|y| (y - tile.rows.start) * out.stride);
            let part = Tile {
                rows,
                columns: tile.columns.clone(),
            };
            let out = RowsMut {
                samples: out.samples.reborrow().range(at[0], at[1] + row_len),
                stride: out.stride,
                stream: out.stream.as_deref_mut(),
            };
            tally.join(self.fill_part(pass, &part, out, finishing, scratch, near_ties)?);
        }
        Ok(tally)
    }

    fn fill_part(
        &self,
        &RegisterPass {
            kernel,
            finish,
            counts,
        }: &RegisterPass<'_, E, T>,
        tile: &Tile,
        RowsMut {
            samples: mut out,
            stride,
            mut stream,
        }: RowsMut<'_>,
        finishing: &Finishing<'_>,
        scratch: &mut SumsScratch<E, T>,
        near_ties: &mut NearTieScratch,
    ) -> Result<Tally> {
        let convolution = self.convolution;
        let SumsScratch {
            padded_rows,
            engine,
            told,
            band_slices,
            ..
        } = scratch;
        let row_len = tile.columns.len() * convolution.channels;
        let band = (self.bands).band(tile, padded_rows, mem::take(band_slices))?;
        // A run that failed may have left some.
        told.near_ties.clear();
        told.too_large.clear();
        told.clipped = [0; 2];
        let simd = convolution.offer().simd;
        let rows_at_once = match kernel.carries_sums() {
            true => tile.rows.len(),
            false => convolution.rows_at_once(),
        };
        for first in (0..tile.rows.len()).step_by(rows_at_once) {
            let rows = first..tile.rows.len().min(first + rows_at_once);
            let end = (rows.end - 1) * stride + row_len;
            let samples = out.reborrow().range(first * stride, end);
            let block = RowsMut {
                samples,
                stride,
                stream: stream
                    .as_deref_mut()
                    .filter(|_| self.stage.points.is_empty()),
            };
            kernel.finish(simd, (&band, first), &finish, block, engine, told)?;
            told.near_ties.sort_unstable();
            told.near_ties.dedup();
            for near in told.near_ties.chunk_by(|a, b| a[0] == b[0]) {
                let row = near[0][0] as usize;
                near_ties.near_ties.extend(near.iter().map(|[_, at]| at));
                if let (Some(ties), Some(finishes)) =
                    (&self.stage.near_ties, &finishing.finishes.of_windows)
                {
                    let out = out.reborrow().range(row * stride, row * stride + row_len);
                    ties.round(simd, (&band, row), None, finishes, out, near_ties)?;
                }
            }
            told.near_ties.clear();
            for row in rows {
                let out = out.reborrow().range(row * stride, row * stride + row_len);
                self.run_point_stages([tile.rows.start + row, tile.columns.start], out);
            }
        }
        *band_slices = recycled(band.into_rows());
        let clipped = Clipped {
            of: (tile.rows.len() * row_len) as u64,
            ..finish.clipped(told.clipped)
        };
        let tally = Tally {
            clipped: if counts { clipped } else { Clipped::default() },
            ..Tally::EMPTY
        };
        let mut rows = mem::take(&mut scratch.told.too_large);
        rows.sort_unstable();
        rows.dedup();
        for row in rows.drain(..) {
            let y = tile.rows.start + row;
            let tile = Tile {
                rows: y..y + 1,
                columns: tile.columns.clone(),
            };
            let mut out = out.reborrow().range(row * stride, row * stride + row_len);
            self.each_row(&tile, scratch, &mut |row| {
                let left = tile.columns.start;
                self.finish_row(finishing, row, left, out.reborrow(), near_ties)?;
                Ok(())
            })?;
        }
        scratch.told.too_large = rows;
        Ok(tally)
    }
}
