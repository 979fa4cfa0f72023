//! Leaves a frame of pixels as they are in the source, where windows extend beyond the image.

use std::ops::Range;

use super::{PointStage, SourcePixels};
use crate::{image::SampleSliceMut, number::Output, plan::Convolution};

/// Copies the pixels of the source whose windows extend beyond it, converted to the depth of the
/// result.
#[derive(Debug)]
pub(in crate::stage) struct KeepFrame {
    channels: usize,
    /// Rows and columns of the source that are anchors of windows inside.
    inside: [Range<usize>; 2],
    mul: f64,
    div: f64,
}

impl KeepFrame {
    pub(in crate::stage) fn new(convolution: &Convolution) -> Self {
        let [mul, div] = convolution.rescale_copies();
        let geometry = &convolution.geometry;
        let axes = [&geometry.rows, &geometry.columns];
        let [window, anchor] = [geometry.window(), geometry.anchor()];
        Self {
            channels: convolution.channels,
            inside: [0, 1].map(|axis| {
                let after = window[axis] - 1 - anchor[axis];
                anchor[axis]..axes[axis].image.saturating_sub(after)
            }),
            mul,
            div,
        }
    }
}

impl PointStage for KeepFrame {
    fn run(&self, mut pixels: SampleSliceMut<'_>, source: &SourcePixels<'_>) {
        let [rows, columns] = &self.inside;
        let len = pixels.len() / self.channels;
        let column = |at: usize| source.first_column + at * source.step;
        let row_is_inside = rows.contains(&(source.row + source.first_row));
        let mut at = 0;
        while at < len {
            if row_is_inside && columns.contains(&column(at)) {
                // To the first column behind those inside.
                at = (columns.end - source.first_column).div_ceil(source.step);
                continue;
            }
            let samples = at * self.channels..(at + 1) * self.channels;
            let mut numbers = vec![0.0; self.channels];
            let pixel = SourcePixels {
                first_column: column(at),
                ..*source
            };
            pixel.numbers(&mut numbers);
            let pixel = pixels.reborrow().range(samples.start, samples.end);
            each_sample!(SampleSliceMut(pixel), pixel => {
                for (to, from) in pixel.iter_mut().zip(&numbers) {
                    *to = Output::from_real(from * self.mul / self.div);
                }
            });
            at += 1;
        }
    }
}
