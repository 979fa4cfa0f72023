//! Frames of a video: planned once, compiled once, filtered into the same memory. On one thread,
//! frames after the first allocate nothing.
//!
//! `cargo run --release --example video_frames`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::{error::Error, time::Instant};

use stridekern::{Border, Depth, Filter, Image, KernelBank, Stop, Tuning};

fn main() -> Result<(), Box<dyn Error>> {
    let tuning = Tuning::default().with_threads(1);
    let filter = Filter::new(KernelBank::builtin("sharpen")?).with_extent(Border::Edge);
    let plan = filter.plan_for([720, 1280, 1], Depth::U8, &tuning)?;
    println!("{plan}");

    // Another thread may set the token: the run then ends with an error.
    let stop = Stop::default();
    let mut runner = plan.runner()?.with_stop(stop.clone());
    let mut output = plan.allocate()?;
    let mut frame = Image::zeroed(720, 1280, 1, Depth::U8)?;

    let begin = Instant::now();
    for number in 0..100 {
        let mut samples = frame.view_mut::<u8>().ok_or("frames have 8 bits")?;
        samples.fill(number);
        runner.run(&frame, &mut output)?;
    }
    println!("{:.2?} a frame", begin.elapsed() / 100);
    // A flat frame stays flat.
    assert_eq!(output, frame);

    stop.set();
    assert!(runner.run(&frame, &mut output).is_err());
    Ok(())
}
