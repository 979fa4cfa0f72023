//! imageproc: its borders repeat the edge and every call makes a new image.

use image::{ImageBuffer, Luma, Rgb};
use imageproc::{
    filter::{box_filter, filter, separable_filter_equal},
    gradients::gradients,
    kernel::{Kernel, SOBEL_HORIZONTAL_3X3, SOBEL_VERTICAL_3X3},
};

use crate::{Case, Timer};

macro_rules! imageproc {
    ($sample:ident, $to_sample:expr, $only:expr, $other:expr) => {
        pub mod $sample {
            use super::*;

            type Gray = ImageBuffer<Luma<$sample>, Vec<$sample>>;

            pub fn peers(case: &Case) -> Vec<&'static str> {
                let others: &[&str] = &$only;
                let does = match case.work.as_str() {
                    "filter" => true,
                    "separable" => case.channels == 1,
                    other => others.contains(&other),
                };
                if does { vec!["imageproc"] } else { vec![] }
            }

            pub fn run(
                case: &Case,
                image: &[$sample],
                rows: usize,
                timer: &mut Timer,
            ) -> Vec<$sample> {
                let (width, height) = (case.width as u32, rows as u32);
                let fits = "the samples fill the image";
                let weights = case.weights.concat();
                let side = case.size as u32;
                let to_sample: fn(f32) -> $sample = $to_sample;
                let mut result = Vec::new();
                if case.channels == 3 {
                    let image =
                        ImageBuffer::<Rgb<$sample>, _>::from_raw(width, height, image.to_vec())
                            .expect(fits);
                    timer.repeat(|| {
                        let kernel = Kernel::new(&weights, side, side);
                        let filtered: ImageBuffer<Rgb<$sample>, _> =
                            filter(&image, kernel, to_sample);
                        result = filtered.into_raw();
                    });
                    return result;
                }
                let image = Gray::from_raw(width, height, image.to_vec()).expect(fits);
                timer.repeat(|| {
                    let filtered: Gray = match case.work.as_str() {
                        "filter" => filter(&image, Kernel::new(&weights, side, side), to_sample),
                        "separable" => separable_filter_equal(&image, &case.line),
                        other => ($other as fn(&str, &Gray, &Case) -> Gray)(other, &image, case),
                    };
                    result = filtered.into_raw();
                });
                result
            }
        }
    };
}

// A cast of floats saturates, so these round to the nearest sample.
imageproc!(
    u8,
    |sum| (sum + 0.5) as u8,
    ["sobel", "box"],
    |work, image, case| {
        let radius = case.size as u32 / 2;
        match work {
            "sobel" => gradients(image, SOBEL_HORIZONTAL_3X3, SOBEL_VERTICAL_3X3, |p| {
                Luma([p[0].min(255) as u8])
            }),
            _ => box_filter(image, radius, radius),
        }
    }
);
imageproc!(u16, |sum| (sum + 0.5) as u16, [], |work, _, _| panic!(
    "no {work} of u16"
));
imageproc!(f32, |sum| sum, [], |work, _, _| panic!("no {work} of f32"));
