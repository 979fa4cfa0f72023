//! Luma: one gray channel from red, green and blue.

use std::{marker::PhantomData, ops::Range};

use bytemuck::{Pod, Zeroable};

use crate::{
    error::Result,
    filter::{LUMA_WEIGHT_SUM as WEIGHT_SUM, LUMA_WEIGHTS as WEIGHTS, UnroundedLuma},
    image::{Bool, ImageSpec, ImageView, Sample, SampleSliceMut, f16},
    number::{Output, Widen},
    plan::Plan,
    simd::{Body, Isa, Simd},
    stage::{RowStage, Rows, RowsMut, Run},
    view::StridedView,
};

/// Pixels that are deinterleaved at a time.
const BLOCK: usize = 128;

/// The luma of an image of three or four channels, and its alpha if that is kept.
#[derive(Debug)]
pub(in crate::stage) struct Luma {
    output: ImageSpec,
    /// What a sample of alpha is multiplied and divided by, if it is kept.
    alpha: Option<[f64; 2]>,
    simd: Simd,
}

impl Luma {
    /// The luma of such an image: rounded to its samples if `depth` is theirs, else floats
    /// that are [not rounded](UnroundedLuma), and alpha is scaled as luma is.
    pub(in crate::stage) fn new(plan: &Plan) -> Self {
        let convolution = &plan.convolution;
        let output = ImageSpec {
            channels: convolution.channels,
            depth: plan.window_depth(),
            ..plan.image()
        };
        let scale = convolution.unrounded_luma;
        let scale = scale.map_or([1.0; 2], |luma| [luma.divisor, luma.weight]);
        Self {
            output,
            alpha: plan.alpha().map(|_| scale),
            simd: plan.offer().simd,
        }
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
        let is_rounded = source.view.depth() == self.output.depth;
        let (simd, alpha) = (self.simd, self.alpha);
        run.for_each_row(out, 1, &|row, grays| {
            let row = first + row;
            each_sample!(ImageView(source.view), view => match grays {
                grays if is_rounded => {
                    let grays = Sample::of_slice_mut(grays).expect("luma has the depth of its image");
                    gray_row::<_, Rounded>(simd, &view, row, grays);
                    if alpha.is_some() {
                        add_alpha(&view, row, grays, |alpha| alpha);
                    }
                }
                SampleSliceMut::F32(grays) => {
                    gray_row::<_, Unrounded<f32>>(simd, &view, row, grays);
                    if let Some([mul, div]) = alpha {
                        add_alpha(&view, row, grays, |alpha| (alpha.to_f64() * mul / div) as f32);
                    }
                }
                SampleSliceMut::F64(grays) => {
                    gray_row::<_, Unrounded<f64>>(simd, &view, row, grays);
                    if let Some([mul, div]) = alpha {
                        add_alpha(&view, row, grays, |alpha| alpha.to_f64() * mul / div);
                    }
                }
                _ => unreachable!("luma that is not rounded is float"),
            });
        })
    }
}

/// Puts the alpha of a row of `view` behind each gray of the first half of `grays`.
fn add_alpha<S: Sample, O: Sample>(
    view: &StridedView<'_, S, 3>,
    row: usize,
    grays: &mut [O],
    convert: impl Fn(S) -> O,
) {
    let [_, columns, channels] = view.shape();
    let flat = view.flat_row(row);
    let mut block = [O::zeroed(); BLOCK];
    // From the last block on, so that no gray is overwritten before it is moved.
    for first in (0..columns).step_by(BLOCK).rev() {
        let len = BLOCK.min(columns - first);
        let block = &mut block[..len];
        block.copy_from_slice(&grays[first..][..len]);
        let pixels = grays[2 * first..][..2 * len].as_chunks_mut::<2>().0;
        let pixels = pixels.iter_mut().zip(&*block);
        match flat {
            Some(samples) if channels == 4 => {
                let samples = samples[4 * first..][..4 * len].as_chunks::<4>().0;
                for ((pixel, &gray), from) in pixels.zip(samples) {
                    *pixel = [gray, convert(from[3])];
                }
            }
            _ => {
                for (column, (pixel, &gray)) in (first..).zip(pixels) {
                    *pixel = [gray, convert(*view.at([row, column, channels - 1]))];
                }
            }
        }
    }
}

/// Fills a row with the luma of row `row` of `view`.
fn gray_row<S: Gray, D: Division<S>>(
    simd: Simd,
    view: &StridedView<'_, S, 3>,
    row: usize,
    grays: &mut [D::Quotient],
) {
    let [_, columns, channels] = view.shape();
    let grays = &mut grays[..columns];
    // Constants, so that other types are compiled once and not for every SIMD level.
    match (view.flat_row(row), channels) {
        (Some(samples), 3) if const { is_picture::<S, D>() } => {
            simd.run(Row::<S, D, 3>::new(samples, grays));
        }
        (Some(samples), 4) if const { is_picture::<S, D>() } => {
            simd.run(Row::<S, D, 4>::new(samples, grays));
        }
        _ => {
            for (column, gray) in grays.iter_mut().enumerate() {
                let pixel = [0, 1, 2].map(|channel| *view.at([row, column, channel]));
                *gray = D::divide(S::weigh(pixel));
            }
        }
    }
}

/// Whether image and luma are of the types of pictures.
const fn is_picture<S: Gray, D: Division<S>>() -> bool {
    S::DEPTH.is_picture() && D::Quotient::DEPTH.is_picture()
}

/// A row of pixels of N channels.
struct Row<'a, S, D: Division<S>, const N: usize>
where
    S: Gray,
{
    samples: &'a [S],
    grays: &'a mut [D::Quotient],
    division: PhantomData<D>,
}

impl<'a, S: Gray, D: Division<S>, const N: usize> Row<'a, S, D, N> {
    const fn new(samples: &'a [S], grays: &'a mut [D::Quotient]) -> Self {
        Self {
            samples,
            grays,
            division: PhantomData,
        }
    }
}

impl<S: Gray, D: Division<S>, const N: usize> Body for Row<'_, S, D, N> {
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
                *gray = D::divide(sum);
            }
        }
    }
}

/// How weighted sums become samples of luma.
trait Division<S: Gray> {
    type Quotient: Sample;

    fn divide(sum: S::Sum) -> Self::Quotient;
}

/// To samples of the image.
struct Rounded;

impl<S: Gray> Division<S> for Rounded {
    type Quotient = S;

    #[inline(always)]
    fn divide(sum: S::Sum) -> S {
        S::divide(sum)
    }
}

/// To the floats of [`UnroundedLuma`].
struct Unrounded<F>(PhantomData<F>);

impl<S: Gray, F: Output> Division<S> for Unrounded<F> {
    type Quotient = F;

    #[inline(always)]
    fn divide(sum: S::Sum) -> F {
        let divisor = const {
            match UnroundedLuma::of(S::DEPTH, F::DEPTH) {
                Some(UnroundedLuma {
                    weight, divisor, ..
                }) => S::UNIT as f64 * weight / divisor,
                // Never called.
                None => 1.0,
            }
        };
        F::from_real(S::sum_to_f64(sum) / divisor)
    }
}

/// A sample type that luma is computed from.
trait Gray: Sample {
    /// The type of weighted sums.
    type Sum: Pod;

    /// The weighted sum of a pixel whose luma is 1.
    const UNIT: u32;

    fn weigh(pixel: [Self; 3]) -> Self::Sum;

    fn divide(sum: Self::Sum) -> Self;

    fn sum_to_f64(sum: Self::Sum) -> f64;
}

macro_rules! gray {
    ($($sample:ty),*) => {$(
        impl Gray for $sample {
            type Sum = u32;

            const UNIT: u32 = WEIGHT_SUM;

            #[inline(always)]
            fn weigh(pixel: [Self; 3]) -> u32 {
                let [r, g, b] = pixel.map(u32::from);
                r * WEIGHTS[0] + g * WEIGHTS[1] + b * WEIGHTS[2]
            }

            #[inline(always)]
            fn divide(sum: u32) -> Self {
                divide(sum) as Self
            }

            #[inline(always)]
            fn sum_to_f64(sum: u32) -> f64 {
                sum.into()
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

            const UNIT: u32 = 2 * WEIGHT_SUM;

            #[inline(always)]
            fn weigh([r, g, b]: [Self; 3]) -> f64 {
                let weighted = |sample: Self, k: usize| sample.to_f64() * f64::from(2 * WEIGHTS[k]);
                weighted(r, 0) + weighted(g, 1) + weighted(b, 2)
            }

            #[inline(always)]
            fn divide(sum: f64) -> Self {
                Self::from_real(sum / f64::from(Self::UNIT))
            }

            #[inline(always)]
            fn sum_to_f64(sum: f64) -> f64 {
                sum
            }
        }
    )*};
}
gray_in_f64!(u32, i8, i16, i32, Bool, f16, f32, f64);

macro_rules! gray_in_i128 {
    ($($sample:ty),*) => {$(
        impl Gray for $sample {
            type Sum = i128;

            const UNIT: u32 = WEIGHT_SUM;

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

            #[inline(always)]
            fn sum_to_f64(sum: i128) -> f64 {
                sum as f64
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

    fn gray<S: Gray, D: Division<S>>(pixel: [S; 3]) -> D::Quotient {
        D::divide(S::weigh(pixel))
    }

    #[test]
    fn weights_are_those_of_rec_709() {
        assert_eq!(WEIGHTS.iter().sum::<u32>(), WEIGHT_SUM);
        assert_eq!(gray::<u8, Rounded>([255, 0, 0]), 54); // 54.213
        assert_eq!(gray::<u8, Rounded>([0, 255, 0]), 182); // 182.376
        assert_eq!(gray::<u8, Rounded>([0, 0, 255]), 18); // 18.411
        assert_eq!(gray::<u16, Rounded>([65_535; 3]), 65_535);
        assert_eq!(gray::<f32, Rounded>([1.0, 0.0, 0.0]), 0.2126);
    }

    #[test]
    fn unrounded_luma_is_exact_for_8_bits_and_for_grays() {
        let wholes = |gray: f32, scale: f64| f64::from(gray) * scale;
        assert_eq!(
            wholes(gray::<u8, Unrounded<f32>>([255, 0, 0]), 2_f64.powi(21)),
            271_065.0
        );
        assert_eq!(
            wholes(gray::<u8, Unrounded<f32>>([1, 2, 3]), 2_f64.powi(21)),
            9298.0
        );
        for level in 0..=u8::MAX {
            let gray = gray::<u8, Unrounded<f32>>([level; 3]);
            assert_eq!(wholes(gray, 2_f64.powi(21)), 5000.0 * f64::from(level));
        }
        for level in 0..=u16::MAX {
            let gray = gray::<u16, Unrounded<f32>>([level; 3]);
            assert_eq!(wholes(gray, 65_536.0), f64::from(level));
        }
        // 54.213 of 255 is 13932.741 of 65535.
        let red = wholes(gray::<u16, Unrounded<f32>>([65_535, 0, 0]), 65_536.0);
        assert!(
            (red - 13_932.741).abs() <= 13_932.741 / f64::from(1 << 24),
            "{red}"
        );
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
            check::<_, Rounded>(&wide, [rows, columns, channels]);
            check::<_, Rounded>(&bytes, [rows, columns, channels]);
            check::<_, Rounded>(&floats, [rows, columns, channels]);
            check::<_, Unrounded<f32>>(&wide, [rows, columns, channels]);
            check::<_, Unrounded<f32>>(&bytes, [rows, columns, channels]);
        }
    }

    fn check<S: Gray, D>(samples: &[S], shape: [usize; 3])
    where
        D: Division<S, Quotient: Zeroable + Clone + PartialEq + std::fmt::Debug>,
    {
        let view = StridedView::from_slice(samples, shape).unwrap();
        for view in [view, view.flip(1).unwrap()] {
            let pixels = (0..shape[0]).flat_map(|y| (0..shape[1]).map(move |x| (y, x)));
            let expected: Vec<D::Quotient> = pixels
                .map(|(y, x)| gray::<S, D>([0, 1, 2].map(|c| *view.at([y, x, c]))))
                .collect();
            for simd in Simd::available() {
                let mut grays = vec![D::Quotient::zeroed(); expected.len()];
                for (row, grays) in grays.chunks_exact_mut(shape[1]).enumerate() {
                    gray_row::<S, D>(simd, &view, row, grays);
                }
                assert_eq!(grays, expected, "{simd:?}");
            }
        }
    }
}
