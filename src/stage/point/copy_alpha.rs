//! Copies alpha from the source to the result, instead of filtering it.

use super::{PointStage, SourcePixels};
use crate::{
    image::{ImageView, Sample, SampleSliceMut},
    number::{Output, Widen},
    plan::Convolution,
    view::StridedView,
};

/// Copies the alpha of the source to the last channel, converted to the depth of the
/// result.
#[derive(Debug)]
pub(in crate::stage) struct CopyAlpha {
    /// The channels of the result: of luma fewer than those of the source.
    channels: usize,
    mul: f64,
    div: f64,
}

impl CopyAlpha {
    pub(in crate::stage) fn new(convolution: &Convolution) -> Self {
        let [mul, div] = convolution.rescale_copies();
        Self {
            channels: convolution.channels,
            mul,
            div,
        }
    }
}

/// Pixels whose alpha is converted together.
const BLOCK: usize = 128;

impl PointStage for CopyAlpha {
    fn run(&self, mut pixels: SampleSliceMut<'_>, source_pixels: &SourcePixels<'_>) {
        let source = &source_pixels.source;
        let same = source.depth() == pixels.depth() && self.mul == self.div;
        if same {
            each_sample!(ImageView(source), source => {
                let pixels = Sample::of_slice_mut(pixels).expect("they have its depth");
                match flat_samples(source, source_pixels) {
                    Some(samples) => copy(samples, source.shape()[2], pixels, self.channels),
                    None => replace(pixels, self.channels, alphas(source, source_pixels, 0)),
                }
            });
            return;
        }
        // By way of `f64`, so that no code is compiled for every pair of types.
        let channels = self.channels;
        let len = pixels.len();
        let mut block = [0.0; BLOCK];
        for start in (0..len).step_by(BLOCK * channels) {
            let pixels = pixels
                .reborrow()
                .range(start, len.min(start + BLOCK * channels));
            let first = start / channels;
            each_sample!(ImageView(source), source => {
                let alphas = alphas(source, source_pixels, first);
                let block = block.iter_mut().take(pixels.len() / channels);
                block.zip(alphas).for_each(|(to, alpha)| *to = alpha.to_f64());
            });
            let alphas = block.iter().map(|alpha| alpha * self.mul / self.div);
            each_sample!(SampleSliceMut(pixels), pixels => {
                replace(pixels, channels, alphas.map(Output::from_real));
            });
        }
    }
}

/// The source pixels from the first one on, if they lie one after the other.
fn flat_samples<'a, S>(
    source: &StridedView<'a, S, 3>,
    source_pixels: &SourcePixels<'_>,
) -> Option<&'a [S]> {
    let row = (source_pixels.step == 1).then(|| source.flat_row(source_pixels.row))??;
    row.get(source_pixels.first_column * source.shape()[2]..)
}

/// Copies the last of the `from_channels` of every pixel to the last of `channels`.
fn copy<S: Copy>(samples: &[S], from_channels: usize, pixels: &mut [S], channels: usize) {
    // Constants: twice as fast.
    match (from_channels, channels) {
        (4, 4) => copy_of::<S, 4, 4>(samples, pixels),
        (4, 2) => copy_of::<S, 4, 2>(samples, pixels),
        (2, 2) => copy_of::<S, 2, 2>(samples, pixels),
        _ => {
            let alphas = samples.chunks_exact(from_channels);
            let alphas = alphas.map(|pixel| pixel[from_channels - 1]);
            replace(pixels, channels, alphas);
        }
    }
}

fn copy_of<S: Copy, const N: usize, const M: usize>(samples: &[S], pixels: &mut [S]) {
    let pixels = pixels.as_chunks_mut::<M>().0;
    for (pixel, from) in pixels.iter_mut().zip(samples.as_chunks::<N>().0) {
        pixel[M - 1] = from[N - 1];
    }
}

/// The alpha of the source pixels from the `first` on.
fn alphas<'a, S: Widen>(
    source: &'a StridedView<'a, S, 3>,
    source_pixels: &SourcePixels<'_>,
    first: usize,
) -> impl Iterator<Item = S> + use<'a, S> {
    let (row, step) = (source_pixels.row, source_pixels.step);
    let start = source_pixels.first_column + first * step;
    let alpha = source.shape()[2] - 1;
    (start..)
        .step_by(step)
        .map(move |column| *source.at([row, column, alpha]))
}

/// Sets the last channel of every pixel.
fn replace<O: Copy>(pixels: &mut [O], channels: usize, alphas: impl Iterator<Item = O>) {
    for (pixel, alpha) in pixels.chunks_exact_mut(channels).zip(alphas) {
        pixel[channels - 1] = alpha;
    }
}
