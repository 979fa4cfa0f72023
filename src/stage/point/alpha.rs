//! Alpha is copied, not filtered.

use super::{PointStage, Under};
use crate::{
    finish::Finish,
    image::{ImageView, SampleSliceMut},
    number::{Output, Widen},
    view::StridedView,
};

/// Puts the alpha of the source into the last channel, in the depth of the result.
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
        under: &Under<'_>,
        pixels: &mut [O],
    ) {
        let channels = source.shape()[2];
        for (x, pixel) in pixels.chunks_exact_mut(channels).enumerate() {
            let column = under.first_column + x * under.step;
            let alpha = source.at([under.row, column, channels - 1]).to_f64();
            pixel[channels - 1] = O::from_real(alpha * self.mul / self.div);
        }
    }
}

impl PointStage for CopyAlpha {
    fn run(&self, pixels: SampleSliceMut<'_>, under: &Under<'_>) {
        macro_rules! copy {
            ($view:expr) => {
                match pixels {
                    SampleSliceMut::U8(pixels) => self.copy($view, under, pixels),
                    SampleSliceMut::U16(pixels) => self.copy($view, under, pixels),
                    SampleSliceMut::F32(pixels) => self.copy($view, under, pixels),
                }
            };
        }
        match &under.source {
            ImageView::U8(view) => copy!(view),
            ImageView::U16(view) => copy!(view),
            ImageView::F32(view) => copy!(view),
        }
    }
}
