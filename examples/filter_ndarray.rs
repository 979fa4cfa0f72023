//! Filter an array of the `ndarray` crate into another one, with no copy of either.
//!
//! `cargo run --example filter_ndarray --features ndarray`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::error::Error;

use ndarray::Array2;
use stridekern::{
    Border, Filter, KernelBank, Tuning,
    view::{StridedView, StridedViewMut},
};

fn main() -> Result<(), Box<dyn Error>> {
    // A step from 0 to 1 between the columns 3 and 4.
    let array = Array2::from_shape_fn((6, 8), |(_, column)| if column < 4 { 0.0 } else { 1.0 });
    let view = StridedView::<f32, 2>::from_ndarray(&array.view())?;

    let filter = Filter::new(KernelBank::builtin("gaussian3")?).with_extent(Border::Edge);
    let plan = filter.plan(view, &Tuning::default())?;
    let mut smooth = Array2::<f32>::zeros((6, 8));
    plan.run(view, StridedViewMut::from_ndarray(smooth.view_mut())?)?;

    println!("{smooth}");
    assert_eq!(smooth[[2, 3]], 0.25);

    // The transposed array is the same memory with its strides exchanged.
    let transposed = filter.apply(StridedView::from_ndarray(&array.t())?)?;
    assert_eq!(transposed.shape(), [8, 6, 1]);
    Ok(())
}
