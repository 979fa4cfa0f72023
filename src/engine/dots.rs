//! 8-bit integer weights on 8-bit samples: dot products of four bytes in one
//! instruction, with no widening.
//!
//! A quad is a group of four neighbouring taps; its samples are four consecutive
//! bytes. One vector holds the 32-bit sums of every fourth output, so four vectors,
//! loaded one byte apart, give 64 neighbouring sums.

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    Band, Bank, CompiledBank, CompiledKernel, Engine, Kernels, Method, Offer, Recipe, Refusal,
    Scratch,
    lane::LaneChoice,
    packed_taps::{PlacedKernel, TapRun, Taps},
    problem::{Problem, is_exact},
};
use crate::{
    error::Result,
    image::Depth,
    kernel::Kernel,
    number::{ElementKind, Lane, LaneKind},
    simd::{self, DotBody, DotVectors, Simd, prefetch},
    view::Layout,
};

/// Dot products of bytes.
#[derive(Debug)]
pub(super) struct Dots;

/// Output rows in a block: their sums take half the registers.
const ROWS: usize = 4;

/// Nanoseconds of one quad on one sample: 24 megapixels through 9x9 and 15x15, 27
/// and 60 quads, took 10.6 and 17.3 ms (VNNI, Zen 5).
const QUAD_COST: f64 = 0.0086;

impl Engine for Dots {
    fn name(&self) -> &'static str {
        "dots"
    }

    fn method(&self) -> Method {
        Method::Direct
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        let LaneChoice {
            lane,
            reason: lane_reason,
            sum_errors,
        } = problem.lane()?;
        let cost = cost(problem, lane).map_err(Refusal::of)?;
        Ok(Offer {
            cost: cost * problem.samples(),
            lane,
            lane_reason,
            sum_errors,
            element: ElementKind::Bytes,
            simd: problem.simd,
            // As in the direct loop.
            rows_at_once: if problem.geometry.rows.step == 1 {
                ROWS
            } else {
                1
            },
            tile_width: problem.tile_width(),
            on_grid: false,
            scratch: 0,
            tables: 0,
            recipe: Arc::new(ByQuads),
        })
    }
}

/// Why dot products of bytes cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("this SIMD level has no dot products of bytes")]
    Level,
    #[error("it multiplies samples of 8 bits only")]
    Depth,
    #[error("it multiplies integer weights from -128 to 127 only")]
    Weights,
    #[error("its sums are not made in {0}")]
    Lane(LaneKind),
}

/// Nanoseconds per sample, with sums in this lane.
pub(super) fn cost(problem: &Problem<'_>, lane: LaneKind) -> Result<f64, Why> {
    let fits = |k: &Kernel| {
        let byte = |w: &f64| (-128.0..=127.0).contains(w);
        is_exact(k, problem.depth) && k.weights().iter().all(byte)
    };
    if problem.depth != Depth::U8 {
        return Err(Why::Depth);
    }
    if !problem.kernels.iter().all(fits) {
        return Err(Why::Weights);
    }
    if lane == LaneKind::F64 {
        return Err(Why::Lane(lane));
    }
    // The last, so that it stands for a refusal by the processor alone.
    if !problem.simd.has_dots() {
        return Err(Why::Level);
    }
    let spacing = problem.geometry.columns.dilation * problem.channels;
    let of_row = |row: &[f64]| {
        let taps = (0..row.len()).filter(|&tap| row[tap] != 0.0);
        count_quads(taps.map(|tap| tap * spacing))
    };
    let of_kernel = |k: &Kernel| {
        let weights = k.as_slice();
        weights.chunks(k.columns()).map(of_row).sum::<usize>()
    };
    let quads: usize = problem.kernels.iter().map(of_kernel).sum();
    Ok(quads as f64 * QUAD_COST)
}

#[derive(Debug)]
struct ByQuads;

impl fmt::Display for ByQuads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every tap on a block of output at once, in dot products of bytes")
    }
}

impl Recipe for ByQuads {
    fn compile(&self, bank: &Bank<'_>) -> Result<CompiledBank> {
        Ok(match bank.lane {
            LaneKind::I16 => CompiledBank::BytesI16(kernels(bank)),
            _ => CompiledBank::BytesF32(kernels(bank)),
        })
    }
}

fn kernels<T: DotSum>(bank: &Bank<'_>) -> Kernels<u8, T> {
    let kernel =
        |&kernel: &PlacedKernel<'_>| Box::new(DotProducts::new(kernel, &bank.row)) as Box<_>;
    bank.kernels.iter().map(kernel).collect()
}

/// A kernel of weights from -128 to 127, for bands of bytes and sums of `T`.
#[derive(Debug)]
struct DotProducts<T> {
    taps: Taps<i16>,
    /// For blocks of one output row.
    single: Vec<QuadRow>,
    /// For blocks of [`ROWS`].
    several: Vec<QuadRow>,
    sums: PhantomData<T>,
}

/// The quads of one source row, for a block of output rows.
#[derive(Debug)]
struct QuadRow {
    row: usize,
    /// The output rows `first..end` of the block whose windows contain it.
    first: usize,
    end: usize,
    /// Where each quad begins, in samples right of the output sample.
    offsets: Vec<usize>,
    /// For every offset, the weights of one quad for every output row of the block.
    weights: Vec<[i8; 4]>,
}

impl QuadRow {
    /// The quads of each source row of a run, in a block of `rows` output rows.
    fn of_run(run: &TapRun<i16>, rows: usize) -> impl Iterator<Item = Self> {
        let weights = run.weights.chunks(run.offsets.len() * rows);
        let of_row = move |(row, weights)| Self::new(run, row, weights, rows);
        run.rows.clone().zip(weights).map(of_row)
    }

    fn new(run: &TapRun<i16>, row: usize, weights: &[i16], rows: usize) -> Self {
        let mut offsets = Vec::<usize>::new();
        let mut quads = Vec::new();
        for (&offset, weights) in run.offsets.iter().zip(weights.chunks(rows)) {
            let start = quad_start(offsets.last().copied(), offset);
            if offsets.last() != Some(&start) {
                offsets.push(start);
                quads.resize(quads.len() + rows, [0; 4]);
            }
            let last = quads.len() - rows;
            for (quad, &weight) in quads[last..].iter_mut().zip(weights) {
                quad[offset - start] = weight as i8;
            }
        }
        Self {
            row,
            first: run.first,
            end: run.end,
            offsets,
            weights: quads,
        }
    }
}

/// Where the quad of the tap at `offset` begins, if `last` is where that of the tap
/// before it does. For example, taps at 2, 5, 6 make quads at 2 and 6.
fn quad_start(last: Option<usize>, offset: usize) -> usize {
    last.filter(|start| offset - start < 4).unwrap_or(offset)
}

/// The number of quads of taps at these ascending offsets.
fn count_quads(offsets: impl Iterator<Item = usize>) -> usize {
    let mut last = None;
    offsets
        .filter(|&offset| last.replace(quad_start(last, offset)) != last)
        .count()
}

impl<T: Lane> DotProducts<T> {
    /// For bands whose rows have this layout of `(columns, channels)`.
    fn new(kernel: PlacedKernel<'_>, row: &Layout<2>) -> Self {
        let taps = Taps::new(kernel, row, true);
        let quads = |rows, groups: &[Vec<TapRun<i16>>]| {
            let runs = groups.iter().flatten();
            runs.flat_map(|run| QuadRow::of_run(run, rows)).collect()
        };
        Self {
            single: quads(1, taps.groups::<1>()),
            several: quads(ROWS, taps.groups::<ROWS>()),
            taps,
            sums: PhantomData,
        }
    }
}

impl<T: DotSum> CompiledKernel for DotProducts<T> {
    type Element = u8;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, u8>,
        first: usize,
        out: &mut [T],
        stride: usize,
        _: &mut Scratch<T>,
    ) -> Result<()> {
        let neighbours = band.step[0] == 1 && self.taps.dilation[0] == 1;
        let at_once = if neighbours && self.taps.max_block_rows >= ROWS {
            ROWS
        } else {
            1
        };
        let mut at = 0;
        while at * stride < out.len() {
            let out = &mut out[at * stride..];
            let rows = if out.len() >= at_once * stride {
                at_once
            } else {
                1
            };
            simd.run_dots(Rows {
                sources: band.source_rows(self.taps.rows_read(), first + at, rows),
                prefetch_rows: band.rows_to_prefetch(self.taps.rows_read(), first + at, rows),
                quads: if rows == ROWS {
                    &self.several
                } else {
                    &self.single
                },
                len: band.dense_len(),
                rows,
                out: &mut out[..rows * stride],
                stride,
            });
            at += rows;
        }
        Ok(())
    }
}

/// The operands of one block of output rows.
struct Rows<'a, T> {
    sources: &'a [&'a [u8]],
    /// Rows of the next block, prefetched meanwhile.
    prefetch_rows: &'a [&'a [u8]],
    quads: &'a [QuadRow],
    /// Columns x channels of sums to compute in a row.
    len: usize,
    /// 1 or [`ROWS`].
    rows: usize,
    out: &'a mut [T],
    stride: usize,
}

impl<T: DotSum> DotBody for Rows<'_, T> {
    #[inline(always)]
    fn run(self, dots: simd::Dots) {
        if self.rows == ROWS {
            self.blocks::<ROWS>(dots);
        } else {
            self.blocks::<1>(dots);
        }
    }
}

impl<T: DotSum> Rows<'_, T> {
    /// Cuts the row into blocks; the last is shifted back to end where the row
    /// ends. A row shorter than a block is computed past its end, where the
    /// sums have room for it.
    #[inline(always)]
    fn blocks<const R: usize>(self, dots: simd::Dots) {
        let last = self.len.saturating_sub(simd::Dots::LANES);
        let mut x = 0;
        loop {
            for row in self.prefetch_rows {
                prefetch(&row[x..]);
            }
            let sums = block::<R>(dots, self.sources, self.quads, x);
            for (row, sums) in self.out.chunks_mut(self.stride).zip(sums) {
                let to = row[x..]
                    .first_chunk_mut()
                    .expect("there is room for a block");
                T::store(dots, sums, to);
            }
            if x == last {
                break;
            }
            x = (x + simd::Dots::LANES).min(last);
        }
    }
}

/// The sums of R rows x 64 columns, at column `x`.
#[inline(always)]
fn block<const R: usize>(
    dots: simd::Dots,
    sources: &[&[u8]],
    quads: &[QuadRow],
    x: usize,
) -> [DotVectors; R] {
    let mut sums = [dots.zero(); R];
    for source in quads {
        let samples = &sources[source.row][x..];
        macro_rules! rows {
            ($($rows:literal)*) => {
                // Octal digits: one jump, where a pair would take two.
                match source.first * 8 + source.end {
                    $($rows if const { $rows % 8 <= R } => {
                        add_row::<R, { $rows / 8 }, { $rows % 8 }>(dots, &mut sums, samples, source);
                    })*
                    _ => unreachable!("a block has at most 4 rows"),
                }
            };
        }
        rows!(0o04 0o01 0o02 0o03 0o12 0o13 0o14 0o23 0o24 0o34);
    }
    sums
}

/// Adds every tap of one source row to the sums of rows `A..B`.
#[inline(always)]
fn add_row<const R: usize, const A: usize, const B: usize>(
    dots: simd::Dots,
    sums: &mut [DotVectors; R],
    samples: &[u8],
    source: &QuadRow,
) {
    for (&offset, weights) in source.offsets.iter().zip(source.weights.as_chunks::<R>().0) {
        let padded;
        let read = match samples.get(offset..offset + simd::Dots::READ) {
            Some(read) => read.try_into().expect("it is as long as that"),
            None => {
                padded = padded_at_end(samples, offset);
                &padded
            }
        };
        let samples = dots.samples(read);
        for r in A..B {
            sums[r] = dots.add(sums[r], samples, dots.weights(weights[r]));
        }
    }
}

/// The last samples of a row, padded with zeros: quads may extend past the last
/// tap, and blocks past the end of a short row.
#[cold]
fn padded_at_end(samples: &[u8], offset: usize) -> [u8; simd::Dots::READ] {
    let mut padded = [0; simd::Dots::READ];
    let left = samples.get(offset..).unwrap_or_default();
    padded[..left.len()].copy_from_slice(left);
    padded
}

/// A type that sums of dot products are stored as.
trait DotSum: Lane {
    /// Stores the sums of a block in output order. The plan guarantees that they fit.
    fn store(dots: simd::Dots, sums: DotVectors, to: &mut [Self; simd::Dots::LANES]);
}

impl DotSum for i16 {
    #[inline(always)]
    fn store(dots: simd::Dots, sums: DotVectors, to: &mut [Self; simd::Dots::LANES]) {
        dots.store_i16(sums, to);
    }
}

impl DotSum for f32 {
    #[inline(always)]
    fn store(dots: simd::Dots, sums: DotVectors, to: &mut [Self; simd::Dots::LANES]) {
        dots.store_f32(sums, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quads_are_counted_from_their_first_tap() {
        let count = |offsets: &[usize]| count_quads(offsets.iter().copied());
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[0, 1, 2, 3]), 1);
        assert_eq!(count(&[0, 1, 2, 3, 4]), 2);
        assert_eq!(count(&[2, 5, 6, 9, 14]), 3);
    }
}
