//! Blur a file: read, filter, write. Metadata of the input go with the result, and the output
//! is whole or not there at all.
//!
//! `cargo run --example blur_file -- testdata/photos/chelsea.png /tmp/blurred.png`

#![allow(clippy::print_stderr, reason = "an example shows its results")]

use std::{env, error::Error, path::PathBuf};

use stridekern::{
    Border, Filter, KernelBank,
    codec::{self, EncodeOptions, Format, Limits, Overwrite},
    filter::Channel,
};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, output] = paths.as_slice() else {
        return Err("name an input and an output".into());
    };
    let decoded = codec::read(input, &Limits::default())?;

    // Every channel, and a border, so that the result has the size of the image.
    let blurred = Filter::new(KernelBank::builtin("gaussian7")?)
        .with_channel(Channel::Each)
        .with_extent(Border::Reflect)
        .apply(&decoded.image)?;

    let warnings = codec::write(
        output,
        &blurred,
        Format::from_path(output).unwrap_or(decoded.format),
        &decoded.metadata,
        &EncodeOptions::default(),
        Overwrite::Replace,
    )?;
    for warning in decoded.warnings.iter().chain(&warnings) {
        eprintln!("{warning}");
    }
    Ok(())
}
