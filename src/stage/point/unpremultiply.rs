//! Colours that are multiplied by alpha, and those that are not: from one to the other.

use std::ops::Range;

use crate::{
    error::Result,
    image::{ImageSpec, ImageView, Sample, SampleSliceMut},
    number::{Output, Widen},
    plan::Premultiply,
    stage::{RowStage, Rows, RowsMut, Run},
    view::StridedView,
};

/// Divides colours by their alpha, the last channel, to the nearest sample. Where that is 0 they
/// stay as they are.
#[derive(Debug)]
pub(in crate::stage) struct Unpremultiply {
    image: ImageSpec,
}

impl Unpremultiply {
    pub(in crate::stage) const fn new(image: ImageSpec) -> Self {
        Self { image }
    }
}

impl RowStage for Unpremultiply {
    fn output(&self) -> ImageSpec {
        self.image
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        rows.clone()
    }

    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        run.check()?;
        let first = rows.start - source.first;
        run.for_each_row(out, 1, &|row, out| {
            each_sample!(ImageView(source.view), view => {
                let out = Sample::of_slice_mut(out).expect("samples keep their type");
                divide_row(&view, first + row, out);
            });
        })
    }
}

/// Fills a row with the straight colours of row `row` of `view`.
fn divide_row<S: Output + Widen>(view: &StridedView<'_, S, 3>, row: usize, out: &mut [S]) {
    let [_, columns, channels] = view.shape();
    let pixels = out.chunks_exact_mut(channels).take(columns);
    for (column, pixel) in pixels.enumerate() {
        for (channel, sample) in pixel.iter_mut().enumerate() {
            *sample = *view.at([row, column, channel]);
        }
        let (alpha, colors) = pixel.split_last_mut().expect("a pixel has alpha");
        let alpha = alpha.to_f64();
        for color in colors {
            *color = S::from_real(straight(color.to_f64(), alpha, S::DEPTH.full_scale()));
        }
    }
}

/// The straight colour of one that is multiplied by alpha: exact enough to be rounded right for
/// integers of up to 24 bits.
pub(in crate::stage) fn straight(color: f64, alpha: f64, full_scale: f64) -> f64 {
    match alpha > 0.0 && alpha < full_scale {
        true => color * full_scale / alpha,
        false => color,
    }
}

/// Changes the colours of a row of pixels.
pub(in crate::stage) fn premultiply(how: Premultiply, channels: usize, pixels: SampleSliceMut<'_>) {
    each_sample!(SampleSliceMut(pixels), pixels => change(how, channels, pixels));
}

fn change<S: Output + Widen + PartialOrd>(how: Premultiply, channels: usize, pixels: &mut [S]) {
    let full_scale = S::DEPTH.full_scale();
    for pixel in pixels.chunks_exact_mut(channels) {
        let (alpha, colors) = pixel.split_last_mut().expect("a pixel has alpha");
        let zero = S::from_real(0.0);
        if how == Premultiply::Clip && *alpha < zero {
            *alpha = zero;
        }
        let alpha = *alpha;
        for color in colors {
            match how {
                Premultiply::Multiply => {
                    let product = color.to_f64() * alpha.to_f64();
                    *color = S::from_real(product / full_scale);
                }
                Premultiply::Clip if *color > alpha => *color = alpha,
                Premultiply::Clip => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_8_bit_colour_is_divided_to_nearest() {
        for alpha in 0..=255_i32 {
            for color in 0..=alpha.max(1) {
                let pixel = [color as u8, alpha as u8];
                let view = StridedView::from_slice(&pixel, [1, 1, 2]).unwrap();
                let mut out = [0_u8; 2];
                divide_row(&view, 0, &mut out);
                let wanted = match alpha {
                    0 => color,
                    _ => {
                        let (below, rest) = (color * 255 / alpha, color * 255 % alpha);
                        let up = 2 * rest > alpha || 2 * rest == alpha && below % 2 == 1;
                        below + i32::from(up)
                    }
                };
                assert_eq!([i32::from(out[0]), i32::from(out[1])], [wanted, alpha]);
            }
        }
        let pixel = [128_u8, 64, 0, 128];
        let view = StridedView::from_slice(&pixel, [1, 1, 4]).unwrap();
        let mut out = [0; 4];
        divide_row(&view, 0, &mut out);
        assert_eq!(out, [255, 128, 0, 128]);
    }

    #[test]
    fn colours_are_multiplied_and_clipped() {
        let mut floats = [1.0_f32, 0.5, 0.25, 0.5];
        premultiply(Premultiply::Multiply, 4, SampleSliceMut::F32(&mut floats));
        assert_eq!(floats, [0.5, 0.25, 0.125, 0.5]);
        let mut bytes = [200_u8, 7, 100, 100];
        premultiply(Premultiply::Clip, 4, SampleSliceMut::U8(&mut bytes));
        assert_eq!(bytes, [100, 7, 100, 100]);
    }
}
