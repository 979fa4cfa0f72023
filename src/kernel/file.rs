//! Kernel files: the TOML that describes a bank.

mod limits;
mod sources;
mod values;

use std::{cell::Cell, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use self::values::{integer, kind};
use super::{Kernel, KernelBank, KernelError, source_text::SourceText};
use crate::{
    combine::{Combine, CombineScale},
    map::Map,
};

/// The top-level keys of a kernel file.
const BANK_KEYS: [&str; 16] = [
    "description",
    "combine",
    "scale",
    "map",
    "weights",
    "column",
    "row",
    "generate",
    "normalize",
    "divisor",
    "bias",
    "offset",
    "anchor",
    "flip",
    "rotations",
    "kernels",
];
/// The keys of a `[[kernels]]` table.
const KERNEL_KEYS: [&str; 11] = [
    "name",
    "weights",
    "column",
    "row",
    "generate",
    "normalize",
    "divisor",
    "bias",
    "offset",
    "anchor",
    "flip",
];
/// The maximum number of weights, 1024 x 1024. A larger kernel is a mistake, and would take
/// hours to apply directly.
pub(super) const MAX_WEIGHTS: usize = 1 << 20;

impl KernelBank {
    /// The bank `name` that the TOML `text` describes. Error messages name
    /// `origin` as the file.
    ///
    /// # Errors
    ///
    /// With line and column, [`KernelError::Syntax`] if the text is not TOML,
    /// [`KernelError::File`] if it has an unknown key, or does not describe a
    /// valid bank.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::kernel::KernelBank;
    ///
    /// let bank = KernelBank::parse("mean", "mean.toml", "weights = [[1, 1, 1]]\ndivisor = 3")?;
    /// assert_eq!(bank.kernels()[0].columns(), 3);
    ///
    /// let error = KernelBank::parse("mean", "mean.toml", "wieghts = [[1]]").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "mean.toml:1:1: unknown key: `wieghts`; did you mean `weights`?"
    /// );
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn parse(name: &str, origin: &str, text: &str) -> Result<Self, KernelError> {
        let source = SourceText { origin, text };
        limits::check(source)?;
        let document = DeTable::parse(text).map_err(|error| {
            let mut span = error.span().unwrap_or(0..0);
            if span.is_empty() {
                // An empty span means a missing token: show the rest of the line.
                let rest = text.get(span.start..).unwrap_or_default();
                span.end += rest.lines().next().map_or(0, str::len);
            }
            let message = format!("not TOML: {}", error.message().replace('\n', ", "));
            source.syntax(span, message)
        })?;
        let counted = Cell::new(0);
        Reader { source, counted }.bank(name, document.get_ref())
    }
}

type Value<'t> = Spanned<DeValue<'t>>;

/// Converts the tables of one file to kernels.
struct Reader<'a> {
    source: SourceText<'a>,
    /// Weights so far that are not written one by one.
    counted: Cell<usize>,
}

impl Reader<'_> {
    fn bank(&self, name: &str, table: &DeTable<'_>) -> Result<KernelBank, KernelError> {
        self.check_keys(table, &BANK_KEYS)?;
        let description = self.optional(table, "description", Self::string)?;
        let map = self.optional(table, "map", |reader, value, key| {
            reader.choice(value, key, &Map::ALL, Map::name)
        })?;
        let combine = self.optional(table, "combine", |reader, value, key| {
            reader.choice(value, key, &Combine::ALL, Combine::name)
        })?;
        let made = self.made(table)?;
        let description = description
            .or_else(|| Some(made.as_ref()?.description().to_owned()))
            .unwrap_or_default();
        let mut scale = CombineScale::ONE;
        let (kernels, labels, combine) = if let Some((key, value)) = table.get_key_value("kernels")
        {
            self.check_kernels_table_alone(table)?;
            let (kernels, labels) = self.kernels(key.span(), value)?;
            (kernels, labels, combine)
        } else if let Some(bank) = made.as_ref().filter(|bank| bank.kernels().len() > 1) {
            let kernels = bank.kernels().iter();
            let kernels = kernels.map(|kernel| self.changed(table, kernel.clone()));
            let kernels = kernels.collect::<Result<_, _>>()?;
            if combine.is_none() {
                scale = bank.scale();
            }
            (kernels, bank.labels().to_vec(), combine.or(bank.combine()))
        } else if Self::has_weights(table) {
            let kernel = match made.as_ref().and_then(|bank| bank.kernels().first()) {
                Some(kernel) => self.changed(table, kernel.clone())?,
                None => self.kernel(table, 0..0)?,
            };
            match table.get("rotations") {
                Some(value) => {
                    let kernels = self.rotations(value, &kernel)?;
                    (kernels, Vec::new(), combine.or(Some(Combine::Max)))
                }
                None => (vec![kernel], Vec::new(), combine),
            }
        } else {
            let what = if self.source.text.trim().is_empty() {
                "the file is empty"
            } else {
                "the file has no weights"
            };
            let help = "give a kernel: weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]";
            return Err(self.source.error(0..0, what, help));
        };
        let bank = KernelBank::new(name, kernels, combine).map_err(|error| {
            let bias = (error == KernelError::BiasOfDirection).then(|| self.bias_in(table));
            let combine = || table.get("combine").map(Value::span);
            let kernels = || Some(table.get_key_value("kernels")?.0.span());
            let span = bias.flatten().or_else(combine).or_else(kernels);
            self.source.locate(span.unwrap_or(0..0), &error)
        })?;
        let bank = match table.get_key_value("scale") {
            None if scale == CombineScale::ONE => bank,
            None => bank.with_scale(scale)?,
            Some((key, value)) => (bank.with_scale(self.scale(value)?)).map_err(|error| {
                self.source
                    .locate(key.span().start..value.span().end, &error)
            })?,
        };
        Ok(bank
            .with_description(description)
            .with_map(map)
            .with_labels(labels))
    }

    /// The first bias or offset other than 0 of any kernel.
    fn bias_in(&self, table: &DeTable<'_>) -> Option<Range<usize>> {
        let kernels = match table.get("kernels").map(Value::get_ref) {
            Some(DeValue::Array(kernels)) => Some(kernels),
            _ => None,
        };
        let kernels = kernels.into_iter().flat_map(|kernels| kernels.iter());
        let kernels = kernels.filter_map(|kernel| match kernel.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        });
        let tables = std::iter::once(table).chain(kernels);
        let keys = tables.flat_map(|table| ["bias", "offset"].map(|key| table.get_key_value(key)));
        let mut keys = keys.flatten();
        let (key, value) =
            keys.find(|(_, value)| self.number(value, "").is_ok_and(|n| n != 0.0))?;
        Some(key.span().start..value.span().end)
    }

    /// The factor of combined responses: a decimal as it is written, or a ratio or root in quotes.
    fn scale(&self, value: &Value<'_>) -> Result<CombineScale, KernelError> {
        let scale = match value.get_ref() {
            DeValue::String(text) => CombineScale::parse(text),
            DeValue::Float(digits) => CombineScale::parse(digits.as_str()),
            DeValue::Integer(_) => integer(value)
                .and_then(|number| CombineScale::ratio(u64::try_from(number).ok()?, 1)),
            _ => None,
        };
        scale.ok_or_else(|| {
            let help = "give a number above 0 of up to 15 digits, such as 0.25, or in quotes a \
                        ratio or root, such as \"1/3\" or \"1/sqrt(2)\"";
            self.source.error(value.span(), "this is no scale", help)
        })
    }

    /// Refuses the keys of a single kernel, such as `weights`, beside `[[kernels]]`.
    fn check_kernels_table_alone(&self, table: &DeTable<'_>) -> Result<(), KernelError> {
        for key in BANK_KEYS {
            let Some((found, _)) = table.get_key_value(key) else {
                continue;
            };
            let help = match key {
                "weights" | "column" | "row" | "generate" => "give one or the other",
                "rotations" => "it turns the single kernel of `weights`",
                _ if KERNEL_KEYS.contains(&key) => "write it into each [[kernels]]",
                _ => continue,
            };
            let message = "this key and [[kernels]] exclude each other";
            return Err(self.source.error(found.span(), message, help));
        }
        Ok(())
    }

    /// The kernels of `[[kernels]]` and their labels.
    fn kernels(
        &self,
        key: Range<usize>,
        value: &Value<'_>,
    ) -> Result<(Vec<Kernel>, Vec<String>), KernelError> {
        const HELP: &str = "begin each kernel with a line [[kernels]], in double brackets";
        let DeValue::Array(entries) = value.get_ref() else {
            let message = format!("kernels must be several tables, not {}", kind(value));
            return Err(self.source.error(key, &message, HELP));
        };
        let mut kernels = Vec::new();
        let mut labels = Vec::new();
        for entry in entries.iter() {
            let DeValue::Table(table) = entry.get_ref() else {
                let message = format!("a kernel must be a table, not {}", kind(entry));
                return Err(self.source.error(entry.span(), &message, HELP));
            };
            self.check_keys(table, &KERNEL_KEYS)?;
            labels.push(
                self.optional(table, "name", Self::string)?
                    .unwrap_or_default(),
            );
            kernels.push(self.kernel(table, entry.span())?);
        }
        if kernels.is_empty() {
            return Err(self.source.error(key, "there are no kernels", HELP));
        }
        Ok((kernels, labels))
    }

    /// The kernel that the keys of `table` describe; errors point at `span`.
    fn kernel(&self, table: &DeTable<'_>, span: Range<usize>) -> Result<Kernel, KernelError> {
        let kernel = self.of_sources(table, span)?;
        self.placed(table, kernel)
    }

    /// A kernel of several that were made, changed by the keys of `table`.
    fn changed(&self, table: &DeTable<'_>, kernel: Kernel) -> Result<Kernel, KernelError> {
        let kernel = self.divided(table, kernel)?;
        self.placed(table, kernel)
    }

    /// The kernel with bias or offset, anchor and flip as the keys of `table` say.
    fn placed(&self, table: &DeTable<'_>, mut kernel: Kernel) -> Result<Kernel, KernelError> {
        if let Some(value) = table.get("bias") {
            let result = kernel.with_bias(self.number(value, "bias")?);
            kernel = result.map_err(|error| self.source.locate(value.span(), &error))?;
        }
        if let Some((key, value)) = table.get_key_value("offset") {
            if table.contains_key("bias") {
                return Err((self.source).locate(key.span(), &KernelError::BiasAndOffset));
            }
            let result = kernel.with_offset(self.number(value, "offset")?);
            kernel = result.map_err(|error| self.source.locate(value.span(), &error))?;
        }
        if let Some(value) = table.get("anchor") {
            kernel = self.anchor(value, kernel)?;
        }
        if self.optional(table, "flip", Self::boolean)? == Some(true) {
            kernel = kernel.convolving();
        }
        Ok(kernel)
    }

    fn weights(&self, value: &Value<'_>) -> Result<Kernel, KernelError> {
        const HELP: &str = "put each row into brackets of its own: [[1, 2, 1], [2, 4, 2]]";
        let DeValue::Array(rows) = value.get_ref() else {
            let message = format!("weights must be rows of numbers, not {}", kind(value));
            return Err(self.source.error(value.span(), &message, HELP));
        };
        let mut weights = Vec::new();
        let mut columns = 0;
        for (at, row) in rows.iter().enumerate() {
            let DeValue::Array(numbers) = row.get_ref() else {
                let message = format!("a row of weights must be an array, not {}", kind(row));
                return Err(self.source.error(row.span(), &message, HELP));
            };
            if at == 0 {
                columns = numbers.len();
            } else if numbers.len() != columns {
                let above = if at == 1 {
                    "the row above has"
                } else {
                    "the rows above have"
                };
                let message = format!(
                    "row {} has {} {}, {above} {columns}",
                    at + 1,
                    numbers.len(),
                    if numbers.len() == 1 {
                        "weight"
                    } else {
                        "weights"
                    },
                );
                let help = "give every row as many; 0 where there is none";
                return Err(self.source.error(row.span(), &message, help));
            }
            if weights.len() + columns > MAX_WEIGHTS {
                let message = format!("the kernel has more than {MAX_WEIGHTS} weights");
                return Err(self
                    .source
                    .error(row.span(), &message, "use a smaller kernel"));
            }
            for number in numbers.iter() {
                weights.push(self.number(number, "a weight")?);
            }
        }
        let rows = if columns == 0 { 0 } else { rows.len() };
        Kernel::new(rows, columns, weights)
            .map_err(|error| self.source.locate(value.span(), &error))
    }

    fn anchor(&self, value: &Value<'_>, kernel: Kernel) -> Result<Kernel, KernelError> {
        let wrong = |message: &str| {
            let help = "give [row, column], counted from 0";
            self.source.error(value.span(), message, help)
        };
        let DeValue::Array(pair) = value.get_ref() else {
            return Err(wrong(&format!(
                "anchor must be two integers, not {}",
                kind(value)
            )));
        };
        let integers: Option<Vec<i64>> = pair.iter().map(integer).collect();
        let Some(&[row, column]) = integers.as_deref() else {
            return Err(wrong("anchor must be two integers"));
        };
        let (Ok(row), Ok(column)) = (usize::try_from(row), usize::try_from(column)) else {
            let [rows, columns] = [kernel.rows(), kernel.columns()];
            return Err(wrong(&format!(
                "the anchor lies outside the {rows}x{columns} kernel"
            )));
        };
        kernel
            .with_anchor([row, column])
            .map_err(|error| self.source.locate(value.span(), &error))
    }

    fn rotations(&self, value: &Value<'_>, kernel: &Kernel) -> Result<Vec<Kernel>, KernelError> {
        let count = match integer(value) {
            Some(4) => 4,
            Some(8) => 8,
            _ => {
                let help = "give 4 (by 90 degrees) or 8 (by 45 degrees)";
                let message = "that many rotations are not possible";
                return Err(self.source.error(value.span(), message, help));
            }
        };
        kernel
            .rotations(count)
            .map_err(|error| self.source.locate(value.span(), &error))
    }
}

#[cfg(test)]
mod tests;
