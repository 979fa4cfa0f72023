//! Checks single keys and values of a kernel file.

use toml::de::{DeTable, DeValue};

use super::{BANK_KEYS, Reader, Value};
use crate::kernel::{KernelError, nearest::nearest};

impl Reader<'_> {
    /// The value of `key` as `read` understands it, if there is one.
    pub(super) fn optional<T>(
        &self,
        table: &DeTable<'_>,
        key: &str,
        read: impl Fn(&Self, &Value<'_>, &str) -> Result<T, KernelError>,
    ) -> Result<Option<T>, KernelError> {
        table
            .get(key)
            .map(|value| read(self, value, key))
            .transpose()
    }

    pub(super) fn string(&self, value: &Value<'_>, key: &str) -> Result<String, KernelError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => {
                let message = format!("{key} must be text, not {}", kind(value));
                Err(self
                    .source
                    .error(value.span(), &message, "put it into quotes"))
            }
        }
    }

    pub(super) fn boolean(&self, value: &Value<'_>, key: &str) -> Result<bool, KernelError> {
        match value.get_ref() {
            DeValue::Boolean(truth) => Ok(*truth),
            _ => {
                let message = format!("{key} must be true or false, not {}", kind(value));
                Err(self
                    .source
                    .error(value.span(), &message, "write it without quotes"))
            }
        }
    }

    /// The variant among `all` that the value names.
    pub(super) fn choice<T: Copy>(
        &self,
        value: &Value<'_>,
        key: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<T, KernelError> {
        let help = || {
            let names: Vec<&str> = all.iter().map(|&one| name(one)).collect();
            format!("choose {}", names.join(", "))
        };
        let DeValue::String(text) = value.get_ref() else {
            let message = format!("{key} must be text, not {}", kind(value));
            return Err(self.source.error(value.span(), &message, &help()));
        };
        let found = all.iter().copied().find(|&one| name(one) == text);
        found.ok_or_else(|| {
            let message = format!("unknown {key}");
            self.source.error(value.span(), &message, &help())
        })
    }

    /// A finite number; an integer must be exact in `f64`.
    pub(super) fn number(&self, value: &Value<'_>, what: &str) -> Result<f64, KernelError> {
        const MAX_EXACT: u64 = 1 << 53;
        let wrong = |message: String, help| Err(self.source.error(value.span(), &message, help));
        match value.get_ref() {
            DeValue::Integer(_) => match integer(value) {
                Some(number) if number.unsigned_abs() <= MAX_EXACT => Ok(number as f64),
                _ => wrong(
                    format!("{what} is an integer beyond 2^53, which would be rounded"),
                    "write it with a decimal point if that is meant",
                ),
            },
            DeValue::Float(digits) => match digits.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => wrong(
                    format!("{what} is not a finite number"),
                    "give a number below 1.8e308",
                ),
            },
            _ => wrong(
                format!("{what} must be a number, not {}", kind(value)),
                "write it in digits, without quotes or brackets",
            ),
        }
    }

    /// Checks that every key of `table` is one of `known`; the error names the
    /// unknown key that comes first in the file.
    pub(super) fn check_keys(
        &self,
        table: &DeTable<'_>,
        known: &[&str],
    ) -> Result<(), KernelError> {
        let unknown = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let name: &str = key.get_ref();
        let help = if BANK_KEYS.contains(&name) {
            "move it above the first [[kernels]]".to_owned()
        } else if name == "name" {
            "the file's name is the kernel's name; only [[kernels]] have a `name`".to_owned()
        } else if let [meant, ..] = nearest(name, known.iter().copied())[..] {
            format!("did you mean `{meant}`?")
        } else {
            format!("the keys here are {}", known.join(", "))
        };
        Err(self.source.error(key.span(), "unknown key", &help))
    }
}

/// The value as an integer, if it is one that fits 64 bits.
pub(super) fn integer(value: &Value<'_>) -> Option<i64> {
    match value.get_ref() {
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok(),
        _ => None,
    }
}

/// What kind of value it is, for messages.
pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a decimal point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
