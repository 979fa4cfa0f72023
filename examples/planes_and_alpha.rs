//! Channels: alpha is copied where every channel is filtered, one plane is filtered by itself
//! into its place, and planes that lie one after the other are an image by its strides.
//!
//! `cargo run --example planes_and_alpha`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::error::Error;

use stridekern::{
    Border, Depth, Filter, Image, ImageView, ImageViewMut, KernelBank, Tuning, filter::Channel,
    view::StridedView,
};

fn main() -> Result<(), Box<dyn Error>> {
    let samples: Vec<u8> = (0..=255).cycle().step_by(7).take(20 * 30 * 4).collect();
    let rgba = Image::new(20, 30, 4, samples.into())?;
    let alpha = |image: &Image| {
        let view = image.view::<u8>().ok_or("there are 8 bits")?;
        Ok::<_, Box<dyn Error>>(view.plane(3)?.to_vec())
    };

    let filter = Filter::new(KernelBank::builtin("box3")?).with_extent(Border::Edge);
    let blurred = (filter.clone().with_channel(Channel::Each)).apply(&rgba)?;
    assert_eq!(alpha(&blurred)?, alpha(&rgba)?);

    // Only green, into the green plane of another image; the others stay as they were.
    let green = ImageView::from(&rgba).plane(1)?;
    let mut output = Image::zeroed(20, 30, 3, Depth::U8)?;
    let plan = filter.plan(green, &Tuning::default())?;
    plan.run(green, ImageViewMut::from(&mut output).plane(1)?)?;

    // Three planes of 2 x 3 samples as pixels: channels are 6 samples apart.
    let planar: Vec<u16> = (0..18).collect();
    let view = StridedView::new(&planar, [2, 3, 3], [3, 1, 6], 0)?;
    let result = filter.with_channel(Channel::Each).apply(view)?;
    println!("{:?} {}", result.shape(), result.depth());
    Ok(())
}
