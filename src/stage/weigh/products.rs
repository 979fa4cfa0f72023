//! The padded rows of a band, their colours multiplied by alpha.

use std::ops::Range;

use super::{super::padding::BandBuilder, Pass, Scratch};
use crate::{
    error::Result,
    image::try_resize,
    simd::{Body, Isa},
};

impl Pass<'_> {
    /// Makes the products of these padded rows.
    pub(super) fn multiply(&self, rows: &Range<usize>, scratch: &mut Scratch) -> Result<()> {
        let builder = BandBuilder::<f64>::new(self.convolution, self.source);
        let padded = builder.padded_rows(rows.clone(), &mut scratch.padded)?;
        self.make_constants_opaque(rows, padded);
        let keeps_samples = self.stage.exact.is_some() && !self.weighing.rule.has_exact_products;
        if keeps_samples {
            try_resize(&mut scratch.samples, padded.len(), 0.0)?;
            scratch.samples.copy_from_slice(padded);
        }
        try_resize(&mut scratch.products, padded.len(), 0.0)?;
        let (simd, products) = (self.convolution.offer().simd, &mut *scratch.products);
        let samples = &*padded;
        // Colours that are multiplied by alpha already are so as a share of full scale.
        let factor = (self.weighing.is_premultiplied).then_some(self.convolution.alpha_full_scale);
        match self.channels {
            2 => simd.run(Multiply::<2> {
                samples,
                factor,
                products,
            }),
            _ => simd.run(Multiply::<4> {
                samples,
                factor,
                products,
            }),
        }
        Ok(())
    }

    /// The constant of a border is opaque.
    fn make_constants_opaque(&self, rows: &Range<usize>, padded: &mut [f64]) {
        let (geometry, channels) = (&self.convolution.geometry, self.channels);
        let columns = geometry.columns.padded_len(geometry.columns.output);
        let inside = geometry.columns.inside(&(0..columns));
        let opaque = self.convolution.alpha_full_scale;
        let lines = padded.chunks_exact_mut(columns * channels);
        for (row, line) in rows.clone().zip(lines) {
            let is_constant = geometry.rows.source(row).is_none();
            let beside = (0..inside.start).chain(inside.end..columns);
            let inside = is_constant.then(|| inside.clone()).into_iter().flatten();
            for column in beside.chain(inside) {
                if is_constant || geometry.columns.source(column).is_none() {
                    line[(column + 1) * channels - 1] = opaque;
                }
            }
        }
    }
}

/// Multiplies colours by the alpha of their pixel, or by another factor.
struct Multiply<'a, const C: usize> {
    samples: &'a [f64],
    factor: Option<f64>,
    products: &'a mut [f64],
}

impl<const C: usize> Body for Multiply<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let samples = self.samples.as_chunks::<C>().0;
        let products = self.products.as_chunks_mut::<C>().0;
        for (to, from) in products.iter_mut().zip(samples) {
            let alpha = from[C - 1];
            let factor = self.factor.unwrap_or(alpha);
            *to = from.map(|color| color * factor);
            to[C - 1] = alpha;
        }
    }
}
