//! Writes banks as kernel files.

use std::fmt::Write as _;

use super::{Kernel, KernelBank};

impl KernelBank {
    /// The text of a kernel file that describes this bank, to the last digit.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        if !self.description().is_empty() {
            push(&mut out, "description", &text(self.description()));
        }
        if let Some(combine) = self.combine() {
            push(&mut out, "combine", &text(combine.name()));
        }
        if let Some(map) = self.map() {
            push(&mut out, "map", &text(map.name()));
        }
        if let [kernel] = self.kernels() {
            push_kernel(&mut out, kernel);
            return out;
        }
        for (kernel, label) in self.kernels().iter().zip(self.labels()) {
            out += "\n[[kernels]]\n";
            if !label.is_empty() {
                push(&mut out, "name", &text(label));
            }
            push_kernel(&mut out, kernel);
        }
        out
    }
}

/// A TOML string.
fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            _ if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

fn push(out: &mut String, key: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{key} = {value}");
}

fn push_kernel(out: &mut String, kernel: &Kernel) {
    let list = |row: &[f64]| {
        row.iter()
            .map(|&n| number(n))
            .collect::<Vec<_>>()
            .join(", ")
    };
    *out += "weights = [\n";
    for row in kernel.as_slice().chunks(kernel.columns()) {
        let _ = writeln!(out, "    [{}],", list(row));
    }
    *out += "]\n";
    for (key, value, usual) in [
        ("divisor", kernel.divisor(), 1.0),
        ("bias", kernel.bias(), 0.0),
        ("offset", kernel.offset(), 0.0),
    ] {
        if value != usual {
            push(out, key, &number(value));
        }
    }
    let [row, column] = kernel.anchor();
    if [row, column] != [kernel.rows() / 2, kernel.columns() / 2] {
        push(out, "anchor", &format!("[{row}, {column}]"));
    }
}

/// The number in digits that are read as the same number.
fn number(number: f64) -> String {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => format!("{}", number as i64),
        false => format!("{number:?}"),
    }
}
