//! Every sum against a plain loop in f64, in which sums of these samples and weights are exact.

use std::sync::Arc;

use super::{error::error_bound, *};
use crate::{
    kernel::Kernel,
    view::{Layout, StridedView},
};

/// Samples, a kernel, and the region of sums to compute.
struct Case {
    kernel: Kernel,
    dilation: [usize; 2],
    origin: [usize; 2],
    channels: usize,
    /// Rows and columns of sums.
    sums: [usize; 2],
    shape: [usize; 3],
    samples: Arc<[f64]>,
}

/// A number in 0..2^24 that depends on the whole of `i`.
fn hash(i: usize) -> usize {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as usize
}

impl Case {
    fn new(kernel: [usize; 2], dilation: [usize; 2], channels: usize, sums: [usize; 2]) -> Self {
        let origin = [1, 2];
        let reach = |i: usize| origin[i] + (kernel[i] - 1) * dilation[i];
        // Room for a block of the direct method, filled with NaN, which
        // must not affect any sum.
        let shape = [sums[0] + reach(0), sums[1] + reach(1) + 64, channels];
        let read = (sums[1] + reach(1)) * channels;
        let row = shape[1] * channels;
        let samples = (0..shape.iter().product())
            .map(|i| match i % row < read {
                true => hash(i) as f64 / f64::from(1 << 24),
                false => f64::NAN,
            })
            .collect();
        let weights = (0..kernel[0] * kernel[1])
            .map(|i| (hash(i + 7) % 2001) as f64 / 1024.0 - 0.78125)
            .collect();
        Self {
            kernel: Kernel::new(kernel[0], kernel[1], weights).expect("the weights are finite"),
            dilation,
            origin,
            channels,
            sums,
            shape,
            samples,
        }
    }

    /// The sum of row `y`, column `x` and one channel, from the definition. It is exact: products
    /// of multiples of 2^-24 and 2^-10, up to 4096 of them, have less than 53 bits.
    fn expected(&self, y: usize, x: usize, channel: usize) -> f64 {
        let columns = self.kernel.columns();
        let weights = self.kernel.weights();
        weights
            .iter()
            .enumerate()
            .map(|(i, weight)| {
                let y = y + self.origin[0] + i / columns * self.dilation[0];
                let x = x + self.origin[1] + i % columns * self.dilation[1];
                weight * self.samples[(y * self.shape[1] + x) * self.channels + channel]
            })
            .sum()
    }

    fn all_expected(&self) -> Vec<f64> {
        let [rows, columns] = self.sums;
        (0..rows * columns * self.channels)
            .map(|i| {
                let (y, x) = (i / self.channels / columns, i / self.channels % columns);
                self.expected(y, x, i % self.channels)
            })
            .collect()
    }

    fn weight(&self) -> f64 {
        self.kernel.weights().iter().map(|w| w.abs()).sum()
    }

    fn tiling(&self, lane: LaneKind) -> Tiling {
        let window = [0, 1].map(|i| self.shape[i] - self.sums[i] - if i == 1 { 64 } else { 0 } + 1);
        Tiling::choose(lane, window, self.sums, self.channels).expect("the window is small")
    }

    /// All sums, computed in calls of `rows_per_call` tiles.
    fn run<T: Blocks + Tiles>(&self, simd: Simd, tiling: Tiling, tiles_per_call: usize) -> Vec<f64>
    where
        f64: From<T>,
    {
        self.run_in::<T>(simd, tiling, tiles_per_call).0
    }

    /// The same, and how the first row of tiles is computed: pairs that were transformed in the
    /// lane and in f64, tiles that were refused.
    fn run_in<T: Blocks + Tiles>(
        &self,
        simd: Simd,
        tiling: Tiling,
        tiles_per_call: usize,
    ) -> (Vec<f64>, [usize; 3])
    where
        f64: From<T>,
    {
        let samples: Vec<T> = self.samples.iter().map(|&s| T::from_weight(s)).collect();
        let view = StridedView::from_slice(&samples, self.shape).expect("the shape is that");
        let band = Band::new(view, self.sums[1], [1, 1], true, false, Vec::new()).unwrap();
        let row = [self.shape[1], self.channels];
        let row = Layout::c_order(row, row[0] * row[1]).expect("a row is not so long");
        let weights: Vec<f64> = self.kernel.weights().iter().copied().collect();
        let kernel = PlacedKernel {
            weights: &weights,
            shape: self.kernel.weights().shape(),
            dilation: self.dilation,
            origin: self.origin,
        };
        let fft = Compiled::new(simd, tiling, kernel, &row, Guarantee::Float(T::KIND)).unwrap();
        let mut scratch = crate::engine::Scratch::new();
        let stride = band.dense_len() + 5;
        let mut out = vec![T::ZERO; self.sums[0] * stride];
        let rows = tiles_per_call * tiling.valid[0];
        for (i, out) in out.chunks_mut(rows * stride).enumerate() {
            fft.contract(simd, &band, i * rows, out, stride, &mut scratch)
                .unwrap();
        }
        let sums = (out.chunks(stride))
            .flat_map(|row| row[..band.dense_len()].iter().map(|&sum| sum.into()));
        let sums = sums.collect();
        let last = (self.origin[0] + tiling.valid[0] + fft.halo[0]).min(band.rows.len());
        let sources = &band.rows[self.origin[0]..last];
        fft.pair(&band, sources, &mut scratch.tiles);
        let TileScratch {
            pairs,
            wide_pairs,
            refused,
            ..
        } = &scratch.tiles;
        (sums, [pairs.len(), wide_pairs.len(), refused.len()])
    }
}

/// The largest difference, as a part of the weights' magnitude.
fn difference(sums: &[f64], expected: &[f64], case: &Case) -> f64 {
    assert_eq!(sums.len(), expected.len());
    (sums.iter().zip(expected))
        .map(|(a, b)| (a - b).abs() / case.weight())
        .fold(0.0, |m, d| if d <= m { m } else { d })
}

#[test]
fn sums_are_those_of_a_plain_loop() {
    let cases = [
        Case::new([1, 1], [1, 1], 1, [5, 70]),
        Case::new([9, 9], [1, 1], 1, [150, 301]),
        Case::new([2, 4], [1, 1], 3, [70, 33]),
        Case::new([31, 31], [1, 1], 1, [60, 400]),
        Case::new([31, 31], [1, 1], 4, [40, 50]),
        Case::new([5, 7], [3, 2], 2, [50, 101]),
        Case::new([3, 101], [1, 1], 1, [80, 130]),
        Case::new([101, 3], [1, 1], 3, [70, 90]),
        Case::new([64, 64], [1, 1], 1, [40, 100]),
    ];
    for (i, case) in cases.iter().enumerate() {
        let expected = case.all_expected();
        for simd in Simd::available() {
            let sums = case.run::<f32>(simd, case.tiling(LaneKind::F32), 1);
            let off = difference(&sums, &expected, case);
            assert!(off < 1e-6, "case {i} in f32, {simd:?}: {off:e}");
            let sums = case.run::<f64>(simd, case.tiling(LaneKind::F64), 1);
            let off = difference(&sums, &expected, case);
            assert!(off < 1e-15, "case {i} in f64, {simd:?}: {off:e}");
        }
    }
}

#[test]
fn every_length_and_any_number_of_tiles() {
    // Tiles of 32 to 288 rows, of which some are the last of a row, some of a
    // column, and some have nobody to share a transform with.
    let case = Case::new([12, 11], [1, 1], 1, [61, 131]);
    let colour = Case::new([12, 11], [1, 1], 3, [61, 71]);
    let window = [13, 13];
    for case in [case, colour] {
        let expected = case.all_expected();
        for size in [
            [32, 48],
            [48, 32],
            [64, 144],
            [144, 96],
            [96, 64],
            [16, 192],
            [288, 16],
        ] {
            let tiling = Tiling {
                size,
                valid: [0, 1].map(|i| size[i] + 1 - window[i]),
            };
            for simd in Simd::available() {
                let sums = case.run::<f32>(simd, tiling, 1);
                let off = difference(&sums, &expected, &case);
                assert!(off < 1e-6, "{size:?} in f32, {simd:?}: {off:e}");
                let sums = case.run::<f64>(simd, tiling, 1);
                let off = difference(&sums, &expected, &case);
                assert!(off < 1e-15, "{size:?} in f64, {simd:?}: {off:e}");
                let at_once = case.run::<f64>(simd, tiling, 3);
                assert!(sums == at_once, "{size:?}: calls of other heights differ");
            }
        }
    }
}

#[test]
fn tiles_of_the_largest_sizes() {
    let case = Case::new([4, 5], [1, 1], 1, [20, 40]);
    let expected = case.all_expected();
    let levels = Simd::available();
    for size in [
        [1536, 1536],
        [576, 4096],
        [4096, 576],
        [3072, 768],
        [1152, 2048],
    ] {
        let tiling = Tiling {
            size,
            valid: [size[0] - 4, size[1] - 6],
        };
        for &simd in [levels.first(), levels.last()].into_iter().flatten() {
            let sums = case.run::<f32>(simd, tiling, 1);
            let off = difference(&sums, &expected, &case);
            assert!(off < 2e-6, "{size:?} in f32, {simd:?}: {off:e}");
            let sums = case.run::<f64>(simd, tiling, 1);
            let off = difference(&sums, &expected, &case);
            assert!(off < 3e-15, "{size:?} in f64, {simd:?}: {off:e}");
        }
    }
}

#[test]
fn integers_are_exact_when_rounded() {
    let mut case = Case::new([31, 31], [1, 1], 1, [50, 300]);
    let scaled = |i: f64| (i * 65535.0).round();
    case.samples = case.samples.iter().map(|&s| scaled(s)).collect();
    let weights = (case.kernel.weights().iter())
        .map(|w| (w * 1000.0).round())
        .collect();
    case.kernel = Kernel::new(31, 31, weights).expect("the weights are finite");
    let tiling = case.tiling(LaneKind::F64);
    assert!(error_bound(LaneKind::F64, &tiling, 65535.0, case.weight()) < 0.5);
    let expected = case.all_expected();
    // A power of two changes no rounding, and keeps tiles below full scale.
    let scale = 2.0_f64.powi(-16);
    case.samples = case.samples.iter().map(|&s| s * scale).collect();
    for simd in Simd::available() {
        let sums = case.run::<f64>(simd, tiling, 2);
        let rounded = sums.iter().map(|s| (s / scale).round());
        assert!(rounded.eq(expected.iter().copied()), "{simd:?}");
    }
}

#[test]
fn what_is_no_sample_stays_in_its_windows() {
    for channels in [1, 3] {
        let mut case = Case::new([9, 8], [1, 1], channels, [70, 200]);
        let mut samples = case.samples.to_vec();
        let at = |y: usize, x: usize| (y * case.shape[1] + x) * channels;
        samples[at(30, 90)] = f64::NAN;
        samples[at(31, 200)] = f64::NEG_INFINITY;
        samples[at(60, 3)] = 1e9;
        case.samples = samples.into();
        let expected = case.all_expected();
        let tiling = Tiling {
            size: [48, 48],
            valid: [38, 38],
        };
        for simd in Simd::available() {
            let sums = case.run::<f32>(simd, tiling, 1);
            let mut strange = 0;
            for (i, (sum, expected)) in sums.iter().zip(&expected).enumerate() {
                if expected.is_finite() {
                    let far = expected.abs().max(case.weight());
                    assert!((sum - expected).abs() < 1e-6 * far, "{i}: {sum} {expected}");
                } else {
                    strange += 1;
                    assert!(sum.is_nan() && expected.is_nan() || sum == expected, "{i}");
                }
            }
            assert!(strange >= 2 * 72, "two samples were in {strange} windows");
        }
    }
}

/// A constant, a checkerboard and a single sample concentrate what noise
/// spreads: one frequency, or all of them.
#[test]
fn errors_are_within_their_bound() {
    for pattern in 0..4 {
        let mut case = Case::new([21, 21], [1, 1], 1, [100, 150]);
        let columns = case.shape[1];
        case.samples = (0..case.samples.len())
            .map(|i| match (pattern, i / columns, i % columns) {
                (0, ..) => 1.0,
                (1, y, x) => ((x + y) % 2) as f64,
                (2, y, x) => f64::from(u8::from((y, x) == (50, 77))),
                (_, y, x) => {
                    (((y * 3 + x) as f64 * 0.1).sin() * 2_f64.powi(24)).round() / 2_f64.powi(24)
                }
            })
            .collect();
        let expected = case.all_expected();
        for (lane, typical) in [(LaneKind::F32, 5e-7), (LaneKind::F64, 1e-15)] {
            let tiling = case.tiling(lane);
            let bound = error_bound(lane, &tiling, 1.0, case.weight());
            for simd in Simd::available() {
                let sums = match lane {
                    LaneKind::F32 => case.run::<f32>(simd, tiling, 1),
                    _ => case.run::<f64>(simd, tiling, 1),
                };
                let off = difference(&sums, &expected, &case);
                assert!(off * case.weight() < bound, "{pattern}: {off:e} {bound:e}");
                assert!(off < typical, "{pattern} in {lane}: {off:e}");
            }
        }
    }
}

/// Noise of the magnitude that `power` gives each row, column and channel, as a power of two.
fn uneven(case: &Case, power: impl Fn(usize, usize, usize) -> i32) -> Arc<[f64]> {
    let [_, columns, channels] = case.shape;
    let sample = |(i, &sample): (usize, &f64)| {
        let (pixel, channel) = (i / channels, i % channels);
        // Half of a positive sample is not small by chance.
        (0.5 + sample / 2.0) * 2_f64.powi(power(pixel / columns, pixel % columns, channel))
    };
    case.samples.iter().enumerate().map(sample).collect()
}

/// Tiles of 48 x 48 samples of one magnitude, and of one sample that is brighter by a power of two:
/// the lanes they take. Where it is f32 or f64, errors in the dark are relative to what is
/// allowed there, and where it is neither, to the dark itself.
#[test]
fn tiles_take_the_narrowest_lane_that_holds_their_contrast() {
    let tiling = Tiling {
        size: [48, 48],
        valid: [40, 40],
    };
    for (base, bright, lanes) in [
        (0, 0, [1, 0, 0]),
        (0, 10, [1, 0, 0]),
        (0, 14, [0, 1, 0]),
        (0, 34, [0, 1, 0]),
        (0, 38, [0, 0, 1]),
        (-10, 20, [0, 1, 0]),
        (-48, 0, [1, 0, 0]),
        (-60, 0, [0, 1, 0]),
        (-100, 0, [0, 1, 0]),
        (-100, -70, [0, 1, 0]),
        (70, 0, [1, 0, 0]),
        (98, 0, [0, 1, 0]),
        (98, 14, [0, 1, 0]),
    ] {
        let mut case = Case::new([9, 9], [1, 1], 1, [40, 40]);
        case.samples = uneven(&case, |y, x, _| match (y, x) {
            (8, 9) => base + bright,
            _ => base,
        });
        let expected = case.all_expected();
        for simd in Simd::available() {
            let (sums, taken) = case.run_in::<f32>(simd, tiling, 1);
            assert_eq!(taken, lanes, "{base} {bright}");
            let unit = match lanes {
                [1, ..] => 6.5e-7 * 2_f64.powi(bright.max(0)),
                [_, 1, _] => 7e-16 * 2_f64.powi(bright.max(0)) + 6e-8,
                _ => 1e-5,
            };
            for (i, (sum, expected)) in sums.iter().zip(&expected).enumerate() {
                // The windows without the bright sample.
                let in_the_dark = i / 40 > 8 || i % 40 > 8;
                let magnitude = if in_the_dark {
                    base
                } else {
                    base + bright.max(0)
                };
                let allowed = match in_the_dark {
                    true => unit,
                    false => 6.5e-7,
                };
                let off = (sum - expected).abs() / 2_f64.powi(magnitude) / case.weight();
                assert!(off < allowed, "{base} {bright}, {i}: {off:e} in {simd:?}");
            }
        }
    }
}

/// The two tiles of a pair are one complex transform, and errors in one are relative to the samples
/// of both: of a channel beside a brighter one, and of columns that fade.
#[test]
fn what_shares_a_transform_is_of_like_magnitude() {
    let tiling = Tiling {
        size: [48, 48],
        valid: [40, 40],
    };
    let fades = |_: usize, x: usize, _: usize| -8 * (x / 24) as i32;
    let of_channels = |_: usize, _: usize, channel: usize| [0, -40, 30][channel];
    let channels_apart = |_: usize, _: usize, channel: usize| [0, -120, 3][channel];
    for (channels, power) in [
        (1, &fades as &dyn Fn(usize, usize, usize) -> i32),
        (2, &of_channels),
        (3, &of_channels),
        (3, &channels_apart),
    ] {
        let mut case = Case::new([9, 9], [1, 1], channels, [40, 200]);
        case.samples = uneven(&case, power);
        let expected = case.all_expected();
        for simd in Simd::available() {
            let (sums, taken) = case.run_in::<f32>(simd, tiling, 1);
            assert_eq!(taken[2], 0, "none is refused");
            for (i, (sum, expected)) in sums.iter().zip(&expected).enumerate() {
                let (x, channel) = (i / channels % 200, i % channels);
                // The first column of the tile is its brightest.
                let largest = 2_f64.powi(power(0, x / 40 * 40 + case.origin[1], channel));
                let off = (sum - expected).abs() / largest / case.weight();
                assert!(
                    off < 6.5e-7,
                    "{channels} channels, {i}: {off:e} in {simd:?}"
                );
            }
        }
    }
}
