//! Banks written as TOML.

use std::fmt::Write as _;

use crate::combine::CombineScale;
use crate::kernel::{EXACT, Factor, Kernel, KernelBank, KernelSource};

impl KernelBank {
    /// A TOML file that describes this bank, without its name: [`parse`](Self::parse) makes the
    /// same bank of it.
    ///
    /// A kernel that was made of a column and a row is written so where its weights would take
    /// more than a line, and a [generated](Self::from_spec) one of thousands of weights as its
    /// spec.
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
        match self.scale() {
            CombineScale::ONE => {}
            scale => line(&mut out, "scale", &quoted(&scale.to_string())),
        }
        if let Some(map) = self.map() {
            line(&mut out, "map", &quoted(map.name()));
        }
        let labels = self.labels().iter();
        if let Some(spec) = self.shorter_spec() {
            line(&mut out, "generate", &quoted(spec));
            return out;
        }
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

    /// The spec that makes the kernels, where their weights would be too many to be looked at.
    fn shorter_spec(&self) -> Option<&str> {
        let KernelSource::Generated(spec) = self.source() else {
            return None;
        };
        let written = |kernel: &Kernel| match kernel.vectors() {
            Some(_) => kernel.rows() + kernel.columns(),
            None => kernel.rows() * kernel.columns(),
        };
        let all: usize = self.kernels().iter().map(written).sum();
        let is_same = || {
            KernelBank::from_spec(spec).is_ok_and(|made| {
                made.kernels() == self.kernels()
                    && made.labels() == self.labels()
                    && made.combination() == self.combination()
            })
        };
        (all > MAX_WRITTEN && is_same()).then_some(spec.as_str())
    }
}

/// More weights than these are written as what makes them.
const MAX_WRITTEN: usize = 4096;
/// Weights up to this many characters are written in one line.
const LINE: usize = 80;

fn write_kernel(out: &mut String, kernel: &Kernel) {
    let turned = kernel.is_convolving();
    let written = if turned { &kernel.flipped() } else { kernel };
    let rows = written.as_slice().chunks(written.columns()).map(|row| {
        let numbers = Vec::from_iter(row.iter().map(|&weight| number(weight)));
        format!("[{}]", numbers.join(", "))
    });
    let rows = Vec::from_iter(rows);
    let length: usize = rows.iter().map(|row| row.len() + 2).sum();
    let vectors = written.vectors().filter(|_| length >= LINE);
    if let Some(Factor { column, row }) = vectors {
        for (key, vector) in [("column", column), ("row", row)] {
            let numbers = Vec::from_iter(vector.iter().map(|&weight| number(weight)));
            line(out, key, &format!("[{}]", numbers.join(", ")));
        }
    } else {
        let weights = match length {
            0..LINE => format!("[{}]", rows.join(", ")),
            _ => format!("[\n    {},\n]", rows.join(",\n    ")),
        };
        line(out, "weights", &weights);
    }
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
    let size = [written.rows(), written.columns()];
    // The middle of an even size is not the same to all programs.
    let is_named = written.written().anchored && size.iter().any(|side| side % 2 == 0);
    if is_named || [row, column] != size.map(|side| side / 2) {
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
