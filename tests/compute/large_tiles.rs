//! Windows that fill the transform's tiles of usual size.

use stridekern::{Border, Depth, Extent, Filter, Kernel, Method, Tuning};

use crate::common::{Random, apply, random_image};

/// By large tiles and tap by tap.
#[test]
fn windows_of_a_thousand_columns_are_exact() {
    let mut random = Random(0x1a7e);
    for ([rows, columns], is_integer, depth) in [
        ([1000, 900], true, Depth::U8),
        ([700, 1030], false, Depth::U8),
        ([1024, 1024], false, Depth::U16),
    ] {
        let weights = (0..rows * columns).map(|_| match is_integer {
            true => random.below(7) as f64 - 3.0,
            false => random.below(1 << 30) as f64 / 7e8 - 0.7,
        });
        let kernel = Kernel::new(rows, columns, weights.collect()).unwrap();
        let kernel = kernel.with_divisor(2000.0).unwrap();
        let image = random_image(&mut random, [17, 29, 1], depth);
        let filter = Filter::new(kernel).with_extent(Extent::Same(Border::Reflect));
        let by = |method| apply(&filter, &image, &Tuning::default().with_method(method));
        assert!(by(Method::Fft) == by(Method::Direct), "{rows} x {columns}");
    }
}
