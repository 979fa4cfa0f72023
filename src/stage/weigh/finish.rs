//! Samples near to a tie, and the alpha of a row.

use std::{mem, ops::Range};

use super::{
    super::exact_weighing::{ExactWeighing, Padded, own_alpha},
    Pass, Scratch,
};
use crate::{
    engine::recycled,
    error::Result,
    geometry::Geometry,
    image::{Sample, SampleSliceMut, Samples, try_resize},
    number::{self, Output},
    plan::{AlphaFinish, Alphas},
};

impl Pass<'_> {
    /// Rounds the samples that are near to a tie, and those of windows whose responses are
    /// uncertain.
    pub(super) fn round(
        &self,
        exact: &ExactWeighing,
        [first, row]: [usize; 2],
        part: &Range<usize>,
        left: usize,
        mut out: SampleSliceMut<'_>,
        scratch: &mut Scratch,
    ) {
        let channels = self.channels;
        let padded = self.padded(first, &scratch.products, &scratch.samples);
        let anchored = |at: usize| scratch.anchored.get(at).copied().unwrap_or(0.0);
        let mut put = |at: usize| {
            let window = [first + row, left + at / channels, at % channels];
            let sums = scratch.sums.iter().map(|sums| {
                let alpha = at / channels * channels + channels - 1;
                [sums[part.start + at], sums[part.start + alpha]]
            });
            match exact.color(sums, &padded, window, anchored(at)) {
                Some(sample) => number::fill(out.reborrow().range(at, at + 1), sample),
                None => return false,
            }
            true
        };
        for at in scratch.near_ties.iter().map(|&at| at as usize) {
            if at % channels < channels - 1 && scratch.gone[at / channels] == 0 {
                put(at);
            }
        }
        for window in scratch.uncertain.iter().map(|&window| window as usize) {
            let mut colors = window * channels..(window + 1) * channels - 1;
            // All colours of a window have its alpha.
            scratch.gone[window] = u8::from(!colors.all(&mut put));
        }
    }

    /// The padded rows of the band that begins with row `first` of the result.
    fn padded<'s>(&self, first: usize, products: &'s [f64], samples: &'s [f64]) -> Padded<'s> {
        let Geometry { rows, columns, .. } = &self.convolution.geometry;
        Padded {
            products,
            samples: (!self.weighing.rule.has_exact_products).then_some(samples),
            first: first * rows.step,
            row_len: columns.padded_len(columns.output) * self.channels,
        }
    }

    /// Finishes the alpha of a row and puts it in the last channel; 0 where a window has none.
    pub(super) fn finish_alpha(
        &self,
        alpha: &AlphaFinish,
        [first, row]: [usize; 2],
        part: &Range<usize>,
        left: usize,
        mut out: SampleSliceMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let channels = self.channels;
        let padded = self.padded(first, &scratch.products, &scratch.samples);
        let windows = part.len() / channels;
        let is_one = self.weighing.rule.alphas == Alphas::One;
        try_resize(&mut scratch.alpha_sums, alpha.kernels.len() * windows, 0.0)?;
        for (&kernel, alphas) in (alpha.kernels.iter()).zip(scratch.alpha_sums.chunks_mut(windows))
        {
            let sums = scratch.sums[kernel][part.clone()].iter();
            for (to, &sum) in alphas
                .iter_mut()
                .zip(sums.skip(channels - 1).step_by(channels))
            {
                // Of kernels that are taken one by one, one without alpha adds none.
                *to = match is_one {
                    true => sum,
                    false => own_alpha(sum, self.weighing.rule.divisors[kernel]),
                };
            }
        }
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.alpha_sums.chunks_exact(windows));
        if scratch.alpha.depth() != out.depth() {
            scratch.alpha = Samples::empty(out.depth());
        }
        scratch.alpha.resize(windows)?;
        let mut alphas = scratch.alpha.as_mut_slice().range(0, windows);
        let simd = self.convolution.offer().simd;
        scratch.near_ties.clear();
        (alpha.finish).apply(simd, &of_kernels, alphas.reborrow(), &mut scratch.near_ties);
        scratch.slices = recycled(of_kernels);
        if let Some(exact) = &self.stage.exact {
            for at in scratch.near_ties.iter().map(|&at| at as usize) {
                let sums = (alpha.kernels.iter())
                    .map(|&kernel| scratch.sums[kernel][part.start + (at + 1) * channels - 1]);
                let window = [first + row, left + at, channels - 1];
                let sample = exact.alpha(sums, &padded, window);
                number::fill(alphas.reborrow().range(at, at + 1), sample);
            }
        }
        scratch.near_ties.clear();
        each_sample!(SampleSliceMut(out.reborrow()), out => {
            let alphas = Sample::of_slice_mut(alphas).expect("both are of the result's type");
            put_alpha(out, channels, alphas, &scratch.gone);
        });
        Ok(())
    }
}

/// Puts alpha in the last channel of every pixel: no negative one, and 0 where there is none.
fn put_alpha<O: Output + PartialOrd>(out: &mut [O], channels: usize, alphas: &[O], gone: &[u8]) {
    let zero = O::from_real(0.0);
    let alphas = alphas.iter().zip(gone);
    for (pixel, (&alpha, &gone)) in out.chunks_exact_mut(channels).zip(alphas) {
        let is_none = gone != 0 || alpha < zero;
        pixel[channels - 1] = if is_none { zero } else { alpha };
    }
}
