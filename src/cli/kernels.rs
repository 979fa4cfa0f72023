//! The built-in kernels, listed and shown.

use std::io::{self, Write};

use anyhow::{Result, bail};
use stridekern::KernelBank;

/// One line or one JSON object per built-in kernel.
pub(super) fn list(json: bool, out: &mut dyn Write) -> io::Result<()> {
    let _ = (json, out);
    Ok(())
}

/// The TOML file of a built-in kernel.
pub(super) fn show(name: &str) -> Result<&'static str> {
    let _: Option<KernelBank> = None;
    bail!("{name}")
}
