//! What an input would lose if its result took its place.

use std::fmt;

use crate::depth::Depth;

/// Content of an input that its result lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Losses {
    /// Content that no result can hold, whatever the filter.
    pub unsupported: Vec<UnsupportedContent>,
    /// Content that a result of another filter would keep.
    pub lost: Vec<Loss>,
}

/// Content of a file that no result can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedContent {
    /// Several images, of which a result has one: `3 frames`.
    Several(String),
    /// Content that is not read: `16 bytes of further data after its picture`.
    Ignored(String),
    /// More channels than are read.
    Channels {
        /// Their number.
        stored: u64,
        /// The number that is read.
        read: u64,
    },
    /// CMYK colours, which are read as RGB.
    Cmyk,
}

/// Content that a result lacks and a result of another filter would keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// Samples that are read with reduced precision.
    Samples {
        /// The type in the file: `32-bit integers`.
        stored: String,
        /// The type that they are read as: `32-bit floats`.
        read: &'static str,
        /// The depth that they are read as.
        depth: Depth,
    },
    /// Channels.
    Channels {
        /// Whether colours are among them.
        colours: bool,
        /// Whether alpha is among them.
        alpha: bool,
        /// The channels of the input.
        from: usize,
        /// The channels of the result.
        to: usize,
    },
    /// Rows and columns.
    Size {
        /// The number of rows that the result lacks.
        rows: usize,
        /// The number of columns that the result lacks.
        columns: usize,
    },
    /// Metadata.
    Metadata {
        /// Their names: `EXIF data`.
        parts: Vec<String>,
    },
    /// Depth of samples.
    Depth {
        /// The depth of the input.
        from: Depth,
        /// The depth of the result.
        to: Depth,
    },
}

impl Losses {
    /// Whether nothing is lost.
    pub const fn is_empty(&self) -> bool {
        self.unsupported.is_empty() && self.lost.is_empty()
    }

    /// The line of [`Display`](fmt::Display) with a caller's advice: `unsupported` after the
    /// content that no result can hold, `lost` in brackets after each loss.
    pub fn advised(&self, unsupported: &str, lost: impl Fn(&Loss) -> Option<String>) -> String {
        let lost = (self.lost.iter()).map(|loss| {
            let notes: Vec<_> = loss.note().into_iter().chain(lost(loss)).collect();
            match notes.as_slice() {
                [] => loss.to_string(),
                notes => format!("{loss} ({})", notes.join("; ")),
            }
        });
        let lost = listed(&Vec::from_iter(lost));
        let line = match (self.unsupported(), lost) {
            (Some(all), None) => format!("it holds {all}{unsupported}"),
            (None, lost) => format!("the result would lose {}", lost.unwrap_or_default()),
            (Some(all), Some(lost)) => {
                format!("it holds {all}{unsupported}; the result would also lose {lost}")
            }
        };
        format!("not replaced: {line}")
    }

    fn unsupported(&self) -> Option<String> {
        let (mut several, mut ignored, mut partly) = (Vec::new(), Vec::new(), Vec::new());
        for content in &self.unsupported {
            match content {
                UnsupportedContent::Several(what) => several.push(what.clone()),
                UnsupportedContent::Ignored(what) => ignored.push(what.clone()),
                UnsupportedContent::Channels { stored, read } => {
                    partly.push(format!("{stored} channels, of which {read} are read"));
                }
                UnsupportedContent::Cmyk => {
                    partly.push("CMYK colours, which are read as RGB".to_owned());
                }
            }
        }
        let several =
            listed(&several).map(|all| format!("{all}, of which the result would have one"));
        let ignored = listed(&ignored).map(|all| format!("{all}, which the result would not have"));
        let all = several.into_iter().chain(ignored).chain(partly);
        listed(&Vec::from_iter(all))
    }
}

/// One line.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.advised("", |_| None))
    }
}

impl Loss {
    /// A note on it, if any.
    fn note(&self) -> Option<String> {
        match self {
            Self::Samples { read, .. } => Some(format!("they are read as {read}")),
            _ => None,
        }
    }
}

/// What is lost: `its colours and its alpha`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Samples { ref stored, .. } => write!(f, "its {stored}"),
            Self::Channels {
                colours,
                alpha,
                from,
                to,
            } => match (colours, alpha) {
                (true, true) => f.write_str("its colours and its alpha"),
                (true, false) => f.write_str("its colours"),
                (false, true) => f.write_str("its alpha"),
                (false, false) => write!(f, "{} of its {from} channels", from.saturating_sub(to)),
            },
            Self::Size { rows, columns } => {
                let sides = [(rows, "row"), (columns, "column")].into_iter();
                let sides = sides.filter(|(count, _)| *count > 0);
                let sides = sides.map(|(count, side)| match count {
                    1 => format!("1 {side}"),
                    _ => format!("{count} {side}s"),
                });
                f.write_str(&listed(&Vec::from_iter(sides)).unwrap_or_default())
            }
            Self::Metadata { ref parts } => {
                write!(f, "metadata: {}", listed(parts).unwrap_or_default())
            }
            Self::Depth { from, .. } => write!(f, "the depth of its {from} samples"),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> Option<String> {
    match parts {
        [] => None,
        [one] => Some(one.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}
