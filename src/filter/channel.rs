//! Which channels of an image are filtered.

use std::{fmt, ops::Range, str::FromStr};

use rayon::prelude::*;

use crate::{
    error::{Error, Result},
    image::{Image, ImageView, Sample, Samples, zeroed_vec},
    view::StridedView,
};

/// Which channels of an image are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channel {
    /// One gray channel, by the Rec. 709 weights on the samples as stored:
    /// `0.2126 R + 0.7152 G + 0.0722 B` to the nearest sample, ties to even.
    /// A gray image is its own luma; alpha is left out.
    #[default]
    Luma,
    /// Every channel; alpha is copied, not filtered.
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

    /// The channels of the result that are taken as they are from an image of
    /// `channels` channels, or `None` where luma has to be computed.
    pub(super) fn stored(self, channels: usize) -> Result<Option<Range<usize>>> {
        let colour = matches!(channels, 3 | 4);
        let alpha = matches!(channels, 2 | 4);
        let one = |at: usize| Ok(Some(at..at + 1));
        match self {
            Self::Luma if colour => Ok(None),
            Self::Luma if channels <= 2 => one(0),
            Self::Luma => Err(Error::request(format_args!(
                "an image of {channels} channels has no luma; use --channel each"
            ))),
            Self::Each => Ok(Some(0..channels)),
            Self::Red if colour => one(0),
            Self::Green if colour => one(1),
            Self::Blue if colour => one(2),
            Self::Alpha if alpha => one(channels - 1),
            _ => Err(Error::request(format_args!(
                "an image of {channels} channel{} has no {self} channel; use --channel {}",
                if channels == 1 { "" } else { "s" },
                if channels <= 4 {
                    "luma or each"
                } else {
                    "each"
                },
            ))),
        }
    }

    /// The channels of the result.
    pub(super) fn count(self, channels: usize) -> Result<usize> {
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
                Error::request(format_args!(
                    "unknown channel `{text}`: choose luma, each, red, green, blue or alpha"
                ))
            })
    }
}

/// Rec. 709, in ten-thousandths.
const LUMA: [u32; 3] = [2126, 7152, 722];
const LUMA_SUM: u32 = 10_000;

/// The luma of an image of three or four channels.
pub(super) fn luma(image: &ImageView<'_>) -> Result<Image> {
    let samples = match image {
        ImageView::U8(view) => {
            Samples::U8(luma_plane(view, |p| luma_integer(p.map(u32::from)) as u8)?)
        }
        ImageView::U16(view) => {
            Samples::U16(luma_plane(view, |p| luma_integer(p.map(u32::from)) as u16)?)
        }
        ImageView::F32(view) => Samples::F32(luma_plane(view, luma_float)?),
    };
    let [rows, columns, _] = image.shape();
    Image::new(rows, columns, 1, samples)
}

fn luma_plane<T: Sample>(
    view: &StridedView<'_, T, 3>,
    luma: impl Fn([T; 3]) -> T + Sync,
) -> Result<Vec<T>> {
    let [rows, columns, channels] = view.shape();
    let mut plane = zeroed_vec(rows * columns)?;
    plane
        .par_chunks_mut(columns)
        .enumerate()
        .for_each(|(row, plane)| match view.flat_row(row) {
            Some(pixels) => {
                for (gray, pixel) in plane.iter_mut().zip(pixels.chunks_exact(channels)) {
                    *gray = luma([pixel[0], pixel[1], pixel[2]]);
                }
            }
            None => {
                for (column, gray) in plane.iter_mut().enumerate() {
                    *gray = luma([0, 1, 2].map(|channel| *view.at([row, column, channel])));
                }
            }
        });
    Ok(plane)
}

/// The weighted mean to the nearest integer, ties to even.
fn luma_integer(pixel: [u32; 3]) -> u32 {
    let sum: u32 = pixel
        .iter()
        .zip(LUMA)
        .map(|(sample, weight)| sample * weight)
        .sum();
    let up = (sum + LUMA_SUM / 2) / LUMA_SUM;
    let tie = sum % LUMA_SUM == LUMA_SUM / 2;
    up - u32::from(tie && up % 2 == 1)
}

fn luma_float(pixel: [f32; 3]) -> f32 {
    let sum: f64 = pixel
        .iter()
        .zip(LUMA)
        .map(|(&sample, weight)| f64::from(sample) * f64::from(weight))
        .sum();
    (sum / f64::from(LUMA_SUM)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_is_the_nearest_sample() {
        assert_eq!(luma_integer([255, 255, 255]), 255);
        assert_eq!(luma_integer([65535, 65535, 65535]), 65535);
        assert_eq!(luma_integer([255, 0, 0]), 54); // 54.213
        assert_eq!(luma_integer([0, 255, 0]), 182); // 182.376
        assert_eq!(luma_integer([0, 0, 255]), 18); // 18.411
        // 250 x 722 is 18.05; 125 x 722 = 9.025; ties need a sum of 5000 mod 10000.
        let tie = (0..=255_u32)
            .flat_map(|r| (0..=255_u32).map(move |g| [r, g, 0]))
            .find(|p| (p[0] * 2126 + p[1] * 7152) % 10_000 == 5000)
            .unwrap();
        let exact = f64::from(tie[0] * 2126 + tie[1] * 7152) / 10_000.0;
        assert_eq!(f64::from(luma_integer(tie)), exact.round_ties_even());
    }

    #[test]
    fn channels_that_an_image_lacks_are_refused() {
        for (channel, channels, message) in [
            (
                Channel::Red,
                1,
                "an image of 1 channel has no red channel; use --channel luma or each",
            ),
            (
                Channel::Alpha,
                3,
                "an image of 3 channels has no alpha channel; use --channel luma or each",
            ),
            (
                Channel::Luma,
                5,
                "an image of 5 channels has no luma; use --channel each",
            ),
            (
                Channel::Green,
                7,
                "an image of 7 channels has no green channel; use --channel each",
            ),
        ] {
            assert_eq!(channel.stored(channels).unwrap_err().to_string(), message);
        }
    }
}
