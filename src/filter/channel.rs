//! Which channels of an image are filtered.

use std::{fmt, ops::Range, str::FromStr};

use crate::{
    error::{Error, RequestError, Result},
    unknown_name::{NameOf, UnknownName},
};

/// Which channels of an image are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channel {
    /// One gray channel, by the Rec. 709 weights on the samples as stored:
    /// `0.2126 R + 0.7152 G + 0.0722 B` to the nearest sample, ties to even. Where the
    /// result is float, it is not rounded to a sample of the image first.
    /// A gray image is its own luma; alpha is dropped.
    #[default]
    Luma,
    /// Every channel; alpha, the last of two or of four channels, is copied, not filtered.
    /// Planes that are no alpha, such as the two of a motion field, are filtered one by one:
    /// see [`ImageView::plane`](crate::ImageView::plane).
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

    /// The channels of an image of `channels` channels that are filtered as stored, or
    /// `None` if luma has to be computed.
    pub(crate) fn stored(self, channels: usize) -> Result<Option<Range<usize>>> {
        let colour = matches!(channels, 3 | 4);
        let alpha = matches!(channels, 2 | 4);
        let one = |at: usize| Ok(Some(at..at + 1));
        match self {
            Self::Luma if colour => Ok(None),
            Self::Luma if channels <= 2 => one(0),
            Self::Luma => Err(RequestError::NoLuma { channels }.into()),
            Self::Each => Ok(Some(0..channels)),
            Self::Red if colour => one(0),
            Self::Green if colour => one(1),
            Self::Blue if colour => one(2),
            Self::Alpha if alpha => one(channels - 1),
            _ => {
                let channel = self.name();
                Err(RequestError::NoChannel { channels, channel }.into())
            }
        }
    }

    /// The channels of the result.
    pub(crate) fn count(self, channels: usize) -> Result<usize> {
        Ok(self.stored(channels)?.map_or(1, |stored| stored.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_an_image_lacks_are_refused() {
        for (channel, channels, message) in [
            (Channel::Red, 1, "an image of 1 channel has no red channel"),
            (
                Channel::Alpha,
                3,
                "an image of 3 channels has no alpha channel",
            ),
            (Channel::Luma, 5, "an image of 5 channels has no luma"),
            (
                Channel::Green,
                7,
                "an image of 7 channels has no green channel",
            ),
        ] {
            assert_eq!(channel.stored(channels).unwrap_err().to_string(), message);
        }
    }
}
