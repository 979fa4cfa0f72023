//! OpenCV's FileStorage: its dialects of YAML, JSON and XML, of which matrices are read.
//! `cv::filter2D` correlates them, with the anchor in the middle.
//!
//! Generic parsers of YAML refuse the header `%YAML:1.0`, and those of JSON `.Nan` and `0.`.

mod base64;
mod flow;
mod tree;
mod xml;
mod yaml;

use std::ops::Range;

use half::f16;

use self::tree::{Kind, Value};
use super::{KernelError, MAX_WEIGHTS, SourceText, rows, write::Writer};
use crate::{
    combine::Combine,
    kernel::{Kernel, KernelBank},
};

const HELP: &str = "write it by cv::FileStorage, as a matrix of one channel";
/// More than any bank in use has.
const MAX_KERNELS: usize = 1024;

/// Whether a text begins as one of the dialects does.
pub(super) fn is_storage(start: &str) -> bool {
    start.starts_with("%YAML") || start.starts_with('{') || start.starts_with("<?xml")
}

/// The kernel of the only matrix, or several that are combined by their maximum.
pub(super) fn parse(name: &str, source: SourceText<'_>) -> Result<KernelBank, KernelError> {
    let text = source.text.trim_start_matches('\u{feff}').trim_start();
    let at = source.text.len() - text.len();
    let tree = match text.chars().next() {
        Some('{') => flow::document(source, at)?,
        Some('<') => xml::document(source, at)?,
        Some('%') => yaml::document(source, at)?,
        _ => {
            let message = "this is no FileStorage of OpenCV: it begins with %YAML, { or <?xml";
            return Err(source.error(0..0, message, HELP));
        }
    };
    let reader = Reader { source };
    let mut found = Vec::new();
    reader.find(0..0, &tree, &mut found)?;
    let mut kernels = Vec::new();
    let mut labels = Vec::new();
    let mut weights = 0;
    for (key, matrix) in found {
        let kernel = reader.kernel(matrix)?;
        weights += kernel.as_slice().len();
        if weights > MAX_WEIGHTS || kernels.len() == MAX_KERNELS {
            let message =
                format!("there are more than {MAX_KERNELS} matrices or {MAX_WEIGHTS} weights");
            return Err(source.error(matrix.span(), &message, "keep those that are kernels"));
        }
        kernels.push(kernel);
        labels.push(source.text[key].trim_matches('"').to_owned());
    }
    if kernels.is_empty() {
        return Err(source.error(0..0, "there is no opencv-matrix in it", HELP));
    }
    let several = kernels.len() > 1;
    let bank = KernelBank::new(name, kernels, several.then_some(Combine::Max));
    let bank = bank.map_err(|error| source.locate(0..0, &error))?;
    Ok(if several {
        bank.with_labels(labels)
    } else {
        bank
    })
}

struct Reader<'a> {
    source: SourceText<'a>,
}

impl Reader<'_> {
    /// Adds every matrix below, with the key of each.
    fn find<'v>(
        &self,
        key: Range<usize>,
        value: &'v Value,
        found: &mut Vec<(Range<usize>, &'v Value)>,
    ) -> Result<(), KernelError> {
        match self.kind_of(value) {
            Some("opencv-matrix" | "opencv-nd-matrix") => found.push((key, value)),
            _ => match &value.kind {
                Kind::Scalar => {}
                Kind::List(all) => {
                    for one in all {
                        self.find(key.clone(), one, found)?;
                    }
                }
                Kind::Map(all) => {
                    for (key, one) in all {
                        self.find(key.clone(), one, found)?;
                    }
                }
            },
        }
        Ok(())
    }

    /// What its tag says it is, or in JSON its `type_id`.
    fn kind_of(&self, value: &Value) -> Option<&str> {
        let text = match &value.tag {
            Some(tag) => &self.source.text[tag.clone()],
            None => self.text(value.get(self.source.text, "type_id")?),
        };
        Some(text)
    }

    /// A scalar without its quotes.
    fn text(&self, value: &Value) -> &str {
        let text = self.source.text[value.span()].trim();
        let bare = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        bare.unwrap_or(text)
    }

    fn wrong(&self, value: &Value, message: &str) -> KernelError {
        self.source.error(value.span(), message, HELP)
    }

    fn member<'v>(&self, matrix: &'v Value, key: &str) -> Result<&'v Value, KernelError> {
        let member = matrix.get(self.source.text, key);
        member.ok_or_else(|| self.wrong(matrix, &format!("a matrix without {key}")))
    }

    fn length(&self, value: &Value) -> Result<usize, KernelError> {
        let length = self.text(value).parse();
        length.map_err(|_| self.wrong(value, "not a number of weights"))
    }

    fn kernel(&self, matrix: &Value) -> Result<Kernel, KernelError> {
        let [rows, columns] = match self.kind_of(matrix) {
            Some("opencv-nd-matrix") => {
                let sizes = self.member(matrix, "sizes")?;
                match &sizes.kind {
                    Kind::List(all) => match &all[..] {
                        [columns] => [1, self.length(columns)?],
                        [rows, columns] => [self.length(rows)?, self.length(columns)?],
                        _ => {
                            let message = format!("a kernel has two axes, this one {}", all.len());
                            return Err(self.wrong(sizes, &message));
                        }
                    },
                    _ => [1, self.length(sizes)?],
                }
            }
            _ => [
                self.length(self.member(matrix, "rows")?)?,
                self.length(self.member(matrix, "cols")?)?,
            ],
        };
        let kind = self.member(matrix, "dt")?;
        let element = self.text(kind);
        let bare = element.trim_start_matches(|c: char| c.is_ascii_digit());
        let channels = &element[..element.len() - bare.len()];
        let sort = match bare {
            _ if !matches!(channels, "" | "1") => {
                let message = format!("a kernel has one channel, this one {channels}");
                return Err(self.wrong(kind, &message));
            }
            "u" => Sort::Whole(0.0, 255.0),
            "c" => Sort::Whole(-128.0, 127.0),
            "w" => Sort::Whole(0.0, 65535.0),
            "s" => Sort::Whole(-32768.0, 32767.0),
            "i" => Sort::Whole(-2147483648.0, 2147483647.0),
            "f" => Sort::Single,
            "h" => Sort::Half,
            "d" => Sort::Double,
            _ => {
                let message = "not a type of weights: u, c, w, s, i, f, d or h";
                return Err(self.wrong(kind, message));
            }
        };
        let data = self.member(matrix, "data")?;
        let weights = match (self.base64(data), &data.kind) {
            (Some(text), _) => {
                let weights = base64::numbers(text, bare);
                weights.map_err(|message| self.wrong(data, message))?
            }
            (None, Kind::List(numbers)) => {
                let weights = numbers.iter().map(|number| self.weight(number, sort));
                weights.collect::<Result<Vec<_>, _>>()?
            }
            _ => return Err(self.wrong(data, "its data are no list of numbers")),
        };
        if rows.saturating_mul(columns) != weights.len() {
            let message = format!(
                "{rows} rows of {columns} need {} weights, there are {}",
                rows.saturating_mul(columns),
                weights.len()
            );
            return Err(self.wrong(data, &message));
        }
        let kernel = Kernel::new(rows, columns, weights);
        kernel.map_err(|error| self.source.locate(matrix.span(), &error))
    }

    /// The Base64 that data are written in, if they are.
    fn base64(&self, data: &Value) -> Option<&str> {
        let text = &self.source.text[data.span()];
        if self.source.text[data.tag.clone().unwrap_or(0..0)] == *"binary" {
            return Some(match &data.kind {
                // Words of XML, within their element.
                Kind::List(words) => {
                    let (first, last) = words.first().zip(words.last())?;
                    &self.source.text[first.span().start..last.span().end]
                }
                _ => text.strip_prefix('|').unwrap_or(text),
            });
        }
        text.strip_prefix("\"$base64$")?.strip_suffix('"')
    }

    /// The number as OpenCV has it in its type.
    fn weight(&self, value: &Value, sort: Sort) -> Result<f64, KernelError> {
        if !matches!(value.kind, Kind::Scalar) {
            return Err(self.wrong(value, "not a number"));
        }
        let text = &self.source.text[value.span()];
        if matches!(text, ".Nan" | ".Inf" | "-.Inf") {
            return Err(self.wrong(value, "a weight is not a finite number"));
        }
        let number = rows::number(self.source, value.span())?;
        let number = match sort {
            Sort::Whole(low, high) => {
                if number.fract() != 0.0 || !(low..=high).contains(&number) {
                    return Err(self.wrong(value, "the number does not fit its dt"));
                }
                number
            }
            Sort::Half => f16::from_f64(number).to_f64(),
            Sort::Single => f64::from(number as f32),
            Sort::Double => number,
        };
        match number.is_finite() {
            true => Ok(number),
            false => Err(self.wrong(value, "the number does not fit its dt")),
        }
    }
}

/// What `dt` makes of numbers.
#[derive(Clone, Copy)]
enum Sort {
    Whole(f64, f64),
    Half,
    Single,
    Double,
}

/// YAML with the header that all versions read: `kernel`, or `kernel1` and so on.
pub(super) fn write(writer: &Writer, bank: &KernelBank) -> Result<Vec<u8>, KernelError> {
    if !matches!(bank.combine(), None | Some(Combine::Max)) {
        return writer.rule(bank);
    }
    let several = bank.kernels().len() > 1;
    let mut text = "%YAML:1.0\n---\n".to_owned();
    for (at, kernel) in bank.kernels().iter().enumerate() {
        let weights = writer.weights_alone(kernel)?;
        let number = if several {
            (at + 1).to_string()
        } else {
            String::new()
        };
        let rows = weights.chunks(kernel.columns()).map(|row| {
            // With a decimal point, or OpenCV takes them for integers.
            Vec::from_iter(row.iter().map(|weight| format!("{weight:?}"))).join(", ")
        });
        text += &format!(
            "kernel{number}: !!opencv-matrix\n   rows: {}\n   cols: {}\n   dt: d\n   data: [ {} ]\n",
            kernel.rows(),
            kernel.columns(),
            Vec::from_iter(rows).join(",\n       "),
        );
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests;
