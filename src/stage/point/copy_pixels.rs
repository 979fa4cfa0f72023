//! Copies pixels from the source to the result, where a window has no response.

use crate::{image::SampleSliceMut, number::Output, plan::Convolution};

/// Copies pixels of the source, converted to the depth of the result.
#[derive(Debug)]
pub(in crate::stage) struct CopyPixels {
    channels: usize,
    mul: f64,
    div: f64,
}

impl CopyPixels {
    pub(in crate::stage) fn new(convolution: &Convolution) -> Self {
        let [mul, div] = convolution.rescale_copies();
        Self {
            channels: convolution.channels,
            mul,
            div,
        }
    }

    /// Replaces the pixels of a row of the result that are marked by those of the source.
    pub(in crate::stage) fn run(&self, pixels: SampleSliceMut<'_>, source: &[f64], marks: &[u8]) {
        each_sample!(SampleSliceMut(pixels), pixels => self.replace(pixels, source, marks));
    }

    fn replace<O: Output>(&self, pixels: &mut [O], source: &[f64], marks: &[u8]) {
        let pixels = pixels.chunks_exact_mut(self.channels);
        let sources = source.chunks_exact(self.channels).zip(marks);
        for (pixel, (source, _)) in pixels.zip(sources).filter(|(_, (_, mark))| **mark != 0) {
            for (to, from) in pixel.iter_mut().zip(source) {
                *to = O::from_real(from * self.mul / self.div);
            }
        }
    }
}
