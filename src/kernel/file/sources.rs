//! What the weights of a kernel come from: written, a column times a row, or made from
//! parameters.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{MAX_WEIGHTS, Reader, Value, values::kind};
use crate::kernel::{Kernel, KernelBank, KernelError};

/// The keys that give weights, of which a kernel has one, or the last two.
const SOURCES: [&str; 4] = ["weights", "generate", "column", "row"];

impl Reader<'_> {
    /// Whether one of the keys gives weights.
    pub(super) fn has_weights(table: &DeTable<'_>) -> bool {
        SOURCES.iter().any(|key| table.contains_key(*key))
    }

    /// The kernel of these keys, without anchor and bias, but divided; errors that no key is the
    /// place of point at `span`.
    pub(super) fn of_sources(
        &self,
        table: &DeTable<'_>,
        span: Range<usize>,
    ) -> Result<Kernel, KernelError> {
        self.check_sources(table)?;
        let kernel = match (table.get("weights"), table.get_key_value("column")) {
            (Some(weights), _) => self.weights(weights)?,
            (None, Some((key, column))) => {
                let Some(row) = table.get("row") else {
                    let help = "give row = [...] as well";
                    return Err(self.source.error(key.span(), "a column needs a row", help));
                };
                return self.product(table, column, row);
            }
            (None, None) => match (table.get("generate"), table.get_key_value("row")) {
                (Some(value), _) => self.one_generated(value)?,
                (None, Some((key, _))) => {
                    let help = "give column = [...] as well";
                    return Err(self.source.error(key.span(), "a row needs a column", help));
                }
                (None, None) => {
                    let help = "give weights = [[...], [...]]";
                    return Err(self.source.error(span, "the kernel has no weights", help));
                }
            },
        };
        self.divided(table, kernel)
    }

    /// Refuses two sources of weights.
    fn check_sources(&self, table: &DeTable<'_>) -> Result<(), KernelError> {
        let mut found = SOURCES
            .iter()
            .filter_map(|key| table.get_key_value(*key))
            .map(|(key, _)| key);
        let Some(first) = found.next() else {
            return Ok(());
        };
        let is_vector = |name: &str| ["column", "row"].contains(&name);
        let other = found.find(|key| !is_vector(first.get_ref()) || !is_vector(key.get_ref()));
        other.map_or(Ok(()), |other| {
            let message = format!(
                "{} and {} exclude each other",
                first.get_ref(),
                other.get_ref()
            );
            let later = first.span().start.max(other.span().start);
            let key = if later == other.span().start {
                other
            } else {
                first
            };
            let help = "give weights, or column and row, or generate";
            Err(self.source.error(key.span(), &message, help))
        })
    }

    /// The kernel over the divisor that the keys give, or normalized by them.
    pub(super) fn divided(
        &self,
        table: &DeTable<'_>,
        kernel: Kernel,
    ) -> Result<Kernel, KernelError> {
        if let Some(value) = table.get("divisor") {
            self.check_normalize(table)?;
            let divisor = self.number(value, "divisor")?;
            let result = kernel.with_divisor(divisor);
            return result.map_err(|error| self.source.locate(value.span(), &error));
        }
        self.normalized(table, kernel)
    }

    fn normalized(&self, table: &DeTable<'_>, kernel: Kernel) -> Result<Kernel, KernelError> {
        let Some((key, value)) = table.get_key_value("normalize") else {
            return Ok(kernel);
        };
        match self.boolean(value, "normalize")? {
            false => Ok(kernel),
            true => (kernel.normalized()).map_err(|error| {
                self.source
                    .locate(key.span().start..value.span().end, &error)
            }),
        }
    }

    /// Refuses `normalize = true` beside a divisor.
    fn check_normalize(&self, table: &DeTable<'_>) -> Result<(), KernelError> {
        let Some((key, value)) = table.get_key_value("normalize") else {
            return Ok(());
        };
        if !self.boolean(value, "normalize")? {
            return Ok(());
        }
        let message = "normalize and divisor exclude each other";
        let help = "normalize divides by the sum of the weights";
        Err(self.source.error(key.span(), message, help))
    }

    /// The column times the row, over the divisor.
    fn product(
        &self,
        table: &DeTable<'_>,
        column: &Value<'_>,
        row: &Value<'_>,
    ) -> Result<Kernel, KernelError> {
        let numbers = [self.vector(column, "column")?, self.vector(row, "row")?];
        self.count(numbers[0].len().saturating_mul(numbers[1].len()), column)?;
        let divisor = match table.get("divisor") {
            Some(value) => {
                self.check_normalize(table)?;
                let divisor = self.number(value, "divisor")?;
                if divisor == 0.0 {
                    let error = KernelError::Divisor(divisor);
                    return Err(self.source.locate(value.span(), &error));
                }
                divisor
            }
            None => 1.0,
        };
        let span = column.span().start.min(row.span().start)..column.span().end.max(row.span().end);
        let kernel = Kernel::from_vectors(&numbers[0], &numbers[1], divisor)
            .map_err(|error| self.source.locate(span, &error))?;
        self.normalized(table, kernel)
    }

    /// Numbers in brackets, at least one.
    fn vector(&self, value: &Value<'_>, key: &str) -> Result<Vec<f64>, KernelError> {
        let help = format!("write {key} = [1, 2, 1]");
        let DeValue::Array(numbers) = value.get_ref() else {
            let message = format!("{key} must be an array of numbers, not {}", kind(value));
            return Err(self.source.error(value.span(), &message, &help));
        };
        if numbers.is_empty() {
            let message = format!("{key} has no numbers");
            return Err(self.source.error(value.span(), &message, &help));
        }
        let numbers = numbers.iter();
        numbers
            .map(|number| self.number(number, "a number"))
            .collect()
    }

    /// The bank that `generate` makes.
    pub(super) fn generated(&self, value: &Value<'_>) -> Result<KernelBank, KernelError> {
        let spec = self.string(value, "generate")?;
        let bank = KernelBank::from_spec(&spec)
            .map_err(|error| self.source.locate(value.span(), &error))?;
        let weights = bank
            .kernels()
            .iter()
            .map(|kernel| kernel.rows() * kernel.columns());
        self.count(weights.sum(), value)?;
        Ok(bank)
    }

    /// The bank that `generate` makes at the top of a file, if it is there.
    pub(super) fn made(&self, table: &DeTable<'_>) -> Result<Option<KernelBank>, KernelError> {
        let Some(value) = table.get("generate") else {
            return Ok(None);
        };
        self.check_sources(table)?;
        let bank = self.generated(value)?;
        if let Some((key, _)) = table.get_key_value("rotations")
            && bank.kernels().len() > 1
        {
            let message = "only a single kernel has rotations";
            let help = "choose one, as with axis=x or axis=y";
            return Err(self.source.error(key.span(), message, help));
        }
        Ok(Some(bank))
    }

    fn one_generated(&self, value: &Value<'_>) -> Result<Kernel, KernelError> {
        let bank = self.generated(value)?;
        match bank.kernels() {
            [kernel] => Ok(kernel.clone()),
            kernels => {
                let message = format!(
                    "this makes {} kernels, and here is room for one",
                    kernels.len()
                );
                let help = "choose one, as with axis=x or axis=y";
                Err(self.source.error(value.span(), &message, help))
            }
        }
    }

    /// Counts weights that take few characters: a file has as many as any kernel may have.
    fn count(&self, weights: usize, value: &Value<'_>) -> Result<(), KernelError> {
        let all = self.counted.get().saturating_add(weights);
        self.counted.set(all);
        match all > MAX_WEIGHTS {
            false => Ok(()),
            true => {
                let message = format!("the file has more than {MAX_WEIGHTS} weights");
                let help = "use a smaller kernel, or fewer";
                Err(self.source.error(value.span(), &message, help))
            }
        }
    }
}

#[cfg(test)]
mod tests;
