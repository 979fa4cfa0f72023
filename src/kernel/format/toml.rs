//! Banks written as TOML.

use std::fmt::Write as _;

use crate::kernel::{EXACT, Kernel, KernelBank};

impl KernelBank {
    /// A TOML file that describes this bank, without its name: [`parse`](Self::parse) makes the
    /// same bank of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// let bank = KernelBank::in_line("0 -1 0; -1 5 -1; 0 -1 0")?;
    /// let toml = bank.to_toml();
    /// assert_eq!(toml, "weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]\n");
    /// assert_eq!(KernelBank::parse(bank.name(), "", &toml)?, bank);
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        if !self.description().is_empty() {
            line(&mut out, "description", &quoted(self.description()));
        }
        if let Some(combine) = self.combine() {
            line(&mut out, "combine", &quoted(combine.name()));
        }
        if let Some(map) = self.map() {
            line(&mut out, "map", &quoted(map.name()));
        }
        let labels = self.labels().iter();
        match self.kernels() {
            // A single kernel has no place for a label but the table of several.
            [kernel] if labels.clone().all(String::is_empty) => write_kernel(&mut out, kernel),
            kernels => {
                for (kernel, label) in kernels.iter().zip(labels) {
                    out += if out.is_empty() { "" } else { "\n" };
                    out += "[[kernels]]\n";
                    if !label.is_empty() {
                        line(&mut out, "name", &quoted(label));
                    }
                    write_kernel(&mut out, kernel);
                }
            }
        }
        out
    }
}

fn write_kernel(out: &mut String, kernel: &Kernel) {
    let turned = kernel.is_convolving();
    let written = if turned { &kernel.flipped() } else { kernel };
    let rows = written.as_slice().chunks(written.columns()).map(|row| {
        let numbers = Vec::from_iter(row.iter().map(|&weight| number(weight)));
        format!("[{}]", numbers.join(", "))
    });
    let rows = Vec::from_iter(rows);
    let length: usize = rows.iter().map(|row| row.len() + 2).sum();
    let weights = match length {
        0..80 => format!("[{}]", rows.join(", ")),
        _ => format!("[\n    {},\n]", rows.join(",\n    ")),
    };
    line(out, "weights", &weights);
    if written.divisor() != 1.0 {
        line(out, "divisor", &number(written.divisor()));
    }
    if written.bias() != 0.0 {
        line(out, "bias", &number(written.bias()));
    }
    if written.offset() != 0.0 {
        line(out, "offset", &number(written.offset()));
    }
    let [row, column] = written.anchor();
    if [row, column] != [written.rows() / 2, written.columns() / 2] {
        line(out, "anchor", &format!("[{row}, {column}]"));
    }
    if turned {
        line(out, "flip", "true");
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {value}");
}

/// The shortest digits that are read as this number.
pub(super) fn number(number: f64) -> String {
    match number.fract() == 0.0
        && number.abs() <= EXACT
        && !(number == 0.0 && number.is_sign_negative())
    {
        true => format!("{number:.0}"),
        false => format!("{number:?}"),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
