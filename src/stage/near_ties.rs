//! Samples near to a tie: their windows are summed again in f64, and where that does not tell
//! either, in integers of any size.

use std::mem;

use crate::{
    engine::{Band, Bank, ExactSum, F64Kernels, Window, WindowKernel, recycled},
    error::Result,
    finish::{ExactFinish, Finish},
    image::{SampleSliceMut, try_resize},
    number::{Element, fill},
    plan::Convolution,
    simd::Simd,
};

/// Rounds samples near to a tie.
#[derive(Debug)]
pub(super) struct NearTies {
    row_kernels: F64Kernels,
    f64_finish: Finish,
    window_kernels: Vec<WindowKernel>,
    exact_finish: ExactFinish,
}

/// Buffers of one thread, reused from row to row.
#[derive(Debug, Default)]
pub(super) struct NearTieScratch {
    /// The samples of a row that the finish tells to be near to a tie; empty between rows.
    pub(super) near_ties: Vec<u32>,
    /// Those of them that are so in f64, too.
    very_near: Vec<u32>,
    /// Sums in f64, kernel by kernel.
    sums: Vec<f64>,
    // Slices of `sums`: empty between rows.
    slices: Vec<&'static [f64]>,
}

/// The last flat window: in flat parts of an image it comes again and again.
#[derive(Debug, Clone, Copy)]
struct Flat<E> {
    value: E,
    sample: i128,
    x: usize,
}

impl NearTies {
    /// `None` if no sample of the convolution is near to a tie, or none need be told.
    pub(super) fn new(convolution: &Convolution, bank: &Bank<'_>) -> Option<Self> {
        let written = convolution.exact_kernels.as_ref()?;
        let kernels = bank.kernels.iter().zip(written);
        let kernels = kernels.map(|(&placed, written)| {
            WindowKernel::new(placed, written.as_slice(), convolution.channels)
        });
        let kernels: Vec<WindowKernel> = kernels.collect();
        let denominator = kernels.first()?.denominator();
        Some(Self {
            row_kernels: F64Kernels::new(bank.kernels.iter().copied()),
            f64_finish: convolution.finish.of_f64_sums(&convolution.kernels),
            exact_finish: ExactFinish::new(&convolution.finish, written, denominator),
            window_kernels: kernels,
        })
    }

    /// Rounds the samples of row `y` of a band's result whose positions are in
    /// `scratch.near_ties`, and empties that. `largest` is the largest sample, if it is known.
    pub(super) fn round<E: Element>(
        &self,
        simd: Simd,
        (band, y): (&Band<'_, E>, usize),
        largest: Option<f64>,
        mut out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        if scratch.near_ties.is_empty() {
            return Ok(());
        }
        if scratch.near_ties.len() == out.len()
            && let Some(sample) = self.flat_row(band, y)
        {
            scratch.near_ties.clear();
            fill(out, sample);
            return Ok(());
        }
        let of_samples = largest.map(|largest| self.f64_finish.of_samples_up_to(largest));
        let finish = of_samples.as_ref().unwrap_or(&self.f64_finish);
        // Vectors sum a row in the time of an eighth of its windows one by one.
        if scratch.near_ties.len() * 8 >= out.len() {
            self.round_row(simd, finish, (band, y), out.reborrow(), scratch)?;
        } else {
            self.round_windows(simd, finish, (band, y), out.reborrow(), scratch)?;
        }
        scratch.near_ties.clear();
        let mut flat = None;
        for at in scratch.very_near.drain(..) {
            let sample = self.exact_sample(band, window(band, y, at), &mut flat);
            let at = at as usize;
            fill(out.reborrow().range(at, at + 1), sample);
        }
        Ok(())
    }

    /// Sums the whole row again in f64.
    fn round_row<E: Element>(
        &self,
        simd: Simd,
        finish: &Finish,
        (band, y): (&Band<'_, E>, usize),
        out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        let stride = band.dense_len();
        let sums = enough(&mut scratch.sums, self.window_kernels.len() * stride)?;
        self.row_kernels.contract(simd, band, y, sums, stride);
        let rows = sums.chunks_exact(stride).map(|sums| &sums[..out.len()]);
        let mut slices = recycled(mem::take(&mut scratch.slices));
        slices.extend(rows);
        finish.apply(simd, &slices, out, &mut scratch.very_near);
        scratch.slices = recycled(slices);
        Ok(())
    }

    /// Sums the windows of these samples again in f64.
    fn round_windows<E: Element>(
        &self,
        simd: Simd,
        finish: &Finish,
        (band, y): (&Band<'_, E>, usize),
        mut out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        let NearTieScratch {
            near_ties,
            very_near,
            sums,
            slices,
        } = scratch;
        let sums = enough(sums, self.window_kernels.len())?;
        for &at in &*near_ties {
            for (sum, kernel) in sums.iter_mut().zip(&self.window_kernels) {
                *sum = kernel.sum(simd, band, window(band, y, at));
            }
            let mut of_kernels = recycled(mem::take(slices));
            of_kernels.extend(sums.chunks_exact(1));
            let told = very_near.len();
            let sample = out.reborrow().range(at as usize, at as usize + 1);
            finish.apply(simd, &of_kernels, sample, very_near);
            // Told as the first of one.
            very_near[told..].fill(at);
            *slices = recycled(of_kernels);
        }
        Ok(())
    }

    fn exact_sample<E: Element>(
        &self,
        band: &Band<'_, E>,
        window: Window,
        flat: &mut Option<Flat<E>>,
    ) -> i128 {
        let kernels = &self.window_kernels;
        let is_flat = |value| kernels.iter().all(|k| k.is_flat(band, window, value));
        if let Some(flat) = flat {
            let is_next = window.x == flat.x + 1 && kernels.iter().all(|k| k.is_dense(band));
            let goes_on = match is_next {
                true => (kernels.iter()).all(|k| k.ends_with(band, window, flat.value)),
                false => is_flat(flat.value),
            };
            if goes_on {
                flat.x = window.x;
                return flat.sample;
            }
        }
        let sample = self.sum_exactly(band, window);
        let first = kernels.first().and_then(|k| k.first_sample(band, window));
        *flat = first.filter(|&value| is_flat(value)).map(|value| Flat {
            value,
            sample,
            x: window.x,
        });
        sample
    }

    /// The sample of a row whose windows all hold one value.
    fn flat_row<E: Element>(&self, band: &Band<'_, E>, y: usize) -> Option<i128> {
        let first = window(band, y, 0);
        let kernels = &self.window_kernels;
        let value = kernels.first()?.first_sample(band, first)?;
        let flat = kernels.iter().all(|k| k.row_is_flat(band, y, value));
        flat.then(|| self.sum_exactly(band, first))
    }

    fn sum_exactly<E: Element>(&self, band: &Band<'_, E>, window: Window) -> i128 {
        if let [kernel] = &*self.window_kernels
            && let ExactSum::Small(sum) = kernel.exact_sum(band, window)
            && let Some(sample) = self.exact_finish.sample_of_small(sum)
        {
            return sample;
        }
        let sums = self.window_kernels.iter();
        let sums = sums.map(|kernel| kernel.exact_sum(band, window).into_rational(kernel));
        self.exact_finish.sample(sums)
    }
}

/// The window of the sample at this position of row `y` of the band's result.
fn window<E>(band: &Band<'_, E>, y: usize, at: u32) -> Window {
    let (at, channels) = (at as usize, band.channels());
    Window {
        y,
        x: at / channels,
        channel: at % channels,
    }
}

/// The first `len` of `sums`, which grow to it.
fn enough(sums: &mut Vec<f64>, len: usize) -> Result<&mut [f64]> {
    if sums.len() < len {
        try_resize(sums, len, 0.0)?;
    }
    Ok(&mut sums[..len])
}
