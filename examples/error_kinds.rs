//! Errors are kinds that carry the values at fault: what to do is the caller's choice, by the
//! kind, and never by the words of a message.
//!
//! `cargo run --example error_kinds -- testdata/broken/truncated.png`

#![allow(clippy::print_stdout, reason = "an example shows its results")]

use std::{env, io::ErrorKind, path::Path};

use stridekern::{
    Error, Filter, Image, KernelBank, Result,
    codec::{self, Limits},
    error::{InputError, LimitError},
};

fn filtered(path: &Path, kernel: &str) -> Result<Image> {
    let image = codec::read(path, &Limits::default())?.image;
    Filter::new(KernelBank::builtin(kernel)?).apply(&image)
}

fn main() {
    let names: Vec<_> = env::args_os().skip(1).collect();
    for name in &names {
        let path = Path::new(name);
        let advice = match filtered(path, "sobel") {
            Ok(image) => format!("a result of {:?}", image.shape()),
            Err(Error::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                "no such file".to_owned()
            }
            Err(Error::Input(InputError::Truncated { format })) => {
                format!("a {format} file that ends early: fetch it again")
            }
            Err(Error::Limit(LimitError::Pixels { limit, .. })) => {
                format!("more than {limit} pixels: raise Limits::max_pixels")
            }
            Err(Error::Stopped) => "stopped".to_owned(),
            // The message is one line, in lower case, without the path.
            Err(other) => other.to_string(),
        };
        println!("{}: {advice}", path.display());
    }

    // Names that mean nothing are told what may have been meant.
    let unknown = KernelBank::builtin("gausian5").map(|bank| bank.name().to_owned());
    println!("{unknown:?}");
}
