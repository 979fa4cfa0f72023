//! The error of an unknown name: of a border, channel, format, map, rule or sample type.

use std::fmt;

/// A name that is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {of} `{name}`{} choose {choices}", of.stop())]
#[non_exhaustive]
pub struct UnknownName {
    /// What it should be the name of.
    pub of: NameOf,
    /// The name.
    pub name: String,
    /// The valid names.
    pub choices: String,
}

impl UnknownName {
    pub(crate) fn new(of: NameOf, name: &str, choices: impl Into<String>) -> Self {
        Self {
            of,
            name: name.to_owned(),
            choices: choices.into(),
        }
    }
}

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameOf {
    /// What becomes of alpha.
    Alpha,
    /// A border.
    Border,
    /// A channel.
    Channel,
    /// A rule that combines responses.
    Combine,
    /// An image format.
    Format,
    /// A map of responses to samples.
    Map,
    /// A program whose way of filtering is followed.
    Program,
    /// A type of samples.
    SampleType,
}

impl NameOf {
    /// The punctuation after the name in the message.
    const fn stop(self) -> char {
        match self {
            Self::Combine | Self::Map => ';',
            _ => ':',
        }
    }
}

impl fmt::Display for NameOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "choice for alpha",
            Self::Border => "border",
            Self::Channel => "channel",
            Self::Combine => "combine",
            Self::Format => "format",
            Self::Map => "map",
            Self::Program => "program",
            Self::SampleType => "sample type",
        })
    }
}
