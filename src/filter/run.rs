//! Runs a plan: bands over threads, windows to sums, sums to samples.

use std::ops::Range;

use rayon::prelude::*;

use super::{Filter, Plan, band::Framing, channel};
use crate::{
    engine::{self, Lane, LaneKind, Taps, Widen},
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
    let luma;
    let (source, channels) = match filter.channel.stored(image.shape()[2])? {
        Some(stored) => (image, stored),
        None => {
            luma = channel::luma(&image)?;
            ((&luma).into(), 0..1)
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
    band: Vec<T>,
    /// Sums of every kernel, one after the other.
    sums: Vec<T>,
}

impl Job<'_> {
    fn with_source<S: Widen>(
        self,
        source: StridedView<'_, S, 3>,
        output: &mut Image,
    ) -> Result<()> {
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
                let mut out = samples.chunks_exact_mut(row_len);
                bands.each_row(rows.clone(), scratch, |y, sums| {
                    let out = out
                        .next()
                        .expect("the band has as many rows as its samples");
                    tone.finish(plan.simd, sums, out);
                    if plan.copies_alpha() {
                        bands.copy_alpha(&tone, y, out);
                    }
                });
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
    taps: Vec<Taps<T>>,
    /// Elements from one row of sums to the next.
    stride: usize,
    /// Samples in an output row.
    row_len: usize,
    rows_at_once: usize,
}

impl<'a, S: Widen, T: Lane> Bands<'a, S, T> {
    fn new(job: Job<'a>, source: StridedView<'a, S, 3>) -> Self {
        let Job { plan, .. } = job;
        let geometry = &plan.geometry;
        let channels = source.shape()[2];
        let drop_zeros = S::DEPTH != Depth::F32;
        let framing = Framing::new(geometry, source, plan.simd);
        let row = framing.row_layout();
        let kernels = plan.kernels.iter().zip(&geometry.origins);
        Self {
            plan,
            taps: kernels
                .map(|(k, &origin)| Taps::new(k, geometry.dilation, origin, &row, drop_zeros))
                .collect(),
            framing,
            source,
            stride: (geometry.positions() * channels).max(T::MAX_BLOCK),
            row_len: geometry.output[1] * channels,
            rows_at_once: engine::rows_at_once(plan.method(), T::KIND, plan.simd),
        }
    }

    fn scratch(&self) -> Scratch<T> {
        Scratch {
            band: Vec::new(),
            sums: vec![T::ZERO; self.taps.len() * self.rows_at_once * self.stride],
        }
    }

    /// Computes output rows and hands `each` the sums of every kernel.
    fn each_row(
        &self,
        rows: Range<usize>,
        scratch: &mut Scratch<T>,
        mut each: impl FnMut(usize, &[&[T]]),
    ) {
        let Self {
            plan,
            stride,
            row_len,
            ..
        } = *self;
        let Scratch { band, sums } = scratch;
        let band = self.framing.band(&rows, band);
        for block in (0..rows.len()).step_by(self.rows_at_once) {
            let block_rows = self.rows_at_once.min(rows.len() - block);
            let kernel_len = self.rows_at_once * stride;
            for (taps, sums) in self.taps.iter().zip(sums.chunks_exact_mut(kernel_len)) {
                let sums = &mut sums[..block_rows * stride];
                engine::contract(plan.method(), plan.simd, &band, taps, block, sums, stride);
            }
            let mut row_sums: Vec<&[T]> = Vec::with_capacity(self.taps.len());
            for at in (0..block_rows).map(|r| r * stride) {
                row_sums.clear();
                row_sums.extend(
                    sums.chunks_exact(kernel_len)
                        .map(|sums| &sums[at..at + row_len]),
                );
                each(rows.start + block + at / stride, &row_sums);
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
                    self.each_row(
                        first..(first + plan.band_rows()).min(rows),
                        scratch,
                        |_, sums| {
                            range = range.join(tone.range(sums, channels, plan.copies_alpha()));
                        },
                    );
                    range
                },
            )
            .reduce(|| tone::Range::EMPTY, tone::Range::join)
    }

    /// Puts the image's alpha into a finished row.
    fn copy_alpha<O: Output>(&self, tone: &Tone, y: usize, out: &mut [O]) {
        let channels = self.source.shape()[2];
        let geometry = &self.plan.geometry;
        let row = geometry.under(0, y);
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let alpha = self.source.at([row, geometry.under(1, x), channels - 1]);
            pixel[channels - 1] = tone.sample(alpha.to_f64());
        }
    }
}
