//! Statistics of windows: the mean and the range of every 9x9 window, rows in parallel. The
//! windows are a view of four axes; no sample is copied.
//!
//! `cargo run --release --example local_mean -- testdata/photos/camera.png`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::{env, error::Error, path::Path};

use rayon::prelude::*;
use stridekern::codec::{self, Limits};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("name an image")?;
    let image = codec::read(Path::new(&path), &Limits::default())?.image;
    let samples = image.view::<u8>().ok_or("this needs 8-bit samples")?;

    let windows = samples.plane(0)?.windows([9, 9])?;
    println!("{}", windows.layout_report());

    let rows: Vec<Vec<(f64, u8)>> = (windows.axis_iter(0)?.into_par_iter())
        .map(|row| {
            let statistics = row.axis_iter(0)?.map(|window| {
                let sum: u32 = window.iter().map(|&sample| u32::from(sample)).sum();
                let low = window.iter().min().copied().unwrap_or_default();
                let high = window.iter().max().copied().unwrap_or_default();
                (f64::from(sum) / window.len() as f64, high - low)
            });
            Ok(statistics.collect())
        })
        .collect::<Result<_, stridekern::Error>>()?;

    let all = || rows.iter().flatten();
    let brightest = all().map(|(mean, _)| *mean).fold(0.0, f64::max);
    let flat = all().filter(|(_, range)| *range < 8).count();
    println!("brightest mean {brightest:.1}, {flat} flat windows");
    Ok(())
}
