//! The built-in kernels, listed and shown.

use std::io::{self, Write};

use anyhow::{Context, Result};
use stridekern::KernelBank;

/// One line or one JSON object per built-in kernel.
pub(super) fn list(json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        for builtin in KernelBank::builtins() {
            writeln!(out, "{}", serde_json::to_string(&builtin.bank().summary())?)?;
        }
        return Ok(());
    }
    writeln!(
        out,
        "{:<17} {:>5}  {:>8}  {:<9}  description",
        "name", "size", "sum", "separable"
    )?;
    for builtin in KernelBank::builtins() {
        let kernel = builtin.bank().summary();
        let size = format!("{}x{}", kernel.rows, kernel.columns);
        let sum = kernel.sum.map_or("mixed".to_owned(), short);
        let separable = if kernel.separable { "yes" } else { "no" };
        writeln!(
            out,
            "{:<17} {size:>5}  {sum:>8}  {separable:<9}  {}",
            kernel.name, kernel.description
        )?;
    }
    writeln!(out, "\nOther names:")?;
    for (alias, name) in KernelBank::aliases() {
        writeln!(out, "{alias:<17} = {name}")?;
    }
    Ok(())
}

/// At most six decimals, without trailing zeros.
fn short(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// The TOML file of a built-in kernel.
pub(super) fn show(name: &str) -> Result<&'static str> {
    let name = name.strip_suffix(".toml").unwrap_or(name);
    KernelBank::builtin_toml(name)
        .with_context(|| format!("there is no built-in kernel `{name}`; --list-kernels shows all"))
}
