//! Results of 64-bit floats, whose sums are samples as they are.

use stridekern::{
    Channel, Extent, Filter, Image, Kernel, KernelBank, Method, Samples, Tuning, simd::Simd,
};

use crate::common::{Random, apply};

/// Columns of the narrow images: too few for a block of sums.
const NARROW: usize = 12;

fn doubles(image: Image) -> Vec<f64> {
    let Samples::F64(samples) = image.into_samples() else {
        panic!("doubles give doubles");
    };
    samples.to_vec()
}

/// Sums that wide images write to their rows are to the bit those of narrow cuts of these, which
/// are finished from a buffer: at every width, number of rows and of channels, with alpha, and
/// where products underflow.
#[test]
fn sums_are_samples_in_wide_images_as_in_narrow_ones() {
    let mut random = Random(0x64);
    let weights = [-1e-200, 0.3, -2.0, 1e-200, 0.7, -0.1, 4.0, -1e-170, 0.25];
    for (channels, columns, rows) in [
        (1, 64 + 2, 3),
        (1, 65 + 2, 6),
        (1, 2300, 11),
        (2, 1300, 9),
        (3, 801, 7),
        (4, 999, 10),
    ] {
        let len = rows * columns * channels;
        // Tiny numbers side by side, and large ones.
        let samples = (0..len).map(|at| {
            let number = random.between(-1000, 1000) as f64 / 7.0;
            [number, number * 1e-125, number * 1e-160, number * 1e150][at / 97 % 4]
        });
        let samples: Vec<f64> = samples.collect();
        let image = |columns: usize, samples: Vec<f64>| {
            Image::new(rows, columns, channels, Samples::F64(samples.into())).unwrap()
        };
        let tiny = [
            -1.1e-200, -2.3e-200, -3e-200, -0.7e-199, -1.9e-200, -1.3e-199, -3.1e-200,
        ];
        let tiny = (0..9).map(|at| tiny[at % 7]).collect();
        let kernels = [weights.to_vec(), tiny];
        for kernel in kernels {
            let kernel = Kernel::new(3, 3, kernel).unwrap();
            let filter = Filter::new(KernelBank::from_kernel("test", kernel))
                .with_extent(Extent::Valid)
                .with_channel(Channel::Each);
            let wide_image = image(columns, samples.clone());
            for simd in Simd::available() {
                let tuning = Tuning::default()
                    .with_method(Method::Direct)
                    .with_simd(simd);
                let wide = doubles(apply(&filter, &wide_image, &tuning));
                let wide_row = (columns - 2) * channels;
                for first in (0..columns - 2 - NARROW).step_by(NARROW - 1) {
                    let cut = samples.chunks_exact(columns * channels).flat_map(|row| {
                        row[first * channels..(first + NARROW + 2) * channels].to_vec()
                    });
                    let narrow_image = image(NARROW + 2, cut.collect());
                    let narrow = doubles(apply(&filter, &narrow_image, &tuning));
                    for (y, expected) in narrow.chunks_exact(NARROW * channels).enumerate() {
                        let got = &wide[y * wide_row + first * channels..][..expected.len()];
                        let bits =
                            |row: &[f64]| row.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
                        let case =
                            format!("{channels} channels, row {y}, column {first}, {simd:?}");
                        assert_eq!(bits(got), bits(expected), "{case}");
                    }
                }
            }
        }
    }
}
