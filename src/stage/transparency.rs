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
