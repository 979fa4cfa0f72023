//! Floats at the ends of float32, and kernels whose sums, squares, scales or products leave its range
//! first: what f32 holds at the end is not lost on the way.

use stridekern::{Border, Combine, Depth, Extent, Image, Kernel, Map, Samples};

use super::{
    built::check,
    response::{Case, Weights},
};
use crate::common::Random;

/// Kernels, and how they are combined.
pub(crate) type Bank = (Vec<Kernel>, Option<Combine>);

fn kernel(rows: &[&[f64]], divisor: f64) -> Kernel {
    let weights = rows.concat();
    let kernel = Kernel::builder(rows.len(), rows[0].len(), weights).divisor(divisor);
    kernel.build().unwrap()
}

fn one(rows: &[&[f64]], divisor: f64) -> Bank {
    (vec![kernel(rows, divisor)], None)
}

pub(crate) fn banks() -> Vec<Bank> {
    let x = kernel(
        &[&[-1.0, 0.0, 1.0], &[-2.0, 0.0, 2.0], &[-1.0, 0.0, 1.0]],
        1.0,
    );
    let y = kernel(&[&[-1.0, -2.0, -1.0], &[0.0; 3], &[1.0, 2.0, 1.0]], 1.0);
    let unit = kernel(&[&[1.0]], 1.0);
    let bell = [1.0, 4.0, 6.0, 4.0, 1.0];
    let bell: Vec<Vec<f64>> = bell.map(|a| bell.map(|b| a * b * 0.1).to_vec()).to_vec();
    let bell: Vec<&[f64]> = bell.iter().map(Vec::as_slice).collect();
    let broad = [1.5; 17];
    let mut all = vec![
        one(&[&[1.0, 1.0, 1.0]], 3.0),
        one(&[&[1.0, 1.0, 1.0][..]; 3], 9.0),
        one(&[&[1.0, 1.0, -1.0, -1.0]], 1.0),
        one(&[&[0.1, 0.25], &[0.35, 0.3]], 1.0),
        one(&[&[0.123_456, -0.5, 0.376_544]], 1.0),
        one(&bell, 25.6),
        one(&[&broad[..]; 17], 433.5),
        one(&[&[1e-20]], 1e-20),
        one(&[&[1e25, 1e25]], 2e25),
        one(&[&[1e300, -1e290]], 2e300),
        one(&[&[1e-300], &[3e-300]], 4e-300),
        (
            vec![kernel(&[&[2.0]], 2.0), kernel(&[&[3.0]], 3.0)],
            Some(Combine::Sum),
        ),
        (
            vec![kernel(&[&[0.5, 0.5]], 1.0), kernel(&[&[0.5], &[0.5]], 1.0)],
            Some(Combine::Max),
        ),
        (vec![unit.clone(), unit], Some(Combine::Magnitude)),
    ];
    // Angles last.
    for combine in Combine::ALL {
        all.push((vec![x.clone(), y.clone()], Some(combine)));
    }
    all
}

/// Rows of samples of the magnitudes in turn, of either sign.
pub(crate) fn image(random: &mut Random, magnitudes: &[f32], channels: usize) -> Image {
    let [rows, columns] = [19, 71];
    let row = |y: usize| magnitudes[y * magnitudes.len() / rows];
    let sample = |at: usize, random: &mut Random| {
        let size = 0.5 + random.below(1 << 20) as f32 / (1 << 21) as f32;
        let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
        row(at / (columns * channels)) * size * sign
    };
    let samples = (0..rows * columns * channels).map(|at| sample(at, random));
    let samples = Samples::F32(samples.collect());
    Image::new(rows, columns, channels, samples).unwrap()
}

/// The banks that the oracle knows of floats: it has no angles, and an index does not depend on
/// errors alone.
fn cases(image: &Image) -> impl Iterator<Item = Case> + '_ {
    let banks = banks().into_iter();
    let banks = banks.filter(|(_, combine)| {
        combine.is_none_or(|combine| !combine.is_direction() && combine != Combine::ArgMax)
    });
    banks.map(|(kernels, combine)| {
        let kernels: Vec<Weights> = kernels.iter().map(Weights::of).collect();
        Case {
            kernels: kernels.clone(),
            combine,
            map: Map::Float,
            ..Case::new(image.clone(), kernels[0].clone())
        }
    })
}

#[test]
fn every_magnitude_in_every_way_to_run() {
    let mut random = Random(0xf10a7);
    for magnitude in [
        2e-38, 1e-30, 1e-20, 1e-10, 1.0, 1e10, 1e19, 1e20, 1e30, 3.4e38,
    ] {
        for case in cases(&image(&mut random, &[magnitude], 1)) {
            check(&case, true);
        }
    }
}

#[test]
fn every_map_and_depth() {
    let mut random = Random(0xdee9);
    for magnitude in [1e-30, 1.0, 3.4e38] {
        let image = image(&mut random, &[magnitude], 1);
        for mut case in cases(&image).filter(|case| case.kernels[0].shape[0] <= 9) {
            for (map, depth) in [
                (Map::Clamp, Depth::U8),
                (Map::Clamp, Depth::U16),
                (Map::Abs, Depth::F32),
                (Map::Abs, Depth::U16),
                (Map::Offset, Depth::F32),
                (Map::Offset, Depth::U8),
            ] {
                case.map = map;
                case.to = Some(depth);
                // Rounding in ratios takes long.
                case.step = [3, 2];
                check(&case, true);
            }
        }
    }
}

#[test]
fn every_walk_over_mixed_magnitudes_with_samples_that_are_not_finite() {
    let mut random = Random(0x3a1f);
    for magnitudes in [
        &[1.0, 3.4e38, 1e-30][..],
        &[3.4e38, 1.0],
        &[1e19, 1e20, 1.0, 1e-20],
    ] {
        for spoilt in [false, true] {
            let mut mixed = image(&mut random, magnitudes, 3);
            if spoilt {
                let [rows, columns, channels] = mixed.shape();
                let Samples::F32(mut samples) = mixed.into_samples() else {
                    panic!("floats");
                };
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let at = random.below(samples.len() as u64) as usize;
                    samples[at] = bad;
                }
                mixed = Image::new(rows, columns, channels, Samples::F32(samples)).unwrap();
            }
            for mut case in cases(&mixed) {
                for (extent, step, dilation) in [
                    (Extent::Valid, 1, 1),
                    (Extent::Same(Border::Edge), 1, 1),
                    (Extent::Same(Border::Edge), 2, 1),
                    (Extent::Valid, 3, 1),
                    (Extent::Same(Border::Edge), 1, 2),
                ] {
                    if case.kernels[0].shape[0] > 9 && dilation > 1 {
                        continue;
                    }
                    case.extent = extent;
                    case.step = [step; 2];
                    case.dilation = [dilation; 2];
                    check(&case, true);
                }
            }
        }
    }
}
