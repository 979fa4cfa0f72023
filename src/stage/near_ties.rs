//! Windows that are summed again. Those of samples near to a tie: of one kernel on samples of few
//! bits exactly by parts of the weights, else in f64, and where that does not tell either, in
//! integers of any size. And those of extrema, in integers.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use num_bigint::BigInt;
use num_rational::BigRational;

use super::known_rows::KnownRows;
use crate::{
    engine::{Band, Bank, ExactLimbs, ExactSum, F64Kernels, Window, WindowKernel, recycled},
    error::Result,
    finish::{ExactFinish, Extrema, Finish, ResponseRange},
    image::{SampleSliceMut, try_resize},
    kernel::Kernel,
    number::{Element, Lane, fill},
    plan::Convolution,
    simd::Simd,
};

/// Rounds samples near to a tie, and finds exact extrema.
#[derive(Debug)]
pub(super) struct NearTies {
    row_kernels: F64Kernels,
    window_kernels: Vec<WindowKernel>,
    channels: usize,
    copies_alpha: bool,
    /// The exact sums of the only kernel, where these take little longer than those in f64.
    limbs: Option<ExactLimbs>,
}

/// The finishes of a convolution, for the extrema of an image if they depend on these.
#[derive(Debug, Clone)]
pub(crate) struct Finishes {
    pub(super) of_sums: Finish,
    /// Those of windows that are summed again.
    pub(super) of_windows: Option<WindowFinishes>,
}

/// The finishes of windows that are summed again: in f64, and exactly.
#[derive(Debug, Clone)]
pub(super) struct WindowFinishes {
    of_f64: Finish,
    of_compensated: Finish,
    exact: ExactFinish,
    /// Rows of the result that took long, as bytes.
    known: Arc<Mutex<KnownRows<Vec<u8>>>>,
}

impl Finishes {
    /// Those of `near_ties`, if there may be any.
    pub(super) fn new(convolution: &Convolution, near_ties: Option<&NearTies>) -> Self {
        let finish = &convolution.finish;
        let windows = |ties: &NearTies, written: &Vec<Kernel>| WindowFinishes {
            of_f64: finish.of_f64_sums(&convolution.kernels),
            of_compensated: finish.of_compensated_sums(&convolution.kernels),
            exact: ExactFinish::new(finish, written, ties.denominator())
                .with_limbs(ties.limbs.as_ref().map(ExactLimbs::shape)),
            known: Arc::new(Mutex::new(KnownRows::new())),
        };
        let written = convolution.exact_kernels.as_ref();
        Self {
            of_sums: finish.clone(),
            of_windows: near_ties
                .zip(written)
                .map(|(ties, written)| windows(ties, written)),
        }
    }

    /// A copy for an image with these extrema.
    pub(super) fn with_extrema(&self, extrema: &Extrema) -> Self {
        let of_windows = |windows: &WindowFinishes| WindowFinishes {
            of_f64: windows.of_f64.with_extrema(extrema),
            of_compensated: windows.of_compensated.with_extrema(extrema),
            exact: match extrema {
                Extrema::Exact(Some(ends)) => windows.exact.with_extrema(ends),
                _ => windows.exact.clone(),
            },
            known: Arc::new(Mutex::new(KnownRows::new())),
        };
        Self {
            of_sums: self.of_sums.with_extrema(extrema),
            of_windows: self.of_windows.as_ref().map(of_windows),
        }
    }
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
    /// Sums of the columns of a row.
    of_columns: Vec<f64>,
    // Slices of `sums`: empty between rows.
    slices: Vec<&'static [f64]>,
}

/// The last flat window: in flat parts of an image it comes again and again.
#[derive(Debug, Clone, Copy)]
struct Flat<E> {
    value: E,
    x: usize,
}

/// A search for the exact extrema of responses.
#[derive(Debug, Clone)]
pub(super) struct ExtremaSearch<E> {
    ends: Option<[BigRational; 2]>,
    /// Numerators of windows outside of these may be extrema.
    known: ResponseRange,
    /// The samples of the windows of the extrema: in periodic images they come again and again.
    windows: [Vec<E>; 2],
    /// Rows with many windows that might have been extrema.
    rows: KnownRows<()>,
    /// Positions of samples in a row; empty between rows.
    found: Vec<u32>,
}

impl<E: Clone> ExtremaSearch<E> {
    pub(super) const fn new() -> Self {
        Self {
            ends: None,
            known: ResponseRange::EMPTY,
            windows: [Vec::new(), Vec::new()],
            rows: KnownRows::new(),
            found: Vec::new(),
        }
    }

    /// The extrema of all rows so far.
    pub(super) fn into_extrema(self) -> Extrema {
        Extrema::Exact(self.ends)
    }

    /// Joins the results of two searches.
    pub(super) fn join(&mut self, other: Self) {
        let Some(ends) = other.ends else { return };
        for (end, window) in ends.into_iter().zip(other.windows) {
            self.include(end, window.into_iter());
        }
        self.known = self.known.join(other.known);
        self.rows = other.rows;
    }

    /// Includes the response to a window of these samples.
    fn include(&mut self, response: BigRational, samples: impl Iterator<Item = E> + Clone) {
        let [is_lower, is_higher] = match &self.ends {
            None => [true, true],
            Some([low, high]) => [response < *low, response > *high],
        };
        for (window, is_new) in self.windows.iter_mut().zip([is_lower, is_higher]) {
            if is_new {
                window.clear();
                window.extend(samples.clone());
            }
        }
        match &mut self.ends {
            None => self.ends = Some([response.clone(), response]),
            Some([low, _]) if is_lower => *low = response,
            Some([_, high]) if is_higher => *high = response,
            Some(_) => {}
        }
    }
}

impl NearTies {
    /// `None` if no sample of the convolution is near to a tie, or none need be told.
    pub(super) fn new(convolution: &Convolution, bank: &Bank<'_>) -> Option<Self> {
        let written = convolution.exact_kernels.as_ref()?;
        let kernels = bank.kernels.iter().zip(written);
        let factors = || convolution.kernels.iter().map(Kernel::factor);
        let kernels = kernels.zip(factors()).map(|((&placed, written), factor)| {
            WindowKernel::new(placed, written, factor, convolution.channels)
        });
        let kernels: Vec<WindowKernel> = kernels.collect();
        let limbs = match &*kernels {
            [kernel] => {
                let largest = convolution.depths[0].largest();
                kernel.limbs(bank.kernels[0], largest, convolution.channels)
            }
            _ => None,
        };
        (!kernels.is_empty()).then(|| Self {
            row_kernels: F64Kernels::new(bank.kernels.iter().copied().zip(factors())),
            limbs,
            window_kernels: kernels,
            channels: convolution.channels,
            copies_alpha: convolution.copies_alpha,
        })
    }

    /// What the exact sums of the first kernel are over.
    fn denominator(&self) -> &BigInt {
        self.window_kernels[0].denominator()
    }

    /// Includes the responses of row `y` of a band's result in the search. Only windows that may
    /// be extrema are summed again.
    pub(super) fn search<E: Element, T: Lane>(
        &self,
        simd: Simd,
        Finishes {
            of_sums: finish,
            of_windows,
        }: &Finishes,
        (band, y): (&Band<'_, E>, usize),
        (sums, largest): (&[&[T]], Option<f64>),
        search: &mut ExtremaSearch<E>,
    ) {
        let Some(WindowFinishes { exact, .. }) = of_windows else {
            return;
        };
        let row = finish.range(simd, sums, self.channels, self.copies_alpha);
        let error = finish.max_numerator_error(largest);
        let known = search.known;
        if row.low > row.high || row.low - error >= known.low && row.high + error <= known.high {
            return;
        }
        if search.rows.find(self.row_samples(band, y)).is_some() {
            return;
        }
        // The lowest of the row is at most `row.low + error`.
        let limits = [
            known.low.min(row.low + error) + error,
            known.high.max(row.high - error) - error,
        ];
        let mut found = mem::take(&mut search.found);
        let alpha = (self.channels, self.copies_alpha);
        finish.find_beyond(simd, sums, limits, alpha, &mut found);
        let takes_long = are_many(found.len(), sums[0].len());
        let is_flat = found.len() == sums[0].len() && self.is_flat_row(band, y);
        if is_flat {
            found.truncate(1);
        }
        let mut flat = None;
        for at in found.drain(..) {
            let window = window(band, y, at);
            let is_known = |samples| self.is_of(band, window, samples);
            if !self.repeats(band, window, &mut flat) && !search.windows.iter().any(is_known) {
                let response = exact.response(self.exact_sums(band, window));
                let kernels = self.window_kernels.iter();
                let samples = kernels.flat_map(|kernel| kernel.samples(band, window));
                search.include(response, samples);
            }
        }
        search.found = found;
        if takes_long {
            search.rows.remember(self.row_samples(band, y), ());
        }
        search.known = match &search.ends {
            Some(ends) if error > 0.0 => finish.range_inside(ends),
            _ => known.join(row),
        };
    }

    /// Whether these are the samples of the window, under the taps of every kernel.
    fn is_of<E: Element>(&self, band: &Band<'_, E>, window: Window, samples: &Vec<E>) -> bool {
        let mut kernels = self.window_kernels.iter();
        kernels
            .try_fold(&**samples, |rest, kernel| kernel.strip(band, window, rest))
            .is_some()
    }

    /// Rounds the samples of row `y` of a band's result whose positions are in
    /// `scratch.near_ties`, and empties that. `largest` is the largest sample, if it is known.
    pub(super) fn round<E: Element>(
        &self,
        simd: Simd,
        (band, y): (&Band<'_, E>, usize),
        largest: Option<f64>,
        finishes: &WindowFinishes,
        mut out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        if scratch.near_ties.is_empty() {
            return Ok(());
        }
        if scratch.near_ties.len() == out.len() && self.is_flat_row(band, y) {
            scratch.near_ties.clear();
            fill(out, self.sample(&finishes.exact, band, window(band, y, 0)));
            return Ok(());
        }
        let known = || {
            finishes
                .known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let are_many_near = are_many(scratch.near_ties.len(), out.len());
        if are_many_near && let Some(row) = known().find(self.row_samples(band, y)) {
            scratch.near_ties.clear();
            out.into_bytes().copy_from_slice(row);
            return Ok(());
        }
        if let (Some(limbs), true) = (&self.limbs, finishes.exact.is_small()) {
            let finish = &finishes.exact;
            self.round_limbs(simd, (limbs, finish), (band, y), out.reborrow(), scratch)?;
        } else {
            let of_samples = |finish: &Finish| match largest {
                Some(largest) => finish.of_samples_up_to(largest),
                None => finish.clone(),
            };
            if self
                .window_kernels
                .iter()
                .all(|k| k.summands() <= MAX_SUMMANDS)
            {
                let finish = of_samples(&finishes.of_f64);
                self.round_in_f64(simd, &finish, (band, y), out.reborrow(), scratch)?;
            } else {
                mem::swap(&mut scratch.near_ties, &mut scratch.very_near);
            }
            scratch.near_ties.clear();
            mem::swap(&mut scratch.near_ties, &mut scratch.very_near);
            let finish = of_samples(&finishes.of_compensated);
            let sum = WindowKernel::compensated_sum;
            self.round_windows(simd, (&finish, sum), (band, y), out.reborrow(), scratch)?;
        }
        scratch.near_ties.clear();
        let takes_long = are_many(scratch.very_near.len(), out.len());
        let (mut flat, mut sample) = (None, 0);
        for at in scratch.very_near.drain(..) {
            let window = window(band, y, at);
            if !self.repeats(band, window, &mut flat) {
                sample = self.sample(&finishes.exact, band, window);
            }
            let at = at as usize;
            fill(out.reborrow().range(at, at + 1), sample);
        }
        if takes_long {
            known().remember(self.row_samples(band, y), out.into_bytes().to_vec());
        }
        Ok(())
    }

    /// Sums exactly, by rows or by windows.
    fn round_limbs<E: Element>(
        &self,
        simd: Simd,
        (limbs, finish): (&ExactLimbs, &ExactFinish),
        (band, y): (&Band<'_, E>, usize),
        mut out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        let NearTieScratch {
            near_ties,
            very_near,
            sums,
            of_columns,
            ..
        } = scratch;
        let stride = band.dense_len();
        let by_rows = are_many(near_ties.len(), out.len());
        if by_rows {
            let sums = enough(sums, limbs.shape().count * stride)?;
            limbs
                .rows()
                .contract(simd, band, y, sums, stride, of_columns)?;
            if finish.takes_limbs() {
                finish.finish_limbs(simd, sums, stride, out);
                return Ok(());
            }
        }
        for &near in &*near_ties {
            let at = near as usize;
            let sum = match by_rows {
                true => limbs.total((0..limbs.shape().count).map(|limb| sums[limb * stride + at])),
                false => limbs.sum(simd, band, window(band, y, near)),
            };
            match finish.sample_of_small(sum, 1) {
                Some(sample) => fill(out.reborrow().range(at, at + 1), sample),
                None => very_near.push(near),
            }
        }
        Ok(())
    }

    /// Sums in f64. What that does not tell is in `very_near` after.
    fn round_in_f64<E: Element>(
        &self,
        simd: Simd,
        finish: &Finish,
        (band, y): (&Band<'_, E>, usize),
        out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        if are_many(scratch.near_ties.len(), out.len()) {
            self.round_row(simd, finish, (band, y), out, scratch)
        } else {
            self.round_windows(simd, (finish, WindowKernel::sum), (band, y), out, scratch)
        }
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
        let of_columns = &mut scratch.of_columns;
        (self.row_kernels).contract(simd, band, y, sums, stride, of_columns)?;
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
        (finish, sum_of): (&Finish, SumOf<E>),
        (band, y): (&Band<'_, E>, usize),
        mut out: SampleSliceMut<'_>,
        scratch: &mut NearTieScratch,
    ) -> Result<()> {
        let NearTieScratch {
            near_ties,
            very_near,
            sums,
            slices,
            ..
        } = scratch;
        let sums = enough(sums, self.window_kernels.len() * WINDOWS)?;
        for windows in near_ties.chunks(WINDOWS) {
            for (sums, kernel) in sums.chunks_mut(WINDOWS).zip(&self.window_kernels) {
                for (sum, &at) in sums.iter_mut().zip(windows) {
                    *sum = sum_of(kernel, simd, band, window(band, y, at));
                }
            }
            let mut of_kernels = recycled(mem::take(slices));
            of_kernels.extend(sums.chunks(WINDOWS).map(|sums| &sums[..windows.len()]));
            let told = very_near.len();
            each_sample!(SampleSliceMut(out.reborrow()), out => {
                let mut samples = [out[0]; WINDOWS];
                let samples = &mut samples[..windows.len()];
                finish.apply(simd, &of_kernels, (&mut *samples).into(), very_near);
                for (sample, &at) in samples.iter().zip(windows) {
                    out[at as usize] = *sample;
                }
            });
            // Told by their places among these windows.
            for at in &mut very_near[told..] {
                *at = windows[*at as usize];
            }
            *slices = recycled(of_kernels);
        }
        Ok(())
    }

    /// Whether all samples of the window are those of the last one, if that was flat. Then
    /// remembers this one.
    fn repeats<E: Element>(
        &self,
        band: &Band<'_, E>,
        window: Window,
        last: &mut Option<Flat<E>>,
    ) -> bool {
        let kernels = &self.window_kernels;
        let is_flat = |value| kernels.iter().all(|k| k.is_flat(band, window, value));
        if let Some(flat) = last {
            let is_next = window.x == flat.x + 1 && kernels.iter().all(|k| k.is_dense(band));
            let goes_on = match is_next {
                true => (kernels.iter()).all(|k| k.ends_with(band, window, flat.value)),
                false => is_flat(flat.value),
            };
            if goes_on {
                flat.x = window.x;
                return true;
            }
        }
        let first = kernels.first().and_then(|k| k.first_sample(band, window));
        *last = first
            .filter(|&value| is_flat(value))
            .map(|value| Flat { value, x: window.x });
        false
    }

    /// The samples under the windows of a row, kernel by kernel.
    fn row_samples<'b, E: Element>(
        &self,
        band: &'b Band<'_, E>,
        y: usize,
    ) -> impl Iterator<Item = &'b [E]> + Clone {
        let kernels = self.window_kernels.iter();
        kernels.flat_map(move |kernel| kernel.row_samples(band, y))
    }

    /// Whether all windows of a row hold one and the same value.
    fn is_flat_row<E: Element>(&self, band: &Band<'_, E>, y: usize) -> bool {
        let kernels = &self.window_kernels;
        let value = (kernels.first()).and_then(|k| k.first_sample(band, window(band, y, 0)));
        value.is_some_and(|value| kernels.iter().all(|k| k.row_is_flat(band, y, value)))
    }

    /// The sample of a window, of exact sums.
    fn sample<E: Element>(&self, finish: &ExactFinish, band: &Band<'_, E>, window: Window) -> i128 {
        if let [kernel] = &*self.window_kernels
            && let ExactSum::Small(sum) = kernel.exact_sum(band, window)
            && let Some(sample) = finish.sample_of_small(sum, 1)
        {
            return sample;
        }
        finish.sample(self.exact_sums(band, window))
    }

    /// The sums of a window, one of every kernel.
    fn exact_sums<E: Element>(
        &self,
        band: &Band<'_, E>,
        window: Window,
    ) -> impl Iterator<Item = BigRational> {
        let sums = self.window_kernels.iter();
        sums.map(move |kernel| kernel.exact_sum(band, window).into_rational(kernel))
    }
}

/// How a window is summed in f64.
type SumOf<E> = fn(&WindowKernel, Simd, &Band<'_, E>, Window) -> f64;

/// Windows of more products are not summed in f64 one by one: the bound of their error is hardly
/// smaller than that of the sums that are near to a tie.
const MAX_SUMMANDS: usize = 1 << 12;

/// Windows that are finished together.
const WINDOWS: usize = 32;

/// Whether it is faster to do for the whole row what these windows of it need: vectors do that in
/// the time of an eighth of the windows one by one.
const fn are_many(windows: usize, row: usize) -> bool {
    windows * 8 >= row
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
