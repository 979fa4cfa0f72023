//! Edges of an image of the `image` crate: its samples are lent without a copy, and the result
//! becomes an image of that crate without one.
//!
//! `cargo run --example sobel_image -- testdata/photos/coffee.png /tmp/edges.png`

use std::{env, error::Error};

use image::DynamicImage;
use stridekern::{Filter, ImageView, KernelBank};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    let [input, output] = paths.as_slice() else {
        return Err("name an input and an output".into());
    };
    let photo = image::open(input)?;

    // On luma, and only where the window lies inside the image: two rows and columns less.
    let sobel = Filter::new(KernelBank::builtin("sobel")?);
    let edges = DynamicImage::try_from(sobel.apply(ImageView::try_from(&photo)?)?)?;

    assert_eq!(edges.width(), photo.width() - 2);
    edges.save(output)?;
    Ok(())
}
