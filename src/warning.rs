//! Warnings: what the user should know about a file that could still be read or written.

use std::{fmt, ops::Deref};

/// Something that the user should know: one line, in lower case, without a path.
///
/// It dereferences to that line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    kind: WarningKind,
    text: String,
}

/// The kind of a [`Warning`], if a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// An ICC profile was dropped because it is damaged, or takes more than 1/64 of
    /// [`Limits::max_memory`](crate::codec::Limits::max_memory).
    Profile,
    /// Responses lay beyond the range of an integer result and were clipped to it, or were so
    /// small that little was left of them, which [`Map::Stretch`](crate::Map::Stretch) avoids.
    Clipped,
    /// An array of three axes was read as rows, columns and channels, since nobody said what its
    /// [`Axes`](crate::Axes) are.
    Axes,
    /// Alpha was dropped, as the result has no place for it.
    Alpha,
    /// Colours of transparent pixels were filtered like others, which
    /// [`Alpha::Weight`](crate::Alpha::Weight) avoids.
    Transparent,
    /// The file says which samples are missing, and they were filtered like others, which
    /// [`Missing::no_data`](crate::Missing::no_data) avoids.
    NoData,
    /// Metadata of the input are not in the result.
    Metadata,
    /// The pixels stay as they are stored, and viewers will not turn them as those of the input,
    /// which [`ActOn::Seen`](crate::run::ActOn::Seen) avoids.
    Orientation,
    /// Anything else.
    Other,
}

impl Warning {
    /// An ICC profile was dropped because it may take more than this many bytes.
    pub(crate) fn profile(format: &str, limit: usize) -> Self {
        Self {
            kind: WarningKind::Profile,
            text: format!(
                "the ICC profile of the {format} file is damaged or takes more than {} MiB: it was dropped",
                limit >> 20
            ),
        }
    }

    /// Responses in this range were clipped to that of an integer result.
    pub(crate) fn clipped([[low, high], limits]: [[f64; 2]; 2]) -> Self {
        // The ends of 64-bit integers, in no more digits than they have here.
        let limit = |value: f64| match value.abs() < 2_f64.powi(53) {
            true => value.to_string(),
            false => format!("{value:e}"),
        };
        let (low, high) = (number(low), number(high));
        Self {
            kind: WarningKind::Clipped,
            text: format!(
                "responses from {low} to {high} were clipped to {}..{}{}",
                limit(limits[0]),
                limit(limits[1]),
                // Else in samples.
                if limits == [0.0, 1.0] {
                    ", full scale"
                } else {
                    ""
                }
            ),
        }
    }

    /// Responses in this range, at most 1, were rounded to integers without being scaled.
    pub(crate) fn levelled([low, high]: [f64; 2]) -> Self {
        Self {
            kind: WarningKind::Clipped,
            text: format!(
                "responses from {} to {} were rounded to whole numbers, as samples of these types are not scaled",
                number(low),
                number(high)
            ),
        }
    }

    /// Alpha was dropped, for this reason: a clause.
    pub(crate) fn alpha(why: &str) -> Self {
        Self {
            kind: WarningKind::Alpha,
            text: format!("{why}: alpha was dropped"),
        }
    }

    /// Pixels whose colours were filtered like others are transparent.
    pub(crate) fn transparent() -> Self {
        Self {
            kind: WarningKind::Transparent,
            text: "it has transparent pixels, whose colours were filtered like others".to_owned(),
        }
    }

    /// Samples of this value, missing by their file, were filtered like others.
    pub(crate) fn no_data(value: &str) -> Self {
        Self {
            kind: WarningKind::NoData,
            text: format!(
                "the file says that samples of {value} are missing: they were filtered like others"
            ),
        }
    }

    /// What a file carries and its result does not.
    pub(crate) const fn metadata(text: String) -> Self {
        let kind = WarningKind::Metadata;
        Self { kind, text }
    }

    /// Pixels will be shown as they are stored.
    pub(crate) const fn orientation(text: String) -> Self {
        let kind = WarningKind::Orientation;
        Self { kind, text }
    }

    /// How the axes of an array were understood.
    pub(crate) const fn axes(text: String) -> Self {
        let kind = WarningKind::Axes;
        Self { kind, text }
    }

    /// Its kind.
    pub const fn kind(&self) -> WarningKind {
        self.kind
    }
}

/// A response as 32-bit floats hold it, without the digits of a binary fraction.
fn number(response: f64) -> String {
    let response = response as f32;
    match response == 0.0 || (1e-4..1e7).contains(&response.abs()) {
        true => response.to_string(),
        false => format!("{response:e}"),
    }
}

impl From<String> for Warning {
    fn from(text: String) -> Self {
        let kind = WarningKind::Other;
        Self { kind, text }
    }
}

impl From<&str> for Warning {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Warning {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<str> for Warning {
    fn eq(&self, other: &str) -> bool {
        self.text == *other
    }
}

impl PartialEq<&str> for Warning {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl PartialEq<String> for Warning {
    fn eq(&self, other: &String) -> bool {
        self.text == *other
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
