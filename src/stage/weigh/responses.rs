//! Sums of a row, divided by alpha.

use std::{mem, ops::Range};

use super::{
    super::point::{SourcePixels, straight},
    Pass, Scratch,
};
use crate::{
    engine::recycled,
    error::Result,
    finish::{Finish, ResponseRange, Tally},
    image::try_resize,
    plan::Alphas,
    simd::{Body, Isa},
};

impl Pass<'_> {
    /// Makes the alphas of the windows at this part of the sums, and the responses of every
    /// kernel, NaN where a window has no alpha; these are marked.
    pub(super) fn respond(
        &self,
        part: Range<usize>,
        source: &SourcePixels<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (rule, channels) = (&self.weighing.rule, self.channels);
        let (len, windows) = (part.len(), part.len() / self.channels);
        self.find_alphas(&part, scratch)?;
        let Scratch {
            sums,
            alphas,
            gone,
            anchored,
            responses,
            ..
        } = scratch;
        if matches!(rule.alphas, Alphas::Own(_)) {
            self.find_anchored(source, len, anchored)?;
        }
        try_resize(responses, sums.len() * len, 0.0)?;
        for (kernel, (sums, out)) in sums.iter().zip(responses.chunks_mut(len)).enumerate() {
            let group = match &rule.alphas {
                Alphas::None => None,
                Alphas::One => Some(0),
                Alphas::Own(_) => self.stage.alpha_kernels.iter().position(|&k| k == kernel),
            };
            let divide = Divide {
                sums: &sums[part.clone()],
                alphas: group.map(|group| &alphas[group * windows..][..windows]),
                full_scale: self.convolution.alpha_full_scale,
                anchored: (!anchored.is_empty()).then_some(anchored),
                divisor: rule.divisors[kernel],
                gone,
                out,
            };
            let simd = self.convolution.offer().simd;
            match channels {
                2 => simd.run(DividePixels::<2>(divide)),
                _ => simd.run(DividePixels::<4>(divide)),
            }
        }
        self.find_uncertain(len, scratch);
        Ok(())
    }

    /// The pixels of the source under the anchors of a row, with straight colours.
    pub(super) fn find_anchored(
        &self,
        source: &SourcePixels<'_>,
        len: usize,
        anchored: &mut Vec<f64>,
    ) -> Result<()> {
        try_resize(anchored, len, 0.0)?;
        source.numbers(anchored);
        if self.weighing.is_premultiplied {
            for pixel in anchored.chunks_exact_mut(self.channels) {
                let (&mut alpha, colors) = pixel.split_last_mut().expect("a pixel has alpha");
                let full_scale = self.convolution.alpha_full_scale;
                let colors = colors.iter_mut();
                colors.for_each(|color| *color = straight(*color, alpha, full_scale));
            }
        }
        Ok(())
    }

    /// Makes the alphas of the windows at this part of the sums, one row for each kernel that has
    /// its own, and marks the windows of which none is positive.
    fn find_alphas(&self, part: &Range<usize>, scratch: &mut Scratch) -> Result<()> {
        let (rule, channels) = (&self.weighing.rule, self.channels);
        let Scratch {
            sums, alphas, gone, ..
        } = scratch;
        let windows = part.len() / channels;
        let kernels = &self.stage.alpha_kernels;
        let groups = match &rule.alphas {
            Alphas::None => 0,
            Alphas::One => 1,
            Alphas::Own(_) => kernels.len(),
        };
        try_resize(alphas, groups * windows, 0.0)?;
        alphas.fill(0.0);
        try_resize(gone, windows, 0)?;
        gone.fill(u8::from(groups > 0));
        for (at, &kernel) in kernels.iter().enumerate() {
            let group = at.min(groups - 1);
            let alphas = &mut alphas[group * windows..][..windows];
            let sums = sums[kernel][part.clone()].iter();
            let divisor = rule.divisors[kernel];
            for (alpha, sum) in alphas
                .iter_mut()
                .zip(sums.skip(channels - 1).step_by(channels))
            {
                *alpha += sum / divisor;
            }
        }
        for alphas in alphas.chunks_exact(windows) {
            for (gone, alpha) in gone.iter_mut().zip(alphas) {
                *gone &= u8::from(*alpha <= 0.0);
            }
        }
        Ok(())
    }

    /// Lists the windows whose responses may be further off than the bounds of errors say.
    fn find_uncertain(&self, len: usize, scratch: &mut Scratch) {
        let Scratch {
            alphas,
            responses,
            uncertain,
            ..
        } = scratch;
        uncertain.clear();
        if self.stage.exact.is_none() {
            return;
        }
        let (rule, channels) = (&self.weighing.rule, self.channels);
        let windows = len / channels;
        let mut mark = |window: usize| {
            if uncertain.last() != Some(&(window as u32)) {
                uncertain.push(window as u32);
            }
        };
        for (alphas, &faint) in alphas.chunks_exact(windows).zip(&rule.faint) {
            let is_faint = |alpha: &f64| alpha.abs() < faint;
            let windows = (0..windows)
                .zip(alphas)
                .filter(|(_, alpha)| is_faint(alpha));
            windows.for_each(|(window, _)| mark(window));
        }
        for (responses, &limit) in responses.chunks_exact(len).zip(&rule.limits) {
            // Not those of windows without alpha, which are NaN.
            let is_beyond = |response: &f64| response.abs() > limit;
            let found = responses.iter().enumerate().filter(|(_, r)| is_beyond(r));
            found.for_each(|(at, _)| mark(at / channels));
        }
    }

    /// What is to be noted of a row of responses, alpha and windows without any aside.
    pub(super) fn tally_row(&self, finish: &Finish, len: usize, scratch: &mut Scratch) -> Tally {
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.responses.chunks_exact(len));
        let simd = self.convolution.offer().simd;
        let mut tally = (finish.tallying(self.channels, true)).row(simd, &of_kernels, None);
        scratch.slices = recycled(of_kernels);
        // Windows without alpha have no responses, which is NaN for each colour.
        let gone: u64 = scratch.gone.iter().map(|&gone| u64::from(gone)).sum();
        let others = tally.clipped.not_a_number;
        tally.clipped.not_a_number = others.saturating_sub(gone * (self.channels as u64 - 1));
        tally
    }

    /// The range of the numerators of the responses, alpha and windows without any aside.
    pub(super) fn range_of_responses(&self, len: usize, scratch: &mut Scratch) -> ResponseRange {
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.responses.chunks_exact(len));
        let finish = &self.convolution.finish;
        let range = finish.range(
            self.convolution.offer().simd,
            &of_kernels,
            self.channels,
            true,
        );
        scratch.slices = recycled(of_kernels);
        range
    }
}

/// The sums of a row of windows, which become the responses of one kernel.
struct Divide<'a> {
    sums: &'a [f64],
    /// Those of windows, if its weights do not sum to 0.
    alphas: Option<&'a [f64]>,
    full_scale: f64,
    /// The source pixels under the anchors: the response, over the divisor, of a kernel that has
    /// no alpha where others do.
    anchored: Option<&'a [f64]>,
    divisor: f64,
    gone: &'a [u8],
    out: &'a mut [f64],
}

/// The same of pixels of C channels.
struct DividePixels<'a, const C: usize>(Divide<'a>);

impl<const C: usize> Body for DividePixels<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Divide {
            sums,
            alphas,
            full_scale,
            anchored,
            divisor,
            gone,
            out,
        } = self.0;
        let (sums, out) = (sums.as_chunks::<C>().0, out.as_chunks_mut::<C>().0);
        for (window, (to, sums)) in out.iter_mut().zip(sums).enumerate() {
            let alpha = alphas.map_or(full_scale, |alphas| alphas[window]);
            *to = if gone[window] != 0 {
                [f64::NAN; C]
            } else if alpha <= 0.0 {
                let pixel = anchored.map_or(&[0.0; C][..], |all| &all[window * C..][..C]);
                let mut own = [0.0; C];
                own.copy_from_slice(pixel);
                own.map(|color| color * divisor)
            } else {
                sums.map(|sum| sum / alpha)
            };
            to[C - 1] = 0.0;
        }
    }
}
