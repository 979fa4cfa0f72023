//! Whether pixels are transparent.

use crate::{
    image::ImageView,
    number::Output,
    simd::{Body, Isa, Simd},
    view::StridedView,
};

/// Whether the last channel, which is alpha, is anywhere below its full scale.
pub(super) fn has_transparent(simd: Simd, view: &ImageView<'_>, full_scale: f64) -> bool {
    each_sample!(ImageView(*view), view => is_below(simd, &view, full_scale))
}

fn is_below<S: Output + PartialOrd>(
    simd: Simd,
    view: &StridedView<'_, S, 3>,
    full_scale: f64,
) -> bool {
    let opaque = S::from_real(full_scale);
    let [rows, columns, channels] = view.shape();
    (0..rows).any(|row| match (view.flat_row(row), channels) {
        (Some(samples), 2) => simd.run(AnyBelow::<S, 2> { samples, opaque }),
        (Some(samples), 4) => simd.run(AnyBelow::<S, 4> { samples, opaque }),
        _ => (0..columns).any(|column| *view.at([row, column, channels - 1]) < opaque),
    })
}

/// How many pixels have an alpha, the last channel, that is not above 0.
pub(crate) fn hidden_pixels(simd: Simd, view: &ImageView<'_>) -> u64 {
    each_sample!(ImageView(*view), view => count_hidden(simd, &view))
}

fn count_hidden<S: Output + PartialOrd>(simd: Simd, view: &StridedView<'_, S, 3>) -> u64 {
    let clear = S::from_real(0.0);
    let [rows, columns, channels] = view.shape();
    let counts = (0..rows).map(|row| match (view.flat_row(row), channels) {
        (Some(samples), 2) => simd.run(CountHidden::<S, 2> { samples, clear }),
        (Some(samples), 4) => simd.run(CountHidden::<S, 4> { samples, clear }),
        _ => {
            let alphas = (0..columns).map(|column| *view.at([row, column, channels - 1]));
            alphas.filter(|alpha| *alpha <= clear).count() as u64
        }
    });
    counts.sum()
}

/// Counts the pixels of N channels whose last sample is not above `clear`.
struct CountHidden<'a, S, const N: usize> {
    samples: &'a [S],
    clear: S,
}

impl<S: Output + PartialOrd, const N: usize> Body for CountHidden<'_, S, N> {
    type Output = u64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> u64 {
        let pixels = self.samples.as_chunks::<N>().0.iter();
        pixels.fold(0, |count, pixel| {
            count + u64::from(pixel[N - 1] <= self.clear)
        })
    }
}

/// Whether the last sample of any pixel of N channels is below `opaque`.
struct AnyBelow<'a, S, const N: usize> {
    samples: &'a [S],
    opaque: S,
}

impl<S: Output + PartialOrd, const N: usize> Body for AnyBelow<'_, S, N> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        let pixels = self.samples.as_chunks::<N>().0.iter();
        // Without branches, for vectors.
        pixels.fold(false, |any, pixel| any | (pixel[N - 1] < self.opaque))
    }
}
