//! A region of interest: some rows and columns of a result, as they are in the whole one, since
//! windows see the neighbours of the region. A slice of the image has a border of its own.
//!
//! `cargo run --example region -- testdata/photos/coins.png`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::{env, error::Error, path::Path};

use stridekern::{
    Border, Filter, Image, ImageView, KernelBank, Tuning,
    codec::{self, Limits},
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("name an image")?;
    let image = codec::read(Path::new(&path), &Limits::default())?.image;
    let (rows, columns) = (40..104, 100..196);

    let filter = Filter::new(KernelBank::builtin("gaussian7")?).with_extent(Border::Edge);
    let mut runner = filter.plan(&image, &Tuning::default())?.runner()?;
    let mut region = Image::zeroed(64, 96, 1, image.depth())?;
    runner.run_region(&image, rows.clone(), columns.clone(), &mut region)?;

    let whole = filter.apply(&image)?;
    let cut = ImageView::from(&whole)
        .slice(0, rows.clone())?
        .slice(1, columns.clone())?;
    assert_eq!(Image::try_from(cut)?, region);

    // The part by itself: the same samples but for three rows and columns along its sides.
    let part = ImageView::from(&image).slice(0, rows)?.slice(1, columns)?;
    let alone = filter.apply(part)?;
    assert_ne!(alone, region);
    println!("{:?} of {:?}", region.shape(), whole.shape());
    Ok(())
}
