//! Kernels of your own: one from weights, a bank of two that are combined, one from TOML.
//!
//! `cargo run --example own_kernel -- testdata/photos/camera.png`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::{env, error::Error, path::Path};

use stridekern::{
    Combine, Filter, Kernel, KernelBank, Map,
    codec::{self, Limits},
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("name an image")?;
    let image = codec::read(Path::new(&path), &Limits::default())?.image;

    // Nothing is normalised for you: the divisor makes the weights sum to one.
    let weights = vec![1., 2., 1., 2., 4., 2., 1., 2., 1.];
    let smooth = Kernel::builder(3, 3, weights).divisor(16.0).build()?;
    assert_eq!(smooth.gain(), 1.0);
    assert!(smooth.is_separable());

    // Central differences, as one magnitude; floats are neither rounded nor clamped.
    let x = Kernel::builder(1, 3, vec![-1., 0., 1.])
        .divisor(2.0)
        .build()?;
    let y = Kernel::builder(3, 1, vec![-1., 0., 1.])
        .divisor(2.0)
        .build()?;
    let gradient = KernelBank::new("gradient", vec![x, y], Some(Combine::Magnitude))?;

    let relief = "weights = [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]\nbias = 0.5";
    let relief = KernelBank::parse("relief", "relief.toml", relief)?;

    for filter in [
        Filter::new(smooth),
        Filter::new(gradient).with_map(Map::Float),
        Filter::new(relief),
    ] {
        let result = filter.apply(&image)?;
        println!("{:?} {}", result.shape(), result.depth());
    }
    Ok(())
}
