//! The canvas of an animation: its frames are drawn over one another.

use crate::{
    error::Result,
    image::{Depth, Image, ImageSpec, Samples, no_memory},
};

/// A part of the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::codec) struct Region {
    pub(in crate::codec) top: usize,
    pub(in crate::codec) left: usize,
    pub(in crate::codec) rows: usize,
    pub(in crate::codec) columns: usize,
}

/// What becomes of a frame before the next is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::codec) enum Disposal {
    /// It stays.
    Keep,
    /// Its region becomes transparent.
    Clear,
    /// Its region becomes as it was before.
    Restore,
}

/// How a pixel is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::codec) enum Blend {
    /// It takes the place of what was there.
    Source,
    /// What was there shows through it.
    Over,
}

impl Region {
    /// The part of it that lies on a canvas of this size.
    fn on(self, rows: usize, columns: usize) -> Self {
        let (top, left) = (self.top.min(rows), self.left.min(columns));
        Self {
            top,
            left,
            rows: self.rows.min(rows - top),
            columns: self.columns.min(columns - left),
        }
    }
}

/// Samples that begin transparent.
pub(in crate::codec) struct Canvas {
    spec: ImageSpec,
    /// `None` before the first frame.
    samples: Option<Samples>,
    /// The last frame, and what becomes of it.
    last: Option<(Region, Disposal)>,
    /// What was in the region of the last frame, if it is to be restored.
    saved: Vec<u8>,
}

impl Canvas {
    pub(super) const fn new(spec: ImageSpec) -> Self {
        Self {
            spec,
            samples: None,
            last: None,
            saved: Vec::new(),
        }
    }

    pub(in crate::codec) const fn spec(&self) -> ImageSpec {
        self.spec
    }

    /// Disposes of the last frame and begins another one in this region, of which the part on the
    /// canvas is returned.
    pub(in crate::codec) fn begin(&mut self, region: Region, disposal: Disposal) -> Result<Region> {
        let spec = self.spec;
        let region = region.on(spec.rows, spec.columns);
        let samples = match &mut self.samples {
            Some(samples) => samples,
            none => none.insert(Samples::zeroed(spec.depth, spec.rows * spec.row_len())?),
        };
        let bytes = samples.as_mut_slice().into_bytes();
        match self.last {
            Some((last, Disposal::Clear)) => {
                lines(bytes, spec, last).for_each(|line| line.fill(0));
            }
            Some((last, Disposal::Restore)) => {
                let line_bytes = (last.columns * pixel_bytes(spec)).max(1);
                let saved = self.saved.chunks_exact(line_bytes);
                for (line, saved) in lines(bytes, spec, last).zip(saved) {
                    line.copy_from_slice(saved);
                }
            }
            Some((_, Disposal::Keep)) | None => {}
        }
        self.saved.clear();
        if disposal == Disposal::Restore {
            let needed = region.rows * region.columns * pixel_bytes(spec);
            (self.saved.try_reserve_exact(needed)).map_err(|_| no_memory::<u8>(needed))?;
            lines(bytes, spec, region).for_each(|line| self.saved.extend_from_slice(line));
        }
        self.last = Some((region, disposal));
        Ok(region)
    }

    /// The bytes of the rows of a region on the canvas, of a frame that was begun.
    pub(in crate::codec) fn lines(&mut self, region: Region) -> impl Iterator<Item = &mut [u8]> {
        let spec = self.spec;
        let samples = self.samples.iter_mut();
        samples.flat_map(move |samples| lines(samples.as_mut_slice().into_bytes(), spec, region))
    }

    /// Draws `pixels`, whose rows have `stride` bytes, on a region of a frame that was begun. They
    /// may lack alpha: they are opaque then.
    pub(in crate::codec) fn draw(
        &mut self,
        region: Region,
        (pixels, channels, stride): (&[u8], usize, usize),
        blend: Blend,
    ) {
        let spec = self.spec;
        let draw = match spec.depth {
            Depth::U16 => draw_line::<2>,
            _ => draw_line::<1>,
        };
        for (line, pixels) in self.lines(region).zip(pixels.chunks(stride.max(1))) {
            draw(line, spec.channels, pixels, channels, blend);
        }
    }

    /// The bytes of the samples, if a frame was drawn.
    pub(super) fn bytes(&self) -> &[u8] {
        (self.samples.as_ref()).map_or(&[], |samples| samples.as_slice().as_bytes())
    }

    /// The canvas as an image, if a frame was drawn; it is gone then.
    pub(super) fn take(&mut self) -> Result<Option<Image>> {
        let [rows, columns, channels] = self.spec.shape();
        let image = |samples| Image::new(rows, columns, channels, samples);
        self.samples.take().map(image).transpose()
    }
}

const fn pixel_bytes(spec: ImageSpec) -> usize {
    spec.channels * spec.depth.bytes()
}

/// The rows of a region that lies on the canvas.
fn lines(bytes: &mut [u8], spec: ImageSpec, region: Region) -> impl Iterator<Item = &mut [u8]> {
    let pixel = pixel_bytes(spec);
    let (start, end) = (region.left, region.left + region.columns);
    let rows = bytes.chunks_exact_mut(spec.row_bytes()).skip(region.top);
    rows.take(region.rows)
        .map(move |row| &mut row[start * pixel..end * pixel])
}

/// Draws a row, of samples of `BYTES`.
fn draw_line<const BYTES: usize>(
    line: &mut [u8],
    channels: usize,
    pixels: &[u8],
    drawn_channels: usize,
    blend: Blend,
) {
    let has_alpha = matches!(channels, 2 | 4);
    let is_opaque = has_alpha && drawn_channels < channels;
    if blend == Blend::Source && channels == drawn_channels {
        let len = line.len().min(pixels.len());
        return line[..len].copy_from_slice(&pixels[..len]);
    }
    let pixels = pixels.chunks_exact(drawn_channels * BYTES);
    for (below, pixel) in line.chunks_exact_mut(channels * BYTES).zip(pixels) {
        if is_opaque {
            let (colors, alpha) = below.split_at_mut(drawn_channels * BYTES);
            colors.copy_from_slice(pixel);
            alpha.fill(255);
        } else if blend == Blend::Over && has_alpha {
            over::<BYTES>(below, pixel);
        } else {
            below.copy_from_slice(pixel);
        }
    }
}

/// Draws a pixel with alpha over another one, rounded to the nearest.
fn over<const BYTES: usize>(below: &mut [u8], pixel: &[u8]) {
    let max = (1_u64 << (8 * BYTES)) - 1;
    let value = |sample: &[u8; BYTES]| {
        let mut bytes = [0; 8];
        let start = if cfg!(target_endian = "big") {
            8 - BYTES
        } else {
            0
        };
        bytes[start..start + BYTES].copy_from_slice(sample);
        u64::from_ne_bytes(bytes)
    };
    let (Some(alpha), Some(alpha_below)) = (pixel.last_chunk(), below.last_chunk()) else {
        return;
    };
    let (alpha, alpha_below) = (value(alpha), value(alpha_below));
    if alpha == 0 {
        return;
    }
    if alpha == max {
        return below.copy_from_slice(pixel);
    }
    // Both in the same unit, whose sum is the new alpha.
    let (weight, weight_below) = (alpha * max, alpha_below * (max - alpha));
    let sum = weight + weight_below;
    let last = below.len() / BYTES - 1;
    let (below, _) = below.as_chunks_mut::<BYTES>();
    let (pixel, _) = pixel.as_chunks::<BYTES>();
    for (at, (below, sample)) in below.iter_mut().zip(pixel).enumerate() {
        let mixed = if at == last {
            (sum + max / 2) / max
        } else {
            (value(sample) * weight + value(below) * weight_below + sum / 2) / sum
        };
        *below = match BYTES {
            1 => [mixed as u8; BYTES],
            _ => {
                let mut bytes = [0; BYTES];
                bytes.copy_from_slice(&(mixed as u16).to_ne_bytes());
                bytes
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region([top, left, rows, columns]: [usize; 4]) -> Region {
        Region {
            top,
            left,
            rows,
            columns,
        }
    }

    /// A canvas of 3 x 3 gray pixels with alpha, on which these frames of one opaque gray were
    /// drawn.
    fn drawn(frames: &[([usize; 4], u8, Disposal)]) -> Vec<u8> {
        let mut canvas = Canvas::new(ImageSpec::new([3, 3, 2], Depth::U8));
        for (at, gray, disposal) in frames {
            let part = canvas.begin(region(*at), *disposal).unwrap();
            let pixels = [*gray; 9];
            canvas.draw(part, (&pixels, 1, at[3]), Blend::Source);
        }
        let pixels = canvas.bytes().as_chunks::<2>().0;
        pixels.iter().map(|[gray, alpha]| gray & alpha).collect()
    }

    #[test]
    fn frames_are_disposed_of() {
        use Disposal::{Clear, Keep, Restore};
        let all = [0, 0, 3, 3];
        let (middle, corner) = ([1, 1, 1, 1], [0, 0, 1, 1]);
        for (middle_is, expected) in [(Keep, 2), (Clear, 0), (Restore, 1)] {
            let frames = [(all, 1, Keep), (middle, 2, middle_is), (corner, 3, Keep)];
            let mut wanted = vec![1; 9];
            (wanted[0], wanted[4]) = (3, expected);
            assert_eq!(drawn(&frames), wanted, "{middle_is:?}");
        }
        // Nothing is below the first frame.
        assert_eq!(drawn(&[(all, 1, Restore), (corner, 3, Keep)]), {
            let mut wanted = vec![0; 9];
            wanted[0] = 3;
            wanted
        });
        // Several frames in a row restore the same.
        let frames = [(all, 1, Keep), (middle, 2, Restore), (corner, 3, Restore)];
        assert_eq!(
            drawn(&[&frames[..], &[([2, 2, 1, 1], 4, Keep)]].concat()),
            [1, 1, 1, 1, 1, 1, 1, 1, 4]
        );
        // Beyond the canvas.
        assert_eq!(
            drawn(&[
                (all, 1, Keep),
                ([2, 2, 3, 3], 5, Clear),
                ([7, 7, 2, 2], 6, Keep)
            ]),
            [1, 1, 1, 1, 1, 1, 1, 1, 0]
        );
    }

    #[test]
    fn pixels_show_through_those_above() {
        for (below, pixel, expected) in [
            ([10, 20, 30, 255], [1, 2, 3, 0], [10, 20, 30, 255]),
            ([10, 20, 30, 255], [1, 2, 3, 255], [1, 2, 3, 255]),
            ([10, 20, 30, 0], [1, 2, 3, 128], [1, 2, 3, 128]),
            ([0, 100, 200, 255], [255, 100, 0, 51], [51, 100, 160, 255]),
            // 0.6 + 0.4 x 0.4.
            ([0, 0, 190, 102], [95, 19, 0, 153], [75, 15, 40, 194]),
        ] {
            let mut small = below;
            over::<1>(&mut small, &pixel);
            assert_eq!(small, expected);
            let wide = |pixel: [u8; 4]| pixel.map(|sample| (u16::from(sample) * 257).to_ne_bytes());
            let mut large = wide(below).as_flattened().to_vec();
            over::<2>(&mut large, wide(pixel).as_flattened());
            for (sample, expected) in large.as_chunks::<2>().0.iter().zip(expected) {
                let sample = f64::from(u16::from_ne_bytes(*sample)) / 257.0;
                assert!((sample - f64::from(expected)).abs() <= 0.51, "{sample}");
            }
        }
    }
}
