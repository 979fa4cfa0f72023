//! Copies alpha from the source to the result, instead of filtering it.

use super::{PointStage, SourcePixels};
use crate::{
    finish::Finish,
    image::{ImageView, SampleSliceMut},
    number::{Output, Widen},
    view::StridedView,
};

/// Copies the alpha of the source to the last channel, converted to the depth of the
/// result.
#[derive(Debug)]
pub(in crate::stage) struct CopyAlpha {
    mul: f64,
    div: f64,
}

impl CopyAlpha {
    pub(in crate::stage) fn new(finish: &Finish) -> Self {
        let [mul, div] = finish.rescale();
        Self { mul, div }
    }

    fn copy<S: Widen, O: Output>(
        &self,
        source: &StridedView<'_, S, 3>,
        source_pixels: &SourcePixels<'_>,
        pixels: &mut [O],
    ) {
        let channels = source.shape()[2];
        for (x, pixel) in pixels.chunks_exact_mut(channels).enumerate() {
            let column = source_pixels.first_column + x * source_pixels.step;
            let alpha = source
                .at([source_pixels.row, column, channels - 1])
                .to_f64();
            pixel[channels - 1] = O::from_real(alpha * self.mul / self.div);
        }
    }
}

impl PointStage for CopyAlpha {
    fn run(&self, pixels: SampleSliceMut<'_>, source_pixels: &SourcePixels<'_>) {
        macro_rules! copy {
            ($view:expr) => {
                match pixels {
                    SampleSliceMut::U8(pixels) => self.copy($view, source_pixels, pixels),
                    SampleSliceMut::U16(pixels) => self.copy($view, source_pixels, pixels),
                    SampleSliceMut::F32(pixels) => self.copy($view, source_pixels, pixels),
                }
            };
        }
        match &source_pixels.source {
            ImageView::U8(view) => copy!(view),
            ImageView::U16(view) => copy!(view),
            ImageView::F32(view) => copy!(view),
        }
    }
}
