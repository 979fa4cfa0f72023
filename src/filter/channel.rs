//! Which channels of an image are filtered.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    unknown_name::{NameOf, UnknownName},
};

/// Which channels of an image are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channel {
    /// One gray channel, by the Rec. 709 weights on the samples as stored:
    /// `0.2126 R + 0.7152 G + 0.0722 B` to the nearest sample, ties to even. Where the
    /// result is float, it is not rounded to a sample of the image first.
    /// A gray image is its own luma. Alpha becomes the second channel of the result, as
    /// [`Alpha`](crate::Alpha) says.
    #[default]
    Luma,
    /// Every channel; alpha, the last of two or of four channels, is copied, not filtered,
    /// unless [`Alpha`](crate::Alpha) says otherwise.
    Each,
    /// Red alone, as a gray image.
    Red,
    /// Green alone, as a gray image.
    Green,
    /// Blue alone, as a gray image.
    Blue,
    /// Alpha alone, as a gray image.
    Alpha,
}

impl Channel {
    /// Every choice.
    pub const ALL: [Self; 6] = [
        Self::Luma,
        Self::Each,
        Self::Red,
        Self::Green,
        Self::Blue,
        Self::Alpha,
    ];

    /// `luma`, `each`, `red`, `green`, `blue` or `alpha`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Luma => "luma",
            Self::Each => "each",
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Alpha => "alpha",
        }
    }

    /// The place of the one channel that it is in images of `count` channels, if they have it.
    pub(super) const fn position(self, count: usize) -> Option<usize> {
        match (self, count) {
            (Self::Red, 3 | 4) => Some(0),
            (Self::Green, 3 | 4) => Some(1),
            (Self::Blue, 3 | 4) => Some(2),
            (Self::Alpha, 2 | 4) => Some(count - 1),
            _ => None,
        }
    }

    /// Whether it is one channel of several.
    pub(crate) const fn is_one(self) -> bool {
        !matches!(self, Self::Luma | Self::Each)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Channel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|c| c.name() == text)
            .ok_or_else(|| {
                UnknownName::new(
                    NameOf::Channel,
                    text,
                    "luma, each, red, green, blue or alpha",
                )
                .into()
            })
    }
}
