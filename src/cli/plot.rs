//! `--plot`: draws kernels into a file.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use stridekern::{
    Error, KernelBank,
    codec::{AtomicFile, Compression, EncodeOptions, Format, Metadata, Overwrite, encode},
    error::IoAction,
    plot::Plot,
    run::Place,
};

use super::{
    advice,
    args::Args,
    inputs::place,
    kernels,
    messages::{Exit, Messages},
    print,
};

/// Where a picture goes.
enum Target {
    Svg(PathBuf),
    Png(PathBuf),
    /// SVG on standard output.
    Standard,
}

impl Target {
    fn of(path: &Path) -> Result<Self> {
        if place(path) == Place::Standard {
            return Ok(Self::Standard);
        }
        let extension = path.extension().unwrap_or_default();
        match extension.to_string_lossy().to_ascii_lowercase().as_str() {
            "svg" => Ok(Self::Svg(path.to_owned())),
            "png" => Ok(Self::Png(path.to_owned())),
            _ => bail!(
                "{}: --plot draws .svg and .png files; name one of these, or - for SVG on standard output",
                path.display()
            ),
        }
    }
}

/// An error here is a usage error: nothing was written.
pub(super) fn run(path: &Path, args: &Args, messages: Messages) -> Result<Exit> {
    let target = Target::of(path)?;
    let drawn = match &args.report.show_kernel {
        Some(name) => vec![kernels::shown(name, &args.filter.changes)?],
        None if args.report.list_kernels => KernelBank::builtins()
            .map(|builtin| builtin.bank())
            .collect(),
        None => bail!("--plot draws the kernel of --show-kernel or all of --list-kernels; add one"),
    };
    let draw = || match drawn.as_slice() {
        [bank] if args.report.show_kernel.is_some() => Plot::of(bank),
        banks => Plot::sheet(banks),
    };
    let left_out = |plot: &Plot| {
        let [drawn, all] = plot.kernels();
        if drawn < all {
            let path = path.display();
            messages.note(format_args!(
                "{path}: the first {drawn} of {all} kernels are drawn"
            ));
        }
    };
    let (path, is_svg) = match target {
        Target::Standard => {
            let plot = draw();
            left_out(&plot);
            return Ok(print(messages, |out| {
                out.write_all(plot.to_svg().as_bytes())
            }));
        }
        Target::Svg(path) => (path, true),
        Target::Png(path) => (path, false),
    };
    let overwrite = match args.output.overwrite {
        true => Overwrite::Replace,
        false => Overwrite::Refuse,
    };
    // Begun first: what cannot be written need not be drawn.
    let written = AtomicFile::create(&path, overwrite).and_then(|mut file| {
        let plot = draw();
        match is_svg {
            true => file
                .write_all(plot.to_svg().as_bytes())
                .map_err(|error| Error::io(IoAction::Write, error))?,
            false => write_png(&plot, &mut file)?,
        }
        let warnings = file.commit()?;
        left_out(&plot);
        Ok(warnings)
    });
    let shown = path.display();
    match written {
        Ok(warnings) => {
            for warning in warnings {
                messages.note(format_args!("{shown}: warning: {warning}"));
            }
            if args.report.verbose {
                messages.note(format_args!("{shown}: drawn"));
            }
            Ok(Exit::Success)
        }
        Err(Error::Exists) if args.output.skip_existing => {
            messages.note(format_args!("{shown}: it exists: kept"));
            Ok(Exit::Success)
        }
        Err(error) => {
            // Here it is this option that names the output.
            let line = advice::line(&error).replace("--output", "--plot");
            messages.error(format_args!("{shown}: {line}"));
            Ok(Exit::Failure)
        }
    }
}

fn write_png(plot: &Plot, file: &mut AtomicFile) -> Result<(), Error> {
    let options = EncodeOptions {
        compression: Compression::Balanced,
        ..EncodeOptions::default()
    };
    let image = plot.to_image()?;
    encode(&image, Format::Png, &Metadata::default(), &options, file).map(drop)
}
