//! libblur: borders reflect, one thread, into a buffer that is there already.

use libblur::{
    BlurImage, BlurImageMut, BoxBlurParameters, EdgeMode, EdgeMode2D, FastBlurChannels,
    KernelShape, Scalar, ThreadingPolicy, box_blur, filter_1d_approx, filter_1d_exact, filter_2d,
    filter_2d_fft,
};

use crate::{Case, Timer};

/// From this size on, the whole image is also tried as one Fourier transform.
const FFT_FROM: usize = 31;

const BORDER: EdgeMode2D = EdgeMode2D::new(EdgeMode::Reflect101);
const ONE: ThreadingPolicy = ThreadingPolicy::Single;

fn channels(case: &Case) -> FastBlurChannels {
    match case.channels {
        1 => FastBlurChannels::Plane,
        3 => FastBlurChannels::Channels3,
        other => panic!("libblur was not asked for {other} channels"),
    }
}

macro_rules! libblur {
    ($sample:ident, $also:expr, $other:expr) => {
        pub mod $sample {
            use super::*;

            pub fn peers(case: &Case) -> Vec<&'static str> {
                let gray = case.channels == 1;
                let mut peers = match case.work.as_str() {
                    "filter" if gray && case.size >= FFT_FROM => vec!["libblur", "libblur FFT"],
                    "filter" => vec!["libblur"],
                    "separable" if gray => vec!["libblur"],
                    _ => vec![],
                };
                peers.extend(($also as fn(&Case) -> Option<&'static str>)(case));
                peers
            }

            pub fn run(
                case: &Case,
                peer: &str,
                image: &[$sample],
                rows: usize,
                timer: &mut Timer,
            ) -> Vec<$sample> {
                let (width, height) = (case.width as u32, rows as u32);
                let source = BlurImage::borrow(image, width, height, channels(case));
                let mut result = BlurImageMut::alloc(width, height, channels(case));
                let mut weights = case.weights.concat();
                // Its transform convolves, where its loops correlate.
                if peer == "libblur FFT" {
                    weights.reverse();
                }
                let (side, none) = (case.size, Scalar::default());
                let shape = KernelShape::new(side, side);
                let fits = "the image and the kernel fit each other";
                timer.repeat(|| {
                    match (case.work.as_str(), peer) {
                        ("filter", "libblur") => filter_2d::<$sample, f32>(
                            &source,
                            &mut result,
                            &weights,
                            shape,
                            BORDER,
                            none,
                            ONE,
                        ),
                        ("filter", "libblur FFT") => filter_2d_fft::<$sample, f32, f32>(
                            &source,
                            &mut result,
                            &weights,
                            shape,
                            BORDER,
                            none,
                            ONE,
                        ),
                        ("separable", "libblur") => filter_1d_exact::<$sample, f32, 1>(
                            &source,
                            &mut result,
                            &case.line,
                            &case.line,
                            BORDER,
                            none,
                            ONE,
                        ),
                        _ => ($other as Other<$sample>)(case, &source, &mut result),
                    }
                    .expect(fits);
                });
                result.data.borrow().to_vec()
            }
        }
    };
}

type Other<T> = fn(&Case, &BlurImage<T>, &mut BlurImageMut<T>) -> Result<(), libblur::BlurError>;

libblur!(
    u8,
    |case| match case.work.as_str() {
        "separable" => Some("libblur fixed-point"),
        // It has one border, and it is another.
        "box" => Some("libblur box"),
        _ => None,
    },
    |case, source, result| match case.work.as_str() {
        "separable" => filter_1d_approx::<u8, f32, i32, 1>(
            source,
            result,
            &case.line,
            &case.line,
            BORDER,
            Scalar::default(),
            ONE,
        ),
        "box" => box_blur(
            source,
            result,
            BoxBlurParameters::new(case.size as u32),
            ONE
        ),
        other => panic!("libblur has no {other}"),
    }
);
libblur!(u16, |_| None, |case, _, _| panic!(
    "libblur has no {} of u16",
    case.work
));
libblur!(f32, |_| None, |case, _, _| panic!(
    "libblur has no {} of f32",
    case.work
));
