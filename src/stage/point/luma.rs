//! Luma: one gray channel from red, green and blue.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use crate::{
    error::Result,
    image::{Bool, ImageSpec, ImageView, Sample, f16},
    number::{Output, Widen},
    simd::{Body, Isa, Simd},
    stage::{RowStage, Rows, RowsMut, Run},
    view::StridedView,
};

/// The weights of Rec. 709 (0.2126, 0.7152, 0.0722) times [`WEIGHT_SUM`].
const WEIGHTS: [u32; 3] = [1063, 3576, 361];
const WEIGHT_SUM: u32 = 5000;

/// Pixels that are deinterleaved at a time.
const BLOCK: usize = 128;

/// The luma of an image of three or four channels.
#[derive(Debug)]
pub(in crate::stage) struct Luma {
    output: ImageSpec,
    simd: Simd,
}

impl Luma {
    /// The luma of such an image.
    pub(in crate::stage) const fn new(image: ImageSpec, simd: Simd) -> Self {
        let output = ImageSpec {
            channels: 1,
            ..image
        };
        Self { output, simd }
    }
}

impl RowStage for Luma {
    fn output(&self) -> ImageSpec {
        self.output
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
        run.for_each_row(out, 1, &|row, grays| {
            each_sample!(ImageView(source.view), view => {
                let grays = Sample::of_slice_mut(grays).expect("luma has the depth of its image");
                gray_row(self.simd, &view, first + row, grays);
            });
        })
    }
}

/// Fills a row with the luma of row `row` of `view`.
fn gray_row<S: Gray>(simd: Simd, view: &StridedView<'_, S, 3>, row: usize, grays: &mut [S]) {
    let [_, columns, channels] = view.shape();
    let grays = &mut grays[..columns];
    // Constants, so that other types are compiled once and not for every SIMD level.
    match (view.flat_row(row), channels) {
        (Some(samples), 3) if const { S::DEPTH.is_picture() } => {
            simd.run(Row::<S, 3> { samples, grays });
        }
        (Some(samples), 4) if const { S::DEPTH.is_picture() } => {
            simd.run(Row::<S, 4> { samples, grays });
        }
        _ => {
            for (column, gray) in grays.iter_mut().enumerate() {
                *gray = S::gray([0, 1, 2].map(|channel| *view.at([row, column, channel])));
            }
        }
    }
}

/// A row of pixels of N channels.
struct Row<'a, S, const N: usize> {
    samples: &'a [S],
    grays: &'a mut [S],
}

impl<S: Gray, const N: usize> Body for Row<'_, S, N> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let pixels = self.samples.as_chunks::<N>().0;
        let mut sums = [S::Sum::zeroed(); BLOCK];
        for (grays, pixels) in self.grays.chunks_mut(BLOCK).zip(pixels.chunks(BLOCK)) {
            for (sum, pixel) in sums.iter_mut().zip(pixels) {
                *sum = S::weigh([pixel[0], pixel[1], pixel[2]]);
            }
            for (gray, &sum) in grays.iter_mut().zip(&sums) {
                *gray = S::divide(sum);
            }
        }
    }
}

/// A sample type that luma is computed from.
trait Gray: Sample {
    /// The type of weighted sums.
    type Sum: Pod;

    fn weigh(pixel: [Self; 3]) -> Self::Sum;

    fn divide(sum: Self::Sum) -> Self;

    #[inline(always)]
    fn gray(pixel: [Self; 3]) -> Self {
        Self::divide(Self::weigh(pixel))
    }
}

macro_rules! gray {
    ($($sample:ty),*) => {$(
        impl Gray for $sample {
            type Sum = u32;

            #[inline(always)]
            fn weigh(pixel: [Self; 3]) -> u32 {
                let [r, g, b] = pixel.map(u32::from);
                r * WEIGHTS[0] + g * WEIGHTS[1] + b * WEIGHTS[2]
            }

            #[inline(always)]
            fn divide(sum: u32) -> Self {
                divide(sum) as Self
            }
        }
    )*};
}
gray!(u8, u16);

/// Types whose weighted sums are exact in 64 bits, or are floats.
macro_rules! gray_in_f64 {
    ($($sample:ty),*) => {$(
        impl Gray for $sample {
            type Sum = f64;

            #[inline(always)]
            fn weigh([r, g, b]: [Self; 3]) -> f64 {
                let weighted = |sample: Self, k: usize| sample.to_f64() * f64::from(2 * WEIGHTS[k]);
                weighted(r, 0) + weighted(g, 1) + weighted(b, 2)
            }

            #[inline(always)]
            fn divide(sum: f64) -> Self {
                Self::from_real(sum / f64::from(2 * WEIGHT_SUM))
            }
        }
    )*};
}
gray_in_f64!(u32, i8, i16, i32, Bool, f16, f32, f64);

macro_rules! gray_in_i128 {
    ($($sample:ty),*) => {$(
        impl Gray for $sample {
            type Sum = i128;

            #[inline(always)]
            fn weigh(pixel: [Self; 3]) -> i128 {
                let [r, g, b] = pixel.map(i128::from);
                let [red, green, blue] = WEIGHTS.map(i128::from);
                r * red + g * green + b * blue
            }

            // To the nearest integer, ties to even.
            #[inline(always)]
            fn divide(sum: i128) -> Self {
                let divisor = i128::from(WEIGHT_SUM);
                let (below, rest) = (sum.div_euclid(divisor), sum.rem_euclid(divisor));
                let up = 2 * rest > divisor || (2 * rest == divisor && below % 2 != 0);
                (below + i128::from(up)) as Self
            }
        }
    )*};
}
gray_in_i128!(u64, i64);

/// To the nearest integer, ties to even.
#[inline(always)]
fn divide(sum: u32) -> u32 {
    let up = (sum + WEIGHT_SUM / 2) / WEIGHT_SUM;
    let tie = up * WEIGHT_SUM == sum + WEIGHT_SUM / 2;
    up - (u32::from(tie) & up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_of_8_bits_and_all_ties_of_16_are_divided_to_nearest() {
        let near_ties = (0..65_535).flat_map(|k| WEIGHT_SUM * k + 2499..=WEIGHT_SUM * k + 2501);
        for sum in (0..=255 * WEIGHT_SUM)
            .chain(near_ties)
            .chain([65_535 * WEIGHT_SUM])
        {
            let (below, rest) = (sum / WEIGHT_SUM, sum % WEIGHT_SUM);
            let up = 2 * rest > WEIGHT_SUM || (2 * rest == WEIGHT_SUM && below % 2 == 1);
            assert_eq!(divide(sum), below + u32::from(up), "{sum}");
        }
    }

    #[test]
    fn weights_are_those_of_rec_709() {
        assert_eq!(WEIGHTS.iter().sum::<u32>(), WEIGHT_SUM);
        assert_eq!(u8::gray([255, 0, 0]), 54); // 54.213
        assert_eq!(u8::gray([0, 255, 0]), 182); // 182.376
        assert_eq!(u8::gray([0, 0, 255]), 18); // 18.411
        assert_eq!(u16::gray([65_535; 3]), 65_535);
        assert_eq!(f32::gray([1.0, 0.0, 0.0]), 0.2126);
    }

    #[test]
    fn every_level_and_layout_gives_the_luma_of_every_pixel() {
        let (rows, columns) = (3, 77);
        for channels in [3, 4] {
            let at = |i: usize| (i * i * 7919 + i * 104_729) % 65_536;
            let wide: Vec<u16> = (0..rows * columns * channels)
                .map(|i| at(i) as u16)
                .collect();
            let bytes: Vec<u8> = wide.iter().map(|&s| s as u8).collect();
            let floats: Vec<f32> = wide.iter().map(|&s| f32::from(s) / 65_535.0).collect();
            check(&wide, [rows, columns, channels]);
            check(&bytes, [rows, columns, channels]);
            check(&floats, [rows, columns, channels]);
        }
    }

    fn check<S: Gray>(samples: &[S], shape: [usize; 3]) {
        let view = StridedView::from_slice(samples, shape).unwrap();
        for view in [view, view.flip(1).unwrap()] {
            let pixels = (0..shape[0]).flat_map(|y| (0..shape[1]).map(move |x| (y, x)));
            let expected: Vec<S> = pixels
                .map(|(y, x)| S::gray([0, 1, 2].map(|c| *view.at([y, x, c]))))
                .collect();
            for simd in Simd::available() {
                let mut grays = vec![S::zeroed(); expected.len()];
                for (row, grays) in grays.chunks_exact_mut(shape[1]).enumerate() {
                    gray_row(simd, &view, row, grays);
                }
                assert_eq!(grays, expected, "{simd:?}");
            }
        }
    }
}
